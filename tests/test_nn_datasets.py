"""The data sets have the shapes that they promise, and splits keep every sample once."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

import nn
from nn import datasets

OWN = [datasets.moons, datasets.circles, datasets.spiral, datasets.xor]


@pytest.mark.parametrize("make", OWN)
def test_own_data_are_a_function_of_the_seed(make):
    assert make(30, seed=4) == make(30, seed=4) != make(30, seed=5)


@pytest.mark.parametrize("make", OWN)
@pytest.mark.parametrize("n", [7, 100])
def test_own_data_have_n_points_of_two_features_and_whole_labels_from_zero(make, n):
    X, y = make(n)
    assert len(X) == len(y) == n
    assert all(len(x) == 2 and all(map(math.isfinite, x)) for x in X)
    assert set(y) == set(range(max(y) + 1))


def test_moons_without_noise_lie_on_two_half_circles():
    for (x, y), label in zip(*datasets.moons(50, noise=0.0), strict=True):
        centre = (1.0, 0.5) if label else (0.0, 0.0)
        assert math.hypot(x - centre[0], y - centre[1]) == pytest.approx(1.0, rel=1e-12)
        assert (y <= centre[1]) if label else (y >= centre[1])


def test_there_is_some_noise_unless_none_is_wanted():
    for make, noise in ((datasets.moons, 0.1), (datasets.circles, 0.1), (datasets.xor, 0.05)):
        assert make(20, seed=3) == make(20, noise=noise, seed=3)


def test_circles_without_noise_have_radius_one_and_one_half():
    for (x, y), label in zip(*datasets.circles(50, noise=0.0), strict=True):
        assert math.hypot(x, y) == pytest.approx(0.5 if label else 1.0, rel=1e-12)


def test_points_of_a_circle_without_noise_are_even_and_none_is_there_twice():
    X, y = datasets.circles(9, noise=0.0)
    for label, count in ((0, 4), (1, 5)):
        ring = [x for x, other in zip(X, y, strict=True) if other == label]
        angles = sorted(math.atan2(b, a) % (2 * math.pi) for a, b in ring)
        assert angles == pytest.approx([2 * math.pi * i / count for i in range(count)])


def test_a_spirals_arms_are_turned_copies_of_each_other():
    X, y = datasets.spiral(60, classes=4, noise=0.0)
    for label in range(4):
        turn = 2 * math.pi * label / 4
        arm = sorted(math.hypot(*x) for x, other in zip(X, y, strict=True) if other == label)
        assert arm == pytest.approx([0.05 + 0.95 * i / 14 for i in range(15)])
        inner = min(
            (x for x, other in zip(X, y, strict=True) if other == label), key=np.hypot.reduce
        )
        assert inner == pytest.approx([0.05 * math.sin(turn), 0.05 * math.cos(turn)])


def test_xor_without_noise_is_whether_the_signs_differ():
    X, y = datasets.xor(200, noise=0.0)
    assert [int(a * b < 0) for a, b in X] == y
    assert 60 < sum(y) < 140


@pytest.mark.parametrize(
    ("load", "samples", "features", "classes"),
    [
        (datasets.breast_cancer, 569, 30, 2),
        (datasets.digits, 1797, 64, 10),
        (datasets.iris, 150, 4, 3),
        (datasets.wine, 178, 13, 3),
    ],
)
def test_scikit_learns_data_come_as_plain_lists(load, samples, features, classes):
    X, y = load()
    assert (len(X), {len(x) for x in X}, set(y)) == (samples, {features}, set(range(classes)))
    assert type(X[0][0]) is float
    assert type(y[0]) is int


def test_without_scikit_learn_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        datasets.iris()


def test_standardised_features_have_mean_zero_and_deviation_one():
    X, _ = datasets.wine()
    table = np.array(datasets.standardise(X))
    assert np.abs(table.mean(axis=0)).max() < 1e-13
    assert np.abs(table.std(axis=0) - 1).max() < 1e-13


def test_test_data_are_scaled_as_the_training_data_were():
    assert datasets.standardise([[5.0]], like=[[0.0], [2.0]]) == [[4.0]]


def test_a_constant_feature_becomes_zero():
    assert datasets.standardise([[0.1, 1.0], [0.1, 3.0]]) == [[0.0, -1.0], [0.0, 1.0]]


def test_a_split_keeps_every_sample_once_with_its_target():
    X = [[float(i)] for i in range(20)]
    y = [i % 2 for i in range(20)]
    X_train, X_test, y_train, y_test = datasets.train_test_split(X, y, test=0.3, seed=1)
    assert (len(X_train), len(X_test)) == (14, 6)
    assert sorted(X_train + X_test) == X
    assert all(x % 2 == t for [x], t in zip(X_train + X_test, y_train + y_test, strict=True))


def test_a_stratified_split_keeps_the_share_of_every_class():
    X, y = datasets.breast_cancer()
    _, _, y_train, y_test = datasets.train_test_split(X, y, test=0.25)
    assert sum(y_test) / len(y_test) == pytest.approx(sum(y) / len(y), abs=0.005)
    assert len(y_train) + len(y_test) == 569


def test_a_split_is_a_function_of_the_seed():
    X, y = datasets.iris()
    first, again, other = (datasets.train_test_split(X, y, seed=s) for s in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: datasets.moons(0), ValueError, "n is a whole number, at least 2, not 0"),
        (lambda: datasets.moons(10.5), TypeError, r"n is a whole number.*not float 10\.5"),
        (lambda: datasets.xor(10, noise=-1), ValueError, "noise is a number of at least 0"),
        (lambda: datasets.spiral(10, classes=1), ValueError, "classes is a whole number, at least"),
        (lambda: datasets.standardise([]), ValueError, "X is empty"),
        (
            lambda: datasets.standardise([[1.0]], like=[[1.0, 2.0]]),
            ValueError,
            "X has 1 features and like has 2",
        ),
        (
            lambda: datasets.train_test_split([[1.0], [2.0]], [0, 1]),
            ValueError,
            "leaves 0 to test; choose another share, or stratify=False",
        ),
        (
            lambda: datasets.train_test_split([[1.0], [2.0]], [0.3, 0.4], test=1.0),
            ValueError,
            r"test is a number in \(0, 1\)",
        ),
        (
            lambda: datasets.train_test_split([[1.0], [2.0]], [[1, 2], [3, 4]]),
            TypeError,
            "which is no class; use stratify=False",
        ),
        (lambda: datasets.train_test_split([[1.0]], [0, 1]), ValueError, "1 samples and y has 2"),
    ],
)
def test_what_makes_no_sense_says_why(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_regression_targets_are_split_without_strata():
    X = [[float(i)] for i in range(10)]
    y = [0.5 * i for i in range(10)]
    X_train, X_test, y_train, y_test = nn.datasets.train_test_split(X, y, 0.2, stratify=False)
    assert (len(X_test), len(y_test)) == (2, 2)
    assert [0.5 * x for [x] in X_train + X_test] == y_train + y_test


@pytest.mark.parametrize(
    "make",
    [
        *(nn.datasets.moons, nn.datasets.circles, nn.datasets.spiral, nn.datasets.xor),
        lambda n, seed: nn.datasets.train_test_split([[0]] * n, [0] * n, seed=seed),
    ],
)
def test_a_seed_of_text_is_refused(make):
    with pytest.raises(TypeError, match="seed is an int or None, not str 'a'"):
        make(10, seed="a")
