"""Random programs with awkward numbers to run them on, and what tells two results apart."""

import math
import struct
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from numbers import Real
from typing import Any

import numpy
import pytest
from hypothesis import strategies as st

from autograd import Value, ops
from autograd.ops import TABLE, Op
from autograd.program import Program
from autograd.simplify import simplify
from autograd.trace import program_of
from autograd.traced import is_lane, placeholder
from autograd.traced_array import TracedArray
from autograd.tree import flatten, unflatten
from tests.points import arity, choices, is_variable

SMALLEST = 5e-324  # subnormal
SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    2.0,
    math.inf,
    -math.inf,
    math.nan,
    SMALLEST,
    -SMALLEST,
    1e308,
]
MOST_LANES = 20  # more than two vectors of eight
STEPS = 14
JOINS = (ops.logical_and, ops.logical_or, ops.logical_not)
# lgamma and its kin take milliseconds where numbers are extreme, and fold like the others
ROWS = [op for op in TABLE.values() if op.name not in ("alias", "lgamma", "polygamma")]

Numbers = st.sampled_from(SPECIAL) | st.floats()


def bits(x: Any) -> Any:
    """What tells two results apart: the sign of a zero and a bool too, but not nan from nan."""
    if isinstance(x, list | tuple):
        return [bits(each) for each in x]
    if isinstance(x, bool):
        return x
    return "nan" if math.isnan(x) else struct.pack("<d", x)


def spread(x: Any, lanes: int) -> list[Any]:
    """A result as a list of lanes: a uniform is the same in each."""
    return x if isinstance(x, list) else [x] * lanes


def program_of_function(f: Any, count: int, lanes: tuple[int, ...] = ()) -> Program:
    """What f leaves behind on so many inputs without numbers, of which some are lanes."""
    inputs = [placeholder(f"x{i}", is_lane=i in lanes) for i in range(count)]
    return program_of(flatten(f(*inputs))[0], inputs)


def agree(found: Any, expected: Any, rounding: float) -> None:
    """The same tree of the same numbers, but for rounding; a float for each Value expected."""
    pairs, expected_pairs = list(_parts(found, "")), list(_parts(expected, ""))
    assert [path for path, _ in pairs] == [path for path, _ in expected_pairs]
    for (path, x), (_, y) in zip(pairs, expected_pairs, strict=True):
        if isinstance(y, Real) and not isinstance(y, bool):
            assert not isinstance(x, bool)
            assert x == pytest.approx(float(y), rel=rounding, abs=rounding, nan_ok=True), path
        else:
            assert (type(x), x) == (type(y), y), path


def _parts(tree: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The leaves of a tree, of whatever kind, each with a path that tells the kinds it lies in."""
    path += f"/{type(tree).__name__}"
    if isinstance(tree, numpy.ndarray):
        for i, x in enumerate(tree.ravel().tolist()):
            yield from _parts(x, f"{path}{tree.shape}[{i}]")
    elif isinstance(tree, dict):
        for key, x in tree.items():
            yield from _parts(x, f"{path}[{key!r}]")
    elif isinstance(tree, list | tuple):
        for i, x in enumerate(tree):
            yield from _parts(x, f"{path}[{i}]")
    elif is_dataclass(tree) or getattr(tree, "is_module", False):
        names = [f.name for f in fields(tree)] if is_dataclass(tree) else list(vars(tree))
        for name in names:
            yield from _parts(getattr(tree, name), f"{path}.{name}")
    else:
        leaf = tree.data if isinstance(tree, Value) else tree
        is_number = isinstance(leaf, Real) and not isinstance(leaf, bool)
        yield path.rpartition("/")[0] if is_number else path, leaf


def run_traced(f: Any, *args: Any) -> tuple[Any, Program]:
    """What f gives by way of its program, run in plain Python, and that program.

    Arrays are array arguments and floats numbers, as for a compiled function.
    """
    inputs = [
        TracedArray(x.shape, f"x{i}") if isinstance(x, numpy.ndarray) else placeholder(f"x{i}")
        for i, x in enumerate(args)
    ]
    leaves, structure = flatten(f(*inputs))
    uniforms, lanes, given, rows = [], [], [], []
    for x, traced in zip(args, inputs, strict=True):
        if not isinstance(traced, TracedArray):
            uniforms.append(traced)
            given.append(x)
            continue
        uniforms += traced.elements
        given += x.ravel().tolist() if traced.elements else []
        if traced.lane_axis is not None:
            lanes += traced.lane_inputs
            samples = numpy.moveaxis(x, traced.lane_axis, -1)
            rows += samples.reshape(-1, samples.shape[-1]).tolist()
    program = program_of(leaves, [*uniforms, *lanes])
    program.verify()
    results = program.run([*given, *rows])
    assert bits(results) == bits(_like(results, simplify(program).run([*given, *rows])))
    count = len(rows[0]) if rows else 1
    shown = [
        numpy.array(spread(y, count)) if is_lane(leaf) else y
        for y, leaf in zip(results, leaves, strict=True)
    ]
    return unflatten(structure, shown, lanes_first=True), program


def _like(before: list[Any], after: list[Any]) -> list[Any]:
    """The results after a pass, spread over lanes where they were before."""
    pairs = zip(before, after, strict=True)
    return [spread(y, len(x)) if isinstance(x, list) else y for x, y in pairs]


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Any rows of the table on inputs, constants and one another, over lanes and sums of lanes."""
    lane_inputs = draw(st.lists(st.booleans(), min_size=1, max_size=4))
    constants = [float(i) for i in range(4)]  # which every index and order is among
    constants += draw(st.lists(Numbers, max_size=3))
    first = len(lane_inputs) + len(constants)
    numbers, truths = list(range(first)), []
    instructions: list[tuple[Op, tuple[int, ...]]] = []
    for op in draw(
        st.lists(st.sampled_from([*ROWS, ops.lane_sum, ops.lane_count]), max_size=STEPS)
    ):
        if op in JOINS and not truths:
            continue
        operands = tuple(
            [_operand(draw, op, i, numbers, truths, len(lane_inputs)) for i in _of(op)]
        )
        slot = first + len(instructions)
        (numbers if op.partials or op is ops.lane_count else truths).append(slot)
        instructions.append((op, operands))
    outputs = draw(st.lists(st.sampled_from(numbers + truths), min_size=1, max_size=3))
    outputs.append(first + len(instructions) - 1)
    names = [f"x{i}" for i in range(len(lane_inputs))]
    return Program(names, lane_inputs, constants, instructions, outputs)


def _of(op: Op) -> range:
    if op in (ops.lane_sum, ops.lane_count):
        return range(op is ops.lane_sum)
    return range(arity(op))


def _operand(
    draw: st.DrawFn, op: Op, i: int, numbers: list[int], truths: list[int], inputs: int
) -> int:
    if op in JOINS or (op is ops.where and i == 0 and truths and draw(st.booleans())):
        return draw(st.sampled_from(truths))
    if op is not ops.where and not is_variable(op, i):
        return inputs + draw(st.sampled_from(choices(op)))  # the constant of that number
    return draw(st.sampled_from(numbers))


@st.composite
def programs_with_inputs(draw: st.DrawFn) -> tuple[Program, list[Any], int]:
    """A program, what to run it on, and the number of lanes."""
    program = draw(programs())
    lanes = draw(st.integers(1, MOST_LANES))
    many = st.lists(Numbers, min_size=lanes, max_size=lanes)
    return program, [draw(many if is_lane else Numbers) for is_lane in program.lane_inputs], lanes
