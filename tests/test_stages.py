"""A program cut at its sums gives, shard by shard, what it gives in one place."""

from __future__ import annotations

import math
import pickle
import tracemalloc
from functools import partial
from itertools import pairwise as neighbours

import numpy
import pytest

from autograd import (
    cross_entropy,
    dot,
    exp,
    jit,
    log,
    shards,
    softplus,
    sqrt,
    tanh,
    value_and_grad,
    vmap,
    where,
)
from autograd.shards import ShardProgram, added, pairwise
from autograd.stages import stages

REORDERED = 1e-12  # relative: sums of some dozens of terms in another order
W = [0.5, -1.25]
X = numpy.random.default_rng(0).normal(size=(37, 2))
SPLITS = [[], [1], [36], [12, 24], [5, 6, 7, 30], list(range(1, 37))]


def mean_loss(w, X):
    return vmap(lambda w, x: tanh(dot(w, x)) ** 2, in_axes=(None, 0), reduce="mean")(w, X)


def with_l2(w, X):
    return mean_loss(w, X) + 0.1 * dot(w, w)


def root_mean_square(w, X):
    return sqrt(mean_loss(w, X))


def variance(w, X):
    mean = vmap(lambda w, x: dot(w, x), in_axes=(None, 0), reduce="mean")(w, X)
    square = vmap(lambda w, x, m: (dot(w, x) - m) ** 2, in_axes=(None, 0, None), reduce="mean")
    return square(w, X, mean)


def three_levels(w, X):
    spread = sqrt(variance(w, X))
    cost = vmap(lambda w, x, s: softplus(dot(w, x) / s), in_axes=(None, 0, None), reduce="sum")
    return log(cost(w, X, spread))


def of_no_lane(w, X):
    return vmap(lambda w, x: exp(w[0]), in_axes=(None, 0), reduce="mean")(w, X)


def weighted(w, X):
    gates = [where(a > 0, a, 0.01 * a) for a in w]
    return vmap(lambda g, x: dot(g, x) ** 2, in_axes=(None, 0), reduce="sum")(gates, X)


FUNCTIONS = [mean_loss, with_l2, root_mean_square, variance, three_levels, of_no_lane, weighted]
LEVELS = {variance: 3, three_levels: 6, root_mean_square: 2}  # there, and back for the gradient


def traced(f):
    return jit(value_and_grad(f)).program(W, X)


def in_plain_python(cut, uniforms, lanes, ends):
    """The uniform outputs by `Program.run`, which defines what each stage means."""
    known = [*uniforms, float(len(lanes[0]))]
    for stage in cut.sums:
        parts = [
            stage.run([*uniforms, *[lane[a:b] for lane in lanes], *known[len(uniforms) :]])
            for a, b in neighbours(ends)
        ]
        known += [math.fsum(terms) for terms in zip(*parts, strict=True)]
    return cut.uniform.run(known)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_local_sums_of_any_split_add_up_to_the_program(f):
    program = traced(f)
    cut = stages(program)
    lanes = X.T.tolist()
    whole = program.run([*W, *lanes])
    for split in SPLITS:
        found = in_plain_python(cut, W, lanes, [0, *split, len(X)])
        assert found == pytest.approx(whole, rel=REORDERED, abs=REORDERED)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_every_stage_is_a_program_of_one_level_of_sums(f):
    cut = stages(traced(f))
    assert len(cut.sums) == LEVELS.get(f, 1)
    for stage in [*cut.sums, cut.uniform, cut.lanes]:
        stage.verify()
    for stage in cut.sums:
        assert {stage.level[slot] for slot in stage.outputs} == {1}
        assert not any(op.name == "lane_count" for op, _ in stage.instructions)
    assert not any(cut.uniform.lane_inputs)
    assert not any(op.name == "lane_sum" for op, _ in cut.uniform.instructions)


def test_outputs_that_are_lanes_need_the_sums_and_their_own_lane_alone():
    def centred(w, X):
        mean = vmap(lambda x: x[0], reduce="mean")(X)
        return vmap(lambda x, m: x[0] - m, in_axes=(0, None))(X, mean), mean

    program = jit(centred).program(W, X)
    cut = stages(program)
    rows, mean = program.run([*W, *X.T.tolist()])
    total = math.fsum(X[:, 0])
    [found] = cut.lanes.run([*W, *X[5:9].T.tolist(), 37.0, total])
    assert found == pytest.approx(rows[5:9], rel=REORDERED)
    assert cut.uniform.run([*W, 37.0, total]) == pytest.approx([mean], rel=REORDERED)


def test_a_program_survives_pickling():
    program = traced(variance)
    again = pickle.loads(pickle.dumps(program))
    assert str(again) == str(program)
    assert again.run([*W, *X.T.tolist()]) == program.run([*W, *X.T.tolist()])


# -- as it travels -------------------------------------------------------------------------------


def of_rows(rows):
    """What writes these samples."""

    def fill(into, start, stop):
        into[:] = rows[start:stop].T

    return fill


def computed(work, ends):
    """The uniform outputs, each shard's sums computed from what was pickled."""
    uniforms = numpy.array([*W, float(len(X))])
    for level in range(work.levels):
        copy = pickle.loads(pickle.dumps(work))
        sums = [
            copy.local_sums(level, uniforms, b - a, of_rows(X[a:b])) for a, b in neighbours(ends)
        ]
        uniforms = numpy.concatenate([uniforms, pairwise(sums, partial(map, added))])
    return work.uniform_outputs(uniforms).tolist()


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
@pytest.mark.parametrize("f", [with_l2, three_levels], ids=lambda f: f.__name__)
def test_machine_code_of_the_stages_gives_the_same_numbers(f, backend):
    program = traced(f)
    work, whole = ShardProgram(program, backend), program.run([*W, *X.T.tolist()])
    for split in SPLITS[:4]:
        found = computed(work, [0, *split, len(X)])
        assert found == pytest.approx(whole, rel=REORDERED, abs=REORDERED)


def test_threads_within_a_shard_change_no_bit():
    rows = numpy.random.default_rng(1).normal(size=(5000, 2))
    one, two = (ShardProgram(traced(with_l2), threads=n) for n in (1, 2))
    given = 0, [*W, 5000.0], len(rows), of_rows(rows)
    assert one.local_sums(*given).tolist() == two.local_sums(*given).tolist()


def test_a_long_shard_is_computed_in_pieces(monkeypatch):
    work = ShardProgram(traced(with_l2))
    given = 0, [*W, 37.0], len(X), of_rows(X)
    whole = work.local_sums(*given)
    lengths = []

    def fill(into, start, stop):
        lengths.append(stop - start)
        of_rows(X)(into, start, stop)

    monkeypatch.setattr(shards, "PIECE", 16)
    found = work.local_sums(0, [*W, 37.0], len(X), fill)
    assert lengths == [16, 16, 5]
    assert found.tolist() == pytest.approx(whole.tolist(), rel=REORDERED)


def test_a_piece_has_the_fewer_lanes_the_more_rows_there_are(monkeypatch):
    work = ShardProgram(traced(with_l2))
    lengths = []

    def fill(into, start, stop):
        lengths.append(stop - start)
        of_rows(X)(into, start, stop)

    for numbers_in_a_piece, expected in ((2 * 16, [16, 16, 5]), (1, [8, 8, 8, 8, 5])):
        monkeypatch.setattr(shards, "PIECE_BYTES", 8 * numbers_in_a_piece)
        work.local_sums(0, [*W, 37.0], len(X), fill)
        assert lengths == expected
        lengths.clear()


def test_buffers_of_shards_of_many_lengths_stay_small():
    program = jit(vmap(lambda x: dot(x, x), reduce="sum")).program(numpy.ones((2, 100)))
    work = ShardProgram(program)
    work.local_sums(0, [1.0], 1, lambda rows, start, stop: None)
    tracemalloc.start()
    try:
        for lanes in range(4000, 16000, 500):  # 3 to 13 MB
            work.local_sums(0, [1.0], lanes, lambda rows, start, stop: rows.fill(1.0))
        assert tracemalloc.get_traced_memory()[0] < 1.1 * shards.FRAMES_KEPT * shards.PIECE_BYTES
    finally:
        tracemalloc.stop()
        shards._free_frames.cache_clear()


def test_a_shard_without_samples_adds_nothing():
    work = ShardProgram(traced(with_l2))
    assert work.local_sums(0, [*W, 37.0], 0, of_rows(X)).tolist() == [0.0, 0.0, 0.0]


def test_sums_are_added_in_pairs_of_neighbours():
    assert (
        pairwise(list("abcdefg"), partial(map, lambda x, y: f"({x}{y})")) == "(((ab)(cd))((ef)g))"
    )
    assert pairwise([3], partial(map, lambda x, y: x + y)) == 3
    assert added(numpy.array([math.inf]), numpy.array([-math.inf])).tolist() != [0.0]


def test_an_index_out_of_range_is_an_error_in_a_shard_as_well():
    loss = vmap(lambda w, x: cross_entropy(w, x[0]), in_axes=(None, 0), reduce="sum")
    work = ShardProgram(jit(loss).program(W, X))
    with pytest.raises(IndexError, match="range"):
        work.local_sums(0, [*W, 1.0], 1, of_rows(numpy.array([[7.0, 0.0]])))
    assert work.local_sums(0, [*W, 1.0], 1, of_rows(numpy.array([[1.0, 0.0]]))).size == 1
