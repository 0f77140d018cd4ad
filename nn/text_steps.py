"""Training steps on one text each, computed Value by Value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from autograd import Value
from nn.not_finite import NotFinite, refuse_non_finite
from nn.optimizers import Optimizer
from nn.transformer import GPT, next_token_loss
from nn.writing import write_both, write_gradients

Text = Sequence[int]


class TextSteps(Protocol):
    """What `fit_texts` does its steps with."""

    def step(self, text: Text) -> float:
        """The loss of the text, after which every parameter has moved. NotFinite, and no move."""

    def push(self) -> None:
        """Write the numbers and gradients of the last completed step into the Values."""

    def pull(self) -> None:
        """Go on from the numbers and gradients that the Values have now."""


class EagerTexts:
    """Steps whose numbers are in the model's Values and nowhere else."""

    def __init__(self, model: GPT, optimizer: Optimizer) -> None:
        self._model, self._optimizer = model, optimizer
        self._parameters = model.parameters()
        self._state = optimizer.init(self._parameters)

    def step(self, text: Text) -> float:
        parameters, number = self._parameters, self._state.step + 1
        numbers, gradients = [p.data for p in parameters], [p.grad for p in parameters]
        try:
            loss = next_token_loss(self._model, text)
            assert isinstance(loss, Value)
            write_gradients(parameters, [0.0] * len(parameters))
            loss.backward()
            gradient = [p.grad for p in parameters]
            refuse_text(number, text, loss.data, gradient, parameters, numbers)
            state = self._optimizer.step(parameters, self._state)
        except BaseException:
            write_both(parameters, numbers, gradients)
            raise
        self._state = state
        return loss.data

    def push(self) -> None:
        """They are there."""

    def pull(self) -> None:
        """They are the only ones."""


def refuse_text(
    step: int,
    text: Text,
    loss: float,
    gradient: Sequence[float],
    parameters: Sequence[Value],
    before: Sequence[float],
) -> None:
    """NotFinite unless the parameters before the step, the text's loss and gradient are finite."""
    if not math.isfinite(loss) and all(map(math.isfinite, before)):
        raise NotFinite(step, f"the loss of the text {list(text)} is {loss} at ", "", True)
    refuse_non_finite(step, loss, gradient, parameters, before, [])
