"""The special functions of floats: the normal distribution's and the gamma function's.

Correct to two units in the last place, like those of `ieee`, but from longer formulas: of the
platform's erfc the last digit is wrong in the tail, of its log Γ most digits near a zero.
"""

from __future__ import annotations

import math
from math import copysign, inf, isinf, nan

from autograd.ieee import floor, in_decimals, two_product, two_sum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal
    from typing import Any

# -- the normal distribution ---------------------------------------------------------------------

TWO_OVER_SQRT_PI = 1.1283791670955126
ONE_OVER_SQRT_2 = (0.7071067811865476, -4.833646656726457e-17)  # in two words
ONE_OVER_SQRT_2PI = (0.3989422804014327, -2.49232720227773e-17)


def gaussian(x: float) -> float:
    """e^(-x²), with the rounding error of x² put back: e^-(s + r) = e^-s·(1 - r)."""
    if not abs(x) < 28:  # e^-784 is zero
        return x if x != x else 0.0
    square, low = two_product(x, x)
    e = math.exp(-square)
    return e - e * low


def _density(x: float) -> tuple[float, float]:
    """e^(-x²/2)/√(2π) for |x| < 39 in two words, as exact as e^ is."""
    square, low = two_product(x, x)
    e = math.exp(-0.5 * square)
    high, rest = two_product(ONE_OVER_SQRT_2PI[0], e)
    return high, rest + e * ONE_OVER_SQRT_2PI[1] - high * (0.5 * low)


def normal_pdf(x: float) -> float:
    """φ(x) = e^(-x²/2)/√(2π), the density of the normal distribution."""
    if not abs(x) < 39:
        return x if x != x else 0.0
    high, low = _density(x)
    return high + low


# (1 + 2x)·e^(x²)·erfc(x) - 5/4 as a polynomial in (x - 4)/(x + 4), least power first, to 4e-18 on
# [0.49, 28]: our own Chebyshev fit, in the form of Shepherd & Laframboise, Math. Comp. 36 (1981)
ERFC = (
    -0.01700488137444749, -0.13962111684056253, 0.01537965210261903, 0.06809705425469535,
    -0.10103906603625408, 0.09373283499826636, -0.06633036581359832, 0.037167515538555,
    -0.016197734038383337, 0.005031969972131644, -0.0007577734477940796, -0.0001992566935506326,
    0.0001506224911449198, -2.4399055053866137e-05, -1.1224721279003849e-05, 5.708803798909529e-06,
    2.9953981384791207e-07, -8.227825459123231e-07, 6.704090940273762e-08, 1.0585306009118411e-07,
    -1.223030441932857e-08, -1.0534106281718037e-08,
)  # fmt: skip


def _polynomial(coefficients: Sequence[Any], x: Any) -> Any:
    """Σ cₖ·xᵏ, by Horner's rule."""
    total = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = total * x + c
    return total


def _erfc_above_half(x: float, low: float = 0.0, factor: float = 1.0) -> float:
    """factor·erfc(x + low) for ½ ≤ x < 28, as e^(-x²)·g/(1 + 2x), each rounding error put back."""
    square, square_low = two_product(x, x)
    far = square > 600.0  # then e^(-x²) in two halves, lest it be subnormal before its factor
    e = math.exp(-0.5 * square if far else -square)
    scaled = factor * e
    correction: float = _polynomial(ERFC, (x - 4.0) / (x + 4.0))
    g = 1.25 + correction
    w, w_low = two_sum(1.0, 2.0 * x)
    n, n_low = two_product(scaled, g)
    quotient = n / w
    back, back_low = two_product(quotient, w)
    lows = n_low + scaled * (1.25 - g + correction) - n * square_low - quotient * w_low
    rest = (n - back - back_low + lows) / w - TWO_OVER_SQRT_PI * scaled * low
    return (quotient + rest) * e if far else quotient + rest


def erfc(x: float) -> float:
    """1 - erf(x), to the last bit also in the tail."""
    return _erfc_above_half(x) if 0.5 <= x < 28 else math.erfc(x)


def _scaled_cdf(x: float, factor: float) -> float:
    """factor·erfc(-x/√2)/2 for |x| < 39; in the tail with the low word of x/√2."""
    argument, low = two_product(-x, ONE_OVER_SQRT_2[0])
    low -= x * ONE_OVER_SQRT_2[1]
    if argument >= 0.5:
        return _erfc_above_half(argument, low, 0.5 * factor)
    return factor * (0.5 * math.erfc(argument))  # which the low word moves by less than it errs


def normal_cdf(x: float) -> float:
    """Φ(x), the share of the normal distribution below x."""
    if not abs(x) < 39:
        return x if x != x else 1.0 if x > 0 else 0.0
    return _scaled_cdf(x, 1.0)


def gelu(x: float) -> float:
    """x·Φ(x): Hendrycks & Gimpel, Gaussian Error Linear Units, 2016."""
    if not abs(x) < 39:
        return -0.0 if x < 0 else x
    return _scaled_cdf(x, x)


# gelu′ as a polynomial in the distance from the float next to its zero, least power first: our own
# Chebyshev fit, to 3e-19 times the distance on [-1.5, -0.375]
GELU_TURNS = -0.7517915246935645
GELU_SLOPE = (
    -6.453751729367753e-18, 0.4314939923140469, 0.388284982990552, -0.018199676398671216,
    -0.11400823329722228, -0.014771522148232324, 0.01942167983823338, 0.004539228378738699,
    -0.002239538069624274, -0.0007448268334171989, 0.00018633977340164, 8.615945677164378e-05,
    -1.1214620694274019e-05, -7.748619535011008e-06, 4.3378139155711144e-07, 5.719990272126404e-07,
    -2.0159044695517147e-09, -3.943107126104458e-08, -5.81147566324564e-09,
)  # fmt: skip


def gelu_slope(x: float) -> float:
    """The derivative of gelu, Φ(x) + x·φ(x); by a polynomial where those two cancel."""
    if not abs(x) < 39:
        return x if x != x else 1.0 if x > 0 else -0.0
    if -1.5 < x < -0.375:
        slope: float = _polynomial(GELU_SLOPE, x - GELU_TURNS)
        return slope
    if x < -37.5:
        return _gelu_slope_far_left(x)
    density, density_low = _density(x)
    product, low = two_product(x, density)
    total, total_low = two_sum(product, normal_cdf(x))
    return total + (total_low + low + x * density_low)


def _gelu_slope_far_left(x: float) -> float:
    """x·φ(x)·(1 - s), with s = 1/x² - 1/x⁴ + 3/x⁶ - …, e^(-x²/2) last and in two halves.

    It is subnormal before x·φ(x) is formed. The series is that of Mills' ratio (NIST DLMF 7.12.1).
    """
    square, low = two_product(x, x)
    e = math.exp(-0.25 * square)
    z = 1.0 / square
    s = z * (1.0 - z * (1.0 - z * (3.0 - z * (15.0 - z * 105.0))))
    return x * ONE_OVER_SQRT_2PI[0] * (1.0 - s - 0.5 * low) * e * e + 0.0  # no -0.0 above -39


# -- the gamma function --------------------------------------------------------------------------
# In decimal numbers of 40 digits: near its zeros log Γ loses up to twenty of them, and the
# reflection formula more. Slow (0.2 ms), and right everywhere.

PI = "3.14159265358979323846264338327950288419716939937511"
HALF_LOG_2PI = "0.918938533204672741780329736405617639861397473637783"
BERNOULLI = (  # B₂, B₄, … as fractions
    (1, 6), (-1, 30), (1, 42), (-1, 30), (5, 66), (-691, 2730), (7, 6), (-3617, 510), (43867, 798),
    (-174611, 330), (854513, 138), (-236364091, 2730), (8553103, 6), (-23749461029, 870),
    (8615841276005, 14322),
)  # fmt: skip
ASYMPTOTIC = 20  # from here on the fifteen Bernoulli terms are right to 33 digits
HIGHEST_ORDER = 100


def lgamma(x: float) -> float:
    """log |Γ(x)|; inf at the poles 0, -1, -2, …"""
    if x != x:
        return x
    if isinf(x) or (x <= 0 and x == floor(x)):
        return inf
    if x == 1 or x == 2:
        return 0.0
    with in_decimals(40) as context:
        return float(_log_gamma(context.create_decimal_from_float(x)))


def polygamma(n: float, x: float) -> float:
    """The n-th derivative of ψ = (log Γ)′ for n = 0, 1, 2, … 100; nan for every other n."""
    if not 0 <= n <= HIGHEST_ORDER or n % 1 or x != x or x == -inf:
        return nan
    order = int(n)
    if x == inf:
        return 0.0 if order else inf
    if x <= 0 and x == floor(x):  # a pole; at ±0 the sign says from which side
        return inf if order % 2 else nan if x else -copysign(inf, x)
    with in_decimals(40) as context:
        return float(_polygamma(order, context.create_decimal_from_float(x)))


def _log_gamma(x: Decimal) -> Decimal:
    """Stirling's series of x + k, less the log of x(x + 1)…(x + k - 1): NIST DLMF 5.11.1, 5.5.3."""
    number = type(x)
    if x < 0:
        sine = abs(_sine_of_pi(x - x.to_integral_value()))
        return (number(PI) / sine).ln() - _log_gamma(1 - x)
    product = number(1)
    while x < ASYMPTOTIC:
        product *= x
        x += 1
    total = (x - number("0.5")) * x.ln() - x + number(HALF_LOG_2PI) - product.ln()
    power = x
    for k, (p, q) in enumerate(BERNOULLI, 1):
        total += p / (q * 2 * k * (2 * k - 1) * power)
        power *= x * x
    return total


def _polygamma(order: int, x: Decimal) -> Decimal:
    """The recurrence up to 20 + n, then the asymptotic series: NIST DLMF 5.11.2, 5.15.5, 5.15.8."""
    number = type(x)
    if x < 0:
        mirrored = _polygamma(order, 1 - x)
        return (-mirrored if order % 2 else mirrored) - _cotangent_of_pi(order, x)
    total = number(0)
    while x < ASYMPTOTIC + order:
        total += x ** -(order + 1)
        x += 1
    total = math.factorial(order) * (total + x ** -(order + 1) / 2)
    total += math.factorial(order - 1) * x**-order if order else -x.ln()
    for k, (p, q) in enumerate(BERNOULLI, 1):
        rising = math.factorial(2 * k + order - 1) * p / (number(math.factorial(2 * k)) * q)
        total += rising * x ** -(2 * k + order)
    return total if order % 2 else -total


def _sine_of_pi(x: Decimal) -> Decimal:
    """sin(πx) for |x| <= 1/2, by Taylor."""
    angle = type(x)(PI) * x
    total = term = angle
    for k in range(3, 35, 2):
        term *= -angle * angle / (k * (k - 1))
        total += term
    return total


def _cotangent_of_pi(order: int, x: Decimal) -> Decimal:
    """π dⁿ/dxⁿ cot(πx), as a polynomial in the cotangent: cot′(πx) is -π(1 + cot²)."""
    pi = type(x)(PI)
    r = x - x.to_integral_value()
    half = type(x)("0.5")
    cotangent = _sine_of_pi(half - abs(r)) / _sine_of_pi(r)  # the cosine is exactly 0 at a half
    polynomial, zero = [type(x)(0), pi], type(x)(0)
    for _ in range(order):
        slope = [k * c for k, c in enumerate(polynomial)][1:]
        pairs = zip([*slope, zero, zero], [zero, zero, *slope], strict=True)
        polynomial = [-pi * (low + high) for low, high in pairs]
    result: Decimal = _polynomial(polynomial, cotangent)
    return result
