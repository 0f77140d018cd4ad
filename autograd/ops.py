"""The table of operations: what each returns, its partial derivatives, its domain and its symbol.

A row's partials are written in the table's own operations, so the same line runs on floats (the
local gradients that a forward pass records) and on Values (a derivative of a derivative is more
graph). Each takes the row's output `y` first and then its operands, and gives ∂y/∂operand.
Only +, - and * may stand as operators in them: Python's / and ** raise where IEEE 754 does not.

To add an operation, add a row: its tests, its drawing and its strategies follow from it.
"""

from __future__ import annotations

import math
from math import inf, nan

from autograd import ieee

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
    (a comparison). `local` is a faster spelling of the partials for floats alone, with the same
    bits. `select` names the one operand that the result is a copy of, where there is such a one.
    `domain` has an interval for each operand: the last one also for all that follow.
    `kink` is the distance of the operands from the nearest point without a derivative.
    """

    __slots__ = ("domain", "kink", "local", "name", "partials", "select", "symbol", "value")

    def __init__(
        self,
        name: str,
        value: Function,
        partials: tuple[Function, ...] | Function,
        symbol: str | None = None,
        domain: tuple[Interval, ...] = ((-inf, inf),),
        *,
        local: Function | None = None,
        select: Function | None = None,
        kink: Function | None = None,
    ) -> None:
        self.name = name
        self.value = value
        self.partials = partials
        self.symbol = symbol or name
        self.domain = domain
        self.local = local
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
_2_OVER_SQRT_PI = 1.1283791670955126


def _if_number(y: Any, partial: Any) -> Any:
    """The partial, but nan beside an output that is nan: outside its domain nothing is finite."""
    return where(y == y, partial, nan)


def _step(x: Any, below: Any, above: Any) -> Any:
    """above where x > 0, below where x <= 0, nan where x is nan."""
    return where(x > 0.0, above, where(x <= 0.0, below, nan))


def _shares(y: Any, *xs: Any) -> list[Any]:
    """1/k to each of the k operands that equal the extreme y: the subgradient of least norm."""
    ties = sum(*[where(x == y, 1.0, 0.0) for x in xs])
    return [_if_number(y, where(x == y, divide(1.0, ties), 0.0)) for x in xs]


def _pow_by_base(y: Any, a: Any, b: Any) -> Any:
    return where(b == 0.0, 0.0, b * pow(a, b - 1.0))


def _pow_by_exponent(y: Any, a: Any, b: Any) -> Any:
    vanishes = ((a >= 0.0) & (y == 0.0)) | ((a == 0.0) & (b == 0.0))
    return where(vanishes, 0.0, y * log(a))


def _silu_slope(y: Any, x: Any) -> Any:
    rising = sigmoid(x) * (1.0 - silu(-x))
    return where(x > 0.0, rising, sigmoid(x) + silu(x) * sigmoid(-x))


def _gelu_slope(y: Any, x: Any) -> Any:
    return where(x * x < inf, normal_cdf(x) + x * normal_pdf(x), normal_cdf(x))


def _all_softmax(xs: tuple[Any, ...]) -> list[Any]:
    return [softmax(float(i), *xs) for i in range(len(xs))]


def _softmax_partials(y: Any, index: Any, *xs: Any) -> list[Any]:
    """p(1 - p) on the diagonal, as p · (the sum of the others); -p·q elsewhere."""
    p = _all_softmax(xs)
    others = [sum(*p[:i], *p[i + 1 :]) for i in range(len(p))]
    return [nan, *(where(index == float(i), y * others[i], -y * q) for i, q in enumerate(p))]


def _cross_entropy_partials(y: Any, label: Any, *logits: Any) -> list[Any]:
    """softmax - 1 at the label, as -(the sum of the others); softmax elsewhere."""
    p = _all_softmax(logits)
    others = [sum(*p[:i], *p[i + 1 :]) for i in range(len(p))]
    return [nan, *(where(label == float(i), -others[i], q) for i, q in enumerate(p))]


# -- the same for floats alone, where the definition would call the table too often --------------


def _local_tanh(y: float, x: float) -> tuple[float]:
    e = math.exp(-2.0 * math.fabs(x))
    s = 1.0 + e
    return (4.0 * (1.0 / s) * (e / s) if x >= 0 else 4.0 * (e / s) * (1.0 / s),)


def _local_sigmoid(y: float, x: float) -> tuple[float]:
    return (y * ieee.sigmoid(-x),)


def _local_relu(y: float, x: float) -> tuple[float]:
    return (1.0 if x > 0 else 0.0 if x <= 0 else nan,)


def _local_logsumexp(y: float, *xs: float) -> list[float]:
    return ieee.softmax_all(*xs)


def _local_softmax(y: float, index: float, *xs: float) -> list[float]:
    p = ieee.softmax_all(*xs)
    partials = [nan, *(-y * q for q in p)]
    i = int(index)
    partials[1 + i] = y * ieee.sum(*p[:i], *p[i + 1 :])
    return partials


def _local_cross_entropy(y: float, label: float, *logits: float) -> list[float]:
    p = ieee.softmax_all(*logits)
    i = int(label)
    return [nan, *p[:i], -ieee.sum(*p[:i], *p[i + 1 :]), *p[i + 1 :]]


# -- distances from a kink, for tests that must keep away from one -------------------------------


def _gap(*xs: float) -> float:
    """Between the two largest: how far a maximum is from a tie."""
    ordered = sorted(xs, reverse=True)
    return ordered[0] - ordered[1] if len(xs) > 1 else inf


def _to_whole(x: float) -> float:
    return math.fabs(x - ieee.round(x))


def _to_half(x: float) -> float:
    return math.fabs(x - ieee.floor(x) - 0.5)


# -- the table -----------------------------------------------------------------------------------

ANY, POSITIVE, UNIT = (-inf, inf), (0.0, inf), (-1.0, 1.0)

# fmt: off
add       = Op("add",       lambda a, b: a + b,  (lambda y, a, b: 1.0, lambda y, a, b: 1.0),          "+")
subtract  = Op("subtract",  lambda a, b: a - b,  (lambda y, a, b: 1.0, lambda y, a, b: -1.0),         "−")
multiply  = Op("multiply",  lambda a, b: a * b,  (lambda y, a, b: b, lambda y, a, b: a),              "×")
divide    = Op("divide",    ieee.divide,         (lambda y, a, b: divide(1.0, b), lambda y, a, b: -divide(y, b)), "÷", (ANY, POSITIVE))
negative  = Op("negative",  lambda x: -x,        (lambda y, x: -1.0,),                                "−")
pow       = Op("pow",       ieee.pow,            (_pow_by_base, _pow_by_exponent),                    "xʸ", (POSITIVE, ANY))
abs       = Op("abs",       lambda x: math.fabs(x), (lambda y, x: sign(x),),                          "|x|", kink=math.fabs)

sqrt      = Op("sqrt",      ieee.sqrt,           (lambda y, x: divide(0.5, y + 0.0),),                "√", (POSITIVE,))  # + 0.0 makes √-0.0 positive
cbrt      = Op("cbrt",      ieee.cbrt,           (lambda y, x: divide(1.0, 3.0 * (y * y)),),          "∛", (POSITIVE,))
exp       = Op("exp",       ieee.exp,            (lambda y, x: y,))
exp2      = Op("exp2",      ieee.exp2,           (lambda y, x: y * _LN2,))
expm1     = Op("expm1",     ieee.expm1,          (lambda y, x: exp(x),))
log       = Op("log",       ieee.log,            (lambda y, x: _if_number(y, divide(1.0, x + 0.0)),),           domain=(POSITIVE,))
log1p     = Op("log1p",     ieee.log1p,          (lambda y, x: _if_number(y, divide(1.0, 1.0 + x)),),           domain=((-1.0, inf),))
log2      = Op("log2",      ieee.log2,           (lambda y, x: _if_number(y, divide(1.0 / _LN2, x + 0.0)),),    domain=(POSITIVE,))
log10     = Op("log10",     ieee.log10,          (lambda y, x: _if_number(y, divide(1.0 / _LN10, x + 0.0)),),   domain=(POSITIVE,))

sin       = Op("sin",       ieee.sin,            (lambda y, x: cos(x),))
cos       = Op("cos",       ieee.cos,            (lambda y, x: -sin(x),))
tan       = Op("tan",       ieee.tan,            (lambda y, x: 1.0 + y * y,),                                   domain=((-1.5, 1.5),))
asin      = Op("asin",      ieee.asin,           (lambda y, x: divide(1.0, sqrt((1.0 - x) * (1.0 + x))),),      domain=(UNIT,))
acos      = Op("acos",      ieee.acos,           (lambda y, x: divide(-1.0, sqrt((1.0 - x) * (1.0 + x))),),     domain=(UNIT,))
atan      = Op("atan",      math.atan,           (lambda y, x: divide(divide(1.0, hypot(1.0, x)), hypot(1.0, x)),))
sinh      = Op("sinh",      ieee.sinh,           (lambda y, x: cosh(x),))
cosh      = Op("cosh",      ieee.cosh,           (lambda y, x: sinh(x),))
tanh      = Op("tanh",      math.tanh,           (lambda y, x: 4.0 * sigmoid(2.0 * x) * sigmoid(-2.0 * x),),    local=_local_tanh)
asinh     = Op("asinh",     math.asinh,          (lambda y, x: divide(1.0, hypot(1.0, x)),))
acosh     = Op("acosh",     ieee.acosh,          (lambda y, x: divide(1.0, sqrt(x - 1.0) * sqrt(x + 1.0)),),    domain=((1.0, inf),))
atanh     = Op("atanh",     ieee.atanh,          (lambda y, x: _if_number(y, divide(1.0, (1.0 - x) * (1.0 + x))),), domain=(UNIT,))
atan2     = Op("atan2",     math.atan2,          (lambda t, y, x: divide(divide(x, hypot(x, y)), hypot(x, y)),
                                                  lambda t, y, x: -divide(divide(y, hypot(x, y)), hypot(x, y))), domain=(POSITIVE, ANY))
hypot     = Op("hypot",     ieee.hypot,          (lambda h, x, y: where(h == 0.0, 0.0, divide(x, h)),
                                                  lambda h, x, y: where(h == 0.0, 0.0, divide(y, h))), kink=lambda x, y: math.hypot(x, y))

erf         = Op("erf",         math.erf,          (lambda y, x: _2_OVER_SQRT_PI * gaussian(x),))
erfc        = Op("erfc",        ieee.erfc,         (lambda y, x: -_2_OVER_SQRT_PI * gaussian(x),))
gaussian    = Op("gaussian",    ieee.gaussian,     (lambda y, x: -2.0 * x * y,),                               "e^−x²")
normal_pdf  = Op("normal_pdf",  ieee.normal_pdf,   (lambda y, x: -x * y,),                                     "φ")
normal_cdf  = Op("normal_cdf",  ieee.normal_cdf,   (lambda y, x: normal_pdf(x),),                              "Φ")
lgamma      = Op("lgamma",      ieee.lgamma,       (lambda y, x: polygamma(0.0, x),),                          "log Γ", (POSITIVE,))
polygamma   = Op("polygamma",   ieee.polygamma,    (lambda y, n, x: nan, lambda y, n, x: polygamma(n + 1.0, x)), "ψₙ", ((0.0, 0.0), POSITIVE))

sigmoid     = Op("sigmoid",     ieee.sigmoid,      (lambda y, x: y * sigmoid(-x),),                            "σ", local=_local_sigmoid)
softplus    = Op("softplus",    ieee.softplus,     (lambda y, x: sigmoid(x),))
silu        = Op("silu",        ieee.silu,         (_silu_slope,))
gelu        = Op("gelu",        ieee.gelu,         (_gelu_slope,))
relu        = Op("relu",        ieee.relu,         (lambda y, x: _step(x, 0.0, 1.0),),                         local=_local_relu, kink=math.fabs)
leaky_relu  = Op("leaky_relu",  ieee.leaky_relu,   (lambda y, x, slope: _step(x, slope, 1.0),
                                                    lambda y, x, slope: _step(x, x, 0.0)),                     kink=lambda x, slope: math.fabs(x))
elu         = Op("elu",         ieee.elu,          (lambda y, x, alpha: _step(x, alpha * exp(x), 1.0),
                                                    lambda y, x, alpha: _step(x, expm1(x), 0.0)),              kink=lambda x, alpha: math.fabs(x))

floor       = Op("floor",       ieee.floor,        (lambda y, x: _if_number(y, 0.0),),                         "⌊x⌋", kink=_to_whole)
ceil        = Op("ceil",        ieee.ceil,         (lambda y, x: _if_number(y, 0.0),),                         "⌈x⌉", kink=_to_whole)
round       = Op("round",       ieee.round,        (lambda y, x: _if_number(y, 0.0),),                         kink=_to_half)
sign        = Op("sign",        ieee.sign,         (lambda y, x: _if_number(y, 0.0),),                         kink=math.fabs)
remainder   = Op("remainder",   ieee.remainder,    (lambda y, a, b: _if_number(y, 1.0),
                                                    lambda y, a, b: _if_number(y, -floor_divide(a, b))),       "%", (ANY, POSITIVE), kink=lambda a, b: _to_whole(ieee.divide(a, b)))
floor_divide = Op("floor_divide", ieee.floor_divide, (lambda y, a, b: _if_number(y, 0.0),
                                                    lambda y, a, b: _if_number(y, 0.0)),                       "//", (ANY, POSITIVE), kink=lambda a, b: _to_whole(ieee.divide(a, b)))

clip        = Op("clip",        ieee.clip,         (lambda y, x, low, high: _if_number(y, where((low <= x) & (x <= high), 1.0, 0.0)),
                                                    lambda y, x, low, high: _if_number(y, where((x < low) & (low <= high), 1.0, 0.0)),
                                                    lambda y, x, low, high: _if_number(y, where((high < x) | (high < low), 1.0, 0.0))),
                 kink=lambda x, low, high: min(math.fabs(x - low), math.fabs(x - high)))
where       = Op("where",       ieee.where,        (lambda y, c, a, b: nan, lambda y, c, a, b: where(c, 1.0, 0.0), lambda y, c, a, b: where(c, 0.0, 1.0)),
                 select=lambda c, a, b: 1 if c else 2)
take        = Op("take",        ieee.take,         lambda y, index, *xs: [nan, *(where(index == float(i), 1.0, 0.0) for i in range(len(xs)))],
                 select=lambda index, *xs: 1 + int(index))

sum           = Op("sum",           ieee.sum,           lambda y, *xs: [1.0] * len(xs),              "Σ")
dot           = Op("dot",           ieee.dot,           lambda y, *xs: [*xs[len(xs) // 2:], *xs[:len(xs) // 2]], "w·x")
maximum       = Op("maximum",       ieee.maximum,       _shares,                                     "max", kink=_gap)
minimum       = Op("minimum",       ieee.minimum,       _shares,                                     "min", kink=lambda *xs: _gap(*[-x for x in xs]))
logsumexp     = Op("logsumexp",     ieee.logsumexp,     lambda y, *xs: _all_softmax(xs),             local=_local_logsumexp)
softmax       = Op("softmax",       ieee.softmax,       _softmax_partials,                           local=_local_softmax)
cross_entropy = Op("cross_entropy", ieee.cross_entropy, _cross_entropy_partials, "cross entropy",    local=_local_cross_entropy)

less          = Op("less",          lambda a, b: a < b,  (), "<")
less_equal    = Op("less_equal",    lambda a, b: a <= b, (), "≤")
equal         = Op("equal",         lambda a, b: a == b, (), "=")
not_equal     = Op("not_equal",     lambda a, b: a != b, (), "≠")
greater_equal = Op("greater_equal", lambda a, b: a >= b, (), "≥")
greater       = Op("greater",       lambda a, b: a > b,  (), ">")
alias         = Op("alias",         lambda x: x,         (lambda y, x: 1.0,), "=")  # a name of its own for a transform's argument
# fmt: on

TABLE: dict[str, Op] = {row.name: row for row in list(vars().values()) if isinstance(row, Op)}


def _row(name: str) -> Op:
    return TABLE[name]
