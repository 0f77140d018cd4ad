"""Samples and their targets, paired and judged before training begins."""

from __future__ import annotations

from numbers import Real
from random import Random
from typing import Any

from autograd import Value
from nn.checking import Samples, Targets, finite, given, listed, real, rows, same_length
from nn.losses import TARGETS, Loss
from nn.module import Module
from nn.prediction import numbers_of

Sample = tuple[list[float], Any]


def paired(model: Module, X: Samples, y: Targets, loss: Loss, kind: str = "") -> list[Sample]:
    """Each sample with the target that the loss wants; `kind` begins the names in errors.

    The first sample is tried on the model and the loss, so that what does not fit shows now.
    """
    table = rows(X, f"{kind}X")
    targets = listed(y, f"{kind}y", "targets")
    same_length(table, targets, (f"{kind}X", f"{kind}y"))
    outputs = count_outputs(model, table[0])
    for i, target in enumerate(targets):
        _refuse_non_finite(target, f"{kind}y[{i}]")
    rule = TARGETS.get(loss)
    if rule:
        targets = [_judged(rule, t, outputs, f"{kind}y[{i}]") for i, t in enumerate(targets)]
    _try_loss(model, table[0], targets[0], loss)
    return list(zip(table, targets, strict=True))


def _refuse_non_finite(target: Any, place: str) -> None:
    """ValueError for a nan or an infinity, also inside of lists; other things are the loss's."""
    if isinstance(target, (list, tuple)):
        for i, x in enumerate(target):
            _refuse_non_finite(x, f"{place}[{i}]")
    elif isinstance(target, Real):
        finite(target, place)


def count_outputs(model: Module, x: list[float]) -> int:
    """How many outputs the model gives for that sample; TypeError where it gives no numbers."""
    prediction = model(x)
    try:
        return len(numbers_of(prediction))
    except TypeError:
        raise TypeError(
            f"the model gives {given(prediction)}; expected a Value or a list of Values"
        ) from None


def _judged(rule: Any, target: Any, outputs: int, place: str) -> Any:
    try:
        return rule(target, outputs)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{place}: {error}") from None


def _try_loss(model: Module, x: list[float], target: Any, loss: Loss) -> None:
    cost = loss(model(x), target)
    if not isinstance(cost, Value):
        raise TypeError(
            f"the loss gives {given(cost)}, not a Value; compute it from the prediction with "
            "autograd's functions, and leave `.data` out"
        )


def pair_of(validation: tuple[Any, ...]) -> tuple[Any, Any]:
    """The samples and targets to validate on."""
    if len(validation) != 2:
        raise ValueError(f"validation is a share or a pair (X, y), not {given(validation)}")
    return validation[0], validation[1]


def split(count: int, share: object, rng: Random) -> tuple[list[int], list[int]]:
    """The numbers below count without a random share of them, and that share."""
    part = held_out(share, count)
    order = rng.sample(range(count), count)
    return order[part:], order[:part]


def held_out(share: object, count: int) -> int:
    """How many of so many samples a share of them is, to validate on.

    >>> held_out(0.25, 10)
    2
    """
    part = real(share, "validation", lambda x: 0.0 < x < 1.0, "in (0, 1), or a pair (X, y)")
    number = round(part * count)
    if not 0 < number < count:
        raise ValueError(
            f"validation={part} of {count} samples would be {number}; "
            "expected at least one to train on and one to validate on"
        )
    return number
