"""The mutator changes what it says and nothing else; what the tests miss is told."""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.mutation import baseline, campaign, choice, nursery, report, results, rules
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.operators import OPERATORS
from tests.mutation.patching import Loaded
from tests.mutation.source import Source

ROOT = Path(__file__).resolve().parents[1]

EVERY_KIND = '''\
"""Not this text."""
TABLE = {"sin": lambda y, x: cos(x), "é": lambda y, x: -exp(x) ** 2}; SCALE = 2.5


def f(é, b=3, *rest: "not this") -> "nor this":
    """Nor this."""
    total, flag = é+b, True
    for x in [i for i in rest if i > 0]:
        if x == b and not flag or x is None:
            continue
        elif not (x in rest) and f( x,
                                    b ) < 0:
            break
        total += (x) * (  # a comment with a + in it
            b) if flag else ~x
        rest[0] = total
        total.grad = max(x, b)
        show(total, "red")
    if x is not None and x not in rest:
        raise ValueError("not this" + "text")
    return total
'''

FEW = 6  # each takes a parse of the whole file

# Of Newcombe, Statistics in Medicine 17 (1998), table I, method 3
WILSON = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
          (1, 29, 0.0061, 0.1718)]  # fmt: skip


def changes(source: Source) -> list[tuple[str, str]]:
    """The old and the new text of each mutant."""
    return [(source.part(m.start, m.end), m.new) for m in mutants(source)]


def source_of(path: str) -> Source:
    return Source(path, (ROOT / path).read_text(encoding="utf-8"))


def the(source: Source, old: str, new: str) -> Mutant:
    return next(m for m in mutants(source) if (source.part(m.start, m.end), m.new) == (old, new))


@pytest.mark.parametrize("path", ["autograd/ops.py", "autograd/value.py", "nn/losses.py", ""])
def test_each_mutant_is_another_valid_program_and_the_rest_stays_byte_for_byte(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8") if path else EVERY_KIND
    source = Source(path or "autograd/ops.py", text)
    found = mutants(source)
    found = found[:: 1 + len(found) // FEW] if path else found
    original = ast.dump(source.tree)
    for mutant in found:
        mutated = mutant.applied(text)
        assert ast.dump(ast.parse(mutated)) != original, mutant.key
        assert mutated.startswith(text[: mutant.start])
        assert mutated.endswith(text[mutant.end :])
    assert len({m.key for m in found}) == len(found)


def test_each_operator_has_its_mutants() -> None:
    found = mutants(Source("autograd/ops.py", EVERY_KIND))
    named = {operator.__name__ for row in OPERATORS.values() for operator in row}
    assert {mutant.operator for mutant in found} == named


def test_the_mutants_are_the_small_mistakes_one_makes() -> None:
    found = changes(Source("autograd/ops.py", EVERY_KIND))
    expected = """
        + → -    == → !=    is → is not    and → or    or → and    True → False    3 → 4
        2.5 → 3.5    2.5 → 0.0    cos(x) → (x)    x → y    continue → break    break → continue
        b → é    > → >=    "sin" → 'sin_'    ** → *    not in → in    is not → is    * → /
    """
    for change in filter(None, expected.replace("\n", "    ").split("    ")):
        assert tuple(change.strip().split(" → ")) in found, change
    assert ("f( x,\n                                    b )", "pass") not in found
    assert (
        "x,\n                                    b",
        "b,\n                                    x",
    ) in found
    assert ("return total", "return None") in found
    assert ("total.grad = max(x, b)", "pass") in found
    assert ("total, flag = é+b, True", "pass") not in found


def test_words_for_people_and_for_the_type_checker_are_left_alone() -> None:
    text = EVERY_KIND + "\nif TYPE_CHECKING:\n    x = 1 + 2\n\n__all__ = ['not_this']\n"
    for old, _ in changes(Source("autograd/ops.py", text)):
        assert "this" not in old.lower() or old.startswith(("if ", "return", "for "))
        assert "1 + 2" not in old
        assert old != "1"


def test_a_mutant_of_equal_lines_has_a_key_of_its_own_and_the_same_at_another_line() -> None:
    text = "def f(x):\n    x = x + 1\n    x = x + 1\n"
    first, second = (m for m in mutants(Source("a.py", text)) if m.operator == "arithmetic")
    assert first.key != second.key
    moved = mutants(Source("a.py", "import os\n\n\n" + text))
    assert {first.key, second.key} <= {m.key for m in moved}


def test_the_rules_are_the_partials_and_all_that_they_call() -> None:
    paths = [rules.OPS, rules.IEEE, rules.SPECIAL, *rules.RECORDERS]
    sources = {path: source_of(path) for path in paths}
    spans = rules.derivative_rules(sources)
    kept = {
        (m.path, m.before)
        for path in spans
        for m in mutants(sources[path])
        if rules.is_rule(m, spans)
    }
    lines = {before for _, before in kept}
    assert any("lambda y, x: cos(x)" in line for line in lines)  # a partial
    assert any("return y * ieee.sigmoid(-x)" in line for line in lines)  # its faster spelling
    assert "return nan if isinf(x) else math.cos(x)" in lines  # the value of the row that it calls
    assert ("autograd/value.py", "return _node(a * b, ops.multiply, self, other, b, a)") in kept
    assert "return math.fabs(x - ieee.round(x))" not in lines  # the distance from a kink
    assert not any("BLOCK" in line for line in lines)  # a sum over lanes
    assert set(spans) == {path for path, _ in kept}


@pytest.mark.parametrize(("successes", "trials", "low", "high"), WILSON)
def test_the_interval_is_wilson_s(successes: int, trials: int, low: float, high: float) -> None:
    assert results.wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_a_mutant_that_hangs_or_dies_or_eats_the_memory_is_caught() -> None:
    def ask(act: nursery.Act) -> str:
        limits = {"a test": 0.3}
        return nursery.judged({"waves": [], "limits": limits}, act)["outcome"]

    def hangs(request: object, folder: str, say: nursery.Say) -> None:
        say("running", "a test")
        time.sleep(60.0)

    assert ask(hangs) == "timeout"
    assert ask(lambda *_: os.kill(os.getpid(), signal.SIGKILL)) == "crashed"
    assert ask(lambda *_: print(len(bytearray(2 * nursery.ADDRESS_SPACE)))) == "crashed"
    assert ask(lambda *_: None) == "survived"


def test_a_changed_function_is_put_in_wherever_it_is_held(tmp_path: Path) -> None:
    text = "RATE = 2.0\nrows = {'f': lambda x, y: x + RATE}\ndef g(x):\n    return [x - 1, 0]\n"
    path = tmp_path / "held.py"
    names: dict[str, object] = {}
    exec(compile(text, str(path), "exec"), names)
    held, g = names["rows"]["f"], names["g"]  # type: ignore[index]
    loaded = Loaded(str(tmp_path))
    assert loaded.patch(str(path), text, text.replace("x + RATE", "x - RATE"))
    assert held(5.0, 1.0) == 3.0
    assert loaded.patch(str(path), text, text.replace("x - 1", "x + 1"))
    assert g(5.0) == [6.0, 0]  # type: ignore[operator]
    assert not loaded.patch(str(path), text, text.replace("'f'", "'h'"))


PLANTED = {
    "autograd/__init__.py": "",
    "autograd/plain.py": "def double(x):\n    return x + x\n\ndef untested(x):\n    return x - 1\n",
    "nn/__init__.py": "",
    "README.md": "",
    "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['.']\n",
    "tests/test_plain.py": """\
import os
from autograd import plain

def test_only_without_a_mutant():  # fails in every fork, as if by chance
    assert sum(range(10**6))  # so that another test is the quickest
    assert "mutant-" not in os.environ["AUTOGRAD_CACHE"] and plain.double(0) == 0

def test_double():
    assert plain.double(3) == 6
    assert plain.untested(3) is not None
""",
}


def planted(root: Path) -> None:
    """A repository of which one mutant is killed and another survives."""
    for name, text in PLANTED.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "tests" / "mutation", root / "tests" / "mutation")


def test_a_survivor_is_told_a_kill_counted_and_only_the_copy_is_edited(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, copy = tmp_path / "root", tmp_path / "copy"
    planted(root)
    campaign.copied(root, copy)
    source = campaign.sources_of(root)["autograd/plain.py"]
    group = [
        the(source, "+", "-"),
        the(source, "-", "+"),
        the(source, "return x - 1", "return None"),
    ]
    found = results.Results(tmp_path / "kept" / "results.jsonl")
    part, measured = tmp_path / "kept" / "tests.json", baseline.Baseline()
    baseline.measure(copy, ["tests"], part)
    measured.take_in(json.loads(part.read_text(encoding="utf-8")))
    running = campaign.Campaign(copy, measured, found, budget=20.0)
    try:
        outcomes = [running.result_of(mutant) for mutant in group]
    finally:
        running.close()
    assert [row["outcome"] for row in outcomes] == ["killed", "survived", "killed"]
    assert {row["by"] for row in outcomes} == {"", "tests/test_plain.py::test_double"}
    assert {name: (root / name).read_text(encoding="utf-8") for name in PLANTED} == PLANTED
    assert (copy / "autograd/plain.py").read_text(encoding="utf-8") == source.text

    again = results.Results(found.path)
    assert again.rows == found.rows
    assert report.report({"all": group}, again, tmp_path / "report.md") == 1
    told = capsys.readouterr().out
    assert "| all | 3 of 3 | 2 | 0 | 0 | 0 | 1 | 66.7% [20.8%, 93.9%] |" in told
    assert "- autograd/plain.py:5 in untested: `- return x - 1` `+ return x + 1`" in told


def test_a_result_line_that_was_broken_off_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text('{"key": "a", "by": ""}\n{"key": "b', encoding="utf-8")
    assert [row["key"] for row in results.Results(path).rows] == ["a"]
    results.Results(path).add({"key": "c"})
    assert [row["key"] for row in results.Results(path).rows] == ["a", "c"]


def test_every_explained_mutant_exists_and_has_one_reason() -> None:
    keys = results.explained()
    paths = {key.partition(" ")[0] for key in keys}
    known = {m.key for path in paths for m in mutants(source_of(path))}
    assert set(keys) <= known
    assert all(reason.endswith(".") for reason in keys.values())


def test_the_tests_of_its_module_come_first_and_the_budget_holds() -> None:
    seconds = {
        "tests/test_a.py::slow": 9.0,
        "tests/test_a.py::quick": 1.0,
        "tests/test_b.py::x": 0.1,
    }
    mutant = mutants(Source("autograd/a.py", "def f(x):\n    return x + 1\n"))[0]
    everything = set(seconds)
    order = [test for wave in choice.waves(mutant, everything, seconds, {}, 20.0) for test in wave]
    assert order == ["tests/test_a.py::quick", "tests/test_a.py::slow", "tests/test_b.py::x"]
    order = [test for wave in choice.waves(mutant, everything, seconds, {}, 3.0) for test in wave]
    assert order == ["tests/test_a.py::quick", "tests/test_b.py::x"]
