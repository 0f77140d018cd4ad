"""An embedding: a table that gives each token a vector of its own, which is learned."""

from __future__ import annotations

from random import Random

from autograd import Value, take
from nn.checking import random_source, whole
from nn.initialization import Initialization, initialization_function
from nn.layers import name_of
from nn.module import Module
from nn.number import Number


def standard_normal(rng: Random, fan_in: int, fan_out: int) -> float:
    """One number from N(0, 1), whatever the size."""
    return rng.gauss(0.0, 1.0)


class Embedding(Module):
    """The row of a table that belongs to a token, a whole number 0 <= token < tokens.

    A call makes no node: it gives the parameters of the row themselves, and no other row gets a
    gradient. A token outside the table is a ValueError, and what is no whole number a TypeError.
    A token that is a Value, as the input of a program under `jit` is, makes a `take` node of each
    number of the row. Outside the table that is an IndexError, and no whole number is a TypeError,
    or an IndexError too in a compiled program. Rows begin as `initialization` draws them, N(0, 1)
    unless given. After Bengio et al., A Neural Probabilistic Language Model, 2003.

    >>> table = Embedding(27, 2, seed=0)
    >>> table
    Embedding(27 × 2) with 54 parameters
    >>> [x.label for x in table(3)]
    ['weights.3.0', 'weights.3.1']
    """

    def __init__(
        self,
        tokens: int,
        width: int,
        *,
        initialization: str | Initialization = standard_normal,
        seed: int | None = None,
        rng: Random | None = None,
    ) -> None:
        tokens, width = whole(tokens, "tokens"), whole(width, "width")
        draw, source = initialization_function(initialization), random_source(seed, rng)
        self.weights = tuple(
            [
                tuple([Value(draw(source, tokens, width)) for _ in range(width)])
                for _ in range(tokens)
            ]
        )

    @property
    def tokens(self) -> int:
        """How many rows the table has."""
        return len(self.weights)

    @property
    def width(self) -> int:
        """How many numbers it gives for a token."""
        return len(self.weights[0])

    def __call__(self, token: Number) -> list[Number]:
        if isinstance(token, Value):
            return [take(column, token) for column in zip(*self.weights, strict=True)]
        row = whole(token, "token", minimum=0)
        if row >= self.tokens:
            raise ValueError(f"{name_of(self)} takes tokens from 0 to {self.tokens - 1}, not {row}")
        return list(self.weights[row])

    def architecture(self) -> str:
        return f"Embedding({self.tokens} × {self.width})"
