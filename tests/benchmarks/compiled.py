"""The compiled workloads: ours beside C compiled on the spot and the peers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

from tests.benchmarks import compile_times, growth
from tests.benchmarks.race import Entrant, race
from tests.benchmarks.table import Row, number


@dataclass(frozen=True)
class Workload:
    """A row's name, the function of `inputs` that makes its numbers, the unit, who takes part."""

    name: str
    data: str
    unit: str
    per_second: float
    entrants: tuple[Entrant, ...]  # ours first: the ratios are to it


# fmt: off
WORKLOADS = (
    Workload("moons step, 2-16-16-1 relu, 100 samples", "moons", "µs", 1e6, (
        ("stepgrad, bound",                        "ours",      "moons"),
        ("stepgrad, plain call with a model",      "ours",      "moons_called"),
        ("stepgrad, a step of nn.fit with SGD",    "ours",      "moons_fit"),
        ("C",                                      "in_c",      "moons"),
        ("JAX, a step of SGD in lax.scan",         "in_jax",    "moons_scan"),
        ("JAX, a call of jit",                     "in_jax",    "moons"),
        ("NumPy by hand",                          "in_numpy",  "moons"),
        ("CasADi, bound buffers",                  "in_casadi", "moons"),
        ("torch",                                  "in_torch",  "moons"),
    )),
    Workload("64-64-64-10 relu, 8,970 parameters, 100 samples", "classes", "µs", 1e6, (
        ("stepgrad, bound",                        "ours",      "classes"),
        ("C",                                      "in_c",      "classes"),
        ("NumPy by hand",                          "in_numpy",  "classes"),
        ("JAX, a call of jit",                     "in_jax",    "classes"),
        ("torch",                                  "in_torch",  "classes"),
    )),
    Workload("30 operations with exp log sin tanh, 1e6 points", "points", "ns a point", 1e9, (
        ("stepgrad, bound",                        "ours",      "transcendental"),
        ("stepgrad, plain call, new arrays",       "ours",      "transcendental_called"),
        ("C with libm's vector functions",         "in_c",      "transcendental"),
        ("heyoka, cfunc into given arrays",        "in_heyoka", "transcendental"),
        ("JAX, jit of vmap",                       "in_jax",    "transcendental"),
        ("CasADi, bound buffers",                  "in_casadi", "transcendental"),
        ("NumPy by hand, in blocks",               "in_numpy",  "transcendental"),
    )),
    Workload("30 operations of + - × ÷, 1e6 points", "points", "ns a point", 1e9, (
        ("stepgrad, bound",                        "ours",      "arithmetic"),
        ("C",                                      "in_c",      "arithmetic"),
        ("heyoka, cfunc into given arrays",        "in_heyoka", "arithmetic"),
        ("JAX, jit of vmap",                       "in_jax",    "arithmetic"),
        ("CasADi, bound buffers",                  "in_casadi", "arithmetic"),
        ("NumPy by hand, in blocks",               "in_numpy",  "arithmetic"),
    )),
    Workload("gradient of Rosenbrock-100", "rosenbrock", "µs", 1e6, (
        ("stepgrad, bound",                        "ours",      "rosenbrock"),
        ("stepgrad, plain call",                   "ours",      "rosenbrock_called"),
        ("C called from Python through ctypes",    "in_c",      "rosenbrock"),
        ("C called from C",                        "in_c",      "rosenbrock_in_c"),
        ("CasADi, bound buffers",                  "in_casadi", "rosenbrock"),
        ("heyoka, cfunc into a given array",       "in_heyoka", "rosenbrock"),
        ("JAX, a call of jit",                     "in_jax",    "rosenbrock"),
        ("torch",                                  "in_torch",  "rosenbrock"),
    )),
    Workload("ADBench's GMM, d=10 k=25 n=1000, gradient", "mixture", "ms", 1e3, (
        ("stepgrad, bound",                        "ours",      "mixture"),
        ("C",                                      "in_c",      "mixture"),
        ("JAX, a call of jit",                     "in_jax",    "mixture"),
        ("torch",                                  "in_torch",  "mixture"),
        ("CasADi, bound buffers",                  "in_casadi", "mixture"),
    )),
)
# fmt: on


def rows(small: bool) -> Iterator[Row]:
    """A row for each engine on each workload, then what compiling costs and how costs grow."""
    rounds = 1 if small else 15
    for workload in WORKLOADS:
        yield from _compared(workload, rounds, small)
    yield from compile_times.rows(small)
    yield from growth.rows(small)


def _compared(workload: Workload, rounds: int, small: bool) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as cache:  # empty: what is compiled is timed
        results = race(workload.data, workload.entrants, rounds, small, cache)
    ours = next(iter(results.values())).seconds
    for name, result in results.items():
        if result.seconds is None:
            yield Row(workload.name, name, result.failed)
            continue
        figure = f"{number(result.seconds * workload.per_second)} {workload.unit}"
        ratio = ours / result.seconds if ours else None
        yield Row(workload.name, name, figure, f"{number(result.first)} s", ratio)
