"""First names as texts for a language model: a list that comes along, letters as tokens, back."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nn.checking import given, whole

LETTERS = "abcdefghijklmnopqrstuvwxyz"
BOUNDARY = len(LETTERS)  # the token that stands before a name and after it
TOKENS = len(LETTERS) + 1


def load() -> list[str]:
    """Given names of many languages, each once, of 2 to 11 letters from a to z.

    >>> names = load()
    >>> len(names) > 1000, "maria" in names
    (True, True)
    """
    return Path(__file__).with_name("names.txt").read_text(encoding="ascii").split()


def encoded(name: str) -> list[int]:
    """The tokens of a name between two boundaries; ValueError for another sign than a to z.

    TypeError for what is no string.

    >>> encoded("anna")
    [26, 0, 13, 13, 0, 26]
    """
    if not isinstance(name, str):
        raise TypeError(f"a name is a string of letters from a to z, not {given(name)}")
    tokens = [LETTERS.find(letter) for letter in name]
    if -1 in tokens or not tokens:
        raise ValueError(f"a name has letters from a to z, in lower case, not {given(name)}")
    return [BOUNDARY, *tokens, BOUNDARY]


def decoded(tokens: Iterable[int]) -> str:
    """The letters of tokens; boundaries are left out. ValueError for a token that is neither.

    >>> decoded([26, 0, 13, 13, 0, 26])
    'anna'
    """
    return "".join(_sign(whole(token, "a token", minimum=0)) for token in tokens)


def _sign(token: int) -> str:
    if token >= TOKENS:
        raise ValueError(
            f"{token} is no token of a name: letters are 0 to {BOUNDARY - 1}, "
            f"and {BOUNDARY} is what begins and ends it"
        )
    return "" if token == BOUNDARY else LETTERS[token]
