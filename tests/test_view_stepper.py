"""The stepper in a browser: what it says of each step, what it computes, what can be asked."""

import json
import math
import random
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from autograd import Value, dot, explain, log, maximum, step, topological_order, where
from autograd.frames import Frames
from autograd.view import module, style
from autograd.view import page as page_text
from autograd.wording import number, visible
from tests.browser import PATIENCE, module_page

expect.set_options(timeout=PATIENCE)  # a busy machine is slow
GRAPHS = 40  # random ones, each with both passes as they are and with both mistakes
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "]]>",
    '" onmouseover="alert(1)',
    "a\nb\x00\x1b[31m",
    "\u202eright to left",
    "𝕏" * 60,
    "x" * 100_000,
]


def small(at_a: float = 2.0, at_b: float = -3.0, at_c: float = 10.0) -> Value:
    """A dozen nodes: leaves that are used more than once, and a relu that is dead."""
    a, b, c = Value(at_a, label="a"), Value(at_b, label="b"), Value(at_c, label="c")
    d = a * b
    d.label = "d"
    return (d + c) * d * 0.01 + (a * -0.3).relu() * c + (b * a).tanh()


def opened(page: Page, folder: Path, root: Value, **switches: bool) -> Page:
    path = folder / "view.html"
    step(root, **switches).save(path)
    return shown(page, path)


def opened_document(page: Page, folder: Path, document: dict[str, Any]) -> Page:
    path = folder / "view.html"
    path.write_text(page_text("a test", module(), style(), {"document": document}), "utf-8")
    return shown(page, path)


def shown(page: Page, path: Path) -> Page:
    page.goto(path.as_uri())
    page.wait_for_selector("#view[data-ready='1']")
    page.focus("#view")
    return page


def at(page: Page) -> int:
    return int(page.locator(".scrubber input").input_value())


def expect_at(page: Page, t: int) -> None:
    expect(page.locator(".scrubber input")).to_have_value(str(t), timeout=PATIENCE)


def lines(page: Page) -> list[str]:
    return page.locator(".step-lines .formula").all_text_contents()


def spoken(page: Page) -> Locator:
    return page.locator(".step [aria-live]")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def find(page: Page, name: str) -> None:
    """Select a node by its name, as a user without a mouse does."""
    press(page, "/")
    page.get_by_label("Search nodes").fill(name)
    press(page, "Enter", "Escape")
    expect(page.locator(".panel-title")).to_have_text(name)


def leaf(page: Page, name: str) -> Locator:
    return page.locator(".leaf-card", has=page.get_by_role("button", name=name, exact=True))


def gradients(page: Page) -> list[str]:
    return page.locator(".leaf-gradient").all_text_contents()


def expected_gradients(root: Value, **switches: bool) -> list[str]:
    """What the leaves' cards say, from the frames that Python makes."""
    frames = Frames(root, **switches)
    final = {id(gift.parent): gift.after for frame in frames for gift in frame.gifts}
    leaves = [node for node in topological_order(root) if node.op is None]
    return [f"∂L/∂{x.label} = {number(final[id(x)])}" for x in leaves]


# -- the same frames in both languages -----------------------------------------------------------

# Numbers as text: on their way from the page, Playwright makes 0 of -0.
EVERY_FRAME = """
(documents) => documents.map(({ document, forgetZeroGrad, overwrite }) => {
  const text = (x) => (Object.is(x, -0) ? "-0" : String(x));
  const graph = decode(document);
  const frames = framesOf(graph, { forgetZeroGrad, overwrite });
  const all = [];
  for (let t = 0; t < frames.count; t++) {
    const { frame, grads, contributions } = stateAt(frames, t);
    const before = t > 0 ? stateAt(frames, t - 1).grads : frames.start;
    const parents = frame.kind === "backward" ? graph.parents[frame.node] : [];
    const edge = graph.edgeStart[frame.node];
    all.push({
      kind: frame.kind,
      text: textOf(frames, t).join("\\n"),
      gifts: parents.map((parent, k) => [contributions[edge + k], grads[parent]].map(text)),
      first: parents.length > 0 ? [grads[frame.node], before[parents[0]]].map(text) : [],
    });
  }
  return all;
})
"""


def bits(x: float) -> str:
    return "nan" if math.isnan(x) else float(x).hex()


def random_graph(rng: random.Random) -> Value:
    nodes = [
        Value(rng.choice([rng.uniform(-3, 3), 0.0, -0.0, 1e200, 0.1 + 0.2]), label=label)
        for label in rng.sample(["x", "w", "a label", "-b", "∂", "", "x" * 50], rng.randint(1, 5))
    ]
    for _ in range(rng.randint(1, 12)):
        a, b = rng.choice(nodes), rng.choice(nodes)
        some = [rng.choice([*nodes, 2.5, -0.0]) for _ in range(rng.randint(1, 6))]
        made = rng.choice(
            [
                lambda a=a, b=b: a * b,
                lambda a=a, b=b: a - b,
                lambda a=a, b=b: a / b,
                lambda a=a: -a,
                lambda a=a: 2.0 - a,
                lambda a=a: a**3.0,
                lambda a=a: a.tanh(),
                lambda a=a: a.relu(),
                lambda a=a: log(a),
                lambda a=a, b=b: where(a > b, a, 7.0),
                lambda a=a, some=some: maximum(a, *some),
                lambda a=a, some=some: dot([a, *some], [*some, a]),
            ]
        )()
        nodes.append(made)
    return sum(nodes[-3:], start=nodes[0] * 1.0)


def test_the_page_has_the_frames_of_python_number_by_number_and_word_by_word(page: Page) -> None:
    module_page(page, module("frames.js"), ["decode", "framesOf", "stateAt", "textOf"])
    rng = random.Random(20)
    cases, frames = [], []
    for _ in range(GRAPHS):
        root = random_graph(rng)
        document = json.loads(json.dumps(step(root).document(), allow_nan=False))
        for forget in (False, True):
            for over in (False, True):
                switches = {"forgetZeroGrad": forget, "overwrite": over}
                cases.append({"document": document, **switches})
                frames.append(list(Frames(root, forget_zero_grad=forget, overwrite=over)))
    for found, expected in zip(page.evaluate(EVERY_FRAME, cases), frames, strict=True):
        assert [frame["text"] for frame in found] == [str(frame) for frame in expected]
        for mine, frame in zip(found, expected, strict=True):
            assert mine["kind"] == frame.kind
            after = {id(gift.parent): gift.after for gift in frame.gifts}
            gifts = [[bits(float(x)) for x in gift] for gift in mine["gifts"]]
            assert gifts == [
                [bits(gift.contribution), bits(after[id(gift.parent)])] for gift in frame.gifts
            ]
            first = [bits(x) for gift in frame.gifts[:1] for x in (gift.adjoint, gift.before)]
            assert [bits(float(x)) for x in mine["first"]] == first


def test_a_sum_starts_from_its_first_term_and_keeps_the_sign_of_a_zero(page: Page) -> None:
    a = Value(2.0, label="a")
    root = a * -0.0 * 1.0
    module_page(page, module("frames.js"), ["decode", "framesOf", "stateAt"])
    for forget in (False, True):
        found = page.evaluate(
            """([document, forgetZeroGrad]) => {
              const frames = framesOf(decode(document), { forgetZeroGrad });
              return [...stateAt(frames, frames.count - 1).grads].map((x) => Object.is(x, -0));
            }""",
            [step(root).document(), forget],
        )
        assert found == [True, False, False]
    root.backward()
    assert repr(Frames(root).gradients()[id(a)]) == "-0.0"


def test_a_negative_number_to_a_power_is_enclosed(page: Page, tmp_path: Path) -> None:
    a = Value(-3.0, label="a")
    root = a**2.0
    opened(page, tmp_path, root)
    press(page, "ArrowRight")
    assert lines(page) == ["L = a ^ 2 = (-3) ^ 2 = 9"]


# -- stepping ------------------------------------------------------------------------------------


def test_every_step_says_what_its_frame_says(page: Page, tmp_path: Path) -> None:
    root = small()
    opened(page, tmp_path, root)
    for frame in step(root):
        assert at(page) == frame.index
        words = [line[10:] for line in str(frame).split("\n")]
        assert lines(page) == words
        expect(page.locator(".step .kind")).to_have_text(frame.kind)
        expect(spoken(page)).to_have_text(f"{frame.kind} {f'; {frame.kind} '.join(words)}")
        press(page, "ArrowRight")
    assert at(page) == len(step(root)) - 1


def test_a_key_goes_to_a_step(page: Page, tmp_path: Path) -> None:
    root = small()
    last = len(step(root)) - 1
    opened(page, tmp_path, root)
    for key, stands in [
        *[("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("k", 2), ("k", 3), ("j", 2)],
        *[("Home", 0), ("ArrowLeft", 0), ("End", last), ("ArrowRight", last), ("j", last - 1)],
    ]:
        press(page, key)
        assert at(page) == stands, key


def test_the_buttons_step_and_those_that_lead_nowhere_are_off(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, small())
    button = {name: page.get_by_role("button", name=name, exact=True) for name in BUTTONS}
    expect(button["First step"]).to_be_disabled()
    button["Next step"].click()
    button["Next step"].click()
    button["Previous step"].click()
    assert at(page) == 1
    button["Last step"].click()
    expect(button["Next step"]).to_be_disabled()
    expect(button["Last step"]).to_be_disabled()
    button["First step"].click()
    assert at(page) == 0


BUTTONS = ("First step", "Previous step", "Next step", "Last step")


def test_space_plays_and_pauses(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, small())
    page.get_by_label("Speed").select_option("10")
    page.focus("#view")
    press(page, " ")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    while at(page) <= 3:
        page.wait_for_timeout(20)
    press(page, " ")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    stands = at(page)
    page.wait_for_timeout(300)
    assert at(page) == stands


def test_playing_ends_at_the_end_and_begins_again(page: Page, tmp_path: Path) -> None:
    root = small()
    opened(page, tmp_path, root)
    page.get_by_label("Speed").select_option("1000")
    play = page.get_by_role("button", name="Play", exact=True)
    play.click()
    expect_at(page, len(step(root)) - 1)
    expect(play).to_be_visible()
    page.get_by_label("Speed").select_option("0.5")
    play.click()
    assert at(page) == 0


def test_the_scrubber_goes_anywhere_and_says_where_it_is(page: Page, tmp_path: Path) -> None:
    root = small()
    opened(page, tmp_path, root)
    scrubber = page.locator(".scrubber input")
    scrubber.fill("20")
    frames = step(root)
    assert lines(page) == [line[10:] for line in str(frames[20]).split("\n")]
    said = scrubber.get_attribute("aria-valuetext")
    assert f"{said}".startswith(f"20 of {len(frames) - 1}: {frames[20].kind}")
    scrubber.focus()
    press(page, "ArrowLeft")
    assert at(page) == 19  # once, not by the browser and by us
    widths = page.locator(".zone").evaluate_all("zones => zones.map(z => z.clientWidth)")
    n = len(frames.frames.order)
    assert widths[0] / sum(widths) == pytest.approx((n - 0.5) / (len(frames) - 1), abs=0.03)


def test_what_is_typed_into_a_field_steps_nothing(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, small())
    page.get_by_label("Search nodes").focus()
    press(page, "k", "ArrowRight", " ", "End", "b")
    assert at(page) == 0
    expect(page.get_by_label("Search nodes")).to_have_value("k b")
    page.locator(".leaf-card input[type=range]").first.focus()
    press(page, "ArrowRight")
    assert at(page) == 0


def test_no_key_reaches_what_is_around_the_view(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, small())
    page.evaluate("heard = 0; document.addEventListener('keydown', () => { heard++; })")
    press(page, "a", "ArrowRight", "b", "Escape", "Enter", "/", "x", "ArrowLeft")
    assert page.evaluate("heard") == 0


def test_what_is_spoken_can_be_followed_while_it_plays(page: Page, tmp_path: Path) -> None:
    x = Value(0.5, label="x")
    root = x
    for _ in range(60):
        root = root * 1.01
    opened(page, tmp_path, root)
    page.evaluate(
        """() => {
          told = 0;
          new MutationObserver(() => { told++; }).observe(
            document.querySelector(".step [aria-live]"), { childList: true });
        }"""
    )
    page.get_by_label("Speed").select_option("100")
    page.get_by_role("button", name="Play", exact=True).click()
    last = len(step(root)) - 1
    expect_at(page, last)
    expect(spoken(page)).to_contain_text("∂L/∂x")
    assert page.evaluate("told") < 20  # of 122 steps


# -- one node ------------------------------------------------------------------------------------


def test_a_click_on_a_node_shows_it_and_another_lets_the_panel_follow(
    page: Page, tmp_path: Path
) -> None:
    opened(page, tmp_path, small())
    press(page, "End")
    title = page.locator("title", has_text=re.compile("^b$"))
    box = page.locator(".graph-pane g", has=title).last.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".panel-title")).to_have_text("b")
    expect(page.locator(".panel-following")).to_have_text("selected")
    press(page, "Escape")
    expect(page.locator(".panel-following")).to_have_text("follows the steps")


def test_the_chain_rule_is_a_sum_where_a_node_is_used_more_than_once(
    page: Page, tmp_path: Path
) -> None:
    a = Value(3.0, label="a")
    b, c = a * 2.0, a * 0.5
    b.label, c.label = "b", "c"
    opened(page, tmp_path, b * c)
    find(page, "a")
    chain = page.locator(".section", has=page.get_by_text("Chain rule")).locator(".formula")
    whole = "∂L/∂a = ∂L/∂c · ∂c/∂a + ∂L/∂b · ∂b/∂a"
    expect(chain).to_have_text([whole])
    press(page, "End", "ArrowLeft")
    expect(chain).to_have_text([whole, "= 6 × 0.5", "= 3, and 1 to come"])
    press(page, "End")
    expect(chain).to_have_text([whole, "= 6 × 0.5 + 1.5 × 2", "= 3 + 3", "= 6"])


def test_the_panel_tells_formula_local_gradients_and_relatives(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, small())
    find(page, "d")
    panel = page.locator(".panel")
    expect(panel.locator(".figure.value .figure-number, .figure-number").first).to_have_text("–")
    press(page, "End")
    expect(panel).to_contain_text("d = a × b")
    expect(panel).to_contain_text("= 2 × -3")
    expect(panel).to_contain_text("∂d/∂a = b = -3")
    expect(panel).to_contain_text("∂d/∂b = a = 2")
    expect(panel.locator(".figure-number").first).to_have_text("-6")
    ancestors = panel.get_by_role("button", name="2 ancestors")
    ancestors.click()
    expect(ancestors).to_have_attribute("aria-pressed", "true")
    press(page, "Escape")
    expect(ancestors).to_have_attribute("aria-pressed", "false")


def test_run_to_here_goes_where_the_node_acts_next(page: Page, tmp_path: Path) -> None:
    root = small()
    frames = step(root)
    opened(page, tmp_path, root)
    find(page, "d")
    acts = [f.index for f in frames if f.node.label == "d"]
    run = page.get_by_role("button", name="Run to here")
    for expected in [*acts, acts[0]]:
        run.click()
        assert at(page) == expected
    find(page, "a")
    run.click()  # a leaf, from the forward pass: to where its gradient is complete
    assert any(gift.parent.label == "a" for gift in frames[at(page)].gifts)
    later = list(frames)[at(page) + 1 :]
    assert not any(gift.parent.label == "a" for frame in later for gift in frame.gifts)


def test_the_search_finds_names_and_operations(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, small())
    press(page, "/")
    page.keyboard.type("tanh")
    expect(page.locator(".matches")).to_have_text("1 found")
    press(page, "Enter")
    expect(page.locator(".badge")).to_have_text("tanh")
    press(page, "Escape")
    expect(page.get_by_label("Search nodes")).to_have_value("")


def test_an_explained_gradient_lists_its_paths_and_lights_them(page: Page, tmp_path: Path) -> None:
    x, w = Value(2.0, label="x"), Value(3.0, label="w")
    why = explain(x, x * w + x * x)
    why.step().save(tmp_path / "view.html")
    shown(page, tmp_path / "view.html")
    press(page, "End")
    expect(page.locator(".panel")).to_contain_text(str(why).split("\n")[0])
    rows, lit = page.locator(".path"), page.locator(".graph-pane g.explained")
    expect(rows).to_have_text(["L ← v2 ← x343 %", "L ← v3 ← x229 %", "L ← v3 ← x229 %"])
    expect(lit).to_have_count(0)
    rows.nth(0).click()
    page.mouse.move(0, 0)
    expect(rows.nth(0)).to_have_attribute("aria-pressed", "true")
    expect(lit).to_have_count(2)
    rows.nth(1).hover()
    expect(lit).to_have_count(2)
    page.mouse.move(0, 0)
    press(page, "Escape")
    expect(rows.nth(0)).to_have_attribute("aria-pressed", "false")
    expect(lit).to_have_count(0)


def test_the_keys_are_listed_until_escape(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, small())
    press(page, "?")
    expect(page.get_by_role("dialog")).to_contain_text("previous, next step")
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


# -- breakpoints ---------------------------------------------------------------------------------


def run(page: Page) -> None:
    page.get_by_role("button", name="Run to the next stop").click()


def expect_stop(page: Page, why: str) -> None:
    expect(page.locator(".stopped")).to_have_text(f"Stopped: {why}")
    expect(spoken(page)).to_contain_text(why)


def test_playing_stops_at_a_node_forward_and_backward(page: Page, tmp_path: Path) -> None:
    root = small()
    opened(page, tmp_path, root)
    find(page, "d")
    press(page, "b")
    page.get_by_label("Speed").select_option("1000")
    page.focus("#view")
    forward, backward = [f.index for f in step(root) if f.node.label == "d"]
    press(page, " ")
    expect_stop(page, "d gets its value")
    assert at(page) == forward
    press(page, " ")
    expect_stop(page, "d gives to its parents")
    assert at(page) == backward
    page.get_by_role("button", name="Remove the breakpoint at d").click()
    press(page, "Home", "r")
    expect(page.locator(".stopped")).to_have_text("No stop in this run")
    assert at(page) == 0


def test_a_run_stops_where_a_nan_is_born_and_not_where_it_is_handed_on(
    page: Page, tmp_path: Path
) -> None:
    x, y = Value(-1.0, label="x"), Value(0.0, label="y")
    n = log(x)
    n.label = "n"
    opened(page, tmp_path, n * 2.0 + y.sqrt() * 0.0)
    page.get_by_label("nan").check()
    run(page)
    expect_stop(page, "n becomes nan")
    run(page)  # on to the infinite slope of a root at 0, which 0 · inf makes a nan
    expect_stop(page, "∂L/∂y becomes nan")
    run(page)
    expect_stop(page, "∂L/∂x becomes nan")
    run(page)
    expect(page.locator(".stopped")).to_have_text("No further stop in this run")


def test_a_run_stops_where_a_gradient_outgrows_the_bound(page: Page, tmp_path: Path) -> None:
    x = Value(1.0, label="x")
    u = x * 30.0
    u.label = "u"
    opened(page, tmp_path, u * -4.0)
    page.get_by_label("|gradient| >").check()
    run(page)
    expect_stop(page, "∂L/∂x = -120 is larger than 10")
    page.get_by_label("Bound of the size").fill("3.5")
    press(page, "Escape", "Escape")
    page.focus("#view")
    press(page, "Home", "r")
    expect_stop(page, "∂L/∂u = -4 is larger than 3.5")
    page.get_by_label("Bound of the size").fill("500")
    page.focus("#view")
    press(page, "Home", "r")
    expect(page.locator(".stopped")).to_have_text("No stop in this run")


def test_a_run_stops_at_a_dead_relu_and_not_at_a_living_one(page: Page, tmp_path: Path) -> None:
    x = Value(2.0, label="x")
    alive, dead = x.relu(), (-x).relu()
    alive.label, dead.label = "alive", "dead"
    opened(page, tmp_path, alive * 3.0 + dead)
    page.get_by_label("dead relu").check()
    run(page)
    expect_stop(page, "dead is a dead relu: no gradient passes through it")
    run(page)
    expect(page.locator(".stopped")).to_have_text("No further stop in this run")


def test_a_stop_follows_the_numbers(page: Page, tmp_path: Path) -> None:
    x = Value(2.0, label="x")
    opened(page, tmp_path, x.relu() * 3.0)
    page.get_by_label("dead relu").check()
    expect(page.locator(".stop-count")).to_have_text("no stops in this run")
    page.get_by_label("x, as a number").fill("-1")
    expect(page.locator(".stop-count")).to_have_text("1 stop in this run")


# -- the two mistakes ----------------------------------------------------------------------------


def test_a_forgotten_zero_grad_doubles_the_leaves(page: Page, tmp_path: Path) -> None:
    root = small()
    opened(page, tmp_path, root)
    before = gradients(page)
    page.get_by_label("forget zero_grad").check()
    assert gradients(page) == expected_gradients(root, forget_zero_grad=True) != before
    root.backward()
    root.backward()
    twice = [x for x in topological_order(root) if x.op is None]
    assert gradients(page) == [f"∂L/∂{x.label} = {number(x.grad)}" for x in twice]
    expect(page.locator(".wrong")).to_contain_text("a: ")
    page.get_by_label("forget zero_grad").uncheck()
    assert gradients(page) == before
    expect(page.locator(".wrong")).to_be_hidden()


def test_overwriting_keeps_the_last_contribution_alone(page: Page, tmp_path: Path) -> None:
    root = small()
    opened(page, tmp_path, root)
    page.get_by_label("overwrite instead of add").check()
    assert gradients(page) == expected_gradients(root, overwrite=True)
    press(page, "End")
    find(page, "a")
    expect(page.locator(".mistake")).to_contain_text("only the last of 3 contributions counts")
    expect(page.locator(".check.differs")).not_to_have_count(0)


def test_a_page_opens_with_the_mistakes_that_it_was_asked_for(page: Page, tmp_path: Path) -> None:
    root = small()
    opened(page, tmp_path, root, forget_zero_grad=True, overwrite=True)
    assert gradients(page) == expected_gradients(root, forget_zero_grad=True, overwrite=True)
    expect(page.get_by_label("overwrite instead of add")).to_be_checked()


# -- leaves that move ----------------------------------------------------------------------------


def test_moving_a_leaf_computes_both_passes_again(page: Page, tmp_path: Path) -> None:
    root = small()
    opened(page, tmp_path, root)
    press(page, "End")
    moved = {"a": -1.5, "b": 0.25, "c": 1e-3}
    for name, x in moved.items():
        page.get_by_label(f"{name}, as a number").fill(str(x))
    again = small(*moved.values())
    assert gradients(page) == expected_gradients(again)
    find(page, "L")
    expect(page.locator(".figure-number").first).to_have_text(number(again.data))
    page.get_by_role("button", name="Reset all").click()
    assert gradients(page) == expected_gradients(root)


def test_a_slider_moves_by_hundredths_and_comes_back_to_the_last_bit(
    page: Page, tmp_path: Path
) -> None:
    x = Value(1 / 3, label="x")
    opened(page, tmp_path, x * x)
    slider = page.get_by_label("x", exact=True)
    slider.focus()
    typed = page.get_by_label("x, as a number")
    press(page, "ArrowRight", "ArrowRight")
    assert float(typed.input_value()) == pytest.approx(1 / 3 + 0.02, rel=1e-5)
    expect(page.locator(".check.agrees")).to_contain_text("differences: 0.70666")
    press(page, "ArrowLeft", "ArrowLeft")
    typed.focus()  # where it has all digits
    assert float(typed.input_value()) == 1 / 3
    expect(page.get_by_role("button", name="Reset x")).to_be_disabled()


def test_the_check_agrees_where_all_is_right_and_differs_where_a_rule_is_wrong(
    page: Page, tmp_path: Path
) -> None:
    root = small()
    opened(page, tmp_path, root)
    expect(page.locator(".check.agrees")).to_have_count(3)
    document = step(root).document()
    operations = [node.op.name if node.op else "" for node in topological_order(root)]
    wrong = operations.index("tanh")
    document["numbers"].append(document["numbers"][document["local_grads"][wrong][0]] + 0.01)
    document["local_grads"][wrong] = [len(document["numbers"]) - 1]
    opened_document(page, tmp_path, document)
    expect(leaf(page, "a").locator(".check")).to_have_class("check differs")
    expect(leaf(page, "c").locator(".check")).to_have_class("check agrees")


def test_a_kink_is_told_from_a_mistake(page: Page, tmp_path: Path) -> None:
    x = Value(0.0, label="x")
    opened(page, tmp_path, x.relu() * 2.0)
    check = page.locator(".check")
    expect(check).to_have_text("a kink: the slopes beside it are 0 | 2")


@pytest.mark.parametrize("name", ["sqrt", "log"])
def test_where_there_is_no_difference_the_check_says_so(
    page: Page, tmp_path: Path, name: str
) -> None:
    x = Value(0.0, label="x")
    opened(page, tmp_path, getattr(x, name)())
    check = page.locator(".check")
    expect(check).to_have_text("no difference here: f is not finite beside x")
    expect(check).to_have_class("check none")
    page.get_by_label("x, as a number").fill("4")
    expect(check).to_have_class("check agrees")


def test_a_gradient_agrees_with_a_difference_that_is_the_same_infinity_or_nan(page: Page) -> None:
    module_page(page, module("differences.js"), ["judged"])
    verdict = """([gradient, central]) => judged(
      Number(gradient), { central: Number(central), left: 0, right: 0, rounding: Infinity })"""
    found = {
        (gradient, central): page.evaluate(verdict, [gradient, central])
        for gradient in ("1", "Infinity", "-Infinity", "NaN")
        for central in ("Infinity", "NaN")
    }
    agreeing = {("Infinity", "Infinity"), ("NaN", "NaN")}
    assert found == {pair: "agrees" if pair in agreeing else "none" for pair in found}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"program": None, "why_not_live": "no <rules> for it"}, "no <rules> for it"),
        ({"ops": ["riddle"]}, "no script computes riddle"),
    ],
)
def test_sliders_that_cannot_work_are_off_and_say_why(
    page: Page, tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    document = step(small()).document()
    if "ops" in change:
        document["program"]["ops"][0] = change["ops"][0]
    else:
        document |= change
    opened_document(page, tmp_path, document)
    expect(page.locator(".why-still")).to_have_text(f"The sliders are off: {why}.")
    for field in page.locator(".leaf-card input").all():
        expect(field).to_be_disabled()
    press(page, "End")
    assert lines(page)


def test_of_many_leaves_those_are_shown_that_were_asked_for(page: Page, tmp_path: Path) -> None:
    xs = [Value(float(i), label=f"x{i}") for i in range(30)]
    opened(page, tmp_path, dot(xs, [0.5] * 30))
    cards = page.locator(".leaf-card")
    expect(cards).to_have_count(0)
    page.get_by_label("Find one of 30 leaves").fill("x7")
    expect(cards).to_have_count(1)
    page.get_by_role("button", name="Pin x7").click()
    page.get_by_label("Find one of 30 leaves").fill("")
    expect(cards).to_have_count(1)
    find(page, "x12")
    expect(cards).to_have_count(2)


# -- the kernel ----------------------------------------------------------------------------------

A_MODEL = """
(state) => {
  const callbacks = {};
  window.sent = [];
  window.model = {
    get: (name) => state[name],
    set(name, value) {
      window.sent.push([name, value]);
      state[name] = value;
      (callbacks[name] ?? []).forEach((callback) => callback());
    },
    on: (name, callback) => (callbacks[name] ??= []).push(callback),
  };
  window.tell = (name, value) => {
    state[name] = value;
    (callbacks[name] ?? []).forEach((callback) => callback());
  };
  const element = document.body.appendChild(document.createElement("div"));
  element.id = "view";
  window.unmount = mount(element, window.model);
}
"""


def with_model(page: Page, root: Value, **state: Any) -> Page:
    module_page(page, module().replace("export default", "const widget ="), ["mount"])
    page.add_style_tag(content=style())
    page.evaluate(A_MODEL, {"document": step(root).document(), **state})
    page.wait_for_selector("#view[data-ready='1']")
    page.focus("#view")
    return page


def sent(page: Page) -> list[list[Any]]:
    page.wait_for_timeout(250)  # two pauses between messages
    found: list[list[Any]] = page.evaluate("window.sent.splice(0)")
    return found


def test_what_the_user_does_is_told_to_the_model_once(page: Page) -> None:
    with_model(page, small())
    assert sent(page) == []
    press(page, "ArrowRight")
    assert sent(page) == [["step", 1]]
    find(page, "d")
    assert [name for name, _ in sent(page)] == ["selected"]
    page.get_by_label("overwrite instead of add").check()
    assert sent(page) == [["overwrite", True]]
    page.get_by_label("a, as a number").fill("5")
    assert sent(page) == [["leaves", [5.0, -3.0, 10.0]]]


def test_what_the_model_says_is_shown_and_not_said_back(page: Page) -> None:
    root = small()
    with_model(page, root)
    page.evaluate("tell('step', 9)")
    assert at(page) == 9
    page.evaluate("tell('selected', 1)")
    expect(page.locator(".panel-title")).to_have_text("b")
    page.evaluate("tell('forget_zero_grad', true)")
    assert gradients(page) == expected_gradients(root, forget_zero_grad=True)
    page.evaluate("tell('forget_zero_grad', false)")
    page.evaluate("tell('leaves', [1.0, 2.0, 3.0])")
    assert gradients(page) == expected_gradients(small(1.0, 2.0, 3.0))
    assert sent(page) == []


def test_playing_tells_the_model_at_most_ten_times_a_second(page: Page) -> None:
    x = Value(0.5, label="x")
    root = x
    for _ in range(100):
        root = root * 1.01
    with_model(page, root)
    page.get_by_label("Speed").select_option("100")
    page.get_by_role("button", name="Play", exact=True).click()
    last = len(step(root)) - 1
    expect_at(page, last)
    told = sent(page)
    assert told[-1] == ["step", last]
    assert len(told) < last / 4  # 202 steps in two seconds or more


def told_and_shown(page: Page, name: str) -> tuple[Any, int]:
    page.wait_for_timeout(300)  # three pauses between messages
    return page.evaluate("name => model.get(name)", name), at(page)


def test_a_step_that_the_model_sets_while_it_plays_is_the_last_word(page: Page) -> None:
    x = Value(0.5, label="x")
    root = x
    for _ in range(200):
        root = root * 1.01
    with_model(page, root)
    page.get_by_label("Speed").select_option("30")
    page.get_by_role("button", name="Play", exact=True).click()
    for _ in range(5):  # some of them while a step waits to be told
        page.wait_for_function("Number(document.querySelector('.scrubber input').value) > 4")
        page.evaluate("tell('step', 1)")
        assert told_and_shown(page, "step") == (1, 1)
        page.get_by_role("button", name="Play", exact=True).click()


@pytest.mark.parametrize(("asked", "stands"), [(10_000, -1), (-5, 0), (2.4, 2), (None, 7)])
def test_a_step_that_there_is_not_becomes_the_nearest_one_on_both_sides(
    page: Page, asked: float | None, stands: int
) -> None:
    root = small()
    last = len(step(root)) - 1
    stands = last if stands < 0 else stands
    with_model(page, root, step=7)
    page.evaluate("asked => tell('step', asked)", asked)
    assert told_and_shown(page, "step") == (stands, stands)
    page.evaluate("tell('step', 3)")
    assert told_and_shown(page, "step") == (3, 3)


def test_a_step_that_there_is_not_at_the_start_is_the_last_one(page: Page) -> None:
    last = len(step(small())) - 1
    with_model(page, small(), step=999)
    assert told_and_shown(page, "step") == (last, last)


@pytest.mark.parametrize(
    "wrong", [[None, 1, 2], [1.0], [], ["x", 1, 2], ["1", 1, 2], [[1], 1, 2], {"a": 1}]
)
def test_leaves_that_are_no_such_list_are_ignored_and_the_model_is_told_what_is_shown(
    page: Page, wrong: object
) -> None:
    root = small()
    own = [2.0, -3.0, 10.0]
    with_model(page, root, leaves=wrong)
    assert told_and_shown(page, "leaves") == (own, 0)
    page.evaluate("tell('leaves', [1, 'nan', '-inf'])")
    page.evaluate("wrong => tell('leaves', wrong)", wrong)
    assert told_and_shown(page, "leaves") == ([1, "nan", "-inf"], 0)
    page.evaluate("own => tell('leaves', own)", own)
    assert gradients(page) == expected_gradients(root)


def test_leaves_that_cannot_move_are_told_back(page: Page) -> None:
    document = step(small()).document() | {"program": None, "why_not_live": "a test"}
    with_model(page, small(), document=document)
    page.evaluate("tell('leaves', [1, 2, 3])")
    assert told_and_shown(page, "leaves") == ([2.0, -3.0, 10.0], 0)


def test_a_model_that_knows_more_is_believed_at_the_start(page: Page) -> None:
    state = {"step": 7, "selected": 2, "leaves": [1.0, 2.0, 3.0], "overwrite": True}
    with_model(page, small(), **state)
    assert at(page) == 7
    assert gradients(page) == expected_gradients(small(1.0, 2.0, 3.0), overwrite=True)
    assert sent(page) == []


def test_a_new_document_takes_the_place_of_the_old_and_unmounting_leaves_nothing(
    page: Page,
) -> None:
    with_model(page, small())
    page.evaluate(
        "document => tell('document', document)", step(Value(4.0, label="q") * 2.0).document()
    )
    expect(page.locator(".step-lines")).to_have_text("q = 4")
    page.evaluate("unmount()")
    expect(page.locator("#view")).to_have_js_property("outerHTML", '<div id="view" class=""></div>')


def test_a_step_of_the_old_document_is_not_told_after_a_new_one(page: Page) -> None:
    with_model(page, small())
    press(page, "ArrowRight", "ArrowRight", "ArrowRight")
    page.evaluate(
        "document => { model.set('step', 0); tell('document', document); }",
        step(Value(4.0, label="q") * 2.0).document(),
    )
    assert told_and_shown(page, "step") == (0, 0)


def test_a_view_that_is_taken_away_before_it_is_painted_leaves_nothing(page: Page) -> None:
    with_model(page, small())
    page.evaluate(
        """() => {
          const element = document.body.appendChild(document.createElement("div"));
          element.id = "other";
          mount(element, window.model)();
        }"""
    )
    page.wait_for_timeout(100)
    expect(page.locator("#other")).to_have_js_property(
        "outerHTML", '<div id="other" class=""></div>'
    )


A_WIDGET_MODEL = """
(state) => {
  const heard = [];
  window.saved = 0;
  window.model = {
    get: (name) => state[name],
    set(name, value) { state[name] = value; },
    save_changes() { window.saved++; },
    on: (event, callback) => heard.push([event, callback]),
    off(event, callback) {
      heard.splice(heard.findIndex(([e, c]) => e === event && c === callback), 1);
    },
  };
  window.heard = heard;
  const el = document.body.appendChild(document.createElement("div"));
  el.id = "view";
  window.leave = widget.render({ model: window.model, el });
}
"""


def test_anywidget_renders_it_saves_each_change_and_cleans_up(page: Page) -> None:
    module_page(page, module().replace("export default", "const widget ="), ["widget"])
    page.evaluate(A_WIDGET_MODEL, {"document": step(small()).document(), "step": 3})
    page.wait_for_selector("#view[data-ready='1']")
    assert at(page) == 3
    page.focus("#view")
    press(page, "ArrowRight")
    assert page.evaluate("[model.get('step'), saved]") == [4, 1]
    events = page.evaluate("heard.map(([event]) => event).sort()")
    names = ["document", "forget_zero_grad", "leaves", "overwrite", "selected", "step"]
    assert events == [f"change:{name}" for name in names]
    page.evaluate("leave()")
    assert page.evaluate("heard.length") == 0
    assert page.locator("#view > *").count() == 0


# -- text is text --------------------------------------------------------------------------------


def test_hostile_labels_are_text(page: Page, tmp_path: Path) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a label ran: {dialog.message}"))
    opened(
        page, tmp_path, dot([Value(2.0, label=label) for label in HOSTILE], [1.0] * len(HOSTILE))
    )
    for label in HOSTILE:
        assert lines(page) == [f"{visible(label)} = 2"]
        page.get_by_role("button", name="Break here").click()
        page.locator(".leaf-name").nth(at(page)).click()
        expect(page.locator(".panel-title")).to_have_text(visible(label))
        press(page, "Escape", "ArrowRight")
    assert page.locator("#view img, #view script, #view [onmouseover]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


# -- looks ---------------------------------------------------------------------------------------

ENOUGH = 4.5  # the contrast that WCAG 2.1 asks of small text
GROUNDS = ("paper", "panel", "raised")
TEXTS = ("ink", "quiet", "accent", "positive", "negative", "good", "bad")
PAIRS = [(text, ground) for text in TEXTS for ground in GROUNDS]
PAIRS += [("accent", "accent-fill"), ("bad", "bad-fill"), ("ink", "bad-fill"), ("nan-ink", "nan")]
PAIRS += [("ink", "positive-fill"), ("ink", "negative-fill"), ("ink", "accent-fill")]


def luminance(colour: str) -> float:
    """WCAG's relative luminance of #rrggbb."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_all_text_has_enough_contrast(scheme: int) -> None:
    rules = re.findall(r"--([\w-]+): (?:light-dark\()?(#\w{6})(?:, (#\w{6})\))?;", style())
    colours = {name: pair[scheme] or pair[0] for name, *pair in rules}
    for text, ground in PAIRS:
        one, other = sorted([luminance(colours[text]), luminance(colours[ground])])
        assert (other + 0.05) / (one + 0.05) >= ENOUGH, f"{text} on {ground}"


def test_nothing_sticks_out_sideways(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, small())
    press(page, "End")
    page.get_by_label("overwrite instead of add").check()
    for width in (480, 600, 900, 1200, 2000):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), width


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
def test_a_notebook_says_its_theme_and_wins(page: Page, tmp_path: Path, colour_scheme: str) -> None:
    opened(page, tmp_path, small())
    paper = "getComputedStyle(document.querySelector('#view')).backgroundColor"
    light, dark = "rgb(255, 255, 255)", "rgb(21, 23, 28)"
    assert page.evaluate(paper) == (light if colour_scheme == "light" else dark)
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    assert page.evaluate(paper) == dark
    page.evaluate("document.body.dataset.jpThemeLight = 'true'")
    assert page.evaluate(paper) == light
    page.evaluate("delete document.body.dataset.jpThemeLight; view.dataset.theme = 'dark'")
    assert page.evaluate(paper) == dark


def test_a_local_gradient_s_formula_is_in_the_node_s_own_names(page: Page, tmp_path: Path) -> None:
    w, b = Value(2.0, label="w"), Value(-3.0, label="b")
    opened(page, tmp_path, (w * b).tanh() ** 2.0)
    page.locator(".scrubber input").fill("2")
    local = page.locator(".panel .formula").filter(has_text="∂v2/∂")
    expect(local.nth(0)).to_have_text("∂v2/∂w = b = -3")
    expect(local.nth(1)).to_have_text("∂v2/∂b = w = 2")
