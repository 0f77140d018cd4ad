"""Actions that are all or nothing: what an interruption at any point of each may leave behind."""

# ruff: noqa: E501  # a row of the table of actions is one line

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy

import autograd
import nn
from autograd import Value, draw, grad, jacobian, jit, jvp, step, value_and_grad, vmap
from autograd.llvm.machine import compile_ir
from tests.interruption import count_points, interrupted_at

ROOT = Path(__file__).resolve().parents[1]
OURS = (f"{ROOT}/autograd/", f"{ROOT}/nn/")
MODULES = """training course steps column_steps compiled_steps eager_steps optimizers writing
    not_finite dead_layers checkpoints training_state model_file watched recording""".split()
MACHINE = (f"{ROOT}/autograd/llvm/machine.py",)
TRACING = (f"{ROOT}/autograd/compiled.py", f"{ROOT}/autograd/vmap.py")
TRAINING = tuple([f"{ROOT}/nn/{name}.py" for name in MODULES])


@dataclass(frozen=True)
class World:
    """Something that is acted on: `act` always in the same way, `seen` gives all there is to see.

    `reach(k)` brings a new one to the k-th state that an interruption may leave; without it, that
    is acting k times.
    """

    act: Callable[[], object]
    seen: Callable[[], object]
    reach: Callable[[int], object] | None = None

    def brought_to(self, k: int) -> World:
        if self.reach is not None:
            self.reach(k)
        else:
            for _ in range(k):
                self.act()
        return self


@dataclass(frozen=True)
class Action:
    """How to make a world, and how many states besides the old one it may be left in.

    `few` is for how many points a test has time; `files` where there are any.
    """

    make: Callable[[Path], World]
    states: int = 1
    few: int = 200
    files: tuple[str, ...] = OURS


def check(action: Action, most: int) -> tuple[int, set[int]]:
    """Interrupt the action at evenly spaced points; how many there are, and which states were left.

    The state is one of those allowed, and a later action gives, and leaves, what it does there.
    """
    with tempfile.TemporaryDirectory() as name:
        return _checked(lambda: action.make(Path(name)), action, most)


def _checked(make: Callable[[], World], action: Action, most: int) -> tuple[int, set[int]]:
    allowed, later = [], []
    for k in range(action.states + 1):
        world = make().brought_to(k)
        allowed.append(world.seen())
        later.append((world.act(), world.seen()))
    points = count_points(make().act, action.files, opcodes=True)
    left = set()
    for point in spaced(points, most):
        world = make()
        if not interrupted_at(point, world.act, action.files, opcodes=True):
            continue  # what is cached by now made it shorter
        seen = world.seen()
        assert seen in allowed, f"left half done at point {point} of {points}"
        k = allowed.index(seen)
        left.add(k)
        assert (world.act(), world.seen()) == later[k], f"not right after point {point} of {points}"
    return points, left


def spaced(count: int, most: int) -> Iterable[int]:
    """At most so many of the numbers from 1 to count, evenly spaced, with both ends."""
    if count <= most:
        return range(1, count + 1)
    return sorted({1 + round(i * (count - 1) / (most - 1)) for i in range(most)})


# -- values and optimisers -----------------------------------------------------------------------


def backward(_: Path) -> World:
    a, b, c = Value(2.0), Value(3.0), Value(-0.5)
    root = (a * b).tanh() + autograd.dot([a, b, c], [b, c, a]) + a * a
    nodes = autograd.topological_order(root)
    root.backward()  # so that the gradients are not all 0
    return World(root.backward, lambda: [node.grad for node in nodes if not node.op])


def zero_grad(_: Path) -> World:
    model = nn.MLP(1, [1], seed=0)
    model([2.0])[0].backward()
    return World(model.zero_grad, lambda: gradients(model))


def optimizer_step(optimizer: nn.Optimizer) -> Callable[[Path], World]:
    def make(_: Path) -> World:
        parameters = [Value(1.0), Value(-2.0), Value(0.5)]
        for i, p in enumerate(parameters):
            p.grad = 0.3 * i - 0.4
        state = [optimizer.step(parameters, optimizer.init(parameters))]

        def act() -> None:
            state[0] = optimizer.step(parameters, state[0])

        return World(act, lambda: ([p.data for p in parameters], state[0]))

    return make


# -- training ------------------------------------------------------------------------------------

SAMPLES, TARGETS = [[0.5], [1.0], [2.0], [-1.0], [0.0]], [1.0, 2.0, 3.0, 0.5, -1.0]


def numbers(model: nn.Module) -> list[float]:
    return [p.data for p in model.parameters()]


def gradients(model: nn.Module) -> list[float]:
    return [p.grad for p in model.parameters()]


def training(through: Any = nn.fit, **chosen: Any) -> Callable[[Path], World]:
    """Two epochs by `fit`, or by `train` or `watch` with each step a record."""
    options = {"loss": nn.mse, "optimizer": nn.SGD(0.1, momentum=0.5), "epochs": 2} | chosen

    def make(_: Path) -> World:
        model = nn.MLP(1, [2, 1], dropout=0.25, seed=0)

        def steps(count: int) -> None:
            records = nn.train(model, SAMPLES, TARGETS, every="step", **options)
            list(islice(records, count))
            records.close()  # type: ignore[attr-defined]  # it is a generator

        def act() -> object:
            if through is nn.fit:
                return nn.fit(model, SAMPLES, TARGETS, progress=False, **options)
            if through is nn.watch:
                return nn.watch(model, SAMPLES, TARGETS, every="step", **options).run()
            return list(nn.train(model, SAMPLES, TARGETS, every="step", **options))

        return World(act, lambda: (numbers(model), gradients(model)), steps)

    return make


def checkpointed(begun: int, eager: bool = False) -> Callable[[Path], World]:
    """Three epochs of one step each, each with its checkpoint; so many of them were done before.

    Of a training that is gone on with, the first state is the file's, before any step.
    """
    options = {"loss": nn.mse, "optimizer": nn.Adam(0.1), "eager": eager, "resume": True}

    def make(folder: Path) -> World:
        path = folder / "run.safetensors"
        given = options | {"checkpoint": path}

        def fitted(model: nn.Module, epochs: int) -> object:
            return nn.fit(model, SAMPLES, TARGETS, epochs=epochs, progress=False, **given)

        path.unlink(missing_ok=True)  # of a world before
        if begun:
            fitted(nn.MLP(1, [2, 1], dropout=0.25, seed=0), begun)
        model = nn.MLP(1, [2, 1], dropout=0.25, seed=1)

        def reach(k: int) -> None:
            epochs, is_between = divmod(k - (begun > 0), 2)
            if k == 0:
                return
            if is_between:  # the step's record comes before its checkpoint
                records = nn.train(model, SAMPLES, TARGETS, epochs=EPOCHS, **given)
                list(islice(records, epochs + 1))
                records.close()  # type: ignore[attr-defined]  # it is a generator
            else:
                fitted(model, begun + epochs)

        def seen() -> object:
            file = path.read_bytes() if path.exists() else None
            return numbers(model), gradients(model), os.listdir(folder), file

        return World(lambda: fitted(model, EPOCHS), seen, reach)

    return make


EPOCHS = 3

# -- files ---------------------------------------------------------------------------------------


def writing(save: Callable[[str], object], suffix: str) -> Callable[[Path], World]:
    """A file that is there is replaced; beside it nothing is left."""

    def make(folder: Path) -> World:
        path = folder / f"file{suffix}"
        path.write_bytes(b"old")

        def seen() -> object:
            return os.listdir(folder), path.read_bytes()

        return World(lambda: save(str(path)), seen)

    return make


def loading(folder: Path) -> World:
    path = folder / "model.safetensors"
    nn.save(nn.Layer(1, 2, seed=0), path)
    model = nn.Layer(1, 2, seed=1)

    def act() -> None:
        nn.load(path, into=model)

    return World(act, lambda: numbers(model))


# -- compiled functions and transforms -----------------------------------------------------------


OF_VALUES = jit(lambda p: p[0] * p[1] * p[2])
OF_ARRAYS = jit(lambda p: p[0][0] * p[1][0, 1])
OF_LANES = jit(vmap(lambda p, x: p[0] * x[0] + p[1] * x[1], in_axes=(None, 0), reduce="sum"))


def pushing(arrays: bool) -> Callable[[Path], World]:
    def make(_: Path) -> World:
        given: Any = [Value(1.0), Value(2.0), Value(3.0)]
        if arrays:
            given = [numpy.ones(2), numpy.ones((1, 2), dtype=numpy.float32)]
        bound = (OF_ARRAYS if arrays else OF_VALUES).bind(given)
        bound.parameters[:] = range(5, 5 + len(bound.parameters))
        return World(bound.push, lambda: [x.tolist() if arrays else x.data for x in given])

    return make


def pulling(_: Path) -> World:
    w, b, X = Value(1.0), Value(2.0), numpy.ones((3, 2))
    bound = OF_LANES.bind([w, b], X)
    w.data, b.data, X[...] = 5.0, 6.0, 7.0
    return World(bound.pull, lambda: (bound.parameters.tolist(), bound.lane_inputs.tolist()))


def calling(function: Callable[[], object]) -> Callable[[Path], World]:
    """A function that leaves nothing behind: what a later call gives is what there is to see."""
    return lambda _: World(function, lambda: None)


def compiling(_: Path) -> World:
    """A program that was never compiled before, for its factor."""
    factor = float(next(FACTORS))
    compiled = jit(lambda x: x * x * factor)
    return World(lambda: compiled(2.0) / factor, lambda: None)


FACTORS = count(3)


def tracing(_: Path) -> World:
    """What is true while a function is traced holds of nothing after it."""
    compiled = jit(vmap(lambda x: x * x))
    return World(lambda: (str(compiled.trace(numpy.ones(3))), IS_EAGER(1.0)), lambda: None)


IS_EAGER = jit(lambda x: float(isinstance(x, float)))


def looking_up(_: Path) -> World:
    """A function in a library whose engine was just made."""
    library = compile_ir(TWICE, "twice")
    return World(lambda: library.address("twice") > 0, lambda: None)


TWICE = """define double @twice(double %x) {
  %y = fadd double %x, %x
  ret double %y
}"""


def cubed(x: Any) -> Any:
    return x**3


LAYER = nn.Layer(2, 2, "tanh", seed=0)
VALUE_AND_GRAD = jit(value_and_grad(lambda layer, x: autograd.sum(layer(x))))
BATCHES = {
    "batch_size": 3,
    "l2": 0.01,
    "validation": ([[1.5]], [2.0]),
    "metrics": nn.mean_absolute_error,
}
GRAPH = (Value(2.0, label="x") * Value(3.0, label="y")).tanh()

# fmt: off
ACTIONS: dict[str, Action] = {
    "backward":                   Action(backward, few=400),
    "zero_grad":                  Action(zero_grad),
    "SGD.step":                   Action(optimizer_step(nn.SGD(0.1))),
    "SGD.step with momentum":     Action(optimizer_step(nn.SGD(0.1, 0.9, nesterov=True))),
    "Adam.step":                  Action(optimizer_step(nn.Adam(0.1))),
    "AdamW.step with a schedule": Action(optimizer_step(nn.AdamW(nn.CosineDecay(0.1, 9)))),
    "fit":                        Action(training(), 2, 16, TRAINING),
    "fit, batches":               Action(training(**BATCHES), 4, 16, TRAINING),
    "fit, from its call on":      Action(training(), 2, 8),
    "fit, eager":                 Action(training(eager=True), 2, 30, TRAINING),
    "fit, eager, batches":        Action(training(eager=True, **BATCHES), 4, 30, TRAINING),
    "fit, eager, from its call":  Action(training(eager=True), 2, 12),
    "train":                      Action(training(nn.train, **BATCHES), 4, 8, TRAINING),
    "train, eager":               Action(training(nn.train, eager=True, **BATCHES), 4, 16, TRAINING),
    "watch(...).run":             Action(training(nn.watch, **BATCHES), 4, 8, TRAINING),
    "fit, checkpoint":            Action(checkpointed(0), 6, 16, TRAINING),
    "fit, checkpoint, eager":     Action(checkpointed(0, eager=True), 6, 24, TRAINING),
    "fit, resumed":               Action(checkpointed(1), 5, 16, TRAINING),
    "fit, resumed, eager":        Action(checkpointed(1, eager=True), 5, 24, TRAINING),
    "draw(...).save":             Action(writing(lambda path: draw(GRAPH).save(path), ".dot"), few=40),
    "step(...).save":             Action(writing(lambda path: step(GRAPH).save(path), ".html"), few=8),
    "nn.save":                    Action(writing(lambda path: nn.save(LAYER, path), ".safetensors"), few=40),
    "nn.load":                    Action(loading, few=40),
    "push, Values":               Action(pushing(arrays=False)),
    "push, arrays":               Action(pushing(arrays=True)),
    "pull":                       Action(pulling),
    "grad of grad":               Action(calling(lambda: grad(grad(cubed))(2.0)), 0, 100),
    "jvp of grad":                Action(calling(lambda: jvp(grad(cubed), (2.0,), (1.0,))), 0, 100),
    "jacobian":                   Action(calling(lambda: jacobian(lambda x: [x, x * x])(2.0)), 0, 100),
    "vmap":                       Action(calling(lambda: vmap(grad(cubed))([1.0, 2.0])), 0, 100),
    "a call of compiled code":    Action(calling(lambda: VALUE_AND_GRAD(LAYER, [1.0, 2.0])[0]), 0, 100),
    "tracing":                    Action(tracing, 0, 1000, TRACING),
    "tracing and compiling":      Action(compiling, 0, 16),
    "compiling in LLVM":          Action(compiling, 0, 20, MACHINE),
    "looking up machine code":    Action(looking_up, 0, 100, MACHINE),
}
# fmt: on


def everything() -> None:
    """Each action at every instruction of its bytecode, or at 5,000 of them; half an hour."""
    for name, action in ACTIONS.items():
        points, left = check(action, 5000)
        print(f"  {name:28} {min(points, 5000):6,} of {points:7,} instructions", end="", flush=True)
        print(f", states left: {sorted(left)} of {action.states + 1}")
