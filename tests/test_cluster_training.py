"""Training on shards: what it computes, what it refuses, and that only the shards count.

The executor computes in this process, so that all this takes no time; a real cluster is in
test_cluster.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import dask
import dask.array
import numpy
import pytest

import nn
from nn import executor_workers
from tests.executors import Inline

REORDERED = 1e-12  # relative: sums of a hundred terms in another order, a few steps long
RNG = numpy.random.default_rng(0)
X = RNG.normal(size=(103, 2))
Y = (X[:, 0] * X[:, 1] > 0).astype(float)
SHARDS = [1, 2, 3, 8, 103]


def trained(X=X, y=Y, model=None, **options):
    """The parameters and the records of a training."""
    model = model or nn.MLP(2, [6, 1], seed=0)
    given = {
        "loss": nn.binary_cross_entropy,
        "optimizer": nn.Adam(0.05),
        "epochs": 4,
        "client": Inline(),
    }
    records = list(nn.train(model, X, y, **given | options))
    return [p.data for p in model.parameters()], records


def numbers(training):
    parameters, records = training
    return parameters + [record.loss for record in records]


@pytest.mark.parametrize("shards", SHARDS)
def test_on_all_samples_it_is_the_training_of_one_process(shards):
    here = numbers(trained(client=None, l2=1e-3))
    assert numbers(trained(shards=shards, l2=1e-3)) == pytest.approx(here, rel=REORDERED)


@pytest.mark.parametrize(
    ("loss", "model", "y"),
    [
        (nn.cross_entropy, nn.MLP(2, [4, 3], seed=0), numpy.arange(103) % 3),
        (nn.hinge, nn.MLP(2, [4, 1], seed=0), 2 * Y - 1),
        (nn.mse, nn.MLP(2, [4, 2], seed=0), X[:, ::-1]),
        (nn.mse, nn.MLP(2, [4, 1], seed=0), Y[:, None]),
        (lambda p, t: (p[0] - t[0]) ** 4 + p[1] * t[1], nn.MLP(2, [4, 2], seed=0), X),
    ],
)
def test_every_loss_and_kind_of_target_is_that_of_one_process(loss, model, y):
    start = [p.data for p in model.parameters()]
    here = numbers(trained(y=y, loss=loss, model=model, client=None))
    for p, number in zip(model.parameters(), start, strict=True):
        p.data = number
    assert numbers(trained(y=y, loss=loss, model=model, shards=5)) == pytest.approx(
        here, rel=REORDERED, abs=REORDERED
    )


def test_lists_are_cut_like_arrays():
    assert trained(X.tolist(), Y.tolist(), shards=3) == trained(shards=3)


def test_arrays_of_objects_that_are_numbers_are_as_good():
    assert trained(X.astype(object), Y.astype(object), shards=3) == trained(shards=3)


def test_targets_may_hold_no_number():
    options = {"y": numpy.ones((103, 0)), "loss": lambda p, t: p[0] ** 2 + len(t)}
    here = numbers(trained(client=None, **options))
    assert numbers(trained(shards=3, **options)) == pytest.approx(here, rel=REORDERED)


class OfRatio(nn.Module):
    def __init__(self):
        self.layer = nn.Layer(1, 1, seed=0)

    def __call__(self, x):
        return self.layer([x[0] / x[1]])


def test_a_model_is_tried_on_samples_and_not_on_zeros():
    here, there = (
        numbers(trained(abs(X) + 1.0, model=OfRatio(), client=c)) for c in (None, Inline())
    )
    assert there == pytest.approx(here, rel=REORDERED)


# -- batches -------------------------------------------------------------------------------------

BITS = [float(2**i) for i in range(48)]  # a sum of some of them says which


def batches(shards, batch_size, epochs=1, **options):
    """For each step which samples were in its batch, told by its loss."""
    _, records = trained(
        numpy.zeros((48, 2)),
        numpy.array(BITS),
        loss=lambda p, t: p[0] * 0.0 + t,
        optimizer=nn.SGD(1e-300),
        shards=shards,
        batch_size=batch_size,
        epochs=epochs,
        every="step",
        **options,
    )
    steps = len(records) // epochs
    return [{i for i in range(48) if int(r.loss * 48 / steps) >> i & 1} for r in records]


@pytest.mark.parametrize("shards", [1, 3, 7, 16, 48])
@pytest.mark.parametrize("steps", [2, 3, 12, 48])
def test_an_epoch_takes_each_sample_once_in_batches_of_one_size(shards, steps):
    found = batches(shards, 48 // steps)
    assert [len(batch) for batch in found] == [48 // steps] * steps
    assert set().union(*found) == set(range(48))


def test_each_epoch_and_each_seed_has_an_order_of_its_own():
    found = batches(3, 12, epochs=2)
    assert found[:4] != found[4:]
    assert found[:4] != batches(3, 12, seed=1)
    assert found == batches(3, 12, epochs=2)


def test_all_samples_at_once_stay_in_their_order():
    assert batches(3, None, epochs=2) == [set(range(48))] * 2


# -- the same bits -------------------------------------------------------------------------------


def dropping():
    return nn.Sequential(nn.Layer(2, 6, "tanh", seed=0), nn.Dropout(0.4), nn.Layer(6, 1, seed=1))


SAME = {"shards": 5, "batch_size": 30, "validation": 0.25, "epochs": 3}


def test_threads_and_processes_give_the_bits_of_this_process():
    here = trained(model=dropping(), **SAME)
    with ThreadPoolExecutor(3) as pool:
        assert trained(model=dropping(), client=pool, **SAME) == here
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert trained(model=dropping(), client=pool, **SAME) == here


def test_other_shards_give_other_batches_and_another_seed_other_masks():
    here = trained(model=dropping(), **SAME)[0]
    assert trained(model=dropping(), **SAME | {"shards": 4})[0] != here
    fixed = SAME | {"batch_size": None, "validation": None}
    assert (
        trained(model=dropping(), seed=1, **fixed)[0]
        != trained(model=dropping(), seed=0, **fixed)[0]
    )


def test_masks_leave_out_as_many_units_as_they_should():
    model = nn.Sequential(nn.Dropout(0.25), nn.Layer(1, 1, seed=0))
    model.parameters()[0].data, model.parameters()[1].data = 1.0, 0.0
    ones = numpy.ones((4000, 1))
    losses = [
        record.loss
        for record in trained(
            ones, ones[:, 0], model=model, loss=lambda p, t: p[0] * t, optimizer=nn.SGD(1e-300)
        )[1]
    ]
    deviation = (0.25 / 0.75 / 4000) ** 0.5
    assert all(abs(loss - 1.0) < 5.0 * deviation for loss in losses)
    assert len(set(losses)) == len(losses)


# -- validation, checkpoints ---------------------------------------------------------------------


def test_a_validation_pair_is_measured_as_in_one_process():
    pair = X[:20] + 0.5, Y[:20]
    here, there = (
        [r.validation_loss for r in trained(validation=pair, **given)[1]]
        for given in ({"client": None}, {"shards": 3})
    )
    assert there == pytest.approx(here, rel=REORDERED)


def test_a_share_of_each_shard_is_held_out():
    model = nn.MLP(2, [1], seed=0)
    options = {"loss": lambda p, t: p[0] * 0.0 + t, "optimizer": nn.SGD(1e-300), "epochs": 1}
    ones = numpy.arange(40) < 20
    [record] = trained(
        numpy.zeros((40, 2)), ones * 1.0, model, shards=2, validation=0.25, **options
    )[1]
    assert record.loss == record.validation_loss == 0.5


@pytest.mark.parametrize(("share", "count"), [(0.25, 12), (0.04, 2), (0.98, 47)])
@pytest.mark.parametrize("shards", [1, 5, 20, 47, 48])
def test_the_share_is_held_out_of_all_samples_however_small_the_shards(share, count, shards):
    options = {"loss": lambda p, t: p[0] * 0.0 + t, "optimizer": nn.SGD(1e-300), "epochs": 1}
    y = numpy.array(BITS)
    [record] = trained(numpy.zeros((48, 2)), y, shards=shards, validation=share, **options)[1]
    kept, held_out = round(record.loss * (48 - count)), round(record.validation_loss * count)
    assert (kept.bit_count(), held_out.bit_count()) == (48 - count, count)
    assert kept + held_out == 2**48 - 1


def test_early_stopping_ends_with_the_best_parameters():
    noise = RNG.integers(2, size=103).astype(float)
    options = {"validation": 0.3, "epochs": 200, "shards": 3, "optimizer": nn.Adam(0.2)}
    parameters, records = trained(y=noise, early_stopping=4, **options)
    lowest = min(records, key=lambda r: r.validation_loss)
    assert len(records) == lowest.epoch + 4 < 200
    assert parameters == trained(y=noise, **options | {"epochs": lowest.epoch})[0]


def test_a_training_that_is_gone_on_with_has_the_bits_of_one_that_was_not_stopped(tmp_path):
    file = tmp_path / "model.safetensors"
    options = {"model": None, **SAME, "checkpoint": file}
    whole = trained(**SAME | {"epochs": 6})
    first = trained(**options)
    rest = trained(resume=True, **options | {"epochs": 6})
    assert rest[0] == whole[0]
    assert first[1] + rest[1] == whole[1]


@pytest.mark.parametrize(
    ("other", "what"), [({"shards": 4}, "X and y"), ({"client": None, "shards": None}, "X and y")]
)
def test_a_checkpoint_is_of_its_shards_alone(tmp_path, other, what):
    options = {"checkpoint": tmp_path / "model.safetensors", "shards": 5}
    trained(**options)
    with pytest.raises(nn.ModelFileError, match=what):
        trained(resume=True, **options | other)


# -- what is refused -----------------------------------------------------------------------------

LAZY = dask.array.from_array(X, chunks=(50, 2))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"metrics": nn.accuracy}, ValueError, "between the records of nn.train"),
        ({"eager": True}, ValueError, "leave out client="),
        ({"client": "tcp://127.0.0.1:8786"}, TypeError, "a dask.distributed.Client or an executor"),
        ({"shards": 104}, ValueError, "more than there are samples, 103"),
        ({"shards": 0}, ValueError, "at least 1"),
        ({"client": None, "shards": 2}, ValueError, "client="),
        ({"y": Y[:5]}, ValueError, "103 samples and y has 5 targets"),
        (
            {"y": Y + 1},
            ValueError,
            r"shard 0: y\[\d+\]: binary_cross_entropy takes targets 0 and 1",
        ),
        ({"y": numpy.full(103, "a")}, TypeError, "shard 0: its y is an array of <U1"),
        ({"validation": 1.5}, ValueError, "validation"),
        ({"validation": (X, Y, Y)}, ValueError, r"a pair \(X, y\)"),
        (
            {"y": numpy.ones((103, 3, 1))},
            ValueError,
            r"y has the shape \(103, 3, 1\); expected a num",
        ),
        ({"y": numpy.array(3.0)}, TypeError, "y is a list or an array of targets, not float 3.0"),
        ({"y": [[1.0], *[[1.0, 2.0]] * 102]}, TypeError, "y has lists of several lengths"),
        ({"y": [*[1] * 102, None]}, TypeError, r"shard 7: y\[102\] is None, not a number"),
        ({"early_stopping": 3}, ValueError, "validation"),
        ({"X": LAZY, "y": LAZY[:, 0]}, TypeError, "arrays of Dask: give its client"),
        ({"model": nn.MLP(3, [1], seed=0)}, ValueError, "3"),
        ({"loss": lambda p, t: p[0] if p[0] > 0 else -p[0]}, TypeError, "where"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_first_step(options, error, words):
    with pytest.raises(error, match=words):
        trained(**options)


@pytest.mark.parametrize("place", [0, 57, 102])
def test_a_sample_that_is_not_finite_is_named_with_its_shard(place):
    wrong = X.copy()
    wrong[place, 1] = numpy.inf
    shard = place * 4 // 103
    with pytest.raises(ValueError, match=rf"shard {shard}: X\[{place}\]\[1\] is inf"):
        trained(wrong, shards=4)


@pytest.mark.parametrize("validation", [None, 0.02, 0.98])
def test_a_label_is_judged_in_each_shard_also_where_it_is_held_out(validation):
    labels = numpy.arange(103) % 3
    labels[[90, 101]] = 3
    options = {"loss": nn.cross_entropy, "shards": 4, "validation": validation}
    with pytest.raises(
        ValueError, match=r"shard 3: y\[90\]: cross_entropy takes targets from 0 to 2"
    ):
        trained(y=labels, model=nn.MLP(2, [3], seed=0), **options)


def test_a_loss_that_is_not_finite_names_the_shard_and_the_sample():
    targets = numpy.ones(103)
    targets[[60, 61]] = 0.0
    model = nn.MLP(2, [1], seed=0)
    start = [p.data for p in model.parameters()]
    with pytest.raises(
        FloatingPointError, match=r"inf for X\[60\] and 1 more of shard 2; of a batch"
    ):
        trained(y=targets, model=model, loss=lambda p, t: p[0] ** 2 + 1.0 / t, shards=4)
    assert [p.data for p in model.parameters()] == start


def test_a_process_that_dies_is_an_error_that_says_where_to_go_on(tmp_path):
    file = tmp_path / "model.safetensors"
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(os._exit, 1)
        with pytest.raises(ConnectionError, match=r"process .* died.*\w\. .*model\.safetensors"):
            trained(client=pool, checkpoint=file)


def test_the_files_of_an_executor_go_with_its_training(monkeypatch):
    folders = []
    made = executor_workers.tempfile.mkdtemp
    monkeypatch.setattr(
        executor_workers.tempfile,
        "mkdtemp",
        lambda **options: folders.append(made(**options)) or folders[-1],
    )
    trained(epochs=1)
    assert folders
    assert not any(map(os.path.exists, folders))
