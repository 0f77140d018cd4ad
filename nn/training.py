"""Training: steps over mini-batches, told as a stream of records."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from nn.checking import Samples, Targets, functions, given, not_negative, whole
from nn.losses import Loss
from nn.metrics import Metric
from nn.module import Module
from nn.optimizers import Adam, Optimizer, OptimizerState, parameters_of
from nn.prediction import numbers_of
from nn.progress import shown
from nn.records import Record
from nn.samples import Sample, paired, split
from nn.steps import Run, step, validated
from nn.writing import write_data


def fit(
    model: Module,
    X: Samples,
    y: Targets,
    *,
    loss: Loss,
    optimizer: Optimizer | None = None,
    epochs: int = 100,
    batch_size: int | None = None,
    l2: float = 0.0,
    validation: float | tuple[Samples, Targets] | None = None,
    early_stopping: int | None = None,
    metrics: Iterable[Metric] | Metric = (),
    seed: int = 0,
    progress: bool = True,
) -> list[Record]:
    """Train the model and give the records of its epochs; the arguments are those of `train`.

    `progress` shows one line that is rewritten in a terminal or a notebook, and about ten lines
    where the output goes to a file; `progress=False` is silent. Ctrl-C or an
    exception leaves the parameters and gradients of the last completed step.

    >>> import nn
    >>> X, y = nn.datasets.xor(40, noise=0.0)
    >>> model = nn.MLP(2, [8, 1], seed=0)
    >>> history = nn.fit(
    ...     model, X, y, loss=nn.binary_cross_entropy, optimizer=nn.Adam(0.1), epochs=20,
    ...     progress=False,
    ... )
    >>> history[-1].loss < history[0].loss
    True
    """
    records = train(
        model,
        X,
        y,
        loss=loss,
        optimizer=optimizer,
        epochs=epochs,
        batch_size=batch_size,
        l2=l2,
        validation=validation,
        early_stopping=early_stopping,
        metrics=metrics,
        seed=seed,
    )
    return list(shown(records, epochs) if progress else records)


def train(
    model: Module,
    X: Samples,
    y: Targets,
    *,
    loss: Loss,
    optimizer: Optimizer | None = None,
    epochs: int = 100,
    batch_size: int | None = None,
    l2: float = 0.0,
    validation: float | tuple[Samples, Targets] | None = None,
    early_stopping: int | None = None,
    metrics: Iterable[Metric] | Metric = (),
    seed: int = 0,
    every: str = "epoch",
) -> Iterator[Record]:
    """Train the model step by step, yielding a record at the end of each epoch (or step).

    Each step descends the mean of `loss(model(x), target)` over a batch, plus l2 · Σ p² over all
    parameters. `batch_size=None` takes all samples at once; with a number they are shuffled each
    epoch, and the last batch may be smaller. `optimizer` is Adam() unless given.

    `validation` is the share of the samples to hold out, or an (X, y) of its own. With
    `early_stopping=n` training ends after n epochs without a lower validation loss; when it has
    run to its end, the parameters are those of the lowest one. `metrics` are functions of
    (predictions, targets) such as `nn.accuracy`; each is tried on the samples first. `seed`
    decides the split, the shuffling and the dropout masks, so the same call gives the same
    records.

    Between two records the parameters may be read and changed, and their `.grad` is the gradient
    of the last step. An exception or Ctrl-C leaves both as the last completed step left them.

    TypeError or ValueError for arguments that do not fit, before anything has changed;
    FloatingPointError where the loss, the gradient or a parameter would not be finite after a step:
    that step is undone.
    """
    run = _checked(model, loss, optimizer, l2, metrics, seed)
    plan = _planned(epochs, batch_size, early_stopping, every)
    if plan.patience and validation is None:
        raise ValueError(
            "early_stopping watches the validation loss; give validation=0.2 or a pair (X, y)"
        )
    samples = paired(model, X, y, loss)
    watched: list[Sample] = []
    if isinstance(validation, tuple):
        watched = paired(model, *_pair(validation), loss, "validation ")
    elif validation is not None:
        samples, watched = split(samples, validation, run.rng)
    run.predict(samples[0][0])  # with masks, where it has Dropout
    if run.metrics:
        run.measured([numbers_of(model(x)) for x, _ in samples], samples)  # that they can be
    return _records(run, plan, samples, watched)


@dataclass(frozen=True)
class _Plan:
    """When to stop, how many samples make a step, and when to say something."""

    epochs: int
    batch_size: int | None
    patience: int | None
    every_step: bool


def _planned(epochs: int, batch_size: int | None, early_stopping: int | None, every: str) -> _Plan:
    if every not in ("epoch", "step"):
        raise ValueError(f'every is "epoch" or "step", not {given(every)}')
    return _Plan(
        epochs=whole(epochs, "epochs"),
        batch_size=None if batch_size is None else whole(batch_size, "batch_size"),
        patience=None if early_stopping is None else whole(early_stopping, "early_stopping"),
        every_step=every == "step",
    )


def _checked(
    model: Module,
    loss: Loss,
    optimizer: Optimizer | None,
    l2: float,
    metrics: Iterable[Metric] | Metric,
    seed: int,
) -> Run:
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


def _pair(validation: tuple[Any, ...]) -> tuple[Any, Any]:
    if len(validation) != 2:
        raise ValueError(f"validation is a share or a pair (X, y), not {given(validation)}")
    return validation[0], validation[1]


# -- epochs --------------------------------------------------------------------------------------


def _records(
    run: Run, plan: _Plan, samples: list[Sample], watched: list[Sample]
) -> Iterator[Record]:
    state = run.optimizer.init(run.parameters)
    lowest, best, waited = math.inf, [p.data for p in run.parameters], 0
    for epoch in range(1, plan.epochs + 1):
        for record, reached in _epoch(run, plan, epoch, samples, watched, state):
            state = reached
            yield record
        if plan.patience and record.validation_loss is not None:
            waited += 1
            if record.validation_loss < lowest:
                lowest, best, waited = record.validation_loss, [p.data for p in run.parameters], 0
            if waited == plan.patience:
                break
    if plan.patience and lowest < math.inf:
        write_data(run.parameters, best)


def _epoch(
    run: Run,
    plan: _Plan,
    epoch: int,
    samples: list[Sample],
    watched: list[Sample],
    state: OptimizerState,
) -> Iterator[tuple[Record, OptimizerState]]:
    """One pass over the samples: its records, each with the optimiser's state after it."""
    total, outputs, trained = 0.0, [], []
    batches = _batches(samples, plan.batch_size, run.rng)
    for i, batch in enumerate(batches, 1):
        state, cost, predictions = step(run, batch, state, epoch)
        total += cost * len(batch)
        outputs += predictions
        trained += batch
        if i < len(batches) and not plan.every_step:
            continue
        metrics = run.measured(outputs, trained)
        record = Record(state.step, epoch, total / len(trained), metrics)
        if watched and i == len(batches):
            record = validated(run, record, watched)
        yield record, state
        total, outputs, trained = 0.0, [], []


def _batches(samples: list[Sample], size: int | None, rng: Random) -> list[list[Sample]]:
    """The samples in random order in batches of that size, or all in their own order as one."""
    if size is None or size >= len(samples):
        return [samples]
    order = rng.sample(samples, len(samples))
    return [order[i : i + size] for i in range(0, len(order), size)]
