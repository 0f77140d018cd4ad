"""A compiled function on arrays of Dask: each block is a shard of the lanes, computed where it is.

Nothing here brings Dask: whoever calls with its arrays has it.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy

from autograd.entry import Form, Inputs, Rows
from autograd.real import is_lazy
from autograd.shards import ShardProgram, added, pairwise
from autograd.stand_ins import StandIns
from autograd.tree import unflatten

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.assemble import Source
    from autograd.signature import Arguments
    from autograd.tree import Tree

    Array = Any  # of Dask
    Floats = numpy.ndarray[Any, numpy.dtype[numpy.float64]]
    Settings = tuple[int, str, bool]  # threads, backend, fastmath


class BlockCalls:
    """The calls of one compiled function on arrays of Dask, traced once a structure of arguments.

    `read` flattens arguments, `trace` traces them, `call` is the compiled function itself.
    """

    def __init__(
        self,
        call: Callable[..., Tree],
        read: Callable[..., tuple[Arguments, Any]],
        trace: Callable[..., Any],
        settings: Settings,
    ) -> None:
        self._call, self._read, self._trace, self._settings = call, read, trace, settings
        self._traced: list[_Traced] = []

    def __call__(self, args: tuple[Tree, ...], kwargs: dict[str, Tree]) -> Tree:
        """The function's result: numbers, and lazy arrays of Dask for what is one for each sample.

        Runs on the scheduler that Dask takes for itself. ValueError for blocks of unknown length.
        """
        stand_ins = StandIns((args, kwargs))
        arguments, fixed = self._read(*stand_ins.tree)
        traced = self._found(arguments, fixed)
        arrays = [stand_ins.original(x) for x in arguments.arrays]
        mapped = sorted({r.array for r in traced.form.spread.rows})
        if not any(is_lazy(arrays[i]) for i in mapped):
            args, kwargs = stand_ins.computed()
            return self._call(*args, **kwargs)
        return traced.run(arguments, arrays, mapped)

    def _found(self, arguments: Arguments, fixed: Any) -> _Traced:
        for traced in self._traced:
            if traced.form.fits(arguments, fixed):
                return traced
        trace = self._trace(arguments, fixed)
        threads, backend, fastmath = self._settings
        program = trace.program
        traced = _Traced(
            form=trace.form(),
            work=ShardProgram(program, backend, fastmath, threads),
            uniforms=program.lane_inputs.count(False),
            sources=trace.sources([program.kind(slot) for slot in program.outputs]),
            structure=trace.structure,
        )
        self._traced = [traced, *self._traced]
        return traced


class _Traced(NamedTuple):
    """What calls with such arguments need."""

    form: Form
    work: ShardProgram
    uniforms: int  # inputs that are no lanes
    sources: list[Source]
    structure: Any

    def run(self, arguments: Arguments, arrays: list[Array], mapped: list[int]) -> Tree:
        """The result: the sums, level by level, a task for each block and each addition."""
        delayed = _dask().delayed
        spread = self.form.spread
        count = spread.lanes(arrays)
        chunks = next(
            arrays[r.array].chunks[r.axis] for r in spread.rows if is_lazy(arrays[r.array])
        )
        blocks = [_blocks(arrays[i], spread.rows, i, chunks) for i in mapped]
        shares = list(zip(range(len(chunks)), chunks, *blocks, strict=True))
        places = [r._replace(array=mapped.index(r.array)) for r in spread.rows]
        work = delayed(_Work(self.work, places), traverse=False)
        uniforms = [*self._uniforms(arguments, arrays), float(count)]
        local_sums, add = delayed(_local_sums, pure=False), delayed(added, pure=False)
        for level in range(self.work.levels):
            given = delayed(numpy.array(uniforms), traverse=False)
            parts = [local_sums(work, given, level, *share) for share in shares]
            [sums] = _dask().compute(pairwise(parts, partial(map, add)))
            uniforms += sums.tolist()
        numbers = self.work.uniform_outputs(uniforms).tolist()
        lanes = None
        if any(source.kind == "lane" for source in self.sources):
            given = delayed(numpy.array(uniforms), traverse=False)
            outputs = delayed(_lane_outputs, pure=False)
            lanes = _joined([outputs(work, given, *share) for share in shares], chunks, self.work)
        leaves = [_leaf(source, numbers, lanes, chunks) for source in self.sources]
        return unflatten(self.structure, leaves, lanes_first=True)

    def _uniforms(self, arguments: Arguments, arrays: list[Array]) -> list[float]:
        """The numbers, and the elements of arrays, as the program wants them."""
        wanted = {e.array for e in self.form.spread.elements}
        small = _dask().compute(*[x if i in wanted else None for i, x in enumerate(arrays)])
        buffer = numpy.zeros(self.uniforms)
        read = arguments._replace(arrays=list(small))
        self.form.spread.write_numbers(Inputs(buffer, None), read)
        numbers: list[float] = buffer.tolist()
        return numbers


# -- blocks --------------------------------------------------------------------------------------


def _dask() -> Any:
    return sys.modules["dask"]


def _blocks(x: Array, rows: Sequence[Rows], number: int, chunks: tuple[int, ...]) -> list[Any]:
    """The array's blocks along its axis of samples, cut like the others', as delayed arrays."""
    axis = next(r.axis for r in rows if r.array == number)
    wanted = {k: chunks if k == axis else -1 for k in range(x.ndim)}
    cut = x.rechunk(wanted) if is_lazy(x) else _dask().array.from_array(x, chunks=wanted)
    return list(cut.to_delayed().ravel())


# -- on the workers ------------------------------------------------------------------------------


class _Work(NamedTuple):
    """What every task needs."""

    program: ShardProgram
    rows: list[Rows]  # `array` is a number among the blocks

    def fill(self, index: int, lanes: int, blocks: Sequence[Any]) -> Callable[..., None]:
        """What writes the block's lanes. ValueError for a block of another shape than it should."""
        samples = []
        for r in self.rows:
            block = numpy.asarray(blocks[r.array])
            if block.ndim != len(r.order) or block.shape[r.axis] != lanes:
                _refuse_shape(index, block, r, lanes)
            if block.size != (r.end - r.begin) * lanes:
                _refuse_shape(index, block, r, lanes)
            samples.append(block.transpose(r.order).reshape(r.end - r.begin, lanes))

        def fill(rows: Floats, start: int, stop: int) -> None:
            for r, block in zip(self.rows, samples, strict=True):
                rows[r.begin : r.end] = block[:, start:stop]

        return fill


def _refuse_shape(index: int, block: Any, r: Rows, lanes: int) -> None:
    raise ValueError(
        f"block {index} has the shape {block.shape}; expected {lanes} samples along axis {r.axis}, "
        f"of {r.end - r.begin} numbers each, as its array says"
    )


def _local_sums(
    work: _Work, uniforms: Floats, level: int, index: int, lanes: int, *blocks: Any
) -> Floats:
    fill = work.fill(index, lanes, blocks)
    try:
        return work.program.local_sums(level, uniforms, lanes, fill)
    except IndexError as error:
        raise IndexError(f"in block {index}: {error}") from error


def _lane_outputs(work: _Work, uniforms: Floats, index: int, lanes: int, *blocks: Any) -> Floats:
    fill = work.fill(index, lanes, blocks)
    try:
        return work.program.lane_outputs(uniforms, lanes, fill)
    except IndexError as error:
        raise IndexError(f"in block {index}: {error}") from error


# -- results -------------------------------------------------------------------------------------


def _joined(parts: list[Any], chunks: tuple[int, ...], work: ShardProgram) -> Array:
    """The rows of lanes of all blocks as one array, not yet computed."""
    shapes = [(work.lane_count, length) for length in chunks]
    pairs = zip(parts, shapes, strict=True)
    rows = [_dask().array.from_delayed(x, shape, dtype=float) for x, shape in pairs]
    return _dask().array.concatenate(rows, axis=1)


def _leaf(source: Source, numbers: list[float], lanes: Array, chunks: tuple[int, ...]) -> Any:
    if source.kind == "lane":
        return lanes[source.place]
    if source.kind == "spread":
        return _dask().array.full(sum(chunks), numbers[source.place], chunks=(chunks,))
    number = numbers[source.place]
    return number != 0.0 if source.kind == "truth" else number
