"""A random expression: rows of the table on leaves, constants and each other's results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autograd.ops import Op
from autograd.value import Value

if TYPE_CHECKING:
    from hypothesis.vendor.pretty import RepresentationPrinter

    from autograd.tree import Tree

Operand = int | float  # an int is a slot (the leaves come first), a float is a constant

# How a row is written as a call of `autograd`'s functions, where that is not name(a, b, …).
SPELLINGS: dict[str, Callable[[Sequence[str]], str]] = {
    "add": lambda xs: f"{xs[0]} + {xs[1]}",
    "subtract": lambda xs: f"{xs[0]} - {xs[1]}",
    "multiply": lambda xs: f"{xs[0]} * {xs[1]}",
    "divide": lambda xs: f"{xs[0]} / {xs[1]}",
    "negative": lambda xs: f"-{xs[0]}",
    "pow": lambda xs: f"{xs[0]} ** {xs[1]}",
    "remainder": lambda xs: f"{xs[0]} % {xs[1]}",
    "floor_divide": lambda xs: f"{xs[0]} // {xs[1]}",
    "sum": lambda xs: f"sum({_list(xs)})",
    "dot": lambda xs: f"dot({', '.join(_halves(xs))})",
    "logsumexp": lambda xs: f"logsumexp({_list(xs)})",
    "take": lambda xs: f"take({_list(xs[1:])}, {xs[0]})",
    "softmax": lambda xs: f"softmax({_list(xs[1:])})[{xs[0].removesuffix('.0')}]",
    "cross_entropy": lambda xs: f"cross_entropy({_list(xs[1:])}, {xs[0]})",
}


@dataclass(frozen=True, repr=False)
class Expression:
    """A function of floats or Values, drawn at random, with the leaves that it was drawn at.

    Its repr is its code. Slot i is leaf i, or the result of row i - len(leaves); the last slot is
    what it returns.

    >>> from autograd import ops
    >>> f = Expression((2.0, 3.0), ((ops.multiply, (0, 1)), (ops.add, (2, 2)), (ops.exp, (3,))))
    >>> f
    def expression(x0, x1):  # at 2.0, 3.0
        a = x0 * x1
        b = a + a
        return exp(b)
    >>> f(0.0, 5.0)
    1.0
    """

    leaves: tuple[float, ...]
    rows: tuple[tuple[Op, tuple[Operand, ...]], ...]

    def __call__(self, *leaves: Tree) -> Tree:
        """Its value on as many floats or Values as it has leaves."""
        if len(leaves) != len(self.leaves):
            raise TypeError(f"expected {len(self.leaves)} leaves, not {len(leaves)}")
        slots = list(leaves)
        for op, operands in self.rows:
            slots.append(op(*[x if isinstance(x, float) else slots[x] for x in operands]))
        return slots[-1]

    def graph(self) -> Value:
        """Its value on labelled Values of its own leaves, to draw or to step through."""
        leaves = [Value(x, label=f"x{i}") for i, x in enumerate(self.leaves)]
        return self(*leaves)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        names = [f"x{i}" for i in range(len(self.leaves))]
        names += [_letters(i) for i in range(len(self.rows))]
        parameters, point = ", ".join(names[: len(self.leaves)]), ", ".join(map(repr, self.leaves))
        lines = [f"def expression({parameters}):  # at {point}"]
        for (op, operands), name in zip(self.rows, names[len(self.leaves) :], strict=True):
            code = _code(op, [_constant(x) if isinstance(x, float) else names[x] for x in operands])
            lines.append(f"    {name} = {code}")
        if self.rows:
            lines[-1] = lines[-1].replace(f"{names[-1]} =", "return", 1)
        else:
            lines.append(f"    return {names[-1]}")
        return "\n".join(lines)

    def _repr_pretty_(self, printer: RepresentationPrinter, cycle: bool) -> None:
        """As Hypothesis and IPython show it: the code, not the fields."""
        printer.text(repr(self))


def _code(op: Op, operands: Sequence[str]) -> str:
    spell = SPELLINGS.get(op.name)
    return spell(operands) if spell else f"{op.name}({', '.join(operands)})"


def _list(xs: Sequence[str]) -> str:
    return f"[{', '.join(xs)}]"


def _halves(xs: Sequence[str]) -> list[str]:
    """Of dot: the list of weights, the list of what they weigh, and a bias if there is one."""
    half = len(xs) // 2
    return [_list(xs[:half]), _list(xs[half : 2 * half]), *xs[2 * half :]]


def _constant(x: float) -> str:
    return f"({x!r})" if x < 0 else repr(x)


def _letters(i: int) -> str:
    """a, b, …, z, aa, ab, …"""
    letters = ""
    while i >= 0:
        i, letter = divmod(i, 26)
        letters = chr(ord("a") + letter) + letters
        i -= 1
    return letters
