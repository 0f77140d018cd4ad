"""A simplified program gives the same bits as before, in fewer instructions."""

import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings

from autograd import ops
from autograd.ops import TABLE, Op
from autograd.program import Program
from autograd.simplify import LONG_CHAIN, simplify
from tests.points import operands
from tests.programs import (
    JOINS,
    SPECIAL,
    bits,
    program_of_function,
    programs_with_inputs,
    spread,
)

LONG = 20_000  # instructions: at O(n²) nothing would end
A_ROW = settings(max_examples=settings().max_examples // 5)  # there are sixty of them
MANY = settings(max_examples=settings().max_examples * 4)


def simplified(f: Callable[..., Any], count: int = 1, lanes: tuple[int, ...] = ()) -> Program:
    program = simplify(program_of_function(f, count, lanes))
    program.verify()
    return program


def operations(program: Program) -> list[str]:
    return [op.name for op, _ in program.instructions]


def agree(f: Callable[..., Any], count: int) -> bool:
    """Whether the bits are the same at every awkward point."""
    program = program_of_function(f, count)
    fewer = simplify(program)
    fewer.verify()
    points = [[x] * count for x in SPECIAL]
    points += [[x, *[y] * (count - 1)] for x in SPECIAL for y in SPECIAL]
    return all(bits(program.run(xs)) == bits(fewer.run(xs)) for xs in points)


# -- the same bits -------------------------------------------------------------------------------


@MANY
@given(programs_with_inputs())
def test_a_simplified_program_gives_the_same_bits_whatever_it_is_given(
    case: tuple[Program, list[Any], int],
):
    program, inputs, lanes = case
    fewer = simplify(program)
    fewer.verify()
    before = [spread(y, lanes) for y in program.run(inputs, lanes)]
    after = [spread(y, lanes) for y in fewer.run(inputs, lanes)]
    assert bits(before) == bits(after)
    assert fewer.inputs == program.inputs
    assert fewer.lane_inputs == program.lane_inputs


@given(programs_with_inputs())
def test_what_is_simple_stays_as_it_is(case: tuple[Program, list[Any], int]):
    once = simplify(case[0])
    assert len(simplify(once).instructions) == len(once.instructions)


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_what_is_known_is_folded_to_the_bits_of_the_row(op: Op):
    @A_ROW
    @given(operands(op))
    def check(xs: tuple[float, ...]) -> None:
        slots = tuple(range(len(xs)))
        if op in JOINS:
            truths = [bool(x) for x in xs]
            steps = [(ops.not_equal if t else ops.less, (i, i)) for i, t in enumerate(truths)]
            # nan is never equal to itself, and never less
            program = Program([], [], [math.nan] * len(xs), [*steps, (op, slots)], [])
            used = tuple([len(xs) + i for i in slots])
            steps = [*steps, (op, used)]
            program = Program([], [], program.constants, steps, [len(xs) + len(steps) - 1])
            expected = op.value(*truths)
        else:
            program = Program([], [], xs, [(op, slots)], [len(xs)])
            expected = op.value(*xs)
        known = simplify(program)
        known.verify()
        assert bits(known.run([])) == bits([expected])
        assert len(known.instructions) == (not op.partials)  # how a known truth is spelled

    check()


# -- identities that hold for every float --------------------------------------------------------

GONE: dict[str, Callable[..., Any]] = {
    "x + -0.0": lambda x: x + -0.0,
    "-0.0 + x": lambda x: -0.0 + x,
    "x - 0.0": lambda x: x - 0.0,
    "x·1": lambda x: x * 1.0,
    "1·x": lambda x: 1.0 * x,
    "x/1": lambda x: x / 1.0,
    "x¹": lambda x: x**1.0,
    "x⁰": lambda x: x**0.0,
    "-(-x)": lambda x: -ops.negative(x),
    "equal branches": lambda x: ops.where(x > 0.0, x, x),
    "a known index": lambda x: ops.take(ops.where(x == x, 1.0, 1.0), 5.0, x),
    "a known condition": lambda x: ops.where(ops.where(x > 0.0, 2.0, 2.0) > 1.0, x, 5.0),
}


@pytest.mark.parametrize("f", GONE.values(), ids=GONE.keys())
def test_nothing_is_computed_for(f: Callable[..., Any]):
    assert operations(simplified(f)) == []
    assert agree(f, 1)


STAYS: dict[str, Callable[..., Any]] = {
    "x + 0.0": lambda x: x + 0.0,
    "0.0 + x": lambda x: 0.0 + x,
    "x - -0.0": lambda x: x - -0.0,
    "0.0 - x": lambda x: 0.0 - x,
    "-0.0 - x": lambda x: -0.0 - x,
    "0·x": lambda x: 0.0 * x,
    "-1·x": lambda x: -1.0 * x,
    "x - x": lambda x: x - x,
    "x/x": lambda x: x / x,
    "1/x": lambda x: 1.0 / x,
    "x²": lambda x: x**2.0,
    "1ˣ": lambda x: 1.0**x,
    "x/2": lambda x: x / 2.0,
    "x = x": lambda x: x == x,
    "x < x": lambda x: x < x,
    "a choice between zeros": lambda x: ops.where(x > 0.0, 0.0, -0.0),
}


@pytest.mark.parametrize("f", STAYS.values(), ids=STAYS.keys())
def test_it_is_still_computed(f: Callable[..., Any]):
    assert len(operations(simplified(f))) == len(program_of_function(f, 1).instructions)
    assert agree(f, 1)


CHOICES: dict[str, tuple[Callable[..., Any], list[str]]] = {
    "a negated condition": (
        lambda x, y: ops.where(~(x > y), x, y),
        ["greater", "where"],
    ),
    "the same condition in a branch": (
        lambda x, y: ops.where(x > y, ops.where(x > y, x, 1.0), ops.where(x > y, 2.0, y)),
        ["greater", "where"],
    ),
    "the same condition deep in a branch": (
        lambda x, y: ops.where(
            x > y, ops.where(x > y, ops.where(x > y, x, 1.0), 2.0), ops.where(~(x > y), y, 3.0)
        ),
        ["greater", "where"],
    ),
    "twice negated": (lambda x, y: ops.where(~~(x > y), x, y), ["greater", "where"]),
    "joined with itself": (
        lambda x, y: ops.where(((x > y) & (x > y)) | (x > y), x, y),
        ["greater", "where"],
    ),
    "joined with what is known": (
        lambda x, y: ops.where(((x > y) & (y * 0.0 + 1.0 == 1.0)) | (x == y), x, y),
        ["greater", "multiply", "add", "equal", "logical_and", "equal", "logical_or", "where"],
    ),
    "a number for a condition": (lambda x, y: ops.where(x, ops.where(x, x, 1.0), y), ["where"]),
}


@pytest.mark.parametrize(("f", "left"), CHOICES.values(), ids=CHOICES.keys())
def test_a_choice_is_made_once(f: Callable[..., Any], left: list[str]):
    assert sorted(operations(simplified(f, 2))) == sorted(left)
    assert agree(f, 2)


def test_known_truths_decide_what_they_join():
    known, x = (ops.less, (1, 2)), (ops.less, (0, 1))  # 1 < 2, x < 1

    def joined(op: Op, first: Any) -> Program:
        instructions = [first, x, (op, (3, 4)), (ops.where, (5, 1, 2))]
        return simplify(Program(["x"], [False], [1.0, 2.0], instructions, [6]))

    unknown = (ops.less, (2, 1))
    assert operations(joined(ops.logical_or, known)) == []
    assert operations(joined(ops.logical_and, unknown)) == []
    assert operations(joined(ops.logical_and, known)) == ["less", "where"]
    assert operations(joined(ops.logical_or, unknown)) == ["less", "where"]


def test_a_known_truth_is_still_one_as_an_output():
    program = simplify(
        Program([], [], [1.0, 2.0], [(ops.less, (0, 1)), (ops.less, (1, 0))], [2, 3])
    )
    program.verify()
    assert program.run([]) == [True, False]


@pytest.mark.parametrize("op", [ops.take, ops.softmax, ops.cross_entropy], ids=lambda op: op.name)
@pytest.mark.parametrize("index", [2.0, -1.0, 0.5, math.nan])
def test_a_known_index_out_of_range_is_left_to_the_run(op: Op, index: float):
    for options in ([0, 0], [2, 2]):  # the input, or constants
        program = Program(["x"], [False], [index, 7.0], [(op, (1, *options))], [3])
        with pytest.raises(IndexError):
            simplify(program).run([1.0])


# -- what is computed twice, and for nothing -----------------------------------------------------


def test_a_common_subexpression_is_computed_once():
    def f(x: Any, y: Any) -> Any:
        return [x * y + (y + x), y * x + (x + y), (x == y) & (x < y), (x < y) & (y == x)]

    program = simplified(f, 2)
    assert len(program.instructions) == 6
    assert program.outputs[0] == program.outputs[1]
    assert program.outputs[2] == program.outputs[3]
    assert agree(f, 2)


def test_what_does_not_commute_is_computed_for_each_order():
    def f(x: Any, y: Any) -> Any:
        return [x - y, y - x, x / y, y / x, x < y, y < x, ops.maximum(x, y), ops.maximum(y, x)]

    assert len(simplified(f, 2).instructions) == 8


def test_a_sum_over_lanes_is_taken_once_and_a_sample_counted_once():
    instructions = [
        (ops.lane_sum, (0,)),
        (ops.lane_count, ()),
        (ops.divide, (1, 2)),
        (ops.lane_sum, (0,)),
        (ops.lane_count, ()),
        (ops.divide, (4, 5)),
        (ops.subtract, (0, 6)),
        (ops.multiply, (3, 7)),
    ]
    program = simplify(Program(["x"], [True], [], instructions, [8]))
    program.verify()
    assert operations(program) == ["lane_sum", "lane_count", "divide", "subtract", "multiply"]


def test_both_zeros_and_nan_are_constants_of_their_own():
    def f(x: Any) -> Any:
        return [x * 0.0, x * -0.0, x * math.nan, x * float("nan"), x * 0.0]

    program = simplified(f)
    assert bits(program.constants) == bits([0.0, -0.0, math.nan])
    assert len(program.instructions) == 3
    assert agree(f, 1)


def test_what_no_output_needs_is_left_out_but_for_the_inputs():
    instructions = [(ops.exp, (0,)), (ops.multiply, (4, 2)), (ops.add, (0, 3)), (ops.log, (5,))]
    program = simplify(Program(["x", "y"], [False, True], [5.0, 7.0], instructions, [6, 0]))
    assert str(program).splitlines() == [
        "input    %0 = x",
        "input    %1* = y",
        "constant %2 = 7.0",
        "%3 = add %0 %2",
        "output   %3 %0",
    ]


def test_an_output_that_is_an_input_or_a_constant_stays_where_it_is():
    program = simplified(lambda x, y: [y, 5.0, x, y], 2)
    assert program.run([1.0, 2.0]) == [2.0, 5.0, 1.0, 2.0]
    assert program.instructions == ()


# -- chains of additions -------------------------------------------------------------------------


def rough(count: int, seed: int = 0) -> list[float]:
    """Numbers of which no two orders of addition give the same sum."""
    rng = random.Random(seed)
    return [rng.uniform(-1.0, 1.0) * 10.0 ** rng.randrange(0, 17) for _ in range(count)]


def from_left(xs: Any) -> Any:
    total = xs[0]
    for x in xs[1:]:
        total = total + x
    return total


def standing_right(xs: Any) -> Any:
    total = xs[0]
    for x in xs[1:]:
        total = x + total
    return total


@pytest.mark.parametrize("add_up", [from_left, standing_right])
@pytest.mark.parametrize("length", [LONG_CHAIN - 1, LONG_CHAIN, 40])
def test_a_long_chain_of_additions_becomes_one_sum_in_the_same_order(add_up: Any, length: int):
    program = program_of_function(lambda *xs: add_up(xs), length)
    fewer = simplify(program)
    fewer.verify()
    assert operations(fewer) == (["sum"] if length >= LONG_CHAIN else ["add"] * (length - 1))
    for seed in range(20):
        xs = rough(length, seed)
        assert bits(fewer.run(xs)) == bits(program.run(xs)) == bits([from_left(xs)])


def test_a_chain_of_products_becomes_one_dot_and_what_follows_is_added():
    def neuron(*xs: Any) -> Any:
        return from_left([a * b for a, b in zip(xs[:10], xs[10:20], strict=True)] + [xs[20]])

    program = program_of_function(neuron, 21)
    fewer = simplify(program)
    assert operations(fewer) == ["dot", "sum"]
    for seed in range(20):
        xs = rough(21, seed)
        assert bits(fewer.run(xs)) == bits(program.run(xs)) == bits([neuron(*xs)])


def test_products_after_something_else_stay_products():
    def f(*xs: Any) -> Any:
        return from_left([xs[0], *[x * x for x in xs[1:]]])

    program = program_of_function(f, 10)
    assert operations(simplify(program)) == ["multiply"] * 9 + ["sum"]
    assert bits(simplify(program).run(rough(10))) == bits(program.run(rough(10)))


def test_what_is_needed_elsewhere_is_not_hidden_in_a_chain():
    def f(*xs: Any) -> Any:
        half = from_left(xs[:10])
        product = xs[0] * xs[1]
        both = from_left([product, *[x * x for x in xs]])
        return [half, from_left([half, *xs[10:]]), both, product, ops.exp(half)]

    program = program_of_function(f, 20)
    fewer = simplify(program)
    fewer.verify()
    assert operations(fewer).count("add") == 0
    for seed in range(20):
        xs = [x / 1e17 for x in rough(20, seed)]
        assert bits(fewer.run(xs)) == bits(program.run(xs))


def test_two_chains_that_meet_stay_two_sums():
    def f(*xs: Any) -> Any:
        return from_left(xs[:10]) + from_left(xs[10:])

    program = program_of_function(f, 20)
    fewer = simplify(program)
    fewer.verify()
    assert len(fewer.instructions) == 2
    assert bits(fewer.run(rough(20))) == bits(program.run(rough(20)))


def test_a_number_added_to_itself_is_no_chain():
    def doubled(x: Any) -> Any:
        for _ in range(20):
            x = x + x
        return x

    assert operations(simplified(doubled)) == ["add"] * 20
    assert agree(doubled, 1)


def test_what_is_the_same_for_all_lanes_is_added_up_before_them():
    program = program_of_function(lambda *xs: from_left(xs), 20, lanes=tuple(range(10, 20)))
    fewer = simplify(program)
    fewer.verify()
    of_lanes = [len(xs) for slot, _, xs in fewer.numbered() if fewer.is_lane[slot]]
    assert sum(of_lanes) <= 12  # ten lanes and one sum, and not ten uniforms more
    inputs = [*rough(10), *[[x, -x] for x in rough(10, 1)]]
    assert bits(fewer.run(inputs)) == bits(program.run(inputs))


# -- long programs -------------------------------------------------------------------------------

GROWTH: dict[str, Callable[[Any, Any], Any]] = {
    "a chain of additions": lambda x, y: y + x,
    "products and sums": lambda x, y: x * y + y,
    "choices": lambda x, y: ops.where(x > y, x, y),
    "the same choices": lambda x, y: ops.where(y > 0.0, x, y),
    "negations": lambda x, y: -x,
    "nothing": lambda x, y: x * 1.0,
}


@pytest.mark.parametrize("step", GROWTH.values(), ids=GROWTH.keys())
def test_a_long_program_is_simplified_in_linear_time(step: Callable[[Any, Any], Any]):
    def f(x: Any, y: Any) -> Any:
        for _ in range(LONG):
            x = step(x, y)
        return x

    program = program_of_function(f, 2)
    fewer = simplify(program)
    assert len(fewer.instructions) <= len(program.instructions)
    assert bits(fewer.run([1.0, 1e-3])) == bits(program.run([1.0, 1e-3]))


def test_a_long_program_of_constants_is_folded_in_linear_time():
    chain = [(ops.add, (i, 0)) for i in range(LONG)]
    program = simplify(Program([], [], [1.0], chain, [LONG]))
    assert program.instructions == ()
    assert program.constants == (LONG + 1.0,)
