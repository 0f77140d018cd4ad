"""Mutation testing: how many small wrong changes of the code the tests notice.

    python -m tests.mutation --rules         every mutant of the derivative rules
    python -m tests.mutation --sample 400    so many of all others, drawn by --seed
    python -m tests.mutation --report        what the runs so far have come to

It works on a copy in a temporary folder, one process, and can be stopped and started again: results
are kept in .cache/mutation, and found again where neither the file nor its tests have changed. The
first run measures which tests run which line, which takes twice as long as the tests. pip install
'stepgrad[dev]' brings what it needs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from tests.mutation.baseline import measured
from tests.mutation.campaign import Campaign, copied, digest_of, sources_of
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.report import report
from tests.mutation.results import CAUGHT, Results, explained
from tests.mutation.rules import derivative_rules, is_rule
from tests.mutation.source import Source

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".cache" / "mutation"
BUDGET = 20.0  # seconds of tests that a mutant meets


def main() -> int:
    options = _parser().parse_args()
    groups = chosen(sources_of(ROOT), options)
    results = Results(options.kept / "results.jsonl")
    if options.list:
        for mutant in [m for group in groups.values() for m in group]:
            print(f"{mutant.path}:{mutant.first_line} {mutant.operator}")
            print(f"- {mutant.before}\n+ {mutant.after}")
        return 0
    if not options.report:
        with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
            run(Path(folder), groups, results, options)
    return report(groups, results, options.kept / "report.md")


def run(
    copy: Path,
    groups: Mapping[str, list[Mutant]],
    results: Results,
    options: argparse.Namespace,
) -> None:
    """Judge them all, saying each survivor as it is found."""
    copied(ROOT, copy)
    baseline = measured(copy, options.kept / digest_of(copy))
    print(f"{len(baseline.seconds)} tests are green; not green: {baseline.failed or 'none'}")
    campaign = Campaign(copy, baseline, results, options.budget, options.thorough)
    reasons = explained()
    start, end = time.monotonic(), time.monotonic() + 60.0 * options.minutes
    try:
        for name, group in groups.items():
            for i, mutant in enumerate(group, 1):
                if time.monotonic() > end:
                    return
                if mutant.key in reasons and mutant.key in results.latest:
                    continue  # it survived, and is explained
                row = campaign.result_of(mutant)
                if row["outcome"] not in CAUGHT and mutant.key not in reasons:
                    print(f"survives, line {mutant.first_line}: {mutant.key}", flush=True)
                if not i % 50:
                    minutes = (time.monotonic() - start) / 60.0
                    print(f"{name}: {i} of {len(group)} after {minutes:.1f} min", flush=True)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here")
    finally:
        campaign.close()


def chosen(sources: Mapping[str, Source], options: argparse.Namespace) -> dict[str, list[Mutant]]:
    """The two groups: of the rules all, and of the rest a sample that an edit hardly changes."""
    spans = derivative_rules(sources)
    everything = [mutant for source in sources.values() for mutant in mutants(source)]
    if options.only:
        everything = [m for m in everything if m.path.startswith(options.only)]
    rules = [m for m in everything if is_rule(m, spans)]
    others = [m for m in everything if not is_rule(m, spans)]
    others.sort(key=lambda m: sha256(f"{options.seed} {m.key}".encode()).digest())
    both = not options.rules and options.sample is None
    sample = 400 if both else options.sample or 0
    return {"derivative rules": rules if options.rules or both else [], "sample": others[:sample]}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rules", action="store_true", help="every mutant of the rules")
    parser.add_argument("--sample", type=int, metavar="N", help="N mutants elsewhere")
    parser.add_argument("--seed", type=int, default=1, help="of the sample (default 1)")
    parser.add_argument("--only", metavar="PATH", help="of files whose path starts so")
    parser.add_argument("--list", action="store_true", help="print the mutants, run nothing")
    parser.add_argument("--report", action="store_true", help="of the results so far, run nothing")
    parser.add_argument("--budget", type=float, default=BUDGET, metavar="SECONDS",
                        help=f"of tests that a mutant meets (default {BUDGET:.0f})")  # fmt: skip
    parser.add_argument("--thorough", action="store_true",
                        help="load the packages anew for each mutant, 20 times slower")  # fmt: skip
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so many")
    parser.add_argument("--kept", type=Path, default=KEPT, metavar="FOLDER",
                        help="where results are kept (default .cache/mutation)")  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main())
