"""What every row of the table should return, by mpmath at 60 digits: the judge of the tests.

`EXACT` has a line for each operation: its value, and its partial derivatives written down by
hand, in formulas that need not be the ones of the package. `ulps` counts how many floats lie
between what was returned and the correctly rounded truth: 0 is the neighbour of the smallest
subnormal number, and inf that of the largest float.
"""

import math
import struct
from collections.abc import Callable
from typing import Any

from mpmath.ctx_mp import MPContext

mp = MPContext()  # a context of its own, so that nobody else's precision counts
mp.dps = 60

FLAT = 1e6  # from here on the error functions are constant to more than 60 digits
WHOLE_QUOTIENT = 2200  # bits, for the exact whole part of the quotient of any two floats, or a sum

# -- the table of truths -------------------------------------------------------------------------


def _less_one(x: Any) -> Any:
    with mp.workprec(WHOLE_QUOTIENT):
        return x - 1


def _log_gamma(x: Any) -> Any:
    if x > 0:
        return mp.loggamma(x)
    return mp.log(mp.pi / abs(mp.sinpi(x))) - mp.loggamma(1 - x)


def _quotient(a: Any, b: Any) -> Any:
    with mp.workprec(WHOLE_QUOTIENT):
        return mp.floor(a / b)


def _remainder(a: Any, b: Any) -> Any:
    with mp.workprec(WHOLE_QUOTIENT):
        return a - b * mp.floor(a / b)


def _logsumexp(*xs: Any) -> Any:
    first, *others = sorted(xs, reverse=True)
    return first + mp.log1p(mp.fsum([mp.exp(x - first) for x in others]))


def _softmax(xs: tuple[Any, ...]) -> list[Any]:
    return [1 / mp.fsum([mp.exp(x - chosen) for x in xs]) for chosen in xs]


def _softmax_slopes(index: Any, *xs: Any) -> list[Any]:
    i, p = int(index), _softmax(xs)
    return [
        mp.nan,
        *[p[i] * mp.fsum(p[:i] + p[i + 1 :]) if j == i else -p[i] * q for j, q in enumerate(p)],
    ]


def _cross_entropy(label: Any, *xs: Any) -> Any:
    i = int(label)
    return mp.log1p(mp.fsum([mp.exp(x - xs[i]) for j, x in enumerate(xs) if j != i]))


def _cross_entropy_slopes(label: Any, *xs: Any) -> list[Any]:
    i, p = int(label), _softmax(xs)
    return [mp.nan, *[-mp.fsum(p[:i] + p[i + 1 :]) if j == i else q for j, q in enumerate(p)]]


def _shares(extreme: Callable[..., Any]) -> Callable[..., list[Any]]:
    def shares(*xs: Any) -> list[Any]:
        ties = xs.count(extreme(xs))
        return [mp.mpf(x == extreme(xs)) / ties for x in xs]

    return shares


def _dot(*xs: Any) -> Any:
    half = len(xs) // 2
    products = [w * x for w, x in zip(xs[:half], xs[half : 2 * half], strict=True)]
    return mp.fsum([*products, *xs[2 * half :]])


def _dot_partials(*xs: Any) -> list[Any]:
    half = len(xs) // 2
    return [*xs[half : 2 * half], *xs[:half], *[mp.mpf(1)] * (len(xs) % 2)]


def _erfc(x: Any) -> Any:
    return mp.erfc(max(-FLAT, min(x, FLAT)))


def _cdf(x: Any) -> Any:
    return _erfc(-x / mp.sqrt(2)) / 2


def _pdf(x: Any) -> Any:
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def _logistic(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def _zero(*xs: Any) -> Any:
    return mp.mpf(0)


def _one(*xs: Any) -> Any:
    return mp.mpf(1)


# fmt: off
EXACT: dict[str, tuple[Callable[..., Any], Any]] = {
    "add":          (lambda a, b: a + b, (_one, _one)),
    "subtract":     (lambda a, b: a - b, (_one, lambda a, b: mp.mpf(-1))),
    "multiply":     (lambda a, b: a * b, (lambda a, b: b, lambda a, b: a)),
    "divide":       (lambda a, b: a / b, (lambda a, b: 1 / b, lambda a, b: -a / b**2)),
    "negative":     (lambda x: -x, (lambda x: mp.mpf(-1),)),
    "alias":        (lambda x: x, (_one,)),
    "abs":          (abs, (mp.sign,)),
    "pow":          (lambda a, b: a**b,
                     (lambda a, b: b * a ** _less_one(b), lambda a, b: a**b * mp.log(a))),
    "sqrt":         (mp.sqrt, (lambda x: 1 / (2 * mp.sqrt(x)),)),
    "cbrt":         (lambda x: mp.sign(x) * mp.cbrt(abs(x)),
                     (lambda x: mp.cbrt(abs(x)) / abs(3 * x),)),
    "exp":          (mp.exp, (mp.exp,)),
    "exp2":         (lambda x: mp.mpf(2) ** x, (lambda x: mp.log(2) * mp.mpf(2) ** x,)),
    "expm1":        (mp.expm1, (mp.exp,)),
    "log":          (mp.log, (lambda x: 1 / x,)),
    "log1p":        (mp.log1p, (lambda x: 1 / (1 + x),)),
    "log2":         (lambda x: mp.log(x) / mp.log(2), (lambda x: 1 / (x * mp.log(2)),)),
    "log10":        (mp.log10, (lambda x: 1 / (x * mp.log(10)),)),
    "sin":          (mp.sin, (mp.cos,)),
    "cos":          (mp.cos, (lambda x: -mp.sin(x),)),
    "tan":          (mp.tan, (lambda x: mp.sec(x) ** 2,)),
    "asin":         (mp.asin, (lambda x: 1 / mp.sqrt(1 - x**2),)),
    "acos":         (mp.acos, (lambda x: -1 / mp.sqrt(1 - x**2),)),
    "atan":         (mp.atan, (lambda x: 1 / (1 + x**2),)),
    "sinh":         (mp.sinh, (mp.cosh,)),
    "cosh":         (mp.cosh, (mp.sinh,)),
    "tanh":         (mp.tanh, (lambda x: mp.sech(x) ** 2,)),
    "asinh":        (mp.asinh, (lambda x: 1 / mp.sqrt(1 + x**2),)),
    "acosh":        (mp.acosh, (lambda x: 1 / mp.sqrt(x**2 - 1),)),
    "atanh":        (mp.atanh, (lambda x: 1 / (1 - x**2),)),
    "atan2":        (mp.atan2,
                     (lambda y, x: x / (x**2 + y**2), lambda y, x: -y / (x**2 + y**2))),
    "hypot":        (mp.hypot,
                     (lambda x, y: x / mp.hypot(x, y), lambda x, y: y / mp.hypot(x, y))),
    "erf":          (mp.erf, (lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x),)),
    "erfc":         (_erfc, (lambda x: -2 / mp.sqrt(mp.pi) * mp.exp(-x * x),)),
    "gaussian":     (lambda x: mp.exp(-x * x), (lambda x: -2 * x * mp.exp(-x * x),)),
    "normal_pdf":   (_pdf, (lambda x: -x * _pdf(x),)),
    "normal_cdf":   (_cdf, (_pdf,)),
    "lgamma":       (_log_gamma, (lambda x: mp.psi(0, x),)),
    "polygamma":    (lambda n, x: mp.psi(int(n), x),
                     (lambda n, x: mp.nan, lambda n, x: mp.psi(int(n) + 1, x))),
    "sigmoid":      (_logistic, (lambda x: _logistic(x) * _logistic(-x),)),
    "softplus":     (lambda x: mp.log1p(mp.exp(x)), (_logistic,)),
    "silu":         (lambda x: x * _logistic(x),
                     (lambda x: _logistic(x) * (1 + x * _logistic(-x)),)),
    "gelu":         (lambda x: x * _cdf(x), (lambda x: _cdf(x) + x * _pdf(x),)),
    "gelu_slope":   (lambda x: _cdf(x) + x * _pdf(x), (lambda x: (2 - x**2) * _pdf(x),)),
    "relu":         (lambda x: max(x, 0), (lambda x: mp.mpf(x > 0),)),
    "leaky_relu":   (lambda x, slope: x if x > 0 else slope * x,
                     (lambda x, slope: mp.mpf(1) if x > 0 else slope, lambda x, slope: min(x, 0))),
    "elu":          (lambda x, alpha: x if x > 0 else alpha * mp.expm1(x),
                     (lambda x, alpha: mp.mpf(1) if x > 0 else alpha * mp.exp(x),
                      lambda x, alpha: mp.mpf(0) if x > 0 else mp.expm1(x))),
    "floor":        (mp.floor, (_zero,)),
    "ceil":         (mp.ceil, (_zero,)),
    "round":        (mp.nint, (_zero,)),
    "sign":         (mp.sign, (_zero,)),
    "remainder":    (_remainder, (_one, lambda a, b: -_quotient(a, b))),
    "floor_divide": (_quotient, (_zero, _zero)),
    "clip":         (lambda x, low, high: min(max(x, low), high),
                     (lambda x, low, high: mp.mpf(low <= x <= high),
                      lambda x, low, high: mp.mpf(x < low <= high),
                      lambda x, low, high: mp.mpf(high < max(x, low)))),
    "where":        (lambda c, a, b: a if c else b,
                     (lambda c, a, b: mp.nan,
                      lambda c, a, b: mp.mpf(bool(c)),
                      lambda c, a, b: mp.mpf(not c))),
    "take":         (lambda index, *xs: xs[int(index)],
                     lambda index, *xs: [mp.nan, *[mp.mpf(i == index) for i in range(len(xs))]]),
    "sum":          (lambda *xs: mp.fsum(xs), lambda *xs: [mp.mpf(1)] * len(xs)),
    "dot":          (_dot, _dot_partials),
    "maximum":      (max, _shares(max)),
    "minimum":      (min, _shares(min)),
    "logsumexp":    (_logsumexp, lambda *xs: _softmax(xs)),
    "softmax":      (lambda index, *xs: _softmax(xs)[int(index)], _softmax_slopes),
    "cross_entropy": (_cross_entropy, _cross_entropy_slopes),
    "less":          (lambda a, b: mp.mpf(a < b), ()),
    "less_equal":    (lambda a, b: mp.mpf(a <= b), ()),
    "equal":         (lambda a, b: mp.mpf(a == b), ()),
    "not_equal":     (lambda a, b: mp.mpf(a != b), ()),
    "greater_equal": (lambda a, b: mp.mpf(a >= b), ()),
    "greater":       (lambda a, b: mp.mpf(a > b), ()),
    "logical_and":   (lambda a, b: mp.mpf(a != 0 and b != 0), ()),
    "logical_or":    (lambda a, b: mp.mpf(a != 0 or b != 0), ()),
    "logical_not":   (lambda a: mp.mpf(a == 0), ()),
}
# fmt: on


def exact_value(name: str) -> Callable[..., Any]:
    """The value of an operation, as a function of numbers of 60 digits."""
    return EXACT[name][0]


def exact_partial(name: str, index: int) -> Callable[..., Any]:
    """The partial derivative by the operand of that index, as such a function."""
    rules = EXACT[name][1]
    if callable(rules):
        return lambda *operands: rules(*operands)[index]
    partial: Callable[..., Any] = rules[index]
    return partial


# -- distances -----------------------------------------------------------------------------------


def rounded(exact: Any) -> float:
    """The float nearest to an exact number, also where that is subnormal or infinite."""
    if not mp.isfinite(exact) or exact == 0:
        return float(exact)
    size, exponent = exact.man_exp
    return nearest(int(mp.sign(exact)) * abs(size), exponent)


def nearest(mantissa: int, exponent: int) -> float:
    """The float nearest to mantissa·2^exponent, halves to the even one."""
    sign, whole = -1.0 if mantissa < 0 else 1.0, abs(mantissa)
    length = whole.bit_length()
    if length + exponent > 1024:
        return sign * math.inf
    surplus = max(length - 53, -1074 - exponent)  # bits that no float has
    if surplus > length:
        return sign * 0.0
    if surplus > 0:
        whole, rest = divmod(whole, 1 << surplus)
        twice = 2 * rest - (1 << surplus)
        whole, exponent = whole + (twice > 0 or (twice == 0 and whole % 2)), exponent + surplus
    try:
        return sign * math.ldexp(whole, exponent)
    except OverflowError:
        return sign * math.inf


def _position(x: float) -> int:
    """The place of x among all floats, so that neighbours differ by one; both zeros are at 0."""
    (bits,) = struct.unpack("<q", struct.pack("<d", x))
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def ulps(returned: float, exact: Any) -> float:
    """How many floats lie from the rounded truth to what was returned; inf if one is nan."""
    truth = exact if isinstance(exact, float) else rounded(exact)
    if math.isnan(returned) or math.isnan(truth):
        return 0 if math.isnan(returned) and math.isnan(truth) else math.inf
    return abs(_position(returned) - _position(truth))


def condition(function: Callable[..., Any], operands: tuple[float, ...], variables: range) -> float:
    """The largest |x ∂f/∂x / f| over the variables, by a difference quotient at 60 digits."""
    step, numbers = mp.mpf(10) ** -20, [mp.mpf(x) for x in operands]
    y, worst = function(*numbers), mp.mpf(0)
    if y == 0:
        return math.inf
    for i in variables:
        above = function(*numbers[:i], numbers[i] * (1 + step), *numbers[i + 1 :])
        below = function(*numbers[:i], numbers[i] * (1 - step), *numbers[i + 1 :])
        worst = max(worst, abs((above - below) / (2 * step * y)))
    return float(worst)
