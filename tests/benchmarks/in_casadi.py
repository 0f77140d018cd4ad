"""CasADi's virtual machine, called through buffers that are bound once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import casadi as ca
import numpy as np

from tests.benchmarks import expressions
from tests.benchmarks.inputs import DECAY, Array, Mixture, Network
from tests.benchmarks.job import Job, sampled

BLOCK = 4000  # points of a vector


def _job(
    function: Any,
    arguments: Sequence[Array],
    counts: Sequence[int],
    answer: Callable[[list[Array]], Array] = np.concatenate,
) -> Job:
    """The function as a call without arguments on bound buffers; `counts` are its outputs' sizes.

    A buffer knows its arrays by their addresses only.
    """
    buffer, trigger = function.buffer()
    inputs = [np.ascontiguousarray(array, dtype=float) for array in arguments]
    outputs = [np.empty(count) for count in counts]
    for i, array in enumerate(inputs):
        buffer.set_arg(i, memoryview(array))
    for i, array in enumerate(outputs):
        buffer.set_res(i, memoryview(array))
    return Job(run=trigger, answer=lambda: answer(outputs), keep=(buffer, inputs))


def moons(network: Network) -> Job:
    """The whole batch as matrices; a map over samples takes twice as long."""
    widths, samples = network.widths, len(network.X)
    p = ca.MX.sym("p", len(network.flat))
    X, y = ca.MX.sym("X", widths[0], samples), ca.MX.sym("y", 1, samples)
    x, start = X, 0
    for fan_in, width in pairwise(widths):
        size = (fan_in + 1) * width
        neurons = ca.reshape(p[start : start + size], fan_in + 1, width)  # a column each
        x = ca.fmax(x, 0.0) if start else x
        x = ca.mtimes(neurons[:-1, :].T, x) + ca.repmat(neurons[-1, :].T, 1, samples)
        start += size
    loss = ca.sum2(ca.fmax(1.0 - y * x, 0.0)) / samples + DECAY * ca.dot(p, p)
    step = ca.Function("step", [p, X, y], [loss, ca.gradient(loss, p)])
    return _job(step, (network.flat, network.X, network.y), (1, len(network.flat)))


def _points(f: Any, points: Array) -> Job:
    """Blocks of points as vectors; scalars mapped over points take four times as long."""
    n = points.shape[1]
    block = min(n, BLOCK)
    variables = [ca.MX.sym(name, block) for name in "abc"]
    values = f(ca, *variables)
    gradient = [ca.gradient(ca.sum1(values), v) for v in variables]
    call = ca.Function("call", variables, [values, *gradient]).map(n // block)
    job = _job(call, points, [n] * 4, lambda rows: sampled(np.stack(rows)))
    return replace(job, per_run=n)


def transcendental(points: Array) -> Job:
    return _points(expressions.transcendental, points)


def arithmetic(points: Array) -> Job:
    return _points(expressions.arithmetic, points)


def rosenbrock(x: Array) -> Job:
    """As vectors; a hundred scalars take half as long again."""
    point = ca.MX.sym("x", len(x))
    value = 100.0 * ca.sumsqr(point[1:] - point[:-1] ** 2) + ca.sumsqr(1.0 - point[:-1])
    call = ca.Function("call", [point], [ca.gradient(value, point)])
    return _job(call, [x], [len(x)])


def mixture(m: Mixture) -> Job:
    """All samples as matrices, a component at a time; scalars mapped over samples are slower."""
    (n, d), k = m.X.shape, len(m.alphas)
    shapes = [(k, 1), (d, k), (m.icf.shape[1], k)]
    alphas, means, icf = parameters = [ca.MX.sym(f"p{i}", *s) for i, s in enumerate(shapes)]
    X = ca.MX.sym("X", d, n)
    logs, below = icf[:d, :], icf[d:, :]
    terms = []
    for c in range(k):
        column, nonzeros = 0, []
        for i in range(d):
            nonzeros += [ca.exp(logs[i, c]), below[column : column + d - i - 1, c]]
            column += d - i - 1
        lower = ca.MX(ca.Sparsity.lower(d), ca.vertcat(*nonzeros))
        y = ca.mtimes(lower, X - ca.repmat(means[:, c], 1, n))
        terms.append(alphas[c] + ca.sum1(logs[:, c]) - 0.5 * ca.sum1(y * y))
    highest = terms[0]
    for term in terms[1:]:
        highest = ca.fmax(highest, term)
    likelihood = ca.sum2(highest + ca.log(sum(ca.exp(term - highest) for term in terms)))
    prior = 0.5 * m.wishart_gamma**2 * (ca.sumsqr(ca.exp(logs)) + ca.sumsqr(below))
    prior -= m.wishart_m * ca.sum1(ca.sum2(logs))
    value = m.constant + likelihood + prior - n * ca.logsumexp(alphas)
    gradient = [ca.gradient(value, p) for p in parameters]
    call = ca.Function("call", [*parameters, X], [value, *gradient])
    return _job(call, (m.alphas, m.means, m.icf, m.X), (1, m.alphas.size, m.means.size, m.icf.size))
