"""When each instruction of a program runs in machine code, and where each value lies meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from autograd.llvm.dataflow import Dataflow
from autograd.llvm.expansion import gather
from autograd.llvm.lane_steps import assign_rows, kept_lanes, plan_lanes
from autograd.llvm.steps import FIRST_ROW, VECTOR, Alike, Level, Schedule, Straight, aligned
from autograd.llvm.uniform_steps import latest_levels, steps_of_uniforms
from autograd.program import Program

# Lanes of a sub-block, and how many bytes its scratch rows may take: the longest sub-blocks have
# to fit the first-level cache, the others the second.
SUBBLOCKS = ((1024, 2**15), (512, 2**15), (256, 2**15), (128, 3 * 2**18), (64, 3 * 2**18))
SHORTEST_SUBBLOCK = 32


def schedule(program: Program, cost_limit: int, tile_side: int) -> Schedule:
    """The levels and steps of a program that `expand` gave, and where its values lie. O(operands).

    Steps of straight code cost at most about `cost_limit` instructions each. `tile_side` is how
    many rows by how many a tile of sums has: what the registers of the machine hold.
    """
    flow = Dataflow(program, cost_limit)
    levels = [Level() for _ in range(max(program.level, default=0) + 1)]
    uniforms: list[list[int]] = [[] for _ in levels]
    lanes: list[list[int]] = [[] for _ in levels]
    latest, is_lane = latest_levels(flow), program.is_lane
    for slot in range(program.first, len(program)):
        if flow.sums_lanes(slot):
            levels[flow.level[slot] - 1].sums.append(slot)
        elif is_lane[slot]:
            lanes[flow.level[slot]].append(slot)
        else:
            uniforms[latest[slot]].append(slot)
    kept, row_count = kept_lanes(flow), FIRST_ROW
    for at, level in enumerate(levels):
        level.uniforms = steps_of_uniforms(flow, uniforms[at])
        plan_lanes(flow, level, lanes[at], tile_side)
        row_count = max(row_count, assign_rows(flow, level, kept))
    homes, size = _homes(flow, levels)
    return Schedule(program, levels, homes, size, kept, row_count, _subblock(row_count))


def _subblock(row_count: int) -> int:
    """The longest sub-block whose scratch rows fit."""
    for lanes, limit in SUBBLOCKS:
        if 8 * (row_count - FIRST_ROW) * (lanes + VECTOR) <= limit:
            return lanes
    return SHORTEST_SUBBLOCK


# -- the homes of uniforms -----------------------------------------------------------------------


def _homes(flow: Dataflow, levels: Sequence[Level]) -> tuple[dict[int, int], int]:
    """Where uniforms lie in memory: inputs, outputs, then all others; and the size of it all."""
    program, is_lane = flow.program, flow.is_lane
    homes = _numbered([slot for slot, lane in enumerate(program.lane_inputs) if not lane])
    outputs = [slot for slot in program.outputs if not is_lane[slot]]
    places = {slot: len(homes) + at for at, slot in reversed(list(enumerate(outputs)))}
    size = len(homes) + len(outputs)
    for slot in range(len(program.inputs), len(program)):
        if not is_lane[slot] and _needs_home(flow, slot):
            homes[slot] = size
            size += 1
    for level in levels:
        for step in level.uniforms:
            found = [places.get(slot, -1) for slot in step.slots]
            if isinstance(step, Alike) and _in_a_row(found):
                homes.update(zip(step.slots, found, strict=True))
            elif not isinstance(step, Straight):
                size = aligned(size)
                homes.update((slot, size + i) for i, slot in enumerate(step.slots))
                size = aligned(size + len(step.slots))
        level.sum_home = size = aligned(size)
        positions = level.tiling.positions if level.tiling else _numbered(level.sums)
        homes.update((slot, size + at) for slot, at in positions.items())
        size += level.sum_count
    return homes, size + VECTOR


def _needs_home(flow: Dataflow, slot: int) -> bool:
    """Whether a uniform constant, or a result of straight code, is read from memory."""
    step = flow.step_of.get(slot)
    if slot >= flow.first and step is None:
        return False  # it is no result of straight code: its home is found otherwise
    if slot < flow.first and slot in flow.outputs:
        return True
    for user in flow.users[slot]:
        reader = flow.step_of.get(user)
        if (
            reader is None
            or flow.ops[user] is gather
            or (slot >= flow.first and reader is not step)
        ):
            return True
    return False


def _in_a_row(places: Sequence[int]) -> bool:
    """Whether each place is one behind the one before."""
    first = places[0]
    return first >= 0 and all(x == first + i for i, x in enumerate(places))


def _numbered(slots: Sequence[int]) -> dict[int, int]:
    return {slot: at for at, slot in enumerate(slots)}
