"""`python -m nn.gpt`: train a small GPT on names, and let it make up new ones."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from nn import names
from nn.checking import positive, whole
from nn.generation import generate
from nn.saving import save
from nn.text_training import fit_texts
from nn.transformer import GPT

REPORTED = (ArithmeticError, ImportError, OSError, RuntimeError, ValueError)
LINES = 10  # of the progress


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for; 0 if all went well."""
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except REPORTED as error:
        print(f"python -m nn.gpt: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("python -m nn.gpt: interrupted", file=sys.stderr)
        return 130
    return 0


def _run(options: Any) -> None:
    if options.save is not None:
        _check_file(options.save)  # now, not after training
    rng = Random(options.seed)
    texts = [names.encoded(name) for name in names.load()]
    model = GPT(names.TOKENS, rng=rng)
    print(f"{model}; {len(texts):,} names")
    start = time.perf_counter()
    _train(model, texts, rng, options)
    print(f"{time.perf_counter() - start:.1f} s")
    if options.save is not None:
        save(model, options.save)
        print(f"saved to {options.save}")
    made_up = generate(
        model, options.samples, start=names.BOUNDARY, temperature=options.temperature, rng=rng
    )
    print(*map(names.decoded, made_up), sep="\n")


def _check_file(path: Path) -> None:
    """OSError where no file could be written to this path."""
    if path.is_dir():
        raise OSError(f"--save {path}: that is a folder; give the name of a file")
    if not path.parent.is_dir():
        raise OSError(f"--save {path}: there is no folder {path.parent}")


def _train(model: GPT, texts: Sequence[list[int]], rng: Random, options: Any) -> None:
    """Train, with a line of progress now and then; Ctrl-C keeps the steps that were done."""
    steps, begun = options.steps, [p.data for p in model.parameters()]

    def report(step: int, loss: float) -> None:
        print(f"step {step:{len(str(steps))}}  loss {loss:.3f}")

    every = max(1, steps // LINES)
    try:
        fit_texts(
            model,
            texts,
            steps=steps,
            report=report,
            report_every=every,
            eager=options.eager,
            rng=rng,
        )
    except KeyboardInterrupt:
        has_moved = begun != [p.data for p in model.parameters()]
        if options.save is not None and has_moved:  # else an older file is worth more
            save(model, options.save)
            print(f"interrupted; the model of the last completed step is saved to {options.save}")
        raise


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nn.gpt",
        description="Train a GPT of 4,192 single scalars, one name a step, to foretell each next "
        "letter; print its loss, and names that it makes up.",
    )
    add = parser.add_argument
    add("--steps", type=whole_number, default=1000, help="of training (default: 1000)")
    add("--eager", action="store_true", help="compute Value by Value: slow, and needs no LLVM")
    add("--seed", type=int, default=0, help="of all that is random (default: 0)")
    add("--samples", type=whole_number, default=20, help="how many names to make up (default: 20)")
    add(
        "--temperature",
        type=positive_number,
        default=0.5,
        help="the lower, the more often what is most likely (default: 0.5)",
    )
    add(
        "--save",
        type=Path,
        metavar="FILE",
        help="where to keep the model, as safetensors, also of a training that Ctrl-C ends",
    )
    return parser


def whole_number(text: str) -> int:
    """An argument that is at least 1."""
    try:
        return whole(int(text), "it")
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, not {text}") from None


def positive_number(text: str) -> float:
    """An argument that is above 0 and finite."""
    try:
        return positive(float(text), "it")
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number above 0, not {text}") from None


if __name__ == "__main__":
    sys.exit(main())
