"""Backpropagation as dynamic programming: its order and its cost."""

from __future__ import annotations

from fractions import Fraction

from autograd import Value, ops, topological_order


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


def test_the_operands_of_a_node_recompute_its_data() -> None:
    a, b = Value(0.3), Value(-1.7)
    root = ops.where(a > b, (a / b) ** 3, b) + 2.0 - abs(b) % 0.7
    for node in topological_order(root):
        if node.op:
            data = [x.data if isinstance(x, Value) else x for x in node.operands]
            assert node.op.value(*data) == node.data
