"""What would not be finite in a step, which is then not taken, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from autograd import Value

NAMED = 3  # samples that a message names; of the others it says how many


class NotFinite(FloatingPointError):
    """A step that was not taken: `at` says why, `is_computed` where no move was tried yet.

    `advice` is empty where it depends on how the training went before.
    """

    def __init__(
        self, step: int, before: str, after: str, is_computed: bool, advice: str = ""
    ) -> None:
        self.step, self.is_computed, self.advice = step, is_computed, advice
        self._before, self._after = before, after
        super().__init__(
            f"{before}step {step}{after}; nothing is written. "
            f"{advice or 'Try a smaller learning rate or weight decay'}"
        )

    def at(self, epoch: int) -> str:
        """What would not be finite, and where."""
        return f"{self._before}step {self.step} (epoch {epoch}){self._after}"


def refuse_non_finite(
    step: int,
    objective: float,
    gradient: Sequence[float],
    parameters: Sequence[Value],
    before: Sequence[float],
    losses: Sequence[tuple[int, float]],
) -> None:
    """NotFinite unless the parameters before the step, the objective and its gradient are finite.

    `before` are the numbers that the parameters had; `losses` those of the batch's samples, by
    their rows in X.
    """
    given = _first_wrong(before)
    if given is not None:
        what = f"the parameter {parameters[given].label or given} is {before[given]} before "
        advice = "Set its .data to a finite number, or build the model anew"
        raise NotFinite(step, what, f", and the loss is {objective}", True, advice)
    if not math.isfinite(objective):
        raise NotFinite(step, f"the loss is {objective} at ", f": {_culprits(losses)}", True)
    i = _first_wrong(gradient)
    if i is not None:
        name = parameters[i].label or i
        what = f"the loss is {objective} and the gradient of {name} is {gradient[i]} at "
        raise NotFinite(step, what, "", True)


def _first_wrong(numbers: Sequence[float]) -> int | None:
    return next((i for i, x in enumerate(numbers) if not math.isfinite(x)), None)


def _culprits(losses: Sequence[tuple[int, float]]) -> str:
    """Which samples give a loss that is not finite.

    >>> _culprits([(7, 0.5), (3, math.nan), (12, math.inf), (4, math.nan)])
    'nan for X[3], X[4]; inf for X[12]; of a batch of 4'
    """
    wrong: dict[str, list[str]] = {}
    for row, loss in losses:
        if not math.isfinite(loss):
            wrong.setdefault(str(loss), []).append(f"X[{row}]")
    if not wrong:
        return "that of each sample is finite, but not their sum or the l2 term"
    kinds = [f"{kind} for {_some(names)}" for kind, names in wrong.items()]
    return f"{'; '.join(kinds)}; of a batch of {len(losses)}"


def _some(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def refuse_non_finite_move(
    parameters: Sequence[Value],
    before: Sequence[float],
    gradient: Sequence[float],
    after: Sequence[float],
    step: int,
) -> None:
    """NotFinite where a parameter would become infinite or nan."""
    i = _first_wrong(after)
    if i is not None:
        what = (
            f" would make the parameter {parameters[i].label or i} {after[i]}, from "
            f"{before[i]} and the gradient {gradient[i]}"
        )
        raise NotFinite(step, "", what, False)
