"""The eager workloads: ours beside the peers that build a graph of Python objects."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from tests.benchmarks import measure, peers
from tests.benchmarks.table import Row, attempted, number


def compared(
    workload: str, times: dict[str, float | None], unit: str, scale: float, notes: dict[str, str]
) -> Iterator[Row]:
    """A row for each engine's time; ours is the first."""
    ours = times["stepgrad"]
    for name, seconds in times.items():
        engine = f"{name} ({notes[name]})" if notes.get(name) else name
        if seconds is None or ours is None:
            yield Row(workload, engine, "failed")
        else:
            figure = f"{number(seconds * scale)} {unit}"
            yield Row(workload, engine, figure, ratio=ours / seconds)


def graphs(found: dict[str, peers.Peer], nodes: int, rounds: int) -> Iterator[Row]:
    """Build and backward of random nodes, a node, with the collector on and off."""
    notes = {name: peer.note for name, peer in found.items()}
    makes = {name: f"workloads.random_run({name!r}, {nodes})" for name in found}
    for collector in ("on", "off"):
        times = measure.interleaved(makes, rounds, collector)
        workload = f"random graph, {nodes:,} nodes, collector {collector}"
        yield from compared(workload, times, "ns a node", 1e9 / nodes, notes)


MEMORY = """
import gc, json
from tests.benchmarks import measure, peers, workloads
def kilobytes(field):
    for line in open("/proc/self/status"):
        if line.startswith(field):
            return int(line.split()[1])
def main():
    peer = peers.ALL["{name}"]()
    steps = workloads.plan({nodes})
    warm = workloads.random_graph(peer, steps[:1000]); peer.backward(warm); del warm
    gc.collect(); before = kilobytes("VmRSS")
    root = workloads.random_graph(peer, steps)
    peer.backward(root)
    print(json.dumps((kilobytes("VmHWM") - before) * 1024 / {nodes}))
measure.with_deep_stack(main)
"""


def memory(found: dict[str, peers.Peer], nodes: int) -> Iterator[Row]:
    """Resident bytes a node at the peak of build and backward, each in a process of its own."""
    workload = f"memory at the peak of backward, {nodes:,} nodes"
    ours = measure.in_fresh_process(MEMORY.format(name="stepgrad", nodes=nodes))

    def peak(name: str) -> Iterator[Row]:
        code = MEMORY.format(name=name, nodes=nodes)
        size = ours if name == "stepgrad" else measure.in_fresh_process(code)
        yield Row(workload, name, f"{number(size)} bytes a node", ratio=ours / size)

    for name in found:
        yield from attempted(workload, name, peak(name))


def moons(found: dict[str, peers.Peer], rounds: int, samples: int) -> Iterator[Row]:
    """One step of micrograd's demo network: forward of all samples and one backward."""
    names = [name for name in found if name != "xad"]
    makes = {name: f"workloads.moons_step({name!r}, {samples})" for name in names}
    times = measure.interleaved(makes, rounds)
    workload = f"moons step, 2-16-16-1, {samples} samples, collector on"
    yield from compared(workload, times, "ms", 1e3, {"torch": "tensors"})


CHAIN = """
import json, sys, time
from tests.benchmarks import peers, workloads
peer = peers.stepgrad()
times = [time.perf_counter()]
root = workloads.chain(peer, {nodes})
times.append(time.perf_counter())
peer.backward(root)
times.append(time.perf_counter())
del root
times.append(time.perf_counter())
print(json.dumps([sys.getrecursionlimit(), *(b - a for a, b in zip(times, times[1:]))]))
"""


def chain(nodes: int) -> Iterator[Row]:
    """A chain at the default recursion limit: built, differentiated and freed."""
    limit, build, backward, free = measure.in_fresh_process(CHAIN.format(nodes=nodes))
    figure = f"build {build:.2f} + backward {backward:.2f} + free {free:.2f} s"
    yield Row(f"chain of {nodes:,} nodes, recursion limit {limit}", "stepgrad", figure)


LEAKS = """
import gc, json, tracemalloc
gc.disable()
import nn
from autograd import sum as total
model = nn.MLP(2, [4, 1], activation="tanh", seed=0)
X, y = nn.datasets.moons(4)
optimizer = nn.Adam(1e-2)
state = optimizer.init(model)
def step(state):
    model.zero_grad()
    total([nn.hinge(model(x), 2 * t - 1) for x, t in zip(X, y)]).backward()
    return optimizer.step(model, state)
for _ in range(50):
    state = step(state)
gc.collect()
tracemalloc.start()
for _ in range(50):
    state = step(state)
before = tracemalloc.get_traced_memory()[0]
for _ in range({steps}):
    state = step(state)
print(json.dumps([tracemalloc.get_traced_memory()[0] - before, gc.collect()]))
"""


def leaks(steps: int) -> Iterator[Row]:
    """Memory that training leaves behind, collector off, and what a collection then finds."""
    growth, garbage = measure.in_fresh_process(LEAKS.format(steps=steps))
    workload = f"{steps:,} training steps, collector off"
    yield Row(workload, "stepgrad", f"grew by {growth} bytes, {garbage} objects in cycles")


def imports(rounds: int) -> Iterator[Row]:
    """`import` in a new interpreter, above an interpreter that imports nothing."""

    def start_up(code: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - start

    modules = ("autograd", "micrograd.engine", "torch")
    times: dict[str, list[float]] = {module: [] for module in modules}
    for _ in range(rounds):
        bare = start_up("pass")
        for module in modules:
            code = f"try:\n import {module}\nexcept ImportError:\n raise SystemExit(3)"
            try:
                times[module].append(start_up(code) - bare)
            except subprocess.CalledProcessError:
                continue
    for module, seconds in times.items():
        figure = f"{statistics.median(seconds) * 1e3:,.0f} ms" if seconds else "not installed"
        yield Row("import, above bare Python", module, figure)


def rows(small: bool) -> Iterator[Row]:
    """A row for each engine on each workload."""
    scale, rounds = (100, 1) if small else (1, 7)
    found, missing = peers.installed()
    yield from graphs(found, 100_000 // scale, rounds)
    yield from memory(found, 20_000 if small else 100_000)  # fewer do not show in the process
    yield from moons(found, rounds, 100 // (10 if small else 1))
    yield from chain(1_000_000 // scale)
    yield from leaks(10_000 // scale)
    yield from imports(rounds)
    for name in missing:
        yield Row("not measured", name, "not installed here")
