"""What new users stumbled over in the stepper: each of it once, in a browser, as they met it."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

import nn
from autograd import Value, explain, log, step, sum, topological_order
from tests.browser import PATIENCE

expect.set_options(timeout=PATIENCE)  # a busy machine is slow
PIXEL = 1.5  # by which places on the screen may differ: they are rounded on the way
SHOWN_DIGITS = 1e-5  # relative: a field that is not being typed into has six digits
WORLD = "() => document.querySelector('.picture .world').getAttribute('transform')"


def opened(page: Page, folder: Path, root: Value, overwrite: bool = False) -> Page:
    path = folder / "view.html"
    step(root, overwrite=overwrite).save(path)
    return shown(page, path)


def shown(page: Page, path: Path) -> Page:
    page.goto(path.as_uri())
    page.wait_for_selector("#view[data-ready='1']")
    return page


def painted(page: Page) -> None:
    page.evaluate("() => new Promise((f) => requestAnimationFrame(() => setTimeout(f, 50)))")


def product() -> Value:
    x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    return (x * w).tanh() + x


def network(widths: list[int], samples: int = 1) -> Value:
    model = nn.MLP(2, widths, activation="tanh", seed=0)
    losses = [nn.hinge(model([0.02 * i - 0.3, 0.5]), 1.0) for i in range(samples)]
    return sum(losses) / samples


def chain_rule(page: Page) -> Locator:
    return page.locator(".section", has=page.get_by_text("Chain rule")).locator(".formula")


def choose(page: Page, name: str) -> None:
    page.locator(".leaf-name").get_by_text(name, exact=True).click()
    expect(page.locator(".panel-title")).to_have_text(name)


# -- the pane ------------------------------------------------------------------------------------


def test_a_view_that_was_hidden_shows_again_what_it_showed(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, product())
    pane = page.locator(".picture")
    pane.click(position={"x": 5, "y": 5})
    page.mouse.move(500, 300)
    page.mouse.wheel(0, -300)
    painted(page)
    for display in ("none", ""):
        before = page.evaluate(WORLD)
        page.evaluate("display => { view.style.display = display; }", display)
        painted(page)
        assert page.evaluate(WORLD) == before


def test_a_graph_that_was_fitted_is_fitted_again_where_the_pane_has_another_size(
    page: Page, tmp_path: Path
) -> None:
    opened(page, tmp_path, network([3, 1]))
    page.get_by_role("button", name="Fit the whole graph").click()
    for width in (700, 1500):
        page.set_viewport_size({"width": width, "height": 900})
        painted(page)
        after = page.evaluate(WORLD)
        page.get_by_role("button", name="Fit the whole graph").click()
        painted(page)
        assert page.evaluate(WORLD) == after
    page.locator(".picture").hover(position={"x": 20, "y": 20})
    page.mouse.down()
    page.mouse.move(500, 400, steps=3)
    page.mouse.up()
    painted(page)
    scale = page.evaluate(WORLD).split("scale")[1]
    page.set_viewport_size({"width": 800, "height": 900})
    painted(page)
    assert page.evaluate(WORLD).split("scale")[1] == scale


def test_fit_shows_all_of_five_thousand_nodes_one_by_one(page: Page, tmp_path: Path) -> None:
    root = network([16, 16, 1], samples=69)
    assert len(topological_order(root)) > 5_000
    page.set_viewport_size({"width": 1280, "height": 560})
    opened(page, tmp_path, root)
    page.locator(".tools [data-level=nodes]").click()
    page.get_by_role("button", name="Fit the whole graph").click()
    painted(page)
    pane = page.locator(".picture").bounding_box()
    world = page.locator(".picture .world").bounding_box()
    assert pane
    assert world
    assert world["x"] >= pane["x"] - PIXEL
    assert world["y"] >= pane["y"] - PIXEL
    assert world["x"] + world["width"] <= pane["x"] + pane["width"] + PIXEL
    assert world["y"] + world["height"] <= pane["y"] + pane["height"] + PIXEL


def test_a_value_that_is_nan_is_marked_before_any_gradient_is(page: Page, tmp_path: Path) -> None:
    x = Value(-1.0, label="x")
    y = log(x)
    y.label = "y"
    opened(page, tmp_path, y * 2.0)
    box = page.locator(".picture [data-box='y']")
    assert "nan" not in f"{box.get_attribute('class')}".split()
    page.keyboard.press("ArrowRight")
    painted(page)
    assert "nan" in f"{box.get_attribute('class')}".split()
    expect(box.locator(".number")).to_have_text(["nan", ""])
    assert "nan" not in f"{page.locator('.picture [data-box=x]').get_attribute('class')}".split()


# -- leaves --------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [480, 860, 1150, 1600])
def test_no_card_of_a_leaf_is_wider_than_its_place(width: int, page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, tmp_path, network([16, 16, 1]))
    page.get_by_placeholder("Find one of").fill("layers.1.neurons.13")
    expect(page.locator(".leaf-card")).not_to_have_count(0)
    expect_cards_fit(page)
    label = "a" * 100_000
    opened(page, tmp_path, Value(-1.2345678e-9, label=label) * Value(2.0, label=f"b{label}"))
    expect(page.locator(".check.agrees")).to_have_count(2)
    expect_cards_fit(page)


def expect_cards_fit(page: Page) -> None:
    too_wide = page.evaluate(
        """() => {
          const all = [...document.querySelectorAll(".leaf-rows, .leaf-card, .leaf-card *")];
          const isCut = (x) => x.matches(".leaf-name, .leaf-name *"); // by an ellipsis
          const rows = document.querySelector(".leaf-rows").getBoundingClientRect();
          const cards = [...document.querySelectorAll(".leaf-card")];
          const wide = all.filter((x) => !isCut(x) && x.scrollWidth > x.clientWidth + 1
            && getComputedStyle(x).display !== "inline");
          const outside = cards.flatMap((card) => {
            const { left, right } = card.getBoundingClientRect();
            const parts = [...card.querySelectorAll("*:not(bdi)")].map((x) =>
              x.getBoundingClientRect());
            const isOut = parts.some((part) =>
              part.width > 0 && (part.right > right + 1 || part.left < left - 1));
            return isOut || right > rows.right + 1 ? [card] : [];
          });
          return [...wide, ...outside].map((x) => `${x.className} ${x.textContent}`.slice(0, 90));
        }"""
    )
    assert too_wide == []


def test_a_number_has_six_digits_and_all_of_them_while_it_is_typed(
    page: Page, tmp_path: Path
) -> None:
    x = Value(-1.234567890123e-5, label="x")
    opened(page, tmp_path, x * 3.0)
    field = page.get_by_label("x, as a number")
    assert float(field.input_value()) == pytest.approx(x.data, rel=SHOWN_DIGITS)
    assert len(field.input_value()) == len("-1.23457e-05")
    assert float(f"{field.get_attribute('title')}") == x.data
    expect_cards_fit(page)
    field.focus()
    assert float(field.input_value()) == x.data
    page.keyboard.type("2.5")  # in place of all that was there
    assert float(field.input_value()) == 2.5
    page.get_by_role("button", name="Reset x").click()
    page.focus("#view")
    field.focus()
    page.focus("#view")
    expect(page.get_by_role("button", name="Reset x")).to_be_disabled()


def test_a_field_without_a_number_says_so_and_the_last_number_counts(
    page: Page, tmp_path: Path
) -> None:
    opened(page, tmp_path, product())
    field = page.get_by_label("x, as a number")
    border = "field => getComputedStyle(field).borderTopColor"
    usual = field.evaluate(border)
    field.fill("4.5")
    gradient = page.locator(".leaf-gradient").all_text_contents()
    field.fill("")
    expect(field).to_have_attribute("aria-invalid", "true")
    assert field.evaluate(border) != usual
    page.get_by_role("button", name="Last step").click()
    assert page.locator(".leaf-gradient").all_text_contents() == gradient
    expect(field).to_have_attribute("aria-invalid", "false")
    assert float(field.input_value()) == 4.5


def test_the_products_of_explained_paths_move_with_the_leaves(page: Page, tmp_path: Path) -> None:
    x, w = Value(2.0, label="x"), Value(3.0, label="w")
    why = explain(x, x * w + x * x)
    why.step().save(tmp_path / "view.html")
    shown(page, tmp_path / "view.html")
    rows = page.locator(".path")
    note = page.get_by_text("A leaf has moved")
    expect(note).to_be_hidden()
    for switch in ("forget zero_grad", "overwrite instead of add"):
        page.get_by_label(switch).check()
        expect(rows).to_have_text(["L ← v2 ← x343 %", "L ← v3 ← x229 %", "L ← v3 ← x229 %"])
    page.get_by_label("w, as a number").fill("-6")
    w = Value(-6.0, label="w")
    again = explain(x, x * w + x * x)
    assert [(path.product, path.share) for path in again] == [(-6, 3), (2, -1), (2, -1)]
    expect(rows).to_have_text(["L ← v2 ← x-6300 %", "L ← v3 ← x2-100 %", "L ← v3 ← x2-100 %"])
    expect(page.locator(".panel")).to_contain_text("∂L/∂x = -2")
    expect(note).to_be_visible()
    page.get_by_role("button", name="Reset all").click()
    expect(note).to_be_hidden()
    expect(page.locator(".panel")).to_contain_text(str(why).split("\n")[0])


# -- the keyboard --------------------------------------------------------------------------------


def test_a_page_has_the_keys_from_the_start(page: Page, tmp_path: Path) -> None:
    opened(page, tmp_path, product())
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Position")).to_have_value("1")


def test_a_button_that_switches_itself_off_leaves_the_keys_to_the_view(
    page: Page, tmp_path: Path
) -> None:
    root = product()
    last = len(step(root)) - 1
    opened(page, tmp_path, root)
    at = page.get_by_label("Position")
    for button, key, after in (("Last step", "j", last - 1), ("First step", "k", 1)):
        page.get_by_role("button", name=button).click()
        page.keyboard.press(key)
        expect(at).to_have_value(str(after))
    page.get_by_label("x, as a number").fill("7")
    page.get_by_role("button", name="Reset x").click()
    page.keyboard.press("k")
    expect(at).to_have_value("2")


# -- words ---------------------------------------------------------------------------------------


def test_steps_are_counted_as_python_counts_them(page: Page, tmp_path: Path) -> None:
    root = product()
    last = len(step(root)) - 1
    opened(page, tmp_path, root)
    expect(page.locator(".place")).to_have_text(f"0 / {last}")
    page.keyboard.press("End")
    expect(page.locator(".place")).to_have_text(f"{last} / {last}")
    said = page.get_by_label("Position").get_attribute("aria-valuetext")
    assert f"{said}".startswith(f"{last} of {last}: ")


def test_what_is_overwritten_is_struck_out_of_the_chain_rule(page: Page, tmp_path: Path) -> None:
    a = Value(3.0, label="a")
    b, c = a * 2.0, a * 0.5
    b.label, c.label = "b", "c"
    opened(page, tmp_path, b * c, overwrite=True)
    page.keyboard.press("End")
    choose(page, "a")
    whole = "∂L/∂a = ∂L/∂c · ∂c/∂a + ∂L/∂b · ∂b/∂a"
    expect(chain_rule(page)).to_have_text([whole, "= 6 × 0.5 + 1.5 × 2", "= 3"])
    lost = [
        "".join(line.locator("del.lost").all_text_contents()) for line in chain_rule(page).all()
    ]
    assert lost == ["∂L/∂c · ∂c/∂a + ", "6 × 0.5 + ", ""]
    line = chain_rule(page).first.locator("del").first
    assert "line-through" in line.evaluate("x => getComputedStyle(x).textDecorationLine")
    page.get_by_label("overwrite instead of add").uncheck()
    expect(page.locator("del")).to_have_count(0)


def test_of_many_overwritten_terms_the_last_one_is_shown(page: Page, tmp_path: Path) -> None:
    a = Value(3.0, label="a")
    opened(page, tmp_path, sum([a * float(i) for i in range(20)]), overwrite=True)
    page.keyboard.press("End")
    choose(page, "a")
    expect(chain_rule(page).nth(1)).to_have_text(
        "= … (15 more) + 1 × 4 + 1 × 3 + 1 × 2 + 1 × 1 + 1 × 0"
    )
    assert chain_rule(page).nth(1).locator("del.lost").first.inner_text() == "… (15 more) + "
    expect(chain_rule(page).last).to_have_text("= 0")
