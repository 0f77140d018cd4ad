"""heyoka: an expression compiled by LLVM, one SIMD lane a point, SLEEF for the functions."""

from __future__ import annotations

from typing import Any

import heyoka as hy
import numpy as np

from tests.benchmarks import expressions
from tests.benchmarks.inputs import Array
from tests.benchmarks.job import Job, sampled


def _points(f: Any, points: Array) -> Job:
    variables = hy.make_vars("a", "b", "c")
    value = f(hy, *variables)
    gradient = hy.diff_tensors([value], diff_args=variables, diff_order=1).gradient
    call = hy.cfunc([value, *gradient], vars=variables)
    out = np.empty((4, points.shape[1]))
    return Job(lambda: call(points, outputs=out), lambda: sampled(out), per_run=points.shape[1])


def transcendental(points: Array) -> Job:
    return _points(expressions.transcendental, points)


def arithmetic(points: Array) -> Job:
    return _points(expressions.arithmetic, points)


def rosenbrock(x: Array) -> Job:
    variables = hy.make_vars(*[f"x{i}" for i in range(len(x))])
    terms = expressions.rosenbrock_terms(variables, len(x))
    gradient = hy.diff_tensors([hy.sum(terms)], diff_args=variables, diff_order=1).gradient
    call, out = hy.cfunc(gradient, vars=variables), np.empty_like(x)
    return Job(run=lambda: call(x, outputs=out), answer=lambda: out)
