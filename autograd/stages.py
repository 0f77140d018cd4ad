"""A program cut at its sums over lanes, so that its lanes need not lie in one place."""

from __future__ import annotations

from autograd import ops
from autograd.program import Program
from autograd.simplify import simplify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.program import Instruction

COUNT = "lane count"


class Stages:
    """The programs that one becomes: its sums, level by level, and what is computed of them.

    The inputs of each are those of the program, the number of all lanes, and the sums of the
    levels before. `sums[k]` gives the sums of level k + 1 over those lanes that it is run on: its
    *local sums*, which added up over all places are the sums. `uniform` has the program's uniform
    outputs, and no lanes among its inputs; `lanes` has its outputs that are lanes.
    """

    __slots__ = ("lanes", "sums", "uniform")

    def __init__(self, sums: Sequence[Program], uniform: Program, lanes: Program) -> None:
        self.sums, self.uniform, self.lanes = tuple(sums), uniform, lanes


def stages(program: Program) -> Stages:
    """The stages of a program, each simplified. O(operands · levels).

    >>> from autograd import ops
    >>> centred = [(ops.lane_sum, (0,)), (ops.lane_count, ()), (ops.divide, (1, 2))]
    >>> program = Program(["x"], [True], [], [*centred, (ops.subtract, (0, 3))], [4])
    >>> cut = stages(program)
    >>> print(cut.sums[0])
    input    %0* = x
    input    %1 = lane count
    %2 = lane_sum %0*
    output   %2
    >>> print(cut.lanes)
    input    %0* = x
    input    %1 = lane count
    input    %2 = sum 0
    %3 = divide %2 %1
    %4* = subtract %0* %3
    output   %4*
    """
    program = simplify(program)
    level, is_lane = program.level, program.is_lane
    sums = [slot for slot, op, _ in program.numbered() if op is ops.lane_sum]
    sums.sort(key=level.__getitem__)  # stable: in order within a level

    def at(slots: Sequence[int], below: int, keeps_lanes: bool = True) -> Program:
        known = [slot for slot in sums if level[slot] < below]
        return simplify(_cut(program, known, slots, keeps_lanes))

    highest = max([level[slot] for slot in sums], default=0)
    local = [at([s for s in sums if level[s] == k], k) for k in range(1, highest + 1)]
    uniform = [slot for slot in program.outputs if not is_lane[slot]]
    lanes = [slot for slot in program.outputs if is_lane[slot]]
    return Stages(local, at(uniform, highest + 1, keeps_lanes=False), at(lanes, highest + 1))


def _cut(
    program: Program, known: Sequence[int], outputs: Sequence[int], keeps_lanes: bool
) -> Program:
    """The part of the program that gives these slots, with the number of known sums as inputs."""
    kept = [i for i, is_lane in enumerate(program.lane_inputs) if keeps_lanes or not is_lane]
    count = len(kept)
    constants = count + 1 + len(known)
    places = {i: k for k, i in enumerate(kept)}
    places |= {slot: count + 1 + k for k, slot in enumerate(known)}
    places |= {len(program.inputs) + k: constants + k for k in range(len(program.constants))}
    given = dict(places)
    instructions: list[Instruction] = []
    needed = _needed(program, outputs, given.__contains__)
    for slot, op, operands in program.numbered():
        if slot not in needed or slot in given:
            continue
        if op is ops.lane_count:
            places[slot] = count
        else:
            places[slot] = constants + len(program.constants) + len(instructions)
            instructions.append((op, tuple([places[i] for i in operands])))
    return Program(
        [*[program.inputs[i] for i in kept], COUNT, *[f"sum {k}" for k in range(len(known))]],
        [*[program.lane_inputs[i] for i in kept], *[False] * (1 + len(known))],
        program.constants,
        instructions,
        [places[slot] for slot in outputs],
    )


def _needed(program: Program, outputs: Sequence[int], is_given: Callable[[int], bool]) -> set[int]:
    """The slots that the outputs are computed from, down to those that are given."""
    needed, waiting = set(outputs), list(outputs)
    while waiting:
        slot = waiting.pop()
        if slot >= program.first and not is_given(slot):
            more = set(program.instructions[slot - program.first][1]) - needed
            needed |= more
            waiting += more
    return needed
