"""Many floats as little-endian doubles, which keeps every bit; as text they are in base64."""

from __future__ import annotations

import sys
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable


def packed(numbers: Iterable[float]) -> str:
    """The numbers as text.

    >>> packed([1.0, -0.0])
    'AAAAAAAA8D8AAAAAAAAAgA=='
    """
    return b64encode(little_endian(numbers)).decode("ascii")


def unpacked(text: str) -> list[float]:
    """The numbers of such a text.

    >>> unpacked(packed([0.1, 2.0]))
    [0.1, 2.0]
    """
    return doubles(b64decode(text)).tolist()


def doubles(content: bytes) -> array[float]:
    """The numbers that `little_endian` made these bytes of.

    >>> doubles(little_endian([0.1, -0.0]))
    array('d', [0.1, -0.0])
    """
    found = array("d")
    found.frombytes(content)
    if sys.byteorder == "big":
        found.byteswap()
    return found


def little_endian(numbers: Iterable[float]) -> bytes:
    """The numbers' bytes, the same on every machine.

    >>> little_endian([1.0])
    b'\\x00\\x00\\x00\\x00\\x00\\x00\\xf0?'
    """
    ours = array("d", numbers)
    if sys.byteorder == "big":
        ours.byteswap()
    return ours.tobytes()
