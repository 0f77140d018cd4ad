"""Derivatives of what is traced: open choices, lanes that nobody added up, truth values."""

from __future__ import annotations

import numpy
import pytest

from autograd import functions as F
from autograd import vmap
from autograd.traced import placeholder
from autograd.transforms import grad, hvp, jacobian, jvp, vjp
from tests.programs import agree, bits, program_of_function, run_traced

ROW = numpy.array([0.5, -1.0, 2.0, 0.25, 3.0])

# -- test_traced.py
FORWARD = {
    "a root": lambda x: F.sqrt(F.where(x > 0.0, x, 0.0)),
    "a logarithm": lambda x: F.where(x > 0.0, F.log(F.where(x > 0.0, x, 0.0)), x),
    "taken": lambda x: F.sqrt(F.take([0.0, x], F.where(x > 0.0, 1.0, 0.0))),
    "beside another": lambda x: F.sqrt(F.where(x > 0.0, x, 0.0)) + x * x,
    "nested": lambda x: F.sqrt(F.where(x > 0.0, F.where(x > 1.0, x - 1.0, 0.0), 0.0)) * x,
}


@pytest.mark.parametrize("f", FORWARD.values(), ids=FORWARD.keys())
def test_the_branch_that_was_not_taken_leaves_no_trace_in_forward_mode(f):
    def along(x):
        return [
            jvp(f, (x,), (2.0,))[1],
            jvp(lambda v: jvp(f, (v,), (1.0,))[1], (x,), (1.0,))[1],
            hvp(f, (x,), (1.0,))[0],
        ]

    program = program_of_function(along, 1)
    program.verify()
    for x in (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0, 3.0):
        assert bits(program.run([x])) == bits([float(y) for y in along(x)])


def test_only_truth_values_join():
    x = placeholder("x")
    for joined in (
        lambda: x & True,
        lambda: (x > 0) & 1,
        lambda: 1.0 | (x > 0),
        lambda: ~x,
        lambda: x & (x > 0),
    ):
        with pytest.raises(TypeError, match=r"join comparisons, as in \(x > 0\) & \(x < 1\)"):
            joined()
    assert ((x > 0) & numpy.bool_(True)).is_truth


def test_numbers_of_a_traced_value_cannot_be_set_either():
    x = placeholder("x")
    for ask in (
        lambda: setattr(x, "data", 1.0),
        lambda: setattr(x, "grad", 0.0),
        lambda: (x * x).local_grads,
    ):
        with pytest.raises(TypeError, match="where"):
            ask()


def test_whether_something_holds_has_no_gradient():
    for f in (lambda x: x > 0.0, lambda x: ~(x > 0.0)):
        with pytest.raises(TypeError, match="where"):
            grad(f)(placeholder("x"))


# -- test_vmap.py
ONE_A_LANE = {
    "jacobian": lambda p, xs: jacobian(lambda p: vmap(lambda x: p * x)(xs))(p),
    "grad": lambda p, xs: grad(lambda p: vmap(lambda x: p * x)(xs))(p),
    "vjp": lambda p, xs: vjp(lambda p: vmap(lambda x: p * x)(xs), p)[1](1.0),
    "a mean": lambda p, xs: numpy.mean(vmap(lambda x: p * x)(xs)),
    "a sum": lambda p, xs: numpy.sum(vmap(lambda x: p * x)(xs)),
    "a deviation": lambda p, xs: numpy.std(vmap(lambda x: p * x)(xs)),
    "an array": lambda p, xs: vmap(lambda x: p * x)(xs) * xs,
    "an array on the left": lambda p, xs: ROW - vmap(lambda x: p * x)(xs),
}


@pytest.mark.parametrize("f", ONE_A_LANE.values(), ids=ONE_A_LANE.keys())
def test_one_number_for_each_lane_is_no_array_outside_of_vmap(f):
    with pytest.raises(TypeError, match=r"lane|vmap"):
        run_traced(f, 2.0, ROW)


def test_the_jacobian_in_lanes_and_a_cotangent_of_lanes_go_through():
    def f(p, xs):
        pulled = vjp(lambda q: vmap(lambda x: q * x * x)(xs), p)[1](vmap(F.sin)(xs))
        return [*pulled, vmap(jacobian(lambda x: [p * x, x * x]))(xs)]

    found, _ = run_traced(f, 2.0, ROW)
    agree(found, [float((ROW**2 * numpy.sin(ROW)).sum()), [numpy.full(5, 2.0), 2.0 * ROW]], 1e-12)


def test_a_direction_and_a_cotangent_may_be_arrays_that_are_traced():
    def products(p, v):
        along = hvp(lambda q: q[0] ** 2 * q[1], (p,), (v,))[0]
        return [along, *vjp(lambda q: numpy.array([q[0] * q[1], q[0]]), p)[1](v)]

    at, direction = numpy.array([2.0, 3.0]), numpy.array([1.0, 10.0])
    found, _ = run_traced(products, at, direction)
    agree(found, [numpy.array([46.0, 4.0]), numpy.array([13.0, 2.0])], 1e-12)
    with pytest.raises(ValueError, match=r"expected a array of \(2,\), but got"):
        run_traced(products, at, numpy.ones(3))
