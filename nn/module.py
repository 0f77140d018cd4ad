"""A module: a small tree of Values that has a name for each of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from autograd import Value
from nn.writing import write_gradients

Masks = Mapping[str, list[float]]


class Module:
    """Base of all layers and networks; derive from it to compose one of your own.

    Assign Values and modules to fields, also in lists, tuples and dicts: they are the children.
    A list of children becomes a tuple, so that the structure stays what it is. Every child gets
    its dotted path as its label: `layers.0.neurons.3.bias`. What else a field holds (a number, a
    string, a function) is structure and is not trained. ValueError where a module would come to
    lie inside itself.

    >>> from autograd import Value, dot
    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.weights = [Value(2.0), Value(-1.0)]
    ...         self.bias = Value(0.5)
    ...
    ...     def __call__(self, x, masks=None):
    ...         return [dot(self.weights, x) + self.bias]
    >>> line = Line()
    >>> line([1.0, 1.0])[0].data
    1.5
    >>> list(line.named_parameters())
    ['weights.0', 'weights.1', 'bias']
    >>> line
    Line(weights: 2 Values, bias: Value) with 3 parameters
    """

    is_module: ClassVar[bool] = True  # what autograd's transforms know a module by
    changes: ClassVar[int] = 0  # of any module's fields: while it stays, so do lists of leaves

    label: str = ""  # the path in the root module; the root's own is empty

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no __call__; define what it computes")

    # -- children and their names ----------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        _refuse_array(name, value)
        value = _fixed(value)
        _refuse_loop(self, name, value)
        object.__setattr__(self, name, value)
        Module.changes += 1
        if name == "label" or next(_children(value, ""), None):
            _label(self)

    def children(self) -> Iterator[tuple[str, Value | Module]]:
        """Each Value and module in the fields, with its path from here; not the grandchildren."""
        for name, field in vars(self).items():
            yield from _children(field, name)

    def modules(self) -> list[Module]:
        """This module and all that are in it, each once, parents first."""
        modules: dict[int, Module] = {}
        _gather([self], {}, modules)
        return list(modules.values())

    def named_parameters(self) -> dict[str, Value]:
        """Path → Value for every parameter, in field order; a shared one under its first path."""
        found: dict[int, tuple[str, Value]] = {}
        _collect(self, "", found, set())
        return dict(found.values())

    def parameters(self) -> list[Value]:
        """Every parameter once, in field order. O(parameters)."""
        values: dict[int, Value] = {}
        _gather([self], values, {})
        return list(values.values())

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0.0, all at once."""
        parameters = self.parameters()
        write_gradients(parameters, [0.0] * len(parameters))

    # -- dropout ---------------------------------------------------------------------------------

    def draw_masks(self, rng: Random) -> dict[str, list[float]]:
        """A mask for one sample for each Dropout within: its label → its numbers.

        `model(x, masks=model.draw_masks(rng))` is a training pass; without masks the call is
        inference. A module without Dropout gives an empty dict.
        """
        drawn: list[Any] = [m for m in self.modules() if hasattr(m, "draw_mask")]
        if not _told_apart(drawn, self):
            _label(self)  # a list or a dict was filled in place, of which no field heard
            if not _told_apart(drawn, self):
                paths = [m.label for m in drawn]
                raise ValueError(
                    f"two Dropouts have the same path, {max(paths, key=paths.count)!r}; "
                    "give their dict other keys, so that each gets its own mask"
                )
        return {m.label: m.draw_mask(rng) for m in drawn}

    # -- as text ---------------------------------------------------------------------------------

    def architecture(self) -> str:
        """What it is made of, without the numbers."""
        fields = vars(self).items()
        parts = [f"{name}: {_summary(x)}" for name, x in fields if next(_children(x, ""), None)]
        return f"{type(self).__name__}({', '.join(parts)})"

    def __repr__(self) -> str:
        count = len(self.parameters())
        return f"{self.architecture()} with {count:,} parameter{'' if count == 1 else 's'}"


# -- walking the fields --------------------------------------------------------------------------


def _children(field: Any, path: str) -> Iterator[tuple[str, Value | Module]]:
    if isinstance(field, (Value, Module)):
        yield path, field
    elif isinstance(field, (list, tuple)):
        for i, item in enumerate(field):
            yield from _children(item, f"{path}.{i}")
    elif isinstance(field, dict):
        for key, item in field.items():
            yield from _children(item, f"{path}.{key}")


def _collect(
    module: Module, prefix: str, found: dict[int, tuple[str, Value]], entered: set[int]
) -> None:
    """Every Value below the module with its first path; a module is entered once."""
    entered.add(id(module))
    for path, child in module.children():
        if isinstance(child, Value):
            found.setdefault(id(child), (prefix + path, child))
        elif id(child) not in entered:
            _collect(child, f"{prefix}{path}.", found, entered)


def _gather(fields: Iterable[Any], values: dict[int, Value], modules: dict[int, Module]) -> None:
    """All Values and modules below the fields, each once: `_collect` without names, for speed."""
    for field in fields:
        if isinstance(field, Value):
            values.setdefault(id(field), field)
        elif isinstance(field, (tuple, list)):
            _gather(field, values, modules)
        elif isinstance(field, dict):
            _gather(field.values(), values, modules)
        elif isinstance(field, Module) and id(field) not in modules:
            modules[id(field)] = field
            _gather(vars(field).values(), values, modules)


def _label(root: Module) -> None:
    """Give every child its path as its label, the first path where it has several."""
    named: set[int] = {id(root)}
    pending = [root]
    while pending:
        module = pending.pop()
        prefix = f"{module.label}." if module.label else ""
        for path, child in module.children():
            if id(child) not in named:
                named.add(id(child))
                object.__setattr__(child, "label", prefix + path)
                if isinstance(child, Module):
                    pending.append(child)


def _told_apart(drawn: Sequence[Module], root: Module) -> bool:
    """Whether each has a label that no other has; only the root's may be empty."""
    labels = [m.label for m in drawn if m.label or m is root]
    return len(set(labels)) == len(drawn)


def _fixed(field: Any) -> Any:
    """The field with lists of children as tuples."""
    if isinstance(field, list) and next(_children(field, ""), None):
        return tuple(map(_fixed, field))
    return field


def _refuse_array(name: str, field: Any) -> None:
    if getattr(getattr(field, "dtype", None), "hasobject", False):
        raise TypeError(
            f"{name} is an array of objects, in which parameters are not found; "
            f"assign lists instead: {name}.tolist()"
        )


def _refuse_loop(module: Module, name: str, field: Any) -> None:
    within: dict[int, Module] = {}
    _gather([field], {}, within)
    if id(module) in within:
        kind = type(module).__name__
        raise ValueError(
            f"{name} would put this {kind} inside itself, but modules form a tree; to refer back, "
            f"keep a weakref.ref to it, which is no child: {name} = weakref.ref(...)"
        )


def _summary(field: Any) -> str:
    if isinstance(field, Module):
        return field.architecture()
    if isinstance(field, Value):
        return "Value"
    children = [child for _, child in _children(field, "")]
    if any(isinstance(child, Module) for child in children):
        return f"[{', '.join(map(_summary, children))}]"
    return f"{len(children)} Values"
