"""The page of all operations, written from the table of operations itself."""

from __future__ import annotations

import re
from inspect import Parameter, signature
from math import inf
from pathlib import Path

from autograd import functions, ieee, ops
from autograd.ops import Op
from autograd.view.formulas import OPERANDS, partial_formulas, value_text

ACCURACY = Path(__file__).parents[1] / "ACCURACY.md"
KINKS = {  # how a row measures the distance to its kinks: where they are, x being its operand
    ops._from_zero: "x = 0",
    ieee.hypot: "x = y = 0",
    ops._from_edges: "x = low, x = high, low = high",
    ops._from_tie: "a tie for the largest",
    ops._from_lower_tie: "a tie for the smallest",
    ops._from_whole: "whole x (a jump)",
    ops._from_half: "x half-way between whole numbers (a jump)",
    ops._from_whole_quotient: "whole a/b (a jump)",
}
OF_THE_ENGINE = {  # rows without a function of their own; these stand in gradients
    "gelu_slope": "Φ(x) + x·φ(x), the derivative of gelu.",
    "alias": "x itself: the name that a transform gives to its argument.",
}
MARKUP = re.compile(r"`[^`]*`|[\\*_|<>\[\]$]")  # code, and what Markdown would take for its own
SENTENCE = re.compile(r"(?<=\.)\s+(?=[A-Z])")

HEAD = f"""---
hide-toc: true
---

# Operations

All that the engine can compute, one row each, made from the table in `autograd/ops.py` when these
pages are built. A graph's nodes, its gradients, their gradients, compiled programs and pictures
have no other rules than these.

- **Derivative**: printed from the row's own partials, where `y` is the result (of `hypot` it is
  `h`). What only keeps digits in the tails, or looks after a nan, is left out: the code is as exact
  as the last column says.
- **Domain**: for each operand an open interval in which the value is finite; tests draw from it.
  What lies outside is said by the function's own page: nan, or the limit.
- **Kink**: where there is no derivative, and a subgradient or a convention stands for it.
- **Accuracy**: the largest error that was found, in units in the last place, of the value and of
  its partials; [Accuracy](ACCURACY.md) tells how it was measured, and has PyTorch and JAX beside.

:::{{table}} The {len(ops.TABLE)} operations
:class: operations

"""


def page() -> str:
    """The page as Markdown; KeyError for an operation of which ACCURACY.md has no row."""
    errors = measured_errors(ACCURACY.read_text(encoding="utf-8"))
    head = ["operation", "value", "derivative", "domain", "kink", "accuracy"]
    lines = [head, ["---"] * len(head), *[row(op, errors[op.name]) for op in ops.TABLE.values()]]
    return HEAD + "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n:::\n"


def row(op: Op, errors: str) -> list[str]:
    """The cells of one operation."""
    names = operand_names(op)
    value = OF_THE_ENGINE.get(op.name) or value_text(op)
    kink = KINKS[op.kink] if op.kink else "–"
    return [_call(op), _escaped(value), _derivative(op), _domain(op, names), kink, errors]


def operand_names(op: Op) -> list[str]:
    """What the row's partials call their result, and the function, or else they, its operands."""
    if not op.partials:
        return ["y", *signature(op.value).parameters]
    partial = op.partials if callable(op.partials) else op.partials[-1]
    result, *operands = signature(partial).parameters
    public = _public_parameters(op)
    return [result, *(public if len(public) == len(operands) else operands)]


def _public_parameters(op: Op) -> list[str]:
    public = getattr(functions, op.name, None)
    return [
        f"*{x.name}" if x.kind is Parameter.VAR_POSITIONAL else x.name
        for x in (signature(public).parameters.values() if public else ())
    ]


def _call(op: Op) -> str:
    """`tanh(x)`, a link where there is such a function; and the symbol, where it is another."""
    public = _public_parameters(op)
    call = f"{op.name}({', '.join(public or operand_names(op)[1:])})"
    code = f"{{py:obj}}`{call} <autograd.{op.name}>`" if public else f"`{call}`"
    symbol = "" if op.symbol == op.name else f"<br>{_escaped(op.symbol)}"
    return code + symbol


def _derivative(op: Op) -> str:
    if not op.partials:
        return "none"
    formulas = partial_formulas(op)
    if not formulas:
        return _escaped(_told_derivative(op))
    result, *operands = operand_names(op)
    renamed = dict(zip(OPERANDS, operands, strict=False), y=result)
    texts = [
        "`" + re.sub(r"\b[a-hy]\b", lambda letter: renamed[letter[0]], formula) + "`"
        if formula
        else "none"
        for formula in formulas
    ]
    if len(texts) > 1:
        texts = [f"by {name}: {text}" for name, text in zip(operands, texts, strict=True)]
    return "<br>".join(map(_escaped, texts))


def _told_derivative(op: Op) -> str:
    """Of a row that takes any number of operands, the sentence of its function."""
    prose = (getattr(functions, op.name).__doc__ or "").partition(">>>")[0]
    text = " ".join(prose.split())
    [sentence] = [part for part in SENTENCE.split(text) if "erivative " in part]
    return sentence.removeprefix("Derivative ").rstrip(".")


def _domain(op: Op, names: list[str]) -> str:
    limits = [
        f"{_bound(low, '&lt;', before=True)}{name}{_bound(high, '&lt;')}"
        if high < inf
        else f"{name}{_bound(low, '&gt;')}"
        for name, (low, high) in zip(names[1:], op.domain, strict=False)
        if -inf < low < high or low < high < inf
    ]
    return "<br>".join(limits) or "all numbers"


def _bound(x: float, sign: str, *, before: bool = False) -> str:
    number = f"{x:g}".replace("-", "−")
    return f"{number} {sign} " if before else f" {sign} {number}"


def measured_errors(text: str) -> dict[str, str]:
    """From the page that measured it, for each operation the worst error, eager or compiled."""
    table = text.partition("## Every operation")[2].partition("\n## ")[0]
    errors = {}
    for line in re.findall(r"^\| (\w+) \|(.*)\|$", table, re.MULTILINE):
        name, cells = line[0], line[1].split(" | ")
        if name == "operation":
            continue
        value, partials = (
            max((int(x) for cell in pair for x in re.findall(r"· (\d+)", cell)), default=None)
            for pair in (cells[:2], cells[2:4])
        )
        errors[name] = f"{value}" if partials is None else f"{value}, {partials}"
    return errors


def _escaped(text: str) -> str:
    """Text as Markdown in a cell: code as it is, all else without a meaning of its own."""
    return MARKUP.sub(
        lambda found: found[0].replace("|", "\\|") if found[0][0] == "`" else f"\\{found[0]}", text
    )
