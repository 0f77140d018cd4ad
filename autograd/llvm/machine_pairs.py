"""Arithmetic on numbers of IR in two words, which the functions of `machine_math` are made of.

A pair (high, low) stands for the exact sum of its words, low being a rounding error of high or
about as small. Nothing here may be compiled with fast-math flags.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograd.llvm.ir import (
    DOUBLE,
    INTEGER,
    LANES,
    POINTER,
    Number,
    any_true,
    fma,
    select,
    sqrt,
)

Pair = tuple[Number, Number]


def two_sum(a: Number, b: Number | float) -> Pair:
    """The rounded sum and its rounding error, exactly (Knuth, TAOCP 4.2.2)."""
    total = a + b
    back = total - a
    return total, (a - (total - back)) + (b - back)


def ordered_sum(a: Number | float, b: Number) -> Pair:
    """The same where |a| ≥ |b| or a = 0, in half the instructions (Dekker 1971)."""
    total = a + b
    return total, b - (total - a)


def two_product(a: Number, b: Number | float) -> Pair:
    """The rounded product and its rounding error, exactly but for underflow."""
    product = a * b
    return product, fma(a, b, -product)


def multiply(x: Pair, y: Pair) -> Pair:
    """The product of two pairs, to about 100 bits."""
    high, low = two_product(x[0], y[0])
    return ordered_sum(high, low + fma(x[0], y[1], x[1] * y[0]))


def divide(n: Pair, d: Pair) -> Pair:
    """The quotient of two pairs, not normalized, by one division and its remainder."""
    inverse = 1.0 / d[0]
    quotient = n[0] * inverse
    remainder = fma(-quotient, d[0], n[0]) + (n[1] - quotient * d[1])
    return quotient, remainder * inverse


def square_root(x: Pair) -> Pair:
    """The root of a pair; a zero has one too."""
    root = sqrt(x[0])
    remainder = fma(-root, root, x[0]) + x[1]
    return root, select(root.equal(0.0), 0.0, remainder * (0.5 / root))


def times(x: Number, y: Pair) -> Number:
    """A number times a pair, rounded nearly once; a zero keeps its sign."""
    product, low = two_product(x, y[0])
    return select(product.equal(0.0), product, product + fma(x, y[1], low))


def polynomial(coefficients: Sequence[float], x: Number) -> Number:
    """Σ cₖ·xᵏ by Estrin's scheme: neighbours join by x, then by x², x⁴ …, all at the same time."""
    terms: list[Number | float] = list(coefficients)
    while len(terms) > 1:
        pairs = zip(terms[0::2], terms[1::2], strict=False)
        combined: list[Number | float] = [fma(x, high, low) for low, high in pairs]
        terms = combined + terms[2 * len(combined) :]
        if len(terms) > 1:
            x = x * x
    return x.like(terms[0])


def at_most(x: Number, bound: float) -> Number:
    """x, but no more than the bound; a nan stays one."""
    return select(x > bound, bound, x)


def at_least(x: Number, bound: float) -> Number:
    """x, but no less than the bound; a nan stays one."""
    return select(x < bound, bound, x)


def mend(usual: Number, rare: Number, otherwise: Callable[[], Number]) -> Number:
    """The usual number, but where `rare` holds in any lane the other one, behind a branch."""
    f = usual.function
    mending, done = f.fresh("mend"), f.fresh("done")
    before = f.label
    f.conditional_branch(any_true(rare), mending, done)
    f.block(mending)
    mended = select(rare, otherwise(), usual)
    after = f.label
    f.branch(done)
    f.block(done)
    return f.phi(usual.type, [(usual, before), (mended, after)])


def by_lane(name: str, *operands: Number) -> Number:
    """A function of doubles from outside the module, called for one lane after the other."""
    f, type = operands[0].function, operands[0].type
    if type == DOUBLE:
        return f.call_external(name, DOUBLE, operands)
    places = [f.value(POINTER, f"alloca {type}") for _ in operands]
    for x, place in zip(operands, places, strict=True):
        f.store(x, place)
    before, loop, done = f.label, f.fresh("lane"), f.fresh("lanes")
    f.branch(loop)
    f.block(loop)
    lane = f.phi(INTEGER, [(0, before)])
    elements = [f.element(place, lane) for place in places]
    result = f.call_external(name, DOUBLE, [f.load(DOUBLE, at) for at in elements])
    f.store(result, elements[0])
    following = lane + 1
    f.add_incoming(lane, following, loop)
    f.conditional_branch(following < LANES, loop, done)
    f.block(done)
    return f.load(type, places[0])
