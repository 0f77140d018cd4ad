"""Training that goes wrong says so in words, and leaves the parameters of when it went well."""

# ruff: noqa: E501  # a row of a table is one line

from __future__ import annotations

import math
import re
import warnings
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

import nn
from autograd import Value, log, sqrt, where
from nn.course import MARK, Course
from nn.dead_layers import DeadLayers
from nn.run import Low, Standing

WAYS = (False, True)  # eager
LINE = [[i / 5] for i in range(-10, 11)]
ON_LINE = [3.0 * x - 1.0 for [x] in LINE]


def numbers(model):
    return [p.data for p in model.parameters()]


def gradients(model):
    return [p.grad for p in model.parameters()]


def line():
    return nn.Perceptron(1, seed=0)


def failing(model, X, y, **options):
    """What `fit` says, compiled and eager the same, and what it leaves: numbers and gradients."""
    said, left = [], []
    for eager in WAYS:
        trained = model()
        with pytest.raises(FloatingPointError) as info:
            nn.fit(trained, X, y, progress=False, eager=eager, **options)
        assert type(info.value) is FloatingPointError
        said.append(str(info.value))
        left.append((numbers(trained), gradients(trained)))
    assert said[0] == said[1]
    return said[0], left


def states(model, X, y, eager, **options):
    """The numbers and gradients before and after each step that is taken, until one is not."""
    trained = model()
    found = [(numbers(trained), gradients(trained))]
    records = nn.train(trained, X, y, every="step", eager=eager, **options)
    with pytest.raises(FloatingPointError):
        found.extend((numbers(trained), gradients(trained)) for _ in records)
    return found


# -- in the data ---------------------------------------------------------------------------------


# fmt: off
IN_THE_DATA = [
    ([[0.0, 1.0], [2.0, math.nan]], [0.0, 1.0],               r"X\[1\]\[1\] is nan; leave out or fill in"),
    ([[0.0, 1.0], [2, 10**400]],    [0.0, 1.0],               r"X\[1\]\[1\] is int 1000.*, too large for a float; scale it"),
    ([[0.0, 1.0], [2.0, 3.0]],      [0.0, -math.inf],         r"y\[1\] is -inf; leave out or fill in"),
    ([[0.0, 1.0], [2.0, 3.0]],      [0.0, np.float32("nan")], r"y\[1\] is nan"),
    ([[0.0, 1.0], [2.0, 3.0]],      [[0.0], [math.nan]],      r"y\[1\]\[0\] is nan"),
    ([[0.0, 1.0], [2.0, 3.0]],      np.array([[0.0, 1.0], [math.inf, 1.0]]), r"y\[1\]\[0\] is inf"),
]
# fmt: on


@pytest.mark.parametrize(("X", "y", "message"), IN_THE_DATA)
@pytest.mark.parametrize("kind", ["", "validation "])
def test_what_is_not_finite_in_the_data_is_refused_by_its_place(X, y, message, kind):
    model = nn.MLP(2, [1], seed=0)
    given = dict(X=X, y=y)
    if kind:
        given = dict(X=[[0.0, 1.0]], y=[0.0], validation=(X, y))
    with pytest.raises(ValueError, match=kind + message):
        nn.fit(model, **given, loss=lambda p, t: p[0] * p[0])


# -- in a step -----------------------------------------------------------------------------------


def pitfall(prediction, target):
    """The squared error, but nan for a target above 9, and infinite at 9."""
    return nn.mse(prediction, target) + where(target < 9.0, 0.0, log(9.0 - target))


def targets_with(wrong):
    return [wrong.get(i, t) for i, t in enumerate(ON_LINE)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({7: 10.0}, "the loss is nan at step 1 (epoch 1): nan for X[7]; of a batch of 21"),
        ({7: 9.0}, "the loss is -inf at step 1 (epoch 1): -inf for X[7]; of a batch of 21"),
        ({3: 9.0, 7: 10.0, 12: 10.0}, "nan at step 1 (epoch 1): -inf for X[3]; nan for X[7], X[12];"),
        (dict.fromkeys(range(21), 10.0), "nan for X[0], X[1], X[2] and 18 more; of a batch of 21"),
    ],
)  # fmt: skip
def test_the_samples_whose_loss_is_not_finite_are_named(wrong, said):
    message, left = failing(line, LINE, targets_with(wrong), loss=pitfall)
    assert said in message
    assert "parameters are as they were given" in message
    assert "inside autograd.detect_anomaly()" in message
    assert "learning rate" not in message, "no step was taken with it"
    assert left == [(numbers(line()), gradients(line()))] * 2


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_parameter_that_was_wrong_before_is_named_and_not_the_data(wrong):
    def model():
        made = nn.MLP(1, [2, 1], "relu", seed=0)
        made.layers[0].neurons[1].bias.data = wrong
        return made

    said, _ = failing(model, LINE, ON_LINE, loss=nn.mse)
    name = f"layers.0.neurons.1.bias is {wrong} before step 1 (epoch 1), and the loss is"
    assert said.startswith(f"the parameter {name}")
    assert said.endswith("Set its .data to a finite number, or build the model anew")


@pytest.mark.parametrize("dropout", [0.0, 0.25])
@pytest.mark.parametrize("row", [2, 13, 20])
def test_in_a_batch_it_is_the_row_of_x_and_the_step_before_is_left(row, dropout):
    def model():
        return nn.MLP(1, [4, 1], dropout=dropout, seed=0)

    options = dict(loss=pitfall, batch_size=10, seed=row, l2=1e-3, epochs=1)
    said, left = failing(model, LINE, targets_with({row: 10.0}), **options)
    size = 1 if said.count("batch of 1.") else 10
    assert f"(epoch 1): nan for X[{row}]; of a batch of {size}. " in said
    step = int(re.search(r"at step (\d+)", said)[1])
    for eager, after in zip(WAYS, left, strict=True):
        taken = states(model, LINE, targets_with({row: 10.0}), eager, **options)
        assert len(taken) == step
        assert after == taken[-1]


def test_rows_are_those_of_x_also_where_some_are_held_out():
    def said(row):
        y = [10.0 if i == row else 0.0 for i in range(6)]
        try:
            nn.fit(line(), LINE[:6], y, loss=pitfall, validation=0.5, epochs=1, progress=False)
        except FloatingPointError as error:
            return str(error)
        return ""

    told = {row: said(row) for row in range(6)}
    assert sum(map(bool, told.values())) == 3, "the others were held out"
    for row, words in told.items():
        assert not words or f"nan for X[{row}]; of a batch of 3" in words


def test_a_sum_that_is_too_large_is_told_from_a_sample():
    def large(prediction, target):
        return prediction * 0.0 + 1e308

    said, _ = failing(line, LINE, ON_LINE, loss=large)
    assert "the loss is inf at step 1 (epoch 1): that of each sample is finite, but not" in said


def test_the_parameter_whose_gradient_is_not_finite_is_named():
    def model():
        return nn.MLP(2, [3, 1], "relu", seed=0)

    def loss(prediction, target):
        return sqrt(prediction[0] * 0.0)

    said, _ = failing(model, [[1.0, 0.5]], [1.0], loss=loss)
    assert re.search(r"the loss is 0\.0 and the gradient of layers\.\d\.neurons\.\d\.\w+", said)
    assert re.search(r"is (nan|inf|-inf) at step 1 \(epoch 1\)\. The parameters are as", said)


def test_the_parameter_that_would_not_be_finite_is_named():
    options = dict(loss=nn.mse, optimizer=nn.AdamW(1e200, weight_decay=1e200))
    said, left = failing(line, LINE, ON_LINE, **options)
    assert re.match(
        r"step 1 \(epoch 1\) would make the parameter (weights\.0|bias) (nan|-?inf)", said
    )
    assert "Try a smaller learning rate" in said
    assert left == [(numbers(line()), gradients(line()))] * 2


# -- a loss that runs away -----------------------------------------------------------------------


def test_a_loss_that_runs_away_is_told_long_before_it_overflows():
    options = dict(loss=nn.mse, optimizer=nn.SGD(1.0), epochs=1000)
    said, left = failing(line, LINE, ON_LINE, **options)
    assert re.match(r"training diverges; by epoch \d\d the loss has grown to .*, from .* in epoch 1\.", said)  # fmt: skip
    assert "The parameters are those that epoch 1 began with. Try a learning rate below 1," in said
    assert [after for after, _ in left] == [numbers(line())] * 2


@pytest.mark.parametrize("eager", WAYS)
def test_a_later_fit_with_a_smaller_rate_is_as_if_there_had_been_none(eager):
    options = dict(loss=nn.mse, epochs=50, eager=eager, progress=False)
    again, fresh = line(), line()
    with pytest.raises(FloatingPointError, match="training diverges"):
        nn.fit(again, LINE, ON_LINE, optimizer=nn.SGD(1.0), **options)
    histories = [nn.fit(m, LINE, ON_LINE, optimizer=nn.SGD(0.1), **options) for m in (again, fresh)]
    assert histories[0] == histories[1]
    assert numbers(again) == numbers(fresh)
    assert numbers(again) == pytest.approx([3.0, -1.0], abs=1e-3)


@pytest.mark.parametrize(("batch_size", "batches"), [(None, 1), (4, 6)])
def test_what_went_well_before_is_kept(batch_size, batches):
    def rate(t):
        return where(t <= 60, 0.05, 2.5)

    options = dict(loss=nn.mse, optimizer=nn.SGD(rate), batch_size=batch_size, epochs=200)
    said, left = failing(line, LINE, ON_LINE, **options)
    begun = int(re.search(r"that epoch (\d+) began with", said)[1])
    assert 40 < batches * begun <= 66
    assert "Try a smaller learning rate," in said
    for eager, (after, _) in zip(WAYS, left, strict=True):
        model = line()
        records = nn.train(model, LINE, ON_LINE, eager=eager, **options)
        seen = [numbers(model) for _, _ in zip(range(begun - 1), records, strict=False)]
        assert after == seen[-1]


def test_an_overflow_that_has_grown_says_from_what_to_what():
    said, left = failing(line, LINE, ON_LINE, loss=nn.mse, optimizer=nn.SGD(1e60), epochs=9)
    assert re.match(r"the loss is inf at step \d \(epoch \d\): inf for X\[0\], ", said)
    assert re.search(r"; by epoch \d the loss has grown to \d.*e\+\d+, from \d.* in epoch 1\.", said)  # fmt: skip
    assert [after for after, _ in left] == [numbers(line())] * 2


def test_within_the_first_epoch_too():
    options = dict(loss=nn.mse, optimizer=nn.SGD(1e60), batch_size=1, epochs=1)
    said, left = failing(line, LINE, ON_LINE, **options)
    assert "by epoch 1 the loss has grown to" in said
    assert [after for after, _ in left] == [numbers(line())] * 2


def test_a_training_that_ends_far_above_its_beginning_says_so_at_its_end():
    said, _ = failing(line, LINE, ON_LINE, loss=nn.mse, optimizer=nn.SGD(1.0), epochs=30)
    assert said.startswith("training diverges; by epoch 30 the loss has grown to")


@pytest.mark.parametrize("shift", [-9.0, -30.0, -1e6, 1e3])
def test_a_loss_that_is_negative_runs_away_like_another(shift):
    def shifted(prediction, target):
        return nn.mse(prediction, target) + shift

    said, left = failing(line, LINE, ON_LINE, loss=shifted, optimizer=nn.SGD(1.0), epochs=1000)
    assert re.match(r"training diverges; by epoch \d+ the loss has grown to \d", said)
    assert [after for after, _ in left] == [numbers(line())] * 2


# -- losses that do not run away -----------------------------------------------------------------
# pytest makes an error of every warning, so these also show that no layer is called dead.


@pytest.mark.parametrize("eager", WAYS)
def test_a_first_step_too_long_that_adam_takes_back_is_none(eager):
    class Zero(nn.Module):
        def __init__(self):
            self.slope = Value(0.0)

        def __call__(self, x):
            return self.slope * x[0]

    model = Zero()
    y = [1e-4 * x for [x] in LINE]
    history = nn.fit(
        model, LINE, y, loss=nn.mse, optimizer=nn.Adam(0.1), epochs=400, progress=False, eager=eager
    )
    assert max(r.loss for r in history) > 1e5 * history[0].loss
    assert model.slope.data == pytest.approx(1e-4, rel=0.1)


def test_a_trained_network_that_is_trained_on_is_none():
    model = nn.Perceptron(1, seed=0)
    nn.fit(model, LINE, ON_LINE, loss=nn.mse, optimizer=nn.SGD(0.2), epochs=400, progress=False)
    history = nn.fit(model, LINE, ON_LINE, loss=nn.mse, optimizer=nn.Adam(0.01), progress=False)
    assert max(r.loss for r in history) > 1e3 * history[0].loss


@pytest.mark.parametrize("eager", WAYS)
@pytest.mark.parametrize("shift", [-30.0, -25.4, -5.0, -1e6])
@pytest.mark.parametrize("batch_size", [None, 1])
def test_neither_is_a_negative_loss_that_swings_as_it_learns(shift, batch_size, eager):
    X, y = [[float(i)] for i in range(10)], [2.0 * i for i in range(10)]

    def shifted(prediction, target):
        return 0.5 * (prediction - target) ** 2 + shift

    model = line()
    nn.fit(
        model, X, y, loss=shifted, optimizer=nn.Adam(1.0), batch_size=batch_size, epochs=120,
        progress=False, eager=eager,
    )  # fmt: skip
    assert numbers(model) == pytest.approx([2.0, 0.0], abs=0.5)


@pytest.mark.parametrize("batch_size", [None, 1])
def test_a_hinge_loss_that_is_met_has_no_dead_layer(batch_size):
    X, y = [[-2.0], [-1.0], [1.0], [2.0]], [-1, -1, 1, 1]
    model = nn.MLP(1, [4, 1], "relu", seed=0)
    history = nn.fit(
        model, X, y, loss=nn.hinge, optimizer=nn.Adam(0.1), epochs=100, batch_size=batch_size,
        progress=False,
    )  # fmt: skip
    assert history[-1].loss == 0.0
    assert not any(gradients(model))


def test_neither_has_a_single_sample_that_is_met():
    model = nn.MLP(1, [4, 1], "relu", seed=0)
    options = dict(optimizer=nn.Adam(0.1), epochs=60, progress=False)
    assert nn.fit(model, [[1.0]], [1], loss=nn.hinge, **options)[-1].loss == 0.0


def test_gradients_that_cancel_are_no_death():
    X, y = [[-1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [1.0, -1.0]], [1.0, 1.0, -1.0, -1.0]
    model = nn.MLP(2, [2, 1], "tanh", seed=0)
    for p, number in zip(model.parameters(), [0.5, 0, 0, 0.5, 0, 0, 1.0, -1.0, 0], strict=True):
        p.data = number
    nn.fit(model, X, y, loss=nn.mse, epochs=30, progress=False)
    assert not any(gradients(model))


# -- a layer that is dead ------------------------------------------------------------------------


def told(model, X, y, **options):
    """The warnings of a training, compiled and eager the same; its model, as it is trained."""
    said, models = [], []
    for eager in WAYS:
        models.append(model())
        given = dict(loss=nn.mse, optimizer=nn.Adam(0.01), epochs=2) | options
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            nn.fit(models[-1], X, y, progress=False, eager=eager, **given)
        assert {w.filename for w in caught} <= {__file__}
        assert {w.category for w in caught} <= {RuntimeWarning}
        said.append([str(w.message) for w in caught])
    assert said[0] == said[1]
    return said[0], models[0]


def killed(layer, *widths, activation="relu", bias=-1e3, **options):
    """A function that makes a network in which the biases of one layer are far below zero."""

    def make():
        model = nn.MLP(1, list(widths), activation, seed=0, **options)
        for neuron in model.layers[layer].neurons:
            neuron.bias.data = bias
        return model

    return make


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (killed(0, 5, 4, 1), {}, "layers.0 is dead at the end of epoch 1: 5 of its 5 units give 0 at each of the 21 samples, so that nothing up to it learns any more. Try leaky_relu for its activation, a smaller learning rate or another seed"),
        (killed(1, 5, 4, 1), {}, "layers.1 is dead at the end of epoch 1: 4 of its 4 units give 0 "),
        (killed(1, 5, 4, 1), dict(l2=0.01), "layers.1 is dead at the end of epoch 1: 4 of its 4 "),
        (killed(1, 5, 4, 1, dropout=0.5), dict(batch_size=8), "layers.1 is dead at the end of epoch 1: "),
        (killed(1, 5, 1, activation=["tanh", "relu"]), {}, "layers.1 is dead at the end of epoch 1: 1 of its 1 units"),
        (killed(0, 3, 1, activation="sigmoid", bias=-800.0), {}, "layers.0 is dead at the end of epoch 1: 3 of its 3 units give 0 "),
        (killed(0, 3, 1, activation="tanh", bias=400.0), {}, "3 of its 3 units are flat at each of the 21 samples, so that nothing up to it learns any more. Try features of one scale"),
    ],
    ids=["first", "second", "with-l2", "with-dropout", "the-last", "sigmoid", "saturated"],
)  # fmt: skip
def test_a_dead_layer_is_told_once_with_its_units(model, options, message):
    said, _ = told(model, LINE, ON_LINE, **options)
    assert len(said) == 1
    assert message in said[0]


def test_the_first_epoch_and_the_lowest_are_remembered():
    steps = SimpleNamespace(batches=1, kept=lambda: [0.5], is_still=lambda places: False)
    standing = Standing()
    course = Course(SimpleNamespace(model=nn.MLP(1, [1], seed=0)), steps, standing)
    for epoch, loss in enumerate([2.5, 1.5, 2.0], 1):
        course.begin()
        course.objectives.append(loss)
        course.end(MARK * epoch, is_last=False)
    assert (standing.marks.first, standing.marks.low) == (2.5, Low(MARK * 2, 1.5, [0.5]))


def test_the_search_pauses_twice_as_long_each_time_that_it_finds_nothing():
    looks = []

    class Still:
        """A training whose gradient is 0 at each epoch, and whose loss is met."""

        samples, is_still = [], staticmethod(lambda layer: True)

        def push(self):
            looks.append(epoch)

    model = nn.MLP(1, [2, 1], "relu", seed=0)
    search = DeadLayers(SimpleNamespace(model=model), Still())
    for epoch in range(1, 40):
        search.look_for(epoch)
    assert looks == [1, 3, 7, 15, 31]


def test_of_many_samples_some_are_looked_at_and_the_words_say_how_many():
    X = [[i / 1000] for i in range(1200)]
    said, _ = told(killed(0, 3, 1), X, [0.5] * 1200, epochs=1)
    assert (
        "give 0 at each of 256 of the 1,200 samples, so that nothing up to it learns from"
        in said[0]
    )
    said, _ = told(killed(0, 3, 1), X[:256], [0.5] * 256, epochs=1)
    assert "give 0 at each of the 256 samples, so that nothing up to it learns any more" in said[0]


def test_those_that_are_looked_at_are_spread_over_all():
    def late():  # one unit that is alive for the last tenth of the samples alone
        model = nn.MLP(1, [1, 1], "relu", seed=0)
        model.layers[0].neurons[0].weights[0].data = 1.0
        model.layers[0].neurons[0].bias.data = -0.9 * 1200 - 0.5
        return model

    X = [[float(i)] for i in range(1200)]

    def met(prediction, target):  # no gradient at any sample, and a loss that is not 0
        return prediction[0] * 0.0 + 1.0

    said, _ = told(late, X, [0.0] * 1200, loss=met, epochs=1)
    assert said == []


def test_a_layer_that_dies_on_the_way_is_told_and_the_rest_learns_on():
    X, y = [[x + 3.0] for [x] in LINE], [t - 20.0 for t in ON_LINE]
    said, model = told(lambda: nn.MLP(1, [6, 1], "relu", seed=0), X, y, optimizer=nn.SGD(0.3), epochs=80)  # fmt: skip
    assert len(said) == 1
    assert re.match(r"layers\.0 is dead at the end of epoch \d+: 6 of its 6 units give 0", said[0])
    assert model([5.0])[0].data == model([1.0])[0].data == pytest.approx(-21.0, rel=0.1)


def test_a_single_sample_is_enough_where_the_units_give_0():
    said, _ = told(killed(0, 3, 1), [[1.0]], [2.0])
    assert "give 0 at each of the 1 samples" in said[0]


def test_in_a_network_of_ones_own_it_is_found_by_its_name():
    class Own(nn.Module):
        def __init__(self):
            self.gate = nn.Perceptron(1, "relu", seed=0)
            self.gate.bias.data = -100.0
            self.shift = Value(0.5)
            self.out = nn.Layer(1, 1, seed=1)

        def __call__(self, x):
            return self.out([self.gate(x)])[0] + self.shift

    said, _ = told(Own, LINE, ON_LINE)
    assert said[0].startswith("gate is dead at the end of epoch 1: 1 of its 1 units give 0")


def test_watching_says_all_of_it_too():
    watched = nn.watch(line(), LINE, ON_LINE, loss=nn.mse, optimizer=nn.SGD(1.0), epochs=1000)
    with pytest.raises(FloatingPointError, match="training diverges; by epoch") as info:
        watched.run()
    assert (watched.state, watched.message) == ("failed", f"FloatingPointError: {info.value}")
    losses = [record.loss for record in watched.history]
    assert all(a < b for a, b in pairwise(losses))
    watched = nn.watch(killed(0, 3, 1)(), LINE, ON_LINE, loss=nn.mse, epochs=30)
    with pytest.warns(RuntimeWarning, match=r"layers\.0 is dead") as caught:
        watched.run()
    assert [w.filename for w in caught] == [__file__]
