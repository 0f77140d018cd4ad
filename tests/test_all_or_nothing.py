"""What raises on the way, and what Ctrl-C interrupts, is done whole or not at all.

Each action is interrupted at a sample of the instructions of its bytecode; `python -m
tests.thorough` tries them all.
"""

from __future__ import annotations

import resource
import subprocess
import sys

import numpy
import pytest

import nn
from autograd import Value, detect_anomaly, draw, jit, step, transforms
from tests.all_or_nothing import (
    ACTIONS,
    ROOT,
    SAMPLES,
    TARGETS,
    Action,
    World,
    check,
    gradients,
    numbers,
)

# Where Ctrl-C comes between `open` and `with`, the collector closes the file.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


# -- Ctrl-C --------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_an_interrupted_action_leaves_the_old_or_the_new_and_a_later_one_is_right(action):
    try:
        points, left = check(action, action.few)
    finally:  # stopped between the instructions before a `finally`'s one call, where no signal is
        transforms._live.clear()
    assert points > 50
    assert 0 in left


def test_the_check_finds_what_is_left_half_done():
    def make(_):
        values = [Value(1.0), Value(2.0)]

        def act():
            for v in values:
                v.data += 1.0

        return World(act, lambda: [v.data for v in values])

    with pytest.raises(AssertionError, match="left half done at point"):
        check(Action(make, files=(__file__,)), 1000)


def test_the_check_finds_what_goes_wrong_later():
    def make(_):
        seen = []

        def act():
            seen.append(len(seen))
            del seen[:]
            return len(seen)

        def counted():
            calls.append(1)
            return act() + len(calls)

        calls = []
        return World(counted, list)

    with pytest.raises(AssertionError, match="not right after point"):
        check(Action(make, states=0, files=(__file__,)), 1000)


REAL = """
import os, random, signal, sys, threading
import nn
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
X, y = [[0.5], [1.0], [2.0], [-1.0]], [1.0, 2.0, 3.0, 0.5]
options = dict(loss=nn.mse, optimizer=nn.Adam(0.001), batch_size=3)
def seen(model):
    return tuple([p.data for p in model.parameters()] + [p.grad for p in model.parameters()])
def interrupted(eager, epochs, seconds):
    model = nn.Perceptron(1, seed=0)
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    try:
        timer.start()
        nn.fit(model, X, y, epochs=epochs, eager=eager, progress=False, **options)
    except KeyboardInterrupt:
        return model
    sys.exit("it was over before Ctrl-C came")
rng = random.Random(0)
nn.fit(nn.Perceptron(1), X, y, epochs=1, progress=False, **options)  # imports NumPy, which can be
# interrupted, but then not imported again
for eager, epochs in (False, 10**9), (True, 10**9):
    models = [interrupted(eager, epochs, rng.uniform(0.0, 0.1)) for _ in range(8)]
    twin = nn.Perceptron(1, seed=0)
    wanted = {seen(model) for model in models} - {seen(twin)}
    for _ in nn.train(twin, X, y, epochs=20_000, every="step", eager=eager, **options):
        wanted.discard(seen(twin))
        if not wanted:
            break
    for model in models:
        nn.fit(model, X, y, epochs=2, eager=eager, progress=False, **options)
    print(len({seen(model) for model in models}), len(wanted))
"""


def test_a_ctrl_c_from_outside_leaves_a_training_after_one_of_its_steps():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", REAL], cwd=ROOT, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        different, unexplained = map(int, line.split())
        assert different > 1, "Ctrl-C came at several steps"
        assert unexplained == 0
    assert len(done.stdout.splitlines()) == 2


# -- what raises at step k -----------------------------------------------------------------------


def raising_at(k):
    """A function that raises when it is called for the k-th time."""
    calls = iter(range(k - 1))

    def call(*_):
        if next(calls, None) is None:
            raise RuntimeError("now")

    return call


@pytest.mark.parametrize("kind", [nn.SGD, nn.Adam, nn.AdamW])
def test_an_optimiser_s_rule_that_raises_at_any_parameter_moves_none(kind):
    class Raising(kind):
        def update(self, parameter, gradient, state, t):
            now()
            return super().update(parameter, gradient, state, t)

    for k in range(1, 5):
        parameters = [Value(1.0), Value(-2.0), Value(0.5)]
        for p in parameters:
            p.grad = 1.0
        optimizer = Raising(0.1)
        now = raising_at(k)
        before = optimizer.init(parameters)
        if k < 4:
            with pytest.raises(RuntimeError, match="now"):
                optimizer.step(parameters, before)
            assert [p.data for p in parameters] == [1.0, -2.0, 0.5]
        now = raising_at(9)
        plain = kind(0.1)
        after = optimizer.step(parameters, before)
        twins = [Value(1.0), Value(-2.0), Value(0.5)]
        for p in twins:
            p.grad = 1.0
        assert after == plain.step(twins, plain.init(twins))
        assert [p.data for p in parameters] == [p.data for p in twins]


@pytest.mark.parametrize("where", ["the model", "the loss", "a metric"])
def test_what_raises_at_any_call_of_a_training_leaves_it_after_one_of_its_steps(where):
    class Raising(nn.Perceptron):
        def __call__(self, x, masks=None):
            if where == "the model":
                now()
            return super().__call__(x)

    def loss(prediction, target):
        if where == "the loss":
            now()
        return nn.mse(prediction, target)

    def metric(predictions, targets):
        if where == "a metric":
            now()
        return 0.0

    options = dict(loss=loss, batch_size=3, epochs=2, metrics=metric, eager=True)
    now = raising_at(1000)
    model = Raising(1, seed=0)
    states = [(numbers(model), gradients(model))]
    for _ in nn.train(model, SAMPLES, TARGETS, every="step", **options):
        states.append((numbers(model), gradients(model)))
    left = []
    for k in range(1, 1000):
        model, now = Raising(1, seed=0), raising_at(k)
        try:
            nn.fit(model, SAMPLES, TARGETS, progress=False, **options)
        except RuntimeError:
            left.append(states.index((numbers(model), gradients(model))))
        else:
            break
    assert left == sorted(left)
    assert len(set(left)) >= 3


def test_an_anomaly_in_a_backward_pass_leaves_every_gradient():
    x, y = Value(0.0), Value(2.0)
    root = x.sqrt() * y
    x.grad, y.grad = 3.0, 4.0
    with detect_anomaly(), pytest.raises(FloatingPointError):
        root.backward()
    assert (x.grad, y.grad) == (3.0, 4.0)
    y.grad = "four"
    with pytest.raises(TypeError, match="grad is a float"):
        root.backward()
    assert (x.grad, y.grad) == (3.0, "four")


@pytest.mark.parametrize(
    "save",
    [
        lambda path: draw(Value(2.0) * 3.0).save(path + ".dot"),
        lambda path: step(Value(2.0) * 3.0).save(path + ".html"),
        lambda path: nn.save(nn.MLP(2, [9, 1]), path + ".safetensors"),
    ],
    ids=["draw", "step", "nn.save"],
)
@pytest.mark.parametrize("room", [0, 1, 500])
def test_a_disk_that_is_full_after_any_number_of_bytes_leaves_the_old_file(save, room, tmp_path):
    save(str(tmp_path / "file"))
    [path] = tmp_path.iterdir()
    path.write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            save(str(tmp_path / "file"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"old"


def test_push_into_arrays_of_which_one_cannot_hold_the_numbers_writes_none():
    for last, error in (numpy.ones(1, dtype=int), TypeError), (numpy.ones(1), ValueError):
        first = numpy.ones(1)
        last.flags.writeable = error is TypeError
        bound = jit(lambda p: p[0][0] * p[1][0]).bind([first, last])
        bound.parameters[:] = 0.5
        with pytest.raises(error):
            bound.push()
        assert (first[0], last[0]) == (1.0, 1.0)


def test_pull_of_a_value_that_is_no_number_reads_nothing():
    values = [Value(1.0), Value(2.0)]
    bound = jit(lambda p: p[0] * p[1]).bind(values)
    values[0].data, values[1].data = 5.0, "two"
    with pytest.raises(TypeError):
        bound.pull()
    assert bound.parameters.tolist() == [1.0, 2.0]
