"""The live view in a running JupyterLab: stepping, playing, and the way to the kernel and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.jupyterlab import JupyterLab, run_cell, show_theme

NEURON = """
from autograd import Value, step

x, w, b = Value(2.0, label="x"), Value(-3.0, label="w"), Value(6.1, label="b")
s = step((x * w + b).tanh() * x)
"""
SHOWN = f"{NEURON}s"
SEED, LAST = 7, 11  # frames 0 to 6 are forward, 8 to 11 are those of four operations


def opened(page: Page, jupyterlab: JupyterLab, name: str, *cells: str) -> Locator:
    """A notebook of which the first cell has run; the view that it shows."""
    jupyterlab.write(name, cells)
    jupyterlab.open(page, name)
    assert run_cell(page, 0) == ""
    view = page.locator(".jp-OutputArea .stepgrad[data-ready]")
    view.last.wait_for()
    return view


def press(view: Locator, name: str) -> None:
    view.get_by_role("button", name=name, exact=True).click()


def expect_step(view: Locator, index: int) -> None:
    expect(view.get_by_label("Position")).to_have_value(str(index))


def is_dark(view: Locator) -> bool:
    colour = view.evaluate("element => getComputedStyle(element).backgroundColor")
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) < 3 * 128


def test_the_view_steps_plays_scrubs_and_stops(
    page: Page, jupyterlab: JupyterLab, screenshot: Callable[[str], Path]
) -> None:
    view = opened(page, jupyterlab, "steps.ipynb", SHOWN)
    spoken = view.locator(".step [aria-live]")
    expect(spoken).to_have_text("forward x = 2")
    press(view, "Next step")
    expect(spoken).to_have_text("forward w = -3")
    view.get_by_label("Position").fill(str(SEED))
    expect(spoken).to_have_text("seed ∂L/∂L = 1")
    press(view, "Play")
    expect_step(view, LAST)
    press(view, "First step")
    press(view, "Fit the whole graph")
    view.locator(".picture .box", has_text="tanh").click()
    expect(view.get_by_label("Node", exact=True)).to_contain_text("tanh(v4)")
    press(view, "Break here")
    press(view, "Run to the next stop")
    expect(spoken).to_contain_text("forward v5 = tanh(v4)")
    press(view, "Run to the next stop")
    expect(spoken).to_contain_text("backward ∂L/∂v4 +=")
    expect(page.locator("[data-still] img")).to_be_hidden()
    screenshot("jupyterlab-stepper")


def test_the_kernel_and_all_views_of_a_stepper_are_at_the_same_step(
    page: Page, jupyterlab: JupyterLab
) -> None:
    cells = (f"{NEURON}display(s, s)", "print(s.step)", "s.step = 7", "s.step = 99")
    views = opened(page, jupyterlab, "round-trip.ipynb", *cells)
    assert run_cell(page, 1) == "0\n"
    press(views.first, "Next step")
    press(views.first, "Next step")
    expect_step(views.last, 2)
    assert run_cell(page, 1) == "2\n"
    assert run_cell(page, 2) == ""
    expect_step(views.first, 7)
    expect_step(views.last, 7)
    assert "IndexError" in run_cell(page, 3)
    press(views.last, "Previous step")
    expect_step(views.first, 6)
    assert run_cell(page, 1) == "6\n"


def test_the_kernel_reads_and_sets_leaves_and_switches(page: Page, jupyterlab: JupyterLab) -> None:
    cells = (
        SHOWN,
        "view = s.widget(); print(view.leaves, view.forget_zero_grad, view.selected)",
        "view.leaves = [0.5, 1.0, 0.25]; view.overwrite = True; view.selected = 3",
    )
    view = opened(page, jupyterlab, "leaves.ipynb", *cells)
    view.get_by_label("w, as a number").fill("-2.5")
    view.get_by_label("forget zero_grad").check()
    assert run_cell(page, 1) == "[2, -2.5, 6.1] True -1\n"
    assert run_cell(page, 2) == ""
    expect(view.get_by_label("x, as a number")).to_have_value("0.5")
    expect(view.get_by_label("overwrite instead of add")).to_be_checked()
    expect(view.get_by_label("Node", exact=True)).to_contain_text("b = 0.25")


def test_a_page_that_is_loaded_again_has_the_view_where_it_was(
    page: Page, jupyterlab: JupyterLab
) -> None:
    view = opened(page, jupyterlab, "reload.ipynb", SHOWN)
    view.get_by_label("Position").fill("4")
    page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    page.reload()
    view.wait_for()
    expect_step(view, 4)


def test_no_key_of_the_view_is_a_command_of_the_notebook(
    page: Page, jupyterlab: JupyterLab
) -> None:
    view = opened(page, jupyterlab, "keys.ipynb", SHOWN, "'below'")
    view.locator(".step").click()
    for key in ["b", "a", "x", "d", "d", "ArrowRight", "k", "m", " ", "End", "Enter"]:
        page.keyboard.press(key)
    expect_step(view, LAST)
    cells = "window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells"
    assert page.evaluate(f"{cells}.map((cell) => cell.cell_type)") == ["code", "code"]
    assert page.evaluate("window.jupyterapp.shell.currentWidget.content.mode") == "command"


def test_the_view_has_the_notebooks_theme_whatever_the_system_prefers(
    page: Page, jupyterlab: JupyterLab, screenshot: Callable[[str], Path]
) -> None:
    page.emulate_media(color_scheme="dark")
    view = opened(page, jupyterlab, "theme.ipynb", SHOWN)
    assert not is_dark(view)
    page.emulate_media(color_scheme="light")
    show_theme(page, "JupyterLab Dark")
    assert is_dark(view)
    view.get_by_label("Position").fill(str(LAST - 1))
    page.wait_for_timeout(500)  # the picture glides
    screenshot("jupyterlab-dark-theme")
    show_theme(page, "JupyterLab Light")
