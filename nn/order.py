"""The random order in which an epoch takes its samples."""

from __future__ import annotations

import struct
from random import Random


def drawn_order(count: int, rng: Random) -> list[int]:
    """The numbers below count, sorted by random keys of 32 bits, and by themselves in a tie.

    Not `rng.sample`, which draws number by number: keys come and are sorted in arrays as well.

    >>> sorted(drawn_order(5, Random(0)))
    [0, 1, 2, 3, 4]
    """
    keys = struct.unpack(f"<{count}I", rng.randbytes(4 * count))
    return sorted(range(count), key=keys.__getitem__)
