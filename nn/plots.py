"""Pictures of a training and of what a network has learned, drawn on matplotlib's Axes.

Each function draws on the Axes that it is given, or on a new figure, and gives the Axes back.
Classes differ in colour and in marker; the colours are Okabe & Ito's, which colour-blind readers
tell apart. In an SVG or a PDF the coloured plane is an image; lines, points and text are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nn.canvas import (
    INK,
    axes_or_new,
    extent_of,
    fill,
    fill_classes,
    fill_pixels,
    grid,
    labelled,
    panels_of,
    ring_errors,
    scatter,
    scatter_components,
    unflattened,
)
from nn.checking import Array, Samples, Targets, given, listed, whole
from nn.flattening import flattened
from nn.networks import MLP, Sequential
from nn.number import Number
from nn.prediction import numbers_of, predict
from nn.records import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nn.module import Module

TRAINING, VALIDATION = "#0072B2", "#D55E00"
LOG_FROM = 30.0  # a curve that falls by more than this factor is read on a logarithmic scale


# -- the loss ------------------------------------------------------------------------------------


def plot_loss(history: Sequence[Record], ax: Axes | None = None, *, legend: bool = True) -> Axes:
    """The loss over the epochs (over the steps, if there is a record for each), and validation's.

    The lowest validation loss is marked: early stopping keeps the parameters of that epoch.
    """
    records = listed(history, "the history", "records, as nn.fit gives it")
    for record in records:
        if not isinstance(record, Record):
            raise TypeError(f"the history holds {given(record)}; expected records of nn.fit")
    if not records:
        raise ValueError("the history is empty; expected the records of nn.fit or nn.train")
    ax = axes_or_new(ax, 6.0, 4.0)
    by_step = len(records) > records[-1].epoch
    xs = [record.step if by_step else record.epoch for record in records]
    ax.plot(xs, [record.loss for record in records], color=TRAINING, label="training")
    watched = [
        (x, r.validation_loss)
        for x, r in zip(xs, records, strict=True)
        if r.validation_loss is not None
    ]
    if watched:
        ax.plot(*zip(*watched, strict=True), color=VALIDATION, linestyle="--", label="validation")
        x, lowest = min(watched, key=lambda point: point[1])
        ax.plot([x], [lowest], "o", color=VALIDATION, label=f"lowest: {lowest:.3g} at {x}")
        if legend:
            ax.legend(frameon=False)
    losses = [record.loss for record in records] + [loss for _, loss in watched]
    if min(losses) > 0 and max(losses) / min(losses) > LOG_FROM:
        ax.set_yscale("log")
    ax.set_xlabel("step" if by_step else "epoch")
    ax.set_ylabel("loss")
    ax.grid(alpha=0.25)
    return ax


# -- the plane -----------------------------------------------------------------------------------


def plot_decision_boundary(
    model: Module,
    X: Samples,
    y: Targets,
    ax: Axes | None = None,
    *,
    classes: Sequence[str] | None = None,
    resolution: int = 50,
    legend: bool = True,
) -> Axes:
    """Which class the model decides for over the plane of two features, with the samples on it.

    With one output the colour also says how far the score is from 0, the boundary. Samples on the
    wrong side are ringed. Costs resolution² calls of the model; ValueError unless there are two
    features.
    """
    table, labels = labelled(X, y)
    if len(table[0]) != 2:
        raise ValueError(
            f"a decision boundary is drawn over two features, but X has {len(table[0])}; "
            "plot_hidden_features takes any number"
        )
    ax = axes_or_new(ax, 6.0, 5.0)
    xs, ys, points = grid(table, whole(resolution, "resolution", minimum=2))
    outputs = predict(model, points)
    if len(outputs[0]) == 1:
        scores = unflattened([score for [score] in outputs], len(xs))
        fill(ax, xs, ys, scores, extent_of(scores))
        if min(map(min, scores)) < 0.0 < max(map(max, scores)):
            ax.contour(xs, ys, scores, levels=[0.0], colors=INK, linewidths=1.6)
    else:
        fill_classes(ax, xs, ys, outputs)
    scatter(ax, table, labels, classes)
    ring_errors(ax, table, labels, predict(model, table))
    ax.set_xlabel("first feature")
    ax.set_ylabel("second feature")
    if legend:
        ax.legend(frameon=True, framealpha=0.9, loc="best", fontsize="small")
    return ax


def plot_hidden_features(
    model: MLP | Sequential,
    X: Samples,
    y: Targets,
    axes: Sequence[Axes] | Axes | None = None,
    *,
    layer: int = -2,
    classes: Sequence[str] | None = None,
    resolution: int = 30,
    legend: bool = True,
) -> list[Axes]:
    """What the units of a hidden layer respond to; `layer` counts as in `model.layers`.

    Over two features: one map for each unit, with the samples on it. Over more: the samples on
    the first two principal components of the data (left) and of the hidden layer (right), where
    what the network has learned to tell apart lies apart, with a legend unless that is turned off.
    Gives the list of Axes; ValueError if `axes` has another number of them.
    """
    if not isinstance(model, (MLP, Sequential)):
        raise TypeError(f"expected an MLP or a Sequential, which has layers, not {given(model)}")
    count = len(model.layers)
    layer = whole(layer, "layer", minimum=-count)
    if layer >= count:
        raise ValueError(f"layer is from -{count} to {count - 1}, not {layer}")
    table, labels = labelled(X, y)
    if len(table[0]) == 2:
        return _unit_maps(model, table, labels, axes, layer, whole(resolution, "resolution", 2))
    hidden = [numbers_of(flattened(model.layer_outputs(x)[layer])) for x in table]
    left, right = panels_of(axes, 2, columns=2)
    scatter_components(left, table, labels, classes, f"the data: {len(table[0])} features")
    scatter_components(right, hidden, labels, classes, f"the hidden layer: {len(hidden[0])} units")
    if legend:
        columns = 1 + len(right.get_legend_handles_labels()[1]) // 6
        right.legend(frameon=True, framealpha=0.9, fontsize="small", ncols=columns)
    return [left, right]


def _unit_maps(
    model: MLP | Sequential,
    table: list[list[float]],
    labels: list[int],
    axes: Sequence[Axes] | Axes | None,
    layer: int,
    resolution: int,
) -> list[Axes]:
    xs, ys, points = grid(table, resolution)
    responses = [numbers_of(flattened(model.layer_outputs(point)[layer])) for point in points]
    units = list(zip(*responses, strict=True))
    panels = panels_of(axes, len(units), columns=4)
    maps = [unflattened(unit, len(xs)) for unit in units]
    extent = max(map(extent_of, maps))
    for i, (ax, response) in enumerate(zip(panels, maps, strict=True)):
        filled = fill(ax, xs, ys, response, extent)
        scatter(ax, table, labels, None, size=6.0)
        ax.set_title(f"unit {i}", fontsize="small")
        ax.set_xticks([])
        ax.set_yticks([])
    ticks = [-extent, 0.0, extent]
    panels[0].figure.colorbar(
        filled, ax=panels, label="response", ticks=ticks, format="%.2g", shrink=0.6
    )
    return panels


# -- images --------------------------------------------------------------------------------------


def plot_images(
    images: Sequence[Sequence[Sequence[Number]]] | Array,
    axes: Sequence[Axes] | Axes | None = None,
    *,
    titles: Sequence[str] = (),
) -> list[Axes]:
    """Each [rows][columns] of numbers or Values as an image: filters, or channels of feature maps.

    White is 0, class 1's colour above and class 0's below, to the same scale in all. Gives the
    list of Axes, one for each image; ValueError if `axes` has another number of them.
    """
    channels = listed(images, "images", "images, each a list of rows")
    if not channels:
        raise ValueError("there are no images; expected at least one list of rows")
    tables = [[numbers_of(row) for row in channel] for channel in channels]
    panels = panels_of(axes, len(tables), columns=4)
    extent = max(abs(x) for table in tables for row in table for x in row) or 1.0
    for ax, table in zip(panels, tables, strict=True):
        fill_pixels(ax, table, extent)
    for ax, title in zip(panels, titles, strict=False):
        ax.set_title(title, fontsize="small")
    return panels
