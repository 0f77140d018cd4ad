"""A Value in the fewest lines that the scripts beside it need: what our own is held against.

It shares nothing with the engine: no table of operations, and no topological order either. Every
node has a number, an operand's is smaller than its result's, and going backward is taking the
largest number that is left.
"""

from __future__ import annotations

import heapq
import itertools
import math

Number = float | int


class Value:
    """A number, the Values that it was computed from, and its slope in each of them."""

    numbers = itertools.count()

    def __init__(
        self, data: Number, operands: tuple[Value, ...] = (), slopes: tuple[Number, ...] = ()
    ) -> None:
        self.data, self.grad = data, 0.0
        self.operands, self.slopes = operands, slopes
        self.number = next(Value.numbers)

    def backward(self) -> None:
        arrived = {self.number: 1.0}
        nodes = {self.number: self}
        waiting = [-self.number]
        while waiting:
            node = nodes[-heapq.heappop(waiting)]
            amount = arrived[node.number]
            node.grad = node.grad + amount if not node.operands else amount
            for operand, slope in zip(node.operands, node.slopes, strict=True):
                if operand.number not in nodes:
                    nodes[operand.number] = operand
                    heapq.heappush(waiting, -operand.number)
                so_far = arrived.get(operand.number, 0.0)
                arrived[operand.number] = so_far + slope * amount

    def __add__(self, other: Value | Number) -> Value:
        if isinstance(other, Value):
            return Value(self.data + other.data, (self, other), (1, 1))
        return Value(self.data + other, (self,), (1,))

    def __mul__(self, other: Value | Number) -> Value:
        if isinstance(other, Value):
            return Value(self.data * other.data, (self, other), (other.data, self.data))
        return Value(self.data * other, (self,), (other,))

    def __pow__(self, n: Number) -> Value:
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def __neg__(self) -> Value:
        return self * -1

    def __sub__(self, other: Value | Number) -> Value:
        return self + -other

    def __rsub__(self, other: Number) -> Value:
        return -self + other

    def __truediv__(self, other: Value | Number) -> Value:
        return self * other**-1

    def __rtruediv__(self, other: Number) -> Value:
        return self**-1 * other

    __radd__, __rmul__ = __add__, __mul__
    __array_ufunc__ = None  # so that NumPy's numbers leave `number * value` to this class

    def exp(self) -> Value:
        return Value(y := math.exp(self.data), (self,), (y,))

    def log(self) -> Value:
        return Value(math.log(self.data), (self,), (1 / self.data,))

    def tanh(self) -> Value:
        return Value(math.tanh(self.data), (self,), (1 / math.cosh(self.data) ** 2,))

    def relu(self) -> Value:
        return Value(max(self.data, 0.0), (self,), (float(self.data > 0),))
