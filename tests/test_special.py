"""What the careful formulas are careful for: how many of their results are correctly rounded.

An error that is put back is less than the ulp or two that the table of accuracy allows, so that it
takes these counts to see whether it is.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from autograd import ieee, special
from tests.oracle import mp

POINTS = 400
DECIMALS = 3e-32  # of the forty digits that log Γ is computed with: sums of many terms, cancelled
ORDERS = range(5)

Interval = tuple[float, float]


def normal_cdf(x: Any) -> Any:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def normal_pdf(x: Any) -> Any:
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def silu_slope(x: Any) -> Any:
    return (1 + mp.exp(-x) * (1 + x)) / (1 + mp.exp(-x)) ** 2


def gelu_slope(x: Any) -> Any:
    return normal_cdf(x) + x * normal_pdf(x)


# The share of correctly rounded results that was found, less 0.03; without one of the errors put
# back it is below by more.
# fmt: off
SHARES: list[tuple[Callable[[float], float], Callable[[Any], Any], Interval, float]] = [
    (special.gaussian,   lambda x: mp.exp(-x * x),       (-26.0, 26.0),   0.70),
    (special.normal_pdf, normal_pdf,                     (-37.0, 37.0),   0.70),
    (special.erfc,       mp.erfc,                        (0.5, 6.0),      0.64),
    (special.erfc,       mp.erfc,                        (6.0, 24.0),     0.68),
    (special.normal_cdf, normal_cdf,                     (-37.0, -0.8),   0.70),
    (special.normal_cdf, normal_cdf,                     (-0.7, 0.7),     0.82),
    (special.normal_cdf, normal_cdf,                     (0.7, 5.0),      0.89),
    (special.gelu,       lambda x: x * normal_cdf(x),    (-37.0, -0.8),   0.58),
    (special.gelu,       lambda x: x * normal_cdf(x),    (-0.7, 5.0),     0.74),
    (special.gelu_slope, gelu_slope,                     (-1.5, -0.375),  0.53),
    (special.gelu_slope, gelu_slope,                     (-37.4, -1.5),   0.69),
    (special.gelu_slope, gelu_slope,                     (-0.375, 5.0),   0.78),
    (special.gelu_slope, gelu_slope,                     (-38.4, -37.5),  0.79),
    (ieee.cbrt,          mp.cbrt,                        (0.0, 1000.0),   1.00),
    (ieee.silu,          lambda x: x / (1 + mp.exp(-x)), (-740.0, 700.0), 0.82),
    (ieee.silu_slope,    silu_slope,                     (-4.0, -0.5),    0.29),
    (ieee.silu_slope,    silu_slope,                     (-0.5, 20.0),    0.60),
]
# fmt: on


def correct(found: float, truth: Any) -> bool:
    return found == float(truth)


@pytest.mark.parametrize("row", SHARES, ids=lambda row: f"{row[0].__name__} in {row[2]}")
def test_so_many_results_are_correctly_rounded(row):
    f, truth, interval, share = row
    rng = random.Random(1)
    points = [rng.uniform(*interval) for _ in range(POINTS)]
    right = [correct(f(x), truth(mp.mpf(x))) for x in points]
    assert sum(right) / POINTS >= share


# -- in forty decimals ---------------------------------------------------------------------------


def places():
    """Left and right of 0, beside the poles, and where the asymptotic series begins."""
    rng = random.Random(1)
    for low, high in ((0.1, 20.0), (-20.0, -0.1), (20.0, 21.0), (24.0, 26.0), (30.0, 200.0)):
        for _ in range(12):
            yield rng.uniform(low, high)
    yield from (0.5, -0.5, -1.5, 1e-9, -1e-9, 1.0 + 1e-9)


def near(found: Any, truth: Any) -> bool:
    error = abs(mp.mpf(str(found)) - truth)
    return bool(error <= DECIMALS * max(abs(truth), 1))


def test_the_logarithm_of_the_gamma_function_has_thirty_digits():
    with ieee.in_decimals(40) as context:
        for x in places():
            found = special._log_gamma(context.create_decimal_from_float(x))
            assert near(found, mp.re(mp.loggamma(mp.mpf(x)))), x


@pytest.mark.parametrize("order", ORDERS)
def test_so_have_its_derivatives(order):
    with ieee.in_decimals(40) as context:
        for x in places():
            found = special._polygamma(order, context.create_decimal_from_float(x))
            assert near(found, mp.psi(order, mp.mpf(x))), x


def test_there_are_derivatives_up_to_the_hundredth_at_numbers_alone():
    assert math.isfinite(special.polygamma(100.0, 1.5))
    wrong = [(101.0, 1.5), (-1.0, 1.5), (0.5, 1.5), (math.nan, 1.5)]
    wrong += [(n, x) for n in (0.0, 1.0, 2.0) for x in (math.nan, -math.inf)]
    assert all(math.isnan(special.polygamma(n, x)) for n, x in wrong)
    assert [special.polygamma(n, math.inf) for n in (0.0, 1.0, 2.0)] == [math.inf, 0.0, 0.0]
    assert [special.polygamma(1.0, x) for x in (0.0, -0.0, -3.0)] == [math.inf] * 3
    assert [special.polygamma(0.0, x) for x in (0.0, -0.0)] == [-math.inf, math.inf]
    at_a_pole = [special.polygamma(float(n), -3.0) for n in range(7)]
    assert [x == math.inf for x in at_a_pole] == [n % 2 == 1 for n in range(7)]
    assert [math.isnan(x) for x in at_a_pole] == [n % 2 == 0 for n in range(7)]


def test_the_logarithm_of_the_gamma_function_at_its_ends():
    ends = (0.0, -0.0, -1.0, -7.0, math.inf, -math.inf)
    assert [special.lgamma(x) for x in ends] == [math.inf] * len(ends)
    assert [special.lgamma(x) for x in (1.0, 2.0)] == [0.0, 0.0]
    assert math.isnan(special.lgamma(math.nan))


@pytest.mark.parametrize(("name", "left", "right"), [
    ("gaussian", 0.0, 0.0), ("normal_pdf", 0.0, 0.0), ("normal_cdf", 0.0, 1.0),
    ("gelu", -0.0, None), ("gelu_slope", -0.0, 1.0),
])  # fmt: skip
def test_far_out_they_are_their_limits(name, left, right):
    f = getattr(special, name)
    for x in (39.0, 40.5, 1e3, 1e308, math.inf):
        for found, limit in ((f(-x), left), (f(x), x if right is None else right)):
            assert found == limit
            assert math.copysign(1.0, found) == math.copysign(1.0, limit)
    assert math.isnan(f(math.nan))
