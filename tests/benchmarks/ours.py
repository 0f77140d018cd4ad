"""stepgrad compiled: the functions of one sample, `vmap` over the samples, `jit` around all."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np

import autograd
import nn
from autograd import Value, dot, exp, grad, jit, logsumexp, value_and_grad, vmap
from autograd import sum as total
from tests.benchmarks import expressions
from tests.benchmarks.inputs import DECAY, Array, Mixture, Network
from tests.benchmarks.job import Job, sampled

jit(lambda x: x + x)(1.0)  # loads the compiler, as importing a peer loads the peer's

FIT_STEPS = 5000  # of a fit: its set-up takes as long as some thousand of them

# -- networks ------------------------------------------------------------------------------------


def model_of(network: Network) -> nn.MLP:
    """The network as a module with these parameters."""
    model = nn.MLP(network.widths[0], network.widths[1:], activation="relu", seed=0)
    for p, number in zip(model.parameters(), network.flat, strict=True):
        p.data = float(number)
    return model


def moons_objective(model: nn.MLP, X: Array, y: Array) -> Value:
    """micrograd's demo: the mean hinge loss, and the weights' decay once."""
    losses = vmap(lambda m, x, t: nn.hinge(m(x), t), in_axes=(None, 0, 0), reduce="mean")
    parameters = model.parameters()
    return losses(model, X, y) + DECAY * dot(parameters, parameters)


def classes_objective(model: nn.MLP, X: Array, y: Array) -> Value:
    losses = vmap(lambda m, x, t: nn.cross_entropy(m(x), t), in_axes=(None, 0, 0), reduce="mean")
    return losses(model, X, y)


def _bound(objective: Any, *arguments: Any) -> Job:
    """The value and the gradient by the first argument, between buffers."""
    bound = jit(value_and_grad(objective)).bind(*arguments)
    return Job(run=bound, answer=lambda: [bound.value, *bound.gradient])


def _called(objective: Any, network: Network) -> Job:
    """The plain call, which reads the parameters from Values and gives the gradient as a model."""
    model, fast = model_of(network), jit(value_and_grad(objective))

    def answer() -> list[float]:
        value, gradient = fast(model, network.X, network.y)
        return [value, *(g for layer in gradient.layers for n in layer.neurons for g in numbers(n))]

    def numbers(neuron: Any) -> list[float]:
        return [*neuron.weights, neuron.bias]

    return Job(run=lambda: fast(model, network.X, network.y), answer=answer)


def moons(network: Network) -> Job:
    return _bound(moons_objective, model_of(network), network.X, network.y)


def moons_called(network: Network) -> Job:
    return _called(moons_objective, network)


def moons_fit(network: Network) -> Job:
    """A step of gradient descent inside `nn.fit`, whose epochs are of one step here."""
    X, y = network.X.tolist(), [int(t) for t in network.y]

    def fit(model: nn.MLP, rate: float, epochs: int) -> list[Any]:
        return nn.fit(
            *(model, X, y),
            loss=nn.hinge,
            optimizer=nn.SGD(rate),
            l2=DECAY,
            epochs=epochs,
            progress=False,
        )

    def answer() -> list[float]:  # a step of rate 1 moves by the gradient
        model = model_of(network)
        [record] = fit(model, 1.0, 1)
        return [record.loss, *(network.flat - [p.data for p in model.parameters()])]

    def seconds(epochs: int) -> float:
        model = model_of(network)
        start = time.perf_counter()
        fit(model, 1e-3, epochs)
        return time.perf_counter() - start

    def clock(runs: int) -> float:  # what a fit of one step takes is set-up
        return sum(seconds(FIT_STEPS + 1) - seconds(1) for _ in range(runs))

    return Job(lambda: fit(model_of(network), 1e-3, 1), answer, per_run=FIT_STEPS, clock=clock)


def classes(network: Network) -> Job:
    return _bound(classes_objective, model_of(network), network.X, network.y)


# -- expressions ---------------------------------------------------------------------------------


def at_points(f: Any) -> Any:
    """The compiled function that gives the value and the derivatives at every point."""
    return jit(vmap(value_and_grad(partial(f, autograd), argnums=(0, 1, 2))))


def _points(f: Any, points: Array) -> Job:
    bound = at_points(f).bind(*points)
    return Job(bound, lambda: sampled(bound.lane_outputs), per_run=points.shape[1])


def _points_called(f: Any, points: Array) -> Job:
    """The plain call, which gives new arrays."""
    fast = at_points(f)

    def answer() -> Array:
        value, gradient = fast(*points)
        return sampled(np.stack([value, *gradient]))

    return Job(run=lambda: fast(*points), answer=answer, per_run=points.shape[1])


def transcendental(points: Array) -> Job:
    return _points(expressions.transcendental, points)


def transcendental_called(points: Array) -> Job:
    return _points_called(expressions.transcendental, points)


def arithmetic(points: Array) -> Job:
    return _points(expressions.arithmetic, points)


def rosenbrock_function(x: Any) -> Value:
    return total(expressions.rosenbrock_terms(x, len(x)))


def rosenbrock(x: Array) -> Job:
    bound = jit(grad(rosenbrock_function)).bind(x)
    return Job(run=bound, answer=lambda: bound.gradient)


def rosenbrock_called(x: Array) -> Job:
    fast = jit(grad(rosenbrock_function))
    return Job(run=lambda: fast(x), answer=lambda: fast(x))


# -- the mixture ---------------------------------------------------------------------------------


def mixture_objective(m: Mixture) -> Any:
    """The logarithm of the posterior as a function of (alphas, means, icf) and the samples."""
    (n, d), k = m.X.shape, len(m.alphas)

    def term(alpha: Any, mean: Any, q: Any, x: Any) -> Any:
        centred, y, below = [x[i] - mean[i] for i in range(d)], [], d
        rows: list[list[Any]] = [[] for _ in range(d)]  # of the factor of the inverse covariance
        for i in range(d):
            rows[i].append(exp(q[i]))
            for j in range(i + 1, d):
                rows[j].append(q[below])
                below += 1
        y = [dot(row, centred[: j + 1]) for j, row in enumerate(rows)]
        return alpha + total([q[i] for i in range(d)]) - 0.5 * dot(y, y)

    def sample(alphas: Any, means: Any, icf: Any, x: Any) -> Any:
        return logsumexp([term(alphas[c], means[c], icf[c], x) for c in range(k)])

    def prior(icf: Any) -> Any:
        squares = [
            exp(icf[c][i]) ** 2 if i < d else icf[c][i] ** 2 for c in range(k) for i in inner
        ]
        logs = [icf[c][i] for c in range(k) for i in range(d)]
        return 0.5 * m.wishart_gamma**2 * total(squares) - m.wishart_m * total(logs)

    inner = range(m.icf.shape[1])
    likelihood = vmap(sample, in_axes=(None, None, None, 0), reduce="sum")

    def posterior(parameters: Any, X: Any) -> Any:
        alphas, means, icf = parameters
        normal = n * logsumexp([alphas[c] for c in range(k)])
        return m.constant + likelihood(alphas, means, icf, X) - normal + prior(icf)

    return posterior


def mixture(m: Mixture) -> Job:
    return _bound(mixture_objective(m), (m.alphas, m.means, m.icf), m.X)
