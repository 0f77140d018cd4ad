"""Samples and their targets as arrays."""

from __future__ import annotations

from numbers import Real
from typing import Any, NamedTuple

import numpy

from nn.checking import given
from nn.random_arrays import Floats
from nn.samples import Sample


class SampleArrays(NamedTuple):
    """Features and targets, a row for each sample; whether a target is a number, or else a list."""

    X: Floats
    y: Floats
    are_numbers: bool


def sample_arrays(samples: list[Sample]) -> SampleArrays:
    """The samples as arrays; TypeError where targets are no numbers and no lists of so many."""
    targets = [target for _, target in samples]
    are_numbers = all(isinstance(t, Real) for t in targets)
    rows = [[t] for t in targets] if are_numbers else targets
    for row in rows:
        _refuse_ragged(row, rows[0])
    X = numpy.array([x for x, _ in samples], dtype=float)
    return SampleArrays(X, numpy.array(rows, dtype=float), are_numbers)


def _refuse_ragged(target: Any, first: Any) -> None:
    is_list = isinstance(target, (list, tuple)) and isinstance(first, (list, tuple))
    if not (is_list and len(target) == len(first) and all(isinstance(t, Real) for t in target)):
        raise TypeError(
            "expected targets that are all numbers, or all lists of as many numbers, "
            f"not {given(first)} and {given(target)}"
        )
