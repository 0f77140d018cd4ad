"""The functions of `ieee` are those of IEEE 754 and C: NumPy gives the same on awkward floats."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from itertools import product

import numpy
import pytest

from autograd import ieee
from tests.oracle import mp

POINTS = 400
AWKWARD = [
    0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 17.0, 1e-300, 5e-324, 2.0**-1022, 700.0, 710.0, 745.0, 746.0,
    1e300, 2.0**53 - 1.0, 2.0**53, 1.7976931348623157e308, math.inf, math.nan,
]  # fmt: skip
NUMBERS = AWKWARD + [-x for x in AWKWARD]
ROUNDED = 4e-16  # relative: two libraries, each within an ulp or so
SAME_BITS = {"divide", "remainder", "floor_divide", "sqrt", "floor", "ceil", "round", "sign"}

ONE = """sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos sinh cosh acosh atanh
    floor ceil round sign""".split()
TWO = "divide pow remainder floor_divide hypot".split()
NUMPYS = {
    "asin": "arcsin", "acos": "arccos", "acosh": "arccosh", "atanh": "arctanh", "pow": "power",
    "round": "rint",
}  # fmt: skip


def agree(name, found, expected):
    """The same sign of zero, infinity or nan; numbers but for a rounding."""
    if found != found or expected != expected:
        return found != found and expected != expected
    same = found == expected and math.copysign(1.0, found) == math.copysign(1.0, expected)
    near = abs(found - expected) <= ROUNDED * abs(expected) and math.isfinite(expected)
    return same or (near and name not in SAME_BITS)


def numpys(name, *xs):
    with numpy.errstate(all="ignore"):
        return float(getattr(numpy, NUMPYS.get(name, name))(*map(numpy.float64, xs)))


@pytest.mark.parametrize("name", ONE)
def test_a_function_of_one_number_is_numpy_s(name):
    for x in NUMBERS:
        found = getattr(ieee, name)(x)
        assert type(found) is float
        if name in ("sin", "cos", "tan") and abs(x) > 1e15:
            continue  # where NumPy's own reduction of the argument may differ
        assert agree(name, found, numpys(name, x)), x


@pytest.mark.parametrize("name", TWO)
def test_a_function_of_two_numbers_is_numpy_s(name):
    for a, b in product(NUMBERS, NUMBERS):
        if name in ("remainder", "floor_divide") and not (math.isfinite(a) and b and b == b):
            continue  # where Python and NumPy differ: the next test
        if name == "pow" and abs(b) == 0.5:
            continue  # which NumPy takes for a square root
        found = getattr(ieee, name)(a, b)
        assert type(found) is float
        assert agree(name, found, numpys(name, a, b)), (a, b)


def test_a_remainder_of_nothing_is_no_number_and_its_quotient_the_division_s():
    for a in NUMBERS:
        assert math.isnan(ieee.remainder(a, 0.0))
        assert agree("divide", ieee.floor_divide(a, 0.0), ieee.divide(a, 0.0))
        assert agree("divide", ieee.floor_divide(a, -0.0), ieee.divide(a, -0.0))


@pytest.mark.parametrize(("ours", "theirs"), [("maximum", "maximum"), ("minimum", "minimum")])
def test_an_extreme_is_nan_where_one_is_and_tells_zeros_apart(ours, theirs):
    low, high = (-0.0, 0.0)
    extreme = high if ours == "maximum" else low
    for a, b in product(NUMBERS, NUMBERS):
        found = getattr(ieee, ours)(a, b)
        if a == b == 0.0:
            expected = a if math.copysign(1.0, a) == math.copysign(1.0, extreme) else b
            assert math.copysign(1.0, found) == math.copysign(1.0, expected)
        else:
            assert agree("divide", found, numpys(theirs, a, b)), (a, b)
        assert agree("divide", getattr(ieee, ours)(1.0, a, b), getattr(ieee, ours)(found, 1.0))


# -- sums and products with their errors ---------------------------------------------------------


def pairs():
    rng = random.Random(1)
    for _ in range(POINTS):
        yield [rng.choice([-1.0, 1.0]) * 2.0 ** rng.uniform(-60.0, 60.0) for _ in range(2)]


def test_a_sum_and_its_error_are_exact_together():
    for a, b in pairs():
        total, error = ieee.two_sum(a, b)
        assert total == a + b
        assert Fraction(total) + Fraction(error) == Fraction(a) + Fraction(b)


def test_a_product_and_its_error_are_exact_together():
    for a, b in pairs():
        result, error = ieee.two_product(a, b)
        assert result == a * b
        assert Fraction(result) + Fraction(error) == Fraction(a) * Fraction(b)


def test_the_halves_of_a_number_have_26_bits_each():
    for a, _ in pairs():
        for half in ieee._split(a):
            significand = math.frexp(half)[0] * 2.0**26
            assert significand == math.floor(significand)


def correctly_rounded(found, truth):
    return found == float(truth)


def test_an_exponential_of_a_difference_and_what_is_made_of_it_are_nearly_always_right():
    rng = random.Random(1)
    differences, logarithms = [], []
    for _ in range(POINTS):
        a = rng.uniform(-30.0, 30.0)
        b = a + rng.uniform(0.0, 30.0)
        truth = mp.exp(mp.mpf(a) - mp.mpf(b))
        differences.append(correctly_rounded(ieee.exp_difference(a, b), truth))
        xs = [rng.uniform(-5.0, 5.0) for _ in range(3)]
        total = sum([mp.exp(mp.mpf(x)) for x in xs])
        logarithms.append(correctly_rounded(ieee.logsumexp(*xs), mp.log(total)))
    assert sum(differences) / POINTS >= 0.99
    assert sum(logarithms) / POINTS >= 0.92


def test_a_logarithm_of_a_sum_keeps_its_digits_where_it_is_nearly_0():
    for x in (-0.7, -0.6931, -0.69314718, -0.6931471805599453):
        for xs in ([x, x], [x, 2.0 * x, 2.0 * x]):
            truth = mp.log(sum([mp.exp(mp.mpf(each)) for each in xs]))
            assert agree("log", ieee.logsumexp(*xs), float(truth)), xs
