"""How it is measured: each engine in a process of its own, in turns, and medians of the turns."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

DEEP_STACK = 512 << 20  # bytes: micrograd's sort recurses once a node

# One engine's process: no other's objects are in its heap for the collector to go through.
WORKER = """
import gc, sys, time
from tests.benchmarks import measure, peers, workloads
def main():
    run = {make}
    for turn in sys.stdin:
        (gc.enable if "on" in turn else gc.disable)()
        gc.collect()
        start = time.perf_counter()
        run()
        print(time.perf_counter() - start, flush=True)
measure.with_deep_stack(main)
"""


def interleaved(
    makes: Mapping[str, str], rounds: int, collector: str = "on"
) -> dict[str, float | None]:
    """The median seconds of each; a round runs each once, so the machine's drift hits all alike.

    A run is given as the expression that makes it; None where its process failed.
    """
    workers = {name: _worker(make) for name, make in makes.items()}
    times: dict[str, list[float]] = {name: [] for name in makes}
    for _ in range(rounds):
        for name, worker in workers.items():
            assert worker.stdin
            assert worker.stdout
            try:
                worker.stdin.write(collector + "\n")
                worker.stdin.flush()
                times[name].append(float(worker.stdout.readline()))
            except (OSError, ValueError):  # it has died; the row will say so
                continue
    for worker in workers.values():
        worker.kill()
        worker.communicate()
    return {name: statistics.median(t) if t else None for name, t in times.items()}


def _worker(make: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER.format(make=make)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def in_fresh_process(code: str, cache: str | None = None) -> Any:
    """What the last line of the code's output says, as JSON; RuntimeError where it failed.

    `cache` is the folder where it keeps compiled code, if not the usual one.
    """
    env = os.environ if cache is None else {**os.environ, "AUTOGRAD_CACHE": cache}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise RuntimeError(said[-1] if said else f"a process ended with {done.returncode}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def with_deep_stack(function: Callable[[], None]) -> None:
    """Run it with room for a peer's recursion; ours runs with the default limit elsewhere."""
    failures: list[BaseException] = []

    def guarded() -> None:
        try:
            function()
        except BaseException as error:
            failures.append(error)

    sys.setrecursionlimit(1_000_000)
    threading.stack_size(DEEP_STACK)
    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
