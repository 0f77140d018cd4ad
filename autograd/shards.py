"""Programs whose lanes lie in shards: what a process computes of the shard that it holds.

A process compiles each stage once, keeps the code for the next call, and finds it on its disk when
it is started anew. A long shard is computed in pieces, so that buffers stay small; where they end
depends on the program and the shard alone, and so do the bits of their sums.
"""

from __future__ import annotations

import pickle
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar

import numpy

from autograd.backends import code_of
from autograd.real import is_lazy
from autograd.stages import stages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from autograd.backends import AnyCode, AnyFrame
    from autograd.program import Program

    Floats = numpy.ndarray[Any, numpy.dtype[numpy.float64]]
    Settings = tuple[str, bool, int]  # backend, fastmath, threads
    Uniforms = Sequence[float] | Floats
    # Writes the lanes from one up to another into rows, one for each lane input.
    Fill = Callable[[Floats, int, int], None]

__all__ = ["ShardProgram", "added", "is_lazy", "pairwise"]

PIECE = 1 << 16  # lanes of a shard that are computed at once, at most
PIECE_BYTES = 1 << 22  # of their rows; what is in the cache when it is computed with
CODES_KEPT, FRAMES_KEPT = 64, 8  # in a process

Item = TypeVar("Item")


class ShardProgram:
    """A program in stages, to be sent to the processes that hold shards of its lanes.

    `uniforms` are, one after the other, the program's inputs that are no lanes, the number of all
    lanes, and the sums of the levels before, as far as they are known. `fill(rows, start, stop)`
    writes those lanes of the shard. The same bits for the same shards, wherever they are computed.

    >>> from functools import partial
    >>> from autograd import jit, vmap
    >>> mean_square = jit(lambda w, x: vmap(lambda x: w * x * x, reduce="mean")(x))
    >>> work = ShardProgram(mean_square.program(2.0, numpy.ones(4)))
    >>> shards = [numpy.array([1.0, 2.0]), numpy.array([3.0])]
    >>> def sums_of(shard):
    ...     def fill(rows, start, stop):
    ...         rows[:] = shard[start:stop]
    ...     return work.local_sums(0, [2.0, 3.0], len(shard), fill)
    >>> total = pairwise([sums_of(shard) for shard in shards], partial(map, added))
    >>> work.uniform_outputs([2.0, 3.0, *total]).tolist()
    [9.333333333333334]
    """

    __slots__ = ("_lanes", "_sums", "_uniform")

    def __init__(
        self, program: Program, backend: str = "llvm", fastmath: bool = False, threads: int = 1
    ) -> None:
        cut, settings = stages(program), (backend, fastmath, threads)
        self._sums = [_Stage(each, settings) for each in cut.sums]
        self._uniform = _Stage(cut.uniform, settings)
        self._lanes = _Stage(cut.lanes, settings)

    @property
    def levels(self) -> int:
        """How many times local sums are taken, each of what the ones before added up to."""
        return len(self._sums)

    @property
    def lane_count(self) -> int:
        """How many of the program's outputs are lanes."""
        return len(self._lanes.program.outputs)

    def local_sums(self, level: int, uniforms: Uniforms, lanes: int, fill: Fill) -> Floats:
        """The sums of that level, from 0, over the lanes of one shard."""
        stage = self._sums[level]
        total: Floats = numpy.zeros(len(stage.program.outputs))
        for start, stop in stage.pieces(lanes):
            frame = stage.borrow(stop - start)
            stage.compute(frame, uniforms, start, stop, fill)
            sums = frame.uniform_outputs
            total = added(total, sums) if start else sums.copy()
            stage.give_back(frame, stop - start)
        return total

    def uniform_outputs(self, uniforms: Uniforms) -> Floats:
        """The program's outputs that are no lanes, once the sums of all levels are known."""
        frame = self._uniform.borrow(1)
        self._uniform.compute(frame, uniforms, 0, 1, lambda rows, start, stop: None)
        outputs: Floats = frame.uniform_outputs.copy()
        self._uniform.give_back(frame, 1)
        return outputs

    def lane_outputs(self, uniforms: Uniforms, lanes: int, fill: Fill) -> Floats:
        """The program's outputs that are lanes, a row each, for the lanes of one shard."""
        stage = self._lanes
        outputs: Floats = numpy.empty((len(stage.program.outputs), lanes))
        for start, stop in stage.pieces(lanes):
            frame = stage.borrow(stop - start)
            stage.compute(frame, uniforms, start, stop, fill)
            outputs[:, start:stop] = frame.lane_outputs[:, : stop - start]
            stage.give_back(frame, stop - start)
        return outputs


class _Stage:
    """A program with what is said of it to the compiler; equal where all of that is."""

    __slots__ = ("_digest", "_rows", "program", "settings")

    def __init__(self, program: Program, settings: Settings) -> None:
        self.program, self.settings = program, settings
        outputs = [slot for slot in program.outputs if program.is_lane[slot]]
        self._rows = max(sum(program.lane_inputs) + len(outputs), 1)  # of lanes, in a frame
        instructions = [(op.name, operands) for op, operands in program.instructions]
        parts = program.lane_inputs, program.constants, instructions, program.outputs
        self._digest = sha256(pickle.dumps((parts, settings))).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Stage) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)

    def pieces(self, lanes: int) -> Iterator[tuple[int, int]]:
        """Where each piece of so many lanes begins and ends."""
        length = min(PIECE, max(PIECE_BYTES // (8 * self._rows) // 8 * 8, 8))  # a vector has 8
        for start in range(0, lanes, length):
            yield start, min(start + length, lanes)

    def borrow(self, lanes: int) -> AnyFrame:
        """Buffers that no other thread uses."""
        try:
            return _free_frames(self, lanes).pop()
        except IndexError:
            return _code(self).frame(lanes, threads=self.settings[2])

    def give_back(self, frame: AnyFrame, lanes: int) -> None:
        """The frame to whoever comes next."""
        _free_frames(self, lanes).append(frame)

    def compute(
        self, frame: AnyFrame, uniforms: Uniforms, start: int, stop: int, fill: Fill
    ) -> None:
        """Run it on these lanes. IndexError where an index is out of range."""
        frame.uniform_inputs[:] = uniforms
        fill(frame.lane_inputs[:, : stop - start], start, stop)
        frame.run()


@lru_cache(CODES_KEPT)
def _code(stage: _Stage) -> AnyCode:
    backend, fastmath, _ = stage.settings
    return code_of(stage.program, backend, fastmath)


@lru_cache(FRAMES_KEPT)
def _free_frames(stage: _Stage, lanes: int) -> list[AnyFrame]:
    return []


# -- adding up -----------------------------------------------------------------------------------


def pairwise(
    items: Sequence[Item], add: Callable[[Sequence[Item], Sequence[Item]], Iterable[Item]]
) -> Item:
    """The items added in pairs, and what that gives in pairs again, whoever does it.

    `add` is given the first and the second of each pair of a round, and gives all their sums.

    >>> pairwise(["a", "b", "c", "d", "e"], lambda a, b: [f"({x}{y})" for x, y in zip(a, b)])
    '(((ab)(cd))e)'
    """
    while len(items) > 1:
        even = len(items) // 2 * 2
        items = [*add(items[:even:2], items[1:even:2]), *items[even:]]
    return items[0]


def added(a: Floats, b: Floats) -> Floats:
    """Two local sums, as one; silent where that is not finite."""
    with numpy.errstate(all="ignore"):
        total: Floats = a + b
    return total
