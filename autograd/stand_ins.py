"""Arguments with arrays of NumPy, of no memory, in the place of those of Dask: to trace on."""

from __future__ import annotations

import copy
import sys
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy

from autograd.real import is_lazy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autograd.tree import Tree

    Array = Any  # of Dask


def without_blocks(args: tuple[Tree, ...], kwargs: dict[str, Tree]) -> Any:
    """The same arguments with stand-ins, where they need any."""
    return StandIns((args, kwargs)).tree if holds_blocks((args, kwargs)) else (args, kwargs)


def holds_blocks(tree: Tree) -> bool:
    """Whether an array of Dask is among these arguments."""
    return any(True for _ in _arrays_in(tree))


class StandIns:
    """Arguments with an array of NumPy, of the same shape and no memory, for each of Dask.

    Those without an axis are numbers, and computed.
    """

    def __init__(self, tree: Tree) -> None:
        self._given = tree
        self._arrays = {id(x): x for x in _arrays_in(tree)}
        numbers = {key: x for key, x in self._arrays.items() if x.ndim == 0}
        others = dict(zip(numbers, sys.modules["dask"].compute(*numbers.values()), strict=True))
        self._originals: dict[int, Array] = {}
        self._kept = []  # so that no other array gets the id of one of these
        for key, x in self._arrays.items():
            if key not in others:
                others[key] = stand_in = _stand_in(x)
                self._originals[id(stand_in)] = x
                self._kept.append(stand_in)
        self.tree = _replaced(tree, others)

    def original(self, array: Any) -> Array:
        """The array that this one stands for, if it does."""
        return self._originals.get(id(array), array)

    def computed(self) -> Tree:
        """The arguments with all arrays of Dask computed."""
        arrays = sys.modules["dask"].compute(*self._arrays.values())
        return _replaced(self._given, dict(zip(self._arrays, arrays, strict=True)))


def _stand_in(x: Array) -> Any:
    if any(n != n for n in x.shape):
        raise ValueError(
            f"the blocks of {x!r} have lengths that are not known; call its compute_chunk_sizes() "
            "first"
        )
    return numpy.broadcast_to(numpy.zeros((), x.dtype), x.shape)


# -- trees ---------------------------------------------------------------------------------------


def _arrays_in(tree: Tree) -> Iterator[Array]:
    """The arrays of Dask in lists, tuples, dicts and dataclasses."""
    if isinstance(tree, (list, tuple)):
        for x in tree:
            yield from _arrays_in(x)
    elif isinstance(tree, dict):
        yield from _arrays_in(list(tree.values()))
    elif _is_record(tree):
        yield from _arrays_in([getattr(tree, field.name) for field in fields(tree)])
    elif is_lazy(tree):
        yield tree


def _is_record(tree: Tree) -> bool:
    """Whether it is a dataclass to look into; the arrays of a module are structure."""
    kind = type(tree)
    return is_dataclass(kind) and not getattr(kind, "is_module", False)


def _replaced(tree: Tree, others: dict[int, Any]) -> Tree:
    """The tree with others for the arrays of Dask whose `id` is a key."""
    if isinstance(tree, (list, tuple)):
        items = [_replaced(x, others) for x in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    if isinstance(tree, dict):
        return {key: _replaced(x, others) for key, x in tree.items()}
    if _is_record(tree):
        new = copy.copy(tree)
        for field in fields(tree):  # past a frozen one's own
            object.__setattr__(new, field.name, _replaced(getattr(tree, field.name), others))
        return new
    return others[id(tree)] if id(tree) in others and is_lazy(tree) else tree
