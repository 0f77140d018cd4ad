"""`python -m tests.fuzz expression --runs 1000000`: a coverage-guided fuzzer, libFuzzer's.

It needs `pip install atheris`, which has wheels for CPython 3.11 to 3.14 on 64-bit Linux. What it
finds worth keeping goes to .cache/fuzz/TARGET, where the next run goes on; tests/fuzz/corpus has a
small part of that, which the tests replay. An input that is read wrongly is written beside it as
crash-…, timeout-… or oom-…; `--replay FILE` shows what is wrong with it.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

LOADER = [
    f"nn.{name}"
    for name in "blueprints distrust model_file named_tensors safetensors training_state".split()
]
TARGETS = {  # the module that judges an input, and those whose branches guide the search
    "expression": ("tests.fuzz.expressions", ["autograd.expression", "autograd.grammar"]),
    "model": ("tests.fuzz.models", LOADER),
}
CORPUS = Path(__file__).parent / "corpus"
FOUND = Path(".cache/fuzz")
SECONDS = 10  # for one input: it takes a millisecond
MEBIBYTES = 256  # for the whole process, which takes some 60


def main() -> None:
    chosen = _arguments()
    if chosen.replay:
        import_module(TARGETS[chosen.target][0]).judge(Path(chosen.replay).read_bytes())
        print(f"{chosen.replay}: read as it should be")
    else:
        _fuzz(chosen.target, chosen.runs, chosen.seed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, default=1_000_000, help="inputs to try (a million)")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers; 0 takes a new")
    parser.add_argument("--replay", metavar="FILE", help="try this one input, without a fuzzer")
    return parser.parse_args()


def _fuzz(name: str, runs: int, seed: int) -> None:
    """Never returns: libFuzzer ends the process, with status 0 if no input was read wrongly."""
    try:
        import atheris
    except ImportError:
        sys.exit("the fuzzer needs atheris: pip install atheris")
    module, guides = TARGETS[name]
    with atheris.instrument_imports(include=guides):
        target = import_module(module)
    found = FOUND / name
    found.mkdir(parents=True, exist_ok=True)
    options = [
        f"-runs={runs}",
        f"-seed={seed}",
        f"-timeout={SECONDS}",
        f"-rss_limit_mb={MEBIBYTES}",
        f"-max_len={target.LONGEST}",
        f"-artifact_prefix={found}/",
        "-print_final_stats=1",
    ]
    words = found.with_suffix(".words")
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.WORDS))
    arguments = ["fuzz", *options, f"-dict={words}", f"{found}", f"{CORPUS / name}"]
    mutator = getattr(target, "mutate", None)
    atheris.Setup(arguments, target.judge, **({"custom_mutator": mutator} if mutator else {}))
    atheris.Fuzz()


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode("utf-8"))


if __name__ == "__main__":
    main()
