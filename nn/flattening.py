"""Between images and lists of numbers: the same numbers, nested in another way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from nn.checking import whole
from nn.images import FeatureMaps, Shape, by
from nn.layers import check_length
from nn.module import Module
from nn.number import Number


class Flatten(Module):
    """All numbers of an image in one list: channel after channel, row by row.

    >>> Flatten()([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]])
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    """

    def __call__(self, x: Any) -> list[Number]:
        return flattened(x)

    def output_shape(self, shape: Shape) -> Shape:
        """What it makes of that shape."""
        return (math.prod(shape),)

    def architecture(self) -> str:
        return "Flatten"


class Unflatten(Module):
    """An image of so many channels, rows and columns from a list of its numbers.

    `nn.fit` hands a model the features of a sample as one list, so a network for images begins
    with this.

    >>> Unflatten(1, 2, 3)([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]
    """

    def __init__(self, channels: int, rows: int, columns: int) -> None:
        self.channels = whole(channels, "channels")
        self.rows, self.columns = whole(rows, "rows"), whole(columns, "columns")

    @property
    def inputs(self) -> int:
        """How many numbers it takes."""
        return self.channels * self.rows * self.columns

    def __call__(self, x: Sequence[Number]) -> FeatureMaps:
        numbers = flattened(x)
        check_length(numbers, self.inputs, self)
        return _cut(_cut(numbers, self.columns), self.rows)

    def output_shape(self, shape: Shape) -> Shape:
        """What it makes of a list of that many numbers."""
        return self.channels, self.rows, self.columns

    def architecture(self) -> str:
        return f"Unflatten({by((self.channels, self.rows, self.columns))})"


def flattened(x: Any) -> list[Number]:
    """The numbers in nested lists, in order; those of an array, and a single one, as a list."""
    if hasattr(x, "tolist"):
        x = x.tolist()
    if not isinstance(x, (list, tuple)):
        return [x]
    return [number for item in x for number in flattened(item)]


def _cut(items: list[Any], length: int) -> list[Any]:
    return [items[i : i + length] for i in range(0, len(items), length)]
