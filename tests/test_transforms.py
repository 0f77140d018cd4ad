"""Derivatives of functions: any nesting, any order, any tree; against mpmath and closed forms."""

import itertools
import math
import threading
from collections import namedtuple
from dataclasses import dataclass
from fractions import Fraction

import numpy
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import autograd
from autograd import Value, detect_anomaly, jit, trace_source, transforms
from autograd import functions as F
from autograd.testing import expressions, finite_difference
from autograd.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from tests.oracle import mp

ROUNDING = 1e-12  # relative: a few dozen operations, each rounded to 1e-16
CANCELLED = 1e-10  # relative to the largest term: sums of terms of both signs


def near(expected, rel=ROUNDING):
    return pytest.approx(expected, rel=rel, abs=rel)


def derivative(f, order=1):
    """One derivative after another, by grad alone."""
    for _ in range(order):
        f = grad(f)
    return f


# -- each transform ------------------------------------------------------------------------------


def test_grad_has_the_shape_of_the_argument_and_floats_for_leaves():
    assert grad(lambda p: p["w"][0] * p["w"][1] + p["b"])({"w": [2.0, 3.0], "b": 1}) == {
        "w": [3.0, 2.0],
        "b": 1.0,
    }


def test_value_and_grad_gives_a_float_and_calls_f_once():
    calls = []

    def f(x):
        calls.append(x)
        return x * x

    assert value_and_grad(f)(3.0) == (9.0, 6.0)
    assert type(value_and_grad(f)(3.0)[0]) is float
    assert len(calls) == 2


def test_vjp_weighs_the_outputs_and_can_be_pulled_back_again_and_again():
    value, pullback = vjp(lambda a, b: {"p": a * b, "s": [a + b]}, 2.0, 3.0)
    assert value == {"p": 6.0, "s": [5.0]}
    assert pullback({"p": 1.0, "s": [0.0]}) == (3.0, 2.0)
    assert pullback({"p": 1.0, "s": [10.0]}) == (13.0, 12.0)
    assert pullback({"p": 0, "s": [0]}) == (0.0, 0.0)


def test_jvp_pushes_a_tangent_of_the_shape_of_the_arguments():
    value, tangent = jvp(lambda x, y: (x[0] * y, [x[1]]), ([2.0, 5.0], 3.0), ([1.0, 7.0], 10.0))
    assert value == (6.0, [5.0])
    assert tangent == (23.0, [7.0])


def test_jacobian_holds_the_shape_of_the_input_in_each_place_of_the_output():
    f = jacobian(lambda x: {"p": x[0] * x[1], "s": (x[0], 5.0)})
    assert f([2.0, 3.0]) == {"p": [3.0, 2.0], "s": ([1.0, 0.0], [0.0, 0.0])}


def test_jacobian_of_arrays_is_an_array_with_the_axes_of_the_input_last():
    matrix = numpy.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    rows = jacobian(lambda x: matrix @ x)(numpy.zeros(3))
    assert rows.dtype == float
    assert (rows == matrix).all()
    assert jacobian(lambda x: x * x)(numpy.ones((2, 3))).shape == (2, 3, 2, 3)


def test_hessian_is_symmetric_and_right():
    def f(x):
        return x[0] ** 3 * F.exp(x[1]) + x[1] * x[2]

    a, b = 2.0, 0.5
    e = math.exp(b)
    expected = [[6 * a * e, 3 * a * a * e, 0.0], [3 * a * a * e, a**3 * e, 1.0], [0.0, 1.0, 0.0]]
    for row, truth in zip(hessian(f)([a, b, 7.0]), expected, strict=True):
        assert row == near(truth)


def test_hvp_is_the_hessian_times_the_vector():
    def f(x):
        return F.sin(x[0] * x[1]) * F.exp(x[2]) + x[0] ** 4

    point, vector = [0.3, 1.7, -0.4], [1.0, -2.0, 0.5]
    full = hessian(f)(point)
    expected = [sum(h * v for h, v in zip(row, vector, strict=True)) for row in full]
    assert hvp(f, (point,), (vector,))[0] == near(expected)


def test_hvp_takes_several_arguments():
    assert hvp(lambda x, y: x * x * y, (2.0, 3.0), (1.0, 10.0)) == (6.0 + 40.0, 4.0)


# -- orders and nestings -------------------------------------------------------------------------

ORDERS = {
    "exp(sin x)": (lambda x: F.exp(F.sin(x)), lambda x: mp.exp(mp.sin(x)), 0.7),
    "x tanh x": (lambda x: x * F.tanh(x), lambda x: x * mp.tanh(x), 0.3),
    "1/(1 + x²)": (lambda x: 1 / (1 + x * x), lambda x: 1 / (1 + x * x), 1.2),
    "log(1 + x)√x": (lambda x: F.log1p(x) * F.sqrt(x), lambda x: mp.log1p(x) * mp.sqrt(x), 2.0),
    "x^x": (lambda x: x**x, lambda x: x**x, 1.5),
}


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(("f", "exact", "x"), ORDERS.values(), ids=ORDERS)
def test_grad_of_grad_of_grad_is_right_at_every_order(f, exact, x, order):
    assert derivative(f, order)(x) == near(float(mp.diff(exact, x, order)), CANCELLED)


def by_grad(f):
    return grad(f)


def by_jvp(f):
    return lambda x: jvp(f, (x,), (1.0,))[1]


def by_vjp(f):
    return lambda x: vjp(f, x)[1](1.0)[0]


def by_value_and_grad(f):
    return lambda x: value_and_grad(f)(x)[1]


def by_jacobian(f):
    return lambda x: jacobian(lambda x: [f(x)])(x)[0]


def by_list(f):
    return lambda x: grad(lambda xs: f(xs[0]))([x])[0]


WAYS = [by_grad, by_jvp, by_vjp, by_value_and_grad, by_jacobian, by_list]


@pytest.mark.parametrize("outer", WAYS)
@pytest.mark.parametrize("middle", WAYS)
@pytest.mark.parametrize("inner", WAYS)
def test_any_three_transforms_within_each_other_give_the_third_derivative(outer, middle, inner):
    x = 0.7
    exact = float(mp.diff(lambda x: mp.exp(mp.sin(x)) * x, x, 3))
    assert outer(middle(inner(lambda x: F.exp(F.sin(x)) * x)))(x) == near(exact, CANCELLED)


def test_mixed_partials_come_out_right_in_every_order_of_taking_them():
    def f(x, y):
        return F.sin(x * y) + x**3 * y**2

    x, y = 0.8, 1.3
    xyy = float(mp.diff(lambda x, y: mp.sin(x * y) + x**3 * y**2, (x, y), (1, 2)))
    for argnums in set(itertools.permutations((0, 1, 1))):
        g = f
        for i in argnums:
            g = grad(g, argnums=i)
        assert g(x, y) == near(xyy)


def test_jacobian_of_jacobian_holds_all_second_derivatives():
    def f(x):
        return [x[0] * x[0] * x[1], F.exp(x[1])]

    assert jacobian(jacobian(f))([2.0, 0.0]) == [[[0.0, 4.0], [4.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]]


def test_hessian_of_a_hessian_holds_the_fourth_derivatives():
    fourth = hessian(lambda x: hessian(lambda x: x**6)(x))(2.0)
    assert fourth == 6 * 5 * 4 * 3 * 2.0**2


def test_forward_over_reverse_is_reverse_over_forward():
    def f(x):
        return F.logsumexp(x) * F.dot(x, [1.0, 2.0, 3.0])

    point, vector = [0.1, -0.4, 0.7], [1.0, 2.0, -1.0]
    first = jvp(grad(f), (point,), (vector,))[1]
    second = grad(lambda x: jvp(f, (x,), (vector,))[1])(point)
    third = vjp(grad(f), point)[1](vector)[0]
    assert first == near(second)
    assert first == near(third)


def test_a_pullback_may_be_pulled_inside_another_transform():
    def slope(x):
        _, pullback = vjp(lambda x: x**4, x)
        return pullback(x)[0]  # x · 4x³

    assert slope(2.0) == 64.0
    assert grad(slope)(2.0) == 16 * 2.0**3
    assert jvp(slope, (2.0,), (1.0,)) == (64.0, 128.0)


def test_a_derivative_by_the_cotangent_is_the_gradient():
    _, pullback = vjp(lambda x: x**3, 2.0)
    assert grad(lambda c: pullback(c)[0] * c)(5.0) == 2 * 12.0 * 5.0


def test_a_derivative_by_the_tangent_is_the_derivative():
    assert grad(lambda t: jvp(lambda x: x**3, (2.0,), (t,))[1])(1.0) == 12.0


def test_newtons_method_can_be_differentiated():
    """The root of x² = a by five steps that use grad themselves: dx/da = 1/(2√a)."""

    def root(a):
        x = 1.5
        for _ in range(6):
            value, slope = value_and_grad(lambda x: x * x - a)(x)
            x = x - value / slope
        return x

    assert root(2.0) == near(math.sqrt(2))
    assert grad(root)(2.0) == near(0.5 / math.sqrt(2))
    assert grad(grad(root))(2.0) == near(-0.25 * 2**-1.5)


# -- perturbation confusion ----------------------------------------------------------------------


def test_an_inner_derivative_does_not_see_the_outer_variable():
    """Siskind & Pearlmutter 2005: d/dx (x · d/dy (x + y)) at 1 is 1, not 2."""
    for outer, inner in itertools.product(WAYS, repeat=2):
        assert outer(lambda x, inner=inner: x * inner(lambda y: x + y)(1.0))(1.0) == 1.0


def test_an_inner_derivative_at_the_outer_variable_counts_both_ways():
    """d/dx (x · d/dy (x·y) at y = x) = d/dx x² = 2x, and d/dx d/dy (x·y² at y = x) = 4x."""
    for outer, inner in itertools.product(WAYS, repeat=2):
        assert outer(lambda x, inner=inner: x * inner(lambda y: x * y)(x))(3.0) == 6.0
        assert outer(lambda x, inner=inner: inner(lambda y: x * y * y)(x))(3.0) == 12.0


def test_nested_derivatives_at_the_same_variable_name_keep_apart():
    f = grad(lambda x: x * grad(lambda x: x * grad(lambda x: x**3)(x))(x))
    # inner: 3x²; x·3x² = 3x³, its derivative 9x²; x·9x² = 9x³, its derivative 27x²
    assert f(2.0) == 27 * 4.0


def test_a_function_returned_by_a_derivative_keeps_apart_from_later_ones():
    """Manzyuk et al. 2019: the curried d/dx of y ↦ f(x + y), applied inside itself."""

    def derivative_of_curried(f, x):
        """d/dx of a function that returns functions, as a function of their argument."""
        return lambda y: grad(lambda x: f(x)(y))(x)

    def shift(offset):
        return lambda f: lambda x: f(x + offset)

    shifted_slope = derivative_of_curried(shift, 0.0)
    # D(shift)(0) is d/dx; applied twice it is the second derivative, never zero
    once = grad(lambda o: shift(o)(F.exp)(1.0))(0.0)
    twice = grad(lambda o: grad(lambda p: shift(o)(shift(p)(F.exp))(1.0))(0.0))(0.0)
    assert once == near(math.e)
    assert twice == near(math.e)
    with pytest.raises(TypeError):
        shifted_slope(F.exp)  # a function is no number: nothing is confused in silence


def test_an_outer_variable_in_a_closure_made_inside_is_followed():
    def f(x):
        scale = lambda y: x * y * y  # noqa: E731
        return grad(scale)(2.0) + grad(lambda z: scale(z) * x)(1.0)  # 4x + 2x²

    assert f(3.0) == 30.0
    assert grad(f)(3.0) == 16.0
    assert grad(grad(f))(3.0) == 4.0


def test_a_variable_that_leaked_out_of_a_derivative_is_a_number_like_others():
    kept = []

    def f(x):
        kept.append(x)
        return x * x

    assert grad(f)(3.0) == 6.0
    assert grad(lambda y: y * kept[0])(2.0) == 3.0
    assert type(grad(lambda y: y * kept[0])(2.0)) is float


def test_a_constant_of_the_outer_function_has_no_inner_derivative():
    assert grad(lambda x: grad(lambda y: x * x)(x) + x)(3.0) == 1.0
    assert grad(lambda x: jvp(lambda y: x * x, (x,), (1.0,))[1] + x)(3.0) == 1.0


# -- trees ---------------------------------------------------------------------------------------

Pair = namedtuple("Pair", "a b")


@dataclass
class Plain:
    x: object
    name: str


@dataclass(frozen=True, slots=True)
class Frozen:
    x: object
    y: object


class Module:
    is_module = True

    def __init__(self, *weights):
        self.weights = tuple(Value(w) for w in weights)
        self.rate = 0.5

    def __call__(self, x):
        return F.dot(self.weights, [x] * len(self.weights)) * self.rate


def test_every_kind_of_tree_gets_a_gradient_of_its_kind():
    def f(tree):
        pair, plain, frozen, array, _ = tree["all"]
        return pair.a * pair.b[0] + plain.x * frozen.x * frozen.y + array[0] * array[1]

    tree = {
        "all": [Pair(2.0, (3.0,)), Plain(4.0, "p"), Frozen(5.0, 6), numpy.array([7.0, 8.0]), None]
    }
    pair, plain, frozen, array, nothing = grad(f)(tree)["all"]
    assert pair == Pair(3.0, (2.0,))
    assert plain == Plain(30.0, "p")
    assert frozen == Frozen(24.0, 20.0)
    assert array.tolist() == [8.0, 7.0]
    assert nothing is None


def test_a_module_gets_a_gradient_of_its_class_with_floats_for_values():
    module = Module(1.0, 2.0)
    gradient = grad(lambda m, x: m(x) * m.weights[0])(module, 3.0)
    assert type(gradient) is Module
    assert gradient.weights == (0.5 * (3.0 * 3.0) + 0.5 * 3.0, 0.5 * 3.0)
    assert gradient.rate == 0.5
    assert [w.data for w in module.weights] == [1.0, 2.0]


def test_a_gradient_of_a_module_serves_as_its_tangent():
    module = Module(1.0, 2.0)

    def loss(m):
        return m(3.0) ** 2

    direction = grad(loss)(module)
    along = jvp(loss, (module,), (direction,))[1]
    assert along == near(sum(g * g for g in direction.weights))
    curved = hvp(loss, (module,), (direction,))[0]
    assert type(curved) is Module
    assert curved.weights == near((2 * 1.5 * 1.5 * sum(direction.weights),) * 2)


def test_the_same_value_at_two_places_is_one_variable():
    x = Value(3.0)
    assert grad(lambda xs: xs[0] * xs[1])([x, x]) == [6.0, 6.0]
    assert grad(lambda a, b: a * b, argnums=(0, 1))(x, x) == (6.0, 6.0)
    assert jvp(lambda a, b: a * b, (x, x), (1.0, 1.0)) == (9.0, 6.0)
    assert hessian(lambda xs: xs[0] * xs[1])([x, x]) == [[2.0, 2.0], [2.0, 2.0]]
    with pytest.raises(ValueError, match=r"one Value was given the tangents 1\.0 and 2\.0"):
        jvp(lambda a, b: a * b, (x, x), (1.0, 2.0))


def test_two_equal_values_are_two_variables():
    assert grad(lambda xs: xs[0] * xs[1])([Value(3.0), Value(3.0)]) == [3.0, 3.0]


def test_an_argument_without_numbers_inside_has_an_empty_gradient():
    assert grad(lambda xs, y: y * 1)([], 2.0) == []
    assert grad(lambda xs, y: y * 1)({"a": None}, 2.0) == {"a": None}


# -- what is called with what --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argnums", "expected"),
    [
        (0, 12.0),
        (1, 4.0),
        (-1, 4.0),
        (-2, 12.0),
        ((0,), (12.0,)),
        ((1, 0), (4.0, 12.0)),
        ((0, -1), (12.0, 4.0)),
    ],
)
def test_argnums_choose_by_position(argnums, expected):
    assert grad(lambda x, y: x * x * y, argnums)(2.0, 3.0) == expected
    assert value_and_grad(lambda x, y: x * x * y, argnums)(2.0, 3.0) == (12.0, expected)
    assert jacobian(lambda x, y: [x * x * y], argnums)(2.0, 3.0) == [expected]


def test_a_hessian_by_several_arguments_has_a_row_and_a_column_for_each():
    assert hessian(lambda x, y: x * x * y, (0, 1))(2.0, 3.0) == ((6.0, 4.0), (4.0, 0.0))


@pytest.mark.parametrize("argnums", [2, -3, (0, 2), (5,)])
@pytest.mark.parametrize("transform", [grad, value_and_grad, jacobian, hessian])
def test_argnums_beyond_the_arguments_are_a_value_error(transform, argnums):
    with pytest.raises(ValueError, match="does not name one of the 2 positional arguments"):
        transform(lambda x, y: x * y, argnums)(1.0, 2.0)


def test_keyword_arguments_are_passed_on_and_not_differentiated():
    assert grad(lambda x, *, scale, power=2: scale * x**power)(3.0, scale=10.0) == 60.0
    assert grad(lambda x, y=5.0: x * y)(3.0) == 5.0


def test_other_arguments_reach_the_function_as_they_are():
    seen = []

    def f(x, settings, array):
        seen.extend([settings, array])
        return x * len(settings)

    settings, array = {"a": {1, 2}}, object()
    assert grad(f)(3.0, settings, array) == 1.0
    assert seen[0] is settings
    assert seen[1] is array


def test_a_constant_function_has_the_gradient_zero():
    assert grad(lambda x: 5)(2.0) == 0.0
    assert grad(lambda x: Value(5.0) * 2)(2.0) == 0.0
    assert value_and_grad(lambda x: 5)([1.0, 2.0]) == (5.0, [0.0, 0.0])
    assert jvp(lambda x: [5, x], (2.0,), (1.0,)) == ([5.0, 2.0], [0.0, 1.0])
    assert vjp(lambda x: 5.0, 2.0)[1](1.0) == (0.0,)
    assert jacobian(lambda x: [5.0, x])(2.0) == [0.0, 1.0]
    assert hessian(lambda x: 5.0)(2.0) == 0.0


def test_the_identity_has_the_gradient_one():
    def identity(x):
        return x

    assert grad(identity)(2.0) == 1.0
    assert grad(grad(identity))(2.0) == 0.0
    assert vjp(identity, [2.0, 3.0])[1]([5.0, 7.0]) == ([5.0, 7.0],)
    assert jvp(identity, ([2.0],), ([5.0],)) == ([2.0], [5.0])
    assert jacobian(identity)([1.0, 2.0]) == [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize(
    "x", [3, Fraction(3), numpy.float32(3), numpy.int64(3), Value(3.0), Value(3)]
)
def test_any_real_number_is_differentiated_as_a_float(x):
    gradient = grad(lambda x: x * x)(x)
    assert gradient == 6.0
    assert type(gradient) is float


def test_gradients_are_values_inside_an_enclosing_transform_alone():
    inner = []

    def f(x):
        inner.append(grad(lambda y: x * y * y)(3.0))
        inner.append(grad(lambda y: y * y)(3.0))  # does not depend on x
        return inner[0] * x

    grad(f)(2.0)
    assert isinstance(inner[0], Value)
    assert type(inner[1]) is float


def test_grad_of_neither_reads_nor_writes():
    x, w = Value(2.0), Value(3.0)
    x.grad, w.grad = 5.0, 7.0
    y = x * w
    for transform in (grad, value_and_grad, jacobian, hessian):
        transform(lambda x: x * x * w + y)(x)
    jvp(lambda x: x * w * y, (x,), (1.0,))
    vjp(lambda x: x * w * y, x)[1](1.0)
    hvp(lambda x: x * x * w, (x,), (1.0,))
    assert (x.grad, w.grad, y.grad, x.data, w.data) == (5.0, 7.0, 0.0, 2.0, 3.0)


def test_a_value_that_was_computed_is_a_variable_of_its_own():
    a = Value(2.0)
    b = a * 3
    assert grad(lambda b: b * b)(b) == 12.0
    assert grad(lambda b: b * a)(b) == 2.0  # a is a constant here, whatever b came from
    assert grad(lambda a: a * b)(a) == 6.0


def test_backward_works_inside_and_on_what_a_transform_made():
    x = Value(2.0)
    (value, slope) = value_and_grad(lambda y: y * y)(x)
    assert (value, slope) == (4.0, 4.0)
    (x * slope).backward()
    assert x.grad == 4.0


def test_labels_are_kept_inside():
    labels = []
    grad(lambda x: labels.append(x.label) or x * x)(Value(2.0, label="weight"))
    assert labels == ["weight"]


# -- bad input -----------------------------------------------------------------------------------

BAD = {
    "grad of a list": (
        lambda: grad(lambda x: [x, x])(1.0),
        TypeError,
        "returns one number, but it returned 2",
    ),
    "grad of one in a list": (lambda: grad(lambda x: [x])(1.0), TypeError, "returns one number"),
    "grad of None": (
        lambda: grad(lambda x: None)(1.0),
        TypeError,
        "its result holds none",
    ),
    "grad of text": (lambda: grad(lambda x: "x")(1.0), TypeError, "returns one number"),
    "grad of complex": (lambda: grad(lambda x: 1j)(1.0), TypeError, "expected numbers, Values"),
    "hessian of a list": (lambda: hessian(lambda x: [x])(1.0), TypeError, "returns one number"),
    "by text": (
        lambda: grad(lambda x: 1.0)("text"),
        TypeError,
        "a number to differentiate by, not str 'text'",
    ),
    "by None": (
        lambda: grad(lambda x: 1.0)(None),
        TypeError,
        "a number to differentiate by, not NoneType",
    ),
    "by a bool": (
        lambda: grad(lambda x: 1.0)(True),
        TypeError,
        "a number to differentiate by, not bool True",
    ),
    "by complex": (lambda: grad(lambda x: x)(1j), TypeError, "expected numbers, Values"),
    "by a set": (lambda: grad(lambda x: x)({1.0}), TypeError, "expected numbers, Values"),
    "no argument": (lambda: grad(lambda: 1.0)(), ValueError, "the 0 positional arguments"),
    "short cotangent": (
        lambda: vjp(lambda x: [x, x], 1.0)[1]([1.0]),
        ValueError,
        "expected a sequence of",
    ),
    "text cotangent": (lambda: vjp(lambda x: x, 1.0)[1]("a"), TypeError, "expected a real number"),
    "long tangent": (
        lambda: jvp(lambda x: x, ([1.0],), ([1.0, 2.0],)),
        ValueError,
        "expected a sequence of",
    ),
    "no tangent": (lambda: jvp(lambda x: x, (1.0,), ()), ValueError, "expected a sequence of"),
    "text tangent": (lambda: jvp(lambda x: x, (1.0,), ("a",)), TypeError, "expected a real number"),
    "hvp of two lengths": (
        lambda: hvp(lambda x: x * x, (1.0,), (1.0, 2.0)),
        ValueError,
        "a sequence of",
    ),
}


@pytest.mark.parametrize(("call", "error", "words"), BAD.values(), ids=BAD)
def test_bad_input_is_an_error_with_words_and_leaves_nothing_behind(call, error, words):
    with pytest.raises(error, match=words):
        call()
    assert not transforms._live


def test_an_exception_inside_passes_through_and_leaves_no_alias_alive():
    def f(x):
        grad(lambda y: x * y)(1.0)
        raise KeyError("mine")

    for call in (
        lambda: grad(f)(1.0),
        lambda: grad(lambda x: grad(f)(x))(1.0),
        lambda: jvp(f, (1.0,), (1.0,)),
        lambda: vjp(f, 1.0),
        lambda: hessian(f)(1.0),
    ):
        with pytest.raises(KeyError, match="mine"):
            call()
        assert not transforms._live
    assert grad(grad(lambda x: x**3))(2.0) == 12.0


# -- with the rest of the package ----------------------------------------------------------------


def test_threads_get_what_they_get_alone():
    points = [0.1 * i for i in range(1, 9)]

    def third(x):
        return grad(grad(grad(lambda x: F.exp(F.sin(x)))))(x)

    alone = [third(x) for x in points]
    results = {}

    def work(x):
        results[x] = [third(x) for _ in range(20)]

    threads = [threading.Thread(target=work, args=(x,)) for x in points]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [results[x] for x in points] == [[y] * 20 for y in alone]
    assert not transforms._live


def test_detect_anomaly_judges_what_a_transform_reaches():
    def f(x):
        return F.log(x) * 0.0

    assert math.isnan(grad(f)(0.0))
    for call in (
        lambda: grad(f)(0.0),
        lambda: jvp(f, (0.0,), (1.0,)),
        lambda: vjp(f, 0.0)[1](1.0),
        lambda: grad(grad(f))(0.0),
    ):
        with (
            detect_anomaly(),
            pytest.raises(FloatingPointError, match=r"forward: log\(0.0\) gave -inf"),
        ):
            call()
    with detect_anomaly(), pytest.raises(FloatingPointError, match="backward:"):
        grad(lambda x: F.sqrt(x))(0.0)
    with detect_anomaly():
        assert grad(lambda x: F.where(x > 0, F.log(x), x))(0.0) == 1.0


def test_trace_source_names_the_users_line_of_a_derivatives_graph():
    roots = []

    def f(x):
        roots.append(grad(lambda y: x * y * y)(3.0))
        return roots[0] * x

    with trace_source():
        grad(f)(2.0)
    assert "test_transforms.py" in roots[0].source


def test_a_long_chain_has_derivatives_without_recursion():
    def f(x):
        y = x
        for _ in range(20_000):
            y = y * 1.00001
        return y * y

    assert grad(f)(1.0) == near(2 * 1.00001**40_000, 1e-10)
    assert jvp(f, (1.0,), (1.0,))[1] == near(2 * 1.00001**40_000, 1e-10)
    assert grad(grad(f))(1.0) == near(2 * 1.00001**40_000, 1e-10)


def test_the_cost_of_higher_orders_does_not_double_with_each_node():
    """Twelve shared squarings have 4096 paths; a sweep that walked paths would not end."""

    def f(x):
        for _ in range(12):
            x = x * x + 0.1 * x
        return x

    x = 0.9
    exact = mp.diff(lambda x: mp_iterate(x), x, 2)
    assert grad(grad(f))(x) == near(float(exact), CANCELLED)


def mp_iterate(x):
    for _ in range(12):
        x = x * x + mp.mpf(0.1) * x
    return x


# -- properties ----------------------------------------------------------------------------------


def scale_of(*numbers):
    return max(1.0, *map(abs, numbers))


@given(expressions(kinks=True), st.randoms(use_true_random=False))
def test_forward_is_reverse_is_the_finite_difference(expression, rng):
    point = list(expression.leaves)
    direction = [rng.uniform(-1, 1) for _ in point]
    gradient = grad(lambda xs: expression(*xs))(point)
    along = jvp(lambda xs: expression(*xs), (point,), (direction,))[1]
    terms = [g * d for g, d in zip(gradient, direction, strict=True)]
    assert abs(along - sum(terms)) <= CANCELLED * scale_of(*terms)
    difference = finite_difference(
        lambda t: expression(*[x + t * d for x, d in zip(point, direction, strict=True)]), 0.0
    )
    assume(difference.error <= 1e-6 * scale_of(*terms))  # a steep one may be hard to sample
    assert abs(along - difference.derivative) <= 1e-5 * scale_of(*terms)


@given(expressions())
def test_second_derivatives_are_symmetric_and_agree_with_hvp(expression):
    def f(xs):
        return expression(*xs)

    point = list(expression.leaves)
    full = hessian(f)(point)
    largest = scale_of(*[h for row in full for h in row])
    for i, j in itertools.combinations(range(len(point)), 2):
        assert abs(full[i][j] - full[j][i]) <= CANCELLED * largest
    vector = [1.0 + i for i in range(len(point))]
    product = hvp(f, (point,), (vector,))[0]
    for row, found in zip(full, product, strict=True):
        expected = sum(h * v for h, v in zip(row, vector, strict=True))
        assert abs(found - expected) <= CANCELLED * largest * len(point)


@settings(max_examples=30)
@given(expressions(size=4))
def test_third_derivatives_agree_however_they_are_taken(expression):
    x, *others = expression.leaves

    def f(x):
        return expression(x, *others)

    ways = [
        grad(grad(grad(f)))(x),
        by_jvp(by_jvp(by_jvp(f)))(x),
        by_jvp(grad(by_jvp(f)))(x),
        by_vjp(by_jvp(grad(f)))(x),
    ]
    assert max(ways) - min(ways) <= CANCELLED * 100 * scale_of(*ways)


def test_the_package_gives_the_transforms_at_its_top():
    for transform in (grad, value_and_grad, vjp, jvp, hvp, jacobian, hessian):
        assert getattr(autograd, transform.__name__) is transform


def test_a_place_named_twice_in_argnums_is_an_error() -> None:
    for argnums in ((0, 0), (1, -1)):
        with pytest.raises(ValueError, match="names an argument twice"):
            grad(lambda x, y: x * y, argnums)(2.0, 3.0)
    for argnums in ([0, 1], "x"):
        with pytest.raises(TypeError, match="an int or a tuple of ints"):
            grad(lambda x, y: x * y, argnums)(2.0, 3.0)


def test_a_nan_tangent_passes_and_two_tangents_of_one_value_do_not() -> None:
    assert math.isnan(jvp(lambda x: x * x, (1.0,), (math.nan,))[1])
    v = Value(2.0)
    assert jvp(lambda a, b: a * b, (v, v), (1.0, 1.0))[1] == 4.0
    with pytest.raises(ValueError, match="has one tangent"):
        jvp(lambda a, b: a * b, (v, v), (1.0, 2.0))
    with pytest.raises(ValueError, match="has one tangent"):
        grad(lambda p, q: jvp(lambda a, b: a * b, (v, v), (p, q))[1], (0, 1))(1.0, 1.0)


def test_an_input_that_does_not_move_adds_nothing_even_where_its_slope_is_infinite() -> None:
    assert jvp(lambda x, y: F.sqrt(x) + y, (0.0, 1.0), (0.0, 1.0))[1] == 1.0


def test_an_array_of_no_axes_is_one_number() -> None:
    gradient = grad(lambda x: x * x)(numpy.array(3.0))
    assert gradient.shape == ()
    assert gradient == 6.0


def test_the_hessian_of_a_cross_entropy_is_symmetric_for_an_unlikely_label() -> None:
    rows = hessian(lambda z: F.cross_entropy(z, 2))([30.0, 29.0, -20.0])
    p = F.softmax([30.0, 29.0, -20.0])
    assert rows[2][:2] == pytest.approx([-p[2] * p[0], -p[2] * p[1]], rel=1e-12)
    assert [row[2] for row in rows] == pytest.approx(rows[2], rel=1e-12)


@pytest.mark.parametrize("compiled", [False, True])
def test_the_mixed_derivatives_of_a_power_of_a_negative_number_are_nan_on_both_sides(
    compiled: bool,
) -> None:
    f = hessian(lambda p: F.pow(p[0], p[1]))
    for base, exponent in ((-2.0, 3.0), (-2.0, 2.0), (-0.5, -1.0)):
        [[by_base, mixed], row] = (jit(f) if compiled else f)([base, exponent])
        assert by_base == exponent * (exponent - 1.0) * base ** (exponent - 2.0)
        assert all(math.isnan(x) for x in (mixed, *row))


def test_the_hessian_of_a_power_is_symmetric_at_exponent_zero() -> None:
    rows = hessian(lambda x: x[0] ** x[1])([2.0, 0.0])
    assert rows[0][1] == rows[1][0] == 0.5
    assert grad(lambda x: x[0] ** x[1])([1e-320, 0.0])[0] == 0.0


def test_an_interrupted_transform_is_not_thought_to_be_running() -> None:
    def stop(x: Value) -> Value:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grad(stop)(1.0)
    assert not transforms.is_running()
