"""What a compiled function keeps for one structure of arguments: code, buffers, ways in and out."""

from __future__ import annotations

import struct
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy

from autograd.assemble import Results
from autograd.real import is_array
from autograd.signature import Arguments, number, same

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.backends import AnyCode, AnyFrame
    from autograd.traced_array import TracedArray
    from autograd.tree import Tree

FRAMES_KEPT = 4  # for so many numbers of lanes: mini-batches, and a last smaller one
FEWEST_LENT = 4096  # lanes: below, a copy costs less than another pointer


class Inputs(NamedTuple):
    """Buffers for what goes into the program, as a frame has them."""

    uniform_inputs: Any
    lane_inputs: Any


class Rows(NamedTuple):
    """An array argument that vmap maps: which array, its axis of samples, its rows of lanes."""

    array: int
    axis: int
    order: tuple[int, ...]  # of its axes, with that of the samples last
    begin: int
    end: int

    def write(self, frame: AnyFrame | Inputs, array: Any, lanes: int) -> None:
        """The array's samples into its rows."""
        samples = array.transpose(self.order).reshape(-1, lanes)
        frame.lane_inputs[self.begin : self.end, :lanes] = samples


class Elements(NamedTuple):
    """An array argument of which each element is an input: which array, and where they stand."""

    array: int
    begin: int
    end: int


class Spread:
    """Which number of the arguments goes where among the inputs of the program.

    They stand there in order: numbers, the elements of arrays, lanes. `first` has for every number
    whether it stands there; a Value at two places does once, the first time.
    """

    def __init__(self, arguments: Arguments, arrays: Sequence[TracedArray]) -> None:
        twins = arguments.twins()
        is_number = [not is_array(x) for x in arguments.leaves]
        self.first = twins and [twins[i] == i for i, is_one in enumerate(is_number) if is_one]
        self.numbers = sum(self.first) if self.first else sum(is_number)
        self.all_numbers = struct.Struct(f"{self.numbers}d")
        self.elements: list[Elements] = []
        self.rows: list[Rows] = []
        place, row = self.numbers, 0
        for i, array in enumerate(arrays):
            if array.elements:
                self.elements.append(Elements(i, place, place + len(array.elements)))
                place += len(array.elements)
            if array.lane_axis is not None:
                axis, axes = array.lane_axis, range(array.ndim)
                order = (*[k for k in axes if k != axis], axis)
                end = row + len(array.lane_inputs)
                self.rows.append(Rows(i, axis, order, row, end))
                row = end

    def of_first_argument(self, arguments: Arguments) -> tuple[int, int]:
        """Where the numbers of the first argument, or the elements of its arrays, stand."""
        if not arguments.parts:
            return 0, 0
        part = arguments.parts[0]
        count = len(part.numbers())
        blocks = [e for e in self.elements if e.array < len(part.arrays)]
        if blocks and count:
            raise TypeError(
                "bind keeps the numbers of the first argument in one buffer: give it numbers and "
                "Values, or arrays, but not both"
            )
        if blocks:
            return blocks[0].begin, blocks[-1].end
        return 0, sum(self.first[:count]) if self.first else count

    def twins_of_first_argument(self, arguments: Arguments) -> int:
        """How many places of its Values are not the first of theirs."""
        count = len(arguments.parts[0].numbers()) if arguments.parts else 0
        return self.first[:count].count(False) if self.first else 0

    def lanes(self, arrays: Sequence[Any]) -> int:
        """How many samples the mapped arrays hold. ValueError where not all the same, or none."""
        if not self.rows:
            return 1
        counts = {arrays[r.array].shape[r.axis] for r in self.rows}
        if len(counts) > 1 or 0 in counts:
            raise ValueError(f"expected one number of samples, at least 1, not {sorted(counts)}")
        return int(counts.pop())

    def write_numbers(self, frame: AnyFrame | Inputs, arguments: Arguments) -> None:
        """The numbers and elements into the uniform inputs."""
        buffer: Any = frame.uniform_inputs
        numbers = arguments.numbers()
        if self.first:
            numbers = list(compress(numbers, self.first))
        try:
            self.all_numbers.pack_into(buffer, 0, *numbers)
        except (struct.error, TypeError):
            self.all_numbers.pack_into(buffer, 0, *map(number, numbers))
        for e in self.elements:
            frame.uniform_inputs[e.begin : e.end] = arguments.arrays[e.array].ravel()

    def write_lanes(self, frame: AnyFrame | Inputs, arrays: Sequence[Any], lanes: int) -> None:
        """Each mapped array's samples into its rows of lanes."""
        for r in self.rows:
            r.write(frame, arrays[r.array], lanes)

    def lend_lanes(self, frame: AnyFrame, arrays: Sequence[Any], lanes: int) -> None:
        """The same, but a long array of one axis is read where it lies, until `take_back`."""
        if not self._lends(lanes):
            return self.write_lanes(frame, arrays, lanes)
        for r in self.rows:
            array = arrays[r.array]
            if len(r.order) == 1 and _lies_ready(array):
                frame.use_lane_input(r.begin, array)
            else:
                r.write(frame, array, lanes)
        return None

    def take_back(self, frame: AnyFrame, lanes: int) -> None:
        """Read the frame's own rows again: the caller's arrays may go, or change."""
        if self._lends(lanes):
            for r in self.rows:
                if len(r.order) == 1:
                    frame.use_lane_input(r.begin, frame.lane_inputs[r.begin])

    def _lends(self, lanes: int) -> bool:
        return lanes >= FEWEST_LENT and lanes % 8 == 0


def _lies_ready(array: Any) -> bool:
    flags = array.flags
    is_native = array.dtype == numpy.float64 and array.dtype.isnative
    return bool(is_native and flags.c_contiguous and flags.aligned)


class Form:
    """What arguments must be like to fit a trace, and which of their numbers goes where in it."""

    def __init__(self, arguments: Arguments, fixed: object, spread: Spread) -> None:
        self.structures, self.twins = arguments.structures, arguments.twins()
        self.fixed, self.spread = fixed, spread
        axes = {r.array: r.axis for r in spread.rows}
        unrolled = {e.array for e in spread.elements}
        self.shapes = [
            (None if i in unrolled else axes.get(i), x.shape)
            for i, x in enumerate(arguments.arrays)
        ]
        self._last_shapes: list[tuple[int, ...]] = []

    def fits(self, arguments: Arguments, fixed: object) -> bool:
        """Whether the trace is of such arguments, whatever the number of their samples."""
        return (
            same(self.structures, arguments.structures)
            and self.twins == arguments.twins()
            and (self.fixed is fixed or self.fixed == fixed)
            and self._fit([array.shape for array in arguments.arrays])
        )

    def _fit(self, shapes: list[tuple[int, ...]]) -> bool:
        """Whether the arrays differ at most in how many samples they hold."""
        if shapes == self._last_shapes:
            return True
        fit = all(
            _without(shape, axis) == _without(given, axis)
            for (axis, shape), given in zip(self.shapes, shapes, strict=True)
        )
        if fit:
            self._last_shapes = shapes
        return fit


class Entry(Form):
    """Code for one structure of arguments, called with any arguments that fit it."""

    def __init__(
        self,
        *,
        arguments: Arguments,
        fixed: object,
        code: AnyCode,
        threads: int,
        spread: Spread,
        assemble: Callable[[Results], Tree],
    ) -> None:
        super().__init__(arguments, fixed, spread)
        self.code, self.threads, self.assemble = code, threads, assemble
        self._frames: dict[int, list[AnyFrame]] = {}

    def call(self, arguments: Arguments) -> Tree:
        """Read the arguments, run, and build the result."""
        arrays = arguments.arrays
        lanes = self.spread.lanes(arrays)
        frame = self._borrow(lanes)
        try:
            self.spread.write_numbers(frame, arguments)
            self.spread.lend_lanes(frame, arrays, lanes)
            frame.run()
            return self.results(frame, lanes)
        finally:
            self.spread.take_back(frame, lanes)
            self._give_back(frame, lanes)

    def results(self, frame: AnyFrame, lanes: int) -> Tree:
        """The tree of what the last run of the frame gave."""
        uniforms = frame.uniform_outputs
        return self.assemble(Results(tuple(uniforms.tolist()), uniforms, frame.lane_outputs, lanes))

    def _borrow(self, lanes: int) -> AnyFrame:
        """Buffers that no other thread uses."""
        try:
            return self._frames[lanes].pop()
        except (KeyError, IndexError):
            return self.code.frame(lanes, self.threads)

    def _give_back(self, frame: AnyFrame, lanes: int) -> None:
        if lanes not in self._frames and len(self._frames) >= FRAMES_KEPT:
            oldest, *_ = self._frames  # in one step: other threads change it, too
            self._frames.pop(oldest, None)
        self._frames.setdefault(lanes, []).append(frame)


def _without(shape: tuple[int, ...], axis: int | None) -> tuple[int, ...]:
    return shape if axis is None else (*shape[:axis], *shape[axis + 1 :])
