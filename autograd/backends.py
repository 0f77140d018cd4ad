"""Which code computes a program: LLVM's machine code, or NumPy's operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from autograd.simplify import simplify

if TYPE_CHECKING:
    from autograd.array_code import ArrayCode, ArrayFrame
    from autograd.llvm.compile import CompiledProgram
    from autograd.llvm.frame import Frame
    from autograd.program import Program

    AnyCode: TypeAlias = CompiledProgram | ArrayCode
    AnyFrame: TypeAlias = Frame | ArrayFrame


def code_of(program: Program, backend: str, fastmath: bool) -> AnyCode:
    """The code of the simplified program; what the backend needs is imported here."""
    if backend == "numpy":
        from autograd.array_code import ArrayCode

        return ArrayCode(simplify(program))
    from autograd.llvm.compile import compile_program

    return compile_program(program, fastmath=fastmath, prepare=simplify)
