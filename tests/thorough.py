"""What the tests try a few times, tried many times; for an hour, not for every change.

`python -m tests.thorough` does all four, or those that are named: `graphs` draws whole expressions
and holds every way to their derivatives against 90 digits; `depth` differentiates, copies, draws,
traces … graphs of up to ten million nodes (4 GB); `bits` compares what 20 processes make, compiled
code included; `stops` interrupts whatever is all or nothing at every instruction.
Ends with 1 where something is wrong, and says how to see it again.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable

from hypothesis import HealthCheck, given, seed, settings

from autograd.testing import Expression, expressions
from tests.all_or_nothing import everything
from tests.fingerprint import prints
from tests.structures import WORK, compile_and_run, on_a_small_stack
from tests.test_same_bits import PROCESSES
from tests.whole_graphs import SIZE, TOLERANCE, errors

BATCH = 500  # graphs that are drawn from one seed: what is done twice where a run goes on
COMPILED_EVERY = 10  # graphs: compiling takes four times as long as all the rest
DEEPEST_COMPILED = 20_000  # of which a gradient makes 100,000 instructions
UNIT = 2.0**-53  # of rounding
INTERRUPTED = 130  # as a shell says it of Ctrl-C


def graphs(options: argparse.Namespace) -> bool:
    """Whether all are right; each batch has a seed, its number."""
    worst: dict[tuple[str, int], float] = {}
    seen, started = Counter[str](), time.monotonic()
    first, last = options.start // BATCH, -(-options.examples // BATCH)
    for batch in range(first, last):
        try:
            _one_batch(batch, worst, seen)
        except KeyboardInterrupt:
            print(f"\nstopped; go on with: graphs --start {batch * BATCH}")
            _summary(worst, seen)
            sys.exit(INTERRUPTED)
        except BaseException:
            traceback.print_exc()
            print(f"see it again with: graphs --start {batch * BATCH}")
            return False
        rate = seen["graphs"] / (time.monotonic() - started)
        _show(f"{(batch + 1) * BATCH:,} graphs, {rate:.0f}/s, worst {max(worst.values()):.2g}")
    _summary(worst, seen)
    return True


def _summary(worst: dict[tuple[str, int], float], seen: Counter[str]) -> None:
    print(f"\n{seen['graphs']:,} graphs of {seen['nodes']:,} nodes, {seen['compiled']:,} compiled")
    for (way, order), error in sorted(worst.items()):
        print(f"  {way:21} order {order}: at most {error / UNIT:6.1f} roundings of its condition")


def _one_batch(batch: int, worst: dict[tuple[str, int], float], seen: Counter[str]) -> None:
    @settings(
        max_examples=BATCH,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    @seed(batch)
    @given(expressions(size=SIZE, kinks=True))
    def judge(expression: Expression) -> None:
        compiled = seen["graphs"] % COMPILED_EVERY == 0
        found = errors(expression, compiled)
        wrong = {way: error for way, error in found.items() if not error <= TOLERANCE}
        assert not wrong, f"more than {TOLERANCE} of the condition: {wrong}"
        worst.update({way: max(error, worst.get(way, 0.0)) for way, error in found.items()})
        seen.update(graphs=1, compiled=compiled)
        seen.update(nodes=len(expression.leaves) + len(expression.rows))

    judge()


def depth(options: argparse.Namespace) -> bool:
    """Whether graphs of so many nodes survive all that is done to them."""
    survived = [
        _survives(on_a_small_stack, work.do, min(work.thorough, options.nodes)) for work in WORK
    ]
    usual = _survives(lambda run: run(), compile_and_run, min(DEEPEST_COMPILED, options.nodes))
    return all(survived) and usual


def _survives(stack: Callable[..., None], do: Callable[[int], None], nodes: int) -> bool:
    started = time.monotonic()
    try:
        stack(lambda: do(nodes))
    except Exception:
        traceback.print_exc()
        return False
    print(f"  {do.__name__:25} {nodes:>10,} nodes  {time.monotonic() - started:6.1f} s", flush=True)
    return True


def bits(options: argparse.Namespace) -> bool:
    """Whether all processes print the same."""
    printed = Counter(prints(PROCESSES, "--machine-code"))
    for lines in zip(*[text.splitlines() for text in printed], strict=True):
        differ = len(set(lines)) > 1
        print(f"  {lines[0].rpartition(' ')[0]:18} {'DIFFERS' if differ else 'the same'}")
    return len(printed) == 1


def stops(options: argparse.Namespace) -> bool:
    """Whether an interruption leaves the old or the new, wherever it comes."""
    try:
        everything()
    except Exception:
        traceback.print_exc()
        return False
    return True


PARTS = {"bits": bits, "depth": depth, "graphs": graphs, "stops": stops}


def _show(line: str) -> None:
    """One line that is rewritten in a terminal, and lines in a file."""
    print(f"\r\033[K  {line}" if sys.stdout.isatty() else f"  {line}", end="", flush=True)
    if not sys.stdout.isatty():
        print()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar=" ".join(PARTS), help="all by default")
    parser.add_argument("--examples", type=int, default=100_000, help="graphs (100,000)")
    parser.add_argument("--start", type=int, default=0, help="graphs that are done already")
    parser.add_argument("--nodes", type=int, default=10_000_000, help="at most (10,000,000)")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"expected {', '.join(PARTS)}, not {', '.join(sorted(unknown))}")
    right = True
    for name in options.parts or PARTS:
        print(name, flush=True)
        right &= PARTS[name](options)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
