"""Data to learn from: small worlds of our own making, scikit-learn's bundled ones, and splits.

Each data set is `(X, y)`: a list of samples, each a list of its features, and a list of targets,
whole numbers from 0. The own ones are the same for the same seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from nn.checking import (
    Samples,
    Targets,
    given,
    listed,
    not_negative,
    random_source,
    real,
    rows,
    same_length,
    whole,
)

Data = tuple[list[list[float]], list[int]]

# -- of our own making ---------------------------------------------------------------------------


def moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> Data:
    """Two interleaved half circles of n points in all, with Gaussian noise.

    >>> X, y = moons(4, noise=0.0)
    >>> sorted(zip(y, X))
    [(0, [-1.0, 0.0]), (0, [1.0, 0.0]), (1, [0.0, 0.5]), (1, [2.0, 0.5])]
    """

    def point(share: float, label: int) -> tuple[float, float]:
        x, y = math.cos(math.pi * share), math.sin(math.pi * share)
        x, y = (1.0 - x, 0.5 - y) if label else (x, y)
        return round(x, 15), round(y, 15)

    return _scattered(point, 2, n, noise, seed)


def circles(n: int = 100, noise: float = 0.1, seed: int = 0) -> Data:
    """A circle of radius 1 (class 0) around one of radius 1/2 (class 1), with Gaussian noise."""

    def point(share: float, label: int) -> tuple[float, float]:
        radius, angle = (0.5, 2 * math.pi * share) if label else (1.0, 2 * math.pi * share)
        return radius * math.cos(angle), radius * math.sin(angle)

    return _scattered(point, 2, n, noise, seed, closed=True)


def spiral(n: int = 150, classes: int = 3, noise: float = 0.03, seed: int = 0) -> Data:
    """Arms that wind out of the origin, one for each class, with Gaussian noise."""
    arms = whole(classes, "classes", minimum=2)

    def point(share: float, label: int) -> tuple[float, float]:
        radius, angle = 0.05 + 0.95 * share, 4.0 * share + 2 * math.pi * label / arms
        return radius * math.sin(angle), radius * math.cos(angle)

    return _scattered(point, arms, n, noise, seed)


def xor(n: int = 100, noise: float = 0.05, seed: int = 0) -> Data:
    """Points in the square [-1, 1]²: class 1 where the signs of the coordinates differ.

    The noise moves points after they have their class, so near an axis some are on the wrong side.
    """
    rng = random_source(seed, None)
    spread = not_negative(noise, "noise")
    X: list[list[float]] = []
    y: list[int] = []
    for _ in range(whole(n, "n", minimum=2)):
        a, b = rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0)
        X.append([a + rng.gauss(0.0, spread), b + rng.gauss(0.0, spread)])
        y.append(int((a > 0.0) != (b > 0.0)))
    return X, y


def _scattered(
    point: Callable[[float, int], tuple[float, float]],
    classes: int,
    n: int,
    noise: float,
    seed: int,
    closed: bool = False,
) -> Data:
    """n points evenly along the curves of the classes, moved by the noise, in random order.

    A share of 1 is the end of an open curve; on a closed one it is the start and not used.
    """
    rng = random_source(seed, None)
    spread = not_negative(noise, "noise")
    labelled: list[tuple[list[float], int]] = []
    for label in range(classes):
        count = (whole(n, "n", minimum=classes) + label) // classes
        for i in range(count):
            x, y = point(i / (count if closed else max(count - 1, 1)), label)
            labelled.append(([x + rng.gauss(0.0, spread), y + rng.gauss(0.0, spread)], label))
    rng.shuffle(labelled)
    return [x for x, _ in labelled], [label for _, label in labelled]


# -- scikit-learn's ------------------------------------------------------------------------------


def breast_cancer() -> Data:
    """Wisconsin breast cancer: 569 tumours × 30 measures; 0 malignant, 1 benign."""
    return _bundled("load_breast_cancer")


def digits() -> Data:
    """Handwritten digits: 1,797 images of 8 × 8 grey levels from 0 to 16; ten classes."""
    return _bundled("load_digits")


def iris() -> Data:
    """Fisher's irises: 150 flowers × 4 measures; three species."""
    return _bundled("load_iris")


def wine() -> Data:
    """Wines of three cultivars: 178 × 13 chemical measures."""
    return _bundled("load_wine")


def _bundled(loader: str) -> Data:
    try:
        import sklearn.datasets
    except ImportError:
        raise ImportError(
            "this data set comes with scikit-learn; install it: pip install scikit-learn"
        ) from None
    X, y = getattr(sklearn.datasets, loader)(return_X_y=True)
    return [[float(x) for x in row] for row in X.tolist()], [int(label) for label in y.tolist()]


# -- preparation ---------------------------------------------------------------------------------


def standardise(X: Samples, like: Samples | None = None) -> list[list[float]]:
    """Each feature less its mean, divided by its standard deviation; 0 where it is constant.

    With `like` the mean and deviation are those of `like`: test data are scaled as the training
    data were, `standardise(X_test, like=X_train)`.

    >>> standardise([[1.0, 7.0], [3.0, 7.0]])
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    table = rows(X)
    reference = table if like is None else rows(like, "like")
    if len(reference[0]) != len(table[0]):
        raise ValueError(f"X has {len(table[0])} features and like has {len(reference[0])}")
    scales = [_mean_and_deviation(column) for column in zip(*reference, strict=True)]
    return [
        [(x - mean) / deviation for x, (mean, deviation) in zip(row, scales, strict=True)]
        for row in table
    ]


def _mean_and_deviation(column: Iterable[float]) -> tuple[float, float]:
    """The deviation is 1 where there is none, so that a constant feature becomes 0."""
    numbers = list(column)
    if min(numbers) == max(numbers):
        return numbers[0], 1.0
    mean = math.fsum(numbers) / len(numbers)
    return mean, math.sqrt(math.fsum((x - mean) ** 2 for x in numbers) / len(numbers))


def train_test_split(
    X: Samples, y: Targets, test: float = 0.25, seed: int = 0, stratify: bool = True
) -> tuple[list[list[float]], list[list[float]], list[Any], list[Any]]:
    """X_train, X_test, y_train, y_test: a random share `test` of the samples is held out.

    With `stratify` every class keeps its share on both sides; targets that are no classes need
    `stratify=False`. The split is a function of the data and the seed.

    >>> X_train, X_test, y_train, y_test = train_test_split([[1], [2], [3], [4]], [0, 0, 1, 1], 0.5)
    >>> sorted(y_train), sorted(y_test)
    ([0, 1], [0, 1])
    """
    table, targets = rows(X), list(listed(y, "y", "targets"))
    same_length(table, targets, ("X", "y"))
    share = real(test, "test", lambda x: 0.0 < x < 1.0, "in (0, 1)")
    groups: dict[Any, list[int]] = {}
    for i, target in enumerate(targets):
        groups.setdefault(_stratum(target) if stratify else None, []).append(i)
    rng = random_source(seed, None)
    held_out: set[int] = set()
    for places in groups.values():
        held_out.update(rng.sample(places, round(share * len(places))))
    if not 0 < len(held_out) < len(table):
        raise ValueError(
            f"test={share} of {len(table)} samples in {len(groups)} classes leaves "
            f"{len(held_out)} to test; choose another share, or stratify=False"
        )
    order = rng.sample(range(len(table)), len(table))
    train, rest = [i for i in order if i not in held_out], [i for i in order if i in held_out]
    return (
        [table[i] for i in train],
        [table[i] for i in rest],
        [targets[i] for i in train],
        [targets[i] for i in rest],
    )


def _stratum(target: Any) -> Any:
    if isinstance(target, (list, tuple)):
        raise TypeError(f"a target is {given(target)}, which is no class; use stratify=False")
    return target
