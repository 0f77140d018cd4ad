"""Training steps on one text each, computed by machine code on flat arrays."""

from __future__ import annotations

from math import isfinite
from typing import Any, NamedTuple

import numpy

from autograd import jit, value_and_grad
from nn.attention import CausalSelfAttention
from nn.column_steps import ColumnSteps
from nn.compiled_moves import Row, row
from nn.module import Module
from nn.not_finite import refuse_non_finite_move
from nn.optimizers import Optimizer
from nn.random_arrays import Floats
from nn.text_program import mean_loss
from nn.text_steps import Text, refuse_text
from nn.transformer import GPT, Block

OF_A_GPT = ("__call__", "read", "empty_memories", "embedded")
OF_A_BLOCK = ("__call__", "offered")
OF_ATTENTION = ("offered", "attend")


class _Program(NamedTuple):
    """The gradient's program, bound to buffers for texts of one length."""

    compute: Any
    parameters: Row
    tokens: Floats  # a row of the tokens that are read, and one of those that follow
    gradient: Row


class CompiledTexts(ColumnSteps):
    """Steps on arrays; the gradient and the optimiser's rule are one program each."""

    def __init__(self, model: GPT, optimizer: Optimizer) -> None:
        _refuse_own_methods(model)
        super().__init__(model.parameters(), optimizer)
        self._model = model
        self._gradient_program = jit(value_and_grad(mean_loss))
        self._programs: dict[int, _Program] = {}

    def _program(self, positions: int) -> _Program:
        """The program on so many lanes, bound when a text of that length is first met."""
        if positions not in self._programs:
            places = numpy.arange(positions, dtype=float)
            bound = self._gradient_program.bind(self._model, places, places, places)
            self._programs[positions] = _Program(
                bound,
                row(bound.parameters),
                bound.lane_inputs[:2, :positions],
                row(bound.gradient),
            )
        return self._programs[positions]

    def step(self, text: Text) -> float:
        """The loss of the text, after which every parameter has moved. NotFinite, and no move."""
        numbers, number = self._state.numbers, self._number + 1
        program = self._program(len(text) - 1)
        program.tokens[...] = text[:-1], text[1:]
        program.parameters[:] = numbers
        program.compute()
        loss: float = program.compute.value
        move = self._moved(program.gradient)
        if move.check[0] != 0.0 or not isfinite(loss):  # the first also where it is nan
            parameters, before = self._parameters, numbers.tolist()
            gradient, after = program.gradient.tolist(), move.after.numbers.tolist()
            refuse_text(number, text, loss, gradient, parameters, before)
            refuse_non_finite_move(parameters, before, gradient, after, number)
        self._take(move)
        return loss


def _refuse_own_methods(model: GPT) -> None:
    """TypeError where a part computes in a way of its own: the program reads all positions at once.

    A method written for one position after the other, such as one that counts its memory, would
    give something else there, or would never be called.
    """
    _refuse_replaced(model, GPT, OF_A_GPT)
    for block in model.blocks:
        _refuse_replaced(block, Block, OF_A_BLOCK)
        _refuse_replaced(block.attention, CausalSelfAttention, OF_ATTENTION)


def _refuse_replaced(part: Module, kind: type[Module], names: tuple[str, ...]) -> None:
    for name in names:
        own = vars(part).get(name, getattr(type(part), name, None))
        if own is not getattr(kind, name):
            raise TypeError(
                f"{type(part).__name__} has a {name} of its own, but the compiled program is that "
                f"of {kind.__name__}.{name}; train it with eager=True"
            )
