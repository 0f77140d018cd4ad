"""Our docstrings as the reStructuredText that Sphinx reads: prose, `code` and doctests, no more.

A docstring is plain text in paragraphs: what stands in backquotes is code, a paragraph that
begins with `>>>` is a doctest, and no other character means anything but itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import groupby

MARKUP = re.compile(r"[\\*_|<>]")  # what reStructuredText would take for its own
LIST = re.compile(r"[-+•:.]|[\w#(]{1,3}[.)] ")  # at the beginning of a paragraph

Target = Callable[[str], str]  # the full name that a backquoted text links to, "" for none


def as_rst(lines: Iterable[str], target: Target = lambda code: "") -> list[str]:
    """The lines of a docstring, without their indentation, as lines of reStructuredText."""
    text: list[str] = []
    for blank, group in groupby(lines, key=lambda line: not line.strip()):
        if blank:
            continue
        paragraph = list(group)
        if not paragraph[0].startswith(">>> "):
            paragraph = [_prose(" ".join(map(str.strip, paragraph)), target)]
        text += [*paragraph, ""]
    return text


def _prose(paragraph: str, target: Target) -> str:
    """A paragraph: between an odd backquote and an even one is code."""
    parts = paragraph.split("`")
    if len(parts) % 2 == 0:
        raise ValueError(f"a backquote too many or too few in {paragraph!r}")
    parts[0::2] = [MARKUP.sub(r"\\\g<0>", prose) for prose in parts[0::2]]
    parts[1::2] = [_code(code, target) for code in parts[1::2]]
    first = "\\" if LIST.match(paragraph) else ""
    return first + "".join(parts)


def _code(code: str, target: Target) -> str:
    """Code, a link where it is a name; `\\ ` is nothing, and lets any character stand beside it."""
    name = target(code)
    return f"\\ :py:obj:`{code} <{name}>`\\ " if name else f"\\ ``{code}``\\ "
