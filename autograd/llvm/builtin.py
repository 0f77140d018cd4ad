"""A builtin function of Python that runs machine code, without the GIL.

A call through ctypes takes 0.3 to 0.6 µs, one of a builtin function 0.1: that is what makes small
programs fast. CPython is told of a function in machine code as of any of its own, and the function
itself is the same for all programs: it finds what to run in the state that it is given.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

from autograd.llvm import machine
from autograd.llvm.module import RUN

BAD_INDEX = "an index is no whole number in the range of what it chooses from"
METH_NOARGS = 4  # of CPython's methodobject.h
NAMES = (
    "PyCapsule_GetPointer",
    "PyEval_SaveThread",
    "PyEval_RestoreThread",
    "PyErr_SetString",
    "Py_IncRef",
)
_TEXT = f"""
declare ptr @PyCapsule_GetPointer(ptr, ptr)
declare ptr @PyEval_SaveThread()
declare void @PyEval_RestoreThread(ptr)
declare void @PyErr_SetString(ptr, ptr)
declare void @Py_IncRef(ptr)
@None = external global i8
@IndexError = external global i8
@message = constant [{len(BAD_INDEX) + 1} x i8] c"{BAD_INDEX}\\00"

define ptr @call(ptr %capsule, ptr %nothing) {{
  %state = call ptr @PyCapsule_GetPointer(ptr %capsule, ptr null)
  %place = getelementptr i64, ptr %state, i64 {RUN}
  %run = load ptr, ptr %place
  %thread = call ptr @PyEval_SaveThread()
  %status = call i64 %run(ptr %state)
  call void @PyEval_RestoreThread(ptr %thread)
  %good = icmp eq i64 %status, 0
  br i1 %good, label %return, label %raise
return:
  call void @Py_IncRef(ptr @None)
  ret ptr @None
raise:
  call void @PyErr_SetString(ptr @IndexError, ptr @message)
  ret ptr null
}}
"""


class _MethodDef(ctypes.Structure):
    """What CPython wants to know of a function in C."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


@cache
def _method() -> tuple[_MethodDef, object]:
    """The function, and the library that it is in; both live as long as the process."""
    python = ctypes.pythonapi
    symbols = {name: address_of(getattr(python, name)) for name in NAMES}
    symbols |= {"None": id(None), "IndexError": id(IndexError)}
    library = machine.compile_ir(_TEXT, f"builtin {_TEXT}", symbols=symbols)
    python.PyCapsule_New.restype = python.PyCFunction_NewEx.restype = ctypes.py_object
    python.PyCapsule_New.argtypes = [ctypes.c_void_p] * 3
    python.PyCFunction_NewEx.argtypes = [ctypes.c_void_p, ctypes.py_object, ctypes.py_object]
    doc = b"Run the program on the buffers of its frame."
    return _MethodDef(b"run", library.address("call"), METH_NOARGS, doc), library


def address_of(function: object) -> int:
    """Where a function that ctypes knows begins."""
    return ctypes.cast(function, ctypes.c_void_p).value or 0  # type: ignore[arg-type]


def builtin(state: int, owner: object) -> Callable[[], None]:
    """A builtin function without arguments that runs the program of the state at that address.

    It keeps `owner` alive, in the place that CPython has for a function's module. It raises
    IndexError where the machine code returns that an index was out of range.
    """
    method, _ = _method()
    capsule = ctypes.pythonapi.PyCapsule_New(state, None, None)
    function: Callable[[], None] = ctypes.pythonapi.PyCFunction_NewEx(
        ctypes.addressof(method), capsule, owner
    )
    return function
