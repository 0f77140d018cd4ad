"""What a model's file may say: each part of it is judged before it is used."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from nn.checking import given

Judge = Callable[[Any, str], None]  # (what the file says, where): ModelFileError unless it may
MAX_DEPTH = 100  # of JSON: the parser is recursive in C, and a small stack ends the process
_BRACKET_OR_STRING = re.compile(r'[\[\]{}]|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
MAX_DIGITS = 20  # of a whole number: longer ones take Python time that grows with their square


class ModelFileError(ValueError):
    """A file that is no model of `nn.save`, or no longer one; it says what is wrong in which."""


def json_of(text: str, place: str) -> Any:
    """The JSON in the text; ModelFileError where it is none, or not one thing only.

    Refused are a key that stands twice, NaN and Infinity, a number beyond the floats, and what is
    nested deeper than 100. O(characters).

    >>> json_of('{"width": 1, "width": 2}', "the header")
    Traceback (most recent call last):
        ...
    nn.distrust.ModelFileError: the header is no JSON to trust: the key 'width' stands twice
    """
    _refuse_deep(text, place)
    try:
        found = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_short,
        )
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode("utf-8")  # or half of a surrogate pair
        return found
    except ValueError as error:
        raise ModelFileError(f"{place} is no JSON to trust: {error}") from None


def _refuse_deep(text: str, place: str) -> None:
    depth = 0
    for match in _BRACKET_OR_STRING.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > MAX_DEPTH:
            raise ModelFileError(f"{place} is nested too deeply, more than {MAX_DEPTH}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, x in pairs:
        if key in found:
            raise ValueError(f"the key {key!r:.60} stands twice")
        found[key] = x
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number that JSON has")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits:.20} is beyond the floats")
    return number


def _short(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a whole number has {len(digits)} digits")
    return int(digits)


# -- judges --------------------------------------------------------------------------------------


def judge_fields(x: Any, fields: Mapping[str, Judge], place: str) -> None:
    """An object with just these fields, each as its judge wants it."""
    if type(x) is not dict:
        raise ModelFileError(f"{place} is {given(x)}, not an object with {', '.join(fields)}")
    for name in x:
        if name not in fields:
            raise ModelFileError(f"{place} has an unknown field {given(name)}")
    for name, judge in fields.items():
        if name not in x:
            raise ModelFileError(f"{place} lacks the field {name!r}")
        judge(x[name], f"{place}: {name}")


def whole_between(least: int, most: int) -> Judge:
    """A judge of whole numbers; true and false are none."""

    def judge(x: Any, place: str) -> None:
        if type(x) is not int or not least <= x <= most:
            raise ModelFileError(
                f"{place} is {given(x)}, not a whole number from {least} to {most}"
            )

    return judge


def judge_text(x: Any, place: str) -> None:
    """Any text."""
    if type(x) is not str:
        raise ModelFileError(f"{place} is {given(x)}, not text")


def list_of(judge_item: Judge, least: int = 0) -> Judge:
    """A judge of lists that hold at least so many items, each as its judge wants it."""

    def judge(x: Any, place: str) -> None:
        if type(x) is not list or len(x) < least:
            raise ModelFileError(f"{place} is {given(x)}, not a list of at least {least}")
        for i, item in enumerate(x):
            judge_item(item, f"{place}[{i}]")

    return judge
