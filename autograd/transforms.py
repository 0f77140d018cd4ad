"""Derivatives of functions, from the graph that a call of the function leaves behind.

Each transform gives the function aliases of its arguments, calls it, and sweeps the paths that
start at these aliases; so transforms nest in any order without levels or tags. Where the result
depends on an alias of an enclosing transform, the sweep multiplies Values instead of floats, and
the gradient is more graph, which the enclosing one differentiates in turn. The same holds where
the result has no number yet, because a program is being traced.
"""

from __future__ import annotations

import functools
from collections import deque
from contextvars import ContextVar, copy_context
from itertools import repeat

from autograd import anomaly, ops
from autograd.real import as_float, describe
from autograd.traced import inside_lanes, is_lane, lane_alias, lane_sum
from autograd.tree import flatten, flatten_like, unflatten
from autograd.value import Value, gradients, topological_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from autograd.tree import Tree

    Scalar = Value | float

_SCALARS = flatten(0.0)[1], ("array", (), (flatten(0.0)[1],))  # a number, an array of no axes
_ONE_A_LANE = (
    "expected a function that returns one number, but it returned one for each lane; "
    'give vmap reduce="sum" or "mean", or put vmap outside: vmap(grad(f))'
)
# The aliases of transforms whose function is still running, by id. They are held, so that one which
# a Ctrl-C leaves here can never lend its id to another Value.
_live: dict[int, Value] = {}
_inside = ContextVar("inside_transform", default=False)


# -- the transforms ------------------------------------------------------------------------------


def value_and_grad(
    f: Callable[..., Scalar], argnums: int | tuple[int, ...] = 0
) -> Callable[..., tuple[Any, Tree]]:
    """The function that gives f's value and its gradient by one or several of its arguments.

    The gradient has the shape of the argument (any nesting of lists, tuples, dicts, dataclasses,
    arrays and modules) with floats for leaves; Values only inside an enclosing transform. With a
    tuple of `argnums` it is a tuple of such. `.grad` is neither read nor written. A Value that
    stands at two places is one variable: its total derivative stands at both.

    Costs one call of f and one sweep, about as much again. TypeError where f does not return one
    number, or an argument holds what is no number.

    >>> value_and_grad(lambda p, x: (p["w"] * x + p["b"]) ** 2)({"w": 2.0, "b": 1.0}, 3.0)
    (49.0, {'w': 42.0, 'b': 14.0})
    """

    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Tree]:
        call = _Call(f, args, kwargs, argnums)
        root = call.scalar()
        return call.primals([root])[0], call.gradient([root], [1.0])

    return with_signature(f, value_and_gradient)


def grad(f: Callable[..., Scalar], argnums: int | tuple[int, ...] = 0) -> Callable[..., Tree]:
    """The function that gives f's gradient; see `value_and_grad`.

    >>> grad(lambda x: x**3)(2.0)
    12.0
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    """

    def gradient(*args: Any, **kwargs: Any) -> Tree:
        return value_and_grad(f, argnums)(*args, **kwargs)[1]

    return with_signature(f, gradient)


def vjp(f: Callable[..., Tree], *primals: Tree) -> tuple[Tree, Callable[[Tree], tuple[Tree, ...]]]:
    """f's result, and the function from a cotangent of it to the gradients by each argument.

    The vector-Jacobian product, reverse mode: one sweep a cotangent, whatever the number of
    inputs. ValueError where the cotangent has not the shape of the result.

    >>> y, pullback = vjp(lambda a, b: [a * b, a + b], 2.0, 3.0)
    >>> y, pullback([1.0, 10.0])
    ([6.0, 5.0], (13.0, 12.0))
    """
    call = _Call(f, primals, {}, tuple(range(len(primals))))

    def pullback(cotangent: Tree) -> tuple[Tree, ...]:
        seeds = flatten_like(call.output_structure, cotangent)
        gradient: tuple[Tree, ...] = call.gradient(call.outputs, seeds)
        return gradient

    return unflatten(call.output_structure, call.primals(call.outputs)), pullback


def jvp(
    f: Callable[..., Tree], primals: Sequence[Tree], tangents: Sequence[Tree]
) -> tuple[Tree, Tree]:
    """f's result, and its derivative along the tangents of the arguments.

    The Jacobian-vector product, forward mode: one pass over the recorded graph, whatever the
    number of outputs. ValueError where the tangents have not the shape of the primals, or give
    one Value two tangents.

    >>> jvp(lambda x: [x * x, x**3], (2.0,), (1.0,))
    ([4.0, 8.0], [4.0, 12.0])
    """
    call = _Call(f, tuple(primals), {}, tuple(range(len(primals))))
    along = call.tangents(flatten_like(call.structure, tuple(tangents)))
    results = unflatten(call.output_structure, call.primals(call.outputs))
    return results, unflatten(call.output_structure, along)


def hvp(
    f: Callable[..., Scalar], primals: Sequence[Tree], tangents: Sequence[Tree]
) -> tuple[Tree, ...]:
    """The Hessian of f at the primals times the tangents, in the shape of the primals.

    Forward over reverse: a few calls of f, and never the Hessian itself (Pearlmutter 1994).

    >>> hvp(lambda x, y: x * x * y, (2.0, 3.0), (1.0, 0.0))
    (6.0, 4.0)
    """
    product: tuple[Tree, ...] = jvp(grad(f, tuple(range(len(primals)))), primals, tangents)[1]
    return product


def jacobian(f: Callable[..., Tree], argnums: int | tuple[int, ...] = 0) -> Callable[..., Tree]:
    """The function that gives, in the place of each output of f, its gradient.

    The output's structure holds the argument's: a list of k numbers from a list of n gives k lists
    of n, an array of shape s from one of shape t an array of shape s + t. One sweep an output.

    >>> jacobian(lambda x: [x[0] * x[1], x[0] + x[1]])([2.0, 3.0])
    [[3.0, 2.0], [1.0, 1.0]]
    """

    def matrix(*args: Any, **kwargs: Any) -> Tree:
        call = _Call(f, args, kwargs, argnums)
        rows = [call.gradient([output], [1.0]) for output in call.outputs]
        return unflatten(call.output_structure, rows)

    return with_signature(f, matrix)


def hessian(f: Callable[..., Scalar], argnums: int | tuple[int, ...] = 0) -> Callable[..., Tree]:
    """The function that gives all second derivatives of f: `jacobian(grad(f))`.

    >>> hessian(lambda x: x[0] ** 2 * x[1])([2.0, 3.0])
    [[6.0, 4.0], [4.0, 0.0]]
    """
    return jacobian(grad(f, argnums), argnums)


def with_signature(f: Callable[..., Any], derived: Callable[..., Any]) -> Callable[..., Any]:
    """The function derived from f, which `inspect.signature` then finds to take f's arguments."""
    derived.__wrapped__ = f  # type: ignore[attr-defined]  # a function takes any attribute
    return derived


# -- the call that they all make -----------------------------------------------------------------


def _called_inside(f: Callable[..., Tree], args: list[Tree], kwargs: dict[str, Any]) -> Tree:
    _inside.set(True)
    return f(*args, **kwargs)


class _Call:
    """A call of f on aliases of some of its arguments: what came out, and the ways to it."""

    def __init__(
        self,
        f: Callable[..., Tree],
        args: tuple[Tree, ...],
        kwargs: dict[str, Any],
        argnums: int | tuple[int, ...],
    ) -> None:
        chosen = positions(argnums, len(args))
        trees = tuple([args[i] for i in chosen])
        self.originals, self.structure = flatten(trees if isinstance(argnums, tuple) else trees[0])
        if not self.originals and self.structure[0] == "static":
            raise TypeError(f"expected a number to differentiate by, not {describe(trees[0])}")
        of_original: dict[int, Value] = {}  # the same Value at two places has one alias
        self.aliases = [
            of_original.setdefault(id(x), alias) if isinstance(x, Value) else alias
            for x, alias in zip(self.originals, map(_alias, self.originals), strict=True)
        ]
        arguments = list(args)
        inputs = unflatten(self.structure, self.aliases)
        for i, x in zip(chosen, inputs if isinstance(argnums, tuple) else (inputs,), strict=True):
            arguments[i] = x
        aliases = {id(alias): alias for alias in self.aliases}
        gone = map(_live.pop, aliases, repeat(None))
        forget: Callable[[], Any] = functools.partial(deque, gone, maxlen=0)
        try:
            _live.update(aliases)
            # In a context of its own, which an interrupt anywhere leaves behind as a whole.
            result = copy_context().run(_called_inside, f, arguments, kwargs)
        finally:
            forget()
        self.outputs, self.output_structure = flatten(result)

    def scalar(self) -> Scalar:
        """The output, if it is one number."""
        if len(self.outputs) == 1 and self.output_structure in _SCALARS:
            if getattr(self.outputs[0], "is_truth", False):
                raise TypeError(
                    "expected a function that returns one number, but it returned whether "
                    "something holds; return where(condition, a, b)"
                )
            if not is_lane(self.outputs[0]) or inside_lanes.get():
                return self.outputs[0]
            raise TypeError(_ONE_A_LANE)
        if not self.outputs:
            raise TypeError(
                "expected a function that returns one number, but its result holds none; "
                "is a return missing?"
            )
        raise TypeError(
            f"expected a function that returns one number, but it returned {len(self.outputs)} in "
            "a structure; return their sum, or use jacobian or vjp"
        )

    def primals(self, outputs: Sequence[Scalar]) -> list[Scalar]:
        """The outputs as the caller gets them: floats, or Values inside an enclosing transform."""
        return list(outputs) if self._is_nested(outputs) else list(map(_number, outputs))

    def gradient(self, outputs: Sequence[Scalar], cotangents: Sequence[Scalar]) -> Tree:
        """Σ cotangent · ∂output/∂input for each input, in the shape of the arguments."""
        pairs = [(y, c) for y, c in zip(outputs, cotangents, strict=True) if isinstance(y, Value)]
        if not inside_lanes.get() and any(is_lane(y) and not is_lane(c) for y, c in pairs):
            raise TypeError(_ONE_A_LANE)
        roots, seeds = [y for y, _ in pairs], [c for _, c in pairs]
        if self._is_nested([*roots, *seeds]):
            return unflatten(self.structure, _graph_gradients(roots, seeds, self.aliases))
        numbers = gradients(roots, list(map(_number, seeds)), self.aliases)
        return unflatten(self.structure, numbers)

    def tangents(self, directions: Sequence[Scalar]) -> list[Scalar]:
        """The derivative of each output along the directions of the inputs."""
        roots = [y for y in self.outputs if isinstance(y, Value)]
        as_graph = self._is_nested([*roots, *directions])
        along: dict[int, Any] = {}
        for alias, direction in zip(self.aliases, directions, strict=True):
            t = direction if as_graph else _number(direction)
            known = along.setdefault(id(alias), t)
            if known is not t and (isinstance(t, Value) or repr(known) != repr(t)):
                raise ValueError(
                    f"one Value was given the tangents {known} and {t}; "
                    "a Value at two places is one variable, and has one tangent"
                )
        # what does not move has no path: 0 · inf would be nan where the derivative is not
        along = {k: t for k, t in along.items() if not (t.__class__ is float and t == 0.0)}
        order = topological_order(*roots, leaves=self.aliases)
        anomaly.judge_values(order)
        moves: dict[int, Any] = {}  # for a node behind a traced `where`: whether it was chosen
        for node in order:
            if as_graph and node.is_traced and (node.op is ops.lane_sum or _selects(node)):
                _push_through(node, along, moves)
                continue
            for parent, partial in _edges(node, along, as_graph):
                passes = moves.get(id(parent), True)
                _note(moves, node, passes, is_first=id(node) not in along)
                amount = _times(partial, along[id(parent)])
                _accumulate(along, node, _if_live(amount, passes, -0.0))
            if id(node) in along:
                anomaly.judge_tangent(node, along[id(node)])
        return [_if_live(along.get(id(y), 0.0), moves.get(id(y), True), 0.0) for y in self.outputs]

    def _is_nested(self, values: Sequence[Scalar]) -> bool:
        """Whether any of these, or of the arguments, is part of an enclosing transform or trace."""
        roots = [x for x in (*values, *self.originals) if isinstance(x, Value)]
        return any(x.is_traced for x in roots) or is_differentiating(roots)


def is_running() -> bool:
    """Whether this thread is inside a function that a transform calls."""
    return _inside.get()


def is_differentiating(leaves: Sequence[Any]) -> bool:
    """Whether any of these depends on an argument of a transform that is still running."""
    values = [x for x in leaves if isinstance(x, Value)] if _live else []
    return bool(values) and not _live.keys().isdisjoint(map(id, topological_order(*values)))


def positions(argnums: int | tuple[int, ...], count: int) -> tuple[int, ...]:
    """The places that argnums names among so many positional arguments, counted from 0.

    TypeError where it is no int or tuple of ints, ValueError where one is out of range or double.
    """
    chosen = argnums if isinstance(argnums, tuple) else (argnums,)
    if not all(isinstance(i, int) for i in chosen):
        raise TypeError(f"argnums is an int or a tuple of ints, not {describe(argnums)}")
    if not all(-count <= i < count for i in chosen):
        raise ValueError(
            f"argnums {argnums!r} does not name one of the {count} positional arguments; "
            "give the arguments to differentiate by position"
        )
    places = tuple([i % count for i in chosen])
    if len(set(places)) < len(places):
        raise ValueError(f"argnums {argnums!r} names an argument twice; name each once")
    return places


def _alias(x: Scalar) -> Value:
    if inside_lanes.get():
        return lane_alias(x)  # a variable of each lane's own, whatever is shared by them
    if not isinstance(x, Value):
        return Value(x)
    alias: Value = Value.record(ops.alias, (x,))
    if x.label:
        alias.label = x.label
    return alias


def _number(x: Scalar) -> float:
    return x.data if isinstance(x, Value) else as_float(x)


# -- sweeps over Values --------------------------------------------------------------------------


def _graph_gradients(
    roots: Sequence[Value], seeds: Sequence[Scalar], targets: Sequence[Value]
) -> list[Scalar]:
    """Σ seed · ∂root/∂target as more graph, over the paths that start at the targets."""
    order = topological_order(*roots, leaves=targets)
    anomaly.judge_values(order)
    reached = computed_from(targets, order)
    adjoints: dict[int, Any] = {}
    shares: dict[int, Any] = {}  # of a node that is one number for all lanes: what each lane adds
    live: dict[int, Any] = {}  # for a node behind a traced `where`: whether it was chosen
    for root, seed in zip(roots, seeds, strict=True):
        _accumulate(adjoints, root, seed)
    for node in reversed(order):
        _gather_shares(node, shares, adjoints)
        if id(node) in reached and id(node) in adjoints:
            adjoint, chosen = adjoints[id(node)], live.get(id(node), True)
            for parent, partial, selected in _chosen_edges(node, reached):
                passes = ops.logical_and(chosen, selected) if chosen is not True else selected
                amount = _if_live(_times(adjoint, partial), passes, -0.0)  # which adds nothing
                is_first = id(parent) not in adjoints and id(parent) not in shares
                is_share = is_lane(node) and not is_lane(parent)
                if is_share and passes is not True:
                    passes = lane_sum(ops.where(passes, 1.0, 0.0)) > 0.0
                _note(live, parent, passes, is_first)
                _accumulate(shares if is_share else adjoints, parent, amount)
    for x in targets:
        _gather_shares(x, shares, adjoints)
    return [_if_live(adjoints.get(id(x), 0.0), live.get(id(x), True), 0.0) for x in targets]


def _gather_shares(node: Value, shares: dict[int, Any], adjoints: dict[int, Any]) -> None:
    """Add the sum over the lanes of what each adds to the node, once none is left to add."""
    if id(node) in shares:
        _accumulate(adjoints, node, lane_sum(shares.pop(id(node))))


def _note(live: dict[int, Any], node: Value, passes: Any, is_first: bool) -> None:
    """A node is live where one of the contributions to it is; one that always is has no entry."""
    before = passes if is_first else live.pop(id(node), True)
    if before is not True and passes is not True:
        live[id(node)] = passes if before is passes else before | passes


def _if_live(amount: Any, live: Any, otherwise: float) -> Any:
    return amount if live is True else ops.where(live, amount, otherwise)


def _chosen_edges(node: Value, reached: Any) -> list[tuple[Any, Any, Any]]:
    """The edges as more graph, each with whether it is the one that a traced choice took."""
    if not _selects(node):
        return [(x, partial, True) for x, partial in _edges(node, reached, as_graph=True)]
    choice, *options = node.operands
    return [
        (x, 1.0, _picks(node.op, choice, i))
        for i, x in enumerate(options)
        if isinstance(x, Value) and id(x) in reached
    ]


def _selects(node: Value) -> bool:
    """Whether it is a choice that is open: a traced `where` or `take`."""
    return node.is_traced and bool(node.op and node.op.select)


def _picks(op: Any, choice: Any, i: int) -> Any:
    """Whether the choice of a `where` or `take` falls on its option i."""
    if op is ops.take:
        return ops.equal(choice, float(i))
    holds = choice if choice.is_truth else ops.not_equal(choice, 0.0)
    return holds if i == 0 else ops.logical_not(holds)


def _push_through(node: Value, along: dict[int, Any], moves: dict[int, Any]) -> None:
    """The tangent of a sum over lanes is the sum, that of an open choice the chosen one."""
    if not any(id(x) in along for x in node.parents):
        return
    choice, *options = node.operands
    if node.op is ops.lane_sum:
        passes = moves.get(id(choice), True)
        along[id(node)] = lane_sum(_if_live(along[id(choice)], passes, -0.0))
        if passes is not True:
            moves[id(node)] = lane_sum(ops.where(passes, 1.0, 0.0)) > 0.0
        return
    assert node.op
    along[id(node)] = node.op(choice, *[along.get(id(x), 0.0) for x in options])
    ways = [moves.get(id(x), True) if id(x) in along else False for x in options]
    if any(way is not True for way in ways):
        taken = [ops.logical_and(_picks(node.op, choice, i), way) for i, way in enumerate(ways)]
        moves[id(node)] = functools.reduce(ops.logical_or, taken)


def computed_from(leaves: Sequence[Value], order: Sequence[Value]) -> set[int]:
    """The ids of the leaves, and of the nodes of a topological order that depend on one of them."""
    reached = set(map(id, leaves))
    for node in order:
        if not reached.isdisjoint(map(id, node.parents)):
            reached.add(id(node))
    return reached


def _edges(node: Value, reached: Any, as_graph: bool) -> list[tuple[Any, Any]]:
    """The reached operands of a node, each with its partial: the recorded float, or more graph."""
    op, operands = node.op, node.operands
    if op is None or not op.partials:
        return []
    rules = op.partials
    if not as_graph:
        recorded = zip(node.parents, node.local_grads, strict=True)
        return [(x, partial) for x, partial in recorded if id(x) in reached]
    if callable(rules):
        edges = zip(operands, rules(node, *operands), strict=True)
        return [(x, d) for i, (x, d) in enumerate(edges) if id(x) in reached and i >= op.fixed]
    return [
        (x, rule(node, *operands))
        for i, (x, rule) in enumerate(zip(operands, rules, strict=True))
        if id(x) in reached and i >= op.fixed
    ]


def _accumulate(totals: dict[int, Any], node: Value, contribution: Scalar) -> None:
    totals[id(node)] = totals[id(node)] + contribution if id(node) in totals else contribution


def _times(a: Any, b: Any) -> Any:
    """a·b without a node for a factor that is exactly one."""
    if a.__class__ is float and a == 1.0:
        return b
    return a if b.__class__ is float and b == 1.0 else a * b
