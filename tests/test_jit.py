"""A compiled function gives what the function gives, whatever it is called with and inside of."""

import collections
import copy
import functools
import gc
import math
import operator
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy
import pytest
from hypothesis import given, settings

import nn
from autograd import Value, jit, vmap
from autograd import functions as F
from autograd.entry import FRAMES_KEPT
from autograd.llvm.frame import Frame
from autograd.program import Program
from autograd.testing import expressions
from autograd.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from tests.programs import SPECIAL, agree, bits

ROUNDED = 1e-12  # relative: machine code may be 2 ulp off in each function, and sums reorder
FEW = settings(max_examples=max(5, settings().max_examples // 10))  # each is compiled
GRID = numpy.array([[1.0, 2.0, -3.0], [0.5, -0.25, 4.0]])
ROW = numpy.linspace(-1.0, 1.0, 5)
MANY = 8192  # lanes, from where an array is read where it lies


def both_agree(f: Callable[..., Any], *args: Any) -> None:
    agree(jit(f)(*args), f(*args), ROUNDED)


class Counted:
    """A function that knows how often it was called: a compiled one is called to be traced."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f, self.calls = f, 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return self.f(*args, **kwargs)


def polynomial(x: Any) -> Any:
    return x * x * x - 2.0 * x


# -- what goes in and what comes out -------------------------------------------------------------


@dataclass
class Line:
    slope: Any
    shift: Any
    name: str = "line"
    changes: int = 0  # no count of assignments, as a module's is


@dataclass(frozen=True)
class Fixed:
    x: Any


@dataclass(slots=True)
class Slotted:
    x: Any
    rest: Any


class Point(NamedTuple):
    x: Any
    changes: Any


class Labelled(Value):
    pass


TREES: dict[str, tuple[Callable[..., Any], Any]] = {
    "a number": (polynomial, 2.0),
    "an int": (polynomial, 2),
    "a bool of NumPy": (lambda x: x * 1.5, numpy.bool_(True)),
    "a fraction": (lambda x: x * 1.0, Fraction(1, 3)),
    "a scalar of NumPy": (polynomial, numpy.float32(0.5)),
    "a Value": (polynomial, Value(2.0)),
    "a subclass of Value": (polynomial, Labelled(2.0)),
    "a list": (lambda p: [p[1] * p[0], p[0]], [2.0, 3.0]),
    "a tuple": (lambda p: (p[1], p), (2.0, (3.0,))),
    "a dict": (lambda p: {"y": p["a"] * p["b"], "x": p}, {"b": 2.0, "a": Value(3.0)}),
    "an ordered dict": (lambda p: p, collections.OrderedDict(b=2.0, a=3.0)),
    "a named tuple": (lambda p: Point(p.changes, p.x * 2.0), Point(2.0, 3)),
    "a dataclass": (
        lambda p: Line(p.slope * 2.0, [p.shift[0]], changes=p.changes),
        Line(2.0, [3.0], changes=4),
    ),
    "a frozen dataclass": (lambda p: Fixed(p.x * 2.0), Fixed(2.0)),
    "a dataclass with slots": (lambda p: Slotted([p.x, 1.5], p.rest), Slotted(2.0, (3.0, "s"))),
    "None and text": (lambda p: [p[0] * 2.0, p[1], p[2]], [2.0, None, "text"]),
    "a function": (lambda p: p[1](p[0]), [2.0, polynomial]),
    "nothing that counts": (lambda p: 1.5, [2.0]),
    "an array": (lambda a: a * 2.0, GRID),
    "an array of objects": (lambda a: a * 2.0, numpy.array([Value(1.0), 2.5], dtype=object)),
    "an array without axes": (lambda a: a * 2.5, numpy.array(3.0)),
    "an empty array": (lambda a: a * 2.0, numpy.zeros((0, 3))),
    "arrays in a dict": (lambda p: {"z": p["a"] @ p["b"]}, {"a": GRID, "b": GRID.T}),
}


@pytest.mark.parametrize(("f", "argument"), TREES.values(), ids=TREES.keys())
def test_arguments_and_results_may_be(f: Any, argument: Any):
    both_agree(f, argument)


def test_numbers_come_back_as_floats_and_truths_as_bools():
    y, is_positive, rest = jit(lambda x: (x, x > 0, [3, None, "s", True]))(Value(2.0))
    assert type(y) is float
    assert is_positive is True
    assert rest == [3.0, None, "s", True]
    assert type(jit(lambda a: a * 1.0)(ROW)) is numpy.ndarray
    assert jit(lambda a: a > 0.0)(ROW).dtype == bool


DTYPES = "float64 float32 float16 longdouble int64 int8 uint64 bool >f8 <i2".split()


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_array_may_be_of_any_real_type(dtype: str):
    array = numpy.array([[0, 1, 1], [1, 0, 1]]).astype(dtype)
    expected = numpy.array([[0.0, 2.5, 2.5], [2.5, 0.0, 2.5]])
    assert (jit(lambda a: a * 2.5)(array) == expected).all()
    assert (jit(vmap(lambda a: a[0] - a[2]))(array) == [-1.0, 0.0]).all()


LAYOUTS: dict[str, Any] = {
    "by rows": GRID,
    "by columns": numpy.asfortranarray(GRID),
    "turned": GRID.T,
    "with gaps": numpy.arange(48.0).reshape(4, 12)[::2, 1::3],
    "backwards": GRID[::-1, ::-1],
    "broadcast": numpy.broadcast_to(numpy.array([1.0, 2.0]), (3, 2)),
}


@pytest.mark.parametrize("array", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_an_array_may_lie_in_any_way(array: Any):
    both_agree(lambda a: a * a[0], array)
    both_agree(vmap(lambda a: [a[0] * a[1], a]), array)
    both_agree(vmap(lambda a: F.dot(a, a), 1), array)


@given(expressions(kinks=True))
@FEW
def test_a_random_expression_and_its_gradient_come_out(expression: Any):
    def f(leaves: Any) -> Any:
        return value_and_grad(lambda v: expression(*v))(leaves)

    both_agree(f, list(expression.leaves))


def test_what_is_exactly_rounded_has_the_bits_of_the_eager_number():
    def f(x: Any, y: Any) -> Any:
        chosen = [F.where(x > y, x, y), F.maximum(x, y), F.minimum(x, y), F.relu(x), abs(x)]
        return [x + y, x - y, x * y, x / y, -x, F.sqrt(x), F.dot([x, y, x], [y, y, x]), *chosen]

    compiled = jit(f)
    for a in SPECIAL:
        for b in SPECIAL:
            eager = [y.data for y in f(Value(a), Value(b))]
            assert bits(compiled(a, b)) == bits(eager), (a, b)


# -- how it is called ----------------------------------------------------------------------------


def test_arguments_may_be_given_by_name_and_left_out():
    compiled = jit(lambda a, b=5.0, *, c=1.0: a - b * c)
    assert compiled(1.0) == -4.0
    assert compiled(1.0, 2.0) == compiled(1.0, b=2.0) == compiled(b=2.0, a=1.0) == -1.0
    assert compiled(1.0, c=3.0, b=2.0) == compiled(1.0, b=2.0, c=3.0) == -5.0
    assert jit(lambda *xs: xs[0] - xs[1])(1.0, 3.0) == -2.0
    assert jit(lambda **named: named["a"] - named["b"])(b=3.0, a=1.0) == -2.0
    assert jit(lambda: 2.5)() == 2.5


def test_a_static_argument_is_known_while_tracing():
    power = Counted(lambda x, n, shift=0.0: x**n + shift)
    functools.update_wrapper(power, power.f)
    compiled = jit(power, static=("n",))
    assert compiled(2.0, 3) == compiled(2.0, n=3) == compiled(n=3, x=2.0) == 8.0
    assert compiled(2.0, 3, 1.0) == compiled(2.0, 3, shift=1.0) == 9.0
    before = power.calls
    assert compiled(5.0, 3) == 125.0
    assert power.calls == before
    assert compiled(2.0, 5) == 32.0
    assert power.calls == before + 1
    assert jit(lambda n, x: x**n, static=("n",))(3, 2.0) == 8.0


def test_a_static_argument_is_compared_as_it_was_when_it_was_traced():
    compiled = jit(lambda x, ns: x * sum(ns), static=("ns",))
    ns = [1, 2]
    assert compiled(2.0, ns) == 6.0
    ns.append(3)
    assert compiled(2.0, ns) == 12.0
    array = numpy.array([1, 2])
    assert compiled(2.0, array) == 6.0
    assert compiled(2.0, array.copy()) == 6.0
    array[0] = 5
    assert compiled(2.0, array) == 14.0


def test_a_compiled_function_looks_like_the_function():
    @jit
    def cube(x: float) -> float:
        """x³."""
        return x**3

    assert cube.__name__ == "cube"
    assert cube.__doc__ == "x³."
    assert "cube for 0 structures" in repr(cube)
    cube(2.0)
    assert "cube for 1 structures" in repr(cube)
    assert jit(functools.partial(lambda a, b: a * b, 2.0))(3.0) == 6.0
    assert jit(F.exp)(0.0) == 1.0


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "no function": (lambda: jit(3), TypeError, "compiles a function, not int 3"),
    "no threads": (lambda: jit(F.exp, threads=0), ValueError, "whole number from 1 on"),
    "half a thread": (lambda: jit(F.exp, threads=1.5), ValueError, "whole number from 1 on"),
    "a name for names": (lambda: jit(F.exp, static="n"), TypeError, r"a tuple of names"),
    "an unknown name": (
        lambda: jit(lambda x: x, static=("n",))(1.0),
        ValueError,
        r"static names \['n'\], but the arguments are \['x'\]",
    ),
    "a complex number": (lambda: jit(lambda x: x)(1j), TypeError, "not complex"),
    "a set": (lambda: jit(lambda x: x)({1.0}), TypeError, "not set"),
    "a set for a result": (lambda: jit(lambda x: {x})(1.0), TypeError, "dict or set"),
    "an int too large": (lambda: jit(lambda x: x)(10**400), OverflowError, "too large"),
    "a condition": (lambda: jit(lambda x: 1.0 if x > 0 else 2.0)(1.0), TypeError, "where"),
    "a float": (lambda: jit(math.exp)(1.0), TypeError, "where"),
    "too many arguments": (lambda: jit(lambda x: x)(1.0, 2.0), TypeError, "takes 1 positional"),
    "different numbers of samples": (
        lambda: jit(vmap(lambda x, y: x * y))(ROW, ROW[:3]),
        ValueError,
        r"one number of samples.*\[3, 5\]",
    ),
    "no samples": (lambda: jit(vmap(lambda x: x))(ROW[:0]), ValueError, r"at least 1, not \[0\]"),
    "an index out of range": (
        lambda: jit(lambda x, i: F.take([x, x], i))(1.0, 2),
        IndexError,
        "whole number",
    ),
    "an error of its own": (lambda: jit(lambda x: {}["key"])(1.0), KeyError, "key"),
}


@pytest.mark.parametrize(("call", "error", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(call: Any, error: Any, message: str):
    with pytest.raises(error, match=message):
        call()


def test_an_error_leaves_the_function_as_it_was():
    compiled = jit(lambda x, i: F.take([x, x * x], i))
    assert compiled(3.0, 1) == 9.0
    with pytest.raises(IndexError):
        compiled(3.0, 5)
    with pytest.raises(TypeError):
        compiled(3.0, {1})
    assert compiled(3.0, 0) == 3.0


# -- one trace for each structure ----------------------------------------------------------------


def test_a_function_is_traced_once_for_each_structure():
    f = Counted(lambda p: p["w"][0] * p["b"])
    compiled = jit(f)
    for w in ([1.0, 2.0], [4, 5], [Value(1.0), Fraction(1, 2)]):
        assert compiled({"w": w, "b": 3.0}) == 3.0 * float(getattr(w[0], "data", w[0]))
    assert f.calls == 1
    compiled({"w": [1.0], "b": 3.0})
    compiled({"w": (1.0, 2.0), "b": 3.0})
    assert f.calls == 3
    compiled({"w": [7.0, 8.0], "b": 9.0})
    assert f.calls == 3


def test_what_is_structure_is_told_apart():
    f = Counted(lambda x, flag: x if flag in (True, "a", None) else -x)
    compiled = jit(f)
    for flag, sign in [(True, 1.0), (False, -1.0), ("a", 1.0), ("b", -1.0), (None, 1.0)] * 2:
        assert compiled(2.0, flag) == 2.0 * sign
    assert f.calls == 5
    names = numpy.array(["a", "b"])
    assert compiled(2.0, [names]) == compiled(2.0, [names.copy()]) == -2.0
    assert f.calls == 6


def test_another_number_of_samples_needs_no_other_trace():
    f = Counted(lambda w, xs: vmap(lambda x: F.dot(w, x), reduce="mean")(xs))
    compiled = jit(f)
    for count in (1, 2, 7, 8, 9, 100, 3, 1025, 2):
        xs = numpy.arange(3.0 * count).reshape(count, 3)
        agree(compiled([1.0, 2.0, 3.0], xs), float((xs @ [1.0, 2.0, 3.0]).mean()), ROUNDED)
    assert f.calls == 1
    compiled([1.0, 2.0], numpy.ones((4, 2)))
    assert f.calls == 2


def test_an_unrolled_array_of_another_shape_is_another_trace():
    f = Counted(lambda a: sum(a))
    compiled = jit(f)
    assert compiled(numpy.arange(3.0)) == compiled(numpy.array([1, 2, 0])) == 3.0
    assert f.calls == 1
    assert compiled(numpy.arange(4.0)) == 6.0
    assert f.calls == 2
    shaped = Counted(lambda a: vmap(lambda x: x * a.shape[0])(a))
    compiled = jit(shaped)
    assert compiled(numpy.ones(2)).tolist() == [2.0, 2.0]
    assert compiled(numpy.ones(3)).tolist() == [3.0, 3.0, 3.0]
    assert shaped.calls == 2


# -- Values and modules --------------------------------------------------------------------------


def test_a_value_at_two_places_is_one_variable():
    f = grad(lambda p: p[0] * p[1] ** 2 + p[2])
    w, v = Value(2.0), Value(5.0)
    compiled = jit(f)
    assert compiled([w, v, v]) == f([w, v, v]) == [25.0, 21.0, 21.0]
    assert compiled([w, w, v]) == f([w, w, v]) == [12.0, 12.0, 1.0]
    assert compiled([Value(2.0), Value(2.0), v]) == [4.0, 8.0, 1.0]
    assert compiled([2.0, 2.0, 2.0]) == [4.0, 8.0, 1.0]
    both = grad(lambda a, b: a * b**2, (0, 1))
    assert jit(both)(w, w) == both(w, w) == (12.0, 12.0)
    assert jit(grad(lambda a, b: a * b**2))(w, w) == 4.0


def test_the_same_array_twice_is_two_arguments():
    both_agree(grad(lambda a, b: (a * b).sum()), GRID, GRID)


def model() -> nn.MLP:
    return nn.MLP(2, [3, 1], activation="tanh", seed=0)


def square(model: Any, x: Any) -> Any:
    return model(x)[0] ** 2


def test_the_gradient_of_a_module_is_a_module():
    network = model()
    compiled = jit(value_and_grad(square))
    value, gradient = compiled(network, [1.0, 2.0])
    assert type(gradient) is nn.MLP
    agree((value, gradient), value_and_grad(square)(network, [1.0, 2.0]), ROUNDED)
    assert all(p.grad == 0.0 for p in network.parameters())


def test_a_module_is_read_as_it_is_at_each_call():
    f = Counted(square)
    compiled = jit(f)
    network = model()

    def check() -> None:
        assert compiled(network, [1.0, 2.0]) == pytest.approx(square(network, [1.0, 2.0]).data)

    check()
    network.parameters()[0].data = 3.0
    check()
    network.layers[0].neurons[1].bias = Value(-4.0)
    check()
    network = copy.deepcopy(network)
    check()
    assert f.calls == 1
    network.layers[1].neurons[0].bias = network.layers[0].neurons[0].bias
    check()
    assert f.calls == 2  # two places of one Value are another structure


class Scaled(nn.Module):
    """A module with a setting, a dict of children, and perhaps a Value at two places."""

    def __init__(self, factor: float, shared: bool = False) -> None:
        self.factor = factor
        first = Value(2.0)
        self.terms = {"a": first, "b": first if shared else Value(5.0)}

    def __call__(self, x: Any, masks: Any = None) -> list[Any]:
        return [self.factor * self.terms["a"] * x + self.terms["b"]]


def test_a_setting_of_a_module_is_structure():
    f = Counted(lambda m, x: m(x)[0])
    compiled = jit(f)
    module = Scaled(3.0)
    assert compiled(module, 1.0) == 11.0
    module.factor = 4.0
    assert compiled(module, 1.0) == 13.0
    assert f.calls == 2
    module.terms["a"] = Value(10.0)  # in place, of which the module hears nothing
    assert compiled(module, 1.0) == 45.0
    assert f.calls == 2


def test_a_dataclass_is_read_as_it_is_at_each_call():
    compiled = jit(lambda line: line.slope * 2.0)
    line = Line(2.0, 0.0)
    assert compiled(line) == 4.0
    line.slope = 5.0
    assert compiled(line) == 10.0


# -- inside and around one another ---------------------------------------------------------------

TRANSFORMED: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "grad": (grad(polynomial), (2.0,)),
    "grad of grad of grad": (grad(grad(grad(lambda x: F.exp(x) * F.sin(x)))), (0.5,)),
    "value and grad by two": (
        value_and_grad(lambda p, x: (p["w"] * x + p["b"]) ** 2, (0, 1)),
        ({"w": 2.0, "b": 1.0}, 3.0),
    ),
    "grad by an array": (grad(lambda a: (a * a[0]).sum()), (GRID,)),
    "jacobian": (jacobian(lambda p: {"a": p[0] * p[1], "b": [p[0]]}), ([2.0, 3.0],)),
    "jacobian of an array": (jacobian(lambda a: a * a[0]), (ROW,)),
    "hessian": (hessian(lambda p: F.exp(p[0]) * p[1] ** 2), ([0.5, 3.0],)),
    "hessian of an array": (hessian(lambda a: (a[1:] * a[:-1] ** 2).sum()), (ROW,)),
    "jvp": (lambda x, t: jvp(lambda v: [v * v, F.exp(v)], (x,), (t,)), (2.0, 0.5)),
    "hvp": (lambda x, t: hvp(lambda v: v[0] ** 3 * v[1], (x,), (t,)), ([2.0, 1.0], [1.0, 0.5])),
    "vjp": (lambda x, c: vjp(lambda v: [v * v, F.exp(v)], x)[1](c), (2.0, [1.0, 0.5])),
    "a choice": (grad(lambda x: F.where(x > 1.0, F.log(x - 1.0), 0.0) * x), (0.5,)),
    "no dependence": (grad(lambda x: 3.0), (0.5,)),
    "the root of nothing": (grad(lambda x: F.where(x > 0.0, F.sqrt(x), x)), (0.0,)),
}


@pytest.mark.parametrize(("f", "args"), TRANSFORMED.values(), ids=TRANSFORMED.keys())
def test_transforms_compile(f: Any, args: Any):
    both_agree(f, *args)


def test_a_transform_of_a_compiled_function_is_that_of_the_function():
    f = jit(polynomial)
    assert f(2.0) == 4.0
    assert grad(f)(2.0) == 10.0
    assert grad(grad(f))(2.0) == 12.0
    assert jvp(f, (2.0,), (3.0,)) == (4.0, 30.0)
    assert vjp(f, 2.0)[1](2.0) == (20.0,)
    assert jacobian(lambda p: [f(p[0]), p[1]])([2.0, 5.0]) == [[10.0, 0.0], [0.0, 1.0]]
    assert vmap(f)([2.0, 3.0]) == [4.0, 21.0]
    assert vmap(grad(f))(numpy.array([2.0, 3.0])).tolist() == [10.0, 25.0]


def test_a_compiled_function_inside_a_compiled_one_becomes_part_of_it():
    f = Counted(polynomial)
    inner = jit(f)
    assert jit(lambda x: inner(x) + inner(2.0 * x))(1.0) == 3.0
    assert f.calls == 2
    assert jit(grad(lambda x: inner(x) * inner(2.0)))(2.0) == 40.0
    assert jit(vmap(lambda x: x * inner(2.0)))(ROW).tolist() == (4.0 * ROW).tolist()
    assert jit(lambda xs: vmap(lambda x: x * jit(grad(polynomial))(2.0))(xs))(ROW).tolist() == (
        (10.0 * ROW).tolist()
    )
    assert inner(2.0) == 4.0


def test_an_array_argument_keeps_its_lanes_on_the_way_into_an_inner_function():
    outer = Counted(jit(lambda xs: vmap(lambda x: x * x, reduce="sum")(xs)))
    compiled = jit(outer)
    for count in (2, 5, 100):
        assert compiled(numpy.ones(count)) == count
    assert outer.calls == 1


def test_a_compiled_function_may_close_over_the_variable_of_a_transform():
    def f(x: Any) -> Any:
        return jit(lambda y: x * y**2)(3.0)

    assert f(2.0) == 18.0
    assert grad(f)(2.0) == 9.0
    assert jit(f)(2.0) == 18.0
    assert jit(grad(f))(2.0) == 9.0
    assert jit(vmap(f))(ROW).tolist() == (9.0 * ROW).tolist()
    held: list[Any] = []
    bound = jit(lambda y: held[0] * y)

    def binds(x: Any) -> Any:
        held.append(x)
        return bound.bind(3.0)

    with pytest.raises(TypeError, match="give it to f as an argument"):
        grad(binds)(2.0)


def test_a_function_is_compiled_inside_a_transform_where_it_uses_nothing_of_it():
    def compiles(x: Any) -> Any:
        bound = jit(lambda a: [a * a, 2.0]).bind(3.0)
        bound()
        assert bound.result() == [9.0, 2.0]
        return x * x

    assert grad(compiles)(5.0) == 10.0


def test_a_compiled_function_may_call_itself():
    @functools.partial(jit, static=("n",))
    def power(x: Any, n: int) -> Any:
        return x if n == 1 else x * power(x, n - 1)

    assert power(2.0, 10) == 1024.0


def test_a_value_from_outside_is_a_constant():
    w = Value(3.0)
    compiled = jit(lambda x: w * x)
    assert compiled(2.0) == 6.0
    w.data = 5.0
    assert compiled(2.0) == 6.0


def test_a_value_that_outlived_its_trace_is_refused():
    kept: list[Any] = []
    jit(lambda x: kept.append(x * 2.0) or x)(1.0)
    with pytest.raises(ValueError, match="belongs to another trace"):
        jit(lambda x: x + kept[0])(1.0)
    with pytest.raises(TypeError, match="where"):
        float(kept[0])


# -- over lanes ----------------------------------------------------------------------------------


def hinge(model: Any, x: Any, target: Any) -> Any:
    return nn.hinge(model(x), target)


@pytest.mark.parametrize("count", [1, 7, 8, 100, 1025])
def test_a_training_step_is_that_of_the_loop(count: int):
    network = model()
    rng = numpy.random.default_rng(0)
    points, targets = rng.normal(size=(count, 2)), rng.choice([-1.0, 1.0], count)

    def objective(model: Any, points: Any, targets: Any) -> Any:
        mean = vmap(hinge, (None, 0, 0), "mean")(model, points, targets)
        weights = model.parameters()
        return mean + 1e-3 * F.dot(weights, weights)

    both_agree(value_and_grad(objective), network, points, targets)


def test_labels_choose_among_logits():
    network = nn.MLP(2, [4, 3], activation="relu", seed=1)
    loss = vmap(lambda m, x, t: nn.cross_entropy(m(x), t), (None, 0, 0), "mean")
    points = numpy.random.default_rng(0).normal(size=(20, 2))
    both_agree(value_and_grad(loss), network, points, numpy.arange(20) % 3)
    with pytest.raises(IndexError, match="whole number"):
        jit(loss)(network, points, numpy.arange(20))


STACKED: dict[str, Callable[..., Any]] = {
    "a number": vmap(lambda x: x * 2.0),
    "a tree": vmap(lambda x: [x, {"s": (x * x, 3.0)}]),
    "an array": vmap(lambda x: numpy.array([[x, x * x], [1.0, x]], dtype=object)),
    "an array of the same for all": vmap(lambda x: numpy.array([2.0, 3.0])),
    "a dataclass": vmap(lambda x: Line(x, [x * x], "named")),
    "beside numbers": lambda xs: [vmap(lambda x: x * x)(xs), xs[0] * 2.0, "text"],
    "a vmap in a vmap": lambda xs: vmap(lambda x: vmap(lambda z: x - z)(xs))(xs),
    "gradients": vmap(grad(lambda x: x**3)),
    "a choice": vmap(grad(lambda x: F.where(x > 0.5, F.log(x - 0.5), 0.0) * x)),
    "a mean, and how far each is from it": lambda xs: vmap(
        lambda x: x - vmap(lambda z: z, reduce="mean")(xs)
    )(xs),
}


@pytest.mark.parametrize("f", STACKED.values(), ids=STACKED.keys())
def test_what_vmap_stacks_comes_back_as_arrays(f: Any):
    both_agree(f, ROW)


def test_results_are_the_caller_s_own():
    compiled = jit(lambda a: [a * 2.0, vmap(lambda x: x + 1.0)(a)])
    first = compiled(ROW)
    kept = copy.deepcopy(first)
    compiled(ROW + 1.0)
    agree(first, kept, ROUNDED)
    first[0][:] = 7.0
    agree(compiled(ROW), kept, ROUNDED)


def test_a_long_array_is_read_anew_at_each_call():
    compiled = jit(vmap(lambda x: x * 2.0))
    array = numpy.arange(float(MANY))
    for xs in (
        array,
        array.astype(numpy.float32) + 1.0,
        numpy.arange(2.0 * MANY)[::2],
        array.astype(">f8") + 3.0,
        array[::-1],
        array + 1.0,
    ):
        assert (compiled(xs) == 2.0 * xs).all()
    array[:] = 5.0
    assert (compiled(array) == 10.0).all()
    array[:] = 6.0
    assert (compiled(numpy.ones(MANY, dtype=int)) == 2.0).all()


def test_buffers_are_kept_for_the_last_few_lengths_alone():
    def living() -> int:
        return sum(isinstance(x, Frame) for x in gc.get_objects())

    compiled, before = jit(vmap(polynomial)), living()
    for length in range(1, 50):
        compiled(numpy.ones(length))
    assert living() - before == FRAMES_KEPT


def test_threads_share_the_lanes_with_the_same_bits():
    def f(w: Any, xs: Any) -> Any:
        return value_and_grad(lambda w: vmap(lambda x: F.tanh(w * x), reduce="sum")(xs))(w)

    xs = numpy.random.default_rng(0).normal(size=20_000)
    alone, shared = jit(f)(0.5, xs), jit(f, threads=2)(0.5, xs)
    assert bits(alone) == bits(shared)
    agree(alone[0], float(numpy.tanh(0.5 * xs).sum()), ROUNDED)


def test_fast_mathematics_gives_the_numbers_but_for_rounding():
    both_agree(lambda x: F.exp(x) * 3.0 + x, 2.0)
    agree(jit(polynomial, fastmath=True)(2.0), polynomial(2.0), ROUNDED)


# -- arrays while tracing ------------------------------------------------------------------------

ON_ARRAYS: dict[str, Callable[[Any], Any]] = {
    "indexing": lambda a: [a[0, 1], a[1], a[:, 1:], a[-1, ::-1], a[None].shape[0] * a[0]],
    "a mask": lambda a: a[numpy.array([True, False])],
    "iterating": lambda a: [x for row in a for x in row],
    "unpacking": lambda a: (lambda first, second: first * second)(*a),
    "the length": lambda a: a * len(a) * a.shape[1] * a.ndim * a.size,
    "matrix products": lambda a: [a @ a.T, a @ numpy.ones(3), numpy.ones((4, 2)) @ a, a.T @ a],
    "numbers on the right": lambda a: [a + 1, a - 2.0, a * 3, a / 4.0, a**2, a % 2.0, a // 2.0],
    "numbers on the left": lambda a: [1 + a, 2.0 - a, 3 * a, 4.0 / a, 2.0**a, 7.0 % a, 7.0 // a],
    "arrays on the right": lambda a: [a + GRID, a - GRID, a * GRID[0], a / GRID],
    "arrays on the left": lambda a: [GRID + a, GRID - a, GRID[0] * a, GRID / a],
    "a list on the left": lambda a: operator.add([1.0, 2.0, 3.0], a),
    "itself": lambda a: [a + a, a * a, a - a[0], a / a.T[0, 0]],
    "a Value": lambda a: [Value(2.0) * a, a - Value(2.0)],
    "a scalar of NumPy": lambda a: numpy.float64(2.0) * a - numpy.int64(3),
    "signs": lambda a: [-a, +a, abs(a)],
    "functions": lambda a: [numpy.exp(a), numpy.tanh(a), numpy.abs(a), numpy.arctan(a)],
    "two arrays": lambda a: [numpy.power(a, 2), numpy.add(1.0, a), numpy.hypot(a, 1.0)],
    "sums": lambda a: [a.sum(), a.sum(axis=0), a.mean(), numpy.sum(a), numpy.add.reduce(a)],
    "products": lambda a: [a.prod(), numpy.dot(a, a.T), numpy.outer(a[0], a[1])],
    "shapes": lambda a: [a.T, a.ravel(), a.reshape(3, 2), numpy.concatenate([a, a]), a.copy()],
    "comparing": lambda a: [a > 1.0, numpy.ones(3) >= a, a == a, a != GRID, (a > 0.0) & ~(a > 2.0)],
    "comparing with a Value": lambda a: [a > Value(1.0), Value(1.0) <= a],
    "returning it": lambda a: a,
    "assigning": lambda a: (a := a + 1.0, a * 2.0),
}


@pytest.mark.parametrize("f", ON_ARRAYS.values(), ids=ON_ARRAYS.keys())
def test_arrays_are_traced_through(f: Any):
    both_agree(f, GRID)


def test_what_needs_the_numbers_of_an_array_is_refused():
    for f in (
        lambda a: 1.0 if a else 2.0,
        lambda a: a.astype(float),
        lambda a: numpy.where(a > 0.0, a, 0.0),
        lambda a: numpy.maximum(a, 0.0),
        lambda a: numpy.argmax(a),
        lambda a: 1.0 in a,
        lambda a: [1.0, 2.0][a[0, 0]],
    ):
        with pytest.raises(TypeError, match=r"no value while tracing.*(where|take)"):
            jit(f)(GRID)


# -- bound ---------------------------------------------------------------------------------------


def test_a_bound_call_computes_in_its_buffers():
    bound = jit(value_and_grad(lambda p, x: p[0] * x + p[1] ** 2)).bind([2.0, 3.0], 5.0)
    bound()
    assert (bound.value, bound.gradient.tolist()) == (19.0, [5.0, 6.0])
    assert bound.parameters.tolist() == [2.0, 3.0]
    parameters, gradient = bound.parameters, bound.gradient
    parameters[:] = [4.0, 1.0]
    bound()
    assert (bound.value, gradient.tolist()) == (21.0, [5.0, 2.0])
    assert bound.result() == (21.0, [5.0, 2.0])


def test_the_gradient_alone_is_a_gradient_too():
    bound = jit(grad(lambda p: p[0] * p[1])).bind([2.0, 3.0])
    bound()
    assert bound.gradient.tolist() == [3.0, 2.0]
    bound = jit(grad(polynomial)).bind(2.0)
    bound()
    assert bound.gradient.tolist() == [10.0]


def test_pull_and_push_are_where_values_and_buffers_meet():
    network = model()
    points = numpy.ones((4, 2))
    step = jit(value_and_grad(lambda m, xs: vmap(square, (None, 0), "mean")(m, xs)))
    bound = step.bind(network, points)
    assert bound.parameters.tolist() == [p.data for p in network.parameters()]
    network.parameters()[0].data = 0.25
    bound()
    assert bound.value != step(network, points)[0]
    bound.pull()
    bound()
    assert (bound.value, bound.parameters[0]) == (step(network, points)[0], 0.25)
    bound.parameters -= 0.1 * bound.gradient
    before = [p.data for p in network.parameters()]
    assert before != bound.parameters.tolist()
    bound.push()
    assert [p.data for p in network.parameters()] == bound.parameters.tolist()
    value, gradient = bound.result()
    assert value == bound.value
    assert gradient.layers[0].neurons[0].weights[0] == bound.gradient[0]


def test_push_writes_the_first_argument_only():
    weight, rate = Value(1.0), Value(0.5)
    array, fixed = numpy.array([1.0, 2.0]), numpy.array([3.0, 4.0])
    fixed.flags.writeable = False
    bound = jit(lambda p, rate, a: p[0] * rate * a[0]).bind([weight], rate, fixed)
    rate.data = 9.0
    bound.parameters[0] = 4.0
    bound.push()
    assert (weight.data, rate.data) == (4.0, 9.0)
    bound = jit(lambda a, b: a[0] * b[0]).bind(array, fixed)
    bound.parameters[:] = [7.0, 8.0]
    bound.push()
    assert array.tolist() == [7.0, 8.0]


def test_the_parameters_are_those_of_all_arrays_in_order():
    arrays = {"w": numpy.array([[1.0, 2.0]]), "b": numpy.array([3.0])}
    bound = jit(value_and_grad(lambda p: p["w"][0, 0] * p["w"][0, 1] * p["b"][0])).bind(arrays)
    bound()
    assert bound.parameters.tolist() == [1.0, 2.0, 3.0]
    assert bound.gradient.tolist() == [6.0, 3.0, 2.0]
    with pytest.raises(TypeError, match="numbers and Values, or arrays, but not both"):
        jit(lambda p: p["w"][0] * p["b"]).bind({"w": numpy.ones(2), "b": 3.0})


def test_a_value_at_two_places_is_one_parameter_with_one_gradient():
    module = Scaled(3.0, shared=True)
    bound = jit(value_and_grad(lambda m, x: m(x)[0] ** 2)).bind(module, 1.0)
    bound()
    assert bound.parameters.tolist() == [2.0] == [p.data for p in module.parameters()]
    assert bound.gradient.tolist() == [64.0]
    w, v = Value(2.0), Value(3.0)
    for f in (grad, value_and_grad):
        bound = jit(f(lambda p: p[0] * p[1] ** 2 * p[2])).bind([w, w, v])
        bound()
        assert bound.gradient.tolist() == [36.0, 8.0]
        agree(bound.result(), f(lambda p: p[0] * p[1] ** 2 * p[2])([w, w, v]), ROUNDED)


def test_what_is_mapped_lies_in_rows_of_lanes():
    f = jit(lambda xs, ys: vmap(lambda x, y: x * y)(xs, ys))
    bound = f.bind(numpy.arange(float(MANY)), numpy.full(MANY, 2.0))
    bound()
    assert bound.lane_outputs.tolist() == [[2.0 * i for i in range(MANY)]]
    bound.lane_inputs[1] = 3.0
    bound()
    assert bound.result().tolist() == [3.0 * i for i in range(MANY)]


# -- what it is made of --------------------------------------------------------------------------


def test_the_programs_before_and_after_can_be_looked_at():
    compiled = jit(lambda w, xs: vmap(lambda x: w * x * 1.0, reduce="sum")(xs))
    traced, simplified = compiled.trace(2.0, ROW), compiled.program(2.0, ROW)
    assert isinstance(traced, Program)
    assert len(traced.instructions) == 3
    assert str(simplified).splitlines() == [
        "input    %0 = w",
        "input    %1* = xs",
        "%2* = multiply %0 %1*",
        "%3 = lane_sum %2*",
        "output   %3",
    ]


def test_inputs_bear_the_names_of_arguments_and_values():
    program = jit(lambda p, a, x: p[0] * p[1] * a[1] * x).trace(
        [Value(1.0, "w"), 2.0], ROW[:2], 3.0
    )
    assert program.inputs == ("w", "p[1]", "x", "a[0]", "a[1]")


# -- several threads -----------------------------------------------------------------------------


def in_threads(work: Callable[[int], None], count: int = 6) -> None:
    errors: list[BaseException] = []

    def guarded(i: int) -> None:
        try:
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_threads_that_call_at_once_get_their_own_numbers():
    f = Counted(lambda w, xs: vmap(lambda x: w * x, reduce="sum")(xs))
    compiled = jit(f)

    def work(i: int) -> None:
        for count in range(1, 60):
            assert compiled(float(i), numpy.ones(count)) == i * count

    in_threads(work)
    assert f.calls == 1


def test_a_thread_that_traces_leaves_the_others_alone():
    def work(i: int) -> None:
        for _ in range(3):
            f = jit(lambda xs: vmap(grad(lambda x: x**2 * float(i)))(xs))
            assert f(ROW).tolist() == (2.0 * i * ROW).tolist()
            assert grad(polynomial)(2.0) == 10.0
            assert vmap(grad(polynomial))([2.0]) == [10.0]

    in_threads(work)


@pytest.mark.parametrize("count", range(1, 30))
def test_a_dot_of_any_length_with_a_bias_is_the_eager_one_in_lanes_and_without(count: int) -> None:
    ws = [0.1 * i - 0.7 for i in range(count)]
    X = numpy.random.default_rng(0).normal(size=(11, count))

    def neuron(ws: Any, b: Any, x: Any) -> Any:
        return F.dot(ws, x, b)

    assert jit(neuron)(ws, 0.3, X[0]) == neuron(ws, 0.3, X[0])
    lanes = vmap(neuron, in_axes=(None, None, 0))
    assert jit(lanes)(ws, 0.3, X).tolist() == lanes(ws, 0.3, X).tolist()
    of_lanes = vmap(neuron, in_axes=(0, 0, 0))
    assert jit(of_lanes)(X, X[:, 0], X).tolist() == of_lanes(X, X[:, 0], X).tolist()


# -- what may not go wrong quietly ----------------------------------------------------------------


def test_a_dict_or_set_cannot_look_up_what_has_no_number() -> None:
    with pytest.raises(TypeError, match="use take"):
        jit(lambda i: {0: 1.0, 1: 3.0}.get(i, 7.0))(1.0)


def test_inside_a_transform_a_compiled_function_sees_what_it_closes_over() -> None:
    factor = [Value(3.0)]
    scaled = jit(lambda x: x * factor[0])
    assert scaled(2.0) == 6.0

    def loss(w: Any) -> Any:
        factor[0] = w
        return scaled(2.0)

    assert grad(loss)(3.0) == 2.0


def test_static_arguments_that_differ_in_shape_class_or_sign_have_programs_of_their_own() -> None:
    shaped = jit(lambda x, n: x * n.ndim, static=("n",))
    assert shaped(1.0, numpy.array([2.0])) == 1.0
    assert shaped(1.0, numpy.array([[2.0]])) == 2.0
    divided = jit(lambda x, n: F.divide(x, n), static=("n",))
    assert divided(1.0, 0.0) == math.inf
    assert divided(1.0, -0.0) == -math.inf


def test_push_does_not_cut_numbers_to_fit_an_array_of_ints() -> None:
    whole = numpy.array([1, 2])
    bound = jit(lambda a: a[0] * a[1]).bind(whole)
    bound.parameters[:] = 0.5
    with pytest.raises(TypeError, match="cast"):
        bound.push()
    assert whole.tolist() == [1, 2]


INTERRUPTED = """
import gc, os, signal
import numpy
from autograd import exp, jit, lgamma, sin, vmap
def stop(*_):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, stop)
def interrupt(f, x, after):
    f(x[:16])
    try:
        signal.setitimer(signal.ITIMER_REAL, after)
        for _ in range(10_000):
            f(x)
    except KeyboardInterrupt:
        return "raised"
    return "lost"
slow = jit(vmap(lgamma))
print(interrupt(slow, numpy.linspace(3.0, 6.0, 400), 0.2))
threaded = jit(vmap(lambda x: sin(x) * exp(x)), threads=2)
ones = numpy.ones(4_000_000)
print(interrupt(threaded, ones, 0.2))
del threaded
gc.collect()
again = jit(vmap(lambda x: sin(x) + x), threads=2)
few = ones[:400_000]
again(few)
child = os.fork()
if child == 0:
    again(few)
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_ctrl_c_is_raised_and_a_forked_process_has_threads_of_its_own() -> None:
    command = [sys.executable, "-W", "ignore", "-c", INTERRUPTED]
    root = Path(__file__).parents[1]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split() == ["raised", "raised", "7"], done.stderr
