"""Pictures: what they show of a graph, what they hide, and what no label can do to them."""

from __future__ import annotations

import base64
import importlib
import os
import random
import re
import shutil
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from IPython.core.formatters import DisplayFormatter

import nn
from autograd import Value, draw, ops, topological_order
from autograd.collapse import groups
from autograd.dot_source import LINES

ROOT = Path(__file__).parent.parent
SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {SVG + tag for tag in "svg g title text polygon polyline path ellipse".split()}
FOUR_DIGITS = 5e-4  # relative: half a unit of the fourth significant digit
WCAG_SMALL_TEXT = 4.5  # WCAG 2.1, 1.4.3
DOT_EXAMPLES = 25  # each starts dot once, some 40 ms


def words(element: ElementTree.Element) -> list[str]:
    """The pieces of text in a part of an SVG, with plain spaces."""
    return ["".join(text.itertext()).replace("\xa0", " ") for text in element.iter(SVG + "text")]


def parts(svg: str, kind: str) -> list[list[str]]:
    """The words of each node, or edge, whose class has that word."""
    groups = ElementTree.fromstring(svg).iter(SVG + "g")
    return [words(g) for g in groups if kind in g.get("class", "").split()]


def a_times_b_plus_c() -> tuple[Value, Value, Value, Value]:
    a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(10.0, label="c")
    y = a * b + c
    y.label = "y"
    y.backward()
    return a, b, c, y


def random_graph(seed: int, nodes: int) -> Value:
    rng = random.Random(seed)
    made = [Value(rng.uniform(-2, 2)) for _ in range(4)]
    for _ in range(nodes):
        a, b = rng.choice(made), rng.choice(made)
        made.append(rng.choice([a + b, a * b, a - 0.5, a.tanh(), 2.0 * b]))
    made[-1].backward()
    return made[-1]


def network_loss(samples: int = 1) -> Value:
    """The mean hinge loss of a 2-16-16-1 network, after backward."""
    model = nn.MLP(2, [16, 16, 1], activation="tanh", seed=0)
    losses = [nn.hinge(model([0.1 * i, 0.5]), 1.0) for i in range(samples)]
    loss = losses[0] if samples == 1 else sum(losses[1:], losses[0]) / samples
    loss.backward()
    return loss


# -- what it shows -------------------------------------------------------------------------------


def test_each_node_shows_label_operation_data_and_gradient() -> None:
    *_, y = a_times_b_plus_c()
    svg = draw(y).svg()
    assert sorted(parts(svg, "leaf")) == [
        ["a", "data", "2", "grad", "-3"],
        ["b", "data", "-3", "grad", "2"],
        ["c", "data", "10", "grad", "1"],
    ]
    assert parts(svg, "operation") == [
        ["×", "data", "-6", "grad", "1"],
        ["y", "  ", "+", "data", "4", "grad", "1"],
    ]
    assert parts(svg, "root") == [["y", "  ", "+", "data", "4", "grad", "1"]]


def test_each_arrow_shows_the_local_gradient() -> None:
    *_, y = a_times_b_plus_c()
    assert parts(draw(y).svg(), "edge") == [["-3"], ["2"], ["1"], ["1"]]


def test_an_operand_used_twice_has_two_arrows() -> None:
    x = Value(3.0)
    assert parts(draw(x * x).svg(), "edge") == [["3"], ["3"]]


@settings(max_examples=DOT_EXAMPLES)
@given(st.integers(0, 10**6), st.integers(0, 40))
def test_a_picture_has_every_node_and_every_edge_with_their_numbers(seed: int, size: int) -> None:
    root = random_graph(seed, size)
    order = topological_order(root)
    svg = draw(root).svg()
    nodes = parts(svg, "leaf") + parts(svg, "operation")
    shown = sorted((float(n[n.index("data") + 1]), float(n[n.index("grad") + 1])) for n in nodes)
    assert len(shown) == len(order)
    for data, truth in zip(sorted(d for d, _ in shown), sorted(n.data for n in order), strict=True):
        assert data == pytest.approx(truth, rel=FOUR_DIGITS)
    for grad, truth in zip(sorted(g for _, g in shown), sorted(n.grad for n in order), strict=True):
        assert grad == pytest.approx(truth, rel=FOUR_DIGITS)
    edges = sorted(float(label) for (label,) in parts(svg, "edge"))
    truths = sorted(partial for node in order for partial in node.local_grads)
    assert edges == pytest.approx(truths, rel=FOUR_DIGITS)


def test_plain_numbers_among_the_operands_are_shown_in_the_operation() -> None:
    x, y = Value(2.0, label="x"), Value(3.0)
    assert [n[0] for n in parts(draw(2.0 * x).svg(), "operation")] == ["2 × •"]
    assert [n[0] for n in parts(draw(x - 0.125).svg(), "operation")] == ["• − 0.125"]
    assert [n[0] for n in parts(draw(x**3).svg(), "operation")] == ["• ^ 3"]
    clipped = ops.clip(x, 0.0, 1.0)
    assert [n[0] for n in parts(draw(clipped).svg(), "operation")] == ["clip(•, 0, 1)"]
    weighted = ops.dot(x, y, 0.5, -1.0)
    assert [n[:2] for n in parts(draw(weighted).svg(), "operation")] == [["w·x", "with 0.5, -1"]]


def operands_of(row: ops.Op) -> int:
    if isinstance(row.partials, tuple):
        return len(row.partials)
    return 3 if row.name == "clip" else 4


def test_a_row_without_a_symbol_of_its_own_has_its_name() -> None:
    assert [ops.TABLE[name].symbol for name in ("exp", "add", "tanh")] == ["exp", "+", "tanh"]


def test_every_row_of_the_table_is_drawn_with_its_symbol() -> None:
    rows = [row for row in ops.TABLE.values() if row.partials]
    x = Value(1.0)  # which is an index, too
    results = [row(*[x] * operands_of(row)) for row in rows]
    svg = draw(*results).svg()
    names = {name for node in parts(svg, "operation") for name in node[:1]}
    for row in rows:
        assert any(row.symbol in name or row.name in name for name in names), row


def test_nan_and_infinity_are_shown_and_a_nan_gradient_has_a_colour_of_its_own() -> None:
    x = Value(-1.0)
    y = x.log()
    y.backward()
    picture = draw(y, Value(float("inf")))
    assert ["data", "-1", "grad", "nan"] in parts(picture.svg(), "leaf")
    assert ["data", "inf", "grad", "0"] in parts(picture.svg(), "leaf")
    assert picture.source.count('fillcolor="#ffe14d"') == 1


def test_the_colour_is_the_sign_of_the_gradient_and_its_depth_the_size() -> None:
    up, down, small = Value(1.0), Value(1.0), Value(1.0)
    (4.0 * up - 4.0 * down + 0.01 * small).backward()
    source = draw(up, down, small, Value(1.0)).source
    colours = [
        tuple(bytes.fromhex(c)) for c in re.findall(r'class="leaf root" fillcolor="#(\w+)"', source)
    ]
    blue, orange, pale, white = colours
    assert blue[2] > blue[0]
    assert orange[0] > orange[2]
    assert white == (255, 255, 255)
    assert blue < pale < white


def test_all_text_can_be_read_on_every_colour() -> None:
    leaves = [Value(1.0) for _ in range(41)]
    for k, leaf in enumerate(leaves):
        leaf.grad = (k - 20) / 20
    leaves[0].grad = float("nan")
    source = draw(*leaves).source
    fills = set(re.findall(r'fillcolor="#(\w+)"', source))
    inks = set(re.findall(r'(?:fontcolor|FONT COLOR)="#(\w+)"(?: POINT| color)', source))
    assert len(fills) > 30
    assert inks
    for fill in fills:
        for ink in inks:
            light, dark = sorted((luminance(fill), luminance(ink)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= WCAG_SMALL_TEXT, (fill, ink)


def luminance(colour: str) -> float:
    """Relative luminance of sRGB, as WCAG 2.1 defines it."""
    channels = [byte / 255 for byte in bytes.fromhex(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_background_is_opaque_so_that_a_dark_page_does_not_swallow_the_text() -> None:
    page = ElementTree.fromstring(draw(Value(1.0)).svg()).find(f"{SVG}g/{SVG}polygon")
    assert page is not None
    assert page.get("fill") == "white"


def test_a_graph_without_gradients_says_to_call_backward() -> None:
    x = Value(1.0)
    assert "call backward() first" in draw(x * x).svg()
    (x * x).backward()
    assert "call backward() first" not in draw(x).svg()


def test_several_results_share_one_picture() -> None:
    x = Value(1.0, label="x")
    svg = draw(x.sin(), x.cos(), x.sin()).svg()
    assert len(parts(svg, "leaf")) == 1
    assert [n[0] for n in parts(svg, "root")] == ["sin", "cos", "sin"]


def test_names_come_from_the_callers_variables_on_request() -> None:
    w = [Value(1.0), Value(2.0)]
    options = {"rate": Value(3.0)}
    bias = w[1]
    _ = w[0]
    hidden = w[0] * w[1] + options["rate"]
    svg = draw(hidden, names=locals()).svg()
    assert sorted(n[0] for n in parts(svg, "leaf")) == ["bias", "options['rate']", "w[0]"]
    assert parts(svg, "root")[0][0] == "hidden"
    assert bias.label == ""
    assert "hidden" not in draw(hidden).svg()


def test_drawing_changes_nothing_in_the_graph() -> None:
    root = random_graph(3, 50)

    def state() -> list[object]:
        order = topological_order(root)
        return [
            (id(n), n.data, n.grad, n.label, n.op, tuple(map(id, n.parents)), n.local_grads)
            for n in order
        ]

    before = state()
    draw(root, names={"root": root}, limit=10).svg()
    assert state() == before


def test_a_picture_is_of_the_moment_when_it_was_drawn() -> None:
    x = Value(1.0)
    picture = draw(x)
    x.data = 7.0
    assert parts(picture.svg(), "leaf") == [["data", "1", "grad", "0"]]


def test_the_parts_of_two_different_pictures_share_no_id() -> None:
    def ids(picture: str) -> set[str]:
        return {i for e in ElementTree.fromstring(picture).iter() if (i := e.get("id"))}

    first, second = ids(draw(Value(1.0) + 1).svg()), ids(draw(Value(2.0) + 1).svg())
    assert len(first) == len(second) == 4  # the picture, two nodes, an arrow
    assert not first & second


# -- hostile labels ------------------------------------------------------------------------------

CHARACTERS = st.text(st.characters(exclude_categories=()), max_size=39)
HOSTILE = st.sampled_from(["<", ">", "&", '"', "\\", "]]>", "\n", "\0", "{", "|", "%", "<script>"])


@settings(max_examples=2 * DOT_EXAMPLES)
@given(CHARACTERS | st.lists(HOSTILE | CHARACTERS, max_size=5).map("".join))
@example("<script>alert(1)</script>")
@example("<b>bold</b>")
@example('"]; n9 [label="')
@example("]]> <![CDATA[ --> <!--")
@example("\\N \\G \\l \\")
@example("a\nb\tc\0\x7f")
@example("&amp; &#60; &nosuch;")
@example(" ")
@example("\ud800 \ufffe \u202e")
@example("x" * 100_000)
def test_no_label_is_more_than_text(label: str) -> None:
    picture = draw(Value(1.0, label=label) * 1.0)
    root = ElementTree.fromstring(picture.svg())
    assert {element.tag for element in root.iter()} <= DRAWN
    assert not any(name.startswith("on") for element in root.iter() for name in element.attrib)
    ((*title, _, data, _, grad),) = parts(picture.svg(), "leaf")
    assert (data, grad) == ("1", "0")
    assert len(parts(picture.svg(), "node")) == 2
    if label:
        shown = "".join(title)
        if len(label) > 40:
            assert shown.endswith("…")
            label = label[:39]
        kept = [c for c in label if c.isprintable()]
        assert [c for c in shown if c in kept] == kept or len(shown) == 40


def test_control_characters_are_shown_by_their_pictures() -> None:
    ((title, *_),) = parts(draw(Value(1.0, label="a\nb\0")).svg(), "leaf")
    assert title == "a␊b␀"


def test_the_dot_text_is_one_line_a_part_whatever_the_label() -> None:
    plain = draw(Value(1.0, label="x") * 2.0).source
    hostile = draw(Value(1.0, label='"\n]; }\n digraph {') * 2.0).source
    assert len(hostile.splitlines()) == len(plain.splitlines())


# -- what it hides -------------------------------------------------------------------------------


def test_three_hundred_nodes_are_drawn_in_full_and_one_more_collapses() -> None:
    x = Value(1.0)
    for _ in range(299):
        x = x.sin()
    assert "more node" not in draw(x).source
    assert draw(x).source.count('class="operation') == 299
    assert "… 264 more nodes" in draw(x.sin()).source
    assert "301 nodes" in draw(x.sin()).source


def test_a_network_collapses_into_its_neurons() -> None:
    loss = network_loss()
    picture = draw(loss)
    neurons = {f"layers.{i}.neurons.{j}" for i, n in enumerate((16, 16, 1)) for j in range(n)}
    groups = parts(picture.svg(), "group")
    assert {group[0] for group in groups} == neurons
    counts = [int(node.split()[0]) for group in groups for node in group if " nodes" in node]
    assert sum(counts) + len(parts(picture.svg(), "operation")) == len(topological_order(loss))
    for n in topological_order(loss):
        if n.op and n.label:
            (group,) = [g for g in groups if g[0] == n.label]
            assert float(group[group.index("grad") + 1]) == pytest.approx(n.grad, rel=FOUR_DIGITS)


def test_what_is_hidden_and_how_to_open_it_is_written_in_the_picture() -> None:
    loss = network_loss()
    caption = " ".join(words(ElementTree.fromstring(draw(loss).svg())))
    total = len(topological_order(loss))
    assert f"{total} nodes in 36 boxes, collapsed by neuron." in caption
    opening = f'draw(value, collapse="none", limit={total})'
    assert opening in caption
    opened = draw(loss, collapse="none", limit=total).source
    assert opened.count("\nn") - opened.count(" -> ") - 1 == total


def test_the_same_neuron_of_many_samples_is_one_box() -> None:
    svg = draw(network_loss(samples=80)).svg()
    groups = parts(svg, "group")
    assert len(groups) == 34  # 33 neurons, and the 80 losses with their mean
    assert ["layers.1.neurons.7", "outputs", "80"] in [group[:3] for group in groups]


def test_layers_are_the_next_step_and_can_be_asked_for() -> None:
    loss = network_loss()
    groups = sorted(parts(draw(loss, collapse="layer").svg(), "group"))
    assert [group[0] for group in groups] == ["layers.0", "layers.1", "layers.2"]
    svg = draw(loss, limit=20).svg()
    assert sorted(parts(svg, "group")) == groups
    assert ["256 edges"] in parts(svg, "edges")


def test_an_unlabelled_node_belongs_to_its_nearest_labelled_consumer() -> None:
    x = Value(2.0)
    inner = (x * 3.0).sin()
    inner.label = "inner"
    shared = inner + 1.0
    left, right = shared.exp(), shared.log()
    left.label, right.label = "left", "right"
    svg = draw(left * right, collapse="neuron").svg()
    assert parts(svg, "group") == [
        ["inner", "data", "-0.2794", "grad", "0", "3 nodes, 1 leaf"]  # x, x * 3 and its sine
    ]
    assert [n[0] for n in parts(svg, "operation")] == ["• + 1", "left", "right", "×"]


def test_two_nodes_are_a_group_and_one_is_none() -> None:
    x = Value(0.5)
    pair = (x * 3.0).sin()
    pair.label = "pair"
    alone = pair.exp()
    alone.label = "alone"
    found = groups(alone, {}, "neuron")
    assert sorted(found) == ["", "pair", "pair", "pair"]
    y = Value(0.5)
    two = y.sin()
    two.label = "two"
    one = two.exp()
    one.label = "one"
    assert sorted(groups(one, {}, "neuron")) == ["", "two", "two"]


def test_the_elements_of_a_list_are_one_layer() -> None:
    x = Value(0.5, label="x")
    hidden = [(x * i).sin() for i in range(3)]
    for i, h in enumerate(hidden):
        h.label = f"h[{i}]"
    root = ops.sum(*hidden)
    assert set(groups(root, {}, "layer")) == {"", "h"}


def test_a_big_graph_without_labels_shows_what_is_nearest_to_the_result() -> None:
    root = random_graph(1, 5_000)
    while len(topological_order(root)) < 301:
        root = root * random_graph(2, 5_000)
    total = len(topological_order(root))
    picture = draw(root)
    ((hidden,),) = parts(picture.svg(), "hidden")[:1]
    shown = len(parts(picture.svg(), "leaf")) + len(parts(picture.svg(), "operation"))
    assert hidden == f"… {total - shown:,} more nodes"
    assert parts(picture.svg(), "root")


def test_a_deep_chain_is_drawn_without_recursion() -> None:
    x = Value(1.0, label="x")
    for _ in range(200_000):
        x = x * 0.5
    assert "… 199,964 more nodes" in draw(x).svg()


@pytest.mark.parametrize(
    ("rankdir", "sides"), [("LR", "tailport=e headport=w"), ("TB", "tailport=s headport=n")]
)
def test_many_arrows_are_thin_and_have_the_colour_of_their_sign(rankdir: str, sides: str) -> None:
    inputs = [Value(1.0, label=f"x{i}") for i in range(30)]
    weights = [1.0, -1.0, 0.0] * 10
    outputs = [ops.dot(*inputs, *weights) for _ in range(30)]
    source = draw(*outputs, collapse="none", rankdir=rankdir).source
    arrows = [line for line in source.splitlines() if " -> " in line]
    assert len(arrows) == 900
    assert all(sides in line for line in arrows)
    colours = Counter(re.findall(r' color="(#\w+)"', " ".join(arrows)))
    assert colours == Counter({LINES[1]: 300, LINES[-1]: 300, LINES[0]: 300})


@pytest.mark.parametrize("collapse", [None, "none", "neuron", "layer"])
def test_dot_is_never_given_more_than_it_can_lay_out(collapse: str | None) -> None:
    many = ops.sum(*[Value(float(i), label=f"w.{i}") for i in range(4_000)])
    layers = [[Value(1.0) for _ in range(60)]]
    for _ in range(4):
        layers.append([ops.sum(*layers[-1]) for _ in range(60)])
    for root in (many, ops.sum(*layers[-1]), ops.sum(*[many] * 4_000)):
        source = draw(root, collapse=collapse, limit=200).source
        assert source.count("\nn") - source.count(" -> ") - 1 <= 201
        assert source.count(" -> ") <= 6_000


# -- where it goes -------------------------------------------------------------------------------


def test_a_notebook_is_given_an_image_an_svg_and_text() -> None:
    *_, y = a_times_b_plus_c()
    bundle, _ = DisplayFormatter().format(draw(y))
    assert bundle["text/plain"] == "<Drawing of 5 nodes>"
    assert bundle["image/svg+xml"] == draw(y).svg()
    encoded = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', bundle["text/html"])
    assert encoded
    assert base64.b64decode(encoded[1]).decode() == draw(y).svg()


@pytest.mark.parametrize(
    ("suffix", "start"),
    [("svg", b"<svg "), ("SVG", b"<svg "), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("dot", b"dig")],
)
def test_a_picture_is_saved_by_its_suffix(tmp_path: Path, suffix: str, start: bytes) -> None:
    path = tmp_path / f"loss.{suffix}"
    path.write_text("old")
    draw(Value(1.0, label="∂")).save(path)
    assert path.read_bytes().startswith(start)
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("name", ["loss.jpg", "loss", "loss.", ".svg.gz"])
def test_an_unknown_suffix_is_an_error_that_lists_the_known_ones(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"\.svg, \.png, \.pdf, \.dot"):
        draw(Value(1.0)).save(tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="no folder 'nowhere'"):
        draw(Value(1.0)).save("nowhere/loss.dot")


def test_a_save_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "loss.dot"
    path.write_text("old")

    def full(*paths: str) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        draw(Value(1.0)).save(path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["loss.dot"]


def test_without_the_program_dot_the_error_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shutil.which("dot"), "these tests need Graphviz: apt-get install graphviz"
    monkeypatch.setenv("PATH", str(tmp_path))
    picture = draw(Value(1.0, label="x"))
    with pytest.raises(RuntimeError, match="apt-get install graphviz"):
        picture.svg()
    with pytest.raises(RuntimeError, match="apt-get install graphviz"):
        picture.save(tmp_path / "x.png")
    assert os.listdir(tmp_path) == []
    bundle, _ = DisplayFormatter().format(picture)
    assert "apt-get install graphviz" in bundle["text/plain"]
    assert "<B>x</B>" in picture.source
    picture.save(tmp_path / "x.dot")
    assert (tmp_path / "x.dot").read_text() == picture.source


def test_without_the_graphviz_package_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("graphviz", "graphviz.backend"):
        monkeypatch.setitem(sys.modules, module, None)
    picture = draw(Value(1.0))
    with pytest.raises(ImportError, match="pip install graphviz"):
        picture.svg()
    assert "pip install" in picture._repr_mimebundle_()["text/plain"]
    assert picture.source.startswith("digraph")


def test_dot_is_stopped_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.import_module("autograd.draw"), "SECONDS", 0.001)
    with pytest.raises(RuntimeError, match="longer than"):
        draw(network_loss(), collapse="none", limit=500).svg()


# -- bad input -----------------------------------------------------------------------------------


def test_what_is_not_a_value_is_refused_with_a_hint() -> None:
    x = Value(1.0)
    with pytest.raises(TypeError, match=r"not list; for a list of them: draw\(\*values\)"):
        draw([x])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="at least one Value"):
        draw()
    with pytest.raises(TypeError, match=r"a mapping such as locals\(\), not list"):
        draw(x, names=["x"])  # type: ignore[arg-type]


def test_other_arguments_out_of_range_are_refused() -> None:
    x = Value(1.0)
    with pytest.raises(ValueError, match="from 1 to 1500, not 0"):
        draw(x, limit=0)
    with pytest.raises(ValueError, match="from 1 to 1500, not 5000"):
        draw(x, limit=5000)
    with pytest.raises(ValueError, match="not 'block'"):
        draw(x, collapse="block")
    with pytest.raises(ValueError, match="not 'up'"):
        draw(x, rankdir="up")
