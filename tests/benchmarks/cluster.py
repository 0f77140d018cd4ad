"""Training steps of a network of 337 parameters on samples in shards: one process, one worker, two.

`python -m tests.benchmarks.cluster` prints medians of steps on all samples at once, what a step
costs beside computing, and from which work on a step on a hundred machines is bound by computing.
Samples are memory-mapped from files, 24 bytes each; `--samples` says how many, `--small` shows that
it runs.
"""

from __future__ import annotations

import argparse
import logging
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tests.benchmarks.table import Row, number, write

WIDTHS = [16, 16, 1]
SHARDS, MANY_SHARDS = 8, 128
FEW = 8  # samples in a shard that costs nothing to compute
MACHINES, BYTES_A_SECOND = 100, 1.25e9  # of a line of 10 Gbit/s


def main() -> None:
    """Measure, and print a row at a time."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.cluster", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--samples", type=int, default=10_000_000)
    parser.add_argument("--small", action="store_true", help="few samples, few steps")
    arguments = parser.parse_args()
    count, steps = (10_000, 3) if arguments.small else (arguments.samples, 9)
    print(f"{platform.python_implementation()} {platform.python_version()}, workers of one thread")
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        write(rows(Path(folder), count, steps))
    print(f"measured in {time.perf_counter() - start:.0f} s")


def rows(folder: Path, count: int, steps: int) -> Iterator[Row]:
    """Samples a second, the cost of a step, and what follows of both."""
    write_samples(folder, count)
    alone = plain(folder, steps)
    workload = f"a step on {count:,} samples"
    yield Row(workload, "one process, arrays in memory", figure(alone, count), ratio=1.0)
    costs = {}
    for workers in (1, 2):
        seconds, by_shards = with_workers(workers, partial(on_cluster, folder, count, steps))
        engine = f"{workers} worker{'s' * (workers > 1)}, {SHARDS} shards"
        yield Row(workload, engine, figure(seconds, count), ratio=seconds / alone)
        for shards, cost in by_shards.items():
            engine = f"{workers} worker{'s' * (workers > 1)}, {shards} shards of {FEW} samples"
            yield Row("a step of next to no samples", engine, f"{number(cost * 1e3)} ms")
        costs = {tasks(shards, workers): cost for shards, cost in by_shards.items()}
    yield from on_a_hundred(alone / count, costs)


def tasks(shards: int, workers: int) -> int:
    """How many tasks a step has."""
    from nn.dask_workers import grouped

    return len(grouped([()] * shards, {str(worker): 1 for worker in range(workers)}))


def figure(seconds: float, count: int) -> str:
    """The time of a step, and samples a second."""
    return f"{number(seconds * 1e3)} ms, {number(count / seconds / 1e6)} million samples/s"


def on_a_hundred(each: float, costs: dict[int, float]) -> Iterator[Row]:
    """What the numbers mean for a hundred machines with a shard each.

    A step costs so much, and so much more for each task; parameters go out to each machine and as
    many sums come back.
    """
    (few, first), (many, last) = costs.items()
    a_task = max((last - first) / (many - few), 0.0)
    parameters = sum((a + 1) * b for a, b in zip([2, *WIDTHS[:-1]], WIDTHS, strict=True))
    moved = 2 * 8 * parameters * MACHINES
    waiting = first + a_task * (MACHINES - few) + moved / BYTES_A_SECOND
    engine = f"{MACHINES} machines, computed from the above"
    yield Row("bytes moved a step", engine, f"{moved:,}: 2 × 8 × {parameters} × {MACHINES}")
    yield Row("a step without computing", engine, f"{number(waiting * 1e3)} ms")
    enough = MACHINES * waiting / each
    yield Row("half of a step is computing from", engine, f"{number(enough)} samples a step")
    line = 2 * 8 / BYTES_A_SECOND / (each / parameters)
    what = f"{number(line)} samples a machine and step, whatever the parameters"
    yield Row("the line takes as long as computing at", "10 Gbit/s to each machine", what)


# -- what is measured ----------------------------------------------------------------------------


def write_samples(folder: Path, count: int) -> None:
    """Points of the plane, and whether their coordinates have one sign."""
    import numpy

    rng = numpy.random.default_rng(0)
    X = numpy.lib.format.open_memmap(folder / "X.npy", "w+", float, (count, 2))
    y = numpy.lib.format.open_memmap(folder / "y.npy", "w+", float, (count,))
    for start in range(0, count, 1_000_000):
        part = rng.normal(size=(min(1_000_000, count - start), 2))
        X[start : start + len(part)] = part
        y[start : start + len(part)] = part[:, 0] * part[:, 1] > 0


def model() -> Any:
    """The network that all of them train."""
    import nn

    return nn.MLP(2, WIDTHS, seed=0)


def plain(folder: Path, steps: int) -> float:
    """Seconds of the loss of all samples and its gradient, compiled, in this process."""
    import numpy

    import nn
    from autograd import jit, value_and_grad, vmap

    X, y = numpy.load(folder / "X.npy"), numpy.load(folder / "y.npy")

    def loss(network: Any, x: Any, target: Any) -> Any:
        return nn.binary_cross_entropy(network(list(x)), target)

    mean = vmap(loss, in_axes=(None, 0, 0), reduce="mean")
    bound = jit(value_and_grad(mean)).bind(model(), X, y)
    bound()
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        bound()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def with_workers(workers: int, measure: Callable[[Any], Any]) -> Any:
    """What is measured on a cluster of so many processes of this machine."""
    from distributed import Client, LocalCluster

    cluster = LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    )
    with cluster, Client(cluster) as client:
        return measure(client)


def on_cluster(folder: Path, count: int, steps: int, client: Any) -> tuple[float, dict[int, float]]:
    """Seconds of a step on all samples, and of steps on few samples by their number of shards."""
    import dask.array
    import numpy

    chunks = tuple([count * (k + 1) // SHARDS - count * k // SHARDS for k in range(SHARDS)])
    X = dask.array.map_blocks(mapped, str(folder / "X.npy"), chunks=(chunks, (2,)), dtype=float)
    y = dask.array.map_blocks(mapped, str(folder / "y.npy"), chunks=(chunks,), dtype=float)
    seconds = step_seconds(client, steps, X, y)
    X, y = numpy.ones((MANY_SHARDS * FEW, 2)), numpy.ones(MANY_SHARDS * FEW)
    costs = {
        shards: step_seconds(client, steps, X[: shards * FEW], y[: shards * FEW], shards=shards)
        for shards in (SHARDS, MANY_SHARDS)
    }
    return seconds, costs


def mapped(path: str, block_info: Any = None) -> Any:
    """The rows of one block, mapped from the file by the process that computes with them."""
    import numpy

    begin, end = block_info[None]["array-location"][0]
    return numpy.load(path, mmap_mode="r")[begin:end]


def step_seconds(client: Any, steps: int, X: Any, y: Any, **options: Any) -> float:
    """The median time between two records; the first comes after reading and compiling."""
    import nn

    training = nn.train(
        model(),
        X,
        y,
        loss=nn.binary_cross_entropy,
        epochs=steps + 1,
        client=client,
        **options,
    )
    next(training)
    times, before = [], time.perf_counter()
    for _ in training:
        times.append(time.perf_counter() - before)
        before = time.perf_counter()
    return statistics.median(times)


if __name__ == "__main__":
    main()
