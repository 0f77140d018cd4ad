"""A record: what training has to say after an epoch or a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Record:
    """Where training stands.

    `step` counts updates of the parameters from 1, `epoch` passes over the data from 1. `loss` is
    the mean over the samples that were trained on since the last record, L2 term included, each
    with the parameters of its turn and with dropout; `metrics` are of the same predictions.
    `validation_loss` (without the L2 term) and `validation_metrics` are of the parameters after
    the step, at the end of each epoch, without dropout.
    """

    step: int
    epoch: int
    loss: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    validation_loss: float | None = None
    validation_metrics: Mapping[str, float] = field(default_factory=dict)

    def numbers(self) -> dict[str, float]:
        """All of it by name, as a line or a table shows it."""
        found = {"loss": self.loss, **self.metrics}
        if self.validation_loss is not None:
            found["validation loss"] = self.validation_loss
        for name, number in self.validation_metrics.items():
            found[f"validation {name}"] = number
        return found
