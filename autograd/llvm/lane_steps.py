"""In which steps the lanes of a level are computed, and in which scratch rows they lie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from autograd import ops
from autograd.llvm.dataflow import Dataflow
from autograd.llvm.expansion import gather
from autograd.llvm.steps import FIRST_ROW, ONES, Level, LongDots
from autograd.llvm.tiling import tiling

FEW_SUMS = 12  # over lanes: so many are accumulated in registers, more in a loop with a table


def plan_lanes(flow: Dataflow, level: Level, slots: Sequence[int], tile_side: int) -> None:
    """Phase by phase: straight code, and then the long dots that it was waiting for."""
    has_many = len(level.sums) > FEW_SUMS
    left_out = _tile(flow, level, tile_side) if has_many else set()
    phase: dict[int, int] = {}
    straight: dict[int, list[int]] = defaultdict(list)
    dots: dict[int, list[int]] = defaultdict(list)
    for slot in slots if has_many else sorted([*slots, *level.sums]):
        if slot in left_out:
            continue
        waits = max([phase.get(i, 0) for i in flow.operands[slot]], default=0)
        if flow.is_long_dot(slot):
            phase[slot] = waits + 1
            dots[waits].append(slot)
        else:
            phase[slot] = waits
            straight[waits].append(slot)
    for at in range(max(phase.values(), default=-1) + 1):
        level.lanes += flow.cut(straight.get(at, []))
        if dots.get(at):
            level.lanes.append(LongDots(tuple(dots[at])))


def _tile(flow: Dataflow, level: Level, side: int) -> set[int]:
    """Tiles for the sums over lanes; the products that need no instruction of their own."""
    pairs: dict[int, tuple[int, int]] = {}
    left_out = set()
    for slot in level.sums:
        (x,) = flow.operands[slot]
        if _is_only_summed(flow, x):
            a, b = flow.operands[x]
            pairs[slot] = a, b
            left_out.add(x)
        else:
            pairs[slot] = x, ONES
    level.tiling = tiling(pairs, side)
    return left_out


def _is_only_summed(flow: Dataflow, slot: int) -> bool:
    """Whether it is a product of two lanes that nobody but one lane_sum reads."""
    return (
        flow.ops[slot] is ops.multiply
        and len(flow.users[slot]) == 1
        and slot not in flow.outputs
        and all(flow.is_lane[i] for i in flow.operands[slot])
    )


def kept_lanes(flow: Dataflow) -> dict[int, int]:
    """The lane instructions that a later level uses, numbered."""
    kept: dict[int, int] = {}
    for slot in range(flow.first, len(flow.ops)):
        if flow.is_lane[slot]:
            level = flow.level[slot]
            if any(flow.is_lane[u] and flow.level[u] > level for u in flow.users[slot]):
                kept[slot] = len(kept)
    return kept


# -- scratch rows --------------------------------------------------------------------------------


def assign_rows(flow: Dataflow, level: Level, kept: dict[int, int]) -> int:
    """Scratch rows for what one step hands to another; how many rows that takes."""
    born = {slot: at for at, step in enumerate(level.lanes) for slot in step.slots}
    last: dict[int, int] = {}
    to_the_end = set(level.tiling.rows()) - {ONES} if level.tiling else set()
    for at, step in enumerate(level.lanes):
        is_loop = isinstance(step, LongDots)
        for slot in step.slots:
            operands = flow.operands[slot]
            options = set(operands[1:]) if flow.ops[slot] is gather else ()
            for i in operands:
                if flow.is_lane[i] and (is_loop or i in options or born.get(i, at) != at):
                    last[i] = at
            if is_loop:
                last[slot] = at
                if slot in flow.outputs or slot in kept:
                    to_the_end.add(slot)
    last.update(dict.fromkeys(to_the_end, len(level.lanes)))
    return _color(level, born, last)


def _color(level: Level, born: dict[int, int], last: dict[int, int]) -> int:
    """Each value gets the lowest row that nobody needs any more when its step begins."""
    free: list[int] = []
    ending: dict[int, list[int]] = defaultdict(list)
    count, over = FIRST_ROW, -1  # rows, and the last step whose rows are free again
    for slot in sorted(last, key=lambda slot: (born.get(slot, -1), slot)):
        step = born.get(slot, -1)
        while over < step - 1:
            over += 1
            free = sorted([*free, *ending.pop(over, [])], reverse=True)
        if free:
            row = free.pop()
        else:
            row, count = count, count + 1
        (level.rows if slot in born else level.copies)[slot] = row
        ending[last[slot]].append(row)
    return count
