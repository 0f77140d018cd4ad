"""Each way to the derivatives of an expression, held against the truth."""

from collections.abc import Iterator
from typing import Any

from autograd import Value, grad, hessian, hvp, jit
from autograd.testing import Expression
from tests.exact_graph import Which, exact
from tests.programs import run_traced

TOLERANCE = 1e-12  # of the condition: the promise; a few times 1e-16 is typical
SIZE = 30  # operations at most

Found = dict[Which, float]


def errors(expression: Expression, compiled: bool = True) -> dict[tuple[str, int], float]:
    """The largest error, for each way to derivatives and each order, as a part of the condition.

    A way is "backward", "forward over reverse", "reverse over reverse", "traced" or "compiled".
    """
    truths = exact(expression)
    worst: dict[tuple[str, int], float] = {}
    for way, found in _ways(expression, compiled):
        for which, number in found.items():
            error = truths[tuple(sorted(which))].error(number)
            key = way, len(which)
            worst[key] = max(error, worst.get(key, 0.0))
    return worst


def _ways(expression: Expression, compiled: bool) -> Iterator[tuple[str, Found]]:
    leaves = list(expression.leaves)
    values = [Value(x) for x in leaves]
    root = expression(*values)
    root.backward()
    yield "backward", _found(root.data, [x.grad for x in values])

    def f(xs: list[Any]) -> Any:
        return expression(*xs)

    def everything(*xs: Any) -> list[Any]:
        return [f([*xs]), grad(f)([*xs]), hessian(f)([*xs])]

    basis = [[float(i == j) for i in range(len(leaves))] for j in range(len(leaves))]
    pushed = [hvp(f, (leaves,), (unit,))[0] for unit in basis]
    yield "forward over reverse", _found(f(leaves), grad(f)(leaves), pushed)
    yield "reverse over reverse", _found(*everything(*leaves))
    yield "traced", _found(*run_traced(everything, *leaves)[0])
    if compiled:
        yield "compiled", _found(*jit(everything)(*leaves))


def _found(value: float, gradient: list[float], seconds: list[list[float]] = []) -> Found:  # noqa: B006
    found: Found = {(): value}
    found |= {(i,): x for i, x in enumerate(gradient)}
    return found | {(i, j): x for i, row in enumerate(seconds) for j, x in enumerate(row)}
