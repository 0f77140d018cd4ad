"""Which tests a mutant may meet: all of the suite but those that look at something else.

What runs in a browser or in JupyterLab checks JavaScript, which is not mutated, at seconds a test;
notebooks, the wheel, the benchmarks and the mutator have no formula of their own to hold.
"""

from __future__ import annotations

from pathlib import PurePath

import pytest

FIXTURES_LEFT_OUT = {"browser", "jupyterlab", "server"}
FILES_LEFT_OUT = {"test_benchmarks.py", "test_mutation.py", "test_notebooks.py", "test_wheel.py"}

# The suite as `make test` runs it: the tests, and the doctests of the code and of the README.
SUITE = ["tests", "autograd", "nn", "README.md"]
OPTIONS = [
    *("-p", "_hypothesis_pytestplugin"),
    *("--doctest-modules", "--doctest-glob=README.md"),
    "--ignore-glob=tests/*/*",  # packages that tests use, whose modules have no doctests
]


def is_left_out(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    file = PurePath(item.nodeid.partition("::")[0]).name
    return bool(fixtures & FIXTURES_LEFT_OUT) or is_left_out_file(file)


def is_left_out_file(name: str) -> bool:
    return name in FILES_LEFT_OUT or "browser" in name


def unshrunk() -> None:
    """Hypothesis as it is set, but a failing example is enough: it need not become a small one."""
    from hypothesis import Phase, settings

    phases = [Phase.explicit, Phase.reuse, Phase.generate, Phase.target]
    settings.register_profile("unshrunk", settings(phases=phases))
    settings.load_profile("unshrunk")
