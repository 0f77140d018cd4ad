"""Nested arguments as a flat list of leaves, with the structure that puts others in their places.

Lists, tuples, dicts, dataclasses and modules nest. Leaves are Values, and, outside of modules,
every real number and each element of a NumPy array. A module is an object whose class says
`is_module = True`; only the Values in its fields are leaves. All else (str, bool, None, functions,
a module's numbers) is structure, which can be compared with `==`.
"""

from __future__ import annotations

import sys

from autograd.real import describe, is_array, is_real, refuse_lazy
from autograd.value import Value, as_operand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    Tree = Any  # nested data of any depth, which Python's types cannot spell
    Structure = tuple[Any, ...]

LEAF: Structure = ("leaf",)


def flatten(tree: Tree, whole_arrays: bool = False) -> tuple[list[Value | float], Structure]:
    """The leaves of a tree, depth first, and its structure. O(leaves).

    With `whole_arrays` an array of numbers is one leaf, and its number of axes structure.

    TypeError where the tree holds something that has no place in one, such as a complex number.

    >>> leaves, structure = flatten({"w": [1.0, 2.0], "b": 3, "name": "layer"})
    >>> leaves
    [1.0, 2.0, 3]
    >>> unflatten(structure, [10, 20, 30])
    {'w': [10, 20], 'b': 30, 'name': 'layer'}
    """
    leaves: list[Value | float] = []
    return leaves, _structure(tree, leaves.append, False, whole_arrays)


def unflatten(structure: Structure, leaves: Iterable[Tree], lanes_first: bool = False) -> Tree:
    """The tree of the given structure on other leaves; modules are rebuilt without `__init__`.

    Where the leaves themselves are arrays, an array of the structure becomes one array, with the
    leaves' axes last, or first if `lanes_first`.
    """
    return _rebuild(structure, iter(leaves), lanes_first)


def flatten_like(structure: Structure, tree: Tree) -> list[Value | float]:
    """The leaves of a tree that has the given structure; ValueError where it has another.

    A number may stand for any leaf, so a module's gradient, with floats for its Values, will do.
    """
    leaves: list[Value | float] = []
    _match(structure, tree, leaves.append)
    return leaves


def is_fixed(structure: Structure) -> bool:
    """Whether only setting fields can change it: no list or dict in it holds a leaf."""
    tag, *details = structure
    if tag in ("leaf", "whole", "static"):
        return True
    moves = tag == "dict" or (tag == "sequence" and issubclass(details[0], list))
    return all(is_fixed(x) and not (moves and x[0] != "static") for x in details[-1])


def _structure(
    tree: Tree, emit: Callable[[Any], None], in_module: bool, whole_arrays: bool
) -> Structure:
    kind = type(tree)
    is_module = getattr(kind, "is_module", False)

    def children(trees: Iterable[Tree]) -> tuple[Structure, ...]:
        return tuple([_structure(x, emit, in_module or is_module, whole_arrays) for x in trees])

    if isinstance(tree, Value):
        emit(tree)
        return LEAF
    if isinstance(tree, (list, tuple)):
        return "sequence", kind, children(tree)
    if isinstance(tree, dict):
        return "dict", kind, tuple(tree), children(tree.values())
    if is_module:
        return "object", kind, tuple(vars(tree)), children(vars(tree).values())
    if hasattr(kind, "__dataclass_fields__"):
        fields = {f.name: getattr(tree, f.name) for f in sys.modules["dataclasses"].fields(tree)}
        others = {
            name: x for name, x in getattr(tree, "__dict__", {}).items() if name not in fields
        }
        kept = tuple([("static", x) for x in others.values()])
        return "object", kind, (*fields, *others), (*children(fields.values()), *kept)
    if in_module or tree is None or isinstance(tree, (str, bool)) or callable(tree):
        return "static", tree
    if is_real(tree):
        emit(tree)
        return LEAF
    if whole_arrays and is_array(tree) and tree.dtype.kind in "iufb" and tree.shape:
        emit(tree)
        return "whole", tree.ndim
    if hasattr(tree, "unrolled"):  # an array argument while tracing
        tree = tree.unrolled()
    if is_array(tree) and tree.dtype.kind not in "iufO":
        return "static", tree
    if is_array(tree):
        return "array", tree.shape, children(tree.ravel().tolist())
    refuse_lazy(tree)
    raise TypeError(
        "expected numbers, Values, arrays, or lists, tuples, dicts, dataclasses and modules of "
        f"them, not {describe(tree)}; differentiate only other arguments, with `argnums`"
    )


def _match(structure: Structure, tree: Tree, emit: Callable[[Any], None]) -> None:
    if structure is LEAF:
        return emit(as_operand(tree))
    tag, *details = structure
    if tag == "static":
        return None
    if hasattr(tree, "unrolled"):  # an array argument while tracing
        tree = tree.unrolled()
    kind = type(tree)
    found: tuple[object, ...]
    if tag == "sequence" and isinstance(tree, (list, tuple)):
        found, children = (len(tree),), list(tree)
    elif tag == "dict" and isinstance(tree, dict):
        found, children = tuple(tree), list(tree.values())
    elif tag == "object" and kind is details[0]:
        names = tuple([name for name in details[1] if hasattr(tree, name)])
        found, children = names, [getattr(tree, name) for name in names]
    elif tag == "array" and is_array(tree):
        found, children = tree.shape, tree.ravel().tolist()
    else:
        found, children = (), []
    expected = (len(details[-1]),) if tag == "sequence" else details[-2]
    if found != expected or len(children) != len(details[-1]):
        raise ValueError(f"expected a {tag} of {expected}, but got {describe(tree)}")
    for child, subtree in zip(details[-1], children, strict=True):
        _match(child, subtree, emit)


def _rebuild(structure: Structure, leaves: Iterator[Tree], lanes_first: bool) -> Tree:
    tag, *details = structure
    if tag in ("leaf", "whole"):
        return next(leaves)
    if tag == "static":
        return details[0]
    children = [_rebuild(child, leaves, lanes_first) for child in details[-1]]
    if tag == "dict":
        mapping = details[0].__new__(details[0])
        mapping.update(zip(details[1], children, strict=True))
        return mapping
    if tag == "array":
        return _array(details[0], children, lanes_first)
    kind = details[0]
    if tag == "sequence":
        return kind(*children) if hasattr(kind, "_fields") else kind(children)
    new = object.__new__(kind)
    for name, child in zip(details[1], children, strict=True):
        object.__setattr__(new, name, child)  # past a frozen dataclass's or a module's own
    return new


def _array(shape: tuple[int, ...], elements: list[Tree], lanes_first: bool) -> Tree:
    """An array of floats, of Values (dtype object), or of arrays, whose axes come last or first."""
    numpy = sys.modules["numpy"]
    if elements and hasattr(elements[0], "__array_function__"):  # NumPy's, or another library's
        inner = elements[0].shape
        if lanes_first:
            return numpy.stack(elements, axis=len(inner)).reshape(*inner, *shape)
        return numpy.array(elements).reshape(*shape, *inner)
    if all(x.__class__ is float for x in elements):
        return numpy.array(elements, dtype=float).reshape(shape)
    array = numpy.empty(len(elements), dtype=object)
    array[:] = elements
    return array.reshape(shape)
