"""One training step of a GPT of 4,192 parameters on a name: eager, compiled, and in plain scalars.

`python -m tests.benchmarks.language_model` prints medians of runs that take turns, each engine in
a process of its own: the forward pass, the backward pass and Adam. `--small` shows that it runs.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Iterator

from tests.benchmarks import measure, scalar_gpt
from tests.benchmarks.measure import in_fresh_process
from tests.benchmarks.table import Row, number, write

NAMES = {"anna": "a short name", "amelia": "an average one", "constantine": "a long one"}
MODULE = '__import__("tests.benchmarks.language_model", fromlist=["_"])'
TURN = 100  # compiled steps in one turn: a single one is too short for the clock's own time
START = """
import json, os, time
import llvmlite.binding, numpy, nn
start = time.perf_counter()
from tests.benchmarks.language_model import compiled
compiled({name!r}, 1)
print(json.dumps(time.perf_counter() - start))
"""


def scalars(name: str) -> Callable[[], None]:
    """A step with a Value that has + × ** exp log and relu, and nothing of ours."""
    from nn import names

    return scalar_gpt.step(scalar_gpt.ScalarValue, names.encoded(name))


def same_script(name: str) -> Callable[[], None]:
    """The same lines with our Value: a node for each product and each sum."""
    from autograd import Value
    from nn import names

    return scalar_gpt.step(Value, names.encoded(name))


def eager(name: str) -> Callable[[], None]:
    """A step of `nn.fit_texts(eager=True)`: a neuron's sum is one node."""
    from nn.text_steps import EagerTexts

    return _stepping(EagerTexts, name, 1)


def compiled(name: str, steps: int = TURN) -> Callable[[], None]:
    """Steps of `nn.fit_texts`."""
    from nn.compiled_texts import CompiledTexts

    return _stepping(CompiledTexts, name, steps)


def _stepping(kind: type, name: str, steps: int) -> Callable[[], None]:
    from nn import GPT, Adam, LinearDecay, names

    optimizer = Adam(LinearDecay(0.01, 1_000_000), beta1=0.85, beta2=0.99)
    work, text = kind(GPT(seed=0), optimizer), names.encoded(name)

    def run() -> None:
        for _ in range(steps):
            work.step(text)

    run()
    return run


ENGINES = {
    "plain scalars, a Value of their own": ("scalars", 1),
    "plain scalars, stepgrad's Value": ("same_script", 1),
    "stepgrad eager": ("eager", 1),
    "stepgrad compiled": ("compiled", TURN),
}


def rows(small: bool) -> Iterator[Row]:
    """Each engine's step for each name; the ratio is to the plain scalars."""
    rounds = 1 if small else 9
    for collector in ("on",) if small else ("on", "off"):
        for name in list(NAMES)[:1] if small else NAMES:
            makes = {engine: f"{MODULE}.{f}({name!r})" for engine, (f, _) in ENGINES.items()}
            times = measure.interleaved(makes, rounds, collector)
            first = next(iter(times.values()))
            workload = f"a step on {name}, {NAMES[name]}, collector {collector}"
            for engine, seconds in times.items():
                if seconds is None or first is None:
                    yield Row(workload, engine, "failed")
                    continue
                each = seconds / ENGINES[engine][1]
                yield Row(workload, engine, f"{number(each * 1e3)} ms", ratio=each / first)


def starts(small: bool) -> Iterator[Row]:
    """What comes before the first compiled step: nothing is on disk, and then all is."""
    import tempfile

    with tempfile.TemporaryDirectory() as cache:
        for what in ("compiled anew",) if small else ("compiled anew", "machine code from disk"):
            seconds = in_fresh_process(START.format(name="anna"), cache)
            yield Row("trace, compile, and the first step", what, f"{number(seconds)} s")


def main() -> None:
    """Measure, and print a row at a time."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.language_model", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--small", action="store_true", help="once, the short name alone")
    small = parser.parse_args().small
    print(f"{platform.python_implementation()} {platform.python_version()}, one core")
    start = time.perf_counter()
    write(starts(small))
    write(rows(small))
    print(f"measured in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
