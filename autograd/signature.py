"""What a compiled function was called with: its numbers, and the structure that they stand in."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd import tree
from autograd.real import describe, is_array
from autograd.traced import Traced
from autograd.value import Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.tree import Structure

    Leaf = Any  # a Value, a number or an array

KEPT = 16  # modules whose leaves a reader remembers


class Flat:
    """One argument: its leaves, which of them are arrays, and their structure."""

    __slots__ = (
        "all_values",
        "arrays",
        "has_twins",
        "has_values",
        "is_traced",
        "leaves",
        "structure",
    )

    def __init__(self, leaves: list[Leaf], arrays: list[Any], structure: Structure) -> None:
        self.leaves, self.arrays, self.structure = leaves, arrays, structure
        kinds = set(map(type, leaves))
        self.all_values = kinds == _VALUES
        self.has_values = self.all_values or any(issubclass(kind, Value) for kind in kinds)
        self.is_traced = Traced in kinds
        self.has_twins = self.has_values and _twins(leaves) is not None

    def numbers(self) -> list[Any]:
        """The number of every leaf that is no array."""
        if self.all_values:
            return [x.data for x in self.leaves]
        return [x.data if isinstance(x, Value) else x for x in self.leaves if not is_array(x)]


_VALUES: set[type] = {Value}


class Arguments(NamedTuple):
    """All arguments of a call, flat."""

    parts: list[Flat]
    structures: list[Structure]
    arrays: list[Any]

    @property
    def leaves(self) -> list[Leaf]:
        """The leaves of all of them, in order."""
        return [x for part in self.parts for x in part.leaves]

    def twins(self) -> list[int] | None:
        """For each leaf the first that is the same Value; None where no two are, as a rule."""
        holding = 0
        for part in self.parts:
            holding += part.has_values + part.has_twins
        return _twins(self.leaves) if holding > 1 else None

    def is_traced(self) -> bool:
        """Whether any is part of a trace."""
        return any([part.is_traced for part in self.parts])  # noqa: C419  # no generator: faster

    def numbers(self) -> list[Any]:
        """The numbers of all leaves that are no arrays, in order."""
        numbers: list[Any] = []
        for part in self.parts:
            numbers += part.numbers()
        return numbers


class Reader:
    """Flattens arguments; a module that counts its `changes` only once until there are more."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[weakref.ref[Any], int, Flat]] = {}

    def read(self, args: Sequence[Any]) -> Arguments:
        """The leaves and structures of the arguments. TypeError for what has no place in a tree."""
        parts = [self._flat(x) for x in args]
        arrays = [x for part in parts for x in part.arrays]
        return Arguments(parts, [part.structure for part in parts], arrays)

    def _flat(self, x: Any) -> Flat:
        if x.__class__ is float:
            return Flat([x], [], tree.LEAF)
        if is_array(x) and x.dtype.kind == "f" and x.ndim:
            return Flat([x], [x], ("whole", x.ndim))
        if not getattr(x.__class__, "is_module", False):
            return _flattened(x)
        changes = getattr(x, "changes", None)  # how often fields were set, if it counts that
        if changes.__class__ is not int:
            return _flattened(x)
        kept = self._kept.get(id(x))
        if kept and kept[0]() is x and kept[1] == changes:
            return kept[2]
        flat = _flattened(x)
        if tree.is_fixed(flat.structure):
            self._kept[id(x)] = weakref.ref(x), changes, flat
            if len(self._kept) > KEPT:
                oldest, *_ = self._kept  # in one step: other threads change it, too
                self._kept.pop(oldest, None)
        return flat


def _flattened(x: Any) -> Flat:
    leaves, structure = tree.flatten(x, whole_arrays=True)
    return Flat(leaves, [leaf for leaf in leaves if is_array(leaf)], structure)


def _twins(leaves: list[Leaf]) -> list[int] | None:
    first: dict[int, int] = {}
    places = [
        first.setdefault(id(x), i) if isinstance(x, Value) else i for i, x in enumerate(leaves)
    ]
    return places if len(first) < sum(isinstance(x, Value) for x in leaves) else None


# -- what is fixed while tracing -----------------------------------------------------------------


def same(a: Any, b: Any) -> bool:
    """Whether two structures, or what is static in them, are the same to the last bit."""
    if a is b:
        return True
    if a.__class__ is not b.__class__:
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if is_array(a):
        return bool(a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes())
    if a.__class__ is float:
        return bool(a.hex() == b.hex())  # 0.0 is not -0.0, and nan is nan
    return bool(a == b)


def snapshot(x: Any) -> Any:
    """Lists, dicts, sets and arrays copied, so that it stays as it is now."""
    if x.__class__ in (list, tuple):
        return x.__class__(map(snapshot, x))
    if x.__class__ is dict:
        return {key: snapshot(value) for key, value in x.items()}
    return x.copy() if x.__class__ is set or is_array(x) else x


def number(x: Leaf) -> float:
    """A number as a float. TypeError where it is something else."""
    try:
        return float(x)
    except (TypeError, ValueError):
        raise TypeError(f"expected a real number, not {describe(x)}") from None
