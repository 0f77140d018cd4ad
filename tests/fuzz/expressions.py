"""Whatever the bytes, the parser reads them as Python's own parser does, or points at a place."""

from __future__ import annotations

import ast
import math
import re
import sys
import unicodedata
from collections.abc import Mapping
from typing import Any

import autograd
from autograd import Value
from autograd.expression import CONSTANTS, Expression, ExpressionError, parse
from autograd.grammar import DEEPEST
from autograd.vocabulary import BINARY, FUNCTIONS, WRITE

LONGEST = 120  # bytes of an input: twice what the deepest nesting needs; longer ones are slower
LONGEST_MESSAGE = 500  # characters beside a list of names
NUMBERS = [1.7, 0.6, 2.3, 0.0, -3.0, -0.0, 1e308, 5e-324, math.inf, math.nan]  # in turn
REFUSED = TypeError, ValueError, IndexError  # what a function raises for what it does not take
NAME_OR_NUMBER = re.compile(r"[^\W\d]\w*|[0-9.][0-9._]*([eE][-+]?[0-9]+)?")
ZEROS = re.compile("^0[0_]*(?=[0-9])")
ONLY_PYTHON = re.compile(r"[0-9_][a-df-zA-DF-Z_]|[0-9_.][eE][^0-9+-]|[#\\\0]|^\s|\s$")
DEEPER = re.compile(r"[(\[~+-]|\*\*")  # what may stand inside of one another
WORDS = [*BINARY, *FUNCTIONS, *WRITE, *CONSTANTS, "1e308", "1e-400", "1_0", "²", "٣", "ﬁ", "\x85"]

OPERATORS: dict[type[ast.AST], Any] = {
    ast.Add: autograd.add,
    ast.Sub: autograd.subtract,
    ast.Mult: autograd.multiply,
    ast.Div: autograd.divide,
    ast.FloorDiv: autograd.floor_divide,
    ast.Mod: autograd.remainder,
    ast.Pow: autograd.pow,
    ast.BitAnd: autograd.logical_and,
    ast.BitOr: autograd.logical_or,
    ast.Lt: autograd.less,
    ast.LtE: autograd.less_equal,
    ast.Gt: autograd.greater,
    ast.GtE: autograd.greater_equal,
    ast.Eq: autograd.equal,
    ast.NotEq: autograd.not_equal,
    ast.USub: autograd.negative,
    ast.UAdd: lambda x: x,
    ast.Invert: autograd.logical_not,
}


def judge(data: bytes) -> None:
    """AssertionError, or whatever escapes, where these bytes are read wrongly."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        expression = parse(text)
    except ExpressionError as error:
        _check_message(f"{error}")
        _check_refused(text)
        return
    assert all(name.isidentifier() for name in expression.names)
    numbers = {name: NUMBERS[i % len(NUMBERS)] for i, name in enumerate(expression.names)}
    found = _result(expression, {name: Value(x) for name, x in numbers.items()})
    if all(name == unicodedata.normalize("NFKC", name) for name in numbers):  # or Python changes it
        expected = _by_python(text, numbers)
        assert repr(found) == repr(expected), text


def _result(expression: Expression, values: dict[str, Value]) -> float | None:
    """What the graph of the expression gives, or None where a function refuses its arguments."""
    try:
        found = expression(values)
    except ExpressionError as error:
        _check_message(f"{error}")
        return None
    assert type(found) is Value
    assert type(found.data) is float
    return found.data


def _check_message(message: str) -> None:
    """One line of words, one of the text, a caret below it; nothing that commands a terminal."""
    said, shown, caret = message.split("\n")
    assert len(message) <= LONGEST_MESSAGE
    assert not {unicodedata.category(c) for c in said + shown} & {"Cc", "Cs"}
    assert caret.strip() == "^"
    assert len(caret) <= len(shown) + 1


def _check_refused(text: str) -> None:
    assert not _is_plain(text), f"refused: {text}"


# -- Python's reading ----------------------------------------------------------------------------


def _by_python(text: str, numbers: dict[str, float]) -> float | None:
    """What Python's own parser makes of it, with floats; None where a function refuses."""
    tree = ast.parse(_for_python(text), mode="eval").body
    try:
        return float(_evaluate(tree, CONSTANTS | numbers))
    except REFUSED:
        return None


def _is_plain(text: str) -> bool:
    """Whether Python reads it as operators between plain numbers and names, which is ours to read.

    Nothing is said of calls, and of what only Python has: other digits, line joining, long names.
    """
    if ONLY_PYTHON.search(text) or len(DEEPER.findall(text)) > DEEPEST or not text.isascii():
        return False
    try:
        return _kind(ast.parse(text, mode="eval").body) is float
    except SyntaxError:
        return False


def _kind(tree: ast.expr) -> type | None:
    """The type of its result: float, bool, or None for what is not plain."""
    if isinstance(tree, ast.Constant):
        plain = type(tree.value) in (int, float) and abs(tree.value) <= sys.float_info.max
        return float if plain else None
    if isinstance(tree, ast.Name):
        return None if tree.id in FUNCTIONS else float
    if isinstance(tree, ast.UnaryOp):
        wanted = {ast.Invert: bool, ast.USub: float, ast.UAdd: float}.get(type(tree.op))
        return wanted if wanted and _kind(tree.operand) is wanted else None
    if isinstance(tree, ast.BinOp) and type(tree.op) in OPERATORS:
        wanted = bool if isinstance(tree.op, ast.BitAnd | ast.BitOr) else float
        return wanted if _kind(tree.left) is _kind(tree.right) is wanted else None
    if isinstance(tree, ast.Compare) and [op for op in tree.ops if type(op) in OPERATORS]:
        kinds = [_kind(x) for x in (tree.left, *tree.comparators)]
        return bool if kinds == [float, float] else None
    return None


def _for_python(text: str) -> str:
    """The same text where Python's tokens are stricter: other blanks, and zeros before a number."""
    blank = re.sub(r"\s+", " ", text)
    return "(" + NAME_OR_NUMBER.sub(lambda match: ZEROS.sub("", match[0]), blank) + ")"


def _evaluate(tree: ast.expr, names: Mapping[str, float]) -> Any:
    if isinstance(tree, ast.Constant):
        assert isinstance(tree.value, int | float)
        return float(tree.value)
    if isinstance(tree, ast.Name):
        return names[tree.id]
    if isinstance(tree, ast.List):
        return [_evaluate(x, names) for x in tree.elts]
    if isinstance(tree, ast.Call):
        assert isinstance(tree.func, ast.Name)
        return getattr(autograd, tree.func.id)(*[_evaluate(x, names) for x in tree.args])
    if isinstance(tree, ast.UnaryOp):
        return OPERATORS[type(tree.op)](_evaluate(tree.operand, names))
    if isinstance(tree, ast.BinOp):
        left, right = _evaluate(tree.left, names), _evaluate(tree.right, names)
        return OPERATORS[type(tree.op)](left, right)
    assert isinstance(tree, ast.Compare)
    left, right = (_evaluate(x, names) for x in (tree.left, *tree.comparators))
    return OPERATORS[type(tree.ops[0])](left, right)
