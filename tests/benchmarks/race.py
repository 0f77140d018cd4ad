"""Engines on a workload, each in a process of its own: checked against another, timed in turns."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

AGREE = 1e-8  # two engines' sums differ by rounding only; relative, absolute below 1
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

OURS = ("ours", "growth")  # modules that compute with stepgrad: no judges of it

Entrant = tuple[str, str, str]  # what the table calls it, its module, its job


@dataclass
class Result:
    """What became of an entrant: the seconds of a step, or why there are none."""

    process: subprocess.Popen[str]
    failed: str = ""
    first: float = 0.0  # seconds from the numbers to the first answer
    answer: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float | None:
        """The median, or None where it failed."""
        return statistics.median(self.times) if self.times and not self.failed else None


def race(
    data: str, entrants: Sequence[Entrant], rounds: int, small: bool, cache: str
) -> dict[str, Result]:
    """The result of each entrant by its name; a round runs each once, so drift hits all alike.

    Each is checked against the first peer that answers: one that answers something else has
    failed. `cache` is where compiled code of ours is kept.
    """
    results = {name: _started(module, job, data, small, cache) for name, module, job in entrants}
    _check(results, [name for name, module, _ in entrants if module not in OURS])
    for _ in range(rounds):
        for result in results.values():
            if not result.failed:
                _turn(result)
    for result in results.values():
        result.process.kill()
        result.process.communicate()
    return results


def _started(module: str, job: str, data: str, small: bool, cache: str) -> Result:
    """A process that has answered, or says why it cannot."""
    command = [sys.executable, "-m", "tests.benchmarks.worker", module, job, data]
    process = subprocess.Popen(
        [*command, "small" if small else "full"],
        env={**os.environ, **ONE_THREAD, "AUTOGRAD_CACHE": cache},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        return Result(process, **_line(process))
    except ValueError:  # no line of JSON: it has died
        return Result(process, failed="failed: its process died")


def _turn(result: Result) -> None:
    try:
        assert result.process.stdin
        result.process.stdin.write("\n")
        result.process.stdin.flush()
        result.times.append(_line(result.process))
    except (OSError, ValueError):
        result.failed = "failed: its process died"


def _line(process: subprocess.Popen[str]) -> Any:
    assert process.stdout
    return json.loads(process.stdout.readline())


def _check(results: dict[str, Result], peers: list[str]) -> None:
    """Mark those that answer something else than the first peer that answers."""
    reference = next((name for name in peers if not results[name].failed), None)
    if reference is None:
        return
    expected = results[reference].answer
    for result in results.values():
        if not result.failed and not agree(result.answer, expected):
            result.failed = f"failed: differs from {reference} by {_gap(result.answer, expected)}"


def agree(answer: Sequence[float], expected: Sequence[float]) -> bool:
    """Whether they are the same numbers but for rounding."""
    return len(answer) == len(expected) and all(
        abs(a - b) <= AGREE * max(1.0, abs(b)) for a, b in zip(answer, expected, strict=True)
    )


def _gap(answer: Sequence[float], expected: Sequence[float]) -> str:
    if len(answer) != len(expected):
        return f"its length, {len(answer)} for {len(expected)}"
    return f"{max(abs(a - b) for a, b in zip(answer, expected, strict=True)):.1e}"
