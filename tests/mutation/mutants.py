"""Every mutant of a file, in the order of its text.

Left out is what no test should hold: docstrings, annotations and `if TYPE_CHECKING`, the messages
of `raise`, of warnings and of `assert` (which is for our own invariants, so the whole of it), words
for people (a string with a space in it), `__all__` and `__slots__`, and `if __name__`. The inside
of an f-string has no exact place before Python 3.12. A __repr__ is mutated like the rest: the
doctests hold it.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.mutation.operators import OPERATORS, Place
from tests.mutation.source import Source

FORMULAS = {"autograd/ieee.py", "autograd/ops.py", "autograd/special.py"}
UNMUTATED = (ast.Assert, ast.Import, ast.ImportFrom, ast.JoinedStr, ast.Raise, ast.Pass)
NAMES_LEFT_OUT = {"TYPE_CHECKING", "__all__", "__slots__", "__name__"}
WARNINGS = {"warn", "_warn_once"}
ANNOTATIONS = {"annotation", "returns", "type_params"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file; `before` and `after` are the lines around it on one line."""

    path: str
    start: int
    end: int
    new: str
    operator: str
    scope: str  # the function or class, dotted; "" at the top level
    first_line: int
    last_line: int
    before: str
    after: str
    inside: str  # "function" or "lambda", or "" in what runs once, when the module is loaded
    copy: int = 1  # a function may have the same line twice

    @property
    def key(self) -> str:
        """What tells it from all others as long as its line stays what it is."""
        again = f" ({self.copy})" if self.copy > 1 else ""
        return f"{self.path} {self.scope}{again}\n- {self.before}\n+ {self.after}"

    def applied(self, text: str) -> str:
        return text[: self.start] + self.new + text[self.end :]


def mutants(source: Source) -> list[Mutant]:
    """All of them, each different from the original and from the others."""
    found: dict[tuple[int, int, str], Mutant] = {}
    for node, place in _walk(source.tree, Place("", (), source.path in FORMULAS)):
        for operator in OPERATORS.get(type(node), ()):
            for start, end, new in operator(source, node, place):
                if source.part(start, end) != new:
                    mutant = _mutant(source, place, operator.__name__, start, end, new)
                    found.setdefault((start, end, new), mutant)
    return list(_told_apart([found[change] for change in sorted(found)]))


def _told_apart(found: list[Mutant]) -> Iterator[Mutant]:
    """With the copies of a key counted."""
    copies: Counter[str] = Counter()
    for mutant in found:
        copies[mutant.key] += 1
        yield replace(mutant, copy=copies[mutant.key])


def _mutant(source: Source, place: Place, name: str, start: int, end: int, new: str) -> Mutant:
    first, last = source.line_of(start), source.line_of(max(start, end - 1))
    head, tail = source.lines(first, last)
    before = " ".join(source.part(head, tail).split())
    after = source.part(head, start) + new + source.part(end, tail)
    shown = " ".join(after.split())
    where = source.path, start, end, new, name, place.scope
    return Mutant(*where, first, last, before, shown, place.inside)


def _walk(node: ast.AST, place: Place) -> Iterator[tuple[ast.AST, Place]]:
    """Each node that may be mutated, with what surrounds it."""
    if isinstance(node, UNMUTATED) or _is_left_out(node):
        return
    yield node, place
    inner = _inside(node, place)
    for field, value in ast.iter_fields(node):
        if field in ANNOTATIONS:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child, inner if field in ("body", "orelse") else place)


def _inside(node: ast.AST, place: Place) -> Place:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        scope = f"{place.scope}.{node.name}" if place.scope else node.name
        names = () if isinstance(node, ast.ClassDef) else _parameters(node.args)
        inside = place.inside if isinstance(node, ast.ClassDef) else "function"
        return Place(scope, names, place.in_formula, inside)
    if isinstance(node, ast.Lambda):
        return Place(place.scope, _parameters(node.args), place.in_formula, "lambda")
    return place


def _parameters(arguments: ast.arguments) -> tuple[str, ...]:
    """Those that are one value each."""
    return tuple(a.arg for a in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs])


def _is_left_out(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):
        value = node.value
        if isinstance(value, ast.Constant):  # a docstring, or `...`
            return True
        called = value.func if isinstance(value, ast.Call) else None
        return getattr(called, "attr", getattr(called, "id", "")) in WARNINGS
    if isinstance(node, ast.If | ast.Assign | ast.AnnAssign):
        tested = node.test if isinstance(node, ast.If) else node
        named = {n.id for n in ast.walk(tested) if isinstance(n, ast.Name)}
        return bool(named & NAMES_LEFT_OUT)
    if isinstance(node, ast.FunctionDef):
        return any(getattr(d, "id", "") == "overload" for d in node.decorator_list)
    return False
