"""The operators of `Value`, whose formulas are written out, record what their rows record."""

from __future__ import annotations

import itertools
import math
import operator
from fractions import Fraction

import numpy
import pytest

from autograd import Value, ieee, ops
from autograd.traced import placeholder
from tests.programs import bits

OPERATORS = {
    operator.add: ops.add,
    operator.sub: ops.subtract,
    operator.mul: ops.multiply,
    operator.truediv: ops.divide,
    operator.pow: ops.pow,
    operator.mod: ops.remainder,
    operator.floordiv: ops.floor_divide,
}
NUMBERS = [0.0, -0.0, 1.0, 2.0, -2.5, 3.0, 5e-324, 1e-310, 1e200, -math.inf, math.nan, 2.0**53]
REALS = [2, -3, True, Fraction(1, 3), numpy.float64(0.7), numpy.float32(0.5), numpy.int64(4)]


class Parameter(Value):
    """A Value of a user's own class."""


def same_node(node, row, operands):
    """Whether it is the row's node on just these operands, bit for bit."""
    data = [x.data if isinstance(x, Value) else x for x in operands]
    slopes = [rule(node.data, *data) for rule in row.local]
    wanted = [s for s, x in zip(slopes, operands, strict=True) if isinstance(x, Value)]
    return (
        node.op is row
        and type(node.data) is float
        and bits(node.data) == bits(row.value(*data))
        and same_operands(node, operands)
        and [id(x) for x in node.parents] == [id(x) for x in operands if isinstance(x, Value)]
        and bits(node.local_grads) == bits(wanted)
    )


def same_operands(node, operands):
    return all(
        x is y if isinstance(y, Value) else type(x) is float and bits(x) == bits(y)
        for x, y in zip(node.operands, operands, strict=True)
    )


both = pytest.mark.parametrize(
    ("operate", "row"), OPERATORS.items(), ids=lambda x: getattr(x, "name", "")
)


@both
def test_two_values_make_the_row_s_node(operate, row):
    for a, b in itertools.product(NUMBERS, NUMBERS):
        for kind in (Value, Parameter):
            x, y = kind(a), Value(b)
            assert same_node(operate(x, y), row, (x, y)), (a, b)
            assert same_node(operate(y, x), row, (y, x)), (b, a)


@both
def test_a_value_and_a_plain_number_make_the_row_s_node(operate, row):
    for a, b in itertools.product(NUMBERS, [*NUMBERS, *REALS]):
        x, plain = Value(a), float(b)
        if row is not ops.pow or not by_the_textbook(a, b):
            assert same_node(operate(x, b), row, (x, plain)), (a, b)
        assert same_node(operate(b, x), row, (plain, x)), (b, a)


def by_the_textbook(a, b):
    """Whether a power's slope is b·a^(b - 1) as it stands: b - 1 is exact, and no nan is about."""
    is_exact = b not in (0.0, 1.0) and b - 1.0 + 1.0 == b and b - 1.0 != b
    return type(b) in (float, int) and is_exact and not math.isnan(ieee.pow(a, float(b)))


def test_a_power_by_a_plain_number_has_the_slope_of_the_textbook():
    for a, b in itertools.product(NUMBERS, [*NUMBERS, *REALS]):
        if by_the_textbook(a, b):
            x, plain = Value(a), float(b)
            y = x**b
            assert y.op is ops.pow
            assert bits(y.data) == bits(ieee.pow(a, plain))
            assert same_operands(y, (x, plain))
            assert bits(y.local_grads) == bits((plain * ieee.pow(a, plain - 1.0),)), (a, b)


@both
@pytest.mark.parametrize("given", ["1", None, 1j, [1.0]], ids=repr)
def test_what_is_no_number_is_refused_on_either_side(operate, row, given):
    with pytest.raises(TypeError):
        operate(Value(1.0), given)
    with pytest.raises(TypeError):
        operate(given, Value(1.0))


@both
def test_a_traced_operand_makes_a_traced_node_on_either_side(operate, row):
    for other in (placeholder("y"), Value(2.0), 2.0, 3, Fraction(1, 3), numpy.float64(0.5)):
        x = placeholder("x")
        for a, b in ((x, other), (other, x)):
            node = operate(a, b)
            assert node.is_traced
            assert node.op is row
            assert same_operands(node, [y if isinstance(y, Value) else float(y) for y in (a, b)])


@both
def test_an_array_takes_it_element_by_element(operate, row):
    x, numbers = Value(1.5), numpy.array([2.0, 3.0])
    for found, pairs in (
        (operate(x, numbers), [(x, 2.0), (x, 3.0)]),
        (operate(numbers, x), [(2.0, x), (3.0, x)]),
    ):
        assert found.dtype == object
        for node, (a, b) in zip(found, pairs, strict=True):
            assert bits(node.data) == bits(operate(a, b).data)
            assert bits(node.local_grads) == bits(operate(a, b).local_grads)
