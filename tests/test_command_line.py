"""`python -m autograd`: what it prints and writes, and how it refuses."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from autograd import Value, explain, step
from autograd.__main__ import EXAMPLES, main

ROOT = Path(__file__).parent.parent


def x_times_w_plus_square() -> tuple[Value, Value, Value]:
    x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    return x, w, x * w + x**2


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said on the error stream; nothing else, and status 2."""
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


# -- what it prints ------------------------------------------------------------------------------


def test_it_prints_the_steps_and_the_gradients(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x * w + x ** 2", "--at", "x=2", "w=-3"]) == 0
    _, _, root = x_times_w_plus_square()
    expected = f"{step(root)}\n\nL = -2.0\n∂L/∂x = 1.0\n∂L/∂w = 2.0\n"
    assert capsys.readouterr().out == expected


def test_it_explains_a_gradient(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x * w + x ** 2", "--at", "x=2", "w=-3", "--explain", "x"]) == 0
    x, _, root = x_times_w_plus_square()
    assert capsys.readouterr().out == f"{explain(x, root)}\n"


def test_constants_can_be_overridden(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["2 * pi * e", "--at", "pi=3", "--at", "e=1"]) == 0
    assert capsys.readouterr().out.endswith("\nL = 6.0\n∂L/∂pi = 2.0\n∂L/∂e = 6.0\n")


def test_an_expression_may_begin_with_a_minus(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["-x**2", "--at", "x=3"], ["--at", "x=3", "--", "-x ** 2"]):
        assert main(arguments) == 0
        assert "\nL = -9.0\n" in capsys.readouterr().out


def test_a_result_that_is_no_number_is_printed_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log(x)", "--at", "x=-1"]) == 0
    assert capsys.readouterr().out.endswith("\nL = nan\n∂L/∂x = nan\n")


def test_help_shows_examples_that_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert EXAMPLES.strip() in capsys.readouterr().out
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"python -m autograd (.*)", EXAMPLES)
    assert len(examples) >= 4
    for example in examples:
        arguments = [a or b for a, b in re.findall(r'"([^"]*)"|(\S+)', example)]
        assert main(arguments) == 0


# -- what it writes ------------------------------------------------------------------------------


def test_a_page_is_written(tmp_path: Path) -> None:
    path = tmp_path / "loss.html"
    assert main(["x * w", "--at", "x=2", "w=-3", "-o", str(path), "--explain", "x"]) == 0
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "by 1 path" in text
    assert os.listdir(tmp_path) == ["loss.html"]


@pytest.mark.parametrize(
    ("suffix", "start"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("dot", b"dig")]
)
def test_a_picture_is_written(tmp_path: Path, suffix: str, start: bytes) -> None:
    path = tmp_path / f"loss.{suffix}"
    assert main(["x * w", "--at", "x=2", "w=-3", "--output", str(path)]) == 0
    assert path.read_bytes().startswith(start)


def test_the_picture_shows_the_gradients_and_lights_what_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "loss.svg"
    assert main(["x * x", "--at", "x=2", "-o", str(path), "--explain", "x"]) == 0
    groups = list(ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}g"))
    assert sum("lit" in group.get("class", "").split() for group in groups) == 2
    assert "call backward" not in path.read_text(encoding="utf-8")


# -- how it refuses ------------------------------------------------------------------------------

REFUSED = [
    (["x * y + z", "--at", "y=1"], "numbers are missing for x, z: --at x=… z=…"),
    (["x", "--at", "x=1", "v=2", "w=3"], "--at gives 'v', 'w', not in the expression: its names"),
    (["1 + 1", "--at", "x=1"], "it has no names"),
    (["x", "--at", "x"], "--at takes NAME=NUMBER, such as x=2 y=-3, not 'x'"),
    (["x", "--at", "x=two"], "not 'x=two'"),
    (["x", "--at", "=2"], "not '=2'"),
    (["x", "--at", "x=1=2"], "not 'x=1=2'"),
    (["x", "--at", "x=1", "x=2"], "--at gives x twice"),
    (["--at", "x=1", "x * x"], "it goes first"),
    ([], "the expression is missing"),
    (["x", "--at", "x=1", "--explain", "y"], "--explain takes one of x, not 'y'"),
    (["1", "--explain", "y"], "a name, of which there is none here"),
    (["x", "--at", "x=1", "-o", "x.jpg"], "a file is .html, .svg, .png, .pdf, .dot, not 'x.jpg'"),
    (["x", "--at", "x=1", "-o", "x"], "not 'x'"),
    (["x", "--at", "x=1", "-o", "nowhere/x.html"], "no folder 'nowhere'"),
    (["x ^ 2", "--at", "x=1"], "powers are written **\n  x ^ 2\n    ^\n"),
    (["take([x], 1)", "--at", "x=1"], "index 1 is outside"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_a_mistake_is_said_in_words(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    said = refusal(capsys, *arguments)
    assert said.startswith("error: ")
    assert message in said
    assert "Traceback" not in said


def test_without_dot_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = refusal(capsys, "x", "--at", "x=1", "-o", str(tmp_path / "x.svg"))
    assert "apt-get install graphviz" in said
    assert os.listdir(tmp_path) == []


def test_an_unknown_option_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["x", "--at", "x=1", "--bogus"])
    assert stopped.value.code == 2
    assert "this is no option: --bogus" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "status"), [(["x*x", "--at", "x=3"], 0), (["x^2"], 2)])
def test_the_process_ends_with_the_status(arguments: list[str], status: int) -> None:
    run = [sys.executable, "-m", "autograd", *arguments]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == status
    assert ("∂L/∂x = 6.0" in done.stdout) == (status == 0)
    assert "Traceback" not in done.stderr


def test_a_terminal_without_mathematical_signs_is_served_too() -> None:
    run = [sys.executable, "-m", "autograd", "x*x", "--at", "x=3"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(run, cwd=ROOT, capture_output=True, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"?L/?x = 6.0" in done.stdout
