"""Which tests run which lines, and for how long: coverage.py's contexts, one test file at a time.

What a test file's run said is kept, so that a baseline broken off goes on where it was. A process
that a test starts is measured too, under the name of that test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import coverage
import pytest
from coverage.exceptions import DataError

from tests.mutation import selection

PACKAGES = ("autograd", "nn")
GREEN_OR_NOT = (
    pytest.ExitCode.OK,
    pytest.ExitCode.TESTS_FAILED,
    pytest.ExitCode.NO_TESTS_COLLECTED,
)
DOCTESTS = [*PACKAGES, "README.md"]
# A child of a test finds this module on its path before anything else runs.
START = "import coverage\n\ncoverage.process_startup()\n"
SETTINGS = """\
[run]
core = ctrace
parallel = true
data_file = {data}
context = ${{PYTEST_CURRENT_TEST-}}
source =
    {autograd}
    {nn}
"""


@dataclass
class Baseline:
    """`seconds` of each green test, `failed` the others; `lines[path][line]` is a set of tests."""

    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    lines: dict[str, dict[int, set[str]]] = field(default_factory=dict)
    loading: dict[str, set[int]] = field(default_factory=dict)  # what runs before the first test

    def tests_of(self, path: str, lines: Iterable[int]) -> set[str]:
        known = self.lines.get(path, {})
        return set().union(*[known.get(line, set()) for line in lines])

    def take_in(self, part: dict[str, object]) -> None:
        """What one file's run has said; tests that failed there are in no line."""
        failed = set(part["failed"])  # type: ignore[arg-type]
        self.failed += sorted(failed)
        names = list(part["seconds"])  # type: ignore[arg-type]
        self.seconds |= {n: s for n, s in part["seconds"].items() if n not in failed}  # type: ignore[attr-defined]
        for path, lines in part["loading"].items():  # type: ignore[attr-defined]
            self.loading.setdefault(path, set()).update(lines)
        for path, by_line in part["lines"].items():  # type: ignore[attr-defined]
            known = self.lines.setdefault(path, defaultdict(set))
            for line, tests in by_line.items():
                known[int(line)] |= {names[i] for i in tests} - failed


def measured(copy: Path, kept: Path) -> Baseline:
    """Of the whole suite; each part is run only if `kept` does not have it yet."""
    kept.mkdir(parents=True, exist_ok=True)
    baseline = Baseline()
    files = sorted(path.relative_to(copy).as_posix() for path in copy.glob("tests/test_*.py"))
    chosen = [f for f in files if not selection.is_left_out_file(Path(f).name)]
    for name, targets in [("doctests", DOCTESTS), *((Path(f).stem, [f]) for f in chosen)]:
        part = kept / f"{name}.json"
        if not part.exists():
            start = time.monotonic()
            measure(copy, targets, part)
            print(f"measured {name} in {time.monotonic() - start:.0f} s", flush=True)
        baseline.take_in(json.loads(part.read_text(encoding="utf-8")))
    return baseline


def environment(copy: Path, cache: Path) -> dict[str, str]:
    """Of a process that runs tests in the copy: nothing is written beside the code."""
    cache.mkdir(parents=True, exist_ok=True)
    return {
        **os.environ,
        "AUTOGRAD_CACHE": str(cache),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(cache),
        "MPLBACKEND": "agg",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # those of notebooks and of several processes
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": str(copy),
    }


def measure(copy: Path, targets: list[str], part: Path) -> None:
    """Run these tests, and write to the file `part` what is to know of them."""
    folder = part.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("coverage*"):
        left.unlink()
    (folder / "sitecustomize.py").write_text(START, encoding="utf-8")
    places = {package: copy / package for package in PACKAGES}
    settings = SETTINGS.format(data=folder / "coverage", **places)
    (folder / "settings").write_text(settings, encoding="utf-8")
    ran = folder / "ran.json"
    env = environment(copy, folder / "objects") | {
        "COVERAGE_PROCESS_START": str(folder / "settings"),
        "COVERED": str(ran),
        "PYTHONPATH": os.pathsep.join([str(copy), str(folder)]),
    }
    options = ["-q", "--tb=line", "-p", "tests.mutation.contexts", *selection.OPTIONS]
    command = [sys.executable, "-m", "pytest", *options, *targets]
    ran.unlink(missing_ok=True)
    with open(folder / "log", "w", encoding="utf-8") as log:
        done = subprocess.run(command, cwd=copy, env=env, stdout=log, stderr=subprocess.STDOUT)
    if done.returncode not in GREEN_OR_NOT or not ran.exists():
        raise RuntimeError(f"pytest did not finish on {targets}; see {folder / 'log'}")
    said = json.loads(ran.read_text(encoding="utf-8"))
    part.write_text(json.dumps(said | _lines(copy, folder, said["seconds"])))


def _lines(copy: Path, folder: Path, seconds: dict[str, float]) -> dict[str, object]:
    """By file and line, the positions in `seconds` of its tests; what runs outside them."""
    number = {name: i for i, name in enumerate(seconds)}
    lines: dict[str, dict[int, list[int]]] = {}
    loading: dict[str, list[int]] = {}
    for file in folder.glob("coverage*"):
        data = coverage.CoverageData(str(file))
        try:
            data.read()
        except DataError as error:  # it was killed, as some tests do, while it wrote
            print(f"what a process measured is left out: {error}", flush=True)
            continue
        for path in data.measured_files():
            name = Path(path).relative_to(copy).as_posix()
            by_line = lines.setdefault(name, {})
            for line, contexts in data.contexts_by_lineno(path).items():
                tests = {_test_of(context) for context in contexts} & number.keys()
                by_line[line] = sorted({*by_line.get(line, []), *(number[t] for t in tests)})
                if "" in contexts:
                    loading.setdefault(name, []).append(line)
    return {"lines": lines, "loading": loading}


def _test_of(context: str) -> str:
    """`static|dynamic`: a test's own name, or "name (call)" from a process that it started."""
    static, _, dynamic = context.rpartition("|")
    return dynamic or static.rpartition(" (")[0]
