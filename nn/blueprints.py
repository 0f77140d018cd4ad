"""A blueprint: what a module is made of as plain JSON, from which one like it can be made.

`KINDS` lists the modules that have one. What is not made by their constructors alone, a class or
a function of the user's own or a parameter at two places, has none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple

from autograd import Value, softmax
from nn.activations import ACTIVATIONS
from nn.attention import CausalSelfAttention
from nn.checking import given
from nn.convolution import Conv2d
from nn.distrust import Judge, ModelFileError, judge_fields, list_of, whole_between
from nn.dropout import Dropout
from nn.embedding import Embedding
from nn.flattening import Flatten, Unflatten
from nn.layers import Layer, Perceptron
from nn.linear_map import Linear
from nn.module import Module
from nn.networks import MLP, Sequential
from nn.normalization import RMSNorm
from nn.pooling import AvgPool2d, MaxPool2d
from nn.transformer import GPT

Blueprint = dict[str, Any]

FUNCTIONS: dict[str, Any] = {name: row.function for name, row in ACTIVATIONS.items()}
FUNCTIONS["softmax"] = softmax  # in a Sequential, on the outputs of a layer
MAX_SIZE = 2**31 - 1
MAX_NESTING = 32  # of Sequentials in each other


class Kind(NamedTuple):
    """How modules of one class are told and made."""

    module: type[Module]
    fields: Mapping[str, Judge]
    told: Callable[[Any], dict[str, Any]]  # the fields of a module
    made: Callable[..., Any]  # the module of these fields, its parameters all 0.0
    count: Callable[..., int]  # of its parameters, without making it


class _NoBlueprint(Exception):
    """Something has no name that a file could give it."""


# -- from a module -------------------------------------------------------------------------------


def blueprint_of(module: Module) -> Blueprint | None:
    """What to make one like it from; None where that would not be quite the same.

    ValueError where Sequentials are nested deeper than a file may say.

    >>> from nn.layers import Layer
    >>> blueprint_of(Layer(3, 2, "relu"))
    {'kind': 'Layer', 'inputs': 3, 'outputs': 2, 'activation': 'relu'}
    """
    _refuse_deep(module)
    try:
        blueprint = _told(module)
        judge_blueprint(blueprint, "it")
    except (_NoBlueprint, ModelFileError):
        return None
    return blueprint if _alike(module, made(blueprint), set()) else None


def _refuse_deep(module: Module) -> None:
    """ValueError where there is a module below more than MAX_NESTING Sequentials in each other."""
    level = {id(module): module}
    for _ in range(MAX_NESTING + 1):
        inner = [part for m in level.values() if type(m) is Sequential for part in m.layers]
        level = {id(part): part for part in inner if isinstance(part, Module)}
    if level:
        raise ValueError(
            f"Sequentials are nested in each other deeper than {MAX_NESTING}, the limit of a "
            "model's file; put their layers into one Sequential"
        )


def _told(module: Module) -> Blueprint:
    for name, kind in KINDS.items():
        if type(module) is kind.module:
            return {"kind": name, **kind.told(module)}
    raise _NoBlueprint


def _told_part(part: Any) -> Blueprint:
    return _told(part) if isinstance(part, Module) else {"kind": "function", "name": _name(part)}


def _name(function: Any) -> str:
    for name, known in FUNCTIONS.items():
        if known is function:
            return name
    raise _NoBlueprint


def _told_mlp(model: MLP) -> dict[str, Any]:
    return {
        "inputs": model.inputs,
        "widths": [layer.outputs for layer in model.layers],
        "activations": [_name(layer.neurons[0].activation) for layer in model.layers],
        "dropout": model.dropouts[0].rate if model.dropouts else 0.0,
    }


def _alike(one: Any, other: Any, seen: set[int]) -> bool:
    """Whether both are built the same; never where a Value or module is at two places in `one`."""
    if type(one) is not type(other) or id(one) in seen:
        return False
    if isinstance(one, (Value, Module)):
        seen.add(id(one))
    if isinstance(one, Module):
        return _alike(_fields(one), _fields(other), seen)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_alike(one[k], other[k], seen) for k in one)
    if isinstance(one, tuple):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(_alike(a, b, seen) for a, b in pairs)
    if isinstance(one, (int, float, str)) or one is None:
        return bool(one == other)
    return isinstance(one, Value) or one is other


def _fields(module: Module) -> dict[str, Any]:
    return {name: x for name, x in vars(module).items() if name != "label"}


# -- to a module ---------------------------------------------------------------------------------


def judge_blueprint(x: Any, place: str, depth: int = 0) -> None:
    """ModelFileError unless a module can be made of it; nothing is made yet."""
    kind = KINDS.get(_kind(x, place))
    if kind is None:
        raise ModelFileError(f"{place} is of the kind {given(x['kind'])}, not {', '.join(KINDS)}")
    if depth > MAX_NESTING:
        raise ModelFileError(f"{place} is nested deeper than {MAX_NESTING}")
    fields = {"kind": _judge_nothing, **kind.fields}
    judge_fields(x, fields, place)
    if kind.module is MLP and len(x["widths"]) != len(x["activations"]):
        raise ModelFileError(
            f"{place} has {len(x['widths'])} widths and {len(x['activations'])} activations"
        )
    if kind.module is Sequential:
        for i, part in enumerate(x["layers"]):
            inner = f"layer {i} of {place}" if depth == 0 else place  # or it grows with the depth
            if _kind(part, inner) == "function":
                judge_fields(part, {"kind": _judge_nothing, "name": _judge_function}, inner)
            else:
                judge_blueprint(part, inner, depth + 1)


def _kind(x: Any, place: str) -> str:
    if type(x) is not dict or type(x.get("kind")) is not str:
        raise ModelFileError(f"{place} is {given(x)}, not an object with a kind")
    kind: str = x["kind"]
    return kind


def count_parameters(blueprint: Blueprint) -> int:
    """How many parameters a module of this judged blueprint has."""
    fields = {name: x for name, x in blueprint.items() if name != "kind"}
    return KINDS[blueprint["kind"]].count(**fields)


def made(blueprint: Blueprint) -> Module:
    """The module of this judged blueprint, all its parameters 0.0.

    ModelFileError where its parts do not fit together.
    """
    fields = {name: x for name, x in blueprint.items() if name != "kind"}
    try:
        module: Module = KINDS[blueprint["kind"]].made(**fields)
    except ValueError as error:
        raise ModelFileError(f"its architecture: {error}") from None
    return module


def _made_part(part: Blueprint) -> Any:
    if part["kind"] == "function":
        return FUNCTIONS[part["name"]]
    return made(part)


def _zero(rng: Random, fan_in: int, fan_out: int) -> float:
    return 0.0


# -- what a file may say -------------------------------------------------------------------------

_judge_size = whole_between(1, MAX_SIZE)
_judge_zeros = whole_between(0, MAX_SIZE)


def _judge_nothing(x: Any, place: str) -> None:
    """It was judged before."""


def _judge_width(x: Any, place: str) -> None:
    if x is not None:
        _judge_size(x, place)


def _judge_rate(x: Any, place: str) -> None:
    if type(x) is not float or not 0.0 <= x < 1.0:
        raise ModelFileError(f"{place} is {given(x)}, not a number in [0, 1)")


def _judge_epsilon(x: Any, place: str) -> None:
    if type(x) is not float or not 0.0 < x < math.inf:
        raise ModelFileError(f"{place} is {given(x)}, not a number above 0")


def _judge_activation(x: Any, place: str) -> None:
    if type(x) is not str or x not in ACTIVATIONS:
        raise ModelFileError(f"{place} is {given(x)}, not one of {', '.join(ACTIVATIONS)}")


def _judge_function(x: Any, place: str) -> None:
    if type(x) is not str or x not in FUNCTIONS:
        raise ModelFileError(f"{place} is {given(x)}, not one of {', '.join(FUNCTIONS)}")


def _judge_pair(x: Any, place: str) -> None:
    if type(x) is not list or len(x) != 2:
        raise ModelFileError(f"{place} is {given(x)}, not a pair of sizes")
    for size in x:
        _judge_size(size, place)


def _judge_padding(x: Any, place: str) -> None:
    if type(x) is not str or x not in ("valid", "same"):
        _judge_zeros(x, place)


def _judge_parts(x: Any, place: str) -> None:
    if type(x) is not list or not x:
        raise ModelFileError(f"{place} is {given(x)}, not a list of at least one")


def _pooling(module: type[AvgPool2d] | type[MaxPool2d]) -> Kind:
    return Kind(
        module=module,
        fields={"kernel_size": _judge_pair, "stride": _judge_pair},
        told=lambda m: {"kernel_size": list(m.kernel_size), "stride": list(m.stride)},
        made=module,
        count=lambda kernel_size, stride: 0,
    )


KINDS: dict[str, Kind] = {
    "Perceptron": Kind(
        module=Perceptron,
        fields={"inputs": _judge_size, "activation": _judge_activation},
        told=lambda m: {"inputs": len(m.weights), "activation": _name(m.activation)},
        made=lambda inputs, activation: Perceptron(inputs, activation, initialization=_zero),
        count=lambda inputs, activation: inputs + 1,
    ),
    "Layer": Kind(
        module=Layer,
        fields={"inputs": _judge_size, "outputs": _judge_size, "activation": _judge_activation},
        told=lambda m: {
            "inputs": m.inputs,
            "outputs": m.outputs,
            "activation": _name(m.neurons[0].activation),
        },
        made=lambda inputs, outputs, activation: Layer(
            inputs, outputs, activation, initialization=_zero
        ),
        count=lambda inputs, outputs, activation: (inputs + 1) * outputs,
    ),
    "MLP": Kind(
        module=MLP,
        fields={
            "inputs": _judge_size,
            "widths": list_of(_judge_size, least=1),
            "activations": list_of(_judge_activation, least=1),
            "dropout": _judge_rate,
        },
        told=_told_mlp,
        made=lambda inputs, widths, activations, dropout: MLP(
            inputs, widths, activations, dropout=dropout, initialization=_zero
        ),
        count=lambda inputs, widths, activations, dropout: sum(
            (before + 1) * after for before, after in pairwise([inputs, *widths])
        ),
    ),
    "Conv2d": Kind(
        module=Conv2d,
        fields={
            "in_channels": _judge_size,
            "out_channels": _judge_size,
            "kernel_size": _judge_pair,
            "stride": _judge_pair,
            "padding": _judge_padding,
            "activation": _judge_activation,
        },
        told=lambda m: {
            "in_channels": m.in_channels,
            "out_channels": m.out_channels,
            "kernel_size": list(m.kernel_size),
            "stride": list(m.stride),
            "padding": m.padding,
            "activation": _name(m.filters[0].activation),
        },
        made=lambda **fields: Conv2d(**fields, initialization=_zero),
        count=lambda in_channels, out_channels, kernel_size, **others: (
            (in_channels * math.prod(kernel_size) + 1) * out_channels
        ),
    ),
    "MaxPool2d": _pooling(MaxPool2d),
    "AvgPool2d": _pooling(AvgPool2d),
    "Flatten": Kind(module=Flatten, fields={}, told=lambda m: {}, made=Flatten, count=lambda: 0),
    "Unflatten": Kind(
        module=Unflatten,
        fields={"channels": _judge_size, "rows": _judge_size, "columns": _judge_size},
        told=lambda m: {"channels": m.channels, "rows": m.rows, "columns": m.columns},
        made=Unflatten,
        count=lambda channels, rows, columns: 0,
    ),
    "Dropout": Kind(
        module=Dropout,
        fields={"rate": _judge_rate, "width": _judge_width},
        told=lambda m: {"rate": m.rate, "width": m.width},
        made=Dropout,
        count=lambda rate, width: 0,
    ),
    "Linear": Kind(
        module=Linear,
        fields={"inputs": _judge_size, "outputs": _judge_size},
        told=lambda m: {"inputs": m.inputs, "outputs": m.outputs},
        made=lambda inputs, outputs: Linear(inputs, outputs, initialization=_zero),
        count=lambda inputs, outputs: inputs * outputs,
    ),
    "Embedding": Kind(
        module=Embedding,
        fields={"tokens": _judge_size, "width": _judge_size},
        told=lambda m: {"tokens": m.tokens, "width": m.width},
        made=lambda tokens, width: Embedding(tokens, width, initialization=_zero),
        count=lambda tokens, width: tokens * width,
    ),
    "RMSNorm": Kind(
        module=RMSNorm,
        fields={"epsilon": _judge_epsilon},
        told=lambda m: {"epsilon": m.epsilon},
        made=lambda epsilon: RMSNorm(epsilon=epsilon),
        count=lambda epsilon: 0,
    ),
    "CausalSelfAttention": Kind(
        module=CausalSelfAttention,
        fields={"width": _judge_size, "heads": _judge_size},
        told=lambda m: {"width": m.width, "heads": m.heads},
        made=lambda width, heads: CausalSelfAttention(width, heads, initialization=_zero),
        count=lambda width, heads: 4 * width * width,
    ),
    "GPT": Kind(
        module=GPT,
        fields=dict.fromkeys(("tokens", "positions", "width", "heads", "layers"), _judge_size),
        told=lambda m: {
            "tokens": m.tokens,
            "positions": m.positions,
            "width": m.token_embedding.width,
            "heads": m.blocks[0].attention.heads,
            "layers": len(m.blocks),
        },
        made=lambda **fields: GPT(**fields, initialization=_zero),
        count=lambda tokens, positions, width, heads, layers: (
            (2 * tokens + positions) * width + layers * 12 * width * width
        ),
    ),
    "Sequential": Kind(
        module=Sequential,
        fields={"layers": _judge_parts},
        told=lambda m: {"layers": [_told_part(part) for part in m.layers]},
        made=lambda layers: Sequential(*map(_made_part, layers)),
        count=lambda layers: sum(
            count_parameters(part) for part in layers if part["kind"] != "function"
        ),
    ),
}
