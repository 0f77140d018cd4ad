"""The optimiser's rule as machine code, on columns that are all there is to know after a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy

from autograd import Value, jit
from nn.optimizers import Optimizer
from nn.programs import moves
from nn.random_arrays import Floats

Row = Any  # a memoryview of doubles: copying between two takes a third of the time of arrays


class State(NamedTuple):
    """All there is to know after a step, a column for each parameter."""

    columns: Floats  # rows: the parameters' numbers, their slots one after the other, the gradient
    numbers: Row  # the first row


class Move(NamedTuple):
    """The optimiser's rule, bound to columns that it reads and columns that it writes."""

    moment: Row  # learning rate, number of the step
    columns: Floats
    gradient: Row  # the last of their rows
    compute: Callable[[], None]
    check: Row  # 0.0 if all is finite
    after: State


def first_state(parameters: Sequence[Value], optimizer: Optimizer) -> State:
    """What the parameters and their optimiser begin with."""
    slots = [[x] * len(parameters) for x in optimizer.initial]
    numbers, gradients = [p.data for p in parameters], [p.grad for p in parameters]
    return state_of(numpy.array([numbers, *slots, gradients], dtype=float))


def bound_moves(optimizer: Optimizer, state: State) -> tuple[Move, Move]:
    """The rule twice, on buffers of its own each. TypeError where it cannot work on columns."""
    rule = jit(moves(optimizer))
    rate = 0.0 if optimizer.has_schedule() else optimizer.checked_rate(1)
    rows, count = state.columns.shape
    pair = []
    for _ in range(2):
        bound = rule.bind([rate, 1.0], state.columns)
        if len(bound.lane_outputs) != rows:
            raise TypeError(
                f"{type(optimizer).__name__}.update gives other than {rows - 1} numbers that "
                "depend on the parameter, its gradient or what is remembered of it"
            )
        columns, out = bound.lane_inputs[:, :count], bound.lane_outputs
        given, check = row(bound.parameters), row(bound.outputs)
        pair.append(Move(given, columns, row(columns[-1]), bound, check, state_of(out)))
    return pair[0], pair[1]


def state_of(columns: Floats) -> State:
    """The state that these columns are."""
    return State(columns, row(columns[0]))


def row(numbers: Floats) -> Row:
    """The numbers of an array without another axis, not copied."""
    return memoryview(numbers)  # type: ignore[arg-type]  # NumPy's arrays have a buffer
