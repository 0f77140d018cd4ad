"""A saved notebook that nobody runs, trusted or not: a picture stands for the view."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import nbclient
import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Page, expect

from tests.browser import SLOWNESS
from tests.jupyterlab import KERNEL, JupyterLab

STEPPER = """
from autograd import Value, step

x, w = Value(2.0, label="x"), Value(-3.0, label="<b>w</b>")
step((x * w + 6.1).tanh())
"""
CELL = "window.jupyterapp.shell.currentWidget.content.widgets[0]"
IS_TRUSTED = f"() => {CELL}.model.trusted"
TRUST = f"() => {{ {CELL}.model.trusted = true; }}"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook as it is kept: run once, without the state of its widgets."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(STEPPER)], metadata=KERNEL)
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    assert "widgets" in notebook.metadata, "the view was no widget when it ran"
    del notebook.metadata["widgets"]
    path = tmp_path_factory.mktemp("notebook") / "kept.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def tolerated() -> Sequence[str]:
    return [
        SLOWNESS,
        r"widget model not found",  # what JupyterLab says where it has no widget
        r"https://cdnjs\.cloudflare\.com/ajax/libs/(require|mathjax)",  # each page of nbconvert's
    ]


def expect_picture(page: Page) -> None:
    """One picture, and it has loaded."""
    picture = page.locator("img[src^='data:image/svg+xml;base64,']")
    expect(picture).to_have_count(1)
    picture.scroll_into_view_if_needed()
    expect(picture).to_be_visible()
    assert picture.evaluate("async (image) => (await image.decode(), image.naturalWidth)") > 100


def test_a_notebook_that_is_not_trusted_shows_the_picture_in_jupyterlab(
    page: Page, jupyterlab: JupyterLab, kept: Path, screenshot: Callable[[str], Path]
) -> None:
    shutil.copy(kept, jupyterlab.folder / "untrusted.ipynb")
    jupyterlab.open(page, "untrusted.ipynb")
    assert not page.evaluate(IS_TRUSTED)
    expect_picture(page)
    assert page.locator(".jp-OutputArea-output").all_inner_texts() == ["", ""]
    screenshot("jupyterlab-untrusted")


def test_a_notebook_that_is_trusted_shows_the_picture_where_its_kernel_is_gone(
    page: Page, jupyterlab: JupyterLab, kept: Path, screenshot: Callable[[str], Path]
) -> None:
    shutil.copy(kept, jupyterlab.folder / "trusted.ipynb")
    jupyterlab.open(page, "trusted.ipynb")
    page.evaluate(TRUST)
    notice = page.get_by_text("model not found")
    notice.wait_for(state="attached")
    expect(notice).to_be_hidden()
    expect_picture(page)
    screenshot("jupyterlab-trusted")


def test_nbconvert_writes_a_page_with_the_picture(
    page: Page, kept: Path, tmp_path: Path, screenshot: Callable[[str], Path]
) -> None:
    text, _ = HTMLExporter().from_filename(str(kept))
    path = tmp_path / "kept.html"
    path.write_text(text, encoding="utf-8")
    page.goto(path.as_uri())
    expect_picture(page)
    screenshot("nbconvert")
