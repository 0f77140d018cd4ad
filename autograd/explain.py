"""Why a gradient is what it is: its largest paths, in words and in the picture."""

from __future__ import annotations

from math import isfinite

from autograd.draw import drawing
from autograd.frames import Frames
from autograd.path_words import lines
from autograd.paths import Edges, Path, count_paths, is_not_zero, largest_paths
from autograd.real import describe
from autograd.stepper import Stepper
from autograd.value import Value, gradients
from autograd.wording import plain_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from autograd.draw import Drawing


def explain(
    leaf: Value, root: Value, paths: int = 5, *, names: Mapping[str, object] | None = None
) -> Explanation:
    """Why ∂root/∂leaf is what it is: the largest of its paths, of however many there are.

    A path leads from the root to the leaf; its product is that of the local gradients on the way,
    and the gradient is the sum over all paths. Largest is meant by |product|; paths through a nan
    or an infinite local gradient come first, for they decide, and those whose product is 0 are
    left out. `leaf` may be any Value that the root was computed from; where it is none, the
    gradient is 0, by no path. `names=locals()` names Values as in `draw`. Writes no `.grad`.
    TypeError for what is no Value, ValueError unless `paths` is a whole number from 1 on.
    Costs O(edges + paths · length · operands) and does not recurse; how many paths there are is
    counted exactly, in a whole number that may have a bit for each level of the graph.

    >>> x, w = Value(2.0, label="x"), Value(3.0, label="w")
    >>> print(explain(x, x * w + x * x))
    ∂L/∂x = 7, by 3 paths:
      3 (43 %)  L ← v2 ← x:  1 × 3
      2 (29 %)  L ← v3 ← x:  1 × 2
      2 (29 %)  L ← v3 ← x:  1 × 2
    """
    for name, x in (("leaf", leaf), ("root", root)):
        if not isinstance(x, Value):
            raise TypeError(
                f"explain(leaf, root) takes two Values, but the {name} is {describe(x)}; "
                "for example explain(w, loss)"
            )
    if paths.__class__ is not int or paths < 1:
        raise ValueError(f"paths is a whole number from 1 on, not {describe(paths)}")
    edges = Edges(leaf, root)
    (gradient,) = gradients([root], [1.0], [leaf])
    count = count_paths(edges, lambda local_grad: True)
    zeros = 0
    if 0.0 in edges.local_grad:
        zeros = count_paths(edges, isfinite) - count_paths(edges, is_not_zero)
    found = []
    for path in largest_paths(edges, paths):
        nodes = [root, *[edges.nodes[edges.parent[e]] for e in path]]
        grads = [edges.local_grad[e] for e in path]
        found.append(Path(nodes, [edges.place[e] for e in path], grads, gradient))
    return Explanation(leaf, root, gradient, count, zeros, found, names)


class Explanation:
    """What `explain` found, which prints itself and can be iterated over: a Path each.

    `gradient` is ∂root/∂leaf, the sum over all `count` paths, of which `zeros` have the product 0.
    """

    __slots__ = ("_names", "_words", "count", "gradient", "leaf", "paths", "root", "zeros")

    def __init__(
        self,
        leaf: Value,
        root: Value,
        gradient: float,
        count: int,
        zeros: int,
        paths: Sequence[Path],
        names: Mapping[str, object] | None,
    ) -> None:
        self.leaf = leaf
        self.root = root
        self.gradient = gradient
        self.count = count
        self.zeros = zeros
        self.paths = tuple(paths)
        self._names = names
        self._words = ""

    def __iter__(self) -> Iterator[Path]:
        return iter(self.paths)

    def __len__(self) -> int:
        """How many paths it shows."""
        return len(self.paths)

    @property
    def shown(self) -> float:
        """What the products of the paths that it shows add up to."""
        return sum([path.product for path in self.paths], 0.0)

    @property
    def edges(self) -> frozenset[tuple[int, int]]:
        """The edges of its paths: (id of a node, place among its parents)."""
        return frozenset(
            (id(node), place)
            for path in self.paths
            for node, place in zip(path.nodes, path.places, strict=False)
        )

    # -- in words --------------------------------------------------------------------------------

    def __str__(self) -> str:
        if not self._words:
            self._words = "\n".join(lines(self, self._names))
        return self._words

    __repr__ = __str__

    # -- in the picture --------------------------------------------------------------------------

    def draw(
        self, *, collapse: str | None = None, limit: int = 300, rankdir: str = "LR"
    ) -> Drawing:
        """The picture of the root with the edges of these paths lit; arguments as of `draw`."""
        return drawing(
            [self.root],
            names=self._names,
            collapse=collapse,
            limit=limit,
            rankdir=rankdir,
            paths=self,
            gradients=Frames(self.root).gradients(),
        )

    def step(self) -> Stepper:
        """Both passes through the root's graph, frame by frame, with these paths to light."""
        frames = Frames(self.root, self._names)
        position = {id(node): i for i, node in enumerate(frames.order)}
        return Stepper(self.root, frames, self._names, self.document(position))

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """What a notebook shows: the words above the picture."""
        from html import escape

        bundle = self.draw()._repr_mimebundle_()
        if "text/html" not in bundle:  # the picture's own text says why
            return {"text/plain": f"{self}\n{bundle['text/plain']}"}
        bundle["text/plain"] = str(self)
        bundle["text/html"] = f"<pre>{escape(str(self))}</pre>{bundle['text/html']}"
        return bundle

    def document(self, position: Mapping[int, int]) -> dict[str, object]:
        """What a page shows of it, as JSON can write it; `position` has that of a node's id.

        {"leaf": node, "paths": [{"nodes": [root … leaf], "places": [...], "product", "share"}],
        "text": str}: a place is that of the next node among the parents of this one.
        """
        return {
            "leaf": position.get(id(self.leaf), -1),
            "paths": [
                {
                    "nodes": [position[id(node)] for node in path.nodes],
                    "places": list(path.places),
                    "product": plain_number(path.product),
                    "share": plain_number(path.share),
                }
                for path in self.paths
            ],
            "text": str(self),
        }
