"""One step of training: the gradient of a batch's objective and the move along it, or neither."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import autograd
from autograd import Value
from nn.checking import given
from nn.losses import Loss
from nn.metrics import Metric
from nn.module import Module
from nn.optimizers import Optimizer, OptimizerState
from nn.prediction import numbers_of
from nn.records import Record
from nn.samples import Sample
from nn.writing import write_data, write_gradients

GRAPH_SAMPLES = 16  # samples in one graph: a sweep visits each parameter once for all of them


@dataclass(frozen=True)
class Run:
    """What a step needs to know."""

    model: Module
    parameters: Sequence[Value]
    loss: Loss
    optimizer: Optimizer
    l2: float
    metrics: dict[str, Metric]
    has_dropout: bool
    rng: Random

    def predict(self, x: Sequence[float]) -> Any:
        """The model's outputs in training: with new masks, where it has Dropout."""
        if self.has_dropout:
            return self.model(x, masks=self.model.draw_masks(self.rng))
        return self.model(x)

    def measured(self, outputs: list[list[float]], samples: Sequence[Sample]) -> dict[str, float]:
        """Every metric of these outputs."""
        targets = [target for _, target in samples]
        return {name: _number(name, f(outputs, targets)) for name, f in self.metrics.items()}


def _number(name: str, measured: object) -> float:
    if not hasattr(measured, "__float__"):
        raise TypeError(f"the metric {name} gives {given(measured)}; expected a number")
    return float(measured)


def step(
    run: Run, batch: list[Sample], state: OptimizerState, epoch: int
) -> tuple[OptimizerState, float, list[list[float]]]:
    """The optimiser's next state, the batch's objective and the model's outputs.

    Whatever ends the step early, the parameters and their gradients are as they were before it.
    """
    numbers, gradients = [p.data for p in run.parameters], [p.grad for p in run.parameters]
    try:
        cost, outputs = _gradient(run, batch, f"step {state.step + 1} (epoch {epoch})")
        return run.optimizer.step(run.parameters, state), cost, outputs
    except BaseException:
        write_data(run.parameters, numbers)
        write_gradients(run.parameters, gradients)
        raise


def _gradient(run: Run, batch: list[Sample], place: str) -> tuple[float, list[list[float]]]:
    """The objective of the batch and the model's outputs; its gradient is left in `.grad`.

    The gradients of several graphs add up in the parameters, so no graph is larger than
    GRAPH_SAMPLES samples whatever the batch.
    """
    outputs: list[list[float]] = []
    total = 0.0
    write_gradients(run.parameters, [0.0] * len(run.parameters))
    for start in range(0, len(batch), GRAPH_SAMPLES):
        costs = [_cost(run, x, t, outputs) for x, t in batch[start : start + GRAPH_SAMPLES]]
        objective = autograd.sum(costs) / len(batch)
        if run.l2 and start == 0:
            objective = objective + run.l2 * autograd.dot(run.parameters, run.parameters)
        objective.backward()
        total += objective.data
    _refuse_non_finite(total, run.parameters, place)
    return total, outputs


def _cost(run: Run, x: list[float], target: Any, outputs: list[list[float]]) -> Value:
    """The loss of one sample; the prediction is added to the outputs if there are metrics."""
    prediction = run.predict(x)
    if run.metrics:
        outputs.append(numbers_of(prediction))
    cost = run.loss(prediction, target)
    if not isinstance(cost, Value):
        raise TypeError(f"the loss gives {given(cost)} for the target {target!r}, not a Value")
    return cost


def _refuse_non_finite(total: float, parameters: Sequence[Value], place: str) -> None:
    wrong = next((p for p in parameters if not math.isfinite(p.grad)), None)
    if math.isfinite(total) and wrong is None:
        return
    what = f"the loss is {total}"
    if wrong is not None and math.isfinite(total):
        what = f"the loss is {total} and the gradient of {wrong.label} is {wrong.grad}"
    raise FloatingPointError(
        f"{what} at {place}; the parameters are those of the step before. Try a smaller learning "
        "rate, or find the operation with autograd.detect_anomaly()"
    )


def validated(run: Run, record: Record, watched: list[Sample]) -> Record:
    """The record with the mean loss and the metrics of the samples that were held out."""
    total, outputs = 0.0, []
    for x, target in watched:
        prediction = run.model(x)
        [cost] = numbers_of(run.loss(prediction, target))
        total += cost
        outputs.append(numbers_of(prediction))
    metrics = run.measured(outputs, watched)
    return replace(record, validation_loss=total / len(watched), validation_metrics=metrics)
