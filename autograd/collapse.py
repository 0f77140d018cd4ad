"""What a picture of a graph shows: each node in a box of its own, or groups of them by name."""

from __future__ import annotations

from collections import Counter

from autograd.value import topological_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence
    from typing import Any

    from autograd.value import Value

    Owner = int | str  # of a node's box: the position of a node in the order, or a group's name

ARROWS_PER_BOX = 4  # more than that is a tangle that nobody can follow, and slow to lay out
OVERVIEW = 8  # where names do not help, an eighth of the limit is shown: 37 in a row can be read
MOST_BOXES = 1500  # dot needs 1.3 s for 1,300 of them, 43 s for 5,500
HIDDEN = -1  # the owner of all that is left out


class Box:
    """One box of a picture: a node by itself, or the nodes that have one owner.

    `nodes` are in topological order; `outputs` are the operations among them that something
    outside uses, or where there is none, the leaves that it uses.
    """

    __slots__ = ("hidden", "nodes", "outputs", "title")

    def __init__(self) -> None:
        self.title = ""
        self.hidden = False
        self.nodes: list[Value] = []
        self.outputs: list[Value] = []


class Arrow:
    """The edges from one box to another: the local gradient of each, and which of them are lit."""

    __slots__ = ("lit", "local_grads", "start", "stop")

    def __init__(self, start: Box, stop: Box) -> None:
        self.start = start
        self.stop = stop
        self.local_grads: list[float] = []
        self.lit: list[bool] = []


class Picture:
    """The boxes and arrows to draw; `note` says what they leave out and how to see it.

    `gradients`, by the id of a node, stand in the picture instead of each node's own `.grad`.
    """

    __slots__ = ("arrows", "boxes", "gradients", "note", "roots", "total")

    def __init__(self, boxes: list[Box], arrows: list[Arrow], roots: set[int], total: int) -> None:
        self.boxes = boxes
        self.arrows = arrows
        self.roots = roots  # ids of the Values that were asked for
        self.total = total
        self.note = ""
        self.gradients: Mapping[int, float] | None = None

    def grad(self, node: Value) -> float:
        """The gradient to show beside a node."""
        return node.grad if self.gradients is None else self.gradients[id(node)]


class _Graph:
    """A graph by position: node i of the topological order has the parents at `parents[i]`."""

    __slots__ = ("nodes", "parents", "paths", "tops")

    def __init__(self, roots: Sequence[Value], names: Mapping[int, str]) -> None:
        self.nodes = topological_order(*roots)
        position = {id(node): i for i, node in enumerate(self.nodes)}
        self.parents = [tuple([position[id(p)] for p in node.parents]) for node in self.nodes]
        self.paths = [node.label or names.get(id(node), "") for node in self.nodes]
        self.tops = {position[id(root)] for root in roots}


def picture(
    roots: Sequence[Value],
    names: Mapping[int, str],
    collapse: str | None,
    limit: int,
    lit: Container[tuple[int, int]] = (),
) -> Picture:
    """The most detailed picture of at most `limit` boxes that `collapse` allows.

    `names` has a name for the id of a Value, `lit` the edges to light: (id of a node, place among
    its parents). Costs O(nodes) for each level that is tried.
    """
    graph = _Graph(roots, names)
    total = len(graph.nodes)
    arrows = ARROWS_PER_BOX * (MOST_BOXES if collapse == "none" else limit)
    owners: Sequence[Owner] = range(total)
    if collapse in (None, "none") and _fits(owners, graph, limit, arrows):
        return _drawn(owners, graph, names, lit)
    for level, closed in _levels(graph, collapse):
        owners = _owners(_regions(level, graph), graph, closed)
        if _fits(owners, graph, limit, arrows):
            shown = _drawn(owners, graph, names, lit)
            if len(shown.boxes) < total:
                shown.note = f"{total:,} nodes in {len(shown.boxes):,} boxes, collapsed by {level}."
                shown.note += f"\n{_how_to_open(graph)}"
            return shown
    near = _nearest(owners, graph, limit if collapse else max(1, limit // OVERVIEW), arrows)
    owners = [owner if owner in near else HIDDEN for owner in owners]
    shown = _drawn(owners, graph, names, lit)
    shown.note = f"{total:,} nodes; shown are the {len(near):,} boxes nearest to the result."
    shown.note += f"\n{_how_to_open(graph)}"
    return shown


def groups(root: Value, names: Mapping[int, str], level: str) -> list[str]:
    """The name of the group that each node of the topological order is in, "" if in none.

    `level` is "neuron" or "layer"; only groups of two nodes and more count. O(edges).
    """
    graph = _Graph((root,), names)
    if not any(_levels(graph, level)):
        return [""] * len(graph.nodes)
    owners = _owners(_regions(level, graph), graph, closed=False)
    sizes = Counter(owners)
    return [x if isinstance(x, str) and sizes[x] > 1 else "" for x in owners]


def _how_to_open(graph: _Graph) -> str:
    """What to call to see what a picture leaves out."""
    total, edges = len(graph.nodes), sum(map(len, graph.parents))
    if total <= MOST_BOXES and edges <= ARROWS_PER_BOX * MOST_BOXES:
        return f'To see all: draw(value, collapse="none", limit={total}).'
    return (
        f'To see more: draw(value, collapse="none", limit={MOST_BOXES}), '
        "or draw() of an inner value, for the part that it was computed from."
    )


# -- groups by name ------------------------------------------------------------------------------


def _levels(graph: _Graph, collapse: str | None) -> Iterable[tuple[str, bool]]:
    """(level, whether what only the results use goes into their own boxes), details first.

    Names help where they divide the operations: where one besides the results has a name, or a
    result has a dotted path, as a neuron's output has.
    """
    named = any(
        path and above and (i not in graph.tops or "." in path)
        for i, (path, above) in enumerate(zip(graph.paths, graph.parents, strict=True))
    )
    levels = ["neuron", "layer"] if collapse is None else [collapse]
    if named and collapse != "none":
        return [(level, closed) for level in levels for closed in (False, True)]
    return [(level, False) for level in levels if collapse in ("neuron", "layer")]


def _regions(level: str, graph: _Graph) -> list[str]:
    """The name of each node's group, "" for a node without a name."""
    operations = {path for path, above in zip(graph.paths, graph.parents, strict=True) if above}
    known: dict[tuple[str, bool], str] = {("", True): "", ("", False): ""}
    regions = []
    for path, above in zip(graph.paths, graph.parents, strict=True):
        question = path, bool(above)
        if question not in known:
            neuron = path if above else _longest_prefix(path, operations)
            known[question] = neuron if level == "neuron" else _container(neuron)
        regions.append(known[question])
    return regions


def _longest_prefix(path: str, operations: set[str]) -> str:
    """The neuron of a parameter: `layers.0.neurons.3` of `layers.0.neurons.3.weights.1`."""
    prefix = path.rpartition(".")[0]
    while prefix and prefix not in operations:
        prefix = prefix.rpartition(".")[0]
    return prefix or path


def _container(path: str) -> str:
    """The layer of a neuron: `layers.0` of `layers.0.neurons.3`; the list `w` of `w[3]`."""
    if path.endswith("]"):
        return path.partition("[")[0] or path
    outer, _, last = path.rpartition(".")
    further, _, field = outer.rpartition(".")
    if last.isdecimal() and further and not field.isdecimal():
        return further
    return outer or path


def _owners(regions: Sequence[str], graph: _Graph, closed: bool) -> list[Owner]:
    """The box of each node: a group's name, or the position of a node that stands alone.

    A named node is in the group of its name. An unnamed one belongs to its nearest named
    consumer; where its consumers are in different boxes it stands alone. What no named node
    consumes belongs to the results: it is open to the view, or `closed` into their boxes.
    """
    unseen, several, on_view = -1, -2, -3
    owners: list[Owner] = [unseen] * len(regions)  # first what a node's consumers say, then its own
    for i in reversed(range(len(regions))):
        region, said = regions[i], owners[i]
        if i in graph.tops and "." not in region:
            owner: Owner = (region or i) if closed else i
            passed_on = owner if closed else on_view
        elif region:
            owner = passed_on = region
        elif said == on_view:
            owner, passed_on = i, on_view
        else:
            owner = passed_on = i if said in (several, unseen) else said
        owners[i] = owner
        for parent in graph.parents[i]:
            before = owners[parent]
            owners[parent] = passed_on if before in (unseen, passed_on) else several
    return owners


# -- size ----------------------------------------------------------------------------------------


def _fits(owners: Sequence[Owner], graph: _Graph, most_boxes: int, most_arrows: int) -> bool:
    if len(owners if isinstance(owners, range) else set(owners)) > most_boxes:
        return False
    arrows = {
        (owners[parent], owner)
        for owner, above in zip(owners, graph.parents, strict=True)
        for parent in above
        if owners[parent] != owner
    }
    return len(arrows) <= most_arrows


def _nearest(
    owners: Sequence[Owner], graph: _Graph, count: int, most_arrows: int
) -> dict[Owner, None]:
    """The `count` boxes nearest to a result: fewer, where that many have too many arrows."""
    above: Callable[[Any], Iterable[Owner]] = graph.parents.__getitem__
    if not isinstance(owners, range):
        grouped: dict[Owner, dict[Owner, None]] = {owner: {} for owner in owners}
        for owner, parents in zip(owners, graph.parents, strict=True):
            grouped[owner].update(dict.fromkeys([owners[p] for p in parents]))
        above = grouped.__getitem__
    near = dict.fromkeys([owners[i] for i in sorted(graph.tops, reverse=True)][:count])
    queue = list(near)
    for owner in queue:  # it grows while we read it
        for other in above(owner):
            if other not in near and len(near) < count:
                near[other] = None
                queue.append(other)
    while sum(other in near for owner in near for other in set(above(owner))) > most_arrows:
        near = dict.fromkeys(list(near)[: len(near) // 2])
    return near


# -- the picture ---------------------------------------------------------------------------------


def _drawn(
    owners: Sequence[Owner],
    graph: _Graph,
    names: Mapping[int, str],
    lit: Container[tuple[int, int]],
) -> Picture:
    boxes: dict[Owner, Box] = {owner: Box() for owner in dict.fromkeys(owners)}
    arrows: dict[tuple[Owner, Owner], Arrow] = {}
    used = set(graph.tops)
    for owner, node, parents in zip(owners, graph.nodes, graph.parents, strict=True):
        boxes[owner].nodes.append(node)
        for k, parent in enumerate(parents):
            start = owners[parent]
            if start != owner:
                used.add(parent)
                if (start, owner) not in arrows:
                    arrows[start, owner] = Arrow(boxes[start], boxes[owner])
                arrows[start, owner].local_grads.append(node.local_grads[k])
                arrows[start, owner].lit.append((id(node), k) in lit)
    for i in sorted(used):
        boxes[owners[i]].outputs.append(graph.nodes[i])
    for owner, box in boxes.items():
        box.hidden = owner == HIDDEN
        first = box.nodes[0]
        box.title = owner if isinstance(owner, str) else ""
        if len(box.nodes) == 1:
            box.title = names.get(id(first)) or first.label
        box.outputs = [node for node in box.outputs if node.op] or box.outputs
    roots = {id(graph.nodes[i]) for i in graph.tops}
    return Picture(list(boxes.values()), list(arrows.values()), roots, len(graph.nodes))
