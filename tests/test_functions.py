"""The functions take numbers and Values alike, and give what their row of the table gives."""

import gc
import inspect
import itertools
import math
import random
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from mpmath import mp

from autograd import Value, trace_source
from autograd import functions as F
from autograd.ops import TABLE

UNARY = (
    "abs acos acosh asin asinh atan atanh cbrt ceil cos cosh erf erfc exp exp2 expm1 floor "
    "gaussian gelu lgamma log log10 log1p log2 negative normal_cdf normal_pdf relu round sigmoid "
    "sign silu sin sinh softplus sqrt tan tanh"
).split()
BINARY = (
    "add atan2 divide elu floor_divide hypot leaky_relu maximum minimum multiply pow remainder "
    "subtract"
).split()
TERNARY = ["clip", "where"]
COMPARISONS = ["equal", "greater", "greater_equal", "less", "less_equal", "not_equal"]
JOINS = ["logical_and", "logical_or"]
SCALAR = {
    **dict.fromkeys([*UNARY, "logical_not"], 1),
    **dict.fromkeys([*BINARY, *COMPARISONS, *JOINS], 2),
    **dict.fromkeys(TERNARY, 3),
}
LISTS = ["cross_entropy", "dot", "logsumexp", "softmax", "sum", "take"]
DIFFERENTIABLE = [*UNARY, *BINARY, *TERNARY]

INTERNAL = {"alias", "gelu_slope"}  # rows that only the transforms and other rows' partials use
NAMES = sorted(
    name
    for name, x in vars(F).items()
    if inspect.isfunction(x) and x.__module__ == F.__name__ and not name.startswith("_")
)


POINTS = [0.0, -0.0, 0.5, -1.5, 3.0, 800.0, math.inf, -math.inf, math.nan]
FEW = [-0.0, 0.5, -1.5, math.inf, math.nan]  # where there are as many combinations as triples
NUMBERS = [2, True, Fraction(5, 2), np.float64(1.5), np.float32(0.1), np.int64(2), np.bool_(True)]
NO_NUMBERS = ["1.5", None, Decimal(1), 1j, np.complex128(1), [1.0], np.ones(3)]


def function(name: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(F, name)
    return found


def arguments(arity: int) -> Iterable[tuple[float, ...]]:
    return itertools.product(POINTS if arity < 3 else FEW, repeat=arity)


def bits(x: Any) -> Any:
    """What tells floats apart bit by bit (all nans are one): 0.0 is not -0.0."""
    return [bits(e) for e in x] if isinstance(x, list | tuple) else repr(x)


def identity(x: Any) -> Any:
    """A Value by who it is, a number by its bits."""
    return id(x) if isinstance(x, Value) else bits(x)


def assert_same_node(node: Any, expected: Any) -> None:
    assert type(node) is type(expected)
    if not isinstance(node, Value):
        assert bits(node) == bits(expected)
        return
    assert node.op is expected.op
    assert bits(node.data) == bits(expected.data)
    assert [identity(x) for x in node.operands] == [identity(x) for x in expected.operands]
    assert [id(x) for x in node.parents] == [id(x) for x in expected.parents]
    assert bits(node.local_grads) == bits(expected.local_grads)
    assert all(type(x) in (float, Value) for x in node.operands if not isinstance(x, Value))


# -- one for each row ----------------------------------------------------------------------------


def test_every_row_has_a_function_of_its_name_and_every_function_a_row() -> None:
    assert sorted(set(TABLE) - INTERNAL) == NAMES
    assert set(NAMES) == {*SCALAR, *LISTS, "polygamma"}


@pytest.mark.parametrize("name", NAMES)
def test_every_function_says_its_derivative_and_shows_an_example(name: str) -> None:
    doc = (inspect.getdoc(function(name)) or "").lower()
    assert "derivative" in doc
    assert ">>>" in doc


# -- functions of numbers ------------------------------------------------------------------------


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_floats_give_floats(name: str) -> None:
    for xs in arguments(SCALAR[name]):
        result = function(name)(*xs)
        assert type(result) is float
        assert bits(result) == bits(float(TABLE[name].value(*xs)))


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_values_give_the_node_of_their_row_with_the_number_of_the_floats(name: str) -> None:
    for xs in arguments(SCALAR[name]):
        values = [Value(x) for x in xs]
        node = function(name)(*values)
        assert_same_node(node, Value.record(TABLE[name], values))
        assert bits(node.data) == bits(function(name)(*xs))


@pytest.mark.parametrize("name", [name for name in DIFFERENTIABLE if SCALAR[name] > 1])
def test_a_number_beside_a_value_is_an_operand_but_no_parent(name: str) -> None:
    for xs in arguments(SCALAR[name]):
        for position in range(len(xs)):
            mixed: list[Any] = list(xs)
            mixed[position] = Value(xs[position])
            node = function(name)(*mixed)
            assert_same_node(node, Value.record(TABLE[name], mixed))
            assert bits(node.data) == bits(function(name)(*xs))
            assert set(map(id, node.parents)) <= {id(mixed[position])}


@pytest.mark.parametrize("name", SCALAR)
def test_any_real_number_counts_as_its_float(name: str) -> None:
    for number in NUMBERS:
        floats = [float(number)] * SCALAR[name]
        numbers = [number] * SCALAR[name]
        assert bits(function(name)(*numbers)) == bits(function(name)(*floats))
        for position in range(1, len(numbers)):
            mixed: list[Any] = list(numbers)
            mixed[position] = Value(number)
            result = function(name)(*mixed)
            assert bits(getattr(result, "data", result)) == bits(function(name)(*floats))


@pytest.mark.parametrize("name", [*COMPARISONS, *JOINS])
def test_comparisons_give_a_bool_and_no_node(name: str) -> None:
    for a, b in arguments(2):
        expected = TABLE[name].value(a, b)
        for left, right in itertools.product((a, Value(a)), (b, Value(b))):
            assert function(name)(left, right) is expected


@pytest.mark.parametrize("name", SCALAR)
def test_anything_but_a_real_number_is_a_type_error_that_names_it(name: str) -> None:
    for bad in NO_NUMBERS:
        for position in range(SCALAR[name]):
            for other in (1.0, Value(1.0)):
                given: list[Any] = [other] * SCALAR[name]
                given[position] = bad
                kind = "array" if isinstance(bad, np.ndarray) else type(bad).__name__
                with pytest.raises(TypeError, match=kind):
                    function(name)(*given)


def test_an_array_in_place_of_a_number_is_told_about_numpys_function() -> None:
    with pytest.raises(TypeError, match=r"shape \(2, 3\).*np\.exp\(array\)"):
        F.exp(np.ones((2, 3)))


def test_an_int_too_large_for_a_float_is_an_overflow_error() -> None:
    with pytest.raises(OverflowError):
        F.exp(10**400)
    with pytest.raises(OverflowError):
        F.sum([Value(1.0), Value(2.0), 10**400])


def test_maximum_and_minimum_take_two_or_more_in_one_node() -> None:
    a, b, c = Value(2.0), Value(7.0), Value(7.0)
    y = F.maximum(a, b, 3, c)
    assert y.operands == (a, b, 3.0, c)
    assert (y.data, y.local_grads) == (7.0, (0.0, 0.5, 0.5))
    assert F.minimum(4, 2.5, 3) == 2.5
    with pytest.raises(TypeError):
        F.maximum(a)


def test_clip_with_crossed_bounds_gives_the_upper_one() -> None:
    x, high = Value(5.0), Value(-1.0)
    y = F.clip(x, 1.0, high)
    y.backward()
    assert (y.data, x.grad, high.grad) == (-1.0, 0.0, 1.0)


def test_where_makes_a_parent_of_the_chosen_one_alone() -> None:
    a, b = Value(1.0), Value(2.0)
    for yes in (True, 1, -0.5, math.nan, Value(3.0), np.bool_(True)):
        assert [id(x) for x in F.where(yes, a, b).parents] == [id(a)]
    for no in (False, 0, -0.0, Value(0.0), np.bool_(False)):
        assert [id(x) for x in F.where(no, a, b).parents] == [id(b)]
    assert F.where(Value(1.0), 3.0, b).parents == ()


def test_where_keeps_the_nan_of_the_other_branch_out_of_the_gradient() -> None:
    x = Value(0.0)
    y = F.where(x > 0, F.log(x), x * 2)
    y.backward()
    assert (y.data, x.grad) == (0.0, 2.0)


def test_the_order_of_polygamma_is_never_a_parent() -> None:
    n, x = Value(1.0), Value(2.0)
    y = F.polygamma(n, x)
    y.backward()
    assert y.parents == (x,)
    assert (n.grad, x.grad) == (0.0, F.polygamma(2, 2.0))
    assert type(F.polygamma(n, 2)) is float
    assert math.isnan(F.polygamma(0.5, 2.0))
    for bad in NO_NUMBERS:
        with pytest.raises(TypeError):
            F.polygamma(bad, x)
        with pytest.raises(TypeError):
            F.polygamma(1, bad)


# -- functions of lists --------------------------------------------------------------------------


def call(name: str, xs: Any) -> Any:
    """A function of a list on xs; of a dot, it is the list with itself in reverse."""
    if name == "dot":
        xs = list(xs)
        return F.dot(xs, xs[::-1])
    return function(name)(xs, 1) if name in ("take", "cross_entropy") else function(name)(xs)


def recorded(name: str, xs: Sequence[Any]) -> Any:
    """The same by the row itself: `Value.record`, or its value where there is no Value."""
    row = TABLE[name]
    if name == "softmax":
        return [row(float(i), *xs) for i in range(len(xs))]
    if name == "dot":
        return row(*xs, *xs[::-1])
    return row(1.0, *xs) if name in ("take", "cross_entropy") else row(*xs)


def lists() -> Iterable[list[Any]]:
    """Lists of 2 to 20 floats, of Values, and of both, with the awkward floats among them."""
    rng = random.Random(0)
    for length in (2, 3, 4, 5, 20):
        for share_of_values in (0.0, 0.5, 0.9, 1.0):
            for _ in range(6):
                numbers = [rng.choice([rng.gauss(0, 3), rng.choice(POINTS)]) for _ in range(length)]
                yield [Value(x) if rng.random() < share_of_values else x for x in numbers]
    shared = Value(0.5)
    yield [shared, shared, 1.0, shared]


def assert_same(result: Any, expected: Any) -> None:
    results, all_expected = (
        (result, expected) if isinstance(expected, list) else ([result], [expected])
    )
    assert type(result) is type(expected)
    for node, other in zip(results, all_expected, strict=True):
        assert_same_node(node, other)


@pytest.mark.parametrize("name", LISTS)
def test_functions_of_a_list_give_what_their_row_records_bit_for_bit(name: str) -> None:
    for xs in lists():
        assert_same(call(name, xs), recorded(name, xs))


def test_dot_and_maximum_of_any_mixture_give_what_their_rows_record() -> None:
    rng = random.Random(1)
    for n in (1, 2, 3, 17):
        for shares in itertools.product((0.0, 0.7, 1.0), repeat=2):
            ws, xs = (
                [Value(rng.gauss(0, 1)) if rng.random() < p else rng.gauss(0, 1) for _ in range(n)]
                for p in shares
            )
            assert_same_node(F.dot(ws, xs), TABLE["dot"](*ws, *xs))
            for bias in (Value(0.3), 0.3):
                assert_same_node(F.dot(ws, xs, bias), TABLE["dot"](*ws, *xs, bias))
            both = [*ws, *xs]
            assert_same_node(F.maximum(*both), TABLE["maximum"](*both))
            assert_same_node(F.minimum(*both), TABLE["minimum"](*both))


class Parameter(Value):
    """A Value of a user's own class."""


@pytest.mark.parametrize("name", LISTS)
def test_functions_of_a_list_take_a_subclass_of_value(name: str) -> None:
    xs = [Parameter(0.5), Value(1.5), 2.0, Parameter(-1.0)]
    assert_same(call(name, xs), recorded(name, xs))


@pytest.mark.parametrize("name", LISTS)
def test_a_list_may_be_any_iterable_of_real_numbers_and_values(name: str) -> None:
    numbers = [0.5, 2.0, -1.0, 3.0]
    expected = bits(call(name, numbers))
    for kind in (tuple, iter, np.array, lambda xs: (x for x in xs), lambda xs: dict.fromkeys(xs)):
        assert bits(call(name, kind(numbers))) == expected
    odd = [Fraction(1, 2), 2, np.float64(-1.0), np.float32(3.0)]
    assert bits(call(name, odd)) == expected
    values = [Value(x) for x in numbers]
    for given in (iter(values), np.array(values), tuple(values)):
        assert_same(call(name, given), recorded(name, values))
    mixed = [values[0], 2, Fraction(-1), True]
    assert_same(call(name, mixed), recorded(name, [values[0], 2.0, -1.0, 1.0]))


@pytest.mark.parametrize("name", LISTS)
def test_a_list_with_anything_else_in_it_is_a_type_error_that_names_it(name: str) -> None:
    for bad in NO_NUMBERS:
        for others in ([1.0, 2.0], [Value(1.0), Value(2.0)]):
            kind = "array" if isinstance(bad, np.ndarray) else type(bad).__name__
            with pytest.raises(TypeError, match=kind):
                call(name, [*others, bad])
    with pytest.raises(TypeError, match=r"list|array"):
        call(name, np.ones((2, 2)))


@pytest.mark.parametrize("name", LISTS)
def test_a_number_in_place_of_a_list_is_a_type_error(name: str) -> None:
    for bad in (1.0, Value(1.0), None, np.array(1.0)):
        with pytest.raises(TypeError, match=type(bad).__name__):
            F.dot(bad, bad) if name == "dot" else call(name, bad)


def test_an_error_in_a_generator_comes_out_as_it_is() -> None:
    with pytest.raises(TypeError, match="can't multiply"):
        F.sum(x * "a" for x in [1.5])


def test_empty_lists() -> None:
    assert bits([F.sum([]), F.dot([], []), F.logsumexp([]), F.softmax([])]) == bits(
        [0.0, 0.0, -math.inf, []]
    )
    with pytest.raises(IndexError, match="0"):
        F.take([], 0)
    with pytest.raises(ValueError, match="empty"):
        F.cross_entropy([], 0)


def test_a_list_of_one() -> None:
    x = Value(2.0)
    assert_same_node(F.sum([x]), TABLE["sum"](x))
    assert_same_node(F.dot([x], [3]), TABLE["dot"](x, 3.0))
    assert_same_node(F.dot([3], [x]), TABLE["dot"](3.0, x))
    assert_same_node(F.dot([x], [x]), TABLE["dot"](x, x))
    assert_same_node(F.logsumexp([x]), TABLE["logsumexp"](x))
    assert_same_node(F.softmax([x])[0], TABLE["softmax"](0.0, x))
    assert_same_node(F.cross_entropy([x], 0), TABLE["cross_entropy"](0.0, x))
    assert_same_node(F.take([x], 0), TABLE["take"](0.0, x))


def test_up_to_two_operands_need_no_tuple_of_their_own() -> None:
    x, y = Value(1.0), Value(2.0)
    for node in (F.sum([x, y]), F.dot([x], [y]), F.maximum(x, 3), F.logsumexp([x, y])):
        assert not any(isinstance(part, tuple) for part in gc.get_referents(node))


def test_sums_add_left_to_right_without_compensation() -> None:
    xs = [1e16, 1.0, -1e16]
    for kind in (float, Value):
        total = F.sum([kind(x) for x in xs])
        product = F.dot([kind(x) for x in xs], [1.0] * 3)
        assert (getattr(total, "data", total), getattr(product, "data", product)) == (0.0, 0.0)
    assert bits(F.sum([-0.0, -0.0])) == "-0.0"


def test_dot_of_lists_of_different_lengths_names_both() -> None:
    for ws, xs in (([1.0, 2.0], [1.0] * 3), ([Value(1.0)] * 2, iter([1.0] * 3))):
        with pytest.raises(ValueError, match=r"2 and 3"):
            F.dot(ws, xs)


def test_a_value_on_both_sides_of_a_dot_gets_both_gradients() -> None:
    x, y = Value(3.0), Value(-2.0)
    F.dot([x, y, 4.0], [x, 5.0, y]).backward()
    assert (x.grad, y.grad) == (6.0, 9.0)


def test_changing_a_list_after_the_call_changes_no_node() -> None:
    ws, xs = [Value(1.0), Value(2.0)], [3.0, 4.0]
    y = F.dot(ws, xs)
    ws.clear()
    xs[0] = 0.0
    assert [getattr(x, "data", x) for x in y.operands] == [1.0, 2.0, 3.0, 4.0]


def test_the_gradients_of_softmax_are_its_jacobian() -> None:
    numbers = [0.3, -1.2, 2.0]
    p = F.softmax(numbers)
    for i in range(3):
        xs = [Value(x) for x in numbers]
        F.softmax(xs)[i].backward()
        for j, x in enumerate(xs):
            exact = p[i] * ((i == j) - p[j])
            assert math.isclose(x.grad, exact, rel_tol=1e-13)  # the subtraction's own error


def test_the_loss_is_the_logarithm_of_the_probability_of_the_label() -> None:
    logits = [0.3, -1.2, 2.0]
    for label in range(3):
        expected = -math.log(F.softmax(logits)[label])
        assert math.isclose(F.cross_entropy(logits, label), expected, rel_tol=1e-14)


# -- labels and indices --------------------------------------------------------------------------


def test_an_index_may_be_any_whole_number_and_take_has_one_parent() -> None:
    xs = [Value(0.1), 5.0, Value(0.3)]
    for index in (2, 2.0, np.int64(2), Fraction(2), np.float32(2), Value(2.0)):
        y = F.take(xs, index)
        assert [id(x) for x in y.parents] == [id(xs[2])]
        assert (y.data, y.local_grads) == (0.3, (1.0,))
    assert F.take(xs, True).parents == ()
    assert F.take([1.0, 2.0], Value(1.0)) == 2.0


def test_a_label_that_is_a_value_gets_no_edge() -> None:
    label, logits = Value(1.0), [Value(0.3), Value(-1.2)]
    loss = F.cross_entropy(logits, label)
    loss.backward()
    assert [id(x) for x in loss.parents] == [id(x) for x in logits]
    assert label.grad == 0.0
    assert type(F.cross_entropy([0.3, -1.2], label)) is float


@pytest.mark.parametrize("outside", [-1, 3, 1e300, Value(-1.0), Value(3.0), -3.0])
def test_an_index_or_label_outside_says_what_is_inside(outside: Any) -> None:
    with pytest.raises(IndexError, match=r"0 <= index < 3"):
        F.take([1.0, 2.0, 3.0], outside)
    with pytest.raises(ValueError, match=r"0 <= label < 3"):
        F.cross_entropy([1.0, 2.0, 3.0], outside)


@pytest.mark.parametrize("broken", [0.5, Value(0.5), math.nan, math.inf, *NO_NUMBERS])
def test_an_index_or_label_that_is_not_whole_is_a_type_error(broken: Any) -> None:
    with pytest.raises(TypeError):
        F.take([1.0, 2.0, 3.0], broken)
    with pytest.raises(TypeError):
        F.cross_entropy([1.0, 2.0, 3.0], broken)


# -- beside methods, NumPy and the sources -------------------------------------------------------

METHODS = [name for name in TABLE if name not in INTERNAL and hasattr(Value, name)]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_gives_what_the_function_of_its_name_gives(name: str) -> None:
    for xs in arguments(SCALAR[name]):
        values = [Value(x) for x in xs]
        node = getattr(values[0], name)(*values[1:])
        assert_same_node(node, function(name)(*values))
        mixed = [values[0], *xs[1:]]
        assert_same_node(getattr(values[0], name)(*xs[1:]), function(name)(*mixed))


def test_every_function_of_one_value_that_numpy_has_is_a_method() -> None:
    in_numpy = [name for name in UNARY if hasattr(np, name)]
    operators = {"abs", "ceil", "floor", "negative", "round", "sign"}  # NumPy asks Python for these
    assert set(in_numpy) - operators <= set(METHODS)


@pytest.mark.parametrize("name", ["leaky_relu", "elu"])
def test_a_method_has_the_default_of_its_function(name: str) -> None:
    x = Value(-2.0)
    assert_same_node(getattr(x, name)(), function(name)(x))
    assert bits(function(name)(-2.0)) == bits(function(name)(x).data)


NUMPY_NAMES = {
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctanh": "atanh",
    "arctan2": "atan2",
    "fabs": "abs",
    "rint": "round",
    "absolute": "abs",
    "power": "pow",
    **{
        name: name
        for name in (
            "add cbrt ceil cos cosh divide exp exp2 expm1 floor floor_divide hypot log log10 log1p "
            "log2 multiply negative remainder sin sinh sqrt subtract tan tanh"
        ).split()
    },
}


@pytest.mark.parametrize("name", NUMPY_NAMES)
def test_numpys_function_on_an_object_array_is_ours_on_each_element(name: str) -> None:
    ours = function(NUMPY_NAMES[name])
    arity = SCALAR[NUMPY_NAMES[name]]
    arrays = [np.array([Value(x) for x in POINTS[i:] + POINTS[:i]]) for i in range(arity)]
    with np.errstate(all="ignore"):
        results = getattr(np, name)(*arrays)
    assert results.shape == arrays[0].shape
    for result, *values in zip(results, *arrays, strict=True):
        assert_same_node(result, ours(*values))


def test_a_matrix_of_values_times_a_vector_is_a_dot_of_each_row() -> None:
    rng = random.Random(2)
    rows = [[Value(rng.gauss(0, 1)) for _ in range(3)] for _ in range(2)]
    x = np.array([0.5, -1.0, 2.0])
    products = np.array(rows) @ x
    for row, product in zip(rows, products, strict=True):
        assert bits(product.data) == bits(F.dot(row, x).data)
        product.backward()
        assert [w.grad for w in row] == list(x)


def test_the_source_of_a_node_is_the_line_that_called_the_function() -> None:
    x = Value(0.5)
    with trace_source():
        nodes = [F.exp(x), F.hypot(x, 2), F.dot([x, x], [x, x]), F.sum([x, x, x]), F.take([x], 0)]
        nodes += F.softmax([x, x])
    for node in nodes:
        assert str(node.source).endswith(
            "in test_the_source_of_a_node_is_the_line_that_called_the_function"
        )
        assert "test_functions.py" in str(node.source)


def test_a_bias_is_added_to_a_dot_in_the_same_node():
    ws, xs, bias = [Value(0.1), Value(0.2)], [0.3, Value(0.4)], Value(0.7)
    y = F.dot(ws, xs, bias)
    row = Value.record(TABLE["dot"], (*ws, *xs, bias))
    assert y.data == row.data == (0.1 * 0.3 + 0.2 * 0.4) + 0.7
    assert y.parents == row.parents == (*ws, xs[1], bias)
    assert y.local_grads == row.local_grads == (0.3, 0.4, 0.2, 1.0)
    assert F.dot([], [], bias=2.0) == 2.0
    assert F.dot([2.0], [3.0], 1) == 7.0
    assert F.dot([0.0], [-1.0], -0.0) == 0.0


def test_a_condition_made_with_a_tilde_is_an_error():
    with pytest.raises(ValueError, match="write `not` instead"):
        F.where(~(Value(1.0) > 0), 1.0, 2.0)


def test_polygamma_of_an_order_that_is_none_is_nan():
    assert all(math.isnan(F.polygamma(n, 1.0)) for n in (-1, 0.5, math.nan, math.inf))


@pytest.mark.parametrize("x", [1 - 2**-53, 1 + 2**-52, 2 - 2**-52, 2 + 2**-51, -2.4570247382208006])
def test_log_gamma_keeps_its_digits_beside_its_zeros(x):
    with mp.workdps(60):
        assert F.lgamma(x) == float(mp.log(abs(mp.gamma(mp.mpf(x)))))


@pytest.mark.parametrize(
    ("n", "x"),
    [(0, 1.4616321449683622), (0, -0.504083008264455), (40, -0.5), (99, -1.5), (100, -0.5)],
)
def test_polygamma_keeps_its_digits_beside_a_zero_and_between_two_poles(n, x):
    with mp.workdps(120):
        truth = float(mp.polygamma(n, mp.mpf(x)))
    assert F.polygamma(n, x) == pytest.approx(truth, rel=4 * 2**-53)


@pytest.mark.parametrize("name", ["log", "log2", "log10", "sqrt"])
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_a_slope_at_a_zero_of_either_sign_is_that_from_the_right(name: str, zero: float) -> None:
    x = Value(zero)
    getattr(F, name)(x).backward()
    assert x.grad == math.inf
