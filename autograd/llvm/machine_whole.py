"""Division with a whole quotient in IR: Python's % and // of floats, to the last bit."""

from __future__ import annotations

from autograd.llvm.ir import Number, copysign, fabs, floor, fma, select, trunc
from autograd.llvm.machine_pairs import by_lane, mend


def _fmod(a: Number, b: Number) -> Number:
    """a - b·trunc(a/b), exactly; the platform's fmod where a quotient has more than 53 bits."""
    quotient = trunc(a / b)
    # exact, and by one |b| too small where the rounding of a/b reached the next whole number
    rest = select(quotient.equal(0.0), a, fma(-quotient, b, a))
    away = (rest * copysign(rest.like(1.0), a)) < 0.0
    rest = copysign(select(away, rest + copysign(b, a), rest), a)
    usual = fabs(quotient) < 2.0**53
    return mend(rest, ~usual, lambda: by_lane("fmod", a, b))


def _turned(rest: Number, b: Number) -> Number:
    """Whether a remainder is not zero and of another sign than the divisor."""
    return rest.not_equal(0.0) & (rest < 0.0).not_equal(b < 0.0)


def remainder(a: Number, b: Number) -> Number:
    """a - b·floor(a/b), with the sign of b."""
    rest = _fmod(a, b)
    rest = select(_turned(rest, b), rest + b, rest)
    return select(rest.equal(0.0), copysign(rest, b), rest)


def floor_divide(a: Number, b: Number) -> Number:
    """floor(a/b) as CPython has it: (a - remainder)/b, and that to the nearest whole number."""
    rest = _fmod(a, b)
    quotient = (a - rest) / b
    quotient = select(_turned(rest, b), quotient - 1.0, quotient)
    whole = floor(quotient)
    whole = select(quotient - whole > 0.5, whole + 1.0, whole)
    plain = a / b
    whole = select(quotient.equal(0.0), copysign(whole.like(0.0), plain), whole)
    return select(b.equal(0.0), plain, whole)
