"""What each mutant came to, kept as a line of JSON as long as what it hangs on stays the same.

A kill belongs to the text of the mutated statement and of the test file that did it, a survival to
those of the whole file and of all the tests that missed it. The reasons why a mutant is no fault
are in `equivalent.toml`, by key.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from hashlib import sha256
from math import sqrt
from pathlib import Path
from typing import Any

EQUIVALENT = Path(__file__).with_name("equivalent.toml")
CAUGHT = ("killed", "timeout", "crashed")
Z_95 = 1.959963984540054  # the normal distribution's 97.5 % point


class Results:
    """A file of results that grows by a line a mutant; a line broken off at its end is dropped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        whole, _, broken = text.rpartition("\n")
        if broken:
            path.write_text(whole + "\n" if whole else "", encoding="utf-8")
        self.rows = [json.loads(line) for line in whole.splitlines()]
        self.latest = {row["key"]: row for row in self.rows}

    def add(self, row: dict[str, Any]) -> None:
        self.rows.append(row)
        self.latest[row["key"]] = row
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def identity(key: str, *texts: str) -> str:
    """Of a mutant beside the texts that its result hangs on."""
    digest = sha256(key.encode("utf-8"))
    for text in texts:
        digest.update(sha256(text.encode("utf-8")).digest())
    return digest.hexdigest()[:32]


def explained(path: Path = EQUIVALENT) -> dict[str, str]:
    """The reason for each mutant that no test can tell, or need tell, from the original."""
    with open(path, "rb") as file:
        groups = tomllib.load(file)["equivalent"]
    return {key: group["reason"] for group in groups for key in group["mutants"]}


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, J. Am. Stat. Assoc. 22, 1927)."""
    if not trials:
        return 0.0, 1.0
    share, spread = successes / trials, Z_95**2 / trials
    middle = (share + spread / 2.0) / (1.0 + spread)
    half = Z_95 / (1.0 + spread) * sqrt(share * (1.0 - share) / trials + spread / (4.0 * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def counted(rows: Iterable[Mapping[str, Any]], reasons: Mapping[str, str]) -> dict[str, int]:
    """How many were killed, timed out, crashed, are explained, and survive."""
    counts = dict.fromkeys([*CAUGHT, "explained", "survived"], 0)
    for row in rows:
        survived = row["outcome"] not in CAUGHT
        counts["explained" if survived and row["key"] in reasons else row["outcome"]] += 1
    return counts
