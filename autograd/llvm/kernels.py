"""The loops of machine code that all programs share: what they do is read from tables.

A layer of a network is thousands of products; as instructions they would take seconds to compile.
Here they are a few loops, compiled once for each processor. Rows of lanes are given as offsets, in
doubles, from where the scratch rows begin, uniforms as indices. Each kernel adds up in the order
that `Program.run` does: its shape, which suits the registers of the machine, changes no bit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from autograd.llvm import ir, machine
from autograd.llvm.ir import DOUBLE, INTEGER, POINTER, Function, Number
from autograd.llvm.kernels_of_lanes import Dots, Sums
from autograd.llvm.vectors import BYTES, VECTOR, counted, entry, gathered

STRICT, FAST = "", "reassoc nsz arcp contract"


def tile_side() -> int:
    """Rows by rows of a tile of sums, dots by vectors: more with 32 wide registers than with 16."""
    return 4 if "+avx512f" in machine.host() else 2


@cache
def library(name: str, fastmath: bool) -> machine.Library:
    """The library with the kernel of that name; it lives as long as the process."""
    flags, side = FAST if fastmath else STRICT, tile_side()

    def text() -> str:
        parameters, write = _KERNELS[name]
        f = Function(name, _typed(parameters), "void", ir.WHOLE_VECTORS, flags)
        write(f, side)
        f.ret()
        return ir.module_text([f])

    return machine.compile_ir(text, f"kernel {name} {side} {flags}", level=2)


def _typed(parameters: str) -> list[tuple[str, str]]:
    """Pointers, and behind the bar integers."""
    pointers, _, numbers = parameters.partition("|")
    return [(n, POINTER) for n in pointers.split()] + [(n, INTEGER) for n in numbers.split()]


# -- uniforms, and what only moves numbers -------------------------------------------------------


def _uniform_dots(width: int) -> Callable[[Function, int], None]:
    """So many dots at a time; in the tables each product's factors stand side by side."""

    def write(f: Function, _: int) -> None:
        u, weights, xs, results, length, groups = f.arguments

        def load(table: Number, at: Number) -> Number:
            if width > 1:
                return gathered(f, u, table, at * width)
            return f.load(DOUBLE, f.element(u, entry(f, table, at)))

        def product(at: Number) -> Number:
            return load(weights, at) * load(xs, at)

        def group(g: Number, _: list[Number]) -> list[Number]:
            begin = g * length

            def add(k: Number, totals: list[Number]) -> list[Number]:
                return [totals[0] + product(begin + k)]

            (total,) = counted(f, length, add, [product(begin)], start=1)
            f.store(total, f.element(results, g * width))
            return []

        counted(f, groups, group)

    return write


def _copies(f: Function, _: int) -> None:
    """Rows of the batch from a lane on to scratch rows: pairs of a row and an offset."""
    rows, scratch, table, count, first, vectors = f.arguments

    def copy(c: Number, _: list[Number]) -> list[Number]:
        row = f.load(POINTER, f.element(rows, entry(f, table, c * 2), POINTER))
        source, target = f.element(row, first), f.element(scratch, entry(f, table, c * 2 + 1))

        def move(v: Number, _: list[Number]) -> list[Number]:
            f.store(f.load(VECTOR, f.element(source, v * 8)), f.element(target, v * 8), BYTES)
            return []

        return counted(f, vectors, move)

    counted(f, count, copy)


def _moves(f: Function, _: int) -> None:
    """Uniforms from one place to another: pairs of places."""
    u, table, count = f.arguments

    def move(i: Number, _: list[Number]) -> list[Number]:
        x = f.load(DOUBLE, f.element(u, entry(f, table, i * 2)))
        f.store(x, f.element(u, entry(f, table, i * 2 + 1)))
        return []

    counted(f, count, move)


# -- all of them ---------------------------------------------------------------------------------


def _dots(**kind: bool) -> Callable[[Function, int], None]:
    return lambda f, side: Dots(f, side if kind.get("shared") else 1, side, **kind).write()


def _tiled_sums(f: Function, side: int) -> None:
    pairs = [(i, j) for i in range(side) for j in range(side)]
    Sums(f, side, side, pairs).write()


def _single_sums(f: Function, _: int) -> None:
    Sums(f, ir.LANES, ir.LANES, [(i, i) for i in range(ir.LANES)]).write()


_DOTS = "u scratch weights xs results | length groups vectors"
_SUMS = "scratch table stripes results | tiles vectors tail is_first is_last"
_KERNELS: dict[str, tuple[str, Callable[[Function, int], None]]] = {
    "layer_dots": (_DOTS, _dots(shared=True)),
    "uniform_by_lane_dots": (_DOTS, _dots()),
    "lane_by_lane_dots": (_DOTS, _dots(of_lanes=True)),
    "tiled_sums": (_SUMS, _tiled_sums),
    "single_sums": (_SUMS, _single_sums),
    "uniform_dots": ("u weights xs results | length groups", _uniform_dots(ir.LANES)),
    "one_uniform_dot": ("u weights xs results | length groups", _uniform_dots(1)),
    "copies": ("rows scratch table | count first vectors", _copies),
    "moves": ("u table | count", _moves),
}
NAMES = tuple(_KERNELS)
