"""A linear map: outputs that are sums of weighted inputs and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from autograd import Value, dot
from nn.checking import random_source, whole
from nn.initialization import Initialization, glorot_uniform, initialization_function
from nn.layers import check_length
from nn.module import Module
from nn.number import Number


class Linear(Module):
    """y = W·x, one `dot` node for each output: a `Layer` without bias and activation.

    `weights` are the rows of W, drawn as `initialization` says, Glorot's unless given. Inputs of
    another number are a ValueError.

    >>> double = Linear(2, 3, initialization=lambda rng, fan_in, fan_out: 2.0)
    >>> double
    Linear(2 → 3) with 6 parameters
    >>> [y.data for y in double([1.0, 10.0])]
    [22.0, 22.0, 22.0]
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        initialization: str | Initialization = glorot_uniform,
        seed: int | None = None,
        rng: Random | None = None,
    ) -> None:
        inputs, outputs = whole(inputs, "inputs"), whole(outputs, "outputs")
        draw, source = initialization_function(initialization), random_source(seed, rng)
        self.weights = tuple(
            [
                tuple([Value(draw(source, inputs, outputs)) for _ in range(inputs)])
                for _ in range(outputs)
            ]
        )

    @property
    def inputs(self) -> int:
        """How many numbers it takes."""
        return len(self.weights[0])

    @property
    def outputs(self) -> int:
        """How many numbers it gives."""
        return len(self.weights)

    def __call__(self, x: Sequence[Number]) -> list[Number]:
        check_length(x, self.inputs, self)
        return [dot(row, x) for row in self.weights]

    def architecture(self) -> str:
        return f"Linear({self.inputs} → {self.outputs})"
