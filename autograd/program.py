"""A flat, single-assignment program: the graph of a traced function, without its Values."""

from __future__ import annotations

from collections import Counter

from autograd import ieee, ops

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from autograd.ops import Op

    Instruction = tuple[Op, tuple[int, ...]]
    Lanes = list[float]


class Program:
    """Inputs, constants, instructions and outputs; a slot is a position among the first three.

    An instruction is an operation of the table and the slots of its operands, which come before
    it. A slot is *uniform*, one number, or a *lane*, one number for each of many samples; an
    instruction with a lane among its operands gives a lane, except `lane_sum`, which adds one up
    to a uniform. `lane_count` is how many lanes there are.

    `run` in plain Python is the definition of what a program means; whatever compiles one has to
    agree with it. Immutable. Building one costs O(operands).

    >>> from autograd import ops
    >>> square = Program(["x"], [False], [], [(ops.multiply, (0, 0))], [1])
    >>> print(square)
    input    %0 = x
    %1 = multiply %0 %0
    output   %1
    >>> square.run([3.0])
    [9.0]
    """

    __slots__ = (
        "_lanes_and_levels",
        "constants",
        "inputs",
        "instructions",
        "lane_inputs",
        "outputs",
    )

    def __init__(
        self,
        inputs: Sequence[str],
        lane_inputs: Sequence[bool],
        constants: Sequence[float],
        instructions: Sequence[Instruction],
        outputs: Sequence[int],
    ) -> None:
        self.inputs = tuple(inputs)
        self.lane_inputs = tuple(lane_inputs)
        self.constants = tuple(constants)
        self.instructions = tuple(instructions)
        self.outputs = tuple(outputs)
        self._lanes_and_levels: tuple[list[bool], list[int]] | None = None

    # -- what stands where -----------------------------------------------------------------------

    @property
    def is_lane(self) -> list[bool]:
        """For each slot whether it is a lane."""
        return self._derived()[0]

    @property
    def level(self) -> list[int]:
        """For each slot how many sums over lanes lie between the inputs and it, at most."""
        return self._derived()[1]

    def _derived(self) -> tuple[list[bool], list[int]]:
        if self._lanes_and_levels is None:
            is_lane = [*self.lane_inputs, *[False] * len(self.constants)]
            level = [0] * len(is_lane)
            for op, operands in self.instructions:
                lane, highest = False, 0
                for i in operands:
                    lane = lane or is_lane[i]
                    highest = max(highest, level[i])
                is_lane.append(lane and op is not ops.lane_sum)
                level.append(highest + (op is ops.lane_sum))
            self._lanes_and_levels = is_lane, level
        return self._lanes_and_levels

    @property
    def first(self) -> int:
        """The slot of the first instruction."""
        return len(self.inputs) + len(self.constants)

    def __len__(self) -> int:
        """How many slots there are."""
        return self.first + len(self.instructions)

    def numbered(self) -> Iterator[tuple[int, Op, tuple[int, ...]]]:
        """Each instruction as its slot, operation and operands."""
        for slot, (op, operands) in enumerate(self.instructions, self.first):
            yield slot, op, operands

    def is_truth(self, slot: int) -> bool:
        """Whether the slot holds a truth value instead of a number."""
        return slot >= self.first and gives_truth(self.instructions[slot - self.first][0])

    def kind(self, slot: int) -> str:
        """Whether the slot is a "lane", or a uniform "number" or "truth"."""
        return "lane" if self.is_lane[slot] else "truth" if self.is_truth(slot) else "number"

    def __str__(self) -> str:
        """One line a slot; a lane is marked with a star, an output with its slot at the end."""
        lines = []
        for slot, name in enumerate(self.inputs):
            lines.append(f"input    {self._name(slot)} = {name}")
        for slot, number in enumerate(self.constants, len(self.inputs)):
            lines.append(f"constant {self._name(slot)} = {number!r}")
        for slot, op, operands in self.numbered():
            lines.append(" ".join([f"{self._name(slot)} = {op.name}", *map(self._name, operands)]))
        lines.append(" ".join(["output  ", *map(self._name, self.outputs)]))
        return "\n".join(lines)

    def _name(self, slot: int) -> str:
        return f"%{slot}*" if self.is_lane[slot] else f"%{slot}"

    def __repr__(self) -> str:
        counts = Counter(op.name for op, _ in self.instructions)
        busiest = ", ".join(f"{n} {name}" for name, n in counts.most_common(5))
        return (
            f"<Program: {len(self.inputs)} inputs, {len(self.instructions)} instructions"
            f"{f' ({busiest})' if busiest else ''}, {len(self.outputs)} outputs>"
        )

    # -- what holds of every program -------------------------------------------------------------

    def verify(self) -> None:
        """AssertionError where it is no program: for tests of what makes and changes programs."""
        assert len(self.inputs) == len(self.lane_inputs), "each input is a lane or not"
        for number in self.constants:
            assert number.__class__ is float, number
        for slot, op, operands in self.numbered():
            assert all(0 <= i < slot for i in operands), f"%{slot} uses what comes later"
            truths = [self.is_truth(i) for i in operands]
            if op in (ops.logical_and, ops.logical_or, ops.logical_not):
                assert all(truths), f"%{slot} joins what is no truth value"
            else:
                allowed = 1 if op is ops.where else 0
                assert not any(truths[allowed:]), f"%{slot} computes with a truth value"
            assert _takes(op, len(operands)), f"%{slot} has {len(operands)} operands"
        assert all(0 <= i < len(self) for i in self.outputs), "an output is no slot"

    # -- what it means ---------------------------------------------------------------------------

    def run(self, inputs: Sequence[float | Lanes], lanes: int | None = None) -> list[Any]:
        """The outputs: a float (a bool from a comparison) for a uniform, a list for a lane.

        One number for each uniform input, a list of one length for each lane input; `lanes` says
        that length where there is no lane input. ValueError for other lengths or no lanes,
        IndexError for an index out of range. O(instructions · lanes) table lookups.
        """
        count = self._lanes(inputs, lanes)
        values: list[Any] = [*inputs, *self.constants]
        is_lane = self.is_lane
        for slot, op, operands in self.numbered():
            xs = [values[i] for i in operands]
            if op is ops.lane_count:
                values.append(float(count))
            elif op is ops.lane_sum:
                spread = xs[0] if is_lane[operands[0]] else [xs[0]] * count
                values.append(ieee.lane_sum(*spread))
            elif is_lane[slot]:
                columns = [
                    x if is_lane[i] else [x] * count for i, x in zip(operands, xs, strict=True)
                ]
                values.append(list(map(op.value, *columns)))
            else:
                values.append(op.value(*xs))
        return [values[i] for i in self.outputs]

    def __call__(self, *inputs: Any, xp: Any) -> list[Any]:
        """The outputs as arrays of a library, on its device: NumPy, PyTorch, JAX, Dask, CuPy …

        `xp` is the library's namespace, as the Array API standard has it: `numpy`, `torch`,
        `jax.numpy`, `dask.array`. A lane input is an array of floats, of one shape for all, another
        input one number or an array without axes; a program without lanes is computed element by
        element. It works inside `jax.jit` and on PyTorch tensors anywhere. Precision, and the order
        of sums over lanes, are the library's, numbers have that of the widest array; an index out
        of range, for which `run` raises, gives nan.

        A derivative that the library takes of it is that of the program, at ties of logits and at 0
        too. Its own are those at the kinks of abs, hypot, maximum, minimum and remainder, beside
        nan and several infinite logits, of a `where` whose other branch has an infinite or no
        slope, and below 1e-16; PyTorch has none of floor_divide. `jit(grad(f)).program` has the
        table's everywhere.

        ValueError for another number of inputs, lanes of several shapes or none, an array for what
        is one number, or more than 65,504 lanes to count in float16; TypeError for arrays of
        integers or of another library, or no array; NotImplementedError, by name, for a function
        that the library does not have. O(instructions) calls of the library; `take` and its like
        are as many as operands.

        >>> import numpy
        >>> from autograd import jit, sin
        >>> program = jit(lambda x, y: x * y + sin(x)).program(1.0, 1.0)
        >>> program(numpy.asarray([0.0, 1.0]), 3.0, xp=numpy)
        [array([0.        , 3.84147098])]
        """
        from autograd.lanes import run_lanes

        return run_lanes(self, inputs, xp)

    def _lanes(self, inputs: Sequence[Any], lanes: int | None) -> int:
        if len(inputs) != len(self.inputs):
            raise ValueError(f"expected {len(self.inputs)} inputs, not {len(inputs)}")
        lengths = {len(x) for x, is_lane in zip(inputs, self.lane_inputs, strict=True) if is_lane}
        lengths |= set() if lanes is None else {lanes}
        if len(lengths) > 1 or 0 in lengths:
            raise ValueError(f"expected lanes of one length, at least 1, not of {sorted(lengths)}")
        return lengths.pop() if lengths else 1


def gives_truth(op: Op) -> bool:
    """Whether the operation's result is a truth value: a comparison, or what joins such."""
    return not op.partials and op is not ops.lane_count


def _takes(op: Op, count: int) -> bool:
    """Whether the operation can have so many operands."""
    if op is ops.lane_count:
        return count == 0
    if isinstance(op.partials, tuple):
        return count == (len(op.partials) or 2 - (op is ops.logical_not))
    if op is ops.clip:
        return count == 3
    return op in (ops.sum, ops.dot) or count >= len(op.domain)
