"""One engine's process: it readies a workload, answers once, and then measures when it is told.

`python -m tests.benchmarks.worker ENGINE JOB DATA small|full`: a line of JSON says what it answered
or why it cannot; each line it reads is a turn, and each turn's line is the seconds of one step.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time

TURN = 0.01  # seconds of a turn at least: long for the clock, short for whoever wants the core too


def main() -> None:
    engine, name, data, size = sys.argv[1:]
    _stay_on_one_core()
    try:
        make = getattr(importlib.import_module(f"tests.benchmarks.{engine}"), name)
        numbers = getattr(importlib.import_module("tests.benchmarks.inputs"), data)(size == "small")
        start = time.perf_counter()
        job = make(numbers)
        job.run()
        first = time.perf_counter() - start
        answer = [float(x) for x in job.answer()]
    except Exception as error:
        print(json.dumps({"failed": _reason(error)}), flush=True)
        return
    print(json.dumps({"first": first, "answer": answer}), flush=True)
    runs = 1
    while size == "full" and job.seconds(runs) < TURN:
        runs *= 2
    for _ in sys.stdin:
        gc.collect()
        print(job.seconds(runs) / (runs * job.per_run), flush=True)


def _stay_on_one_core() -> None:
    """A thread pool made later is then of one thread; the other cores serve the machine."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _reason(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name} is not installed here"
    return f"failed: {type(error).__name__}: {error}".splitlines()[0]


if __name__ == "__main__":
    main()
