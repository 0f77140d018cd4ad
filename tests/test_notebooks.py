"""The notebooks as they are kept: executed, with their pictures, free of the machine's traces."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"), key=lambda path: int(path.stem.partition("-")[0]))
LARGEST = 600_000  # bytes: a code host shows a notebook of this size at once
READING = 1_600  # words of prose, which is ten minutes with the code between them
MACHINE = re.compile(r"/(home|root|tmp|work|Users)/|[A-Z]:\\\\Users")

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def outputs(path: Path) -> list[nbformat.NotebookNode]:
    return [output for cell in cells(path, "code") for output in cell.outputs]


def test_the_notebooks_are_numbered_in_their_order() -> None:
    numbers = [int(path.stem.partition("-")[0]) for path in NOTEBOOKS]
    assert numbers == list(range(1, 12))


@each_notebook
def test_a_notebook_is_valid_and_opens_in_any_python_3_kernel(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata


@each_notebook
def test_a_notebook_was_executed_from_top_to_bottom(path: Path) -> None:
    counts = [cell.execution_count for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1))


@each_notebook
def test_a_notebook_keeps_no_error_and_no_warning(path: Path) -> None:
    assert {output.output_type for output in outputs(path)} <= {
        "stream",
        "display_data",
        "execute_result",
    }
    assert "stderr" not in {output.get("name") for output in outputs(path)}


@each_notebook
def test_a_notebook_keeps_its_pictures_as_svg(path: Path) -> None:
    shown = [output.data for output in outputs(path) if "data" in output]
    pictures = [data for data in shown if "image/svg+xml" in data]
    assert len(pictures) >= 4
    assert all(data["image/svg+xml"].rstrip().endswith("</svg>") for data in pictures)
    assert not any("image/png" in data for data in shown)


@each_notebook
def test_a_notebook_has_no_leftover_of_a_widget_or_a_half_drawn_bar(path: Path) -> None:
    for output in outputs(path):
        texts = [output.get("text", ""), *output.get("data", {}).values()]
        assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {})
        assert not any(text.strip() == "Output()" or "0%|" in text for text in texts)


@each_notebook
def test_a_notebook_names_no_path_of_the_machine_that_ran_it(path: Path) -> None:
    assert not MACHINE.search(path.read_text(encoding="utf-8"))


@each_notebook
def test_all_imports_are_in_the_first_code_cell(path: Path) -> None:
    first, *rest = cells(path, "code")
    assert re.search(r"^(from|import) ", first.source, re.MULTILINE)
    assert not [c.source for c in rest if re.search(r"^\s*(from|import) ", c.source, re.MULTILINE)]


@each_notebook
def test_a_notebook_is_small_and_read_in_ten_minutes(path: Path) -> None:
    assert path.stat().st_size <= LARGEST
    assert sum(len(cell.source.split()) for cell in cells(path, "markdown")) <= READING
