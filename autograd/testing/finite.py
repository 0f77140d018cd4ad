"""Derivatives by differences of values alone: slow, and independent of every rule.

Central differences at shrinking steps, extrapolated to the step zero by Richardson's scheme, of
which the entry that agrees best with its neighbours is taken, and its disagreement as the error
(C. J. F. Ridders, Accurate computation of F'(x) and F'(x)F''(x), 1982).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, isfinite, nan
from sys import float_info
from typing import TYPE_CHECKING

from autograd.real import describe
from autograd.testing.point import Point
from autograd.transforms import positions
from autograd.tree import flatten, unflatten
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.tree import Tree

FIRST_STEP = (
    1 / 16
)  # where functions of numbers around one are smooth, and 1e14 rounding errors away
FAR_STEP = 1 / 1024  # of |x|, where that is more: at 1e6, steps of 1/16 would drown in rounding
SHRINK = 1 / 2  # an error of h² falls by four from row to row
RETREAT = 1 / 8  # faster, where a step led out of the domain
ROWS = 20  # down to steps of 1e-7; or 1e-19, near the edge of a domain
COLUMNS = 6  # an error of h¹²; further columns only amplify rounding
SURE = 2  # a staircase may have one slope at two steps by chance, hardly at three
ENOUGH = 1e-11  # relative error at which more rows are a waste
ROUNDING = 4 * float_info.epsilon  # what a sampled value and its place may be off, in two samples
UNDERFLOW = float_info.min * float_info.epsilon


@dataclass(frozen=True, slots=True)
class FiniteDifference:
    """A derivative and an estimate of its error, each in the shape that `grad` would give it."""

    derivative: Tree
    error: Tree


def finite_difference(
    f: Callable[..., Tree], *args: Tree, argnums: int | tuple[int, ...] = 0
) -> FiniteDifference:
    """∂f/∂x by central differences with Richardson extrapolation, and an estimate of the error.

    The derivative has the shape of the argument, in the place of each output of f, as from `grad`
    or `jacobian`. f is called on floats where the argument has numbers and on new Values where it
    has Values: some 8 times for each number in the argument, more near the edge of a domain.
    Where f is not finite in any neighbourhood, the derivative is nan and the error inf.

    >>> from autograd.ieee import exp
    >>> finite_difference(lambda x: exp(x[0]) * x[1], [0.0, 3.0]).derivative
    [3.0000000000..., 1.0]
    """
    chosen = positions(argnums, len(args))
    trees = tuple([args[i] for i in chosen])
    point = Point.of(trees if isinstance(argnums, tuple) else trees[0], "x")

    def at(coordinates: Sequence[float]) -> Tree:
        moved = point.like(coordinates)
        arguments = list(args)
        for i, tree in zip(chosen, moved if isinstance(argnums, tuple) else (moved,), strict=True):
            arguments[i] = tree
        return f(*arguments)

    outputs, structure = flatten(at(point.coordinates))
    if not outputs:
        raise TypeError(
            f"expected a function that returns numbers, not {describe(at(point.coordinates))}"
        )
    columns = [
        slopes(lambda xs: numbers(at(xs)), point.coordinates, unit(point.coordinates, i))
        for i in range(len(point.coordinates))
    ]
    rows = list(zip(*columns, strict=True)) or [()] * len(outputs)
    return FiniteDifference(
        unflatten(structure, [point.tree([slope.value for slope in row]) for row in rows]),
        unflatten(structure, [point.tree([slope.error for slope in row]) for row in rows]),
    )


def numbers(tree: Tree) -> list[float]:
    """The leaves of a tree, as floats."""
    return [x.data if isinstance(x, Value) else float(x) for x in flatten(tree)[0]]


def unit(coordinates: Sequence[float], i: int) -> list[float]:
    """The direction of one coordinate."""
    return [1.0 if i == j else 0.0 for j in range(len(coordinates))]


@dataclass(frozen=True, slots=True)
class Slope:
    """A derivative along a direction, its error, and how large the values were that it is from."""

    value: float
    error: float
    size: float

    @staticmethod
    def sum(weights: Sequence[float], terms: Sequence[Slope]) -> Slope:
        """Of a weighted sum, with the weights positive."""
        pairs = list(zip(weights, terms, strict=True))
        return Slope(
            sum(w * slope.value for w, slope in pairs),
            sum(w * slope.error for w, slope in pairs),
            sum(w * slope.size for w, slope in pairs),
        )


def slopes(
    f: Callable[[list[float]], list[float]],
    x: Sequence[float],
    direction: Sequence[float],
    sizes: Sequence[float] | None = None,
) -> list[Slope]:
    """The derivative of each output of f at x along a direction.

    Each output is taken to be rounded like a number of its size, or of the one that `sizes` has.
    """

    def along(t: float) -> list[float]:
        return f([a + t * d if d else a for a, d in zip(x, direction, strict=True)])

    moving = [abs(a / d) for a, d in zip(x, direction, strict=True) if d]
    step = max(FIRST_STEP, FAR_STEP * min(moving, default=0.0))
    tableaux: list[_Tableau] = []
    for _ in range(ROWS):
        samples = list(zip(along(step), along(-step), strict=True))
        tableaux = tableaux or [
            _Tableau(max(moving, default=0.0), size) for size in sizes or [0.0] * len(samples)
        ]
        for tableau, (above, below) in zip(tableaux, samples, strict=True):
            tableau.add(step, above, below)
        if all(tableau.is_enough() for tableau in tableaux):
            break
        finite = all(isfinite(above) and isfinite(below) for above, below in samples)
        step *= SHRINK if finite else RETREAT
    return [Slope(tableau.best, tableau.error, tableau.size) for tableau in tableaux]


class _Tableau:
    """The last row of the extrapolation, and the best entry so far."""

    def __init__(self, reach: float, rounded: float) -> None:
        self.reach = reach  # how large the numbers are that a step was added to
        self.rounded = rounded  # how large the numbers are that the output is a sum of
        self.row: list[float] = []
        self.best, self.error, self.size = nan, inf, 0.0

    def add(self, step: float, above: float, below: float) -> None:
        if not (isfinite(above) and isfinite(below)):
            self.row = []
            return
        coarser, self.row = self.row, [(above - below) / (2 * step)]
        rounded = max(self.rounded, abs(above), abs(below))
        self.size = max(self.size, rounded)
        for column, old in enumerate(coarser[: COLUMNS - 1], 1):
            entry = self.row[-1] + (self.row[-1] - old) / (SHRINK ** (-2 * column) - 1)
            noise = (ROUNDING * (rounded + abs(entry) * self.reach) + UNDERFLOW) / step
            error = max(abs(entry - self.row[-1]), abs(entry - old)) + noise
            self.row.append(entry)
            if column >= SURE and error < self.error:
                self.best, self.error = entry, error

    def is_enough(self) -> bool:
        return self.error <= ENOUGH * (abs(self.best) + self.size)
