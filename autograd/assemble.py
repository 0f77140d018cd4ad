"""Where the numbers that a program gives go: a plan, made once, that builds the result's tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from autograd.tree import Structure, Tree

    Numbers = tuple[float, ...]
    Build = Callable[[Numbers, "Results"], Tree]
    # How a part of the tree is made; an index or a slice of the numbers needs no call.
    Part = Build | int | slice


class Source(NamedTuple):
    """Which output a leaf of the result is: its place among the uniforms, or among the lanes."""

    kind: str  # "number", "truth", "lane", or "spread": one number for all lanes
    place: int


class Results(NamedTuple):
    """What a run has left: the uniform outputs, as floats and as an array, and rows of lanes."""

    numbers: Numbers
    uniforms: numpy.ndarray[Any, Any]
    rows: numpy.ndarray[Any, Any]  # one a lane output, of as many numbers as there are lanes
    lanes: int


def plan(structure: Structure, sources: Sequence[Source]) -> Callable[[Results], Tree]:
    """The function that builds the tree of that structure; what is fixed is worked out here."""
    build = _build(_part(structure, iter(sources)))
    return lambda results: build(results.numbers, results)


def _build(part: Part) -> Build:
    if isinstance(part, (int, slice)):
        at: Any = part
        return lambda numbers, results: numbers[at]
    return part


def _part(structure: Structure, sources: Iterator[Source]) -> Part:
    tag, *details = structure
    if tag == "leaf":
        return _leaf(next(sources))
    if tag == "static":
        return lambda numbers, results: details[0]
    children = details[-1]
    if all(child[0] == "leaf" for child in children):
        leaves = [next(sources) for _ in children]
        run = _consecutive(leaves)
        if run is not None and (slice_of := _slice(tag, details, run)) is not None:
            return slice_of
        parts = [_leaf(source) for source in leaves]
    else:
        parts = [_part(child, sources) for child in children]
    if tag == "object":
        return _object(details[0], details[1], children, parts)
    builds = [_build(part) for part in parts]
    if tag == "sequence":
        return _sequence(details[0], builds)
    if tag == "dict":
        return _dict(details[0], details[1], builds)
    return _array(details[0], builds)


def _leaf(source: Source) -> Part:
    place = source.place
    if source.kind == "number":
        return place
    if source.kind == "truth":
        return lambda numbers, results: numbers[place] != 0.0
    if source.kind == "lane":
        return lambda numbers, results: results.rows[place, : results.lanes].copy()
    return lambda numbers, results: numpy.full(results.lanes, numbers[place])


def _consecutive(sources: list[Source]) -> tuple[str, int, int] | None:
    """Kind, begin and end of leaves that stand one after the other among the outputs."""
    if not sources or sources[0].kind not in ("number", "lane"):
        return None
    kind, begin = sources[0]
    expected = [Source(kind, begin + i) for i in range(len(sources))]
    return (kind, begin, begin + len(sources)) if sources == expected else None


def _slice(tag: str, details: list[Any], run: tuple[str, int, int]) -> Part | None:
    """Leaves side by side as a slice, where their structure has one."""
    kind, begin, end = run
    shape = make = details[0]
    if tag == "array" and kind == "number":
        return lambda numbers, results: results.uniforms[begin:end].reshape(shape).copy()
    if tag == "array":
        return lambda numbers, results: (
            results.rows[begin:end, : results.lanes].T.reshape(results.lanes, *shape).copy()
        )
    if tag == "sequence" and kind == "number" and make is list:
        return lambda numbers, results: list(numbers[begin:end])
    if tag == "sequence" and kind == "number" and make is tuple:
        return slice(begin, end)
    return None


def _sequence(kind: Any, parts: list[Build]) -> Part:
    if hasattr(kind, "_fields"):
        return lambda numbers, results: kind(*[part(numbers, results) for part in parts])
    return lambda numbers, results: kind([part(numbers, results) for part in parts])


def _dict(kind: Any, keys: tuple[Any, ...], parts: list[Build]) -> Part:
    def make(numbers: Numbers, results: Results) -> Tree:
        mapping = kind.__new__(kind)
        mapping.update(zip(keys, [part(numbers, results) for part in parts], strict=True))
        return mapping

    return make


def _array(shape: tuple[int, ...], parts: list[Build]) -> Part:
    """An array of numbers, or of rows of lanes, whose axis then comes first."""

    def make(numbers: Numbers, results: Results) -> Tree:
        elements = numpy.array([part(numbers, results) for part in parts])
        return elements.T.reshape(*elements.shape[1:], *shape).copy()

    return make


def _object(
    kind: Any, names: tuple[str, ...], children: Sequence[Structure], parts: list[Part]
) -> Part:
    """A module or dataclass, made without its `__init__`; fields that are fixed are shared."""
    fields = list(zip(names, children, parts, strict=True))
    fixed = {name: child[1] if child[0] == "static" else None for name, child, _ in fields}
    moving = [(name, part) for name, child, part in fields if child[0] != "static"]
    picked: list[Any] = [(name, x) for name, x in moving if isinstance(x, (int, slice))]
    built: list[Any] = [(name, x) for name, x in moving if not isinstance(x, (int, slice))]
    create, copy_fields, set_fields = object.__new__, fixed.copy, _fields_setter(kind)

    def make(numbers: Numbers, results: Results) -> Tree:
        values = copy_fields()
        for name, at in picked:
            values[name] = numbers[at]
        for name, build in built:
            values[name] = build(numbers, results)
        new = create(kind)
        set_fields(new, values)
        return new

    return make


def _fields_setter(kind: type) -> Callable[[Any, dict[str, Any]], None]:
    """What gives a new object all its fields at once: the C setter of its `__dict__`, if it has."""
    for base in kind.__mro__:
        if "__dict__" in vars(base):
            setter: Callable[[Any, dict[str, Any]], None] = vars(base)["__dict__"].__set__
            return setter

    def set_each(new: Any, values: dict[str, Any]) -> None:
        for name, value in values.items():
            object.__setattr__(new, name, value)

    return set_each
