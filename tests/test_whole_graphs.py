"""Whole expressions against 60 digits and more: values, gradients and second derivatives.

`python -m tests.thorough graphs` tries 100,000 of them.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import Phase, find, given, settings

from autograd import ops
from autograd.testing import Expression, expressions
from tests.exact_graph import NOISE, exact
from tests.whole_graphs import SIZE, TOLERANCE, errors

# An example costs 20 ms, and compiling one 50 ms more: the thorough command has the many.
FEWER = settings(max_examples=settings().max_examples // 2)
FEW = settings(max_examples=settings().max_examples // 10)
SEARCH = settings(max_examples=1000, derandomize=True, database=None, phases=[Phase.generate])
CLOSED_FORM = 1e-15  # the closed forms below are rounded themselves
A_PART_IN_A_BILLION = 1e-9  # finite differences of floats cannot see it


@FEWER
@given(expressions(size=SIZE, kinks=True))
def test_every_derivative_is_right_to_rounding(expression: Expression) -> None:
    wrong = {way: e for way, e in errors(expression, compiled=False).items() if e > TOLERANCE}
    assert not wrong


@FEW
@given(expressions(size=SIZE, kinks=True))
def test_a_compiled_derivative_is_right_to_rounding(expression: Expression) -> None:
    assert max(errors(expression).values()) <= TOLERANCE


# -- the judge, judged ---------------------------------------------------------------------------


def test_the_truth_has_the_closed_forms_of_a_product_in_an_exponential() -> None:
    x, y = 0.75, -1.25
    e = math.exp(x * y)
    truths = exact(Expression((x, y), ((ops.multiply, (0, 1)), (ops.exp, (2,)))))
    closed = {
        (): e,
        (0,): y * e,
        (1,): x * e,
        (0, 0): y * y * e,
        (0, 1): (1.0 + x * y) * e,
        (1, 1): x * x * e,
    }
    assert set(truths) == set(closed)
    for which, number in closed.items():
        assert float(truths[which].truth) == pytest.approx(number, rel=CLOSED_FORM)


def test_the_condition_of_a_difference_is_the_size_of_its_terms() -> None:
    small = 2.0**-40
    value = exact(Expression((1.0 + small, 1.0), ((ops.subtract, (0, 1)),)))[()]
    assert value.truth == small
    assert value.condition == 2.0 + 3.0 * small
    assert value.error(small + 1e-12) == pytest.approx(0.5e-12, rel=1e-3)
    assert value.error(math.nan) == math.inf


def test_the_condition_of_a_square_counts_each_of_its_terms() -> None:
    truths = exact(Expression((3.0,), ((ops.multiply, (0, 0)),)))
    assert {which: (float(x.truth), x.condition) for which, x in truths.items()} == {
        (): (9.0, 9.0 + 9.0 + 2 * 9.0),  # itself, the row's own rounding, and each operand's
        (0,): (6.0, 6.0 + 2 * (3.0 + 3.0)),  # of each partial the rounding, and its operand's
        (0, 0): (2.0, 2.0 + 2 * (1.0 + 3.0) + 2 * 3.0),  # φ₁₂ twice, and of φ₁₁ = 0 the size of φ₁
    }


def test_what_cancels_counts_though_the_derivative_is_zero() -> None:
    second = exact(Expression((0.75,), ((ops.hypot, (0, 0)),)))[(0, 0)]
    assert abs(second.truth) < NOISE
    assert second.condition > 1.0


# The row whose rule is wrong, the operation that is drawn, and the first order that is wrong: the
# slope of the sine is a cosine, whose own slope counts in its second derivative alone.
PLANTED = [
    ("tanh", "tanh", 1),
    ("divide", "divide", 1),
    ("cos", "sin", 2),
    ("gelu_slope", "gelu", 2),
]


@pytest.mark.parametrize(("wrong", "drawn", "order"), PLANTED)
def test_a_rule_that_is_wrong_by_a_part_in_a_billion_is_found(
    monkeypatch: pytest.MonkeyPatch, wrong: str, drawn: str, order: int
) -> None:
    op = ops.TABLE[wrong]
    assert isinstance(op.partials, tuple)
    *others, last = op.partials
    rules = (*others, lambda y, *xs: last(y, *xs) * (1.0 + A_PART_IN_A_BILLION))
    monkeypatch.setattr(op, "partials", rules)
    monkeypatch.setattr(op, "local", rules)

    def is_wrong(expression: Expression) -> bool:
        found = errors(expression, compiled=False)
        assert all(e <= TOLERANCE for (_, of_order), e in found.items() if of_order < order)
        return all(e > TOLERANCE for (_, of_order), e in found.items() if of_order == order)

    find(expressions([drawn, "add", "multiply"], size=SIZE), is_wrong, settings=SEARCH)
