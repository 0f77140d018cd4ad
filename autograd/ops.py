"""The table of operations: what each returns, its partial derivatives, its domain and its symbol.

A row's partials are written in the table's own operations, so the same line runs on floats (the
local gradients that a forward pass records) and on Values (a derivative of a derivative is more
graph). Each takes the row's output `y` first and then its operands, and gives ∂y/∂operand.
Only +, - and * may stand as operators in them: Python's / and ** raise where IEEE 754 does not.

To add an operation, add a row: its tests, its drawing and its strategies follow from it.
"""

# mypy: disable-error-code="has-type"
# (rows mention one another in any order)

from __future__ import annotations

import math
from math import exp as _exp
from math import inf, nan

from autograd import ieee, special
from autograd.ieee import HIGH, LOW, SMALLEST_NORMAL

TYPE_CHECKING = False  # the checker's own flag, without the 10 ms that `import typing` costs
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Function = Callable[..., Any]  # of floats to a float, or of Values to a Value
    Interval = tuple[float, float]


class Op:
    """One row of the table; called on floats it gives a float, on Values a node of the graph.

    `partials` is one function for each operand, or, where the operands may be many, one function
    that gives all their partials as a list; `()` marks an operation without a derivative
    (a comparison). `local` is a faster spelling of the partials for floats alone, in the same form
    and with the same bits. `select` names the one operand that the result is a copy of, where there is such a one.
    `domain` has an open interval for each operand, the last one also for all that follow, in which
    the value is finite; one of a single point belongs to an operand that is no real variable: an
    index, an order or a condition; such can only be the first, and `fixed` counts it. `kink` is the distance of the operands from the nearest point
    without a derivative.
    """

    __slots__ = (
        "domain",
        "fixed",
        "kink",
        "local",
        "name",
        "partials",
        "select",
        "symbol",
        "value",
    )

    def __init__(
        self,
        name: str,
        value: Function,
        partials: tuple[Function, ...] | Function,
        symbol: str | None = None,
        domain: tuple[Interval, ...] = ((-inf, inf),),
        *,
        local: tuple[Function, ...] | Function | None = None,
        select: Function | None = None,
        kink: Function | None = None,
    ) -> None:
        self.name = name
        self.value = value
        self.partials = partials
        self.symbol = symbol or name
        self.domain = domain
        self.fixed = 1 if domain[0][0] == domain[0][1] else 0
        self.local = local or partials
        self.select = select
        self.kink = kink

    def __call__(self, *operands: Any) -> Any:
        for operand in operands:
            if operand.__class__ is not float and hasattr(operand, "record"):
                return operand.record(self, operands)
        return self.value(*operands)

    def local_grads(self, y: Any, operands: tuple[Any, ...]) -> tuple[Any, ...]:
        """All partials at once: floats from floats, nodes from Values."""
        if callable(self.partials):
            return tuple(self.partials(y, *operands))
        return tuple([partial(y, *operands) for partial in self.partials])

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> tuple[Function, tuple[str]]:
        return _row, (self.name,)


# -- what several partials share -----------------------------------------------------------------

_LN2, _LN10 = math.log(2.0), math.log(10.0)
_SQRT2 = (1.4142135623730951, -9.667293313452913e-17)  # in two words
_SQUARES = (2.0**-800, 2.0**800)  # between these a sum of squares has all its digits


def _if_number(y: Any, partial: Any) -> Any:
    """The partial, but nan beside an output that is nan: outside its domain nothing is finite."""
    return where(y == y, partial, y)


def _step(x: Any, below: Any, above: Any) -> Any:
    """above where x > 0, below where x <= 0, nan where x is nan."""
    return where(x > 0.0, above, where(x <= 0.0, below, x))


def _pow_by_base(y: Any, a: Any, b: Any) -> Any:
    """b·a^(b - 1); where b - 1 is rounded b·y/a; far from 1 in halves, as y may have no digits.

    Of a plain exponent beside a Value it is known whether it is 0 or 1, which alone have a slope
    beside a nan, and that nothing asks for the other partial.
    """
    exact = (b - 1.0 + 1.0 == b) & (b - 1.0 != b)
    if b.__class__ is float and a.__class__ is not float and exact and b not in (0.0, 1.0):
        return b * pow(a, b - 1.0)
    size, tame, power = _power_or_half(y, a, b)
    near = _moderate(y) & _moderate(size)
    quotient = divide(where(near, y, b * power), size)
    magnitude = where(tame, b * power, where(near, b * quotient, quotient * power))
    turns = (a < 0.0) & (floor(b) == b)
    slope = where(turns, -pow(-1.0, b) * magnitude, magnitude)  # whose derivative by b is nan
    return where((b == 0.0) & (slope * 0.0 != 0.0), 0.0, _if_number(y, slope))


def _power_or_half(y: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
    """|a|, and |a|^(b - 1) where that is as good as y, else |a|^(b/2), of which y is the square."""
    exact = (b - 1.0 + 1.0 == b) & (b - 1.0 != b)
    size = where(a < 0.0, -a, a)
    tame = (exact & _moderate(y) & _moderate(size)) | (size == 0.0) | (size == inf) | (b == 1.0)
    base = where(exact, size, size + 0.0)  # the zero's sign counts for a whole exponent alone
    return size, tame, pow(base, where(tame, b - 1.0, 0.5 * b))


def _moderate(x: Any) -> Any:
    return ((x > LOW) & (x < HIGH)) | ((x < -LOW) & (x > -HIGH))


def _pow_by_exponent(y: Any, a: Any, b: Any) -> Any:
    """y·log(a), and 0 where 0^b or inf^b has nothing to lose; in halves where y has left the floats."""
    vanishes = ((y == 0.0) & ((a == 0.0) | (a == inf))) | ((a == 0.0) & (b == 0.0))
    inside = ((y > SMALLEST_NORMAL) & (y < inf)) | (y < 0.0) | (b == 1.0)  # then y is a, exactly
    _, _, half = _power_or_half(y, a, b)
    return where(vanishes, 0.0, where(inside, y * log(a), half * log(a) * half))


def _exp2_slope(y: Any, x: Any) -> Any:
    """y·log 2, in halves where y has left the range of floats."""
    half = exp2(0.5 * x)
    return where((y > SMALLEST_NORMAL) & (y < inf), y * _LN2, half * _LN2 * half)


def _elu_slope(x: Any, alpha: Any) -> Any:
    """alpha·e^x for x ≤ 0, in halves where e^x has lost digits."""
    deep = x < -700.0
    e = exp(where(deep, 0.5 * x, x))
    return where(deep, alpha * e * e, alpha * e)


def _elu_by_x(y: Any, x: Any, alpha: Any) -> Any:
    return _step(x, _elu_slope(x, alpha), 1.0)


def _elu_by_alpha(y: Any, x: Any, alpha: Any) -> Any:
    return _step(x, expm1(x), 0.0)


def _gaussian_slope(y: Any, x: Any) -> Any:
    """-2x·y; where y has lost digits y is e^(-(|x| - 1)²)·e^(1 - 2|x|)."""
    size = where(x < 0.0, -x, x)
    a, b = gaussian(size - 1.0), exp(1.0 - 2.0 * size)
    return where(y >= SMALLEST_NORMAL, -2.0 * x * y, where(a == 0.0, 0.0, -2.0 * x * a * b))


def _two_of_pdf(x: Any) -> tuple[Any, Any]:
    """φ(x) as φ(|x| - 1)·e^(½ - |x|), neither of which loses digits where φ(x) does."""
    size = where(x < 0.0, -x, x)
    return normal_pdf(size - 1.0), exp(0.5 - size)


def _normal_pdf_slope(y: Any, x: Any) -> Any:
    """-x·y; where y has lost digits it is such a product."""
    a, b = _two_of_pdf(x)
    return where(y >= SMALLEST_NORMAL, -x * y, where(a == 0.0, 0.0, -x * a * b))


def _tanh_slope(y: Any, x: Any) -> Any:
    """1 - y², and 4σ(2x)σ(-2x) where that difference would lose digits."""
    square, double = y * y, 2.0 * x
    return where(square <= 0.25, 1.0 - square, 4.0 * sigmoid(double) * sigmoid(-double))


def _gelu_slope_slope(y: Any, x: Any) -> Any:
    """φ(x)(2 - x²), its zeros at ±√2 in two words."""
    above, below = (_SQRT2[0] - x) + _SQRT2[1], (_SQRT2[0] + x) + _SQRT2[1]
    a, b = _two_of_pdf(x)
    tail = where(a == 0.0, 0.0, a * above * (b * below))
    return where(normal_pdf(x) >= SMALLEST_NORMAL, normal_pdf(x) * above * below, tail)


def _scaled(x: Any, y: Any) -> tuple[Any, Any, Any]:
    """x and y times a power of 2, so that their squares neither over- nor underflow, and that power.

    Of an infinity the direction is left: ±1 for it, and 0 for what is finite beside it.
    """
    square = x * x + y * y
    scale = where(square > _SQUARES[1], 2.0**-600, where(square < _SQUARES[0], 2.0**600, 1.0))
    x, y = x * scale, y * scale
    ends = x * x + y * y == inf
    return where(ends, _end(x), x), where(ends, _end(y), y), where(ends, 0.0, scale)


def _end(x: Any) -> Any:
    return where(x == inf, 1.0, where(x == -inf, -1.0, 0.0))


def _atan2_slopes(t: Any, y: Any, x: Any) -> list[Any]:
    """x/(x² + y²) and -y/(x² + y²)."""
    y, x, scale = _scaled(y, x)
    square = x * x + y * y
    return [_if_number(t, divide(each, square) * scale) for each in (x, -y)]


def _hypot_slopes(h: Any, x: Any, y: Any) -> list[Any]:
    """x/h and y/h, with another h where that has left the range of floats."""
    a, b, _ = _scaled(x, y)
    usual = (h >= SMALLEST_NORMAL) & (h < inf)
    length = where(usual, h, sqrt(a * a + b * b))
    shares = [divide(where(usual, x, a), length), divide(where(usual, y, b), length)]
    return [where(h == 0.0, 0.0, share) for share in shares]


def _silu_slope(y: Any, x: Any) -> Any:
    """As `ieee.silu_slope`, which says why."""
    rising = sigmoid(x) * (1.0 - silu(-x))
    falling = sigmoid(x) + y * sigmoid(-x)
    d = (x - ieee.SILU_TURNS[0]) - ieee.SILU_TURNS[1]
    turning = sigmoid(x) * sigmoid(-x) * (d + (-1.0 - ieee.SILU_TURNS[0]) * expm1(d))
    return where(x > 0.0, rising, where((x > -4.0) & (x < -0.5), turning, falling))


def _within(y: Any, x: Any, low: Any, high: Any) -> list[Any]:
    """The partials of clip: 1 for the one of x, low and high that y comes from."""
    chosen = (low <= x) & (x <= high), (x < low) & (low <= high), (high < x) | (high < low)
    return [_if_number(y, where(condition, 1.0, 0.0)) for condition in chosen]


def _shares(y: Any, *xs: Any) -> list[Any]:
    """1/k to each of the k operands that equal the extreme y: the subgradient of least norm."""
    ties = sum(*[where(x == y, 1.0, 0.0) for x in xs])
    return [_if_number(y, where(x == y, divide(1.0, ties), 0.0)) for x in xs]


def _at_index(y: Any, index: Any, *xs: Any) -> list[Any]:
    return [nan, *[where(index == float(i), 1.0, 0.0) for i in range(len(xs))]]


def _other_half(y: Any, *operands: Any) -> list[Any]:
    """Of Σ w·x by each w its x and by each x its w; 1 by what is added at the end, if it is there."""
    half = len(operands) // 2
    return [*operands[half : 2 * half], *operands[:half], *[1.0] * (len(operands) % 2)]


def _all_softmax(y: Any, *xs: Any) -> list[Any]:
    return [softmax(float(i), *xs) for i in range(len(xs))]


def _softmax_partials(y: Any, index: Any, *xs: Any) -> list[Any]:
    """p(1 - p) on the diagonal, as p · (the sum of the others); -p·q elsewhere."""
    p = _all_softmax(y, *xs)
    others = [sum(*p[:i], *p[i + 1 :]) for i in range(len(p))]
    return [nan, *[where(index == float(i), y * others[i], -y * q) for i, q in enumerate(p)]]


def _cross_entropy_partials(y: Any, label: Any, *logits: Any) -> list[Any]:
    """softmax - 1 at the label, from a half on as -(the sum of the others); softmax elsewhere."""
    p = _all_softmax(y, *logits)
    others = [sum(*p[:i], *p[i + 1 :]) for i in range(len(p))]
    less_one = [where(q < 0.5, q - 1.0, -rest) for q, rest in zip(p, others, strict=True)]
    return [nan, *[where(label == float(i), less_one[i], q) for i, q in enumerate(p)]]


# -- the same for floats alone, where the definition would call the table too often --------------


def _local_tanh(y: float, x: float) -> float:
    square = y * y
    if square <= 0.25:
        return 1.0 - square
    e = _exp(-2.0 * x if x >= 0 else 2.0 * x)
    s = 1.0 + e
    return 4.0 * (1.0 / s) * (e / s) if x >= 0 else 4.0 * (e / s) * (1.0 / s)


def _local_sigmoid(y: float, x: float) -> float:
    return y * ieee.sigmoid(-x)


def _local_silu(y: float, x: float) -> float:
    return ieee.silu_slope(x)


def _is_moderate(x: float) -> bool:
    return LOW < x < HIGH or -HIGH < x < -LOW


def _local_pow_by_base(y: float, a: float, b: float) -> float:
    if y == y and 0.0 != b == b - 1.0 + 1.0 != b - 1.0:
        if a == 0.0 or (_is_moderate(a) and _is_moderate(y)):
            return b * ieee.pow(a, b - 1.0)
    elif a > 0.0 and _is_moderate(a) and _is_moderate(y):
        return b * (y / a)
    slope: float = _pow_by_base(y, a, b)
    return slope


def _local_pow_by_exponent(y: float, a: float, b: float) -> float:
    if a > 0.0 and SMALLEST_NORMAL < y < inf:
        return y * math.log(a)
    slope: float = _pow_by_exponent(y, a, b)
    return slope


def _local_exp2(y: float, x: float) -> float:
    slope: float = y * _LN2 if SMALLEST_NORMAL < y < inf else _exp2_slope(y, x)
    return slope


def _local_gaussian(y: float, x: float) -> float:
    slope: float = -2.0 * x * y if y >= SMALLEST_NORMAL else _gaussian_slope(y, x)
    return slope


def _local_normal_pdf(y: float, x: float) -> float:
    slope: float = -x * y if y >= SMALLEST_NORMAL else _normal_pdf_slope(y, x)
    return slope


def _local_elu(y: float, x: float, alpha: float) -> float:
    slope: float = 1.0 if x > 0.0 else alpha * _exp(x) if x > -700.0 else _elu_by_x(y, x, alpha)
    return slope


def _local_atan2_by_y(t: float, y: float, x: float) -> float:
    square = x * x + y * y
    if _SQUARES[0] <= square <= _SQUARES[1]:
        return x / square
    slope: float = _atan2_slopes(t, y, x)[0]
    return slope


def _local_atan2_by_x(t: float, y: float, x: float) -> float:
    square = x * x + y * y
    if _SQUARES[0] <= square <= _SQUARES[1]:
        return -y / square
    slope: float = _atan2_slopes(t, y, x)[1]
    return slope


def _local_hypot_by_x(h: float, x: float, y: float) -> float:
    if SMALLEST_NORMAL <= h < inf:
        return x / h
    slope: float = _hypot_slopes(h, x, y)[0]
    return slope


def _local_hypot_by_y(h: float, x: float, y: float) -> float:
    if SMALLEST_NORMAL <= h < inf:
        return y / h
    slope: float = _hypot_slopes(h, x, y)[1]
    return slope


def _local_relu(y: float, x: float) -> float:
    return 1.0 if x > 0 else 0.0 if x <= 0 else x


def _local_logsumexp(y: float, *xs: float) -> list[float]:
    return ieee.softmax_all(*xs)


def _local_softmax(y: float, index: float, *xs: float) -> list[float]:
    return [nan, *ieee.softmax_slopes(ieee.softmax_all(*xs), int(index))]


def _local_cross_entropy(y: float, label: float, *logits: float) -> list[float]:
    p = ieee.softmax_all(*logits)
    i = int(label)
    less_one = p[i] - 1.0 if p[i] < 0.5 else -ieee.sum(*p[:i], *p[i + 1 :])
    return [nan, *p[:i], less_one, *p[i + 1 :]]


# -- distances from a kink, for tests that must keep away from one -------------------------------


def _from_zero(x: float, *parameters: float) -> float:
    return math.fabs(x)


def _from_edges(x: float, low: float, high: float) -> float:
    return min(math.fabs(x - low), math.fabs(x - high), math.fabs(high - low))


def _from_tie(*xs: float) -> float:
    """Between the two largest: how far a maximum is from a tie."""
    ordered = sorted(xs, reverse=True)
    return ordered[0] - ordered[1] if len(xs) > 1 else inf


def _from_lower_tie(*xs: float) -> float:
    return _from_tie(*[-x for x in xs])


def _from_whole(x: float) -> float:
    return math.fabs(x - ieee.round(x))


def _from_half(x: float) -> float:
    return math.fabs(x - ieee.floor(x) - 0.5)


def _from_whole_quotient(a: float, b: float) -> float:
    """How far a, or b, has to move for the quotient to be whole."""
    quotient = ieee.divide(a, b)
    return _from_whole(quotient) * math.fabs(b) / (math.fabs(quotient) + 1.0)


# -- the table: name, value, partials, domain, and what else there is to say ---------------------

ANY, POSITIVE, UNIT, POINT = (-inf, inf), (0.0, inf), (-1.0, 1.0), (0.0, 0.0)


def _unary(
    name: str, value: Function, partial: Function, domain: Interval = ANY, **rest: Any
) -> Op:
    return Op(name, value, (partial,), domain=(domain,), **rest)


# fmt: off
add      = Op("add", lambda a, b: a + b,
              (lambda y, a, b: 1.0,
               lambda y, a, b: 1.0), symbol="+")
subtract = Op("subtract", lambda a, b: a - b,
              (lambda y, a, b: 1.0,
               lambda y, a, b: -1.0), symbol="−")
multiply = Op("multiply", lambda a, b: a * b,
              (lambda y, a, b: b,
               lambda y, a, b: a), symbol="×")
divide   = Op("divide", ieee.divide,
              (lambda y, a, b: divide(1.0, b),
               lambda y, a, b: -divide(y, b)), symbol="÷", domain=(ANY, POSITIVE))
pow      = Op("pow", ieee.pow, (_pow_by_base, _pow_by_exponent), symbol="xʸ", domain=(POSITIVE, ANY),
              local=(_local_pow_by_base, _local_pow_by_exponent))
negative = _unary("negative", lambda x: -x,           lambda y, x: -1.0,    symbol="−")
abs      = _unary("abs",      lambda x: math.fabs(x), lambda y, x: sign(x), symbol="|x|", kink=_from_zero)

# + 0.0 turns -0.0 into 0.0, so that the slope there is inf and not -inf
sqrt  = _unary("sqrt",  ieee.sqrt,  lambda y, x: divide(0.5, y + 0.0),                         POSITIVE, symbol="√")
cbrt  = _unary("cbrt",  ieee.cbrt,  lambda y, x: divide(1.0, 3.0 * (y * y)), symbol="∛", kink=_from_zero)
exp   = _unary("exp",   ieee.exp,   lambda y, x: y)
exp2  = _unary("exp2",  ieee.exp2,  _exp2_slope, local=(_local_exp2,))
expm1 = _unary("expm1", ieee.expm1, lambda y, x: exp(x))
log   = _unary("log",   ieee.log,   lambda y, x: _if_number(y, divide(1.0, x + 0.0)),          POSITIVE)
log1p = _unary("log1p", ieee.log1p, lambda y, x: _if_number(y, divide(1.0, 1.0 + x)),          (-1.0, inf))
log2  = _unary("log2",  ieee.log2,  lambda y, x: _if_number(y, divide(1.0 / _LN2, x + 0.0)),   POSITIVE)
log10 = _unary("log10", ieee.log10, lambda y, x: _if_number(y, divide(1.0 / _LN10, x + 0.0)),  POSITIVE)

sin   = _unary("sin",   ieee.sin,   lambda y, x: cos(x))
cos   = _unary("cos",   ieee.cos,   lambda y, x: -sin(x))
tan   = _unary("tan",   ieee.tan,   lambda y, x: 1.0 + y * y,                                  (-1.5, 1.5))
asin  = _unary("asin",  ieee.asin,  lambda y, x: divide(1.0, sqrt((1.0 - x) * (1.0 + x))),     UNIT)
acos  = _unary("acos",  ieee.acos,  lambda y, x: divide(-1.0, sqrt((1.0 - x) * (1.0 + x))),    UNIT)
atan  = _unary("atan",  math.atan,  lambda y, x: divide(divide(1.0, hypot(1.0, x)), hypot(1.0, x)))
sinh  = _unary("sinh",  ieee.sinh,  lambda y, x: cosh(x))
cosh  = _unary("cosh",  ieee.cosh,  lambda y, x: sinh(x))
tanh  = _unary("tanh",  math.tanh,  _tanh_slope,                                    local=(_local_tanh,))
asinh = _unary("asinh", math.asinh, lambda y, x: divide(1.0, hypot(1.0, x)))
acosh = _unary("acosh", ieee.acosh, lambda y, x: divide(1.0, sqrt(x - 1.0) * sqrt(x + 1.0)),   (1.0, inf))
atanh = _unary("atanh", ieee.atanh, lambda y, x: _if_number(y, divide(1.0, (1.0 - x) * (1.0 + x))), UNIT)

atan2 = Op("atan2", math.atan2,
           (lambda t, y, x: _atan2_slopes(t, y, x)[0],
            lambda t, y, x: _atan2_slopes(t, y, x)[1]), domain=(POSITIVE, ANY),
           local=(_local_atan2_by_y, _local_atan2_by_x))
hypot = Op("hypot", ieee.hypot,
           (lambda h, x, y: _hypot_slopes(h, x, y)[0],
            lambda h, x, y: _hypot_slopes(h, x, y)[1]), kink=ieee.hypot,
           local=(_local_hypot_by_x, _local_hypot_by_y))

erf        = _unary("erf",        math.erf,           lambda y, x: special.TWO_OVER_SQRT_PI * gaussian(x))
erfc       = _unary("erfc",       special.erfc,       lambda y, x: -special.TWO_OVER_SQRT_PI * gaussian(x))
gaussian   = _unary("gaussian",   special.gaussian,   _gaussian_slope, local=(_local_gaussian,), symbol="e^−x²")
normal_pdf = _unary("normal_pdf", special.normal_pdf, _normal_pdf_slope, local=(_local_normal_pdf,), symbol="φ")
normal_cdf = _unary("normal_cdf", special.normal_cdf, lambda y, x: normal_pdf(x),                 symbol="Φ")
lgamma     = _unary("lgamma",     special.lgamma,     lambda y, x: polygamma(0.0, x),   POSITIVE, symbol="log Γ")
polygamma  = Op("polygamma", special.polygamma,
                (lambda y, n, x: nan,
                 lambda y, n, x: polygamma(n + 1.0, x)), symbol="ψₙ", domain=(POINT, POSITIVE))

sigmoid    = _unary("sigmoid",    ieee.sigmoid,       lambda y, x: y * sigmoid(-x), symbol="σ", local=(_local_sigmoid,))
softplus   = _unary("softplus",   ieee.softplus,      lambda y, x: sigmoid(x))
silu       = _unary("silu",       ieee.silu,          _silu_slope, local=(_local_silu,))
gelu       = _unary("gelu",       special.gelu,       lambda y, x: gelu_slope(x))
gelu_slope = _unary("gelu_slope", special.gelu_slope, _gelu_slope_slope, symbol="gelu′")
relu       = _unary("relu",       ieee.relu,          lambda y, x: _step(x, 0.0, 1.0),
                    local=(_local_relu,), kink=_from_zero)
leaky_relu = Op("leaky_relu", ieee.leaky_relu,
                (lambda y, x, slope: _step(x, slope, 1.0),
                 lambda y, x, slope: _step(x, x, 0.0)), kink=_from_zero)
elu        = Op("elu", ieee.elu,
                (_elu_by_x,
                 _elu_by_alpha), local=(_local_elu, _elu_by_alpha), kink=_from_zero)

floor = _unary("floor", ieee.floor, lambda y, x: _if_number(y, 0.0), kink=_from_whole, symbol="⌊x⌋")
ceil  = _unary("ceil",  ieee.ceil,  lambda y, x: _if_number(y, 0.0), kink=_from_whole, symbol="⌈x⌉")
round = _unary("round", ieee.round, lambda y, x: _if_number(y, 0.0), kink=_from_half)
sign  = _unary("sign",  ieee.sign,  lambda y, x: _if_number(y, 0.0), kink=_from_zero)

remainder    = Op("remainder", ieee.remainder,
                  (lambda y, a, b: _if_number(y, 1.0),
                   lambda y, a, b: _if_number(y, -floor_divide(a, b))),
                  symbol="%", domain=(ANY, POSITIVE), kink=_from_whole_quotient)
floor_divide = Op("floor_divide", ieee.floor_divide,
                  (lambda y, a, b: _if_number(y, 0.0),
                   lambda y, a, b: _if_number(y, 0.0)),
                  symbol="//", domain=(ANY, POSITIVE), kink=_from_whole_quotient)

clip  = Op("clip", ieee.clip, _within, kink=_from_edges)
where = Op("where", ieee.where,
           (lambda y, c, a, b: nan,
            lambda y, c, a, b: where(c, 1.0, 0.0),
            lambda y, c, a, b: where(c, 0.0, 1.0)), domain=(POINT, ANY), select=lambda c, a, b: 1 if c else 2)
take  = Op("take", ieee.take, _at_index, domain=(POINT, ANY), select=lambda index, *xs: 1 + int(index))

sum           = Op("sum",           ieee.sum,           lambda y, *xs: [1.0] * len(xs), symbol="Σ")
dot           = Op("dot",           ieee.dot,           _other_half,             symbol="w·x")
maximum       = Op("maximum",       ieee.maximum,       _shares,                 symbol="max", kink=_from_tie)
minimum       = Op("minimum",       ieee.minimum,       _shares,                 symbol="min", kink=_from_lower_tie)
logsumexp     = Op("logsumexp",     ieee.logsumexp,     _all_softmax,            local=_local_logsumexp)
softmax       = Op("softmax",       ieee.softmax,       _softmax_partials,       domain=(POINT, ANY),
                   local=_local_softmax)
cross_entropy = Op("cross_entropy", ieee.cross_entropy, _cross_entropy_partials, domain=(POINT, ANY),
                   local=_local_cross_entropy, symbol="cross entropy")

# comparisons and what joins them have no derivative; their result is a bool
less          = Op("less",          lambda a, b: a < b,  (), symbol="<")
less_equal    = Op("less_equal",    lambda a, b: a <= b, (), symbol="≤")
equal         = Op("equal",         lambda a, b: a == b, (), symbol="=")
not_equal     = Op("not_equal",     lambda a, b: a != b, (), symbol="≠")
greater_equal = Op("greater_equal", lambda a, b: a >= b, (), symbol="≥")
greater       = Op("greater",       lambda a, b: a > b,  (), symbol=">")
logical_and   = Op("logical_and",   lambda a, b: bool(a) and bool(b), (), symbol="∧")
logical_or    = Op("logical_or",    lambda a, b: bool(a) or bool(b),  (), symbol="∨")
logical_not   = Op("logical_not",   lambda a: not a,                  (), symbol="¬")

alias = _unary("alias", lambda x: x, lambda y, x: 1.0, symbol="=")  # a name of its own for a transform's argument
# fmt: on

TABLE: dict[str, Op] = {row.name: row for row in list(vars().values()) if isinstance(row, Op)}

# Not of a Value but of a program's lanes: their sum, which is one number, and how many there are.
lane_sum = Op("lane_sum", ieee.lane_sum, (lambda y, x: 1.0,), symbol="Σ lanes")
lane_count = Op("lane_count", lambda: nan, (), symbol="lanes")


def _row(name: str) -> Op:
    return {"lane_sum": lane_sum, "lane_count": lane_count}.get(name) or TABLE[name]
