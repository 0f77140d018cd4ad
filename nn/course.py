"""The course of a training's loss: where it was lowest, and whether it has run away.

An epoch every 20 steps is marked, the first and the last too. The loss has run away where it is
over 1,000 times that of the first epoch in three marked epochs in a row, the highest in the third,
and the largest parameter has at least doubled meanwhile; in the last two of a training it need not
be the highest. A first step too long, which Adam takes back, throws the loss as far, but it falls
by then; and of a network that was trained before, whose loss begins at next to nothing, no
parameter doubles.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any, NamedTuple, NoReturn

from nn.dead_layers import DeadLayers
from nn.not_finite import NotFinite
from nn.run import Run
from nn.steps import Steps

MARK = 20  # steps: to mark an epoch costs about as much as a tenth of one
FAR, FAR_MARKS = 1000.0, 3  # times the first epoch's loss, and how often in a row
GROWN = 10.0  # times the lowest loss: what is not finite after that was on its way there


class _Low(NamedTuple):
    """A marked epoch, its loss, and the parameters that it began with."""

    epoch: int
    loss: float
    parameters: Any


class Course:
    """What one may have to go back to, or to tell of; `objectives` gets that of each step done."""

    def __init__(self, run: Run, steps: Steps) -> None:
        self.next_mark = 0  # an epoch, or one that has been
        self.objectives: deque[float] = deque(maxlen=steps.batches)
        self._run, self._steps = run, steps
        self._kept: Any = None  # what the marked epoch begins with
        self._first = -math.inf  # the loss of the first epoch
        self._low: _Low | None = None
        self._far: list[float] = []  # the losses of the marked epochs in a row that are far above
        self._dead_layers = DeadLayers(run, steps)

    def begin(self, epoch: int) -> None:
        """A marked epoch begins."""
        self._kept, self.next_mark = self._steps.kept(), epoch + -(-MARK // self._steps.batches)

    def end(self, epoch: int, is_last: bool) -> None:
        """It has ended.

        FloatingPointError where the loss has run away; a RuntimeWarning for a layer that is dead.
        """
        loss = self._mean()
        if self._low is None:
            self._first = loss
        if self._low is None or loss < self._low.loss:
            self._low = _Low(epoch, loss, self._kept)
        self._dead_layers.look_for(epoch)
        self._far = [*self._far, loss] if loss > FAR * self._first else []
        is_far = len(self._far) >= FAR_MARKS and loss == max(self._far)
        if (is_far or (is_last and len(self._far) > 1)) and self._has_grown_since(self._low):
            self._go_back("training diverges", epoch, self._low)

    def break_off(self, error: NotFinite, epoch: int) -> NoReturn:
        """FloatingPointError for a step that was not taken."""
        what, low = error.at(epoch), self._low
        if low is None and self.objectives:
            low = _Low(epoch, self.objectives[0], self._kept)
        if low is None and error.is_computed:
            raise FloatingPointError(
                f"{what}. The parameters are as they were given. Find the operation with "
                "eager=True inside autograd.detect_anomaly()"
            ) from None
        is_high = low and self._mean() > max(GROWN * low.loss, self._first)
        if low and is_high and self._has_grown_since(low):
            self._go_back(what, epoch, low)
        raise FloatingPointError(
            f"{what}. The parameters are those of the step before. Try a smaller learning rate, or "
            "find the operation with eager=True inside autograd.detect_anomaly()"
        ) from None

    def _mean(self) -> float:
        """The mean objective of as many steps as make an epoch, the last ones."""
        return sum(self.objectives) / len(self.objectives)

    def _has_grown_since(self, low: _Low) -> bool:
        """Whether the largest parameter has at least doubled."""
        now, then = (max(map(abs, p)) for p in (self._steps.kept(), low.parameters))
        return bool(now >= 2.0 * then)

    def _go_back(self, what: str, epoch: int, low: _Low) -> NoReturn:
        """FloatingPointError, with the parameters from where the loss was lowest."""
        self._steps.restore(low.parameters)
        rate = self._run.optimizer.learning_rate
        advice = "a smaller learning rate" if callable(rate) else f"a learning rate below {rate:g}"
        raise FloatingPointError(
            f"{what}; by epoch {epoch} the loss has grown to {self.objectives[-1]:.3g}, from "
            f"{low.loss:.3g} in epoch {low.epoch}. The parameters are those that epoch {low.epoch} "
            f"began with. Try {advice}, or features of one scale: nn.datasets.standardise(X)"
        ) from None
