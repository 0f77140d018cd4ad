"""`python -m nn.gpt`: train a small GPT on names, and let it make up new ones."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from nn import names
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
    if options.save is not None and not options.save.parent.is_dir():  # now, not after training
        raise OSError(f"--save {options.save}: there is no folder {options.save.parent}")
    rng = Random(options.seed)
    texts = [names.encoded(name) for name in names.load()]
    model = GPT(names.TOKENS, rng=rng)
    print(f"{model}; {len(texts):,} names")
    start = time.perf_counter()
    report = _progress(options.steps)
    fit_texts(model, texts, steps=options.steps, eager=options.eager, report=report, rng=rng)
    print(f"{time.perf_counter() - start:.1f} s")
    made_up = generate(
        model, options.samples, start=names.BOUNDARY, temperature=options.temperature, rng=rng
    )
    print(*map(names.decoded, made_up), sep="\n")
    if options.save is not None:
        save(model, options.save)
        print(f"saved to {options.save}")


def _progress(steps: int) -> Callable[[int, float], None]:
    """What prints the mean loss since the line before, some lines in all."""
    every, losses = max(1, steps // LINES), []

    def report(step: int, loss: float) -> None:
        losses.append(loss)
        if step % every == 0 or step == steps:
            print(f"step {step:{len(str(steps))}}  loss {sum(losses) / len(losses):.3f}")
            losses.clear()

    return report


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
    add("--save", type=Path, metavar="FILE", help="where to keep the model, as safetensors")
    return parser


def whole_number(text: str) -> int:
    """An argument that is at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, not {text}")
    return number


def positive_number(text: str) -> float:
    """An argument that is above 0 and finite."""
    number = float(text)
    if not 0.0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, not {text}")
    return number


if __name__ == "__main__":
    sys.exit(main())
