"""The benchmarks run: once, small; what they measure is for `make bench` to say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_benchmarks_run_and_every_workload_has_a_row_of_ours() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.run", "--small"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ours = [line for line in done.stdout.splitlines() if "stepgrad" in line or " autograd " in line]
    for workload in ("random graph", "memory", "moons step", "chain", "training steps", "import"):
        rows = [line for line in ours if workload in line]
        assert rows, f"no row of ours for {workload}:\n{done.stdout}"
        assert "failed" not in "".join(rows)
