"""Steps on samples that lie in shards, at the workers of a cluster or the processes of an executor.

Each step sends the parameters to those who hold the shards, each computes the sums over its part of
the batch, these are added in an order that depends on the shards alone, and the optimiser's step is
done here. So the same shards give the same bits, whoever and however many they are computed by.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import accumulate
from math import isfinite
from random import Random
from typing import Any, NamedTuple

import numpy

from autograd import jit
from autograd.shards import ShardProgram
from nn.checking import Samples, Targets
from nn.clients import workers_of
from nn.column_steps import ColumnSteps
from nn.not_finite import NotFinite, refuse_non_finite, refuse_non_finite_move
from nn.programs import batch_gradient, sample_losses, validation
from nn.random_arrays import Floats
from nn.run import Plan, Run
from nn.samples import held_out, pair_of
from nn.sharding import Shards, pieces_of, read_shards
from nn.shards import Part, Work, local_sums, losses_not_finite
from nn.steps import SEARCH, Step
from nn.workers import Handle, Workers


def cluster_steps(
    run: Run,
    plan: Plan,
    X: Samples,
    y: Targets,
    watched: Any,
    client: object,
    shards: int | None,
) -> ClusterSteps:
    """The steps of a training on these samples; TypeError or ValueError where they do not fit.

    `watched` is what `validation` is in `nn.fit`.
    """
    if run.metrics:
        raise ValueError(
            "metrics want the outputs of all samples in one place, and these are in shards: "
            "measure between the records of nn.train, on samples that you have here, or take "
            "validation=, whose loss is computed where the shards are"
        )
    if plan.eager:
        raise ValueError("steps on shards are compiled; leave out client=, or eager=True")
    workers = workers_of(client, _advice(plan))
    pieces = pieces_of(X, y, shards, "", workers)
    if isinstance(watched, tuple):
        samples = read_shards(run, workers, pieces)
        kind = "validation "
        other = pieces_of(*pair_of(watched), shards, kind, workers)
        return ClusterSteps(run, plan, workers, samples, read_shards(run, workers, other, kind))
    total = pieces.ends[-1]
    share = 0 if watched is None else Fraction(held_out(watched, total), total)
    samples = read_shards(run, workers, pieces, share=share)
    return ClusterSteps(run, plan, workers, samples, samples if share else None)


def _advice(plan: Plan) -> Callable[[], str]:
    """What to do where workers are gone, asked when they are: there may be a checkpoint by then."""
    path = plan.checkpoint
    before = None if plan.resume else _written(path)

    def advice() -> str:
        if path is None:
            kept = "The parameters are those of the last step"
            return f"{kept}; checkpoint=path keeps more to go on from"
        if _written(path) == before:
            return f"No epoch was completed, so {path!r} holds nothing of this training: begin anew"
        return f"Go on from {path!r} with a new client and resume=True"

    return advice


def _written(path: str | None) -> int | None:
    """When the file was written, if there is one."""
    return os.stat(path).st_mtime_ns if path is not None and os.path.exists(path) else None


class ClusterSteps(ColumnSteps):
    """The steps of a training whose samples are elsewhere; `push` writes into the Values."""

    search = f"some of these samples here, without client= and with {SEARCH}"

    def __init__(
        self, run: Run, plan: Plan, workers: Workers, samples: Shards, watched: Shards | None
    ) -> None:
        super().__init__(run.parameters, run.optimizer)
        self._run = run
        self._workers, self._shards, self._watched = workers, samples, watched
        self.samples, self.fingerprint = samples.head, samples.fingerprint
        self._watched_counts = _watched_counts(samples, watched)
        self.held_out: Any = range(sum(self._watched_counts))  # only how many there are counts
        self.watched_fingerprint = watched.fingerprint if watched else ""
        total = sum(samples.counts)
        self.batches = -(-total // min(plan.batch_size or total, total))
        self._starts = list(accumulate(samples.counts, initial=0))[:-1]
        self._dropouts: list[Any] = [m for m in run.model.modules() if hasattr(m, "draw_mask")]
        X, y, masks = self._few()
        given = list(run.parameters), run.l2, X, y, masks
        self._work = self._shared(batch_gradient(run, samples.are_numbers), *given)
        if watched:
            tried = validation(run, samples.are_numbers)
            self._validation = self._shared(tried, given[0], X, y, has_masks=False)
        self._before = self._gradient = self._state.columns[0]

    def _few(self) -> tuple[Floats, Floats, dict[str, Floats]]:
        """Two samples and masks for them, to trace on: how many there are does not matter."""
        masks = self._run.model.draw_masks(Random(0))
        ones = {label: numpy.ones((2, len(mask))) for label, mask in masks.items()}
        return numpy.ones((2, self._shards.features)), numpy.ones((2, self._shards.width)), ones

    def _shared(self, f: Callable[..., Any], *given: Any, has_masks: bool = True) -> _Shared:
        """A function of such a batch, compiled here and, with its masks, where the shards are."""
        program = ShardProgram(jit(f).program(*given))
        dropouts = self._dropouts if has_masks else []
        return _Shared(program, self._workers.share(Work(program, dropouts)))

    # -- steps -----------------------------------------------------------------------------------

    def outputs(self) -> list[list[float]]:
        """None: there are no metrics to try them on."""
        return []

    def epoch(self) -> Iterator[Step]:
        """One step after the other, over random batches or all samples in their own order."""
        for _ in range(self.batches):
            yield self._step()

    def _step(self) -> Step:
        number = self._number + 1
        tasks, size = self._tasks(number)
        parameters = self._state.columns[0]
        given = numpy.append(parameters, self._run.l2)
        found = self._evaluated(self._work, given, tasks, size)
        objective, gradient = float(found[0]), found[1 : 1 + len(parameters)]
        move = self._moved(gradient)
        if move.check[0] != 0.0 or not isfinite(objective):  # the first also where it is nan
            self._refuse(objective, gradient, tasks, size)
        self._before, self._gradient = parameters, gradient
        self._take(move)
        return number, size, objective, (), ()

    def _tasks(self, number: int) -> tuple[_Tasks, int]:
        """What the step takes of each shard, and how many samples that is.

        Of all samples, one behind the other and each shard in its own order, it takes every so
        many: so all steps have as many, but for one, however small the shards are.
        """
        epoch, at = divmod(number - 1, self.batches)
        tasks: _Tasks = ([], [])
        size = 0
        shards = self._shards
        for handle, start, count in zip(shards.handles, self._starts, shards.counts, strict=True):
            first = (at - start) % self.batches
            if first < count:
                tasks[0].append(handle)
                seed = self._run.seed
                tasks[1].append(Part(number, epoch, first, self.batches, seed, False))
                size += len(range(first, count, self.batches))
        return tasks, size

    def _evaluated(self, shared: _Shared, inputs: Floats, tasks: _Tasks, size: int) -> Floats:
        """The numbers that the program gives, of sums over so many samples."""
        uniforms = numpy.append(inputs, float(size))
        handles, parts = tasks
        for level in range(shared.program.levels):
            these = [part._replace(level=level) for part in parts]
            sums = self._workers.total(local_sums, shared.work, uniforms, handles, these)
            uniforms = numpy.concatenate([uniforms, sums])
        return shared.program.uniform_outputs(uniforms)

    def _refuse(self, objective: float, gradient: Floats, tasks: _Tasks, size: int) -> None:
        """NotFinite that says what would not be finite, and in which shard."""
        parameters, number = self._run.parameters, self._number + 1
        before = self._state.columns[0].tolist()
        if not isfinite(objective) and all(map(isfinite, before)):
            what = self._culprits(before, tasks, size)
            raise NotFinite(number, f"the loss is {objective} at ", f": {what}", True)
        slopes, after = gradient.tolist(), self._move.after.columns[0].tolist()
        refuse_non_finite(number, objective, slopes, parameters, before, [])
        refuse_non_finite_move(parameters, before, slopes, after, number)

    def _culprits(self, before: list[float], tasks: _Tasks, size: int) -> str:
        """The first shard with samples whose loss is not finite, and the first of these."""
        losses = sample_losses(self._run, self._shards.are_numbers)
        shared = self._shared(losses, list(self._run.parameters), *self._few())
        handles, parts = tasks
        same = [[x] * len(handles) for x in (shared.work, numpy.array([*before, float(size)]))]
        for k, found in enumerate(self._workers.each(losses_not_finite, *same, handles, parts)):
            if found:
                row, loss = found[0]
                more = f" and {len(found) - 1} more" if len(found) > 1 else ""
                shard = self._shards.handles.index(handles[k])
                return f"{loss} for X[{row}]{more} of shard {shard}; of a batch of {size}"
        return "that of each sample is finite, but not their sum or the l2 term"

    def validated(self) -> tuple[float, list[list[float]]]:
        """The mean loss of the samples that were held out; no outputs."""
        assert self._watched
        pairs = zip(self._watched.handles, self._watched_counts, strict=True)
        chosen = [handle for handle, count in pairs if count]
        is_held_out = self._watched is self._shards
        part = Part(self._number, 0, 0, 1, self._run.seed, is_held_out)
        tasks = chosen, [part] * len(chosen)
        parameters, size = self._state.columns[0], len(self.held_out)
        [loss] = self._evaluated(self._validation, parameters, tasks, size).tolist()
        return loss, []

    def is_still(self, places: Sequence[int]) -> bool:
        """Whether the epoch's last loss had a gradient of 0 in these parameters, but for l2's."""
        gradient, before, double = self._gradient, self._before, 2.0 * self._run.l2
        return all(gradient[i] == double * before[i] for i in places)


def _watched_counts(samples: Shards, watched: Shards | None) -> list[int]:
    """How many samples of each shard are validated on."""
    if watched is None:
        return []
    return watched.held_out if watched is samples else watched.counts


class _Shared(NamedTuple):
    """A program here, and what stands for it where the shards are."""

    program: ShardProgram
    work: Handle


_Tasks = tuple[list[Handle], list[Part]]  # shards, and what is taken of each
