"""Checkpoints of a training: written at the end of each epoch, and gone on from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from hashlib import sha256
from numbers import Integral, Real
from typing import Any

from autograd.files import refuse_missing_folder, write_file
from nn.checking import given
from nn.distrust import ModelFileError
from nn.floats import little_endian
from nn.model_file import Contents, contents_of, encoded
from nn.optimizers import OptimizerState
from nn.run import Plan, Run, Standing
from nn.samples import Sample
from nn.saving import numbers_of, read
from nn.steps import Steps
from nn.training_state import TrainingState
from nn.writing import write_both


@dataclass(frozen=True)
class Checkpoint:
    """The file of a training, and what it begins with if it goes on from there."""

    path: str
    run: Run
    contents: Contents
    description: Mapping[str, str]
    begin: TrainingState | None
    numbers: Mapping[int, float]  # the file's, by the id of the parameter

    @property
    def epochs(self) -> int:
        """How many epochs are done where the training begins."""
        return self.begin.standing.epoch if self.begin else 0

    def resume(self, steps: Steps) -> Standing:
        """Make the steps and the model stand where the file does, if it is gone on from."""
        if self.begin is None:
            return Standing()
        parameters, state = self.run.parameters, self.begin
        write_both(parameters, [self.numbers[id(p)] for p in parameters], state.gradient)
        steps.pull()
        slots = tuple(zip(*state.slots, strict=True)) or ((),) * len(parameters)
        steps.remember(OptimizerState(state.step, slots))
        self.run.rng.setstate((3, state.random, state.gauss))
        return state.standing

    def write(self, steps: Steps, standing: Standing) -> None:
        """Replace the file by one of the training as it stands. O(parameters)."""
        steps.push()
        state = steps.remembered()
        _, words, gauss = self.run.rng.getstate()
        training = TrainingState(
            description=self.description,
            standing=standing,
            step=state.step,
            slots=list(zip(*state.slots, strict=True)),
            gradient=[p.grad for p in self.run.parameters],
            random=words,
            gauss=gauss,
        )
        write_file(self.path, encoded(self.contents, training))


def checked_checkpoint(
    run: Run,
    plan: Plan,
    steps: Steps,
    samples: list[Sample] | str,
    watched: list[Sample] | str,
) -> Checkpoint | None:
    """The checkpoint that the plan asks for; nothing is written, and the model is what it was.

    Of the samples, or of what tells them from others.

    ModelFileError where the file is damaged or of another training, FileNotFoundError where its
    folder is missing, TypeError for an optimiser whose state a file cannot hold.
    """
    if plan.checkpoint is None:
        return None
    path, contents = plan.checkpoint, contents_of(run.model)
    description = _description(run, plan, samples, watched)
    rows = _count_rows(run, steps.remembered())
    refuse_missing_folder(path)
    begin, numbers = None, {}
    if plan.resume and os.path.exists(path):
        file = read(path)
        values, loaded = numbers_of(file, contents, path)
        sizes = len(values), rows, steps.batches
        begin = _judged(file.training, description, path, *sizes)
        numbers = {id(v): number for v, number in zip(values, loaded, strict=True)}
    return Checkpoint(path, run, contents, description, begin, numbers)


def _count_rows(run: Run, state: object) -> int:
    """How many numbers the optimiser remembers of a parameter."""
    if isinstance(state, OptimizerState) and len(state.slots) == len(run.parameters):
        first = state.slots[0]
        if all(len(s) == len(first) and all(isinstance(x, Real) for x in s) for s in state.slots):
            return len(first)
    raise TypeError(
        f"{type(run.optimizer).__name__}.init gives {given(state)}; a checkpoint can hold an "
        "OptimizerState with equally many numbers for each parameter"
    )


def _judged(
    state: TrainingState | None,
    description: Mapping[str, str],
    path: str,
    count: int,
    rows: int,
    batches: int,
) -> TrainingState:
    """The state, if it is of this training."""
    if state is None:
        raise ModelFileError(
            f"{path}: it holds a model without its training; to begin one from that model, "
            "nn.load it and train with resume=False"
        )
    for key, ours in description.items():
        theirs = state.description.get(key)
        if theirs != ours:
            raise ModelFileError(
                f"{path}: it is of another training, whose {key} is {theirs!r:.200} and not "
                f"{ours!r:.200}; with resume=False this one begins anew and replaces the file, "
                "or nn.load the model and train it with a checkpoint of another name"
            )
    if (len(state.slots), len(state.gradient)) != (rows, count):
        raise ModelFileError(
            f"{path}: its optimiser remembers {len(state.slots)} numbers of each of "
            f"{len(state.gradient)} parameters, and this one {rows} of {count}"
        )
    if len(state.standing.objectives) != batches:
        raise ModelFileError(
            f"{path}: it has the losses of {len(state.standing.objectives)} steps; an epoch of "
            f"this training has {batches}"
        )
    return state


# -- which training it is ------------------------------------------------------------------------


def _description(
    run: Run, plan: Plan, samples: list[Sample] | str, watched: list[Sample] | str
) -> dict[str, str]:
    """Every argument that the numbers depend on, by its name; functions by theirs."""
    return {
        "loss": _said(run.loss),
        "optimizer": _said(run.optimizer),
        "batch_size": str(plan.batch_size),
        "l2": repr(run.l2),
        "early_stopping": str(plan.patience),
        "seed": str(run.seed),
        "eager": str(plan.eager),
        "X and y": _fingerprint(samples),
        "validation": _fingerprint(watched),
    }


def _said(x: Any) -> str:
    """The same text in every process; functions and objects that are no records by their names.

    >>> from nn.optimizers import SGD
    >>> from nn.schedules import StepDecay
    >>> _said(SGD(StepDecay(0.1, every=10)))
    'SGD(learning_rate=StepDecay(rate=0.1, every=10, factor=0.1), momentum=0.0, nesterov=False)'
    """
    if isinstance(x, (bool, str)) or x is None:
        return repr(x)
    if isinstance(x, Real):
        return str(int(x)) if isinstance(x, Integral) else repr(float(x))
    if isinstance(x, (list, tuple)):
        return f"[{', '.join(map(_said, x))}]"
    if is_dataclass(x) and not isinstance(x, type):
        parts = [f"{field.name}={_said(getattr(x, field.name))}" for field in fields(x)]
        return f"{type(x).__name__}({', '.join(parts)})"
    return str(getattr(x, "__qualname__", type(x).__qualname__))


def _fingerprint(samples: Iterable[Sample] | str) -> str:
    if isinstance(samples, str):  # of shards, each of which was read where it lies
        return samples
    digest, count = sha256(), 0
    for x, target in samples:
        digest.update(little_endian(x) + f" {_said(target)};".encode("utf-8", "replace"))
        count += 1
    return f"{count} samples with the digest {digest.hexdigest()[:32]}"
