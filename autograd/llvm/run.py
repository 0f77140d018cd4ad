"""The functions that run a whole program: level by level, block by block of 1,024 lanes."""

from __future__ import annotations

from autograd import ops
from autograd.ieee import BLOCK
from autograd.llvm import ir
from autograd.llvm import lanes as llvm_lanes
from autograd.llvm import uniforms as llvm_uniforms
from autograd.llvm.ir import DOUBLE, INTEGER, POINTER, Number
from autograd.llvm.module import (
    LANES,
    ROWS,
    SCRATCH,
    STATUS,
    STRIPES,
    SUMS,
    UNIFORMS,
    Module,
    word,
)
from autograd.llvm.steps import Level, LongDots
from autograd.llvm.vectors import BYTES, VECTOR, below, combined, counted

BLOCK_BITS = BLOCK.bit_length() - 1


def write_program(module: Module) -> None:
    """All functions of the module, of which `run(state)` does everything.

    For several threads there are, for each level L: `uniforms_L(state)`; `blocks_L(state, start,
    first, last)`, whose sums go to the state's sums, those of block `start` first;
    `fold_L(state, count)`, which adds the sums of so many blocks to the uniforms, after
    `clear_L(state)`.
    """
    levels = module.schedule.levels
    for at, level in enumerate(levels):
        _uniforms(module, at, level, is_last=level is levels[-1])
        if has_lanes(module, at):
            _block(module, at, level)
            _blocks(module, at, level)
            _clear(module, at, level)
            _fold(module, at, level)
    _sum_of_the_same(module)
    _run(module)


def has_lanes(module: Module, at: int) -> bool:
    """Whether a level has anything to do for each lane."""
    level = module.schedule.levels[at]
    return bool(level.lanes or level.sums or _late_outputs(module, at))


def _late_outputs(module: Module, at: int) -> list[int]:
    """Lanes for rows of the batch that no straight code computes: inputs, results of loops."""
    level = module.schedule.levels[at]
    loops = [slot for step in level.lanes if isinstance(step, LongDots) for slot in step.slots]
    inputs = [slot for slot in module.lane_outputs if at == 0 and slot in module.input_rows]
    return inputs + [x for x in loops if x in module.lane_outputs or x in module.kept_rows]


# -- uniforms ------------------------------------------------------------------------------------


def _uniforms(module: Module, at: int, level: Level, *, is_last: bool) -> None:
    names = [f"uniform_{at}_{k}" for k in range(len(level.uniforms))]
    for name, step in zip(names, level.uniforms, strict=True):
        llvm_uniforms.write_step(module, name, step)
    f = module.function(f"uniforms_{at}", [("state", POINTER)])
    (state,) = f.arguments
    u = word(f, state, UNIFORMS)
    for name in names:
        f.call(name, "void", [state, u])
    if is_last:
        llvm_uniforms.move_outputs(module, f, u)
    f.ret()


def _sum_of_the_same(module: Module) -> None:
    """The sum of one number taken as often as there are lanes, in the order of a sum over lanes."""
    program = module.program
    sums = [operands for op, operands in program.instructions if op is ops.lane_sum]
    if all(program.is_lane[x] for (x,) in sums):
        return
    f = module.function("sum_of_the_same", [("x", DOUBLE), ("lanes", INTEGER)], DOUBLE)
    x, lanes = f.arguments
    everywhere = ir.splat(x)

    def block(first: Number, totals: list[Number]) -> list[Number]:
        count = _at_most(lanes - first, BLOCK)

        def vector(v: Number, stripes: list[Number]) -> list[Number]:
            return [stripes[0] + ir.select(below(f, count - v), everywhere, -0.0)]

        (stripes,) = counted(f, count, vector, [f.number(VECTOR, -0.0)], step=ir.LANES)
        return [totals[0] + ir.extract(combined(f, [stripes] * ir.LANES), 0)]

    (total,) = counted(f, lanes, block, [f.number(DOUBLE, -0.0)], step=BLOCK)
    f.ret(total)


# -- lanes ---------------------------------------------------------------------------------------


def _at_most(x: Number, bound: int) -> Number:
    return ir.select(x < bound, x, bound)


def _integer(condition: Number) -> Number:
    return condition.function.value(INTEGER, f"zext {condition} to i64")


def _block(module: Module, at: int, level: Level) -> None:
    """`block_L(state, block, results)`: the lanes of a block in sub-blocks, and their sums."""
    names = _lane_steps(module, at, level)
    parameters = [("state", POINTER), ("block", INTEGER), ("results", POINTER)]
    f = module.function(f"block_{at}", parameters)
    state, block, results = f.arguments
    u, rows, scratch, stripes = (word(f, state, i) for i in (UNIFORMS, ROWS, SCRATCH, STRIPES))
    begin, length = block << BLOCK_BITS, module.schedule.subblock
    count = _at_most(word(f, state, LANES, INTEGER) - begin, BLOCK)
    few = [] if level.tiling else [f.element(stripes, i, VECTOR) for i in range(level.sum_count)]
    for place in few:
        f.store(f.number(VECTOR, -0.0), place, BYTES)

    def subblock(first: Number, _: list[Number]) -> list[Number]:
        lanes = _at_most(count - first, length)
        vectors = (lanes + 7) >> 3
        for name in names:
            f.call(name, "void", [state, u, rows, scratch, begin + first, vectors])
        if level.tiling:
            ends = [_integer(first.equal(0)), _integer(first + length >= count)]
            numbers = [vectors, lanes & 7, *ends]
            f.call(f"sums_{at}", "void", [state, scratch, results, *numbers])
        return []

    counted(f, count, subblock, step=length)
    for i in range(0, len(few), ir.LANES):
        found = [f.load(VECTOR, place, BYTES) for place in few[i : i + ir.LANES]]
        f.store(combined(f, found), f.element(results, i))
    f.ret()


def _lane_steps(module: Module, at: int, level: Level) -> list[str]:
    """The functions of a level's lanes, in order, and beside them that of its sums."""
    names = []
    if level.copies:
        names.append(f"copies_{at}")
        llvm_lanes.write_copies(module, level, names[-1])
    for k, step in enumerate(level.lanes):
        names.append(f"lanes_{at}_{k}")
        llvm_lanes.write_step(module, level, names[-1], step)
    if late := _late_outputs(module, at):
        names.append(f"outputs_{at}")
        llvm_lanes.write_outputs(module, level, names[-1], late)
    if level.tiling:
        llvm_lanes.write_sums(module, level, f"sums_{at}")
    return names


def _blocks(module: Module, at: int, level: Level) -> None:
    numbers = [(name, INTEGER) for name in ("start", "first", "last")]
    f = module.function(f"blocks_{at}", [("state", POINTER), *numbers])
    state, start, first, last = f.arguments
    sums = word(f, state, SUMS)

    def block(b: Number, _: list[Number]) -> list[Number]:
        results = f.element(sums, (b - start) * level.sum_count)
        f.call(f"block_{at}", "void", [state, b, results])
        return []

    counted(f, last, block, start=first)
    f.ret()


def _clear(module: Module, at: int, level: Level) -> None:
    """The totals at -0.0, which is what changes no number that is added to it."""
    f = module.function(f"clear_{at}", [("state", POINTER)])
    totals = f.element(word(f, f.arguments[0], UNIFORMS), level.sum_home)

    def eight(i: Number, _: list[Number]) -> list[Number]:
        f.store(f.number(VECTOR, -0.0), f.element(totals, i))
        return []

    counted(f, f.number(INTEGER, level.sum_count), eight, step=ir.LANES)
    f.ret()


def _fold(module: Module, at: int, level: Level) -> None:
    f = module.function(f"fold_{at}", [("state", POINTER), ("count", INTEGER)])
    state, count = f.arguments
    sums = word(f, state, SUMS)
    totals = f.element(word(f, state, UNIFORMS), level.sum_home)

    def eight(i: Number, _: list[Number]) -> list[Number]:
        def add(b: Number, so_far: list[Number]) -> list[Number]:
            place = f.element(sums, b * level.sum_count + i)
            return [so_far[0] + f.load(VECTOR, place)]

        total = f.element(totals, i)
        (after,) = counted(f, count, add, [f.load(VECTOR, total)])
        f.store(after, total)
        return []

    counted(f, f.number(INTEGER, level.sum_count), eight, step=ir.LANES)
    f.ret()


def _run(module: Module) -> None:
    """`i64 run(state)`: everything, in this thread; not 0 if an index was out of range."""
    f = module.function("run", [("state", POINTER)], INTEGER)
    (state,) = f.arguments
    f.store(f.number(INTEGER, 0), f.element(state, STATUS, INTEGER))
    blocks = (word(f, state, LANES, INTEGER) + (BLOCK - 1)) >> BLOCK_BITS
    for at, level in enumerate(module.schedule.levels):
        f.call(f"uniforms_{at}", "void", [state])
        if not has_lanes(module, at):
            continue
        # The sums of the first block are the first totals.
        totals = f.element(word(f, state, UNIFORMS), level.sum_home)
        f.call(f"block_{at}", "void", [state, f.number(INTEGER, 0), totals])

        def block(b: Number, _: list[Number], at: int = at) -> list[Number]:
            f.call(f"blocks_{at}", "void", [state, b, b, b + 1])
            f.call(f"fold_{at}", "void", [state, f.number(INTEGER, 1)])
            return []

        counted(f, blocks, block, start=1)
    f.ret(word(f, state, STATUS, INTEGER))
