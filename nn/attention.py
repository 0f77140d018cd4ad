"""Attention: each position of a text takes up, from those before it, what it is looking for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from autograd import dot, softmax
from nn.checking import random_source, whole
from nn.initialization import Initialization, glorot_uniform
from nn.layers import check_sequence, name_of
from nn.linear_map import Linear
from nn.module import Module
from nn.number import Number

Vector = Sequence[Number]
Memory = list[tuple[Vector, Vector]]  # the key and the value of each position


class CausalSelfAttention(Module):
    """Multi-head attention of each position to itself and to those before it, without biases.

    Takes a list of vectors of this `width`, one for each position, and gives as many. A position
    asks with a query, and every position offers a key and a value: the softmax of the scores
    query·key/√size says in which shares the values are mixed. Each of the `heads` does that on a
    part of the numbers, of the size width/heads, and a linear map joins what they found. After
    Vaswani et al., Attention Is All You Need, 2017, section 3.2. A width that the heads do not
    divide is a ValueError. Costs O(positions²).

    >>> attention = CausalSelfAttention(4, heads=2, seed=0)
    >>> attention
    CausalSelfAttention(4, 2 heads) with 64 parameters
    >>> one, two = attention([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
    >>> [alone] = attention([[1.0, 0.0, 0.0, 0.0]])
    >>> len(two), one[0].data == alone[0].data  # what follows is not seen
    (4, True)
    """

    def __init__(
        self,
        width: int,
        heads: int = 1,
        *,
        initialization: str | Initialization = glorot_uniform,
        seed: int | None = None,
        rng: Random | None = None,
    ) -> None:
        width, self.heads = shared_width(width, heads)
        source = random_source(seed, rng)
        self.query, self.key, self.value, self.output = [
            Linear(width, width, initialization=initialization, rng=source) for _ in range(4)
        ]

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        return self.query.inputs

    def __call__(self, xs: Sequence[Vector]) -> list[list[Number]]:
        check_sequence(xs, f"vectors of {self.width} numbers", self)
        memory: Memory = []
        outputs = []
        for x in xs:
            memory.append(self.offered(x))
            outputs.append(self.attend(x, memory))
        return outputs

    def offered(self, x: Vector) -> tuple[Vector, Vector]:
        """The key and the value of a position."""
        return self.key(x), self.value(x)

    def attend(self, x: Vector, memory: Memory, mask: Vector | None = None) -> list[Number]:
        """The output of one position that sees the positions in the memory.

        The mask has a number for each of them that is added to its score: 0 leaves it as it is,
        and -inf hides the position. ValueError for a memory of nothing and for a mask of another
        length.
        """
        if not memory:
            raise ValueError(f"{name_of(self)} attends to the positions in a memory, not to none")
        if mask is not None:
            check_sequence(mask, f"{len(memory)} numbers as a mask", self)
            if len(mask) != len(memory):
                raise ValueError(
                    f"the mask has a number for each of the {len(memory)} positions in the "
                    f"memory, not {len(mask)}"
                )
        size = self.width // self.heads
        query = [q / math.sqrt(size) for q in self.query(x)]
        mixed: list[Number] = []
        for start in range(0, self.width, size):
            head = slice(start, start + size)
            scores: list[Number] = [dot(query[head], key[head]) for key, _ in memory]
            if mask is not None:
                scores = [score + shut for score, shut in zip(scores, mask, strict=True)]
            shares = softmax(scores)
            columns = zip(*[value[head] for _, value in memory], strict=True)
            mixed += [dot(shares, column) for column in columns]
        return self.output(mixed)

    def architecture(self) -> str:
        return f"CausalSelfAttention({self.width}, {self.heads} head{'s' * (self.heads > 1)})"


def shared_width(width: int, heads: int) -> tuple[int, int]:
    """Both as ints; TypeError or ValueError where that many heads cannot share the width."""
    width, heads = whole(width, "width"), whole(heads, "heads")
    if width % heads:
        raise ValueError(f"the heads share the width, and {heads} do not divide {width}")
    return width, heads
