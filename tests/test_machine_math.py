"""Every function of `machine_math`, of a uniform and of lanes, against mpmath and the table."""

from __future__ import annotations

import ctypes
import gc
import itertools
import math
import random
import struct
import weakref
from collections.abc import Callable, Iterable
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from autograd import ieee
from autograd.llvm import ir, machine, machine_math
from autograd.llvm.ir import DOUBLE, INTEGER, POINTER, Function, Number
from autograd.ops import TABLE, Op
from tests.oracle import condition, exact_value, mp, ulps
from tests.points import arity, awkward, ordinary

VALUE_ULPS, VALUE_SHARE, VALUE_WORST = 1, 0.99, 2  # as semantics.md has it
WELL_CONDITIONED = 1e4
POINTS, SLOW_POINTS = 200, 30  # a row, of each kind; a tenth of a second for those in decimals
CLASSES = 600  # of the combinations of special values
SLOW = {"lgamma", "polygamma"}

# These give the bits of the definition; the others are within 2 ulp of the truth.
EXACT_ROWS = """
abs add alias ceil clip divide dot equal floor floor_divide greater greater_equal leaky_relu less
less_equal logical_and logical_not logical_or maximum minimum multiply negative not_equal relu
remainder round sign sqrt subtract sum where
""".split()
IN_STEPS = {"cross_entropy", "logsumexp", "softmax", "take"}  # written in smaller operations
OVER_LANES = {"lane_count", "lane_sum"}

SPECIAL = [
    *(0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 7.25, 28.0, 38.7, 39.0, 700.0, 709.8, 745.5, 1e5, 1e22),
    *(5e-324, 2.2e-308, 1e-300, 1e16, 2.0**53 + 2.0, 1e300, 1.7976931348623157e308, inf),
]
SPECIAL += [-x for x in SPECIAL] + [nan]

ROWS = [op for op in TABLE.values() if op.name not in IN_STEPS | OVER_LANES]
Points = list[tuple[float, ...]]
Build = Callable[[Function, list[Number]], Number]


def rows(table: Iterable[Op]) -> Any:
    return pytest.mark.parametrize("op", list(table), ids=lambda op: op.name)


# -- running IR on arrays ------------------------------------------------------------------------


def operand_count(op: Op) -> int:
    return 2 if op.name in ("maximum", "minimum") else arity(op)


def loop(name: str, count: int, type: str, build: Build) -> Function:
    """`void name(double* out, double*... operands, i64 n)`: build's result for each element."""
    parameters = [("out", POINTER), *[(f"p{i}", POINTER) for i in range(count)], ("n", INTEGER)]
    f = Function(name, parameters, "void", f"nounwind {ir.WHOLE_VECTORS}")
    out, *pointers, n = f.arguments
    f.branch("loop")
    f.block("loop")
    i = f.phi(INTEGER, [(0, "entry")])
    y = build(f, [f.load(type, f.element(p, i)) for p in pointers])
    f.store(y if y.is_float else ir.to_float(y), f.element(out, i))
    following = i + (1 if type == DOUBLE else ir.LANES)
    f.add_incoming(i, following, f.label)
    f.conditional_branch(following < n, "loop", "end")
    f.block("end")
    f.ret()
    return f


TYPES = [DOUBLE, ir.vector(DOUBLE)]


class Code:
    """Machine code for such loops, of a uniform and of lanes, and what it calls back."""

    def __init__(self, builds: dict[str, tuple[int, Build]]) -> None:
        loops = [
            loop(f"loop_{ir.name_for(name, type)}", count, type, build)
            for name, (count, build) in builds.items()
            for type in TYPES
        ]
        text = ir.module_text([*loops, *machine_math.library(loops)])
        symbols, self.kept = {}, []
        for name, op in machine_math.CALLBACKS.items():
            function = ctypes.CFUNCTYPE(*[ctypes.c_double] * (1 + len(op.domain)))(op.value)
            self.kept.append(function)
            symbols[name] = ctypes.cast(function, ctypes.c_void_p).value or 0
        self.library = machine.Library(machine.object_code(text), symbols)

    def run(self, name: str, type: str, points: Points) -> list[float]:
        """The results at the points; the last one is repeated to fill the last vector."""
        padded = points + points[-1:] * (-len(points) % ir.LANES)
        columns = [np.array(column) for column in zip(*padded, strict=True)]
        out = np.empty(len(padded))
        address = self.library.address(f"loop_{ir.name_for(name, type)}")
        pointers = [ctypes.c_void_p] * (1 + len(columns))
        function = ctypes.CFUNCTYPE(None, *pointers, ctypes.c_int64)(address)
        function(out.ctypes.data, *[column.ctypes.data for column in columns], len(padded))
        return [float(y) for y in out[: len(points)]]

    def lanes(self, name: str, points: Points) -> list[float]:
        return self.run(name, TYPES[1], points)


def of_row(name: str) -> Build:
    return lambda f, xs: machine_math.emit(f, name, xs)


@pytest.fixture(scope="module")
def code() -> Code:
    return Code({op.name: (operand_count(op), of_row(op.name)) for op in ROWS})


# -- what is compared ----------------------------------------------------------------------------


def bits(x: float) -> bytes | str:
    return "nan" if math.isnan(x) else struct.pack("<d", x)


def kind(x: float) -> str:
    """nan, or the sign, and whether it is zero, finite or infinite."""
    if math.isnan(x):
        return "nan"
    size = "zero" if x == 0 else "infinite" if math.isinf(x) else "finite"
    return f"{'-' if math.copysign(1.0, x) < 0 else '+'}{size}"


def points_of(op: Op, draw: Callable[[Op, int, int], Iterable[tuple[float, ...]]]) -> Points:
    count = SLOW_POINTS if op.name in SLOW else POINTS
    return [xs[: operand_count(op)] for xs in draw(op, 0, count)]


def special_points(op: Op) -> Points:
    """Combinations of special values, in an order that mixes them within a vector."""
    count = operand_count(op)
    table = [SPECIAL] * count
    if op.name == "polygamma":
        table[0] = [0.0, 1.0, 2.0, 0.5, -1.0, nan]
    rng = random.Random(op.name)
    if count < 3:
        found = list(itertools.product(*table))
        rng.shuffle(found)
    else:
        found = [tuple(map(rng.choice, table)) for _ in range(CLASSES)]
    return found[: SLOW_POINTS if op.name in SLOW else CLASSES]


def check_accuracy(name: str, exact: Callable[..., Any], points: Points, ys: list[float]) -> None:
    """At most 2 ulp at all points where the function is well-conditioned, and 1 at 99 %."""
    distances = []
    for xs, y in zip(points, ys, strict=True):
        distance = ulps(y, exact(*map(mp.mpf, xs)))
        if distance > VALUE_ULPS:
            if condition(exact, xs, range(len(xs))) > WELL_CONDITIONED:
                continue
            assert distance <= VALUE_WORST, f"{name}{xs} = {y!r} is {distance} ulp off"
        distances.append(distance)
    good = sum(distance <= VALUE_ULPS for distance in distances)
    assert good >= VALUE_SHARE * len(distances), f"{name}: {good} of {len(distances)}"


# -- every row -----------------------------------------------------------------------------------


def test_every_row_of_the_table_has_machine_code() -> None:
    assert {op.name for op in ROWS} <= machine_math.FUNCTIONS


@rows(op for op in ROWS if op.name not in EXACT_ROWS)
@pytest.mark.parametrize("draw", [ordinary, awkward])
def test_a_value_is_within_two_ulps_of_the_truth(
    code: Code, op: Op, draw: Callable[[Op, int, int], Iterable[tuple[float, ...]]]
) -> None:
    points = points_of(op, draw)
    check_accuracy(op.name, exact_value(op.name), points, code.lanes(op.name, points))


@rows(op for op in ROWS if op.name in EXACT_ROWS)
def test_an_exactly_rounded_row_has_the_bits_of_the_definition(code: Code, op: Op) -> None:
    points = [*points_of(op, ordinary), *points_of(op, awkward), *special_points(op)]
    for xs, y in zip(points, code.lanes(op.name, points), strict=True):
        assert bits(y) == bits(float(op.value(*xs))), f"{op.name}{xs}"


@rows(ROWS)
def test_special_values_give_the_zeros_infinities_and_nans_of_the_definition(
    code: Code, op: Op
) -> None:
    points = special_points(op)
    for xs, y in zip(points, code.lanes(op.name, points), strict=True):
        assert kind(y) == kind(float(op.value(*xs))), f"{op.name}{xs} = {y!r}"


@rows(ROWS)
def test_a_uniform_and_a_lane_have_the_same_bits(code: Code, op: Op) -> None:
    points = [*points_of(op, ordinary), *points_of(op, awkward), *special_points(op)]
    in_lanes, alone = (code.run(op.name, type, points) for type in reversed(TYPES))
    for xs, a, b in zip(points, in_lanes, alone, strict=True):
        assert bits(a) == bits(b), f"{op.name}{xs}"


# The rows of semantics.md, as the machine code has to have them whatever the definition says.
SEMANTICS = [
    *[("divide", (1.0, 0.0), inf), ("divide", (0.0, 0.0), nan), ("divide", (1.0, -0.0), -inf)],
    *[("log", (0.0,), -inf), ("log", (-1.0,), nan), ("log1p", (-1.0,), -inf)],
    *[("log1p", (-2.0,), nan), ("log2", (0.0,), -inf), ("log10", (-1.0,), nan)],
    *[
        ("sqrt", (0.0,), 0.0),
        ("sqrt", (-1.0,), nan),
        ("cbrt", (0.0,), 0.0),
        ("cbrt", (-8.0,), -2.0),
    ],
    *[("pow", (0.0, 0.0), 1.0), ("pow", (0.0, 2.0), 0.0), ("pow", (0.0, -1.0), inf)],
    *[("pow", (-2.0, 3.0), -8.0), ("pow", (-2.0, 0.5), nan), ("pow", (nan, 0.0), 1.0)],
    *[("pow", (1.0, nan), 1.0), ("pow", (-1.0, inf), 1.0), ("pow", (-0.0, -3.0), -inf)],
    *[("maximum", (1.0, nan), nan), ("minimum", (nan, 1.0), nan), ("maximum", (-0.0, 0.0), 0.0)],
    *[("silu", (-inf,), -0.0), ("gelu", (-inf,), -0.0), ("atan2", (0.0, 0.0), 0.0)],
    *[("atan2", (0.0, -0.0), math.pi), ("hypot", (0.0, 0.0), 0.0), ("hypot", (inf, nan), inf)],
    *[
        ("asin", (2.0,), nan),
        ("acosh", (1.0,), 0.0),
        ("acosh", (0.5,), nan),
        ("atanh", (1.0,), inf),
    ],
    *[
        ("remainder", (5.0, 0.0), nan),
        ("remainder", (-1.0, 3.0), 2.0),
        ("remainder", (-1.0, inf), inf),
    ],
    *[("floor_divide", (-1.0, 3.0), -1.0), ("round", (2.5,), 2.0), ("round", (-0.5,), -0.0)],
    *[("exp", (1000.0,), inf), ("exp", (-1000.0,), 0.0), ("tanh", (-1000.0,), -1.0)],
    *[("sigmoid", (-1000.0,), 0.0), ("softplus", (1000.0,), 1000.0), ("sin", (inf,), nan)],
    *[("where", (nan, 1.0, 2.0), 1.0), ("where", (-0.0, 1.0, 2.0), 2.0), ("relu", (nan,), nan)],
]


@pytest.mark.parametrize(("name", "xs", "y"), SEMANTICS)
def test_the_edges_are_as_the_semantics_say(
    code: Code, name: str, xs: tuple[float, ...], y: float
) -> None:
    assert bits(code.lanes(name, [xs])[0]) == bits(y)


SUBNORMAL = 1  # ulp: the last rounding is the only one where the digits run out
TAILS = [
    *[("exp", x) for x in (-708.5, -720.1, -740.3, -745.1)],
    *[("exp2", x) for x in (-1022.5, -1073.9)],
    *[("gaussian", x) for x in (26.7, -27.1)],
    *[("normal_pdf", x) for x in (37.7, -38.4)],
    *[("normal_cdf", x) for x in (-37.7, -38.3)],
    *[("gelu", x) for x in (-37.8, -38.5)],
    *[("erfc", x) for x in (26.6, 27.1)],
    *[("sigmoid", x) for x in (-720.1, -744.9)],
    *[("silu", x) for x in (-720.1, -750.3)],
    *[("softplus", x) for x in (-720.1, -744.9)],
    *[
        (name, x)
        for name in ("expm1", "tanh", "sinh", "asinh", "atan", "erf")
        for x in (5e-324, 3e-310)
    ],
    *[(name, 3e-310) for name in ("log1p", "sin", "tan", "asin", "atanh", "cbrt", "log", "log10")],
]


@pytest.mark.parametrize(("name", "x"), TAILS)
def test_tails_are_right_down_to_the_smallest_float(code: Code, name: str, x: float) -> None:
    assert ulps(code.lanes(name, [(x,)])[0], exact_value(name)(mp.mpf(x))) <= SUBNORMAL


FAR = [1e5, 1e6, 1.0000001e6, 2.0**40, 1e15, 1e22, math.pi * 2.0**19, math.pi * 1e6]


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_an_angle_far_from_zero_is_reduced_without_loss(code: Code, name: str) -> None:
    points = [(x,) for x in FAR] + [(-x,) for x in FAR]
    check_accuracy(name, exact_value(name), points, code.lanes(name, points))


def test_the_judge_sees_a_wrong_last_digit() -> None:
    points = [(x,) for x in (0.1, 0.7, 3.3)]
    wrong = [math.exp(x) * (1 + 2.0**-50) for (x,) in points]
    with pytest.raises(AssertionError, match="ulp off"):
        check_accuracy("exp", mp.exp, points, wrong)


# -- steps of the softmax and its relatives ------------------------------------------------------


@pytest.fixture(scope="module")
def steps() -> Code:
    counts = {"exp_difference": 2, "sum_error": 2, "log_of_total": 2, "logsumexp_near_zero": 5}
    return Code({name: (count, of_row(name)) for name, count in counts.items()})


def test_an_exp_of_a_difference_has_the_rounding_error_of_the_difference(steps: Code) -> None:
    rng = random.Random(0)
    points = []
    for _ in range(POINTS):
        b = rng.gauss(0.0, 100.0)
        points.append((b - rng.expovariate(0.01), b))
    exact = exact_value("exp")
    check_accuracy(
        "exp_difference", lambda a, b: exact(a - b), points, steps.lanes("exp_difference", points)
    )
    edges = [(-inf, 0.0), (1.0, inf), (inf, inf), (-inf, -inf), (nan, 1.0), (-1e308, 1e308)]
    found = steps.lanes("exp_difference", edges)
    assert list(map(bits, found)) == list(map(bits, [0.0, 0.0, 1.0, nan, nan, 0.0]))


def test_a_sum_and_its_error_are_the_exact_sum(steps: Code) -> None:
    rng = random.Random(0)
    points = [(rng.gauss(0.0, 1.0), rng.gauss(0.0, 1e-9)) for _ in range(POINTS)]
    for (a, b), error in zip(points, steps.lanes("sum_error", points), strict=True):
        assert mp.mpf(a) + mp.mpf(b) == mp.mpf(a + b) + mp.mpf(error)


def test_the_logarithm_of_a_total_is_right_where_it_is_hardly_more_than_one(steps: Code) -> None:
    points = [(1.0, 0.0), (1.0, 1e-30), (1.0 + 2.0**-52, -(2.0**-54)), (2.5, 1e-17), (1.0, 5e-324)]
    check_accuracy(
        "log_of_total",
        lambda total, low: mp.log1p(total - 1 + low),
        points,
        steps.lanes("log_of_total", points),
    )


def test_a_logsumexp_near_zero_keeps_its_digits(steps: Code) -> None:
    rng = random.Random(0)
    logits, points = [], []
    for _ in range(POINTS):
        a, b = -rng.expovariate(0.5), -rng.expovariate(0.5)
        rest = max(1e-3, 1.0 - math.exp(a) - math.exp(b))  # so that Σ e^x is about 1
        c = math.log(rest) + rng.gauss(0.0, 1e-4)
        largest = max(a, b, c)
        others = sum(math.exp(x - largest) for x in (a, b, c)) - 1.0
        logits.append((a, b, c))
        points.append((largest + math.log1p(others), math.log1p(others), a, b, c))
    found = steps.lanes("logsumexp_near_zero", points)
    check_accuracy("logsumexp", exact_value("logsumexp"), logits, found)


def test_a_logsumexp_far_from_zero_is_left_as_it_is(steps: Code) -> None:
    assert steps.lanes("logsumexp_near_zero", [(5.0, 0.5, 4.0, 3.0, 3.0)]) == [5.0]


# -- calls ---------------------------------------------------------------------------------------


def _both_sines(f: Function, xs: list[Number]) -> Number:
    return machine_math.emit(f, "sin", xs) * 2.0 + machine_math.emit(f, "cos", xs)


def _apart(f: Function, xs: list[Number]) -> Number:
    """The same in two blocks, and so by two calls."""
    sine = machine_math.emit(f, "sin", xs)
    f.branch("next")
    f.block("next")
    return sine * 2.0 + machine_math.emit(f, "cos", xs)


def _both_sigmoids(f: Function, xs: list[Number]) -> Number:
    (negative,) = (machine_math.emit(f, "negative", xs),)
    above, below = (machine_math.emit(f, "sigmoid", [x]) for x in (xs[0], negative))
    return above * 2.0 + below


def calls(build: Build) -> dict[str, int]:
    counts = loop("any", 1, TYPES[1], build).calls
    return {name: count for name, count in counts.items() if count}


def test_sine_and_cosine_of_the_same_number_are_one_call() -> None:
    assert calls(_both_sines) == {"sin_and_cos.v": 1}
    assert calls(_both_sigmoids) == {"sigmoid_of_both_signs.v": 1}


def test_calls_in_two_blocks_stay_two_calls() -> None:
    assert calls(_apart) == {"sin.v": 1, "cos.v": 1}


def test_a_joined_call_has_the_bits_of_two() -> None:
    points = [(x,) for x in SPECIAL] + points_of(TABLE["sin"], awkward)
    pairs = Code({"joined": (1, _both_sines), "apart": (1, _apart), "both": (1, _both_sigmoids)})
    assert list(map(bits, pairs.lanes("joined", points))) == list(
        map(bits, pairs.lanes("apart", points))
    )
    for (x,), y in zip(points, pairs.lanes("both", points), strict=True):
        assert ulps(y, 2 * mp.mpf(ieee.sigmoid(x)) + ieee.sigmoid(-x)) <= 2 * VALUE_WORST


def test_a_uniform_operand_beside_lanes_is_in_all_of_them() -> None:
    mixed = Code({"mixed": (2, lambda f, xs: machine_math.emit(f, "pow", [xs[0], _first(xs[1])]))})
    points = [(float(i), 3.0) for i in range(ir.LANES)]
    assert mixed.lanes("mixed", points) == [x**3.0 for x, _ in points]


def _first(x: Number) -> Number:
    return x if x.type == DOUBLE else ir.extract(x, 0)


def test_fast_arithmetic_leaves_the_functions_as_they_are() -> None:
    f = Function("fast", [("x", DOUBLE)], DOUBLE, fastmath="reassoc nsz")
    (x,) = f.arguments
    y = machine_math.emit(f, "add", [machine_math.emit(f, "exp", [x]), x])
    machine_math.emit(f, "sum_error", [x, y])
    assert f.text().count("reassoc") == 1
    assert all("reassoc" not in each.text() for each in machine_math.library([f]))


def test_what_is_known_of_a_function_goes_with_it() -> None:
    f = Function("any", [("x", DOUBLE)], DOUBLE)
    f.ret(_both_sigmoids(f, f.arguments) + machine_math.emit(f, "sin", f.arguments))
    watch = weakref.ref(f)
    del f
    gc.collect()
    assert watch() is None
