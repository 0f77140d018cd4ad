"""What training asks of a way to compute its steps; there are an eager and a compiled one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from autograd import Value

# A step that is done: its number from 1, the samples in its batch, what their objective was before
# it, and for the metrics, if there are any, the model's outputs and the targets.
Step = tuple[int, int, float, Sequence[list[float]], Sequence[Any]]


class Steps(Protocol):
    """The steps of one training, over its samples in batches.

    Whatever ends a step early, parameters and gradients are those of the step before. Where the
    numbers are kept apart from the model's Values, `push` writes both into them and `pull` reads
    the parameters again.
    """

    batches: int  # steps in an epoch
    held_out: list[Any]  # the targets of the samples for validation

    def outputs(self) -> list[list[float]]:
        """What the model gives for every sample, in their own order, before the first step."""

    def epoch(self, number: int) -> Iterator[Step]:
        """Take one step after the other. FloatingPointError where one would not be finite."""

    def validated(self) -> tuple[float, list[list[float]]]:
        """The mean loss of the samples that were held out and, for the metrics, the outputs."""

    def push(self) -> None:
        """Write the last completed step's parameters and gradients into the model, if not there."""

    def pull(self) -> None:
        """Go on from the parameters that the model has now."""

    def kept(self) -> Any:
        """The parameters, to come back to by `restore`."""

    def restore(self, kept: Any) -> None:
        """Make the kept parameters the present ones."""


def refuse_non_finite(
    objective: float, gradient: Sequence[float], parameters: Sequence[Value], place: str
) -> None:
    """FloatingPointError unless the objective and its gradient are finite."""
    wrong = next((i for i, g in enumerate(gradient) if not math.isfinite(g)), None)
    if math.isfinite(objective) and wrong is None:
        return
    what = f"the loss is {objective}"
    if wrong is not None and math.isfinite(objective):
        what = f"{what} and the gradient of {parameters[wrong].label} is {gradient[wrong]}"
    raise FloatingPointError(
        f"{what} at {place}; the parameters are those of the step before. Try a smaller learning "
        "rate, or find the operation with eager=True inside autograd.detect_anomaly()"
    )


def place_of(step: int, epoch: int) -> str:
    """Where in a training something happened, in words."""
    return f"step {step} (epoch {epoch})"
