"""The table that `make bench` prints, a row at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

COLUMNS = (("workload", 48), ("engine", 44), ("figure", 46), ("first call", 10))


@dataclass(frozen=True)
class Row:
    """One engine's figure, the time to its first answer, and ours divided by it."""

    workload: str
    engine: str
    figure: str
    first_call: str = ""  # from the numbers to the first answer, compilation included
    ratio: float | None = None


def write(rows: Iterable[Row]) -> None:
    """Print each row as soon as it is measured."""
    print(*[f"{title:{width}}" for title, width in COLUMNS], "ratio")
    for row in rows:
        cells = (row.workload, row.engine, row.figure, row.first_call)
        padded = [f"{cell:{width}}" for cell, (_, width) in zip(cells, COLUMNS, strict=True)]
        print(*padded, "" if row.ratio is None else f"{row.ratio:.3f}", flush=True)


def attempted(workload: str, engine: str, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, or one that says why there are none."""
    try:
        yield from rows
    except RuntimeError as error:
        yield Row(workload, engine, f"failed: {error}")


def number(x: float) -> str:
    """Three digits that count."""
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"
