"""Our own ways from operands to a value and its partials: recorded, compiled, compiled in lanes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd import Value, jit, value_and_grad, vmap, where
from autograd.ops import Op
from tests.points import variables

Point = tuple[float, ...]
Results = list[list[float]]  # at each point the value, then the partials by each real variable

EAGER, UNIFORM, LANES = "eager", "compiled", "compiled, in lanes"


def eager(op: Op, points: Sequence[Point]) -> Results:
    """As one who calls the operation on Values and then backward."""
    return [_recorded(op, xs) for xs in points]


def _recorded(op: Op, xs: Point) -> list[float]:
    leaves = [Value(x) for x in xs[op.fixed :]]
    y = op(*xs[: op.fixed], *leaves)
    if not op.partials:
        return [float(y)]
    y.backward()
    return [y.data, *[leaf.grad for leaf in leaves]]


def uniform(op: Op, points: Sequence[Point]) -> Results:
    """By machine code, one point a call."""
    compiled = jit(_value_and_partials(op))
    return [_flat(compiled(*xs)) for xs in points]


def lanes(op: Op, points: Sequence[Point]) -> Results:
    """By machine code for all points at once, eight in a vector."""
    import numpy

    columns = [numpy.array(column) for column in zip(*points, strict=True)]
    found = _flat(jit(vmap(_value_and_partials(op)))(*columns))
    return [list(map(float, row)) for row in zip(*found, strict=True)]


def _value_and_partials(op: Op) -> Any:
    def value(*xs: Any) -> Any:
        return op(*xs)

    def truth(*xs: Any) -> Any:  # which a compiled function cannot give back
        return where(op(*xs), 1.0, 0.0)

    return value_and_grad(value, argnums=tuple(variables(op))) if op.partials else truth


def _flat(result: Any) -> list[Any]:
    """The value and the partials as one list."""
    if not isinstance(result, tuple):
        return [result]
    y, partials = result
    return [y, *partials] if isinstance(partials, tuple) else [y, partials]


WAYS = {EAGER: eager, UNIFORM: uniform, LANES: lanes}
