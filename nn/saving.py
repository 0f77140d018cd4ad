"""Saving a model to a file, and loading it again."""

from __future__ import annotations

import os

from autograd import Value
from autograd.files import is_device, write_file
from nn.checking import given
from nn.distrust import ModelFileError
from nn.model_file import Contents, ModelFile, contents_of, decoded, encoded
from nn.module import Module
from nn.named_tensors import numbers_for
from nn.writing import write_data

FilePath = str | os.PathLike[str]
MAX_SIZE = 1 << 30  # bytes: as Values, so many parameters take 25 times that


def save(model: Module, path: FilePath) -> None:
    """Write the model to one safetensors file: the old one stays until the new one is whole.

    Every parameter keeps its bits. A layer is a `weight` [outputs, inputs] and a `bias`
    [outputs], named by their path, so the safetensors package and what builds on it read them.
    The metadata hold the architecture as JSON and a digest of the file.

    Of a model with a class or a function of your own, or with one parameter at two places, the
    file has the numbers alone: build it as this one was and let `load` fill it.

    TypeError for what is no module; ValueError where a parameter is infinite or nan, modules are
    nested too deeply (Sequentials: 32 in each other) or a name is not text that UTF-8 can hold;
    FileNotFoundError where the folder is missing, and what else the system raises.

    >>> import nn, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
    >>> model = nn.MLP(2, [3, 1], seed=0)
    >>> nn.save(model, path)
    >>> again = nn.load(path)
    >>> again
    MLP(2 → 3 tanh → 1) with 13 parameters
    >>> again([0.5, -1.0]) == model([0.5, -1.0])
    True
    """
    if not isinstance(model, Module):
        raise TypeError(f"model is an nn.Module such as nn.MLP(2, [16, 1]), not {given(model)}")
    write_file(path, encoded(contents_of(model)))


def load(path: FilePath, into: Module | None = None) -> Module:
    """The model of a file that `save` or a checkpoint wrote; with `into`, that model filled.

    `into` is a model that is built as the saved one was: it gets the file's numbers, all or none,
    and is given back.

    The file may come from anyone: nothing in it is executed, and all of it is judged before
    anything is applied. ModelFileError where something in it is wrong, down to one bit, where it
    has the numbers alone and `into` is not given, or where `into` is another model; OSError where
    it cannot be read. Time and memory are proportional to its length.
    """
    if not isinstance(into, Module | None):
        raise TypeError(f"into is a module to fill, not {given(into)}")
    file = read(path)
    if into is not None:
        fill(into, file, path)
        return into
    if file.model is None:
        raise ModelFileError(
            f"{os.fspath(path)}: it has the numbers of {file.summary!r:.200}, which is not made of "
            "nn's own modules and functions alone, each with parameters of its own; build a model "
            "as that one was, and fill it: nn.load(path, into=model)"
        )
    return file.model


def read(path: FilePath) -> ModelFile:
    """What the file holds; ModelFileError, with its name, where something in it is wrong."""
    try:
        return decoded(_bytes_of(path))
    except ModelFileError as error:
        raise ModelFileError(f"{os.fspath(path)}: {error}") from None


def _bytes_of(path: FilePath) -> bytes:
    """What the file has, unless that could be without end."""
    if is_device(path):
        raise ModelFileError("it is a device or a pipe, not a file")
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > MAX_SIZE:
            raise ModelFileError(f"it has {size} bytes, and no model has more than {MAX_SIZE}")
        return file.read()


def fill(model: Module, file: ModelFile, path: FilePath) -> None:
    """Give the model's parameters the numbers of the file, all at once."""
    write_data(*numbers_of(file, contents_of(model), path))


def numbers_of(
    file: ModelFile, contents: Contents, path: FilePath
) -> tuple[list[Value], list[float]]:
    """The Values of a model and the file's number for each; ModelFileError if it is another's."""
    blueprints = file.blueprint, contents.blueprint
    is_other = None not in blueprints and file.blueprint != contents.blueprint
    if is_other or file.summary != contents.summary:
        raise ModelFileError(
            f"{os.fspath(path)}: it holds {file.summary!r:.200}, and the model to fill is "
            f"{contents.summary!r:.200}; build that as the saved one was"
        )
    try:
        return numbers_for(contents.parameters, file.tensors)
    except ModelFileError as error:
        raise ModelFileError(f"{os.fspath(path)}: {error}") from None
