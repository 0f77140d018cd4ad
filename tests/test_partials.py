"""Where a partial goes from one formula to another it is right on both sides, and at the border."""

from __future__ import annotations

import math
from itertools import product
from math import inf, nan, nextafter
from typing import Any

import pytest

from autograd import Value, ops, topological_order
from autograd.ops import TABLE, Op
from tests.accuracy import ours
from tests.accuracy.measure import measure
from tests.points import Point, arity, variables

SMALLEST_NORMAL = 2.0**-1022


def beside(*borders: float) -> list[float]:
    """Each with its two neighbours, and what is a little further off."""
    return [
        x for border in borders for x in (border, nextafter(border, -inf), nextafter(border, inf))
    ] + [border * factor for border in borders for factor in (0.99, 1.01)]


def both_signs(*xs: float) -> list[float]:
    return [*xs, *(-x for x in xs)]


def between(low: float, high: float, steps: int) -> list[float]:
    return [low + (high - low) * i / steps for i in range(steps + 1)]


EXPONENTS = (-1074, -1022, -700, -481, -480, -401, -400, -399, -99, -1, 8, 99, 399, 400, 401, 1023)
LENGTHS = [1.3 * 2.0**n if -1000 < n < 1000 else 2.0**n for n in EXPONENTS]
BASES = [5e-324, 1e-308, *beside(2.0**-99), 0.3, 1.0, 1.7, *beside(2.0**99), 1e300]
POWERS = [0.0, 1.0, 2.0, 3.0, 0.5, 0.1, 1e-17, 1.0 + 2.0**-52, 7.3, 100.0, 300.1]
WHOLE = [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 10.0]
# The power is no float, or one of few digits, and yet its slopes are.
POWERS_AT_THE_ENDS = [
    *[(1e-155, 3.0), (-1e-155, 3.0), (1e-103, 4.0), (-1e-103, 4.0), (-1e155, -1.0)],
    *[(7.4e-4, 100.0), (-7.4e-4, 100.0), (0.3, 600.1), (1.7, -1400.3)],
    *[(1.00001, 7.138e7), (1e300, -1.05), (1e300, -1.0803)],
]

# The borders are those of the formulas in `ops`, `ieee` and `special`.
ONE_OPERAND: dict[str, list[float]] = {
    "erf": both_signs(0.5, 5.9, 26.5, 27.2),
    "erfc": [*beside(0.5, 26.5, 27.2), *between(-1.0, 24.5, 51), -8.0],
    "exp2": [*beside(-1022.0, -1074.0), 0.5, 1023.5, 1024.4, *between(-1075.0, -1021.0, 27)],
    "gaussian": both_signs(*beside(26.615, 27.2973), *between(26.0, 28.5, 25), 0.5, 1e200),
    "gelu": [*both_signs(*beside(0.7071, 24.49)), *between(-39.5, 9.0, 97)],
    "gelu_slope": [*beside(-1.5, -0.375, -37.5, -math.sqrt(2.0), math.sqrt(2.0)),
                   *both_signs(*between(37.4, 39.2, 18)), *between(-3.0, 3.0, 48)],
    "lgamma": [*between(-3.9, 4.1, 32), *beside(20.0), 30.5, 1e10],
    "normal_cdf": [*both_signs(*beside(0.70710678)), *between(-38.9, 9.0, 96)],
    "normal_pdf": both_signs(*beside(37.519), *between(36.5, 39.2, 27), 0.5),
    "sigmoid": both_signs(0.0, 1e-300, 1.0, 36.9, 709.0, 745.1, 746.0),
    "silu": [*beside(-0.5, -4.0, -700.0), *between(-6.0, 1.0, 70), 5e-324, -5e-324, -745.0],
    "tanh": both_signs(*beside(0.5493061443340549), 0.0, 0.55, 20.0, 354.0, 372.0),
}  # fmt: skip
SEVERAL: dict[str, list[Point]] = {
    "atan2": [(y, x) for y, x in product(both_signs(*LENGTHS), LENGTHS)],
    "cross_entropy": [(float(label), *logits) for label in (0, 1, 2) for logits in
                      [(0.0, 0.0, -800.0), (0.1, 0.0, -40.0), (1.0, 1.0, 1.0), (-0.1, 0.0, -3.0)]],
    "elu": [(x, alpha) for x in (*beside(-700.0), -745.0, -708.0, -37.0, -1e-300, 0.0, 1.0)
            for alpha in (-2.5, 0.0, 1.3, 1e3)],
    "hypot": list(product(both_signs(*LENGTHS), LENGTHS)),
    "polygamma": [(n, x) for n in (0.0, 1.0, 2.0, 3.0) for x in (*between(-2.9, 3.1, 12), 25.0)],
    "pow": [*product(BASES, both_signs(*POWERS)), *product([-x for x in BASES], WHOLE),
            *product([0.0, -0.0], POWERS[1:]), *POWERS_AT_THE_ENDS],
    "softmax": [(float(i), *xs) for i in (0, 1, 2) for xs in
                [(0.0, 0.0, 0.0), (3.0, -40.0, 1.0), (1.0, 800.0, 1.0)]],
}  # fmt: skip
POINTS = {name: [(x,) for x in xs] for name, xs in ONE_OPERAND.items()} | SEVERAL
NOT_NUMBERS = (nan, inf, -inf, 0.0, -0.0, 1.0, -1.5, 2.0)


def rows(names: Any) -> Any:
    return pytest.mark.parametrize("op", [TABLE[name] for name in names], ids=lambda op: op.name)


def bits(partials: Any, op: Op) -> list[str]:
    """Of those by real variables; one nan is like another."""
    floats = [partials[i].data if isinstance(partials[i], Value) else partials[i]
              for i in variables(op)]  # fmt: skip
    return [float.hex(x) for x in floats]


@rows(POINTS)
def test_a_row_is_as_accurate_as_promised_beside_its_borders(op: Op) -> None:
    row, _ = measure(op, POINTS[op.name])
    for way in ours.WAYS:
        for score in row.scores[way] or ():
            assert not score.wrong, f"{way}: {score.wrong[:3]}"
            assert score.worst <= score.target.worst, f"{way}: {score.worst} at {score.worst_at}"


# Of a power: where neither operand is a number for which mpmath has the limit.
@pytest.mark.parametrize(("operands", "partials"), [
    ((inf, -1.0), ["-0x0.0p+0", "0x0.0p+0"]),
    ((inf, 2.0), ["inf", "inf"]),
    ((nan, 1.0), ["nan", "nan"]),
    ((nan, 0.0), ["0x0.0p+0", "nan"]),
])  # fmt: skip
def test_the_slopes_of_a_power_at_the_infinities(operands: Point, partials: list[str]) -> None:
    y = ops.pow.value(*operands)
    assert bits(ops.pow.local_grads(y, operands), ops.pow) == partials


def test_a_first_power_has_the_slope_one_exactly() -> None:
    huge_and_tiny = [m * 2.0**n for m in (1.1, 1.234, 1.7, 1.9) for n in (-1000, -601, 601, 1000)]
    for a in both_signs(*huge_and_tiny, 5e-324, 1.7976931348623157e308):
        assert ops.pow.local_grads(a, (a, 1.0))[0] == 1.0


@pytest.mark.parametrize(("x", "y", "by_x", "by_y"), [
    (inf, 2.0, 1.0, 0.0),
    (-inf, 2.0, -1.0, 0.0),
    (2.0, inf, 0.0, 1.0),
    (2.0, -inf, 0.0, -1.0),
    (inf, -inf, math.sqrt(0.5), -math.sqrt(0.5)),
])  # fmt: skip
def test_at_infinity_a_length_has_the_slopes_of_its_direction_and_an_angle_none(
    x: float, y: float, by_x: float, by_y: float
) -> None:
    assert ops.hypot.local_grads(inf, (x, y)) == pytest.approx((by_x, by_y), rel=1e-15)
    assert ops.atan2.local_grads(math.atan2(y, x), (y, x)) == (0.0, 0.0)


def test_the_slope_of_a_power_with_a_plain_exponent_is_one_power_and_one_product() -> None:
    a, b = Value(1.5), 3.0
    slope = ops.pow.local_grads(Value(a.data**b), (a, b))[0]
    assert [node.op and node.op.name for node in topological_order(slope)] == [
        None,
        "pow",
        "multiply",
    ]


def everywhere(op: Op) -> list[Point]:
    """The points of the row, and all that is made of what is no number."""
    beyond = product(NOT_NUMBERS, repeat=arity(op) - op.fixed)
    ones = (1.0,) * op.fixed
    return [*POINTS.get(op.name, []), *[(*ones, *xs) for xs in beyond]]


@rows([op.name for op in TABLE.values() if op.local is not op.partials])
def test_the_spelling_for_floats_has_the_bits_of_the_definition_there_too(op: Op) -> None:
    local: Any = op.local
    for xs in everywhere(op):
        y = op.value(*xs)
        fast = local(y, *xs) if callable(local) else [rule(y, *xs) for rule in local]
        assert bits(fast, op) == bits(op.local_grads(y, xs), op), f"{op.name}{xs}"


@rows(POINTS)
def test_the_definition_on_values_has_the_bits_that_it_has_on_floats(op: Op) -> None:
    for xs in everywhere(op):
        y = op.value(*xs)
        values = [*xs[: op.fixed], *map(Value, xs[op.fixed :])]
        on_values = op.local_grads(Value(y), tuple(values))
        assert bits(on_values, op) == bits(op.local_grads(y, xs), op), f"{op.name}{xs}"
        if op is ops.pow and xs[1] in (0.0, 1.0):
            plain = op.local_grads(Value(y), (values[0], xs[1]))
            assert bits(plain, op) == bits(on_values, op), f"with a plain exponent: {xs}"


# Of clip: x itself where it is between the bounds or on one; the upper bound where they cross.
@pytest.mark.parametrize(("operands", "partials"), [
    ((2.0, 2.0, 2.0), [1.0, 0.0, 0.0]),
    ((1.0, 2.0, 2.0), [0.0, 1.0, 0.0]),
    ((3.0, 2.0, 2.0), [0.0, 0.0, 1.0]),
    ((1.5, 2.0, 1.0), [0.0, 0.0, 1.0]),
    ((1.0, 2.0, 1.0), [0.0, 0.0, 1.0]),
    ((0.5, 2.0, 1.0), [0.0, 0.0, 1.0]),
])  # fmt: skip
def test_clip_gives_its_slope_to_one_operand_also_where_the_bounds_meet(
    operands: Point, partials: list[float]
) -> None:
    assert ops.clip.local_grads(ops.clip.value(*operands), operands) == tuple(partials)


@pytest.mark.parametrize("operands", [(nan, 1.0, 2.0), (1.0, nan, 2.0), (1.0, 0.0, nan)])
def test_beside_a_nan_clip_has_no_slope(operands: Point) -> None:
    slopes = ops.clip.local_grads(ops.clip.value(*operands), operands)
    assert all(math.isnan(slope) for slope in slopes)
