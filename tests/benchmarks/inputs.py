"""The numbers that every engine is given: the same for all, drawn from fixed seeds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

Array = Any  # NumPy's arrays of float64, and of int64 for labels
DECAY = 1e-4  # of the moons network: what Σ p² is multiplied by in its loss


@dataclass(frozen=True)
class Network:
    """Fully connected layers with relu between, as (weights, biases), and samples for them."""

    layers: list[tuple[Array, Array]]
    X: Array
    y: Array

    @property
    def widths(self) -> list[int]:
        """The number of inputs, and of the neurons of each layer."""
        return [self.X.shape[1], *(len(bias) for _, bias in self.layers)]

    @property
    def flat(self) -> Array:
        """The parameters in the order of `nn.MLP.parameters()`: each neuron's weights, its bias."""
        return flat(self.layers)


def flat(layers: Any) -> Array:
    """Parameters or gradients by layers in one array, in the order of `nn.MLP.parameters()`."""
    parts = [np.column_stack([np.asarray(w), np.asarray(b)]).ravel() for w, b in layers]
    return np.concatenate(parts)


def moons(small: bool) -> Network:
    """micrograd's demo network 2-16-16-1 and 100 points of two moons, classes -1 and +1."""
    rng, samples = np.random.default_rng(0), 20 if small else 100
    angle, y = rng.uniform(0.0, np.pi, samples), np.where(np.arange(samples) % 2, 1.0, -1.0)
    upper = np.column_stack([np.cos(angle), np.sin(angle)])
    X = np.where(y[:, None] > 0, [1.0, 0.5] - upper, upper) + rng.normal(0.0, 0.1, (samples, 2))
    return Network(_layers(rng, [2, 16, 16, 1]), X, y)


def classes(small: bool) -> Network:
    """64-64-64-10, which is 8,970 parameters, and 100 samples with a label each."""
    rng = np.random.default_rng(1)
    widths, samples = ([8, 6, 5, 4], 20) if small else ([64, 64, 64, 10], 100)
    X = rng.uniform(0.0, 1.0, (samples, widths[0]))
    return Network(_layers(rng, widths), X, rng.integers(0, widths[-1], samples))


def _layers(rng: np.random.Generator, widths: list[int]) -> list[tuple[Array, Array]]:
    return [
        (rng.normal(0.0, fan_in**-0.5, (width, fan_in)), rng.normal(0.0, 0.1, width))
        for fan_in, width in pairwise(widths)
    ]


def points(small: bool) -> Array:
    """A million points (a, b, c): three rows of numbers in [0.1, 1.1]."""
    return np.random.default_rng(2).uniform(0.1, 1.1, (3, 1_000 if small else 1_000_000))


def rosenbrock(small: bool) -> Array:
    """A point of a hundred dimensions."""
    return np.random.default_rng(3).uniform(-1.0, 1.0, 10 if small else 100)


@dataclass(frozen=True)
class Mixture:
    """ADBench's Gaussian mixture (Šrajer, Kukelova & Fitzgibbon 2018): k components, n samples.

    `icf` holds, a component, the logarithms of the diagonal of its inverse covariance's factor
    and then what stands below the diagonal, column by column. The prior is Wishart's.
    """

    alphas: Array  # (k,)
    means: Array  # (k, d)
    icf: Array  # (k, d (d + 1) / 2)
    X: Array  # (n, d)
    wishart_gamma: float = 1.0
    wishart_m: int = 0

    @property
    def constant(self) -> float:
        """What depends on no parameter: of the samples' densities, and of the prior's."""
        (n, d), k = self.X.shape, len(self.alphas)
        freedom = d + self.wishart_m + 1
        log_gamma = 0.25 * d * (d - 1) * math.log(math.pi) + sum(
            math.lgamma(0.5 * (freedom + 1 - j)) for j in range(1, d + 1)
        )
        scale = freedom * d * (math.log(self.wishart_gamma) - 0.5 * math.log(2.0))
        return -0.5 * n * d * math.log(2.0 * math.pi) - k * (scale - log_gamma)


def mixture(small: bool) -> Mixture:
    """d = 10, k = 25, n = 1,000: ADBench's problem of that name, of other random numbers."""
    rng = np.random.default_rng(4)
    d, k, n = (2, 3, 20) if small else (10, 25, 1000)
    return Mixture(
        alphas=rng.normal(size=k),
        means=rng.uniform(0.0, 1.0, (k, d)),
        icf=rng.normal(0.0, 0.5, (k, d * (d + 1) // 2)),
        X=rng.normal(0.5, 0.5, (n, d)),
    )
