"""What a watched training shows: its document, its views in a notebook, its picture and page."""

from __future__ import annotations

import asyncio
import base64
import functools
import gc
import io
import re
import sys
import threading
import types
import weakref
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

import matplotlib.colors
import matplotlib.image
import numpy as np
import pytest
from IPython.core.events import EventManager

import nn
from autograd.view.outputs import LIVE
from nn import training_picture
from nn.canvas import COLORS
from nn.components import principal_components
from nn.training_document import MOST_SAMPLES, training_document
from nn.training_views import Views
from tests.trainings import SOON, in_a_loop, until, watched_moons

PAGE_BYTES = 1_500_000  # of 200 epochs of the moons network: what one sends by mail


@pytest.fixture
def moons():
    return nn.datasets.moons(40, noise=0.1)


def without_a_loop(test):
    """The test in a thread where no event loop runs: in a browser's tests, one always does."""

    @functools.wraps(test)
    def run(**fixtures):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(test, **fixtures).result()

    return run


# -- the document --------------------------------------------------------------------------------


def document_of(model, X, y, loss=nn.cross_entropy, classes=None):
    return training_document(model, X, y, loss, classes)


def test_the_traced_program_is_the_model_as_inference():
    X, y = nn.datasets.spiral(30, 3)
    model = nn.MLP(2, [5, 4, 3], "relu", dropout=0.5, seed=1)
    document = document_of(model, X, y)
    counts = [(layer["name"], layer["start"], layer["count"]) for layer in document["layers"]]
    assert counts == [("layers.0", 0, 5), ("layers.1", 5, 4), ("layers.2", 9, 3)]
    assert [layer["summary"] for layer in document["layers"]] == ["5 relu", "4 relu", "3"]
    assert document["program"]["inputs"] == len(model.parameters()) + 2
    assert "lane_sum" not in document["program"]["ops"]
    assert document["why_not"] == ""


def test_a_sequential_shows_each_of_its_layers_but_dropout():
    X, y = nn.datasets.moons(10)
    layers = nn.Layer(2, 3, "tanh", seed=0), nn.Dropout(0.5), nn.Layer(3, 1, seed=1)
    document = document_of(nn.Sequential(*layers), X, y, nn.hinge)
    assert [layer["name"] for layer in document["layers"]] == ["layers.0", "layers.2"]


class Hinged(nn.Module):
    """A model that asks for a number."""

    def __init__(self):
        self.layer = nn.Layer(2, 1, seed=0)

    def __call__(self, x, masks=None):
        outputs = self.layer(x)
        return outputs if outputs[0] > 0.0 else [-outputs[0]]


def test_a_model_that_cannot_be_traced_says_why_and_is_watched_all_the_same(moons):
    options = {"loss": nn.binary_cross_entropy, "epochs": 2, "eager": True}
    watched = nn.watch(Hinged(), *moons, **options)
    assert len(watched.run()) == 2
    document = document_of(Hinged(), *moons, nn.binary_cross_entropy)
    assert document["program"] is None
    assert "cannot be traced" in document["why_not"]
    assert "where(" in document["why_not"]


TARGETS = [
    (nn.hinge, 1, [-1, 1, 1], [0, 1, 1]),
    (nn.binary_cross_entropy, 1, [0, 1, 1], [0, 1, 1]),
    (nn.binary_cross_entropy, 1, [[0], [1], [1]], [0, 1, 1]),
    (nn.mse, 1, [-1, 1, 1], [0, 1, 1]),
    (nn.mse, 1, [0, 1, 1], None),  # whose middle is not 0, where the decision is
    (nn.mse, 1, [0.5, -2.0, 1.0], None),
    (nn.mse, 2, [[0.5, 1.0], [-2.0, 1.0], [1.0, 1.0]], None),
    (nn.cross_entropy, 3, [0, 2, 1], [0, 2, 1]),
]


@pytest.mark.parametrize(("loss", "outputs", "targets", "labels"), TARGETS)
def test_targets_are_classes_or_numbers_to_come_close_to(loss, outputs, targets, labels):
    X = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    document = document_of(nn.MLP(2, [outputs], seed=0), X, targets, loss)
    assert document["labels"] == labels
    assert (document["targets"] is None) == (labels is not None)
    assert (document["classes"] is None) == (labels is None)


def test_many_features_are_shown_on_principal_components():
    X, y = nn.datasets.iris()
    document = document_of(nn.MLP(4, [3], seed=0), X, y, classes=["a", "b", "c"])
    assert document["picture"] == "components"
    assert document["classes"] == ["a", "b", "c"]
    places, shares = principal_components(X)
    sent = np.frombuffer(base64.b64decode(document["places"]), dtype="<f8").reshape(2, -1)
    assert sent.T.tolist() == places
    covariance = np.cov(np.array(X).T)
    eigenvalues = np.sort(np.linalg.eigvalsh(covariance))[::-1]
    assert shares == pytest.approx((eigenvalues / eigenvalues.sum())[:2], rel=1e-9)
    assert np.var(places, axis=0, ddof=1) == pytest.approx(eigenvalues[:2], rel=1e-9)


def test_of_very_many_samples_evenly_chosen_ones_are_drawn():
    X = [[float(i), 0.0] for i in range(3 * MOST_SAMPLES)]
    y = [i % 2 for i in range(len(X))]
    document = document_of(nn.MLP(2, [1], seed=0), X, y, nn.binary_cross_entropy)
    assert (document["count"], document["total"]) == (MOST_SAMPLES, len(X))
    sent = np.frombuffer(base64.b64decode(document["samples"]), dtype="<f8")
    drawn = sent.reshape(2, -1)[0]
    assert (drawn[0], drawn[-1]) == (0.0, len(X) - 1.0)
    assert set(np.diff(drawn)) <= {3.0, 4.0, 2.0}
    assert document["labels"] == [int(x) % 2 for x in drawn]


# -- views ---------------------------------------------------------------------------------------


class Channel:
    """What a widget is to the views: it sends, and is heard."""

    def __init__(self):
        self.sent, self.is_closed, self.still = [], False, "a"

    def on_msg(self, listener):
        self.say = lambda want, **more: listener(self, {"want": want, "view": "a", **more}, [])

    def send(self, content, buffers):
        self.sent.append((content, buffers[0]))

    def _repr_mimebundle_(self):
        return {LIVE: {}, "text/plain": "?"}, {}

    def close(self):
        self.is_closed = True


class Output:
    """A cell's output, which a notebook keeps."""

    def __init__(self):
        self.bundles = []

    def update(self, bundle, raw):
        self.bundles.append(bundle if raw else {"text/plain": repr(bundle)})


@pytest.fixture
def shown(monkeypatch):
    """`shown(watched)` is the channel of a notebook that shows it, and its picture and view."""
    channel, outputs = Channel(), []

    def display(bundle, raw, display_id):
        outputs.append(Output())
        outputs[-1].update(bundle, raw)
        return outputs[-1]

    def show(watched):
        watched._ipython_display_()
        return channel, *outputs

    monkeypatch.setattr("autograd.view.widget", lambda *_: channel)
    monkeypatch.setattr("IPython.display.display", display)
    return show


@without_a_loop
def test_a_view_that_says_hello_is_told_everything_and_then_what_is_new(moons, shown):
    _, watched = watched_moons(moons)
    watched.run(2)
    channel, *_ = shown(watched)
    watched.run(1)
    assert channel.sent == [], "nobody is there yet"
    channel.say("hello")
    [(content, parameters)] = channel.sent
    assert (content["first"], content["frames"]) == (True, [0, 1, 2, 3])
    assert parameters == watched.told(-1)[1]
    channel.say("more")
    assert len(channel.sent) == 1, "there is no more"
    watched.step()
    content, _ = channel.sent[-1]
    assert (content["first"], content["frames"]) == (False, [4])


@without_a_loop
def test_a_view_that_still_paints_is_told_the_rest_at_once(moons, shown, monkeypatch):
    monkeypatch.setattr("nn.training_views.PATIENCE", SOON)
    _, watched = watched_moons(moons)
    channel, *_ = shown(watched)
    channel.say("hello")
    for _ in range(3):
        watched.step()
    assert len(channel.sent) == 1
    channel.say("more")
    assert [content["frames"] for content, _ in channel.sent] == [[0], [1, 2, 3]]
    assert channel.sent[-1][0]["state"] == "paused"


def test_buttons_train_in_the_background(moons, shown):
    async def pressing():
        channel, *_ = shown(watched)
        channel.say("hello")
        channel.say("step")
        await until_count(1)
        channel.say("epoch")
        await until_count(2)
        channel.say("run", pace=None)
        await until(watched, "done")

    async def until_count(count):
        async with asyncio.timeout(SOON):
            while len(watched.history) < count or watched.state == "running":
                await asyncio.sleep(0.001)
        assert len(watched.history) == count

    _, watched = watched_moons(moons)
    in_a_loop(pressing())
    assert len(watched.history) == 12


def test_the_pause_button_works_while_a_cell_waits(moons, shown):
    def metric(predictions, targets):
        if later and len(later[0].history) == 3:
            channel.say("pause")
        return 0.0

    later = []
    _, watched = watched_moons(moons, metrics=metric)
    channel, *_ = shown(watched)
    later.append(watched)
    assert len(watched.run()) == 4


def test_a_training_without_a_view_left_pauses(moons, shown):
    async def leaving():
        channel, *_ = shown(watched)
        channel.say("hello")
        channel.say("hello", view="b")
        channel.say("run", pace=100.0)
        channel.say("goodbye")
        await until(watched, "running")
        channel.say("goodbye", view="b")
        await until(watched, "paused")

    _, watched = watched_moons(moons, epochs=10_000)
    in_a_loop(leaving())


def test_the_picture_in_the_notebook_is_that_of_the_last_run(moons, shown):
    _, watched = watched_moons(moons)
    _, picture, view = shown(watched)
    watched.run(3)
    first, last = picture.bundles
    assert "before training" in first["image/svg+xml"]
    assert "epoch 3 of 12" in last["image/svg+xml"]
    assert last["text/plain"] == repr(watched)
    assert 'data-still="a"' in last["text/html"]
    assert len(view.bundles) == 1, "the live view stays as it is"
    assert LIVE in view.bundles[0]
    assert '<img alt="&lt;Watched MLP' in last["text/html"]


def test_of_a_closed_one_the_picture_is_left(moons, shown):
    _, watched = watched_moons(moons)
    channel, picture, view = shown(watched)
    watched.close()
    assert channel.is_closed
    assert view.bundles[-1] == {"text/plain": ""}
    assert "image/svg+xml" in picture.bundles[-1]


@pytest.fixture
def cells(monkeypatch):
    """The events of a shell: `cells.trigger("post_run_cell", None)` ends a cell."""
    shell = types.SimpleNamespace()
    shell.events = EventManager(shell, {"post_run_cell": lambda result: None})
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    return shell.events


def test_the_picture_changes_once_where_a_cell_ends(moons, shown, cells):
    _, watched = watched_moons(moons)
    _, output, _ = shown(watched)
    watched.run(3)
    watched.step()
    assert len(output.bundles) == 1
    cells.trigger("post_run_cell", None)
    cells.trigger("post_run_cell", None)
    assert len(output.bundles) == 2
    assert "epoch 4 of 12" in output.bundles[-1]["image/svg+xml"]
    watched.step()
    watched.close()
    cells.trigger("post_run_cell", None)
    assert len(output.bundles) == 3, "closing has exchanged it"
    assert "epoch 5 of 12" in output.bundles[-1]["image/svg+xml"]


@pytest.mark.parametrize("is_closed", [False, True])
def test_one_that_was_shown_is_forgotten_after_its_cell(moons, monkeypatch, cells, is_closed):
    if not is_closed:  # a widget would keep it until then
        monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.setattr("IPython.display.display", lambda *_, **__: Output())
    _, watched = watched_moons(moons)
    watched._ipython_display_()
    watched.run(2)
    forgotten = weakref.ref(watched)
    if is_closed:
        watched.close()
    else:
        cells.trigger("post_run_cell", None)
    del watched
    gc.collect()
    assert forgotten() is None


def test_without_anywidget_there_is_the_picture_and_what_to_install(moons, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    output = Output()
    monkeypatch.setattr("IPython.display.display", lambda bundle, **_: output.update(bundle, True))
    _, watched = watched_moons(moons)
    watched._ipython_display_()
    [bundle] = output.bundles
    assert "pip install" in bundle["text/plain"]
    assert "pip install" in bundle["text/html"]
    assert "image/svg+xml" in bundle


def test_views_answer_in_the_loop_that_showed_them():
    heard = []

    async def showing():
        views._loop = asyncio.get_running_loop()
        await asyncio.to_thread(views._hear, {"want": "run", "pace": 1.0})
        await asyncio.sleep(0.01)
        return threading.get_ident()

    views = Views({}, None, lambda _: heard.append(threading.get_ident()), str, str)
    ident = in_a_loop(showing())
    assert heard == [ident]


# -- the still picture and the page --------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"


def circles_of(svg):
    return ElementTree.fromstring(svg).findall(f"{SVG}circle")


PICTURES = {
    "moons": lambda: (nn.datasets.moons(20), [3, 1], nn.binary_cross_entropy),
    "three classes": lambda: (nn.datasets.spiral(21, 3), [3, 3], nn.cross_entropy),
    "four features": lambda: (nn.datasets.iris(), [3, 3], nn.cross_entropy),
    "a line": lambda: (([[0.0], [1.0], [2.0]], [0.5, 1.0, -1.0]), [3, 1], nn.mse),
    "a surface": lambda: (([[0.0, 1.0], [1.0, 2.0]], [0.5, -1.0]), [3, 1], nn.mse),
}


def test_pixels_are_read_as_they_were_written():
    colors = [(0, 1, 2), (255, 254, 253), (10, 20, 30), (40, 50, 60), (7, 8, 9), (99, 98, 97)]
    read = matplotlib.image.imread(io.BytesIO(training_picture._png(colors, 3)), format="png")
    assert (np.rint(255.0 * read).astype(int).reshape(-1, 3) == colors).all()


def test_a_label_has_its_colour_of_the_plots_lightened():
    for label, color in enumerate(COLORS):
        full = np.array(matplotlib.colors.to_rgb(color)) * 255.0
        neutral = np.array(training_picture.NEUTRAL)
        assert training_picture._tint(label) == pytest.approx(
            neutral + 0.35 * (full - neutral), abs=0.5
        )


@pytest.mark.parametrize("name", PICTURES)
def test_the_still_picture_is_well_formed_and_has_each_sample(name):
    (X, y), widths, loss = PICTURES[name]()
    watched = nn.watch(nn.MLP(len(X[0]), widths, seed=0), X, y, loss=loss, epochs=3)
    assert len(circles_of(watched._picture())) == len(X)
    watched.run()
    picture = ElementTree.fromstring(watched._picture())
    assert len(picture.findall(f"{SVG}circle")) == len(X)
    assert len(picture.findall(f"{SVG}image")) == (len(X[0]) == 2)
    assert len(picture.findall(f"{SVG}polyline")) == 1


def test_a_picture_of_infinite_outputs_is_drawn(moons):
    model, watched = watched_moons(moons)
    for p in model.parameters():
        p.data = 1e308
    assert circles_of(watched._picture())


HUGE = 1e308  # the distance of two such numbers is none
FAR_APART = {
    "a line": [[HUGE], [-HUGE], [0.0]],
    "a plane": [[HUGE, 0.0], [-HUGE, 1.0], [0.0, 1.0]],
    "components": [[HUGE, HUGE, -HUGE], [-HUGE, -HUGE, HUGE], [0.0, 0.0, 1.0]],
}


@pytest.mark.parametrize("name", FAR_APART)
def test_samples_too_far_apart_to_be_drawn_are_left_out(name):
    X = FAR_APART[name]
    model = nn.MLP(len(X[0]), [2, 1], seed=0)
    watched = nn.watch(model, X, [0, 1, 1], loss=nn.binary_cross_entropy, epochs=1)
    picture = watched._picture()
    assert circles_of(picture) == []
    assert "nan" not in picture
    assert "inf" not in picture


def test_a_single_place_that_is_infinite_is_left_out():
    X = [[1.5e308, 1.5e308, 1.5e308], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]]
    places, shares = principal_components(X)
    assert shares == pytest.approx([1.0, 0.0])
    assert np.isinf(places).sum() == 1
    model = nn.MLP(3, [1], seed=0)
    watched = nn.watch(model, X, [0, 1, 1, 0], loss=nn.binary_cross_entropy, epochs=1)
    assert len(circles_of(watched._picture())) == 3


def test_principal_components_of_huge_numbers_are_those_of_small_ones():
    X = np.random.default_rng(0).normal(size=(9, 4))
    places, shares = principal_components(X.tolist())
    large, same = principal_components((X * 2.0**1000).tolist())
    assert (np.array(large) / 2.0**1000).tolist() == places
    assert same == shares


def test_a_validation_loss_that_is_infinite_is_left_out_of_the_curves(moons):
    _, watched = watched_moons(moons, validation=0.25)
    watched.run(3)
    row = watched._recording.rows.entries[2]
    assert row[4] == watched.history[1].validation_loss
    row[4] = float("inf")
    losses, validation = ElementTree.fromstring(watched._picture()).findall(f"{SVG}polyline")
    assert len(losses.get("points").split()) == 3
    assert len(validation.get("points").split()) == 2


def test_labels_of_any_kind_are_text_in_the_page(moons, tmp_path):
    names = ["</script><script>alert(1)</script>", "\u2028]]>"]
    _, watched = watched_moons(moons, classes=names)
    watched.save(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert text.count("</script>") == 2


def test_a_page_of_200_epochs_is_small_and_complete(tmp_path):
    X, y = nn.datasets.moons(100, noise=0.1)
    model = nn.MLP(2, [16, 16, 1], seed=0)
    watched = nn.watch(model, X, y, loss=nn.binary_cross_entropy, epochs=200)
    watched.run()
    path = tmp_path / "page.html"
    watched.save(path)
    assert path.stat().st_size < PAGE_BYTES
    assert watched.told(-1)[0]["frames"] == list(range(201))


def test_what_a_page_mounts_is_a_function_of_its_script(moons, tmp_path):
    _, watched = watched_moons(moons)
    watched.save(tmp_path / "training.html")
    text = (tmp_path / "training.html").read_text(encoding="utf-8")
    (mounted,) = re.findall(r"^  (\w+)\(document\.getElementById\(\"view\"\)", text, re.MULTILINE)
    assert f"function {mounted}(" in text


def test_a_page_is_saved_whole_or_not_at_all(moons, tmp_path):
    _, watched = watched_moons(moons)
    with pytest.raises(FileNotFoundError, match="make it first"):
        watched.save(tmp_path / "none" / "page.html")
    with pytest.raises(ValueError, match=r"\.html"):
        watched.save(tmp_path / "page.txt")
    assert list(tmp_path.iterdir()) == []
