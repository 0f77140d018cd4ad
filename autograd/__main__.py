"""The command `python -m autograd`: steps through an expression, or draws it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from io import TextIOWrapper

from autograd.draw import FORMATS, draw
from autograd.explain import explain
from autograd.expression import Expression, parse
from autograd.stepper import step
from autograd.value import Value
from autograd.wording import names_of, visible

PAGE = ".html"
EXAMPLES = """
examples:
  python -m autograd "x * w + x ** 2" --at x=2 w=-3
  python -m autograd "tanh(w * x + b)" --at x=1 w=0.5 b=0 -o neuron.html
  python -m autograd "log(sigmoid(x))" --at x=-2 -o graph.svg
  python -m autograd "x * x + sin(x)" --at x=2 --explain x

Operators bind as in Python: + - * / // % **, comparisons, and & | ~ of comparisons in parentheses.
The functions are those of autograd, such as tanh(x), maximum(a, b), where(x > 0, a, b),
sum([a, b, c]) and dot([u, v], [x, y]). pi and e are the constants unless given.
An expression that begins with a minus is safe in parentheses: "(-o * x)".
A page (.html) needs no network: it opens in any browser. Pictures need Graphviz.
"""


class _Refusal(Exception):
    """What the user has to change."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; gives its exit status: 0, or 2 where the user has to change something."""
    parser = _parser()
    given, rest = parser.parse_known_args(arguments)
    if given.expression is None and len(rest) == 1:  # it begins with a minus
        given.expression = rest.pop()
    if rest:
        shown = visible(" ".join(rest))
        parser.error(f"this is no option: {shown}; an expression stands in quotes")
    try:
        _run(given)
    except (_Refusal, ValueError, OSError, ImportError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m autograd",
        description="Step through an expression, forward and backward, or draw its graph.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("expression", metavar="EXPRESSION", nargs="?", help='such as "tanh(w * x + b)"')
    add(
        "--at",
        metavar="NAME=NUMBER",
        nargs="+",
        action="extend",
        default=[],
        help="what each name stands for, such as x=2 y=-3",
    )
    add(
        "-o",
        "--output",
        metavar="FILE",
        help="write a page to step through (.html), or the graph (.svg, .png, .pdf, .dot); "
        "without it, the steps and the gradients are printed",
    )
    add(
        "--explain",
        metavar="NAME",
        help="print why the gradient by this name is what it is; with -o, light its paths",
    )
    return parser


def _run(given: argparse.Namespace) -> None:
    if given.expression is None:
        raise _Refusal('the expression is missing; it goes first: "x * y" --at x=2 y=-3')
    expression = parse(given.expression)
    leaves = _leaves(expression, _numbers(given.at))
    suffix = None if given.output is None else os.path.splitext(given.output)[1].lower()
    if suffix is not None and suffix not in (PAGE, *FORMATS):
        raise _Refusal(f"a file is {PAGE}, {', '.join(FORMATS)}, not {given.output!r}")
    if given.explain is not None and given.explain not in leaves:
        known = f"one of {', '.join(leaves)}" if leaves else "a name, of which there is none here"
        raise _Refusal(f"--explain takes {known}, not {given.explain!r:.80}")
    result = expression(leaves)
    result.backward()
    explained = explain(leaves[given.explain], result) if given.explain is not None else None
    if suffix is None:
        print(explained if explained is not None else _in_words(result, leaves))
        return
    if suffix == PAGE:
        (step(result) if explained is None else explained.step()).save(given.output)
    else:
        (draw(result) if explained is None else explained.draw()).save(given.output)
    print(f"{given.output}: written")


# -- the numbers given ---------------------------------------------------------------------------


def _numbers(assignments: Sequence[str]) -> dict[str, float]:
    """{"x": 2.0} of ["x=2"]."""
    numbers: dict[str, float] = {}
    for assignment in assignments:
        name, _, written = assignment.partition("=")
        try:
            number = float(written if name else "")
        except ValueError:
            raise _Refusal(
                f"--at takes NAME=NUMBER, such as x=2 y=-3, not {assignment!r:.80}"
            ) from None
        if name in numbers:
            raise _Refusal(f"--at gives {name} twice")
        numbers[name] = number
    return numbers


def _leaves(expression: Expression, numbers: Mapping[str, float]) -> dict[str, Value]:
    """A labelled Value for each name; a refusal that lists all that are missing, or too many."""
    missing = [name for name in expression.names if name not in numbers]
    if missing:
        at = " ".join(f"{name}=…" for name in missing)
        raise _Refusal(f"numbers are missing for {', '.join(missing)}: --at {at}")
    used = (*expression.names, *expression.constants)
    unused = [f"{name!r:.80}" for name in numbers if name not in used]
    if unused:
        has = f"its names are {', '.join(used)}" if used else "it has no names"
        raise _Refusal(f"--at gives {', '.join(unused)}, not in the expression: {has}")
    return {name: Value(numbers[name], label=name) for name in used if name in numbers}


def _in_words(result: Value, leaves: Mapping[str, Value]) -> str:
    stepper = step(result)
    root = names_of(stepper.frames.order)[-1]
    lines = [f"{stepper}", "", f"{root} = {result.data!r}"]
    lines += [f"∂{root}/∂{name} = {leaf.grad!r}" for name, leaf in leaves.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal may not know all signs
            stream.reconfigure(errors="replace")
    sys.exit(main())
