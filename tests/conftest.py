"""What all tests share: Hypothesis's profiles, a place for compiled code, the browser's fixtures.

`pytest --hypothesis-profile=thorough`, or HYPOTHESIS_PROFILE, draws more.
"""

import atexit
import os
import shutil
import tempfile

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.browser", "tests.jupyterlab")
from tests.browser import (  # noqa: E402, F401  (fixtures are found by their names in this module)
    browser,
    colour_scheme,
    complaints,
    page,
    profile,
    profiles,
    screenshot,
    server,
    tolerated,
)
from tests.jupyterlab import jupyterlab  # noqa: E402, F401

if "AUTOGRAD_CACHE" not in os.environ:  # the Makefile sets it inside the folder
    os.environ["AUTOGRAD_CACHE"] = tempfile.mkdtemp(prefix="stepgrad-tests-")
    atexit.register(shutil.rmtree, os.environ["AUTOGRAD_CACHE"], ignore_errors=True)

EXAMPLES = 100  # each costs milliseconds; the same ones each time, so that a red run can be rerun
THOROUGH_EXAMPLES = 100_000

settings.register_profile(
    "default", max_examples=EXAMPLES, derandomize=True, deadline=None, database=None
)
settings.register_profile("thorough", max_examples=THOROUGH_EXAMPLES, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
