"""Compiled programs against `Program.run`, bit for bit, and against mpmath where that is no law."""

from __future__ import annotations

import gc
import math
import random
import re
import struct
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import ops
from autograd.ieee import BLOCK
from autograd.llvm import compile as llvm
from autograd.llvm import frame, kernels, machine, uniform_steps
from autograd.llvm.compile import compile_program, ir_of
from autograd.llvm.expansion import exp_difference, expand
from autograd.llvm.object_cache import ObjectCache
from autograd.llvm.tiling import tiling
from autograd.ops import TABLE, Op
from autograd.program import Program, gives_truth
from tests.oracle import condition, exact_value, mp, ulps
from tests.points import arity, awkward, is_variable, ordinary, variables

ROOT = Path(__file__).resolve().parents[1]
LANES = (1, 3, 8, 13, 1000)  # below, at and above a vector's eight; more than one sub-block
MORE_THAN_TWO_BLOCKS = 2 * BLOCK + 77

# Correctly rounded, so that there is one right answer; all others are within 2 ulp of the truth.
EXACT = """
abs add alias ceil clip divide dot equal floor floor_divide greater greater_equal leaky_relu less
less_equal logical_and logical_not logical_or maximum minimum multiply negative not_equal relu
remainder round sign sqrt subtract sum take where
""".split()
WORST = 2  # ulp from the truth, as semantics.md has it
BOTH_WORST = 2 * WORST  # from a number that may itself be so far from the truth
WELL_CONDITIONED = 1e4
SMALLEST_NORMAL = 2.0**-1022
LARGEST_ANGLE = 1e22
REORDERED = 1e-12  # relative; a few dozen roundings fall otherwise in fast math

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, 3.0, math.inf, -math.inf, math.nan, 5e-324, -1e308, 710.0]
TRUTHS = (ops.logical_and, ops.logical_or, ops.logical_not)
SLOW = {"lgamma", "polygamma"}  # they compute in decimals
A_FEW = settings(max_examples=settings().max_examples * 2 // 5)  # each compiles a program


def rows(table: Iterable[Op]) -> Any:
    return pytest.mark.parametrize("op", list(table), ids=lambda op: op.name)


# -- running -------------------------------------------------------------------------------------


def run(
    program: Program, inputs: Sequence[Any], lanes: int, threads: int = 1, **options: Any
) -> list[Any]:
    """The outputs of the compiled program, as `Program.run` gives them, truth values as floats."""
    buffers = compile_program(program, **options).frame(lanes, threads)
    fill(buffers, program, inputs)
    buffers.run()
    return outputs_of(buffers, program)


def fill(buffers: frame.Frame, program: Program, inputs: Sequence[Any]) -> None:
    pairs = list(zip(inputs, program.lane_inputs, strict=True))
    buffers.uniform_inputs[:] = [x for x, is_lane in pairs if not is_lane]
    for row, x in zip(buffers.lane_inputs, [x for x, is_lane in pairs if is_lane], strict=True):
        row[: buffers.lanes] = x


def outputs_of(buffers: frame.Frame, program: Program) -> list[Any]:
    uniform = iter(buffers.uniform_outputs.tolist())
    lanes = iter(buffers.lane_outputs[:, : buffers.lanes].tolist())
    return [next(lanes if program.is_lane[slot] else uniform) for slot in program.outputs]


def bits(x: Any) -> Any:
    """What tells two results apart: the sign of a zero, too, but not one nan from another."""
    if isinstance(x, list | tuple):
        return [bits(each) for each in x]
    return "nan" if math.isnan(x) else struct.pack("<d", x)


def check(program: Program, inputs: Sequence[Any], lanes: int, threads: int = 1) -> None:
    assert bits(run(program, inputs, lanes, threads)) == bits(program.run(inputs, lanes))


def program_of_row(op: Op, count: int, is_lane: bool) -> Program:
    """The row on so many inputs, which come as truth values to those that join such."""
    instructions: list[tuple[Op, tuple[int, ...]]] = []
    operands = list(range(count))
    if op in TRUTHS:
        instructions = [(ops.not_equal, (i, count)) for i in operands]
        operands = [count + 1 + i for i in operands]
    instructions.append((op, tuple(operands)))
    names = [f"x{i}" for i in operands]
    return Program(names, [is_lane] * count, [0.0], instructions, [count + len(instructions)])


def special(op: Op) -> Iterator[tuple[float, ...]]:
    """Each special number in each place, beside other ones."""
    rng = random.Random(op.name)
    for _ in range(4):
        for x in SPECIAL:
            xs = list(next(ordinary(op, rng.randrange(1000), 1)))
            places = variables(op) or range(arity(op))
            for i in rng.sample(list(places), rng.randint(1, len(places))):
                xs[i] = x if i == places[0] else rng.choice(SPECIAL)
            yield tuple(xs)


def points_of(op: Op) -> list[tuple[float, ...]]:
    count = 5 if op.name in SLOW else 100
    found = [*special(op), *ordinary(op, 1, count), *awkward(op, 2, count)]
    return found[:20] if op.name in SLOW else found


def is_near(op: Op, got: float, want: float, xs: tuple[float, ...]) -> bool:
    """Whether two results are of one class, and where that says something, close by."""
    if not math.isfinite(want) or op.name in EXACT:
        return bool(bits(got) == bits(want))
    if not math.isfinite(got):
        return False
    is_fair = all(x == 0 or abs(x) >= SMALLEST_NORMAL for x in (*xs, want))
    if not is_fair or max(map(abs, xs)) > LARGEST_ANGLE or ulps(got, mp.mpf(want)) <= BOTH_WORST:
        return True
    truth = exact_value(op.name)
    return condition(truth, xs, variables(op)) > WELL_CONDITIONED or ulps(got, truth(*xs)) <= WORST


@rows(TABLE.values())
def test_every_row_gives_over_any_number_of_lanes_what_it_gives_in_python(op: Op) -> None:
    points = points_of(op)
    program = program_of_row(op, len(points[0]), True)
    for lanes in LANES:
        chosen = [points[i % len(points)] for i in range(lanes)]
        (got,) = run(program, [list(column) for column in zip(*chosen, strict=True)], lanes)
        for y, xs in zip(got, chosen, strict=True):
            want = float(op.value(*[x != 0 for x in xs] if op in TRUTHS else xs))
            assert is_near(op, y, want, xs), f"{op.name}{xs} is {want!r}, not {y!r}"


@rows(TABLE.values())
def test_every_row_gives_a_uniform_the_bits_that_it_gives_a_lane(op: Op) -> None:
    points = points_of(op)[:60]
    columns = [list(column) for column in zip(*points, strict=True)]
    (lanes,) = run(program_of_row(op, len(columns), True), columns, len(points))
    program = program_of_row(op, len(columns), False)
    buffers = compile_program(program).frame()
    for xs, want in zip(points, lanes, strict=True):
        fill(buffers, program, xs)
        buffers.run()
        assert bits(outputs_of(buffers, program)) == bits([want])


# -- what is written in steps --------------------------------------------------------------------


def of_many(op: Op, count: int, is_lane: bool = True) -> Program:
    index = [] if is_variable(op, 0) else [is_lane]
    inputs = [*index, *[is_lane] * count]
    names = [f"x{i}" for i in range(len(inputs))]
    return Program(names, inputs, [], [(op, tuple(range(len(inputs))))], [len(inputs)])


@pytest.mark.parametrize("count", [1, 2, 10, 40])
@rows([ops.logsumexp, ops.softmax, ops.cross_entropy])
def test_the_softmax_family_of_any_width_is_right(op: Op, count: int) -> None:
    rng = random.Random(count)
    points = []
    for size in (0.1, 3.0, 30.0, 800.0):
        for _ in range(8):
            xs = [rng.gauss(0.0, size) for _ in range(count)]
            points.append([*([] if is_variable(op, 0) else [float(rng.randrange(count))]), *xs])
    columns = [list(column) for column in zip(*points, strict=True)]
    (got,) = run(of_many(op, count), columns, len(points))
    truth = exact_value(op.name)
    for y, xs in zip(got, points, strict=True):
        places = range(len(xs) - count, len(xs))
        exact = truth(*map(mp.mpf, xs))
        if ulps(y, exact) > WORST and abs(exact) >= SMALLEST_NORMAL:
            assert condition(truth, tuple(xs), places) > WELL_CONDITIONED, xs


def test_logsumexp_is_right_where_the_largest_cancels_the_rest() -> None:
    # e^a + e^b is so near to 1 that its logarithm has lost all digits of a's and of b's
    half = math.log(0.5)
    for a in (half, half + 1e-9, half + 1e-4, -1.0, -3.0):
        b = math.log1p(-math.exp(a)) + 1e-5
        (got,) = run(of_many(ops.logsumexp, 2, False), [a, b], 1)
        assert ulps(got, exact_value("logsumexp")(mp.mpf(a), mp.mpf(b))) <= WORST


@pytest.mark.parametrize(("op", "count", "least"), [(ops.atan2, 2, 0.95), (ops.logsumexp, 3, 0.88)])
def test_most_results_are_the_floats_nearest_to_the_truth(op: Op, count: int, least: float) -> None:
    """0.98 and 0.92 of them; without the low words of their sums, 0.89 and 0.85."""
    rng = random.Random(0)
    columns = [[rng.gauss(0.0, 2.0) for _ in range(2000)] for _ in range(count)]
    (found,) = run(of_many(op, count, True), columns, 2000)
    truths = [exact_value(op.name)(*map(mp.mpf, xs)) for xs in zip(*columns, strict=True)]
    nearest = sum(float(truth) == y for truth, y in zip(truths, found, strict=True))
    assert nearest >= least * len(truths)


@pytest.mark.parametrize("op", [ops.softmax, ops.logsumexp, ops.cross_entropy, ops.take])
@pytest.mark.parametrize("count", [2, 3, 20])
def test_what_a_row_is_expanded_to_means_the_same_in_python(op: Op, count: int) -> None:
    rng = random.Random(0)
    program = of_many(op, count, False)
    steps = expand(program)
    assert op not in {step for step, _ in steps.instructions}
    for _ in range(20):
        xs = [rng.gauss(0.0, 3.0) for _ in range(count)]
        inputs = xs if len(program.inputs) == count else [float(rng.randrange(count)), *xs]
        assert steps.run(inputs) == pytest.approx(program.run(inputs), rel=1e-14)


def test_many_softmaxes_of_the_same_logits_compute_each_exponential_once() -> None:
    names = [f"x{i}" for i in range(10)]
    constants = [float(i) for i in range(10)]
    instructions = [(ops.softmax, (10 + i, *range(10))) for i in range(10)]
    program = Program(names, [True] * 10, constants, instructions, list(range(20, 30)))
    counts = Counter(op for op, _ in expand(program).instructions)
    assert counts[exp_difference] == counts[ops.divide] == 10


@pytest.mark.parametrize("count", [2, 3, 16, 17, 100])
@pytest.mark.parametrize("options_are_lanes", [True, False])
@pytest.mark.parametrize("index_is_lane", [True, False])
def test_take_by_an_index_of_run_time(
    count: int, options_are_lanes: bool, index_is_lane: bool
) -> None:
    lanes, rng = 13, random.Random(count)
    inputs = [index_is_lane, *[options_are_lanes] * count]
    program = Program(
        [f"x{i}" for i in range(count + 1)],
        inputs,
        [],
        [(ops.take, tuple(range(count + 1)))],
        [count + 1],
    )
    indices = [float(rng.randrange(count)) for _ in range(lanes)]
    options: list[Any] = [
        [rng.random() for _ in range(lanes)] if options_are_lanes else rng.random()
        for _ in range(count)
    ]
    check(program, [indices if index_is_lane else indices[0], *options], lanes)


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0, 3.0, -1.0, 0.5, -0.5, 4.0])
def test_powers_that_are_written_as_products_are_right(exponent: float) -> None:
    xs = [*SPECIAL, 2.0, -2.0, 1e200, -1e200, 1e-200, 1e103, 1.1, -7.3]
    program = Program(["x"], [True], [exponent], [(ops.pow, (0, 1))], [2])
    (got,) = run(program, [xs], len(xs))
    for x, y in zip(xs, got, strict=True):
        want = ops.pow.value(x, exponent)
        assert bits(y) == bits(want) or ulps(y, mp.mpf(x) ** mp.mpf(exponent)) <= WORST, x


# -- whole programs ------------------------------------------------------------------------------

ROWS = [TABLE[name] for name in EXACT if name not in ("take", "alias")]
SIZES = {"sum": (1, 3, 30), "maximum": (1, 2, 5), "minimum": (1, 2, 5), "dot": (2, 4, 7, 60, 61)}
Instructions = list[tuple[Op, tuple[int, ...]]]


class Growing:
    """A random program in the making, of rows that have one right answer."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.lane_inputs = [self.rng.random() < 0.6 for _ in range(self.rng.randint(1, 6))]
        self.constants = [0.0, 1.0, -0.0, 2.5]
        self.numbers = list(range(len(self.lane_inputs) + len(self.constants)))
        self.truths: list[int] = []
        self.instructions: Instructions = []

    def add(self, op: Op, operands: Iterable[int]) -> int:
        slot = len(self.lane_inputs) + len(self.constants) + len(self.instructions)
        self.instructions.append((op, tuple(operands)))
        (self.truths if gives_truth(op) else self.numbers).append(slot)
        return slot

    def number(self) -> int:
        recent = self.numbers[-30:] if self.rng.random() < 0.5 else self.numbers
        return self.rng.choice(recent)

    def any_row(self) -> None:
        rng, op = self.rng, self.rng.choice([*ROWS, ops.lane_sum, ops.lane_count])
        if op in TRUTHS and self.truths:
            self.add(op, rng.choices(self.truths, k=arity(op)))
        elif op is ops.where and self.truths:
            self.add(op, [rng.choice(self.truths), self.number(), self.number()])
        elif op is ops.lane_count:
            self.add(op, [])
        elif op not in TRUTHS:
            count = rng.choice(SIZES[op.name]) if op.name in SIZES else arity(op)
            self.add(op, [self.number() for _ in range(count)])

    def layer(self) -> None:
        """Dots of the same numbers with different weights: a layer of a network."""
        is_lane = self.program([]).is_lane
        pools = [[i for i in self.numbers if is_lane[i] is kind] for kind in (False, True)]
        weights, xs = self.rng.choice(pools), self.rng.choice(pools)
        if weights and xs:
            chosen = self.rng.choices(xs, k=self.rng.choice((26, 33)))
            for _ in range(self.rng.choice((1, 2, 4, 5, 11))):
                self.add(ops.dot, [*self.rng.choices(weights, k=len(chosen)), *chosen])

    def outer_product(self) -> None:
        """Sums over the lanes of every product of some numbers by some: a layer's gradient."""
        xs, ys = ([self.number() for _ in range(self.rng.randint(2, 9))] for _ in "xy")
        for x in xs:
            for y in ys:
                self.add(ops.lane_sum, [self.add(ops.multiply, [x, y])])

    def alike(self) -> None:
        op = self.rng.choice([ops.multiply, ops.add, ops.maximum, ops.less])
        for _ in range(self.rng.choice((3, 9, 30))):
            self.add(op, [self.number(), self.number()])

    def program(self, outputs: Sequence[int]) -> Program:
        names = [f"x{i}" for i in range(len(self.lane_inputs))]
        return Program(names, self.lane_inputs, self.constants, self.instructions, outputs)

    def inputs(self, lanes: int) -> list[Any]:
        def number() -> float:
            rng = self.rng
            return rng.choice(SPECIAL) if rng.random() < 0.1 else rng.gauss(0.0, 10.0)

        return [
            [number() for _ in range(lanes)] if is_lane else number()
            for is_lane in self.lane_inputs
        ]


def grown(seed: int) -> tuple[Program, Growing]:
    """A program with some of everything, whose outputs are any of its slots."""
    growing = Growing(seed)
    for _ in range(growing.rng.choice((3, 12, 40))):
        kinds = [growing.any_row] * 12 + [growing.layer, growing.outer_product, growing.alike]
        growing.rng.choice(kinds)()
    slots = growing.numbers + growing.truths
    program = growing.program([*growing.rng.choices(slots, k=8), slots[-1], growing.numbers[-1]])
    program.verify()
    return program, growing


@A_FEW
@given(st.integers(0, 2**32), st.sampled_from((1, 3, 8, 13, 100)))
def test_any_program_gives_the_bits_that_it_gives_in_python(seed: int, lanes: int) -> None:
    program, growing = grown(seed)
    check(program, growing.inputs(lanes), lanes)


@A_FEW
@given(st.integers(0, 2**32), st.sampled_from((7, 30)), st.sampled_from((0, 1)))
def test_where_a_program_is_cut_in_steps_does_not_matter(seed: int, cost: int, level: int) -> None:
    program, growing = grown(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(llvm, "EFFORTS", ((1 << 62, level, cost),))
        patch.setattr(uniform_steps, "ALIKE", 3)
        patch.setattr(llvm, "_key", lambda *program: f"{seed} {cost} {level}")
        check(program, growing.inputs(13), 13)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_bit(seed: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "ROUND", 1)  # so that there are several rounds
    program, growing = grown(seed)
    inputs = growing.inputs(MORE_THAN_TWO_BLOCKS)
    one = run(program, inputs, MORE_THAN_TWO_BLOCKS)
    assert bits(run(program, inputs, MORE_THAN_TWO_BLOCKS, threads)) == bits(one)


@pytest.mark.parametrize("lanes", [1, 8, 100, MORE_THAN_TWO_BLOCKS])
@pytest.mark.parametrize("side", [2, 4])
def test_a_layer_and_its_gradient_have_the_same_bits_on_narrow_and_wide_machines(
    lanes: int, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernels, "tile_side", lambda: side)
    monkeypatch.setattr(llvm, "_key", lambda *program: f"a layer in tiles of {side}")
    kernels.library.cache_clear()
    width, depth = 27, 30
    names = [f"w{i}" for i in range(width * depth)] + [f"x{i}" for i in range(depth)]
    first = len(names)
    instructions: Instructions = []
    xs = tuple(range(width * depth, first))
    for j in range(width):
        instructions.append((ops.dot, (*range(j * depth, (j + 1) * depth), *xs)))
    for j in range(width):
        for x in xs:
            instructions.append((ops.multiply, (first + j, x)))
            instructions.append((ops.lane_sum, (first + len(instructions) - 1,)))
    sums = [first + i for i, (op, _) in enumerate(instructions) if op is ops.lane_sum]
    is_lane = [False] * (width * depth) + [True] * depth
    program = Program(names, is_lane, [], instructions, [first, first + width - 1, *sums])
    rng = random.Random(lanes)
    inputs = [[rng.gauss(0, 1) for _ in range(lanes)] if lane else rng.random() for lane in is_lane]
    check(program, inputs, lanes)
    kernels.library.cache_clear()


def chain(count: int, is_lane: bool) -> Program:
    """Sums, differences and halves of products of recent numbers, which stay of everyday size."""
    rng = random.Random(count)
    first, instructions = 3, Instructions()
    for slot in range(first, first + count):
        a, b = (rng.randrange(max(0, slot - 50), slot) for _ in "ab")
        op = rng.choice([ops.maximum, ops.minimum, ops.subtract, ops.remainder])
        instructions.append((op, (a, b)))
    return Program(["x", "y"], [is_lane] * 2, [1.5], instructions, [first + count - 1])


@pytest.mark.parametrize("is_lane", [True, False])
def test_a_big_program_is_cut_into_functions_of_bounded_length(is_lane: bool) -> None:
    program = chain(12_000, is_lane)
    inputs = [[1.25, -0.5, 3.0], [0.75, 9.0, -1.0]] if is_lane else [1.25, 0.75]
    check(program, inputs, 3)
    text, cost = ir_of(program), llvm.EFFORTS[0][2]
    longest = max(len(function.splitlines()) for function in text.split("\ndefine "))
    assert longest < 20 * cost  # some lines for an instruction, its loads and its stores


def test_a_program_of_nothing_but_inputs_and_constants_runs() -> None:
    outputs = [0, 1, 2, 0, 1, 2]
    program = Program(["x", "y"], [True, False], [2.5], [], outputs)
    check(program, [[1.0, 2.0, 3.0], 4.0], 3)


@pytest.mark.parametrize("count", [25, 32])
@pytest.mark.parametrize("stride", [1, 3, 8, -1, -8])
def test_a_loop_whose_results_meet_one_another_ends_before_the_next(
    count: int, stride: int
) -> None:
    steps = [(ops.negative, (i,)) for i in range(count)]
    pairs = [(ops.multiply, (count + i, count + (i + stride) % count)) for i in range(count)]
    names = [f"x{i}" for i in range(count)]
    outputs = list(range(2 * count, 3 * count))
    program = Program(names, [False] * count, [], [*steps, *pairs], outputs)
    check(program, [float(i) for i in range(1, count + 1)], 1)


def test_a_lane_that_is_the_same_in_each_stays_a_lane() -> None:
    instructions: Instructions = [(ops.pow, (0, 2)), (ops.take, (3, 0, 1)), (ops.lane_sum, (4,))]
    program = Program(["x", "y"], [True, False], [0.0, 1.0], instructions, [4, 5, 6])
    check(program, [[1.0, 2.0, 3.0], 4.0], 3)


def test_no_outputs_and_no_inputs_are_fine() -> None:
    assert run(Program([], [], [], [], []), [], 1) == []
    assert run(Program(["x"], [True], [], [], []), [[1.0]], 1) == []


@pytest.mark.parametrize("lanes", [1, 5, 8, 1000, 1024, MORE_THAN_TWO_BLOCKS])
def test_a_sum_over_lanes_of_the_same_number_adds_it_as_often_as_there_are_lanes(
    lanes: int,
) -> None:
    instructions: Instructions = [(ops.lane_sum, (0,)), (ops.lane_count, ()), (ops.lane_sum, (3,))]
    program = Program(["x"], [False], [-0.0], [*instructions, (ops.lane_sum, (1,))], [2, 3, 4, 5])
    check(program, [0.1], lanes)


@pytest.mark.parametrize("lanes", [1, 3, 8, 13])
def test_sums_of_negative_zeros_are_negative_whether_or_not_a_vector_is_full(lanes: int) -> None:
    """A layer's gradient: each output's share times each input, over all samples."""
    products = [(ops.multiply, (i, 8 + j)) for i in range(8) for j in range(8)]
    sums = [(ops.lane_sum, (16 + i,)) for i in range(64)]
    names = [f"x{i}" for i in range(16)]
    program = Program(names, [True] * 16, [], [*products, *sums], list(range(80, 144)))
    check(program, [[-0.0] * lanes] * 8 + [[1.0] * lanes] * 8, lanes)


def test_lanes_that_a_later_level_needs_are_kept() -> None:
    # (x - mean(x)) / √mean((x - mean(x))²), whose mean is wanted, too
    instructions: Instructions = [
        (ops.lane_count, ()),
        (ops.lane_sum, (0,)),
        (ops.divide, (2, 1)),
        (ops.subtract, (0, 3)),
        (ops.multiply, (4, 4)),
        (ops.lane_sum, (5,)),
        (ops.divide, (6, 1)),
        (ops.sqrt, (7,)),
        (ops.divide, (4, 8)),
        (ops.lane_sum, (9,)),
    ]
    program = Program(["x"], [True], [], instructions, [9, 10, 4])
    for lanes in (1, 13, MORE_THAN_TWO_BLOCKS):
        rng = random.Random(lanes)
        check(program, [[rng.gauss(5, 2) for _ in range(lanes)]], lanes)
        check(program, [[rng.gauss(5, 2) for _ in range(lanes)]], lanes, threads=2)


# -- indices out of range ------------------------------------------------------------------------


@pytest.mark.parametrize("index", [-1.0, 3.0, 0.5, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("op", [ops.take, ops.softmax, ops.cross_entropy], ids=lambda op: op.name)
@pytest.mark.parametrize("is_lane", [True, False])
def test_an_index_out_of_range_is_an_error_at_every_run(
    op: Op, index: float, is_lane: bool
) -> None:
    buffers = compile_program(of_many(op, 3, is_lane)).frame(9)
    inputs = buffers.lane_inputs[:, 8] if is_lane else buffers.uniform_inputs
    inputs[:] = 1.0
    for bad, is_bad in ((index, True), (index, True), (2.0, False), (index, True)):
        inputs[0] = bad
        if is_bad:
            with pytest.raises(IndexError, match="no whole number in the range"):
                buffers.run()
        else:
            buffers.run()


def test_pad_lanes_may_hold_any_index() -> None:
    buffers = compile_program(of_many(ops.take, 3)).frame(9)
    buffers.lane_inputs[:] = 1.0
    buffers.lane_inputs[0, 9:] = math.nan
    buffers.run()
    assert buffers.lane_outputs[0, :9].tolist() == [1.0] * 9


def test_threads_report_an_index_out_of_range() -> None:
    buffers = compile_program(of_many(ops.take, 20)).frame(MORE_THAN_TWO_BLOCKS, threads=2)
    buffers.lane_inputs[0, -90] = 20.0
    with pytest.raises(IndexError):
        buffers.run()
    buffers.lane_inputs[0, -90] = 19.0
    buffers.run()


# -- frames --------------------------------------------------------------------------------------

PRODUCT = Program(["x", "y"], [True, True], [], [(ops.multiply, (0, 1))], [2])


def test_a_caller_s_array_is_read_in_place() -> None:
    buffers = compile_program(PRODUCT).frame(16)
    mine = np.arange(17.0)[1:]  # not aligned to a vector
    buffers.use_lane_input(1, mine)
    buffers.lane_inputs[0] = 2.0
    for _ in range(2):
        buffers.run()
        assert buffers.lane_outputs[0].tolist() == (2.0 * mine).tolist()
        mine += 1.0


@pytest.mark.parametrize(
    "array", [np.zeros(15), np.zeros((2, 8)), np.zeros(16, np.float32), np.zeros(32)[::2]]
)
def test_an_array_that_cannot_be_read_in_place_is_refused(array: Any) -> None:
    with pytest.raises(ValueError, match="contiguous float64 array of 16 numbers"):
        compile_program(PRODUCT).frame(16).use_lane_input(0, array)


@pytest.mark.parametrize(("lanes", "threads"), [(0, 1), (1, 0), (-1, 1)])
def test_no_lanes_or_no_threads_are_refused(lanes: int, threads: int) -> None:
    with pytest.raises(ValueError, match="at least 1 lane and 1 thread"):
        compile_program(PRODUCT).frame(lanes, threads)


def test_rows_are_padded_and_aligned() -> None:
    for lanes in LANES:
        buffers = compile_program(PRODUCT).frame(lanes)
        for row in (*buffers.lane_inputs, *buffers.lane_outputs):
            assert len(row) % 8 == 0
            assert len(row) >= lanes
            assert row.ctypes.data % 64 == 0


def test_run_keeps_what_it_needs_without_its_frame() -> None:
    buffers = compile_program(PRODUCT).frame(8)
    inputs, outputs, call = buffers.lane_inputs, buffers.lane_outputs, buffers.run
    del buffers
    gc.collect()
    inputs[:] = 3.0
    call()
    assert outputs.tolist() == [[9.0] * 8]
    assert call.__doc__


def test_frames_of_one_program_run_in_threads_at_the_same_time() -> None:
    program, growing = grown(3)
    inputs = [growing.inputs(500) for _ in range(4)]
    compiled, found = compile_program(program), dict[int, Any]()

    def work(i: int) -> None:
        buffers = compiled.frame(500)
        fill(buffers, program, inputs[i])
        for _ in range(50):
            buffers.run()
        found[i] = outputs_of(buffers, program)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, given_inputs in enumerate(inputs):
        assert bits(found[i]) == bits(program.run(given_inputs, 500))


def test_other_python_code_runs_meanwhile() -> None:
    program = chain(2000, True)
    buffers = compile_program(program).frame(50_000)
    buffers.lane_inputs[:] = 1.0
    done = threading.Event()
    turns = 0
    thread = threading.Thread(target=lambda: (buffers.run(), done.set()))
    thread.start()
    while not done.is_set():
        turns += 1
    thread.join()
    assert turns > 1000  # with the GIL held there would be none between start and end


# -- text, cache and options ---------------------------------------------------------------------


def test_the_text_of_a_program_is_always_the_same() -> None:
    code = (
        "from tests.test_llvm import grown\nfrom autograd.llvm.compile import ir_of\n"
        "import hashlib; print(hashlib.sha256(ir_of(grown(11)[0]).encode()).hexdigest())"
    )
    found = set()
    for seed in ("1", "2"):
        command = [sys.executable, "-c", code]
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "AUTOGRAD_CACHE": ""}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        found.add(done.stdout)
    assert len(found) == 1


def test_a_program_from_the_cache_is_not_written_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = ObjectCache(str(tmp_path / "cache"))
    monkeypatch.setattr(machine, "default_cache", lambda: kept)
    program = Program(["x"], [True], [1.0 / 3.0], [(ops.multiply, (0, 1))], [2])
    first = run(program, [[3.0]], 1)

    def fail(*arguments: Any) -> None:
        raise AssertionError("expanded again")

    monkeypatch.setattr(llvm, "expand", fail)
    assert run(program, [[3.0]], 1) == first


def test_programs_that_differ_in_a_zero_s_sign_are_two() -> None:
    both = [Program(["x"], [True], [zero], [(ops.multiply, (0, 1))], [2]) for zero in (0.0, -0.0)]
    assert [bits(run(program, [[1.0]], 1)) for program in both] == [bits([[0.0]]), bits([[-0.0]])]


@pytest.mark.parametrize("seed", range(8))
def test_fast_math_is_close(seed: int) -> None:
    rng = random.Random(seed)
    names = [f"x{i}" for i in range(60)]
    instructions: Instructions = [(ops.dot, tuple(range(60))), (ops.lane_sum, (60,))]
    instructions += [(ops.logsumexp, (0, 1, 2)), (ops.tanh, (62,)), (ops.multiply, (62, 63))]
    program = Program(names, [i >= 30 for i in range(60)], [], instructions, [60, 61, 62, 63, 64])
    inputs = [[rng.random() for _ in range(20)] if i >= 30 else rng.random() for i in range(60)]
    for got, want in zip(run(program, inputs, 20, fastmath=True), program.run(inputs), strict=True):
        assert np.allclose(got, want, rtol=REORDERED, atol=0.0)


def test_only_the_functions_that_are_used_are_compiled() -> None:
    program = Program(["x"], [True], [], [(ops.exp, (0,))], [1])
    names = re.findall(r"define internal .*?@([\w.]+)\(", ir_of(program))
    assert names == ["exp.v"]


# -- tiles ---------------------------------------------------------------------------------------


def test_every_sum_has_its_own_place_in_a_tile_or_behind_the_tiles() -> None:
    rng = random.Random(5)
    pairs = {1000 + i: (rng.randrange(12), rng.randrange(12, 30)) for i in range(300)}
    for side in (2, 4):
        plan = tiling(pairs, side)
        factors = [(a, b) for tile in plan.tiles for a in tile[0] for b in tile[1]]
        factors += plan.singles
        assert len(factors) == plan.count
        assert len(set(plan.positions.values())) == len(pairs)
        for slot, at in plan.positions.items():
            assert sorted(factors[at]) == sorted(pairs[slot])


def test_a_layer_s_gradient_is_nearly_all_tiles() -> None:
    pairs = {100 * a + b: (a, b) for a in range(1, 17) for b in range(20, 37)}
    plan = tiling(pairs, 4)
    assert len(plan.tiles) == 16
    assert len(plan.singles) == 16
