"""An image: nested lists [channels][rows][columns] of numbers, over which windows slide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nn.checking import given, whole
from nn.layers import name_of
from nn.module import Module
from nn.number import Number

Image = Sequence[Sequence[Sequence[Number]]]
FeatureMaps = list[list[list[Number]]]
Pair = tuple[int, int]
Shape = tuple[int, ...]  # of an image (channels, rows, columns); of a list (numbers,)


def pair(x: object, name: str) -> Pair:
    """x for rows and columns: one whole number for both, or one for each.

    >>> pair(3, "kernel_size"), pair((1, 2), "kernel_size")
    ((3, 3), (1, 2))
    """
    if not isinstance(x, (tuple, list)):
        return whole(x, name), whole(x, name)
    if len(x) != 2:
        raise ValueError(f"{name} is a whole number or a pair (rows, columns), not {given(x)}")
    return whole(x[0], f"{name}[0]"), whole(x[1], f"{name}[1]")


def words(shape: Sequence[int]) -> str:
    """A shape to read.

    >>> words((4, 6, 6)), words((36,))
    ('an image of 4 × 6 × 6', '36 numbers')
    """
    return f"{shape[0]} numbers" if len(shape) == 1 else f"an image of {by(shape)}"


def by(sizes: Sequence[int]) -> str:
    """Sizes with crosses between them."""
    return " × ".join(map(str, sizes))


# -- what is an image ----------------------------------------------------------------------------


def image_of(x: Any, module: Module) -> tuple[Image, Shape]:
    """What the module was given as nested lists, and its shape; of an array, what is in it.

    TypeError where x is not nested three deep, ValueError where it has no numbers or its channels,
    or the rows, differ in length.
    """
    channels = [[_items(row, module) for row in _items(c, module)] for c in _items(x, module)]
    heights = {len(channel) for channel in channels}
    widths = {len(row) for channel in channels for row in channel}
    if len(heights) != 1 or len(widths) != 1 or 0 in widths:
        raise ValueError(
            f"{name_of(module)} takes an image with as many rows in each channel and as many "
            f"numbers in each row, not {given(x)}"
        )
    if isinstance(channels[0][0][0], (list, tuple)):
        raise TypeError(f"{name_of(module)} takes one image; call it for each of a batch")
    (height,), (width,) = heights, widths
    return channels, (len(channels), height, width)


def _items(x: Any, module: Module) -> Sequence[Any]:
    if hasattr(x, "tolist"):
        x = x.tolist()
    if isinstance(x, (list, tuple)):
        return x
    raise TypeError(
        f"{name_of(module)} takes an image, [channels][rows][columns], and somewhere in it stands "
        f"{given(x)} instead of a list; nn.Unflatten(channels, rows, columns) makes an image of a "
        "list of numbers, and [image] is one of a single channel"
    )


# -- windows -------------------------------------------------------------------------------------


def slid(shape: Shape, kernel: Pair, stride: Pair, module: Module) -> Pair:
    """How many windows there are down and across an image; ValueError where none fits."""
    if len(shape) != 3:
        raise ValueError(
            f"{name_of(module)} takes an image, not {words(shape)}; "
            "put nn.Unflatten(channels, rows, columns) before it"
        )
    rows, columns = ((n - k) // s + 1 for n, k, s in zip(shape[1:], kernel, stride, strict=True))
    if rows < 1 or columns < 1:
        raise ValueError(
            f"{name_of(module)} slides windows of {by(kernel)}, and none fits into {by(shape[1:])}"
        )
    return rows, columns


def windows(image: Image, kernel: Pair, stride: Pair) -> list[list[list[Number]]]:
    """The numbers of each window, channel after channel and row by row; windows are in rows too.

    >>> windows([[[1, 2, 3], [4, 5, 6]]], (2, 2), (1, 1))
    [[[1, 2, 4, 5], [2, 3, 5, 6]]]
    """
    (height, width), (down, across) = kernel, stride
    tops = range(0, len(image[0]) - height + 1, down)
    lefts = range(0, len(image[0][0]) - width + 1, across)
    return [
        [
            [x for channel in image for row in channel[i : i + height] for x in row[j : j + width]]
            for j in lefts
        ]
        for i in tops
    ]
