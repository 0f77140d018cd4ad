"""What is done to graphs of any size, on a stack too small for a recursion over them."""

import copy
import pickle
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from autograd import (
    Value,
    detect_anomaly,
    draw,
    explain,
    grad,
    hvp,
    jit,
    step,
    topological_order,
    value_and_grad,
)
from autograd import sum as sum_of
from autograd.trace import program_of
from autograd.traced import placeholder

SMALL_STACK = 128 << 10  # bytes
GROUPED = 100_000  # characters of DOT at most, where a graph is too large to show each node


class Named(Value):
    """With a dict of its own, and what a weakref needs."""


def on_a_small_stack(work: Callable[[], object]) -> None:
    """Do it in a thread with so little stack that no recursion over a graph would survive."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    limit, size = sys.getrecursionlimit(), threading.stack_size(SMALL_STACK)
    try:
        thread = threading.Thread(target=run, daemon=True)  # so that Ctrl-C ends the process
        thread.start()
    finally:
        threading.stack_size(size)
    thread.join()
    if failures:
        raise failures[0]
    assert sys.getrecursionlimit() == limit


# -- graphs --------------------------------------------------------------------------------------


def chain(nodes: int) -> tuple[Value, Value]:
    """A leaf, and what so many operations in a row make of it: itself."""
    x = y = Value(0.5, label="x")
    for _ in range(nodes):
        y = y * 1.0
    return x, y


def in_a_row(x: Any, nodes: int) -> Any:
    """The same of anything that can be multiplied, and then its square."""
    for _ in range(nodes):
        x = x * 1.0
    return x * x


def depth(y: Value) -> int:
    nodes = 0
    while y.parents:
        y = y.parents[0]
        nodes += 1
    return nodes


# -- what is done to them ------------------------------------------------------------------------


def differentiate_and_look(nodes: int) -> None:
    x, y = chain(nodes)
    y.backward()
    assert x.grad == 1.0
    assert repr(y) == "Value(data=0.5, grad=1.0)"
    assert copy.copy(y).parents[0] is y.parents[0]
    picture = draw(y)
    assert repr(picture).startswith(f"<Drawing of {nodes + 1:,} nodes; shown are the 37 boxes")
    assert len(picture.source) < GROUPED


def fan_out_and_in(uses: int) -> None:
    """One leaf that so many operations use, and one operation that uses them all."""
    x = Value(1.0)
    root = sum_of([x * 3.0 for _ in range(uses)])
    root.backward()
    assert (root.data, x.grad) == (3.0 * uses, 3.0 * uses)


def free_every_kind_of_node(nodes: int) -> None:
    """Nodes with two operands, with many and with attributes are freed by different destructors."""
    y: Value = Named(1.0)
    for _ in range(nodes // 3):
        y = sum_of([-y, 1.0, 1.0])
        twin: Any = Named(0.0)
        twin.__dict__["below"] = y  # a graph may hang on an attribute as well
        y = twin * 1.0
    del y, twin


def deepcopy_and_pickle(nodes: int) -> None:
    original = in_a_row(Value(0.5, label="x"), nodes)
    original.backward()
    for twin in (copy.deepcopy(original), pickle.loads(pickle.dumps(original))):
        leaf = topological_order(twin)[0]
        assert (leaf.data, leaf.grad, leaf.label) == (0.5, 1.0, "x")
        assert depth(twin) == nodes + 1
        assert twin.parents[0] is twin.parents[1], "sharing is kept within one root"
        assert twin.parents[0] is not original.parents[0]
        twin.backward()
        assert (leaf.grad, topological_order(original)[0].grad) == (2.0, 1.0)


def explain_the_path(nodes: int) -> None:
    x, y = chain(nodes)
    assert "∂L/∂x = 1, by 1 path" in str(explain(x, y))


def step_through(nodes: int) -> None:
    _, y = chain(nodes)
    frames = step(y)
    assert len(frames) == 2 * nodes + 2
    assert str(frames[0]) == "forward   x = 0.5"
    assert str(frames[-1]).endswith("= 1 × 1 = 1 (0 → 1)")
    with pytest.raises(ValueError, match=r"at most 20,000 nodes.*iterate over the frames"):
        frames.html()


def watch_for_anomalies(nodes: int) -> None:
    with detect_anomaly():
        x, y = chain(nodes)
        y.backward()
    assert x.grad == 1.0


def transform(nodes: int) -> None:
    def f(x: Any) -> Any:
        return in_a_row(x, nodes)

    assert grad(grad(f))(3.0) == 2.0
    assert hvp(f, (3.0,), (1.0,)) == (2.0,)


def trace_and_run(nodes: int) -> None:
    x = placeholder("x")
    y, slope = value_and_grad(lambda v: in_a_row(v, nodes))(x)
    program = program_of([y, slope], [x])
    assert program.run([3.0]) == [9.0, 6.0]
    assert str(program).count("\n") >= nodes


def compile_and_run(nodes: int) -> None:
    def f(x: Any) -> Any:
        y = x
        for _ in range(nodes):
            y = y * 1.5 - 0.5 * y
        return y * y

    assert jit(value_and_grad(f))(3.0) == (9.0, 6.0)


class Work(NamedTuple):
    """What is done, to how many nodes by the tests, and to how many by the thorough command."""

    do: Callable[[int], None]
    always: int
    thorough: int


# Thirty times Python's recursion limit is as good as a million for what takes tens of µs a node.
WORK = [
    Work(differentiate_and_look, 1_000_000, 10_000_000),
    Work(fan_out_and_in, 1_000_000, 10_000_000),
    Work(free_every_kind_of_node, 100_000, 10_000_000),
    Work(deepcopy_and_pickle, 30_000, 1_000_000),
    Work(trace_and_run, 30_000, 1_000_000),
    Work(watch_for_anomalies, 30_000, 1_000_000),
    Work(explain_the_path, 30_000, 1_000_000),
    Work(step_through, 30_000, 1_000_000),
    Work(transform, 30_000, 1_000_000),
]
