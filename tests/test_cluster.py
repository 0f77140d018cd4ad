"""A real cluster on this machine: the same bits as here, whatever dies on the way.

Two workers in processes of their own, one for all tests of this file.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import subprocess
import sys
import time
import weakref
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import dask.array
import numpy
import pytest
from distributed import Client, LocalCluster, wait

import nn
from autograd import dot, exp, jit, tanh, value_and_grad, vmap
from autograd.shards import added, pairwise
from nn import dask_workers, executor_workers
from tests.executors import Inline

RNG = numpy.random.default_rng(0)
X = RNG.normal(size=(120, 2))
Y = (X[:, 0] * X[:, 1] > 0).astype(float)
SOON = 20.0  # seconds in which a training whose workers are gone must have said so
STEPS, EPOCHS = 2, 3


def on_this_machine(workers=2, processes=True):
    return LocalCluster(
        n_workers=workers,
        processes=processes,
        protocol="tcp://",
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    )


@pytest.fixture(scope="module")
def client():
    with on_this_machine() as cluster, Client(cluster) as client:
        yield client


def blocks(array, rows=40):
    return dask.array.from_array(array, chunks=(rows, *array.shape[1:]))


def trained(client, X=None, y=None, at_step=None, **options):
    """The parameters and the losses of a training; `at_step`: a step, and what happens then."""
    model = nn.Sequential(nn.Layer(2, 6, "tanh", seed=0), nn.Dropout(0.2), nn.Layer(6, 1, seed=1))
    given = {
        "loss": nn.binary_cross_entropy,
        "optimizer": nn.Adam(0.05),
        "epochs": EPOCHS,
        "batch_size": 60,
        "validation": 0.25,
        "every": "step",
    }
    X, y = blocks(globals()["X"]) if X is None else X, blocks(Y) if y is None else y
    losses = []
    for record in nn.train(model, X, y, client=client, **given | options):
        losses.append((record.loss, record.validation_loss))
        if at_step and record.step == at_step[0]:
            at_step[1]()
    return [p.data for p in model.parameters()], losses


@pytest.fixture(scope="module")
def undisturbed():
    return trained(Inline(), X, Y, shards=3)


def processes(client):
    client.wait_for_workers(2)
    return set(client.run(os.getpid).values())


def test_the_workers_give_the_bits_of_this_process(client, undisturbed):
    assert trained(client) == undisturbed
    assert trained(client, X, Y, shards=3) == undisturbed
    many = {"shards": 3 * dask_workers.TOGETHER, "epochs": 1}
    assert trained(client, X, Y, **many) == trained(Inline(), X, Y, **many)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 16, 21])
@pytest.mark.parametrize("holders", [1, 2, 5])
def test_it_does_not_count_for_a_sum_who_holds_what(count, holders):
    terms = [numpy.array([x]) for x in RNG.normal(size=count) * 10.0 ** RNG.integers(9, size=count)]
    names = [{str(name) for name in RNG.integers(holders, size=2)} for _ in range(count)]
    groups = dask_workers.grouped(names, {str(name): 1 + name for name in range(holders)})
    assert sorted(i for _, group in groups for i in group) == list(range(count))
    assert max(len(group) for _, group in groups) <= dask_workers.TOGETHER
    sums = {}
    for _, group in groups:
        sums |= dask_workers.paired({(0, i): terms[i] for i in group}, count)
    [total] = dask_workers.paired(sums, count).values()
    assert total == pairwise(terms, partial(map, added))


@pytest.mark.parametrize("holders", [[{"a"}], [{"a"}, {"b"}], [{"a", "b"}], [set(), {"b"}]])
def test_every_thread_has_the_same_to_do_whoever_holds_the_shards(holders):
    work = Counter()
    for worker, group in dask_workers.grouped(holders * (24 // len(holders)), {"a": 1, "b": 3}):
        work[worker] += len(group)
    assert work == {"a": 6, "b": 18}


def test_what_one_worker_holds_is_shared_with_another_that_holds_nothing(client):
    there = processes(client)
    one = min(client.nthreads())
    [process] = client.run(os.getpid, workers=[one]).values()
    assert process in there
    shards = [client.submit(int, i, workers=[one], pure=False) for i in range(8)]
    wait(shards)
    workers = dask_workers.DaskWorkers(client, str)

    def counted(process, uniforms, shard, part):
        return numpy.array([os.getpid() == process, 1.0])

    for _ in range(2):
        found = workers.total(
            counted, workers.share(process), uniforms=0.0, shards=shards, parts=[0] * 8
        )
        assert found.tolist() == [4.0, 8.0]


def test_a_compiled_function_on_blocks_gives_the_bits_of_this_process(client):
    errors = vmap(lambda w, x, t: (tanh(dot(w, x)) - t) ** 2, in_axes=(None, 0, 0), reduce="mean")
    f = jit(value_and_grad(errors))
    there = f([0.5, -1.0], blocks(X), blocks(Y))
    with dask.config.set(scheduler="synchronous"):
        assert f([0.5, -1.0], blocks(X), blocks(Y)) == there


@pytest.mark.parametrize("step", [1, STEPS + 1])
def test_a_worker_that_is_killed_in_an_epoch_changes_no_bit(client, undisturbed, step):
    before = processes(client)
    killed = min(before)
    assert trained(client, at_step=(step, lambda: os.kill(killed, signal.SIGKILL))) == undisturbed
    assert processes(client) & before == before - {killed}


def test_a_shard_with_a_number_that_is_not_finite_is_named(client):
    wrong = X.copy()
    wrong[50, 1] = numpy.nan
    with pytest.raises(ValueError, match=r"shard 1: X\[50\]\[1\] is nan"):
        trained(client, blocks(wrong))


def test_what_a_refused_training_has_read_is_let_go(client):
    wrong = X.copy()
    wrong[-1, 0] = numpy.nan
    with pytest.raises(ValueError, match="shard 2"):
        trained(client, blocks(wrong))
    gc.collect()
    assert not client.futures
    until(lambda: not client.cluster.scheduler.tasks)


def test_a_shard_of_another_shape_is_named(client):
    lazy = dask.array.from_delayed(dask.delayed(numpy.ones)((40, 3)), (40, 2), dtype=float)
    with pytest.raises(ValueError, match=r"shard 2: its X has the shape \(40, 3\)"):
        trained(client, dask.array.concatenate([blocks(X[:80]), lazy]))


@pytest.mark.parametrize(
    ("samples", "targets", "options", "error", "words"),
    [
        (blocks(X), blocks(Y), {"shards": 3}, ValueError, "rechunk"),
        (blocks(X), Y, {}, TypeError, "both arrays of Dask"),
        (blocks(X)[:, 0], blocks(Y), {}, ValueError, "a row for each sample"),
        (blocks(X), blocks(Y)[:50], {}, ValueError, "120 samples and y has 50 targets"),
        (blocks(X)[blocks(Y) > 0], blocks(Y), {}, ValueError, "compute_chunk_sizes"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(client, samples, targets, options, error, words):
    with pytest.raises(error, match=words):
        trained(client, samples, targets, **options)


def test_a_client_that_is_closed_or_stands_for_an_executor_is_refused(client):
    with pytest.raises(TypeError, match="give the Client itself"):
        trained(client.get_executor())
    other = Client(client.scheduler.address, set_as_default=False)
    other.close()
    with pytest.raises(ConnectionError, match="the client is closed; give one that is open"):
        trained(other)


def test_an_executor_that_is_shut_down_is_refused_and_no_older_checkpoint_advised(tmp_path):
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"of another training")
    with ThreadPoolExecutor(1) as pool:
        pass
    with pytest.raises(ConnectionError, match=r"give one that is not shut down.*begin anew"):
        trained(pool, X, Y, checkpoint=file)


def test_no_shard_of_an_executor_stays_mapped(monkeypatch):
    mapped, load = [], numpy.load

    def watched(*arguments, **options):
        array = load(*arguments, **options)
        mapped.append(weakref.ref(array))
        return array

    monkeypatch.setattr(executor_workers.numpy, "load", watched)
    trained(Inline(), X, Y, epochs=1)
    assert mapped
    assert not any(array() is not None for array in mapped)


def test_a_loss_that_is_not_finite_is_looked_for_without_the_cluster():
    with pytest.raises(FloatingPointError, match=r"here, without client= and with eager=True"):
        trained(Inline(), X, Y, shards=3, loss=lambda p, t: exp(1000.0 * (p[0] ** 2 + 1.0)))


def test_a_shard_that_kills_whoever_reads_it_is_an_error(client, monkeypatch):
    monkeypatch.setattr(client.cluster.scheduler, "allowed_failures", 0)
    others = blocks(X[:80] + 1.0), blocks(1.0 - Y)  # for the scheduler remembers what it gave up
    deadly = dask.array.from_delayed(dask.delayed(os._exit)(1), (40, 2), dtype=float)
    with pytest.raises(ConnectionError, match=r"workers died .*checkpoint=path"):
        trained(client, dask.array.concatenate([others[0], deadly]), others[1])


def test_blocks_of_several_columns_and_lengths_are_cut_like_those_of_x(client, undisturbed):
    assert (
        trained(client, X=dask.array.from_array(X, chunks=(40, 1)), y=blocks(Y, 60)) == undisturbed
    )


def test_a_training_without_workers_says_so_and_goes_on_with_new_ones(
    client, undisturbed, tmp_path, monkeypatch
):
    file, cluster = tmp_path / "model.safetensors", client.cluster

    def all_leave():
        cluster.scale(0)
        until(lambda: not client.nthreads())

    start = time.monotonic()
    with monkeypatch.context() as patch:
        patch.setattr(dask_workers, "ALONE_SECONDS", 1.0)  # none are started to be waited for
        with pytest.raises(ConnectionError, match=r"no worker is left .*model\.safetensors"):
            trained(client, checkpoint=file, at_step=(STEPS + 1, all_leave))
        with pytest.raises(ConnectionError, match=r"no worker has come yet .*wait_for_workers"):
            trained(client, checkpoint=tmp_path / "none.safetensors")
    assert time.monotonic() - start < SOON
    cluster.scale(2)
    client.wait_for_workers(2)
    rest = trained(client, checkpoint=file, resume=True)
    assert (rest[0], rest[1]) == (undisturbed[0], undisturbed[1][STEPS:])


def test_a_cluster_that_is_restarted_says_where_to_go_on(undisturbed, tmp_path):
    file = tmp_path / "model.safetensors"
    with (
        on_this_machine(1, processes=False) as cluster,
        Client(cluster, set_as_default=False) as other,
    ):
        again = STEPS + 1, partial(other.restart, wait_for_workers=False)
        with pytest.raises(ConnectionError, match=r"was restarted.*model\.safet.*resume=True"):
            trained(other, checkpoint=file, at_step=again)
    rest = trained(Inline(), X, Y, shards=3, checkpoint=file, resume=True)
    assert (rest[0], rest[1]) == (undisturbed[0], undisturbed[1][STEPS:])


def test_a_scheduler_that_is_killed_is_an_error_and_another_one_goes_on(
    client, undisturbed, tmp_path
):
    file, address = tmp_path / "model.safetensors", tmp_path / "scheduler.json"
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file"]
    started = [started_as("dask_scheduler", *options, address)]
    try:
        until(address.exists)
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--scheduler-file"]
        started.append(started_as("dask_worker", *options, address))
        with Client(scheduler_file=str(address), set_as_default=False) as other:
            other.wait_for_workers(1)
            start = time.monotonic()
            with pytest.raises(ConnectionError, match=r"the scheduler at .* is gone.*model\.safet"):
                trained(other, checkpoint=file, at_step=(STEPS + 1, started[0].kill))
            assert time.monotonic() - start < SOON
    finally:
        for process in started:
            process.kill()
            process.wait()
    rest = trained(client, checkpoint=file, resume=True)
    assert (rest[0], rest[1]) == (undisturbed[0], undisturbed[1][STEPS:])


def test_an_answer_is_waited_for_as_long_as_somebody_is_there(client, monkeypatch):
    monkeypatch.setattr(dask_workers, "LOOK_SECONDS", 0.05)
    with Client(client.scheduler.address, set_as_default=False) as other:
        workers = dask_workers.DaskWorkers(other, lambda: "Go on elsewhere")

        async def late():
            await asyncio.sleep(0.2)
            return 3

        async def never():
            other.status = "connecting"
            await asyncio.sleep(10.0 * SOON)

        assert workers._answer(late) == 3
        with pytest.raises(ConnectionError, match=r"scheduler at .* is gone\. Go on elsewhere"):
            workers._answer(never)
        other.status = "running"


def started_as(name, *options):
    command = [sys.executable, "-m", f"distributed.cli.{name}", *map(str, options)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def until(holds):
    end = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
