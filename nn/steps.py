"""What training asks of a way to compute its steps; there are an eager and a compiled one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from nn.optimizers import OptimizerState
from nn.samples import Sample

# A step that is done: its number from 1, the samples in its batch, what their objective was before
# it, and for the metrics, if there are any, the model's outputs and the targets.
Step = tuple[int, int, float, Sequence[list[float]], Sequence[Any]]

SEARCH = "eager=True inside autograd.detect_anomaly()"


class Steps(Protocol):
    """The steps of one training, over its samples in batches.

    Whatever ends a step early, parameters and gradients are those of the step before. Where the
    numbers are kept apart from the model's Values, `push` writes both into them and `pull` reads
    the parameters again.
    """

    samples: list[Sample]  # those to train on
    batches: int  # steps in an epoch
    held_out: list[Any]  # the targets of the samples for validation
    search: str  # what the operation is found with that gives what is not finite

    def outputs(self) -> list[list[float]]:
        """What the model gives for every sample, in their own order, before the first step."""

    def epoch(self) -> Iterator[Step]:
        """Take one step after the other. NotFinite where one would not be finite."""

    def validated(self) -> tuple[float, list[list[float]]]:
        """The mean loss of the samples that were held out and, for the metrics, the outputs."""

    def is_still(self, places: Sequence[int]) -> bool:
        """Whether the epoch's last loss had a gradient of 0 in these parameters, but for l2's."""

    def push(self) -> None:
        """Write the last completed step's parameters and gradients into the model, if not there."""

    def pull(self) -> None:
        """Go on from the parameters that the model has now."""

    def remembered(self) -> OptimizerState:
        """What the optimiser remembers after the last completed step."""

    def remember(self, state: OptimizerState) -> None:
        """Go on from this memory of the optimiser's."""

    def kept(self) -> Any:
        """The parameters, to come back to by `restore`."""

    def restore(self, kept: Any) -> None:
        """Make the kept parameters the present ones."""
