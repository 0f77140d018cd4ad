"""Exponentials in IR: e^x and 2^x, the hyperbolic functions, the sigmoid and its relatives.

x = k·log 2 + r with |r| ≤ (log 2)/2 (Cody & Waite, 1980), e^r = 1 + r + r²·P(r), and 2^k from
its bits. Our own coefficients, by Remez exchange at 45 digits, rounded one after the other.
"""

from __future__ import annotations

from math import factorial, inf

from autograd.llvm.ir import Number, bits, copysign, fabs, fma, from_bits, pack, select
from autograd.llvm.machine_logarithm import log1p_of
from autograd.llvm.machine_pairs import (
    Pair,
    at_least,
    at_most,
    multiply,
    ordered_sum,
    polynomial,
    two_product,
    two_sum,
)

_LN2 = (0.6931471805599453, 2.3190468138462996e-17)
_1_OVER_LN2 = 1.4426950408889634
_EXPONENT = 52  # the bits to the right of a double's exponent
_BIAS = 1023

# x + this rounds x to a whole number, which then stands in the sum's last bits
WHOLE = 1.5 * 2.0**52

# (e^r - 1 - r)/r², to 6e-20 of e^r
_EXP = (
    0.5, 0.16666666666666685, 0.04166666666666667, 0.008333333333315747, 0.001388888888888162,
    0.00019841269899450035, 2.4801587333586963e-05, 2.755723193118515e-06, 2.755726255125705e-07,
    2.511301328673409e-08, 2.0919591966077456e-09,
)  # fmt: skip

# (sinh x - x)/x³ as a polynomial in x² up to |x| = 1, to 6e-19 of sinh x
_SINH = (
    0.16666666666666669, 0.008333333333332915, 0.00019841269841589228, 2.755731910850008e-06,
    2.505213067119607e-08, 1.6056687624630102e-10, 7.775664145604261e-13,
)  # fmt: skip


# -- x = k·log 2 + r -----------------------------------------------------------------------------


def _reduce(x: Number, offset: int, low: Number | None = None) -> tuple[Number, Pair]:
    """A number with k + offset in its last bits, and r of x + low in two words."""
    shifted = fma(x, _1_OVER_LN2, WHOLE + offset)
    k = shifted - (WHOLE + offset)
    exact = fma(k, -_LN2[0], x)
    rest = k * -_LN2[1] if low is None else fma(k, -_LN2[1], low)
    return shifted, ordered_sum(exact, rest)


def _two_halves(shifted: Number) -> Pair:
    """2^k as a product of two powers, from k + 2·1023 in the last bits; so k has a wide range."""
    last = bits(shifted)
    half = last >> 1
    return from_bits(half << _EXPONENT), from_bits((last - half) << _EXPONENT)


class Scaled:
    """mantissa·2^k, the mantissa (1/√2 to √2) in two words, for any k above -2,000."""

    def __init__(self, x: Number, low: Number | None = None) -> None:
        """e^(x + low), for a low word that is no more than a rounding error of x."""
        shifted, (r, r_low) = _reduce(x, 2 * _BIAS, low)
        self._halves = _two_halves(shifted)
        one_and_r, low_of_r = ordered_sum(1.0, r)
        rest = low_of_r + fma(r * r, polynomial(_EXP, r), r_low)
        self.mantissa = ordered_sum(one_and_r, rest)

    def scale(self, x: Number) -> Number:
        """x·2^k, rounded once where the mantissa times x is of ordinary size."""
        return x * self._halves[0] * self._halves[1]

    def value(self) -> Number:
        """The exponential itself."""
        return self.scale(self.mantissa[0])


def _short_reduce(x: Number, offset: int) -> tuple[Number, Number]:
    """The same shifted number, and e^r - 1, with few steps that wait for one another."""
    shifted = fma(x, _1_OVER_LN2, WHOLE + offset)
    k = shifted - (WHOLE + offset)
    r = fma(k, -_LN2[1], fma(k, -_LN2[0], x))
    return shifted, fma(r * r, polynomial(_EXP, r), r)


def _short_exp(x: Number) -> Number:
    """e^x for -1,000 < x < 1,000."""
    shifted, power = _short_reduce(x, 2 * _BIAS)
    first, second = _two_halves(shifted)
    return fma(power, first, first) * second


def exp(x: Number) -> Number:
    """e^x; the bounds are where it is 0 and inf for good."""
    return select(x > 710.0, inf, select(x < -746.0, 0.0, _short_exp(x)))


def _exp_of_minus_size(x: Number) -> Number:
    """e^-|x|."""
    return _short_exp(at_least(-fabs(x), -746.0))


def exp2(x: Number) -> Number:
    """2^x = 2^k·e^(r·log 2), k and r exact."""
    clamped = at_most(at_least(x, -1080.0), 1025.0)
    shifted = clamped + (WHOLE + 2 * _BIAS)
    fraction = clamped - (shifted - (WHOLE + 2 * _BIAS))
    r, r_low = two_product(fraction, _LN2[0])
    rest = fma(r * r, polynomial(_EXP, r), fma(fraction, _LN2[1], r_low))
    first, second = _two_halves(shifted)
    return fma(r + rest, first, first) * second


def exp_difference(a: Number, b: Number) -> Number:
    """e^(a - b) for a ≤ b, with the rounding error of a - b put back; 1 for two infinities."""
    d, low = two_sum(a, -b)
    power = Scaled(at_least(d, -746.0), select(d > -746.0, low, 0.0))
    return select(a.equal(inf), 1.0, power.value())


# -- e^x - 1 -------------------------------------------------------------------------------------


def _around_one(x: Number, *ones: float) -> list[Number]:
    """(e^x + one)/2 for -60 < x < 710 and each one, as 2^(k-1) + one/2 + 2^(k-1)·(e^r - 1)."""
    shifted = fma(x, _1_OVER_LN2, WHOLE + _BIAS - 1)  # k - 1, lest it overflow
    k = shifted - (WHOLE + _BIAS - 1)
    r = fma(k, -_LN2[1], fma(k, -_LN2[0], x))
    rest = r * r * polynomial(_EXP, r)
    power = from_bits(bits(shifted) << _EXPONENT)
    sums = [ordered_sum(power + 0.5 * one, power * r) for one in ones]
    return [high + fma(power, rest, low) for high, low in sums]


def expm1(x: Number) -> Number:
    """e^x - 1."""
    (half,) = _around_one(at_most(at_least(x, -50.0), 710.0), -1.0)
    return select(fabs(x) < 2.0**-54, x, 2.0 * half)


def tanh(x: Number) -> Number:
    """(e^2|x| - 1)/(e^2|x| + 1), from ½ on 1 - 2/(e^2|x| + 1)."""
    size = fabs(x)
    less, more = _around_one(at_most(2.0 * size, 50.0), -1.0, 1.0)
    near = size < 0.549
    quotient = select(near, less, 1.0) / more
    y = select(near, quotient, 1.0 - quotient)
    return copysign(select(size < 2.0**-28, size, y), x)


def _quarter_exponentials(x: Number) -> tuple[Pair, Number]:
    """e^x/4 and e^-x/4 for 0 ≤ x ≤ 710.5, where e^x/2 may overflow already."""
    shifted, (r, r_low) = _reduce(x, _BIAS - 2)
    power = from_bits(bits(shifted) << _EXPONENT)
    high, low = ordered_sum(1.0, r)
    low = low + fma(r * r, polynomial(_EXP, r), r_low)
    return (power * high, power * low), 0.0625 / (power * (high + low))


def sinh(x: Number) -> Number:
    """(e^x - e^-x)/2, and below 1 its own series."""
    size = fabs(x)
    (high, low), inverse = _quarter_exponentials(at_most(size, 710.5))
    far, far_low = ordered_sum(high, -inverse)
    square = size * size
    near = fma(size * square, polynomial(_SINH, square), size)
    return copysign(select(size < 1.0, near, 2.0 * (far + (far_low + low))), x)


def cosh(x: Number) -> Number:
    """(e^x + e^-x)/2."""
    (high, low), inverse = _quarter_exponentials(at_most(fabs(x), 710.5))
    total, total_low = ordered_sum(high, inverse)
    return 2.0 * (total + (total_low + low))


# -- the sigmoid and its relatives ---------------------------------------------------------------


def sigmoid(x: Number) -> Number:
    """1/(1 + e^-x), from the tail that cannot overflow."""
    e = _exp_of_minus_size(x)
    return select(x >= 0.0, 1.0, e) / (1.0 + e)


def sigmoid_of_both_signs(x: Number) -> Number:
    """σ(x) and σ(-x), and the same bits, for less than the price of two."""
    e = _exp_of_minus_size(x)
    above = 1.0 + e
    return pack(select(x >= 0.0, 1.0, e) / above, select(x <= 0.0, 1.0, e) / above)


def softplus(x: Number) -> Number:
    """max(x, 0) + log1p(e^-|x|)."""
    return select(x > 0.0, x, 0.0) + log1p_of(_exp_of_minus_size(x))


def silu(x: Number) -> Number:
    """x/(1 + e^-x) or x·e^x/(1 + e^x), scaled last: e^x is subnormal before x·e^x is."""
    low = at_least(-fabs(x), -800.0)
    shifted, power = _short_reduce(low, 2 * _BIAS)
    first, second = _two_halves(shifted)
    e, low_times_e = [fma(power, c, c) * second for c in (first, low * first)]
    return select(x >= 0.0, x, low_times_e) / (1.0 + e)


def elu(x: Number, alpha: Number) -> Number:
    """x above 0, alpha·(e^x - 1) below."""
    return select(x > 0.0, x, alpha * expm1(x))


# -- e^x to seventy bits, where a sum of such cancels --------------------------------------------

_TAYLOR = [1 / factorial(k) for k in range(4, 13)]


def precise_exp(x: Number, low: Number) -> Pair:
    """e^(x + low) for -746 ≤ x ≤ 1: the series of an eighth of r, in pairs, squared three times."""
    shifted = fma(x, _1_OVER_LN2, WHOLE + 2 * _BIAS)
    k = shifted - (WHOLE + 2 * _BIAS)
    product, product_low = two_product(k, _LN2[1])
    r, r_low = two_sum(fma(k, -_LN2[0], x), -product)
    eighth = ordered_sum(0.125 * r, 0.125 * (r_low - product_low + low))
    # 1 + r(1 + r(1/2 + r(1/6 + r·P))): the constants outside P in two words
    tail = eighth[0] * polynomial(_TAYLOR, eighth[0])
    total = ordered_sum(1 / 6, tail + 9.25185853854297e-18)
    for c in (0.5, 1.0, 1.0):
        product, product_low = multiply(total, eighth)
        total = ordered_sum(c, product)
        total = total[0], total[1] + product_low
    for _ in range(3):
        total = multiply(total, total)
    first, second = _two_halves(shifted)
    return total[0] * first * second, total[1] * first * second
