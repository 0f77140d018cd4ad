"""Training: steps over mini-batches, told as a stream of records."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any

from nn.checking import Samples, Targets
from nn.checkpoints import Checkpoint, checked_checkpoint
from nn.course import Course
from nn.eager_steps import EagerSteps
from nn.losses import Loss
from nn.metrics import Metric
from nn.module import Module
from nn.not_finite import NotFinite
from nn.optimizers import Optimizer
from nn.progress import shown
from nn.records import Record
from nn.run import Plan, Run, Standing, checked_plan, checked_run
from nn.samples import Sample, pair_of, paired, split
from nn.steps import Steps

if TYPE_CHECKING:
    from nn.cluster_steps import ClusterSteps


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
    eager: bool = False,
    checkpoint: str | PathLike[str] | None = None,
    resume: bool = False,
    client: object = None,
    shards: int | None = None,
    progress: bool = True,
) -> list[Record]:
    """Train the model and give the records of its epochs; the arguments are those of `train`.

    `progress` shows one line that is rewritten in a terminal or a notebook, and about ten lines
    where the output goes to a file; `progress=False` is silent. Ctrl-C or an exception leaves the
    parameters and gradients of the last completed step. While steps are compiled, the model's
    Values are written when a metric is about to be called or a checkpoint is, and at the end.

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
    run = checked_run(model, loss, optimizer, l2, metrics, seed)
    plan = checked_plan(epochs, batch_size, early_stopping, "epoch", eager, checkpoint, resume)
    steps, file = _prepared(run, plan, X, y, validation, client, shards)
    records = _records(run, plan, steps, file, is_shared=False)
    try:
        return list(shown(records, epochs, file.epochs if file else 0) if progress else records)
    finally:
        records.close()  # now, and not when the last traceback is forgotten


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
    eager: bool = False,
    checkpoint: str | PathLike[str] | None = None,
    resume: bool = False,
    client: object = None,
    shards: int | None = None,
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

    Steps are compiled: the model, the loss and the optimiser's rule are traced once, before the
    first step, and must compute without asking for a number (`where`, not `if`); what they take
    from variables outside is what it was then. `eager=True` computes Value by Value instead,
    thousands of times slower: for a loss that cannot be traced, to step through, to find an
    operation with `detect_anomaly`. The records agree but for rounding.

    Between two records the parameters may be read and changed, and their `.grad` is the gradient
    of the last step. An exception or Ctrl-C leaves both as the last completed step left them.

    `checkpoint` is the path of a file that is replaced at the end of each epoch, whole or not at
    all, by one with all there is to know; `nn.load` gives its model. With `resume=True` training
    goes on from there, to the same bits as if it had never been stopped, and gives the records
    that are left; it begins at the beginning where there is no such file. `epochs` counts from
    the beginning and may be more than it was. With early_stopping the file has the parameters as
    the last epoch left them; `resume=True` of a training that has ended brings back the best.
    While the loss may be running away, the file stays as it was before. ModelFileError where it
    is damaged or of another training: functions are compared by their names, all other arguments
    but `metrics` and `every`, and the samples, by what they are.

    `client` is a `dask.distributed.Client`, or an executor of `concurrent.futures`: its workers
    hold X and y, arrays of Dask whose blocks are *shards*, or arrays and lists, cut into `shards`
    of them (8 unless given), of which Dask's scheduler keeps a copy. A step sends the parameters
    out once, and gets a few sums of gradients back, so that the same shards give the same bits with
    any number of workers; a worker that dies is no matter. An epoch's batches are of one size, but
    for one sample, each shard's samples in an order of its own; a share for validation is held out
    of each. Without `metrics`, which want all outputs in one place; `nn.watch`, which shows the
    samples, takes no client. ConnectionError where no worker or no scheduler is left.

    TypeError or ValueError for arguments that do not fit, before anything has changed;
    ImportError without llvmlite and NumPy unless eager. FloatingPointError where the loss, the
    gradient or a parameter would not be finite after a step: that step is undone. It names the
    step, the samples or the parameter, and what to try. The same where training diverges, that
    is, the loss stays over 1,000 times the first epoch's above its lowest while parameters grow;
    what has grown is undone, back to where the loss was lowest. RuntimeWarning, once, for a layer
    that is dead: it has no gradient, and its units give the same for all samples, or for 256
    where there are more.
    """
    run = checked_run(model, loss, optimizer, l2, metrics, seed)
    plan = checked_plan(epochs, batch_size, early_stopping, every, eager, checkpoint, resume)
    prepared = _prepared(run, plan, X, y, validation, client, shards)
    return _records(run, plan, *prepared, is_shared=True)


# -- before the first step -----------------------------------------------------------------------


def _prepared(
    run: Run,
    plan: Plan,
    X: Samples,
    y: Targets,
    validation: float | tuple[Samples, Targets] | None,
    client: object,
    shards: int | None,
) -> tuple[Steps, Checkpoint | None]:
    """The samples, judged and tried on the model, as a way to compute with them; the checkpoint."""
    if plan.patience and validation is None:
        raise ValueError(
            "early_stopping watches the validation loss; give validation=0.2 or a pair (X, y)"
        )
    if client is not None:
        on_shards = _on_shards(run, plan, X, y, validation, client, shards)
        marks = on_shards.fingerprint, on_shards.watched_fingerprint
        return on_shards, checked_checkpoint(run, plan, on_shards, *marks)
    if shards is not None:
        raise ValueError("shards are computed by others; say by whom: client=")
    samples = paired(run.model, X, y, run.loss)
    places, watched = list(range(len(samples))), list[Sample]()
    if isinstance(validation, tuple):
        watched = paired(run.model, *pair_of(validation), run.loss, "validation ")
    elif validation is not None:
        places, held_out = split(len(samples), validation, run.rng)
        samples, watched = [samples[i] for i in places], [samples[i] for i in held_out]
    run.predict(samples[0][0])  # with masks, where it has Dropout
    kind = EagerSteps if plan.eager else _compiled
    steps = kind(run, samples, watched, plan.batch_size, places)
    if run.metrics:  # that they can be measured
        run.measured(steps.outputs(), [target for _, target in samples])
    return steps, checked_checkpoint(run, plan, steps, samples, watched)


def _compiled(
    run: Run, samples: list[Sample], watched: list[Sample], size: int | None, rows: Sequence[int]
) -> Steps:
    """Compiled steps; ImportError or TypeError that names `eager=True` where there can be none."""
    try:
        from nn.compiled_steps import CompiledSteps  # brings NumPy and llvmlite

        return CompiledSteps(run, samples, watched, size, rows)
    except ImportError as error:
        raise ImportError(
            f"training is compiled, which needs llvmlite and NumPy ({error}): pip install "
            '"stepgrad[compile]", or train with eager=True, without them and slowly'
        ) from error
    except (TypeError, ValueError, LookupError, AttributeError) as error:  # eagerly it worked
        raise TypeError(
            f"this training cannot be compiled: {type(error).__name__}: {error}. Change that, "
            "or train with eager=True, which computes Value by Value"
        ) from error


def _on_shards(
    run: Run,
    plan: Plan,
    X: Samples,
    y: Targets,
    validation: float | tuple[Samples, Targets] | None,
    client: object,
    shards: int | None,
) -> ClusterSteps:
    """Steps computed by the client's workers; ImportError where what they need is missing."""
    try:
        from nn.cluster_steps import cluster_steps  # brings NumPy and llvmlite
    except ImportError as error:
        raise ImportError(
            f"training is compiled, which needs llvmlite and NumPy ({error}), here and on the "
            'workers: pip install "stepgrad[compile]"'
        ) from error
    return cluster_steps(run, plan, X, y, validation, client, shards)


# -- epochs --------------------------------------------------------------------------------------


def _records(
    run: Run, plan: Plan, steps: Steps, checkpoint: Checkpoint | None, is_shared: bool
) -> Generator[Record, None, None]:
    """The records; the model is up to date at each where others can see it, and at the end."""
    try:
        standing = checkpoint.resume(steps) if checkpoint else Standing()
        course = Course(run, steps, standing)
        for epoch in range(standing.epoch + 1, plan.epochs + 1):
            if standing.waited == plan.patience:
                break
            is_last = epoch == plan.epochs
            is_marked = is_last or epoch >= standing.marks.next
            if is_marked:
                course.begin()
            for record in _epoch(run, plan, steps, course.objectives, epoch):
                if is_shared:
                    steps.push()
                yield record
                if is_shared:
                    steps.pull()
            if is_marked:
                course.end(epoch, is_last)
            standing.epoch = epoch
            if plan.patience and record.validation_loss is not None:
                _look_for_lowest(standing, record.validation_loss, steps)
            ends = is_last or standing.waited == plan.patience
            if checkpoint and (ends or not course.may_run_away()):
                checkpoint.write(steps, standing)
        if standing.lowest < math.inf:
            steps.restore(standing.best)
        steps.push()  # here as well, so that an interruption of it still meets the one below
    except NotFinite as error:
        course.break_off(error, epoch)
    finally:
        steps.push()


def _look_for_lowest(standing: Standing, validation_loss: float, steps: Steps) -> None:
    """Keep the parameters where the loss is the lowest so far; else one epoch more has waited."""
    standing.waited += 1
    if validation_loss < standing.lowest:
        standing.lowest, standing.best, standing.waited = validation_loss, steps.kept(), 0


def _epoch(
    run: Run, plan: Plan, steps: Steps, objectives: deque[float], epoch: int
) -> Iterator[Record]:
    """One pass over the samples: its records. Each step's objective is noted."""
    total, samples = 0.0, 0
    outputs: list[list[float]] = []
    targets: list[Any] = []
    note, left = objectives.append, steps.batches
    for number, count, objective, predicted, wanted in steps.epoch():
        note(objective)
        left -= 1
        total += objective * count
        samples += count
        outputs += predicted
        targets += wanted
        if left and not plan.every_step:
            continue
        record = Record(number, epoch, total / samples)
        if run.metrics:
            record = _measured(run, steps, record, outputs, targets)
        if steps.held_out and not left:
            record = _validated(run, steps, record)
        yield record
        total, samples, outputs, targets = 0.0, 0, [], []


def _measured(
    run: Run, steps: Steps, record: Record, outputs: list[list[float]], targets: list[Any]
) -> Record:
    """The record with every metric of these outputs."""
    steps.push()  # a metric may look at the model
    return replace(record, metrics=run.measured(outputs, targets))


def _validated(run: Run, steps: Steps, record: Record) -> Record:
    """The record with the mean loss and the metrics of the samples that were held out."""
    loss, outputs = steps.validated()
    metrics = run.measured(outputs, steps.held_out)
    return replace(record, validation_loss=loss, validation_metrics=metrics)
