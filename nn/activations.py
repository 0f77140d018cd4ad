"""Activation functions by name, each with the initialisation that suits it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from autograd import (
    elu,
    gelu,
    leaky_relu,
    relu,
    sigmoid,
    silu,
    softplus,
    tanh,
)
from nn.checking import given
from nn.number import Number

Activation = Callable[[Number], Number]


def linear(x: Number) -> Number:
    """x itself: no activation."""
    return x


class Row(NamedTuple):
    """An activation: its function and the name of the initialisation for weights before it."""

    function: Activation
    initialization: str


# fmt: off
ACTIVATIONS: dict[str, Row] = {
    "linear":     Row(linear,     "glorot_uniform"),
    "tanh":       Row(tanh,       "glorot_uniform"),
    "sigmoid":    Row(sigmoid,    "glorot_uniform"),
    "relu":       Row(relu,       "he_uniform"),
    "leaky_relu": Row(leaky_relu, "he_uniform"),
    "elu":        Row(elu,        "he_uniform"),
    "silu":       Row(silu,       "he_uniform"),
    "gelu":       Row(gelu,       "he_uniform"),
    "softplus":   Row(softplus,   "he_uniform"),
}
# fmt: on


def activation_function(activation: str | Activation) -> Activation:
    """The function of that name, or the given function itself.

    >>> activation_function("tahn")
    Traceback (most recent call last):
        ...
    ValueError: no activation is called 'tahn'; there are linear, tanh, sigmoid, ...
    """
    if isinstance(activation, str):
        if activation in ACTIVATIONS:
            return ACTIVATIONS[activation].function
        raise ValueError(
            f"no activation is called {activation!r}; there are {', '.join(ACTIVATIONS)}, "
            "or give a function of one Value"
        )
    if callable(activation):
        return activation
    raise TypeError(f"an activation is a name or a function of one Value, not {given(activation)}")


def activation_name(activation: Activation) -> str:
    """The name in the table, or the function's own."""
    for name, row in ACTIVATIONS.items():
        if row.function is activation:
            return name
    return getattr(activation, "__name__", type(activation).__name__)


def suited_initialization(activation: Activation) -> str:
    """Glorot's for what is not in the table, since it assumes least."""
    row = ACTIVATIONS.get(activation_name(activation), ACTIVATIONS["linear"])
    return row.initialization
