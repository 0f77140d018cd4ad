"""One table: our workloads beside the peers', all from this run on this machine.

`python -m tests.benchmarks.run` (or `make bench`, which installs the peers first); `--small` runs
each workload once at a hundredth of its size, to see that it works.
"""

from __future__ import annotations

import argparse
import gc
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from tests.benchmarks import measure, peers, workloads

Row = tuple[str, str, str, str]  # workload, engine, figure, ratio to ours


def graphs(found: dict[str, peers.Peer], nodes: int, rounds: int) -> Iterator[Row]:
    """Build and backward of random nodes, a node, with the collector on and off."""
    steps = workloads.plan(nodes)
    runs = {
        name: lambda peer=peer: peer.backward(workloads.random_graph(peer, steps))
        for name, peer in found.items()
    }
    for collector in ("on", "off"):
        if collector == "off":
            gc.disable()
        times = measure.interleaved(runs, rounds)
        gc.enable()
        workload = f"random graph, {nodes:,} nodes, collector {collector}"
        for name, seconds in times.items():
            note = f" ({found[name].note})" if found[name].note else ""
            ratio = times["stepgrad"] / seconds
            yield workload, name + note, f"{seconds / nodes * 1e9:,.0f} ns a node", f"{ratio:.3f}"


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
    sizes = {
        name: measure.in_fresh_process(MEMORY.format(name=name, nodes=nodes)) for name in found
    }
    ours = sizes["stepgrad"]
    for name, size in sizes.items():
        figure = "failed" if size is None else f"{size:,.0f} bytes a node"
        ratio = "" if size is None else f"{ours / size:.3f}"
        yield f"memory at the peak of backward, {nodes:,} nodes", name, figure, ratio


def moons(found: dict[str, peers.Peer], rounds: int, samples: int) -> Iterator[Row]:
    """One step of micrograd's demo network: forward of all samples and one backward."""
    names = [name for name in found if name in ("stepgrad", "micrograd", "minigrad", "torch")]
    runs = {name: workloads.moons_step(name, samples) for name in names}
    times = measure.interleaved(runs, rounds)
    for name, seconds in times.items():
        note = " (tensors)" if name == "torch" else ""
        ratio = times["stepgrad"] / seconds
        yield (
            f"moons step, 2-16-16-1, {samples} samples",
            name + note,
            f"{seconds * 1e3:,.2f} ms",
            f"{ratio:.3f}",
        )


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
    yield f"chain of {nodes:,} nodes, recursion limit {limit}", "stepgrad", figure, ""


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
    yield workload, "stepgrad", f"grew by {growth} bytes, {garbage} objects in cycles", ""


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
        yield "import, above bare Python", module, figure, ""


def rows(small: bool) -> Iterator[Row]:
    scale, rounds = (100, 1) if small else (1, 7)
    found, missing = peers.installed()
    yield from graphs(found, 100_000 // scale, rounds)
    yield from memory(found, 100_000 // scale)
    yield from moons(found, rounds, 100 // (10 if small else 1))
    yield from chain(1_000_000 // scale)
    yield from leaks(10_000 // scale)
    yield from imports(rounds)
    for name in missing:
        yield "not measured", name, "not installed here", ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="once, at a hundredth of the size")
    small = parser.parse_args().small
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}")
    print("medians of interleaved runs; ratio = ours / theirs, below 1 where ours is better\n")
    width = (46, 44, 46)
    print(f"{'workload':{width[0]}} {'engine':{width[1]}} {'figure':{width[2]}} ratio")
    measure.with_deep_stack(lambda: [_print(row, width) for row in rows(small)] and None)


def _print(row: Row, width: tuple[int, int, int]) -> None:
    cells = [f"{cell:{w}}" for cell, w in zip(row, width, strict=False)]
    print(*cells, row[-1], flush=True)


if __name__ == "__main__":
    main()
