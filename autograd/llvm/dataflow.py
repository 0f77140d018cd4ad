"""Who computes each slot of a program, and who reads it."""

from __future__ import annotations

from collections.abc import Iterable

from autograd import ops
from autograd.llvm.expansion import LONG
from autograd.llvm.steps import Step, Straight
from autograd.ops import Op
from autograd.program import Program


class Dataflow:
    """A program by slot: the operation (None for inputs and constants), operands and users.

    `outputs` are the slots that are outputs, and where first; `cost_limit` is about how many
    instructions of the machine go into one step of straight code.
    """

    def __init__(self, program: Program, cost_limit: int) -> None:
        self.program, self.cost_limit = program, cost_limit
        self.first = first = program.first
        self.is_lane, self.level = program.is_lane, program.level
        self.ops: list[Op | None] = [None] * first
        self.operands: list[tuple[int, ...]] = [()] * first
        self.ops += [op for op, _ in program.instructions]
        self.operands += [operands for _, operands in program.instructions]
        self.users: list[list[int]] = [[] for _ in self.ops]
        for slot, operands in enumerate(self.operands):
            for i in operands:
                self.users[i].append(slot)
        self.outputs = {slot: at for at, slot in reversed(list(enumerate(program.outputs)))}
        self.step_of: dict[int, Step] = {}  # of straight instructions

    def sums_lanes(self, slot: int) -> bool:
        """Whether the slot is a lane_sum of what differs from lane to lane."""
        return self.ops[slot] is ops.lane_sum and self.is_lane[self.operands[slot][0]]

    def is_long_dot(self, slot: int) -> bool:
        """Whether the slot is a dot of so many products that it is a loop."""
        return self.ops[slot] is ops.dot and len(self.operands[slot]) // 2 > LONG

    def cut(self, slots: Iterable[int]) -> list[Step]:
        """Straight steps of at most the limit, in the given order."""
        parts: list[list[int]] = []
        cost = self.cost_limit
        for slot in slots:
            price = max(1, len(self.operands[slot]) - 1)
            if cost + price > self.cost_limit:
                parts.append([])
                cost = 0
            parts[-1].append(slot)
            cost += price
        steps: list[Step] = []
        for part in parts:
            steps.append(Straight(tuple(part)))
            self.step_of.update(dict.fromkeys(part, steps[-1]))
        return steps
