"""What may stand in an expression: tokens, operators, functions, and words about all else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from autograd import functions
from autograd.ops import TABLE

FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(functions, name) for name in TABLE if hasattr(functions, name)
}
SPACE = re.compile(r"\s*")
TOKEN = re.compile(
    r"(?P<number>(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|//|<=|>=|==|!=|[-+*/%<>&|~()\[\],])"
)
# How tightly an operator binds, as in Python, and the function that it stands for.
COMPARISON, UNARY, POWER = 1, 6, 7
BINARY = {
    "<": (COMPARISON, "less"),
    "<=": (COMPARISON, "less_equal"),
    ">": (COMPARISON, "greater"),
    ">=": (COMPARISON, "greater_equal"),
    "==": (COMPARISON, "equal"),
    "!=": (COMPARISON, "not_equal"),
    "|": (2, "logical_or"),
    "&": (3, "logical_and"),
    "+": (4, "add"),
    "-": (4, "subtract"),
    "*": (5, "multiply"),
    "/": (5, "divide"),
    "//": (5, "floor_divide"),
    "%": (5, "remainder"),
    "**": (POWER, "pow"),
}
PREFIX = {"-": "negative", "~": "logical_not"}
NUMBER, TRUTH, LIST = "a number", "a comparison", "a list"
MORE = "any number more"  # beside the kind of the last argument
RESULTS = {name: NUMBER if row.partials else TRUTH for name, row in TABLE.items()}
RESULTS["softmax"] = LIST

ALLOWED = (
    "allowed are numbers, names, + - * / // % **, comparisons, & | ~ of comparisons, parentheses "
    "and functions, as in tanh(x) + maximum(a, b) + sum([a, b, c])"
)
HOW = {  # a result of a kind is written, where a number stands
    TRUTH: "a comparison stands in parentheses, as in (x > 0) & (x < 1)",
    LIST: "a list is written [a, b, c]",
}
USE = {  # a result of a kind to get a number
    TRUTH: "choose numbers by it: where(x > 0, a, b)",
    LIST: "add it up, sum(…), or choose from it, take(…, index)",
}
WRITE = {  # instead of a token
    "^": "powers are written **",
    "=": "a comparison is written ==; nothing is assigned, and arguments go by position",
    ".": "there are no attributes: tanh(x), not x.tanh()",
    "'": "there are no texts in an expression",
    '"': "there are no texts in an expression",
    "×": "a product is written *",
    "·": "a product is written *",
    "÷": "a quotient is written /",
    "−": "minus is written -",
    "[": "there are no subscripts: take([a, b, c], index)",
    "and": "comparisons are joined by &: (x > 0) & (x < 1)",
    "or": "comparisons are joined by |: (x < 0) | (x > 1)",
    "not": "the opposite of a comparison is written ~(x > 0)",
    "if": "numbers are chosen by where(x > 0, a, b)",
    "lambda": "there are no functions to define in an expression",
    ",": "several numbers are written as a list, [a, b]",
    ")": "this was not opened",
    "]": "this was not opened",
}
