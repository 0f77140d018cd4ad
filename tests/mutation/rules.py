"""Which text is a derivative rule: the partials of the table's rows and all that they call.

Followed by name, from each row's partials and its faster spelling of them, through the functions
and constants of `ops`, `ieee` and `special`, and where a partial calls another row (the derivative
of sin is cos) through what that row computes. Beside them stand the functions of `value` and
`functions` that record local gradients themselves: those that call `_node`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from tests.mutation.mutants import Mutant
from tests.mutation.source import Source

OPS, IEEE, SPECIAL = "autograd/ops.py", "autograd/ieee.py", "autograd/special.py"
MODULES = {"ieee": IEEE, "special": SPECIAL, "ops": OPS}
RECORDERS = ("autograd/functions.py", "autograd/value.py")
ROWS = {"Op": 2, "_unary": 2}  # what makes a row: its arguments are name, value, partials, ...

Spans = dict[str, list[tuple[int, int]]]


def derivative_rules(sources: Mapping[str, Source]) -> Spans:
    """The spans of the rules in each file."""
    spans: Spans = {path: [] for path in (OPS, IEEE, SPECIAL, *RECORDERS)}
    table = {path: _top_level(sources[path].tree) for path in (OPS, IEEE, SPECIAL)}
    pending = [(OPS, part) for row in _rows(table[OPS]) for part in _partials(row)]
    seen: set[tuple[str, str]] = set()
    while pending:
        path, node = pending.pop()
        spans[path].append(sources[path].span(node))
        for used in {*_used(path, node, table)} - seen:
            seen.add(used)
            meant = table[used[0]][used[1]]
            row = _row(meant)
            pending.append((used[0], row.args[1] if row else meant))
    for path in RECORDERS:
        spans[path] += [sources[path].span(f) for f in _recorders(sources[path].tree)]
    return spans


def is_rule(mutant: Mutant, spans: Spans) -> bool:
    inside = spans.get(mutant.path, ())
    return any(start <= mutant.start and mutant.end <= end for start, end in inside)


def _top_level(tree: ast.Module) -> dict[str, ast.AST]:
    """What each name of a module stands for: a function, an assignment or an import."""
    found: dict[str, ast.AST] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            names = [n for target in node.targets for n in ast.walk(target)]
            found |= {n.id: node for n in names if isinstance(n, ast.Name)}
    return found


def _row(node: ast.AST) -> ast.Call | None:
    call = node.value if isinstance(node, ast.Assign) else None
    if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ROWS:
        return call
    return None


def _rows(table: Mapping[str, ast.AST]) -> list[ast.Call]:
    return [row for row in map(_row, table.values()) if row]


def _partials(row: ast.Call) -> list[ast.expr]:
    local = [keyword.value for keyword in row.keywords if keyword.arg == "local"]
    return [row.args[2], *local]


def _used(
    path: str, node: ast.AST, table: Mapping[str, Mapping[str, ast.AST]]
) -> Iterator[tuple[str, str]]:
    """(file, name) of all that a node names in the three modules."""
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            found = (MODULES.get(part.value.id, ""), part.attr)
        elif isinstance(part, ast.Name):
            found = (path if part.id in table[path] else IEEE, part.id)
        else:
            continue
        if found[1] in table.get(found[0], {}) and not isinstance(part.ctx, ast.Store):
            yield found


def _recorders(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            calls = [n.func for n in ast.walk(node) if isinstance(n, ast.Call)]
            if any(getattr(function, "id", "") == "_node" for function in calls):
                yield node
