"""What is kept of a training: each record's numbers, and the parameters of evenly spaced ones."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from nn.floats import little_endian
from nn.module import Module
from nn.records import Record

MOST_ROWS = 1000  # more points than a curve has pixels
KEPT_NUMBERS = 130_000  # of parameters: 1 MB, 1.4 MB in a page
FEWEST_FRAMES = 20  # of a network however large

Entry = TypeVar("Entry")


class Thinned(Generic[Entry]):
    """Entries by number, of which every so-many-th stays, and always the first and the last.

    >>> kept = Thinned(most=5)
    >>> for number in range(12):
    ...     kept.add(number, None)
    >>> list(kept.entries), kept.stride
    ([0, 4, 8, 11], 4)
    """

    def __init__(self, most: int) -> None:
        self.most, self.stride, self.last = most, 1, 0
        self.entries: dict[int, Entry] = {}

    def add(self, number: int, entry: Entry) -> None:
        """Keep an entry; numbers come in ascending order, from 0. Amortised O(1)."""
        if self.last % self.stride:
            del self.entries[self.last]  # it was only kept for being the last
        self.entries[number], self.last = entry, number
        while len(self.entries) > self.most:
            self.stride *= 2
            self.entries = {
                n: x for n, x in self.entries.items() if n % self.stride == 0 or n == number
            }


class Recording:
    """A training as it goes by: `note` is called before it begins, and at each of its records.

    Entry 0 is the model before the first step, entry n the n-th record.
    """

    def __init__(self, model: Module) -> None:
        named = model.named_parameters()
        self._parameters = list(named.values())
        self.layers = layers_of(list(named))
        self.history: list[Record] = []
        self.rows: Thinned[list[Any]] = Thinned(MOST_ROWS)
        self.frames: Thinned[array[float]] = Thinned(
            min(MOST_ROWS, max(FEWEST_FRAMES, KEPT_NUMBERS // max(len(named), 1)))
        )
        self._add(None)

    @property
    def metrics(self) -> list[str]:
        """The names of the metrics, once there is a record."""
        return list(self.history[0].metrics) if self.history else []

    def note(self, record: Record) -> None:
        """Keep a record, with the parameters and the gradient that the model has now."""
        self.history.append(record)
        self._add(record)

    def _add(self, record: Record | None) -> None:
        number = len(self.history)
        self.rows.add(number, self._row(number, record))
        self.frames.add(number, array("d", [p.data for p in self._parameters]))

    def _row(self, number: int, record: Record | None) -> list[Any]:
        """Number, step, epoch, loss, validation loss, the metrics of both, sizes of gradients."""
        if record is None:
            return [number, 0, 0, None, None, [], [], []]
        numbers = [record.loss, record.validation_loss]
        measured = [list(m.values()) for m in (record.metrics, record.validation_metrics)]
        sizes = [self._gradient_size(places) for places in self.layers.values()]
        return [number, record.step, record.epoch, *numbers, *measured, sizes]

    def _gradient_size(self, places: Sequence[int]) -> float:
        """The root mean square of the gradient of these parameters, without overflow."""
        gradients = [self._parameters[i].grad for i in places]
        return math.hypot(*gradients) / math.sqrt(len(gradients))

    def since(self, number: int) -> tuple[dict[str, Any], bytes]:
        """What came after that entry, as plain data, and the parameters of its frames in a row.

        `since(-1)` is all that is kept.
        """
        rows = [row for n, row in self.rows.entries.items() if n > number]
        frames = {n: x for n, x in self.frames.entries.items() if n > number}
        told = {
            "metrics": self.metrics,
            "rows": [_plain(row) for row in rows],
            "row_stride": self.rows.stride,
            "frames": list(frames),
            "frame_stride": self.frames.stride,
        }
        return told, b"".join(little_endian(x) for x in frames.values())

    def ending(self, epochs: int) -> str:
        """What to say where there is no further record: "" after all the epochs."""
        if not self.history:
            return ""
        said = []
        if self.history[-1].epoch < epochs:
            said.append("stopped early: the validation loss fell no more")
        watched = [
            (record.validation_loss, record.epoch)
            for record in self.history
            if record.validation_loss is not None and record.validation_loss < math.inf
        ]
        now = array("d", [p.data for p in self._parameters])
        # By their bytes, as nan is not equal to itself.
        if watched and self.frames.entries[self.frames.last].tobytes() != now.tobytes():
            _, best = min(watched)  # the earliest of equal ones
            said.append(f"the model has the parameters of epoch {best}, where it was lowest")
        return "; ".join(said)


def layers_of(paths: Sequence[str]) -> Mapping[str, list[int]]:
    """The parameters' places by the layer that they belong to, by their paths.

    >>> layers_of(["layers.0.neurons.0.weights.0", "layers.0.neurons.0.bias", "scale"])
    {'layers.0': [0, 1], 'the model': [2]}
    """
    found: dict[str, list[int]] = {}
    for place, path in enumerate(paths):
        found.setdefault(_layer(path), []).append(place)
    return found


def layer_of(path: str) -> str:
    """The layer that a neuron or filter, or what belongs to it, is in; else the path as it is.

    >>> layer_of("layers.0.neurons.3"), layer_of("layers.1.filters.0.bias"), layer_of("scale")
    ('layers.0', 'layers.1', 'scale')
    """
    return path.partition(".neurons.")[0].partition(".filters.")[0]


def _layer(path: str) -> str:
    """A parameter's path without the neuron, and without the field that holds the parameter."""
    layer = layer_of(path)
    if layer != path:
        return layer
    parts = path.split(".")
    while len(parts) > 1 and parts[-1].isdigit():
        parts.pop()
    return ".".join(parts[:-1]) or "the model"


def _plain(x: Any) -> Any:
    """The same ready for JSON, which has no nan and no infinity: those become strings."""
    from autograd.view import plain_number  # late: it brings the views' files

    if isinstance(x, list):
        return [_plain(each) for each in x]
    return plain_number(x) if isinstance(x, float) else x
