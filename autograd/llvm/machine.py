"""LLVM IR text → object code for this machine → a library loaded in this process.

Each library has an LLVM engine of its own: its names meet nobody else's, and all of it is freed
with it. (One engine for all would keep 10 kB of each library that it ever loaded.) An engine takes
0.5 ms to make, as it is given object code only and compiles nothing.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from functools import cache
from hashlib import blake2b
from pathlib import Path

from autograd.llvm.object_cache import default_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

try:
    import llvmlite
    from llvmlite import binding as llvm
except ImportError as error:
    raise ImportError(
        'compiling needs llvmlite: pip install "stepgrad[compile]"; '
        'or compute more slowly, by jit(f, backend="numpy") or without jit'
    ) from error

# LLVM's newer linker puts a library's code and constants side by side, so that short addresses
# reach; it makes detours to functions that are far away. llvmlite has no such linker for Windows.
LINKER = os.name != "nt"
ADDRESSES = {"reloc": "pic", "codemodel": "small"} if LINKER else {}
NAME = "library"  # its name in its own engine


class Library:
    """Object code loaded in this process: its addresses are good as long as this object lives.

    `symbols` are the addresses of what the code declares and does not define. Their owner keeps
    them alive. What is in neither is looked for in the process (memcpy, the C library).
    Threads may share a library. Loading takes some 0.7 ms; its engine takes 160 kB beside the code.
    """

    __slots__ = ("__weakref__", "_addresses", "_engine", "_trackers")

    def __init__(self, code: bytes, symbols: Mapping[str, int]) -> None:
        self._engine = llvm.create_lljit_compiler(_target_machine(None), use_jit_link=LINKER)
        self._addresses: dict[str, int] = {}
        builder = llvm.JITLibraryBuilder().add_object_img(code)
        for name, address in symbols.items():
            builder.import_symbol(name, address)
        # llvmlite unloads the code when the first of its trackers dies: all live as long as we do.
        with _whose_defect():
            self._trackers = [builder.link(self._engine, NAME)]

    def address(self, name: str) -> int:
        """Where that function starts; RuntimeError if it, or what it needs, is nowhere to be found.

        The first call links the code, 0.2 ms for a few functions; the first for another name takes
        0.1 ms, all others are lookups.
        """
        return self.addresses(name)[0]

    def addresses(self, *names: str) -> list[int]:
        """The same for several, which takes hardly longer than for one."""
        if not self._addresses.keys() >= set(names):
            _where_no_signal_comes(lambda: self._look_up(names))
        return [self._addresses[name] for name in names]

    def _look_up(self, names: Iterable[str]) -> None:
        for name in names:
            with _whose_defect():
                tracker = self._engine.lookup(NAME, name)
            self._trackers.append(tracker)
            self._addresses[name] = tracker[name]


def compile_ir(
    text: str | Callable[[], str],
    key: str,
    *,
    level: int = 1,
    symbols: Mapping[str, int] | None = None,
) -> Library:
    """A library of the functions that are defined in LLVM IR text, from the disk cache if it can.

    `text` may be a function that makes it: it is called only where the cache has no code for `key`,
    which must determine the text. The processor, the versions of LLVM, of llvmlite and of this
    package, and `level` are added to the key. `symbols` are the addresses of the names that the
    text declares; their names are part of the text and so of the key, the addresses are not.

    `level`, 0 to 3, is how hard the code generator tries; all give the same bits, but for what IR
    marked as fast leaves open. 0 takes 8 to 20 µs an instruction, 1 takes 20 to 240, and pays where
    more values are alive than there are registers. Time is linear in the number of functions. LLVM
    runs no pass over the IR but the one that inlines what is marked `alwaysinline`. RuntimeError
    where LLVM refuses the text: that is a defect of this package.

    >>> import ctypes
    >>> text = '''
    ... define double @twice(double %x) {
    ...   %y = fadd double %x, %x
    ...   ret double %y
    ... }'''
    >>> library = compile_ir(text, key="twice")
    >>> ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(library.address("twice"))(21.0)
    42.0
    """
    kept, sources = default_cache(), _sources()
    code = None
    if kept and sources:
        key = f"{sources}\n{host()}\nlevel {level}\n{key}"
        code = kept.get(key)
    if code is None:
        code = object_code(text if isinstance(text, str) else text(), level=level)
        if kept and sources:
            kept.put(key, code)
    return Library(code, symbols or {})


def object_code(text: str, *, level: int = 1) -> bytes:
    """The object file that LLVM makes of IR text, for the processor that this runs on."""
    machine = _target_machine(level)
    with (
        _whose_defect(),
        llvm.create_pipeline_tuning_options(speed_level=0) as options,
        llvm.create_pass_builder(machine, options) as builder,
        llvm.create_new_module_pass_manager() as passes,
    ):
        # A context of its own, as what a module puts into one stays there: constants, types, names.
        # It must go after the module, and that after the builder. So each holds the next, and none
        # is closed: Ctrl-C could skip one.
        builder.module = module = llvm.parse_assembly(text, llvm.create_context())
        module.triple = machine.triple
        module.data_layout = str(machine.target_data)
        module.verify()
        passes.add_always_inliner_pass()
        passes.run(module, builder)
        code: bytes = machine.emit_object(module)
    return code


@cache
def host() -> str:
    """What object code is made for and by: the processor, its features and the versions of LLVM."""
    version = ".".join(map(str, llvm.llvm_version_info))
    features = llvm.get_host_cpu_features().flatten()
    return (
        f"{llvm.get_default_triple()} {llvm.get_host_cpu_name()} {features} "
        f"LLVM {version} llvmlite {llvmlite.__version__}"
    )


# llvmlite holds one lock for all of LLVM during each call. Between calls a machine has no state.


@cache
def _target_machine(level: int | None) -> llvm.TargetMachine:
    """The code generator for this processor; without a level, one that only says how to link."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    if level is None:
        return target.create_target_machine(opt=0, **ADDRESSES)
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=level,
        **ADDRESSES,
    )


@cache
def _sources() -> str:
    """The digest of this package's sources, or "" where there are none to read (a zip file).

    A version number would not do: the same program is another text after an edit of the package.
    It takes 2 ms, once.
    """
    digest = blake2b()  # twice as fast as SHA-256 where a processor has no instructions for that
    here = Path(__file__).resolve().parent
    try:
        files = sorted([*here.parent.glob("*.py"), *here.glob("*.py")])
        for file in files:
            content = file.read_bytes()
            digest.update(f"{file.name} {len(content)}\n".encode() + content)
    except OSError:
        return ""
    return digest.hexdigest() if files else ""


def _where_no_signal_comes(work: Callable[[], None]) -> None:
    """Do it in another thread than the main one, to which alone Python brings Ctrl-C.

    A tracker lost on its way to its owner would take with it the code that others run.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return None


@contextmanager
def _whose_defect() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise RuntimeError(
            f"LLVM refused code that stepgrad made: {error}. This is a defect of stepgrad; "
            "please report it, with the program that shows it"
        ) from error
