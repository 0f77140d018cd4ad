"""A mapped function gives for each sample what the function gives; traced, samples are lanes."""

import math
from dataclasses import dataclass
from typing import Any

import numpy
import pytest

from autograd import Value, vmap
from autograd import functions as F
from autograd.program import Program
from autograd.traced_array import LARGEST_UNROLLED, TracedArray
from autograd.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from autograd.tree import flatten
from tests.programs import agree, run_traced

REORDERED = 1e-13  # relative: lanes add up in another order than a list does
ROW = numpy.array([0.5, -1.0, 2.0, 0.25, 3.0])
OTHER = numpy.array([2.0, 0.125, -3.0, 1.0, 0.5])
GRID = numpy.array([[1.0, 2.0, -3.0], [0.5, -0.25, 4.0]])


def both_agree(f: Any, *args: Any) -> Program:
    """The eager loop and the program give the same; the program."""
    found, program = run_traced(f, *args)
    agree(found, f(*args), REORDERED)
    return program


# -- which axis, and what comes back -------------------------------------------------------------

AXES: dict[str, tuple[Any, tuple[Any, ...], Any]] = {
    "one axis for all": (vmap(lambda x, y: x - y), (ROW, OTHER), ROW - OTHER),
    "one for each": (vmap(lambda x, y: x * y, (0, 0)), (ROW, OTHER), ROW * OTHER),
    "a shared number": (vmap(lambda w, x: w * x, (None, 0)), (3.0, ROW), 3.0 * ROW),
    "a shared array": (
        vmap(lambda w, x: w[0] * x + w[1], (None, 0)),
        (OTHER, ROW),
        2.0 * ROW + 0.125,
    ),
    "the last axis": (vmap(lambda x: x[0] - x[1], 1), (GRID,), GRID[0] - GRID[1]),
    "an axis from the end": (vmap(lambda x: x[0] - x[1], -1), (GRID,), GRID[0] - GRID[1]),
    "the first, from the end": (vmap(lambda x: x[0] - x[2], -2), (GRID,), GRID[:, 0] - GRID[:, 2]),
    "different axes": (vmap(lambda x, y: F.dot(x, y), (1, 0)), (GRID, GRID.T), (GRID**2).sum(0)),
    "a middle axis": (
        vmap(lambda x: x[1, 0], 1),
        (numpy.arange(24.0).reshape(2, 3, 4),),
        numpy.array([12.0, 16.0, 20.0]),
    ),
    "whole numbers": (
        vmap(lambda i, x: F.take([x, -x, 7.0], i)),
        (numpy.array([0, 1, 2, 1, 0]), ROW),
        numpy.array([0.5, 1.0, 7.0, -0.25, 3.0]),
    ),
}


@pytest.mark.parametrize(("f", "args", "expected"), AXES.values(), ids=AXES.keys())
def test_samples_lie_along(f: Any, args: Any, expected: Any):
    agree(f(*args), expected, REORDERED)
    both_agree(f, *args)


def test_the_samples_of_a_dict_are_those_of_its_arrays():
    f = vmap(lambda p, x: p["a"] * p["b"]["c"] - x)
    expected = ROW * OTHER - 1.0
    agree(f({"a": ROW, "b": {"c": OTHER}}, numpy.ones(5)), expected, REORDERED)
    both_agree(lambda a, c: f({"a": a, "b": {"c": c}}, c), ROW, OTHER)


def test_the_samples_of_a_list_are_its_elements_and_results_are_lists():
    assert vmap(lambda x: x * x)([1.0, 2.0, 3.0]) == [1.0, 4.0, 9.0]
    assert vmap(lambda x, y: x + y)((1, 2), [3, 4]) == [4, 6]
    assert vmap(lambda x: x["a"] * 2)([{"a": 1.0}, {"a": 2.0}]) == [2.0, 4.0]
    assert vmap(lambda x, y: [x, {"s": x + y}])([1.0, 2.0], [3.0, 4.0]) == [
        [1.0, 2.0],
        {"s": [4.0, 6.0]},
    ]


def test_a_sample_of_an_array_is_a_plain_number():
    kinds = []
    vmap(lambda x, i, b: kinds.append((type(x), type(i), type(b))) or x)(
        ROW[:1], numpy.array([1]), numpy.array([True])
    )
    assert kinds == [(float, int, bool)]


def test_an_array_among_lists_makes_arrays():
    assert isinstance(vmap(lambda x, y: x + y)([1.0, 2.0], numpy.ones(2)), numpy.ndarray)
    result = vmap(lambda x: numpy.array([x, 2 * x]))([1.0, 2.0, 3.0])
    agree(result, numpy.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]), REORDERED)


@dataclass
class Pair:
    low: Any
    high: Any
    name: str = "pair"
    is_open: bool = True


RESULTS: dict[str, Any] = {
    "a number": lambda x: x * x,
    "the sample": lambda x: x,
    "a constant": lambda x: 3.0,
    "a list": lambda x: [x, x + 1.0],
    "a tuple in a dict": lambda x: {"a": (x, -x), "b": F.sin(x)},
    "an array": lambda x: numpy.array([[x, 2.0 * x], [-x, x * x]], dtype=object),
    "an array with a constant": lambda x: numpy.array([x, 1.0], dtype=object),
    "a dataclass": lambda x: Pair(x, x + 1.0),
    "a constant in a list": lambda x: [x, 7.0],
    "names and None": lambda x: {"x": x, "name": "sample", "none": None},
}


@pytest.mark.parametrize("f", RESULTS.values(), ids=RESULTS.keys())
def test_a_result_is_stacked_in_its_own_structure(f: Any):
    both_agree(vmap(f), ROW)


@pytest.mark.parametrize("reduce", ["sum", "mean"])
@pytest.mark.parametrize("count", [1, 2, 8, 9, 1100])
def test_a_reduced_result_is_the_sum_or_the_mean_in_its_own_structure(reduce: str, count: int):
    samples = numpy.linspace(-1.0, 2.0, count)
    f = vmap(lambda x: {"a": x, "b": [x * x, 3.0]}, reduce=reduce)
    both_agree(f, samples)
    exact = [math.fsum(samples), math.fsum(samples * samples), 3.0 * count]
    share = count if reduce == "mean" else 1
    found, _ = run_traced(f, samples)
    leaves, _ = flatten(found)
    assert leaves == pytest.approx([x / share for x in exact], rel=REORDERED, abs=REORDERED)


def test_a_reduced_array_has_the_shape_of_one_sample_s():
    f = vmap(lambda x: numpy.array([[x, 1.0]], dtype=object), reduce="mean")
    found, _ = run_traced(f, ROW)
    agree(found, numpy.array([[ROW.mean(), 1.0]]), REORDERED)


# -- what is refused -----------------------------------------------------------------------------

REFUSED: dict[str, tuple[Any, tuple[Any, ...], type[Exception], str]] = {
    "different numbers": (vmap(lambda x, y: x), (ROW, ROW[:3]), ValueError, r"\[3, 5\]"),
    "different lists": (vmap(lambda x, y: x), ([1.0], [1.0, 2.0]), ValueError, r"\[1, 2\]"),
    "different arrays of a dict": (
        vmap(lambda p: p["a"]),
        ({"a": ROW, "b": ROW[:2]},),
        ValueError,
        r"\[2, 5\]",
    ),
    "no samples": (vmap(lambda x: x), (ROW[:0],), ValueError, r"at least 1, not \[0\]"),
    "an empty list": (vmap(lambda x: x), ([],), ValueError, "at least 1"),
    "nothing mapped": (vmap(lambda x: x, None), (ROW,), ValueError, "in_axes maps no argument"),
    "no argument": (vmap(lambda: 1.0), (), ValueError, "in_axes maps no argument"),
    "an axis too many": (vmap(lambda x: x, (0, 0)), (ROW,), ValueError, "names 2 arguments, but 1"),
    "an axis too far": (vmap(lambda x: x, 1), (ROW,), ValueError, r"axis 1 is outside.*\(5,\)"),
    "an axis too far back": (vmap(lambda x: x, -3), (GRID,), ValueError, "axis -3 is outside"),
    "an axis of a list": (vmap(lambda x: x, 1), ([1.0],), TypeError, "an array or a list"),
    "a number": (vmap(lambda x: x), (1.0,), TypeError, "None in in_axes"),
    "a name": (vmap(lambda x: x), ("abc",), TypeError, "not str 'abc'"),
    "an axis that is none": (vmap(lambda x: x, "0"), (ROW,), TypeError, "an int or None"),
    "a bool for an axis": (vmap(lambda x: x, True), (ROW,), TypeError, "an int or None"),
    "a list of axes": (vmap(lambda x: x, [0]), (ROW,), TypeError, "an int or None"),
    "a truth value": (vmap(lambda x: x > 0), (ROW,), TypeError, r"where\(condition, 1.0, 0.0\)"),
    "truth values": (vmap(lambda x: [x > 0, x]), (ROW,), TypeError, "where"),
    "a sum of truths": (vmap(lambda x: x > 0, reduce="sum"), (ROW,), TypeError, "where"),
    "no number at all": (vmap(lambda x: 1j), (ROW,), TypeError, "complex"),
}


@pytest.mark.parametrize(("f", "args", "error", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(f: Any, args: Any, error: Any, message: str):
    with pytest.raises(error, match=message):
        f(*args)


TRACED_REFUSED = [
    "nothing mapped",
    "an axis too many",
    "an axis too far",
    "an axis too far back",
    "an axis that is none",
    "a bool for an axis",
    "a truth value",
    "truth values",
    "a sum of truths",
    "no number at all",
]


@pytest.mark.parametrize("name", TRACED_REFUSED)
def test_what_is_refused_while_tracing(name: str):
    f, args, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        run_traced(f, *args)


def test_another_reduction_is_refused_at_once():
    with pytest.raises(ValueError, match='"sum" or "mean", not \'max\''):
        vmap(lambda x: x, reduce="max")


def test_results_of_different_structure_are_refused():
    with pytest.raises(ValueError, match="different structure"):
        vmap(lambda x: [x] * int(x))([1.0, 2.0])


def test_a_list_beside_an_array_is_refused_while_tracing():
    with pytest.raises(TypeError, match="every mapped argument is an array"):
        run_traced(lambda x: vmap(lambda a, b: a + b)(x, [1.0] * 5), ROW)


def test_an_array_cannot_be_mapped_along_two_axes_while_tracing():
    def f(x: Any) -> Any:
        return vmap(lambda r: r[0])(x), vmap(lambda c: c[0], 1)(x)

    with pytest.raises(ValueError, match=r"x0 is mapped along axis 0 and along axis 1.*twice"):
        run_traced(f, GRID)


def test_an_array_of_too_many_elements_is_not_unrolled():
    large = TracedArray((LARGEST_UNROLLED + 1,), "X")
    with pytest.raises(ValueError, match=r"100,001 elements.*map over the array with vmap"):
        large[0]
    assert vmap(lambda x: x * x)(large).is_lane


# -- inside one another --------------------------------------------------------------------------


def test_a_vmap_inside_a_vmap_maps_the_other_axes():
    both_agree(vmap(vmap(lambda x: x * x)), GRID)
    both_agree(vmap(vmap(lambda x, y: x * y, (None, 0)), (0, None)), ROW, OTHER)
    both_agree(vmap(vmap(lambda x, y: x - y, (0, None)), (None, 0)), ROW, OTHER)
    both_agree(vmap(lambda r: vmap(lambda x: x * x, reduce="sum")(r), 1), GRID)
    both_agree(vmap(vmap(vmap(lambda x: -x), 1), 2), numpy.arange(24.0).reshape(2, 3, 4))


@pytest.mark.parametrize("inner", [ROW, OTHER[:3]], ids=["as many", "fewer"])
def test_an_inner_vmap_over_an_array_from_outside_sees_all_of_it(inner: Any):
    def f(xs: Any, zs: Any) -> Any:
        return vmap(lambda x: vmap(lambda z: x * z + z, reduce="sum")(zs))(xs)

    both_agree(f, ROW, inner)
    found, _ = run_traced(f, ROW, inner)
    agree(found, ROW * inner.sum() + inner.sum(), REORDERED)


def test_every_sample_can_be_compared_with_every_other():
    def distances(xs: Any) -> Any:
        return vmap(lambda x: vmap(lambda z: (x - z) ** 2)(xs))(xs)

    found, program = run_traced(distances, ROW)
    agree(found, (ROW[:, None] - ROW) ** 2, REORDERED)
    assert sum(program.lane_inputs) == 1
    both_agree(lambda xs: vmap(lambda x: x * xs[0])(xs), ROW)


def test_two_vmaps_side_by_side_share_the_lanes():
    def f(x: Any, y: Any) -> Any:
        return vmap(F.exp, reduce="sum")(x) * vmap(F.sin, reduce="mean")(y)

    both_agree(f, ROW, OTHER)


# -- what is a lane, and what is one for all -----------------------------------------------------


def test_what_does_not_depend_on_the_sample_is_computed_once():
    def f(w: Any, xs: Any) -> Any:
        return vmap(lambda x: F.exp(w * w) * x + F.sin(w), reduce="mean")(xs) + F.log(w)

    program = both_agree(f, 1.5, ROW)
    flags = {op.name: program.is_lane[slot] for slot, op, _ in program.numbered()}
    assert flags == {
        "exp": False,
        "sin": False,
        "log": False,
        "multiply": True,  # the last one, by x
        "add": False,  # the last one, of the mean
        "lane_sum": False,
        "lane_count": False,
        "divide": False,
    }


def test_a_gradient_by_what_all_samples_share_is_one_sum_over_lanes():
    def f(w: Any, xs: Any) -> Any:
        return grad(lambda w: vmap(lambda x: F.tanh(w * x), reduce="sum")(xs))(w)

    program = both_agree(f, 0.5, ROW)
    assert [op.name for op, _ in program.instructions].count("lane_sum") == 1
    assert not program.is_lane[program.outputs[0]]


def test_each_sum_over_lanes_is_a_level():
    def variance(xs: Any) -> Any:
        mean = vmap(lambda x: x, reduce="mean")(xs)
        return F.sqrt(vmap(lambda x: (x - mean) ** 2, reduce="mean")(xs))

    program = both_agree(variance, ROW)
    assert max(program.level) == 2
    agree(run_traced(variance, ROW)[0], ROW.std(), REORDERED)
    both_agree(grad_by_shift(variance), 0.5, ROW)


def grad_by_shift(f: Any) -> Any:
    """The gradient by a factor of all samples, through whatever sums f takes over them."""

    def slope(w: Any, xs: Any) -> Any:
        def shifted(w: Any) -> Any:
            middle = vmap(lambda x: F.sin(w * x), reduce="mean")(xs)
            return vmap(lambda x: F.exp(-((F.sin(w * x) - middle) ** 2)), reduce="sum")(xs)

        return [f(xs), *value_and_grad(shifted)(w), hessian(shifted)(w)]

    return slope


def test_a_result_that_is_the_same_for_all_samples_is_spread_over_them():
    agree(
        run_traced(lambda w, xs: vmap(lambda x: w * w)(xs), 3.0, ROW)[0],
        numpy.full(5, 9.0),
        REORDERED,
    )


# -- derivatives, in and out ---------------------------------------------------------------------


def loss(w: Any, x: Any) -> Any:
    return F.tanh(w * x) ** 2 + 0.5 * x * w * w


NESTED: dict[str, Any] = {
    "grad in vmap": lambda w, xs: vmap(grad(lambda x: loss(w, x)))(xs),
    "grad by the shared in vmap": lambda w, xs: vmap(grad(loss), (None, 0))(w, xs),
    "vmap in grad": lambda w, xs: grad(lambda w: vmap(loss, (None, 0), "mean")(w, xs))(w),
    "hessian of vmap": lambda w, xs: hessian(lambda w: vmap(loss, (None, 0), "sum")(w, xs))(w),
    "vmap of hessian": lambda w, xs: vmap(hessian(loss), (None, 0))(w, xs),
    "jvp of vmap": lambda w, xs: jvp(lambda w: vmap(loss, (None, 0))(w, xs), (w,), (2.0,)),
    "jvp of a mean": lambda w, xs: jvp(lambda w: vmap(loss, (None, 0), "mean")(w, xs), (w,), (w,)),
    "vmap of jvp": lambda w, xs: vmap(lambda x: jvp(loss, (w, x), (x, 1.0)))(xs),
    "hvp of vmap": lambda w, xs: hvp(lambda w: vmap(loss, (None, 0), "sum")(w, xs), (w,), (3.0,)),
    "vjp in vmap": lambda w, xs: vmap(lambda x: vjp(loss, w, x)[1](x))(xs),
    "jacobian in vmap": lambda w, xs: vmap(jacobian(lambda x: [loss(w, x), F.sin(x)]))(xs),
    "grad in vmap in grad": lambda w, xs: grad(
        lambda w: vmap(lambda x: grad(lambda x: loss(w, x))(x) * w, reduce="sum")(xs)
    )(w),
    "grad by the shared, in vmap, in grad": lambda w, xs: grad(
        lambda w: vmap(lambda x: grad(lambda v: loss(v, x) * w)(w), reduce="mean")(xs)
    )(w),
    "vmap in grad in vmap": lambda w, xs: vmap(
        lambda x: grad(lambda v: vmap(lambda z: loss(v * w, z), reduce="sum")(xs))(x)
    )(xs),
    "grad of a constant in vmap": lambda w, xs: vmap(lambda x: grad(lambda v: v**3)(2.0) * x)(xs),
    "grad of the mean squared": lambda w, xs: grad(
        lambda w: (
            vmap(loss, (None, 0), "mean")(w, xs) ** 2 + w * vmap(loss, (None, 0), "sum")(w, xs)
        )
    )(w),
    "no dependence": lambda w, xs: grad(lambda w: vmap(lambda x: x * x, reduce="sum")(xs))(w),
}


@pytest.mark.parametrize("f", NESTED.values(), ids=NESTED.keys())
def test_derivatives_go_through_lanes_as_through_the_loop(f: Any):
    both_agree(f, 0.75, ROW)
    both_agree(f, -1.5, ROW[:1])


def test_a_function_of_many_that_gives_one_for_each_lane_has_no_gradient():
    with pytest.raises(TypeError, match=r'one for each lane; give vmap reduce="sum"'):
        run_traced(lambda w, xs: grad(lambda w: vmap(loss, (None, 0))(w, xs))(w), 1.0, ROW)


def test_the_gradient_of_an_array_of_shared_weights_has_its_shape():
    def f(weights: Any, xs: Any) -> Any:
        mean = vmap(lambda w, x: F.tanh(F.dot(w[0], x) + F.dot(w[1], x)), (None, 1), "mean")
        return value_and_grad(mean)(weights, xs)

    both_agree(f, numpy.array([[0.5, -1.0], [2.0, 0.25]]), GRID)


# -- choices across lanes ------------------------------------------------------------------------

CHOICES: dict[str, Any] = {
    "by the sample": lambda p, xs: vmap(
        lambda x: F.where(x > p, F.log(x - p), 0.0) * x, reduce="sum"
    )(xs),
    "by what is shared": lambda p, xs: F.where(
        p > 0.0, vmap(lambda x: F.sqrt(p) * x, reduce="sum")(xs), p
    ),
    "in both": lambda p, xs: vmap(
        lambda x: F.where((x > 0.0) & (p > 0.0), F.log(x) * F.sqrt(p), x * p), reduce="mean"
    )(xs),
    "by another sum": lambda p, xs: F.where(
        vmap(lambda x: x * p, reduce="sum")(xs) > 0.0,
        F.log(vmap(lambda x: x * p, reduce="sum")(xs)),
        p * p,
    ),
    "shared, used in one branch only": lambda p, xs: vmap(
        lambda x: F.where(x > 1.0, F.sqrt(p) * x, x), reduce="sum"
    )(xs),
    "in no lane": lambda p, xs: vmap(
        lambda x: F.where(x > 100.0, F.sqrt(p) * x, x * p), reduce="sum"
    )(xs),
    "taken": lambda p, xs: vmap(
        lambda x: F.take([F.log(p), x * p, F.sqrt(x)], F.where(x > 1.0, 2.0, 1.0)), reduce="sum"
    )(xs),
}


@pytest.mark.parametrize("p", [-2.0, 0.0, 0.25, 2.0])
@pytest.mark.parametrize("f", CHOICES.values(), ids=CHOICES.keys())
def test_a_branch_that_no_lane_takes_leaves_no_nan_in_what_lanes_share(f: Any, p: float):
    both_agree(lambda p, xs: value_and_grad(lambda q: f(q, xs))(p), p, ROW)
    both_agree(lambda p, xs: hessian(lambda q: f(q, xs))(p), p, ROW)


def test_a_nan_of_one_lane_is_not_hidden_from_the_sum():
    def slope(p: Any, xs: Any) -> Any:
        return grad(lambda p: vmap(lambda x: F.log(x * p), reduce="sum")(xs))(p)

    assert math.isnan(run_traced(slope, 1.0, ROW)[0])  # one of them is negative
    assert run_traced(slope, 2.0, ROW[2:])[0] == 1.5


# -- eager ---------------------------------------------------------------------------------------


def test_values_go_through_the_loop_and_keep_their_graph():
    w = Value(2.0)
    total = vmap(lambda w, x: w * x, (None, 0), "sum")(w, ROW)
    total.backward()
    assert w.grad == ROW.sum()
    stacked = vmap(lambda w, x: w * x, (None, 0))(w, ROW)
    assert stacked.dtype == object
    assert [y.data for y in stacked] == list(2.0 * ROW)


def test_an_array_of_values_is_mapped_by_its_values():
    values = numpy.array([Value(1.0), Value(2.0)], dtype=object)
    assert vmap(lambda v: v)(values)[1] is values[1]
    assert [y.data for y in vmap(lambda v: v * v)(values)] == [1.0, 4.0]
