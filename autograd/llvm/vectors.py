"""Loops, and vectors of eight lanes, in IR."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograd.llvm import ir
from autograd.llvm.ir import DOUBLE, INTEGER, Function, Number

VECTOR = ir.vector(DOUBLE)
BYTES = 64  # of a vector; scratch rows are aligned to it


def counted(
    f: Function,
    count: Number,
    body: Callable[[Number, list[Number]], Sequence[Number]],
    carried: Sequence[Number] = (),
    start: Number | int = 0,
    step: int = 1,
) -> list[Number]:
    """`for i in range(start, count, step)`, with what the body carries from turn to turn.

    The body gets i and the carried numbers, and returns the next ones; so does the loop, also
    where it never ran. The condition stands at the end, so that registers need no copies.
    """
    before, inside, latch, end = (f.fresh(s) for s in ("before", "body", "latch", "end"))
    first = f.number(INTEGER, start) if isinstance(start, int) else start
    f.branch(before)
    f.block(before)
    f.conditional_branch(first < count, inside, end)
    f.block(inside)
    i = f.phi(INTEGER, [(first, before)])
    now = [f.phi(x.type, [(x, before)]) for x in carried]
    new = body(i, now)
    f.branch(latch)
    f.block(latch)
    following = i + step
    for x, y in zip([i, *now], [following, *new], strict=True):
        f.add_incoming(x, y, latch)
    f.conditional_branch(following < count, inside, end)
    f.block(end)
    pairs = zip(carried, new, strict=True)
    return [f.phi(x.type, [(x, before), (y, latch)]) for x, y in pairs]


def either(
    f: Function,
    condition: Number,
    yes: Callable[[], Sequence[Number]],
    no: Callable[[], Sequence[Number]],
) -> list[Number]:
    """`yes() if condition else no()`, behind a branch; both give as many numbers."""
    labels = f.fresh("yes"), f.fresh("no")
    end = f.fresh("end")
    f.conditional_branch(condition, *labels)
    found = []
    for label, branch in zip(labels, (yes, no), strict=True):
        f.block(label)
        numbers = branch()
        found.append((numbers, f.label))
        f.branch(end)
    f.block(end)
    (a, a_label), (b, b_label) = found
    return [f.phi(x.type, [(x, a_label), (y, b_label)]) for x, y in zip(a, b, strict=True)]


# -- lanes ---------------------------------------------------------------------------------------


def iota(f: Function) -> Number:
    """The integers 0 to 7."""
    numbers = ", ".join(f"i64 {i}" for i in range(ir.LANES))
    return Number(f, ir.vector(INTEGER), f"<{numbers}>")


def below(f: Function, count: Number) -> Number:
    """Which of eight lanes have a number less than the count."""
    return iota(f) < ir.splat(count)


def _shuffle(f: Function, a: Number, b: Number, lanes: Sequence[int]) -> Number:
    """A vector of lanes of a, 0 to 7, and of b, 8 to 15."""
    mask = ", ".join(f"i32 {i}" for i in lanes)
    type = f"<{len(lanes)} x double>"
    return f.value(type, f"shufflevector {a}, {b}, <{len(lanes)} x i32> <{mask}>")


def combined(f: Function, stripes: Sequence[Number]) -> Number:
    """((0+4)+(2+6)) + ((1+5)+(3+7)) of eight stripes each; of four or eight sums at once."""
    low, high = [0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7, 12, 13, 14, 15]
    quarters = [
        _shuffle(f, a, b, low) + _shuffle(f, a, b, high)
        for a, b in zip(stripes[::2], stripes[1::2], strict=True)
    ]
    low, high = [0, 1, 4, 5, 8, 9, 12, 13], [2, 3, 6, 7, 10, 11, 14, 15]
    halves = [
        _shuffle(f, a, b, low) + _shuffle(f, a, b, high)
        for a, b in zip(quarters[::2], quarters[1::2], strict=True)
    ]
    even, odd = [2 * i for i in range(len(stripes))], [2 * i + 1 for i in range(len(stripes))]
    return _shuffle(f, halves[0], halves[-1], even) + _shuffle(f, halves[0], halves[-1], odd)


# -- memory --------------------------------------------------------------------------------------


def entry(f: Function, table: Number, index: Number | int) -> Number:
    """A number of a table of 32 bits."""
    place = f.element(table, index, "i32")
    word = f.value("i32", f"load i32, ptr {place.text}, align 4")
    return f.value(INTEGER, f"sext {word} to i64")


def gathered(f: Function, array: Number, table: Number, index: Number) -> Number:
    """Eight doubles of an array, at the eight places in a table of 32 bits from an index on."""
    place = f.element(table, index, "i32")
    words = f.value("<8 x i32>", f"load <8 x i32>, ptr {place.text}, align 4")
    return gathered_at(f, array, f.value(ir.vector(INTEGER), f"sext {words} to <8 x i64>"))


def gathered_at(f: Function, array: Number, places: Number) -> Number:
    """The doubles of an array at eight places."""
    name, mask = "@llvm.masked.gather.v8f64.v8p0", "<8 x i1>"
    f.declarations[f"declare {VECTOR} {name}(<8 x ptr>, {mask}, {VECTOR})"] = None
    pointers = f.value("<8 x ptr>", f"getelementptr double, {array}, {places}")
    given = f"<8 x ptr> align 8 {pointers.text}, {mask} splat (i1 true), {VECTOR} poison"
    return f.value(VECTOR, f"call {VECTOR} {name}({given})")


def store_lanes(f: Function, x: Number, pointer: Number, mask: Number) -> None:
    """Write those lanes where the mask holds, and leave the memory of the others alone."""
    name = "@llvm.masked.store.v8f64.p0"
    f.declarations[f"declare void {name}({VECTOR}, ptr, {mask.type})"] = None
    f.emit(f"call void {name}({x}, ptr align 8 {pointer.text}, {mask})")
