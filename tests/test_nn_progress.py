"""Progress leaves a readable last line in a terminal, in a log and in a saved notebook."""

from __future__ import annotations

import io
import re
import shutil
import sys

import nbclient
import nbformat
import pytest

import nn
from nn import progress

X, Y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def screen(self):
        """The lines as a terminal shows them: a carriage return goes back to the margin."""
        lines = []
        for line in self.getvalue().split("\n"):
            shown = ""
            for text in line.split("\r"):
                shown = text + shown[len(text) :]
            lines.append(shown.rstrip())
        return lines


def fit(epochs=100, model=None, **options):
    model = model or nn.MLP(1, [2, 1], seed=0)
    return nn.fit(model, X, Y, loss=nn.mse, optimizer=nn.Adam(0.01), epochs=epochs, **options)


def test_a_terminal_ends_with_one_line_of_the_last_epoch(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    history = fit(metrics=nn.mean_absolute_error)
    line, rest = terminal.screen()
    assert rest == ""
    assert line.startswith(f"[{'#' * 20}] epoch 100/100  loss {history[-1].loss:.4g}  mean_absol")
    assert re.search(r"  \d+\.\d s$", line)


def test_a_terminal_is_rewritten_a_few_times_a_second_and_not_at_every_epoch(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    clock = iter(range(10**6))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock) / 1000)  # 1 ms an epoch
    fit(epochs=300)
    assert 3 <= terminal.getvalue().count("\r") <= 6


def test_a_narrow_terminal_never_wraps_but_for_the_last_line(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(progress, "REFRESH", 0.0)
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: type("S", (), {"columns": 30}))
    fit(epochs=5)
    paints = terminal.getvalue().split("\r")[1:]
    assert len(paints) == 7
    assert all(len(text) < 30 for text in paints[:-1])
    assert "5/5" in paints[-1]


def test_a_log_has_about_ten_lines_and_the_last_epoch_is_one_of_them(capsys):
    history = fit(epochs=997)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 12
    assert lines[0].startswith("epoch   1/997  loss ")
    assert lines[-1].startswith(f"epoch 997/997  loss {history[-1].loss:.4g}")
    assert "\r" not in "".join(lines)


def test_a_log_of_a_few_epochs_has_a_line_for_each(capsys):
    fit(epochs=3)
    assert [line[:9] for line in capsys.readouterr().out.splitlines()] == [
        *("epoch 1/3", "epoch 2/3", "epoch 3/3")
    ]


def test_without_progress_nothing_is_printed(capsys):
    fit(progress=False)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_early_stopping_is_said_in_the_last_line(capsys):
    model = nn.MLP(1, [1], seed=0)
    nn.fit(
        model, [[1.0]], [100.0], loss=nn.mse, optimizer=nn.SGD(0.01), epochs=99,
        validation=([[1.0]], [-100.0]), early_stopping=2,
    )  # fmt: skip
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("epoch  3/99")
    assert last.endswith("(stopped: the validation loss fell no more; kept its best)")


def test_early_stopping_does_not_print_its_last_epoch_twice(capsys):
    model = nn.MLP(1, [1], seed=0)
    nn.fit(
        model, [[1.0]], [100.0], loss=nn.mse, optimizer=nn.SGD(0.01), epochs=9,
        validation=([[1.0]], [-100.0]), early_stopping=2,
    )  # fmt: skip
    lines = capsys.readouterr().out.splitlines()
    assert [line[:9] for line in lines[:-1]] == ["epoch 1/9", "epoch 2/9", "epoch 3/9"]
    assert lines[-1] == "(stopped: the validation loss fell no more; kept its best)"


def test_a_line_that_is_too_long_loses_whole_entries():
    text = "[##] epoch 1/5  loss 0.25  accuracy 0.9"
    assert progress._fitting(text, 39) == text
    assert progress._fitting(text, 38) == progress._fitting(text, 25) == text[:25]
    assert progress._fitting(text, 24) == text[:14]
    assert progress._fitting(text, 8) == text[:8]


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_an_interruption_leaves_the_last_line_too(monkeypatch, stream):
    out = stream()
    monkeypatch.setattr(sys, "stdout", out)
    calls = 0

    def loss(prediction, target):
        nonlocal calls
        calls += 1
        if calls == 1 + 3 * 57 + 2:
            raise KeyboardInterrupt
        return nn.mse(prediction, target)

    with pytest.raises(KeyboardInterrupt):
        nn.fit(nn.MLP(1, [1], seed=0), X, Y, loss=loss, epochs=100, eager=True)
    text = out.getvalue()
    assert text.endswith(" s\n")
    assert "epoch  57/100" in text.replace("\r", "\n").splitlines()[-1]


def test_a_saved_notebook_keeps_one_output_with_the_last_epoch():
    code = (
        "import nn\n"
        "model = nn.MLP(1, [1], seed=0)\n"
        "history = nn.fit(model, [[0.0], [1.0]], [1.0, 3.0], loss=nn.mse, epochs=40)\n"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    [output] = notebook.cells[0].outputs
    assert output.output_type == "display_data"
    for text in (output.data["text/plain"], output.data["text/html"]):
        assert re.search(r"\[#{20}\] epoch 40/40  loss \d", text)
