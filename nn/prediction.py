"""Predictions as plain numbers, the class that they decide for, and whether it is the right one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

from autograd import Value
from nn.checking import Samples, given, rows
from nn.losses import outputs_of
from nn.module import Module
from nn.number import Number


def predict(model: Module, X: Samples) -> list[list[float]]:
    """The outputs of the model for each sample, as floats; dropout is off.

    >>> from nn.networks import MLP
    >>> model = MLP(2, [3, 1], seed=0)
    >>> [[score]] = predict(model, [[0.5, -0.5]])
    >>> score == model([0.5, -0.5])[0].data
    True
    """
    return [numbers_of(model(x)) for x in rows(X)]


def numbers_of(prediction: Sequence[Number] | Number) -> list[float]:
    """The outputs as floats."""
    return [p.data if isinstance(p, Value) else float(p) for p in outputs_of(prediction)]


def decide(outputs: Sequence[float]) -> int:
    """The class: of one score 1 if it is positive, else 0; of several the place of the largest.

    ValueError where an output is nan, which decides for no class.

    >>> decide([-0.3]), decide([0.1, 2.0, -1.0])
    (0, 1)
    """
    if not len(outputs):
        raise ValueError("there is no output to decide from; expected one score or several")
    if any(map(math.isnan, outputs)):
        raise ValueError(f"an output is nan, which decides for no class: {given(outputs)}")
    if len(outputs) == 1:
        return int(outputs[0] > 0.0)
    return max(range(len(outputs)), key=outputs.__getitem__)


def is_right(outputs: Sequence[float], label: int) -> bool:
    """Whether the outputs decide for that class; never where one of them is nan."""
    return not any(map(math.isnan, outputs)) and decide(outputs) == label


def class_of(target: Any, user: str) -> int:
    """The class that a target names, from 0; -1 is class 0, and a list of one number is the number.

    TypeError or ValueError where it names none; `user` says who wanted a class.
    """
    label = target.tolist() if hasattr(target, "tolist") else target
    if isinstance(label, (list, tuple)) and len(label) == 1:
        label = label[0]
    expected = f"{user} takes whole numbers from 0, or -1 and +1, as targets"
    if not isinstance(label, Real):
        raise TypeError(f"{expected}, not {given(target)}; number the classes first")
    number = float(label)
    if number % 1.0 != 0.0 or number < -1.0:  # the first also where it is nan or infinite
        raise ValueError(f"{expected}, not {given(target)}")
    return max(int(number), 0)
