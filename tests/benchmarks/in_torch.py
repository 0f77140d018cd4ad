"""PyTorch on one core, eager, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy, linear, relu

from tests.benchmarks.inputs import DECAY, Array, Mixture, Network, flat
from tests.benchmarks.job import Job

torch.set_num_threads(1)


def leaf(array: Array) -> Any:
    return torch.tensor(array, requires_grad=True)


def _network(network: Network, loss: Callable[[Any, Any, list[Any]], Any]) -> Job:
    layers = [(leaf(weights), leaf(bias)) for weights, bias in network.layers]
    parameters = [p for layer in layers for p in layer]
    X, y = torch.tensor(network.X), torch.tensor(network.y)

    def run() -> Any:
        x = X
        for weights, bias in layers[:-1]:
            x = relu(linear(x, weights, bias))
        value = loss(linear(x, *layers[-1]), y, parameters)
        return value, torch.autograd.grad(value, parameters)

    def answer() -> list[float]:
        value, gradient = run()
        return [value.item(), *flat(zip(gradient[::2], gradient[1::2], strict=True))]

    return Job(run=run, answer=answer)


def moons(network: Network) -> Job:
    def loss(scores: Any, y: Any, parameters: list[Any]) -> Any:
        squares = sum((p * p).sum() for p in parameters)
        return relu(1.0 - y * scores[:, 0]).mean() + DECAY * squares

    return _network(network, loss)


def classes(network: Network) -> Job:
    return _network(network, lambda scores, y, _: cross_entropy(scores, y))


def rosenbrock(x: Array) -> Job:
    point = leaf(x)

    def run() -> Any:
        value = (100.0 * (point[1:] - point[:-1] ** 2) ** 2 + (1.0 - point[:-1]) ** 2).sum()
        return torch.autograd.grad(value, point)[0]

    return Job(run=run, answer=lambda: run().numpy())


def mixture(m: Mixture) -> Job:
    (n, d), constant = m.X.shape, m.constant
    columns, rows = np.triu_indices(d, 1)  # below the diagonal, column by column
    X, parameters = torch.tensor(m.X), [leaf(m.alphas), leaf(m.means), leaf(m.icf)]

    def run() -> Any:
        alphas, means, icf = parameters
        logs, below = icf[:, :d], icf[:, d:]
        diagonal = logs.exp()
        lower = torch.diag_embed(diagonal)
        lower[:, rows, columns] = below
        centres = torch.einsum("kij,kj->ki", lower, means)
        y = torch.einsum("kij,nj->nki", lower, X) - centres
        terms = alphas + logs.sum(1) - 0.5 * (y * y).sum(2)
        squares = (diagonal**2).sum() + (below**2).sum()
        prior = 0.5 * m.wishart_gamma**2 * squares - m.wishart_m * logs.sum()
        likelihood = terms.logsumexp(1).sum() - n * alphas.logsumexp(0)
        value = constant + likelihood + prior
        return value, torch.autograd.grad(value, parameters)

    def answer() -> list[float]:
        value, gradient = run()
        return [value.item(), *torch.cat([part.ravel() for part in gradient]).tolist()]

    return Job(run=run, answer=answer)
