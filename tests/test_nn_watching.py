"""A watched training is `nn.train`'s own: gone on with by hand, paused and recorded."""

from __future__ import annotations

import asyncio
import gc
import signal
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import nn
from nn.interrupts import interrupts_held
from nn.recording import MOST_ROWS, Recording, Thinned
from tests.trainings import in_a_loop, moons_model, until, watched_moons

ROUNDING = 1e-12  # of a root mean square, summed in another order


@pytest.fixture
def moons():
    return nn.datasets.moons(40, noise=0.1)


def parameters_of(told, parameters):
    """Each told frame's number → its parameters."""
    numbers = np.frombuffer(parameters, dtype="<f8").reshape(len(told["frames"]), -1)
    return dict(zip(told["frames"], numbers.tolist(), strict=True))


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
    assert "The parameters are those that epoch 1 began with" in watched.message
    told, parameters = watched.told(-1)
    assert (told["state"], told["frames"][-1]) == ("failed", count)
    assert parameters_of(told, parameters)[0] == [p.data for p in model.parameters()]
    with pytest.raises(RuntimeError, match=r"has ended.*FloatingPointError.*watch a new one"):
        watched.run()
    assert len(watched.history) == count


def test_early_stopping_says_whose_parameters_the_model_has(moons):
    options = {"validation": 0.25, "early_stopping": 2, "optimizer": nn.SGD(2.0), "epochs": 500}
    _, watched = watched_moons(moons, **options)
    history = watched.run()
    best = min(history, key=lambda record: record.validation_loss)
    assert history[-1].epoch == best.epoch + 2 < 500
    ending = (
        "stopped early: the validation loss fell no more; "
        f"the model has the parameters of epoch {best.epoch}, where it was lowest"
    )
    assert watched.message == ending
    assert watched.step() is None
    assert (watched.state, watched.message) == ("done", ending)


@pytest.mark.parametrize("options", [{}, {"validation": 0.25}])
def test_after_the_end_the_parameters_are_the_user_s(moons, options):
    model, watched = watched_moons(moons, **options)
    watched.run()
    model.parameters()[0].data = 5.0
    assert watched.step() is None
    assert watched.run() == []
    assert (watched.state, watched.message) == ("done", "")
    assert model.parameters()[0].data == 5.0


def test_parameters_that_stay_nan_have_not_changed():
    model = moons_model()
    model.parameters()[0].data = float("nan")
    recording = Recording(model)
    recording.note(nn.Record(1, 1, 0.5, {}, 0.5, {}))
    assert recording.ending(1) == ""
    model.parameters()[0].data = 1.0
    assert recording.ending(1) == "the model has the parameters of epoch 1, where it was lowest"


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
    assert watched.step() is None
    assert (watched.state, watched.message, len(watched.history)) == ("done", "closed", 2)
    assert [p.data for p in model.parameters()] == parameters


def test_closing_holds_in_the_background_too(moons):
    async def training():
        watched.close()
        watched.start()
        await asyncio.sleep(0.01)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    _, watched = watched_moons(moons)
    in_a_loop(training())
    assert (watched.state, watched.message, watched.history) == ("done", "closed", [])


def test_a_forgotten_one_leaves_nothing_behind(moons):
    _, watched = watched_moons(moons)
    watched.run(2)
    forgotten = weakref.ref(watched)
    del watched
    gc.collect()
    assert forgotten() is None


# -- in the background ---------------------------------------------------------------------------


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
    with ThreadPoolExecutor(1) as pool, pytest.raises(RuntimeError, match=r"no event.*run\(\)"):
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
