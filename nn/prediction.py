"""Predictions as plain numbers, and the class that they decide for."""

from __future__ import annotations

from collections.abc import Sequence

from autograd import Value
from nn.checking import Samples, rows
from nn.losses import outputs_of
from nn.module import Module


def predict(model: Module, X: Samples) -> list[list[float]]:
    """The outputs of the model for each sample, as floats; dropout is off.

    >>> from nn.networks import MLP
    >>> model = MLP(2, [3, 1], seed=0)
    >>> [[score]] = predict(model, [[0.5, -0.5]])
    >>> score == model([0.5, -0.5])[0].data
    True
    """
    return [numbers_of(model(x)) for x in rows(X)]


def numbers_of(prediction: Sequence[Value | float] | Value | float) -> list[float]:
    """The outputs as floats."""
    return [p.data if isinstance(p, Value) else float(p) for p in outputs_of(prediction)]


def decide(outputs: Sequence[float]) -> int:
    """The class: of one score 1 if it is positive, else 0; of several the place of the largest.

    >>> decide([-0.3]), decide([0.1, 2.0, -1.0])
    (0, 1)
    """
    if len(outputs) == 1:
        return int(outputs[0] > 0.0)
    return max(range(len(outputs)), key=outputs.__getitem__)
