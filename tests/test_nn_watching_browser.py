"""The view of a training in a real browser: as a page from disk, and live in JupyterLab."""

from __future__ import annotations

import re
from base64 import b64encode

import numpy as np
import pytest
from playwright.sync_api import expect

import nn
from nn.prediction import decide
from nn.training_document import training_document
from nn.training_page import script
from tests.browser import module_page
from tests.jupyterlab import outputs, run_cell

# Outputs of the page's program, relative to the largest in a layer: a browser's tanh and exp are
# within 2 ulp of Python's, and two layers of sixteen add such differences up.
AGREEMENT = 64 * 2.0**-52
VIEW = ".stepgrad.training"


def moons_watched(**options):
    X, y = nn.datasets.moons(60, noise=0.1)
    given = {"loss": nn.binary_cross_entropy, "optimizer": nn.Adam(0.05), "epochs": 30}
    model = nn.MLP(2, [6, 5, 1], seed=0)
    return model, X, y, nn.watch(model, X, y, **given | options)


def open_page(page, watched, folder):
    """The saved page of a training, painted."""
    path = folder / "training.html"
    watched.save(path)
    page.set_viewport_size({"width": 1180, "height": 1060})  # all of it on the screenshots
    page.goto(path.as_uri())
    page.wait_for_selector(f'{VIEW}[data-ready="1"]')
    page.evaluate(PIXELS)
    return page.locator(VIEW)


# Read from a copy: of a canvas that is read twice, Chromium warns that it is slow.
PIXELS = """() => {
  window.pixels = (canvas) => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height);
    const context = copy.getContext("2d", { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    return Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data);
  };
}"""


def scrub(page, place):
    """Move the scrubber to a frame, and wait until that is painted."""
    frames = page.evaluate(
        """(place) => {
          const scrubber = document.querySelector(".scrubber input");
          scrubber.value = place;
          scrubber.dispatchEvent(new Event("input"));
          return scrubber.value;
        }""",
        place,
    )
    assert frames == str(place)


def at_record(page, number):
    page.wait_for_function(
        "([view, number]) => document.querySelector(view)?.dataset.number === String(number)",
        arg=[VIEW, number],
    )


def numbers_of(view):
    """The numbers on view by their names."""
    texts = [span.inner_text() for span in view.locator(".numbers > span").all()]
    return {name.strip(): float(x) for name, _, x in (text.partition("\n") for text in texts)}


# -- what the page computes ----------------------------------------------------------------------


def two_layers(activation):
    return lambda: (nn.datasets.moons(40), nn.MLP(2, [16, 16, 1], activation, seed=0))


MODELS = {
    **{name: two_layers(name) for name in nn.ACTIVATIONS},
    "three classes, dropout": lambda: (
        nn.datasets.spiral(60, 3),
        nn.MLP(2, [8, 3], dropout=0.5, seed=1),
    ),
    "four features": lambda: (nn.datasets.iris(), nn.MLP(4, [6, 3], "relu", seed=2)),
    "a sequence": lambda: (
        nn.datasets.xor(30),
        nn.Sequential(nn.Layer(2, 4, "gelu", seed=0), nn.Dropout(0.3), nn.Layer(4, 1, seed=1)),
    ),
}


@pytest.fixture(scope="module")
def parts():
    """The view's module, of which tests call the parts."""
    return script()


@pytest.mark.parametrize("name", MODELS)
def test_the_page_computes_what_the_model_computes(page, parts, name):
    (X, y), model = MODELS[name]()
    for k, p in enumerate(model.parameters()):
        p.data += 0.1 * ((k * 7919) % 13 - 6)  # as training leaves it: no zero biases
    loss = nn.cross_entropy if max(y) > 1 else nn.binary_cross_entropy
    document = training_document(model, X, y, loss, None)
    module_page(page, parts, ["createModel"])
    outputs = page.evaluate(
        """([document, parameters]) => {
          const model = createModel(document, 10);
          return model.atSamples(Float64Array.from(parameters)).map((x) => Array.from(x));
        }""",
        [document, [p.data for p in model.parameters()]],
    )
    for layer, expected in zip(document["layers"], layer_outputs(model, X), strict=True):
        found = np.array(outputs[layer["start"] : layer["start"] + layer["count"]]).T
        assert found == pytest.approx(expected, rel=0, abs=AGREEMENT * np.abs(expected).max())


def layer_outputs(model, X):
    """Samples × outputs of each layer but Dropout."""
    layers = [
        i for i, layer in enumerate(model.layers) if not isinstance(layer, nn.Dropout)
    ]  # fmt: skip
    samples = [[[v.data for v in out] for out in model.layer_outputs(x)] for x in X]
    return [np.array([outputs[i] for outputs in samples]) for i in layers]


def test_deltas_thin_what_the_page_has_as_the_kernel_does(page, parts):
    _, _, _, watched = moons_watched(epochs=2600)
    messages = []
    for epochs in (1, 2, 500, 1, 800, 1, 1200):
        since = messages[-1][0]["frames"][-1] if messages else -1
        watched.run(epochs)
        messages.append(watched.told(since))
    told, parameters = watched.told(-1)
    assert told["frame_stride"] > 1
    assert told["row_stride"] > 1
    module_page(page, parts, ["emptyTraining", "takeTold", "doublesOfText"])
    frames, rows, numbers = page.evaluate(
        """(messages) => {
          const training = emptyTraining({});
          messages.forEach(([told, text], i) => {
            takeTold(training, { ...told, first: i === 0 }, doublesOfText(text));
          });
          return [
            training.frames.map((frame) => frame.number),
            training.rows.map((row) => row.number),
            training.frames.flatMap((frame) => Array.from(frame.parameters)),
          ];
        }""",
        [[told, b64encode(parameters).decode()] for told, parameters in messages],
    )
    assert frames == told["frames"]
    assert rows == [row[0] for row in told["rows"]]
    assert numbers == np.frombuffer(parameters, dtype="<f8").tolist()


def test_the_zero_line_lies_where_a_field_is_zero(page, parts):
    module_page(page, parts, ["zeroLine"])
    path = page.evaluate(
        """() => {
          const slope = (_, i) => 2 * (i % 10) + Math.floor(i / 10) - 9.5;
          const field = Float64Array.from({ length: 100 }, slope);
          return zeroLine(field, 10, (x, y) => [100 * x, 100 * y]);
        }"""
    )
    points = [tuple(map(float, point.split())) for point in re.findall(r"[\d.]+ [\d.]+", path)]
    assert len(points) >= 20, "a line through all rows"
    for x, y in points:
        assert 2 * x + y == pytest.approx(950, abs=0.2), "as written, with one decimal"


# -- the page ------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
def test_a_page_from_disk_shows_every_epoch(page, tmp_path, screenshot):
    _, _, _, watched = moons_watched(validation=0.2, metrics=nn.accuracy)
    watched.run()
    view = open_page(page, watched, tmp_path)
    at_record(page, 30)
    for record in (watched.history[11], watched.history[29], watched.history[0]):
        scrub(page, record.epoch)
        at_record(page, record.epoch)
        assert view.locator(".epoch").inner_text() == f"Epoch {record.epoch} of 30"
        shown = numbers_of(view)
        assert shown == pytest.approx(record.numbers(), rel=1e-3), "four digits"
    scrub(page, 0)
    at_record(page, 0)
    assert view.locator(".epoch").inner_text() == "Before training"
    assert numbers_of(view) == {}
    scrub(page, 30)
    at_record(page, 30)
    assert view.locator(".unit canvas").count() == 6 + 5
    screenshot("training-page")


def wrong_ones(model, X, y):
    return sum(decide(outputs) != t for outputs, t in zip(nn.predict(model, X), y, strict=True))


def visible_rings(page):
    return page.evaluate(
        """() => {
          const rings = [...document.querySelectorAll(".ring")];
          return rings.filter((ring) => ring.style.display !== "none").length;
        }"""
    )


def test_wrong_samples_are_ringed_at_each_epoch(page, tmp_path):
    model, X, y, watched = moons_watched()
    wrong = {0: wrong_ones(model, X, y)}
    while (record := watched.step()) is not None:
        wrong[record.epoch] = wrong_ones(model, X, y)
    assert len(set(wrong.values())) > 3
    view = open_page(page, watched, tmp_path)
    for epoch in (30, 0, 4, 12):
        scrub(page, epoch)
        at_record(page, epoch)
        assert visible_rings(page) == wrong[epoch]
        assert f"{wrong[epoch]} of 60 on the wrong side" in view.locator(".plane + p").inner_text()


def test_the_map_has_the_colour_of_the_decision(page, tmp_path):
    model, X, _, watched = moons_watched()
    watched.run()
    open_page(page, watched, tmp_path)
    at_record(page, 30)
    side, pixels = page.evaluate(
        """() => {
          const canvas = document.querySelector(".plane canvas");
          return [canvas.width, pixels(canvas)];
        }"""
    )
    red_minus_blue = np.array(pixels).reshape(side, side, 4)[::-1] @ [1, 0, -1, 0]
    low, high = np.min(X, axis=0), np.max(X, axis=0)
    margin = 0.15 * (high - low)
    xs, ys = np.linspace(low - margin, high + margin, side).T
    scores = np.array([[model([x, y])[0].data for x in xs] for y in ys])
    clear = np.abs(scores) > 0.1 * np.abs(scores).max()  # beyond what rounds to white
    assert clear.mean() > 0.5
    assert (np.sign(red_minus_blue) == -np.sign(scores))[clear].all(), (
        "orange below zero, blue above"
    )


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
def test_three_classes_have_a_map_and_names(page, tmp_path, screenshot):
    X, y = nn.datasets.spiral(90, 3)
    names = ["<b>one</b>", "two", "three"]
    model = nn.MLP(2, [12, 12, 3], "relu", dropout=0.1, seed=0)
    options = {"loss": nn.cross_entropy, "optimizer": nn.Adam(0.03), "epochs": 60}
    watched = nn.watch(model, X, y, classes=names, **options)
    watched.run()
    view = open_page(page, watched, tmp_path)
    assert view.locator(".pictures > .panel .legend .name").all_inner_texts() == names
    assert visible_rings(page) == wrong_ones(model, X, y)
    assert view.locator(".layer").count() == 3, "the three outputs have maps of their own"
    screenshot("training-classes")


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
def test_more_features_are_shown_on_components(page, tmp_path, screenshot):
    X, y = nn.datasets.iris()
    model = nn.MLP(4, [8, 3], seed=0)
    options = {"loss": nn.cross_entropy, "optimizer": nn.Adam(0.05), "epochs": 20}
    watched = nn.watch(model, nn.datasets.standardise(X), y, **options)
    watched.run()
    view = open_page(page, watched, tmp_path)
    assert "first principal component (73% of the variance)" in view.inner_text()
    assert view.locator(".point").count() == 150
    assert visible_rings(page) == wrong_ones(model, nn.datasets.standardise(X), y)
    screenshot("training-components")


@pytest.mark.parametrize("colour_scheme", ["light", "dark"])
def test_one_feature_is_shown_as_a_curve(page, tmp_path, screenshot):
    X = [[x / 10] for x in range(-30, 31)]
    y = [float(np.sin(2 * x)) for [x] in X]
    options = {"loss": nn.mse, "optimizer": nn.Adam(0.02), "epochs": 200}
    watched = nn.watch(nn.MLP(1, [12, 12, 1], seed=0), X, y, **options)
    watched.run()
    view = open_page(page, watched, tmp_path)
    assert view.locator(".plane polyline").count() == 1
    assert view.locator(".ring").count() == 61
    assert visible_rings(page) == 0
    screenshot("training-curve")


def test_a_diverging_training_says_so_on_its_page(page, tmp_path):
    _, _, _, watched = moons_watched(loss=nn.mse, optimizer=nn.SGD(1e20))
    with pytest.raises(FloatingPointError) as raised:
        watched.run()
    view = open_page(page, watched, tmp_path)
    assert view.get_by_role("alert").inner_text().endswith(f"FloatingPointError: {raised.value}")
    scrub(page, 0)
    at_record(page, 0)


def test_a_model_that_cannot_be_traced_has_curves_and_words(page, tmp_path):
    class Stepping(nn.Module):
        def __init__(self):
            self.layer = nn.Layer(2, 1, seed=0)

        def __call__(self, x, masks=None):
            return self.layer(x if x[0] > 0.0 else [0.0, x[1]])

    X, y = nn.datasets.moons(6)
    watched = nn.watch(Stepping(), X, y, loss=nn.binary_cross_entropy, epochs=3, eager=True)
    watched.run()
    view = open_page(page, watched, tmp_path)
    assert "There are no maps: the model cannot be traced" in view.inner_text()
    assert view.locator(".chart").count() == 2
    assert view.locator("canvas").count() == 0


def test_an_operation_without_a_script_is_named(page, parts):
    X, y = nn.datasets.moons(6)
    document = training_document(nn.MLP(2, [1], seed=0), X, y, nn.binary_cross_entropy, None)
    document["program"]["ops"] = ["fancy"]
    module_page(page, parts, ["createModel"])
    assert page.evaluate("(document) => createModel(document, 10).why", document).endswith("fancy")


def test_a_unit_that_is_pressed_fills_the_large_picture(page, tmp_path):
    _, _, _, watched = moons_watched()
    watched.run()
    view = open_page(page, watched, tmp_path)
    heading = view.locator(".pictures h3").first
    unit = view.get_by_role("button", name="layers.1, unit 2")
    unit.click()
    assert unit.get_attribute("aria-pressed") == "true"
    page.wait_for_function(
        "() => document.querySelector('.pictures h3').textContent.includes('unit 2')"
    )
    large, small = page.evaluate(
        """() => [".plane canvas", ".unit[aria-pressed=true] canvas"].map((which) => {
          return pixels(document.querySelector(which));
        })"""
    )
    blue = [np.sign(np.array(x).reshape(-1, 4) @ [-1, 0, 1, 0]) for x in (large, small)]
    assert (blue[0] == blue[1]).mean() > 0.9, "the same picture, in another scale of colours"
    unit.click()
    page.wait_for_function(
        "() => !document.querySelector('.pictures h3').textContent.includes('unit')"
    )
    assert heading.inner_text() == "What the model decides"


def test_keys_play_and_the_curve_lead_through_the_epochs(page, tmp_path):
    _, _, _, watched = moons_watched()
    watched.run()
    view = open_page(page, watched, tmp_path)
    view.press("Home")
    at_record(page, 0)
    view.press("ArrowRight")
    at_record(page, 1)
    chart = view.locator(".chart").first
    box = chart.bounding_box()
    chart.click(position={"x": box["width"] - 1, "y": box["height"] / 2})
    at_record(page, 30)
    scrub(page, 27)
    view.get_by_role("button", name="Play").click()
    at_record(page, 30)
    assert view.get_by_role("button", name="Play").count() == 1, "it has stopped"


def test_a_second_view_leaves_the_first_where_it_stands_and_an_end_leaves_nothing(
    page, parts, tmp_path
):
    _, _, _, watched = moons_watched()
    watched.run(10)
    watched.save(tmp_path / "training.html")
    text = (tmp_path / "training.html").read_text("utf-8")
    [state] = re.findall(r'id="state">(.*?)</script>', text)
    module_page(page, parts, ["mountTraining"])
    page.evaluate(
        """(state) => {
          const { document: shown, recording } = JSON.parse(state);
          const bytes = Uint8Array.from(atob(recording.parameters), (x) => x.charCodeAt(0));
          const element = document.body.appendChild(document.createElement("div"));
          element.id = "view";
          window.view = mountTraining(element, { get: (name) => ({ document: shown })[name] });
          window.hello = () => view.take({ ...recording, first: true }, bytes);
          hello();
        }""",
        state,
    )
    at_record(page, 10)
    scrub(page, 4)
    at_record(page, 4)
    page.evaluate("hello()")  # the kernel tells all views what a new one has to know
    page.wait_for_timeout(100)
    at_record(page, 4)
    scrub(page, 10)
    at_record(page, 10)
    page.evaluate("view.end()")
    assert page.locator("#view").evaluate("view => view.outerHTML") == (
        '<div id="view" class=""></div>'
    )


def test_a_page_of_a_training_that_has_not_begun_opens(page, tmp_path):
    _, _, _, watched = moons_watched()
    view = open_page(page, watched, tmp_path)
    at_record(page, 0)
    assert view.locator(".epoch").inner_text() == "Before training"


# -- live ----------------------------------------------------------------------------------------

DATA = """
import nn
X, y = nn.datasets.moons(60, noise=0.1)
given = {"loss": nn.mse, "optimizer": nn.Adam(0.05), "epochs": 100_000}
"""
CELLS = [
    f"{DATA}watched = nn.watch(nn.MLP(2, [6, 1], seed=0), X, y, **given)\nwatched",
    "print(watched.state, len(watched.history))",
    "watched.run(5); print(len(watched.history))",
    """
fitted = given | {"epochs": len(watched.history), "progress": False}
print(nn.fit(nn.MLP(2, [6, 1], seed=0), X, y, **fitted) == watched.history)""",
    "watched.close()",
]
DIVERGING = f"""{DATA}
bad = nn.watch(nn.MLP(2, [4, 1], "relu", seed=0), X, y, **given | {{"optimizer": nn.SGD(1e20)}})
bad"""


def state_is(page, state):
    page.wait_for_function(
        "(state) => document.querySelector('.state')?.dataset.state === state", arg=state
    )


def test_its_buttons_train_in_the_background(jupyterlab, page, screenshot):
    jupyterlab.write("training.ipynb", CELLS)
    jupyterlab.open(page, "training.ipynb")
    run_cell(page, 0)
    view = page.locator(VIEW)
    at_record(page, 0)
    view.get_by_role("button", name="One epoch").click()
    at_record(page, 1)
    view.get_by_role("button", name="One step").click()
    at_record(page, 2)
    state_is(page, "paused")
    view.get_by_role("button", name="Train").click()
    page.wait_for_function(f"() => +document.querySelector('{VIEW}').dataset.number > 10")
    assert run_cell(page, 1).split()[0] == "running", "between cells"
    view.get_by_role("button", name="Pause").click()
    state_is(page, "paused")
    state, count = run_cell(page, 1).split()
    assert state == "paused"
    at_record(page, count)
    after = int(run_cell(page, 2))
    assert after == int(count) + 5
    at_record(page, after)
    assert run_cell(page, 3).strip() == "True"
    view.scroll_into_view_if_needed()
    screenshot("training-jupyterlab")
    run_cell(page, 4)
    page.wait_for_function(f"() => !document.querySelector('{VIEW}')")
    picture, place = outputs(page, 0)
    assert f"epoch {after} of 100000" in "".join(picture["data"]["image/svg+xml"])
    assert place["data"] == {"text/plain": ""}
    expect(page.locator("[data-still] img")).to_be_visible()


def test_what_goes_wrong_is_said_in_the_view(jupyterlab, page):
    jupyterlab.write("diverging.ipynb", [DIVERGING])
    jupyterlab.open(page, "diverging.ipynb")
    run_cell(page, 0)
    view = page.locator(VIEW)
    view.get_by_role("button", name="Train").click()
    view.get_by_role("alert").wait_for()
    assert "FloatingPointError" in view.get_by_role("alert").inner_text()
    assert view.get_by_role("button", name="One epoch").is_disabled()
