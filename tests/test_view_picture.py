"""The picture of a graph in a browser: where its boxes are, what they show, what a hand does."""

import itertools
import json
import math
import random
from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

import nn
from autograd import Value, relu, topological_order
from autograd import sum as sum_of
from autograd.frames import Frames
from autograd.view import module, style
from autograd.view.document import document
from autograd.wording import number
from tests.browser import module_page

GRAPHS = 60  # random ones, each with groups at random, open and closed at random
ROUNDING = 0.11  # positions are written with one digit after the point
PIXEL = 1.0  # what a browser may round a position to
PANE = (1000, 500)
NAMES = (
    "createPicture decode framesOf stateAt sceneOf ruler groupsOpenAt layersOfSeveral firstLevel"
)
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</title></svg><script>alert(1)</script>",
    "]]>",
    '" onmouseover="alert(1)',
    "&lt;b&gt;",
    "𝕏" * 60,
]
ELEMENTS = {"g", "path", "rect", "circle", "text", "title"}

SCENES = """
(cases) => cases.map(({ document, open }) => {
  const graph = decode(document);
  graph.layer = layersOfSeveral(graph);
  const scene = sceneOf(graph, new Set(open), ruler());
  const { x, y, w, h, column, isBack, columns, slots, middle, bends } = scene.layout;
  return {
    boxOf: [...scene.boxOf],
    boxes: scene.boxes.map((box, i) => ({
      group: box.group, nodes: box.nodes, column: column[i],
      x: x[i], y: y[i], w: w[i], h: h[i],
    })),
    arrows: scene.arrows.map((arrow, i) => ({ ...arrow, isBack: isBack[i], bends: bends[i] })),
    columns: columns.map((column) => column.map((slot) => [slots[slot].layer, slots[slot].neuron])),
  };
})
"""

OPEN = """
([document, size]) => {
  const graph = decode(document);
  const frames = framesOf(graph);
  const root = window.document.createElement("div");
  root.className = "stepgrad";
  [root.style.width, root.style.height] = size.map((x) => `${x}px`);
  window.document.body.replaceChildren(root);
  const marks = {
    selected: -1, ancestors: null, descendants: null, stops: new Set(), path: null, matches: null,
  };
  const heard = [];
  const picture = createPicture(graph, {
    onSelect: (node) => heard.push(["select", node]),
    onRunTo: (node) => heard.push(["run", node]),
  });
  root.append(picture.element);
  const show = (t) => picture.update(stateAt(frames, t), marks);
  Object.assign(window, { graph, frames, picture, marks, heard, show });
  show(0);
}
"""

READ = """
() => Object.fromEntries([...picture.element.querySelectorAll(".box")].map((box) => [
  box.dataset.box,
  {
    looks: box.getAttribute("class").split(" "),
    numbers: [...box.querySelectorAll(".number")].map((x) => x.textContent),
    tint: Number(box.querySelector(".tint").getAttribute("fill-opacity")),
  },
]))
"""


def plain(root: Value, names: dict[str, object] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(document(root, names), allow_nan=False))
    return made


def ready(page: Page) -> Page:
    module_page(page, module(), NAMES.split())
    page.add_style_tag(content=style() + "body { margin: 20px; }")
    return page


def opened(page: Page, shown: dict[str, Any], size: tuple[int, int] = PANE) -> Page:
    ready(page).evaluate(OPEN, [shown, size])
    return page


def settled(page: Page) -> None:
    """Wait until the picture is drawn where it glided."""
    page.evaluate(
        """async () => {
          const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
          const at = () => document.querySelector(".world").getAttribute("transform");
          for (let same = 0, before = ""; same < 4; ) {
            await frame();
            same = at() === before ? same + 1 : 0;
            before = at();
          }
        }"""
    )


def show(page: Page, t: int) -> None:
    page.evaluate("t => show(t)", t)


def boxes(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(READ)
    return found


def box_of(page: Page, node: int) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate("node => picture.boxOf(node)", node)
    return found


def every_box(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(
        "Array.from({ length: graph.n }, (_, node) => picture.boxOf(node))"
    )
    return found


def middle(box: dict[str, Any]) -> tuple[float, float]:
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def click(page: Page, node: int) -> None:
    page.mouse.click(*middle(box_of(page, node)))


def drag(page: Page, start: tuple[float, float], *places: tuple[float, float]) -> None:
    """Pull the picture from a point to places beside that."""
    page.mouse.move(*start)
    page.mouse.down()
    for dx, dy in places:
        page.mouse.move(start[0] + dx, start[1] + dy, steps=3)
    page.mouse.up()
    settled(page)


def heard(page: Page) -> list[list[Any]]:
    found: list[list[Any]] = page.evaluate("heard.splice(0)")
    return found


def pane(page: Page) -> Mapping[str, Any]:
    found = page.locator(".picture").bounding_box()
    assert found is not None
    return dict(found.items())


def is_inside(box: Mapping[str, Any], outer: Mapping[str, float]) -> bool:
    return bool(
        box["x"] >= outer["x"] - PIXEL
        and box["y"] >= outer["y"] - PIXEL
        and box["x"] + box["width"] <= outer["x"] + outer["width"] + PIXEL
        and box["y"] + box["height"] <= outer["y"] + outer["height"] + PIXEL
    )


def small() -> Value:
    a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(10.0, label="c")
    d = a * b
    d.label = "d"
    return (d + c) * d * 0.01 + (a * 0.3).tanh() + a * a


def network(*sizes: int, samples: int = 1) -> dict[str, Any]:
    rng = random.Random(5)
    model = nn.MLP(2, [*sizes], activation="tanh", seed=0)
    total: Value = Value(0.0)
    for _ in range(samples):
        outputs = model([rng.uniform(-1, 1), rng.uniform(-1, 1)])
        total = total + relu(1.0 - outputs[0])
    total.label = "loss"
    return plain(total, {"model": model})


def tangled(count: int) -> Value:
    """So many nodes and some more, each used soon after."""
    rng = random.Random(7)
    nodes = [Value(rng.uniform(-1.0, 1.0), label=f"x{i}") for i in range(count // 8)]
    unused = list(nodes)
    while len(nodes) < count:
        a, b = unused.pop(rng.randrange(min(40, len(unused)))), rng.choice(nodes[-90:])
        made = rng.choice([a * b, a + b, a - b, (a + b).tanh()])
        nodes.append(made)
        unused.append(made)
    return sum_of(unused)


# -- boxes, arrows, and where they are -----------------------------------------------------------


def random_document(rng: random.Random) -> dict[str, Any]:
    """A graph whose nodes are in neurons and layers at random: some groups use each other."""
    n = rng.randint(2, 45)
    operands: list[list[int]] = [[]] + [
        rng.sample(range(i), min(i, rng.choice([0, 1, 2, 2, 5]))) for i in range(1, n)
    ]
    used = {parent for parents in operands for parent in parents}
    operands[-1] = sorted({*operands[-1], *(set(range(n - 1)) - used)})
    if rng.random() < 0.3:
        operands[-1] = [*operands[-1], operands[-1][0]]  # an operand that is used twice
    layers = rng.randint(0, 3)
    groups = [{"name": f"layers.{i}", "level": "layer"} for i in range(layers)]
    groups += [
        {"name": f"layers.{i}.neurons.{k}", "level": "neuron"}
        for i in range(layers)
        for k in (0, 1)
    ]
    layer, neuron = [], []
    for i in range(n):
        near = min(layers, i * (layers + 1) // n)
        at = rng.choice([-1, near, near, rng.randint(-1, layers - 1)])
        at = -1 if at >= layers else at
        layer.append(at)
        neuron.append(-1 if at < 0 or rng.random() < 0.2 else layers + 2 * at + rng.randint(0, 1))
    return {
        "kind": "stepper",
        "name": [rng.choice([f"v{i}", "x" * rng.randint(1, 60)]) for i in range(n)],
        "labelled": [0] * n,
        "op": [0 if parents else -1 for parents in operands],
        "operands": operands,
        "data": [rng.uniform(-9, 9) for _ in range(n)],
        "local_grads": [[rng.randrange(50) for _ in parents] for parents in operands],
        "numbers": [rng.uniform(-2, 2) for _ in range(50)],
        "source": [-1] * n,
        "sources": [],
        "neuron": neuron,
        "layer": layer,
        "groups": groups,
        "ops": [{"name": "sum", "symbol": "Σ", "infix": False, "text": "", "partials": []}],
        "program": None,
        "why_not_live": "",
        "paths": None,
        "title": "a test",
        "step": 0,
    }


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    rng = random.Random(11)
    made = []
    for _ in range(GRAPHS):
        shown = random_document(rng)
        groups = range(len(shown["groups"]))
        made.append({"document": shown, "open": [g for g in groups if rng.random() < 0.5]})
    return made


def expected_owner(shown: dict[str, Any], opened: list[int], node: int) -> tuple[str, int]:
    layer, neuron = shown["layer"][node], shown["neuron"][node]
    inside = {
        other for at, other in zip(shown["layer"], shown["neuron"], strict=True) if at == layer
    }
    is_twin = inside == {neuron} and neuron >= 0  # a layer of one neuron is no box of its own
    if layer >= 0 and layer not in opened and not is_twin:
        return "group", layer
    if neuron >= 0 and neuron not in opened:
        return "group", neuron
    return "node", node


def test_each_node_is_in_one_box_and_each_edge_between_boxes_in_one_arrow(
    page: Page, cases: list[dict[str, Any]]
) -> None:
    for case, scene in zip(cases, ready(page).evaluate(SCENES, cases), strict=True):
        shown, n = case["document"], len(case["document"]["name"])
        assert sorted(node for box in scene["boxes"] for node in box["nodes"]) == [*range(n)]
        for node in range(n):
            box = scene["boxes"][scene["boxOf"][node]]
            kind, owner = expected_owner(shown, case["open"], node)
            assert node in box["nodes"]
            assert box["group"] == (owner if kind == "group" else -1)
        edges = [(parent, node) for node in range(n) for parent in shown["operands"][node]]
        across = [
            (scene["boxOf"][a], scene["boxOf"][b])
            for a, b in edges
            if scene["boxOf"][a] != scene["boxOf"][b]
        ]
        drawn = [(x["from"], x["to"]) for x in scene["arrows"] for _ in x["edges"]]
        assert sorted(drawn) == sorted(across)


def overlap(a: dict[str, float], b: dict[str, float]) -> bool:
    across = a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"]
    return across and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]


def test_no_two_boxes_overlap_and_arrows_are_led_around_them(
    page: Page, cases: list[dict[str, Any]]
) -> None:
    bends = 0
    for scene in ready(page).evaluate(SCENES, cases):
        placed = scene["boxes"]
        assert not [1 for i, a in enumerate(placed) for b in placed[:i] if overlap(a, b)]
        for arrow in scene["arrows"]:
            for bend in arrow["bends"]:
                bends += 1
                passing = {**bend, "w": bend["width"], "h": 0.0}
                assert not [box for box in placed if overlap(passing, box)]
    assert bends > GRAPHS


def test_arrows_go_from_left_to_right_but_for_those_that_close_a_cycle_of_groups(
    page: Page, cases: list[dict[str, Any]]
) -> None:
    cyclic = 0
    for scene in ready(page).evaluate(SCENES, cases):
        for arrow in scene["arrows"]:
            start, stop = scene["boxes"][arrow["from"]], scene["boxes"][arrow["to"]]
            if not arrow["isBack"]:
                assert start["column"] < stop["column"]
                assert start["x"] + start["w"] < stop["x"]
        before: dict[int, set[int]] = {}
        for arrow in scene["arrows"]:
            before.setdefault(arrow["to"], set()).add(arrow["from"])
        try:
            TopologicalSorter(before).prepare()
        except CycleError:
            cyclic += 1
            assert any(arrow["isBack"] for arrow in scene["arrows"])
        else:
            assert not any(arrow["isBack"] for arrow in scene["arrows"])
    assert 0 < cyclic < GRAPHS


def test_an_open_group_stays_together_in_each_column(
    page: Page, cases: list[dict[str, Any]]
) -> None:
    seen = 0
    for scene in ready(page).evaluate(SCENES, cases):
        for column in scene["columns"]:
            for level in (0, 1):
                groups = [slot[level] for slot in column]
                runs = [g for i, g in enumerate(groups) if i == 0 or groups[i - 1] != g]
                inside = [g for g in runs if g >= 0]
                assert len(inside) == len(set(inside))
                seen += len(inside)
    assert seen > GRAPHS


def test_a_leaf_stands_in_the_column_before_what_uses_it(page: Page) -> None:
    x, late = Value(1.0, label="x"), Value(2.0, label="late")
    shown = plain(x.tanh().tanh().tanh() * late)
    (scene,) = ready(page).evaluate(SCENES, [{"document": shown, "open": []}])
    column = [box["column"] for box in scene["boxes"]]
    at = {name: column[scene["boxOf"][i]] for i, name in enumerate(shown["name"])}
    assert (at["x"], at["late"], at["L"]) == (0, 3, 4)


# -- levels, opening and closing -----------------------------------------------------------------


def test_the_most_detailed_level_that_can_be_read_is_shown_first(page: Page) -> None:
    ready(page)
    found = [
        page.evaluate("document => firstLevel(decode(document))", shown)
        for shown in (
            plain(small()),
            network(3, 1),
            network(16, 16, 1),
            network(36, 36, 1),
            plain(tangled(400)),
        )
    ]
    assert found == ["nodes", "nodes", "neurons", "layers", "nodes"]


def test_a_click_opens_one_group_and_its_frame_closes_it_again(page: Page) -> None:
    shown = network(16, 16, 1)
    opened(page, shown)
    assert page.evaluate("picture.level()") == "neurons"
    output = shown["name"].index("layers.0.neurons.2")
    page.evaluate("node => picture.reveal(node)", output)
    settled(page)
    before = boxes(page)
    assert box_of(page, output)["group"] == "layers.0.neurons.2"
    click(page, output)
    assert heard(page) == [["select", output]]
    settled(page)
    after = boxes(page)
    assert box_of(page, output)["group"] == ""
    inside = {f"layers.0.neurons.2.{name}" for name in ("weights.0", "weights.1", "bias")}
    assert inside <= set(after)
    assert not inside & set(before)
    assert "layers.0.neurons.1" in after
    frame = page.locator(".closer[data-group='layers.0.neurons.2'] circle").bounding_box()
    assert frame is not None
    assert is_inside(frame, pane(page))
    page.mouse.click(frame["x"] + 3, frame["y"] + 3)
    assert not inside & set(boxes(page))
    assert box_of(page, output)["group"] == "layers.0.neurons.2"


def test_an_opened_group_keeps_its_output_where_it_was_clicked(page: Page) -> None:
    shown = network(16, 16, 1)
    opened(page, shown, (1200, 800))
    output = shown["name"].index("layers.0.neurons.7")
    page.evaluate("node => picture.reveal(node)", output)
    settled(page)
    drag(page, middle(box_of(page, output)), (400, 0))  # there is room for its frame then
    before = box_of(page, output)
    click(page, output)
    settled(page)
    after = box_of(page, output)
    assert after["group"] == ""
    right = before["x"] + before["width"], after["x"] + after["width"]
    assert right[0] == pytest.approx(right[1], abs=PIXEL)
    assert middle(before)[1] == pytest.approx(middle(after)[1], abs=PIXEL)
    closer = page.locator(".closer[data-group='layers.0.neurons.7'] circle")
    closer.click(position={"x": 3, "y": 3})  # beside the sign in the middle of it
    settled(page)
    closed = box_of(page, output)
    right = after["x"] + after["width"], closed["x"] + closed["width"]
    assert right[0] == pytest.approx(right[1], abs=PIXEL)
    assert closed["width"] == before["width"]


GAP = 2  # pixels between a number and a word, at least

WORDS_AND_NUMBERS = """
(number) => {
  const last = stateAt(frames, frames.count - 1);
  graph.data.fill(number);
  picture.update({ ...last, grads: last.grads.map(() => number) }, marks);
  picture.zoomBy(1 / picture.element.querySelector(".world").getCTM().a);
  return [...picture.element.querySelectorAll(".box")].flatMap((box) => {
    const rows = [...box.querySelectorAll(".label, .number")].map((x) => {
      const { left, right, top } = x.getBoundingClientRect();
      return { isNumber: x.classList.contains("number"), left, right, top, text: x.textContent };
    });
    const inside = box.querySelector(".paper").getBoundingClientRect();
    return [{ rows, left: inside.left, right: inside.right }];
  });
}
"""


@pytest.mark.parametrize("level", ["nodes", "neurons", "layers"])
@pytest.mark.parametrize("x", [-1.2345e-214, -0.0042345])
def test_the_longest_number_leaves_its_word_alone(page: Page, level: str, x: float) -> None:
    opened(page, network(4, 3, 1), (1400, 1000))
    page.evaluate("level => picture.setLevel(level)", level)
    page.evaluate("picture.fit()")
    settled(page)
    page.evaluate(WORDS_AND_NUMBERS, x)
    settled(page)
    numbers = 0
    for box in page.evaluate(WORDS_AND_NUMBERS, x):
        lines = sorted(box["rows"], key=lambda row: row["left"])
        for row in lines:
            assert box["left"] < row["left"] <= row["right"] < box["right"]
            numbers += row["text"] in (number(x), number(abs(x)))  # a size of several outputs
        for one, other in itertools.combinations(lines, 2):
            is_beside = abs(one["top"] - other["top"]) < 8
            assert not is_beside or one["right"] + GAP <= other["left"], (one, other)
    assert numbers > 3


def test_levels_show_nodes_or_neurons_or_layers(page: Page) -> None:
    shown = network(4, 3, 1)
    opened(page, shown, (1400, 1000))
    sizes = {}
    for level in ("layers", "neurons", "nodes"):
        page.evaluate("level => picture.setLevel(level)", level)
        page.evaluate("picture.fit()")
        settled(page)
        sizes[level] = len(boxes(page))
        assert page.evaluate("picture.level()") == level
    alone = sum(neuron < 0 for neuron in shown["neuron"])
    assert sizes == {"layers": alone + 3, "neurons": alone + 8, "nodes": len(shown["name"])}


def test_a_closed_group_tells_its_output_its_size_and_how_much_of_it_is_known(page: Page) -> None:
    shown = network(16, 16, 1)
    opened(page, shown)
    name = "layers.0.neurons.0"
    nodes = [
        i for i, g in enumerate(shown["neuron"]) if g >= 0 and shown["groups"][g]["name"] == name
    ]
    output = shown["name"].index(name)
    show(page, nodes[2])
    bar = page.locator(f"[data-box='{name}'] .progress.forward")
    part = float(bar.get_attribute("width") or 0)
    assert boxes(page)[name]["numbers"] == ["", ""]
    show(page, nodes[1])
    assert float(bar.get_attribute("width") or 0) == pytest.approx(part * 2 / 3, rel=0.01)
    show(page, output)
    assert boxes(page)[name]["numbers"] == [number(shown["data"][output]), ""]
    assert page.locator(f"[data-box='{name}'] .size").text_content() == f"{len(nodes)} nodes"
    assert float(bar.get_attribute("width") or 0) == 0  # what is complete needs no bar


# -- what a step shows ---------------------------------------------------------------------------


def states(root: Value) -> Iterator[tuple[int, dict[str, list[str]], dict[str, float]]]:
    """After each of Python's frames: the two numbers that each node's box shows, and gradients."""
    order = topological_order(root)
    names = dict(zip(map(id, order), document(root)["name"], strict=True))
    numbers = {name: ["", ""] for name in names.values()}
    grads: dict[str, float] = {}
    for t, frame in enumerate(Frames(root)):
        name = names[id(frame.node)]
        if frame.kind == "forward":
            numbers[name][0] = number(frame.node.data)
        if frame.kind == "seed":
            grads[name] = 1.0
        for gift in frame.gifts:
            grads[names[id(gift.parent)]] = gift.after
        for known, grad in grads.items():
            numbers[known][1] = number(grad)
        yield t, {k: list(v) for k, v in numbers.items()}, dict(grads)


def test_boxes_show_the_numbers_of_pythons_frames_and_colour_by_the_sign(page: Page) -> None:
    root = small()
    opened(page, plain(root))
    for t, numbers, grads in states(root):
        show(page, t)
        found = boxes(page)
        assert {name: box["numbers"] for name, box in found.items()} == numbers
        largest = max(map(abs, grads.values()), default=0.0)
        for name, box in found.items():
            assert ("dim" in box["looks"]) == (numbers[name][0] == "")
            grad = grads.get(name)
            signs = {"positive", "negative", "zero", "nan"} & set(box["looks"])
            if grad is None:
                assert not signs
            else:
                assert signs == {"positive" if grad > 0 else "negative" if grad < 0 else "zero"}
                shade = 0.12 + 0.88 * math.sqrt(abs(grad) / largest) if grad else 0.0
                assert box["tint"] == pytest.approx(shade, abs=0.006)  # two digits


def test_the_current_node_and_its_arrows_are_lit(page: Page) -> None:
    shown = plain(small())
    opened(page, shown)
    frames = page.evaluate("frames.count")
    for t in range(frames):
        show(page, t)
        kind, node = page.evaluate(
            "t => { const { frame } = stateAt(frames, t); return [frame.kind, frame.node]; }", t
        )
        lit = [name for name, box in boxes(page).items() if "current" in box["looks"]]
        assert lit == [shown["name"][node]]
        arrows = page.locator("g.arrow.lit").count()
        assert arrows == (
            0 if kind == "seed" else len([x for x in shown["operands"][node] if x.__class__ is int])
        )


def test_arrows_are_as_wide_as_what_passes_through_them_and_tell_its_sign(page: Page) -> None:
    x, y = Value(3.0, label="x"), Value(1.0, label="y")
    root = (x * -4.0) + (y * 0.25) + x * x
    opened(page, plain(root))
    show(page, page.evaluate("frames.count - 1"))
    widths = {
        label: (float(width), looks.split())
        for label, width, looks in page.evaluate(
            """[...picture.element.querySelectorAll("g.arrow")].map((arrow, i) => [
              picture.element.querySelectorAll(".partial")[i].textContent,
              arrow.querySelector(".line").getAttribute("stroke-width"),
              arrow.getAttribute("class"),
            ])"""
        )
    }
    assert set(widths) == {"-4", "0.25", "1", "3"}  # the local gradients; x·x is two arrows
    assert page.locator("g.arrow").count() == 8
    assert widths["-4"][0] > widths["3"][0] > widths["1"][0] > widths["0.25"][0]
    assert "negative" in widths["-4"][1]
    assert "positive" in widths["3"][1]


def test_marks_show_the_selection_breakpoints_matches_relatives_and_the_explained_path(
    page: Page,
) -> None:
    shown = plain(small())
    opened(page, shown)
    at = shown["name"].index
    page.evaluate(
        """([selected, near, stop, match, edge]) => {
          Object.assign(marks, {
            selected, ancestors: new Set(near), stops: new Set([stop]), matches: new Set([match]),
            path: new Set([edge]),
          });
          show(8);
        }""",
        [at("d"), [at("a"), at("b")], at("c"), at("L"), 0],
    )
    looks = {name: set(box["looks"]) for name, box in boxes(page).items()}
    having = {
        look: {name for name in looks if look in looks[name]}
        for look in ("selected", "stopping", "match", "faded")
    }
    assert having == {
        "selected": {"d"},
        "stopping": {"c"},
        "match": {"L"},
        "faded": set(looks) - {"a", "b", "d"},
    }
    assert page.locator(".arrow.explained .under").count() == 1


def test_hostile_names_are_text(page: Page) -> None:
    x = [Value(1.0 + i, label=name) for i, name in enumerate(HOSTILE)]
    shown = plain(sum_of([a * b for a, b in itertools.pairwise(x)]))
    shown["groups"] = [
        {"name": HOSTILE[1], "level": "neuron"},
        {"name": HOSTILE[3], "level": "layer"},
    ]
    shown["neuron"] = [0 if i < 2 else -1 for i in range(len(shown["name"]))]
    shown["layer"] = [1 if i < 3 else -1 for i in range(len(shown["name"]))]
    opened(page, shown)
    texts: list[str] = []
    for level in ("nodes", "neurons", "layers"):
        page.evaluate("level => picture.setLevel(level)", level)
        page.evaluate("picture.fit()")
        settled(page)
        tags = page.evaluate("[...picture.element.querySelectorAll('*')].map((x) => x.tagName)")
        assert set(tags) <= ELEMENTS
        texts += page.evaluate(
            "[...picture.element.querySelectorAll('title')].map((x) => x.textContent)"
        )
    assert set(HOSTILE) <= set(texts)
    names = page.evaluate(
        "[...picture.element.querySelectorAll('.name')].map((x) => x.textContent)"
    )
    assert all(len(name) <= 18 for name in names if "𝕏" not in name)


# -- the pane ------------------------------------------------------------------------------------


def transform(page: Page) -> tuple[float, float, float]:
    x, y, scale = page.evaluate(
        """() => {
          const { transform } = picture.element.querySelector(".world");
          const { e, f, a } = transform.baseVal.consolidate().matrix;
          return [e, f, a];
        }"""
    )
    return x, y, scale


def test_a_graph_that_can_be_read_whole_is_shown_whole(page: Page) -> None:
    shown = plain(small())
    opened(page, shown)
    outer = pane(page)
    assert all(is_inside(box, outer) for box in every_box(page))


def test_fit_shows_all_of_a_large_graph(page: Page) -> None:
    shown = plain(tangled(300))
    opened(page, shown)
    outer = pane(page)
    inside = [is_inside(box, outer) for box in every_box(page)]
    assert not all(inside)
    assert inside[0]
    page.evaluate("picture.fit()")
    settled(page)
    outer = pane(page)
    assert all(is_inside(box, outer) for box in every_box(page))


def test_the_current_node_stays_in_view_from_step_to_step(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")  # which moves at once
    opened(page, plain(tangled(300)))
    count = page.evaluate("frames.count")
    for t in [*range(0, count, 29), count - 1]:
        show(page, t)
        node = page.evaluate("t => stateAt(frames, t).frame.node", t)
        assert is_inside(box_of(page, node), pane(page))


def test_the_picture_glides_to_the_current_node_and_stays_where_it_is_without_follow(
    page: Page,
) -> None:
    opened(page, plain(tangled(300)))
    start = transform(page)
    show(page, page.evaluate("graph.n"))
    settled(page)
    gone = transform(page)
    assert gone != start
    assert is_inside(box_of(page, page.evaluate("graph.root")), pane(page))
    page.evaluate("picture.setFollow(false)")
    show(page, page.evaluate("frames.count - 1"))
    settled(page)
    assert transform(page) == gone


def test_a_drag_pans_and_selects_nothing(page: Page) -> None:
    opened(page, plain(small()))
    before = box_of(page, 0)
    drag(page, middle(before), (30, 20), (70, -40))
    after = box_of(page, 0)
    assert (after["x"] - before["x"], after["y"] - before["y"]) == pytest.approx(
        (70, -40), abs=PIXEL
    )
    assert heard(page) == []


def test_the_wheel_zooms_at_the_pointer_only_with_ctrl_or_after_a_click(page: Page) -> None:
    opened(page, plain(small()))
    before = box_of(page, 0)
    point = middle(before)
    page.mouse.move(*point)
    page.mouse.wheel(0, -200)
    settled(page)
    assert box_of(page, 0) == before
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    settled(page)
    larger = box_of(page, 0)
    assert larger["width"] > 1.2 * before["width"]
    assert middle(larger) == pytest.approx(point, abs=PIXEL)
    page.mouse.click(*point)
    page.mouse.wheel(0, 200)
    settled(page)
    assert box_of(page, 0)["width"] < larger["width"]


def test_two_fingers_pinch(page: Page) -> None:
    opened(page, plain(small()))
    before = box_of(page, 0)["width"]
    box = pane(page)
    x, y = box["x"] + 500, box["y"] + 250
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: float) -> None:
        fingers = [{"x": x + dx, "y": y, "id": i} for i, dx in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    touch("touchStart", -50, 50)
    for apart in (60, 80, 100):
        touch("touchMove", -apart, apart)
    touch("touchEnd")
    settled(page)
    assert box_of(page, 0)["width"] == pytest.approx(2 * before, rel=0.15)


def test_a_click_selects_and_a_double_click_or_shift_runs_to_the_node(page: Page) -> None:
    shown = plain(small())
    opened(page, shown)
    for node in range(len(shown["name"])):
        click(page, node)
        page.wait_for_timeout(20)
        assert heard(page) == [["select", node]]
    page.mouse.dblclick(*middle(box_of(page, 3)))
    assert heard(page) == [["select", 3], ["run", 3]]
    page.keyboard.down("Shift")
    click(page, 2)
    page.keyboard.up("Shift")
    assert heard(page) == [["run", 2]]


def test_a_picture_that_comes_to_the_page_later_is_drawn_then(page: Page) -> None:
    opened(page, plain(small()))
    page.evaluate(
        """() => {
          const { element } = picture;
          const root = element.parentElement;
          element.remove();
          window.late = createPicture(graph, { onSelect() {}, onRunTo() {} });
          late.update(stateAt(frames, 3), marks);
          root.append(late.element);
        }"""
    )
    page.wait_for_function("late.element.querySelectorAll('.box').length === graph.n")


# -- thousands -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def thousands() -> dict[str, Any]:
    return plain(tangled(4300))


def test_of_thousands_of_nodes_only_those_in_the_pane_are_elements(
    page: Page, thousands: dict[str, Any]
) -> None:
    opened(page, thousands)
    assert len(thousands["name"]) >= 5000
    for t in (0, 2000, 9000):
        show(page, t)
        settled(page)
        node = page.evaluate("t => stateAt(frames, t).frame.node", t)
        assert is_inside(box_of(page, node), pane(page))
        assert 0 < len(boxes(page)) <= 700
        assert "current" in boxes(page)[thousands["name"][node]]["looks"]


def test_an_overview_of_thousands_is_a_few_paths_and_can_be_clicked(
    page: Page, thousands: dict[str, Any]
) -> None:
    opened(page, thousands)
    page.evaluate("picture.fit()")
    count = page.evaluate("frames.count")
    n = len(thousands["name"])
    show(page, count - 1 - n // 4)
    settled(page)
    assert page.locator(".box").count() == 0
    assert page.locator(".picture *").count() < 300
    drawn = page.evaluate(
        """() => {
          const count = (look) => [...picture.element.querySelectorAll(`.overview-boxes .${look}`)]
            .reduce((sum, path) => sum + path.getAttribute("d").split("M").length - 1, 0);
          return Object.fromEntries(["positive", "negative", "zero", "nan", "known"].map((look) =>
            [look, count(look)]));
        }"""
    )
    expected = page.evaluate(
        """t => {
          const { grads, hasGrad } = stateAt(frames, t);
          const having = (is) => grads.filter((x, i) => hasGrad[i] && is(x)).length;
          return {
            positive: having((x) => x > 0), negative: having((x) => x < 0),
            zero: having((x) => x === 0), nan: having(isNaN),
            known: hasGrad.filter((is) => !is).length,
          };
        }""",
        count - 1 - n // 4,
    )
    assert drawn == expected
    assert expected["positive"] > 0
    assert expected["negative"] > 0
    page.evaluate("picture.zoomBy(3)")
    settled(page)
    assert page.locator(".box").count() == 0
    outer = pane(page)
    inside = [node for node, box in enumerate(every_box(page)) if is_inside(box, outer)]
    for node in random.Random(3).sample(inside, 8):
        click(page, node)
        assert heard(page) == [["select", node]]


def test_what_is_revealed_is_large_enough_to_be_read(page: Page, thousands: dict[str, Any]) -> None:
    opened(page, thousands)
    page.evaluate("picture.fit()")
    settled(page)
    page.evaluate("picture.reveal(1234)")
    settled(page)
    assert transform(page)[2] >= 0.4
    assert is_inside(box_of(page, 1234), pane(page))
    assert thousands["name"][1234] in boxes(page)


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
def test_pictures_of_a_network_and_of_its_neurons_to_look_at(
    page: Page, screenshot: Callable[[str], Path]
) -> None:
    opened(page, network(16, 16, 1), (1200, 800))
    show(page, page.evaluate("frames.count - 30"))
    page.evaluate("picture.fit()")
    settled(page)
    assert screenshot("picture-network").exists()
    opened(page, network(3, 1), (1200, 800))
    show(page, page.evaluate("frames.count - 6"))
    settled(page)
    assert screenshot("picture-nodes").exists()
