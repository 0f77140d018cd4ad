"""The derivatives of one function at one point, by both modes, beside its finite differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autograd.testing.agreement import Tolerance, complaint, kink_hint
from autograd.testing.finite import Slope, slopes, unit
from autograd.testing.flat import FlatFunction
from autograd.testing.rounding import slopes_added, values_added
from autograd.transforms import vjp

if TYPE_CHECKING:
    from autograd.tree import Tree

MODES = ("forward", "reverse")


class GradientError(AssertionError):
    """A derivative that is not what finite differences give."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One function at one point, with what one reverse sweep tells of it."""

    function: FlatFunction
    weights: list[float]  # of the outputs, in the sum that reverse mode differentiates
    tolerance: Tolerance
    gradient: list[float]
    values_added: list[float]  # for each output
    slopes_added: list[float]  # for each coordinate

    @staticmethod
    def of(function: FlatFunction, weights: list[float], tolerance: Tolerance) -> Comparison:
        """Sweep once, and see in passing how much the graph adds up."""
        values: list[float] = []
        slopes: list[float] = []

        def watched(xs: list[Tree]) -> list[Tree]:
            outputs = function.call(xs)
            values[:] = values_added(outputs)
            slopes[:] = slopes_added(outputs, weights, xs)
            return outputs

        gradient = vjp(watched, list(function.point.coordinates))[1](weights)[0]
        return Comparison(function, weights, tolerance, gradient, values, slopes)

    def of_modes(self, tangent: list[float]) -> None:
        """Forward = reverse, along a direction that moves every number."""
        forward = _dot(self.weights, self.function.pushed(tangent)(self._x()))
        reverse = _dot(tangent, self.gradient)
        tolerance = self.tolerance.of_rounding(self._terms(tangent))
        if abs(forward - reverse) > tolerance:  # nan is left to the finite differences
            raise GradientError(
                f"along a random direction forward mode gives {forward}, and reverse mode "
                f"{reverse} (tolerance {tolerance:.3g}), at {self._order()}"
            )

    def along(self, name: str, direction: list[float], modes: Sequence[str]) -> None:
        """The modes with finite differences; without a name, find the number that is wrong."""
        try:
            self._compare(name or "a random direction", direction, modes)
        except GradientError:
            if not name:
                for i, place in enumerate(self.function.point.names):
                    self._compare(place, unit(direction, i), modes)
            raise

    def _compare(self, name: str, direction: list[float], modes: Sequence[str]) -> None:
        differences = slopes(self.function.evaluate, self._x(), direction, self.values_added)
        outputs = self.function.outputs
        if "forward" in modes:
            pushed = self.function.pushed(direction)(self._x())
            for output, found, expected in zip(outputs, pushed, differences, strict=True):
                self._judge("forward", f"{output} by {name}", direction, found, expected)
        if "reverse" in modes:
            output = outputs[0] if len(outputs) == 1 else "a weighted sum of the outputs"
            found = _dot(direction, self.gradient)
            expected = Slope.sum(self.weights, differences)
            self._judge("reverse", f"{output} by {name}", direction, found, expected)

    def _judge(
        self, mode: str, what: str, direction: list[float], found: float, expected: Slope
    ) -> None:
        wrong = complaint(found, expected, self._terms(direction), self.tolerance)
        if wrong:
            of = "" if what.startswith(" ") else " of "
            modes = " over ".join((mode, *self.function.modes))
            hint = kink_hint(lambda t: self._at(t, direction))
            raise GradientError(
                f"the derivative{of}{what} {wrong}, in {modes} mode, {self._order()}{hint}"
            )

    def _terms(self, direction: Sequence[float]) -> float:
        return _dot(list(map(abs, direction)), self.slopes_added)

    def _at(self, t: float, direction: list[float]) -> float:
        moved = [a + t * d for a, d in zip(self._x(), direction, strict=True)]
        return _dot(self.weights, self.function.evaluate(moved))

    def _x(self) -> list[float]:
        return list(self.function.point.coordinates)

    def _order(self) -> str:
        return f"order {len(self.function.modes) + 1}"


def _dot(weights: Sequence[float], xs: Sequence[float]) -> float:
    return sum(w * x for w, x in zip(weights, xs, strict=True) if w)
