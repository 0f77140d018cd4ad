"""The main job: train a network on real data, and show what it learned and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograd import Value, draw
from autograd.testing import check_grads
from nn import datasets
from nn.canvas import pyplot
from nn.checking import not_negative, positive, rate, whole
from nn.datasets import Data, standardise, train_test_split
from nn.losses import Loss, binary_cross_entropy, cross_entropy
from nn.metrics import accuracy
from nn.networks import MLP
from nn.optimizers import SGD, Adam, AdamW, Optimizer
from nn.plots import plot_decision_boundary, plot_hidden_features, plot_loss
from nn.prediction import predict
from nn.records import Record
from nn.samples import Sample
from nn.schedules import CosineDecay
from nn.substitution import on_values
from nn.training import fit

Split = tuple[list[list[float]], list[list[float]], list[int], list[int]]
OPTIMIZERS: dict[str, Callable[[CosineDecay], Optimizer]] = {
    "sgd": lambda schedule: SGD(schedule, momentum=0.9),
    "adam": Adam,
    "adamw": AdamW,
}


@dataclass(frozen=True)
class Job:
    """A data set and how to learn it; `layers` are the widths of the hidden ones."""

    data: str
    layers: tuple[int, ...] = (16,)
    activation: str = "tanh"
    dropout: float = 0.0
    optimizer: str = "adam"
    learning_rate: float = 0.02
    epochs: int = 40
    batch_size: int | None = 32
    l2: float = 1e-4
    seed: int = 0
    eager: bool = False

    def __post_init__(self) -> None:
        for width in self.layers:
            whole(width, "--layers: a width")
        rate(self.dropout, "--dropout")
        positive(self.learning_rate, "--learning-rate")
        whole(self.epochs, "--epochs")
        if self.batch_size is not None:
            whole(self.batch_size, "--batch-size")
        not_negative(self.l2, "--l2")


@dataclass(frozen=True)
class Source:
    """Where data come from, seed → the samples to train and to test on, and what classes mean."""

    samples: Callable[[int], Split]
    classes: tuple[str, ...] = ()


def bundled(load: Callable[[], Data], largest: float | None = None) -> Callable[[int], Split]:
    """Samples that there are so many of: a quarter is held out.

    All features are standardised, or, where they are of one kind, divided by the largest: a pixel
    that is nearly always black would be blown up by its own small deviation.
    """

    def samples(seed: int) -> Split:
        X, X_test, y, y_test = train_test_split(*load(), test=0.25, seed=seed)
        if largest is None:
            return standardise(X), standardise(X_test, like=X), y, y_test
        shares = [[[x / largest for x in sample] for sample in part] for part in (X, X_test)]
        return shares[0], shares[1], y, y_test

    return samples


def made(make: Callable[..., Data], points: int) -> Callable[[int], Split]:
    """Samples that are made: so many to train on, and four times as many others to test on."""

    def samples(seed: int) -> Split:
        X, y = make(points, seed=seed)
        X_test, y_test = make(4 * points, seed=seed + 1)
        return X, X_test, y, y_test

    return samples


# fmt: off
SOURCES = {
    "breast_cancer": Source(bundled(datasets.breast_cancer), classes=("malignant", "benign")),
    "moons":         Source(made(datasets.moons, 100)),
    "circles":       Source(made(datasets.circles, 100)),
    "spiral":        Source(made(datasets.spiral, 150)),
    "xor":           Source(made(datasets.xor, 100)),
    "digits":        Source(bundled(datasets.digits, largest=16.0), classes=tuple("0123456789")),
    "iris":          Source(bundled(datasets.iris), classes=("setosa", "versicolor", "virginica")),
    "wine":          Source(bundled(datasets.wine), classes=("first", "second", "third")),
}
JOBS = {
    "breast_cancer": Job("breast_cancer", epochs=10, learning_rate=0.01, l2=3e-3),
    "moons":         Job("moons", (16, 16), epochs=50, batch_size=20, learning_rate=0.1, l2=0.0),
    "circles":       Job("circles", (8,), epochs=60, batch_size=20, learning_rate=0.05),
    "spiral":        Job("spiral", (16, 16), epochs=80, batch_size=25, learning_rate=0.03),
    "xor":           Job("xor", (8,), epochs=60, batch_size=20, learning_rate=0.05),
    "digits":        Job("digits", (32,), epochs=20, learning_rate=0.01, l2=1e-3),
    "iris":          Job("iris", (8,), batch_size=16),
    "wine":          Job("wine", (8,), epochs=20, batch_size=16),
}
# fmt: on


@dataclass(frozen=True)
class Result:
    """What came of a job: the trained model, its history and its accuracies."""

    model: MLP
    history: list[Record]
    train_accuracy: float
    test_accuracy: float
    pictures: list[Path]


def run(job: Job, out: Path, progress: bool = True, say: Callable[[str], None] = print) -> Result:
    """Train, judge on samples that were held out, check the gradient, and draw into `out`."""
    X, X_test, y, y_test = samples_of(job)
    model, loss = prepared(job, X, y)
    say(f"== {job.data}: {len(X)} samples to train on, {len(X_test)} to test, {len(X[0])} features")
    say(repr(model))
    batches = -(-len(X) // (job.batch_size or len(X)))
    schedule = CosineDecay(job.learning_rate, steps=job.epochs * batches + 1)
    history = fit(
        model,
        X,
        y,
        loss=loss,
        optimizer=OPTIMIZERS[job.optimizer](schedule),
        epochs=job.epochs,
        batch_size=job.batch_size,
        l2=job.l2,
        metrics=accuracy,
        seed=job.seed,
        eager=job.eager,
        progress=progress,
    )
    predictions = predict(model, X)
    on_train, on_test = accuracy(predictions, y), accuracy(predict(model, X_test), y_test)
    say(f"accuracy: {on_train:.1%} on the training samples, {on_test:.1%} on the test samples")
    sample = hardest(predictions, X, y, loss)
    say(gradient_check(model, sample, loss))
    pictures = drawn(job, model, history, (X, y), (X_test, y_test), out)
    pictures += graphs(job, model, sample, loss, out)
    say(f"pictures: {', '.join(map(str, pictures))}")
    return Result(model, history, on_train, on_test, pictures)


# -- data and model ------------------------------------------------------------------------------


def samples_of(job: Job) -> Split:
    """X, X_test, y, y_test: a quarter held out, or other points of the same kind."""
    return SOURCES[job.data].samples(job.seed)


def prepared(job: Job, X: list[list[float]], y: list[int]) -> tuple[MLP, Loss]:
    """The network for these samples, with one output for two classes, and its loss."""
    classes = len(set(y))
    model = MLP(
        len(X[0]),
        [*job.layers, 1 if classes == 2 else classes],
        job.activation,
        dropout=job.dropout,
        seed=job.seed,
    )
    return model, binary_cross_entropy if classes == 2 else cross_entropy


def hardest(
    predictions: list[list[float]], X: list[list[float]], y: list[int], loss: Loss
) -> Sample:
    """The sample with the largest loss: where a trained network still has a gradient to show."""
    costs = [loss(p, t) for p, t in zip(predictions, y, strict=True)]
    worst = costs.index(max(costs))
    return X[worst], y[worst]


# -- what there is to see ------------------------------------------------------------------------


def gradient_check(model: MLP, sample: Sample, loss: Loss) -> str:
    """The gradient of one sample's loss by the parameters against finite differences, in words.

    A difference costs several evaluations, so of very many parameters it is every so-many-th.
    GradientError where they differ.
    """
    x, target = sample
    named = model.named_parameters()
    every = 1 if len(named) <= MANY else len(named) // FEWER
    checked = dict(list(named.items())[::every])

    def cost(candidates: dict[str, Any]) -> Any:
        given = {id(named[path]): p for path, p in candidates.items()}
        return loss(on_values(model, given)(x), target)

    check_grads(cost, (checked,), order=1, modes=("forward", "reverse"))
    count = f"all {len(named)}" if every == 1 else f"{len(checked)} of {len(named):,}"
    return (
        f"gradient check: {count} derivatives of one sample's loss agree "
        "with finite differences, in forward and in reverse mode"
    )


MANY, FEWER = 1000, 200  # parameters: from so many on, about so few are checked


def drawn(
    job: Job,
    model: MLP,
    history: list[Record],
    train: tuple[list[list[float]], list[int]],
    test: tuple[list[list[float]], list[int]],
    out: Path,
) -> list[Path]:
    """Save the plots of the job, and say where they are."""
    out.mkdir(parents=True, exist_ok=True)
    names = SOURCES[job.data].classes or None
    figures: dict[str, Any] = {"loss": plot_loss(history).figure}
    if len(train[0][0]) == 2:
        figures["boundary"] = plot_decision_boundary(model, *train, classes=names).figure
    if job.layers:
        panels = plot_hidden_features(model, *test, classes=names)
        figures["features"] = panels[0].figure
    paths = []
    for name, figure in figures.items():
        figure.suptitle(f"{job.data.replace('_', ' ')}: {TITLES[name]}")
        paths.append(out / f"{job.data}-{name}.png")
        figure.savefig(paths[-1], dpi=120)
        pyplot().close(figure)
    return paths


TITLES = {
    "loss": "training",
    "boundary": "what the network decides",
    "features": "what the hidden layer has learned",
}


def graphs(job: Job, model: MLP, sample: Sample, loss: Loss, out: Path) -> list[Path]:
    """The computation graphs of one sample's loss and of one neuron in it, with gradients."""
    x, target = sample
    layers = model.layer_outputs(x)
    neuron, cost = layers[0][0], loss(layers[-1], target)
    assert isinstance(neuron, Value)
    assert isinstance(cost, Value)
    model.zero_grad()
    cost.backward()
    paths = [out / f"{job.data}-neuron.svg", out / f"{job.data}-sample.svg"]
    draw(neuron).save(paths[0])
    draw(cost).save(paths[1])
    return paths
