"""The kernels that compute with lanes: dots in each lane, and sums of products over the lanes."""

from __future__ import annotations

from collections.abc import Sequence

from autograd.llvm import ir
from autograd.llvm.ir import DOUBLE, INTEGER, Function, Number
from autograd.llvm.vectors import BYTES, VECTOR, below, combined, counted, either, entry


class Dots:
    """Dots by vectors of lanes: so many by so many at a time, then the remaining vectors singly.

    Tables: for each group of dots and each product the weights; for each product (of each group,
    unless they are `shared`) the row; for each group the rows of the results. `of_lanes`: the
    weights are rows, too.
    """

    def __init__(
        self, f: Function, dots: int, vectors: int, *, of_lanes: bool = False, shared: bool = False
    ) -> None:
        self.f, self.dots, self.vectors = f, dots, vectors
        self.of_lanes, self.shared = of_lanes, shared
        self.u, self.scratch, self.weights, self.xs, self.results = f.arguments[:5]
        self.length, self.groups, self.count = f.arguments[5:]

    def write(self) -> None:
        bits = self.vectors.bit_length() - 1
        whole = (self.count >> bits) << bits
        for start, end, width in ((0, whole, self.vectors), (whole, self.count, 1)):

            def column(v: Number, _: list[Number], width: int = width) -> list[Number]:
                return self._column(v, width)

            counted(self.f, end, column, start=start, step=width)

    def _column(self, v: Number, width: int) -> list[Number]:
        """All groups, in the vectors from v on."""
        rows = self.f.element(self.scratch, v * 8)
        return counted(self.f, self.groups, lambda g, _: self._group(rows, g, width))

    def _group(self, rows: Number, g: Number, width: int) -> list[Number]:
        f, zero = self.f, self.f.number(INTEGER, 0)

        def add(k: Number, totals: list[Number]) -> list[Number]:
            return [t + p for t, p in zip(totals, self._products(rows, g, k, width), strict=True)]

        first = self._products(rows, g, zero, width)
        totals = counted(f, self.length, add, first, start=1)
        for d in range(self.dots):
            place = f.element(rows, entry(f, self.results, g * self.dots + d))
            for v in range(width):
                f.store(totals[d * width + v], f.element(place, 8 * v), BYTES)
        return []

    def _products(self, rows: Number, g: Number, k: Number, width: int) -> list[Number]:
        """The k-th product of each dot of a group, in each vector."""
        f, at = self.f, g * self.length + k
        xs = self._row(rows, entry(f, self.xs, k if self.shared else at), width)
        found = []
        for d in range(self.dots):
            weight = entry(f, self.weights, at * self.dots + d)
            if self.of_lanes:
                ws = self._row(rows, weight, width)
            else:
                ws = [ir.splat(f.load(DOUBLE, f.element(self.u, weight)))] * width
            found += [w * x for w, x in zip(ws, xs, strict=True)]
        return found

    def _row(self, rows: Number, offset: Number, width: int) -> list[Number]:
        place = self.f.element(rows, offset)
        return [self.f.load(VECTOR, self.f.element(place, 8 * v), BYTES) for v in range(width)]


class Sums:
    """Sums over the lanes of products of rows by columns, of the given pairs of them in each tile.

    The table has the rows and then the columns of each tile. `is_first` and `is_last` say which
    sub-block of a block this is: the first one starts from -0.0 and not from the stripes in
    memory, the last one writes the sums to `results` and not the stripes to memory. `tail` lanes
    of the last vector count, or all if that is 0.
    """

    def __init__(
        self, f: Function, rows: int, columns: int, pairs: Sequence[tuple[int, int]]
    ) -> None:
        self.f, self.rows, self.size, self.pairs = f, rows, rows + columns, pairs
        self.scratch, self.table, self.stripes, self.results = f.arguments[:4]
        self.tiles, self.vectors, self.tail, is_first, is_last = f.arguments[4:]
        self.has_tail, self.is_first, self.is_last = self.tail > 0, is_first > 0, is_last > 0

    def write(self) -> None:
        f = self.f
        self.whole = self.vectors - f.value(INTEGER, f"zext {self.has_tail} to i64")
        self.mask = below(f, self.tail)
        counted(f, self.tiles, self._tile)

    def _tile(self, t: Number, _: list[Number]) -> list[Number]:
        f, count = self.f, len(self.pairs)
        numbers = [entry(f, self.table, t * self.size + i) for i in range(self.size)]
        places = [f.element(self.scratch, number) for number in numbers]
        stripes = f.element(self.stripes, t * count, VECTOR)
        memory = [f.element(stripes, i, VECTOR) for i in range(count)]

        def add(v: Number, totals: list[Number]) -> list[Number]:
            return [t + p for t, p in zip(totals, self._products(places, v), strict=True)]

        def add_tail() -> list[Number]:
            products = self._products(places, self.whole)
            return [
                t + ir.select(self.mask, p, -0.0) for t, p in zip(totals, products, strict=True)
            ]

        fresh = [f.number(VECTOR, -0.0)] * count
        starts = either(
            f, self.is_first, lambda: fresh, lambda: [f.load(VECTOR, p, BYTES) for p in memory]
        )
        totals = counted(f, self.whole, add, starts)
        ends = either(f, self.has_tail, add_tail, lambda: totals)
        either(f, self.is_last, lambda: self._finish(t, ends), lambda: self._keep(memory, ends))
        return []

    def _products(self, places: Sequence[Number], v: Number) -> list[Number]:
        xs = [self.f.load(VECTOR, self.f.element(place, v * 8), BYTES) for place in places]
        return [xs[i] * xs[self.rows + j] for i, j in self.pairs]

    def _finish(self, t: Number, stripes: Sequence[Number]) -> list[Number]:
        count, together = len(stripes), min(len(stripes), ir.LANES)
        for i in range(0, count, together):
            sums = combined(self.f, stripes[i : i + together])
            self.f.store(sums, self.f.element(self.results, t * count + i))
        return []

    def _keep(self, memory: Sequence[Number], stripes: Sequence[Number]) -> list[Number]:
        for place, x in zip(memory, stripes, strict=True):
            self.f.store(x, place, BYTES)
        return []
