"""A function of Values as machine code."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from autograd.compiled import Compiled
    from autograd.tree import Tree


def jit(
    f: Callable[..., Tree],
    *,
    static: tuple[str, ...] = (),
    threads: int = 1,
    fastmath: bool = False,
    backend: str = "llvm",
) -> Compiled:
    """The function that gives what f gives, computed by machine code.

    f is traced at the first call with arguments of a new structure: every number, array and
    Value in them becomes an input of a program, f runs once on inputs without numbers, and the
    graph it leaves is compiled; later calls only compute. Numbers come back as floats, results of
    `vmap` as arrays. `static` names arguments that are structure: compared by `==`, and known
    while tracing. `threads` share the lanes of a `vmap`, with the same bits. `fastmath` lets the
    machine reorder sums and fuse products into them, and so gives up bits that are the same
    everywhere, the sign of zeros, and exact agreement with the eager numbers. Where LLVM cannot
    run, `backend="numpy"` computes each instruction by NumPy, and SciPy for erf, lgamma and their
    like, for all lanes at once: several times slower, in one thread, and to a few ulp.

    Arrays of Dask are computed where their blocks are: the blocks of those that `vmap` maps are
    shards of the lanes, others are small and come here. Sums are added in an order of the blocks'
    own, so the same blocks give the same bits on any scheduler; what each sample has comes back as
    a lazy array. Each level of sums over the samples reads them once: `persist()` keeps them.

    Values from outside that f uses without being given them are constants of the program.
    Inside a `grad` or another transform from outside, and under `detect_anomaly()`, it runs
    uncompiled, as Values: compile the outermost, `jit(grad(f))`.

    TypeError where f needs a number while it is traced, as in `if x > 0`. ImportError without
    NumPy and, but for that backend, llvmlite. Tracing costs about 20 µs an instruction, compiling
    50 µs, once; code is kept on disk.

    >>> from autograd import grad
    >>> slope = jit(grad(lambda x: x**3 - x))
    >>> slope(2.0)
    11.0
    """
    try:
        from autograd.compiled import Compiled  # brings NumPy; llvmlite comes with the first call
    except ImportError as error:
        raise ImportError(
            f'jit needs llvmlite and NumPy ({error}): pip install "stepgrad[compile]"'
        ) from error
    return Compiled(f, static, threads, fastmath, backend)
