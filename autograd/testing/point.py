"""A tree of arguments as a point: its numbers as coordinates, each with the name of its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from autograd.tree import flatten, unflatten
from autograd.value import Value

if TYPE_CHECKING:
    from autograd.tree import Structure, Tree


@dataclass(frozen=True)
class Point:
    """The coordinates of a tree. A Value that stands at two places is one coordinate."""

    structure: Structure
    owners: tuple[int, ...]  # for each leaf of the tree, its coordinate
    leaves: tuple[Value | float, ...]  # for each coordinate, what stood there first
    names: tuple[str, ...]  # for each coordinate, the place where it stood first
    coordinates: tuple[float, ...]

    @staticmethod
    def of(tree: Tree, name: str) -> Point:
        """The point of a tree whose own name is given. TypeError for what has no numbers.

        >>> Point.of([{"w": [1.0, 2.0]}, 3.0], "args").names
        ("args[0]['w'][0]", "args[0]['w'][1]", 'args[1]')
        """
        places, structure = flatten(tree)
        coordinate_of: dict[int, int] = {}
        owners: list[int] = []
        firsts: list[int] = []
        for i, leaf in enumerate(places):
            key = id(leaf) if isinstance(leaf, Value) else -i
            if key not in coordinate_of:
                coordinate_of[key] = len(firsts)
                firsts.append(i)
            owners.append(coordinate_of[key])
        names = list(leaf_names(structure, name))
        leaves = tuple(places[i] for i in firsts)
        numbers = tuple(x.data if isinstance(x, Value) else float(x) for x in leaves)
        return Point(structure, tuple(owners), leaves, tuple(names[i] for i in firsts), numbers)

    def tree(self, coordinates: Sequence[Tree]) -> Tree:
        """The tree with others in the places of its numbers."""
        return unflatten(self.structure, [coordinates[i] for i in self.owners])

    def values(self, coordinates: Sequence[float] | None = None) -> list[Value]:
        """New Values at these or at other coordinates, labelled as they were."""
        coordinates = self.coordinates if coordinates is None else coordinates
        labels = [x.label if isinstance(x, Value) else "" for x in self.leaves]
        return list(map(Value, coordinates, labels))

    def like(self, coordinates: Sequence[float]) -> Tree:
        """The tree at other coordinates: new Values for its Values, floats for its numbers."""
        values = self.values(coordinates)
        kinds = zip(self.leaves, values, coordinates, strict=True)
        return self.tree([v if isinstance(leaf, Value) else x for leaf, v, x in kinds])


def leaf_names(structure: Structure, name: str) -> Iterator[str]:
    """The place of each leaf, as one would write it: `args[0].layers[1]['w'][2]`."""
    tag, *details = structure
    if tag == "leaf":
        yield name
    if tag in ("leaf", "static"):
        return
    for place, child in zip(_places(tag, details), details[-1], strict=True):
        yield from leaf_names(child, name + place)


def _places(tag: str, details: Sequence[Tree]) -> list[str]:
    if tag == "dict":
        return [f"[{key!r}]" for key in details[1]]
    if tag == "object":
        return [f".{field}" for field in details[-2]]
    if tag == "array":
        indices = product(*map(range, details[-2]))
        return [
            "".join(["[", ", ".join(map(str, index)), "]"]) if index else "" for index in indices
        ]
    if fields := getattr(details[0], "_fields", None):
        return [f".{field}" for field in fields]
    return [f"[{i}]" for i in range(len(details[-1]))]
