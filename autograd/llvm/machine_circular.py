"""The circular functions and their inverses in IR.

x = n·π/2 + r with |r| ≤ π/4, by π/2 in three words and fused multiply-add (Cody & Waite, 1980);
far from zero, where that runs out of digits, the platform's function for one lane after the
other. Our own coefficients, by Remez exchange at 45 digits, rounded one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, nan
from operator import add

from autograd.llvm.ir import Number, bits, copysign, fabs, fma, from_bits, pack, select
from autograd.llvm.machine_exponential import WHOLE
from autograd.llvm.machine_pairs import (
    Pair,
    at_most,
    by_lane,
    divide,
    mend,
    ordered_sum,
    polynomial,
    square_root,
    two_sum,
)

_HALF_PI = (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33)
_QUARTER_PI = (_HALF_PI[0] / 2, _HALF_PI[1] / 2)
_2_OVER_PI = 0.6366197723675814
_FAR = 1e6  # no float nearer to 0 is so near to a multiple of π/2 that three words would not do

# (sin r - r)/r³ and (cos r - 1 + r²/2)/r⁴ in r², to 3.5e-18 and 5e-20
_SIN = (
    -0.16666666666666632, 0.008333333333322472, -0.00019841269829835406, 2.7557313697125723e-06,
    -2.5050758442560067e-08, 1.5896793178643834e-10,
)  # fmt: skip
_COS = (
    0.0416666666666666, -0.001388888888887446, 2.4801587289657513e-05, -2.755731439558552e-07,
    2.0875728376078647e-09, -1.1359879702318586e-11,
)  # fmt: skip
# (asin x - x)/x³ in x² up to |x| = 1/2, to 1e-18, and (atan x - x)/x³ up to tan(π/8), to 1.3e-18
_ASIN = (
    0.16666666666666763, 0.07499999999970129, 0.04464285717525874, 0.030381942676474927,
    0.02237221587516556, 0.017351596007673106, 0.013981012898916161, 0.011397336055320251,
    0.010789095157484219, 0.003672988885739644, 0.021788798920817264, -0.021114239948849558,
    0.03270068835096074,
)  # fmt: skip
_ATAN = (
    -0.333333333333332, 0.1999999999995377, -0.14285714280212455, 0.11111110784167547,
    -0.09090897775923827, 0.0769206050265917, -0.06663106917721562, 0.0584790724290054,
    -0.05039372357473877, 0.0380659498243483, -0.01790837729328818,
)  # fmt: skip
_TAN_EIGHTH_PI = 0.41421356237309503


# -- sine, cosine, tangent -----------------------------------------------------------------------


def _reduce(x: Number) -> tuple[Number, Pair]:
    """An integer whose last bits are those of n, and r in two words."""
    shifted = fma(x, _2_OVER_PI, WHOLE)
    n = shifted - WHOLE
    exact = fma(n, -_HALF_PI[0], x)
    product = n * -_HALF_PI[1]
    product_low = fma(n, -_HALF_PI[1], -product)
    r = exact + product
    low = (exact - r) + product + fma(n, -_HALF_PI[2], product_low)
    return bits(shifted), (r, low)


def _sine(r: Number, low: Number, square: Number) -> Pair:
    """sin(r + low) as r and the rest."""
    return r, fma(r * square, polynomial(_SIN, square), low)


def _cosine(r: Number, low: Number, square: Number) -> Pair:
    """cos(r + low) as 1 - r²/2, rounded, and the rest."""
    half = 0.5 * square
    high, high_low = ordered_sum(1.0, -half)
    return high, high_low + fma(square * square, polynomial(_COS, square), -(r * low))


def _sines(x: Number, quarters: Iterable[int]) -> list[Number]:
    """sin(x + q·π/2) for each q, |x| up to _FAR."""
    n, (r, low) = _reduce(x)
    square = r * r
    sine, cosine = (add(*f(r, low, square)) for f in (_sine, _cosine))
    even = (n & 1).equal(0)
    results = []
    for q in quarters:
        y = select(even, cosine, sine) if q % 2 else select(even, sine, cosine)
        results.append(from_bits(bits(y) ^ (((n + q) & 2) << 62)))
    return results


def sin(x: Number) -> Number:
    """The sine."""
    (y,) = _sines(x, [0])
    return _mended("sin", x, select(x.equal(0.0), x, y))


def cos(x: Number) -> Number:
    """The cosine."""
    (y,) = _sines(x, [1])
    return _mended("cos", x, y)


def sin_and_cos(x: Number) -> Number:
    """Both, and the same bits, for less than the price of two."""
    sine, cosine = _sines(x, [0, 1])
    sine = _mended("sin", x, select(x.equal(0.0), x, sine))
    return pack(sine, _mended("cos", x, cosine))


def _mended(name: str, x: Number, y: Number) -> Number:
    return mend(y, fabs(x) > _FAR, lambda: by_lane(name, x))


def tan(x: Number) -> Number:
    """sin/cos, or in the odd quadrants -cos/sin."""
    n, (r, low) = _reduce(x)
    square = r * r
    sine, cosine = ordered_sum(*_sine(r, low, square)), ordered_sum(*_cosine(r, low, square))
    even = (n & 1).equal(0)
    numerator = [select(even, a, b) for a, b in zip(sine, cosine, strict=True)]
    denominator = [select(even, b, -a) for a, b in zip(sine, cosine, strict=True)]
    high, rest = divide((numerator[0], numerator[1]), (denominator[0], denominator[1]))
    y = select(fabs(x) < 2.0**-28, x, high + rest)
    return _mended("tan", x, y)


# -- arc sine and arc cosine ---------------------------------------------------------------------


def _half_angle(size: Number) -> Pair:
    """asin x up to ½, and beyond asin √((1 - x)/2), as √… and the rest."""
    near = size <= 0.5
    square = select(near, size * size, fma(size, -0.5, 0.5))
    root, root_low = square_root((square, size.like(0.0)))
    root = select(near, size, root)
    return root, fma(root * square, polynomial(_ASIN, square), select(near, 0.0, root_low))


def asin(x: Number) -> Number:
    """The arc sine; beyond ½ π/2 - 2·asin √((1 - x)/2)."""
    size = fabs(x)
    angle, low = _half_angle(size)
    high, high_low = ordered_sum(_HALF_PI[0], -2.0 * angle)
    far = high + (high_low + fma(low, -2.0, _HALF_PI[1]))
    y = select(size <= 0.5, angle + low, far)
    return copysign(select(size <= 1.0, y, nan), x)


def acos(x: Number) -> Number:
    """The arc cosine: π/2 - asin x, and beyond ½ twice that half angle, or π less it."""
    size = fabs(x)
    angle, low = _half_angle(size)
    near = size <= 0.5
    angle, low = copysign(angle, x), select(x < 0.0, -low, low)
    # π/2 - angle; 2·angle; π + 2·angle, the angle being negative
    angle, low = select(near, -angle, angle + angle), select(near, -low, low + low)
    turn = select(near, 1.0, select(x < 0.0, 2.0, angle.like(0.0)))
    high, high_low = two_sum(turn * _HALF_PI[0], angle)
    return select(size <= 1.0, high + (high_low + fma(turn, _HALF_PI[1], low)), nan)


# -- arc tangent ---------------------------------------------------------------------------------


def _angle(n: Number, d: Number, eighths: Number, sign: Number) -> Number:
    """eighths·π/4 + sign·atan(n/d) for 0 ≤ n ≤ d ≠ 0, as atan((n - d)/(n + d)) + π/4 near 1."""
    near_one = n > _TAN_EIGHTH_PI * d
    difference, difference_low = two_sum(n, -d)
    total, total_low = two_sum(d, n)
    numerator = select(near_one, difference, n), select(near_one, difference_low, 0.0)
    denominator = select(near_one, total, d), select(near_one, total_low, 0.0)
    t, t_low = divide(numerator, denominator)
    square = t * t
    rest = fma(t * square, polynomial(_ATAN, square), t_low)
    turn = eighths + select(near_one, sign, 0.0)
    base, base_low = turn * _QUARTER_PI[0], fma(turn, _QUARTER_PI[0], -(turn * _QUARTER_PI[0]))
    high, high_low = ordered_sum(base, sign * t)
    return high + (high_low + fma(sign, rest, fma(turn, _QUARTER_PI[1], base_low)))


def atan(x: Number) -> Number:
    """The arc tangent; beyond 1 π/2 - atan(1/x)."""
    size = at_most(fabs(x), 1e300)
    far = size > 1.0
    one = size.like(1.0)
    zero = size.like(0.0)
    y = _angle(
        select(far, one, size),
        select(far, size, one),
        select(far, 2.0, zero),
        select(far, -1.0, one),
    )
    return copysign(select(fabs(x) < 2.0**-28, fabs(x), y), x)


def atan2(y: Number, x: Number) -> Number:
    """The angle of the point (x, y), from -π to π, with the signs of zeros told apart."""
    a, b = fabs(y), fabs(x)
    steep = a > b
    n, d = select(steep, b, a), select(steep, a, b)
    # two infinities are as two ones, two zeros as 0/1; huge and tiny ones are scaled
    infinite = d.equal(inf)
    n = select(infinite, select(n.equal(inf), 1.0, n * 0.0), n)
    d = select(infinite | d.equal(0.0), 1.0, d)
    scale = select(d > 2.0**900, 2.0**-60, select(d < 2.0**-400, 2.0**600, d.like(1.0)))
    zero, one, left = d.like(0.0), d.like(1.0), bits(x) < 0
    eighths = select(steep, 2.0, select(left, 4.0, zero))
    sign = select(steep ^ left, -1.0, one)
    angle = _angle(n * scale, d * scale, eighths, sign)
    return copysign(angle, y)
