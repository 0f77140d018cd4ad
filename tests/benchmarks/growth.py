"""How costs grow: a gradient against its function, and both with the number of nodes.

A gradient costs at most about four evaluations of its function (Baur & Strassen 1983; Griewank &
Walther 2008, ch. 4), and everything is linear in the nodes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import autograd
from tests.benchmarks import compile_times, expressions
from tests.benchmarks.job import Job
from tests.benchmarks.measure import in_fresh_process
from tests.benchmarks.race import race
from tests.benchmarks.table import Row, attempted, number
from tests.benchmarks.workloads import Plan, grown, plan

# -- gradient and function -----------------------------------------------------------------------

FUNCTIONS = {  # data, and the job of `ours` whose function it is
    "30 operations with exp log sin tanh": ("points", "transcendental"),
    "30 operations of + - × ÷": ("points", "arithmetic"),
    "Rosenbrock-100": ("rosenbrock", "rosenbrock"),
    "moons step": ("moons", "moons"),
    "64-64-64-10": ("classes", "classes"),
    "ADBench's GMM": ("mixture", "mixture"),
}


def _alone(f: Any, *arguments: Any, per_run: int = 1) -> Job:
    """The compiled function without its gradient."""
    bound = autograd.jit(f).bind(*arguments)
    return Job(run=bound, answer=lambda: [0.0], per_run=per_run)


def _at_points(f: Any, points: Any) -> Job:
    return _alone(autograd.vmap(partial(f, autograd)), *points, per_run=points.shape[1])


def transcendental(points: Any) -> Job:
    return _at_points(expressions.transcendental, points)


def arithmetic(points: Any) -> Job:
    return _at_points(expressions.arithmetic, points)


def rosenbrock(x: Any) -> Job:
    from tests.benchmarks import ours

    return _alone(ours.rosenbrock_function, x)


def moons(network: Any) -> Job:
    from tests.benchmarks import ours

    return _alone(ours.moons_objective, ours.model_of(network), network.X, network.y)


def classes(network: Any) -> Job:
    from tests.benchmarks import ours

    return _alone(ours.classes_objective, ours.model_of(network), network.X, network.y)


def mixture(m: Any) -> Job:
    from tests.benchmarks import ours

    return _alone(ours.mixture_objective(m), (m.alphas, m.means, m.icf), m.X)


def ratios(small: bool) -> Iterator[Row]:
    """The time of a gradient (with the value, where it comes with it) over that of its function."""
    for name, (data, job) in list(FUNCTIONS.items())[: 1 if small else None]:
        entrants = (("gradient", "ours", job), ("function", "growth", job))
        with tempfile.TemporaryDirectory() as cache:
            results = race(data, entrants, 1 if small else 15, small, cache)
        gradient, function = (results[kind].seconds for kind in ("gradient", "function"))
        failed = results["gradient"].failed or results["function"].failed
        figure = failed if failed else f"{gradient / function:.2f} evaluations of the function"
        yield Row("cost of a gradient, compiled", f"stepgrad, {name}", figure)


# -- the number of nodes -------------------------------------------------------------------------


def eager(nodes: int) -> float:
    """Seconds to build a random graph of Values and to sweep it."""
    steps = plan(nodes)
    leaves = [autograd.Value(0.1 * i - 0.5) for i in range(10)]
    start = time.perf_counter()
    grown(leaves, autograd.Value.tanh, steps).backward()
    return time.perf_counter() - start


def interpreted(nodes: int) -> float:
    """Seconds of `Program.run` on the same graph."""
    program = program_of(plan(nodes))
    start = time.perf_counter()
    program.run([0.1 * i - 0.5 for i in range(10)])
    return time.perf_counter() - start


def program_of(steps: Plan) -> Any:
    """The random graph as a program, written down without a trace."""
    from autograd import ops
    from autograd.program import Program

    rows, instructions = (ops.add, ops.multiply, ops.tanh), []
    for slot, (kind, a, b) in enumerate(steps, 10):
        operands = (slot + a,) if kind == 2 else (slot + a, slot + b)
        instructions.append((rows[kind], operands))
    last = 10 + len(steps) - 1
    names = [f"x{i}" for i in range(10)]
    return Program(names, [False] * 10, [], instructions, [last])


def compiled(nodes: int) -> tuple[int, float]:
    """How many instructions such a graph and its gradient are, and seconds to compile them."""
    count, traced, rest = compile_times.seconds(*compile_times.random_graph(nodes))
    return count, traced + rest


MEASURE = """
import json
from tests.benchmarks import growth
print(json.dumps(growth.{kind}({nodes})))
"""


def sizes(small: bool) -> Iterator[Row]:
    """Microseconds a node at growing sizes: a constant where the cost is linear."""
    powers = (2, 3) if small else (4, 5, 6)
    for kind, title in (("eager", "build and backward"), ("interpreted", "Program.run")):
        for nodes in (10**power for power in powers):
            workload, engine = f"growth: {title}", f"stepgrad, {nodes:,} nodes"
            yield from attempted(workload, engine, _run(workload, engine, kind, nodes))
    workload = "growth: trace and compile"
    for nodes in (27, 270) if small else (270, 2_700, 27_000):
        yield from attempted(workload, "stepgrad", _compiled(workload, nodes))


def _run(workload: str, engine: str, kind: str, nodes: int) -> Iterator[Row]:
    seconds = in_fresh_process(MEASURE.format(kind=kind, nodes=nodes))
    yield Row(workload, engine, f"{number(seconds / nodes * 1e6)} µs a node")


def _compiled(workload: str, nodes: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as cache:
        count, seconds = in_fresh_process(MEASURE.format(kind="compiled", nodes=nodes), cache)
    figure = f"{number(seconds / count * 1e6)} µs an instruction"
    yield Row(workload, f"stepgrad, {count:,} instructions", figure)


def rows(small: bool) -> Iterator[Row]:
    """The ratios and the sizes."""
    yield from ratios(small)
    yield from sizes(small)
