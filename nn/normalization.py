"""Normalisation: a vector brought to a length that does not depend on the layers before it."""

from __future__ import annotations

from collections.abc import Sequence

from autograd import dot, sqrt
from nn.checking import positive
from nn.layers import check_sequence, name_of
from nn.module import Module
from nn.number import Number


class RMSNorm(Module):
    """x / √(mean of x² + ε), so that the root of the mean of the squares is 1.

    Zhang & Sennrich, Root Mean Square Layer Normalization, 2019, without the gain of each number,
    which a linear map that follows has in its weights. ε keeps the division by zero away. It has
    no parameters and takes vectors of any width. Of no numbers it is a ValueError.

    >>> [round(y, 4) for y in RMSNorm()([3.0, 4.0])]  # √((9 + 16)/2) is 3.5355
    [0.8485, 1.1314]
    """

    def __init__(self, *, epsilon: float = 1e-5) -> None:
        self.epsilon = positive(epsilon, "epsilon")

    def __call__(self, x: Sequence[Number]) -> list[Number]:
        check_sequence(x, "numbers", self)
        if not len(x):
            raise ValueError(f"{name_of(self)} takes at least one number, but was given none")
        scale = 1.0 / sqrt(dot(x, x) / len(x) + self.epsilon)
        return [number * scale for number in x]

    def architecture(self) -> str:
        return f"RMSNorm(epsilon {self.epsilon:g})"
