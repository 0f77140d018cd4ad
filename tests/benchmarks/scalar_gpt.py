"""The language model in plain scalars: a Value of its own, and no node of many operands."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

TOKENS, POSITIONS, WIDTH, HEADS = 27, 16, 16, 4
SHAPES = {
    "token": (TOKENS, WIDTH),
    "position": (POSITIONS, WIDTH),
    "query": (WIDTH, WIDTH),
    "key": (WIDTH, WIDTH),
    "value": (WIDTH, WIDTH),
    "output": (WIDTH, WIDTH),
    "widen": (4 * WIDTH, WIDTH),
    "narrow": (WIDTH, 4 * WIDTH),
    "head": (TOKENS, WIDTH),
}


class ScalarValue:
    """A number with its operands and its slope in each: the least that learns."""

    __slots__ = ("data", "grad", "operands", "slopes")

    def __init__(self, data: float, operands: tuple[Any, ...] = (), slopes: Any = ()) -> None:
        self.data, self.grad, self.operands, self.slopes = data, 0.0, operands, slopes

    def __add__(self, other: Any) -> ScalarValue:
        if isinstance(other, ScalarValue):
            return ScalarValue(self.data + other.data, (self, other), (1.0, 1.0))
        return ScalarValue(self.data + other, (self,), (1.0,))

    def __mul__(self, other: Any) -> ScalarValue:
        if isinstance(other, ScalarValue):
            return ScalarValue(self.data * other.data, (self, other), (other.data, self.data))
        return ScalarValue(self.data * other, (self,), (other,))

    def __pow__(self, n: float) -> ScalarValue:
        return ScalarValue(self.data**n, (self,), (n * self.data ** (n - 1),))

    def __sub__(self, other: float) -> ScalarValue:
        return self + -other

    def __truediv__(self, other: Any) -> ScalarValue:
        return self * other**-1

    __radd__ = __add__

    def exp(self) -> ScalarValue:
        y = math.exp(self.data)
        return ScalarValue(y, (self,), (y,))

    def log(self) -> ScalarValue:
        return ScalarValue(math.log(self.data), (self,), (1.0 / self.data,))

    def relu(self) -> ScalarValue:
        return ScalarValue(max(0.0, self.data), (self,), (float(self.data > 0),))

    def backward(self) -> None:
        order: list[ScalarValue] = []
        seen: set[ScalarValue] = set()
        stack: list[tuple[ScalarValue, bool]] = [(self, False)]
        while stack:
            node, is_done = stack.pop()
            if is_done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack += [(operand, False) for operand in node.operands]
        self.grad = 1.0
        for node in reversed(order):
            for operand, slope in zip(node.operands, node.slopes, strict=True):
                operand.grad += slope * node.grad


def parameters(value: Callable[[float], Any], numbers: Sequence[float]) -> dict[str, Any]:
    """Matrices of such Values, filled row by row with the numbers."""
    rest = iter(numbers)
    return {
        name: [[value(next(rest)) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in SHAPES.items()
    }


def loss(p: dict[str, Any], text: Sequence[int]) -> Any:
    """The mean of -log p(next token), from operators of single Values alone."""
    keys: list[Any] = []
    values: list[Any] = []
    losses = []
    for position, (token, following) in enumerate(pairwise(text)):
        pairs = zip(p["token"][token], p["position"][position], strict=True)
        x = _norm([a + b for a, b in pairs])
        normed = _norm(x)
        keys.append(_linear(p["key"], normed))
        values.append(_linear(p["value"], normed))
        mixed = _attended(_linear(p["query"], normed), keys, values)
        x = [a + b for a, b in zip(x, _linear(p["output"], mixed), strict=True)]
        hidden = [h.relu() for h in _linear(p["widen"], _norm(x))]
        x = [a + b for a, b in zip(x, _linear(p["narrow"], hidden), strict=True)]
        losses.append(_softmax(_linear(p["head"], x))[following].log() * -1.0)
    return sum(losses) * (1.0 / len(losses))


def _linear(rows: Any, x: Any) -> Any:
    return [sum(w * a for w, a in zip(row, x, strict=True)) for row in rows]


def _norm(x: Any) -> Any:
    scale = (sum(a * a for a in x) * (1.0 / len(x)) + 1e-5) ** -0.5
    return [a * scale for a in x]


def _softmax(logits: Any) -> Any:
    largest = max(z.data for z in logits)
    powers = [(z - largest).exp() for z in logits]
    total = sum(powers)
    return [power / total for power in powers]


def _attended(query: Any, keys: Any, values: Any) -> Any:
    mixed = []
    size = WIDTH // HEADS
    for start in range(0, WIDTH, size):
        head = range(start, start + size)
        scores = [sum(query[i] * key[i] for i in head) * size**-0.5 for key in keys]
        shares = _softmax(scores)
        mixed += [sum(s * v[i] for s, v in zip(shares, values, strict=True)) for i in head]
    return mixed


def step(value: Callable[[float], Any], text: Sequence[int]) -> Callable[[], None]:
    """One training step, Adam included, each time it is called."""
    source = random.Random(0)
    numbers = [
        source.gauss(0.0, 0.08) for rows, columns in SHAPES.values() for _ in range(rows * columns)
    ]
    matrices = parameters(value, numbers)
    flat = [x for matrix in matrices.values() for row in matrix for x in row]
    m, v, t = [0.0] * len(flat), [0.0] * len(flat), 0

    def run() -> None:
        nonlocal t
        loss(matrices, text).backward()
        t += 1
        for i, x in enumerate(flat):
            m[i] = 0.85 * m[i] + 0.15 * x.grad
            v[i] = 0.99 * v[i] + 0.01 * x.grad**2
            m_hat, v_hat = m[i] / (1.0 - 0.85**t), v[i] / (1.0 - 0.99**t)
            x.data -= 0.01 * m_hat / (v_hat**0.5 + 1e-8)
            x.grad = 0.0

    return run
