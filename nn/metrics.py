"""Metrics: what `metric(predictions, targets)` says about many samples, in one number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nn.checking import Targets, listed, same_length
from nn.prediction import class_of, is_right

Predictions = Sequence[Sequence[float]]
Metric = Callable[[Predictions, Sequence[Any]], float]


def accuracy(predictions: Predictions, targets: Targets) -> float:
    """The share of samples whose decided class is the target's.

    With one output the class is whether it is positive, and targets are 0 and 1 or -1 and +1;
    with several it is the place of the largest, and targets are whole numbers from 0. A prediction
    with a nan in it decides for no class and counts as wrong.

    >>> accuracy([[2.0], [-1.0], [0.5]], [1, 0, 0])
    0.666...
    """
    labels = _paired(predictions, targets)
    hits = 0
    for outputs, label in zip(predictions, labels, strict=True):
        hits += is_right(outputs, _class(label, len(outputs)))
    return hits / len(labels)


def mean_absolute_error(predictions: Predictions, targets: Targets) -> float:
    """Σ |prediction - target| over all outputs of all samples, divided by their number.

    >>> mean_absolute_error([[1.0], [4.0]], [2.0, 4.0])
    0.5
    """
    pairs = _number_pairs(predictions, targets)
    return sum(abs(p - t) for p, t in pairs) / len(pairs)


def r_squared(predictions: Predictions, targets: Targets) -> float:
    """1 - Σ (prediction - target)² / Σ (target - mean)²: 1 is perfect, 0 no better than the mean.

    nan where all targets are the same.

    >>> r_squared([[1.0], [2.0], [3.5]], [1.0, 2.0, 3.0])
    0.875
    """
    pairs = _number_pairs(predictions, targets)
    mean = sum(t for _, t in pairs) / len(pairs)
    total = sum((t - mean) * (t - mean) for _, t in pairs)
    return 1.0 - sum((p - t) * (p - t) for p, t in pairs) / total if total else float("nan")


def _paired(predictions: Predictions, targets: Targets) -> Sequence[Any]:
    labels = listed(targets, "targets", "targets")
    same_length(predictions, labels, ("predictions", "targets"))
    if not labels:
        raise ValueError("there are no predictions; a metric needs at least one sample")
    return labels


def _number_pairs(predictions: Predictions, targets: Targets) -> list[tuple[float, float]]:
    pairs: list[tuple[float, float]] = []
    for outputs, target in zip(predictions, _paired(predictions, targets), strict=True):
        several = target if isinstance(target, (list, tuple)) else [target]
        same_length(outputs, several, ("a prediction", "its target"))
        pairs += zip(outputs, several, strict=True)
    return pairs


def _class(target: Any, outputs: int) -> int:
    try:
        label = class_of(target, "accuracy")
        fits = label <= 1 if outputs == 1 else target != -1
    except ValueError:
        fits = False
    if not fits:
        one, several = "0 and 1, or -1 and +1, for one output", "whole numbers from 0"
        raise ValueError(
            f"accuracy compares classes, {one if outputs == 1 else several}, but a target is "
            f"{target}; for a regression use mean_absolute_error or r_squared"
        )
    return label
