"""A program prints, tells what is wrong with it, and runs as its definition says."""

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings

from autograd import ops
from autograd.ops import TABLE, Op
from autograd.program import Program
from tests.points import arity, operands
from tests.programs import JOINS, bits, programs, programs_with_inputs, spread

LONG, LONGEST = 100_000, 1_000_000  # instructions: at O(n²) neither would end
A_ROW = settings(max_examples=settings().max_examples // 5)  # there are sixty of them
COUNTS = [1, 2, 7, 8, 9, 1023, 1024, 1025, 2049, 5000]  # about a vector, and about a block


def of_one(
    op: Op, *operands: int, lane: bool = False, constants: tuple[float, ...] = ()
) -> Program:
    """A program of a single instruction on one input."""
    return Program(["x"], [lane], constants, [(op, operands)], [1 + len(constants)])


def mixed() -> Program:
    """A mean over lanes, and how far a lane is from it."""
    instructions = [
        (ops.multiply, (0, 1)),
        (ops.lane_sum, (3,)),
        (ops.lane_count, ()),
        (ops.divide, (4, 5)),
        (ops.subtract, (3, 6)),
        (ops.greater, (7, 2)),
    ]
    return Program(["w", "x"], [False, True], [0.0], instructions, [6, 7, 8])


# -- how it looks --------------------------------------------------------------------------------


def test_a_program_prints_a_line_a_slot_with_a_star_at_each_lane():
    assert str(mixed()).splitlines() == [
        "input    %0 = w",
        "input    %1* = x",
        "constant %2 = 0.0",
        "%3* = multiply %0 %1*",
        "%4 = lane_sum %3*",
        "%5 = lane_count",
        "%6 = divide %4 %5",
        "%7* = subtract %3* %6",
        "%8* = greater %7* %2",
        "output   %6 %7* %8*",
    ]


def test_the_repr_counts_the_commonest_operations():
    chain = [(ops.add, (0, 0)), (ops.add, (0, 1)), (ops.exp, (2,))]
    program = Program(["x"], [False], [], chain, [3])
    assert repr(program) == "<Program: 1 inputs, 3 instructions (2 add, 1 exp), 1 outputs>"
    assert repr(Program([], [], [], [], [])) == "<Program: 0 inputs, 0 instructions, 0 outputs>"


def test_len_counts_slots_and_numbered_gives_each_instruction_with_its_slot():
    program = mixed()
    assert len(program) == 9
    assert program.first == 3
    assert [slot for slot, _, _ in program.numbered()] == list(range(3, 9))
    assert [(op, xs) for _, op, xs in program.numbered()] == list(program.instructions)


def test_only_comparisons_and_what_joins_them_hold_a_truth_value():
    assert [mixed().is_truth(slot) for slot in range(9)] == [False] * 8 + [True]
    for op in TABLE.values():
        program = of_one(op, *[0] * arity(op))
        assert program.is_truth(1) == (not op.partials), op.name
    assert not of_one(ops.lane_count).is_truth(1)
    assert not of_one(ops.lane_sum, 0).is_truth(1)


def test_a_slot_is_a_lane_if_an_operand_is_but_for_a_sum_over_lanes():
    flags = [False, True, False, True, False, False, False, True, True]
    assert list(mixed().is_lane) == flags


def test_the_level_of_a_slot_counts_the_sums_over_lanes_before_it():
    assert list(mixed().level) == [0, 0, 0, 0, 1, 0, 1, 1, 1]


# -- what is wrong -------------------------------------------------------------------------------

WRONG = {
    "an operand that comes later": of_one(ops.exp, 2),
    "an operand that is itself": of_one(ops.exp, 1),
    "a negative operand": of_one(ops.exp, -1),
    "an output that is no slot": Program(["x"], [False], [], [], [1]),
    "a negative output": Program(["x"], [False], [], [], [-1]),
    "a constant that is no float": of_one(ops.add, 0, 1, constants=(1,)),
    "a constant that is a bool": of_one(ops.add, 0, 1, constants=(True,)),
    "too few names": Program(["x"], [False, False], [], [], [0]),
    "too few operands": of_one(ops.add, 0),
    "too many operands": of_one(ops.exp, 0, 0),
    "no operand": of_one(ops.maximum),
    "a sum over lanes of two": of_one(ops.lane_sum, 0, 0),
    "a count of lanes of one": of_one(ops.lane_count, 0),
    "an index without a choice": of_one(ops.take, 0),
    "a label without logits": of_one(ops.cross_entropy, 0),
    "an index into no softmax": of_one(ops.softmax, 0),
    "an edge too few": of_one(ops.clip, 0, 0),
    "a comparison of three": of_one(ops.less, 0, 0, 0),
    "a negation of two": Program(
        ["x"], [False], [], [(ops.less, (0, 0)), (ops.logical_not, (1, 1))], [2]
    ),
    "joined numbers": of_one(ops.logical_and, 0, 0),
    "a negated number": of_one(ops.logical_not, 0),
    "a computation with a truth": Program(
        ["x"], [False], [], [(ops.less, (0, 0)), (ops.add, (0, 1))], [2]
    ),
    "a truth to choose": Program(
        ["x"], [False], [], [(ops.less, (0, 0)), (ops.where, (1, 1, 0))], [2]
    ),
    "a truth for an index": Program(
        ["x"], [False], [], [(ops.less, (0, 0)), (ops.take, (1, 0, 0))], [2]
    ),
    "a sum of truths": Program(["x"], [True], [], [(ops.less, (0, 0)), (ops.lane_sum, (1,))], [2]),
}


@pytest.mark.parametrize("program", WRONG.values(), ids=WRONG.keys())
def test_verify_catches(program: Program):
    with pytest.raises(AssertionError):
        program.verify()


@given(programs())
def test_verify_lets_every_program_of_the_table_s_rows_pass(program: Program):
    program.verify()


# -- what it means -------------------------------------------------------------------------------


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_an_instruction_gives_what_its_row_gives(op: Op):
    slots = tuple(range(arity(op)))
    truths = op in JOINS

    @A_ROW
    @given(operands(op))
    def check(xs: tuple[float, ...]) -> None:
        names, instructions, used = [f"x{i}" for i in slots], [(op, slots)], slots
        if truths:
            used = tuple([len(slots) + i for i in slots])
            instructions = [*[(ops.less, (i, i)) for i in slots], (op, used)]
            expected = op.value(*[False] * len(slots))
        else:
            expected = op.value(*xs)
        one = Program(names, [False] * len(xs), [], instructions, [len(xs) + len(instructions) - 1])
        many = Program(names, [True] * len(xs), [], instructions, one.outputs)
        assert bits(one.run(xs)) == bits([expected])
        assert bits(many.run([[x, x, x] for x in xs])) == bits([[expected] * 3])

    check()


def test_a_uniform_is_the_same_in_every_lane():
    mean, away, above = mixed().run([2.0, [1.0, 2.0, 6.0]])
    assert mean == 6.0
    assert away == [-4.0, -2.0, 6.0]
    assert above == [False, False, True]


def test_an_output_can_be_an_input_a_constant_and_the_same_twice():
    program = Program(["x", "y"], [False, True], [7.0], [], [1, 2, 0, 0])
    assert program.run([3.0, [1.0, 2.0]]) == [[1.0, 2.0], 7.0, 3.0, 3.0]


def test_a_sum_over_lanes_of_a_uniform_counts_it_once_a_lane():
    assert of_one(ops.lane_sum, 0).run([0.5], lanes=6) == [3.0]
    assert of_one(ops.lane_sum, 0).run([0.5]) == [0.5]
    assert of_one(ops.lane_count).run([0.0], lanes=6) == [6.0]
    assert of_one(ops.lane_count, lane=True).run([[0.0, 0.0]]) == [2.0]


def test_the_run_of_a_program_with_lanes_is_its_run_for_each_sample():
    @given(programs_with_inputs())
    def check(case: tuple[Program, list[Any], int]) -> None:
        program, inputs, lanes = case
        if any(op in (ops.lane_sum, ops.lane_count) for op, _ in program.instructions):
            return
        results = [spread(y, lanes) for y in program.run(inputs, lanes)]
        for i in range(lanes):
            sample = [[x[i]] if isinstance(x, list) else x for x in inputs]
            alone = [spread(y, 1)[0] for y in program.run(sample, 1)]
            assert bits([y[i] for y in results]) == bits(alone)

    check()


def sum_over_lanes(xs: list[float]) -> float:
    """As semantics say it: blocks of 1,024, eight stripes, ((0+4)+(2+6))+((1+5)+(3+7))."""
    total = None
    for start in range(0, len(xs), 1024):
        stripe: list[float | None] = [None] * 8
        for i, x in enumerate(xs[start : start + 1024]):
            before = stripe[i % 8]
            stripe[i % 8] = x if before is None else before + x
        s = [-0.0 if x is None else x for x in stripe]
        block = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
        total = block if total is None else total + block
    assert total is not None
    return total


@pytest.mark.parametrize("count", COUNTS)
def test_a_sum_over_lanes_has_the_order_that_the_semantics_say(count: int):
    rng = random.Random(count)
    program = of_one(ops.lane_sum, 0, lane=True)
    xs = [rng.uniform(-1.0, 1.0) * 10.0 ** rng.randrange(-8, 9) for _ in range(count)]
    assert bits(program.run([xs])) == bits([sum_over_lanes(xs)])
    assert bits(program.run([[-0.0] * count])) == bits([-0.0])
    assert math.isclose(program.run([xs])[0], math.fsum(xs), rel_tol=1e-6, abs_tol=1e-3)


# -- what it refuses -----------------------------------------------------------------------------

BAD_INDICES = [2.0, -1.0, 0.5, math.nan, math.inf, -math.inf]


@pytest.mark.parametrize("op", [ops.take, ops.softmax, ops.cross_entropy], ids=lambda op: op.name)
@pytest.mark.parametrize("index", BAD_INDICES)
def test_an_index_out_of_range_is_an_index_error(op: Op, index: float):
    constants = (1.0, 2.0)
    with pytest.raises(IndexError, match="no whole number in 0 <= index < 2"):
        of_one(op, 0, 1, 2, constants=constants).run([index])
    with pytest.raises(IndexError, match="no whole number in 0 <= index < 2"):
        of_one(op, 0, 1, 2, constants=constants, lane=True).run([[0.0, 1.0, index]])
    assert len(of_one(op, 0, 1, 2, constants=constants, lane=True).run([[0.0, 1.0]])[0]) == 2


def test_other_lengths_are_a_value_error_that_names_them():
    program = Program(["x", "y"], [True, True], [], [(ops.add, (0, 1))], [2])
    with pytest.raises(ValueError, match=r"expected 2 inputs, not 1"):
        program.run([[1.0]])
    with pytest.raises(ValueError, match=r"lanes of one length.*\[1, 2\]"):
        program.run([[1.0], [1.0, 2.0]])
    with pytest.raises(ValueError, match=r"lanes of one length.*\[0\]"):
        program.run([[], []])
    with pytest.raises(ValueError, match=r"lanes of one length.*\[2, 3\]"):
        program.run([[1.0, 2.0], [1.0, 2.0]], lanes=3)
    with pytest.raises(ValueError, match=r"lanes of one length.*\[0\]"):
        of_one(ops.exp, 0).run([1.0], lanes=0)


# -- long ones -----------------------------------------------------------------------------------


def chain(op: Op, length: int, *others: int) -> Program:
    """Each instruction on the one before it."""
    return Program(["x"], [True], [], [(op, (i, *others)) for i in range(length)], [length])


def test_a_chain_of_a_million_instructions_runs():
    program = Program(["x"], [False], [], [(ops.negative, (i,)) for i in range(LONGEST)], [LONGEST])
    assert program.run([1.0]) == [1.0]


def test_a_long_chain_is_verified_printed_and_has_levels():
    program = chain(ops.lane_sum, LONG)
    program.verify()
    assert program.level[-1] == LONG
    assert str(program).count("\n") == LONG + 1
    assert program.run([[1.0]]) == [1.0]
