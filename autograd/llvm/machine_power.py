"""Powers and roots in IR: a^b, the cube root, the length of a vector."""

from __future__ import annotations

from math import inf, nan

from autograd.llvm.ir import Number, bits, copysign, fabs, fma, from_bits, rint, select, sqrt
from autograd.llvm.machine_exponential import WHOLE, Scaled
from autograd.llvm.machine_logarithm import LN2, MANTISSA, ONE, TWO_52, exponent_and_mantissa
from autograd.llvm.machine_pairs import (
    Pair,
    at_least,
    at_most,
    ordered_sum,
    polynomial,
    two_product,
)

# 2·artanh s = 2s(1 + s²/3 + s⁴·T(s²)); T is our own Remez fit, to 1.1e-20 of the whole
_T = (
    0.20000000000001128, 0.14285714285049808, 0.11111111259958213, 0.09090892183795629,
    0.07693378656277886, 0.0662840908034218, 0.06598162335472027,
)  # fmt: skip
_THIRD = (0.3333333333333333, 1.850371707708594e-17)


def _precise_log(x: Number) -> Pair:
    """log x to 66 bits, for any finite x above 0: pow multiplies its error by up to 745."""
    k, m = exponent_and_mantissa(x)
    f = m - 1.0
    d, d_low = ordered_sum(2.0, f)
    inverse = 1.0 / d
    s = f * inverse
    s_low = (fma(-s, d, f) - s * d_low) * inverse
    z, z_low = two_product(s, s)
    z_low = fma(s + s, s_low, z_low)
    third, third_low = two_product(z, _THIRD[0])
    third_low += fma(z, _THIRD[1], z_low * _THIRD[0])
    u, u_low = ordered_sum(third, z * z * polynomial(_T, z))
    g, g_low = two_product(s, u)
    g_low += fma(s, u_low + third_low, s_low * u)
    high, low = ordered_sum(2.0 * s, 2.0 * g)
    total, total_low = ordered_sum(k * LN2[0], high)
    return ordered_sum(total, total_low + fma(k, LN2[1], low + 2.0 * (s_low + g_low)))


def pow(a: Number, b: Number) -> Number:
    """a^b = e^(b·log |a|), and the sign and the edges of C's pow (C17, F.10.4.4)."""
    size = fabs(a)
    high, low = _precise_log(size)
    high = select(size.equal(0.0), -inf, select(size < inf, high, size))
    exponent = b * high
    # where the power has over- or underflown there is no low word, or it is nan
    inside = fabs(exponent) < 1000.0
    exponent_low = select(inside, fma(b, low, fma(b, high, -exponent)), 0.0)
    y = Scaled(at_most(at_least(exponent, -1000.0), 1000.0), exponent_low).value()

    whole = b.equal(rint(b))
    odd = whole & (0.5 * b).not_equal(rint(0.5 * b))
    y = select(odd, copysign(y, a), y)
    y = select((a < 0.0) & (a > -inf) & ~whole, nan, y)
    one = a.equal(1.0) | b.equal(0.0) | (a.equal(-1.0) & fabs(b).equal(inf))
    return select(one, 1.0, y)


# m^(-1/3) on [1, 2], to 6e-6: our own Remez fit
_CUBE_ROOT = (
    1.7810557482812477, -1.5660239804090321, 1.2437816268881692, -0.5978717549595945,
    0.1560716916009121, -0.017019105628378252,
)  # fmt: skip
_2_TO_MINUS_THIRDS = (0.7937005259840998, 0.6299605249474366)


def cbrt(x: Number) -> Number:
    """2^q·∛M with M from 1 to 8: one Halley step to M^(-1/3), one of Newton with an exact cube."""
    size = fabs(x)
    tiny = size < 2.0**-1022
    i = bits(select(tiny, size * 2.0**54, size))
    biased = from_bits((i >> 52) | TWO_52) - 2.0**52
    exponent = select(tiny, biased - (1023.0 + 54.0), biased - 1023.0)
    shifted = fma(exponent - 1.0, _THIRD[0], WHOLE + 1023)
    left = fma(shifted - (WHOLE + 1023), -3.0, exponent)  # 0, 1 or 2
    two, some = left.equal(2.0), left > 0.0

    m = from_bits((i & MANTISSA) | ONE)
    y = polynomial(_CUBE_ROOT, m)
    y = select(some, select(two, y * _2_TO_MINUS_THIRDS[1], y * _2_TO_MINUS_THIRDS[0]), y)
    m = select(some, select(two, 4.0 * m, 2.0 * m), m)
    h = fma(-(m * y), y * y, 1.0)
    y = fma(y * h, fma(h, fma(h, 14 / 81, 2 / 9), 1 / 3), y)
    root = m * (y * y)
    square, square_low = two_product(root, root)
    cube, cube_low = two_product(square, root)
    residual = (cube - m) + fma(square_low, root, cube_low)
    root = fma(residual * (y * y), -_THIRD[0], root) * from_bits(bits(shifted) << 52)
    return select((size > 0.0) & (size < inf), copysign(root, x), x)


def hypot(x: Number, y: Number) -> Number:
    """√(x² + y²), by a power of 2 away from over- and underflow; inf beside an infinity."""
    a, b = fabs(x), fabs(y)
    a, b = select(a > b, a, b), select(a > b, b, a)
    huge, tiny = a > 2.0**500, a < 2.0**-500
    one = a.like(1.0)
    scale = select(huge, 2.0**-600, select(tiny, 2.0**600, one))
    back = select(huge, 2.0**600, select(tiny, 2.0**-600, one))
    square_a, low_a = two_product(a * scale, a * scale)
    square_b, low_b = two_product(b * scale, b * scale)
    total, low = ordered_sum(square_a, square_b)
    root = sqrt(total)
    remainder = fma(-root, root, total) + (low + (low_a + low_b))
    length = select(root.equal(0.0), 0.0, fma(remainder, 0.5 / root, root)) * back
    return select(a.equal(inf) | b.equal(inf), inf, length)
