"""The thorough judge: each fork loads the packages anew, and so runs also what a module does once.

`python -m tests.mutation.bare`; `MUTANTS` holds the two file descriptors. pytest, Hypothesis, NumPy
and LLVM are there before the fork, since they cost seconds.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import pytest

from tests.mutation.loaded import Reports
from tests.mutation.nursery import Say, serve
from tests.mutation.selection import OPTIONS, unshrunk

WARM = """
    decimal graphviz hypothesis.internal.conjecture.engine hypothesis.strategies llvmlite.binding
    matplotlib.backends.backend_agg matplotlib.figure mpmath numpy playwright.sync_api
    sklearn.datasets
"""
LOADED = ("-W", "ignore::pytest.PytestAssertRewriteWarning")  # the plugin is there already


class Wave:
    """The plugin that runs only these tests, in this order."""

    def __init__(self, tests: list[str]) -> None:
        self.order = {test: i for i, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        unshrunk()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = [item for item in items if item.nodeid in self.order]
        items[:] = sorted(chosen, key=lambda item: self.order[item.nodeid])


def act(request: dict[str, Any], folder: str, say: Say) -> None:
    for i, wave in enumerate(request["waves"]):
        files = list(dict.fromkeys(test.partition("::")[0] for test in wave))
        kept = ["--basetemp", f"{folder}/{i}", "-o", f"cache_dir={folder}/pytest"]
        arguments = ["-x", "-q", "--tb=short", *LOADED, *kept, *OPTIONS, *files]
        status = pytest.main(arguments, plugins=[Wave(wave), Reports(say)])
        if status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            return say("failed", "")  # a test has said so before, if it was one


def main() -> None:
    for name in WARM.split():
        importlib.import_module(name)
    early = [name for name in sys.modules if name.partition(".")[0] in ("autograd", "nn")]
    assert not early, f"loaded before the fork: {early}"
    serve(*map(int, os.environ["MUTANTS"].split()), act)


if __name__ == "__main__":
    main()
