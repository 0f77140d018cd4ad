"""Predictions are plain numbers, and metrics say what they are worth."""

from __future__ import annotations

import math

import numpy as np
import pytest

import nn


def test_predictions_are_the_models_outputs_as_floats():
    model = nn.MLP(2, [3, 2], dropout=0.5, seed=0)
    X = [[0.5, 1.0], [-1.0, 2.0]]
    assert nn.predict(model, X) == [[y.data for y in model(x)] for x in X]
    assert nn.predict(model, np.array(X)) == nn.predict(model, X)


def test_a_model_of_one_value_predicts_lists_of_one_number():
    neuron = nn.Perceptron(1, seed=0)
    assert nn.predict(neuron, [[2.0]]) == [[neuron([2.0]).data]]


def test_predicting_changes_nothing():
    model = nn.MLP(2, [3, 1], seed=0)
    before = [(p.data, p.grad) for p in model.parameters()]
    nn.predict(model, [[1.0, 2.0]])
    assert [(p.data, p.grad) for p in model.parameters()] == before


def test_one_score_decides_by_its_sign_and_several_by_the_largest():
    assert [nn.decide([s]) for s in (-1.0, 0.0, 1e-300)] == [0, 0, 1]
    assert nn.decide([0.1, 0.3, 0.3]) == 1


@pytest.mark.parametrize("targets", [[1, 0, 0, 1], [1, -1, -1, 1], np.array([1.0, 0, 0, 1])])
def test_accuracy_of_scores_takes_signs_or_bits(targets):
    assert nn.accuracy([[2.0], [-1.0], [0.5], [0.1]], targets) == 0.75


def test_accuracy_of_several_outputs_takes_whole_numbers():
    predictions = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]
    assert nn.accuracy(predictions, [0, 2, 2]) == pytest.approx(2 / 3)
    assert nn.accuracy(predictions, [[0], [2], [2]]) == pytest.approx(2 / 3)


def test_metrics_of_a_regression():
    predictions, targets = [[1.0, 2.0], [3.0, 5.0]], [[1.0, 4.0], [3.0, 4.0]]
    assert nn.mean_absolute_error(predictions, targets) == 0.75
    assert nn.r_squared(predictions, targets) == pytest.approx(1 - 5 / 6)
    assert nn.r_squared([[3.0], [3.0]], [2.0, 4.0]) == 0.0
    assert math.isnan(nn.r_squared([[3.0]], [2.0]))


@pytest.mark.parametrize(
    ("metric", "predictions", "targets", "message"),
    [
        (nn.accuracy, [[1.0]], [0.7], "compares classes, 0 and 1.*, but a target is 0.7"),
        (nn.accuracy, [[1.0]], [3], "compares classes, 0 and 1.*, but a target is 3"),
        (
            nn.accuracy,
            [[1.0, 0.0]],
            [-1],
            "whole numbers from 0 to 1 for 2 outputs, but a target is -1",
        ),
        (nn.accuracy, [[0.3, 0.4]], [7], "from 0 to 1 for 2 outputs, but a target is 7"),
        (nn.accuracy, [[]], [1], r"predictions\[0\] has no outputs"),
        (nn.accuracy, [[1.0]], [math.nan], "but a target is nan"),
        (nn.accuracy, [[1.0]], [1, 0], "predictions has 1 samples and targets has 2"),
        (nn.accuracy, [], [], "there are no predictions"),
        (nn.r_squared, [[1.0, 2.0]], [1.0], "a prediction has 2 samples and its target has 1"),
    ],
)
def test_what_a_metric_cannot_judge(metric, predictions, targets, message):
    with pytest.raises(ValueError, match=message):
        metric(predictions, targets)


def test_plain_numbers_are_predictions_of_one_output():
    assert nn.accuracy([1.0, -1.0, 2], [1, 1, 1]) == pytest.approx(2 / 3)
    assert nn.mean_absolute_error(np.array([1.0, 2.0]), [1.0, 4.0]) == 1.0


def test_predictions_that_are_no_numbers_are_refused_in_words():
    with pytest.raises(TypeError, match=r"predictions\[1\] is a list of outputs.*not str 'a'"):
        nn.accuracy([[1.0], "a"], [1, 1])
    with pytest.raises(TypeError, match=r"predictions is a list or an array.*not int 3"):
        nn.accuracy(3, [1])


def test_no_outputs_decide_for_no_class():
    with pytest.raises(ValueError, match="there is no output to decide from"):
        nn.decide([])


def test_classes_that_are_no_numbers_are_to_be_numbered():
    with pytest.raises(TypeError, match=r"whole numbers from 0.*not str 'a'; number the classes"):
        nn.accuracy([[1.0]], ["a"])


@pytest.mark.parametrize("label", [0, 1])
def test_a_prediction_with_a_nan_is_wrong_for_every_class(label):
    assert nn.accuracy([[math.nan]], [label]) == 0.0
    assert nn.accuracy([[math.nan, 1.0], [1.0, math.nan]], [label, label]) == 0.0
    with pytest.raises(ValueError, match=r"an output is nan, which decides for no class"):
        nn.decide([math.nan])
