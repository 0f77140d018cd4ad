"""The benchmarks run: once, small; what they measure is for `make bench` to say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.race import AGREE, agree

ROOT = Path(__file__).resolve().parents[1]
WORKLOADS = {
    "eager": ("random graph", "memory", "moons step", "chain", "training steps", "import"),
    "compiled": (
        "moons step",
        "64-64-64-10",
        "30 operations with exp log sin tanh",
        "30 operations of + - × ÷",
        "gradient of Rosenbrock",
        "ADBench's GMM",
        "trace and compile",
        "cost of a gradient",
        "growth: build and backward",
        "growth: Program.run",
        "growth: trace and compile",
    ),
}


@pytest.mark.parametrize("half", WORKLOADS)
def test_the_benchmarks_run_and_every_workload_has_a_row_of_ours(half: str) -> None:
    command = [sys.executable, "-m", "tests.benchmarks.run", "--small", "--only", half]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ours = [line for line in done.stdout.splitlines() if "stepgrad" in line or " autograd " in line]
    for workload in WORKLOADS[half]:
        rows = [line for line in ours if workload in line]
        assert rows, f"no row of ours for {workload}:\n{done.stdout}"
        assert "failed" not in "".join(rows), "\n".join(rows)


def test_an_engine_that_computes_something_else_is_found_out() -> None:
    expected = [1.0, -2000.0, 0.0]
    assert agree([1.0, -2000.0 * (1.0 + AGREE / 2.0), AGREE / 2.0], expected)
    assert not agree([1.0 + 2.0 * AGREE, -2000.0, 0.0], expected)
    assert not agree([1.0, -2000.0, float("nan")], expected)
    assert not agree([1.0, -2000.0], expected)
