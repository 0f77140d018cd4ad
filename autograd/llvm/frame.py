"""The buffers of one caller, and the call of the machine code on them."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import TYPE_CHECKING

import numpy

from autograd.ieee import BLOCK
from autograd.llvm.builtin import BAD_INDEX, builtin
from autograd.llvm.code import Code
from autograd.llvm.kernels import NAMES
from autograd.llvm.machine_math import CALLBACKS
from autograd.llvm.module import (
    FIRST_KERNEL,
    LANES,
    ROWS,
    RUN,
    SCRATCH,
    STATE_WORDS,
    STATUS,
    STRIPES,
    SUMS,
    UNIFORMS,
)
from autograd.llvm.steps import ONES_ROW, VECTOR, aligned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Doubles = NDArray[numpy.float64]
    Words = NDArray[numpy.int64]

CALLED_BACK = tuple([op.value for op in CALLBACKS.values()])
FEWEST_STRIPES = 16  # at least those of the few sums that are in no tile
ROUND = 8  # blocks for each thread between two additions to the sums


class Frame:
    """What one caller needs to run a compiled program, a thread at a time.

    Fill `uniform_inputs` and `lane_inputs[:, :lanes]`, call `run`, read `uniform_outputs` and
    `lane_outputs[:, :lanes]`. Rows are padded to a multiple of eight lanes, which count for
    nothing. Truth values are 1.0 and 0.0. `run()` drops the GIL. It raises IndexError where an
    index of `take`, `softmax` or `cross_entropy` is out of range; then the outputs mean nothing.
    """

    def __init__(self, compiled: Code, lanes: int, threads: int) -> None:
        if lanes < 1 or threads < 1:
            raise ValueError(f"expected at least 1 lane and 1 thread, not {lanes} and {threads}")
        self.lanes = lanes
        layout = compiled.layout
        uniforms = _doubles(layout.uniform_size)
        for at, bits in compiled.constants.items():
            uniforms.view(numpy.int64)[at] = bits
        self.uniform_inputs = uniforms[: layout.uniform_inputs]
        self.uniform_outputs = uniforms[layout.uniform_inputs :][: layout.uniform_outputs]
        rows, length = layout.lane_inputs + layout.lane_outputs + layout.kept_rows, aligned(lanes)
        batch = _doubles(rows * length).reshape(rows, length)
        self.lane_inputs = batch[: layout.lane_inputs]
        self.lane_outputs = batch[layout.lane_inputs :][: layout.lane_outputs]
        starts = batch.ctypes.data + 8 * length * numpy.arange(rows)
        self._rows: Words = starts.astype(numpy.int64)
        self._borrowed: dict[int, Doubles] = {}
        state = _state(compiled, lanes)
        state[UNIFORMS], state[ROWS] = uniforms.ctypes.data, self._rows.ctypes.data
        count = threads if lanes > BLOCK and layout.levels_with_lanes else 1
        states = [state, *[state.copy() for _ in range(count - 1)]]
        rooms = [_workspace(compiled, own) for own in states]
        # All that the machine code uses: `run` keeps it alive, also without the frame.
        owner = compiled, uniforms, batch, self._rows, self._borrowed, states, rooms
        self.run: Callable[[], None]
        self.run = _InThreads(compiled, states, owner) if count > 1 else _alone(state, owner)
        if layout.calls_back:
            self.run = _Watched(self.run)

    def use_lane_input(self, i: int, array: Doubles) -> None:
        """Read lane input i from the caller's array: contiguous, a multiple of eight long.

        Each `run` reads it anew, until another array takes its place; `lane_inputs[i]` is not
        read any more. ValueError for an array that does not fit.
        """
        fits = array.dtype == numpy.float64 and array.flags.c_contiguous and array.flags.aligned
        if not fits or array.shape != (self.lanes,) or self.lanes % VECTOR:
            raise ValueError(
                f"expected a contiguous float64 array of {self.lanes} numbers, a multiple of "
                f"{VECTOR}, not {array.dtype} of shape {array.shape}; fill lane_inputs instead"
            )
        self._rows[i] = array.ctypes.data
        self._borrowed[i] = array


def _doubles(count: int) -> Doubles:
    """Zeros that begin where a vector may."""
    room = numpy.zeros(count + VECTOR)
    skip = -(room.ctypes.data // 8) % VECTOR
    return room[skip : skip + count]


def _state(compiled: Code, lanes: int) -> Words:
    """The words that machine code is given, without those that say where memory is."""
    state = numpy.zeros(STATE_WORDS, numpy.int64)
    state[LANES] = lanes
    state[RUN] = compiled.library.address("run")
    for name, kernel in compiled.kernels.items():
        state[FIRST_KERNEL + NAMES.index(name)] = kernel.address(name)
    return state


def _workspace(compiled: Code, state: Words) -> Doubles:
    """Scratch rows, stripes of sums and the sums of a block, noted in the state of a thread."""
    layout = compiled.layout
    scratch = layout.scratch_rows * layout.stride
    stripes = VECTOR * max(FEWEST_STRIPES, layout.sums)
    room = _doubles(scratch + stripes + layout.sums)
    room[ONES_ROW * layout.stride :][: layout.stride] = 1.0
    start = room.ctypes.data
    state[SCRATCH], state[STRIPES] = start, start + 8 * scratch
    state[SUMS] = start + 8 * (scratch + stripes)
    return room


def _alone(state: Words, owner: object) -> Callable[[], None]:
    return builtin(state.ctypes.data, owner)


class _Watched:
    """Runs machine code that calls Python functions, and raises what one of them raised.

    ctypes can hand an exception (a Ctrl-C, say) to nobody but `sys.unraisablehook`, and then
    goes on with a wrong number.
    """

    _lock = threading.RLock()  # the hook is one for all threads

    def __init__(self, run: Callable[[], None]) -> None:
        self._run = run

    def __call__(self) -> None:
        raised: list[BaseException] = []

        def catch(report: sys.UnraisableHookArgs) -> None:
            if report.object in CALLED_BACK and report.exc_value is not None:
                raised.append(report.exc_value)
            else:
                before(report)

        with self._lock:
            before, sys.unraisablehook = sys.unraisablehook, catch
            try:
                self._run()
            finally:
                sys.unraisablehook = before
        if raised:
            raise raised[0]


# -- several threads -----------------------------------------------------------------------------

_NUMBERS = {"uniforms": 0, "clear": 0, "blocks": 3, "fold": 1}  # behind the state


class _InThreads:
    """Runs a program with the blocks of each level spread over a pool of threads.

    Each thread has a state with scratch rows of its own, and hands in its sums block by block;
    they are added in the order of the blocks, so the bits are those of one thread.
    """

    def __init__(self, compiled: Code, states: list[Words], owner: object) -> None:
        self._owner, self._states = owner, states
        self._layout = layout = compiled.layout
        self._blocks = -(-int(states[0][LANES]) // BLOCK)
        share = -(-self._blocks // len(states))  # blocks of a thread in each round
        self._share = min(share, ROUND) if layout.sums else share
        self._sums = _doubles(len(states) * self._share * layout.sums)
        for state in states:
            state[SUMS] = self._sums.ctypes.data
        self._functions = {
            f"{stage}_{at}": _function(compiled.library.address(f"{stage}_{at}"), count)
            for at in range(layout.levels)
            for stage, count in _NUMBERS.items()
            if stage == "uniforms" or layout.levels_with_lanes >> at & 1
        }

    def __call__(self) -> None:
        for state in self._states:
            state[STATUS] = 0
        for at in range(self._layout.levels):
            self._functions[f"uniforms_{at}"](self._states[0].ctypes.data)
            if self._layout.levels_with_lanes >> at & 1:
                self._run_lanes(at)
        if any(state[STATUS] for state in self._states):
            raise IndexError(BAD_INDEX)

    def _run_lanes(self, at: int) -> None:
        first, pool = self._states[0].ctypes.data, _pool(len(self._states))
        self._functions[f"clear_{at}"](first)
        together = self._share * len(self._states)
        for start in range(0, self._blocks, together):
            end = min(start + together, self._blocks)
            parts = []
            for k, state in enumerate(self._states):
                low = min(start + k * self._share, end)
                blocks = start, low, min(low + self._share, end)
                function = self._functions[f"blocks_{at}"]
                parts.append(pool.submit(function, state.ctypes.data, *blocks))
            try:
                for part in parts:
                    part.result()
            finally:
                wait(parts)  # also after Ctrl-C: they write into the buffers
            self._functions[f"fold_{at}"](first, end - start)


def _function(address: int, numbers: int) -> Callable[..., None]:
    types = [ctypes.c_void_p, *[ctypes.c_int64] * numbers]
    return ctypes.CFUNCTYPE(None, *types)(address)


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="lanes")


if hasattr(os, "register_at_fork"):  # a forked process has none of the threads
    os.register_at_fork(after_in_child=_pool.cache_clear)
