"""The steps of lanes as IR: straight code in a loop over vectors, and calls of the kernels.

Each is a function of `LANE_PARAMETERS` for the lanes of one sub-block: `first` is the lane that
the scratch rows begin with, `vectors` is how many vectors of eight lanes there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from autograd import ops
from autograd.llvm import ir, kernels, machine_math
from autograd.llvm.expansion import checked_index, gather
from autograd.llvm.ir import INTEGER, POINTER, Function, Number
from autograd.llvm.module import (
    LANES,
    STRIPES,
    Module,
    checked,
    from_memory,
    load_uniform,
    to_memory,
    word,
)
from autograd.llvm.steps import ONES, ONES_ROW, SPARE_ROW, Level, LongDots, Step, Straight
from autograd.llvm.tiling import SINGLES
from autograd.llvm.uniforms import SIDE_BY_SIDE, halves
from autograd.llvm.vectors import BYTES, VECTOR, below, counted, gathered_at, iota
from autograd.ops import Op

LANE_PARAMETERS = [
    *[(name, POINTER) for name in ("state", "u", "rows", "scratch")],
    *[(name, INTEGER) for name in ("first", "vectors")],
]
FORGET = 64  # instructions after which a row is loaded again, since registers are few


def write_step(module: Module, level: Level, name: str, step: Step) -> None:
    """The function of one step."""
    f = module.function(name, LANE_PARAMETERS)
    if isinstance(step, Straight):
        _Straight(module, level, f).write(step.slots, ())
    else:
        assert isinstance(step, LongDots)
        _long_dots(module, level, f, step)
    f.ret()


def write_outputs(module: Module, level: Level, name: str, slots: Sequence[int]) -> None:
    """A function that copies lanes to the rows of the batch where they are outputs or kept."""
    f = module.function(name, LANE_PARAMETERS)
    _Straight(module, level, f).write((), slots)
    f.ret()


# -- straight code -------------------------------------------------------------------------------


class _Straight:
    def __init__(self, module: Module, level: Level, f: Function) -> None:
        self.module, self.level, self.f = module, level, f
        self.program, self.stride = module.program, module.schedule.stride
        self.state, self.u, self.rows, self.scratch, self.first, self.vectors = f.arguments
        self.values: dict[int, Number] = {}
        self.loaded: dict[int, tuple[int, Number]] = {}  # rows, and when they were loaded
        self.bases: dict[int, Number] = {}  # rows of the batch, from the first lane on
        self.clock = 0

    def write(self, slots: Sequence[int], copied: Sequence[int]) -> None:
        """One loop over the vectors; what it sums is carried from turn to turn."""
        f, first = self.f, self.program.first
        steps = [(slot, *self.program.instructions[slot - first]) for slot in slots]
        read = [i for _, _, operands in steps for i in operands]
        for row in self._rows_of_the_batch([*read, *copied], [*slots, *copied]):
            pointer = f.load(POINTER, f.element(self.rows, row, POINTER))
            self.bases[row] = f.element(pointer, self.first)
        sums = [slot for slot, op, _ in steps if op is ops.lane_sum]
        stripes = word(f, self.state, STRIPES) if sums else self.u
        places = [f.element(stripes, self.level.sums.index(slot), VECTOR) for slot in sums]
        has_mask = any(op in _MASKED for _, op, _ in steps)
        lanes = word(f, self.state, LANES, INTEGER) - self.first if has_mask else self.first

        def turn(v: Number, totals: list[Number]) -> list[Number]:
            self.lane = v * 8
            self.here = f.element(self.scratch, self.lane)
            self.mask = below(f, lanes - self.lane) if has_mask else None
            self.totals = dict(zip(sums, totals, strict=True))
            for slot, op, operands in steps:
                self._instruction(slot, op, operands)
            for slot in copied:
                self._to_batch(slot, self._operand(slot))
            return [self.totals[slot] for slot in sums]

        starts = [f.load(VECTOR, place, BYTES) for place in places]
        for total, place in zip(counted(f, self.vectors, turn, starts), places, strict=True):
            f.store(total, place, BYTES)

    def _rows_of_the_batch(self, read: Iterable[int], written: Iterable[int]) -> list[int]:
        """The rows as long as the batch that the step reads or writes."""
        sources = [self._source(slot) for slot in read if slot not in self.level.rows]
        targets = [row for slot in written for row in self._targets(slot)]
        return list(dict.fromkeys([row for row in sources if row is not None] + targets))

    def _source(self, slot: int) -> int | None:
        """The row of an input, or of a lane that an earlier level kept."""
        return self.module.input_rows.get(slot, self.module.kept_rows.get(slot))

    def _targets(self, slot: int) -> list[int]:
        """The rows of the batch that a lane goes to."""
        kept = [self.module.kept_rows[slot]] if slot in self.module.kept_rows else []
        return [*kept, *self.module.lane_outputs.get(slot, [])]

    def _instruction(self, slot: int, op: Op, operands: tuple[int, ...]) -> None:
        self.clock += max(1, len(operands) - 1)
        if op is ops.lane_sum:
            assert self.mask is not None
            term = ir.select(self.mask, self._operand(operands[0]), -0.0)
            self.totals[slot] = self.totals[slot] + term
            return
        x = self.values[slot] = self._compute(op, operands)
        if slot in self.level.rows:
            place = self.f.element(self.here, self.level.rows[slot] * self.stride)
            self.f.store(to_memory(x), place, BYTES)
        self._to_batch(slot, x)

    def _to_batch(self, slot: int, x: Number) -> None:
        for row in self._targets(slot):
            self.f.store(to_memory(x), self.f.element(self.bases[row], self.lane))

    def _operand(self, slot: int) -> Number:
        """A number or a truth value in all lanes."""
        if slot in self.values:
            return self.values[slot]
        if not self.program.is_lane[slot]:
            constant = self.module.constant(slot)
            if constant is not None:
                return self.f.number(VECTOR, constant)
            return ir.splat(load_uniform(self.module, self.f, self.u, slot))
        since, known = self.loaded.get(slot, (-FORGET, None))
        if known is None or self.clock - since >= FORGET:
            known = self._load(slot)
            self.loaded[slot] = self.clock, known
        return known

    def _load(self, slot: int) -> Number:
        f = self.f
        if slot in self.level.rows:
            place = f.element(self.here, self.level.rows[slot] * self.stride)
            x = f.load(VECTOR, place, BYTES)
        else:
            row = self._source(slot)
            assert row is not None, f"%{slot} lies in no row"
            x = f.load(VECTOR, f.element(self.bases[row], self.lane))
        return from_memory(x, self.program.is_truth(slot))

    def _compute(self, op: Op, operands: tuple[int, ...]) -> Number:
        if op is checked_index:
            count = self.module.constant(operands[1])
            assert count is not None
            return checked(self.f, self._operand(operands[0]), count, self.mask)
        if op is gather:
            return self._gathered(ir.to_int(self._operand(operands[0])), operands[1:])
        return machine_math.emit(self.f, op.name, [self._operand(i) for i in operands])

    def _gathered(self, index: Number, options: tuple[int, ...]) -> Number:
        """In each lane the option at its index: a uniform, or that lane of a row."""
        f = self.f
        if not self.program.is_lane[options[0]]:
            homes = [self.module.schedule.homes[i] for i in options]
            return gathered_at(f, self.u, self._looked_up(homes, index))
        offsets = [row_offset(self.module, self.level, i) for i in options]
        return gathered_at(f, self.here, self._looked_up(offsets, index) + iota(f))

    def _looked_up(self, numbers: Sequence[int], index: Number) -> Number:
        """The entries of a table at eight indices."""
        table = self.module.table(self.f, numbers, INTEGER)
        return ir.bits(gathered_at(self.f, table, index))


_MASKED = (ops.lane_sum, checked_index)


def row_offset(module: Module, level: Level, slot: int) -> int:
    """Where a scratch row begins, in doubles."""
    copied = level.copies.get(slot)
    row = ONES_ROW if slot == ONES else level.rows[slot] if copied is None else copied
    return row * module.schedule.stride


# -- kernels -------------------------------------------------------------------------------------


def write_copies(module: Module, level: Level, name: str) -> None:
    """A function that copies rows of the batch that loops need to scratch rows."""
    f = module.function(name, LANE_PARAMETERS)
    _, _, rows, scratch, first, vectors = f.arguments
    table: list[int] = []
    for slot in level.copies:
        source = module.input_rows.get(slot, module.kept_rows.get(slot))
        assert source is not None, f"%{slot} lies in no row"
        table += [source, row_offset(module, level, slot)]
    numbers = len(level.copies), first, vectors
    module.kernel(f, "copies", [rows, scratch, module.table(f, table), *numbers])
    f.ret()


def _long_dots(module: Module, level: Level, f: Function, step: LongDots) -> None:
    """Dots of uniforms with the same rows several at a time, the others one by one."""
    layers: dict[tuple[int, ...], list[int]] = defaultdict(list)
    singles: dict[tuple[bool, int], list[int]] = defaultdict(list)
    for slot in step.slots:
        layers[halves(module, slot)[1]].append(slot)
    for xs, slots in layers.items():
        of_lanes = module.program.is_lane[halves(module, slots[0])[0][0]]
        if of_lanes or len(slots) < SIDE_BY_SIDE:
            singles[of_lanes, len(xs)] += slots
        else:
            _layer(module, level, f, slots, xs)
    for (of_lanes, length), slots in singles.items():
        weights, others = [], []
        for slot in slots:
            ws, xs = halves(module, slot)
            weights += [
                row_offset(module, level, w) if of_lanes else module.schedule.homes[w] for w in ws
            ]
            others += [row_offset(module, level, x) for x in xs]
        results = [row_offset(module, level, slot) for slot in slots]
        tables = [module.table(f, table) for table in (weights, others, results)]
        kernel = "lane_by_lane_dots" if of_lanes else "uniform_by_lane_dots"
        _call_dots(module, f, kernel, tables, length, len(slots))


def _layer(
    module: Module, level: Level, f: Function, slots: Sequence[int], xs: Sequence[int]
) -> None:
    """Dots that share their rows, in groups; the last group is filled up with a repetition."""
    side = kernels.tile_side()
    spares = -len(slots) % side
    weights = [halves(module, slot)[0] for slot in [*slots, *[slots[-1]] * spares]]
    homes = [
        module.schedule.homes[ws[k]]
        for at in range(0, len(weights), side)
        for k in range(len(xs))
        for ws in weights[at : at + side]
    ]
    results = [row_offset(module, level, slot) for slot in slots]
    results += [SPARE_ROW * module.schedule.stride] * spares
    rows = [row_offset(module, level, x) for x in xs]
    tables = [module.table(f, table) for table in (homes, rows, results)]
    _call_dots(module, f, "layer_dots", tables, len(xs), len(weights) // side)


def _call_dots(
    module: Module, f: Function, kernel: str, tables: Sequence[Number], length: int, groups: int
) -> None:
    _, u, _, scratch, _, vectors = f.arguments
    module.kernel(f, kernel, [u, scratch, *tables, length, groups, vectors])


SUM_PARAMETERS = [
    *[(name, POINTER) for name in ("state", "scratch", "results")],
    *[(name, INTEGER) for name in ("vectors", "tail", "is_first", "is_last")],
]


def write_sums(module: Module, level: Level, name: str) -> None:
    """A function of `SUM_PARAMETERS`: all sums over the lanes of a level that has many."""
    f = module.function(name, SUM_PARAMETERS)
    state, scratch, results, *rest = f.arguments
    stripes, tiling = word(f, state, STRIPES), level.tiling
    assert tiling is not None
    groups = [tiling.singles[i : i + SINGLES] for i in range(0, len(tiling.singles), SINGLES)]
    tiles = [(*a, *b) for a, b in tiling.tiles]
    singles = [[pair[i] for i in (0, 1) for pair in group] for group in groups]
    done = 0
    for kernel, found, size in (
        ("tiled_sums", tiles, tiling.side**2),
        ("single_sums", singles, SINGLES),
    ):
        if found:
            offsets = [row_offset(module, level, i) for rows in found for i in rows]
            places = f.element(stripes, done, VECTOR), f.element(results, done)
            table = module.table(f, offsets)
            module.kernel(f, kernel, [scratch, table, *places, len(found), *rest])
        done += size * len(found)
    f.ret()
