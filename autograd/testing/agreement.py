"""Whether a derivative agrees with a finite difference, and if not, what to say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from sys import float_info

from autograd.testing.finite import Slope

NOISE = 2.0**-40  # rounding of a few thousand operations, as a part of all the terms they add up
RELATIVE = 1e-6  # finite differences give nine digits and more of an ordinary function
ERRORS = 10.0  # an estimate from two extrapolations may be that much too small
UNDECIDED = 1e-3  # a tolerance above this part of all that is compared says nothing
KINK_STEP = 1e-5  # of one-sided differences, which tell a kink from a wrong rule


@dataclass(frozen=True, slots=True)
class Tolerance:
    """`absolute` + `relative` of the larger number + rounding + ten times the estimated error."""

    relative: float = RELATIVE
    absolute: float = 0.0

    def of(self, found: float, expected: Slope, terms: float) -> float:
        size = max(abs(found), abs(expected.value))
        return self.of_rounding(terms) + self.relative * size + ERRORS * expected.error

    def of_rounding(self, terms: float) -> float:
        return self.absolute + NOISE * terms + float_info.min

    def is_useless(self, found: float, expected: Slope, terms: float) -> bool:
        """Whether a wrong derivative would be inside it too."""
        size = abs(found) + abs(expected.value) + expected.size + terms
        return ERRORS * expected.error > self.absolute + UNDECIDED * size + float_info.min


def complaint(found: float, expected: Slope, terms: float, tolerance: Tolerance) -> str:
    """What is wrong with a derivative, as the end of a sentence; empty if nothing is.

    `terms` is the sum of the absolute values of all that the derivative was added up from.
    """
    if not isfinite(expected.value):
        return f"is {found}, but has no finite difference: f is not finite on both sides"
    near = f"finite differences give {expected.value} ± {expected.error:.2g}"
    difference, allowed = abs(found - expected.value), tolerance.of(found, expected, terms)
    if not isfinite(found):
        return f"is {found}, but {near}"
    if not difference <= allowed:
        return f"is {found}, but {near} (difference {difference:.3g}, tolerance {allowed:.3g})"
    if tolerance.is_useless(found, expected, terms):
        return f"is {found}, but {near}, too rough to judge by: check at other args, or give atol"
    return ""


def kink_hint(f: Callable[[float], float]) -> str:
    """What to add to a complaint where the slopes of f on the two sides of 0 differ."""
    below, above = (f(0.0) - f(-KINK_STEP)) / KINK_STEP, (f(KINK_STEP) - f(0.0)) / KINK_STEP
    curved = 100 * KINK_STEP * (abs(above) + abs(below) + abs(f(0.0)))
    if not abs(above - below) > curved:
        return ""
    return (
        f"; the slope is {below:.6g} on one side and {above:.6g} on the other: "
        "if there is a kink, check beside it"
    )
