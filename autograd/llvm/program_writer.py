"""A program in the making: instructions, each once, on places that become slots at the end."""

from __future__ import annotations

from autograd import ops
from autograd.program import Program, gives_truth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.ops import Op
    from autograd.program import Instruction


class ProgramWriter:
    """Writes another program of the same inputs.

    A place is an input's number, or behind those an instruction's; those of constants are negative,
    as one does not know yet how many there will be. A list of something for each place has room
    for the constants at its end, where negative indices find them.

    >>> writer = ProgramWriter(Program(["x"], [False], [], [], []))
    >>> twice = writer(ops.multiply, 0, 2.0)
    >>> print(writer.program([writer(ops.add, twice, 2.0), writer(ops.multiply, 0, 2.0)]))
    input    %0 = x
    constant %1 = 2.0
    %2 = multiply %0 %1
    %3 = add %2 %1
    output   %3 %2
    """

    def __init__(self, source: Program) -> None:
        self._source = source
        self._first = len(source.inputs)
        self._lane = list(source.lane_inputs)
        self._constants: dict[str, int] = {}  # by their bits
        self._numbers: list[float] = []
        self._known: dict[Instruction, int] = {}
        self._instructions: list[Instruction] = []

    # -- writing ---------------------------------------------------------------------------------

    def constant(self, number: float) -> int:
        """The place of a number."""
        at = self._constants.setdefault(number.hex(), len(self._numbers))
        if at == len(self._numbers):
            self._numbers.append(number)
        return -1 - at

    def append(self, op: Op, xs: tuple[int, ...]) -> int:
        """The place of a new instruction."""
        self._instructions.append((op, xs))
        lane = False
        if op is not ops.lane_sum:
            for x in xs:
                if x >= 0 and self._lane[x]:
                    lane = True
                    break
        self._lane.append(lane)
        return len(self._lane) - 1

    def add(self, op: Op, xs: tuple[int, ...]) -> int:
        """The place of an instruction, which is new only if it was not added yet."""
        place = self._known.get((op, xs))
        if place is None:
            place = self._known[op, xs] = self.append(op, xs)
        return place

    def __call__(self, op: Op, *xs: int | float) -> int:
        """The same of places and of Python's floats."""
        return self.add(op, tuple([self.constant(x) if isinstance(x, float) else x for x in xs]))

    # -- what is known ---------------------------------------------------------------------------

    def number(self, place: int) -> float | None:
        """The number at a place, where that is a constant."""
        return None if place >= 0 else self._numbers[-1 - place]

    def instruction(self, place: int) -> Instruction | None:
        """The instruction at a place, where that is one."""
        return self._instructions[place - self._first] if place >= self._first else None

    def is_lane(self, place: int) -> bool:
        """Whether there is one number for each lane."""
        return place >= 0 and self._lane[place]

    def is_truth(self, place: int) -> bool:
        """Whether there is a truth value."""
        found = self.instruction(place)
        return found is not None and gives_truth(found[0])

    # -- the end ---------------------------------------------------------------------------------

    def program(self, outputs: Sequence[int]) -> Program:
        """What is needed for the outputs, in slots."""
        first, count = self._first, len(self._lane) + len(self._numbers)
        live = bytearray(count)
        for place in outputs:
            live[place] = True
        for at in range(len(self._instructions) - 1, -1, -1):
            if live[first + at]:
                for x in self._instructions[at][1]:
                    live[x] = True
        slots = [*range(first), *[0] * (count - first)]
        numbers = [at for at in range(len(self._numbers)) if live[-1 - at]]
        for slot, at in enumerate(numbers, first):
            slots[-1 - at] = slot
        instructions: list[Instruction] = []
        begin = first + len(numbers)
        for place, (op, xs) in enumerate(self._instructions, first):
            if live[place]:
                slots[place] = begin + len(instructions)
                instructions.append((op, tuple([slots[x] for x in xs])))
        constants = [self._numbers[at] for at in numbers]
        source, found = self._source, [slots[place] for place in outputs]
        return Program(source.inputs, source.lane_inputs, constants, instructions, found)
