"""Values without a number: what is computed with them is a program that gives the eager numbers."""

import copy
import inspect
import math
import operator
import pickle
import random
from collections.abc import Callable, Iterable
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Value, ops
from autograd import functions as F
from autograd.ops import TABLE, Op
from autograd.simplify import simplify
from autograd.testing import expressions
from autograd.trace import program_of
from autograd.traced import Traced, placeholder
from autograd.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from tests.points import EVERY_FLOAT, arity, choices, is_variable, operands
from tests.programs import JOINS, SPECIAL, bits, program_of_function

A_ROW = settings(max_examples=settings().max_examples // 5)  # there are sixty of them
REORDERED = 1e-12  # relative to the largest: an open choice adds up in another order
NUMBERS = [2.0, 3, True, numpy.float64(0.5), numpy.int64(2)]

# How a row is called as one of `autograd`'s functions, where that is not name(a, b, …).
CALLS: dict[str, Callable[..., Any]] = {
    "sum": lambda *xs: F.sum(xs),
    "dot": lambda *xs: F.dot(xs[: len(xs) // 2], xs[len(xs) // 2 :]),
    "logsumexp": lambda *xs: F.logsumexp(xs),
    "take": lambda index, *xs: F.take(xs, index),
    "cross_entropy": lambda label, *xs: F.cross_entropy(xs, label),
    "softmax": lambda index, *xs: F.softmax(xs)[int(index)],
    "alias": ops.alias,
    "gelu_slope": ops.gelu_slope,
}


def x_() -> Traced:
    return placeholder("x")


def rows(table: Iterable[Op]) -> Any:
    return pytest.mark.parametrize("op", list(table), ids=lambda op: op.name)


# -- every operation gives a node ----------------------------------------------------------------


@rows(TABLE.values())
def test_every_row_gives_a_node_that_runs_as_the_row(op: Op):
    def known(i: int) -> bool:  # a number that cannot be traced, or need not
        return i == 0 and op.name in ("polygamma", "softmax")

    @A_ROW
    @given(operands(op))
    def check(xs: tuple[float, ...]) -> None:
        inputs = [placeholder(f"x{i}") for i in range(len(xs))]
        given = [x if known(i) else t for i, (x, t) in enumerate(zip(xs, inputs, strict=True))]
        for call in (op, CALLS.get(op.name) or getattr(F, op.name)):
            node = call(*given)
            assert isinstance(node, Traced)
            assert node.op is op
            assert node.is_truth == (not op.partials)
            program = program_of([node], inputs)
            if op in JOINS:  # which take numbers for whether they are not 0
                expected = op.value(*[x != 0.0 for x in xs])
            else:
                program.verify()
                expected = op.value(*xs)
            assert bits(program.run(xs)) == bits([expected])

    check()


@pytest.mark.parametrize("number", NUMBERS, ids=repr)
@pytest.mark.parametrize("name", "add sub mul truediv pow mod floordiv lt le gt ge eq ne".split())
def test_every_operator_takes_a_number_on_either_side(name: str, number: Any):
    function = getattr(operator, name)
    for x in (-1.5, 0.0, 2.0, 7.0):
        for f in (lambda t: function(t, number), lambda t: function(number, t)):
            (result,) = program_of_function(f, 1).run([x])
            expected = f(Value(x))
            assert bits(result) == bits(getattr(expected, "data", expected))


@pytest.mark.parametrize("name", "add sub mul truediv pow mod floordiv".split())
def test_every_operator_takes_two_traced_values_and_a_traced_one_beside_a_value(name: str):
    function = getattr(operator, name)
    expected = function(Value(7.0), Value(3.0)).data
    assert program_of_function(function, 2).run([7.0, 3.0]) == [expected]
    assert program_of_function(lambda x: function(x, Value(3.0)), 1).run([7.0]) == [expected]
    assert program_of_function(lambda x: function(Value(7.0), x), 1).run([3.0]) == [expected]


def test_every_sign_and_rounding_gives_a_node():
    for function in (operator.neg, operator.pos, abs, round, math.floor, math.ceil):
        for x in (-2.5, -0.0, 1.5):
            assert bits(program_of_function(function, 1).run([x])) == bits(
                [function(Value(x)).data]
            )


def test_every_method_of_value_gives_the_node_of_its_name():
    methods = [name for name in TABLE if inspect.isfunction(vars(Value).get(name))]
    assert len(methods) > 25
    for name in methods:
        others = [0.5] * (len(inspect.signature(getattr(Value, name)).parameters) - 1)
        node = getattr(x_(), name)(*others)
        assert isinstance(node, Traced)
        assert node.op is TABLE[name]


@pytest.mark.parametrize("n", [-2, -1, 0, 1, 2, 3, 0.5, 1e-300])
def test_a_plain_exponent_is_no_variable_and_makes_no_nan(n: float):
    def f(x: Any) -> Any:
        return value_and_grad(lambda y: y**n)(x)

    program = program_of_function(f, 1)
    for x in SPECIAL:
        assert bits(program.run([x])) == bits(f(x))


def test_numpy_works_on_object_arrays_of_traced_values():
    def f(*xs: Any) -> Any:
        a = numpy.array(xs, dtype=object).reshape(2, 2)
        rows = numpy.exp(a) @ numpy.sqrt(a.T) + numpy.abs(a) * numpy.ones((2, 2)) - 2.0 / a
        return [*rows.ravel(), numpy.tanh(a).sum(), a.mean(), numpy.dot(a[0], a[1])]

    xs = [0.5, 2.0, 3.0, 0.25]
    eager = [y.data for y in f(*map(Value, xs))]
    assert bits(program_of_function(f, 4).run(xs)) == bits(eager)


def test_comparing_with_an_array_gives_an_array_of_truth_values():
    numbers = numpy.array([1.0, 2.0, 3.0])
    for f in (lambda x: numbers > x, lambda x: x < numbers):
        assert program_of_function(f, 1).run([2.0]) == [False, False, True]


# -- what asks for a number ----------------------------------------------------------------------

NEEDS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "if": (lambda x: 1.0 if x > 0 else 2.0, r"where\(x > 0, a, b\)"),
    "if of a number": (lambda x: 1.0 if x else 2.0, "where"),
    "and": (lambda x: x > 0 and x < 1, "& | ~"),
    "or": (lambda x: x > 0 or x < 1, "& | ~"),
    "not": (lambda x: not x > 0, "& | ~"),
    "a chained comparison": (lambda x: 0 < x < 1, "& | ~"),
    "in": (lambda x: x in [1.0, 2.0], "where"),
    "max": (lambda x: max(x, 0.0), "where"),
    "min": (lambda x: min(x, 0.0), "where"),
    "sorted": (lambda x: sorted([x, 1.0]), "where"),
    "any": (lambda x: any([x > 0]), "where"),
    "all": (lambda x: all([x > 0]), "where"),
    "float()": (float, "where"),
    "int()": (int, "where"),
    "complex()": (complex, "where"),
    "math.exp": (math.exp, "where"),
    "math.isnan": (math.isnan, "where"),
    "%f": (lambda x: f"{x:.3f}", "where"),
    "%": (lambda x: "%f" % x, "where"),  # noqa: UP031
    ".data": (lambda x: x.data, "where"),
    ".grad": (lambda x: x.grad, "where"),
    "a list's index": (lambda x: [1.0, 2.0][x], r"take\(list, index\)"),
    "range": (range, "take"),
    "backward": (lambda x: (x * x).backward(), r"grad\(f\)"),
    "copy": (copy.copy, "where"),
    "deepcopy": (copy.deepcopy, "where"),
    "pickle": (pickle.dumps, "where"),
    "numpy.float64": (numpy.float64, "where"),
    "an array of floats": (lambda x: numpy.array([x, x], dtype=float), "where"),
    "numpy.where": (lambda x: numpy.where(numpy.array([x]) > 0, 1.0, 2.0), "where"),
    "numpy.argmax": (lambda x: numpy.argmax(numpy.array([x, x])), "where"),
    "numpy.sort": (lambda x: numpy.sort(numpy.array([x, x])), "where"),
    "an order": (lambda x: F.polygamma(x, 1.0), "where"),
}


@pytest.mark.parametrize(("ask", "advice"), NEEDS.values(), ids=NEEDS.keys())
def test_asking_for_the_number_is_a_type_error_that_says_what_to_do(ask: Any, advice: str):
    with pytest.raises(TypeError, match=advice):
        ask(x_())
    with pytest.raises(TypeError, match=advice):
        ask(x_() * 2.0)


def test_a_traced_value_prints_and_compares_with_anything_else():
    x = x_()
    assert repr(x) == str(x) == f"{x}" == "<traced x>"
    assert repr(placeholder("")) == "<traced input>"
    assert repr(x * 2.0) == "<traced multiply>"
    assert repr(placeholder("y", is_lane=True).exp()) == "<traced lane exp>"
    assert (x == "x") is False
    assert x != None  # noqa: E711


@pytest.mark.parametrize("other", ["a", None, 1j, [1.0]])
def test_what_is_no_number_is_a_type_error_as_of_a_value(other: Any):
    for function in (operator.add, operator.mul, operator.truediv, operator.lt):
        with pytest.raises(TypeError):
            function(x_(), other)


# -- truth values --------------------------------------------------------------------------------


def test_comparisons_join():
    def f(x: Any, y: Any) -> Any:
        a, b = x > 0.0, y > 0.0
        joined = [a & b, a | b, ~a, ~(a & ~b), (a | b) & ~(a & b)]
        return [*joined, F.logical_and(a, b), F.logical_or(a, b), F.logical_not(a)]

    program = program_of_function(f, 2)
    program.verify()
    for x in (-1.0, 1.0):
        for y in (-1.0, 1.0):
            a, b = x > 0, y > 0
            expected = [a and b, a or b, not a, not (a and not b), a != b, a and b, a or b, not a]
            assert program.run([x, y]) == expected


def test_a_bool_beside_a_truth_value_decides_it_or_leaves_it_alone():
    a = x_() > 0.0
    assert (a & True) is (True & a) is (a | False) is (False | a) is a
    assert (a & False) is (False & a) is False
    assert (a | True) is (True | a) is True


def test_a_truth_value_computes_as_one_or_zero():
    def f(x: Any) -> Any:
        a = x > 0.0
        return [a + 1.0, 2.0 * a, -a, a * x, F.exp(a), F.sum([a, a]), F.take([5.0, 7.0], a)]

    program = program_of_function(f, 1)
    program.verify()
    assert program.run([3.0]) == [2.0, 2.0, -1.0, 3.0, math.e, 2.0, 7.0]
    assert bits(program.run([-3.0])) == bits([1.0, 0.0, -0.0, -0.0, 1.0, 0.0, 5.0])


def test_a_condition_may_be_a_comparison_a_bool_or_a_number():
    def f(x: Any, y: Any) -> Any:
        conditions = [x > y, True, False, x, 0.0, 2, Value(0.0), Value(1.0), ~(x > y)]
        return [F.where(condition, x, y) for condition in conditions]

    program = program_of_function(f, 2)
    program.verify()
    assert program.run([3.0, 2.0]) == [3.0, 3.0, 2.0, 3.0, 2.0, 3.0, 2.0, 3.0, 2.0]
    assert program.run([0.0, 2.0]) == [2.0, 0.0, 2.0, 2.0, 2.0, 0.0, 2.0, 0.0, 0.0]
    assert program.run([math.nan, 2.0])[3] != 2.0  # nan counts as true, as bool(nan) does


def test_a_known_choice_leaves_the_others_out_of_the_graph():
    x, y = x_(), x_()
    assert F.where(True, x, y) is x
    assert F.where(0.0, x, y) is y
    assert F.take([x, y], 1) is y
    assert F.where(False, x, 5.0).data == 5.0
    assert F.where(Value(1.0), 5.0, x).data == 5.0


def test_an_index_of_a_list_is_checked_where_it_is_known():
    with pytest.raises(IndexError, match="0 <= index < 2"):
        F.take([x_(), 1.0], 2)
    with pytest.raises(TypeError, match="whole number"):
        F.take([x_(), 1.0], 0.5)
    with pytest.raises(ValueError, match="0 <= label < 2"):
        F.cross_entropy([x_(), 1.0], 2)


# -- from the graph to the program ---------------------------------------------------------------


def test_a_number_a_value_and_what_is_computed_from_them_are_constants():
    outside = Value(2.0) * 3.0
    program = program_of_function(lambda x: [x * outside, x + 6.0, outside, 1], 1)
    assert program.constants == (6.0, 1.0)
    assert program.run([2.0]) == [12.0, 8.0, 6.0, 1.0]


def test_an_input_that_nothing_needs_stays_an_input():
    program = program_of_function(lambda x, y: y, 2)
    assert program.inputs == ("x0", "x1")
    assert program.run([1.0, 2.0]) == [2.0]


def test_a_value_of_another_trace_is_a_value_error():
    kept: list[Any] = []
    program_of_function(lambda x: kept.append(x * 2.0) or x, 1)
    with pytest.raises(ValueError, match=r"<traced x0> belongs to another trace"):
        program_of_function(lambda x: x + kept[0], 1)


def test_a_deep_graph_becomes_a_program_without_recursion():
    x = y = x_()
    for _ in range(20_000):
        y = y * 1.0 + 1.0
    assert program_of([y], [x]).run([0.0]) == [20_000.0]


# -- whole expressions: the bits of the eager numbers --------------------------------------------


def as_numbers(tree: Any) -> list[float]:
    return [float(x) for x in numpy.ravel(numpy.array(tree, dtype=float))]


@given(expressions(kinks=True))
def test_values_and_first_derivatives_have_the_bits_of_the_eager_ones(expression: Any):
    xs, count = list(expression.leaves), len(expression.leaves)

    def f(*leaves: Any) -> Any:
        y, slopes = value_and_grad(lambda v: expression(*v))(list(leaves))
        _, along = jvp(lambda v: expression(*v), (list(leaves),), ([1.0] * count,))
        return [y, *slopes, along, expression(*leaves)]

    program = program_of_function(f, count)
    program.verify()
    eager = as_numbers(f(*xs))
    assert bits(program.run(xs)) == bits(eager)
    assert bits(simplify(program).run(xs)) == bits(eager)
    assert bits(eager[0]) == bits(expression.graph().data)


SECOND: dict[str, Callable[..., Any]] = {
    "hessian": lambda f, x: [h for row in hessian(f)(x) for h in row],
    "grad of grad": lambda f, x: grad(lambda v: F.sum(grad(f)(v)))(x),
    "jvp of grad": lambda f, x: jvp(grad(f), (x,), ([1.0] * len(x),))[1],
    "hvp": lambda f, x: hvp(f, (x,), ([2.0] * len(x),))[0],
    "grad of jvp": lambda f, x: grad(lambda v: jvp(f, (v,), ([1.0] * len(v),))[1])(x),
    "jacobian of vjp": lambda f, x: [
        h for row in jacobian(lambda v: vjp(f, v)[1](1.0)[0])(x) for h in row
    ],
}


@pytest.mark.parametrize("second", SECOND.values(), ids=SECOND.keys())
def test_second_derivatives_are_the_eager_ones(second: Callable[..., Any]):
    @settings(max_examples=settings().max_examples // 2)
    @given(expressions(kinks=True, size=8))
    def check(expression: Any) -> None:
        xs = list(expression.leaves)

        def first(*leaves: Any) -> Any:
            return grad(lambda v: expression(*v))(list(leaves))

        program = program_of_function(
            lambda *leaves: second(lambda v: expression(*v), list(leaves)), len(xs)
        )
        program.verify()
        found, eager = program.run(xs), as_numbers(second(lambda v: expression(*v), xs))
        assert bits(simplify(program).run(xs)) == bits(found)
        choices = {op for op, _ in program_of_function(first, len(xs)).instructions if op.select}
        if choices:  # the sweep goes through both branches of each, and adds in another order
            largest = max(map(abs, eager), default=0.0)
            assert found == pytest.approx(eager, rel=REORDERED, abs=REORDERED * largest)
        else:
            assert bits(found) == bits(eager)

    check()


@rows([op for op in TABLE.values() if op.partials])
def test_the_derivatives_of_a_row_have_the_bits_of_the_eager_ones_everywhere(op: Op):
    fixed = [] if is_variable(op, 0) else [float(choices(op)[0])]
    count = arity(op) - len(fixed)

    def slopes(*xs: Any) -> Any:
        return grad(lambda v: op(*fixed, *v))(list(xs))

    def curvatures(*xs: Any) -> Any:
        return [h for row in hessian(lambda v: op(*fixed, *v))(list(xs)) for h in row]

    once = simplify(program_of_function(slopes, count))
    twice = simplify(program_of_function(curvatures, count))

    @A_ROW
    @given(st.tuples(*[st.sampled_from(SPECIAL) | EVERY_FLOAT for _ in range(count)]))
    def check(xs: tuple[float, ...]) -> None:
        assert bits(once.run(xs)) == bits(slopes(*xs))
        for found, eager in zip(twice.run(xs), curvatures(*xs), strict=True):
            assert classes_agree(found, eager)

    check()


def classes_agree(found: float, eager: float) -> bool:
    """Equal but for rounding; the same infinity, and nan where nan is."""
    if math.isnan(eager) or math.isinf(eager):
        return bits(found) == bits(eager)
    return math.isclose(found, eager, rel_tol=REORDERED, abs_tol=REORDERED)


# -- choices that are open -----------------------------------------------------------------------

POINTS = [-2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0]


def nested(x: Any, y: Any) -> Any:
    inner = F.where(y > 0.0, F.log(y), F.sqrt(-x))
    return F.where(x > 0.0, F.sqrt(x) * inner, F.where(y > 1.0, F.log(y - 1.0), x * y))


def shared(x: Any, y: Any) -> Any:
    root = F.sqrt(x)
    return F.where(x > 0.0, root * y, x * x) + F.where(y > 0.0, root, y) * 0.5


def taken(x: Any, y: Any) -> Any:
    index = F.where(x > 0.0, 1.0, F.where(y > 0.0, 2.0, 0.0))
    return F.take([x * y, F.log(x), F.sqrt(y)], index) * F.exp(y)


def beside_itself(x: Any, y: Any) -> Any:
    return F.where(x > y, x, x) * F.where(x > y, x, y) + F.where(x == 0.0, 0.0, F.sin(x) / x)


def powers(x: Any, y: Any) -> Any:
    return F.where(x > 0.0, x**y, 1.0) + F.where((x > 0.0) & (y > 0.0), F.log(x * y), y)


CHOICES = {f.__name__: f for f in (nested, shared, taken, beside_itself, powers)}

ORDERS: dict[str, Callable[..., Any]] = {
    "value": lambda f: lambda *v: [value_and_grad(lambda u: f(*u))(list(v))[0]],
    "grad": lambda f: lambda *v: grad(lambda u: f(*u))(list(v)),
    "hessian": lambda f: lambda *v: [h for row in hessian(lambda u: f(*u))(list(v)) for h in row],
    "third": lambda f: (
        lambda *v: grad(lambda u: F.sum(grad(lambda w: F.sum(grad(lambda t: f(*t))(w)))(u)))(
            list(v)
        )
    ),
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
@pytest.mark.parametrize("f", CHOICES.values(), ids=CHOICES.keys())
def test_the_branch_that_was_not_taken_leaves_no_trace_in_any_derivative(f: Any, order: Any):
    program = program_of_function(order(f), 2)
    program.verify()
    fewer = simplify(program)
    finite = 0
    for x in POINTS:
        for y in POINTS:
            eager, found = as_numbers(order(f)(x, y)), program.run([x, y])
            assert bits(fewer.run([x, y])) == bits(found)
            assert all(map(classes_agree, found, eager)), (x, y)
            finite += all(map(math.isfinite, eager))
    assert finite > len(POINTS)  # or there would be nothing to hide a nan from


def test_a_real_nan_is_not_hidden():
    slope = program_of_function(grad(lambda x: F.where(x > -1.0, F.log(x), x)), 1)
    assert math.isnan(slope.run([-0.5])[0])
    assert slope.run([-2.0]) == [1.0]
    infinite = program_of_function(grad(lambda x: F.where(x > -1.0, F.sqrt(x), x)), 1)
    assert infinite.run([0.0]) == [math.inf]


def test_random_choices_have_the_gradients_of_the_eager_ones():
    rng = random.Random(0)
    compared = 0
    for _ in range(150):
        f = random_choices(rng)
        program = program_of_function(lambda *v, f=f: grad(f)(list(v)), 3)
        program.verify()
        for _ in range(6):
            xs = [rng.choice(POINTS) for _ in range(3)]
            eager = as_numbers(grad(f)(xs))
            assert all(map(classes_agree, program.run(xs), eager))
            compared += any(eager)
    assert compared > 100


def random_choices(rng: random.Random) -> Callable[[Any], Any]:
    """Steps of functions with and without a domain, of which half are choices."""
    unary = [ops.log, ops.sqrt, ops.exp, ops.sin, ops.negative, ops.asin]
    binary = [ops.add, ops.multiply, ops.divide]
    steps: list[tuple[Any, ...]] = []
    for size in range(3, 3 + rng.randrange(3, 10)):
        a, b, c = [rng.randrange(size) for _ in range(3)]
        kind = rng.choice([ops.where, ops.where, ops.take, *binary, *unary])
        steps.append((kind, a, b, c, rng.choice(POINTS)))

    def f(leaves: Any) -> Any:
        slots = list(leaves)
        for op, a, b, c, point in steps:
            x, y, z = slots[a], slots[b], slots[c]
            if op is ops.where:
                slots.append(ops.where(x > point, y, z))
            elif op is ops.take:
                slots.append(ops.take(ops.where(x > point, 1.0, 0.0), y, z))
            else:
                slots.append(op(x, y) if op in binary else op(x))
        return slots[-1]

    return f
