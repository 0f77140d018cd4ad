"""A line for each thing that must have the same bits in every process.

`python -m tests.fingerprint`; with `--machine-code` also what LLVM is given, and what it computes.
"""

import os
import pickle
import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import nn
from autograd import (
    Value,
    cross_entropy,
    draw,
    explain,
    grad,
    hessian,
    jit,
    logsumexp,
    maximum,
    step,
    value_and_grad,
    where,
)
from autograd.trace import program_of
from autograd.traced import placeholder

ROOT = Path(__file__).resolve().parents[1]
AT_ONCE = 2  # processes
POINT = [0.3, -1.2, 2.5]


def mixed(xs: list[Any]) -> Any:
    """Smooth rows, kinks, a choice, many operands and results that are used twice."""
    a, b, c = xs
    product = (a * b).tanh() + maximum(a, b, c)
    spread = logsumexp([a, b, product]) + cross_entropy([product, c], 1)
    return where(a > b, spread.sin(), product) * (c.softplus() / (1.0 + b * b)) + a.erf() ** 3


def samples() -> tuple[list[list[float]], list[float]]:
    rng = random.Random(0)
    X = [[rng.gauss(0.0, 1.0), rng.gauss(0.0, 1.0)] for _ in range(6)]
    return X, [1.0 if a * b > 0 else -1.0 for a, b in X]


def trained(eager: bool) -> list[float]:
    model = nn.MLP(2, [4, 1], seed=0)
    options = dict(optimizer=nn.Adam(0.05), epochs=3, batch_size=4, l2=1e-3, progress=False)
    history = nn.fit(model, *samples(), loss=nn.hinge, eager=eager, **options)
    return [p.data for p in model.parameters()] + [record.loss for record in history]


def engine() -> dict[str, str]:
    """What the engine alone makes, without an optional package."""
    leaves = [Value(x, label=name) for x, name in zip(POINT, "abc", strict=True)]
    root = mixed(leaves)
    root.backward()
    inputs = [placeholder(name) for name in "abc"]
    value, gradient = value_and_grad(mixed)(inputs)
    model, (X, y) = nn.MLP(2, [4, 1], seed=0), samples()
    loss = nn.hinge(model(X[0])[0], y[0])
    return {
        "backward": repr([root.data, [x.grad for x in leaves]]),
        "transforms": repr([grad(mixed)(POINT), hessian(mixed)(POINT)]),
        "program": str(program_of([value, *gradient], inputs)),
        "pictures": draw(root).source + draw(loss, collapse="layer").source,
        "frames": str(step(root)),
        "page": step(root).html(),
        "paths": str(explain(leaves[0], root)),
        "pickle": repr(pickle.dumps(root)),
        "training": repr(trained(eager=True)),
    }


def machine_code() -> dict[str, str]:
    """What is compiled: the text, and the numbers."""
    from autograd.llvm.compile import ir_of

    inputs = [placeholder(name) for name in "abc"]
    value, gradient = value_and_grad(mixed)(inputs)
    return {
        "text for LLVM": ir_of(program_of([value, *gradient], inputs)),
        "compiled": repr(jit(value_and_grad(mixed))(POINT)),
        "compiled training": repr(trained(eager=False)),
    }


def prints(processes: int, *options: str) -> Iterator[str]:
    """What so many processes print, each with a hash seed of its own, and no code kept on disk."""
    site = [] if options else ["-S"]  # the engine alone needs no site-packages, and starts sooner
    command = [sys.executable, *site, "-m", "tests.fingerprint", *options]

    def run(seed: int) -> str:
        added = {"PYTHONHASHSEED": str(seed), "PYTHONPATH": str(ROOT), "AUTOGRAD_CACHE": ""}
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | added, capture_output=True, text=True, check=True
        )
        return done.stdout

    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(run, range(processes))


if __name__ == "__main__":
    texts = engine() | (machine_code() if "--machine-code" in sys.argv else {})
    for name, text in texts.items():
        print(name, sha256(text.encode()).hexdigest())
