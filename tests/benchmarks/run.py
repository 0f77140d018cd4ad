"""One table: our workloads beside the peers', all from this run on this machine.

`python -m tests.benchmarks.run` (or `make bench`, which installs the peers first); `--only eager`
or `--only compiled` is one half of it; `--small` runs each workload once at a hundredth of its
size, to see that it works.
"""

from __future__ import annotations

import argparse
import platform
from itertools import chain

from tests.benchmarks import compiled, eager, table

HALVES = {"eager": eager.rows, "compiled": compiled.rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="once, at a hundredth of the size")
    parser.add_argument("--only", choices=HALVES, help="one half of the table")
    chosen = parser.parse_args()
    halves = [chosen.only] if chosen.only else HALVES
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}")
    print("one core, float64, the collector on unless said, medians of interleaved runs")
    print("ratio = ours / theirs, below 1 where ours is better\n")
    table.write(chain.from_iterable(HALVES[half](chosen.small) for half in halves))


if __name__ == "__main__":
    main()
