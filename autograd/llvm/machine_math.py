"""Each operation of the table as IR: the instruction that it is, or the function that computes it.

A function exists for a uniform operand ("exp.s", of doubles) and for lanes ("exp.v", of
<8 x double>), by one formula and without fast-math, so that both give the same bits. Except on
the operations that are exactly rounded they are within 2 ulp of the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from autograd import ops
from autograd.llvm import ir
from autograd.llvm import machine_circular as circular
from autograd.llvm import machine_exponential as exponential
from autograd.llvm import machine_logarithm as logarithm
from autograd.llvm import machine_many as many
from autograd.llvm import machine_power as power
from autograd.llvm import machine_special as special
from autograd.llvm import machine_twins as twins
from autograd.llvm import machine_whole as whole
from autograd.llvm.ir import DOUBLE, TRUTH, Function, Number, select
from autograd.llvm.machine_pairs import by_lane, two_sum

# What machine code calls back for, by lanes: these rows compute in decimals.
CALLBACKS = {"autograd_lgamma": ops.lgamma, "autograd_polygamma": ops.polygamma}


def _lgamma(x: Number) -> Number:
    return by_lane("autograd_lgamma", x)


def _polygamma(n: Number, x: Number) -> Number:
    return by_lane("autograd_polygamma", n, x)


# -- the rows that are functions, and how many operands each has ---------------------------------

_CALLED: dict[str, tuple[Callable[..., Number], int]] = {
    "pow": (power.pow, 2),
    "cbrt": (power.cbrt, 1),
    "hypot": (power.hypot, 2),
    "exp": (exponential.exp, 1),
    "exp2": (exponential.exp2, 1),
    "expm1": (exponential.expm1, 1),
    "sinh": (exponential.sinh, 1),
    "cosh": (exponential.cosh, 1),
    "tanh": (exponential.tanh, 1),
    "sigmoid": (exponential.sigmoid, 1),
    "softplus": (exponential.softplus, 1),
    "silu": (exponential.silu, 1),
    "elu": (exponential.elu, 2),
    "log": (logarithm.log, 1),
    "log1p": (logarithm.log1p, 1),
    "log2": (logarithm.log2, 1),
    "log10": (logarithm.log10, 1),
    "asinh": (logarithm.asinh, 1),
    "acosh": (logarithm.acosh, 1),
    "atanh": (logarithm.atanh, 1),
    "sin": (circular.sin, 1),
    "cos": (circular.cos, 1),
    "tan": (circular.tan, 1),
    "asin": (circular.asin, 1),
    "acos": (circular.acos, 1),
    "atan": (circular.atan, 1),
    "atan2": (circular.atan2, 2),
    "erf": (special.erf, 1),
    "erfc": (special.erfc, 1),
    "gaussian": (special.gaussian, 1),
    "normal_pdf": (special.normal_pdf, 1),
    "normal_cdf": (special.normal_cdf, 1),
    "gelu": (special.gelu, 1),
    "gelu_slope": (special.gelu_slope, 1),
    "lgamma": (_lgamma, 1),
    "polygamma": (_polygamma, 2),
    "remainder": (whole.remainder, 2),
    "floor_divide": (whole.floor_divide, 2),
    # steps of the softmax and its relatives
    "exp_difference": (exponential.exp_difference, 2),
    "log_of_total": (many.log_of_total, 2),
    # functions of two results
    "add_precise_exp": (many.add_precise_exp, 4),
    twins.SINE_AND_COSINE: (circular.sin_and_cos, 1),
    twins.BOTH_SIGNS: (exponential.sigmoid_of_both_signs, 1),
}
_OF_TWO_RESULTS = ("add_precise_exp", *twins.RESULTS_IN_PAIRS)


# -- the rows that are a few instructions --------------------------------------------------------


def _negative(x: Number) -> Number:
    result = -x
    twins.note_negative(x, result)
    return result


def _sign(x: Number) -> Number:
    return select(x > 0.0, 1.0, select(x < 0.0, -1.0, x + 0.0))


def _sum(first: Number, *rest: Number) -> Number:
    """Left to right, from the first term."""
    for x in rest:
        first = first + x
    return first


def _dot(*operands: Number) -> Number:
    """Left to right from the first product, then the odd one out; no fused multiply-add."""
    half = len(operands) // 2
    products = [w * x for w, x in zip(operands[:half], operands[half:], strict=False)]
    return _sum(*products, *operands[2 * half :])


def _sum_error(a: Number, b: Number) -> Number:
    """The rounding error of a sum, which would be 0 if the compiler might reorder."""
    f = a.function
    flags, f.fastmath = f.fastmath, ""
    error = two_sum(a, b)[1]
    f.fastmath = flags
    return error


def _truth(x: Number) -> Number:
    """Python's truth of a number: a nan is true."""
    return x.not_equal(0.0) if x.is_float else x


def _number(x: Number) -> Number:
    return ir.to_float(x) if ir.scalar(x.type) == TRUTH else x


_INLINE: dict[str, Callable[..., Number]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "negative": _negative,
    "alias": lambda x: x,
    "abs": ir.fabs,
    "sqrt": ir.sqrt,
    "floor": ir.floor,
    "ceil": ir.ceil,
    "round": ir.rint,
    "sign": _sign,
    "relu": lambda x: select(x <= 0.0, 0.0, x),
    "leaky_relu": lambda x, slope: select(x > 0.0, x, slope * x),
    "clip": lambda x, low, high: ir.minimum(ir.maximum(x, low), high),
    "maximum": ir.maximum,
    "minimum": ir.minimum,
    "sum": _sum,
    "dot": _dot,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "equal": lambda a, b: a.equal(b),
    "not_equal": lambda a, b: a.not_equal(b),
    "greater_equal": lambda a, b: a >= b,
    "greater": lambda a, b: a > b,
    "sum_error": _sum_error,
    "logsumexp_near_zero": many.logsumexp_near_zero,
}

_OF_TRUTHS: dict[str, Callable[..., Number]] = {
    "where": lambda c, a, b: select(_truth(c), _number(a), _number(b)),
    "logical_and": lambda a, b: _truth(a) & _truth(b),
    "logical_or": lambda a, b: _truth(a) | _truth(b),
    "logical_not": lambda a: ~_truth(a),
}

FUNCTIONS = frozenset(_CALLED) | frozenset(_INLINE) | frozenset(_OF_TRUTHS)


# -- what the code generator calls ---------------------------------------------------------------


@cache
def function(name: str, type: str) -> Function:
    """The function of a row, for doubles or for lanes."""
    formula, arity = _CALLED[name]
    parameters = [(f"x{i}", type) for i in range(arity)]
    result = f"{{ {type}, {type} }}" if name in _OF_TWO_RESULTS else type
    name = ir.name_for(name, type)
    f = Function(name, parameters, result, ir.WHOLE_VECTORS, linkage="internal")
    f.ret(formula(*f.arguments))
    return f


def define(name: str, type: str) -> str:
    """The text of that function."""
    return function(name, type).text()


def library(functions: Iterable[Function]) -> list[Function]:
    """The functions of this module that those call, and the ones these call, once each."""
    found: dict[str, Function] = {}
    waiting = list(functions)
    while waiting:
        for called, times in waiting.pop().calls.items():
            name, _, kind = called.rpartition(".")
            if times and name in _CALLED and called not in found:
                found[called] = function(name, DOUBLE if kind == "s" else ir.vector(DOUBLE))
                waiting.append(found[called])
    return list(found.values())


def emit(f: Function, name: str, operands: Sequence[Number]) -> Number:
    """Append an operation: instructions, or a call of its function.

    Of rows with many operands sum and dot may have them; the other ones are to be written in
    steps. Beside lanes a uniform operand is splat. A comparison gives a truth, which counts as 0
    or 1 where a number is expected. It may begin a new block: `f.label` is where it ended.
    ValueError for a name that is in none of the tables.

    >>> f = Function("f", [("x", "double")], "double")
    >>> f.ret(emit(f, "exp", [emit(f, "negative", f.arguments)]))
    >>> print(f.text())
    define double @f(double %x) {
    entry:
      %v.1 = fneg double %x
      %v.2 = call double @exp.s(double %v.1)
      ret double %v.2
    }
    <BLANKLINE>
    >>> [each.name for each in library([f])]
    ['exp.s']
    """
    if name not in FUNCTIONS:
        raise ValueError(f"no machine code for {name}: write it in smaller operations first")
    if not operands:  # an empty sum
        return f.number(DOUBLE, 0.0)
    lanes = any(x.type.startswith("<") for x in operands)
    given = [ir.splat(x) if lanes and not x.type.startswith("<") else x for x in operands]
    if name in _OF_TRUTHS:
        return _OF_TRUTHS[name](*given)
    numbers = [_number(x) for x in given]
    if name in _INLINE:
        return _INLINE[name](*numbers)
    if name in twins.CALLED:
        return twins.call_or_join(name, numbers[0])
    return many.called(name, *numbers)
