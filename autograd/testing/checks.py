"""The derivatives of a function, held against finite differences of the order below."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from random import Random
from typing import TYPE_CHECKING

from autograd.real import describe
from autograd.testing.agreement import RELATIVE, Tolerance
from autograd.testing.comparison import MODES, Comparison, GradientError
from autograd.testing.failure import FailingGraph, note
from autograd.testing.finite import unit
from autograd.testing.flat import FlatFunction
from autograd.testing.point import Point

if TYPE_CHECKING:
    from autograd.tree import Tree

FEW = 16  # so many numbers are moved one by one in both modes and at every order
SAMPLED = 2  # directions for more numbers than that


def check_grads(
    f: Callable[..., Tree],
    args: Sequence[Tree],
    order: int = 2,
    modes: Sequence[str] = MODES,
    *,
    rtol: float = RELATIVE,
    atol: float = 0.0,
    directions: int | None = None,
    seed: int = 0,
) -> None:
    """Compare the derivatives of f at args with finite differences, up to an order.

    An order is compared with finite differences of the order below, in forward mode (`jvp`) and in
    reverse mode (`vjp`), in each combination, and the two modes with each other. Arguments and
    results are any trees of numbers; f is called on Values. The tolerance is `atol` + `rtol` of
    the larger number + ten times the error that the finite difference estimates.

    GradientError (an AssertionError) where they differ, or are nan or infinite: it names the
    argument, the mode, the order, both numbers, the error and the tolerance, and the file where
    the graph is drawn. ValueError or TypeError where the question makes no sense.

    At order 1 every number in args is moved by itself: some seven calls of f each. Of more than 16
    numbers, forward mode and the higher orders are checked along two random directions in which
    all of them move, drawn from `seed`. `directions=k` takes k of these and nothing else.

    >>> check_grads(lambda x, y: (x * y).tanh(), (0.5, 2.0))
    >>> try:
    ...     check_grads(lambda x: x * x.data, (3.0,))
    ... except AssertionError as error:
    ...     print(error)
    the derivative by args[0] is 3.0,
    but finite differences give 6.0 ± 2e-12 (difference 3, tolerance 6e-06), in forward mode,
    order 1
    """
    _check_question(f, args, order, modes, directions)
    function = FlatFunction.of(f, Point.of(tuple(args), "args"))
    if not function.point.coordinates:
        raise ValueError(f"expected numbers to differentiate by, but args is {describe(args)}")
    if not function.outputs:
        raise TypeError("expected a function that returns numbers, but it returned none")
    plan = _Plan(order, tuple(modes), Tolerance(rtol, atol), directions, Random(seed))
    try:
        _check_order(function, plan)
    except GradientError as error:
        note(error, FailingGraph(function.graph))
        raise


def _check_question(
    f: object, args: object, order: object, modes: Sequence[str], directions: object
) -> None:
    if not callable(f):
        raise TypeError(f"expected a function first, not {describe(f)}: check_grads(f, (x, y))")
    if not isinstance(args, (tuple, list)):
        raise TypeError(f"args is the tuple of f's arguments, not {describe(args)}: write (x,)")
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"order is a whole number from 1 on, not {order!r}")
    if isinstance(modes, str) or not modes or not set(modes) <= set(MODES):
        raise ValueError(f"modes are one or both of {MODES}, not {modes!r}")
    if directions is not None and (not isinstance(directions, int) or directions < 1):
        raise ValueError(f"directions is None or a whole number from 1 on, not {directions!r}")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What was asked for."""

    highest: int
    modes: tuple[str, ...]
    tolerance: Tolerance
    directions: int | None
    rng: Random


def _check_order(function: FlatFunction, plan: _Plan) -> None:
    """Check the derivatives of a function, and then those of its derivatives."""
    x = function.point.coordinates
    for name, y in zip(function.outputs, function.evaluate(x), strict=True):
        if not isfinite(y):
            raise GradientError(f"{name or 'f'} is {y} at these args: nothing to differentiate")
    count = len(function.outputs)
    weights = [plan.rng.uniform(0.5, 1.5) for _ in function.outputs] if count > 1 else [1.0]
    tangent = _random_direction(x, plan.rng)
    comparison = Comparison.of(function, weights, plan.tolerance)
    if set(plan.modes) == set(MODES):
        comparison.of_modes(tangent)
    for name, direction, modes in _directions(function, plan):
        comparison.along(name, direction, modes)
    if len(function.modes) + 1 < plan.highest:
        for mode in plan.modes:
            _check_order(function.derivative(mode, weights, tangent), plan)


def _directions(
    function: FlatFunction, plan: _Plan
) -> Iterator[tuple[str, list[float], tuple[str, ...]]]:
    """Of what numbers to move, their name ("" for all of them), and the modes to compare."""
    x, count = function.point.coordinates, plan.directions
    are_few = len(x) <= FEW
    if count is None and (are_few or not function.modes):
        modes = plan.modes if are_few or "reverse" not in plan.modes else ("reverse",)
        for i, name in enumerate(function.point.names):
            yield name, unit(x, i), modes
    if count or not are_few:
        for _ in range(count or SAMPLED):
            yield "", _random_direction(x, plan.rng), plan.modes


def _random_direction(x: Sequence[float], rng: Random) -> list[float]:
    """Every number moves, none much more than another, all together by about one."""
    return [rng.choice((-1, 1)) * rng.uniform(0.5, 1.5) / sqrt(len(x)) for _ in x]
