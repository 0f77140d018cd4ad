"""Samples as Dask has them: from its readers, filtered, in blocks without any, or none at all.

The cluster is in this process; one of several processes is in test_cluster.
"""

from __future__ import annotations

import importlib
import warnings

import dask.array
import numpy
import pytest
from distributed import Client, LocalCluster

import nn
from autograd import dot, jit, tanh, value_and_grad, vmap
from tests.executors import Inline

REORDERED = 1e-12  # relative: sums of a hundred terms in another order, a few steps long
RNG = numpy.random.default_rng(0)
X = RNG.normal(size=(103, 2))
Y = (X[:, 0] * X[:, 1] > 0).astype(float)
CHUNKS = (50, 1, 0, 52)
LARGE = 12_000_000  # bytes; of 10 MB in a graph Dask says that they are many


@pytest.fixture(scope="module")
def client():
    options = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(processes=False, **options) as cluster, Client(cluster) as client:
        yield client


def trained(X, y, client, **options):
    """The parameters and the records of a training."""
    given = {"loss": nn.binary_cross_entropy, "optimizer": nn.Adam(0.05), "epochs": 3}
    model = nn.MLP(len(X[0]), [6, 1], seed=0)
    records = list(nn.train(model, X, y, client=client, **given | options))
    return [p.data for p in model.parameters()], records


def numbers(training):
    parameters, records = training
    return parameters + [record.loss for record in records]


def blocks(array, rows=CHUNKS):
    return dask.array.from_array(array, chunks=(rows, *array.shape[1:]))


# -- readers -------------------------------------------------------------------------------------


def npy_stack(folder):
    for name, array in (("X", X), ("y", Y)):
        dask.array.to_npy_stack(folder / name, blocks(array, 40))
    return [dask.array.from_npy_stack(folder / name, mmap_mode="r") for name in ("X", "y")]


def zarr(folder):
    group = importlib.import_module("zarr").open_group(folder / "samples.zarr", mode="w")
    for name, array in (("X", X), ("y", Y)):
        group.create_array(name, data=array, chunks=(40, *array.shape[1:]))
    return [dask.array.from_zarr(folder / "samples.zarr", component=name) for name in ("X", "y")]


def parquet(folder):
    try:
        pandas, dataframe = map(importlib.import_module, ("pandas", "dask.dataframe"))
    except ImportError:
        pytest.skip("dask[dataframe] is not installed; `make test-arrays` reads Parquet, too")
    whole = pandas.DataFrame({"a": X[:, 0], "b": X[:, 1], "name": "?", "label": Y})
    for i in range(4):
        whole[26 * i : 26 * (i + 1)].to_parquet(folder / f"{i}.parquet")
    table = dataframe.read_parquet(folder)
    rows = table[["a", "b", "label"]].to_dask_array().compute_chunk_sizes()
    return rows[:, :2], rows[:, 2]


@pytest.mark.parametrize("reader", [npy_stack, zarr, parquet], ids=lambda f: f.__name__)
def test_files_are_trained_on_by_those_who_read_them(reader, client, tmp_path):
    there = numbers(trained(*reader(tmp_path), client))
    assert there == pytest.approx(numbers(trained(X, Y, None)), rel=REORDERED)


@pytest.mark.parametrize("reader", [npy_stack, zarr, parquet], ids=lambda f: f.__name__)
def test_a_compiled_function_reads_files_block_by_block(reader, client, tmp_path):
    errors = vmap(lambda w, x, t: (tanh(dot(w, x)) - t) ** 2, in_axes=(None, 0, 0), reduce="mean")
    f, w = jit(value_and_grad(errors)), [0.5, -1.25]
    value, gradient = f(w, *reader(tmp_path))
    assert [value, *gradient] == pytest.approx([f(w, X, Y)[0], *f(w, X, Y)[1]], rel=REORDERED)


# -- blocks without samples ----------------------------------------------------------------------


def test_a_block_without_samples_adds_nothing(client):
    there = numbers(trained(blocks(X), blocks(Y), client))
    assert there == pytest.approx(numbers(trained(X, Y, None)), rel=REORDERED)
    for options in ({}, {"batch_size": 30, "validation": 0.2}):
        without, with_one = (
            trained(blocks(X, rows), blocks(Y, rows), client, **options)
            for rows in ((50, 1, 52), (50, 1, 52, 0))
        )
        assert with_one == without


def test_what_a_filter_leaves_is_trained_on(client):
    lazy, chosen = blocks(X, 20), numpy.repeat([True, False, True, True, False, True], 20)[:103]
    kept = dask.array.from_array(chosen, chunks=20)
    rows = lazy[kept].compute_chunk_sizes(), blocks(Y, 20)[kept].compute_chunk_sizes()
    assert 0 in rows[0].chunks[0]
    there = numbers(trained(*rows, client))
    assert there == pytest.approx(numbers(trained(X[chosen], Y[chosen], None)), rel=REORDERED)


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (numpy.ones((0, 2)), "^X is empty; expected at least one sample"),
        (numpy.ones((5, 0)), r"^X\[0\] has no features"),
    ],
)
def test_samples_without_numbers_are_refused_in_the_words_of_one_process(client, samples, words):
    here = samples, numpy.ones(len(samples))
    there = [dask.array.from_array(x) for x in here]
    for given, by in ((here, None), (here, Inline()), (there, client)):
        with pytest.raises(ValueError, match=words):
            nn.train(nn.MLP(2, [1], seed=0), *given, loss=nn.mse, client=by)


# -- what arrays hold ----------------------------------------------------------------------------


def test_arrays_of_objects_that_are_numbers_are_as_good(client):
    lazy = [blocks(x.astype(object)) for x in (X, Y)]
    assert numbers(trained(*lazy, client)) == numbers(trained(blocks(X), blocks(Y), client))
    wrong = X.astype(object)
    wrong[50, 1] = "a"
    with pytest.raises(TypeError, match=r"shard 1: X\[50\]\[1\] is str 'a', not a number"):
        trained(blocks(wrong), blocks(Y), client)


def test_targets_of_several_axes_are_refused(client):
    with pytest.raises(ValueError, match=r"y has the shape \(103, 2, 2\); expected a number"):
        trained(blocks(X), blocks(numpy.ones((103, 2, 2))), client)


def test_arrays_from_here_are_sent_without_a_warning(client):
    table = RNG.normal(size=(LARGE // 80, 10))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trained(table, (table[:, 0] > 0) * 1.0, client, epochs=1)
