"""Functions of floats that return inf and nan, as IEEE 754 does, where Python's own raise.

Each is the definition of what one operation of the table returns, correct to two units in the
last place. Python raises ZeroDivisionError, OverflowError or ValueError at the edges of a domain,
and some formulas lose every digit in a tail; both are mended here and nowhere else.
"""

from __future__ import annotations

import math
from _functools import reduce  # `functools` itself would double the cost of importing this
from math import copysign, inf, isfinite, isinf, nan
from operator import add as _add
from operator import mul as _multiply

# -- arithmetic ----------------------------------------------------------------------------------


def divide(a: float, b: float) -> float:
    try:
        return a / b
    except ZeroDivisionError:
        return nan if a == 0 or a != a else copysign(inf, a) * copysign(1.0, b)


def _is_odd(x: float) -> bool:
    return isfinite(x) and x % 2 == 1


def pow(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return -inf if a < 0 and _is_odd(b) else inf
    except ValueError:  # zero to a negative power, or a negative number to a fractional one
        return nan if a != 0 else copysign(inf, a) if _is_odd(b) else inf


def remainder(a: float, b: float) -> float:
    """a - b·floor(a/b), with the sign of b, as Python's %."""
    try:
        return a % b
    except ZeroDivisionError:
        return nan


def floor_divide(a: float, b: float) -> float:
    try:
        return a // b
    except ZeroDivisionError:
        return divide(a, b)


# -- to whole numbers ----------------------------------------------------------------------------


def floor(x: float) -> float:
    return copysign(float(math.floor(x)), x) if isfinite(x) else x


def ceil(x: float) -> float:
    return copysign(float(math.ceil(x)), x) if isfinite(x) else x


def round(x: float) -> float:
    """The nearest whole number, halves to the even one."""
    return copysign(float(x.__round__()), x) if isfinite(x) else x


def sign(x: float) -> float:
    return 1.0 if x > 0 else -1.0 if x < 0 else 0.0 if x == 0 else x


# -- powers and logarithms -----------------------------------------------------------------------


def sqrt(x: float) -> float:
    return math.sqrt(x) if x >= 0 else nan


def cbrt(x: float) -> float:
    """The real cube root: the platform's, and one Newton step with an exact residual."""
    y = math.cbrt(x)
    if y == 0 or not isfinite(y):
        return y
    exponent = (math.frexp(y)[1]) * 3
    scaled, root = math.ldexp(x, -exponent), math.ldexp(y, -exponent // 3)
    square, square_low = _two_product(root, root)
    cube, cube_low = _two_product(square, root)
    residual = (cube - scaled) + (cube_low + square_low * root)
    return math.ldexp(root - residual / (3 * square), exponent // 3)


def exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return inf


def exp2(x: float) -> float:
    try:
        return math.exp2(x)
    except OverflowError:
        return inf


def expm1(x: float) -> float:
    try:
        return math.expm1(x)
    except OverflowError:
        return inf


def log(x: float) -> float:
    return math.log(x) if x > 0 else -inf if x == 0 else nan


def log2(x: float) -> float:
    return math.log2(x) if x > 0 else -inf if x == 0 else nan


def log10(x: float) -> float:
    return math.log10(x) if x > 0 else -inf if x == 0 else nan


def log1p(x: float) -> float:
    return math.log1p(x) if x > -1 else -inf if x == -1 else nan


# -- circular and hyperbolic ---------------------------------------------------------------------


def sin(x: float) -> float:
    return nan if isinf(x) else math.sin(x)


def cos(x: float) -> float:
    return nan if isinf(x) else math.cos(x)


def tan(x: float) -> float:
    return nan if isinf(x) else math.tan(x)


def asin(x: float) -> float:
    return math.asin(x) if -1 <= x <= 1 else nan


def acos(x: float) -> float:
    return math.acos(x) if -1 <= x <= 1 else nan


def sinh(x: float) -> float:
    try:
        return math.sinh(x)
    except OverflowError:
        return copysign(inf, x)


def cosh(x: float) -> float:
    try:
        return math.cosh(x)
    except OverflowError:
        return inf


def acosh(x: float) -> float:
    return math.acosh(x) if x >= 1 else nan


def atanh(x: float) -> float:
    return math.atanh(x) if -1 < x < 1 else copysign(inf, x) if x in (-1, 1) else nan


def hypot(x: float, y: float) -> float:
    return math.hypot(x, y)


# -- the sigmoid and its relatives ---------------------------------------------------------------


def sigmoid(x: float) -> float:
    """1/(1 + e^-x), from the tail that cannot overflow."""
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def softplus(x: float) -> float:
    """log(1 + e^x) as max(x, 0) + log1p(e^-|x|)."""
    return x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x))


def silu(x: float) -> float:
    return 0.0 if x == -inf else x * sigmoid(x)


def relu(x: float) -> float:
    return 0.0 if x <= 0 else x


def leaky_relu(x: float, slope: float) -> float:
    return x if x > 0 else slope * x


def elu(x: float, alpha: float) -> float:
    return x if x > 0 else alpha * math.expm1(x)


# -- the normal distribution ---------------------------------------------------------------------


def _split(x: float) -> tuple[float, float]:
    """x as a sum of two numbers of 26 bits (Dekker 1971), exact for |x| < 1e300."""
    scaled = 134217729.0 * x  # 2^27 + 1
    high = scaled - (scaled - x)
    return high, x - high


def _two_product(a: float, b: float) -> tuple[float, float]:
    """The rounded product and its rounding error, exactly (Dekker 1971)."""
    product = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    low = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, low


def gaussian(x: float) -> float:
    """e^(-x²), with the rounding error of x² put back: e^-(s + r) = e^-s·(1 - r)."""
    if not abs(x) < 28:  # e^-784 is zero
        return x if x != x else 0.0
    square, low = _two_product(x, x)
    e = math.exp(-square)
    return e - e * low


def normal_pdf(x: float) -> float:
    """φ(x) = e^(-x²/2)/√(2π), the density of the normal distribution."""
    if not abs(x) < 39:
        return x if x != x else 0.0
    square, low = _two_product(x, x)
    e = math.exp(-0.5 * square)
    return 0.3989422804014327 * (e - e * (0.5 * low))


def normal_cdf(x: float) -> float:
    """Φ(x) = erfc(-x/√2)/2, its argument corrected with the low word of x/√2."""
    if not abs(x) < 39:
        return x if x != x else 1.0 if x > 0 else 0.0
    argument, low = _two_product(-x, 0.7071067811865476)
    low += x * 4.833646656726457e-17  # 1/√2 is 0.7071067811865476 less this
    return 0.5 * (erfc(argument) - 1.1283791670955126 * gaussian(argument) * low)


def gelu(x: float) -> float:
    """x·Φ(x): Hendrycks & Gimpel, Gaussian Error Linear Units, 2016."""
    return 0.0 if x == -inf else x * normal_cdf(x)


def erfc(x: float) -> float:
    return math.erfc(x)


# -- the gamma function --------------------------------------------------------------------------


def lgamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):  # a pole, or too large
        return inf


_DIGAMMA_ROOT = (1.4616321449683623, 9.549995429965697e-17)  # ψ(root) = 0, in two words
_BERNOULLI = (1/6, -1/30, 1/42, -1/30, 5/66, -691/2730, 7/6, -3617/510, 43867/798)  # fmt: skip
_ASYMPTOTIC = 12  # from here on nine Bernoulli terms reach the last bit


def polygamma(n: float, x: float) -> float:
    """The n-th derivative of ψ = (log Γ)′, n = 0, 1, 2, …

    ψ itself is summed as ψ(x) - ψ(root), term by term, so that no digit cancels near the root;
    the others by recurrence up to 12 + n and the asymptotic series (NIST DLMF 5.11.2, 5.15.8).
    """
    order = int(n)
    if order != n or order < 0 or x != x or x == -inf:
        return nan
    if x <= 0:
        return _polygamma_reflected(order, x)
    if order == 0:
        return _digamma(x)
    if x == inf:
        return 0.0
    scale = float(math.factorial(order))
    total = 0.0
    while x < _ASYMPTOTIC + order:
        total += scale * pow(x, -order - 1.0)
        x += 1
    tail = pow(x, -float(order)) * scale * (1 / order + 0.5 / x)
    for k, bernoulli in enumerate(_BERNOULLI, 1):
        rising = math.factorial(2 * k + order - 1) / math.factorial(2 * k)
        tail += bernoulli * rising * pow(x, -2.0 * k - order)
    return (total + tail) * (1.0 if order % 2 else -1.0)


def _digamma(x: float) -> float:
    """(x - root)·Σ 1/((k + x)(k + root)), its tail by the difference of the asymptotic series."""
    if x > 1e8:
        return log(x) - 0.5 / x
    root = _DIGAMMA_ROOT[0]
    distance = (x - root) - _DIGAMMA_ROOT[1]
    slope = math.fsum(1 / ((k + x) * (k + root)) for k in range(_ASYMPTOTIC))
    a, b = x + _ASYMPTOTIC, root + _ASYMPTOTIC
    tail = math.log1p(distance / b) + 0.5 * distance / (a * b)
    u, v = 1 / (a * a), 1 / (b * b)
    difference = -distance * (a + b) * u * v  # a⁻² - b⁻²
    powers, factor = 0.0, 1.0  # of u^k - v^k = (u - v)·(u^(k-1) + … + v^(k-1))
    for k, bernoulli in enumerate(_BERNOULLI, 1):
        powers = powers * u + factor
        factor *= v
        tail -= bernoulli / (2 * k) * difference * powers
    return distance * slope + tail


def _polygamma_reflected(order: int, x: float) -> float:
    """ψₙ(x) = (-1)ⁿ ψₙ(1 - x) - π dⁿ/dxⁿ cot(πx), NIST DLMF 5.15.6."""
    if x == 0 and order % 2 == 0:
        return -copysign(inf, x)
    fraction = x - floor(x)
    if fraction == 0:
        return inf if order % 2 else nan
    cot = divide(1.0, math.tan(math.pi * (fraction if fraction <= 0.5 else fraction - 1)))
    polynomial = [0.0, 1.0]  # in cot; the derivative of cot(πx) is -π(1 + cot²)
    for _ in range(order):
        slope = [k * c for k, c in enumerate(polynomial)][1:]
        polynomial = [
            -math.pi * (low + high)
            for low, high in zip([*slope, 0.0, 0.0], [0.0, 0.0, *slope], strict=True)
        ]
    derivative = reduce(lambda total, c: total * cot + c, reversed(polynomial))
    return (-1) ** order * polygamma(order, 1 - x) - math.pi * derivative


# -- many operands -------------------------------------------------------------------------------


def sum(*xs: float) -> float:
    """Left to right, from the first term: Python's own sum compensates from 3.12 on."""
    return reduce(_add, xs) if xs else 0.0


def dot(*ws_and_xs: float) -> float:
    """Σ w·x of the first half with the second half, left to right."""
    half = len(ws_and_xs) // 2
    products = map(_multiply, ws_and_xs[:half], ws_and_xs[half:])
    return reduce(_add, products) if half else 0.0


def maximum(*xs: float) -> float:
    """The largest; nan if any is nan; 0.0 above -0.0 (IEEE 754-2019, section 9.6)."""
    best = xs[0]
    for x in xs[1:]:
        if x > best:
            best = x
        elif not x < best:  # a tie, which decides the sign of a zero, or a nan
            best = x + best if x != best or x == 0 else best
    return best


def minimum(*xs: float) -> float:
    best = xs[0]
    for x in xs[1:]:
        if x < best:
            best = x
        elif not x > best:
            best = -(-x - best) if x != best or x == 0 else best
    return best


def clip(x: float, low: float, high: float) -> float:
    return minimum(maximum(x, low), high)


def where(condition: float, a: float, b: float) -> float:
    return a if condition else b


def take(index: float, *xs: float) -> float:
    return xs[int(index)]


def _exp_difference(a: float, b: float) -> float:
    """e^(a - b), with the rounding error of a - b put back (Knuth's two-sum)."""
    d = a - b
    if not isfinite(d):
        return 1.0 if a == b == inf else exp(d)
    back = d - a
    low = (a - (d - back)) - (b + back)
    e = exp(d)
    return e + e * low if e < inf else e


def softmax_all(*xs: float) -> list[float]:
    """e^xᵢ / Σ e^xⱼ for each i, shifted by the largest."""
    shift = maximum(*xs)
    exps = [_exp_difference(x, shift) for x in xs]
    total = sum(*exps)
    return [e / total for e in exps]


def softmax(index: float, *xs: float) -> float:
    return softmax_all(*xs)[int(index)]


def _log_total(shift: float, xs: tuple[float, ...]) -> float:
    """log Σ e^(x - shift) for the largest x as shift: log1p of the sum of the others."""
    largest = xs.index(shift)
    others = [_exp_difference(x, shift) for i, x in enumerate(xs) if i != largest]
    return math.log1p(sum(*others))


def logsumexp(*xs: float) -> float:
    """The largest + log1p(Σ e^(x - largest) over the others), which is right at (0, -40)."""
    shift = maximum(*xs) if xs else -inf
    return shift + _log_total(shift, xs) if isfinite(shift) else shift


def cross_entropy(label: float, *logits: float) -> float:
    """-log softmax(logits)[label] = (largest - logits[label]) + log Σ e^(logit - largest)."""
    shift, chosen = maximum(*logits), logits[int(label)]
    if shift != shift:
        return shift
    return (0.0 if shift == chosen else shift - chosen) + _log_total(shift, logits)
