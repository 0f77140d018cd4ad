"""`python -m nn`: train a network, judge it, check its gradient and draw it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nn.activations import ACTIVATIONS
from nn.demo import JOBS, OPTIMIZERS, run

DEFAULT = ("breast_cancer", "moons")
REPORTED = (ArithmeticError, AssertionError, ImportError, OSError, RuntimeError, ValueError)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the jobs that the command line asks for; 0 if all went well."""
    options = vars(_parser().parse_args(arguments))
    out = options.pop("out")
    names = options.pop("data")
    chosen = {name: option for name, option in options.items() if option is not None}
    os.environ["MPLBACKEND"] = "Agg"  # pictures go to files: no window, no display needed
    try:
        jobs = [replace(JOBS[name], **chosen) for name in names]
        _make_folder(out)
    except (OSError, ValueError) as error:
        print(f"python -m nn: {error}", file=sys.stderr)
        return 1
    for name, job in zip(names, jobs, strict=True):
        try:
            run(job, out)
        except REPORTED as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print(f"{name}: interrupted", file=sys.stderr)
            return 130
    return 0


def _make_folder(out: Path) -> None:
    """OSError where it cannot be: now, and not when there is something to save."""
    advice = "give a folder that can be made and written to"
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"--out {out}: {error.strerror}; {advice}") from None
    if not os.access(out, os.W_OK | os.X_OK):
        raise OSError(f"--out {out}: it is not writable; {advice}")


def _defaults() -> str:
    """What is chosen for each data set, a line for each."""
    lines = ["defaults: layers; epochs, samples in a batch, learning rate, l2"]
    for name, job in JOBS.items():
        layers = " ".join(map(str, job.layers))
        numbers = f"{job.epochs}, {job.batch_size}, {job.learning_rate:g}, {job.l2:g}"
        lines.append(f"  {name:13}  {layers:5}; {numbers}")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nn",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_defaults(),
        description="Train a multilayer perceptron of single scalars, print its accuracy\n"
        "on samples that were held out and a check of its gradient, and write pictures:\n"
        "the loss, the decision boundary, the hidden features, and the computation graphs\n"
        "of a neuron and of one sample's loss. What is not given is chosen for the data set.",
    )
    add = parser.add_argument
    add(
        "--data",
        nargs="+",
        choices=JOBS,
        default=DEFAULT,
        metavar="NAME",
        help=f"data sets, of {', '.join(JOBS)} (default: {' '.join(DEFAULT)})",
    )
    add("--layers", nargs="*", type=int, metavar="WIDTH", help="widths of the hidden layers")
    add("--activation", choices=ACTIVATIONS, help="of the hidden layers (default: tanh)")
    add(
        "--dropout",
        type=float,
        metavar="RATE",
        help="after each hidden layer, in [0, 1) (default: 0)",
    )
    add("--optimizer", choices=OPTIMIZERS, help="sgd has momentum 0.9 (default: adam)")
    add("--learning-rate", type=float, metavar="RATE", help="at first; falls along a cosine")
    add("--epochs", type=int, help="passes over the training samples")
    add("--batch-size", type=int, metavar="SAMPLES", help="samples in one step")
    add("--l2", type=float, help="factor of the sum of squared parameters in the loss")
    add(
        "--seed",
        type=int,
        help="of the data, the first weights, the order and the dropout (default: 0)",
    )
    add(
        "--eager",
        action="store_const",
        const=True,
        help="compute Value by Value instead of compiling the training: slow, and needs no LLVM",
    )
    add("--out", type=Path, default=Path("out"), help="folder of the pictures (default: out)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
