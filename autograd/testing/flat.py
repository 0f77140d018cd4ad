"""A function of any trees as one of a list to a list, and the derivatives of it as more such."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autograd.testing.finite import numbers
from autograd.testing.point import Point, leaf_names
from autograd.transforms import computed_from, jvp, vjp
from autograd.tree import flatten
from autograd.value import Value, topological_order

if TYPE_CHECKING:
    from autograd.tree import Tree

    Call = Callable[[list[Tree]], list[Tree]]


@dataclass(frozen=True, slots=True)
class FlatFunction:
    """f itself, or a derivative of it that a mode gave; of the coordinates of a point."""

    call: Call
    evaluate: Callable[[Sequence[float]], list[float]]  # the same on floats, many times over
    point: Point
    outputs: tuple[str, ...]  # what each is, in words; "" for the one of f itself
    modes: tuple[str, ...] = ()  # that made it, the last one first

    @staticmethod
    def of(f: Callable[..., Tree], point: Point) -> FlatFunction:
        """f(*args) for the point of args; evaluated on one tree, as building one costs more."""
        values = point.values()
        args = point.tree(values)
        outputs, structure = flatten(f(*args))
        names = tuple(leaf_names(structure, "f")) if len(outputs) > 1 else ("",) * len(outputs)

        def call(xs: list[Tree]) -> list[Tree]:
            return flatten(f(*point.tree(xs)))[0]

        def evaluate(xs: Sequence[float]) -> list[float]:
            for value, x in zip(values, xs, strict=True):
                value.data = x
            return numbers(f(*args))

        return FlatFunction(call, evaluate, point, names)

    def pulled(self, cotangent: Sequence[float]) -> Call:
        """The gradient of Σ cotangent · output."""
        return lambda xs: vjp(self.call, xs)[1](list(cotangent))[0]

    def pushed(self, tangent: Sequence[float]) -> Call:
        """The derivative of each output along the tangent."""
        return lambda xs: jvp(self.call, (xs,), (list(tangent),))[1]

    def derivative(
        self, mode: str, cotangent: Sequence[float], tangent: Sequence[float]
    ) -> FlatFunction:
        """What a mode makes of it, with its outputs named."""
        if mode == "reverse":
            call = self.pulled(cotangent)
            names = tuple(f"the derivative by {name}" for name in self.point.names)
        else:
            call = self.pushed(tangent)
            names = tuple(f"the derivative of {name or 'f'} along args" for name in self.outputs)

        def evaluate(xs: Sequence[float]) -> list[float]:
            return numbers(call(list(xs)))

        return FlatFunction(call, evaluate, self.point, names, (mode, *self.modes))

    def graph(self) -> list[Value]:
        """The outputs as Values, with labelled leaves, and the gradients of their sum written."""
        leaves = self.point.values()
        for leaf, name in zip(leaves, self.point.names, strict=True):
            leaf.label = leaf.label or name
        outputs = [y for y in self.call(list(leaves)) if isinstance(y, Value)]
        _write_gradients(outputs, leaves)
        return outputs


def _write_gradients(outputs: Sequence[Value], leaves: Sequence[Value]) -> None:
    """As backward, but only to what was computed from the leaves: the rest is the user's own."""
    order = topological_order(*outputs)
    reached = computed_from(leaves, order)
    for output in outputs:
        output.grad += 1.0 if id(output) in reached else 0.0
    for node in reversed(order):
        for parent, local_grad in zip(node.parents, node.local_grads, strict=True):
            if id(parent) in reached:
                parent.grad += node.grad * local_grad
