"""The page's own arithmetic, in a browser: every row of the table, and whole programs."""

import itertools
import json
import math
import random
import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from playwright.sync_api import Browser, Error, Page

import nn
from autograd import ieee, ops, topological_order, value_and_grad, vmap
from autograd.ops import TABLE, Op
from autograd.program import Program
from autograd.testing import expressions
from autograd.trace import program_of
from autograd.traced import placeholder
from autograd.traced_array import TracedArray
from autograd.tree import flatten
from autograd.view import module, plain_program
from autograd.view.live import live_program
from autograd.wording import number
from nn.substitution import on_values
from tests.browser import PATIENCE, module_page, watch
from tests.oracle import exact_value, mp, ulps
from tests.points import arity, awkward, choices, is_variable, ordinary
from tests.programs import programs_with_inputs

ALLOWED_ULPS = 4  # a browser's functions are not the C library's: each is within 2 of the truth
POINTS, SLOW_POINTS = 150, 40  # a row, of each kind; in decimals a point takes milliseconds
CLASSES = 3000  # of the combinations of special values: all of one or two operands
SLOW_CLASSES = 500
SLOW = {"lgamma", "polygamma"}
MANY_OPERANDS = 5000  # whose sum would be some 100 ulp off if each addition were rounded
EXAMPLES = 60  # random programs; each costs a journey to the browser
LANES = 1030  # more than a block of 1,024, and no multiple of a stripe's eight
ROUNDING = 1e-11  # of a gradient: some thousand operations, each with its own rounding

# Rows of which the script has the very bits: they need nothing but arithmetic.
EXACT_ROWS = """
abs add alias ceil clip divide dot equal floor floor_divide greater greater_equal leaky_relu less
less_equal logical_and logical_not logical_or maximum minimum multiply negative not_equal relu
remainder round sign sqrt subtract sum take where
""".split()

SPECIAL = [
    *(0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 7.25, 27.9, 28.0, 38.7, 39.0, 700.0, 709.8, 745.2, 1e5),
    *(5e-324, 2.2e-308, 1e-300, 1e16, 1e22, 2.0**52 + 1.0, 1e300, 1.7976931348623157e308, math.inf),
]
SPECIAL += [-x for x in SPECIAL] + [math.nan]

Point = tuple[float, ...]

# Results travel as text, in which nan, the infinities and -0 survive.
WORDS = """
const word = (x) => (Object.is(x, -0) ? "-0" : String(x));
const words = (output) => (typeof output === "number" ? word(output) : Array.from(output, word));
const decoded = (x) => (Array.isArray(x) ? x.map(decoded) : decodeNumber(x));
const results = (program, points) => points.map((x) => run(program, decoded(x)).map(words));
"""
NAMES = ("operations", "missingOperations", "numberText", "run", "results")


@pytest.fixture(scope="module")
def script(browser: Browser) -> Iterator[Page]:
    """A page with the arithmetic in it, for all tests of this file."""
    complaints: list[str] = []
    context = browser.new_context(offline=True)
    context.set_default_timeout(PATIENCE)
    watch(context, None, complaints)
    yield module_page(context.new_page(), module("program.js") + WORDS, NAMES)
    context.close()
    assert not complaints


def plain(x: Any) -> Any:
    """Numbers in any nesting as JSON can have them."""
    if isinstance(x, Sequence) and not isinstance(x, str):
        return [plain(each) for each in x]
    return float(x) if math.isfinite(x) else str(float(x))


def results(page: Page, program: Program, points: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """The script's outputs of the program for each list of inputs: floats, and lists of floats."""
    given = json.dumps([plain_program(program), plain(list(points))])
    found = page.evaluate("(given) => JSON.stringify(results(...JSON.parse(given)))", given)
    return [[_floats(output) for output in outputs] for outputs in json.loads(found)]


def _floats(output: Any) -> Any:
    return [float(x) for x in output] if isinstance(output, list) else float(output)


def of_one(op: Op, count: int, is_lane: bool = False) -> Program:
    """The program of one instruction."""
    inputs = [f"x{i}" for i in range(count)]
    return Program(inputs, [is_lane] * count, [], [(op, tuple(range(count)))], [count])


# -- what is compared ----------------------------------------------------------------------------


def distance(found: float, expected: float) -> float:
    """In ulps; inf between nan, an infinity, a finite number, and zeros of the two signs."""
    if bits(found) == bits(expected):
        return 0.0
    is_number = math.isfinite(found) and math.isfinite(expected) and (found or expected)
    return ulps(found, mp.mpf(expected)) if is_number else math.inf


def bits(x: float) -> bytes | str:
    return "nan" if math.isnan(x) else struct.pack("<d", x)


def allowed(op: Op) -> float:
    return 0 if op.name in EXACT_ROWS else ALLOWED_ULPS


def points_of(op: Op) -> list[Point]:
    """Ordinary and awkward points, and special values in all their combinations or many of them."""
    count = SLOW_POINTS if op.name in SLOW else POINTS
    points = [*ordinary(op, 1, count), *awkward(op, 1, count)]
    points += [(x,) for x in TAILS.get(op.name, ())]
    table = [
        SPECIAL if is_variable(op, i) else [*map(float, choices(op))] for i in range(arity(op))
    ]
    table[0] += OTHER_CHOICES.get(op.name, [])
    most = SLOW_CLASSES if op.name in SLOW else CLASSES
    if math.prod(map(len, table)) <= most:
        return points + list(itertools.product(*table))
    rng = random.Random(op.name)
    return points + [tuple(map(rng.choice, table)) for _ in range(most)]


OTHER_CHOICES = {"where": [math.nan, -0.0, 2.0], "polygamma": [0.5, -1.0, math.nan, 7.0, 101.0]}


def _between(low: float, high: float) -> list[float]:
    return [random.Random(0).uniform(low, high) for _ in range(POINTS)]


TAILS = {
    "exp": _between(-745.2, -700.0),
    "erf": _between(-0.6, 0.6),
    "erfc": [*_between(0.4, 28.0), *_between(-6.0, 0.5)],
    "gaussian": _between(20.0, 28.0),
    "normal_pdf": _between(30.0, 39.0),
    "normal_cdf": [*_between(-39.0, -30.0), *_between(-2.0, 2.0)],
    "gelu": [*_between(-39.0, -30.0), *_between(-2.0, 2.0)],
    "gelu_slope": [*_between(-39.0, -30.0), *_between(-2.0, 0.0)],
    "silu": _between(-760.0, -690.0),
    "softplus": _between(-745.0, -700.0),
    "lgamma": [
        *_between(0.9, 2.1)[:SLOW_POINTS],
        *_between(-9.0, 0.0)[:SLOW_POINTS],
        *[near + side * 2.0**-52 for near in (1.0, 2.0) for side in (-2, -1, 1, 2)],
    ],
}


# -- every row -----------------------------------------------------------------------------------


def test_the_script_has_the_rows_of_the_table_in_its_order(script: Page) -> None:
    assert script.evaluate("Object.keys(operations)") == list(TABLE)


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_a_row_gives_what_the_table_gives(script: Page, op: Op) -> None:
    """Of uniforms and of lanes, which are computed in different loops."""
    points = points_of(op)
    found = [y for (y,) in results(script, of_one(op, arity(op)), points)]
    for xs, y in zip(points, found, strict=True):
        expected = float(op.value(*xs))
        assert distance(y, expected) <= allowed(op), f"{op.name}{xs} = {y!r}, not {expected!r}"
    columns = [list(column) for column in zip(*points, strict=True)]
    ((in_lanes,),) = results(script, of_one(op, arity(op), is_lane=True), [columns])
    assert list(map(bits, in_lanes)) == list(map(bits, found))


@pytest.mark.parametrize("name", ["sum", "dot", "maximum", "minimum", "logsumexp"])
@pytest.mark.parametrize("count", [1, 2, 4, 5, 7, 40, 41])
@pytest.mark.parametrize("is_lane", [False, True])
def test_a_row_takes_as_many_operands_as_it_is_given(
    script: Page, name: str, count: int, is_lane: bool
) -> None:
    op, rng = TABLE[name], random.Random(count)
    xs = [rng.gauss(0.0, 2.0) for _ in range(count)]
    given = [[x] for x in xs] if is_lane else xs
    ((y,),) = results(script, of_one(op, count, is_lane), [given])
    assert distance(y[0] if is_lane else y, op.value(*xs)) <= allowed(op)


@pytest.mark.parametrize("name", ["softmax", "cross_entropy", "logsumexp"])
def test_the_total_of_many_exponentials_is_rounded_once(script: Page, name: str) -> None:
    op = TABLE[name]
    xs = [0.0] * (1 if is_variable(op, 0) else 2) + [-1.1] * MANY_OPERANDS
    ((y,),) = results(script, of_one(op, len(xs)), [xs])
    assert distance(y, op.value(*xs)) <= ALLOWED_ULPS


def test_of_no_operands_a_sum_is_zero(script: Page) -> None:
    assert results(script, of_one(ops.sum, 0), [[]]) == [[0.0]]
    assert results(script, of_one(ops.dot, 0), [[]]) == [[0.0]]


def near_one(rng: random.Random) -> Point:
    """Logarithms of what adds up to about one."""
    shares = [rng.expovariate(1.0) for _ in range(4)]
    return tuple([math.log(x / sum(shares)) for x in shares])


def test_a_logsumexp_of_logarithms_of_shares_keeps_its_digits(script: Page) -> None:
    """mpmath is the judge: what is left after the cancellation are the roundings of the shares."""
    rng = random.Random(0)
    points = [near_one(rng) for _ in range(POINTS)]
    for xs, (y,) in zip(points, results(script, of_one(ops.logsumexp, 4), points), strict=True):
        assert ulps(y, exact_value("logsumexp")(*map(mp.mpf, xs))) <= ALLOWED_ULPS, xs


@pytest.mark.parametrize("order", [0, 1, 2, 5, 30, 100])
def test_a_polygamma_of_any_order_is_right(script: Page, order: int) -> None:
    """mpmath is the judge."""
    points = [
        (float(order), x) for x in (0.001, 0.7, 1.5, 4.25, 60.0, 1e6, -0.3, -0.5, -4.7, -99.75)
    ]
    found = results(script, of_one(ops.polygamma, 2), points)
    for xs, (y,) in zip(points, found, strict=True):
        assert ulps(y, exact_value("polygamma")(*map(mp.mpf, xs))) <= ALLOWED_ULPS, xs


@pytest.mark.parametrize("name", ["take", "softmax", "cross_entropy"])
@pytest.mark.parametrize("index", [-1.0, 3.0, 0.5, math.nan, math.inf, 1e22, 0.1 + 0.2])
def test_a_wrong_index_is_refused_in_the_same_words(script: Page, name: str, index: float) -> None:
    program, point = of_one(TABLE[name], 4), (index, 1.0, 2.0, 3.0)
    with pytest.raises(IndexError) as expected:
        program.run(point)
    with pytest.raises(Error, match=f"RangeError: {re.escape(str(expected.value))}"):
        results(script, program, [point])


# -- numbers as text -----------------------------------------------------------------------------


def test_a_number_is_written_as_in_the_drawings(script: Page) -> None:
    rng = random.Random(0)
    xs = [rng.choice((-1, 1)) * 10.0 ** rng.uniform(-12, 12) for _ in range(2000)]
    xs += [rng.randrange(10**5) + 0.5 for _ in range(200)]  # ties at four digits and at five
    xs += [(2 * rng.randrange(10**5) + 1) / 2.0 ** rng.randrange(1, 12) for _ in range(2000)]
    xs += [rng.randrange(1000, 10000) * 10.0 + 5.0 for _ in range(200)]
    xs += [*SPECIAL, 99995.0, 9999.5, 0.00099995, 0.0001, 0.00001, 123456.0, 1e4, 1e5, 999.95]
    found = script.evaluate("(xs) => xs.map(numberText)", xs)
    assert found == [number(x) for x in xs]


# -- programs ------------------------------------------------------------------------------------


def with_all_slots(program: Program) -> Program:
    """The same program with every slot an output."""
    inputs, lanes, constants = program.inputs, program.lane_inputs, program.constants
    return Program(inputs, lanes, constants, program.instructions, range(len(program)))


def check_each_instruction(page: Page, program: Program, inputs: Sequence[Any]) -> None:
    """Each slot is what its instruction makes of the slots before it, as the script has them.

    So no rounding is compared twice, however long the program is.
    """
    (slots,) = results(page, with_all_slots(program), [inputs])
    lanes = [len(x) for x in inputs if isinstance(x, list)]
    for slot, op, operands in program.numbered():
        taken = [slots[i] for i in operands]
        alone = Program(
            [f"%{i}" for i in operands],
            [program.is_lane[i] for i in operands],
            [],
            [(op, tuple(range(len(operands))))],
            [len(operands)],
        )
        (expected,) = alone.run(taken, lanes[0] if lanes else None)
        found, wanted = (x if isinstance(x, list) else [x] for x in (slots[slot], expected))
        bound = 0 if op in (ops.lane_sum, ops.lane_count) else allowed(op)
        for i, (y, z) in enumerate(zip(found, wanted, strict=True)):
            assert distance(y, float(z)) <= bound, f"lane {i} of %{slot} in\n{program}"


@given(example=programs_with_inputs())
@settings(max_examples=EXAMPLES)
def test_a_random_program_of_lanes_and_uniforms(script: Page, example: Any) -> None:
    program, inputs, _ = example
    check_each_instruction(script, program, inputs)


@given(expression=expressions(kinks=True))
@settings(max_examples=EXAMPLES)
def test_the_values_and_local_gradients_of_a_random_expression(
    script: Page, expression: Any
) -> None:
    order = topological_order(expression.graph())
    leaves = [x.data for x in order if x.op is None]
    check_each_instruction(script, live_program(order), leaves)


def traced_training() -> tuple[Program, list[Any]]:
    """A network's mean loss and its gradient, and numbers to run them on."""
    model, rng = nn.MLP(2, [6, 6, 1], seed=0), numpy.random.default_rng(0)
    X, y = rng.normal(size=(LANES, 2)), rng.choice([-1.0, 1.0], size=LANES)
    own = list(model.parameters())

    def loss(parameters: Any, x: Any, target: Any) -> Any:
        predict = on_values(model, {id(a): b for a, b in zip(own, parameters, strict=True)})
        return nn.hinge(predict(list(x)), target) + nn.mse(predict(list(x)), target)

    mean_loss = vmap(loss, in_axes=(None, 0, 0), reduce="mean")
    parameters = [placeholder(p.label) for p in own]
    arrays = [TracedArray(X.shape, "X"), TracedArray(y.shape, "y")]
    outputs = flatten(value_and_grad(mean_loss)(parameters, *arrays))[0]
    lanes = [column for array in arrays for column in array.lane_inputs]
    program = program_of(outputs, [*parameters, *lanes])
    return program, [*[p.data for p in own], *X.T.tolist(), y.tolist()]


def test_the_loss_and_gradient_of_a_network_over_many_samples(script: Page) -> None:
    program, inputs = traced_training()
    assert any(op is ops.lane_sum for op, _ in program.instructions)
    (found,) = results(script, program, [inputs])
    assert found == pytest.approx(program.run(inputs), rel=ROUNDING, abs=ROUNDING)
    check_each_instruction(script, program, inputs)


@pytest.mark.parametrize("count", [1, 7, 8, 9, 1023, 1024, 1025, 3000])
def test_lanes_add_up_in_the_order_that_the_definition_names(script: Page, count: int) -> None:
    rng = random.Random(count)
    xs = [rng.gauss(0.0, 1.0) * 10.0 ** rng.randrange(-8, 8) for _ in range(count)]
    program = Program(["x"], [True], [], [(ops.lane_sum, (0,)), (ops.lane_count, ())], [1, 2])
    assert results(script, program, [[xs]]) == [[ieee.lane_sum(*xs), float(count)]]
    ((of_zeros, _),) = results(script, program, [[[-0.0] * count]])
    assert bits(of_zeros) == bits(-0.0)
    uniform = Program(["x"], [False], [], [(ops.lane_sum, (0,))], [1])
    found = script.evaluate(
        "([program, count]) => run(JSON.parse(program), [0.1], count)",
        [json.dumps(plain_program(uniform)), count],
    )
    assert found == uniform.run([0.1], count)


def test_one_program_runs_again_on_other_numbers_and_other_lanes(script: Page) -> None:
    """What the first run gave stays as it was."""
    instructions = [(ops.multiply, (0, 1)), (ops.lane_sum, (2,))]
    program = json.dumps(
        plain_program(Program(["a", "x"], [False, True], [], instructions, [2, 3]))
    )
    found = script.evaluate(
        """(text) => {
          const program = JSON.parse(text);
          const first = run(program, [2, [1, 2, 3]]);
          const second = run(program, [3, [1, 2, 4]]);
          const third = run(program, [4, [1, 2]]);
          return JSON.stringify([first, second, third].map(([xs, sum]) => [Array.from(xs), sum]));
        }""",
        program,
    )
    assert json.loads(found) == [[[2, 4, 6], 12], [[3, 6, 12], 21], [[4, 8], 12]]


@pytest.mark.parametrize(
    ("inputs", "lanes"),
    [
        ([1.0], None),
        ([1.0, [1.0], [1.0, 2.0]], None),
        ([1.0, [], []], None),
        ([1.0, [1.0], [1.0]], 2),
    ],
)
def test_lanes_of_other_lengths_are_refused(script: Page, inputs: list[Any], lanes: Any) -> None:
    program = Program(["a", "x", "y"], [False, True, True], [], [(ops.sum, (0, 1, 2))], [3])
    with pytest.raises(ValueError, match="expected") as expected:
        program.run(inputs, lanes)
    with pytest.raises(Error, match=re.escape(str(expected.value))):
        script.evaluate(
            "([program, inputs, lanes]) => run(JSON.parse(program), inputs, lanes ?? undefined)",
            [json.dumps(plain_program(program)), inputs, lanes],
        )


def test_an_operation_without_a_spelling_is_named(script: Page) -> None:
    program = plain_program(of_one(ops.add, 2)) | {"ops": ["bessel"]}
    given = json.dumps(program)
    assert script.evaluate("(given) => missingOperations(JSON.parse(given))", given) == ["bessel"]
    with pytest.raises(Error, match="no script for bessel"):
        script.evaluate("(given) => run(JSON.parse(given), [1, 2])", given)
