"""A pytest plugin that names each test to coverage.py as it runs, and keeps how long it took.

`COVERED` names the file for the seconds of each test, and of those the ones that failed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

from tests.mutation.selection import is_left_out

_seconds: dict[str, float] = {}
_failed: set[str] = set()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = [item for item in items if not is_left_out(item)]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    measuring = coverage.Coverage.current()
    start = _processor_seconds()
    if measuring is not None:
        measuring.switch_context(item.nodeid)
    yield
    if measuring is not None:
        measuring.switch_context("")
    _seconds[item.nodeid] = _processor_seconds() - start


def _processor_seconds() -> float:
    """With those of the children that have ended; others may use the processor too."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        _failed.add(report.nodeid)


def pytest_sessionfinish() -> None:
    ran = {"seconds": _seconds, "failed": sorted(_failed)}
    Path(os.environ["COVERED"]).write_text(json.dumps(ran), encoding="utf-8")
