"""Scripts and idioms of other libraries: they run here, and give the same."""

import contextlib
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import autograd
from tests import idioms, minimal_value
from tests.idioms import Idiom, agree, answers, claims

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.py"))
OURS = "from autograd import Value"
SAME = 1e-12  # relative: a few thousand roundings, of steps that sum in another order

each_script = pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)


def run(path: Path, module: str) -> SimpleNamespace:
    """What a script leaves behind that gets its Value from that module, and what it printed."""
    text = path.read_text(encoding="utf-8")
    assert text.count(OURS) == 1
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(text.replace(OURS, f"from {module} import Value"), names)
    return SimpleNamespace(**names, printed=printed.getvalue())


@pytest.fixture(scope="module", params=SCRIPTS, ids=lambda path: path.stem)
def twice(request: pytest.FixtureRequest) -> tuple[SimpleNamespace, SimpleNamespace]:
    """A script on our Value, and on one that shares nothing with it."""
    return run(request.param, "autograd"), run(request.param, "tests.minimal_value")


def test_there_is_a_script_like_each_of_the_two() -> None:
    assert [path.stem for path in SCRIPTS] == ["moons", "names"]


@each_script
def test_a_script_needs_nothing_of_ours_but_value(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("autograd") == 1
    assert "import nn" not in text


def test_a_script_learns(twice: tuple[SimpleNamespace, SimpleNamespace]) -> None:
    history, quarter = twice[0].history, len(twice[0].history) // 4
    assert sum(history[-quarter:]) < 0.6 * sum(history[:quarter])


def test_a_script_has_the_same_losses_with_either_value(
    twice: tuple[SimpleNamespace, SimpleNamespace],
) -> None:
    ours, minimal = twice
    assert ours.history == pytest.approx(minimal.history, rel=SAME, abs=0.0)
    assert len(ours.history) >= 10


def test_a_script_has_the_same_parameters_with_either_value(
    twice: tuple[SimpleNamespace, SimpleNamespace],
) -> None:
    ours, minimal = twice
    assert all(type(p) is autograd.Value for p in ours.parameters)
    assert all(type(p) is minimal_value.Value for p in minimal.parameters)
    expected = [p.data for p in minimal.parameters]
    assert [p.data for p in ours.parameters] == pytest.approx(expected, rel=SAME, abs=SAME)


def test_a_script_says_the_same_with_either_value(
    twice: tuple[SimpleNamespace, SimpleNamespace],
) -> None:
    ours, minimal = twice
    assert ours.said == minimal.said
    assert ours.printed == minimal.printed != ""


HABITS = {
    "sum of a list": lambda x, y: sum([x, y, x]),
    "sum of a generator": lambda x, y: sum(v * v for v in (x, y)),
    "sum from a Value on": lambda x, y: sum((v * 2 for v in (x, y)), y),
    "sum from 0.0 on": lambda x, y: sum([x, y], 0.0),
    "a power below zero": lambda x, y: (x * x + 1e-5) ** -0.5 + y**-1,
    "a whole power": lambda x, y: x**2 + y**3,
    "a number on the left": lambda x, y: 1 - x + 2 * y + 3 / y + 1.5 / x,
    "a number on the right": lambda x, y: x - 1 + y * 2 + y / 3,
    "a mean by a factor": lambda x, y: (1 / 2) * (x + y) + (x + y) * (1.0 / 2),
    "minus": lambda x, y: -x * -y,
    "less the largest": lambda x, y: (x - max(v.data for v in (x, y))).exp(),
    "the largest by its data": lambda x, y: max((x, y), key=lambda v: v.data) * x,
    "sorted by their data": lambda x, y: sorted((y, x), key=lambda v: v.data)[0] * y,
    "a share and its logarithm": lambda x, y: -(x.exp() / (x.exp() + y.exp())).log(),
    "relu on both sides": lambda x, y: x.relu() * 3 + (-x).relu() * 5 + y.relu() ** 2,
    "tanh": lambda x, y: (x * y).tanh(),
    "a number of NumPy's": lambda x, y: np.int64(3) * x + y * np.float64(0.5),
}


@pytest.mark.parametrize("habit", HABITS)
def test_a_habit_gives_the_same_with_either_value(habit: str) -> None:
    def outcome(kind: Any) -> list[float]:
        x, y = kind(0.75), kind(2)
        result = HABITS[habit](x, y)
        result.backward()
        return [result.data, x.grad, y.grad]

    expected = outcome(minimal_value.Value)
    assert outcome(autograd.Value) == pytest.approx(expected, rel=SAME, abs=SAME)
    assert any(expected[1:])


def test_a_loop_by_hand_may_clear_the_gradient_with_an_int() -> None:
    p = autograd.Value(1)
    for _ in range(3):
        p.grad = 0
        loss = (p - 3) ** 2
        loss.backward()
        p.data -= 0.25 * p.grad
    assert (p.data, p.grad, f"{loss.data:.4f}") == (2.75, -1.0, "0.2500")


# -- the page ------------------------------------------------------------------------------------

PAGE = list(idioms.idioms())
each_idiom = pytest.mark.parametrize("idiom", PAGE, ids=lambda i: f"{i.library}: {i.title}")


def test_the_page_has_idioms_of_each_library_and_differences_from_each() -> None:
    for library in idioms.PACKAGES:
        found = [idiom for idiom in PAGE if idiom.library == library]
        assert sum(idiom.differs for idiom in found) >= 4
        assert sum(not idiom.differs for idiom in found) >= 5


@each_idiom
def test_both_sides_of_an_idiom_give_the_same_unless_it_is_a_difference(idiom: Idiom) -> None:
    said = [claim for _, claim in claims(idiom.theirs) if claim is not None]
    found = answers(idiom.ours)
    assert said
    assert found
    if idiom.differs:
        assert not agree(said[-1], found[-1])
    else:
        assert len(said) == len(found)
        assert all(map(agree, said, found))


# -- the command that runs the others' side ------------------------------------------------------


def test_a_line_that_gives_something_else_is_found() -> None:
    block = "x = 0.5\nx * 4  # 2.0\nx * 4  # 2.5\n1 / 0  # ZeroDivisionError\n"
    results = list(idioms.run(block, {}))
    assert [agree(claim, given) for _, claim, given in results] == [True, False, True]


def test_results_agree_by_their_numbers_and_else_by_their_words() -> None:
    assert agree("(6.0, {'w': 9.0})", "[6, 9.0000001]")
    assert agree("nan", "nan")
    assert agree("True", "True")
    assert not agree("[1.0, 2.0]", "[1.0]")
    assert not agree("inf", "-inf")
    assert not agree("True", "False")
    assert not agree("nan", "0.0")


def test_a_library_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(idioms.PACKAGES, "JAX", "no_such_package")
    assert idioms.check("JAX")
    expected = "JAX: no_such_package is not installed here, so its side was not run\n"
    assert capsys.readouterr().out == expected
