"""Writes to many Values at once: in one call of C, which Ctrl-C cannot split."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from autograd import Value
from nn.number import Number

_set_data: Any = vars(Value)["data"].__set__  # the slots' own setters, in C
_set_grad: Any = vars(Value)["grad"].__set__


def write_data(values: Sequence[Value], numbers: Iterable[Number]) -> None:
    """Give each Value its number; the numbers are all computed before the first is written."""
    deque(map(_set_data, values, list(numbers)), maxlen=0)


def write_gradients(values: Sequence[Value], numbers: Iterable[float]) -> None:
    """Give each Value its gradient; the numbers are all computed before the first is written."""
    deque(map(_set_grad, values, list(numbers)), maxlen=0)


def write_both(
    values: Sequence[Value], numbers: Iterable[float], gradients: Iterable[float]
) -> None:
    """Give each Value its number and its gradient, all of them at once."""
    data = map(_set_data, values, list(numbers))
    deque(chain(data, map(_set_grad, values, list(gradients))), maxlen=0)
