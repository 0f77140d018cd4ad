"""How much a graph adds up without the signs: what cancels leaves rounding errors of that size."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from autograd.value import Value, topological_order


def values_added(outputs: Sequence[Value | float]) -> list[float]:
    """Σ |∂output/∂node · node| over the nodes that each output was computed from, if it is finite.

    The relative rounding error of each node, carried on to the output (N. J. Higham, Accuracy and
    Stability of Numerical Algorithms, section 3.1, but with the local gradients of this graph).
    """
    added: dict[int, float] = {}
    for node in topological_order(*[y for y in outputs if isinstance(y, Value)]):
        edges = zip(node.parents, node.local_grads, strict=True)
        added[id(node)] = abs(node.data) + sum(abs(d) * added[id(parent)] for parent, d in edges)
    sums = [added[id(y)] if isinstance(y, Value) else abs(y) for y in outputs]
    return [total if isfinite(total) else 0.0 for total in sums]


def slopes_added(
    outputs: Sequence[Value | float], weights: Sequence[float], leaves: Sequence[Value]
) -> list[float]:
    """Σ |weight · the product of the local gradients| over all paths, for each leaf."""
    added: dict[int, float] = {}
    for root, weight in zip(outputs, weights, strict=True):
        added[id(root)] = added.get(id(root), 0.0) + abs(weight)
    for node in reversed(topological_order(*[y for y in outputs if isinstance(y, Value)])):
        for parent, partial in zip(node.parents, node.local_grads, strict=True):
            passed = added[id(node)] * abs(partial)
            added[id(parent)] = added.get(id(parent), 0.0) + passed
    return [added.get(id(leaf), 0.0) for leaf in leaves]
