"""Steps of logsumexp and its relatives in IR, which need more digits than a float has."""

from __future__ import annotations

from autograd.llvm.ir import Number, fabs, name_for, pack, select, unpack
from autograd.llvm.machine_exponential import precise_exp
from autograd.llvm.machine_logarithm import log1p_of
from autograd.llvm.machine_pairs import at_least, mend, two_sum


def called(name: str, *operands: Number) -> Number:
    """A call of the function of that name for the operands' type."""
    type = operands[0].type
    return operands[0].function.call(name_for(name, type), type, operands)


def log_of_total(total: Number, low: Number) -> Number:
    """log(total + low) for a total ≥ 1, to the last bit also where it is hardly more than 1."""
    return log1p_of(total - 1.0, low)


def logsumexp_near_zero(y: Number, rest: Number, *xs: Number) -> Number:
    """log Σ e^x from its approximation y = largest + rest, where those two may cancel.

    There it is y + Σ e^(x - y) - 1, from a y so near that log(1 + d) is d.
    """
    return mend(y, fabs(y) < rest, lambda: _corrected(y, xs))


def _corrected(y: Number, xs: tuple[Number, ...]) -> Number:
    total, low = y.like(-1.0), y.like(0.0)
    result = f"{{ {y.type}, {y.type} }}"
    for x in xs:
        name = name_for("add_precise_exp", y.type)
        total, low = unpack(y.function.call(name, result, [total, low, x, y]))
    return y + (total + low)


def add_precise_exp(total: Number, low: Number, x: Number, y: Number) -> Number:
    """total + low + e^(x - y) in two words, for x ≤ y + 1."""
    d, d_low = two_sum(x, -y)
    e, e_low = precise_exp(at_least(d, -746.0), select(d < -746.0, 0.0, d_low))
    total, error = two_sum(total, e)
    return pack(total, low + (error + e_low))
