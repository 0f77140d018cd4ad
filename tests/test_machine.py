"""From LLVM IR to loaded machine code: right numbers, nothing leaked, nothing compiled twice."""

from __future__ import annotations

import ctypes
import gc
import math
import os
import random
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograd.llvm import machine
from autograd.llvm.machine import Library, compile_ir, host, object_code

ROOT = Path(__file__).resolve().parents[1]
LEVELS = [0, 1, 2, 3]
LIBRARIES = 300  # enough that 10 kB of each (what one engine for all would keep) stands out
CONSTANTS = 200  # of each library: LLVM's global context would keep 100 bytes of each of them
ALLOWED_GROWTH = 2 * 2**20  # bytes in all: a third of what either would keep

UNARY = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)
BINARY = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double, ctypes.c_double)
ON_EIGHT = ctypes.CFUNCTYPE(None, ctypes.POINTER(ctypes.c_double))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of object code for each test."""
    monkeypatch.setenv("AUTOGRAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def times(factor: float) -> str:
    return f"""
    define double @times(double %x) {{
      %y = fmul double %x, {factor!r}
      ret double %y
    }}"""


def callable_of(library: Library, name: str, prototype: Any = UNARY) -> Any:
    """The function of that name; it keeps its library alive."""
    function = prototype(library.address(name))
    function.library = library
    return function


# -- what it computes ----------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_a_function_computes_what_its_ir_says(level: int) -> None:
    library = compile_ir(times(0.1), "times", level=level)
    for x in (3.0, -0.0, 1e308, 5e-324, math.inf):
        assert callable_of(library, "times")(x) == x * 0.1


@pytest.mark.parametrize("level", LEVELS)
def test_no_product_is_fused_with_a_sum_and_no_zero_loses_its_sign(level: int) -> None:
    """Python's own floats are the judge: one rounding for each operation."""
    text = """
    define double @square_minus(double %x, double %y) {
      %square = fmul double %x, %x
      %difference = fsub double %square, %y
      ret double %difference
    }
    define double @plus_zero(double %x) {
      %y = fadd double %x, 0.0
      ret double %y
    }"""
    library = compile_ir(text, "strict", level=level)
    square_minus = callable_of(library, "square_minus", BINARY)
    x = 1.0 + 2.0**-30
    assert x * x - (1.0 + 2.0**-29) == 0.0, "a fused operation would give 2**-60"
    assert square_minus(x, 1.0 + 2.0**-29) == 0.0
    rng = random.Random(1)
    for _ in range(1000):
        x, y = rng.uniform(-2, 2), rng.uniform(-2, 2)
        assert square_minus(x, y) == x * x - y
    assert math.copysign(1.0, callable_of(library, "plus_zero")(-0.0)) == 1.0


@pytest.mark.parametrize("level", LEVELS)
def test_eight_lanes_and_many_functions_that_call_one_another(level: int) -> None:
    rng = random.Random(2)
    factors = [rng.uniform(0.9, 1.1) for _ in range(50)]
    chunks = [
        f"""
    define internal void @chunk{k}(ptr %lanes) {{
      %x = load <8 x double>, ptr %lanes, align 8
      %y = fmul <8 x double> %x, splat (double {factor!r})
      %z = fsub <8 x double> %y, %x
      store <8 x double> %z, ptr %lanes, align 8
      ret void
    }}"""
        for k, factor in enumerate(factors)
    ]
    calls = "\n".join(f"call void @chunk{k}(ptr %lanes)" for k in range(len(factors)))
    text = "\n".join(chunks) + f"\ndefine void @run(ptr %lanes) {{\n{calls}\nret void\n}}"
    run = callable_of(compile_ir(text, "chunks", level=level), "run", ON_EIGHT)
    expected = [rng.uniform(-1e60, 1e60) for _ in range(8)]
    lanes = (ctypes.c_double * 8)(*expected)
    run(lanes)
    for factor in factors:
        expected = [x * factor - x for x in expected]
    assert list(lanes) == expected


@pytest.mark.parametrize("level", LEVELS)
def test_what_is_marked_alwaysinline_is_inlined(level: int) -> None:
    text = """
    define internal double @twice(double %x) ATTRIBUTES {
      %y = fadd double %x, %x
      ret double %y
    }
    define double @four_times(double %x) {
      %y = call double @twice(double %x)
      %z = call double @twice(double %y)
      ret double %z
    }"""
    assert b"twice" in object_code(text.replace("ATTRIBUTES", "noinline"), level=level)
    inlined = text.replace("ATTRIBUTES", "alwaysinline")
    assert b"twice" not in object_code(inlined, level=level)
    assert callable_of(compile_ir(inlined, "inlined", level=level), "four_times")(1.5) == 6.0


def test_the_same_text_gives_the_same_object_code() -> None:
    assert object_code(times(0.1)) == object_code(times(0.1))
    assert object_code(times(0.1)) != object_code(times(0.2))


# -- symbols -------------------------------------------------------------------------------------

ASKS = """
declare double @outside(double)
define double @asks(double %x) {
  %y = call double @outside(double %x)
  %z = fadd double %y, 1.0
  ret double %z
}"""


def test_each_library_calls_the_function_that_it_was_given() -> None:
    """The same name is another function in each of them, one of them from the disk cache."""
    functions = [UNARY(lambda x: x * x), UNARY(lambda x: -x), UNARY(math.sqrt)]
    addresses = [ctypes.cast(function, ctypes.c_void_p).value for function in functions]
    libraries = [
        compile_ir(ASKS, "asks", symbols={"outside": address}) for address in addresses if address
    ]
    assert [callable_of(library, "asks")(4.0) for library in libraries] == [17.0, -3.0, 3.0]


def test_the_c_library_is_found() -> None:
    text = """
    declare double @fmod(double, double)
    define double @remainder(double %x, double %y) {
      %r = call double @fmod(double %x, double %y)
      ret double %r
    }"""
    library = compile_ir(text, "remainder")
    assert callable_of(library, "remainder", BINARY)(7.5, 2.0) == 1.5


def test_two_libraries_may_define_the_same_name() -> None:
    three, five = compile_ir(times(3.0), "three"), compile_ir(times(5.0), "five")
    assert (callable_of(three, "times")(1.0), callable_of(five, "times")(1.0)) == (3.0, 5.0)


# -- what is wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "this is no IR",
        "define double @f() { ret float 1.0 }",
        "define double @f(double %x) {\n%y = fadd double %y, %x\nret double %y\n}",
    ],
    ids=["no IR", "wrong type", "used before it is defined"],
)
def test_what_llvm_refuses_is_called_a_defect_of_ours(text: str, folder: Path) -> None:
    with pytest.raises(RuntimeError, match=r"defect of stepgrad; please report it"):
        compile_ir(text, "wrong")
    assert not folder.exists(), "nothing of it was kept"


def test_a_name_that_is_nowhere_is_called_a_defect_of_ours() -> None:
    library = compile_ir(times(3.0), "three")
    with pytest.raises(RuntimeError, match=r"\bnowhere\b.*defect of stepgrad"):
        library.address("nowhere")
    assert callable_of(library, "times")(2.0) == 6.0, "and the library is still good"


def test_a_symbol_that_nobody_gave_is_called_a_defect_of_ours() -> None:
    with pytest.raises(RuntimeError, match="defect of stepgrad"):
        compile_ir(ASKS.replace("outside", "nobody_has_this"), "asks").address("asks")


def test_without_llvmlite_it_says_what_to_install() -> None:
    script = "import sys; sys.modules['llvmlite'] = None; import autograd.llvm.machine"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "ImportError" in done.stderr
    assert 'pip install "stepgrad[compile]"' in done.stderr


# -- how long it lives ---------------------------------------------------------------------------


def resident_bytes() -> int:
    ask = ["ps", "-o", "rss=", "-p", str(os.getpid())]
    if os.path.exists("/proc/self/statm"):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return int(subprocess.run(ask, capture_output=True, check=True).stdout) * 1024


def test_a_library_is_freed_with_its_last_reference() -> None:
    gc.disable()
    try:
        library = compile_ir(times(3.0), "three")
        function = UNARY(library.address("times"))
        engine, reference = weakref.ref(library._engine), weakref.ref(library)
        assert function(1.0) == 3.0
        del library
        assert reference() is None
        assert engine() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("kept", [False, True], ids=["compiled", "from the cache"])
def test_memory_does_not_grow_with_the_number_of_libraries(
    kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not kept:
        monkeypatch.setenv("AUTOGRAD_CACHE", "")

    def make(count: int) -> None:
        for number in range(count):
            first = 0.0 if kept else float(number * CONSTANTS)
            constants = [first + k for k in range(CONSTANTS)]
            sums = [f"%x{k + 1} = fadd double %x{k}, {c!r}" for k, c in enumerate(constants)]
            text = "define double @sums(double %x0) {{\n{}\nret double %x{}\n}}"
            library = compile_ir(text.format("\n".join(sums), CONSTANTS), "sums", level=0)
            assert callable_of(library, "sums")(1.0) == 1.0 + sum(constants)

    make(50)
    before = resident_bytes()
    make(LIBRARIES)
    assert resident_bytes() - before < ALLOWED_GROWTH


def test_an_address_stays_while_other_libraries_come_and_go() -> None:
    library = compile_ir(times(3.0), "three")
    function = callable_of(library, "times")
    for number in range(20):
        assert callable_of(compile_ir(times(float(number)), f"{number}"), "times")(1.0) == number
        assert function(2.0) == 6.0


def test_a_process_may_end_while_libraries_live() -> None:
    script = (
        "from autograd.llvm.machine import compile_ir\n"
        f"library = compile_ir({times(3.0)!r}, 'three')\n"
        "print(library.address('times') > 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


def test_threads_may_compile_and_look_up_at_once() -> None:
    shared = compile_ir(times(7.0), "seven")
    wrong: list[object] = []
    start = threading.Barrier(4)

    def work(number: int) -> None:
        start.wait()
        for round in range(20):
            factor = float(100 * number + round)
            library = compile_ir(times(factor), f"factor {factor}", level=round % 3)
            if (
                callable_of(library, "times")(2.0) != 2.0 * factor
                or callable_of(shared, "times")(1.0) != 7.0
            ):
                wrong.append(factor)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert callable_of(shared, "times")(1.0) == 7.0


# -- the disk cache ------------------------------------------------------------------------------


def counted(text: str, calls: list[str]) -> Callable[[], str]:
    def make() -> str:
        calls.append(text)
        return text

    return make


def test_the_text_is_made_once_for_each_key_and_level() -> None:
    calls: list[str] = []
    text = counted(times(3.0), calls)
    for key in ("a", "a", "b", "a"):
        assert callable_of(compile_ir(text, key), "times")(2.0) == 6.0
    assert len(calls) == 2
    compile_ir(text, "a", level=0)
    compile_ir(text, "a", level=1)
    assert len(calls) == 3


@pytest.mark.parametrize("of_what", ["host", "_sources"])
def test_another_machine_or_another_version_finds_nothing(
    of_what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    compile_ir(counted(times(3.0), calls), "three")
    monkeypatch.setattr(machine, of_what, lambda: "another")
    compile_ir(counted(times(3.0), calls), "three")
    assert len(calls) == 2


def test_the_host_names_the_processor_its_features_and_both_versions() -> None:
    from llvmlite import __version__, binding

    assert binding.get_host_cpu_name() in host()
    assert binding.get_host_cpu_features().flatten() in host()
    assert f"llvmlite {__version__}" in host()
    assert ".".join(map(str, binding.llvm_version_info)) in host()


def test_an_edit_of_the_package_makes_another_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = []
    monkeypatch.setattr(machine, "__file__", str(tmp_path / "machine.py"))
    for content in ("x = 1", "x = 2", "x = 1"):
        (tmp_path / "machine.py").write_text(content)
        digests.append(machine._sources.__wrapped__())
    assert digests[0] == digests[2] != digests[1]


def test_without_sources_to_tell_versions_apart_nothing_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "__file__", str(folder / "package.zip" / "machine.py"))
    assert machine._sources.__wrapped__() == ""
    monkeypatch.setattr(machine, "_sources", lambda: "")
    calls: list[str] = []
    for _ in range(2):
        compile_ir(counted(times(3.0), calls), "three")
    assert len(calls) == 2
    assert not folder.exists()


def test_a_spoilt_entry_is_compiled_anew_and_never_run(folder: Path) -> None:
    calls: list[str] = []
    text = counted(times(3.0), calls)
    compile_ir(text, "three")
    (entry,) = folder.iterdir()
    good = entry.read_bytes()
    for position in range(0, len(good), 7):
        entry.write_bytes(good[:position] + bytes([good[position] ^ 4]) + good[position + 1 :])
        before = len(calls)
        assert callable_of(compile_ir(text, "three"), "times")(2.0) == 6.0
        assert len(calls) == before + 1
        assert entry.read_bytes() == good


def test_without_a_cache_folder_it_compiles_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRAD_CACHE", "")
    calls: list[str] = []
    for _ in range(2):
        assert callable_of(compile_ir(counted(times(3.0), calls), "three"), "times")(2.0) == 6.0
    assert len(calls) == 2


def test_where_the_folder_cannot_be_made_it_warns_and_compiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").write_bytes(b"")
    monkeypatch.setenv("AUTOGRAD_CACHE", str(tmp_path / "a file" / "cache"))
    with pytest.warns(RuntimeWarning, match="each process compiles anew"):
        library = compile_ir(times(3.0), "three")
    assert callable_of(library, "times")(2.0) == 6.0


# In the fresh process the text cannot be made, so that only cached object code can answer; its
# `outside` stands at another address, and does something else.
FRESH = """
import ctypes, sys
from autograd.llvm.machine import compile_ir
text, scale = sys.argv[1], float(sys.argv[2])
padding = bytearray(int(scale) << 20)
unary = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)
outside = unary(lambda x: scale * x)
address = ctypes.cast(outside, ctypes.c_void_p).value
def make():
    assert text, "this process must not compile"
    return text
library = compile_ir(make, "asks", symbols={"outside": address})
print(unary(library.address("asks"))(0.1).hex())
"""


def in_a_fresh_process(text: str, scale: float) -> float:
    command = [sys.executable, "-c", FRESH, text, str(scale)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return float.fromhex(done.stdout)


def test_a_fresh_process_loads_what_another_compiled_and_binds_its_own_addresses() -> None:
    assert in_a_fresh_process(ASKS, 3.0) == 3.0 * 0.1 + 1.0
    assert in_a_fresh_process("", 3.0) == 3.0 * 0.1 + 1.0
    assert in_a_fresh_process("", 5.0) == 5.0 * 0.1 + 1.0


def test_two_processes_may_compile_the_same_at_once(folder: Path) -> None:
    command = [sys.executable, "-c", FRESH, ASKS, "3.0"]
    processes = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    expected = f"{(3.0 * 0.1 + 1.0).hex()}\n".encode()
    for process in processes:
        assert (*process.communicate(), process.returncode) == (expected, b"", 0)
    assert len(list(folder.iterdir())) == 1
