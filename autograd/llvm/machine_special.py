"""The normal distribution's functions in IR, by the formulas and coefficients of `special`."""

from __future__ import annotations

from autograd import special
from autograd.llvm.ir import Number, copysign, fabs, fma, select
from autograd.llvm.machine_exponential import Scaled
from autograd.llvm.machine_pairs import (
    Pair,
    at_least,
    at_most,
    divide,
    multiply,
    ordered_sum,
    polynomial,
    times,
    two_product,
    two_sum,
)

# erf x/x - 1 in x² up to |x| = 1/2, to 1.3e-17: our own Remez fit
_ERF = (
    0.1283791670955126, -0.3761263890318456, 0.11283791671041138, -0.026866170680431727,
    0.005223978350819816, -0.0008548410709179642, 0.00012060999897367316, -1.5148969284295137e-05,
    2.1190242137908522e-06, -5.74417733726255e-07,
)  # fmt: skip
_FLAT = 39.0  # e^(-x²/2) is zero from here on
_ERFC_FLAT = 28.0  # and e^(-x²) from here


def gaussian(x: Number) -> Number:
    """e^(-x²), with the rounding error of x² put back."""
    square, low = two_product(at_most(fabs(x), _ERFC_FLAT), at_most(fabs(x), _ERFC_FLAT))
    return Scaled(-square, -low).value()


def _density(x: Number) -> tuple[Pair, Scaled]:
    """e^(-x²/2)/√(2π) for |x| up to _FLAT: its mantissa in two words, and its scale."""
    square, low = two_product(x, x)
    power = Scaled(-0.5 * square, -0.5 * low)
    high, low = two_product(power.mantissa[0], special.ONE_OVER_SQRT_2PI[0])
    rest = fma(power.mantissa[0], special.ONE_OVER_SQRT_2PI[1], low)
    return (high, fma(power.mantissa[1], special.ONE_OVER_SQRT_2PI[0], rest)), power


def normal_pdf(x: Number) -> Number:
    """φ(x) = e^(-x²/2)/√(2π)."""
    (high, low), power = _density(at_most(fabs(x), _FLAT))
    return power.scale(high + low)


# -- erf and erfc --------------------------------------------------------------------------------


def _tail(x: Number, low: Number) -> tuple[Pair, Scaled]:
    """erfc(x + low) for ½ ≤ x ≤ 28 as e^(-x²)·g/(1 + 2x): its mantissa, and its scale."""
    square, square_low = two_product(x, x)
    power = Scaled(-square, -square_low)
    correction = polynomial(special.ERFC, (x - 4.0) / (x + 4.0))
    product = multiply(power.mantissa, ordered_sum(1.25, correction))
    high, rest = divide(product, ordered_sum(2.0 * x, x.like(1.0)))
    slope = -special.TWO_OVER_SQRT_PI * power.mantissa[0]
    return (high, fma(slope, low, rest)), power


def _less_than_x(x: Number) -> Number:
    """erf x - x for |x| up to ½."""
    return x * polynomial(_ERF, x * x)


def _erfc_of_size(x: Number) -> Number:
    """erfc |x| where |x| ≥ ½."""
    size = at_most(at_least(fabs(x), 0.5), _ERFC_FLAT)
    (high, low), power = _tail(size, size.like(0.0))
    return power.scale(high + low)


def erf(x: Number) -> Number:
    """The error function; beyond ½ it is 1 - erfc."""
    far = copysign(1.0 - _erfc_of_size(x), x)
    return select(fabs(x) < 0.5, fma(x, polynomial(_ERF, x * x), x), far)


def erfc(x: Number) -> Number:
    """1 - erf x; below -½ it is 2 - erfc |x|."""
    far = _erfc_of_size(x)
    high, low = ordered_sum(1.0, -x)
    near = high + (low - _less_than_x(x))
    return select(x >= 0.5, far, select(x <= -0.5, 2.0 - far, near))


# -- Φ, gelu and its derivative ------------------------------------------------------------------


def _cdf(x: Number, factor: Number | None = None) -> Number:
    """factor·erfc(-x/√2)/2 for |x| up to _FLAT, its argument in two words."""
    argument, low = two_product(x, -special.ONE_OVER_SQRT_2[0])
    low = fma(x, -special.ONE_OVER_SQRT_2[1], low)
    low_of_size = select(argument < 0.0, -low, low)
    (c, c_low), power = _tail(at_least(fabs(argument), 0.5), low_of_size)

    # below 0 erfc(|x|/√2)/2; near 0 1/2 - erf(argument)/2; above 0 1 - erfc(|x|/√2)/2
    square = argument * argument
    slope = special.TWO_OVER_SQRT_PI * fma(square, fma(square, 0.5, -1.0), 1.0)
    near, near_low = ordered_sum(0.5, -0.5 * argument)
    near_low = near_low - 0.5 * fma(slope, low, _less_than_x(argument))
    above, above_low = ordered_sum(1.0, -0.5 * power.scale(c))
    above_low = above_low - 0.5 * power.scale(c_low)
    flat = argument <= -0.5
    rest = select(flat, above, near), select(flat, above_low, near_low)
    if factor is None:
        below, other = c + c_low, rest[0] + rest[1]
    else:
        below, other = times(factor, (c, c_low)), times(factor, rest)
    return select(argument >= 0.5, power.scale(0.5 * below), other)


def normal_cdf(x: Number) -> Number:
    """Φ(x), the share of the normal distribution below x."""
    return _cdf(at_most(at_least(x, -_FLAT), _FLAT))


def gelu(x: Number) -> Number:
    """x·Φ(x)."""
    near = at_most(at_least(x, -_FLAT), _FLAT)
    return select(x > _FLAT, x, _cdf(near, near))


def _gelu_slope_by_its_zero(x: Number) -> Number:
    """The polynomial c₀ + d·(c₁ + d·(c₂ + …)), the sums that cancel in two words."""
    d = x - special.GELU_TURNS
    c0, c1, c2, *rest = special.GELU_SLOPE
    total, low = ordered_sum(c2, d * polynomial(rest, d))
    product, product_low = two_product(d, total)
    total, total_low = ordered_sum(c1, product)
    return times(d, (total, total_low + fma(d, low, product_low))) + c0


def gelu_slope(x: Number) -> Number:
    """Φ(x) + x·φ(x); by a polynomial where those two cancel."""
    near = at_most(at_least(x, -_FLAT), _FLAT)
    (density, density_low), power = _density(near)
    product, low = two_product(near, density)
    total, total_low = two_sum(power.scale(product), _cdf(near))
    y = total + (total_low + power.scale(fma(near, density_low, low)))
    y = select((x > -1.5) & (x < -0.375), _gelu_slope_by_its_zero(x), y)
    return select(x <= -_FLAT, -0.0, y)
