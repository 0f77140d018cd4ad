"""Training steps on one text each: Value by Value, or by machine code on flat arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from autograd import Value, jit, value_and_grad
from nn.not_finite import NotFinite, refuse_non_finite_move
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


class EagerTexts:
    """Steps whose numbers are in the model's Values and nowhere else."""

    def __init__(self, model: GPT, optimizer: Optimizer) -> None:
        self._model, self._optimizer = model, optimizer
        self._parameters = model.parameters()
        self._state = optimizer.init(self._parameters)

    def step(self, text: Text) -> float:
        loss = next_token_loss(self._model, text)
        assert isinstance(loss, Value)
        _refuse_loss(loss.data, text, self._state.step + 1)
        write_gradients(self._parameters, [0.0] * len(self._parameters))
        loss.backward()
        self._state = self._optimizer.step(self._parameters, self._state)
        return loss.data

    def push(self) -> None:
        """They are there."""


class _Program(NamedTuple):
    """The gradient's program, bound to buffers for texts of one length."""

    compute: Any
    parameters: Any
    tokens: Any  # a row of the tokens that are read, and one of those that follow
    gradient: Any


class CompiledTexts:
    """Steps on arrays; the gradient and the optimiser's rule are one program each.

    A step is done when `_state` is another one. Two moves take turns at writing it, so that until
    then the one before is whole.
    """

    def __init__(self, model: GPT, optimizer: Optimizer) -> None:
        from nn.compiled_moves import bound_moves, first_state  # brings NumPy
        from nn.text_program import mean_loss

        self._model, self._optimizer = model, optimizer
        self._parameters = model.parameters()
        self._gradient = jit(value_and_grad(mean_loss))
        self._programs: dict[int, _Program] = {}
        self._number, self._is_pushed = 0, True
        self._state = first_state(self._parameters, optimizer)
        self._move, self._next_move = bound_moves(optimizer, self._state)

    def _program(self, positions: int) -> _Program:
        """The program on so many lanes, bound when a text of that length is first met."""
        if positions not in self._programs:
            from nn.compiled_moves import row

            places = [float(i) for i in range(positions)]
            bound = self._gradient.bind(self._model, *_arrays(places, places, places))
            self._programs[positions] = _Program(
                bound,
                row(bound.parameters),
                bound.lane_inputs[:2, :positions],
                row(bound.gradient),
            )
        return self._programs[positions]

    def step(self, text: Text) -> float:
        state, move, number = self._state, self._move, self._number + 1
        program = self._program(len(text) - 1)
        program.tokens[...] = text[:-1], text[1:]
        program.parameters[:] = state.numbers
        program.compute()
        loss: float = program.compute.value
        if self._optimizer.has_schedule():
            move.moment[0] = self._optimizer.checked_rate(number)
        move.moment[1] = number
        move.columns[...] = state.columns
        move.gradient[:] = program.gradient
        move.compute()
        _refuse_loss(loss, text, number)
        if move.check[0] != 0.0:  # also where it is nan
            numbers, gradient = state.numbers.tolist(), program.gradient.tolist()
            after = move.after.numbers.tolist()
            refuse_non_finite_move(self._parameters, numbers, gradient, after, number)
        self._is_pushed = False
        self._state = move.after
        self._number, self._move, self._next_move = number, self._next_move, move
        return loss

    def push(self) -> None:
        if not self._is_pushed:
            columns = self._state.columns
            write_both(self._parameters, columns[0].tolist(), columns[-1].tolist())
            self._is_pushed = True


def _arrays(*columns: list[float]) -> list[Any]:
    import numpy

    return [numpy.array(column) for column in columns]


def _refuse_loss(loss: float, text: Text, step: int) -> None:
    if not math.isfinite(loss):
        raise NotFinite(step, f"the loss of the text {list(text)} is {loss} at ", "", True)
