"""Steps computed Value by Value, each a graph that can be stepped through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

import autograd
from autograd import Value
from nn.checking import given
from nn.not_finite import refuse_non_finite
from nn.optimizers import OptimizerState
from nn.order import drawn_order
from nn.prediction import numbers_of
from nn.run import Run
from nn.samples import Sample
from nn.steps import SEARCH, Step
from nn.writing import write_both, write_data, write_gradients

GRAPH_SAMPLES = 16  # samples in one graph: a sweep visits each parameter once for all of them


class EagerSteps:
    """The steps of a training whose numbers are in the model's Values and nowhere else."""

    search = SEARCH

    def __init__(
        self,
        run: Run,
        samples: list[Sample],
        watched: list[Sample],
        batch_size: int | None,
        rows: Sequence[int],
    ) -> None:
        self._run, self.samples, self._watched, self._rows = run, samples, watched, rows
        self._size = min(batch_size or len(samples), len(samples))
        self._state = run.optimizer.init(run.parameters)
        self._before: list[float] = []  # the parameters that the last step began with
        self.batches = -(-len(samples) // self._size)
        self.held_out = [target for _, target in watched]

    def outputs(self) -> list[list[float]]:
        """What the model gives for every sample."""
        return [numbers_of(self._run.model(x)) for x, _ in self.samples]

    def epoch(self) -> Iterator[Step]:
        """One step after the other, over random batches or all samples in their own order."""
        order: Sequence[int] = range(len(self.samples))
        if self.batches > 1:
            order = drawn_order(len(order), self._run.rng)
        for start in range(0, len(order), self._size):
            yield self._step(order[start : start + self._size])

    def _step(self, places: Sequence[int]) -> Step:
        parameters, batch = self._run.parameters, [self.samples[i] for i in places]
        numbers, gradients = [p.data for p in parameters], [p.grad for p in parameters]
        try:
            outputs: list[list[float]] = []
            losses: list[float] = []
            objective = self._gradient(batch, outputs, losses)
            gradient = [p.grad for p in parameters]
            if not (isfinite(objective) and all(map(isfinite, gradient))):
                rows = [self._rows[i] for i in places]
                number, found = self._state.step + 1, list(zip(rows, losses, strict=True))
                refuse_non_finite(number, objective, gradient, parameters, numbers, found)
            state = self._run.optimizer.step(parameters, self._state)
        except BaseException:
            write_both(parameters, numbers, gradients)
            raise
        self._before, self._state = numbers, state
        targets = [target for _, target in batch]
        return state.step, len(batch), objective, outputs, targets

    def _gradient(
        self, batch: list[Sample], outputs: list[list[float]], losses: list[float]
    ) -> float:
        """The objective of the batch; its gradient is left in `.grad`.

        The gradients of several graphs add up in the parameters, so no graph is larger than
        GRAPH_SAMPLES samples whatever the batch.
        """
        run = self._run
        total = 0.0
        write_gradients(run.parameters, [0.0] * len(run.parameters))
        for start in range(0, len(batch), GRAPH_SAMPLES):
            costs = [self._cost(x, t, outputs) for x, t in batch[start : start + GRAPH_SAMPLES]]
            losses += [cost.data for cost in costs]
            objective = autograd.sum(costs) / len(batch)
            if run.l2 and start == 0:
                objective = objective + run.l2 * autograd.dot(run.parameters, run.parameters)
            objective.backward()
            total += objective.data
        return total

    def _cost(self, x: Sequence[float], target: Any, outputs: list[list[float]]) -> Value:
        """The loss of one sample; the prediction is added to the outputs if there are metrics."""
        prediction = self._run.predict(x)
        if self._run.metrics:
            outputs.append(numbers_of(prediction))
        cost = self._run.loss(prediction, target)
        if not isinstance(cost, Value):
            raise TypeError(f"the loss gives {given(cost)} for the target {target!r}, not a Value")
        return cost

    def validated(self) -> tuple[float, list[list[float]]]:
        """The mean loss of the samples that were held out, and the outputs."""
        total, outputs = 0.0, []
        for x, target in self._watched:
            prediction = self._run.model(x)
            [cost] = numbers_of(self._run.loss(prediction, target))
            total += cost
            outputs.append(numbers_of(prediction))
        return total / len(self._watched), outputs

    def is_still(self, places: Sequence[int]) -> bool:
        """Whether the epoch's last loss had a gradient of 0 in these parameters, but for l2's."""
        parameters, double = self._run.parameters, 2.0 * self._run.l2
        return all(parameters[i].grad == double * self._before[i] for i in places)

    def push(self) -> None:
        """The model has them already."""

    def pull(self) -> None:
        """The model's are the only ones."""

    def remembered(self) -> OptimizerState:
        """What the optimiser remembers after the last completed step."""
        return self._state

    def remember(self, state: OptimizerState) -> None:
        """Go on from this memory of the optimiser's."""
        self._state = state

    def kept(self) -> list[float]:
        """The number of each parameter."""
        return [p.data for p in self._run.parameters]

    def restore(self, kept: list[float]) -> None:
        """Write the numbers back."""
        write_data(self._run.parameters, kept)
