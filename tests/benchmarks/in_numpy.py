"""NumPy by hand: the reverse sweeps written out, whole batches as arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.benchmarks.inputs import DECAY, Array, Network
from tests.benchmarks.job import Job, sampled

BLOCK = 8192  # points whose intermediate numbers stay in the second cache

Scored = tuple[float, Array]  # a loss, and its derivatives by the scores


def _network(network: Network, loss: Callable[[Array], Scored], decay: float) -> Job:
    parameters = [np.ascontiguousarray(np.column_stack(layer)) for layer in network.layers]
    ones = np.ones((len(network.X), 1))
    inputs = np.hstack([network.X, ones])
    kept = network.flat

    def run() -> tuple[float, list[Array]]:
        given = [inputs]
        for p in parameters[:-1]:
            given.append(np.hstack([np.maximum(given[-1] @ p.T, 0.0), ones]))
        value, d = loss(given[-1] @ parameters[-1].T)
        gradient = []
        for p, x in zip(reversed(parameters), reversed(given), strict=True):
            gradient.append(d.T @ x + 2.0 * decay * p if decay else d.T @ x)
            if x is not inputs:
                d = (d @ p[:, :-1]) * (x[:, :-1] > 0.0)
        return value + decay * float(kept @ kept), gradient[::-1]

    def answer() -> list[float]:
        value, gradient = run()
        return [value, *np.concatenate([g.ravel() for g in gradient])]

    return Job(run=run, answer=answer)


def moons(network: Network) -> Job:
    y, samples = network.y[:, None], len(network.X)

    def hinge(scores: Array) -> Scored:
        margins = 1.0 - y * scores
        return float(np.maximum(margins, 0.0).mean()), np.where(margins > 0.0, -y, 0.0) / samples

    return _network(network, hinge, DECAY)


def classes(network: Network) -> Job:
    samples = np.arange(len(network.X))

    def cross_entropy(scores: Array) -> Scored:
        shifted = scores - scores.max(axis=1, keepdims=True)
        shares = np.exp(shifted)
        sums = shares.sum(axis=1, keepdims=True)
        shares /= sums * len(samples)
        value = float((np.log(sums[:, 0]) - shifted[samples, network.y]).mean())
        shares[samples, network.y] -= 1.0 / len(samples)
        return value, shares

    return _network(network, cross_entropy, 0.0)


def _points(f: Callable[..., tuple[Array, ...]], points: Array) -> Job:
    out = np.empty((4, points.shape[1]))

    def run() -> None:
        for start in range(0, points.shape[1], BLOCK):
            part = slice(start, start + BLOCK)
            for row, numbers in zip(out, f(*points[:, part]), strict=True):
                row[part] = numbers

    return Job(run=run, answer=lambda: sampled(out), per_run=points.shape[1])


def transcendental(points: Array) -> Job:
    return _points(_transcendental, points)


def _transcendental(a: Array, b: Array, c: Array) -> tuple[Array, ...]:
    ab, s, t, e = a * b, np.sin(a * b), np.tanh(b + c), np.exp(-0.5 * (a * a))
    cc = 1.0 + c * c
    g = np.log(cc)
    p = s * t + e * g
    over = 2.0 + p * p
    q = (a - c) / over
    r = p * q + s
    w = r * r - t * g
    x = w * q + e
    dw = r * q
    dr = x + 2.0 * dw * r
    dq = r * w + dr * p
    dq_over = dq / over
    dp = 0.5 * g + dr * q - 2.0 * dq_over * q * p
    ds, de, dg = dr + dp * t, r + dp * g, 0.5 * p - dw * t + dp * e
    dab, dbc = ds * np.cos(ab), (dp * s - b - dw * g) * (1.0 - t * t)
    return (
        x * r + 0.5 * (p * g) - b * t,
        dq_over - de * e * a + dab * b,
        dbc - t + dab * a,
        dbc - dq_over + 2.0 * dg * c / cc,
    )


def arithmetic(points: Array) -> Job:
    return _points(_arithmetic, points)


def _arithmetic(a: Array, b: Array, c: Array) -> tuple[Array, ...]:
    u, v, ab = a * b + c, b * c - a, a + b
    w, uv = u * v + 1.5, u - v
    x = uv * ab
    y = w * x + u * u
    z = y * v - x * c
    over = 2.0 + y * y
    g = z / over
    ga, gb = g + a, g - b
    h = ga * gb
    k = h * u + w * c
    dh = g * u
    dz = (k + dh * (ga + gb)) / over
    dy = dz * v - 0.25 * x - 2.0 * dz * g * y
    dx = dy * w - 0.25 * y - dz * c
    dw, dab = g * c + dy * x, dx * uv
    du = g * h + 2.0 * dy * u + dx * ab + dw * v
    dv = a + dz * y - dx * ab + dw * u
    return (
        k * g - 0.25 * (x * y) + v * a,
        v + dh * gb + dab - dv + du * b,
        dab - dh * ga + dv * c + du * a,
        g * w - dz * x + dv * b + du,
    )
