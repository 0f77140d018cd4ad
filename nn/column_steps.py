"""The numbers of a training in columns of an array, beside the model's Values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from autograd import Value
from nn.compiled_moves import Move, Row, bound_moves, first_state, state_of
from nn.optimizers import Optimizer, OptimizerState
from nn.random_arrays import Floats
from nn.writing import write_both


class ColumnSteps:
    """What steps on columns have in common: the way to the model's Values and back.

    A step is done when `_state` is another one. Two moves take turns at writing it, so that until
    then the one before is whole.
    """

    def __init__(self, parameters: Sequence[Value], optimizer: Optimizer) -> None:
        self._parameters, self._optimizer = parameters, optimizer
        self._has_schedule, self._number = optimizer.has_schedule(), 0
        self._state, self._is_pushed = first_state(parameters, optimizer), True
        self._move, self._next_move = bound_moves(optimizer, self._state)

    def _moved(self, gradient: Row | Floats) -> Move:
        """The move by this gradient, computed but not taken: what it would come to is `after`."""
        move, number = self._move, self._number + 1
        if self._has_schedule:
            move.moment[0] = self._optimizer.checked_rate(number)
        move.moment[1] = number
        move.columns[...] = self._state.columns
        move.gradient[:] = gradient
        move.compute()
        return move

    def _take(self, move: Move) -> None:
        """Make what the move came to the present state."""
        self._is_pushed = False
        self._state = move.after
        self._number, self._move, self._next_move = self._number + 1, self._next_move, move

    def push(self) -> None:
        """Write the numbers and gradients of the last completed step, unless that was done."""
        if not self._is_pushed:
            columns = self._state.columns
            write_both(self._parameters, columns[0].tolist(), columns[-1].tolist())
            self._is_pushed = True

    def pull(self) -> None:
        """Read every parameter and its gradient again."""
        parameters, columns = self._parameters, self._state.columns.copy()
        columns[0] = [p.data for p in parameters]
        columns[-1] = [p.grad for p in parameters]
        self._state = state_of(columns)

    def remembered(self) -> OptimizerState:
        """What the optimiser remembers after the last completed step."""
        slots = self._state.columns[1:-1].T.tolist()
        return OptimizerState(self._number, tuple(map(tuple, slots)))

    def remember(self, state: OptimizerState) -> None:
        """Go on from this memory of the optimiser's."""
        columns = self._state.columns.copy()
        columns[1:-1] = numpy.array(state.slots).T
        self._state, self._number = state_of(columns), state.step

    def kept(self) -> Floats:
        """The number of each parameter."""
        kept: Floats = self._state.columns[0].copy()
        return kept

    def restore(self, kept: Floats) -> None:
        """Make the kept numbers the present ones; the gradients stay."""
        columns = self._state.columns.copy()
        columns[0] = kept
        self._is_pushed = False
        self._state = state_of(columns)
