"""Training tells what it does in records, is the same for the same seed, and loses no step."""

from __future__ import annotations

import gc
from itertools import chain

import pytest

import autograd
import nn
from autograd import Value

ROUNDING = 1e-12  # between sums of the same few dozen terms in different orders


def xor():
    return nn.datasets.xor(24, noise=0.0, seed=1)


def numbers(model):
    return [p.data for p in model.parameters()]


@pytest.fixture(params=[False, True], ids=["compiled", "eager"])
def eager(request):
    return request.param


def gradients(model):
    return [p.grad for p in model.parameters()]


def fitted(**options):
    model = nn.MLP(2, [4, 1], seed=0)
    given = dict(loss=nn.binary_cross_entropy, optimizer=nn.Adam(0.05), epochs=4, progress=False)
    return model, nn.fit(model, *xor(), **{**given, **options})


# -- what a step is ------------------------------------------------------------------------------


def test_a_step_descends_the_mean_loss_plus_l2_times_the_squares(eager):
    X, y = xor()
    model = nn.MLP(2, [4, 1], seed=0)
    twin = nn.MLP(2, [4, 1], seed=0)
    [record] = nn.fit(
        model,
        X,
        y,
        loss=nn.mse,
        optimizer=nn.SGD(0.5),
        epochs=1,
        l2=0.01,
        eager=eager,
        progress=False,
    )

    def objective(m):
        costs = [nn.mse(m(x), t) for x, t in zip(X, y, strict=True)]
        squares = [p * p for p in m.parameters()]
        return autograd.sum(costs) / len(X) + 0.01 * autograd.sum(squares)

    cost = objective(twin)
    cost.backward()
    assert record.loss == pytest.approx(cost.data, rel=ROUNDING)
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        assert p.grad == pytest.approx(q.grad, rel=ROUNDING, abs=ROUNDING)
        assert p.data == pytest.approx(q.data - 0.5 * q.grad, rel=ROUNDING, abs=ROUNDING)


def test_mini_batches_are_every_sample_once_and_the_last_may_be_smaller(eager):
    seen = []

    def note(predictions, targets):
        seen.append(list(targets))
        return 0.0

    X = [[float(i), 0.0] for i in range(10)]
    y = [float(i) for i in range(10)]
    records = list(
        nn.train(nn.MLP(2, [1], seed=0), X, y, loss=nn.mse, optimizer=nn.SGD(1e-3), epochs=2,
                 batch_size=4, metrics=note, every="step", eager=eager)
    )  # fmt: skip
    assert [(r.step, r.epoch) for r in records] == [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (6, 2)]
    batches = seen[1:]  # the first call is the trial before training
    assert [len(batch) for batch in batches] == [4, 4, 2, 4, 4, 2]
    first, second = [*chain(*batches[:3])], [*chain(*batches[3:])]
    assert sorted(first) == sorted(second) == y
    assert first != y
    assert first != second


def test_a_metric_may_look_at_the_model_which_is_that_of_its_record(eager):
    model, seen = nn.MLP(1, [1], seed=0), []

    def first_weight(predictions, targets):
        seen.append(model.parameters()[0].data)
        return seen[-1]

    records = nn.train(
        model, [[1.0], [2.0]], [1.0, 3.0], loss=nn.mse, optimizer=nn.SGD(0.01), epochs=4,
        metrics=first_weight, eager=eager,
    )  # fmt: skip
    found = [(r.metrics["first_weight"], model.parameters()[0].data) for r in records]
    assert len(set(found)) == 4
    assert all(measured == now for measured, now in found)


def test_a_mini_batch_is_a_mean_so_a_smaller_one_takes_a_step_of_the_same_size(eager):
    X, y = [[1.0], [1.0], [1.0]], [2.0, 2.0, 2.0]
    steps = []
    for size in (1, 2, None):
        model = nn.MLP(1, [1], seed=0)
        before = numbers(model)
        records = nn.train(
            model, X, y, loss=nn.mse, optimizer=nn.SGD(0.1), batch_size=size, every="step",
            eager=eager,
        )  # fmt: skip
        next(records)
        steps.append([a - b for a, b in zip(numbers(model), before, strict=True)])
    assert steps[0] == pytest.approx(steps[1], rel=ROUNDING)
    assert steps[0] == pytest.approx(steps[2], rel=ROUNDING)


def test_the_loss_of_an_epoch_is_the_mean_over_its_samples(eager):
    X, y = xor()
    options = dict(loss=nn.mse, optimizer=nn.SGD(0.1), epochs=1, batch_size=7, seed=3, eager=eager)
    by_step = list(nn.train(nn.MLP(2, [3, 1], seed=0), X, y, every="step", **options))
    [by_epoch] = nn.train(nn.MLP(2, [3, 1], seed=0), X, y, **options)
    sizes = [7, 7, 7, 3]
    mean = sum(n * r.loss for n, r in zip(sizes, by_step, strict=True)) / 24
    assert by_epoch.loss == pytest.approx(mean, rel=ROUNDING)
    assert (by_epoch.step, by_epoch.epoch) == (4, 1)


# -- reproducible --------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_curve_and_the_same_parameters(eager):
    options = dict(batch_size=5, validation=0.25, metrics=nn.accuracy, l2=1e-3, eager=eager)
    first, second = fitted(seed=1, **options), fitted(seed=1, **options)
    other = fitted(seed=2, **options)
    assert first[1] == second[1] != other[1]
    assert numbers(first[0]) == numbers(second[0]) != numbers(other[0])


def test_fit_is_train_run_to_its_end(eager):
    model = nn.MLP(2, [4, 1], seed=0)
    records = nn.train(
        model, *xor(), loss=nn.binary_cross_entropy, optimizer=nn.Adam(0.05), epochs=4, eager=eager
    )
    fit_model, history = fitted(eager=eager)
    assert list(records) == history
    assert numbers(model) == numbers(fit_model)
    assert gradients(model) == gradients(fit_model)


def test_dropout_is_on_while_training_and_decided_by_the_seed(eager):
    X, y = xor()

    def losses(seed, rate):
        model = nn.MLP(2, [8, 1], dropout=rate, seed=0)
        records = nn.train(
            model, X, y, loss=nn.mse, optimizer=nn.SGD(0.1), epochs=3, seed=seed,
            validation=(X, y), eager=eager,
        )  # fmt: skip
        return [r.loss for r in records]

    assert losses(0, 0.5) == losses(0, 0.5) != losses(1, 0.5)
    assert losses(0, 0.0) == losses(1, 0.0)


# -- records -------------------------------------------------------------------------------------


def test_records_have_the_metrics_by_name_and_validation_without_l2_or_dropout(eager):
    X, y = xor()

    def positives(predictions, targets):
        return float(sum(p > 0 for [p] in predictions))

    model = nn.MLP(2, [4, 1], dropout=0.5, seed=0)
    last = nn.fit(
        model, X, y, loss=nn.binary_cross_entropy, metrics=[nn.accuracy, positives],
        validation=(X, y), l2=10.0, epochs=3, progress=False, eager=eager,
    )[-1]  # fmt: skip
    assert list(last.metrics) == list(last.validation_metrics) == ["accuracy", "positives"]
    predictions = nn.predict(model, X)
    costs = [nn.binary_cross_entropy(p, t) for p, t in zip(predictions, y, strict=True)]
    assert last.validation_loss == pytest.approx(sum(costs) / len(costs), rel=ROUNDING)
    assert last.validation_metrics["accuracy"] == nn.accuracy(predictions, y)
    assert last.validation_metrics["positives"] == sum(p > 0 for [p] in predictions)
    assert list(last.numbers()) == [
        *("loss", "accuracy", "positives"),
        *("validation loss", "validation accuracy", "validation positives"),
    ]


def test_a_share_for_validation_is_not_trained_on(eager):
    X = [[float(i)] for i in range(10)]
    y = [float(i) for i in range(10)]
    seen = []

    def note(predictions, targets):
        seen.append(set(targets))
        return 0.0

    list(
        nn.train(
            nn.MLP(1, [1], seed=0), X, y, loss=nn.mse, optimizer=nn.SGD(1e-4), validation=0.3,
            epochs=2, metrics=note, eager=eager,
        )
    )  # fmt: skip
    tried, trained, watched = seen[:3]
    assert tried == trained
    assert (len(trained), len(watched)) == (7, 3)
    assert trained | watched == set(y)
    assert seen == [tried, *[trained, watched] * 2]


def test_a_record_every_step_validates_at_the_end_of_the_epoch_only(eager):
    X, y = xor()
    records = list(
        nn.train(
            nn.MLP(2, [2, 1], seed=0), X, y, loss=nn.mse, epochs=2, batch_size=12,
            validation=(X, y), every="step", eager=eager,
        )
    )  # fmt: skip
    assert [r.validation_loss is None for r in records] == [True, False, True, False]


def test_parameters_may_be_changed_between_two_records(eager):
    model = nn.MLP(2, [1], seed=0)
    records = nn.train(model, *xor(), loss=nn.mse, optimizer=nn.SGD(1e-9), epochs=2, eager=eager)
    next(records)
    for p in model.parameters():
        p.data = 0.0
    next(records)
    assert all(abs(x) < 1e-6 for x in numbers(model))


# -- stopping ------------------------------------------------------------------------------------


def overfitting():
    """Targets of the samples and of validation that pull in opposite directions."""
    return ([[1.0]], [1.0]), ([[1.0]], [-1.0])


def test_early_stopping_ends_after_its_patience_and_keeps_the_best_parameters(eager):
    (X, y), validation = overfitting()
    model = nn.MLP(1, [1], seed=0)
    model.layers[0].neurons[0].weights[0].data = -3.0
    path = []
    for record in nn.train(
        model, X, y, loss=nn.mse, optimizer=nn.SGD(0.05), epochs=100, validation=validation,
        early_stopping=3, eager=eager,
    ):  # fmt: skip
        path.append((record.validation_loss, numbers(model)))
    losses = [loss for loss, _ in path]
    best = losses.index(min(losses))
    assert 0 < best == len(losses) - 4
    assert numbers(model) == path[best][1]


def test_without_early_stopping_every_epoch_is_run_and_the_last_parameters_stay(eager):
    (X, y), validation = overfitting()
    model = nn.MLP(1, [1], seed=0)
    history = nn.fit(
        model, X, y, loss=nn.mse, optimizer=nn.SGD(0.05), epochs=30, validation=validation,
        progress=False, eager=eager,
    )  # fmt: skip
    assert len(history) == 30
    assert model([1.0])[0].data > 0.9


# -- interruptions -------------------------------------------------------------------------------


def xor_model_after(epochs, eager, **options):
    """What training of so many epochs leaves: numbers, gradients."""
    model = nn.MLP(2, [4, 1], seed=0)
    if epochs:
        nn.fit(model, *xor(), loss=nn.mse, epochs=epochs, eager=eager, progress=False, **options)
    return numbers(model), gradients(model)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_error_in_an_eager_loss_leaves_the_parameters_of_the_last_completed_step(error):
    calls = 0

    def interrupted(prediction, target):
        nonlocal calls
        calls += 1
        if calls == 1 + 3 * 24 + 20:  # the trial, three epochs, and most of the fourth
            raise error("stop")
        return nn.mse(prediction, target)

    options = dict(optimizer=nn.Adam(0.05), progress=False, l2=0.1, eager=True)
    model = nn.MLP(2, [4, 1], seed=0)
    with pytest.raises(error, match="stop"):
        nn.fit(model, *xor(), loss=interrupted, epochs=9, **options)
    expected = xor_model_after(3, True, optimizer=nn.Adam(0.05), l2=0.1)
    assert (numbers(model), gradients(model)) == expected


def stopping(step, error):
    """A schedule of 0.05 that raises in that step."""

    def rate(t):
        if t == step:
            raise error("stop")
        return 0.05

    return rate


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("completed", [0, 1, 2, 5])
def test_an_error_in_a_schedule_leaves_gradients_and_parameters_of_the_step_before(
    error, completed, eager
):
    model = nn.MLP(2, [4, 1], seed=0)
    optimizer = nn.SGD(stopping(completed + 1, error))
    with pytest.raises(error, match="stop"):
        nn.fit(
            model, *xor(), loss=nn.mse, optimizer=optimizer, epochs=9, progress=False, eager=eager
        )
    expected = xor_model_after(completed, eager, optimizer=nn.SGD(0.05))
    assert (numbers(model), gradients(model)) == expected


def test_an_interruption_just_after_the_parameters_are_written_undoes_the_step():
    class Interrupted(nn.SGD):
        def step(self, model, state):
            after = super().step(model, state)
            if after.step == 3:
                raise KeyboardInterrupt
            return after

    model = nn.MLP(2, [4, 1], seed=0)
    with pytest.raises(KeyboardInterrupt):
        nn.fit(model, *xor(), loss=nn.mse, optimizer=Interrupted(0.05), epochs=9, eager=True,
               progress=False)  # fmt: skip
    expected = xor_model_after(2, True, optimizer=nn.SGD(0.05))
    assert (numbers(model), gradients(model)) == expected


def test_a_metric_that_raises_leaves_gradients_and_parameters_of_the_same_step(eager):
    epochs = []

    def metric(predictions, targets):
        epochs.append(len(epochs))
        if len(epochs) == 1 + 3:  # it is tried once before the first epoch
            raise RuntimeError("stop")
        return 0.0

    model = nn.MLP(2, [4, 1], seed=0)
    with pytest.raises(RuntimeError, match="stop"):
        nn.fit(model, *xor(), loss=nn.mse, optimizer=nn.SGD(0.05), epochs=9, metrics=metric,
               progress=False, eager=eager)  # fmt: skip
    expected = xor_model_after(3, eager, optimizer=nn.SGD(0.05))
    assert (numbers(model), gradients(model)) == expected


def test_a_step_to_an_infinite_parameter_is_refused_and_undone(eager):
    model = nn.MLP(1, [1], seed=0)
    for p in model.parameters():
        p.grad = 0.5
    before = numbers(model)
    optimizer = nn.AdamW(1e200, weight_decay=1e200)
    with pytest.raises(FloatingPointError, match=r"step 1 .*parameter layers\.0\.neurons\.0\."):
        nn.fit(model, [[1.0]], [0.5], loss=nn.mse, optimizer=optimizer, epochs=1, progress=False,
               eager=eager)  # fmt: skip
    assert numbers(model) == before
    assert [p.grad for p in model.parameters()] == [0.5, 0.5]


def test_a_loss_that_is_not_finite_names_its_step_and_undoes_it(eager):
    X, y = xor()
    model = nn.MLP(2, [4, 1], seed=0)
    after = [numbers(model)]
    records = nn.train(model, X, y, loss=nn.mse, optimizer=nn.SGD(1e80), epochs=50, eager=eager)
    message = r"the loss is (inf|nan).* at step \d+ \(epoch \d"
    with pytest.raises(FloatingPointError, match=message):
        after.extend(numbers(model) for _ in records)
    assert numbers(model) == after[0]  # all that came after had grown


def test_a_gradient_that_is_not_finite_names_the_parameter(eager):
    model = nn.MLP(1, [1], seed=0)

    def loss(prediction, target):
        return (prediction[0] * 0.0).sqrt()

    with pytest.raises(FloatingPointError, match=r"gradient of layers\.0\.neurons\.0\.weights\.0"):
        nn.fit(model, [[1.0]], [1.0], loss=loss, epochs=1, progress=False, eager=eager)


# -- what it is for ------------------------------------------------------------------------------


def test_the_moons_network_of_micrograds_demo_reaches_all_100_points():
    X, y = nn.datasets.moons(100, noise=0.1)
    signs = [2 * t - 1 for t in y]
    model = nn.MLP(2, [16, 16, 1], activation="tanh", seed=0)
    assert len(model.parameters()) == 337
    schedule = nn.CosineDecay(0.1, steps=200)
    nn.fit(
        model, X, signs, loss=nn.hinge, optimizer=nn.Adam(schedule), epochs=40, batch_size=20,
        progress=False,
    )  # fmt: skip
    assert nn.accuracy(nn.predict(model, X), signs) == 1.0


def test_a_single_perceptron_trains(eager):
    neuron = nn.Perceptron(2, seed=0)
    X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 0, 0, 1]
    nn.fit(
        neuron, X, y, loss=nn.binary_cross_entropy, optimizer=nn.Adam(0.1), epochs=100,
        metrics=nn.accuracy, progress=False, eager=eager,
    )  # fmt: skip
    assert nn.accuracy(nn.predict(neuron, X), y) == 1.0


def test_eager_training_leaves_no_garbage_for_the_collector():
    options = dict(batch_size=5, validation=0.25, metrics=nn.accuracy, eager=True)
    fitted(**options)
    gc.collect()
    fitted(**options)
    assert gc.collect() == 0


def test_three_classes_are_learned_with_cross_entropy():
    X, y = nn.datasets.iris()
    X = nn.datasets.standardise(X)
    X_train, X_test, y_train, y_test = nn.datasets.train_test_split(X, y, test=0.3)
    model = nn.MLP(4, [6, 3], "relu", seed=0)
    nn.fit(
        model, X_train, y_train, loss=nn.cross_entropy, optimizer=nn.AdamW(0.03), epochs=20,
        batch_size=15, progress=False,
    )  # fmt: skip
    assert nn.accuracy(nn.predict(model, X_test), y_test) >= 0.9


def test_a_network_of_ones_own_and_a_loss_of_ones_own_train_too(eager):
    class Quadratic(nn.Module):
        def __init__(self):
            self.coefficients = [Value(0.1), Value(0.1), Value(0.1)]

        def __call__(self, x):
            return autograd.dot(self.coefficients, [1.0, x[0], x[0] * x[0]])

    def absolute(prediction, target):
        return abs(prediction - target)

    X = [[i / 10] for i in range(-10, 11)]
    y = [1 - 2 * x + 3 * x * x for [x] in X]
    model = Quadratic()
    schedule = nn.CosineDecay(0.2, steps=400)
    nn.fit(model, X, y, loss=absolute, optimizer=nn.Adam(schedule), epochs=400, progress=False,
           eager=eager)  # fmt: skip
    assert numbers(model) == pytest.approx([1.0, -2.0, 3.0], abs=0.05)
