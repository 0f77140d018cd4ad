"""LLVM IR written by Python expressions: it means what the expressions say."""

from __future__ import annotations

import ctypes
import math
import struct
from collections.abc import Callable
from math import inf, nan

import pytest

from autograd.llvm import ir, machine
from autograd.llvm.ir import DOUBLE, INTEGER, POINTER, Function, Number

VECTOR = ir.vector(DOUBLE)
AWKWARD = [0.0, -0.0, 1.5, -2.5, 5e-324, 1e300, -inf, nan]
NEXT_TO_ONE = 1.0 + 2.0**-52


def on_lanes(build: Callable[..., Number], *operands: list[float]) -> list[float]:
    """What the built function gives for vectors of eight doubles."""
    names = [("out", POINTER), *[(f"p{i}", POINTER) for i in range(len(operands))]]
    f = Function("run", names, "void", ir.WHOLE_VECTORS)
    out, *pointers = f.arguments
    y = build(*[f.load(VECTOR, p) for p in pointers])
    f.store(y if y.is_float else ir.to_float(y), out)
    f.ret()
    library = machine.Library(machine.object_code(ir.module_text([f])), {})
    array = ctypes.c_double * ir.LANES
    results, given = array(), [array(*xs) for xs in operands]
    function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(names))(library.address("run"))
    function(*map(ctypes.addressof, [results, *given]))
    return list(results)


def bits(xs: list[float]) -> list[bytes | str]:
    return ["nan" if math.isnan(x) else struct.pack("<d", x) for x in xs]


# -- numbers -------------------------------------------------------------------------------------


def test_operators_are_those_of_python() -> None:
    found = on_lanes(lambda x: -(1.0 - x) * 3.0 + x / 2.0, AWKWARD)
    assert bits(found) == bits([-(1.0 - x) * 3.0 + x / 2.0 for x in AWKWARD])


def test_comparisons_are_false_beside_a_nan_and_only_not_equal_is_true() -> None:
    xs, ys = AWKWARD, [0.0, 0.0, nan, -2.5, 0.0, inf, -1e308, nan]
    pairs = list(zip(xs, ys, strict=True))
    for compare in (
        lambda a, b: a < b,
        lambda a, b: a <= b,
        lambda a, b: a > b,
        lambda a, b: a >= b,
    ):
        assert on_lanes(compare, xs, ys) == [float(compare(a, b)) for a, b in pairs]
    assert on_lanes(Number.equal, xs, ys) == [float(a == b) for a, b in pairs]
    assert on_lanes(Number.not_equal, xs, ys) == [float(a != b) for a, b in pairs]


def test_truths_join() -> None:
    xs = [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    found = on_lanes(lambda x: ((x > 0.0) & ~(x > 2.0)) | (x.equal(5.0) ^ (x < -1.0)), xs)
    assert found == [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]


def test_a_constant_keeps_its_bits() -> None:
    assert ir.constant(DOUBLE, -0.0) == "0x8000000000000000"
    assert ir.constant(VECTOR, 1.0) == "splat (double 0x3FF0000000000000)"
    assert ir.constant(ir.vector(INTEGER), -1) == "splat (i64 -1)"
    assert ir.constant("i1", True) == "true"
    for x in (0.1, 5e-324, -inf, nan):
        assert bits(on_lanes(lambda y, x=x: y.like(x), AWKWARD)) == bits([x] * ir.LANES)


def test_functions_of_numbers() -> None:
    x = [NEXT_TO_ONE] * ir.LANES
    assert on_lanes(lambda a: ir.fma(a, a, -1.0), x)[0] == 2.0**-51 + 2.0**-104
    assert on_lanes(ir.rint, [0.5, 1.5, 2.5, -0.5] * 2)[:4] == [0.0, 2.0, 2.0, -0.0]
    assert bits(on_lanes(lambda a: ir.copysign(a.like(3.0), a), AWKWARD))[1] == bits([-3.0])[0]
    assert on_lanes(lambda a: ir.maximum(a, 0.5), [nan, 1.0, -1.0, 0.0] * 2)[1:4] == [1.0, 0.5, 0.5]
    assert math.isnan(on_lanes(lambda a: ir.minimum(a, 0.5), [nan] * 8)[0])
    assert on_lanes(lambda a: ir.to_float(ir.to_int(a) + 1), [2.9, -2.9] * 4)[:2] == [3.0, -1.0]
    assert on_lanes(lambda a: ir.from_bits((ir.bits(a) >> 52) << 52), [5.0] * 8)[0] == 4.0


def test_lanes_are_taken_out_and_put_in() -> None:
    xs = [float(i) for i in range(ir.LANES)]
    assert on_lanes(lambda x: ir.splat(ir.extract(x, 3)), xs) == [3.0] * ir.LANES
    assert on_lanes(lambda x: ir.insert(x, ir.extract(x, 7), 0), xs) == [7.0, *xs[1:]]
    assert on_lanes(lambda x: ir.unpack(ir.pack(x, x * 2.0))[1], xs) == [2.0 * x for x in xs]


def test_a_plain_number_in_a_select_has_the_other_ones_type() -> None:
    xs = [float(i) for i in range(ir.LANES)]
    assert on_lanes(lambda x: ir.select(x > 3.0, x, -1.0), xs) == [-1.0] * 4 + xs[4:]
    assert on_lanes(lambda x: ir.select(x > 3.0, 1.0, 0.0), xs) == [0.0] * 4 + [1.0] * 4


# -- functions -----------------------------------------------------------------------------------


def test_a_loop_carries_its_numbers() -> None:
    f = Function("power", [("x", DOUBLE), ("n", INTEGER)], DOUBLE)
    x, n = f.arguments
    f.branch("loop")
    f.block("loop")
    i, product = f.phi(INTEGER, [(0, "entry")]), f.phi(DOUBLE, [(1.0, "entry")])
    following, total = i + 1, product * x
    f.add_incoming(i, following, "loop")
    f.add_incoming(product, total, "loop")
    f.conditional_branch(following < n, "loop", "end")
    f.block("end")
    f.ret(total)
    library = machine.Library(machine.object_code(f.text()), {})
    prototype = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double, ctypes.c_int64)
    assert prototype(library.address("power"))(3.0, 5) == 243.0


def test_declarations_stand_once_in_a_module() -> None:
    functions = []
    for name in ("a", "b"):
        f = Function(name, [("x", DOUBLE)], DOUBLE)
        (x,) = f.arguments
        f.ret(ir.sqrt(x) + ir.sqrt(x + 1.0) + f.call_external("cos", DOUBLE, [x]))
        functions.append(f)
    text = ir.module_text(functions)
    assert text.count("declare double @llvm.sqrt.f64(double)") == 1
    assert text.count("declare double @cos(double)") == 1


def test_fast_flags_stand_behind_the_opcodes_of_floats_only() -> None:
    f = Function("fast", [("x", DOUBLE), ("n", INTEGER)], DOUBLE, fastmath="contract")
    x, n = f.arguments
    f.ret(-(x * x) + ir.to_float(n + n))
    text = f.text()
    assert "fmul contract double" in text
    assert "fneg contract double" in text
    assert "add i64" in text


def test_a_widened_call_gives_both_results() -> None:
    pair = Function("both", [("x", DOUBLE)], "{ double, double }")
    pair.ret(ir.pack(pair.arguments[0] + 1.0, pair.arguments[0] * 10.0))
    f = Function("run", [("x", DOUBLE)], DOUBLE)
    first = f.call("times_ten", DOUBLE, f.arguments)
    later = first + 0.5
    second = f.widen(first, "both", 1)
    f.ret(later * 100.0 + second)
    assert f.calls == {"times_ten": 0, "both": 1}
    library = machine.Library(machine.object_code(ir.module_text([pair, f])), {})
    prototype = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)
    assert prototype(library.address("run"))(3.0) == 3054.0


# -- what is no expression -----------------------------------------------------------------------


def test_mistakes_are_told() -> None:
    f = Function("f", [("x", DOUBLE), ("v", VECTOR)], DOUBLE)
    x, v = f.arguments
    with pytest.raises(TypeError, match="splat the uniform one"):
        x + v
    with pytest.raises(TypeError, match="use select"):
        bool(x < 1.0)
    with pytest.raises(TypeError, match=r"use \.equal\(\)"):
        x == v
