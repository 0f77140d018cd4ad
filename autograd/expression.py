"""Arithmetic written as text, read without ever being run as Python."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from autograd.grammar import ExpressionError, Step, pointing, steps_of
from autograd.real import describe
from autograd.value import Value, as_operand
from autograd.vocabulary import FUNCTIONS
from autograd.wording import visible

LONGEST = 10_000  # characters
CONSTANTS = {"pi": math.pi, "e": math.e}


def parse(text: str) -> Expression:
    """The expression that a text writes down, with operators that bind as in Python.

    Allowed are numbers, names, the operators of Values, comparisons, & | ~ of comparisons, lists as
    arguments, and calls of the functions of `autograd.functions`. Names stand for Values; `pi` and
    `e` are the constants unless given. Nothing in the text is executed, and a number is a float,
    so that no text can make a larger one.
    ExpressionError, a ValueError that points at the place, for anything else, for more than 10,000
    characters, and for more than 50 parentheses inside of one another; TypeError for what is no
    str. Costs O(characters).

    >>> f = parse("tanh(w * x) + 2")
    >>> f.names
    ('w', 'x')
    >>> f({"w": 0.0, "x": Value(3.0)}).data
    2.0
    >>> parse("2 ^ x")
    Traceback (most recent call last):
        ...
    autograd.grammar.ExpressionError: powers are written **
      2 ^ x
        ^
    """
    if not isinstance(text, str):
        raise TypeError(f"parse takes a text such as 'x * w', not {describe(text)}")
    if len(text) > LONGEST:
        raise ExpressionError(
            f"an expression has at most {LONGEST:,} characters, and this has {len(text):,}"
        )
    return Expression(text, steps_of(text))


class Expression:
    """A function of named numbers: it needs `names`, and those in `constants` may be given, too.

    Both are in the order of the text.
    """

    __slots__ = ("_steps", "constants", "names", "text")

    def __init__(self, text: str, steps: Sequence[Step]) -> None:
        self.text = text
        self._steps = tuple(steps)
        used = dict.fromkeys([what for kind, what, *_ in steps if kind == "name"])
        self.names = tuple([name for name in used if name not in CONSTANTS])
        self.constants = tuple([name for name in used if name in CONSTANTS])

    def __repr__(self) -> str:
        return f"<Expression {visible(self.text)}>"

    def __call__(self, given: Mapping[str, Value | float]) -> Value:
        """Its value where the names stand for these Values and numbers; others are not looked at.

        ExpressionError for a missing name, and for what a function does not take (lists of
        different lengths, an index outside of a list); TypeError for what is no number.
        """
        missing = [name for name in self.names if name not in given]
        if missing:
            raise ExpressionError(f"numbers are missing for: {', '.join(missing)}")
        results: list[Any] = []
        for kind, what, count, place in self._steps:
            if kind == "number":
                results.append(what)
            elif kind == "name":
                results.append(as_operand(given[what] if what in given else CONSTANTS[what]))
            else:
                operands = results[len(results) - count :]
                del results[len(results) - count :]
                results.append(operands if kind == "list" else self._call(what, operands, place))
        (result,) = results
        return result if isinstance(result, Value) else Value(result)

    def _call(self, name: str, operands: Sequence[Any], place: int) -> Any:
        try:
            return FUNCTIONS[name](*operands)
        except (TypeError, ValueError, IndexError) as error:
            raise ExpressionError(pointing(f"{error}", self.text, place)) from None
