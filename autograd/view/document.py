"""A graph as plain data: all that a page or a widget needs to show it and to step through it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from autograd.collapse import groups
from autograd.ops import Op
from autograd.value import Value, topological_order
from autograd.view.formulas import partial_formulas, value_text
from autograd.view.live import UNTRACEABLE, live_program, plain_program
from autograd.wording import (
    INFIX,
    given_names,
    known_names,
    names_of,
    plain_number,
    symbol_between,
    visible,
)

LONGEST = 200  # characters of a label, of which the picture shows fewer
MOST_NODES = 20_000  # at 5,000 a page is 1 MB and a step takes a tenth of a second


def document(
    root: Value,
    names: Mapping[str, object] | None = None,
    *,
    title: str = "",
    data: Sequence[float] | None = None,
    paths: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """What the stepper shows of all that `root` was computed from, ready for JSON.

    `data` stands in place of each node's own, in topological order.
    Columns of one entry a node, in topological order; a float that JSON does not know is a string.
    `data` stands in place of the nodes' own numbers, in that order.
    ValueError for more than 20,000 nodes. O(edges).

    >>> x = Value(2.0, label="x")
    >>> shown = document(x * x)
    >>> shown["name"], shown["operands"], shown["numbers"], shown["local_grads"]
    (['x', 'L'], [[], [0, 0]], [2.0], [[], [0, 0]])
    """
    order = topological_order(root)
    if len(order) > MOST_NODES:
        raise ValueError(
            f"a stepper shows at most {MOST_NODES:,} nodes, and this graph has {len(order):,}; "
            "step into an inner value, for its part of the graph, or iterate over the frames"
        )
    position = {id(node): i for i, node in enumerate(order)}
    called = names_of(order, names, LONGEST)
    rows = list(dict.fromkeys(node.op for node in order if node.op))
    program, why_not = _program(order)
    return {
        "kind": "stepper",
        "title": title or f"{called[-1]}, step by step",
        "name": called,
        "labelled": [int(name.strip() != "") for name in given_names(order, names)],
        "op": [rows.index(node.op) if node.op else -1 for node in order],
        "operands": [_operands(node, position) for node in order],
        "data": [plain_number(x) for x in data or [node.data for node in order]],
        **_local_grads(order),
        **_column("source", "sources", [node.source or "" for node in order]),
        **_groups(root, names),
        "ops": [_row(op) for op in rows],
        "program": program,
        "why_not_live": why_not,
        "paths": paths,
        "step": 0,
    }


def _operands(node: Value, position: Mapping[int, int]) -> list[Any]:
    """A position for a Value, a list of one number for a plain number."""
    return [
        position[id(x)] if isinstance(x, Value) else [plain_number(float(x))] for x in node.operands
    ]


def _local_grads(order: Sequence[Value]) -> dict[str, Any]:
    """Positions in a table of the different ones: a network has each weight once a sample."""
    found: dict[str, int] = {}
    column = [[found.setdefault(d.hex(), len(found)) for d in node.local_grads] for node in order]
    return {
        "local_grads": column,
        "numbers": [plain_number(float.fromhex(bits)) for bits in found],
    }


def _row(op: Op) -> dict[str, Any]:
    try:
        partials = partial_formulas(op)
    except UNTRACEABLE:
        partials = []  # they have no formula to print: their numbers are shown
    return {
        "name": op.name,
        "symbol": symbol_between(op),
        "infix": op.name in INFIX,
        "text": value_text(op),
        "partials": partials,
    }


def _program(order: Sequence[Value]) -> tuple[dict[str, Any] | None, str]:
    """The program behind the sliders, or why there is none."""
    try:
        return plain_program(live_program(order)), ""
    except UNTRACEABLE as error:
        return None, f"{type(error).__name__}: {error}"


def _groups(root: Value, names: Mapping[str, object] | None) -> dict[str, Any]:
    known = known_names(names)
    columns: dict[str, Any] = {"groups": []}
    for level in ("neuron", "layer"):
        shown = _column(level, "found", groups(root, known, level))
        before = len(columns["groups"])
        columns[level] = [i if i < 0 else i + before for i in shown[level]]
        columns["groups"] += [
            {"name": visible(name, LONGEST), "level": level} for name in shown["found"]
        ]
    return columns


def _column(name: str, table: str, texts: Iterable[str]) -> dict[str, Any]:
    """Texts as positions in a table of the different ones, -1 for an empty one."""
    found: dict[str, int] = {}
    column = [found.setdefault(text, len(found)) if text else -1 for text in texts]
    return {name: column, table: list(found)}
