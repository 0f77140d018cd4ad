"""Metrics: what `metric(predictions, targets)` says about many samples, in one number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nn.checking import Targets, given, listed, same_length
from nn.prediction import class_of, is_right, numbers_of

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
    pairs = _paired(predictions, targets)
    hits = sum(is_right(outputs, _class(target, len(outputs))) for outputs, target in pairs)
    return hits / len(pairs)


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


def _paired(predictions: Predictions, targets: Targets) -> list[tuple[list[float], Any]]:
    """Each prediction's outputs with its target; a plain number is a prediction of one output."""
    several = listed(predictions, "predictions", "the outputs of each sample")
    labels = listed(targets, "targets", "targets")
    same_length(several, labels, ("predictions", "targets"))
    if not labels:
        raise ValueError("there are no predictions; a metric needs at least one sample")
    return [(_outputs(p, i), t) for i, (p, t) in enumerate(zip(several, labels, strict=True))]


def _outputs(prediction: Any, i: int) -> list[float]:
    try:
        outputs = numbers_of(prediction)
    except (TypeError, ValueError):
        raise TypeError(
            f"predictions[{i}] is a list of outputs, as nn.predict gives it, "
            f"not {given(prediction)}"
        ) from None
    if not outputs:
        raise ValueError(f"predictions[{i}] has no outputs; expected at least one number")
    return outputs


def _number_pairs(predictions: Predictions, targets: Targets) -> list[tuple[float, float]]:
    pairs: list[tuple[float, float]] = []
    for outputs, target in _paired(predictions, targets):
        several = target if isinstance(target, (list, tuple)) else [target]
        same_length(outputs, several, ("a prediction", "its target"))
        pairs += zip(outputs, several, strict=True)
    return pairs


def _class(target: Any, outputs: int) -> int:
    try:
        label = class_of(target, "accuracy")
        fits = label <= 1 if outputs == 1 else target != -1 and label < outputs
    except ValueError:
        fits = False
    if not fits:
        one = "0 and 1, or -1 and +1, for one output"
        several = f"whole numbers from 0 to {outputs - 1} for {outputs} outputs"
        raise ValueError(
            f"accuracy compares classes, {one if outputs == 1 else several}, but a target is "
            f"{target}; for a regression use mean_absolute_error or r_squared"
        )
    return label
