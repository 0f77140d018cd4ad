"""Every operation as a documented function of floats and of Values.

Given numbers alone a function gives a float; given a Value among its arguments it gives a Value,
one node that remembers them all. A number is anything real: int, bool, Fraction, NumPy scalar.
TypeError for a str, None, complex, Decimal or array; OverflowError for an int too large for a
float. Beyond that no function raises: outside its domain it gives nan, past the largest float
inf, as IEEE 754 does, and its derivative there is nan or inf too.

The names abs, pow, round and sum hide Python's own where they are imported.
"""

# mypy: disable-error-code="overload-overlap"
# A list of floats is also one "of Values and floats", and yet gives a float: that is the intent.

from __future__ import annotations

from itertools import compress, repeat

from autograd import ieee, ops
from autograd.real import as_float, describe, is_array
from autograd.value import Value, _node, _unary, as_operand

TYPE_CHECKING = False  # the checker's own flag, without the 10 ms that `import typing` costs
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TypeVar, overload

    from autograd.ops import Op

    T = TypeVar("T", "float", "Value", "Value | float")

# -- from arguments to operands ------------------------------------------------------------------


def _of_one(op: Op, x: T) -> T:
    operand: Any = x
    if operand.__class__ is float:
        return op.value(operand)  # type: ignore[no-any-return]
    result: Any = _unary(op, operand) if operand.__class__ is Value else op(as_operand(operand))
    return result  # type: ignore[no-any-return]  # a Value from a Value, a float from a float


def _of(op: Op, *operands: T | float) -> T:
    result: T = op(*map(as_operand, operands))
    return result


def _compare(op: Op, a: Value | float, b: Value | float) -> bool:
    result: bool = op(as_operand(a), as_operand(b))
    return result


def _plain(x: Value | float) -> float:
    """The number alone of an index, a label or an order: those are never parents."""
    return x.data if isinstance(x, Value) else as_float(x)


def _position(x: Value | float, count: int, what: str, wrong: type[Exception]) -> Value | float:
    """The number of an index or a label in 0 <= x < count; a traced one as it is."""
    if isinstance(x, Value) and x.is_traced:
        return x
    number = _plain(x)
    if number % 1 != 0:  # also for inf and nan, whose remainder is nan
        raise TypeError(f"{what} is a whole number, not {describe(x)}")
    if not 0 <= number < count:
        raise wrong(f"{what} {number:.16g} is outside 0 <= {what} < {count}")
    return number


# -- many operands in one node -------------------------------------------------------------------
# The fast paths give what `Value.record` gives, bit for bit, and a test holds them to it.

_VALUES, _FLOATS, _BOTH = {Value}, {float}, {Value, float}
_ALL = repeat(True)  # a selector for `compress` that never ends


def _listed(xs: Iterable[Any]) -> tuple[Any, ...]:
    """The elements, an array's as Python's own numbers."""
    if xs.__class__ is list or xs.__class__ is tuple:
        return tuple(xs)
    try:
        elements = iter(xs.tolist() if is_array(xs) else xs)  # type: ignore[attr-defined]  # arrays
    except TypeError:
        raise TypeError(f"expected a list of numbers and Values, not {describe(xs)}") from None
    return tuple(elements)


def _numbers(xs: tuple[Any, ...]) -> tuple[Any, Iterable[bool] | None]:
    """The data of Values and floats, and which are Values; None where there is anything else."""
    kinds = set(map(type, xs))
    if kinds == _VALUES:
        return [x.data for x in xs], _ALL
    if kinds == _FLOATS:
        return xs, ()
    if kinds == _BOTH:
        data = [x.data if x.__class__ is Value else x for x in xs]
        return data, [x.__class__ is Value for x in xs]
    return xs, None


def _kept(xs: Iterable[Any], is_value: Iterable[bool]) -> tuple[Any, ...]:
    """Those of xs that stand where there is a Value."""
    if is_value is _ALL:
        return xs if isinstance(xs, tuple) else (*xs,)
    return (*compress(xs, is_value),)


def _of_many(op: Op, operands: tuple[Any, ...]) -> Any:
    """`op(*operands)`, faster where they are many, and Values and floats alone."""
    data, is_value = _numbers(operands)
    if is_value is None or len(operands) < 3:
        return op(*map(as_operand, operands))
    y = op.value(*data)
    parents = _kept(operands, is_value)
    if not parents:
        return y
    partials: Any = op.local
    edges = _kept(partials(y, *data), is_value)
    return _node(y, op, operands, parents, edges, None)


# -- arithmetic ----------------------------------------------------------------------------------


def add(a: T | float, b: T | float) -> T:
    """a + b, the operator of Values.

    Derivative 1 by both.

    >>> add(0.1, 0.2)
    0.30000000000000004
    """
    return _of(ops.add, a, b)


def subtract(a: T | float, b: T | float) -> T:
    """a - b, the operator of Values.

    Derivative 1 by a, -1 by b.

    >>> subtract(1.0, 0.25)
    0.75
    """
    return _of(ops.subtract, a, b)


def multiply(a: T | float, b: T | float) -> T:
    """a·b, the operator of Values; 0·inf is nan.

    Derivative b by a, a by b: each factor's is the other.

    >>> a, b = Value(2.0), Value(-3.0)
    >>> multiply(a, b).backward()
    >>> a.grad, b.grad
    (-3.0, 2.0)
    """
    return _of(ops.multiply, a, b)


def divide(a: T | float, b: T | float) -> T:
    """a/b, as `/` of Values, where Python's own raises: a/0 is ±inf, 0/0 nan.

    Derivative 1/b by a, -(a/b)/b by b (-a/b² would overflow for |b| > 1e154).

    >>> divide(1.0, -0.0), divide(0.0, 0.0)
    (-inf, nan)
    """
    return _of(ops.divide, a, b)


def negative(x: T) -> T:
    """-x, the operator of Values.

    Derivative -1.

    >>> negative(0.0)
    -0.0
    """
    return _of_one(ops.negative, x)


def pow(a: T | float, b: T | float) -> T:
    """a to the power b, as `**` of Values; nan for a negative a and a fractional b.

    1 where b is 0 and where a is 1, even beside a nan; ±inf for 0 to a negative power.
    Derivative b·a^(b-1) by a, a^b·log(a) by b. The second is 0 at a = 0 <= b and nan for a
    negative a, so give a constant exponent as a plain number: it has no derivative at all.

    >>> a = Value(-2.0)
    >>> pow(a, 3).backward()
    >>> a.grad
    12.0
    >>> pow(-2.0, 0.5), pow(0.0, -1.0)
    (nan, inf)
    """
    return _of(ops.pow, a, b)


def remainder(a: T | float, b: T | float) -> T:
    """a - b·⌊a/b⌋, with the sign of b, as `%` of Values; nan for b = 0.

    Derivative 1 by a, -⌊a/b⌋ by b. At its jumps, the multiples of b, that is the one-sided limit.

    >>> remainder(-7.0, 3.0), remainder(5.0, 0.0)
    (2.0, nan)
    """
    return _of(ops.remainder, a, b)


def floor_divide(a: T | float, b: T | float) -> T:
    """⌊a/b⌋, as `//` of Values; ±inf or nan for b = 0.

    Derivative 0 by both, at the jumps too.

    >>> floor_divide(-7.0, 3.0), floor_divide(1.0, 0.0)
    (-3.0, inf)
    """
    return _of(ops.floor_divide, a, b)


def abs(x: T) -> T:
    """|x|, as Python's own, which gives the same for a Value.

    Derivative the sign of x; 0 at its kink 0, the subgradient of least norm.

    >>> x = Value(-0.5)
    >>> abs(x).backward()
    >>> x.grad
    -1.0
    """
    return _of_one(ops.abs, x)


# -- to whole numbers ----------------------------------------------------------------------------


def floor(x: T) -> T:
    """⌊x⌋, the largest whole number that is not above x; ±inf as they are.

    Derivative 0, at the jumps too.

    >>> floor(-1.5)
    -2.0
    """
    return _of_one(ops.floor, x)


def ceil(x: T) -> T:
    """⌈x⌉, the smallest whole number that is not below x; ±inf as they are.

    Derivative 0, at the jumps too.

    >>> ceil(-1.5), ceil(-0.5)
    (-1.0, -0.0)
    """
    return _of_one(ops.ceil, x)


def round(x: T) -> T:
    """The whole number nearest to x, halves to the even one; ±inf as they are.

    Derivative 0, at the jumps too.

    >>> round(0.5), round(1.5), round(2.5)
    (0.0, 2.0, 2.0)
    """
    return _of_one(ops.round, x)


def sign(x: T) -> T:
    """1 for x > 0, -1 for x < 0, 0 for both zeros.

    Derivative 0, at the jump too.

    >>> sign(-3.0), sign(-0.0)
    (-1.0, 0.0)
    """
    return _of_one(ops.sign, x)


# -- roots, exponentials and logarithms ----------------------------------------------------------


def sqrt(x: T) -> T:
    """√x for x >= 0, nan below.

    Derivative 1/(2√x), which is inf at 0.

    >>> x = Value(0.0)
    >>> sqrt(x).backward()
    >>> x.grad
    inf
    >>> sqrt(2.0), sqrt(-1.0)
    (1.4142135623730951, nan)
    """
    return _of_one(ops.sqrt, x)


def cbrt(x: T) -> T:
    """The real cube root, of negative numbers too.

    Derivative 1/(3y²) of the result y, which is inf at 0.

    >>> x = Value(-8.0)
    >>> y = cbrt(x)
    >>> y.backward()
    >>> y.data, x.grad
    (-2.0, 0.0833333333333333...)
    """
    return _of_one(ops.cbrt, x)


def exp(x: T) -> T:
    """e^x, in [0, inf]; inf from x = 709.79 on.

    Derivative e^x, the result itself.

    >>> x = Value(1.0)
    >>> y = exp(x)
    >>> y.backward()
    >>> x.grad == y.data == exp(1.0)
    True
    >>> exp(1000.0)
    inf
    """
    return _of_one(ops.exp, x)


def exp2(x: T) -> T:
    """2^x, in [0, inf]; inf from x = 1024 on, exact for whole x.

    Derivative 2^x·log 2.

    >>> exp2(-3.0)
    0.125
    """
    return _of_one(ops.exp2, x)


def expm1(x: T) -> T:
    """e^x - 1, in [-1, inf], with every digit where x is near 0.

    Derivative e^x (the result + 1 would be 0 at x = -40, where the truth is 4e-18).

    >>> expm1(1e-20), exp(1e-20) - 1
    (1e-20, 0.0)
    """
    return _of_one(ops.expm1, x)


def log(x: T) -> T:
    """The natural logarithm of x > 0; -inf at 0, nan below.

    Derivative 1/x: inf at 0, nan below.

    >>> x = Value(4.0)
    >>> log(x).backward()
    >>> x.grad
    0.25
    >>> log(0.0), log(-1.0)
    (-inf, nan)
    """
    return _of_one(ops.log, x)


def log1p(x: T) -> T:
    """log(1 + x) for x > -1, with every digit where x is near 0; -inf at -1, nan below.

    Derivative 1/(1 + x): inf at -1, nan below.

    >>> log1p(1e-20), log(1 + 1e-20)
    (1e-20, 0.0)
    """
    return _of_one(ops.log1p, x)


def log2(x: T) -> T:
    """The logarithm of x > 0 to base 2, exact for powers of two; -inf at 0, nan below.

    Derivative 1/(x·log 2): inf at 0, nan below.

    >>> log2(0.125)
    -3.0
    """
    return _of_one(ops.log2, x)


def log10(x: T) -> T:
    """The logarithm of x > 0 to base 10; -inf at 0, nan below.

    Derivative 1/(x·log 10), as (1/log 10)/x, which does not overflow: inf at 0, nan below.

    >>> log10(1000.0)
    3.0
    """
    return _of_one(ops.log10, x)


# -- circles -------------------------------------------------------------------------------------


def sin(x: T) -> T:
    """sin x, x in radians; nan for ±inf.

    Derivative cos x.

    >>> x = Value(0.0)
    >>> sin(x).backward()
    >>> x.grad
    1.0
    """
    return _of_one(ops.sin, x)


def cos(x: T) -> T:
    """cos x, x in radians; nan for ±inf.

    Derivative -sin x.

    >>> cos(0.0)
    1.0
    """
    return _of_one(ops.cos, x)


def tan(x: T) -> T:
    """tan x, x in radians; nan for ±inf.

    Derivative 1 + tan² x.

    >>> tan(0.0)
    0.0
    """
    return _of_one(ops.tan, x)


def asin(x: T) -> T:
    """The angle in [-π/2, π/2] whose sine is x; nan outside [-1, 1].

    Derivative 1/√((1 - x)(1 + x)), which loses no digits near ±1, where it is inf.

    >>> asin(1.0), asin(1.5)
    (1.5707963267948..., nan)
    """
    return _of_one(ops.asin, x)


def acos(x: T) -> T:
    """The angle in [0, π] whose cosine is x; nan outside [-1, 1].

    Derivative -1/√((1 - x)(1 + x)), -inf at ±1.

    >>> acos(-1.0)
    3.14159265358979...
    """
    return _of_one(ops.acos, x)


def atan(x: T) -> T:
    """The angle in [-π/2, π/2] whose tangent is x.

    Derivative 1/(1 + x²), by way of hypot(1, x), whose square could overflow.

    >>> x = Value(2.0)
    >>> atan(x).backward()
    >>> f"{x.grad:.15f}"
    '0.200000000000000'
    """
    return _of_one(ops.atan, x)


def atan2(y: T | float, x: T | float) -> T:
    """The angle in [-π, π] of the point (x, y), seen from the origin; note the order.

    Derivative x/(x² + y²) by y, -y/(x² + y²) by x; both nan at the origin, where the angle is 0
    or ±π by the signs of the zeros.

    >>> y, x = Value(0.0), Value(2.0)
    >>> atan2(y, x).backward()
    >>> y.grad
    0.5
    >>> atan2(0.0, -1.0), atan2(-0.0, -1.0)
    (3.14159265358979..., -3.14159265358979...)
    """
    return _of(ops.atan2, y, x)


def hypot(x: T | float, y: T | float) -> T:
    """√(x² + y²), the length of the vector (x, y), without overflow on the way.

    Derivative x/h by x, y/h by y, of the length h; both 0 at the kink (0, 0), the subgradient of
    least norm.

    >>> x, y = Value(3.0), Value(4.0)
    >>> hypot(x, y).backward()
    >>> x.grad, y.grad
    (0.6, 0.8)
    >>> hypot(1e200, 1e-200)
    1e+200
    """
    return _of(ops.hypot, x, y)


# -- hyperbolas ----------------------------------------------------------------------------------


def sinh(x: T) -> T:
    """(e^x - e^-x)/2; ±inf for |x| > 710.48.

    Derivative cosh x.

    >>> sinh(-1000.0)
    -inf
    """
    return _of_one(ops.sinh, x)


def cosh(x: T) -> T:
    """(e^x + e^-x)/2, in [1, inf]; inf for |x| > 710.48.

    Derivative sinh x.

    >>> cosh(0.0)
    1.0
    """
    return _of_one(ops.cosh, x)


def tanh(x: T) -> T:
    """(e^x - e^-x)/(e^x + e^-x), in [-1, 1]: the S-shaped activation around 0.

    Derivative 1 - tanh² x, as 4·σ(2x)·σ(-2x) of the sigmoid σ, which keeps its digits in the tails
    where the result has rounded to ±1.

    >>> x = Value(20.0)
    >>> y = tanh(x)
    >>> y.backward()
    >>> y.data, x.grad
    (1.0, 1.69934170211663...e-17)
    """
    return _of_one(ops.tanh, x)


def asinh(x: T) -> T:
    """The number whose hyperbolic sine is x: log(x + √(x² + 1)).

    Derivative 1/√(1 + x²), by way of hypot(1, x).

    >>> asinh(0.0)
    0.0
    """
    return _of_one(ops.asinh, x)


def acosh(x: T) -> T:
    """The number >= 0 whose hyperbolic cosine is x: log(x + √(x² - 1)); nan for x < 1.

    Derivative 1/√((x - 1)(x + 1)), inf at 1.

    >>> acosh(1.0), acosh(0.5)
    (0.0, nan)
    """
    return _of_one(ops.acosh, x)


def atanh(x: T) -> T:
    """The number whose hyperbolic tangent is x: log((1 + x)/(1 - x))/2.

    ±inf at ±1, nan outside [-1, 1]. Derivative 1/((1 - x)(1 + x)): inf at ±1, nan outside.

    >>> atanh(1.0), atanh(1.5)
    (inf, nan)
    """
    return _of_one(ops.atanh, x)


# -- the normal distribution and the gamma function ----------------------------------------------


def erf(x: T) -> T:
    """2/√π·∫₀ˣ e^(-t²) dt, in [-1, 1] (NIST DLMF 7.2.1).

    Derivative 2/√π·e^(-x²).

    >>> erf(0.0), erf(10.0)
    (0.0, 1.0)
    """
    return _of_one(ops.erf, x)


def erfc(x: T) -> T:
    """1 - erf x, in [0, 2], with every digit where x is large (NIST DLMF 7.2.2).

    Derivative -2/√π·e^(-x²).

    >>> erfc(10.0), 1 - erf(10.0)
    (2.08848758376254...e-45, 0.0)
    """
    return _of_one(ops.erfc, x)


def gaussian(x: T) -> T:
    """e^(-x²), in [0, 1], with the rounding error of x² put back.

    Derivative -2x·e^(-x²).

    >>> gaussian(0.0), gaussian(30.0)
    (1.0, 0.0)
    """
    return _of_one(ops.gaussian, x)


def normal_pdf(x: T) -> T:
    """φ(x) = e^(-x²/2)/√(2π), the density of the standard normal distribution.

    Derivative -x·φ(x).

    >>> normal_pdf(0.0)
    0.39894228040143...
    """
    return _of_one(ops.normal_pdf, x)


def normal_cdf(x: T) -> T:
    """Φ(x) = erfc(-x/√2)/2, in [0, 1]: how much of the standard normal distribution is below x.

    Derivative φ(x), the density.

    >>> x = Value(0.0)
    >>> p = normal_cdf(x)
    >>> p.backward()
    >>> p.data, x.grad
    (0.5, 0.39894228040143...)
    """
    return _of_one(ops.normal_cdf, x)


def lgamma(x: T) -> T:
    """log |Γ(x)|; inf at the poles 0, -1, -2, … (NIST DLMF 5.2.1).

    Derivative the digamma function ψ(x) = polygamma(0, x).

    >>> x = Value(5.0)
    >>> y = lgamma(x)
    >>> y.backward()
    >>> f"{exp(y.data):.12f} {x.grad:.12f}"  # Γ(5) = 4!
    '24.000000000000 1.506117668432'
    """
    return _of_one(ops.lgamma, x)


def polygamma(n: Value | float, x: T) -> T:
    """ψₙ(x), the n-th derivative of ψ = (log Γ)′, for n = 0, 1, 2, …; nan for any other n.

    At a pole x = 0, -1, -2, … inf for odd n, and for even n nan (at ±0 the limit ∓inf). The order
    n is a plain number; a Value's is taken. Derivative ψₙ₊₁(x) by x.
    By recurrence and the asymptotic series, for x < 0 by reflection (NIST DLMF 5.15).

    >>> polygamma(0, 1.0)  # less the Euler-Mascheroni constant
    -0.57721566490153...
    >>> polygamma(1, 1.0)  # π²/6
    1.64493406684822...
    """
    return _of(ops.polygamma, _plain(n), x)


# -- activations ---------------------------------------------------------------------------------


def sigmoid(x: T) -> T:
    """σ(x) = 1/(1 + e^-x), in [0, 1], from the tail that cannot overflow.

    The logistic function: Verhulst, Recherches mathématiques sur la loi d'accroissement de la
    population, 1845. Derivative σ(x)·σ(-x), right in both tails.

    >>> x = Value(40.0)
    >>> y = sigmoid(x)
    >>> y.backward()
    >>> y.data, x.grad
    (1.0, 4.24835425529158...e-18)
    """
    return _of_one(ops.sigmoid, x)


def softplus(x: T) -> T:
    """log(1 + e^x), in [0, inf], as max(x, 0) + log1p(e^-|x|): a smooth relu.

    Dugas et al., Incorporating Second-Order Functional Knowledge for Better Option Pricing, 2000.
    Derivative sigmoid(x).

    >>> softplus(0.0), softplus(1000.0), softplus(-1000.0)
    (0.693147180559945..., 1000.0, 0.0)
    """
    return _of_one(ops.softplus, x)


def relu(x: T) -> T:
    """max(x, 0); nan stays nan.

    Nair & Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, 2010.
    Derivative 1 above 0 and 0 below; 0 at the kink 0, the subgradient of least norm.

    >>> x = Value(0.0)
    >>> relu(x).backward()
    >>> x.grad
    0.0
    """
    return _of_one(ops.relu, x)


def leaky_relu(x: T | float, slope: T | float = 0.01) -> T:
    """x for x > 0, slope·x below.

    Maas, Hannun & Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models, 2013.
    Derivative 1 above 0; below, and by convention at the kink 0, slope. A slope that is a Value
    gets its own: 0 above, x below.

    >>> x = Value(-2.0)
    >>> y = leaky_relu(x)
    >>> y.backward()
    >>> y.data, x.grad
    (-0.02, 0.01)
    """
    return _of(ops.leaky_relu, x, slope)


def elu(x: T | float, alpha: T | float = 1.0) -> T:
    """x for x > 0, alpha·(e^x - 1) below: it saturates at -alpha.

    Clevert, Unterthiner & Hochreiter, Fast and Accurate Deep Network Learning by Exponential
    Linear Units, 2015. Derivative 1 above 0; below, and by convention at 0, alpha·e^x. An alpha
    that is a Value gets its own: 0 above, e^x - 1 below.

    >>> elu(2.0), elu(-1000.0)
    (2.0, -1.0)
    """
    return _of(ops.elu, x, alpha)


def silu(x: T) -> T:
    """x·sigmoid(x), also called swish, in [-0.2785, inf]; 0 at -inf.

    Elfwing, Uchibe & Doya, Sigmoid-Weighted Linear Units for Neural Network Function
    Approximation in Reinforcement Learning, 2017. Derivative σ(x)·(1 + x·σ(-x)), 0 at -inf.

    >>> x = Value(0.0)
    >>> silu(x).backward()
    >>> f"{x.grad:.12f}"
    '0.500000000000'
    """
    return _of_one(ops.silu, x)


def gelu(x: T) -> T:
    """x·Φ(x), in [-0.17, inf], Φ exact (not the tanh approximation); 0 at -inf.

    Hendrycks & Gimpel, Gaussian Error Linear Units, 2016.
    Derivative Φ(x) + x·φ(x), 0 at -inf; see normal_cdf and normal_pdf.

    >>> x = Value(0.0)
    >>> gelu(x).backward()
    >>> f"{x.grad:.12f}"
    '0.500000000000'
    """
    return _of_one(ops.gelu, x)


# -- choosing ------------------------------------------------------------------------------------


def maximum(a: T | float, b: T | float, *more: T | float) -> T:
    """The largest of two or more, in one node; nan if one of them is (IEEE 754-2019, section 9.6).

    Derivative 1 by the largest, 0 by the others; at a tie of k, 1/k by each of them, the
    subgradient of least norm.

    >>> a, b, c = Value(2.0), Value(2.0), Value(1.0)
    >>> maximum(a, b, c).backward()
    >>> a.grad, b.grad, c.grad
    (0.5, 0.5, 0.0)
    """
    result: T = _of_many(ops.maximum, (a, b, *more))
    return result


def minimum(a: T | float, b: T | float, *more: T | float) -> T:
    """The smallest of two or more, in one node; nan if one of them is (IEEE 754-2019, section 9.6).

    Derivative 1 by the smallest, 0 by the others; at a tie of k, 1/k by each of them, the
    supergradient of least norm.

    >>> minimum(3.0, 1, 2.0), minimum(0.0, -0.0)
    (1.0, -0.0)
    """
    result: T = _of_many(ops.minimum, (a, b, *more))
    return result


def clip(x: T | float, low: T | float, high: T | float) -> T:
    """min(max(x, low), high): x held inside [low, high]; high where low > high; nan for a nan.

    Derivative 1 by x inside and, by convention, at both edges, 0 outside; there it is 1 by the
    bound that was met.

    >>> x = Value(3.0)
    >>> y = clip(x, -1, 1)
    >>> y.backward()
    >>> y.data, x.grad
    (1.0, 0.0)
    """
    return _of(ops.clip, x, low, high)


def where(condition: T | float, a: T | float, b: T | float) -> T:
    """a where the condition holds, else b; it may be a bool, or a number or Value that is not 0.

    Only the one that was chosen becomes a parent: neither the condition nor the other get a
    gradient, so a nan in the other does no harm. Derivative 1 by the chosen one.

    >>> x = Value(0.0)
    >>> y = where(x > 0, log(x), 0.0)
    >>> y.data, y.parents
    (0.0, ())
    """
    if condition.__class__ is int and condition in (-1, -2):
        raise ValueError(
            f"a condition of {condition} would hold: ~ of a Python bool is -1 or -2; "
            "write `not` instead"
        )
    return _of(ops.where, condition, a, b)


if TYPE_CHECKING:

    @overload
    def take(xs: Iterable[float], index: Value | float) -> float: ...
    @overload
    def take(xs: Iterable[Value | float], index: Value | float) -> Value: ...


def take(xs: Iterable[Value | float], index: Value | float) -> Value | float:
    """xs[index], for 0 <= index < len(xs): the way for labels and token numbers to come in.

    The index may be any whole number, also one held by a float or a Value, of which only the
    number is taken. Only xs[index] becomes a parent, with derivative 1.
    IndexError for an index outside, TypeError for one that is not whole. Costs O(len(xs)).

    >>> row = [Value(0.1), Value(0.2), Value(0.3)]
    >>> chosen = take(row, 2)
    >>> chosen.data, chosen.parents == (row[2],)
    (0.3, True)
    """
    elements = _listed(xs)
    position = _position(index, len(elements), "index", IndexError)
    chosen: Value | float = _of(ops.take, position, *elements)
    return chosen


# -- sums ----------------------------------------------------------------------------------------

if TYPE_CHECKING:

    @overload
    def sum(xs: Iterable[float]) -> float: ...
    @overload
    def sum(xs: Iterable[Value | float]) -> Value: ...


def sum(xs: Iterable[Value | float]) -> Value | float:
    """Σ x in one node, left to right, without compensation; 0.0 for an empty list.

    Derivative 1 by each.

    >>> a, b = Value(1.0), Value(2.0)
    >>> total = sum([a, b, 3, a])
    >>> total.backward()
    >>> total.data, a.grad, b.grad
    (7.0, 2.0, 1.0)
    """
    result: Value | float = _of_many(ops.sum, _listed(xs))
    return result


if TYPE_CHECKING:

    @overload
    def dot(ws: Iterable[float], xs: Iterable[float], bias: float | None = None) -> float: ...
    @overload
    def dot(
        ws: Iterable[Value | float], xs: Iterable[Value | float], bias: Value | float | None = None
    ) -> Value: ...


def dot(
    ws: Iterable[Value | float], xs: Iterable[Value | float], bias: Value | float | None = None
) -> Value | float:
    """Σ w·x + bias in one node, left to right, without compensation; 0.0 for empty lists.

    Derivative x by its w, w by its x, and 1 by the bias. ValueError if the lengths differ.
    One node of 2n operands costs a fraction of the 2n - 1 nodes of products and sums.

    >>> ws = [Value(0.5), Value(-2.0)]
    >>> y = dot(ws, [4.0, 1.0], 3.0)
    >>> y.backward()
    >>> y.data, [w.grad for w in ws]
    (3.0, [4.0, 1.0])
    """
    ws, xs = _listed(ws), _listed(xs)
    if len(ws) != len(xs):
        raise ValueError(f"dot needs lists of one length, not {len(ws)} and {len(xs)} numbers")
    last = () if bias is None else (bias,)
    inputs = set(map(type, xs))
    if inputs in (_VALUES, _FLOATS) and _VALUES.issuperset(map(type, ws + last)):
        a = [w.data for w in ws]
        b = [x.data for x in xs] if inputs == _VALUES else xs
        if len(a) > 1:  # a neuron: its weights are Values, its inputs of one kind
            y, one = ieee.inner(a, b), (1.0,) * len(last)
            for end in last:
                y += _plain(end)
            operands = (*ws, *xs, *last)
            if inputs == _VALUES:
                return _node(y, ops.dot, operands, operands, (*b, *a, *one), None)
            return _node(y, ops.dot, operands, ws + last, (*b, *one), None)
    result: Value | float = _of_many(ops.dot, (*ws, *xs, *last))
    return result


# -- logits --------------------------------------------------------------------------------------

if TYPE_CHECKING:

    @overload
    def logsumexp(xs: Iterable[float]) -> float: ...
    @overload
    def logsumexp(xs: Iterable[Value | float]) -> Value: ...


def logsumexp(xs: Iterable[Value | float]) -> Value | float:
    """log Σ e^x in one node, as max + log1p(Σ of the others e^(x - max)); -inf for an empty list.

    The shift keeps exp from overflowing: Blanchard, Higham & Higham, Accurately computing the
    log-sum-exp and softmax functions, 2021. Derivative softmax(xs)[i] by x_i; nan if all are -inf.

    >>> a, b = Value(1000.0), Value(1000.0)
    >>> y = logsumexp([a, b])
    >>> y.backward()
    >>> y.data, a.grad, b.grad
    (1000.69314718055..., 0.5, 0.5)
    """
    result: Value | float = _of_many(ops.logsumexp, _listed(xs))
    return result


if TYPE_CHECKING:

    @overload
    def softmax(xs: Iterable[float]) -> list[float]: ...
    @overload
    def softmax(xs: Iterable[Value | float]) -> list[Value]: ...


def softmax(xs: Iterable[Value | float]) -> list[Value] | list[float]:
    """e^x / Σ e^x for each x, positive numbers that add up to 1; [] for an empty list.

    Bridle, Probabilistic Interpretation of Feedforward Classification Network Outputs, 1990.
    Derivative of p_i by x_i: p_i·(the sum of the others), which is right where 1 - p_i is not;
    by the other x_j: -p_i·p_j. Costs O(n²), as the Jacobian has n² entries; for a loss take
    cross_entropy, which is one node.

    >>> softmax([0.0, 0.0, 1000.0])
    [0.0, 0.0, 1.0]
    >>> a, b = Value(0.0), Value(0.0)
    >>> softmax([a, b])[0].backward()
    >>> a.grad, b.grad
    (0.25, -0.25)
    """
    operands: Any = _listed(xs)
    data, is_value = _numbers(operands)
    if is_value is None or len(operands) < 2:
        operands = (*map(as_operand, operands),)
        return [ops.softmax(float(i), *operands) for i in range(len(operands))]
    p = ieee.softmax_all(*data)  # once, where the row takes the exponentials for each of the n
    parents = _kept(operands, is_value)
    if not parents:
        return p
    nodes = []
    for i, y in enumerate(p):
        edges = _kept(ieee.softmax_slopes(p, i), is_value)
        nodes.append(_node(y, ops.softmax, (float(i), *operands), parents, edges, None))
    return nodes


if TYPE_CHECKING:

    @overload
    def cross_entropy(logits: Iterable[float], label: Value | float) -> float: ...
    @overload
    def cross_entropy(logits: Iterable[Value | float], label: Value | float) -> Value: ...


def cross_entropy(logits: Iterable[Value | float], label: Value | float) -> Value | float:
    """-log softmax(logits)[label] in one node, in [0, inf]: the loss of one sample's logits.

    The label is the number of the true class, 0 <= label < len(logits); it may be held by a float
    or a Value, of which only the number is taken. ValueError for one outside and for an empty
    list, TypeError for one that is not whole.
    Derivative softmax(logits) - (1 at the label, else 0) (Bishop, Pattern Recognition and Machine
    Learning, 2006, section 4.3.4), at the label as -(the sum of the others).

    >>> logits = [Value(0.0), Value(0.0)]
    >>> loss = cross_entropy(logits, 1)
    >>> loss.backward()
    >>> loss.data, [z.grad for z in logits]
    (0.693147180559945..., [0.5, -0.5])
    """
    operands = _listed(logits)
    if not operands:
        raise ValueError("cross_entropy needs a logit for each class, and the list is empty")
    position = _position(label, len(operands), "label", ValueError)
    result: Value | float = _of_many(ops.cross_entropy, (position, *operands))
    return result


# -- comparisons ---------------------------------------------------------------------------------


def less(a: Value | float, b: Value | float) -> bool:
    """a < b, by value; False beside a nan. No node, no derivative.

    >>> less(Value(1.0), 2)
    True
    """
    return _compare(ops.less, a, b)


def less_equal(a: Value | float, b: Value | float) -> bool:
    """a <= b, by value; False beside a nan. No node, no derivative.

    >>> less_equal(2.0, Value(2.0))
    True
    """
    return _compare(ops.less_equal, a, b)


def equal(a: Value | float, b: Value | float) -> bool:
    """a == b, by value; False beside a nan. No node, no derivative.

    >>> equal(Value(0.0), -0.0)
    True
    """
    return _compare(ops.equal, a, b)


def not_equal(a: Value | float, b: Value | float) -> bool:
    """a != b, by value; True beside a nan. No node, no derivative.

    >>> x = Value(1.0)
    >>> not_equal(x, x)
    False
    """
    return _compare(ops.not_equal, a, b)


def greater(a: Value | float, b: Value | float) -> bool:
    """a > b, by value; False beside a nan. No node, no derivative.

    >>> greater(Value(1.0), 2)
    False
    """
    return _compare(ops.greater, a, b)


def greater_equal(a: Value | float, b: Value | float) -> bool:
    """a >= b, by value; False beside a nan. No node, no derivative.

    >>> greater_equal(2.0, Value(2.0))
    True
    """
    return _compare(ops.greater_equal, a, b)


# -- truth values --------------------------------------------------------------------------------


def logical_and(a: bool, b: bool) -> bool:
    """Whether both hold. No node, no derivative; the `&` of comparisons of traced Values.

    >>> logical_and(Value(1.0) > 0, 2.0 > 3.0)
    False
    """
    return _compare(ops.logical_and, a, b)


def logical_or(a: bool, b: bool) -> bool:
    """Whether one of them holds, or both. No node, no derivative; the `|` of traced comparisons.

    >>> logical_or(Value(1.0) > 0, 2.0 > 3.0)
    True
    """
    return _compare(ops.logical_or, a, b)


def logical_not(a: bool) -> bool:
    """Whether it does not hold. No node, no derivative; the `~` of traced comparisons.

    >>> logical_not(Value(1.0) > 0)
    False
    """
    result: bool = ops.logical_not(as_operand(a))
    return result
