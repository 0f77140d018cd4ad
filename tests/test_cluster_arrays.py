"""Compiled functions on arrays of Dask give the numbers that they give on NumPy's."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import dask
import dask.array
import numpy
import pytest

import nn
from autograd import (
    clip,
    cross_entropy,
    dot,
    exp,
    jit,
    sqrt,
    tanh,
    value_and_grad,
    vmap,
)

REORDERED = 1e-12  # relative: sums of a thousand terms in another order
RNG = numpy.random.default_rng(0)
X, Y = RNG.normal(size=(1001, 3)), RNG.normal(size=1001)
W = [0.5, -1.25, 0.25]
CHUNKINGS = [1001, 500, 128, (1, 1000), (400, 0, 601), 77]


@pytest.fixture(autouse=True)
def one_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


def blocks(array, rows, *others):
    return dask.array.from_array(array, chunks=(rows, *others, *array.shape[1 + len(others) :]))


def cost(w, X, y):
    errors = vmap(lambda w, x, t: (tanh(dot(w, x)) - t) ** 2, in_axes=(None, 0, 0), reduce="mean")
    return sqrt(errors(w, X, y)) + 0.01 * dot(w, w)


def flat(pair):
    value, gradient = pair
    return [value, *gradient]


@pytest.mark.parametrize("rows", CHUNKINGS, ids=str)
def test_a_gradient_is_that_of_one_process_whatever_the_blocks(rows):
    f = jit(value_and_grad(cost))
    here = flat(f(W, X, Y))
    assert flat(f(W, blocks(X, rows), blocks(Y, rows))) == pytest.approx(here, rel=REORDERED)


@pytest.mark.parametrize("scheduler", ["threads", "synchronous"])
def test_the_same_blocks_give_the_same_bits(scheduler):
    f = jit(value_and_grad(cost))
    once = f(W, blocks(X, 77), blocks(Y, 77))
    with dask.config.set(scheduler=scheduler):
        assert f(W, blocks(X, 77), blocks(Y, 77)) == once


def test_other_backends_settings_compute_the_blocks_too():
    here = flat(jit(value_and_grad(cost))(W, X, Y))
    for settings in ({"backend": "numpy"}, {"fastmath": True}, {"threads": 2}):
        f = jit(value_and_grad(cost), **settings)
        assert flat(f(W, blocks(X, 400), blocks(Y, 400))) == pytest.approx(here, rel=REORDERED)


def test_arrays_are_cut_like_the_first_one():
    f = jit(value_and_grad(cost))
    once = f(W, blocks(X, 300), blocks(Y, 300))
    assert f(W, blocks(X, 300, 2), blocks(Y, 77)) == once
    assert f(W, blocks(X, 300), Y) == once
    assert f(blocks(numpy.array(W), 2), blocks(X, 300), Y)[0] == once[0]


def test_what_each_sample_has_comes_back_in_lazy_blocks():
    def outputs(w, X):
        rows = vmap(lambda x: {"list": [x[0] * w[0], exp(x[1])], "same": w[1]})(X)
        return rows, vmap(lambda x: x[2], reduce="sum")(X)

    f = jit(outputs)
    (rows, total), (wanted, expected) = f(W, blocks(X, 300)), f(W, X)
    assert total == pytest.approx(expected, rel=REORDERED)
    for found, array in zip(
        [*rows["list"], rows["same"]], [*wanted["list"], wanted["same"]], strict=True
    ):
        assert isinstance(found, dask.array.Array)
        assert found.chunks == ((300, 300, 300, 101),)
        assert found.compute().tolist() == array.tolist()


def test_a_network_on_blocks_is_an_array_with_a_row_for_each_sample():
    f = jit(lambda A, X: vmap(lambda x: A @ x)(X))
    A = RNG.normal(size=(2, 3))
    found = f(dask.array.from_array(A), blocks(X, 300))
    assert found.shape == (1001, 2)
    assert found.chunks[0] == (300, 300, 300, 101)
    assert found.compute().tolist() == f(A, X).tolist()


def test_the_samples_may_lie_along_another_axis():
    f = jit(lambda X: vmap(lambda x: clip(x[0], -1.0, x[1]), in_axes=1, reduce="sum")(X))
    turned = dask.array.from_array(X.T, chunks=(2, 100))
    assert f(turned) == pytest.approx(f(X.T), rel=REORDERED)


def test_arrays_without_axes_are_numbers_and_small_ones_are_computed():
    f = jit(lambda s, X: vmap(lambda x: x[0] * s, reduce="sum")(X))
    lazy = blocks(X, 300)
    assert f(lazy.max(), lazy) == pytest.approx(f(float(X.max()), X), rel=REORDERED)
    assert jit(lambda w: w[0] * w[1])(blocks(X[:, 0], 500)[:2]) == X[0, 0] * X[1, 0]


def test_names_and_static_arguments_are_as_ever():
    f = jit(lambda X, *, power: vmap(lambda x: x[0] ** power, reduce="mean")(X), static=("power",))
    for power in (1, 2, 3):
        here = f(X=X, power=power)
        assert f(X=blocks(X, 300), power=power) == pytest.approx(here, rel=REORDERED)


def test_a_module_is_an_argument_like_others():
    model = nn.MLP(3, [4, 1], seed=0)
    mean = vmap(lambda m, x: nn.mse(m(list(x)), 1.0), in_axes=(None, 0), reduce="mean")
    f = jit(value_and_grad(mean))
    here, there = f(model, X), f(model, blocks(X, 300))
    assert there[0] == pytest.approx(here[0], rel=REORDERED)
    numbers = [list(map(float, gradient.parameters())) for _, gradient in (here, there)]
    assert numbers[1] == pytest.approx(numbers[0], rel=REORDERED, abs=1e-15)


@dataclass(frozen=True)
class Samples:
    X: object
    y: object
    scale: float


def test_arrays_of_dask_may_stand_in_a_dataclass():
    f = jit(value_and_grad(lambda w, samples: samples.scale * cost(w, samples.X, samples.y)))
    here, given = flat(f(W, Samples(X, Y, 3.0))), Samples(blocks(X, 300), blocks(Y, 300), 3.0)
    assert flat(f(W, given)) == pytest.approx(here, rel=REORDERED)
    assert isinstance(given.X, dask.array.Array)


def test_the_program_for_arrays_of_dask_is_that_for_numpys():
    f = jit(value_and_grad(cost))
    assert str(f.program(W, blocks(X, 300), Y)) == str(f.program(W, X, Y))
    assert str(f.trace(W, blocks(X, 300), Y)) == str(f.trace(W, X, Y))


@pytest.mark.parametrize(
    "call",
    [
        lambda: vmap(lambda x: x[0])(blocks(X, 300)),
        lambda: vmap(lambda x: x)(blocks(Y, 300)),
        lambda: cost(W, blocks(X, 300), Y),
        lambda: value_and_grad(cost, argnums=1)(W, blocks(X, 300), Y),
        lambda: jit(cost).bind(W, blocks(X, 300), Y),
    ],
)
def test_elsewhere_arrays_of_dask_are_refused_with_the_way_to_give_them(call):
    with pytest.raises(TypeError, match=r"jit\(vmap\(f\)\)\(X\).*X\.compute\(\)"):
        call()


def test_blocks_of_memory_maps_are_read_where_they_are_computed(tmp_path):
    dask.array.to_npy_stack(tmp_path / "stack", blocks(X, 128))
    numpy.save(tmp_path / "X.npy", X)

    def rows(block_info):
        begin, end = block_info[None]["array-location"][0]
        return numpy.load(tmp_path / "X.npy", mmap_mode="r")[begin:end]

    chunks = blocks(X, 128).chunks
    f = jit(value_and_grad(cost))
    for lazy in (
        dask.array.from_npy_stack(tmp_path / "stack", mmap_mode="r"),
        dask.array.map_blocks(rows, chunks=chunks, dtype=float),
    ):
        assert f(W, lazy, Y) == f(W, blocks(X, 128), Y)


def test_one_trace_serves_all_blocks_and_numbers_of_samples():
    traces = []

    def f(X):
        traces.append(1)
        return vmap(lambda x: x[0], reduce="sum")(X)

    f = jit(f)
    for count, rows in ((1001, 77), (1001, 500), (13, 5)):
        f(blocks(X[:count], rows))
    assert len(traces) == 1


# -- what goes wrong -----------------------------------------------------------------------------


def test_blocks_of_unknown_length_are_refused():
    lazy = blocks(X, 300)
    with pytest.raises(ValueError, match=r"compute_chunk_sizes\(\)"):
        jit(lambda X: vmap(lambda x: x[0], reduce="sum")(X))(lazy[lazy[:, 0] > 0])


def test_a_block_of_another_shape_is_named():
    wrong = dask.array.from_delayed(dask.delayed(numpy.ones)((300, 2)), (300, 3), dtype=float)
    lazy = dask.array.concatenate([blocks(X[:300], 300), wrong])
    with pytest.raises(ValueError, match=r"block 1 has the shape \(300, 2\)"):
        jit(lambda X: vmap(lambda x: x[0], reduce="sum")(X))(lazy)


@pytest.mark.parametrize("reduce", ["sum", None])
def test_a_label_out_of_range_names_its_block(reduce):
    labels = numpy.zeros(1001)
    labels[700] = 5.0
    f = jit(lambda w, y: vmap(lambda t: cross_entropy(w, t), reduce=reduce)(y))
    with pytest.raises(IndexError, match="block 2"):
        dask.compute(f(W, blocks(labels, 300)))


def test_numbers_of_samples_that_differ_are_refused():
    with pytest.raises(ValueError, match=r"one number of samples"):
        jit(cost)(W, blocks(X, 300), blocks(Y[:1000], 300))


def test_what_is_no_number_is_refused_beside_blocks_as_elsewhere():
    with pytest.raises(TypeError, match="complex"):
        jit(cost)(1j, blocks(X, 300), Y)
    with pytest.raises(TypeError, match="complex"):
        jit(cost)(1j, X, Y)


def test_compiling_brings_no_dask():
    code = "import sys, autograd; autograd.jit(lambda x: x * x)(2.0); print('dask' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
