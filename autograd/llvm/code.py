"""Compiled code that describes itself: what it computes, and what it needs to run."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, fields

from autograd.llvm import kernels, machine


@dataclass(frozen=True, slots=True)
class Layout:
    """What a frame has to allocate, in doubles and rows, for one program."""

    uniform_inputs: int
    uniform_outputs: int
    uniform_size: int
    lane_inputs: int
    lane_outputs: int
    kept_rows: int
    stride: int
    scratch_rows: int
    sums: int  # of the level that has most
    levels: int
    levels_with_lanes: int  # as bits
    kernels: int  # as bits, in the order of `kernels.NAMES`
    constants: int  # among the uniforms
    outputs: int
    calls_back: int  # whether it calls Python functions


KINDS = "number", "truth", "lane"  # of an output


class Code:
    """Machine code of one program, with the numbers of `Layout` that lie beside it; immutable."""

    __slots__ = ("constants", "kernels", "layout", "library", "outputs")

    def __init__(self, library: machine.Library, fastmath: bool) -> None:
        self.library = library
        at = library.addresses("layout", "constants", "outputs", "run")  # at once: that is faster
        numbers = (ctypes.c_int64 * len(fields(Layout))).from_address(at[0])
        self.layout = layout = Layout(*numbers)
        words = (ctypes.c_int64 * (2 * layout.constants)).from_address(at[1])
        self.constants = dict(zip(words[::2], words[1::2], strict=True))  # index → bits
        kinds = (ctypes.c_int64 * layout.outputs).from_address(at[2])
        self.outputs = [KINDS[kind] for kind in kinds]
        wanted = [name for k, name in enumerate(kernels.NAMES) if layout.kernels >> k & 1]
        self.kernels = {name: kernels.library(name, fastmath) for name in wanted}
