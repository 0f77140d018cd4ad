"""A shard of the samples, and what the process that holds it computes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from math import isfinite
from random import Random
from typing import Any, NamedTuple

import numpy

from autograd.shards import ShardProgram
from nn.dropout import Dropout
from nn.random_arrays import Floats, Places, mask_array, order_array

Rule = Callable[[Any, int], Any]  # judges a target, as those of nn.losses.TARGETS do


class Wanted(NamedTuple):
    """What all samples must be like, and how many of them are held out."""

    features: int
    targets: int | None  # numbers in a target; None where it is one number and no list
    outputs: int
    rule: Rule | None
    share: float  # of the rows, held out for validation
    seed: int
    kind: str  # begins the names in errors


class Range(NamedTuple):
    """Which of all rows a shard has."""

    number: int
    begin: int
    end: int


class Shard(NamedTuple):
    """The samples of a range of rows, a column each: its features, then its target."""

    number: int
    columns: Floats
    rows: Places  # of the columns, among all rows
    held_out: Floats
    digest: str


class Part(NamedTuple):
    """What of a shard one step, or a validation, takes, and which sums of it."""

    step: int
    epoch: int
    first: int  # in the order of the epoch, of which every so many is taken
    stride: int
    seed: int
    is_held_out: bool  # of the samples that are held out, all
    level: int = 0


class Work(NamedTuple):
    """What a step computes: its program, and what draws the masks that it multiplies by."""

    program: ShardProgram
    dropouts: Sequence[Dropout] = ()


# -- reading -------------------------------------------------------------------------------------


def read_shard(where: Range, wanted: Wanted, X: Any, y: Any) -> Shard:
    """The shard of these samples. ValueError or TypeError, with its number, where one is unfit."""
    X, y = numpy.asarray(X), numpy.asarray(y)
    rows = where.end - where.begin
    shapes = (rows, wanted.features), (rows, *(() if wanted.targets is None else (wanted.targets,)))
    for array, shape, name in ((X, shapes[0], "X"), (y, shapes[1], "y")):
        if array.shape != shape:
            raise ValueError(
                f"shard {where.number}: its {wanted.kind}{name} has the shape {array.shape}; "
                f"expected {shape}, as the whole array says"
            )
        _refuse_non_finite(array, where, f"{wanted.kind}{name}")
    _judge_targets(y, where, wanted)
    columns = numpy.vstack([X.T, y.reshape(rows, -1).T]).astype(float, copy=False)
    numbers = numpy.arange(where.begin, where.end)
    if not wanted.share:
        return Shard(where.number, columns, numbers, columns[:, :0], _digest(columns))
    order = order_array(rows, Random(f"{wanted.seed} held out of shard {where.number}"))
    held_out, kept = numpy.split(order, [round(wanted.share * rows)])
    kept.sort()
    split = columns[:, kept], numbers[kept], columns[:, held_out]
    return Shard(where.number, *split, _digest(columns))


def _refuse_non_finite(array: Any, where: Range, name: str) -> None:
    if array.dtype.kind not in "iufb":
        raise TypeError(
            f"shard {where.number}: its {name} is an array of {array.dtype}; expected numbers"
        )
    wrong = numpy.argwhere(~numpy.isfinite(array))
    if len(wrong):
        row, *place = wrong[0].tolist()
        at = "".join(f"[{i}]" for i in (where.begin + row, *place))
        raise ValueError(
            f"shard {where.number}: {name}{at} is {array[tuple(wrong[0])]}; leave out or fill in "
            "what is missing or infinite before training"
        )


def _judge_targets(y: Any, where: Range, wanted: Wanted) -> None:
    """What the loss says of the targets: of lists to the first, as all have its length.

    Of numbers a rule lets either all of them pass or fewer kinds than there are outputs and two.
    """
    if wanted.rule is None or not len(y):
        return
    y = y[:, 0] if y.ndim > 1 and y.shape[1] == 1 else y
    kinds = y[:1] if y.ndim > 1 else numpy.unique(y)[: wanted.outputs + 2]
    for target in kinds.tolist():
        try:
            wanted.rule(target, wanted.outputs)
        except (TypeError, ValueError) as error:
            row = 0 if y.ndim > 1 else int(numpy.argmax(y == target))
            place = f"shard {where.number}: {wanted.kind}y[{where.begin + row}]"
            raise type(error)(f"{place}: {error}") from None


def _digest(columns: Floats) -> str:
    digest = sha256(str(columns.shape).encode())
    digest.update(numpy.ascontiguousarray(columns, "<f8").data)
    return digest.hexdigest()


class About(NamedTuple):
    """What the process that leads a training knows of a shard."""

    kept: int  # samples to train on
    held_out: int
    digest: str
    head: Floats  # the first samples, a column each


def about(shard: Shard, head: int) -> About:
    """What is said of the shard, with so many of its first samples."""
    columns = numpy.array(shard.columns[:, :head])
    return About(len(shard.rows), shard.held_out.shape[1], shard.digest, columns)


# -- steps ---------------------------------------------------------------------------------------


def local_sums(work: Work, uniforms: Floats, shard: Shard, part: Part) -> Floats:
    """The sums of the loss, of its gradient, over what this step takes of the shard."""
    samples = _chosen(shard, part)
    masks = _masks(work, shard, part, len(samples.places))
    fill = partial(_fill, samples, masks)
    try:
        return work.program.local_sums(part.level, uniforms, len(samples.places), fill)
    except IndexError as error:
        raise IndexError(f"shard {shard.number}: {error}") from error


def losses_not_finite(
    work: Work, uniforms: Floats, shard: Shard, part: Part
) -> list[tuple[int, float]]:
    """The rows of the samples whose loss is not finite, and those losses."""
    samples = _chosen(shard, part)
    count = len(samples.places)
    fill = partial(_fill, samples, _masks(work, shard, part, count))
    [losses] = work.program.lane_outputs(uniforms, count, fill)
    wrong = [i for i in range(count) if not isfinite(losses[i])]
    return [(int(shard.rows[samples.places[i]]), float(losses[i])) for i in wrong]


class _Samples(NamedTuple):
    """Some of the columns of a shard, by their places."""

    columns: Floats
    places: Places | range  # a range where it is all of them, in their own order


def _chosen(shard: Shard, part: Part) -> _Samples:
    if part.is_held_out or part.stride == 1:
        columns = shard.held_out if part.is_held_out else shard.columns
        return _Samples(columns, range(columns.shape[1]))
    return _Samples(shard.columns, _order(shard, part)[part.first :: part.stride])


_orders: dict[int, tuple[tuple[int, int, int], Places]] = {}


def _order(shard: Shard, part: Part) -> Places:
    """The shard's own order in this epoch, kept until the next: by any other process the same."""
    key = part.seed, part.epoch, len(shard.rows)
    kept = _orders.get(shard.number)
    if kept is None or kept[0] != key:
        rng = Random(f"{part.seed} epoch {part.epoch} of shard {shard.number}")
        kept = _orders[shard.number] = key, order_array(len(shard.rows), rng)
    return kept[1]


def _masks(work: Work, shard: Shard, part: Part, count: int) -> Floats:
    """A row for each unit that may be dropped."""
    if not work.dropouts:
        return numpy.empty((0, count))
    rng = Random(f"{part.seed} step {part.step} of shard {shard.number}")
    return mask_array(work.dropouts, count, rng).T


def _fill(samples: _Samples, masks: Floats, rows: Floats, start: int, stop: int) -> None:
    """Write the lanes from one up to another: samples, then masks."""
    columns, places = samples
    chosen = slice(start, stop) if isinstance(places, range) else places[start:stop]
    rows[: len(columns)] = columns[:, chosen]
    rows[len(columns) :] = masks[:, start:stop]
