"""Losses of one sample: `loss(prediction, target)` gives a Value, without overflow on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import autograd
from autograd import Value, relu, softplus
from nn.checking import finite, given, listed
from nn.number import Number

Prediction = Sequence[Number]
Loss = Callable[[Any, Any], Number]


def mse(prediction: Prediction | Number, target: Any) -> Number:
    """Σ (prediction - target)² / k over the k outputs; the target is a number, or a list of k.

    >>> mse([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    outputs = outputs_of(prediction)
    target = _numbers(target, len(outputs))
    targets = target if isinstance(target, (list, tuple)) else (target,)
    errors = [p - t for p, t in zip(outputs, targets, strict=True)]
    squares = [e * e for e in errors]
    cost: Number = squares[0] if len(squares) == 1 else autograd.sum(squares) / len(squares)
    return cost


def hinge(prediction: Prediction | Number, target: Number) -> Number:
    """max(0, 1 - target · score) for one score and a target of -1 or +1 (Cortes & Vapnik 1995).

    >>> hinge([0.5], -1)
    1.5
    """
    score = _only_output("hinge", prediction)
    cost: Number = relu(1.0 - _sign(target, 1) * score)
    return cost


def binary_cross_entropy(prediction: Prediction | Number, target: Number) -> Number:
    """-log σ(±logit) for one logit and a target of 1 (+) or 0 (-), as softplus(∓logit).

    The logit is the network's output before any sigmoid. Exact for logits of any size: 1000 with
    target 0 costs 1000, with target 1 nothing.

    >>> binary_cross_entropy([1000.0], 0)
    1000.0
    """
    logit = _only_output("binary_cross_entropy", prediction)
    cost: Number = softplus((1.0 - 2.0 * _bit(target, 1)) * logit)
    return cost


def cross_entropy(prediction: Prediction, target: Number) -> Number:
    """-log softmax(logits)[target] for a whole-number target from 0, as one node.

    The logits are the network's outputs, one for each class, before any softmax.

    >>> cross_entropy([0.0, 1000.0], 0)
    1000.0
    """
    logits = outputs_of(prediction)
    return autograd.cross_entropy(logits, _label(target, len(logits)))


def outputs_of(prediction: Prediction | Number) -> Prediction:
    """The outputs as a sequence, also where a model gives a single one."""
    return (prediction,) if isinstance(prediction, (Value, float, int)) else prediction


# -- targets -------------------------------------------------------------------------------------
# Each rule gives the target as the loss wants it, or raises. A Value passes: its number may not
# be known yet.


def _numbers(target: Any, outputs: int) -> Any:
    if outputs == 0:
        raise ValueError("mse takes at least one output, but the prediction has none")
    if isinstance(target, Value) or (outputs == 1 and target.__class__ is float):
        return target
    if outputs == 1 and isinstance(_scalar(target), Real):
        return finite(_scalar(target), "a target of mse")
    several = [target] if isinstance(target, Real) else listed(target, "a target of mse", "numbers")
    if len(several) != outputs:
        raise ValueError(
            f"mse takes a target of {outputs} number{'s' if outputs > 1 else ''}, one for each "
            f"output, not {given(target)}"
        )
    return [t if isinstance(t, Value) else finite(t, "a target of mse") for t in several]


def _sign(target: Any, outputs: int) -> Any:
    _one_output("hinge", outputs)
    if not isinstance(target, Value) and _scalar(target) not in (-1, 1):
        hint = "; for targets of 0 and 1 write [2 * t - 1 for t in y]" if target in (0, 1) else ""
        raise ValueError(f"hinge takes targets -1 and +1, not {given(target)}{hint}")
    return _scalar(target)


def _bit(target: Any, outputs: int) -> Any:
    _one_output("binary_cross_entropy", outputs)
    if not isinstance(target, Value) and _scalar(target) not in (0, 1):
        hint = "; for targets of -1 and +1 write [(t + 1) // 2 for t in y]" if target == -1 else ""
        raise ValueError(f"binary_cross_entropy takes targets 0 and 1, not {given(target)}{hint}")
    return _scalar(target)


def _label(target: Any, outputs: int) -> Any:
    if outputs < 2:
        raise ValueError(
            f"cross_entropy takes at least two outputs, one for each class, not {outputs}; "
            "for one output use binary_cross_entropy"
        )
    if isinstance(target, Value):
        return target
    try:
        number = float(_scalar(target))
    except TypeError:
        number = math.nan
    if number % 1.0 != 0.0:  # also where it is nan
        raise TypeError(f"cross_entropy takes whole numbers as targets, not {given(target)}")
    if not 0 <= number < outputs:
        raise ValueError(
            f"cross_entropy takes targets from 0 to {outputs - 1}, one for each of the {outputs} "
            f"outputs, not {given(target)}"
        )
    return int(number)


def _scalar(target: Any) -> Any:
    """A list of one number as the number: a column of targets is as good as a list of them."""
    return target[0] if isinstance(target, (list, tuple)) and len(target) == 1 else target


def _only_output(loss: str, prediction: Prediction | Number) -> Number:
    outputs = outputs_of(prediction)
    _one_output(loss, len(outputs))
    return outputs[0]


def _one_output(loss: str, outputs: int) -> None:
    if outputs != 1:
        hint = "; for several classes use cross_entropy" if outputs else ""
        raise ValueError(f"{loss} takes one output, but the prediction has {outputs}{hint}")


TARGETS: dict[Loss, Callable[[Any, int], Any]] = {
    mse: _numbers,
    hinge: _sign,
    binary_cross_entropy: _bit,
    cross_entropy: _label,
}
