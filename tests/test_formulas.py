"""The formulas printed of the table's rows: each is evaluated and compared with its row."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd
from autograd import functions, ops
from autograd.expression import parse
from autograd.ops import Op
from autograd.testing import arguments
from autograd.view.formulas import LONGEST, OPERANDS, partial_formulas, value_text

# Relative and absolute: where y has come close to 1, 1 − y·y of tanh has lost most of its digits,
# which the row itself keeps.
CLOSE = 1e-9

READABLE = {
    "add": ["1", "1"],
    "subtract": ["1", "−1"],
    "multiply": ["b", "a"],
    "divide": ["1/b", "−y/b"],
    "pow": ["b·a^(b − 1)", "y·log(a)"],
    "exp": ["y"],
    "log": ["1/a"],
    "sqrt": ["0.5/y"],
    "sin": ["cos(a)"],
    "cos": ["−sin(a)"],
    "tanh": ["1 − y·y"],
    "sigmoid": ["y·sigmoid(−a)"],
    "relu": ["where(a > 0, 1, 0)"],
    "leaky_relu": ["where(a > 0, 1, b)", "where(a > 0, 0, a)"],
    "erf": ["2/sqrt(pi)·gaussian(a)"],
    "gaussian": ["−2·a·y"],
    "hypot": ["a/y", "b/y"],
    "atan2": ["b/(b·b + a·a)", "−a/(b·b + a·a)"],
    "acosh": ["1/(sqrt(a − 1)·sqrt(a + 1))"],
    "where": [None, "where(a, 1, 0)", "where(a, 0, 1)"],
    "polygamma": [None, "polygamma(a + 1, b)"],
}
ROWS = [row for row in ops.TABLE.values() if partial_formulas(row)]
MANY = {"take", "sum", "dot", "maximum", "minimum", "logsumexp", "softmax", "cross_entropy"}


@pytest.mark.parametrize("name", READABLE)
def test_a_formula_reads_as_one_would_write_it(name: str) -> None:
    assert partial_formulas(ops.TABLE[name]) == READABLE[name]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@given(st.data())
def test_a_formula_gives_what_the_row_gives(row: Op, data: st.DataObject) -> None:
    operands = data.draw(arguments(row))
    y = row.value(*operands)
    assume(math.isfinite(y))
    names = dict(zip(OPERANDS, operands, strict=False), y=y)
    for text, expected in zip(partial_formulas(row), row.local_grads(y, operands), strict=True):
        if text and "gelu_slope" not in text:  # which is no public function
            code = text.replace("·", " * ").replace("−", "-").replace("^", " ** ")
            assert parse(code)(names).data == pytest.approx(expected, rel=CLOSE, abs=CLOSE), text


def test_every_row_of_a_fixed_number_of_operands_has_its_formulas() -> None:
    for row in ops.TABLE.values():
        if row.partials and row.name not in MANY:
            formulas = partial_formulas(row)
            assert len(formulas) == (3 if row is ops.clip else len(row.partials))
            assert all(formulas[row.fixed :]), f"{row.name}: {formulas}"
            assert not any(formulas[: row.fixed])
        else:
            assert partial_formulas(row) == []


def test_a_long_formula_is_left_out() -> None:
    def long(y: float, a: float) -> float:
        for _ in range(LONGEST):
            a = functions.sin(a)
        return a

    assert partial_formulas(ops.Op("long", lambda a: a, (long,))) == [None]


def test_parentheses_stand_only_where_they_are_needed() -> None:
    def written(partial: object) -> str | None:
        (text,) = partial_formulas(ops.Op("f", lambda a: a, (partial,)))  # type: ignore[arg-type]
        return text

    div = functions.divide
    assert written(lambda y, a: (y + a) * (y - a)) == "(y + a)·(y − a)"
    assert written(lambda y, a: y - (a - y * 3.0)) == "y − (a − 3·y)"
    assert written(lambda y, a: y - -a * y) == "y + y·a"
    assert written(lambda y, a: -(y - a)) == "−(y − a)"
    assert written(lambda y, a: -a * -y) == "a·y"
    assert written(lambda y, a: y * (a * (y * a))) == "y·a·y·a"
    assert written(lambda y, a: div(y, a * y)) == "y/(y·a)"
    assert written(lambda y, a: div(y, div(a, y))) == "y/(a/y)"
    assert written(lambda y, a: (y * a) ** (-a)) == "(y·a)^(−a)"
    assert written(lambda y, a: (-y) ** 3.0) == "(−y)^3"
    assert written(lambda y, a: -(y**3.0)) == "−y^3"
    assert written(lambda y, a: a * functions.remainder(a, y)) == "a·(a % y)"


def test_guards_for_rare_numbers_are_left_out_and_real_choices_kept() -> None:
    def guarded(y: object, a: object) -> object:
        return functions.where(a == a, functions.where(a > 1.0, 2.0, a + 0.0), y)  # type: ignore[type-var]

    assert partial_formulas(ops.Op("f", lambda a: a, (guarded,))) == ["where(a > 1, 2, a)"]


def test_what_a_row_computes_is_the_first_sentence_of_its_function() -> None:
    assert value_text(ops.relu) == "max(x, 0); nan stays nan."
    assert value_text(ops.less) == "a < b, by value; False beside a nan."
    assert value_text(ops.gelu_slope) == ""
    for name in autograd.__all__:
        if name in ops.TABLE:
            assert value_text(ops.TABLE[name]).endswith(".")
