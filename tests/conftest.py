"""How many examples Hypothesis draws: `pytest --hypothesis-profile=thorough`, or the variable."""

import os

from hypothesis import settings

EXAMPLES = 100  # each costs milliseconds; the same ones each time, so that a red run can be rerun
THOROUGH_EXAMPLES = 100_000

settings.register_profile(
    "default", max_examples=EXAMPLES, derandomize=True, deadline=None, database=None
)
settings.register_profile("thorough", max_examples=THOROUGH_EXAMPLES, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
