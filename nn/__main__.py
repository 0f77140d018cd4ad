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
    for name in names:
        try:
            run(replace(JOBS[name], **chosen), out)
        except REPORTED as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print(f"{name}: interrupted", file=sys.stderr)
            return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nn",
        description="Train a multilayer perceptron of single scalars, print its accuracy on "
        "samples that were held out and a check of its gradient, and write pictures: the loss, "
        "the decision boundary, the hidden features, and the computation graphs of a neuron and "
        "of one sample's loss. What is not given is chosen for the data set.",
    )
    add = parser.add_argument
    add("--data", nargs="+", choices=JOBS, default=DEFAULT, help="data sets (default: %(default)s)")
    add("--layers", nargs="*", type=int, metavar="WIDTH", help="widths of the hidden layers")
    add("--activation", choices=ACTIVATIONS, help="of the hidden layers")
    add("--dropout", type=float, metavar="RATE", help="after each hidden layer, in [0, 1)")
    add("--optimizer", choices=OPTIMIZERS, help="sgd has momentum 0.9")
    add("--learning-rate", type=float, metavar="RATE", help="at first; falls along a cosine")
    add("--epochs", type=int, help="passes over the training samples")
    add("--batch-size", type=int, metavar="SAMPLES", help="samples in one step")
    add("--l2", type=float, help="factor of the sum of squared parameters in the loss")
    add("--seed", type=int, help="of the data, the first weights, the order and the dropout")
    add("--out", type=Path, default=Path("out"), help="folder of the pictures (default: out)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
