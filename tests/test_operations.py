"""Every row of the table against mpmath, and its spellings against one another, bit for bit."""

import math
import operator
import struct
from collections.abc import Callable, Sequence
from math import isfinite, isnan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd import Value, grad, ops
from autograd.ops import TABLE, Op
from tests.oracle import EXACT, exact_partial, exact_value, mp
from tests.points import EVERY_FLOAT, arity, operands, ordinary, variables

DIFFERENTIABLE = [op for op in TABLE.values() if op.partials]

POINTS = 200  # a row

A_ROW = settings(max_examples=settings().max_examples // 4)  # there are sixty of them

HIGHEST_DERIVATIVE = 4
# Each order adds a few roundings, and the largest of the points' derivatives are sums of large
# terms; a wrong rule is wrong in its first digits.
DERIVATIVE_TOLERANCE, DERIVATIVE_FLOOR = 1e-9, 1e-11


def rows(table: list[Op]) -> Any:
    return pytest.mark.parametrize("op", table, ids=lambda op: op.name)


def bits(x: Any) -> Any:
    """What tells two floats apart, the sign of a zero too, but not one nan from another."""
    if isinstance(x, list | tuple):
        return [bits(each) for each in x]
    return "nan" if isnan(x) else struct.pack("<d", x)


def partials(op: Op, y: float, xs: tuple[float, ...]) -> list[float]:
    """The definition's partials on floats, without the row's faster spelling."""
    return list(op.local_grads(y, xs))


# -- the oracle ----------------------------------------------------------------------------------


def along(f: Callable[..., Any], xs: Sequence[Any], i: int) -> Callable[[Any], Any]:
    """f as a function of its i-th operand alone."""
    return lambda x: f(*xs[:i], x, *xs[i + 1 :])


def test_every_row_has_its_line_in_the_oracle() -> None:
    assert set(EXACT) == set(TABLE)


@rows(DIFFERENTIABLE)
def test_the_oracle_s_partials_are_the_derivatives_of_its_values(op: Op) -> None:
    for point in ordinary(op, 3, 3):
        for i in variables(op):
            xs = list(map(mp.mpf, point))
            by_difference = mp.diff(along(exact_value(op.name), xs, i), xs[i])
            by_hand = exact_partial(op.name, i)(*xs)
            assert mp.almosteq(by_difference, by_hand, rel_eps=1e-30, abs_eps=1e-30)


# -- derivatives of derivatives ------------------------------------------------------------------


def derivatives(f: Callable[[Any], Any], x: float) -> list[float]:
    """f′(x), f″(x), … by nesting the transform, so by the partials on Values."""
    found = []
    for _ in range(HIGHEST_DERIVATIVE):
        f = grad(f)
        found.append(f(x))
    return found


def points_of_interest(op: Op, index: int) -> list[tuple[float, ...]]:
    """Ordinary points, one operand of which is also tried at both zeros and beside them."""
    low, high = op.domain[min(index, len(op.domain) - 1)]
    found = list(ordinary(op, 4 + index, 2))
    for x in (0.0, -0.0, 1e-9, -1e-9):
        if low < x < high:
            found += [(*xs[:index], x, *xs[index + 1 :]) for xs in ordinary(op, 4, 1)]
    return [xs for xs in found if op.kink is None or op.kink(*xs) > 0]


@rows(DIFFERENTIABLE)
def test_derivatives_up_to_the_fourth_are_right_also_at_both_zeros(op: Op) -> None:
    for i in variables(op):
        for xs in points_of_interest(op, i):
            exact = along(exact_value(op.name), list(map(mp.mpf, xs)), i)
            truth = [float(d) for d in mp.diffs(exact, mp.mpf(xs[i]), HIGHEST_DERIVATIVE)]
            expected = pytest.approx(truth[1:], rel=DERIVATIVE_TOLERANCE, abs=DERIVATIVE_FLOOR)
            found = derivatives(along(op, xs, i), xs[i])
            assert found == expected, f"{op.name}{xs} by operand {i}"


@pytest.mark.parametrize("x", [0.0, -0.0, 1.5, -2.0])
def test_a_power_with_a_whole_exponent_has_exact_derivatives_of_every_order(x: float) -> None:
    assert derivatives(lambda v: v**3, x) == [3 * x * x, 6 * x, 6.0, 0.0]
    assert derivatives(lambda v: v**2, x) == [2 * x, 2.0, 0.0, 0.0]


# -- one operation, several spellings ------------------------------------------------------------


@rows(DIFFERENTIABLE)
@A_ROW
@given(st.data())
def test_no_operation_raises_for_any_floats_and_each_gives_floats(op: Op, data: Any) -> None:
    xs = data.draw(operands(op))
    y = op.value(*xs)
    assert type(y) is float
    assert all(type(partial) is float for partial in partials(op, y, xs))


@rows([op for op in TABLE.values() if not op.partials])
@A_ROW
@given(st.data())
def test_a_comparison_gives_a_bool_for_any_floats(op: Op, data: Any) -> None:
    xs = data.draw(operands(op))
    assert type(op.value(*xs)) is bool
    assert op(Value(xs[0]), *xs[1:]) is op(*xs[:-1], Value(xs[-1])) is op.value(*xs)


@rows(DIFFERENTIABLE)
@A_ROW
@given(st.data())
def test_a_node_holds_what_its_operation_gives_bit_for_bit(op: Op, data: Any) -> None:
    xs = data.draw(operands(op))
    index = [] if 0 in variables(op) else [xs[0]]
    node = op(*index, *[Value(x) for x in xs[len(index) :]])
    numbers = [x.data if isinstance(x, Value) else x for x in node.operands]
    assert bits(node.data) == bits(op.value(*numbers))
    assert bits(numbers) == bits(xs)
    slopes = partials(op, node.data, xs)
    chosen = [op.select(*xs)] if op.select else variables(op)
    assert bits(node.local_grads) == bits([slopes[i] for i in chosen])


@rows([op for op in TABLE.values() if op.local is not op.partials])
@A_ROW
@given(st.data())
def test_the_fast_path_for_floats_has_the_bits_of_the_partials(op: Op, data: Any) -> None:
    xs = data.draw(operands(op))
    y = op.value(*xs)
    local: Any = op.local
    fast = local(y, *xs) if callable(local) else [rule(y, *xs) for rule in local]
    defined = partials(op, y, xs)
    assert [bits(fast[i]) for i in variables(op)] == [bits(defined[i]) for i in variables(op)]


OPERATORS: list[tuple[Callable[[Any, Any], Any], Op]] = [
    (operator.add, ops.add),
    (operator.sub, ops.subtract),
    (operator.mul, ops.multiply),
    (operator.truediv, ops.divide),
    (operator.pow, ops.pow),
    (operator.mod, ops.remainder),
    (operator.floordiv, ops.floor_divide),
]


@pytest.mark.parametrize(("operate", "op"), OPERATORS, ids=lambda x: getattr(x, "name", ""))
@A_ROW
@given(a=EVERY_FLOAT, b=EVERY_FLOAT, whole=st.integers(-3, 3))
def test_an_operator_has_the_bits_of_its_row(
    operate: Callable[[Any, Any], Any], op: Op, a: float, b: float, whole: int
) -> None:
    for left, right in [(a, b), (float(whole), b), (a, float(whole))]:
        y = op.value(left, right)
        by_left, by_right = partials(op, y, (left, right))
        both = operate(Value(left), Value(right))
        assert (both.op, bits(both.data)) == (op, bits(y))
        assert bits(both.local_grads) == bits([by_left, by_right])
        number_right, number_left = operate(Value(left), right), operate(left, Value(right))
        # of a power whose exponent is a plain number the rule is a shorter one
        by_left = op.local_grads(y, (Value(left), right))[0]
        by_left = by_left.data if isinstance(by_left, Value) else by_left
        assert bits([number_right.data, *number_right.local_grads]) == bits([y, by_left])
        assert bits([number_left.data, *number_left.local_grads]) == bits([y, by_right])
    assert bits(operate(Value(a), whole).data) == bits(op.value(a, float(whole)))
    assert bits(operate(whole, Value(a)).data) == bits(op.value(float(whole), a))


UNARY = [op for op in DIFFERENTIABLE if arity(op) == 1 and hasattr(Value, op.name)]


@rows([*UNARY, ops.negative, ops.abs, ops.floor, ops.ceil, ops.round])
@A_ROW
@given(x=EVERY_FLOAT)
def test_a_method_or_unary_operator_has_the_bits_of_its_row(op: Op, x: float) -> None:
    builtin = {
        "negative": operator.neg,
        "abs": abs,
        "floor": math.floor,
        "ceil": math.ceil,
        "round": round,
    }
    call: Any = builtin.get(op.name) or getattr(Value, op.name)
    node = call(Value(x))
    assert node.op is op
    assert bits([node.data, *node.local_grads]) == bits(
        [op.value(x), *partials(op, node.data, (x,))]
    )


def test_a_choice_gives_its_slope_to_the_chosen_operand_alone():
    assert ops.take.partials(7.0, 1.0, 5.0, 7.0, 7.0)[1:] == [0.0, 1.0, 0.0]
    assert [rule(7.0, True, 7.0, 7.0) for rule in ops.where.partials[1:]] == [1.0, 0.0]
    assert [rule(7.0, False, 7.0, 7.0) for rule in ops.where.partials[1:]] == [0.0, 1.0]


# -- the other columns ---------------------------------------------------------------------------

# The partials of these are constants or the other operands, whatever the value is.
LINEAR = set("add subtract multiply divide negative alias sum dot where take".split())


@rows([op for op in DIFFERENTIABLE if op.name not in LINEAR])
@A_ROW
@given(st.data())
def test_no_finite_partial_stands_beside_a_nan(op: Op, data: Any) -> None:
    xs = data.draw(operands(op))
    y = op.value(*xs)
    if isnan(y):
        slopes = partials(op, y, xs)
        assert not any(isfinite(slopes[i]) for i in variables(op)), f"{op.name}{xs}"


@rows([op for op in DIFFERENTIABLE if op.domain[0] != ops.ANY])
def test_the_value_is_finite_inside_the_domain(op: Op) -> None:
    for xs in ordinary(op, 5, POINTS):
        assert isfinite(op.value(*xs)), f"{op.name}{xs}"


# a point on a kink that crosses it along the first operand
# fmt: off
KINKS = {
    "abs": (0.0,), "cbrt": (0.0,), "hypot": (0.0, 0.0),
    "relu": (0.0,), "leaky_relu": (0.0, 0.25), "elu": (0.0, 3.0),
    "floor": (2.0,), "ceil": (-3.0,), "round": (2.5,), "sign": (0.0,),
    "remainder": (6.0, 3.0), "floor_divide": (-6.0, 3.0),
    "clip": (1.0, 1.0, 2.0), "maximum": (2.0, 1.0, 2.0), "minimum": (2.0, 3.0, 2.0),
}
# fmt: on
TINY = mp.mpf(10) ** -30  # so near that the two sides of a smooth point agree
SLOPES_AGREE, STEEP = 1e-9, 1e9


def jumps(op: Op, xs: tuple[float, ...]) -> bool:
    """Whether the one-sided slopes along the first operand disagree, or are infinite."""
    f, x = exact_value(op.name), mp.mpf(xs[0])
    right = (f(x + TINY, *xs[1:]) - f(x, *xs[1:])) / TINY
    left = (f(x, *xs[1:]) - f(x - TINY, *xs[1:])) / TINY
    return bool(
        abs(right - left) > SLOPES_AGREE * (1 + abs(right)) or abs(right) > 1 / SLOPES_AGREE
    )


@rows([op for op in DIFFERENTIABLE if op.kink])
def test_the_distance_from_a_kink_is_zero_on_it_and_positive_off_it(op: Op) -> None:
    on = KINKS[op.name]
    assert op.kink
    assert (op.kink(*on), jumps(op, on)) == (0.0, True)
    for xs in ordinary(op, 6, 20):
        assert op.kink(*xs) > 0
        assert not jumps(op, xs)


@rows([op for op in DIFFERENTIABLE if not op.kink and 0 in variables(op)])
def test_a_row_without_a_kink_is_smooth_inside_its_domain(op: Op) -> None:
    zero = (0.0,) * arity(op)
    inside = [zero] if all(low < 0 < high for low, high in op.domain) else []
    for xs in (*inside, *ordinary(op, 7, 20)):
        assert not jumps(op, xs), f"{op.name}{xs}"


def test_every_row_is_found_under_its_name_and_pickles_as_it() -> None:
    for name, op in TABLE.items():
        function, arguments = op.__reduce__()
        assert (op.name, function(*arguments), getattr(ops, name)) == (name, op, op)


def test_the_mixed_second_derivative_of_a_power_at_exponent_zero_is_one_over_the_base() -> None:
    for a in (0.5, 1.0, 4.0):
        assert grad(lambda b, a=a: grad(lambda x: x**b)(a))(0.0) == 1.0 / a
