"""What is refused before anything changes, and the words it is refused in."""

from __future__ import annotations

import math
import operator
import reprlib
from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from random import Random
from typing import Any, Protocol


class Array(Protocol):
    """An array or a series of any library that can say itself as lists."""

    def tolist(self) -> Any: ...


Samples = Sequence[Sequence[float]] | Array
Targets = Sequence[Any] | Array

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 50
LONGEST = 200  # characters of what was passed


def given(x: object) -> str:
    """What the caller passed, in few words: its type and the beginning of its repr."""
    text = "None" if x is None else f"{type(x).__name__} {_short.repr(x)}"
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


# -- single numbers ------------------------------------------------------------------------------


def whole(x: object, name: str, minimum: int = 1) -> int:
    """x as an int; TypeError if it is no whole number, ValueError if it is below the minimum."""
    expected = f"{name} is a whole number, at least {minimum}"
    if isinstance(x, bool):
        raise TypeError(f"{expected}, not {given(x)}")
    try:
        number = operator.index(x)  # type: ignore[arg-type]  # that it may be anything is the point
    except TypeError:
        raise TypeError(f"{expected}, not {given(x)}") from None
    if number < minimum:
        raise ValueError(f"{expected}, not {number}")
    return number


def real(x: object, name: str, allowed: Callable[[float], bool], expected: str) -> float:
    """x as a float that is allowed; TypeError if it is no real number, else ValueError.

    >>> real(1.5, "rate", lambda rate: 0 <= rate < 1, "in [0, 1)")
    Traceback (most recent call last):
        ...
    ValueError: rate is a number in [0, 1), not 1.5
    """
    if isinstance(x, bool) or not isinstance(x, Real):
        raise TypeError(f"{name} is a number {expected}, not {given(x)}")
    number = float(x)
    if not allowed(number):
        raise ValueError(f"{name} is a number {expected}, not {number}")
    return number


def rate(x: object, name: str = "rate") -> float:
    """A share that may be nothing but not all: in [0, 1)."""
    return real(x, name, lambda number: 0.0 <= number < 1.0, "in [0, 1)")


def positive(x: object, name: str) -> float:
    """A finite number above zero."""
    return real(x, name, lambda number: 0.0 < number < math.inf, "above 0")


def not_negative(x: object, name: str) -> float:
    """A finite number, zero or above."""
    return real(x, name, lambda number: 0.0 <= number < math.inf, "of at least 0")


def random_source(seed: int | None, rng: Random | None) -> Random:
    """The given generator, or a new one from the seed; both at once is a ValueError."""
    if rng is None:
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
            raise TypeError(f"seed is an int or None, not {given(seed)}")
        return Random(seed)
    if seed is not None:
        raise ValueError("give a seed or an rng, not both: the rng has its own state")
    if not isinstance(rng, Random):
        raise TypeError(f"rng is a random.Random, not {given(rng)}; write random.Random(0)")
    return rng


# -- data ----------------------------------------------------------------------------------------


def rows(X: Samples, name: str = "X") -> list[list[float]]:
    """X as lists of floats, one for each sample, all of one length and all finite.

    TypeError where something is no list or no number; ValueError for no samples, no features,
    samples of several lengths, a nan or an infinity, with its place.
    """
    table = listed(X, name, "samples, each a list of its features")
    if not table:
        raise ValueError(f"{name} is empty; expected at least one sample")
    result = [_features(row, f"{name}[{i}]") for i, row in enumerate(table)]
    width = len(result[0])
    for i, row in enumerate(result):
        if len(row) != width:
            raise ValueError(
                f"{name}[{i}] has {len(row)} features and {name}[0] has {width}; "
                "all samples need the same number of features"
            )
    return result


def _features(row: object, place: str) -> list[float]:
    if isinstance(row, Real):
        raise TypeError(
            f"{place} is the number {row}, not a list of features; for one feature write "
            "[[x] for x in X]"
        )
    numbers = [finite(x, f"{place}[{j}]") for j, x in enumerate(listed(row, place, "features"))]
    if not numbers:
        raise ValueError(f"{place} has no features; expected at least one number")
    return numbers


def listed(x: object, name: str, of: str) -> Sequence[Any]:
    """A list, tuple or array as a sequence of Python objects; TypeError for anything else."""
    if hasattr(x, "to_numpy"):  # a table or a column of a dataframe library
        x = x.to_numpy()
    if hasattr(x, "tolist"):
        x = x.tolist()
    if isinstance(x, (list, tuple)):
        return x
    raise TypeError(f"{name} is a list or an array of {of}, not {given(x)}")


def finite(x: object, place: str) -> float:
    """x as a float; TypeError if it is no real number, ValueError if it is nan or infinite."""
    if x.__class__ is not float:
        if not isinstance(x, Real):
            raise TypeError(f"{place} is {given(x)}, not a number; turn it into one first")
        try:
            x = float(x)
        except OverflowError:
            raise ValueError(f"{place} is {given(x)}, too large for a float; scale it") from None
    assert isinstance(x, float)
    if not math.isfinite(x):
        raise ValueError(
            f"{place} is {x}; leave out or fill in what is missing or infinite before training"
        )
    return x


def same_length(X: Sequence[object], y: Sequence[object], names: tuple[str, str]) -> None:
    """ValueError unless there is one target for each sample."""
    if len(X) != len(y):
        raise ValueError(
            f"{names[0]} has {len(X)} samples and {names[1]} has {len(y)} targets; "
            "expected one target for each sample"
        )


def functions(fs: Iterable[Callable[..., float]] | Callable[..., float], name: str) -> list[Any]:
    """One function or several as a list; TypeError where one cannot be called."""
    if not callable(fs) and not isinstance(fs, Iterable):
        raise TypeError(f"{name} are functions such as nn.accuracy, not {given(fs)}")
    chosen = [fs] if callable(fs) else list(fs)
    for f in chosen:
        if not callable(f):
            raise TypeError(f"{name} are functions such as nn.accuracy, not {given(f)}")
    return chosen
