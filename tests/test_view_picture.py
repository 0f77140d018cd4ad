"""The picture in a browser: where boxes stand, what a click reaches, what is kept in view."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

import nn
from autograd import Value, dot, step, topological_order
from autograd.view import module
from autograd.view.document import document
from tests.browser import module_page

GRAPHS = 12
OVERLAP = 1e-6  # pixels that two boxes may share by rounding
NAMES = ["decode", "createView", "openLevel", "openGroup", "closeGroup", "placeBoxes", "measure"]

LAID_OUT = """
([source, opened]) => {
  const graph = decode(source);
  const view = createView(graph);
  for (const group of opened) (view.open.has(group) ? closeGroup : openGroup)(view, group);
  for (const box of view.boxes) measure(graph, box);
  const extent = placeBoxes(view.boxes, view.arrows, true);
  return {
    extent,
    boxes: view.boxes.map(({ x, y, width, height, nodes, output, group }) =>
      ({ x, y, width, height, nodes, output, group })),
    arrows: view.arrows.map(({ from, to, edges }) => ({ from, to, edges })),
  };
}
"""


def random_graph(rng: random.Random, operations: int) -> Value:
    pool = [Value(rng.gauss(0.0, 1.0), label=f"x{i}") for i in range(rng.randint(1, 6))]
    for _ in range(operations):
        xs = [rng.choice(pool[-12:]) for _ in range(rng.randint(1, 4))]
        pool.append(dot(xs, xs) if len(xs) > 2 else xs[0] * xs[-1] if len(xs) > 1 else xs[0].tanh())
    return pool[-1]


def network() -> Value:
    model = nn.MLP(2, [16, 16, 1], activation="tanh", seed=0)
    return nn.binary_cross_entropy(model([0.5, -0.2]), 1)


def laid_out(page: Page, root: Value, opened: tuple[int, ...] = ()) -> dict[str, Any]:
    module_page(page, module("picture.js"), NAMES)
    return page.evaluate(LAID_OUT, [document(root), list(opened)])


def assert_well_laid_out(shown: dict[str, Any], nodes: int) -> None:
    boxes = shown["boxes"]
    assert sorted(node for box in boxes for node in box["nodes"]) == list(range(nodes))
    for i, a in enumerate(boxes):
        assert 0 <= a["x"] - a["width"] / 2 <= a["x"] + a["width"] / 2 <= shown["extent"]["width"]
        assert a["y"] - a["height"] / 2 >= -OVERLAP
        assert a["y"] + a["height"] / 2 <= shown["extent"]["height"] + OVERLAP
        for b in boxes[:i]:
            apart_x = abs(a["x"] - b["x"]) - (a["width"] + b["width"]) / 2
            apart_y = abs(a["y"] - b["y"]) - (a["height"] + b["height"]) / 2
            assert max(apart_x, apart_y) >= -OVERLAP, "two boxes overlap"


# -- where boxes stand ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(GRAPHS))
def test_boxes_never_overlap_and_arrows_go_from_left_to_right(page: Page, seed: int) -> None:
    rng = random.Random(seed)
    root = random_graph(rng, rng.choice([1, 5, 20, 60]))
    shown = laid_out(page, root)
    assert_well_laid_out(shown, len(topological_order(root)))
    for arrow in shown["arrows"]:
        assert shown["boxes"][arrow["from"]]["x"] < shown["boxes"][arrow["to"]]["x"]


def test_a_neuron_stands_as_one_would_draw_it(page: Page) -> None:
    x, w, b = Value(2.0, label="x"), Value(-3.0, label="w"), Value(1.0, label="b")
    boxes = laid_out(page, (x * w + b).tanh())["boxes"]
    column = {box["output"]: box["x"] for box in boxes}
    assert column[0] == column[1] < column[2] == column[3] < column[4] < column[5]


@pytest.mark.parametrize("seed", range(4))
def test_with_any_groups_open_each_node_is_in_one_box(page: Page, seed: int) -> None:
    root = network()
    groups = len(document(root)["groups"])
    opened = tuple(random.Random(seed).sample(range(groups), 5))
    assert_well_laid_out(laid_out(page, root, opened), len(topological_order(root)))


def test_a_network_is_shown_by_neuron_and_an_arrow_stands_for_all_its_edges(page: Page) -> None:
    shown = laid_out(page, network())
    assert sum(box["group"] >= 0 for box in shown["boxes"]) == 33
    assert len(shown["boxes"]) < 45
    inside = {node: i for i, box in enumerate(shown["boxes"]) for node in box["nodes"]}
    order = topological_order(network())
    position = {id(node): i for i, node in enumerate(order)}
    crossing = sum(
        inside[position[id(parent)]] != inside[i]
        for i, node in enumerate(order)
        for parent in node.parents
    )
    assert sum(len(arrow["edges"]) for arrow in shown["arrows"]) == crossing


# -- what is on view -----------------------------------------------------------------------------


def opened_page(page: Page, folder: Path, root: Value, at: int = 0) -> Page:
    stepper = step(root)
    stepper.step = at
    stepper.save(folder / "view.html")
    page.emulate_media(reduced_motion="reduce")
    page.goto((folder / "view.html").as_uri())
    page.wait_for_selector("#view[data-ready='1']")
    page.focus("#view")
    return page


def box_named(page: Page, name: str) -> Any:
    return page.locator(".canvas .box").filter(has=page.get_by_text(name, exact=True))


def test_a_click_on_a_box_selects_its_node(page: Page, tmp_path: Path) -> None:
    x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    opened_page(page, tmp_path, (x * w).tanh())
    box_named(page, "w").click()
    assert "selected" in box_named(page, "w").get_attribute("class")
    box_named(page, "w").click()
    assert "selected" not in box_named(page, "w").get_attribute("class")


def test_boxes_to_come_are_dim_and_have_no_numbers(page: Page, tmp_path: Path) -> None:
    x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    opened_page(page, tmp_path, (x * w).tanh())
    assert "current" in box_named(page, "x").get_attribute("class")
    assert "coming" in box_named(page, "w").get_attribute("class")
    assert box_named(page, "w").locator(".number").all_text_contents() == ["", ""]
    page.keyboard.press("End")
    assert "coming" not in box_named(page, "w").get_attribute("class")
    assert box_named(page, "w").locator(".number").first.text_content() == "-3"


def test_arrows_are_coloured_by_the_sign_of_what_flows_through_them(page: Page, tmp_path) -> None:
    x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    opened_page(page, tmp_path, x * w)
    page.keyboard.press("End")
    classes = page.locator(".canvas .arrow").evaluate_all(
        "(all) => all.map((a) => a.className.baseVal)"
    )
    assert sorted("positive" in c for c in classes) == [False, True]
    assert sorted("negative" in c for c in classes) == [False, True]


def test_a_click_opens_a_neuron_and_its_chip_closes_it(page: Page, tmp_path: Path) -> None:
    opened_page(page, tmp_path, network())
    boxes = page.locator(".canvas .box.group")
    before = boxes.count()
    page.get_by_role("button", name="Fit the whole graph").click()
    name = "layers.2.neurons.0"
    box_named(page, name).click()
    close = page.get_by_role("button", name=f"Close {name}")
    close.wait_for()
    assert boxes.count() < before or box_named(page, f"{name}.bias").count() == 1
    close.click()
    assert close.count() == 0


def test_the_current_box_stays_in_view_while_stepping(page: Page, tmp_path: Path) -> None:
    opened_page(page, tmp_path, network())
    for _ in range(6):
        page.locator(".scrubber input").evaluate(
            """(input) => {
              input.value = Number(input.value) + 70;
              input.dispatchEvent(new Event("input"));
            }"""
        )
        inside = page.locator(".canvas .box.current").evaluate(
            """(box) => {
              const [a, b] = [box, box.ownerSVGElement].map((e) => e.getBoundingClientRect());
              return a.right > b.left && a.left < b.right && a.bottom > b.top && a.top < b.bottom;
            }"""
        )
        assert inside


def test_from_afar_all_boxes_are_shapes_that_can_be_clicked(page: Page, tmp_path: Path) -> None:
    root = random_graph(random.Random(1), 1200)
    opened_page(page, tmp_path, root)
    page.get_by_role("button", name="Fit the whole graph").click()
    assert page.locator(".world.from-afar").count() == 1
    assert page.locator(".canvas .box .heading").count() <= 1
    target = page.locator(".canvas .box.current").bounding_box()
    page.mouse.click(target["x"] + target["width"] / 2, target["y"] + target["height"] / 2)
    assert "selected" in page.locator(".canvas .box.current").get_attribute("class")


def test_the_wheel_scrolls_the_page_until_the_picture_is_clicked(page: Page, tmp_path) -> None:
    x = Value(2.0, label="x")
    opened_page(page, tmp_path, x * x)
    world = page.locator(".canvas .world")
    page.locator(".canvas").hover()
    before = world.get_attribute("transform")
    page.mouse.wheel(0, 100)
    page.evaluate("() => new Promise((done) => setTimeout(done, 50))")
    assert world.get_attribute("transform") == before
    page.locator(".canvas").click(position={"x": 5, "y": 5})
    page.mouse.wheel(0, 100)
    page.wait_for_function(
        "(t) => document.querySelector('.world').getAttribute('transform') !== t", arg=before
    )


def test_dragging_pans_and_does_not_select(page: Page, tmp_path: Path) -> None:
    x = Value(2.0, label="x")
    opened_page(page, tmp_path, x * x)
    before = box_named(page, "x").bounding_box()
    middle = before["x"] + before["width"] / 2, before["y"] + before["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1] + 40, steps=5)
    page.mouse.up()
    after = box_named(page, "x").bounding_box()
    assert after["x"] - before["x"] > 40
    assert "selected" not in box_named(page, "x").get_attribute("class")
