"""Learning-rate schedules: callables from the step, 1 for the first, to its learning rate.

They are written in autograd's functions, so a step may also be a Value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from autograd import clip, cos, floor_divide, where
from nn.checking import not_negative, positive, real, whole
from nn.number import Number


@dataclass(frozen=True)
class Constant:
    """The same rate at every step."""

    rate: float

    def __post_init__(self) -> None:
        positive(self.rate, "rate")

    def __call__(self, t: Number) -> Number:
        return self.rate


@dataclass(frozen=True)
class LinearDecay:
    """rate · (1 - (t - 1)/steps): from `rate` in a straight line, to 0 after the last of the steps.

    >>> [LinearDecay(1.0, steps=4)(t) for t in (1, 2, 3, 4, 5, 6)]
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """

    rate: float
    steps: int

    def __post_init__(self) -> None:
        positive(self.rate, "rate")
        whole(self.steps, "steps")

    def __call__(self, t: Number) -> Number:
        return self.rate * (1.0 - clip((t - 1) / self.steps, 0.0, 1.0))


@dataclass(frozen=True)
class StepDecay:
    """rate · factor^⌊(t - 1)/every⌋: multiplied by the factor after every so many steps.

    >>> [StepDecay(1.0, every=2, factor=0.5)(t) for t in (1, 2, 3, 5)]
    [1.0, 1.0, 0.5, 0.25]
    """

    rate: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        positive(self.rate, "rate")
        whole(self.every, "every")
        _factor(self.factor)

    def __call__(self, t: Number) -> Number:
        return self.rate * self.factor ** floor_divide(t - 1, float(self.every))


@dataclass(frozen=True)
class ExponentialDecay:
    """rate · factor^(t - 1).

    >>> [ExponentialDecay(1.0, factor=0.5)(t) for t in (1, 2, 3)]
    [1.0, 0.5, 0.25]
    """

    rate: float
    factor: float = 0.999

    def __post_init__(self) -> None:
        positive(self.rate, "rate")
        _factor(self.factor)

    def __call__(self, t: Number) -> Number:
        return self.rate * self.factor ** (t - 1)


@dataclass(frozen=True)
class CosineDecay:
    """From `rate` down to `final` along half a cosine in `steps` steps, after a linear warm-up.

    During the warm-up, the first `warmup` of the steps, the rate is rate · t/warmup (Goyal et al.
    2017, section 2.2); then final + (rate - final)·(1 + cos π·s)/2, where s goes from 0 to 1
    (Loshchilov & Hutter 2017, "SGDR", eq. 5). After the last step it stays at `final`.

    >>> [round(CosineDecay(1.0, steps=6, warmup=2)(t), 3) for t in range(1, 8)]
    [0.5, 1.0, 0.854, 0.5, 0.146, 0.0, 0.0]
    """

    rate: float
    steps: int
    warmup: int = 0
    final: float = 0.0

    def __post_init__(self) -> None:
        positive(self.rate, "rate")
        whole(self.steps, "steps")
        whole(self.warmup, "warmup", minimum=0)
        not_negative(self.final, "final")
        if self.warmup >= self.steps:
            raise ValueError(
                f"warmup is part of the steps: expected fewer than {self.steps}, not {self.warmup}"
            )

    def __call__(self, t: Number) -> Number:
        share = clip((t - self.warmup) / (self.steps - self.warmup), 0.0, 1.0)
        decayed = self.final + (self.rate - self.final) * (1.0 + cos(math.pi * share)) / 2.0
        if self.warmup == 0:
            return decayed
        return where(t < self.warmup, self.rate * t / self.warmup, decayed)


def _factor(factor: float) -> None:
    real(factor, "factor", lambda x: 0.0 < x <= 1.0, "in (0, 1]")
