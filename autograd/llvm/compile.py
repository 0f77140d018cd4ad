"""From a program to machine code that runs it on buffers.

The object code describes itself: beside the functions it has the numbers of `Layout`, so that a
program from the disk cache is neither scheduled nor written as IR again.
"""

from __future__ import annotations

import ctypes
import marshal
import struct
from collections.abc import Callable
from dataclasses import astuple
from functools import cache
from hashlib import sha256

from autograd import ops
from autograd.llvm import kernels, machine, machine_math
from autograd.llvm.builtin import address_of
from autograd.llvm.code import KINDS, Code, Layout
from autograd.llvm.expansion import expand
from autograd.llvm.frame import Frame
from autograd.llvm.lane_steps import FEW_SUMS
from autograd.llvm.module import Module
from autograd.llvm.run import has_lanes, write_program
from autograd.llvm.schedule import schedule
from autograd.llvm.steps import Schedule, aligned
from autograd.program import Program

CALLED_BACK = tuple(machine_math.CALLBACKS.values())
# How hard the code generator tries, and how many instructions go into one function. More effort
# gives faster code, and is affordable up to so many instructions.
EFFORTS = ((10_000, 1, 500), (1 << 62, 0, 500))


class CompiledProgram(Code):
    """Machine code for a program; immutable, and good for any number of frames and threads."""

    __slots__ = ()

    def frame(self, lanes: int = 1, threads: int = 1) -> Frame:
        """Buffers for calls with so many lanes, of one thread at a time.

        With `threads`, blocks of 1,024 lanes are spread over so many threads; the bits are the
        same. ValueError for no lanes or no threads.
        """
        return Frame(self, lanes, threads)


def compile_program(
    program: Program,
    *,
    fastmath: bool = False,
    prepare: Callable[[Program], Program] = lambda program: program,
) -> CompiledProgram:
    """Machine code that gives what `program.run` gives, from the disk cache if it can.

    The same bits wherever the operation is exactly rounded, else within 2 ulp of the truth.
    `fastmath` lets sums be reordered and products and sums be fused into one rounding: results
    then differ from machine to machine and in their last bits, a zero may have the other sign, and
    what cancels may lose digits that the careful formulas save. Compiling takes about 50 µs for
    each instruction that is not one of many alike; a program whose code is on disk is not even
    prepared: `prepare`, which simplifies it, say, is called only for what is compiled.

    >>> from autograd import ops
    >>> compiled = compile_program(Program(["x"], [False], [], [(ops.multiply, (0, 0))], [1]))
    >>> frame = compiled.frame()
    >>> frame.uniform_inputs[:] = 3.0
    >>> frame.run()
    >>> frame.uniform_outputs.tolist()
    [9.0]
    """
    size = _size(program)
    level, cost = next((level, cost) for most, level, cost in EFFORTS if size <= most)
    text = _text(program, cost, fastmath, prepare)
    symbols = _callbacks()
    key = f"{prepare.__qualname__} {_key(program, fastmath)}"
    library = machine.compile_ir(text, key, level=level, symbols=symbols)
    return CompiledProgram(library, fastmath)


def ir_of(program: Program, *, fastmath: bool = False) -> str:
    """The text that `compile_program` hands to LLVM: to look at."""
    return _text(program, EFFORTS[0][2], fastmath, lambda program: program)()


def _size(program: Program) -> int:
    """About how many instructions are compiled one by one: not the products that are summed."""
    sums = sum(1 for op, _ in program.instructions if op is ops.lane_sum)
    return len(program.instructions) - (2 * sums if sums > FEW_SUMS else 0)


def _key(program: Program, fastmath: bool) -> str:
    """What determines the text, shortened."""
    digest = sha256()
    instructions = [(op.name, xs) for op, xs in program.instructions]
    parts = (program.lane_inputs, program.constants, instructions, program.outputs, fastmath)
    digest.update(marshal.dumps(parts, WITHOUT_REFERENCES))
    return digest.hexdigest()


WITHOUT_REFERENCES = 2  # a format of marshal in which equal data has equal bytes


def _text(
    program: Program, cost: int, fastmath: bool, prepare: Callable[[Program], Program]
) -> Callable[[], str]:
    def text() -> str:
        plan = schedule(expand(prepare(program)), cost, kernels.tile_side())
        module = Module(plan, fastmath)
        write_program(module)
        constants = _constants_in_memory(plan)
        layout = _layout(plan, module, len(constants) // 2)
        kinds = [KINDS.index(plan.program.kind(slot)) for slot in plan.program.outputs]
        exports = {"layout": astuple(layout), "constants": constants, "outputs": kinds}
        return module.text({name: numbers or [0] for name, numbers in exports.items()})

    return text


def _layout(plan: Schedule, module: Module, constants: int) -> Layout:
    program = plan.program
    uniforms = len(program.inputs) - len(module.input_rows)
    lane_outputs = sum(map(len, module.lane_outputs.values()))
    return Layout(
        uniform_inputs=uniforms,
        uniform_outputs=len(program.outputs) - lane_outputs,
        uniform_size=plan.uniform_size,
        lane_inputs=len(module.input_rows),
        lane_outputs=lane_outputs,
        kept_rows=len(plan.kept),
        stride=plan.stride,
        scratch_rows=plan.row_count,
        sums=max([aligned(level.sum_count) for level in plan.levels]),
        levels=len(plan.levels),
        levels_with_lanes=sum(1 << at for at in range(len(plan.levels)) if has_lanes(module, at)),
        kernels=sum(1 << kernels.NAMES.index(name) for name in module.kernels),
        constants=constants,
        outputs=len(program.outputs),
        calls_back=int(any(op in CALLED_BACK for op, _ in program.instructions)),
    )


def _constants_in_memory(plan: Schedule) -> list[int]:
    """Indices among the uniforms, and the bits of the constants that lie there."""
    program, found = plan.program, []
    for slot, number in enumerate(program.constants, len(program.inputs)):
        if slot in plan.homes:
            found += [plan.homes[slot], *struct.unpack("<q", struct.pack("<d", number))]
    return found


@cache
def _callbacks() -> dict[str, int]:
    """The addresses of what machine code calls back for; what is there lives as long as we do."""
    found = {}
    for name, op in machine_math.CALLBACKS.items():
        types = [ctypes.c_double] * (1 + len(op.domain))
        function = ctypes.CFUNCTYPE(*types)(op.value)
        _KEPT.append(function)
        found[name] = address_of(function)
    return found


_KEPT: list[object] = []
