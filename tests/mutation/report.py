"""The summary of a campaign: how many mutants of each group were killed, and every survivor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.mutation.mutants import Mutant
from tests.mutation.results import CAUGHT, Results, counted, explained, wilson

HEAD = (
    "| mutants of | run | killed | timed out | crashed | equivalent | survive | killed, 95 % |",
    "| --- | --: | --: | --: | --: | --: | --: | :-- |",
)


def report(groups: Mapping[str, Sequence[Mutant]], results: Results, page: Path) -> int:
    """Print it and write it to the page; 1 where a mutant survives that nobody has explained."""
    reasons, known = explained(), results.latest
    found = {
        name: [known[m.key] for m in group if m.key in known] for name, group in groups.items()
    }
    lines = list(HEAD)
    lines += [
        _row(name, found[name], len(group), reasons) for name, group in groups.items() if group
    ]
    rows = [row for group in found.values() for row in group]
    lines += _listed(rows, reasons)
    text = "\n".join(lines) + "\n"
    page.write_text(text, encoding="utf-8")
    print(text)
    return int(counted(rows, reasons)["survived"] > 0)


def _row(
    name: str, rows: Sequence[Mapping[str, Any]], mutants: int, reasons: Mapping[str, str]
) -> str:
    """Killed is of those that are not equivalent."""
    counts = counted(rows, reasons)
    caught = sum(counts[outcome] for outcome in CAUGHT)
    low, high = wilson(caught, caught + counts["survived"])
    share = caught / max(1, caught + counts["survived"])
    cells = [name, f"{len(rows)} of {mutants}", *(str(n) for n in counts.values())]
    return f"| {' | '.join(cells)} | {share:.1%} [{low:.1%}, {high:.1%}] |"


def _listed(rows: Sequence[Mapping[str, Any]], reasons: Mapping[str, str]) -> list[str]:
    """The survivors by reason; what an explanation says of a mutant that is killed, no more."""
    by_reason: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["outcome"] not in CAUGHT:
            by_reason[reasons.get(row["key"], "")].append(row)
        elif row["key"] in reasons:
            by_reason["Explained as equivalent, yet killed"].append(row)
    lines = []
    for reason, group in sorted(by_reason.items()):
        lines += ["", f"{reason or 'Not explained'}:", ""]
        for row in group:
            where, before, after = row["key"].split("\n")
            scope = where.removeprefix(row["path"]).strip() or "the module"
            lines.append(f"- {row['path']}:{row['line']} in {scope}: `{before}` `{after}`")
    return lines
