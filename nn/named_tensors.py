"""The parameters of a module as tensors, under the names that other libraries give them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from autograd import Value
from nn.checking import given
from nn.convolution import Conv2d
from nn.distrust import ModelFileError
from nn.embedding import Embedding
from nn.layers import Layer, Perceptron
from nn.linear_map import Linear
from nn.module import Module
from nn.safetensors import Tensor

TRAINING = "training/"  # what the names of a checkpoint's other tensors begin with
RESERVED = ("__metadata__", TRAINING)
OWN_FIELDS: dict[type[Module], set[str]] = {
    Layer: {"neurons", "label"},
    Conv2d: {"in_channels", "kernel_size", "stride", "padding", "filters", "label"},
}


class Parameters(NamedTuple):
    """Values in rows: the last index runs fastest."""

    shape: tuple[int, ...]
    values: Sequence[Value]


def named_tensors(module: Module) -> dict[str, Parameters]:
    """Every parameter, in a tensor with its path as its name; at two places it is in two tensors.

    A layer has a `weight` [outputs, inputs] and a `bias` [outputs], a convolution a `weight`
    [out_channels, in_channels, rows, columns] and a `bias` [out_channels], a perceptron a `weight`
    [inputs] and a `bias` [], a linear map a `weight` [outputs, inputs], an embedding a `weight`
    [tokens, width]; a list of Values in a module of your own is a tensor of one axis.
    ValueError where two would have one name, or where UTF-8 has none for it.

    >>> from nn.networks import MLP
    >>> {name: shape for name, (shape, _) in named_tensors(MLP(2, [3, 1])).items()}
    {'layers.0.weight': (3, 2), 'layers.0.bias': (3,),
     'layers.1.weight': (1, 3), 'layers.1.bias': (1,)}
    """
    found: dict[str, Parameters] = {}
    for name, parameters in _of_module(module, "", set()):
        if name in found or name.startswith(RESERVED):
            raise ValueError(
                f"two tensors would be called {name!r} in the file; give the fields or the keys of "
                "the dict that the parameters are in other names"
            )
        _refuse_surrogate(name)
        found[name] = parameters
    return found


def _refuse_surrogate(name: str) -> None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(
            f"a tensor would be called {name!r}, which has half of a surrogate pair and cannot be "
            "written; give the field or the key of the dict another name"
        ) from None


def _of_module(module: Module, prefix: str, entered: set[int]) -> Iterator[tuple[str, Parameters]]:
    """The tensors below the module, which is entered once: two may share a third."""
    entered.add(id(module))
    if isinstance(module, (Layer, Conv2d)) and _is_matrix(module):
        units, inputs = _units(module)
        weights = [w for unit in units for w in unit.weights]
        yield f"{prefix}weight", Parameters((len(units), *inputs), weights)
        yield f"{prefix}bias", Parameters((len(units),), [unit.bias for unit in units])
    elif type(module) is Perceptron and _is_row(module):
        yield f"{prefix}weight", Parameters((len(module.weights),), module.weights)
        yield f"{prefix}bias", Parameters((), [module.bias])
    elif type(module) in (Embedding, Linear) and _is_table(module):
        rows: Any = vars(module)["weights"]
        weights = [w for row in rows for w in row]
        yield f"{prefix}weight", Parameters((len(rows), len(rows[0])), weights)
    else:
        for name, field in vars(module).items():
            yield from _of_field(field, f"{prefix}{name}", entered)


def _of_field(field: Any, path: str, entered: set[int]) -> Iterator[tuple[str, Parameters]]:
    if isinstance(field, Value):
        yield path, Parameters((), [field])
    elif isinstance(field, Module):
        if id(field) not in entered:
            yield from _of_module(field, f"{path}.", entered)
    elif isinstance(field, (list, tuple)):
        if field and all(isinstance(item, Value) for item in field):
            yield path, Parameters((len(field),), field)
        else:
            for i, item in enumerate(field):
                yield from _of_field(item, f"{path}.{i}", entered)
    elif isinstance(field, dict):
        for key, item in field.items():
            yield from _of_field(item, f"{path}.{key}", entered)


def _units(layer: Layer | Conv2d) -> tuple[Sequence[Perceptron], tuple[int, ...]]:
    """Its perceptrons, and the axes of the weights of each."""
    if isinstance(layer, Conv2d):
        return layer.filters, (layer.in_channels, *layer.kernel_size)
    return layer.neurons, tuple([len(neuron.weights) for neuron in layer.neurons[:1]])


def _is_matrix(layer: Layer | Conv2d) -> bool:
    """Whether its fields are those that it was made with, and its perceptrons are alike."""
    units, inputs = _units(layer)
    return (
        vars(layer).keys() <= OWN_FIELDS.get(type(layer), set())
        and len(units) > 0
        and all(type(unit) is Perceptron and _is_row(unit) for unit in units)
        and {len(unit.weights) for unit in units} == {math.prod(inputs)}
    )


def _is_table(module: Module) -> bool:
    """Whether its fields are those that it was made with, and its rows are alike."""
    rows = vars(module).get("weights", ())
    return (
        vars(module).keys() <= {"weights", "label"}
        and len(rows) > 0
        and all(isinstance(row, tuple) and len(row) == len(rows[0]) > 0 for row in rows)
        and all(isinstance(x, Value) for row in rows for x in row)
    )


def _is_row(neuron: Perceptron) -> bool:
    return (
        vars(neuron).keys() <= {"weights", "bias", "activation", "label"}
        and len(neuron.weights) > 0
        and all(isinstance(x, Value) for x in (*neuron.weights, neuron.bias))
    )


# -- their numbers -------------------------------------------------------------------------------


def tensors_of(parameters: Mapping[str, Parameters]) -> dict[str, Tensor]:
    """Their numbers; ValueError where one is not finite."""
    tensors = {
        name: Tensor(shape, [value.data for value in values])
        for name, (shape, values) in parameters.items()
    }
    refuse_non_finite_numbers(tensors, ValueError)
    return tensors


def refuse_non_finite_numbers(
    tensors: Mapping[str, Tensor], error: Callable[[str], ValueError]
) -> None:
    """The error where a number is infinite or nan, with its place."""
    for name, (shape, numbers) in tensors.items():
        if not all(map(math.isfinite, numbers)):
            i = next(i for i, number in enumerate(numbers) if not math.isfinite(number))
            place = [i // math.prod(shape[k + 1 :]) % n for k, n in enumerate(shape)]
            raise error(
                f"the parameter {name}{place if place else ''} is {numbers[i]}; the parameters "
                "of a saved model are finite"
            )


def numbers_for(
    parameters: Mapping[str, Parameters], tensors: Mapping[str, Tensor]
) -> tuple[list[Value], list[float]]:
    """The Values, each once, and the number that the tensors have for each.

    ModelFileError where a name or a shape is another, or one Value would get two numbers.
    """
    for name in [*parameters, *tensors]:
        if name not in tensors or name not in parameters:
            where = "the model and not in the file" if name in parameters else "the file alone"
            raise ModelFileError(f"there is a tensor {given(name)} in {where}")
    chosen: dict[int, tuple[Value, float]] = {}
    for name, (shape, values) in parameters.items():
        tensor = tensors[name]
        if tensor.shape != shape:
            raise ModelFileError(
                f"its tensor {given(name)} has the shape {tensor.shape}, and in the model {shape}"
            )
        for value, number in zip(values, tensor.numbers, strict=True):
            if chosen.setdefault(id(value), (value, number))[1] != number:
                raise ModelFileError(
                    f"its tensor {given(name)} has the number {number} for a parameter that the "
                    f"model has at another place too, where the file has {chosen[id(value)][1]}"
                )
    return [value for value, _ in chosen.values()], [number for _, number in chosen.values()]
