"""The stepper: where it stands, what it writes, what a notebook is given."""

from __future__ import annotations

import builtins
import json
import os

import pytest
from hypothesis import given

import nn
from autograd import Value, ops, step, take, topological_order, where
from autograd.testing import expressions
from autograd.view import page
from autograd.view.document import MOST_NODES, document
from autograd.view.live import live_program
from tests.points import arity, choices, is_variable

DIFFERENTIABLE = [op for op in ops.TABLE.values() if op.partials]


def neuron() -> Value:
    x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    return (x * w + 6.5).tanh() * x


def same(a: float, b: float) -> bool:
    return a == b or a != a != b


# -- the program behind the sliders --------------------------------------------------------------


def assert_the_program_says_what_the_graph_does(root: Value) -> None:
    order = topological_order(root)
    program = live_program(order)
    program.verify()
    found = program.run([node.data for node in order if node.op is None])
    recorded = [node.data for node in order] + [g for node in order for g in node.local_grads]
    for a, b in zip(found, recorded, strict=True):
        assert same(a, b)


@given(expressions(kinks=True))
def test_the_program_gives_every_value_and_every_local_gradient(expression) -> None:
    assert_the_program_says_what_the_graph_does(expression.graph())


@pytest.mark.parametrize(
    "op", [op for op in ops.TABLE.values() if op.partials], ids=lambda op: op.name
)
def test_every_row_of_the_table_has_a_live_program(op) -> None:
    operands = []
    for i in range(arity(op)):
        low, high = op.domain[min(i, len(op.domain) - 1)]
        inside = min(max(0.375 + 0.25 * i, low + 0.125), high - 0.125)
        operands.append(Value(inside) if is_variable(op, i) else float(next(iter(choices(op)))))
    assert_the_program_says_what_the_graph_does(op(*operands))


def test_a_network_with_its_loss_has_a_live_program() -> None:
    model = nn.MLP(2, [16, 16, 1], activation="tanh", seed=0)
    assert_the_program_says_what_the_graph_does(nn.binary_cross_entropy(model([0.5, -0.2]), 1))


def test_what_python_chose_stays_chosen() -> None:
    x, y = Value(1.0, label="x"), Value(2.0, label="y")
    order = topological_order(where(x > 0, x * 3.0, y) + take([x, y], 1))
    program = live_program(order)
    leaves = [node for node in order if node.op is None]
    numbers = [-1.0 if node is x else 10.0 for node in leaves]
    assert program.run(numbers)[len(order) - 1] == -3.0 + 10.0


# -- the document --------------------------------------------------------------------------------


def test_a_document_is_json_whatever_the_numbers() -> None:
    x = Value(-1.0, label="x")
    shown = document(x.log() + float("inf"))
    again = json.loads(json.dumps(shown, allow_nan=False))
    assert again["data"] == [-1.0, "nan", "nan"]
    assert again["operands"] == [[], [0], [1, ["inf"]]]
    assert [[again["numbers"][i] for i in grads] for grads in again["local_grads"]] == [
        [],
        ["nan"],
        [1.0],
    ]


def test_a_network_is_grouped_by_neuron_and_by_layer() -> None:
    model = nn.MLP(2, [16, 16, 1], activation="tanh", seed=0)
    shown = document(nn.binary_cross_entropy(model([0.5, -0.2]), 1))
    names = {
        level: {g["name"] for g in shown["groups"] if g["level"] == level}
        for level in ("neuron", "layer")
    }
    assert len(names["neuron"]) == 33
    assert names["layer"] == {"layers.0", "layers.1", "layers.2"}
    weight = shown["name"].index("layers.1.neurons.3.weights.5")
    assert shown["groups"][shown["neuron"][weight]]["name"] == "layers.1.neurons.3"
    assert shown["groups"][shown["layer"][weight]]["name"] == "layers.1"


def test_the_source_line_is_in_the_document_where_it_was_recorded() -> None:
    from autograd import trace_source

    with trace_source():
        y = Value(2.0) * 3.0
    shown = document(y)
    assert "test_stepper.py:" in shown["sources"][shown["source"][1]]


def test_a_page_has_the_numbers_of_when_the_stepper_was_made() -> None:
    x = Value(3.0, label="x")
    stepper = step(x * x)
    x.data = 10.0
    assert stepper.document()["data"] == [3.0, 9.0]
    assert "x = 3" in str(stepper)


def test_nodes_of_one_name_are_numbered() -> None:
    a, b = Value(2.0, label="a"), Value(3.0, label="a")
    assert document(a * b)["name"] == ["a", "a #2", "L"]
    assert "L = a × a #2 = 2 × 3 = 6" in str(step(a * b))


def test_a_label_that_shows_nothing_is_none() -> None:
    assert document(Value(1.0, label="  ") * 2.0)["name"] == ["v0", "L"]


def test_views_of_different_kinds_have_style_sheets_of_their_own() -> None:
    X, y = nn.datasets.xor(8, noise=0.0)
    model = nn.MLP(2, [2, 1], seed=0)
    watched = nn.watch(model, X, y, loss=nn.binary_cross_entropy, epochs=1)
    ids = {view._anywidget_id for view in (step(neuron()).widget(), watched._views._new_widget())}
    assert len(ids) == 2


def test_a_graph_that_nobody_could_look_at_is_refused() -> None:
    y = Value(1.0)
    for _ in range(MOST_NODES):
        y = y + 1.0
    with pytest.raises(ValueError, match="at most 20,000 nodes, and this graph has 20,001"):
        step(y).save("never.html")
    assert not os.path.exists("never.html")
    assert len(step(y)) == 40_002  # the frames have no bound


# -- the page ------------------------------------------------------------------------------------


def test_a_page_is_written_whole_or_not_at_all(tmp_path, monkeypatch) -> None:
    path = tmp_path / "loss.html"
    path.write_text("before")

    def full(*args: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        step(neuron()).save(path)
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["loss.html"]


def test_a_page_is_saved_as_html_only(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"saved as \.html, not as .*loss\.svg"):
        step(neuron()).save(tmp_path / "loss.svg")


def test_a_page_asks_for_nothing_and_names_nobody(tmp_path) -> None:
    step(neuron()).save(tmp_path / "y.html")
    text = (tmp_path / "y.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert "unsafe" not in text.partition("<title>")[0]
    for address in ("http:", "https:", "src=", "@import", "url("):
        found = text.replace("http://www.w3.org/2000/svg", "")
        assert address not in found, address
    assert "import {" not in text
    assert os.fspath(tmp_path) not in text


def test_no_data_ends_the_script_element_it_stands_in() -> None:
    text = page("</title><script>", "function mount() {}", "", {"x": "</script><!-- <script>"})
    assert text.count("</script>") == 2
    assert text.count("<script") == 2


# -- where it stands -----------------------------------------------------------------------------


def test_the_step_is_a_frame_s_index() -> None:
    stepper = step(neuron())
    assert stepper.step == 0
    stepper.step = 5
    assert stepper.step == 5
    stepper.step = -1
    assert stepper.step == len(stepper) - 1
    with pytest.raises(IndexError):
        stepper.step = 1000
    assert "at frame 10 of 11" in repr(stepper)


def test_the_widget_and_the_stepper_are_at_the_same_step() -> None:
    stepper = step(neuron())
    stepper.step = 3
    widget = stepper.widget()
    assert widget.step == 3
    assert stepper.widget() is widget
    assert type(widget).__name__ == "Stepper"
    stepper.step = 4
    assert widget.step == 4
    widget.step = 6
    assert stepper.step == 6


def test_the_widget_refuses_what_is_no_step_and_what_are_no_leaves() -> None:
    widget = step(neuron()).widget()
    for wrong in (-1, 11, 10**9):
        with pytest.raises(IndexError):
            widget.step = wrong
    for leaves in ([1.0], [1.0, None], [1.0, "two"]):
        with pytest.raises(ValueError, match="leaves are 2 numbers"):
            widget.leaves = leaves
    widget.leaves = [1.0, "nan"]
    assert (widget.step, widget.leaves) == (0, [1.0, "nan"])


def test_an_operation_of_one_s_own_that_cannot_be_traced_is_shown_without_sliders() -> None:
    is_two = ops.Op("is_two", lambda a: a * 3.0, (lambda y, a: 1.0 if a == 2 else 3.0,))
    shown = document(is_two(Value(2.0, label="x")))
    assert shown["program"] is None
    assert "NoNumber" in shown["why_not_live"]
    assert shown["ops"][0]["partials"] == []


@pytest.fixture
def shown(monkeypatch) -> list[dict[str, object]]:
    """What a cell has shown."""
    bundles: list[dict[str, object]] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, **_: bundles.append(bundle))
    return bundles


def test_a_notebook_gets_a_picture_to_keep_and_the_live_view_that_hides_it(shown) -> None:
    stepper = step(neuron())
    stepper._ipython_display_()
    picture, live = shown
    assert picture["image/svg+xml"].startswith("<svg")
    assert picture["text/plain"].startswith("<Stepper of")
    assert f'data-still="{stepper.widget().still}"' in picture["text/html"]
    assert "data:image/svg+xml;base64," in picture["text/html"]
    assert set(live) == {"application/vnd.jupyter.widget-view+json", "text/plain"}


def test_without_anywidget_a_notebook_gets_the_picture_and_the_reason(monkeypatch, shown) -> None:
    original = builtins.__import__

    def refuse(name: str, *args, **kwargs):
        if name == "anywidget":
            raise ImportError("No module named 'anywidget'")
        return original(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    step(neuron())._ipython_display_()
    [bundle] = shown
    assert bundle["image/svg+xml"].startswith("<svg")
    assert 'pip install "stepgrad[widget]"' in bundle["text/plain"]


@pytest.mark.parametrize("wrong", [2.0, [Value(1.0)], None, "x"])
def test_only_a_value_can_be_stepped_through(wrong) -> None:
    with pytest.raises(TypeError, match="step takes a Value"):
        step(wrong)


def test_names_are_a_mapping() -> None:
    with pytest.raises(TypeError, match="names is a mapping"):
        step(neuron(), names=["x"])
