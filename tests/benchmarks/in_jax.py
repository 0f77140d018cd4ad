"""JAX on one core, in float64: whole batches as arrays, `jit` around all of it."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from tests.benchmarks import expressions
from tests.benchmarks.inputs import DECAY, Array, Mixture, Network, flat
from tests.benchmarks.job import Job, sampled

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")

jax.jit(lambda x: x + x)(1.0).block_until_ready()  # loads the compiler, which the import did not

STEPS = 1000  # of a lax.scan


def _scores(layers: Any, X: Any) -> Any:
    """A row an output, a column a sample: the layout that XLA compiles to the fastest code."""
    x = X.T
    for weights, bias in layers[:-1]:
        x = jax.nn.relu(weights @ x + bias[:, None])
    weights, bias = layers[-1]
    return weights @ x + bias[:, None]


def _hinge(layers: Any, X: Any, y: Any) -> Any:
    squares = sum(jnp.sum(w * w) + jnp.sum(b * b) for w, b in layers)
    return jnp.mean(jax.nn.relu(1.0 - y * _scores(layers, X)[0])) + DECAY * squares


def _cross_entropy(layers: Any, X: Any, y: Any) -> Any:
    logits = _scores(layers, X)
    chosen = jnp.take_along_axis(logits, y[None, :], axis=0)[0]
    return jnp.mean(logsumexp(logits, axis=0) - chosen)


def _call(loss: Any, network: Network) -> Job:
    step = jax.jit(jax.value_and_grad(loss))
    arguments = jax.device_put((network.layers, network.X, network.y))

    def answer() -> list[float]:
        value, gradient = step(*arguments)
        return [value, *flat(gradient)]

    return Job(run=lambda: jax.block_until_ready(step(*arguments)), answer=answer)


def moons(network: Network) -> Job:
    return _call(_hinge, network)


def classes(network: Network) -> Job:
    return _call(_cross_entropy, network)


def moons_scan(network: Network) -> Job:
    """A whole step of gradient descent, a thousand of them in one call."""
    layers, X, y = jax.device_put((network.layers, network.X, network.y))

    @partial(jax.jit, static_argnums=2)
    def train(layers: Any, rate: float, steps: int) -> Any:
        def step(layers: Any, _: Any) -> Any:
            value, gradient = jax.value_and_grad(_hinge)(layers, X, y)
            return jax.tree.map(lambda p, g: p - rate * g, layers, gradient), value

        return jax.lax.scan(step, layers, None, length=steps)

    def answer() -> list[float]:  # a step of rate 1 moves by the gradient
        moved, values = train(layers, 1.0, 1)
        return [values[0], *(network.flat - flat(moved))]

    def run() -> object:
        return jax.block_until_ready(train(layers, 1e-3, STEPS))

    return Job(run=run, answer=answer, per_run=STEPS)


def _points(f: Any, points: Array) -> Job:
    call = jax.jit(jax.vmap(jax.value_and_grad(partial(f, jnp), argnums=(0, 1, 2))))
    arguments = jax.device_put(tuple(points))

    def answer() -> Array:
        value, gradient = call(*arguments)
        return sampled(np.stack([value, *gradient]))

    def run() -> object:
        return jax.block_until_ready(call(*arguments))

    return Job(run=run, answer=answer, per_run=points.shape[1])


def transcendental(points: Array) -> Job:
    return _points(expressions.transcendental, points)


def arithmetic(points: Array) -> Job:
    return _points(expressions.arithmetic, points)


def rosenbrock(x: Array) -> Job:
    def f(x: Any) -> Any:
        return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    call, argument = jax.jit(jax.grad(f)), jax.device_put(x)
    return Job(
        run=lambda: call(argument).block_until_ready(), answer=lambda: np.asarray(call(argument))
    )


def mixture(m: Mixture) -> Job:
    (n, d), constant = m.X.shape, m.constant
    columns, rows = np.triu_indices(d, 1)  # below the diagonal, column by column

    def posterior(parameters: Any, X: Any) -> Any:
        alphas, means, icf = parameters
        logs, below = icf[:, :d], icf[:, d:]
        diagonal = jnp.exp(logs)
        lower = jnp.zeros((len(alphas), d, d)).at[:, rows, columns].set(below)
        lower = lower + jax.vmap(jnp.diag)(diagonal)
        y = jnp.einsum("kij,nj->nki", lower, X) - jnp.einsum("kij,kj->ki", lower, means)
        terms = alphas + jnp.sum(logs, 1) - 0.5 * jnp.sum(y * y, 2)
        squares = jnp.sum(diagonal**2) + jnp.sum(below**2)
        prior = 0.5 * m.wishart_gamma**2 * squares - m.wishart_m * jnp.sum(logs)
        return constant + jnp.sum(logsumexp(terms, axis=1)) - n * logsumexp(alphas) + prior

    call = jax.jit(jax.value_and_grad(posterior))
    arguments = jax.device_put(((m.alphas, m.means, m.icf), m.X))

    def answer() -> list[float]:
        value, gradient = call(*arguments)
        return [value, *np.concatenate([np.ravel(part) for part in gradient])]

    return Job(run=lambda: jax.block_until_ready(call(*arguments)), answer=answer)
