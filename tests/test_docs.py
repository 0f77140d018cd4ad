"""What the documentation's pages are made of: each name has its place, each operation its row."""

from __future__ import annotations

import math
import re
from functools import cache
from inspect import isclass, isfunction, ismodule, signature
from pathlib import Path
from typing import Any

import pytest

import autograd
import nn
from autograd import Value, functions
from autograd.expression import parse
from autograd.ops import TABLE, Op
from docs import live, offline, operations, reference, sources
from docs.docstrings import as_rst
from docs.links import links_of

DOCS = Path(operations.__file__).parent
CLOSE = 1e-9  # relative: 1 − y·y of tanh loses digits that the row itself keeps
NAME = re.compile(r"\{py:obj\}`([\w.]+)`")
CODE = re.compile(r"(?<!\})`(\w+)`")
ENTRY = re.compile(r"((?:^\S.*\n)+)((?:  .*\n?)+)", re.MULTILINE)
WORDS = """
decision function, perceptron, layer, hidden layer, learned feature, separable, forward pass,
local gradient, chain rule, backward pass, backpropagation, adjoint, cotangent, tangent, vjp, jvp,
topological order, dynamic programming, gradient descent, learning rate, hyperparameter, epoch,
batch, dropout, convolution, kernel, filter, stride, padding, pooling, parameter sharing,
overfitting, validation set, test set, embedding, attention, residual connection, normalisation,
transformer, logits, softmax, temperature, token, ulp, trace, program, lane
"""


def named(full_name: str) -> object:
    """The public object of that name."""
    assert full_name in reference.public(), f"{full_name} is not public"
    package, _, name = full_name.rpartition(".")
    return getattr(__import__(package, fromlist=[name]), name)


# -- the reference -------------------------------------------------------------------------------


def test_every_public_name_has_one_place_in_the_reference() -> None:
    assert sorted(reference.placed()) == sorted(reference.public())


def test_every_section_is_on_a_page_and_begins_with_a_sentence() -> None:
    assert {section.page for section in reference.SECTIONS} == set(reference.PAGES)
    for section in reference.SECTIONS:
        assert section.sentence[0].isupper()
        assert section.sentence.endswith(".")


def test_what_has_no_docstring_of_its_own_has_a_sentence() -> None:
    documented = isclass, isfunction, ismodule
    names = reference.public()
    bare = {name for name in names if not any(has(named(name)) for has in documented)}
    assert bare == set(reference.CONSTANTS)


def test_the_reference_explains_types_that_signatures_have() -> None:
    publics = [named(name) for name in reference.public()]
    members = [member for public in publics if isclass(public) for member in vars(public).values()]
    functions = filter(isfunction, [*publics, *members])
    words = {word for f in functions for word in re.findall(r"\w+", str(f.__annotations__))}
    assert set(reference.TYPES) <= words


# -- docstrings ----------------------------------------------------------------------------------


def test_prose_keeps_its_characters_and_doctests_their_lines() -> None:
    text = ["a*b_ of `x_`,", "as |y| says.", "", ">>> 2*3", "6", "", "- x is `y`s"]
    assert as_rst(text) == [
        r"a\*b\_ of \ ``x_``\ , as \|y\| says.",
        "",
        ">>> 2*3",
        "6",
        "",
        r"\- x is \ ``y``\ s",
        "",
    ]


def test_a_name_in_a_docstring_is_a_link() -> None:
    [line, _] = as_rst(["see `grad`"], {"grad": "autograd.grad"}.get)
    assert line == r"see \ :py:obj:`grad <autograd.grad>`\ "


def test_a_name_of_its_own_is_no_link() -> None:
    assert links_of("autograd.Value", Value)("grad") == ""
    assert links_of("autograd.Value.backward", Value.backward)("grad") == ""
    assert links_of("autograd.hessian", autograd.hessian)("grad") == "autograd.grad"
    assert links_of("autograd.grad", autograd.grad)("grad") == ""
    assert links_of("nn.fit", nn.fit)("loss") == links_of("nn.fit", nn.fit)("no such name") == ""
    assert (
        links_of("nn.fit", nn.fit)("train") == links_of("nn.MLP", nn.MLP)("nn.train") == "nn.train"
    )
    assert links_of("nn.Perceptron", nn.Perceptron)("dot") == "autograd.dot"


def test_a_backquote_without_another_is_an_error() -> None:
    with pytest.raises(ValueError, match="a backquote too many or too few"):
        as_rst(["`x"])


# -- operations ----------------------------------------------------------------------------------


@cache
def cells() -> dict[str, list[str]]:
    lines = re.findall(r"^\| (.*) \|$", operations.page(), re.MULTILINE)[2:]
    rows = [re.split(r"(?<!\\) \| ", line) for line in lines]
    return {re.search(r"`(\w+)", row[0])[1]: row for row in rows}  # type: ignore[index]


def test_every_operation_has_its_row_in_the_order_of_the_table() -> None:
    assert list(cells()) == list(TABLE)
    assert {len(row) for row in cells().values()} == {6}
    assert all(all(row) for row in cells().values())


def test_rows_without_a_function_are_told_about_by_hand() -> None:
    own = {name for name in TABLE if not hasattr(functions, name)}
    assert own == set(operations.OF_THE_ENGINE)
    for row in cells().values():
        for name in re.findall(r"<autograd\.(\w+)>", row[0]):
            assert name in autograd.__all__


def inside(op: Op, place: int) -> float:
    """A number in an operand's domain, another one for each operand; 0 for what is no real one."""
    low, high = op.domain[min(place, len(op.domain) - 1)]
    if low == high:
        return low
    return (low if low > -math.inf else 0.0) + 0.375 * (place + 1)


@pytest.mark.parametrize("name", [name for name, row in cells().items() if "`" in row[2]])
def test_a_printed_derivative_is_the_row_s(name: str) -> None:
    op, printed = TABLE[name], re.findall(r"(?:by (\w+): )?`([^`]+)`", cells()[name][2])
    result, *names = operations.operand_names(op)
    point = [inside(op, place) for place in range(len(names))]
    y = op.value(*point)
    expected = dict(zip(names, op.local_grads(y, tuple(point)), strict=True))
    for by, formula in printed:
        code = formula.replace("·", " * ").replace("−", "-").replace("^", " ** ")
        code = code.replace(r"\|", "|").replace("gelu_slope(x)", "slope")  # which is not public
        known = {"slope": TABLE["gelu_slope"](0.375), result: y}
        found = parse(code)(known | dict(zip(names, point, strict=True))).data
        assert found == pytest.approx(expected[by or names[0]], rel=CLOSE)


def test_limits_kinks_and_errors_read_as_one_would_write_them() -> None:
    rows = cells()
    assert rows["log1p"][3:] == ["x &gt; −1", "–", "1, 1"]
    assert rows["atanh"][3] == "−1 &lt; x &lt; 1"
    assert rows["pow"][3] == "a &gt; 0"
    assert rows["hypot"][2:5] == ["by x: `x/h`<br>by y: `y/h`", "all numbers", "x = y = 0"]
    assert rows["maximum"][0] == "{py:obj}`maximum(a, b, *more) <autograd.maximum>`<br>max"
    assert rows["abs"][0].endswith(r"<br>\|x\|")
    assert rows["less"][2:] == ["none", "all numbers", "–", "0"]


def test_the_accuracy_is_the_worst_of_eager_and_compiled() -> None:
    page = (
        "## Before\n\n| exp | 9 % · 9 |\n\n## Every operation\n\n| operation | value |\n|---|\n"
        "| exp | 100 % · 1 | 99.89 % · 2 | 100 % · 0 | 99 % · 3 | ∂a at `1.5` |\n"
        "| less | 100 % · 0 | 100 % · 0 | — | — |  |\n\n## Beside\n\n| log | 1 % · 99 |\n"
    )
    assert operations.measured_errors(page) == {"exp": "2, 3", "less": "0"}


# -- the glossary, and parts of the README -------------------------------------------------------


def entries() -> list[tuple[list[str], str]]:
    blocks = re.findall(
        r"```\{glossary\}\n(.*?)```", (DOCS / "glossary.md").read_text("utf-8"), re.S
    )
    found = [entry for block in blocks for entry in ENTRY.findall(block)]
    return [(terms.splitlines(), text) for terms, text in found]


def test_the_glossary_has_the_field_s_words() -> None:
    terms = [term for terms, _ in entries() for term in terms]
    assert len(terms) == len(set(terms))
    assert {word.strip() for word in WORDS.replace("\n", " ").split(",")} <= set(terms)


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry[0][0])
def test_an_entry_says_where_in_the_product_its_thing_is(entry: tuple[list[str], str]) -> None:
    _, text = entry
    places = [named(name) for name in NAME.findall(text)]
    assert places
    parameters = {
        name for place in places if callable(place) for name in signature(place).parameters
    }
    for code in CODE.findall(text):
        assert code in parameters or hasattr(Value, code) or code == "print"


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.stem)
def test_a_part_of_the_readme_begins_and_ends_where_a_page_says(path: Path) -> None:
    readme = (sources.ROOT / "README.md").read_text("utf-8")
    text = path.read_text("utf-8")
    includes = re.findall(
        r'include\} README.md\n:start-after: "?(.*?)"?\n:end-before: "?(.*?)"?\n', text
    )
    assert len(includes) == text.count("include}")
    for start, end in includes:
        assert readme.count(start) == readme.count(end) == 1
        assert readme.index(start) < readme.index(end)


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.stem)
def test_every_name_that_a_page_links_to_is_public(path: Path) -> None:
    for name in NAME.findall(path.read_text("utf-8")):
        named(name)


# -- what is built -------------------------------------------------------------------------------


def notebook(source: str, html: str) -> dict[str, Any]:
    data = {"text/plain": ["<a view>"], "text/html": html}
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    return {"cells": [{"cell_type": "code", "source": source, "outputs": [output]}]}


def test_a_view_that_a_notebook_keeps_as_a_picture_is_live_in_its_page() -> None:
    source = "from autograd import Value, step\nx = Value(3.0, label='x')\nprint(x)\nstep(x * x)"
    kept = notebook(source, '<div data-still="1">')
    made, pages = live.with_live_views(kept, "n")
    assert list(pages) == ["live/n-1.html"]
    assert b"x \xc3\x97 x" in pages["live/n-1.html"] or b'"x"' in pages["live/n-1.html"]
    assert 'src="../live/n-1.html" title="&lt;a view&gt;"' in str(made)
    assert kept == notebook(source, '<div data-still="1">')


def test_where_the_views_are_live_no_notebook_says_that_they_are_pictures() -> None:
    path = sources.ROOT / "notebooks" / "6-step-through-backpropagation.ipynb"
    assert path.read_text("utf-8").count(live.WITHOUT_KERNEL) == 1
    kept = notebook("from autograd import Value, step\nstep(Value(3.0))", '<div data-still="1">')
    kept["cells"].insert(0, {"cell_type": "markdown", "source": ["a\n", live.WITHOUT_KERNEL]})
    words, _ = live.with_live_views(kept, "n")[0]["cells"]
    assert words["source"] == "a\n" + live.HERE


def test_a_notebook_without_views_is_not_run() -> None:
    kept = notebook("raise SystemExit", "<p>")
    assert live.with_live_views(kept, "n") == (kept, {})


def test_what_a_page_would_fetch_is_found_and_where_its_links_lead_is_not(tmp_path: Path) -> None:
    page, sheet = tmp_path / "a.html", tmp_path / "a.css"
    page.write_text(
        '<script src="https://a/x.js"></script><link rel="stylesheet" href="//b/y.css">'
        '<style>@import "http://c/z.css"; p { background: url(d.png) }</style>'
        '<img src="data:image/png;base64,//8="><script src="here.js"></script>'
        '<a href="https://e/">e</a><link rel="canonical" href="https://f/"><p>url(https://g)</p>'
    )
    sheet.write_text("@font-face { src: url('https://h/i.woff2') } p { background: url(//j/k) }")
    assert offline.fetched(page) == ["https://a/x.js", "//b/y.css", "http://c/z.css"]
    assert offline.fetched(sheet) == ["https://h/i.woff2", "//j/k"]


def test_notebooks_are_listed_by_their_numbers() -> None:
    numbers = [int(path.stem.partition("-")[0]) for path in sources.notebooks()]
    assert numbers == sorted(numbers)
    assert len(numbers) == len(list((sources.ROOT / "notebooks").glob("*.ipynb")))


def test_a_folder_of_sources_holds_nothing_older(tmp_path: Path) -> None:
    sources.write(tmp_path / "s", {"a.md": b"1", "b/c.md": b"2"})
    sources.write(tmp_path / "s", {"a.md": b"3", "d/e.md": b"4"})
    found = {path.name: path.read_bytes() for path in tmp_path.rglob("*.md")}
    assert found == {"a.md": b"3", "e.md": b"4"}
