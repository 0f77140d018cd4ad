"""C by hand, compiled on the spot; without a compiler its rows say so."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.inputs import DECAY, Array, Mixture, Network
from tests.benchmarks.job import Job, sampled

FLAGS = ("-O3", "-march=native", "-ffast-math", "-shared", "-fPIC")
LOOP = 1000  # calls inside C of a run, where a call by itself is shorter than the way into C


def compiled(source: str, **constants: int) -> ctypes.CDLL:
    """The library of a file beside this one, with these constants defined in it."""
    compiler = os.environ.get("CC") or shutil.which("gcc") or shutil.which("cc")
    if not compiler:
        raise ModuleNotFoundError("no C compiler", name="a C compiler")
    defined = [f"-D{name}={number}" for name, number in constants.items()]
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder, "library.so")
        path = Path(__file__).with_name(source)
        command = [compiler, *FLAGS, *defined, str(path), "-o", str(library), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{compiler} does not compile {source}: {done.stderr.strip()}")
        return ctypes.CDLL(str(library))


def pointer(array: Array) -> Any:
    """The array's numbers as C sees them; the pointer keeps the array."""
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_double))


def _network(network: Network, hinge: int, decay: float, loop: int) -> Job:
    widths = {f"W{i}": width for i, width in enumerate(network.widths)}
    library = compiled("networks.c", SAMPLES=len(network.X), HINGE=hinge, **widths)
    X, y = np.ascontiguousarray(network.X), network.y.astype(float)
    library.set_samples(pointer(X), pointer(y))
    parameters = network.flat
    gradient = np.empty_like(parameters)
    steps = library.steps
    steps.restype = ctypes.c_double
    steps.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_double, ctypes.c_void_p]
    arguments = (parameters.ctypes.data, decay, gradient.ctypes.data)
    return Job(
        run=lambda: steps(loop, *arguments),
        answer=lambda: [steps(1, *arguments), *gradient],
        per_run=loop,
        keep=(parameters, gradient),
    )


def moons(network: Network) -> Job:
    return _network(network, hinge=1, decay=DECAY, loop=LOOP)


def classes(network: Network) -> Job:
    return _network(network, hinge=0, decay=0.0, loop=10)


def _points(name: str, points: Array) -> Job:
    call = getattr(compiled("points.c"), name)
    out = np.empty((4, points.shape[1]))
    arguments = (ctypes.c_long(points.shape[1]), *map(pointer, points), *map(pointer, out))
    return Job(lambda: call(*arguments), lambda: sampled(out), per_run=points.shape[1])


def transcendental(points: Array) -> Job:
    return _points("transcendental", points)


def arithmetic(points: Array) -> Job:
    return _points("arithmetic", points)


def rosenbrock_in_c(x: Array) -> Job:
    """Called from C, where a call costs nothing."""
    call, g = compiled("rosenbrock.c").rosenbrock_gradients, np.empty_like(x)
    arguments = (ctypes.c_int(LOOP), ctypes.c_int(len(x)), pointer(x), pointer(g))
    return Job(run=lambda: call(*arguments), answer=lambda: g, per_run=LOOP)


def rosenbrock(x: Array) -> Job:
    """Called from Python through ctypes."""
    call, g = compiled("rosenbrock.c").rosenbrock_gradient, np.empty_like(x)
    run = partial(call, ctypes.c_int(len(x)), pointer(x), pointer(g))
    return Job(run=run, answer=lambda: g)


def mixture(m: Mixture) -> Job:
    (n, d), k = m.X.shape, len(m.alphas)
    call = compiled("mixture.c", D=d, K=k, N=n).posterior
    call.restype = ctypes.c_double
    gradient = [np.empty_like(part) for part in (m.alphas, m.means, m.icf)]
    numbers = [*map(ctypes.c_double, (m.wishart_gamma, m.wishart_m, m.constant))]
    arguments = (
        *map(pointer, (m.alphas, m.means, m.icf, m.X)),
        *numbers,
        *map(pointer, gradient),
    )
    return Job(
        run=lambda: call(*arguments),
        answer=lambda: [call(*arguments), *np.concatenate([part.ravel() for part in gradient])],
    )
