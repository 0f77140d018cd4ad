"""The engines that are measured, each behind the same four functions."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Peer:
    """An engine of scalar values: how to make a leaf, apply a tanh, and run its backward pass."""

    name: str
    leaf: Callable[[float], Any]
    tanh: Callable[[Any], Any]
    backward: Callable[[Any], None]
    note: str = ""


def stepgrad() -> Peer:
    from autograd import Value

    return Peer("stepgrad", Value, Value.tanh, Value.backward)


def micrograd() -> Peer:
    engine = importlib.import_module("micrograd.engine")

    def tanh(x: Any) -> Any:  # as micrograd writes its relu
        t = math.tanh(x.data)
        out = engine.Value(t, (x,), "tanh")

        def _backward() -> None:
            x.grad += (1 - t * t) * out.grad

        out._backward = _backward
        return out

    return Peer("micrograd", engine.Value, tanh, engine.Value.backward, "tanh added, in its style")


def minigrad() -> Peer:
    engine = importlib.import_module("minigrad.engine")
    return Peer(
        "minigrad",
        engine.Value,
        lambda x: x.relu(),
        lambda x: x.backward(),
        "C API; relu for tanh, which it lacks",
    )


def xad() -> Peer:
    first = importlib.import_module("xad.adj_1st")
    functions = importlib.import_module("xad.math")
    tape = first.Tape()
    tape.activate()

    def leaf(data: float) -> Any:
        x = first.Real(data)
        tape.registerInput(x)
        return x

    def backward(y: Any) -> None:
        tape.registerOutput(y)
        y.derivative = 1.0
        tape.computeAdjoints()
        tape.clearAll()

    return Peer("xad", leaf, functions.tanh, backward, "tape in C++")


def torch() -> Peer:
    module = importlib.import_module("torch")
    module.set_num_threads(1)

    def leaf(data: float) -> Any:
        return module.tensor(data, dtype=module.float64, requires_grad=True)

    return Peer("torch", leaf, module.tanh, lambda y: y.backward(), "0-dim tensors")


ALL = {make.__name__: make for make in (stepgrad, micrograd, minigrad, xad, torch)}


def installed() -> tuple[dict[str, Peer], list[str]]:
    """The peers that can be imported, by name, and the names of those that cannot."""
    found, missing = {}, []
    for name, make in ALL.items():
        try:
            found[name] = make()
        except ImportError:
            missing.append(name)
    return found, missing
