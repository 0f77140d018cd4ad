"""What tracing and compiling cost, and loading what an earlier process compiled."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from typing import Any

from tests.benchmarks.measure import in_fresh_process
from tests.benchmarks.table import Row, attempted, number

NODES = 13_500  # of a random graph: with the derivatives by its ten leaves, 50,000 instructions

PROGRAMS = {
    "30 operations with exp log sin tanh": "expression()",
    "moons step": "moons()",
    "random + × tanh": f"random_graph({NODES})",
}
SMALL = {"random + × tanh": "random_graph(100)"}

MEASURE = """
import json
from tests.benchmarks import compile_times
print(json.dumps(compile_times.seconds(*compile_times.{program})))
"""


def expression() -> tuple[Any, Sequence[Any]]:
    """A compiled function that nobody has called yet, and arguments for it."""
    from tests.benchmarks import expressions, inputs, ours

    return ours.at_points(expressions.transcendental), tuple(inputs.points(small=True))


def moons() -> tuple[Any, Sequence[Any]]:
    from autograd import jit, value_and_grad
    from tests.benchmarks import inputs, ours

    network = inputs.moons(small=False)
    arguments = (ours.model_of(network), network.X, network.y)
    return jit(value_and_grad(ours.moons_objective)), arguments


def random_graph(nodes: int) -> tuple[Any, Sequence[Any]]:
    import numpy as np

    from autograd import jit, tanh, value_and_grad, vmap
    from tests.benchmarks.workloads import grown, plan

    steps = plan(nodes)
    f = jit(vmap(value_and_grad(lambda leaves: grown(list(leaves), tanh, steps))))
    return f, [np.random.default_rng(0).uniform(-0.5, 0.5, (100, 10))]


def seconds(fast: Any, arguments: Sequence[Any]) -> tuple[int, float, float]:
    """How many instructions were compiled, and the seconds to trace them and for the rest of it.

    The compiler itself is loaded before. Compiling traces once more, which is subtracted.
    """
    from autograd import jit

    jit(lambda x: x * x)(1.0)
    start = time.perf_counter()
    fast.trace(*arguments)
    traced = time.perf_counter()
    fast.bind(*arguments)()
    done = time.perf_counter()
    rest = (done - traced) - (traced - start)
    return len(fast.program(*arguments).instructions), traced - start, rest


def rows(small: bool) -> Iterator[Row]:
    """Each program in fresh processes, without and with its machine code on disk."""
    for name, program in (SMALL if small else PROGRAMS).items():
        workload = f"trace and compile: {name}"
        yield from attempted(workload, "stepgrad", _compiled(workload, program, 1 if small else 5))


def _compiled(workload: str, program: str, rounds: int) -> Iterator[Row]:
    code = MEASURE.format(program=program)
    anew, reloaded = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as cache:
            anew.append(in_fresh_process(code, cache))
            reloaded.append(in_fresh_process(code, cache))
    count, traced, compiled = map(statistics.median, zip(*anew, strict=True))
    each = (traced + compiled) / count * 1e6
    figure = f"{number(traced)} + {number(compiled)} s, {number(each)} µs an instruction"
    yield Row(workload, f"stepgrad, {count:,.0f} instructions", figure)
    loaded = statistics.median(rest for _, _, rest in reloaded)
    figure = f"{number(loaded * 1e3)} ms after tracing"
    yield Row(workload, "stepgrad, machine code from disk", figure)
