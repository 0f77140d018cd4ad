"""A program as NumPy's operations, in the place of machine code: slower, wherever NumPy runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy

from autograd.array_operations import ArrayOperations
from autograd.ieee import position
from autograd.lanes import evaluate, quiet

if TYPE_CHECKING:
    from autograd.program import Program

    Floats = numpy.ndarray[Any, numpy.dtype[numpy.float64]]


class ArrayCode:
    """What calls of a program need to know, as `autograd.llvm.compile.CompiledProgram` tells it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.outputs = [program.kind(slot) for slot in program.outputs]

    def frame(self, lanes: int = 1, threads: int = 1) -> ArrayFrame:
        """Buffers for calls with so many lanes, of one thread at a time."""
        assert threads == 1, "jit refuses more"
        return ArrayFrame(self, lanes)


class ArrayFrame:
    """Buffers, and a call that computes with them, as `autograd.llvm.frame.Frame` has them.

    Its results are within a few ulp of the machine code's, not the same bits.
    """

    def __init__(self, code: ArrayCode, lanes: int) -> None:
        self._program, self._kinds = code.program, code.outputs
        self._count = OPERATIONS.number(float(lanes))
        mapped = sum(code.program.lane_inputs)
        rows = code.outputs.count("lane")
        self.uniform_inputs: Floats = numpy.zeros(len(code.program.inputs) - mapped)
        self.uniform_outputs: Floats = numpy.zeros(len(code.outputs) - rows)
        self.lane_inputs: Floats = numpy.zeros((mapped, lanes))
        self.lane_outputs: Floats = numpy.zeros((rows, lanes))
        self._rows: list[Floats] = list(self.lane_inputs)

    def use_lane_input(self, i: int, array: Floats) -> None:
        """Read lane input i from the caller's array, until another takes its place."""
        self._rows[i] = array

    def run(self) -> None:
        """Compute. IndexError where an index of `take` and its like is out of range."""
        numbers, rows = iter(self.uniform_inputs), iter(self._rows)
        inputs = [next(rows if is_lane else numbers) for is_lane in self._program.lane_inputs]
        with quiet():
            found = evaluate(self._program, inputs, OPERATIONS, lambda: self._count)
        row = number = 0
        for kind, x in zip(self._kinds, found, strict=True):
            if kind == "lane":
                self.lane_outputs[row] = x
                row += 1
            else:
                self.uniform_outputs[number] = x
                number += 1


def _judge_index(index: Floats, count: int) -> None:
    for each in numpy.unique(index).tolist():
        position(each, count)


OPERATIONS = ArrayOperations(numpy, numpy.zeros(()), _judge_index)
