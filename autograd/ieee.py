"""Functions of floats that return inf and nan, as IEEE 754 does, where Python's own raise.

Each is the definition of what one operation of the table returns, correct to two units in the
last place. Python raises ZeroDivisionError, OverflowError or ValueError at the edges of a domain,
and some formulas lose every digit in a tail; both are mended here and nowhere else.
"""

from __future__ import annotations

import math
from functools import reduce
from math import copysign, inf, isfinite, isinf, nan
from operator import add as _add
from operator import mul as _multiply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from decimal import Context

SMALLEST_NORMAL = 2.0**-1022  # below it a float has fewer than 53 bits
LOW, HIGH = 2.0**-500, 2.0**500  # a product or quotient of two between these has all its digits

# -- more digits than a float has ----------------------------------------------------------------


def two_sum(a: float, b: float) -> tuple[float, float]:
    """The rounded sum and its rounding error, exactly (Knuth, TAOCP 4.2.2)."""
    total = a + b
    back = total - a
    return total, (a - (total - back)) + (b - back)


def _split(x: float) -> tuple[float, float]:
    """x as a sum of two numbers of 26 bits (Dekker 1971), exact for |x| < 1e300."""
    scaled = 134217729.0 * x  # 2^27 + 1
    high = scaled - (scaled - x)
    return high, x - high


def two_product(a: float, b: float) -> tuple[float, float]:
    """The rounded product and its rounding error, exactly (Dekker 1971)."""
    product = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    low = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, low


def in_decimals(digits: int) -> AbstractContextManager[Context]:
    """`with` it, decimal numbers have so many digits, all exponents, and never raise."""
    from decimal import MAX_EMAX, MIN_EMIN, Context, localcontext  # 6 ms, for the few who need it

    return localcontext(Context(prec=digits, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[]))


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
    return copysign(math.floor(x), x) if isfinite(x) else x


def ceil(x: float) -> float:
    return copysign(math.ceil(x), x) if isfinite(x) else x


def round(x: float) -> float:
    """The nearest whole number, halves to the even one."""
    return copysign(x.__round__(), x) if isfinite(x) else x


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
    square, square_low = two_product(root, root)
    cube, cube_low = two_product(square, root)
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

SILU_TURNS = (-1.2784645427610737, -1.0946994183093437e-16)  # the zero of silu′, in two words


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
    """x·σ(x); far below zero e^x in two halves, since it is subnormal before x·e^x is."""
    if x >= -700:
        return x * sigmoid(x)
    half = math.exp(0.5 * x)
    return x * half * half if half else -0.0


def silu_slope(x: float) -> float:
    """σ(x)(1 + x·σ(-x)), without the cancellation between -4 and -½.

    There it is σ(x)·σ(-x)·(1 + x + e^x), and the bracket is d + e^r·(e^d - 1), d = x - r, from
    its zero r, where e^r = -1 - r.
    """
    if x > 0:
        return sigmoid(x) * (1.0 - silu(-x))
    if not -4 < x < -0.5:
        return sigmoid(x) + silu(x) * sigmoid(-x)
    d = (x - SILU_TURNS[0]) - SILU_TURNS[1]
    return sigmoid(x) * sigmoid(-x) * (d + (-1.0 - SILU_TURNS[0]) * math.expm1(d))


def relu(x: float) -> float:
    return 0.0 if x <= 0 else x


def leaky_relu(x: float, slope: float) -> float:
    return x if x > 0 else slope * x


def elu(x: float, alpha: float) -> float:
    return x if x > 0 else alpha * math.expm1(x)


# -- many operands -------------------------------------------------------------------------------


def sum(*xs: float) -> float:
    """Left to right, from the first term: Python's own sum compensates from 3.12 on."""
    return reduce(_add, xs) if xs else 0.0


def inner(ws: Iterable[float], xs: Iterable[float]) -> float:
    """Σ w·x of two lists that are not empty, left to right, from the first term."""
    total: float = reduce(_add, map(_multiply, ws, xs))
    return total


def dot(*operands: float) -> float:
    """Σ w·x of ws, xs and, where their number is odd, a last one added."""
    half = len(operands) // 2
    if not half:
        return operands[0] if operands else 0.0
    total = inner(operands[:half], operands[half : 2 * half])
    return total + operands[-1] if len(operands) % 2 else total


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


def position(index: float, count: int) -> int:
    """The index as an int; IndexError where it is no whole number in 0 <= index < count."""
    if not (0 <= index < count and index % 1 == 0):
        raise IndexError(f"index {index:.16g} is no whole number in 0 <= index < {count}")
    return int(index)


def take(index: float, *xs: float) -> float:
    return xs[position(index, len(xs))]


def exp_difference(a: float, b: float) -> float:
    """e^(a - b) for a ≤ b, with the rounding error of a - b put back."""
    d, low = two_sum(a, -b)
    if not isfinite(d):
        return 1.0 if a == b == inf else math.exp(d)
    e = math.exp(d)
    return e + e * low


def softmax_all(*xs: float) -> list[float]:
    """e^xᵢ / Σ e^xⱼ for each i, shifted by the largest."""
    shift = maximum(*xs)
    exps = [exp_difference(x, shift) for x in xs]
    total = math.fsum(exps)
    return [e / total for e in exps]


def softmax_slopes(p: list[float], i: int) -> list[float]:
    """The derivatives of pᵢ: -pᵢ·pⱼ, and by its own logit pᵢ · (the sum of the others)."""
    slopes = [-p[i] * q for q in p]
    slopes[i] = p[i] * sum(*p[:i], *p[i + 1 :])
    return slopes


def softmax(index: float, *xs: float) -> float:
    return softmax_all(*xs)[position(index, len(xs))]


def _log_total(shift: float, xs: tuple[float, ...]) -> float:
    """log Σ e^(x - shift) for the largest x as shift: log1p of the sum of the others."""
    largest = xs.index(shift)
    others = [exp_difference(x, shift) for i, x in enumerate(xs) if i != largest]
    return math.log1p(math.fsum(others))


def logsumexp(*xs: float) -> float:
    """The largest + log1p(Σ e^(x - largest) over the others), which is right at (0, -40).

    Where those two cancel it is y + Σ e^(x - y) - 1, from a y so near that log(1 + d) is d.
    """
    shift = maximum(*xs) if xs else -inf
    if not isfinite(shift):
        return shift
    rest = _log_total(shift, xs)
    y = shift + rest
    if abs(y) >= rest:
        return y
    with in_decimals(50) as context:
        exact, *terms = map(context.create_decimal_from_float, (y, *xs))
        return float(exact + (reduce(_add, [(x - exact).exp() for x in terms]) - 1))


def cross_entropy(label: float, *logits: float) -> float:
    """-log softmax(logits)[label] = (largest - logits[label]) + log Σ e^(logit - largest)."""
    shift, chosen = maximum(*logits), logits[position(label, len(logits))]
    if shift != shift:
        return shift
    return (0.0 if shift == chosen else shift - chosen) + _log_total(shift, logits)


# -- over lanes ----------------------------------------------------------------------------------

BLOCK, STRIPES = 1024, 8


def lane_sum(*xs: float) -> float:
    """Their sum in an order that suits every vector width: blocks of 1,024, each in eight stripes.

    Lane i goes to stripe i mod 8; a block is ((0+4)+(2+6)) + ((1+5)+(3+7)) of its stripes; blocks
    add up from the left. Each sum starts from its first term, as -0.0 + x is x. 0.0 of no lanes.
    """
    blocks = [xs[i : i + BLOCK] for i in range(0, len(xs), BLOCK)]
    return reduce(_add, map(_block_sum, blocks)) if blocks else 0.0


def _block_sum(xs: tuple[float, ...]) -> float:
    s = [reduce(_add, xs[i::STRIPES], -0.0) for i in range(STRIPES)]
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
