"""Random first weights, scaled so that signals neither fade nor explode from layer to layer."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from nn.checking import given

Initialization = Callable[[Random, int, int], float]


def glorot_uniform(rng: Random, fan_in: int, fan_out: int) -> float:
    """One weight from U(-b, b), b = √(6/(fan_in + fan_out)); Glorot & Bengio 2010, eq. 16.

    Its variance, 2/(fan_in + fan_out), keeps that of signals and gradients alike where the
    activation is close to the identity around 0.
    """
    bound = math.sqrt(6.0 / _connections(fan_in + fan_out))
    return rng.uniform(-bound, bound)


def glorot_normal(rng: Random, fan_in: int, fan_out: int) -> float:
    """One weight from N(0, 2/(fan_in + fan_out)); Glorot & Bengio 2010, eq. 12."""
    return rng.gauss(0.0, math.sqrt(2.0 / _connections(fan_in + fan_out)))


def he_uniform(rng: Random, fan_in: int, fan_out: int) -> float:
    """One weight from U(-b, b), b = √(6/fan_in), with the variance of `he_normal`."""
    bound = math.sqrt(6.0 / _connections(fan_in))
    return rng.uniform(-bound, bound)


def he_normal(rng: Random, fan_in: int, fan_out: int) -> float:
    """One weight from N(0, 2/fan_in); He, Zhang, Ren & Sun 2015, eq. 10.

    Twice the variance of a linear layer, since relu passes on half of the signal.
    """
    return rng.gauss(0.0, math.sqrt(2.0 / _connections(fan_in)))


def _connections(count: int) -> int:
    if count < 1:
        raise ValueError(
            f"fan_in and fan_out count a layer's inputs and outputs, not {count} in all"
        )
    return count


INITIALIZATIONS: dict[str, Initialization] = {
    f.__name__: f for f in (glorot_uniform, glorot_normal, he_uniform, he_normal)
}


def initialization_function(initialization: str | Initialization) -> Initialization:
    """The function of that name, or the given function of (rng, fan_in, fan_out) itself."""
    if isinstance(initialization, str):
        if initialization in INITIALIZATIONS:
            return INITIALIZATIONS[initialization]
        raise ValueError(
            f"no initialisation is called {initialization!r}; there are "
            f"{', '.join(INITIALIZATIONS)}, or give a function of (rng, fan_in, fan_out)"
        )
    if callable(initialization):
        return initialization
    raise TypeError(
        "an initialisation is a name or a function of (rng, fan_in, fan_out), "
        f"not {given(initialization)}"
    )
