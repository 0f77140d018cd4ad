"""A module on other Values or numbers: what a function of its parameters computes with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from autograd import Value
from nn.module import Module
from nn.number import Number

Field = TypeVar("Field")


def on_values(field: Field, values: Mapping[int, Number]) -> Field:
    """The module (or a field of one) with another number for each Value whose `id` is a key.

    Made without `__init__`; whatever else a field holds is shared with the original. A module that
    stands at two places becomes two, which share their Values.

    >>> from nn.layers import Perceptron
    >>> neuron = Perceptron(1, seed=0)
    >>> twin = on_values(neuron, {id(neuron.bias): Value(3.0)})
    >>> twin.bias.data, twin.weights[0] is neuron.weights[0]
    (3.0, True)
    """
    return cast(Field, _substituted(field, values))


def _substituted(field: object, values: Mapping[int, Number]) -> object:
    if isinstance(field, Value):
        return values.get(id(field), field)
    if isinstance(field, Module):
        twin = object.__new__(type(field))
        for name, x in vars(field).items():
            object.__setattr__(twin, name, _substituted(x, values))
        return twin
    if isinstance(field, dict):
        return {key: _substituted(x, values) for key, x in field.items()}
    if isinstance(field, (tuple, list)):
        items = [_substituted(x, values) for x in field]
        kind: Any = type(field)
        return kind(*items) if hasattr(kind, "_fields") else kind(items)
    return field
