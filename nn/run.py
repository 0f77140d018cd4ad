"""What a training was asked to do, judged before it begins."""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from autograd import Value
from nn.checking import functions, given, not_negative, whole
from nn.losses import Loss
from nn.metrics import Metric
from nn.module import Module
from nn.optimizers import Adam, Optimizer, parameters_of


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
    seed: int
    rng: Random

    def predict(self, x: Sequence[float]) -> Any:
        """The model's outputs in training: with new masks, where it has Dropout."""
        if self.has_dropout:
            return self.model(x, masks=self.model.draw_masks(self.rng))
        return self.model(x)

    def measured(self, outputs: list[list[float]], targets: list[Any]) -> dict[str, float]:
        """Every metric of these outputs."""
        return {name: _number(name, f(outputs, targets)) for name, f in self.metrics.items()}


def _number(name: str, measured: object) -> float:
    if not hasattr(measured, "__float__"):
        raise TypeError(f"the metric {name} gives {given(measured)}; expected a number")
    return float(measured)


def checked_run(
    model: Module,
    loss: Loss,
    optimizer: Optimizer | None,
    l2: float,
    metrics: Iterable[Metric] | Metric,
    seed: int,
) -> Run:
    """The Run of these arguments; TypeError or ValueError where one does not fit."""
    if not isinstance(model, Module):
        raise TypeError(f"model is an nn.Module such as nn.MLP(2, [16, 1]), not {given(model)}")
    if not callable(loss):
        raise TypeError(f"loss is a function such as nn.mse, not {given(loss)}")
    if not isinstance(optimizer, Optimizer | None):
        raise TypeError(f"optimizer is one such as nn.Adam(1e-2), not {given(optimizer)}")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError(f"seed is an int, not {given(seed)}")
    parameters, has_dropout = parameters_of(model), bool(model.draw_masks(Random(0)))
    if has_dropout and not _takes_masks(model):
        raise TypeError(
            f"{type(model).__name__} holds a Dropout but its __call__ takes no masks; define "
            "__call__(self, x, masks=None) and pass masks on: self.drop(x, masks=masks)"
        )
    return Run(
        model=model,
        parameters=parameters,
        loss=loss,
        optimizer=optimizer or Adam(),
        l2=not_negative(l2, "l2"),
        metrics=_named(metrics),
        has_dropout=has_dropout,
        seed=seed,
        rng=Random(seed),
    )


def _takes_masks(model: Module) -> bool:
    parameters = inspect.signature(model).parameters.values()
    return any(p.name == "masks" or p.kind is p.VAR_KEYWORD for p in parameters)


def _named(metrics: Iterable[Metric] | Metric) -> dict[str, Metric]:
    """The metrics by the names that records give them."""
    named: dict[str, Metric] = {}
    for f in functions(metrics, "metrics"):
        name = getattr(f, "__name__", str(f))
        if name in named or name == "loss":
            raise ValueError(
                f"two numbers of a record would be called {name!r}; give each metric a name of "
                "its own, as a function with def"
            )
        named[name] = f
    return named


@dataclass(frozen=True)
class Plan:
    """How steps are computed, when to stop, and when to say or to write something."""

    epochs: int
    batch_size: int | None
    patience: int | None
    every_step: bool
    eager: bool
    checkpoint: str | None  # the path
    resume: bool


def checked_plan(
    epochs: int,
    batch_size: int | None,
    early_stopping: int | None,
    every: str,
    eager: bool,
    checkpoint: str | os.PathLike[str] | None,
    resume: bool,
) -> Plan:
    """The Plan of these arguments; TypeError or ValueError where one does not fit."""
    if every not in ("epoch", "step"):
        raise ValueError(f'every is "epoch" or "step", not {given(every)}')
    for name, flag in (("eager", eager), ("resume", resume)):
        if not isinstance(flag, bool):
            raise TypeError(f"{name} is True or False, not {given(flag)}")
    if not isinstance(checkpoint, str | os.PathLike | None):
        raise TypeError(f"checkpoint is the path of a file, not {given(checkpoint)}")
    if resume and checkpoint is None:
        raise ValueError("resume goes on from a checkpoint; give its path: checkpoint=...")
    return Plan(
        epochs=whole(epochs, "epochs"),
        batch_size=None if batch_size is None else whole(batch_size, "batch_size"),
        patience=None if early_stopping is None else whole(early_stopping, "early_stopping"),
        every_step=every == "step",
        eager=eager,
        checkpoint=None if checkpoint is None else os.fspath(checkpoint),
        resume=resume,
    )


class Low(NamedTuple):
    """The marked epoch of the lowest loss, that loss, and the parameters that it began with."""

    epoch: int
    loss: float
    parameters: Sequence[float]


class Marks(NamedTuple):
    """What is remembered of the epochs that were marked."""

    next: int = 0  # the epoch to mark next, or one that has been
    first: float = 0.0  # the loss of the first epoch
    low: Low | None = None  # None before the first one's end
    far: int = 0  # how many in a row, up to the last one, are far above
    highest: float = 0.0  # the highest loss of those


@dataclass(slots=True)
class Standing:
    """How far a training is, and what early stopping and the course of its loss remember."""

    epoch: int = 0
    lowest: float = math.inf  # the validation loss
    best: Sequence[float] = ()  # the parameters that had it
    waited: int = 0  # epochs since then
    marks: Marks = field(default_factory=Marks)
    objectives: Sequence[float] = ()  # of the last steps, as many as an epoch has
