"""What pictures share: samples in the colours of their classes, the plane, the Axes to draw on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nn.checking import Samples, Targets, given, listed, rows, same_length
from nn.components import principal_components
from nn.prediction import class_of, is_right

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

INK = "#333333"
COLORS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#999999")
MARKERS = "os^DvPX*<>"  # more than colours, so that forty classes look different


def labelled(X: Samples, y: Targets) -> tuple[list[list[float]], list[int]]:
    """The samples and their classes, from 0; a target of -1 is class 0."""
    table, targets = rows(X), listed(y, "y", "targets")
    same_length(table, targets, ("X", "y"))
    return table, [class_of(target, "a picture of classes") for target in targets]


def grid(
    table: list[list[float]], resolution: int
) -> tuple[list[float], list[float], list[list[float]]]:
    """Coordinates along both axes, a margin beyond the samples, and all points, row by row."""
    sides = []
    for column in zip(*table, strict=True):
        low, high = min(column), max(column)
        margin = 0.15 * (high - low) or 1.0
        step = (high - low + 2 * margin) / (resolution - 1)
        sides.append([low - margin + i * step for i in range(resolution)])
    xs, ys = sides
    return xs, ys, [[x, y] for y in ys for x in xs]


def unflattened(numbers: Sequence[float], width: int) -> list[Sequence[float]]:
    """The numbers in rows of that width."""
    return [numbers[i : i + width] for i in range(0, len(numbers), width)]


def extent_of(table: Sequence[Sequence[float]]) -> float:
    """A symmetric range for colours, which a few extreme numbers do not stretch."""
    sizes = sorted(abs(x) for row in table for x in row)
    return sizes[int(0.95 * (len(sizes) - 1))] or 1.0


def fill(
    ax: Axes, xs: list[float], ys: list[float], table: list[Sequence[float]], extent: float
) -> Any:
    """The numbers as colour: class 0's below zero, white at zero, class 1's above."""
    levels = [extent * i / 10 for i in range(-10, 11)]
    filled = ax.contourf(xs, ys, table, levels=levels, cmap=_diverging(), extend="both")
    filled.set_rasterized(True)  # one image in an SVG or a PDF instead of 22 long outlines
    return filled


def fill_pixels(ax: Axes, table: Sequence[Sequence[float]], extent: float) -> None:
    """The numbers as an image: class 0's colour below zero, white at zero, class 1's above."""
    ax.imshow(table, cmap=_diverging(), vmin=-extent, vmax=extent)
    ax.set_xticks([])
    ax.set_yticks([])


def _diverging() -> Colormap:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("classes", ["#E8986A", "#FFFFFF", "#6AA9D0"])


def fill_classes(ax: Axes, xs: list[float], ys: list[float], outputs: list[list[float]]) -> None:
    """Each class's colour where its output is the largest, and a line where two are equal."""
    for i in range(len(outputs[0])):
        leads = [row[i] - max(row[:i] + row[i + 1 :]) for row in outputs]
        table = unflattened(leads, len(xs))
        if max(leads) > 0.0:
            levels = [0.0, max(leads)]
            filled = ax.contourf(xs, ys, table, levels=levels, colors=[_color(i)], alpha=0.3)
            filled.set_rasterized(True)
        if min(leads) < 0.0 < max(leads):
            ax.contour(xs, ys, table, levels=[0.0], colors=INK, linewidths=0.8)


def _color(i: int) -> str:
    return COLORS[i % len(COLORS)]


def scatter(
    ax: Axes,
    table: Sequence[Sequence[float]],
    labels: list[int],
    classes: Sequence[str] | None,
    size: float = 28.0,
) -> None:
    """The first two numbers of each row as a point of its class."""
    if classes is not None and len(classes) <= max(labels):
        raise ValueError(f"classes has {len(classes)} names, but y has the class {max(labels)}")
    for label in sorted(set(labels)):
        chosen = [row for row, other in zip(table, labels, strict=True) if other == label]
        ax.scatter(
            [row[0] for row in chosen],
            [row[1] for row in chosen],
            s=size,
            color=_color(label),
            marker=MARKERS[label % len(MARKERS)],
            edgecolors="white",
            linewidths=0.5,
            label=classes[label] if classes else f"class {label}",
            zorder=3,
        )


def ring_errors(
    ax: Axes, table: list[list[float]], labels: list[int], outputs: list[list[float]]
) -> None:
    """A ring around every sample whose class is not the one that the outputs decide for."""
    wrong = [
        row
        for row, label, output in zip(table, labels, outputs, strict=True)
        if not is_right(output, label)
    ]
    if wrong:
        ax.scatter(
            [row[0] for row in wrong],
            [row[1] for row in wrong],
            s=110.0,
            facecolors="none",
            edgecolors=INK,
            linewidths=1.4,
            label=f"wrong side ({len(wrong)})",
            zorder=4,
        )


def scatter_components(
    ax: Axes,
    table: list[list[float]],
    labels: list[int],
    classes: Sequence[str] | None,
    title: str,
) -> None:
    """The rows on their first two principal components."""
    places, shares = principal_components(table)
    scatter(ax, places, labels, classes)
    ax.set_xlabel(f"first principal component ({100 * shares[0]:.0f} % of the variance)")
    ax.set_ylabel(f"second ({100 * shares[1]:.0f} %)" if len(shares) > 1 else "")
    ax.set_title(title, fontsize="medium")
    ax.grid(alpha=0.25)


# -- Axes ----------------------------------------------------------------------------------------


def pyplot() -> Any:
    """matplotlib.pyplot, or an ImportError that says what to install."""
    try:
        import matplotlib.pyplot
    except ImportError:
        raise ImportError("plots need matplotlib; install it: pip install matplotlib") from None
    return matplotlib.pyplot


def axes_or_new(ax: Axes | None, width: float, height: float) -> Axes:
    """The given Axes, or those of a new figure of that size in inches."""
    if ax is not None:
        _drawable(ax)
        return ax
    axes: Axes = pyplot().subplots(figsize=(width, height), layout="constrained")[1]
    return axes


def panels_of(axes: Sequence[Axes] | Axes | None, count: int, columns: int) -> list[Axes]:
    """The given Axes as a list of so many, or those of a new figure."""
    if axes is None:
        columns = min(columns, count)
        lines = -(-count // columns)
        size = (10.0, 4.5) if count == 2 else (2.4 * columns + 1.0, 2.3 * lines)
        figure = pyplot().figure(figsize=size, layout="constrained")
        return [figure.add_subplot(lines, columns, i + 1) for i in range(count)]
    found: list[Any] = [axes]
    if hasattr(axes, "flat"):
        found = list(axes.flat)
    elif isinstance(axes, (list, tuple)):
        found = list(axes)
    if len(found) != count:
        raise ValueError(f"expected {count} Axes, one for each panel, not {len(found)}")
    return [_drawable(ax) for ax in found]


def _drawable(ax: Any) -> Any:
    if not hasattr(ax, "contourf"):
        raise TypeError(f"ax is a matplotlib Axes, such as plt.subplots()[1], not {given(ax)}")
    return ax
