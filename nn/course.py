"""The course of a training's loss: where it was lowest, and whether it has run away.

An epoch every 20 steps is marked, the first and the last too. A loss is far above where it has
risen from the lowest marked one by over 1,000 times the first epoch's or that lowest one itself,
whichever is larger in magnitude: losses may be negative. It has run away where it is far above in
three marked epochs in a row or more, the highest in the last, and the largest parameter has at
least doubled since the lowest; in the last two of a training it need not be the highest. A first
step too long, which Adam takes back, throws the loss as far, but it falls by then; and of a network
that was trained before, whose loss begins at next to nothing, no parameter doubles.

What it remembers is in the Standing, which a checkpoint holds: a training that goes on from one is
judged as if it had never been stopped.
"""

from __future__ import annotations

from collections import deque
from typing import Any, NoReturn

from nn.dead_layers import DeadLayers
from nn.not_finite import NotFinite
from nn.run import Low, Marks, Run, Standing
from nn.steps import Steps

MARK = 20  # steps: to mark an epoch costs about as much as a tenth of one
FAR, FAR_MARKS = 1000.0, 3  # times the first or the lowest loss, and how often in a row
GROWN = 10.0  # times the lowest loss: what is not finite after such a rise was on its way there


class Course:
    """What one may have to go back to, or to tell of; `objectives` gets that of each step done."""

    def __init__(self, run: Run, steps: Steps, standing: Standing) -> None:
        self.objectives = deque(standing.objectives, maxlen=steps.batches)
        standing.objectives = self.objectives
        self._run, self._steps, self._standing = run, steps, standing
        self._kept: Any = None  # what the marked epoch begins with
        self._dead_layers = DeadLayers(run, steps)

    def begin(self) -> None:
        """A marked epoch begins."""
        self._kept = self._steps.kept()

    def end(self, epoch: int, is_last: bool) -> None:
        """It has ended.

        FloatingPointError where the loss has run away; a RuntimeWarning for a layer that is dead.
        """
        self._dead_layers.look_for(epoch)
        loss, marks = self._mean(), self._standing.marks
        first, low = (loss, None) if marks.low is None else (marks.first, marks.low)
        if low is None or loss < low.loss:
            low = Low(epoch, loss, self._kept)
        far = marks.far + 1 if _is_far(loss, first, low) else 0
        highest = max(loss, marks.highest) if far > 1 else loss
        is_away = (far >= FAR_MARKS and loss == highest) or (is_last and far > 1)
        if is_away and self._has_grown_since(low):
            self._go_back("training diverges", epoch, low)
        if epoch >= marks.next:  # the last epoch alone is no mark: with more of them it was none
            after = epoch + -(-MARK // self._steps.batches)
            self._standing.marks = Marks(after, first, low, far, highest)

    def may_run_away(self) -> bool:
        """Whether the epoch's loss is far above and a parameter has grown, in a single epoch."""
        marks = self._standing.marks
        return (
            marks.low is not None
            and _is_far(self._mean(), marks.first, marks.low)
            and self._has_grown_since(marks.low)
        )

    def break_off(self, error: NotFinite, epoch: int) -> NoReturn:
        """FloatingPointError for a step that was not taken."""
        what, first, low = error.at(epoch), self._standing.marks.first, self._standing.marks.low
        if error.advice:
            raise FloatingPointError(f"{what}. {error.advice}") from None
        if low is None and self.objectives:
            first = self.objectives[0]
            low = Low(epoch, first, self._kept)
        if low is None and error.is_computed:
            raise FloatingPointError(
                f"{what}. The parameters are as they were given. Find the operation with "
                f"{self._steps.search}"
            ) from None
        if low and self._has_grown_since(low):
            loss = self._mean()
            if loss > first and loss - low.loss > GROWN * abs(low.loss):
                self._go_back(what, epoch, low)
        raise FloatingPointError(
            f"{what}. The parameters are those of the step before. Try a smaller learning rate, or "
            f"find the operation with {self._steps.search}"
        ) from None

    def _mean(self) -> float:
        """The mean objective of as many steps as make an epoch, the last ones."""
        return sum(self.objectives) / len(self.objectives)

    def _has_grown_since(self, low: Low) -> bool:
        """Whether the largest parameter has at least doubled."""
        now, then = (max(map(abs, p)) for p in (self._steps.kept(), low.parameters))
        return bool(now >= 2.0 * then)

    def _go_back(self, what: str, epoch: int, low: Low) -> NoReturn:
        """FloatingPointError, with the parameters from where the loss was lowest."""
        self._steps.restore(low.parameters)
        rate = self._run.optimizer.learning_rate
        advice = "a smaller learning rate" if callable(rate) else f"a learning rate below {rate:g}"
        raise FloatingPointError(
            f"{what}; by epoch {epoch} the loss has grown to {self.objectives[-1]:.3g}, from "
            f"{low.loss:.3g} in epoch {low.epoch}. The parameters are those that epoch {low.epoch} "
            f"began with. Try {advice}, or features of one scale: nn.datasets.standardise(X)"
        ) from None


def _is_far(loss: float, first: float, low: Low) -> bool:
    """Whether the loss is far above the lowest one.

    >>> _is_far(2000.0, 1.0, Low(1, 0.5, []))
    True
    >>> _is_far(-10.0, -20.0, Low(1, -30.0, []))
    False
    """
    return loss - low.loss > FAR * max(abs(first), abs(low.loss))
