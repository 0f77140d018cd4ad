"""Programs as machine code, through LLVM."""

from autograd.llvm.compile import CompiledProgram, compile_program, ir_of

__all__ = ["CompiledProgram", "compile_program", "ir_of"]
