"""A training as plain data: the samples, what the model computes, and where its units are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd import jit, vmap
from autograd.view import UNTRACEABLE, plain_program
from nn.checking import Samples, Targets, listed, rows, same_length
from nn.components import principal_components
from nn.dropout import Dropout
from nn.flattening import Flatten, Unflatten, flattened
from nn.floats import packed
from nn.layers import Layer
from nn.losses import Loss, mse, outputs_of
from nn.module import Module
from nn.networks import MLP, Sequential
from nn.number import Number
from nn.prediction import class_of, numbers_of

MOST_SAMPLES = 1000  # in the picture; more points hide each other
MOST_FEATURES = 50_000  # numbers of samples in a page: half a megabyte


def training_document(
    model: Module, X: Samples, y: Targets, loss: Loss, classes: Sequence[str] | None
) -> dict[str, Any]:
    """What a view of a training shows besides its records; ready for JSON.

    The model is traced once, as inference: `program` takes its parameters and the features of
    samples as lanes, and gives the outputs of every layer. Where it cannot be traced there is none,
    and `why_not` says why. Arrays of floats are little-endian, in base64.
    """
    table, targets = rows(X), listed(y, "y", "targets")
    same_length(table, targets, ("X", "y"))
    outputs = len(numbers_of(model(table[0])))
    chosen = _evenly(len(table), max(2, min(MOST_SAMPLES, MOST_FEATURES // len(table[0]))))
    labels = _labels(targets, outputs, loss)
    program, layers, why_not = _traced(model, table)
    return {
        "kind": "training",
        "title": repr(model),
        "program": program,
        "why_not": why_not,
        "layers": layers,
        "outputs": outputs,
        "features": len(table[0]),
        "samples": packed([x for column in zip(*table, strict=True) for x in _at(column, chosen)]),
        "count": len(chosen),
        "total": len(table),
        **_places(table, chosen),
        "labels": None if labels is None else _at(labels, chosen),
        "targets": None if labels is not None else _at(_numbers(targets), chosen),
        "classes": _names(labels, classes, outputs),
    }


def _evenly(count: int, most: int) -> list[int]:
    """At most so many places out of `count`, evenly."""
    if count <= most:
        return list(range(count))
    return [i * (count - 1) // (most - 1) for i in range(most)]


def _at(values: Sequence[Any], places: Sequence[int]) -> list[Any]:
    return [values[i] for i in places]


# -- the model -----------------------------------------------------------------------------------


def _traced(
    model: Module, table: list[list[float]]
) -> tuple[dict[str, Any] | None, list[dict[str, Any]], str]:
    """The program of all layers' outputs, where each layer's are, and else why there is none."""
    layers: list[dict[str, Any]] = []

    def outputs(model: Module, x: Any) -> list[Number]:
        found: list[Number] = []
        layers.clear()
        for name, summary, numbers in _layers(model, list(x)):
            layers.append(
                {"name": name, "summary": summary, "start": len(found), "count": len(numbers)}
            )
            found += numbers
        return found

    try:
        import numpy

        each: Callable[..., Any] = vmap(outputs, in_axes=(None, 0))
        return plain_program(jit(each).program(model, numpy.array(table[:1]))), layers, ""
    except ImportError as error:
        return None, [], f"the maps need NumPy ({error}): pip install numpy"
    except UNTRACEABLE as error:
        return None, [], f"the model cannot be traced: {type(error).__name__}: {error}"


def _layers(model: Module, x: list[Number]) -> list[tuple[str, str, list[Number]]]:
    """Name, make-up and outputs of each layer; a model of another kind is a single one."""
    if not isinstance(model, (MLP, Sequential)):
        return [("output", type(model).__name__, list(outputs_of(model(x))))]
    return [
        (f"layers.{i}", _summary(layer), flattened(numbers))
        for i, (layer, numbers) in enumerate(zip(model.layers, model.layer_outputs(x), strict=True))
        if not isinstance(layer, (Dropout, Flatten, Unflatten))  # which pass on what they are given
    ]


def _summary(layer: Any) -> str:
    if isinstance(layer, Layer):
        return layer.summary()
    return layer.architecture() if isinstance(layer, Module) else getattr(layer, "__name__", "")


# -- the samples ---------------------------------------------------------------------------------


def _places(table: list[list[float]], chosen: list[int]) -> dict[str, Any]:
    """How samples lie in a picture: over their one or two features, else on components."""
    if len(table[0]) == 1:
        return {"picture": "line", "places": None, "axes": ["feature", "output"]}
    if len(table[0]) == 2:
        return {"picture": "plane", "places": None, "axes": ["first feature", "second feature"]}
    try:
        places, shares = principal_components(table)
    except ImportError:  # then there is no program either, and no picture
        return {"picture": "components", "places": None, "axes": ["", ""]}
    names = (f"{word} principal component" for word in ("first", "second"))
    axes = [
        f"{name} ({share:.0%} of the variance)" for name, share in zip(names, shares, strict=False)
    ]
    columns = zip(*_at(places, chosen), strict=True)
    return {
        "picture": "components",
        "places": packed([x for column in columns for x in column]),
        "axes": [*axes, ""][:2],
    }


def _labels(targets: Sequence[Any], outputs: int, loss: Loss) -> list[int] | None:
    """The class of each sample, or None where the targets are numbers to come close to."""
    try:
        labels = [class_of(target, "a class") for target in targets]
    except (TypeError, ValueError):
        return None
    if outputs > 1:
        return labels if max(labels) < outputs else None
    found = set(_numbers(targets))
    cut_at_zero = found <= {-1.0, 1.0} or (found <= {0.0, 1.0} and loss is not mse)
    return labels if cut_at_zero else None


def _numbers(targets: Sequence[Any]) -> list[float]:
    """Each target as a number: the first of several."""
    return [float(t[0] if isinstance(t, (list, tuple)) else t) for t in targets]


def _names(
    labels: list[int] | None, classes: Sequence[str] | None, outputs: int
) -> list[str] | None:
    """A name for each class; ValueError where there are fewer than classes."""
    if labels is None:
        return None
    count = max(2, outputs, 1 + max(labels))
    if classes is None:
        return [f"class {i}" for i in range(count)]
    names = [str(name) for name in listed(classes, "classes", "names")]
    if len(names) < count:
        raise ValueError(f"classes has {len(names)} names for {count} classes; give one for each")
    return names[:count]
