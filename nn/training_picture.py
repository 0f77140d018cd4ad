"""A still picture of a training, as SVG: for a saved notebook, and where no script runs."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from html import escape
from math import isfinite, isnan, isqrt, log10
from typing import Any

from nn.canvas import COLORS, INK, extent_of, grid
from nn.floats import unpacked
from nn.module import Module
from nn.plots import LOG_FROM, TRAINING, VALIDATION
from nn.prediction import decide, predict
from nn.recording import Recording

WIDTH, HEIGHT, SIDE = 640, 286, 220
FINEST, COARSEST = 48, 12  # squares along a side of the map
BUDGET = 600_000  # products that may be computed for it, a few tenths of a second
NEGATIVE, NEUTRAL, POSITIVE = (232, 152, 106), (255, 255, 255), (106, 169, 208)
GREY = (153, 153, 153)  # of what is no number

Color = tuple[int, int, int]


def training_picture(model: Module, document: dict[str, Any], recording: Recording) -> str:
    """The map of what the model decides now, beside the curve of its loss."""
    rows = [row for row in recording.rows.entries.values() if row[3] is not None]
    place = f"epoch {rows[-1][2]} of {document['epochs']}" if rows else "before training"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(16, 22, f"{document['title']}: {place}"),
        *_samples(model, document),
        *_curves(rows, document["every"]),
        "</svg>",
    ]
    return "\n".join(parts)


def _text(x: float, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x:.4g}" y="{y:.4g}"{more}>{escape(words)}</text>'


# -- the samples, and what the model makes of their plane ------------------------------------------


def _samples(model: Module, document: dict[str, Any]) -> list[str]:
    """The samples in a square, over a map where they have two features.

    Without those that are not finite, and without all where their distances are not.
    """
    count, kind = document["count"], document["picture"]
    if document["places"] is None and kind == "components":
        return []
    numbers = unpacked(document["places"] or document["samples"])
    xs, ys = numbers[:count], numbers[count:] if kind != "line" else document["targets"]
    labels = document["labels"] or [1] * count
    points = [
        (x, y, COLORS[label % len(COLORS)])
        for x, y, label in zip(xs, ys or xs, labels, strict=False)
        if isfinite(x) and isfinite(y)
    ]
    across, up, _ = grid([[x, y] for x, y, _ in points] or [[0.0, 0.0]], 2)
    if not (isfinite(across[-1] - across[0]) and isfinite(up[-1] - up[0])):
        return [_frame(16)]
    parts = _map(model, across, up) if kind == "plane" else []
    place_x, place_y = _scale(across, 16, 16 + SIDE), _scale(up, 40 + SIDE, 40)
    parts += [
        f'<circle cx="{place_x(x):.1f}" cy="{place_y(y):.1f}" r="3" fill="{color}" '
        'stroke="#ffffff" stroke-width="0.6"/>'
        for x, y, color in points
    ]
    return [*parts, _frame(16)]


def _map(model: Module, across: Sequence[float], up: Sequence[float]) -> list[str]:
    """What the model gives over the plane, as an image."""
    side = isqrt(BUDGET // max(len(model.parameters()), 1))
    side = max(COARSEST, min(FINEST, side))
    xs = [across[0] + (across[1] - across[0]) * (i + 0.5) / side for i in range(side)]
    ys = [up[1] + (up[0] - up[1]) * (i + 0.5) / side for i in range(side)]
    outputs = predict(model, [[x, y] for y in ys for x in xs])
    if len(outputs[0]) == 1:
        scores = [score for [score] in outputs]
        extent = extent_of([list(filter(isfinite, scores)) or [1.0]])
        colors = [_diverging(score / extent) for score in scores]
    else:
        colors = [GREY if any(map(isnan, each)) else _tint(decide(each)) for each in outputs]
    image = b64encode(_png(colors, side)).decode("ascii")
    return [
        f'<image x="16" y="40" width="{SIDE}" height="{SIDE}" preserveAspectRatio="none" '
        f'href="data:image/png;base64,{image}"/>'
    ]


def _diverging(share: float) -> Color:
    """Class 0's colour below zero, white at zero, class 1's above; nan is grey."""
    if isnan(share):
        return GREY
    return _mixed(NEUTRAL, POSITIVE if share > 0.0 else NEGATIVE, min(abs(share), 1.0))


def _tint(label: int) -> Color:
    color = COLORS[label % len(COLORS)]
    return _mixed(NEUTRAL, (int(color[1:3], 16), int(color[3:5], 16), int(color[5:], 16)), 0.35)


def _mixed(a: Color, b: Color, share: float) -> Color:
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def _png(colors: Sequence[Color], width: int) -> bytes:
    """The pixels, row by row, as a PNG file (ISO/IEC 15948)."""
    raw = bytearray()
    for start in range(0, len(colors), width):
        raw.append(0)  # this row is not filtered
        for color in colors[start : start + width]:
            raw += bytes(color)
    header = struct.pack(">IIBBBBB", width, len(colors) // width, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(bytes(raw), 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


# -- the loss ------------------------------------------------------------------------------------


def _curves(rows: Sequence[Sequence[Any]], every: str) -> list[str]:
    """The loss over the records, dashed that of the validation samples."""
    left, right, top, bottom = 300, WIDTH - 16, 40, 40 + SIDE
    parts = [_frame(left, right - left)]
    if not rows:
        return [*parts, _text(left + 12, top + 24, "no record yet")]
    losses = [(row[0], row[3]) for row in rows]
    watched = [(row[0], row[4]) for row in rows if row[4] is not None and isfinite(row[4])]
    values = [y for _, y in losses + watched]
    measure, is_log = _measure(min(values), max(values))
    low, high = measure(min(values)), measure(max(values))
    margin = 0.06 * (high - low) or 0.5
    place_x = _scale([losses[0][0], losses[-1][0]], left + 10, right - 10)
    place_y = _scale([low - margin, high + margin], bottom, top)
    for points, color, dashes in ((losses, TRAINING, ""), (watched, VALIDATION, "5 3")):
        places = [(place_x(x), place_y(measure(y))) for x, y in points]
        parts += _line(places, color, dashes)
    for y in (max(values), min(values)):
        anchor = ' text-anchor="end" font-size="11" dy="4"'
        parts.append(_text(left - 6, place_y(measure(y)), f"{y:.3g}", anchor))
    said = f"loss over the {every}s" + (", validation dashed" if watched else "")
    parts.append(_text(left, bottom + 16, said + (" (log)" if is_log else "")))
    return parts


def _measure(low: float, high: float) -> tuple[Callable[[float], float], bool]:
    """Logarithms of numbers over a wide range, and whether they are."""
    if low > 0.0 and high / low > LOG_FROM:
        return log10, True
    return float, False


def _line(places: Sequence[tuple[float, float]], color: str, dashes: str) -> list[str]:
    if not places:
        return []
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return [
        f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.8" '
        f'stroke-dasharray="{dashes}"/>'
    ]


def _frame(left: float, width: float = SIDE) -> str:
    return (
        f'<rect x="{left:.4g}" y="40" width="{width:.4g}" height="{SIDE}" fill="none" '
        'stroke="#cccccc"/>'
    )


def _scale(ends: Sequence[float], start: float, stop: float) -> Callable[[float], float]:
    """From numbers between the ends to places between start and stop."""
    low, width = ends[0], (ends[-1] - ends[0]) or 1.0
    return lambda x: start + (stop - start) * (x - low) / width
