"""Steps computed by machine code, on flat arrays of all parameters at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from math import isfinite
from random import Random
from typing import Any, NamedTuple

import numpy

from autograd import jit
from nn.column_steps import ColumnSteps
from nn.compiled_moves import Row, row
from nn.not_finite import refuse_non_finite, refuse_non_finite_move
from nn.programs import batch_gradient, sample_losses, validation
from nn.random_arrays import Floats, mask_array, order_array
from nn.run import Run
from nn.sample_arrays import sample_arrays
from nn.samples import Sample
from nn.steps import SEARCH, Step


class _Batch(NamedTuple):
    """Where the numbers of a batch come from, where they go to, and what computes with them."""

    places: slice  # of its samples in the order of the epoch
    size: int
    samples: Floats  # features and targets, a row each
    lanes: Floats  # where they go
    masks: Floats  # where the masks go, a row for each unit
    parameters: Row
    objective: Row  # and what else comes out
    gradient: Row
    compute: Callable[[], None]
    result: Callable[[], Any]


class CompiledSteps(ColumnSteps):
    """The steps of a training whose numbers are in arrays; `push` writes them into the Values."""

    search = SEARCH

    def __init__(
        self,
        run: Run,
        samples: list[Sample],
        watched: list[Sample],
        batch_size: int | None,
        rows: Sequence[int],
    ) -> None:
        super().__init__(run.parameters, run.optimizer)
        self._run, self.samples, self._rows = run, samples, rows
        self._dropouts: list[Any] = [m for m in run.model.modules() if hasattr(m, "draw_mask")]
        self._targets = [target for _, target in samples]
        self.held_out = [target for _, target in watched]
        self._batches = self._batched(samples, min(batch_size or len(samples), len(samples)))
        self.batches = len(self._batches)
        self._order = numpy.arange(len(samples))
        self._validation: Any = _bound_validation(run, watched) if watched else None

    def _batched(self, samples: list[Sample], size: int) -> list[_Batch]:
        """The batches of an epoch, on one program that is bound to each length that they have."""
        run, masks = self._run, self._run.model.draw_masks(Random(0))
        X, y, are_numbers = sample_arrays(samples)
        self._widths, self._are_numbers = (X.shape[1], y.shape[1]), are_numbers
        self._columns = numpy.vstack([X.T, y.T])
        self._ordered = self._columns.copy()
        gradient = jit(batch_gradient(run, are_numbers))
        bounds: dict[int, Any] = {}
        batches = []
        for start in range(0, len(X), size):
            places = slice(start, min(start + size, len(X)))
            count = places.stop - start
            if count not in bounds:
                ones = {label: numpy.ones((count, len(mask))) for label, mask in masks.items()}
                given = run.l2, X[places], y[places], ones
                bounds[count] = gradient.bind(list(run.parameters), *given)
            batches.append(_batch(bounds[count], places, self._ordered[:, places]))
        return batches

    # -- steps -----------------------------------------------------------------------------------

    def outputs(self) -> list[list[float]]:
        """What the model gives for every sample; a mask of ones leaves nothing out."""
        outputs: list[list[float]] = []
        for batch in self._batches:
            batch.lanes[...], batch.masks[...] = batch.samples, 1.0
            batch.parameters[:] = self._state.numbers
            batch.compute()
            outputs += _samples(batch.result()[2])
        return outputs

    def epoch(self) -> Iterator[Step]:
        """One step after the other, over random batches or all samples in their own order."""
        rng, dropouts = self._run.rng, self._dropouts
        if self.batches > 1:
            order = order_array(len(self._targets), rng)
            numpy.take(self._columns, order, axis=1, out=self._ordered, mode="clip")
            self._order = order
        for batch in self._batches:
            if self.batches > 1:
                batch.lanes[...] = batch.samples
            if dropouts:
                batch.masks[...] = mask_array(dropouts, batch.size, rng).T
            yield self._step(batch)

    def _step(self, batch: _Batch) -> Step:
        number = self._number + 1
        batch.parameters[:] = self._state.numbers
        batch.compute()
        move = self._moved(batch.gradient)
        objective = batch.objective[0]
        if move.check[0] != 0.0 or not isfinite(objective):  # the first also where it is nan
            self._refuse(batch, objective)
        self._take(move)
        if not self._run.metrics:
            return number, batch.size, objective, (), ()
        targets = [self._targets[i] for i in self._order[batch.places].tolist()]
        return number, batch.size, objective, _samples(batch.result()[2]), targets

    def _refuse(self, batch: _Batch, objective: float) -> None:
        """NotFinite that says what would not be finite."""
        parameters, number = self._run.parameters, self._number + 1
        before, after = self._state.columns, self._move.after.columns
        gradient = after[-1].tolist()
        losses = [] if isfinite(objective) else self._losses(batch)
        numbers = before[0].tolist()
        refuse_non_finite(number, objective, gradient, parameters, numbers, losses)
        refuse_non_finite_move(parameters, numbers, gradient, after[0].tolist(), number)

    def _losses(self, batch: _Batch) -> list[tuple[int, float]]:
        """The rows of the batch's samples, and the loss of each, by a program of its own."""
        run, features = self._run, self._widths[0]
        widths = {label: len(mask) for label, mask in run.model.draw_masks(Random(0)).items()}
        ends = list(accumulate(widths.values()))[:-1]
        masks = numpy.split(batch.masks.T, ends, axis=1) if widths else []
        losses = jit(sample_losses(run, self._are_numbers))(
            self._state.columns[0].tolist(),
            batch.lanes[:features].T,
            batch.lanes[features:].T,
            dict(zip(widths, masks, strict=True)),
        )
        rows = [self._rows[i] for i in self._order[batch.places].tolist()]
        return list(zip(rows, losses.tolist(), strict=True))

    def validated(self) -> tuple[float, list[list[float]]]:
        """The mean loss of the samples that were held out and, for the metrics, the outputs."""
        bound = self._validation
        bound.parameters[:] = self._state.numbers
        bound()
        return bound.value, _samples(bound.result()[1]) if self._run.metrics else []

    def is_still(self, places: Sequence[int]) -> bool:
        """Whether the epoch's last loss had a gradient of 0 in these parameters, but for l2's."""
        batch, double = self._batches[-1], 2.0 * self._run.l2
        gradient, before = batch.gradient, batch.parameters
        return all(gradient[i] == double * before[i] for i in places)


# -- what is compiled ----------------------------------------------------------------------------


def _batch(bound: Any, places: slice, samples: Floats) -> _Batch:
    """A batch on the buffers of the bound program."""
    count = samples.shape[1]
    lanes, masks = numpy.split(bound.lane_inputs[:, :count], [len(samples)])
    outputs = row(bound.outputs)
    gradient = outputs[1 : 1 + len(bound.parameters)]
    given = row(bound.parameters)
    return _Batch(
        places, count, samples, lanes, masks, given, outputs, gradient, bound, bound.result
    )


def _bound_validation(run: Run, watched: list[Sample]) -> Any:
    X, y, are_numbers = sample_arrays(watched)
    return jit(validation(run, are_numbers)).bind(list(run.parameters), X, y)


def _samples(outputs: list[Floats]) -> list[list[float]]:
    """What `vmap` gives, an array for each output, as a list of outputs for each sample."""
    listed: list[list[float]] = numpy.array(outputs).T.tolist()
    return listed
