"""The paths of a graph from a root down to a leaf: how many there are, and the largest of them."""

from __future__ import annotations

from heapq import heappop, heappush, nlargest
from math import frexp, inf, isfinite, ldexp, nan

from autograd.value import topological_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from autograd.value import Value

    Size = tuple[int, float]  # |product| as an exponent of two and a mantissa in [0.5, 1)
    Kept = Callable[[float], bool]  # of a local gradient: whether its edge is there

ONE = (1, 0.5)
# Exponents that no product of finite numbers reaches: one nan outweighs all infinities, one of
# these whatever is finite, and a 0, which makes it nan, weighs more than none.
NOT_A_NUMBER, INFINITE, ZERO = (1 << 100, 0.5), (1 << 75, 0.5), (1 << 50, 0.5)


class Edges:
    """What lies between a leaf and a root: node 0 is the leaf, the last one the root.

    The edges of node i are `first[i]` to `first[i + 1]`, as far as they lead to the leaf: edge e
    goes to the node `parent[e]`, which is at `place[e]` among the parents, with `local_grad[e]`.
    Flat lists of numbers, of which the garbage collector has nothing to see. Costs O(edges).
    """

    __slots__ = ("first", "local_grad", "nodes", "parent", "place")

    def __init__(self, leaf: Value, root: Value) -> None:
        self.nodes = [leaf, *topological_order(root, leaves=[leaf])]
        self.first = [0, 0]
        self.parent: list[int] = []
        self.place: list[int] = []
        self.local_grad: list[float] = []
        position = {id(leaf): 0}  # of the nodes that the leaf is below
        for i, node in enumerate(self.nodes[1:], 1):
            local_grads = node.local_grads
            for k, parent in enumerate(node.parents):
                p = position.get(id(parent))
                if p is not None:
                    self.parent.append(p)
                    self.place.append(k)
                    self.local_grad.append(local_grads[k])
            if len(self.parent) > self.first[-1]:
                position[id(node)] = i
            self.first.append(len(self.parent))

    def of(self, i: int) -> range:
        """The edges of node i."""
        return range(self.first[i], self.first[i + 1])


class Path:
    """One way from the root to the leaf, and what the local gradients on it multiply to.

    `nodes` begin with the root and end with the leaf. `local_grads[i]` is ∂nodes[i]/∂nodes[i + 1],
    and `places[i]` says which of the parents of nodes[i] is meant, for it may be there twice.
    `product` is a float: 0.0 or ±inf where the true one is beyond floats. `share` is product
    divided by gradient, nan where the gradient is 0 or not finite.
    """

    __slots__ = ("local_grads", "nodes", "places", "product", "share")

    def __init__(
        self, nodes: Sequence[Value], places: Sequence[int], grads: Sequence[float], whole: float
    ) -> None:
        self.nodes = tuple(nodes)
        self.places = tuple(places)
        self.local_grads = tuple(grads)
        self.product = product_of(self.local_grads)[1]
        self.share = self.product / whole if whole and isfinite(whole) else nan

    def __repr__(self) -> str:
        return f"<Path of {len(self.places)} edges: product {self.product}, share {self.share}>"


def is_not_zero(local_grad: float) -> bool:
    """Whether a finite number other than 0."""
    return local_grad != 0 and isfinite(local_grad)


def count_paths(edges: Edges, kept: Kept) -> int:
    """How many paths there are, exactly; numbers are forgotten once they are passed on."""
    waiting = {len(edges.nodes) - 1: 1}
    for i in range(len(edges.nodes) - 1, 0, -1):
        here = waiting.pop(i, 0)
        if here:
            for e in edges.of(i):
                if kept(edges.local_grad[e]):
                    p = edges.parent[e]
                    waiting[p] = waiting.get(p, 0) + here
    return waiting.get(0, 0)


def largest_paths(edges: Edges, most: int) -> list[list[int]]:
    """At most `most` paths, as their edges from the root on: the largest |product| first.

    Those with a nan or an infinity on them come before all others, those of product 0 not at all.
    """
    found: list[list[int]] = []
    if not all(map(isfinite, edges.local_grad)):
        for path in _best_first(edges, most, lambda local_grad: True):
            if all(isfinite(edges.local_grad[e]) for e in path):
                break
            found.append(path)
    return found + _best_first(edges, most - len(found), is_not_zero)


def product_of(local_grads: Sequence[float]) -> tuple[Size, float]:
    """|product| as a Size that neither overflows nor underflows, and the product as a float."""
    finite = all(map(isfinite, local_grads))
    if any(g != g for g in local_grads) or (not finite and 0.0 in local_grads):
        return NOT_A_NUMBER, nan
    size, sign = ONE, 1.0
    for g in local_grads:
        size = _times(size, _size(g))
        sign = -sign if g < 0 else sign
    try:
        return size, sign * (ldexp(size[1], size[0]) if finite else inf)
    except OverflowError:
        return size, sign * inf


# -- the search ----------------------------------------------------------------------------------


def _best_first(edges: Edges, most: int, kept: Kept) -> list[list[int]]:
    """The largest paths, the largest first.

    From each node the best way down to the leaf is known beforehand. So a path that leaves it at
    one place is rated before it is walked: what comes off the heap is the next largest of all,
    never a dead end, and each path is put there once, as a detour of one found before
    (the sidetracks of Eppstein, Finding the k shortest paths, 1998).
    """
    ways = _Ways(edges, kept)
    root = len(edges.nodes) - 1
    if most < 1 or not ways.is_there(root):
        return []
    found = [ways.down_from(root)]
    heap: list[tuple[int, float, int, int, int, int]] = []
    shared = made = 0  # edges that the last path is given by the one it is a detour of
    while len(found) < most:
        detours = ways.detours(found[-1], shared)
        for (exponent, mantissa), minus_q, minus_e in nlargest(most - len(found), detours):
            made += 1
            heappush(heap, (-exponent, -mantissa, made, len(found) - 1, -minus_q, -minus_e))
        if not heap:
            break
        *_, before, q, e = heappop(heap)
        shared = q + 1
        found.append([*found[before][:q], e, *ways.down_from(edges.parent[e])])
    return found


class _Ways:
    """For each node the largest |product| on the way down to the leaf, and the edge it begins with.

    Costs O(edges).
    """

    __slots__ = ("edges", "exponent", "kept", "mantissa", "next")

    def __init__(self, edges: Edges, kept: Kept) -> None:
        self.edges, self.kept = edges, kept
        nodes = len(edges.nodes)
        self.exponent, self.mantissa = exponents, mantissas = [1] * nodes, [0.5] * nodes
        self.next = following = [-1] * nodes
        e = 0
        for i in range(1, nodes):
            best = None
            while e < edges.first[i + 1]:
                p = edges.parent[e]
                if (following[p] >= 0 or p == 0) and kept(edges.local_grad[e]):
                    size = _times(_size(edges.local_grad[e]), (exponents[p], mantissas[p]))
                    if best is None or size > best:
                        best = size
                        exponents[i], mantissas[i] = size
                        following[i] = e
                e += 1

    def is_there(self, i: int) -> bool:
        """Whether there is a way from node i to the leaf."""
        return i == 0 or self.next[i] >= 0

    def _by(self, e: int) -> Size:
        p = self.edges.parent[e]
        return _times(_size(self.edges.local_grad[e]), (self.exponent[p], self.mantissa[p]))

    def down_from(self, i: int) -> list[int]:
        """The edges of the best way."""
        path = []
        while i:
            path.append(self.next[i])
            i = self.edges.parent[self.next[i]]
        return path

    def detours(self, path: list[int], shared: int) -> Iterator[tuple[Size, int, int]]:
        """Each way to leave a path after its first edges: the size, -where, -(by which edge)."""
        edges, size = self.edges, ONE
        i = len(edges.nodes) - 1
        for q, taken in enumerate(path):
            if q >= shared:
                for e in edges.of(i):
                    kept = e != taken and self.kept(edges.local_grad[e])
                    if kept and self.is_there(edges.parent[e]):
                        yield _times(size, self._by(e)), -q, -e
            size = _times(size, _size(edges.local_grad[taken]))
            i = edges.parent[taken]


def _size(local_grad: float) -> Size:
    if isfinite(local_grad):
        mantissa, exponent = frexp(abs(local_grad))
        return (exponent, mantissa) if mantissa else ZERO
    return INFINITE if local_grad == local_grad else NOT_A_NUMBER


def _times(a: Size, b: Size) -> Size:
    mantissa, exponent = frexp(a[1] * b[1])
    return a[0] + b[0] + exponent, mantissa
