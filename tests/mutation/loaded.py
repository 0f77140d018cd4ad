"""The quick judge: the whole suite is collected once, and each fork of it gets a mutant put in.

A pytest plugin whose loop over the tests is the loop over the requests; `MUTANTS` holds the two
file descriptors.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import pytest

from tests.mutation.nursery import Say, serve
from tests.mutation.patching import Loaded
from tests.mutation.selection import is_left_out, unshrunk


def pytest_configure() -> None:
    unshrunk()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = [item for item in items if not is_left_out(item)]


def pytest_runtestloop(session: pytest.Session) -> bool:
    loaded = Loaded(str(session.config.rootpath))
    items = {item.nodeid: item for item in session.items}
    gc.freeze()

    def act(request: dict[str, Any], folder: str, say: Say) -> None:
        if "path" in request:
            path = session.config.rootpath / request["path"]
            if not loaded.patch(str(path), request["old"], path.read_text(encoding="utf-8")):
                return say("refused", "")
        session.config._tmp_path_factory._given_basetemp = Path(folder, "tests")  # type: ignore[attr-defined]
        session.config.pluginmanager.register(Reports(say))
        wave = [items[test] for tests in request["waves"] for test in tests]
        for item, after in zip(wave, [*wave[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)

    serve(*map(int, os.environ["MUTANTS"].split()), act)
    return True


class Reports:
    """The plugin that says what happens."""

    def __init__(self, say: Say) -> None:
        self.say = say

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.say("running", nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.say("failed", report.nodeid)
