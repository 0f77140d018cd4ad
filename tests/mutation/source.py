"""A file's text with the exact places of its syntax, so that the rest stays byte for byte."""

from __future__ import annotations

import ast
import io
import tokenize
from bisect import bisect_left
from itertools import accumulate


class Source:
    """`path` is relative to the repository; offsets count characters of `text`."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.tree = ast.parse(text)
        self._lines = text.split("\n")
        self._starts = [0, *accumulate(len(line) + 1 for line in self._lines)]
        self._tokens = [
            (self._starts[row - 1] + column, token.string)
            for token in tokenize.generate_tokens(io.StringIO(text, newline="").readline)
            if token.type in (tokenize.OP, tokenize.NAME)
            for row, column in [token.start]
        ]

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where it starts and ends; parentheses around an expression are outside of it."""
        start = self._offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        return start, self._offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def operator(self, left: ast.AST, right: ast.AST) -> tuple[int, int]:
        """The span of the operator between two operands; `not in` and `is not` are two tokens."""
        end, start = self.span(left)[1], self.span(right)[0]
        first = bisect_left(self._tokens, (end, ""))
        last = bisect_left(self._tokens, (start, ""))
        found = [(at, at + len(t)) for at, t in self._tokens[first:last] if t not in "(),"]
        return found[0][0], found[-1][1]

    def keyword(self, node: ast.AST, word: str) -> tuple[int, int]:
        """The span of the first such token of a node."""
        at = bisect_left(self._tokens, (self.span(node)[0], ""))
        start = next(start for start, token in self._tokens[at:] if token == word)
        return start, start + len(word)

    def part(self, start: int, end: int) -> str:
        return self.text[start:end]

    def line_of(self, offset: int) -> int:
        """Counted from 1."""
        return bisect_left(self._starts, offset + 1)

    def around(self, line: int) -> str:
        """The function, method or other statement of a module or class that has this line."""
        found = ""
        body = self.tree.body
        while body:
            inside = [s for s in body if s.lineno <= line <= (s.end_lineno or s.lineno)]
            body = inside[0].body if inside and isinstance(inside[0], ast.ClassDef) else []
            for statement in inside:
                found = self.part(*self.lines(statement.lineno, statement.end_lineno or 0))
        return found

    def lines(self, first: int, last: int) -> tuple[int, int]:
        """The span of whole lines, without the last line's end."""
        return self._starts[first - 1], self._starts[last] - 1

    def _offset(self, line: int, column: int) -> int:
        """From a column of `ast`, which counts bytes of UTF-8."""
        before = self._lines[line - 1].encode("utf-8")[:column]
        return self._starts[line - 1] + len(before.decode("utf-8"))
