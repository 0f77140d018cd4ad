"""Measure every operation of the table against mpmath, and write ACCURACY.md.

`python -m tests.accuracy`, some minutes. PyTorch and JAX are measured beside it if they are
installed, and the judge itself is proved with python-flint if that is. `--only tanh,exp` prints the
page of some rows and writes nothing. The exit status is 1, and the rows are named, where a target
is missed.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from autograd.ops import TABLE
from tests.accuracy.measure import Row, measure, points_of
from tests.accuracy.peers import installed
from tests.accuracy.proof import Prover
from tests.accuracy.table import page

PAGE = Path(__file__).resolve().parents[2] / "ACCURACY.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where every row is as promised, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__)
    parser.add_argument("--only", help="some rows, by name, with commas between them")
    parser.add_argument("--points", type=int, default=900, help="arguments a row (900)")
    parser.add_argument("--seed", type=int, default=0, help="of the arguments (0)")
    chosen = parser.parse_args(arguments)
    names = chosen.only.split(",") if chosen.only else list(TABLE)
    if unknown := set(names) - set(TABLE):
        parser.error(f"no row {', '.join(sorted(unknown))}; there are {', '.join(TABLE)}")
    peers, prover = installed(), _prover()
    rows: list[Row] = []
    for name in names:
        print(name, file=sys.stderr, flush=True)
        op = TABLE[name]
        row, truths = measure(op, points_of(op, chosen.seed, chosen.points), peers)
        rows.append(row)
        for truth in truths if prover else ():
            prover.check(truth)
    text = page(rows, peers, _proof(prover), "python -m tests.accuracy")
    if chosen.only:
        print(text)
    else:
        PAGE.write_text(text, encoding="utf-8")
        print(f"wrote {PAGE}", file=sys.stderr)
    misses = [miss for row in rows for miss in row.misses]
    misses += [
        f"the judge: {truth.name}{truth.operands} is {found!r}, not {truth.expected!r}"
        for truth, found in (prover.refuted if prover else [])
    ]
    print(*misses, sep="\n", file=sys.stderr)
    return 1 if misses else 0


def _prover() -> Prover | None:
    try:
        return Prover()
    except ImportError:
        return None


def _proof(prover: Prover | None) -> str:
    """What is known of the judge, in a sentence."""
    if prover is None:
        return "(python-flint, which proves it, was not installed.)"
    proved = prover.tried - len(prover.open) - len(prover.refuted)
    wide = sum(math.isfinite(truth.expected) for truth in prover.open)
    return (
        f"{proved:,} of {prover.tried:,} truths are proved: Arb's ball around the exact number "
        f"rounds to that very float. Of the others {len(prover.open) - wide} are infinite, and of "
        f"{wide} the ball stayed too wide."
    )


if __name__ == "__main__":
    sys.exit(main())
