"""The truth at a point of a row: value and partials to sixty digits, and how well-conditioned."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from autograd.ieee import SMALLEST_NORMAL
from autograd.ops import Op
from tests.oracle import condition, exact_partial, exact_value, mp, rounded
from tests.points import Point, variables

LETTERS = "abcdefgh"
DOUBT = mp.mpf(2) ** -180  # of the oracle's sixty digits, which are 202 bits
FINE = 2200  # bits, more than lie between the largest float and the smallest
IN_ORDER = {"sum", "dot"}  # defined by their order of addition: every step of it is rounded
LARGEST_ANGLE = 1e22  # above it the distance to a multiple of π needs more digits than are worth it


@dataclass(frozen=True)
class Truth:
    """What the value of a row at a point is, or its partial by one operand: the rounded truth."""

    op: Op
    operands: Point
    operand: int | None  # by which it is the partial
    exact: Callable[..., Any]
    expected: float

    @property
    def name(self) -> str:
        """The row, and a partial's operand: pow, pow ∂b."""
        return self.op.name + ("" if self.operand is None else f" ∂{LETTERS[self.operand]}")

    @property
    def defined_by_order(self) -> bool:
        return self.op.name in IN_ORDER and self.operand is None

    @property
    def is_subnormal(self) -> bool:
        """Whether an operand or the truth is."""
        return any(0 < abs(x) < SMALLEST_NORMAL for x in (*self.operands, self.expected))

    @cached_property
    def condition(self) -> float:
        """How many times larger a relative change of an operand comes out; inf for a zero."""
        if self.defined_by_order or self.expected == 0 or math.isinf(self.expected):
            return 1.0
        return condition(self.exact, self.operands, variables(self.op))

    @property
    def is_exempt(self) -> bool:
        """Where ulps are not promised: ∂(a/b)/∂b is -(a/b)/b, and a/b may have lost its digits."""
        if self.op.name in ("sin", "cos", "tan"):
            return abs(self.operands[0]) > LARGEST_ANGLE
        if self.op.name == "divide" and self.operand == 1:
            return abs(self.operands[0] / self.operands[1]) < SMALLEST_NORMAL
        return False


def truths(op: Op, operands: Point) -> list[Truth | None]:
    """Of the value and of each partial; None at a pole or a kink, where a convention decides.

    Outside the domain, where the exact value is complex, the truth is nan.
    """
    value = _truth(op, operands, None, _value(op))
    indices = variables(op) if op.partials else ()
    if value is None or math.isnan(value.expected):
        return [value, *[value and replace(value, operand=i) for i in indices]]
    if op.kink and op.kink(*operands) == 0:
        return [value, *[None] * len(indices)]
    return [value, *[_truth(op, operands, i, exact_partial(op.name, i)) for i in indices]]


def _truth(op: Op, operands: Point, index: int | None, exact: Callable[..., Any]) -> Truth | None:
    try:
        y = exact(*map(mp.mpf, operands))
    except (ZeroDivisionError, ValueError):  # a pole
        return None
    if isinstance(y, mp.mpc):
        return Truth(op, operands, index, exact, math.nan)
    if mp.isnan(y):
        return None
    if rounded(y * (1 - DOUBT)) == rounded(y * (1 + DOUBT)):
        return Truth(op, operands, index, exact, rounded(mp.mpf(y)))
    with mp.workprec(FINE):  # near the middle between two floats
        return Truth(op, operands, index, exact, rounded(exact(*map(mp.mpf, operands))))


def _value(op: Op) -> Callable[..., Any]:
    return {"sum": _sum_in_order, "dot": _dot_in_order}.get(op.name) or exact_value(op.name)


def _sum_in_order(*xs: Any) -> Any:
    total = xs[0]
    for x in xs[1:]:
        total = mp.mpf(rounded(total + x))
    return total


def _dot_in_order(*xs: Any) -> Any:
    half = len(xs) // 2
    products = [mp.mpf(rounded(w * x)) for w, x in zip(xs[:half], xs[half:], strict=False)]
    return _sum_in_order(*products, *xs[2 * half :])
