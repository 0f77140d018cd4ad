"""Every row as accurate as promised, eager and compiled; and the measure itself, tried."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest

from autograd.ops import TABLE, Op
from tests.accuracy import ours
from tests.accuracy.__main__ import main
from tests.accuracy.measure import PARTIAL, VALUE, Score, measure, points_of
from tests.accuracy.peers import Peer
from tests.accuracy.proof import Prover
from tests.accuracy.reference import Truth, truths
from tests.accuracy.table import page
from tests.oracle import mp, nearest, rounded, ulps
from tests.points import Point

POINTS = 75  # a row; `python -m tests.accuracy` takes 900
SLOW, FEW = {"polygamma", "logsumexp", "softmax", "cross_entropy"}, 30
PROVED = 15
SMALLEST, LARGEST = 5e-324, 1.7976931348623157e308


def rows(names: Sequence[str] | None = None) -> Any:
    table = [TABLE[name] for name in names or TABLE]
    return pytest.mark.parametrize("op", table, ids=lambda op: op.name)


@rows()
def test_a_row_is_as_accurate_as_promised_eager_and_compiled(op: Op) -> None:
    row, _ = measure(op, points_of(op, 1, FEW if op.name in SLOW else POINTS))
    assert not row.misses, "\n".join(row.misses)


def test_the_arguments_are_also_subnormal_huge_negative_zero_and_outside_the_domain() -> None:
    xs = [x for (x,) in points_of(TABLE["log1p"], 0, 900)]
    assert any(0 < abs(x) < 2.0**-1022 for x in xs)
    assert any(x > 1e300 for x in xs)
    assert any(x == 0 and math.copysign(1.0, x) < 0 for x in xs)
    assert any(x < -1 for x in xs)


# -- the judge -----------------------------------------------------------------------------------


@rows()
def test_the_judge_s_truths_are_proved_by_arb(op: Op) -> None:
    prover = Prover()
    for xs in points_of(op, 2, PROVED):
        for truth in filter(None, truths(op, xs)):
            prover.check(truth)
    assert prover.tried
    assert not prover.refuted
    assert all(math.isinf(truth.expected) for truth in prover.open)  # no ball holds a pole


def test_a_wrong_truth_is_refuted() -> None:
    prover = Prover()
    (truth, slope) = filter(None, truths(TABLE["exp"], (1.0,)))
    for right in (truth, slope):
        wrong = math.nextafter(right.expected, 3.0)
        prover.check(Truth(right.op, right.operands, right.operand, right.exact, wrong))
    assert (prover.tried, len(prover.refuted)) == (2, 2)


def test_a_truth_next_to_the_middle_of_two_floats_is_rounded_to_the_right_one() -> None:
    """gelu(x) is x/2 and a little more than sixty digits tell: of the smallest float, over half."""
    value, _ = truths(TABLE["gelu"], (SMALLEST,))
    assert value is not None
    assert value.expected == SMALLEST


@pytest.mark.parametrize("exponent", [0, -1074, -1075, -1076, -1127, 969, 970])
def test_a_number_is_rounded_as_python_rounds_a_fraction(exponent: int) -> None:
    for mantissa in (1, 3, 5, 7, 2**53 - 1, 2**53 + 1, 2**53 + 3, 2**54 - 3, 2**54 - 2, 2**200 + 1):
        exact = Fraction(mantissa) * Fraction(2) ** exponent
        expected = float(exact) if exact < Fraction(LARGEST) * 2 else math.inf
        assert nearest(mantissa, exponent) == -nearest(-mantissa, exponent) == expected
        assert rounded(mp.ldexp(mp.mpf(mantissa), exponent)) == expected
    assert nearest(2**54 - 1, 970) == math.inf


# -- the measure ---------------------------------------------------------------------------------


def truth_of(name: str, *operands: float, place: int = 0) -> Truth:
    truth = truths(TABLE[name], operands)[place]
    assert truth is not None
    return truth


def scored(truth: Truth, returned: float) -> Score:
    score = Score(VALUE if truth.operand is None else PARTIAL)
    score.add(truth, returned)
    return score


def test_a_result_of_another_kind_than_the_truth_is_wrong() -> None:
    assert scored(truth_of("exp", -740.0), 0.0).wrong
    assert scored(truth_of("exp", 709.0), math.inf).wrong
    assert scored(truth_of("log", -1.0, place=1), -1.0).wrong
    assert scored(truth_of("exp", 800.0), -math.inf).wrong


def test_beside_the_truth_a_zero_and_an_infinity_are_only_an_ulp_off() -> None:
    for truth, beside in [(SMALLEST, 0.0), (LARGEST, math.inf), (0.0, -SMALLEST)]:
        score = scored(truth_of("alias", truth), beside)
        assert (score.wrong, score.worst) == ([], 1)
    assert ulps(math.nan, 1.0) == math.inf


def test_an_ill_conditioned_argument_counts_for_its_kind_alone() -> None:
    truth = truth_of("log", 1.0 + 2.0**-50)
    assert scored(truth, 2 * truth.expected).points == 0
    assert scored(truth, 0.0).wrong


def test_a_last_digit_too_far_off_is_a_miss_that_names_its_argument() -> None:
    truth = truth_of("exp", 1.0)
    near, far = (scored(truth, truth.expected + n * 2.0**-51) for n in (2, 3))
    assert not near.misses
    assert far.misses == ["exp(1.0,) is 3 ulps off, more than 2"]


def textbook() -> Peer:
    """A library whose tanh has the derivative 1 - tanh²."""

    def evaluate(function: Any, points: Sequence[Point], differentiate: bool) -> list[list[float]]:
        return [[y := function(*xs), 1.0 - y * y] for xs in points]

    return Peer("textbook", {"tanh": math.tanh}, evaluate, {})


def test_a_textbook_derivative_is_found_out_and_shown_on_the_page() -> None:
    peer = textbook()
    measured = [
        measure(TABLE[name], points_of(TABLE[name], 0, 90), [peer])[0] for name in ("tanh", "exp")
    ]
    value, partials = measured[0].scores["textbook"] or ()
    assert not value.misses
    assert partials.wrong
    assert partials.share < PARTIAL.share
    text = page(measured, [peer], "", "python -m tests.accuracy")
    (row,) = [
        line for line in text.splitlines() if line.startswith("| exp |") and "not there" in line
    ]
    assert row.endswith("| not there | not there |")
    assert "| `tanh ∂a(19.5)` | 1 - tanh² is 0 | 4.61929e-17 | 4.61929e-17 | **0** |" in text


# -- the command ---------------------------------------------------------------------------------


def test_the_command_prints_the_page_of_some_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "relu,clip", "--points", "30"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "# Accuracy"
    assert [line.split()[1] for line in lines if " · " in line and line[0] == "|"][:2] == [
        "relu",
        "clip",
    ]


def test_the_command_fails_and_names_the_row_where_a_target_is_missed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(op: Op, points: Sequence[Point]) -> list[list[float]]:
        return [[y * (1.0 + 2.0**-50) for y in found] for found in ours.eager(op, points)]

    monkeypatch.setitem(ours.WAYS, ours.EAGER, careless)
    assert main(["--only", "exp", "--points", "30"]) == 1
    assert "exp, eager: exp(" in capsys.readouterr().err


def test_the_command_refuses_a_row_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "bessel"])
    assert "no row bessel" in capsys.readouterr().err
