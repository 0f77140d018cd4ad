"""An expression in the making: each operation is tried out before it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from autograd.ops import Op
from autograd.testing.expression import Expression

Row = tuple[Op, tuple[int | float, ...]]  # an int is a slot, a float a constant

STEEPEST = 1e3  # the slope by all leaves together: above it functions bend within one step


@dataclass(frozen=True, slots=True)
class Choice:
    """An operand: the slot of a rank among those that fit; or a new leaf or a constant."""

    kind: str
    number: float
    interval: tuple[float, float]  # in which the operation may have it


Step = tuple[Op, list[Choice]]


class Sketch:
    """Slots that hold a leaf or the result of a row, in the order in which they were made."""

    def __init__(self, leaves: Sequence[float]) -> None:
        self.slots: list[Row | None] = []  # None for a leaf
        self.data: list[float] = []
        self.slopes: list[float] = []  # bounds of |∂slot/∂leaves|, added up
        for leaf in leaves:
            self._append(None, leaf, 1.0)

    @property
    def rows(self) -> list[Row]:
        return [row for row in self.slots if row]

    def operands(self, choices: Sequence[Choice]) -> list[int | float]:
        """What the choices come to here: one variable at least, and the last one if need be."""
        variables = [choice.interval[0] < choice.interval[1] for choice in choices]
        last = max(i for i, is_variable in enumerate(variables) if is_variable)
        operands: list[int | float] = []
        for i, choice in enumerate(choices):
            is_alone = i == last and not any(isinstance(x, int) for x in operands)
            operands.append(self._operand(choice, is_alone, operands))
        return operands

    def _operand(
        self, choice: Choice, is_alone: bool, siblings: Sequence[int | float]
    ) -> int | float:
        if choice.kind == "constant" and not is_alone:
            return choice.number
        low, high = choice.interval
        number = choice.number
        if choice.kind == "slot":
            slots = self._by_need(siblings)
            fitting = [slot for slot in slots if low <= self.data[slot] <= high]
            if fitting:
                return fitting[int(number) % len(fitting)]
            number = low + (self.data[slots[0]] - low) % (high - low)  # a like one that fits
        return self._append(None, number, 1.0)

    def _by_need(self, siblings: Sequence[int | float]) -> list[int]:
        """All slots, those without a use first, and the newest first."""
        lists = [siblings, *[operands for _, operands in self.rows]]
        used = {x for operands in lists for x in operands if isinstance(x, int)}
        return sorted(range(len(self.slots)), key=lambda slot: (slot in used, -slot))

    def numbers(self, operands: Sequence[int | float]) -> tuple[float, ...]:
        """The data of slots, and constants as they are."""
        return tuple(x if isinstance(x, float) else self.data[x] for x in operands)

    def add(self, op: Op, operands: Sequence[int | float], largest: float) -> None:
        """Keep the row if its result is at most so large, and not too steep."""
        numbers = self.numbers(operands)
        y = op.value(*numbers)
        partials = op.local_grads(y, numbers)
        slope = sum(
            abs(partial) * self.slopes[x]
            for x, partial in zip(operands, partials, strict=True)
            if isinstance(x, int)
        )
        if isfinite(y) and abs(y) <= largest and slope <= STEEPEST:
            self._append((op, tuple(operands)), y, slope)

    def expression(self) -> Expression:
        """The result that was computed from most, with what it was computed from."""
        cones: list[set[int]] = []
        for slot, row in enumerate(self.slots):
            operands = [x for x in row[1] if isinstance(x, int)] if row else []
            cones.append({slot}.union(*[cones[x] for x in operands]))
        largest: set[int] = max(reversed(cones), key=len)
        needed = sorted(largest)
        order = sorted(needed, key=lambda slot: self.slots[slot] is not None)  # leaves first
        place = {slot: i for i, slot in enumerate(order)}
        rows = [row for slot in order if (row := self.slots[slot])]
        return Expression(
            tuple(self.data[slot] for slot in order if self.slots[slot] is None),
            tuple(
                (op, tuple(x if isinstance(x, float) else place[x] for x in operands))
                for op, operands in rows
            ),
        )

    def _append(self, row: Row | None, data: float, slope: float) -> int:
        self.slots.append(row)
        self.data.append(data)
        self.slopes.append(slope)
        return len(self.slots) - 1
