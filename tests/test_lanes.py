"""A program on arrays of another library gives what `run` gives, and stays in that library."""

from __future__ import annotations

import importlib
import inspect
import math
import subprocess
import sys
import warnings
from decimal import Decimal
from fractions import Fraction
from itertools import product

import numpy
import pytest

import nn
from autograd import (
    Value,
    cross_entropy,
    dot,
    exp,
    jit,
    logsumexp,
    sin,
    sqrt,
    sum,
    take,
    value_and_grad,
    vmap,
    where,
)
from autograd.array_operations import ArrayOperations
from autograd.ops import TABLE, lane_count, lane_sum
from autograd.program import Program, gives_truth
from tests.points import arity, choices, is_variable, ordinary, variables
from tests.programs import agree

# A few ulp of the library's functions, times the condition of what is composed of them.
TOLERANCE = 1e-11
SLOPE_TOLERANCE = 1e-9  # PyTorch's slope of digamma is off by 5e-10
POINTS = 100
SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.5, -30.0, 1e5, -1e5, math.inf, -math.inf, math.nan]
DIFFERENT = {  # at infinities and at steps the libraries do as they like
    "pow", "remainder", "floor_divide", "polygamma", "lgamma", "atan2", "softmax",
}  # fmt: skip
LANES = 30
LIBRARIES = ["numpy", "dask.array", "array_api_strict", "torch", "jax.numpy"]
DIFFERENTIATING = ["torch", "jax.numpy"]
NOT_IN_THE_STANDARD = {"erf", "erfc", "gelu", "gelu_slope", "lgamma", "normal_cdf", "polygamma"}
SLOPE_POINTS = [0.0, -0.0, 1e-3, -1e-3, 1.5, 800.0, -800.0]
KINKS = {
    "relu",
    "leaky_relu",
    "elu",
    "cbrt",
    "clip",
    "floor",
    "ceil",
    "round",
    "sign",
}  # as in the table


@pytest.fixture(scope="module", params=LIBRARIES)
def xp(request):
    return library(request.param)


@pytest.fixture(params=DIFFERENTIATING)
def differentiating(request):
    return library(request.param)


def library(name):
    try:
        found = importlib.import_module(name)
    except ImportError:
        pytest.skip(f"{name} is not installed; `make test-arrays` tries all libraries")
    if name == "jax.numpy":
        importlib.import_module("jax").config.update("jax_enable_x64", True)
    return found


def array(xp, numbers, dtype="float64"):
    numbers = numpy.asarray(numbers, dtype=dtype)
    return xp.from_array(numbers, chunks=7) if hasattr(xp, "from_array") else xp.asarray(numbers)


def plain(x):
    """As `Program.run` gives it; Dask computes it only now."""
    with numpy.errstate(all="ignore"):
        return numpy.asarray(x).tolist()


def of_one(op):
    """A program of that operation on lanes; truth values are those of numbers above 0."""
    count = arity(op)
    inputs, places = [f"x{i}" for i in range(count)], tuple(range(count))
    if op.name.startswith("logical"):
        truths = [(TABLE["greater"], (i, count)) for i in places]
        after = tuple(count + 1 + i for i in places)
        return Program(inputs, [True] * count, [0.0], [*truths, (op, after)], [2 * count + 1])
    return Program(inputs, [True] * count, [], [(op, places)], [count])


def both(op, rows, xp):
    """What the operation gives on arrays, and what it gives on numbers."""
    program, columns = of_one(op), [list(column) for column in zip(*rows, strict=True)]
    (found,) = program(*[array(xp, column) for column in columns], xp=xp)
    return plain(found), program.run(columns)[0]


def refused(name, xp):
    """Whether it is a function that the standard's own library cannot have; it says so."""
    if xp.__name__ != "array_api_strict" or name not in NOT_IN_THE_STANDARD:
        return False
    with pytest.raises(NotImplementedError, match=r"array_api_strict has no \w+, and where its"):
        both(TABLE[name], [[1.0] * arity(TABLE[name])], xp)
    return True


def close(x, y, tolerance=TOLERANCE):
    same = x == y or (x != x and y != y)
    return same or abs(x - y) <= tolerance * max(1.0, abs(y))


# -- each operation ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLE)
def test_each_operation_gives_on_arrays_what_it_gives_on_numbers(name, xp):
    rows = list(ordinary(TABLE[name], 1, POINTS))
    if refused(name, xp):
        return
    found, expected = both(TABLE[name], rows, xp)
    assert all(map(close, found, expected))
    kind = bool if gives_truth(TABLE[name]) else float
    assert {type(x) for x in found} == {kind}


@pytest.mark.parametrize("name", sorted(TABLE.keys() - DIFFERENT))
def test_so_it_does_at_infinities_and_zeros_and_of_no_number(name, xp):
    op = TABLE[name]
    first = SPECIAL if is_variable(op, 0) else list(map(float, choices(op)))
    rows = list(product(first, *[SPECIAL] * (min(arity(op), 3) - 1)))
    rows = [(*row, *[1.0] * (arity(op) - len(row))) for row in rows]
    if refused(name, xp):
        return
    for row, x, y in zip(rows, *both(op, rows, xp), strict=True):
        assert close(x, y), (row, x, y)


# -- what the library differentiates -------------------------------------------------------------


def slopes(program, columns, which, xp):
    """The derivatives of the sum of the program's first output, as the library finds them."""
    if xp.__name__ == "torch":
        xs = [array(xp, column) for column in columns]
        for i in which:
            xs[i].requires_grad_()
        program(*xs, xp=xp)[0].sum().backward()
        return [plain(xs[i].grad) for i in which]
    import jax

    def total(*xs):
        return program(*xs, xp=xp)[0].sum()

    found = jax.grad(total, argnums=tuple(which))(*[array(xp, column) for column in columns])
    return [plain(x) for x in found]


def inside(op, row):
    """Whether the row has a derivative there: in its domain, and at no kink but those named."""
    ends = [op.domain[min(i, len(op.domain) - 1)] for i in range(len(row))]
    in_domain = all(low < x < high or low == high for x, (low, high) in zip(row, ends, strict=True))
    return in_domain and (op.kink is None or op.name in KINKS or op.kink(*row) > 0.0)


# PyTorch has no derivative of floor_divide, and says so.
@pytest.mark.parametrize("name", [x for x in TABLE if TABLE[x].partials and x != "floor_divide"])
def test_the_library_finds_the_partials_of_the_table(name, differentiating):
    op, which = TABLE[name], variables(TABLE[name])
    first = [] if is_variable(op, 0) else [list(map(float, choices(op)))]
    varied = min(len(which), 3)
    rows = product(*first, *[SLOPE_POINTS] * varied, *[[0.5]] * (len(which) - varied))
    rows = [row for row in rows if inside(op, row)]
    columns = [list(column) for column in zip(*rows, strict=True)]
    found = zip(*slopes(of_one(op), columns, which, differentiating), strict=True)
    for row, slope in zip(rows, found, strict=True):
        expected = [op.local_grads(op.value(*row), row)[i] for i in which]
        pairs = zip(slope, expected, strict=True)
        assert all(close(x, y, SLOPE_TOLERANCE) for x, y in pairs), (row, slope, expected)


@pytest.mark.parametrize("name", ["silu", "gelu", "gaussian", "normal_pdf", "sigmoid", "softplus"])
def test_slopes_at_infinity_are_limits(name, differentiating):
    op, ends = TABLE[name], [math.inf, -math.inf]
    [found] = slopes(of_one(op), [ends], [0], differentiating)
    assert found == [op.local_grads(op.value(x), [x])[0] for x in ends]


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (lambda a, b, c: cross_entropy([a, b, c], 0), [-2 / 3, 1 / 3, 1 / 3]),
        (lambda a, b, c: logsumexp([a, a, 2.0 * b]) + c, [2 / 3, 2 / 3, 1.0]),
        (lambda a, b, c: nn.binary_cross_entropy([a + b + c], 1.0), [-0.5] * 3),
    ],
)
def test_a_last_layer_that_begins_at_zero_learns(loss, expected, differentiating):
    found = slopes(jit(loss).program(0.0, 0.0, 0.0), [0.0] * 3, range(3), differentiating)
    assert found == pytest.approx(expected)


# -- whole programs ------------------------------------------------------------------------------


def numbers(*shape):
    return numpy.random.default_rng(0).uniform(-1.0, 1.0, shape)


def gradient_of_a_network():
    """The program of a loss over lanes and its gradient, and what to give it."""
    model = nn.MLP(3, [4, 3], activation="silu", seed=0)

    def loss(model, x, label):
        return cross_entropy(model(x), label) + 0.01 * sum([p * p for p in model.parameters()])

    compiled = jit(value_and_grad(vmap(loss, in_axes=(None, 0, 0), reduce="mean")))
    X, labels = numbers(LANES, 3), numpy.arange(LANES, dtype=float) % 3
    inputs = [*[p.data for p in model.parameters()], *X.T.tolist(), labels.tolist()]
    return compiled.program(model, X, labels), inputs


def test_a_gradient_of_a_network_is_such_a_program(xp):
    program, inputs = gradient_of_a_network()
    given = [array(xp, x) if isinstance(x, list) else x for x in inputs]
    found = program(*given, xp=xp)
    if hasattr(xp, "compute"):  # all in one pass, or Dask begins anew for each
        found = xp.compute(*found)
    agree([plain(x) for x in found], program.run(inputs), TOLERANCE)


def test_a_sum_over_lanes_may_go_into_another(xp):
    f = vmap(lambda x, w: w * x, in_axes=(0, None), reduce="mean")
    program = jit(lambda x, w: sqrt(f(x, w)) + f(x, 2.0 * w)).program(numbers(LANES), 1.0)
    x = numbers(LANES) + 1.0
    inputs = [3.0, x.tolist()] if not program.lane_inputs[0] else [x.tolist(), 3.0]
    given = [array(xp, each) if isinstance(each, list) else each for each in inputs]
    agree([plain(y) for y in program(*given, xp=xp)], program.run(inputs), TOLERANCE)


def test_a_uniform_is_counted_once_for_each_lane(xp):
    program = Program(["x", "w"], [True, False], [], [(lane_sum, (1,)), (lane_count, ())], [2, 3])
    found = program(array(xp, [0.0] * 5), array(xp, 1.5), xp=xp)
    assert [plain(x) for x in found] == [7.5, 5.0]


def test_a_number_for_a_lane_input_is_the_same_in_every_lane(xp):
    instructions = [(lane_sum, (0,)), (lane_count, ()), (TABLE["multiply"], (0, 1))]
    program = Program(["w", "x"], [True, True], [], instructions, [2, 3, 4])
    found = program(1.5, array(xp, [1.0, 2.0, 4.0]), xp=xp)
    assert [plain(x) for x in found] == [4.5, 3.0, [1.5, 3.0, 6.0]]


def test_a_program_without_lanes_is_computed_element_by_element(xp):
    program = jit(lambda x, y: x * y + sin(x)).program(1.0, 1.0)
    x, y = numbers(3, 4), numbers(3, 4) + 2.0
    (found,) = program(array(xp, x), array(xp, y), xp=xp)
    assert numpy.allclose(plain(found), x * y + numpy.sin(x), rtol=TOLERANCE)
    with pytest.raises(ValueError, match=r"element by element, not of shapes \[\(3, 4\), \(3,\)\]"):
        program(array(xp, x), array(xp, y[:, 0]), xp=xp)


def test_results_are_the_library_s_own_in_its_precision(xp):
    program = jit(lambda x: take([x, exp(x), 2.0], 1.0) + dot([x, 1.0], [x, 0.5])).program(1.0)
    for dtype in ("float32", "float64"):
        x = array(xp, [0.5, 1.5], dtype)
        (found,) = program(x, xp=xp)
        assert type(found) is type(x)
        assert found.dtype == x.dtype


def test_numbers_have_the_digits_of_the_widest_array(xp):
    program = jit(lambda w, x: w * x * 0.1).program(1.0, 1.0)
    (found,) = program(array(xp, [3.0], "float32"), array(xp, [1.0 / 3.0]), xp=xp)
    assert close(plain(found)[0], 0.1)


def test_a_number_too_large_for_the_precision_is_an_infinity(xp):
    program = jit(lambda x: where(x < 1e300, 1e39 * x, x)).program(1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (found,) = program(array(xp, [1.0], "float32"), xp=xp)
        assert plain(found) == [math.inf]


def test_of_no_elements_come_none(xp):
    program = jit(lambda x: nn.binary_cross_entropy([x], 1.0)).program(1.0)
    assert plain(program(array(xp, []), xp=xp)[0]) == []


def test_lanes_are_counted_by_their_shape():
    mean = jit(vmap(lambda x: x, reduce="mean")).program(numbers(LANES))
    (found,) = mean(numpy.full((100, 50), 1.0, "float16"), xp=numpy)
    assert found == 1.0
    assert found.dtype == "float16"
    with pytest.raises(ValueError, match="70000 lanes are more than float16 can count"):
        mean(numpy.ones(70_000, "float16"), xp=numpy)


def test_a_dask_array_may_have_blocks_of_unknown_length():
    dask = library("dask.array")
    x = array(dask, numbers(LANES))
    some, expected = x[x > 0.0], numbers(LANES)[numbers(LANES) > 0.0]
    (found,) = jit(lambda x: 2.0 * exp(x)).program(1.0)(some, xp=dask)
    assert numpy.allclose(found.compute(), 2.0 * numpy.exp(expected))
    mean = jit(vmap(lambda w, x: w * x, in_axes=(None, 0), reduce="mean"))
    (found,) = mean.program(1.0, numbers(LANES))(3.0, some, xp=dask)
    assert close(float(found), 3.0 * expected.mean())


@pytest.mark.parametrize("name", ["dask.array", "jax.numpy"])
def test_a_library_that_computes_with_arrays_of_numpy_gets_them(name):
    xp = library(name)
    (found,) = jit(lambda x: 2.0 * x).program(1.0)(numbers(LANES), xp=xp)
    assert type(found) is type(array(xp, numbers(LANES)))
    assert plain(found) == (2.0 * numbers(LANES)).tolist()


def test_nothing_is_computed_of_a_dask_array_before_it_is_asked_for():
    dask = library("dask.array")
    seen, kept = [], {"dtype": float, "meta": numpy.array(())}  # of which Dask need not try it
    given = array(dask, numbers(8))
    x = dask.map_blocks(lambda part: seen.append(part.shape) or part, given, **kept)
    (found,) = jit(lambda x: exp(x)).program(1.0)(x.rechunk(4), xp=dask)
    assert seen == []
    assert numpy.allclose(found.compute(), numpy.exp(numbers(8)))
    assert sorted(seen) == [(1,), (7,)]


def test_jax_compiles_and_differentiates_one():
    xp = library("jax.numpy")
    import jax

    program, inputs = gradient_of_a_network()
    given = [array(xp, x) for x in inputs]
    found = jax.jit(lambda *xs: program(*xs, xp=xp))(*given)
    agree([plain(x) for x in found], program.run(inputs), TOLERANCE)
    slope = jax.grad(lambda *xs: program(*xs, xp=xp)[0])(*given)  # theirs by the first weight
    assert close(float(slope), plain(found[1]))


def test_pytorch_differentiates_one():
    torch = library("torch")
    program, inputs = gradient_of_a_network()
    given = [array(torch, x) for x in inputs]
    given[0].requires_grad_()
    found = program(*given, xp=torch)
    found[0].backward()
    assert close(float(given[0].grad), float(found[1].detach()))


# -- what is refused -----------------------------------------------------------------------------


TWICE = Program(["x", "y"], [True, True], [], [(TABLE["add"], (0, 1))], [2])


def test_arguments_that_are_none_to_compute_with_are_refused():
    one = numpy.ones(3)
    with pytest.raises(ValueError, match="expected 2 inputs, not 1"):
        TWICE(one, xp=numpy)
    with pytest.raises(TypeError, match="expected an array among the inputs"):
        TWICE(1.0, 2.0, xp=numpy)
    with pytest.raises(TypeError, match="y is an array of int64; make it one of floats first"):
        TWICE(one, numpy.arange(3), xp=numpy)
    with pytest.raises(ValueError, match=r"lanes of one shape, not of \[\(3,\), \(4,\)\]"):
        TWICE(one, numpy.ones(4), xp=numpy)
    with pytest.raises(ValueError, match=r"at least one lane, not arrays of shape \(0,\)"):
        TWICE(1.0, numpy.ones(0), xp=numpy)


@pytest.mark.parametrize("y", ["3", None, 1j, [1.0, 2.0], Value(1.0), Decimal(1)])
def test_what_is_no_number_and_no_array_is_refused(y):
    with pytest.raises(TypeError, match=f"y is a number or an array, not {type(y).__name__} "):
        TWICE(numpy.ones(3), y, xp=numpy)


@pytest.mark.parametrize("xp", [math, None, "numpy"])
def test_what_is_no_library_is_refused(xp):
    with pytest.raises(TypeError, match="xp is the namespace of an array library, such as numpy,"):
        TWICE(numpy.ones(3), 1.0, xp=xp)


@pytest.mark.parametrize("name", ["torch", "array_api_strict"])
def test_an_array_of_another_library_is_refused(name):
    other = library(name)
    with pytest.raises(TypeError, match=f"y is an array of numpy; make it one of {name} first"):
        TWICE(other.ones(3), numpy.ones(3), xp=other)
    with pytest.raises(TypeError, match=f"y is an array of {name}; make it one of numpy first"):
        TWICE(numpy.ones(3), other.ones(3), xp=numpy)


def test_operations_have_nothing_that_python_asks_for(xp):
    operations = ArrayOperations(xp, array(xp, [1.0]))
    assert inspect.unwrap(operations) is operations
    assert not hasattr(operations, "__array__")


def test_numbers_of_every_kind_are_numbers(xp):
    for y in (2, Fraction(2), numpy.float64(2.0), numpy.int64(2), numpy.float32(2.0)):
        assert plain(TWICE(array(xp, [1.0, 2.0]), y, xp=xp)[0]) == [3.0, 4.0]


def test_an_array_for_what_is_one_number_is_refused():
    cost = vmap(lambda w, x: (w * x - 1.0) ** 2, in_axes=(None, 0), reduce="mean")
    program = jit(value_and_grad(cost)).program(1.0, numpy.ones(3))
    for w in (numpy.ones(3), numpy.ones((2, 1)), numpy.ones(1)):
        with pytest.raises(ValueError, match=f"one number for all lanes, not .* shape .{len(w)},"):
            program(w, numpy.ones(3), xp=numpy)
    assert plain(program(numpy.asarray(2.0), numpy.ones(3), xp=numpy)[0]) == 1.0


def test_a_function_that_the_library_lacks_is_refused_by_its_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    program = of_one(TABLE["erf"])  # which is SciPy's for NumPy
    with pytest.raises(
        NotImplementedError, match=r"numpy has no erf, and scipy\.special\.erf is not"
    ):
        program(numpy.ones(3), xp=numpy)


def test_of_a_wrong_index_comes_nan(xp):
    (found,) = of_one(TABLE["take"])(*[array(xp, [x]) for x in (3.0, 7.0, 8.0, 9.0)], xp=xp)
    assert math.isnan(plain(found)[0])


# -- jit(f, backend="numpy") ---------------------------------------------------------------------


def test_what_is_compiled_for_numpy_gives_what_machine_code_gives():
    model = nn.MLP(2, [3, 1], activation="sigmoid", seed=0)

    def loss(model, x, t):
        return nn.mse(model(x), t)

    f = value_and_grad(vmap(loss, in_axes=(None, 0, 0), reduce="mean"))
    X, y = numbers(LANES, 2), numbers(LANES)
    by_numpy, by_llvm = jit(f, backend="numpy"), jit(f)
    agree(by_numpy(model, X, y), by_llvm(model, X, y), TOLERANCE)
    one, other = by_numpy.bind(model, X, y), by_llvm.bind(model, X, y)
    for bound in (one, other):
        bound.parameters[0] = 0.25
        bound()
    assert numpy.allclose(one.outputs, other.outputs, rtol=TOLERANCE)


def test_lanes_and_truth_values_come_back_too():
    f = jit(vmap(lambda x: [where(x > 0.0, x, 3.0), 5.0]), backend="numpy")
    chosen, same = f(numpy.array([-1.0, 2.0]))
    assert chosen.tolist() == [3.0, 2.0]
    assert same.tolist() == [5.0, 5.0]
    assert jit(lambda x: x > 0.0, backend="numpy")(1.0) is True


def test_a_function_of_nothing_has_its_value():
    assert jit(lambda: 2.0, backend="numpy")() == 2.0


def test_a_long_array_is_read_where_it_lies():
    f = jit(vmap(lambda x: x * x), backend="numpy")
    for x in (numpy.arange(8192.0), numpy.arange(8192.0)[::-1]):
        assert numpy.array_equal(f(x), x * x)


def test_a_wrong_index_raises():
    f = jit(lambda i, x: take([x, 2.0], i), backend="numpy")
    assert f(1.0, 3.0) == 2.0
    with pytest.raises(IndexError, match="index 2 is no whole number in 0 <= index < 2"):
        f(2.0, 3.0)


def test_it_needs_no_llvmlite():
    code = """
import sys
sys.modules["llvmlite"] = None
from autograd import grad, jit
print(jit(grad(lambda x: x**3), backend="numpy")(2.0))
try:
    jit(lambda x: x)(1.0)
except ImportError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "12.0"
    assert 'jit(f, backend="numpy")' in second


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"backend": "jax"}, "backend is"),
        ({"backend": "numpy", "threads": 2}, "in one thread"),
        ({"backend": "numpy", "fastmath": True}, "without fastmath"),
    ],
)
def test_what_it_cannot_do_is_refused(options, said):
    with pytest.raises(ValueError, match=said):
        jit(lambda x: x, **options)
