"""A workload as one engine has it ready: what to call, and what it answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any


@dataclass(frozen=True)
class Job:
    """`run` computes `per_run` steps or points; `answer` gives the value and the gradients.

    The order of the numbers in an answer is the same for all engines of a workload. `clock` gives
    the seconds of so many runs where it is not the loop below that says them. `keep` is what must
    live as long as the job: arrays that are known to a run by their addresses only.
    """

    run: Callable[[], object]
    answer: Callable[[], Sequence[float]]
    per_run: int = 1
    clock: Callable[[int], float] | None = None
    keep: object = None

    def seconds(self, runs: int) -> float:
        """What so many runs take."""
        if self.clock:
            return self.clock(runs)
        run = self.run
        start = time.perf_counter()
        for _ in repeat(None, runs):
            run()
        return time.perf_counter() - start


def sampled(rows: Any) -> Any:
    """The answer at many points: a thousand of them, values and derivatives."""
    return rows[:, :: max(rows.shape[1] // 1000, 1)].ravel()
