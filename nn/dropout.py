"""Dropout: leaving out random units while training, without a hidden mode."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from nn.checking import rate as checked_rate
from nn.checking import whole
from nn.module import Masks, Module
from nn.number import Number


class Dropout(Module):
    """Multiply each input by a mask: 0 with probability `rate`, else 1/(1 - rate).

    So a dropped layer's expected value is the layer itself (Srivastava, Hinton, Krizhevsky,
    Sutskever & Salakhutdinov 2014, section 10, as "inverted" dropout). Masks are drawn outside
    and passed in; without masks the call passes its input on, which is inference.

    `width` is the number of inputs; within a `Sequential` it is found out.

    >>> from random import Random
    >>> drop = Dropout(0.5, width=4)
    >>> drop([1.0, 2.0, 3.0, 4.0])
    [1.0, 2.0, 3.0, 4.0]
    >>> drop([1.0, 2.0, 3.0, 4.0], masks=drop.draw_masks(Random(1)))
    [0.0, 4.0, 6.0, 0.0]
    """

    def __init__(self, rate: float, width: int | None = None) -> None:
        self.rate = checked_rate(rate)
        self.width = None if width is None else whole(width, "width")

    def draw_mask(self, rng: Random) -> list[float]:
        """`width` numbers, each 0.0 or 1/(1 - rate)."""
        if self.width is None:
            raise ValueError(
                f"Dropout({self.rate}) does not know how many numbers it gets; "
                "give it its width: Dropout(rate, width)"
            )
        kept = 1.0 / (1.0 - self.rate)
        return [0.0 if rng.random() < self.rate else kept for _ in range(self.width)]

    def __call__(self, x: Sequence[Number], masks: Masks | None = None) -> list[Number]:
        if masks is None:
            return list(x)
        if self.label not in masks:
            raise ValueError(
                f"masks has none for the Dropout {self.label!r}, only for {list(masks)}; "
                "draw them from the whole model: masks = model.draw_masks(rng)"
            )
        mask = masks[self.label]
        if len(mask) != len(x):
            raise ValueError(f"the mask has {len(mask)} numbers and the input {len(x)}")
        return [m * v for m, v in zip(mask, x, strict=True)]

    def architecture(self) -> str:
        return f"Dropout({self.rate:g})"
