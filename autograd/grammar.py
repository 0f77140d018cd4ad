"""How an expression is read: by a parser that has nothing to execute."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from inspect import Parameter, signature
from keyword import iskeyword
from math import inf
from typing import Any, NoReturn

from autograd.vocabulary import (
    ALLOWED,
    BINARY,
    COMPARISON,
    FUNCTIONS,
    HOW,
    LIST,
    MORE,
    NUMBER,
    POWER,
    PREFIX,
    RESULTS,
    SPACE,
    TOKEN,
    TRUTH,
    UNARY,
    USE,
    WRITE,
)
from autograd.wording import visible

DEEPEST = 50  # parentheses, signs and powers inside of one another
AROUND = 30  # characters that an error shows on either side of the place
Step = tuple[str, Any, int, int]  # kind, what, how many of the last results it takes, its place


class ExpressionError(ValueError):
    """What is wrong with an expression, with a caret under the place."""


def steps_of(text: str) -> list[Step]:
    """An expression as steps for a stack of results, operands before operators."""
    parser = _Parser(text)
    if not parser.token:
        parser.fail(f"the text is empty; {ALLOWED}", 0)
    kind = parser.expression()
    if parser.token:
        parser.fail_at_token()
    parser.expect(NUMBER, kind, 0)
    return parser.steps


def pointing(message: str, text: str, place: int) -> str:
    """The message, the line of the text around the place, and a caret below it."""
    first, last = text.rfind("\n", 0, place) + 1, text.find("\n", place)
    start = max(first, place - AROUND)
    stop = min(last if last >= 0 else len(text), place + AROUND)
    before, after = "…" * (start > first), "…" * (stop < len(text) and text[stop] != "\n")
    shown = f"{before}{visible(text[start:stop], 2 * AROUND)}{after}"
    return f"{message}\n  {shown}\n  {' ' * (len(before) + place - start)}^"


class _Parser:
    """Precedence climbing: each method reads on from `token`, which is at `place`.

    They add to `steps` and give the kind of the result.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.steps: list[Step] = []
        self.depth = self.end = 0
        self.advance()

    def expression(self, tightest: int = COMPARISON) -> str:
        """Operands, joined by operators that bind at least so tightly."""
        start = self.place
        kind = self.operand()
        while self.token in BINARY and BINARY[self.token][0] >= tightest:
            sign, place = self.token, self.place
            tight, name = BINARY[sign]
            wanted = TRUTH if name in ("logical_and", "logical_or") else NUMBER
            if tight == COMPARISON == tightest and kind == TRUTH:
                self.fail("comparisons are not chained: (a < b) & (b < c)", place)
            self.expect(wanted, kind, start)
            self.advance()
            right = self.place
            kind = self.nested(UNARY) if tight == POWER else self.expression(tight + 1)
            self.expect(wanted, kind, right)
            self.steps.append(("call", name, 2, place))
            kind = RESULTS[name]
        return kind

    def nested(self, tightest: int = COMPARISON) -> str:
        """An expression inside of another."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"at most {DEEPEST} of ( [ - ~ ** stand inside of one another", self.place)
        kind = self.expression(tightest)
        self.depth -= 1
        return kind

    def operand(self) -> str:
        """A number, a name, a call, a list, something in parentheses, or one of these negated."""
        token, place = self.token, self.place
        if self.group == "number":
            return self.number()
        if self.group == "name" and not iskeyword(token):
            self.advance()
            if self.token == "(":
                return self.call(token, place)
            if token in FUNCTIONS:
                self.fail(f"{token} is a function: write {token}(…)", place)
            if not token.isidentifier():
                wrong = next((i for i, c in enumerate(token) if not f"x{c}".isidentifier()), 0)
                message = "a name has letters, digits and _ only; a square is written x ** 2"
                self.fail(message, place + wrong)
            self.steps.append(("name", token, 0, place))
            return NUMBER
        if token == "(":
            self.advance()
            kind = self.nested()
            self.take(")")
            return kind
        if token == "[":
            self.advance()
            kinds = self.separated("]")
            for kind, at in kinds:
                self.expect(NUMBER, kind, at)
            self.steps.append(("list", "", len(kinds), place))
            return LIST
        if token in ("+", *PREFIX):
            return self.signed(token, place)
        self.fail_at_token("a number or a name")

    def number(self) -> str:
        try:
            number = float(self.token)
        except ValueError:  # 1__0
            self.fail("this is no number", self.place)
        if number == inf:
            self.fail("a number is at most 1.797e308", self.place)
        self.steps.append(("number", number, 0, self.place))
        self.advance()
        return NUMBER

    def signed(self, sign: str, place: int) -> str:
        self.advance()
        start = self.place
        kind = self.nested(UNARY)
        self.expect(TRUTH if sign == "~" else NUMBER, kind, start)
        if sign != "+":
            self.steps.append(("call", PREFIX[sign], 1, place))
        return kind

    def call(self, name: str, place: int) -> str:
        """What follows the name of a function."""
        if name not in FUNCTIONS:
            near = " or ".join(get_close_matches(name, FUNCTIONS, 2))
            shown = visible(name)
            hint = f"did you mean {near}?" if near else f"a product is written {shown} * (…)"
            self.fail(f"there is no function {shown}; {hint}", place)
        self.advance()
        arguments = self.separated(")")
        wanted, least = _parameters(name)
        most = inf if wanted[-1][0] == MORE else len(wanted)
        if not least <= len(arguments) <= most:
            more = " or more" if most == inf else f" to {most}" if most > least else ""
            plural = "s" * (most > 1)
            self.fail(f"{name} takes {least}{more} argument{plural}, not {len(arguments)}", place)
        for i, (kind, at) in enumerate(arguments):
            accepted = wanted[min(i, len(wanted) - 1)]
            if kind not in accepted:
                hint = f"; {HOW[accepted[-1]]}" if accepted[-1] in HOW else ""
                self.fail(f"argument {i + 1} of {name} is {accepted[-1]}, not {kind}{hint}", at)
        self.steps.append(("call", name, len(arguments), place))
        return RESULTS[name]

    def separated(self, end: str) -> list[tuple[str, int]]:
        """Expressions between commas, up to the end of the list: the kind and place of each."""
        found: list[tuple[str, int]] = []
        while self.token != end:
            if found:
                self.take(",", end)
            place = self.place
            found.append((self.nested(), place))
        self.advance()
        return found

    # -- tokens ----------------------------------------------------------------------------------

    def advance(self) -> None:
        """On to the next token, which is empty at the end of the text."""
        space = SPACE.match(self.text, self.end)
        self.place = space.end() if space else self.end
        match = TOKEN.match(self.text, self.place)
        self.group = (match.lastgroup if match else None) or ""
        self.token = match[0] if match else self.text[self.place : self.place + 1]
        self.end = self.place + len(self.token)

    def take(self, *signs: str) -> None:
        """Past the first of these signs, which is to stand here, or one of the others."""
        if self.token != signs[0]:
            if not self.token or self.token in ("(", ",", ")", "]"):
                self.fail(f"{' or '.join(signs)} is expected here", self.place)
            self.fail_at_token()
        self.advance()

    def expect(self, wanted: str, kind: str, place: int) -> None:
        """That what begins at the place is of the kind that is wanted."""
        if kind != wanted:
            hint = HOW[wanted] if kind == NUMBER else USE[kind]
            self.fail(f"{wanted} is expected here, not {kind}; {hint}", place)

    def fail_at_token(self, expected: str = "") -> NoReturn:
        """Say that the token cannot stand where it does, and what to write instead."""
        token = visible(self.token)
        if not token:
            message = f"{expected} is expected here, but the text ends"
        elif token in WRITE and not (expected and token in (",", ")", "]")):
            message = WRITE[token]
        elif iskeyword(self.token):
            message = f"{token} is a word of Python's that has no meaning here; {ALLOWED}"
        elif not expected and (self.group in ("number", "name") or token == "("):
            message = f"an operator is missing before {token}, perhaps *"
        else:
            message = f"{expected or 'an operator'} is expected here, not {token}; {ALLOWED}"
        self.fail(message, self.place)

    def fail(self, message: str, place: int) -> NoReturn:
        raise ExpressionError(pointing(message, self.text, place))


def _parameters(name: str) -> tuple[Sequence[Sequence[str]], int]:
    """The kinds that each argument of a function may be of, and how many it takes at least."""
    kinds, least = [], 0
    for parameter in signature(FUNCTIONS[name]).parameters.values():
        written = str(parameter.annotation)
        kind = LIST if "Iterable" in written else TRUTH if written == "bool" else NUMBER
        if parameter.kind is Parameter.VAR_POSITIONAL:
            kinds.append([MORE, kind])
        else:
            kinds.append([TRUTH, NUMBER] if parameter.name == "condition" else [kind])
            least += parameter.default is Parameter.empty
    return kinds, least
