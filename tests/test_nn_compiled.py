"""Compiled training is eager training, faster; where it cannot be, it says so."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
import types
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
import pytest

import autograd
import nn
from autograd import Value
from nn.order import drawn_order
from nn.random_arrays import mask_array, order_array, random_array

SAME_CURVE = 1e-12  # relative, in the first 50 steps: sums over samples are added in another order
STEPS = 50


def numbers(model):
    return [p.data for p in model.parameters()]


def gradients(model):
    return [p.grad for p in model.parameters()]


def both_ways(model, X, y, **options):
    """The two models and their records, compiled and eager."""
    models, histories = [], []
    for eager in (False, True):
        models.append(model())
        records = nn.train(models[-1], X, y, every="step", eager=eager, **options)
        histories.append([record for record, _ in zip(records, range(STEPS), strict=False)])
    return models, histories


def assert_same(models, histories):
    compiled, eager = histories
    assert len(compiled) == len(eager) > 0
    for a, b in zip(compiled, eager, strict=True):
        assert (a.step, a.epoch) == (b.step, b.epoch)
        assert list(a.numbers()) == list(b.numbers())
        assert list(a.numbers().values()) == pytest.approx(
            list(b.numbers().values()), rel=SAME_CURVE
        )
    size = max(map(abs, numbers(models[1])))
    assert numbers(models[0]) == pytest.approx(
        numbers(models[1]), rel=SAME_CURVE, abs=SAME_CURVE * size
    )


# -- the same curve ------------------------------------------------------------------------------


def squared_distance(prediction, target):
    """A loss of one's own, on a list of targets."""
    return autograd.sum([(p - t) ** 2 for p, t in zip(prediction, target, strict=True)])


SIGNS = [-1, 1, 1, -1, 1, -1, -1, 1, 1, -1, 1, 1, -1]
BITS = [(t + 1) // 2 for t in SIGNS]
LABELS = [i % 3 for i in range(13)]
REALS = [math.sin(i) for i in range(13)]
PAIRS = [[math.sin(i), math.cos(3 * i)] for i in range(13)]
LOSSES = {
    "mse": (nn.mse, REALS, 1),
    "mse-of-two": (nn.mse, PAIRS, 2),
    "hinge": (nn.hinge, SIGNS, 1),
    "binary-cross-entropy": (nn.binary_cross_entropy, BITS, 1),
    "cross-entropy": (nn.cross_entropy, LABELS, 3),
    "own": (squared_distance, PAIRS, 2),
}
OPTIMIZERS = [
    nn.SGD(0.05),
    nn.SGD(nn.StepDecay(0.05, every=7), momentum=0.9),
    nn.SGD(nn.ExponentialDecay(0.02, 0.99), momentum=0.9, nesterov=True),
    nn.Adam(0.01),
    nn.Adam(nn.CosineDecay(0.02, steps=40, warmup=5)),
    nn.AdamW(lambda t: 0.02 if t < 20 else 0.01, weight_decay=0.05),
]
DROPOUTS = [0.0, 0.3]
BATCHES = [None, 4, 5]  # 13 samples: all, with a last one of 1, with a last one of 3


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("i", range(len(OPTIMIZERS)))
def test_the_curve_is_the_eager_one_for_every_loss_and_optimiser(loss, i):
    function, y, outputs = LOSSES[loss]
    # every pair of loss, optimiser, dropout and batch size occurs
    rest = list(product(DROPOUTS, BATCHES))
    dropout, batch_size = rest[(i + list(LOSSES).index(loss)) % len(rest)]
    rng = Random(0)
    X = [[rng.gauss(0.0, 1.0) for _ in range(3)] for _ in y]

    def model():
        return nn.MLP(3, [5, 4, outputs], dropout=dropout, seed=1)

    results = both_ways(
        model, X, y, loss=function, optimizer=OPTIMIZERS[i], batch_size=batch_size,
        l2=1e-3 * (i % 2), epochs=STEPS, seed=i,
    )  # fmt: skip
    assert_same(*results)


@pytest.mark.parametrize("activation", nn.ACTIVATIONS)
def test_the_curve_is_the_eager_one_for_every_activation(activation):
    X, y = nn.datasets.moons(13, seed=2)
    results = both_ways(
        lambda: nn.MLP(2, [4, 1], activation, seed=0), X, y, loss=nn.binary_cross_entropy,
        optimizer=nn.Adam(0.02), epochs=20,
    )  # fmt: skip
    assert_same(*results)


def test_metrics_and_validation_are_the_eager_ones():
    X, y = nn.datasets.moons(40, seed=2)
    results = both_ways(
        lambda: nn.MLP(2, [4, 1], dropout=0.2, seed=0), X, y, loss=nn.binary_cross_entropy,
        metrics=[nn.accuracy, nn.mean_absolute_error], validation=0.3, batch_size=6, epochs=4,
        optimizer=nn.Adam(0.05),
    )  # fmt: skip
    assert_same(*results)
    assert results[1][0][-1].validation_metrics["accuracy"] > 0.5


def test_early_stopping_ends_at_the_same_epoch_with_the_same_parameters():
    X, y = nn.datasets.moons(20, noise=0.4, seed=1)
    models, histories = [], []
    for eager in (False, True):
        models.append(nn.MLP(2, [6, 1], seed=0))
        histories.append(
            nn.fit(models[-1], X, y, loss=nn.binary_cross_entropy, optimizer=nn.Adam(0.1),
                   epochs=100, validation=0.4, early_stopping=2, eager=eager, progress=False)
        )  # fmt: skip
    assert 2 < len(histories[1]) < 100
    assert_same(models, histories)


class Shared(nn.Module):
    """One layer in two places, a bias of its own, and a Value that is no parameter."""

    def __init__(self):
        self.layer = nn.Layer(2, 2, "tanh", seed=0)
        self.again = self.layer
        self.named = {"scale": Value(0.5), "drop": nn.Dropout(0.25, 2)}
        self.sizes = [1, 2]

    def __call__(self, x, masks=None):
        hidden = self.named["drop"](self.layer(x), masks=masks)
        return self.named["scale"] * autograd.sum(self.again(hidden))


def test_a_module_of_ones_own_with_shared_parts_and_a_single_output():
    X, y = nn.datasets.moons(13, seed=2)
    results = both_ways(
        Shared, X, y, loss=lambda prediction, target: abs(prediction - target),
        optimizer=nn.Adam(0.02), batch_size=4, epochs=13, metrics=nn.mean_absolute_error,
    )  # fmt: skip
    assert_same(*results)


def test_an_output_that_does_not_depend_on_the_sample_is_measured_too():
    class Baseline(nn.Module):
        def __init__(self):
            self.bias = Value(0.25)

        def __call__(self, x):
            return [self.bias]

    results = both_ways(
        Baseline, [[0.0], [1.0], [2.0]], [0.0, 1.0, 5.0], loss=nn.mse, optimizer=nn.SGD(0.1),
        epochs=5, metrics=nn.mean_absolute_error, validation=([[3.0]], [2.0]),
    )  # fmt: skip
    assert_same(*results)


def test_training_twice_gives_the_same_bits():
    X, y = nn.datasets.moons(30, seed=2)

    def once():
        model = nn.MLP(2, [6, 1], dropout=0.2, seed=0)
        history = nn.fit(model, X, y, loss=nn.binary_cross_entropy, batch_size=7, epochs=5,
                         progress=False)  # fmt: skip
        return numbers(model), gradients(model), history

    assert once() == once()


# -- the same random numbers ---------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 7, 1000])
def test_the_order_is_the_same_in_an_array(count):
    one, other = Random(count), Random(count)
    for _ in range(3):
        assert order_array(count, one).tolist() == drawn_order(count, other)
    assert one.random() == other.random()


def test_random_numbers_are_the_same_in_an_array():
    one, other = Random(5), Random(5)
    assert random_array(7, 3, one).tolist() == [
        [other.random() for _ in range(3)] for _ in "1234567"
    ]
    assert one.random() == other.random()


@pytest.mark.parametrize("rates", [(0.5,), (0.1, 0.75, 0.0)])
def test_masks_are_the_same_in_an_array(rates):
    drops = [nn.Dropout(rate, width=3 + i) for i, rate in enumerate(rates)]
    one, other = Random(6), Random(6)
    expected = [[m for d in drops for m in d.draw_mask(other)] for _ in range(20)]
    assert mask_array(drops, 20, one).tolist() == expected


def test_a_dropout_with_a_rule_of_its_own_draws_by_it():
    class Every(nn.Dropout):
        def draw_mask(self, rng):
            return [2.0 * (i % 2) for i in range(self.width)]

    assert mask_array([Every(0.5, 3)], 2, Random(0)).tolist() == [[0.0, 2.0, 0.0]] * 2


# -- the model between steps ---------------------------------------------------------------------


def test_between_records_the_model_is_what_the_steps_have_made_of_it():
    X, y = nn.datasets.moons(12, seed=0)
    models = [nn.MLP(2, [3, 1], seed=0) for _ in range(2)]
    streams = [
        nn.train(m, X, y, loss=nn.mse, optimizer=nn.Adam(0.05), batch_size=5, epochs=3,
                 every="step", eager=eager)
        for m, eager in zip(models, (False, True), strict=True)
    ]  # fmt: skip
    for _ in zip(*streams, strict=True):
        one, other = models
        assert numbers(one) == pytest.approx(numbers(other), rel=SAME_CURVE)
        assert gradients(one) == pytest.approx(gradients(other), rel=SAME_CURVE, abs=SAME_CURVE)


def test_leaving_the_records_keeps_what_was_changed_between_them():
    model = nn.MLP(2, [1], seed=0)
    for _ in nn.train(model, *nn.datasets.xor(8), loss=nn.mse):
        for p in model.parameters():
            p.data, p.grad = 7.0, 8.0
        break
    assert set(numbers(model)) == {7.0}
    assert set(gradients(model)) == {8.0}


def test_a_metric_sees_the_parameters_of_its_epoch():
    seen = []
    model = nn.MLP(2, [1], seed=0)

    def note(predictions, targets):
        seen.append(numbers(model))
        return 0.0

    twin = nn.MLP(2, [1], seed=0)
    X, y = nn.datasets.xor(8)
    nn.fit(model, X, y, loss=nn.mse, metrics=note, epochs=5, progress=False)
    records = nn.train(twin, X, y, loss=nn.mse, epochs=5)
    assert seen[1:] == [numbers(twin) for _ in records]


def test_a_record_that_nobody_asks_for_changes_nothing():
    model = nn.MLP(2, [2, 1], seed=0)
    before = numbers(model), gradients(model)
    nn.train(model, *nn.datasets.xor(8), loss=nn.mse)
    assert (numbers(model), gradients(model)) == before


def test_nothing_that_counts_is_left_for_the_collector():
    def train():
        nn.fit(
            nn.MLP(2, [3, 1], dropout=0.1, seed=0), *nn.datasets.xor(20), loss=nn.mse, epochs=2,
            batch_size=6, validation=0.25, metrics=nn.mean_absolute_error, progress=False,
        )  # fmt: skip

    train()
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        train()
        gc.collect()
        kinds = (Value, nn.Module, np.ndarray, memoryview, types.FunctionType, types.FrameType)
        kept = [x for x in gc.garbage if isinstance(x, kinds)]  # ctypes leaves some of its types
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert kept == []


# -- what is not finite --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("optimizer", "loss"),
    [
        (nn.SGD(1e80), nn.mse),
        (nn.AdamW(1e200, weight_decay=1e200), nn.mse),
        (nn.SGD(0.1), lambda prediction, target: (prediction[0] * 0.0).sqrt()),
    ],
)
def test_what_is_not_finite_is_refused_in_the_same_words(optimizer, loss):
    said, left = [], []
    for eager in (False, True):
        model = nn.MLP(1, [1], seed=0)
        with pytest.raises(FloatingPointError) as info:
            nn.fit(model, [[1.0]], [0.5], loss=loss, optimizer=optimizer, epochs=50, eager=eager,
                   progress=False)  # fmt: skip
        said.append(str(info.value))
        left.append(numbers(model) + gradients(model))
    assert said[0] == said[1]
    assert left[0] == left[1]
    assert all(map(math.isfinite, left[0]))


# -- what cannot be compiled ---------------------------------------------------------------------


class Clipping(nn.SGD):
    def step(self, model, state):
        return super().step(model, state)


class Branching(nn.SGD):
    def update(self, parameter, gradient, state, t):
        return (parameter - gradient if gradient > 0 else parameter), state


class Forgetful(nn.SGD):
    def update(self, parameter, gradient, state, t):
        return parameter - gradient, (1.0,)


def branching(prediction, target):
    return prediction[0] - target if prediction[0] > target else target - prediction[0]


def in_floats(prediction, target):
    return prediction[0] * math.exp(prediction[0].data)


MODEL = nn.MLP(1, [1], seed=0)
REFUSED = {
    "a loss with an if": (dict(loss=branching), r"truth of <traced .*where\(x > 0, a, b\)"),
    "a loss of data": (dict(loss=in_floats), r"\.data of <traced"),
    "a loss of the model's parameters": (
        dict(loss=lambda p, t: nn.mse(p, t) + MODEL.parameters()[0] ** 2),
        r"takes the parameter layers\.0\.neurons\.0\.weights\.0 from a variable outside",
    ),
    "targets of text": (
        dict(loss=lambda p, t: p[0] ** 2, y=["a", "b"]),
        "targets that are all num",
    ),
    "a rule with an if": (dict(optimizer=Branching(0.1)), "truth of <traced"),
    "a step of its own": (dict(optimizer=Clipping(0.1)), "Clipping has a step or init of its own"),
    "a slot that is constant": (dict(optimizer=Forgetful(0.1)), r"Forgetful\.update gives"),
}


@pytest.mark.parametrize(("changed", "message"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("start", [nn.fit, nn.train])
def test_what_cannot_be_compiled_names_eager_and_works_with_it(changed, message, start):
    given = dict(X=[[0.5], [1.0]], y=[1.0, 2.0], loss=nn.mse, epochs=2) | changed
    before = numbers(MODEL), gradients(MODEL)
    with pytest.raises(TypeError, match=f"(?s){message}.*eager=True"):
        start(MODEL, **given)
    assert (numbers(MODEL), gradients(MODEL)) == before
    assert len(nn.fit(nn.MLP(1, [1], seed=0), **given, eager=True, progress=False)) == 2


@pytest.mark.parametrize("missing", ["llvmlite", "numpy"])
def test_without_a_package_it_names_eager_and_eager_needs_none(missing):
    code = f"""
import sys
sys.modules["{missing}"] = None
import nn
model = nn.MLP(1, [1], seed=0)
try:
    nn.fit(model, [[1.0]], [2.0], loss=nn.mse, progress=False)
except ImportError as error:
    print(error)
print(len(nn.fit(model, [[1.0]], [2.0], loss=nn.mse, epochs=3, eager=True, progress=False)))
"""
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        cwd=Path(nn.__file__).parents[1],
    )  # fmt: skip
    said, count = run.stdout.splitlines()
    assert "llvmlite and NumPy" in said
    assert "eager=True" in said
    assert count == "3"


def test_eager_is_a_bool():
    with pytest.raises(TypeError, match="eager is True or False, not str 'yes'"):
        nn.fit(nn.MLP(1, [1]), [[1.0]], [2.0], loss=nn.mse, eager="yes")
