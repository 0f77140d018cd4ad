"""Backpropagation as dynamic programming: cost, depth, memory and interruption."""

from __future__ import annotations

import gc
import sys
import threading
import tracemalloc
from fractions import Fraction

import pytest

from autograd import Value, grad, ops, topological_order
from tests.interruption import interrupted_at

CHAIN = 1_000_000
SMALL_STACK = 128 << 10  # bytes: far too little for a recursion over the chain


def diamonds(levels: int) -> tuple[Value, Value]:
    """x, and x after doubling it `levels` times: 2^levels paths over 2·levels edges."""
    x = Value(1.0)
    y = x
    for _ in range(levels):
        y = y + y
    return x, y


def test_each_node_is_visited_once_however_many_paths_lead_to_it() -> None:
    x, y = diamonds(1000)
    order = topological_order(y)
    assert len(order) == len(set(map(id, order))) == 1001
    y.backward()
    assert x.grad == Fraction(2) ** 1000


def test_the_order_has_parents_before_children_and_is_a_function_of_the_graph_alone() -> None:
    def build() -> Value:
        a, b = Value(1.0, label="a"), Value(2.0, label="b")
        c = (a * b).tanh()
        return (c + a) * (b - c).exp()

    names = [[n.op.name if n.op else n.label for n in topological_order(build())] for _ in "12"]
    assert names[0] == names[1]
    order = topological_order(build())
    position = {id(node): i for i, node in enumerate(order)}
    assert all(position[id(p)] < position[id(n)] for n in order for p in n.parents)


class Counted(float):
    """A float that counts the products and sums that it takes part in."""

    products = 0

    def __mul__(self, other: float) -> Counted:
        Counted.products += 1
        return Counted(float(self) * float(other))

    __rmul__ = __mul__

    def __add__(self, other: float) -> Counted:
        return Counted(float(self) + float(other))

    __radd__ = __add__


def test_backward_makes_one_multiplication_an_edge() -> None:
    a, b = Value(2.0), Value(3.0)
    root = (a * b + a).tanh() * (b + 1.0)
    order = topological_order(root)
    for node in order:
        node._da = None if node._da is None else Counted(node._da)
        node._db = None if node._db is None else Counted(node._db)
    Counted.products = 0
    root.backward()
    assert Counted.products == sum(len(node.parents) for node in order)


def test_a_long_chain_is_built_differentiated_and_freed_at_the_default_recursion_limit() -> None:
    limit = sys.getrecursionlimit()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            x = Value(1.0)
            y = x
            for _ in range(CHAIN):
                y = y * 1.0
            y.backward()
            assert x.grad == 1.0
        except BaseException as error:
            failures.append(error)

    size = threading.stack_size(SMALL_STACK)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
    assert not failures
    assert sys.getrecursionlimit() == limit


def test_a_graph_has_no_reference_cycle_before_or_after_backward_and_transforms() -> None:
    gc.collect()
    gc.disable()
    try:
        x, y = diamonds(50)
        y.backward()
        grad(grad(lambda v: (v * v).tanh() + v.exp()))(0.5)
        del x, y
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_repeated_training_keeps_no_memory() -> None:
    w = Value(0.5)

    def step() -> None:
        w.grad = 0.0
        loss = ((w * 3.0).tanh() - 1.0) ** 2
        loss.backward()
        w.data -= 0.01 * w.grad

    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(100):
            step()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1000):
            step()
        assert tracemalloc.get_traced_memory()[0] - before <= 1024
    finally:
        tracemalloc.stop()
        gc.enable()


def test_an_interrupt_at_any_line_of_backward_leaves_the_old_gradients_or_the_new() -> None:
    def build() -> tuple[list[Value], Value]:
        a, b = Value(2.0), Value(3.0)
        root = (a * b).tanh() + a * a
        leaves = [a, b]
        root.backward()
        return leaves, root

    leaves, root = build()
    old = [leaf.grad for leaf in leaves]
    root.backward()
    new = [leaf.grad for leaf in leaves]
    line = 1
    while True:
        leaves, root = build()
        if not interrupted_at(line, root.backward):
            break
        now = [leaf.grad for leaf in leaves]
        assert now in (old, new), f"interrupted at line {line}"
        expected = new if now == old else [2 * n - o for n, o in zip(new, old, strict=True)]
        root.backward()
        assert [leaf.grad for leaf in leaves] == pytest.approx(expected, rel=1e-15)
        line += 1
    assert line > 20


def test_the_operands_of_a_node_recompute_its_data() -> None:
    a, b = Value(0.3), Value(-1.7)
    root = ops.where(a > b, (a / b) ** 3, b) + 2.0 - abs(b) % 0.7
    for node in topological_order(root):
        if node.op:
            data = [x.data if isinstance(x, Value) else x for x in node.operands]
            assert node.op.value(*data) == node.data
