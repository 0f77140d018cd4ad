"""First names as texts for a language model: a list that comes along, letters as tokens, back."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nn.checking import given

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

    >>> encoded("anna")
    [26, 0, 13, 13, 0, 26]
    """
    tokens = [LETTERS.find(letter) for letter in name]
    if -1 in tokens or not tokens:
        raise ValueError(f"a name has letters from a to z, in lower case, not {given(name)}")
    return [BOUNDARY, *tokens, BOUNDARY]


def decoded(tokens: Iterable[int]) -> str:
    """The letters of tokens; boundaries are left out.

    >>> decoded([26, 0, 13, 13, 0, 26])
    'anna'
    """
    return "".join(LETTERS[token] for token in tokens if token != BOUNDARY)
