"""The bytes of a model's file: `decoded` is what every file passes before anything is applied.

The file is a safetensors file (`nn.safetensors`). Its metadata are a digest, the version of the
format, the module as `repr` shows it, its blueprint as JSON (null where it has none), and in a
checkpoint the state of its training.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from nn.blueprints import Blueprint, blueprint_of, count_parameters, judge_blueprint, made
from nn.checking import given
from nn.distrust import ModelFileError, json_of
from nn.module import Module
from nn.named_tensors import (
    TRAINING,
    Parameters,
    named_tensors,
    numbers_for,
    refuse_non_finite_numbers,
    tensors_of,
)
from nn.safetensors import Tensor
from nn.safetensors import decoded as decoded_tensors
from nn.safetensors import encoded as encoded_tensors
from nn.training_state import TrainingState, judged, told
from nn.writing import write_data

PROGRAM = "stepgrad"
FORMAT = f"{PROGRAM} 1"  # another number where an older reader would misread the file


class Contents(NamedTuple):
    """What of a model goes into a file; the numbers are read when it is written."""

    summary: str
    blueprint: Blueprint | None
    parameters: Mapping[str, Parameters]


class ModelFile(NamedTuple):
    """What a file holds, all of it judged."""

    summary: str
    blueprint: Blueprint | None
    tensors: dict[str, Tensor]
    model: Module | None  # None without a blueprint
    training: TrainingState | None  # None unless it is a checkpoint


def contents_of(model: Module) -> Contents:
    """The parts of the model's file; the structure of the model must stay what it is.

    ValueError where a file cannot say them.
    """
    blueprint = blueprint_of(model)
    try:
        return Contents(model.architecture(), blueprint, named_tensors(model))
    except RecursionError:
        raise ValueError(
            f"the modules in {type(model).__name__} are nested in each other too deeply to be told "
            "in a file; hold them in a list, one beside the other"
        ) from None


def encoded(contents: Contents, training: TrainingState | None = None) -> bytes:
    """The file as bytes; ValueError where a parameter is not finite."""
    metadata = {
        "format": FORMAT,
        "summary": contents.summary,
        "architecture": json.dumps(contents.blueprint, separators=(",", ":")),
    }
    tensors = tensors_of(contents.parameters)
    if training:
        metadata["training"], more = told(training)
        tensors |= more
    return encoded_tensors(metadata, tensors)


def decoded(data: bytes) -> ModelFile:
    """What the file holds; ModelFileError for any bytes that `encoded` does not make.

    Nothing of the file is executed, and no name in it is looked up but in tables of this package.
    Time and memory are proportional to its length.

    >>> from nn.networks import MLP
    >>> data = encoded(contents_of(MLP(2, [3, 1], seed=0)))
    >>> decoded(data).model
    MLP(2 → 3 tanh → 1) with 13 parameters
    >>> decoded(data[:-1])
    Traceback (most recent call last):
        ...
    nn.distrust.ModelFileError: its digest is not that of what it holds: ...
    """
    metadata, tensors = decoded_tensors(data)
    _judge_metadata(metadata)
    blueprint = json_of(metadata["architecture"], "its architecture")
    text = metadata.get("training")
    others: dict[str, Tensor] = {}
    if text is not None:
        others = {name: x for name, x in tensors.items() if name.startswith(TRAINING)}
    own = {name: x for name, x in tensors.items() if name not in others}
    refuse_non_finite_numbers(own, ModelFileError)
    model = None if blueprint is None else _model(blueprint, own)
    count = None if model is None else len(model.parameters())
    training = None if text is None else judged(text, others, count)
    return ModelFile(metadata["summary"], blueprint, own, model, training)


def _judge_metadata(metadata: Mapping[str, str]) -> None:
    found = metadata.get("format", "")
    if found != FORMAT:
        hint = "; a newer stepgrad may" if found.startswith(PROGRAM) else ""
        raise ModelFileError(f"its format is {given(found)}, and this reads {FORMAT!r}{hint}")
    expected = {"format", "summary", "architecture"}
    if metadata.keys() | {"training"} != expected | {"training"}:
        raise ModelFileError(f"its metadata are {given(sorted(metadata))}, not {sorted(expected)}")


def _model(blueprint: Blueprint, tensors: Mapping[str, Tensor]) -> Module:
    """The model, which is made once its size is known to be that of the numbers."""
    judge_blueprint(blueprint, "its architecture")
    count, there = count_parameters(blueprint), sum(len(x.numbers) for x in tensors.values())
    if count != there:
        raise ModelFileError(f"its architecture has {count} parameters, and there are {there}")
    model = made(blueprint)
    write_data(*numbers_for(named_tensors(model), tensors))
    return model
