"""`watch`: a training that shows itself while it goes on."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence

from nn.checking import Samples, Targets
from nn.losses import Loss
from nn.metrics import Metric
from nn.module import Module
from nn.optimizers import Optimizer
from nn.recording import Recording
from nn.samples import held_out
from nn.training import train
from nn.watched import Watched


def watch(
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
    classes: Sequence[str] | None = None,
) -> Watched:
    """A training that shows itself: curves, the decision boundary, each hidden unit, gradients.

    The arguments are those of `train`, whose records it keeps, but for its checkpoints. Nothing
    is trained yet: press a button of the view, in a notebook, or call `run` or `step`. With
    `every="step"` each step is a record of its own, to go through one batch at a time. `classes`
    are names to show.

    The maps come from the model's traced program, which the view evaluates on the parameters of
    each record; of a long training evenly spaced ones are kept. TypeError or ValueError for
    arguments that do not fit; what `train` raises. See `Watched`.

    >>> import nn
    >>> X, y = nn.datasets.xor(40, noise=0.0)
    >>> model = nn.MLP(2, [8, 1], seed=0)
    >>> watched = nn.watch(
    ...     model, X, y, loss=nn.binary_cross_entropy, optimizer=nn.Adam(0.1), epochs=20
    ... )
    >>> watched.step().epoch, len(watched.run(epochs=4)), len(watched.history)
    (1, 4, 5)
    >>> watched
    <Watched MLP(2 → 8 tanh → 1): paused, epoch 5 of 20, loss 0.66...>
    """
    from nn.training_document import training_document  # brings the views' files

    records = train(
        model, X, y,
        loss=loss, optimizer=optimizer, epochs=epochs, batch_size=batch_size, l2=l2,
        validation=validation, early_stopping=early_stopping, metrics=metrics, seed=seed,
        every=every, eager=eager,
    )  # fmt: skip
    assert isinstance(records, Generator)
    document = training_document(model, X, y, loss, classes)
    recording = Recording(model)
    document |= {
        "epochs": epochs,
        "every": every,
        "batches": _batches(document["total"], batch_size, validation),
        "gradient_layers": list(recording.layers),
    }
    return Watched(model, records, recording, document)


def _batches(count: int, size: int | None, validation: object) -> int:
    """Of how many steps `train` makes an epoch."""
    if validation is not None and not isinstance(validation, tuple):
        count -= held_out(validation, count)
    return -(-count // min(size or count, count))
