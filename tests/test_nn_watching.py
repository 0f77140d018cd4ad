"""A watched training is `nn.train`'s own: gone on with by hand, recorded, and told to its views."""

from __future__ import annotations

import asyncio
import base64
import functools
import gc
import signal
import sys
import threading
import weakref
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import nn
from nn.components import principal_components
from nn.interrupts import interrupts_held
from nn.recording import MOST_ROWS, Thinned
from nn.training_document import MOST_SAMPLES, training_document
from nn.training_views import Views

PAGE_BYTES = 1_500_000  # of 200 epochs of the moons network: what one sends by mail
ROUNDING = 1e-12  # of a root mean square, summed in another order
SOON = 20.0  # seconds until something in the background must have happened


@pytest.fixture
def moons():
    return nn.datasets.moons(40, noise=0.1)


def moons_model(widths=(4, 1), **options):
    return nn.MLP(2, list(widths), seed=0, **options)


def watched_moons(data, **options):
    model = moons_model()
    given = {"loss": nn.binary_cross_entropy, "optimizer": nn.Adam(0.05), "epochs": 12}
    return model, nn.watch(model, *data, **given | options)


def parameters_of(told, parameters):
    """Each told frame's number → its parameters."""
    numbers = np.frombuffer(parameters, dtype="<f8").reshape(len(told["frames"]), -1)
    return dict(zip(told["frames"], numbers.tolist(), strict=True))


def without_a_loop(test):
    """The test in a thread where no event loop runs: in a browser's tests, one always does."""

    @functools.wraps(test)
    def run(**fixtures):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(test, **fixtures).result()

    return run


def in_a_loop(coroutine):
    """Run it on an event loop of its own, in a thread where none runs yet."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


# -- the records ---------------------------------------------------------------------------------

OPTIONS = [
    {},
    {"batch_size": 7, "metrics": nn.accuracy},
    {"validation": 0.25, "metrics": nn.accuracy, "l2": 1e-3, "seed": 3},
    {"validation": 0.25, "early_stopping": 2, "optimizer": nn.SGD(2.0)},
    {"eager": True, "epochs": 2},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_its_records_and_the_trained_model_are_those_of_fit(moons, options):
    model, watched = watched_moons(moons, **options)
    other = moons_model()
    given = {"loss": nn.binary_cross_entropy, "optimizer": nn.Adam(0.05), "epochs": 12}
    history = nn.fit(other, *moons, **given | options, progress=False)
    assert watched.run() == history == watched.history
    assert [p.data for p in model.parameters()] == [p.data for p in other.parameters()]
    assert watched.state == "done"


def test_in_pieces_it_gives_what_it_gives_in_one_go(moons):
    _, whole = watched_moons(moons, batch_size=16)
    _, pieces = watched_moons(moons, batch_size=16)
    first = pieces.run(3)
    second = pieces.step()
    assert [record.epoch for record in first] == [1, 2, 3]
    assert (second.epoch, pieces.state) == (4, "paused")
    assert [*first, second, *pieces.run()] == whole.run()
    assert pieces.step() is None
    assert pieces.run() == []


def test_with_a_record_for_each_step_it_can_stop_within_an_epoch(moons):
    options = {"batch_size": 16, "every": "step", "validation": 0.1}
    _, watched = watched_moons(moons, **options)  # 36 samples are 3 steps
    assert [watched.step().step, watched.step().step] == [1, 2]
    assert watched.run(1)[-1].step == 3, "the rest of this epoch"
    assert watched.run(2)[-1].step == 9, "two whole ones"
    assert watched.run()[-1].step == 36
    assert watched.state == "done"
    given = {"loss": nn.binary_cross_entropy, "optimizer": nn.Adam(0.05), "epochs": 12}
    assert watched.history == list(nn.train(moons_model(), *moons, **given, **options))


def test_the_parameters_may_be_changed_between_records(moons):
    model, watched = watched_moons(moons)
    watched.run(5)
    for p in model.parameters():
        p.data = 0.0
    assert watched.step().loss == pytest.approx(np.log(2.0), rel=ROUNDING)


def test_what_does_not_fit_is_refused_before_anything_is_trained(moons):
    for wrong in ({"epochs": 0}, {"every": "minute"}, {"classes": ["one"]}, {"early_stopping": 2}):
        with pytest.raises(ValueError):
            watched_moons(moons, **wrong)
    model, watched = watched_moons(moons)
    before = [p.data for p in model.parameters()]
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="epochs is a whole number, at least 1"):
            watched.run(wrong)
    assert watched.history == []
    assert [p.data for p in model.parameters()] == before


# -- what goes wrong -----------------------------------------------------------------------------


def diverging(moons):
    X, y = moons
    model = moons_model(activation="relu")
    signs = [2.0 * t - 1.0 for t in y]
    return model, nn.watch(model, X, signs, loss=nn.mse, optimizer=nn.SGD(1e9), epochs=50)


def test_a_diverging_loss_stops_it_in_words_and_the_record_stays(moons):
    model, watched = diverging(moons)
    with pytest.raises(FloatingPointError) as raised:
        watched.run()
    count = len(watched.history)
    assert 0 < count < 50
    assert watched.state == "failed"
    assert watched.message == f"FloatingPointError: {raised.value}"
    assert np.isfinite([p.data for p in model.parameters()]).all()
    told, parameters = watched.told(-1)
    assert (told["state"], told["frames"][-1]) == ("failed", count)
    assert parameters_of(told, parameters)[count] == [p.data for p in model.parameters()]
    with pytest.raises(RuntimeError, match=r"has ended.*FloatingPointError.*watch a new one"):
        watched.run()
    assert len(watched.history) == count


def test_early_stopping_says_whose_parameters_the_model_has(moons):
    options = {"validation": 0.25, "early_stopping": 2, "optimizer": nn.SGD(2.0), "epochs": 500}
    _, watched = watched_moons(moons, **options)
    history = watched.run()
    best = min(history, key=lambda record: record.validation_loss)
    assert history[-1].epoch == best.epoch + 2 < 500
    assert "stopped early" in watched.message
    assert f"the parameters of epoch {best.epoch}," in watched.message


@pytest.fixture
def presses():
    """`presses(n)` is a metric that presses Ctrl-C as often as n says at its n-th call."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def pressing(times):
        calls = iter(range(1000))

        def interrupting(predictions, targets):
            for _ in range(times.get(next(calls), 0)):
                signal.raise_signal(signal.SIGINT)
            return 0.0

        return interrupting

    yield pressing
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_stops_it_after_the_record_and_it_can_go_on(moons, presses):
    _, watched = watched_moons(moons, metrics=presses({4: 1}))  # its first call is a trial
    with pytest.raises(KeyboardInterrupt):
        watched.run()
    assert (len(watched.history), watched.state) == (4, "paused")
    watched.run()
    _, whole = watched_moons(moons)
    assert [r.loss for r in watched.history] == [r.loss for r in whole.run()]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_interrupt_ends_it_after_the_last_completed_step(moons, presses):
    model, watched = watched_moons(moons, metrics=presses({4: 2}))
    with pytest.raises(KeyboardInterrupt):
        watched.run()
    assert (len(watched.history), watched.state) == (3, "failed")
    assert "KeyboardInterrupt" in watched.message
    other, whole = watched_moons(moons)
    whole.run(4)  # the step was done, its record was not
    assert [p.data for p in model.parameters()] == [p.data for p in other.parameters()]


def test_interrupts_of_another_kind_are_left_alone():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts_held(list) as was_interrupted:
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            assert not was_interrupted()
    finally:
        signal.signal(signal.SIGINT, before)


def test_it_can_be_paused_while_it_is_waited_for(moons):
    def metric(predictions, targets):
        if later and len(later[0].history) == 3:
            thread = threading.Thread(target=later[0].pause)
            thread.start()
            thread.join()
        return 0.0

    later = []
    _, watched = watched_moons(moons, metrics=metric)
    later.append(watched)
    assert len(watched.run()) == 4
    assert watched.state == "paused"
    assert len(watched.run()) == 8


def test_closing_ends_it_and_leaves_the_records(moons):
    model, watched = watched_moons(moons)
    watched.run(2)
    parameters = [p.data for p in model.parameters()]
    watched.close()
    assert (watched.state, watched.message, len(watched.history)) == ("done", "closed", 2)
    assert watched.run() == []
    assert [p.data for p in model.parameters()] == parameters


def test_a_forgotten_one_leaves_nothing_behind(moons):
    _, watched = watched_moons(moons)
    watched.run(2)
    forgotten = weakref.ref(watched)
    del watched
    gc.collect()
    assert forgotten() is None


# -- in the background ---------------------------------------------------------------------------


async def until(watched, *states):
    async with asyncio.timeout(SOON):
        while watched.state not in states:
            await asyncio.sleep(0.001)


def test_in_the_background_it_gives_the_same_and_leaves_no_task(moons):
    async def training():
        watched.start()
        assert watched.state == "running"
        await until(watched, "done")
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    _, watched = watched_moons(moons)
    in_a_loop(training())
    assert watched.history == watched_moons(moons)[1].run()


def test_in_the_background_it_keeps_to_a_pace_and_pauses(moons):
    async def training():
        watched.start(pace=50.0)
        await asyncio.sleep(0.3)
        watched.pause()
        await until(watched, "paused")
        paused = len(watched.history)
        await asyncio.sleep(0.1)
        return paused

    _, watched = watched_moons(moons, epochs=1000)
    paused = in_a_loop(training())
    assert 1 <= paused <= 60, (
        "0.3 s at 50 a second, and a pause that a busy machine may be late for"
    )
    assert len(watched.history) == paused


def test_the_background_goes_so_many_epochs(moons):
    async def training():
        watched.start(3)
        await until(watched, "paused")

    _, watched = watched_moons(moons)
    in_a_loop(training())
    assert len(watched.history) == 3


def test_a_step_by_hand_takes_over_from_the_background(moons):
    async def training():
        watched.start(pace=1.0)
        await asyncio.sleep(0.01)
        watched.run(2)
        await asyncio.sleep(0.05)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return len(watched.history)

    _, watched = watched_moons(moons, epochs=1000)
    assert in_a_loop(training()) == 3
    assert watched.state == "paused"


def test_what_goes_wrong_in_the_background_is_kept_in_words(moons):
    async def training():
        watched.start()
        await until(watched, "failed")

    _, watched = diverging(moons)
    in_a_loop(training())
    assert watched.message.startswith("FloatingPointError: ")


def test_a_loop_that_ends_leaves_it_paused(moons):
    async def training():
        watched.start(pace=100.0)
        await asyncio.sleep(0.02)

    _, watched = watched_moons(moons, epochs=1000)
    in_a_loop(training())
    assert watched.state == "paused"
    assert len(watched.run(2)) == 2


def test_without_a_loop_the_background_is_refused(moons):
    _, watched = watched_moons(moons)
    with ThreadPoolExecutor(1) as pool, pytest.raises(RuntimeError, match="event loop"):
        pool.submit(watched.start).result()


# -- what is kept --------------------------------------------------------------------------------


def test_every_frame_has_the_parameters_of_its_record_to_the_bit(moons):
    model, watched = watched_moons(moons)
    expected = {0: [p.data for p in model.parameters()]}
    while (record := watched.step()) is not None:
        expected[record.epoch] = [p.data for p in model.parameters()]
    assert parameters_of(*watched.told(-1)) == expected


def test_gradient_sizes_are_root_mean_squares_by_layer(moons):
    model, watched = watched_moons(moons, l2=0.01)
    watched.run(3)
    row = watched.told(-1)[0]["rows"][-1]
    for size, layer in zip(row[-1], model.layers, strict=True):
        gradients = np.array([p.grad for p in layer.parameters()])
        assert size == pytest.approx(np.sqrt(np.mean(gradients**2)), rel=ROUNDING)


def test_rows_have_the_numbers_of_the_records(moons):
    _, watched = watched_moons(moons, validation=0.25, metrics=nn.accuracy)
    watched.run()
    told, _ = watched.told(-1)
    assert told["metrics"] == ["accuracy"]
    assert told["rows"][0] == [0, 0, 0, None, None, [], [], []], "before training"
    for row, r in zip(told["rows"][1:], watched.history, strict=True):
        measured = [[r.metrics["accuracy"]], [r.validation_metrics["accuracy"]]]
        assert row[:-1] == [r.epoch, r.step, r.epoch, r.loss, r.validation_loss, *measured]


def test_deltas_have_what_is_new_and_no_more(moons):
    _, watched = watched_moons(moons)
    watched.run(3)
    watched.run(2)
    told, parameters = watched.told(3)
    assert [row[0] for row in told["rows"]] == told["frames"] == [4, 5]
    assert len(parameters) == 2 * 8 * 17
    assert watched.told(5)[0]["rows"] == []


@pytest.mark.parametrize("most", [2, 3, 5, 8, 1000])
def test_a_long_training_is_thinned_evenly_with_its_first_and_last(most):
    kept = Thinned(most)
    for number in range(300):
        kept.add(number, str(number))
        numbers = list(kept.entries)
        assert numbers[0] == 0
        assert numbers[-1] == number
        assert len(numbers) <= most
        assert numbers == sorted({*range(0, number + 1, kept.stride), number})
        assert all(kept.entries[n] == str(n) for n in numbers)
    assert kept.stride == 1 or 2 * len(kept.entries) >= most, "no fewer than needed"


def test_of_a_long_training_all_records_but_not_all_parameters_are_kept(moons):
    _, watched = watched_moons(moons, epochs=3000)
    watched.run()
    told, parameters = watched.told(-1)
    assert len(watched.history) == 3000
    assert len(told["rows"]) <= MOST_ROWS
    assert told["frames"][-1] == told["rows"][-1][0] == 3000
    assert {*told["frames"]} <= {row[0] for row in told["rows"]}
    assert len(parameters) == 17 * 8 * len(told["frames"])


def test_numbers_that_json_does_not_know_become_words(moons):
    _, watched = watched_moons(moons, metrics=lambda p, t: float("nan"))
    watched.run(1)
    assert watched.told(-1)[0]["rows"][1][5] == ["nan"]


# -- the document --------------------------------------------------------------------------------


def document_of(model, X, y, loss=nn.cross_entropy, classes=None):
    return training_document(model, X, y, loss, classes)


def test_the_traced_program_is_the_model_as_inference():
    X, y = nn.datasets.spiral(30, 3)
    model = nn.MLP(2, [5, 4, 3], "relu", dropout=0.5, seed=1)
    document = document_of(model, X, y)
    counts = [(layer["name"], layer["start"], layer["count"]) for layer in document["layers"]]
    assert counts == [("layers.0", 0, 5), ("layers.1", 5, 4), ("layers.2", 9, 3)]
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
        self.sent, self.is_closed = [], False

    def on_msg(self, listener):
        self.say = lambda want, **more: listener(self, {"want": want, "view": "a", **more}, [])

    def send(self, content, buffers):
        self.sent.append((content, buffers[0]))

    def _repr_mimebundle_(self):
        return {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "?"}, {}

    def close(self):
        self.is_closed = True


class Output:
    """A cell's output, which a notebook keeps."""

    def __init__(self):
        self.bundles = []

    def update(self, bundle, raw):
        self.bundles.append(bundle)


@pytest.fixture
def shown(monkeypatch):
    """`shown(watched)` is the channel and the output of a notebook that shows it."""
    channel, output = Channel(), Output()

    def display(bundle, raw, display_id):
        output.update(bundle, raw)
        return output

    def show(watched):
        watched._ipython_display_()
        return channel, output

    monkeypatch.setattr("autograd.view.widget", lambda *_: channel)
    monkeypatch.setattr("IPython.display.display", display)
    return show


@without_a_loop
def test_a_view_that_says_hello_is_told_everything_and_then_what_is_new(moons, shown):
    _, watched = watched_moons(moons)
    watched.run(2)
    channel, _ = shown(watched)
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
    channel, _ = shown(watched)
    channel.say("hello")
    for _ in range(3):
        watched.step()
    assert len(channel.sent) == 1
    channel.say("more")
    assert [content["frames"] for content, _ in channel.sent] == [[0], [1, 2, 3]]
    assert channel.sent[-1][0]["state"] == "paused"


def test_buttons_train_in_the_background(moons, shown):
    async def pressing():
        channel, _ = shown(watched)
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
    channel, _ = shown(watched)
    later.append(watched)
    assert len(watched.run()) == 4


def test_a_training_without_a_view_left_pauses(moons, shown):
    async def leaving():
        channel, _ = shown(watched)
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
    _, output = shown(watched)
    watched.run(3)
    first, last = output.bundles
    assert "before training" in first["image/svg+xml"]
    assert "epoch 3 of 12" in last["image/svg+xml"]
    assert last["text/plain"] == repr(watched)
    assert "application/vnd.jupyter.widget-view+json" in last
    assert last["text/html"].startswith("<img ")


def test_of_a_closed_one_the_picture_is_left(moons, shown):
    _, watched = watched_moons(moons)
    channel, output = shown(watched)
    watched.close()
    assert channel.is_closed
    assert "application/vnd.jupyter.widget-view+json" not in output.bundles[-1]
    assert "image/svg+xml" in output.bundles[-1]


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


def test_a_page_is_saved_whole_or_not_at_all(moons, tmp_path):
    _, watched = watched_moons(moons)
    with pytest.raises(FileNotFoundError, match="make it first"):
        watched.save(tmp_path / "none" / "page.html")
    assert list(tmp_path.iterdir()) == []
