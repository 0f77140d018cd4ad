"""Logarithms in IR: of x and of 1 + x, and the inverse hyperbolic functions made of them.

x = 2^k·(1 + f) with 1 + f from 1/√2 to √2, and with s = f/(2 + f) log(1 + f) = 2·artanh s =
f - (f²/2 - s·(f²/2 + s²·R(s²))), as in fdlibm's e_log.c; R is our own Remez fit, to 2.5e-18.
"""

from __future__ import annotations

from math import inf, nan

from autograd.llvm.ir import Number, bits, copysign, fabs, fma, from_bits, select
from autograd.llvm.machine_pairs import (
    Pair,
    at_most,
    divide,
    ordered_sum,
    polynomial,
    square_root,
    two_product,
    two_sum,
)

_R = (
    0.6666666666666734, 0.39999999999416536, 0.28571428742074617, 0.22222198598127588,
    0.18183563311419884, 0.1531407079382843, 0.14795794255014413,
)  # fmt: skip

# The first words have 41 bits, so that their products with k are exact.
LN2 = (0.693147180559663, 2.8235290563031577e-13)
_LOG10_2 = (0.30102999566383914, 1.42050232272661e-13)
_1_OVER_LN2 = (1.4426950408889634, 2.0355273740931033e-17)
_1_OVER_LN10 = (0.4342944819032518, 1.098319650216765e-17)

ONE = 0x3FF0_0000_0000_0000  # the bits of 1.0
MANTISSA = 0x000F_FFFF_FFFF_FFFF
TWO_52 = 0x4330_0000_0000_0000  # of 2^52, where the last bits of a double are a whole number
_ROOT_HALF = 0x3FE6_A09E_667F_3BCD  # the bits of √½
_SMALLEST_NORMAL = 2.0**-1022


def _biased_exponent_and_mantissa(x: Number) -> Pair:
    """k + 1023 as an integer, and m, where x = 2^k·m and 1/√2 ≤ m < √2; x positive and normal."""
    i = bits(x) + (ONE - _ROOT_HALF)
    return i >> 52, from_bits((i & MANTISSA) + _ROOT_HALF)


def _to_float(biased: Number) -> Number:
    """k as a double, by its bits: not every machine converts lanes of integers."""
    return from_bits(biased | TWO_52) - (2.0**52 + 1023)


def exponent_and_mantissa(x: Number) -> Pair:
    """k as a double, and m, where x = 2^k·m and 1/√2 ≤ m < √2, for every finite x above 0."""
    tiny = x < _SMALLEST_NORMAL
    biased, m = _biased_exponent_and_mantissa(select(tiny, x * 2.0**54, x))
    k = _to_float(biased)
    return select(tiny, k - 54.0, k), m


def _less_than_f(f: Number) -> Number:
    """f - log(1 + f)."""
    s = f / (f + 2.0)
    z = s * s
    half = 0.5 * f * f
    return fma(-s, fma(z, polynomial(_R, z), half), half)


def _log1p_pair(f: Number) -> Pair:
    """log(1 + f) to about 60 bits: f - f²/2 exactly, then the rest."""
    s = f / (f + 2.0)
    z = s * s
    half, half_low = two_product(0.5 * f, f)
    high, low = ordered_sum(f, -half)
    return high, low + fma(s, fma(z, polynomial(_R, z), half), -half_low)


def _at_the_edges(x: Number, y: Number) -> Number:
    """-inf at 0, nan below; inf and nan as they are."""
    y = select(x.equal(0.0), -inf, select(x < inf, y, x))
    return select(x < 0.0, nan, y)


def log(x: Number) -> Number:
    """log x = k·log 2 + log m, the largest two terms summed exactly."""
    k, m = exponent_and_mantissa(x)
    f = m - 1.0
    total, low = ordered_sum(k * LN2[0], f)
    return _at_the_edges(x, total + (fma(k, LN2[1], low) - _less_than_f(f)))


def _log_to_base(x: Number, of_two: tuple[float, float], scale: tuple[float, float]) -> Number:
    """k·log_b 2 + log m·(1/log b)."""
    k, m = exponent_and_mantissa(x)
    high, low = _log1p_pair(m - 1.0)
    part, part_low = two_product(high, scale[0])
    part_low += fma(low, scale[0], high * scale[1])
    total, total_low = ordered_sum(k * of_two[0], part)
    return _at_the_edges(x, total + (fma(k, of_two[1], total_low) + part_low))


def log2(x: Number) -> Number:
    """The logarithm to base 2, exact for powers of 2."""
    return _log_to_base(x, (1.0, 0.0), _1_OVER_LN2)


def log10(x: Number) -> Number:
    """The logarithm to base 10."""
    return _log_to_base(x, _LOG10_2, _1_OVER_LN10)


# -- log(1 + x) ----------------------------------------------------------------------------------


def log1p_of(x: Number, low: Number | None = None, doublings: Number | None = None) -> Number:
    """log(2^doublings·(1 + x + low)) for a finite x > -1 or nan; the sign of a zero is lost."""
    one_and_x, error = two_sum(x, 1.0)
    if low is not None:
        error = error + low
    biased, m = _biased_exponent_and_mantissa(one_and_x)
    # 2^(1-k), which may be zero but no subnormal, brings the rounding error to the size of m
    error = error * from_bits((2047 - biased) << 52) * 0.5
    f, f_low = ordered_sum(m - 1.0, error)
    k = _to_float(biased) if doublings is None else _to_float(biased) + doublings
    total, total_low = ordered_sum(k * LN2[0], f)
    rest = fma(k, LN2[1], fma(-f, f_low, f_low)) - _less_than_f(f)
    return total + (total_low + rest)


def log1p(x: Number) -> Number:
    """log(1 + x)."""
    y = select(x < inf, log1p_of(x), x)
    y = select(x.equal(0.0), x, select(x.equal(-1.0), -inf, y))
    return select(x < -1.0, nan, y)


# -- the inverse hyperbolic functions ------------------------------------------------------------

_FAR = 2.0**100  # from here on asinh x and acosh x are log 2x


def asinh(x: Number) -> Number:
    """log(|x| + √(x² + 1)) as log1p(|x| + x²/(1 + √(x² + 1)))."""
    size = fabs(x)
    near = at_most(size, _FAR)
    square = two_product(near, near)
    total, low = two_sum(square[0], 1.0)
    root = square_root((total, low + square[1]))
    total, low = two_sum(root[0], 1.0)
    high, rest = divide(square, (total, low + root[1]))
    high, low = ordered_sum(near, high)
    y = _log1p_or_log_of_double(size, high, low + rest)
    return copysign(select(size < inf, y, size), x)


def acosh(x: Number) -> Number:
    """log(x + √(x² - 1)) as log1p(d + √(d·(d + 2))), d = x - 1."""
    d = two_sum(at_most(x, _FAR), -1.0)
    above, above_low = two_sum(d[0], 2.0)
    square, square_low = two_product(d[0], above)
    rest = fma(d[0], above_low + d[1], d[1] * above)
    root = square_root((square, square_low + rest))
    high, low = two_sum(d[0], root[0])
    y = _log1p_or_log_of_double(x, high, low + (d[1] + root[1]))
    return select(x >= 1.0, select(x < inf, y, x), nan)


def _log1p_or_log_of_double(size: Number, x: Number, low: Number) -> Number:
    """log1p(x + low) up to _FAR, from there on log(2·size)."""
    far = size > _FAR
    zero = size.like(0.0)
    return log1p_of(select(far, size, x), select(far, zero, low), select(far, zero + 1.0, zero))


def atanh(x: Number) -> Number:
    """log((1 + x)/(1 - x))/2 as log1p(2|x|/(1 - |x|))/2."""
    size = fabs(x)
    high, low = divide((2.0 * size, size.like(0.0)), two_sum(-size, 1.0))
    y = 0.5 * log1p_of(high, low)
    y = select(size < 1.0, y, select(size.equal(1.0), inf, nan))
    return copysign(y, x)
