"""What a mutant changes: for each kind of syntax the small wrong texts that could stand there.

Each operator gives (start, end, new text). They are the usual ones (DeMillo, Lipton & Sayward,
Hints on Test Data Selection, 1978), and those of formulas: a wrapper dropped, one parameter for
another, two arguments the wrong way round.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from tests.mutation.source import Source

Change = tuple[int, int, str]

ARITHMETIC = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "/", ast.Mod: "*",
    ast.Pow: "*", ast.BitAnd: "|", ast.BitOr: "&", ast.BitXor: "&", ast.LShift: ">>",
    ast.RShift: "<<", ast.MatMult: "*",
}  # fmt: skip
COMPARISONS = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
# Of these the arguments may change places without a difference.
SYMMETRIC = set("hypot isclose max maximum min minimum two_product two_sum".split())


class Place(NamedTuple):
    """What surrounds a node; `inside` is "function", "lambda" or "" at the top of a module."""

    scope: str
    parameters: tuple[str, ...]
    in_formula: bool
    inside: str = ""


def arithmetic(source: Source, node: ast.BinOp, place: Place) -> Iterator[Change]:
    yield *source.operator(node.left, node.right), ARITHMETIC[type(node.op)]


def arithmetic_in_place(source: Source, node: ast.AugAssign, place: Place) -> Iterator[Change]:
    yield *source.operator(node.target, node.value), ARITHMETIC[type(node.op)] + "="


def sign(source: Source, node: ast.UnaryOp, place: Place) -> Iterator[Change]:
    """-x and `not x` become x."""
    start, end = source.span(node)[0], source.span(node.operand)[0]
    prefix = source.part(start, end).replace("-", " ").replace("not", "").replace("~", "")
    yield start, end, prefix.lstrip() or ""


def comparison(source: Source, node: ast.Compare, place: Place) -> Iterator[Change]:
    for (left, right), op in zip(pairwise([node.left, *node.comparators]), node.ops, strict=True):
        yield *source.operator(left, right), COMPARISONS[type(op)]


def connective(source: Source, node: ast.BoolOp, place: Place) -> Iterator[Change]:
    for left, right in pairwise(node.values):
        yield *source.operator(left, right), "or" if isinstance(node.op, ast.And) else "and"


def constant(source: Source, node: ast.Constant, place: Place) -> Iterator[Change]:
    """The next number, and 0 for a float; the other truth; a short word is no longer itself."""
    value, span = node.value, source.span(node)
    if isinstance(value, bool):
        yield *span, str(not value)
    elif isinstance(value, int):
        yield *span, str(value + 1)
    elif isinstance(value, float):
        yield *span, repr(value + 1.0 if value + 1.0 != value else value / 2.0)
        if value != 0.0:
            yield *span, "0.0"
    elif isinstance(value, str) and " " not in value:
        yield *span, repr(value + "_")


def arguments(source: Source, node: ast.Call, place: Place) -> Iterator[Change]:
    """Two neighbours among the arguments the other way round."""
    if _name(node.func) in SYMMETRIC or any(isinstance(a, ast.Starred) for a in node.args):
        return
    for first, second in pairwise(node.args):
        (start, middle), (after, end) = source.span(first), source.span(second)
        if source.part(start, middle) != source.part(after, end):
            swapped = source.part(after, end) + source.part(middle, after)
            yield start, end, swapped + source.part(start, middle)


def wrapper(source: Source, node: ast.Call, place: Place) -> Iterator[Change]:
    """f(x) becomes (x), in formulas."""
    if not place.in_formula or len(node.args) != 1 or node.keywords:
        return
    if not isinstance(node.args[0], ast.Starred | ast.GeneratorExp):
        start, end = source.span(node)
        yield start, end, f"({source.part(*source.span(node.args[0]))})"


def parameter(source: Source, node: ast.Name, place: Place) -> Iterator[Change]:
    """The function's next parameter in place of this one, in lambdas and formulas."""
    names = place.parameters
    if not isinstance(node.ctx, ast.Load) or not (place.in_formula or place.inside == "lambda"):
        return
    if node.id in names and len(names) > 1:
        yield *source.span(node), names[(names.index(node.id) + 1) % len(names)]


def returned(source: Source, node: ast.Return, place: Place) -> Iterator[Change]:
    if node.value and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield *source.span(node), "return None"


def statement(source: Source, node: ast.stmt, place: Place) -> Iterator[Change]:
    """A call, or an assignment to an attribute or an element, is left out."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    kept = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call)
    into = (ast.Attribute, ast.Subscript)
    if isinstance(node, ast.Assign) and not any(isinstance(t, into) for t in targets):
        return
    if not kept:
        yield *source.span(node), "pass"


def condition(source: Source, node: ast.If | ast.IfExp, place: Place) -> Iterator[Change]:
    for answer in ("True", "False"):
        yield *source.span(node.test), answer


def filter_of(source: Source, node: ast.comprehension, place: Place) -> Iterator[Change]:
    for test in node.ifs:
        yield *source.span(test), "True"


def loop_exit(source: Source, node: ast.Break | ast.Continue, place: Place) -> Iterator[Change]:
    yield *source.span(node), "continue" if isinstance(node, ast.Break) else "break"


def _name(function: ast.expr) -> str:
    return getattr(function, "id", getattr(function, "attr", ""))


OPERATORS: dict[type[ast.AST], tuple[Callable[[Source, Any, Place], Iterator[Change]], ...]] = {
    ast.BinOp: (arithmetic,),
    ast.AugAssign: (arithmetic_in_place, statement),
    ast.UnaryOp: (sign,),
    ast.Compare: (comparison,),
    ast.BoolOp: (connective,),
    ast.Constant: (constant,),
    ast.Call: (arguments, wrapper),
    ast.Name: (parameter,),
    ast.Return: (returned,),
    ast.Expr: (statement,),
    ast.Assign: (statement,),
    ast.If: (condition,),
    ast.IfExp: (condition,),
    ast.comprehension: (filter_of,),
    ast.Break: (loop_exit,),
    ast.Continue: (loop_exit,),
}
