"""Which products of lanes, summed over the lanes, share their factors.

The gradient of a layer's weights is every delta times every input: m·n sums of products of m + n
rows. Computed in tiles of a few rows by a few rows, each number is loaded once for several sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Pair = tuple[int, int]
SINGLES = 8  # products without common factors that are summed side by side


@dataclass(frozen=True, slots=True)
class Tiling:
    """Tiles of rows `a` by rows `b`, then single pairs, and the position of each sum among all.

    The sum of a[i]·b[j] in tile t has the position t·side² + i·side + j; the singles follow, padded
    with repetitions of the last to a multiple of eight.
    """

    side: int
    tiles: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    singles: tuple[Pair, ...]
    positions: dict[int, int]

    @property
    def count(self) -> int:
        """How many sums there are, repetitions included."""
        return self.side**2 * len(self.tiles) + len(self.singles)

    def rows(self) -> Iterator[int]:
        """Every factor, repeatedly."""
        for rows, columns in self.tiles:
            yield from rows
            yield from columns
        for pair in self.singles:
            yield from pair


def tiling(pairs: Mapping[int, Pair], side: int) -> Tiling:
    """Tiles for the products among `pairs`, by the slots of their sums. O(pairs).

    >>> outer = {10 * a + b: (a, b) for a in (1, 2) for b in (5, 6)}
    >>> tiling(outer | {99: (7, 8)}, 2).tiles
    (((1, 2), (5, 6)),)
    """
    waiting: dict[Pair, list[int]] = defaultdict(list)
    partners: dict[int, dict[int, None]] = defaultdict(dict)
    for slot, (a, b) in pairs.items():
        waiting[_key(a, b)].append(slot)
        partners[a][b] = None
        partners[b][a] = None
    tiles: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    positions: dict[int, int] = {}
    for rows, columns in _rectangles(partners):
        whole = [b for b in columns if all(waiting.get(_key(a, b)) for a in rows)]
        for i in range(0, len(rows) - side + 1, side):
            for j in range(0, len(whole) - side + 1, side):
                tile = rows[i : i + side], tuple(whole[j : j + side])
                found = [waiting[_key(a, b)] for a in tile[0] for b in tile[1]]
                if all(found) and len({_key(a, b) for a in tile[0] for b in tile[1]}) == side**2:
                    start = side**2 * len(tiles)
                    positions.update((slots.pop(), start + k) for k, slots in enumerate(found))
                    tiles.append(tile)
    singles: list[Pair] = []
    for pair, slots in waiting.items():
        for slot in slots:
            positions[slot] = side**2 * len(tiles) + len(singles)
            singles.append(pair)
    while len(singles) % SINGLES:
        singles.append(singles[-1])
    return Tiling(side, tuple(tiles), tuple(singles), positions)


def _key(a: int, b: int) -> Pair:
    return (a, b) if a <= b else (b, a)


def _rectangles(
    partners: Mapping[int, Mapping[int, None]],
) -> list[tuple[tuple[int, ...], list[int]]]:
    """Rows that are multiplied with the same others, and those others; the largest first."""
    alike: dict[frozenset[int], list[int]] = defaultdict(list)
    for row, others in partners.items():
        alike[frozenset(others)].append(row)
    found = [(tuple(rows), list(partners[rows[0]])) for rows in alike.values()]
    return sorted(found, key=lambda pair: -len(pair[0]) * len(pair[1]))
