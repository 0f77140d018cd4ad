"""In which steps the uniform instructions of a level run: where many are alike, in loops."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from autograd import ops
from autograd.llvm.dataflow import Dataflow
from autograd.llvm.expansion import checked_index, gather, logsumexp_near_zero
from autograd.llvm.steps import Alike, LongDots, Step

ALIKE = 24  # instructions of one kind and one depth: so many become a loop
MANY_OPERANDS = 4  # of which it does not matter what they are

# These do more than compute a number from a few: no loop is made of them.
UNLIKE = frozenset({checked_index, gather, logsumexp_near_zero, ops.lane_sum, ops.lane_count})

Loops = dict[int, list[list[int]]]  # the slots of each, by their depth


def latest_levels(flow: Dataflow) -> list[int]:
    """For each slot the level before which nobody needs it: there it may meet others alike."""
    latest = list(flow.level)
    for slot in range(len(latest) - 1, flow.first - 1, -1):
        users = flow.users[slot]
        is_free = users and not flow.is_lane[slot] and slot not in flow.outputs
        if is_free and not any(flow.is_lane[user] for user in users):
            latest[slot] = min([latest[user] for user in users])
    return latest


def steps_of_uniforms(flow: Dataflow, slots: Sequence[int]) -> list[Step]:
    """Straight code, and a loop wherever many instructions are alike. O(operands)."""
    depth: dict[int, int] = {}
    alike: dict[object, list[int]] = defaultdict(list)
    for slot in slots:
        depth[slot] = 1 + max([depth.get(i, -1) for i in flow.operands[slot]], default=-1)
        if flow.ops[slot] not in UNLIKE:
            alike[depth[slot], flow.ops[slot], _kinds(flow, slot)].append(slot)
    loops: Loops = defaultdict(list)
    for members in alike.values():
        if len(members) >= ALIKE or flow.is_long_dot(members[0]):
            loops[depth[members[0]]].append(members)
    return _by_depth(flow, slots, max(depth.values()), loops) if loops else flow.cut(slots)


def _kinds(flow: Dataflow, slot: int) -> object:
    """What operands have in common for a loop: who computes them, or that they are the same."""
    operands = flow.operands[slot]
    if len(operands) > MANY_OPERANDS:
        return len(operands)
    kinds = [i if len(flow.users[i]) >= ALIKE else flow.ops[i] for i in operands]
    return (*kinds, len(set(operands)))


def _by_depth(flow: Dataflow, slots: Sequence[int], deepest: int, loops: Loops) -> list[Step]:
    """The loops of each depth, and behind them the straight code that waits for them."""
    stage = {slot: at for at, found in loops.items() for members in found for slot in members}
    looped = set(stage)
    straight: dict[int, list[int]] = defaultdict(list)
    for slot in slots:
        if slot not in looped:
            stage[slot] = max([stage.get(i, 0) for i in flow.operands[slot]], default=0)
            straight[stage[slot]].append(slot)
    _arrange(flow, loops)
    fused = _fuse(flow, loops)
    steps: list[Step] = []
    for at in range(deepest + 1):
        for members in loops.get(at, []):
            if flow.is_long_dot(members[0]):
                steps.append(LongDots(tuple(members)))
            elif members[0] not in fused:
                steps.append(Alike(tuple(members), tuple(_inner(flow, members, fused))))
        steps += flow.cut(straight.get(at, []))
    return steps


def _arrange(flow: Dataflow, loops: Loops) -> None:
    """Sort the loops so that those that feed one another, or outputs, find them in a row."""
    order = dict(flow.outputs)
    last = len(flow.ops)
    for at in sorted(loops, reverse=True):
        for members in loops[at]:
            members.sort(key=lambda slot: (order.get(slot, last), slot))
            for place, slot in enumerate(members):
                for i in flow.operands[slot]:
                    order.setdefault(i, order.get(slot, place))


# -- loops within loops --------------------------------------------------------------------------


def _fuse(flow: Dataflow, loops: Loops) -> dict[int, list[int]]:
    """Loops whose results are nothing but a column of operands of one other loop.

    By the first of their slots, sorted into that loop's order.
    """
    found = [m for at in sorted(loops, reverse=True) for m in loops[at]]
    found = [members for members in found if not flow.is_long_dot(members[0])]
    loop_of = {slot: members for members in found for slot in members}
    fused: dict[int, list[int]] = {}
    for members in found:
        users = {id(x): x for i in members for x in map(loop_of.get, flow.users[i])}
        user = next(iter(users.values())) if len(users) == 1 else None
        if user and not flow.outputs.keys() & members:
            column = _column(flow, user, set(members))
            if len(set(column)) == len(members):
                members[:] = column
                fused[members[0]] = members
    return fused


def _column(flow: Dataflow, users: Sequence[int], members: set[int]) -> list[int]:
    """The one member among the operands of each user; nothing if its place varies."""
    column = []
    first = flow.operands[users[0]]
    places = [at for at, i in enumerate(first) if i in members]
    for slot in users:
        operands = flow.operands[slot]
        found = {operands[at] for at in places}
        if len(found) != 1 or sum(i in members for i in operands) != len(places):
            return []
        column.append(found.pop())
    return column


def _inner(
    flow: Dataflow, members: list[int], fused: Mapping[int, list[int]]
) -> list[tuple[int, ...]]:
    """The loops that are fused into this one, those that feed others first."""
    stages: list[tuple[int, ...]] = []
    for i in dict.fromkeys(flow.operands[members[0]]):
        if i in fused:
            stages += [*_inner(flow, fused[i], fused), tuple(fused[i])]
    return list(dict.fromkeys(stages))
