"""Expressions as text: what they mean, judged by Python's own reading, and what they refuse."""

from __future__ import annotations

import ast
import builtins
import contextlib
import math
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd
from autograd import Value, ops
from autograd.expression import ExpressionError, parse
from autograd.testing import Expression, expressions

SECONDS = 5.0  # for what must not hang: it takes milliseconds
NAMES = {"x": 2.0, "y": -3.0, "z": 0.5}


def value(text: str, **numbers: float) -> float:
    return parse(text)({**NAMES, **numbers}).data


# -- what it means -------------------------------------------------------------------------------

Atoms = st.sampled_from(["x", "y", "z", "2", "0.5", "1e1", "3."])


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Two texts with an operator between them, or one with a sign or parentheses."""
    pairs = st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), inner)
    marked = st.tuples(st.sampled_from(["-{}", "+{}", "({})", " {} ", "- -{}", "({})**2"]), inner)
    return (
        pairs.map(" ".join) | pairs.map("".join) | marked.map(lambda pair: pair[0].format(pair[1]))
    )


@given(st.recursive(Atoms, compound, max_leaves=8))
def test_operators_bind_as_in_python(text: str) -> None:
    values = {name: Value(x) for name, x in NAMES.items()}
    floats = eval(floated(text), {"__builtins__": {}, "V": Value}, values)
    expected = floats if isinstance(floats, Value) else Value(floats)
    found = parse(text)(values)
    assert same(found.data, expected.data), text


def floated(text: str) -> str:
    """The text as Python reads it, with Values for its numbers, which may be divided by zero."""
    tree = ast.parse(text.strip(), mode="eval")

    class Wrap(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> ast.AST:
            return ast.Call(ast.Name("V", ast.Load()), [node], [])

    return ast.unparse(ast.fix_missing_locations(Wrap().visit(tree)))


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


PUBLIC = [row for name, row in ops.TABLE.items() if row.partials and name in autograd.__all__]


@given(expressions(PUBLIC))
def test_every_function_means_what_its_name_says(expression: Expression) -> None:
    lines = [line.strip() for line in repr(expression).splitlines()[1:]]
    values: dict[str, Value | float] = {f"x{i}": Value(x) for i, x in enumerate(expression.leaves)}
    for line in lines:
        name, _, text = line.replace("return ", "= ", 1).partition("= ")
        if "softmax" in text:  # Python's subscript is a function here
            inside, _, index = text.removesuffix("]").rpartition("[")
            text = f"take({inside}, {index})"
        values[name.strip()] = result = parse(text)(values)
    root = expression.graph()
    assert same(result.data, root.data)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1_000 + .5", 1000.5),
        ("-x ** 2", -4.0),
        ("2 ** -1 ** 2", 0.5),
        ("2 ** 3 ** 2", 512.0),
        ("x - 1 - 1", 0.0),
        ("7 // 2 % 2", 1.0),
        ("sum([])", 0.0),
        ("sum([x, y, 1])", 0.0),
        ("dot([x, 1], [3, y], z)", 3.5),
        ("sum(softmax([x, y]))", 1.0),
        ("take([x, y], 1)", -3.0),
        ("cross_entropy([0, 0], 1)", math.log(2)),
        ("maximum(x, y, z)", 2.0),
        ("leaky_relu(y)", -0.03),
        ("leaky_relu(y, 0.5)", -1.5),
        ("where(x > y, x, y)", 2.0),
        ("where((x < y) | ~(x <= y) & (z != x), 1, 0)", 1.0),
        ("where(logical_and(x == 2, y >= -3), 1, 0)", 1.0),
        ("where(x, 1, 0)", 1.0),
        ("abs(y) + round(2.5) + pow(x, 3)", 13.0),
        ("2 * pi + e", 2 * math.pi + math.e),
        ("x\n + 1", 3.0),
    ],
)
def test_some_values(text: str, expected: float) -> None:
    assert value(text) == pytest.approx(expected, rel=1e-15)


def test_values_given_become_the_leaves_of_the_graph() -> None:
    x = Value(3.0, label="x")
    y = parse("x * x + 1")({"x": x, "unused": 1.0})
    y.backward()
    assert (y.data, x.grad) == (10.0, 6.0)
    assert parse("x")({"x": x}) is x
    assert isinstance(parse("1 + 1")({}), Value)


def test_names_are_in_the_order_of_the_text_and_constants_can_be_given() -> None:
    expression = parse("b * pi + a * b + θ")
    assert (expression.names, expression.constants) == (("b", "a", "θ"), ("pi",))
    assert expression({"a": 1.0, "b": 2.0, "θ": 0.0, "pi": 3.0}).data == 8.0


def test_an_expression_can_be_compiled_and_differentiated() -> None:
    expression = parse("where((x > 0) & ~(x > 9), tanh(x) ** 2, 0)")
    slope = autograd.jit(autograd.grad(lambda x: expression({"x": x})))
    assert slope(0.5) == pytest.approx(autograd.grad(lambda x: autograd.tanh(x) ** 2)(0.5))


def test_every_public_operation_can_be_called() -> None:
    for name in ops.TABLE:
        if name in autograd.__all__ and name not in ("softmax", "alias"):
            with pytest.raises(ExpressionError, match=rf"^{name} takes \d"):
                parse(f"{name}()")


# -- what it refuses -----------------------------------------------------------------------------

REFUSED = [
    ("2 ^ x", 2, "powers are written **"),
    ("x.real", 1, "no attributes"),
    ("x[0]", 1, "no subscripts: take("),
    ("softmax([x, y])[0]", 15, "no subscripts"),
    ("x = 3", 2, "nothing is assigned"),
    ("tanh(x=3)", 6, "arguments go by position"),
    ("(x := 3)", 3, "is expected here, not :"),
    ("lambda: 0", 0, "no functions to define"),
    ("'text'", 0, "no texts"),
    ('f"{x}"', 1, "no texts"),
    ("x if y else z", 2, "where(x > 0, a, b)"),
    ("x and y", 2, "joined by &"),
    ("x or y", 2, "joined by |"),
    ("not x", 0, "~(x > 0)"),
    ("[x for x in y]", 3, "for is a word of Python's"),
    ("import os", 0, "import is a word of Python's"),
    ("True", 0, "True is a word of Python's"),
    ("2x", 1, "an operator is missing before x, perhaps *"),
    ("2j", 1, "an operator is missing before j"),
    ("0x10", 1, "an operator is missing"),
    ("2 (x)", 2, "an operator is missing before ("),
    ("x y", 2, "an operator is missing before y"),
    ("tahn(x)", 0, "did you mean tan or tanh?"),
    ("zzz(x)", 0, "a product is written zzz * (…)"),
    ("__import__('os')", 0, "there is no function __import__"),
    ("exec(x)", 0, "there is no function exec"),
    ("alias(x)", 0, "there is no function alias"),
    ("sin + 1", 0, "sin is a function: write sin(…)"),
    ("sin(x, y)", 0, "sin takes 1 argument, not 2"),
    ("maximum(x)", 0, "maximum takes 2 or more arguments, not 1"),
    ("elu()", 0, "elu takes 1 to 2 arguments, not 0"),
    ("sum(x, y)", 0, "sum takes 1 argument, not 2"),
    ("sum(x)", 4, "argument 1 of sum is a list, not a number; a list is written [a, b, c]"),
    ("exp([x])", 4, "argument 1 of exp is a number, not a list"),
    ("x + [y]", 4, "a number is expected here, not a list; add it up"),
    ("[[x]]", 1, "a number is expected here, not a list"),
    ("softmax([x])", 0, "choose from it, take("),
    ("x > y", 0, "a number is expected here, not a comparison; choose numbers by it"),
    ("(x > y) * 2", 0, "a number is expected here, not a comparison"),
    ("x < y < z", 6, "comparisons are not chained: (a < b) & (b < c)"),
    ("where(x > 0 & y > 0, 1, 0)", 10, "(x > 0) & (x < 1)"),
    ("where(~x, 1, 0)", 7, "a comparison stands in parentheses"),
    ("x +", 3, "a number or a name is expected here, but the text ends"),
    ("x * / y", 4, "a number or a name is expected here, not /"),
    ("(x", 2, ") is expected here"),
    ("sum([x)", 6, ", or ] is expected here"),
    ("x)", 1, "this was not opened"),
    ("()", 1, "a number or a name is expected here, not )"),
    ("x, y", 1, "written as a list, [a, b]"),
    ("f(*x)", 0, "there is no function f"),
    ("exp(*x)", 4, "a number or a name is expected here, not *"),
    ("x; y", 1, "an operator is expected here, not ;"),
    ("x # y", 2, "an operator is expected here, not #"),
    ("{x}", 0, "a number or a name is expected here, not {"),
    ("x @ y", 2, "an operator is expected here, not @"),
    ("x << 2", 3, "a number or a name is expected here, not <"),
    ("x − y", 2, "minus is written -"),
    ("x × y", 2, "a product is written *"),
    ("x² + 1", 1, "a square is written x ** 2"),
    ("½", 0, "a name has letters, digits and _ only"),
    ("x\0", 1, "an operator is expected here, not ␀"),
    ("\ud800", 0, "a number or a name is expected here, not �"),
    ("1e999", 0, "a number is at most 1.797e308"),
    ("9" * 400, 0, "a number is at most 1.797e308"),
    ("1__0", 0, "this is no number"),
    ("٣", 0, "a number or a name is expected here, not ٣"),
    ("", 0, "the text is empty"),
    (" \n", 0, "the text is empty"),
    ("x +\n2 ^ 3", 6, "powers are written **"),
    ("1 + " * 100 + "2 ^ x" + " + 1" * 100, 402, "powers are written **"),
    ("dot([x], [y, z])", 0, "lists of one length, not 1 and 2"),
    ("take([x, y], 2)", 0, "index 2 is outside"),
    ("1 + take([x], 0.5)", 4, "index is a whole number"),
]


@pytest.mark.parametrize(("text", "place", "message"), REFUSED)
def test_an_error_says_what_to_write_and_points_at_the_place(
    text: str, place: int, message: str
) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)(NAMES)
    said, shown, caret = str(caught.value).split("\n")
    assert message in said
    assert caret.strip() == "^"
    column = len(caret) - 1
    following = shown[column : column + 1]
    expected = text[place : place + 1]
    assert following == expected or not expected.isprintable() or not expected
    assert len(shown) <= 70


def test_missing_names_are_all_listed() -> None:
    with pytest.raises(ExpressionError, match="numbers are missing for: w, b"):
        parse("w * x + b")({"x": 1.0})


def test_what_is_no_text_or_no_number_is_a_type_error() -> None:
    with pytest.raises(TypeError, match=r"a text such as 'x \* w', not int 3"):
        parse(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a real number"):
        parse("x")({"x": "2"})  # type: ignore[dict-item]


# -- what could hang or crash --------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10**6 + "x" + ")" * 10**6,
        "(" * 4_999 + "x" + ")" * 4_999,
        "-" * 9_999 + "x",
        "~" * 9_999 + "x",
        "[" * 9_999,
        "2**" * 3_333 + "2",
        "exp(" * 2_499 + "x",
        "9" * 9_999,
        "1" + "e1" * 4_000,
        "x" * 9_999 + "(",
    ],
)
def test_what_is_too_much_is_refused_at_once(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(ExpressionError) as caught:
        parse(text)(NAMES)
    assert time.perf_counter() - start < SECONDS
    assert len(str(caught.value)) < 500


def test_powers_are_those_of_floats() -> None:
    start = time.perf_counter()
    assert value("9**9**9**9") == math.inf
    assert time.perf_counter() - start < SECONDS


def test_what_is_long_but_not_deep_is_read() -> None:
    assert value("+".join(["1"] * 5_000)) == 5_000.0
    assert value("(" * 50 + "x" + ")" * 50) == 2.0
    assert value("1 + 2 * (" * 50 + "0" + ")" * 50) == 2.0**50 - 1.0


@given(st.text(max_size=60) | st.text("xyz0123456789.+-*/%<>=!&|~()[], \n_e", max_size=30))
@example("x\x85y")
def test_any_text_is_read_or_refused_with_a_caret(text: str) -> None:
    said = refusal(text)
    assert said is None or said.splitlines()[-1].endswith("^")


def refusal(text: str) -> str | None:
    try:
        parse(text)
    except ExpressionError as error:
        return str(error)
    return None


def test_nothing_in_the_text_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    with monkeypatch.context() as patched:
        for name in ("eval", "exec", "compile", "__import__"):
            patched.setattr(builtins, name, lambda *_, name=name, **__: ran.append(name))
        for text, *_ in [*REFUSED, ("__import__('os').system('x')",), ("tanh(x) + 2 ** y",)]:
            with contextlib.suppress(ExpressionError):
                parse(text)(NAMES)
    assert ran == []
