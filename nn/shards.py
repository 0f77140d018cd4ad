"""A shard of the samples, and what the process that holds it computes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from hashlib import sha256
from math import isfinite
from random import Random
from typing import Any, NamedTuple

import numpy

from autograd.shards import ShardProgram
from nn.checking import finite
from nn.dropout import Dropout
from nn.random_arrays import Floats, Places, mask_array, order_array

Rule = Callable[[Any, int], Any]  # judges a target, as those of nn.losses.TARGETS do


class Wanted(NamedTuple):
    """What all samples must be like, and how many of them are held out."""

    features: int
    targets: int | None  # numbers in a target; None where it is one number and no list
    share: Fraction | int  # of all rows, held out for validation
    seed: int
    kind: str  # begins the names in errors

    @property
    def width(self) -> int:
        """How many numbers a target has."""
        return 1 if self.targets is None else self.targets


class Range(NamedTuple):
    """Which of all rows a shard has."""

    number: int
    begin: int
    end: int


class Shard(NamedTuple):
    """The samples of a range of rows, a column each: its features, then its target."""

    number: int
    columns: Floats  # those to train on, then those that are held out
    rows: Places  # of the columns, among all rows
    kept: int  # how many there are to train on
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
    count = where.end - where.begin
    X = _finite_array(X, (count, wanted.features), where, f"{wanted.kind}X")
    shape = (count,) if wanted.targets is None else (count, wanted.targets)
    y = _finite_array(y, shape, where, f"{wanted.kind}y")
    columns = numpy.vstack([X.T, y.reshape(count, wanted.width).T], dtype=float)
    digest, rows = _digest(columns), numpy.arange(where.begin, where.end)
    if not wanted.share:
        return Shard(where.number, columns, rows, count, digest)
    order = order_array(count, Random(f"{wanted.seed} held out of shard {where.number}"))
    # So that over all shards the share is held out, however small each of them is.
    part = round(wanted.share * where.end) - round(wanted.share * where.begin)
    places = numpy.hstack([numpy.sort(order[part:]), order[:part]])
    return Shard(where.number, columns[:, places], rows[places], count - part, digest)


def _finite_array(x: Any, shape: tuple[int, ...], where: Range, name: str) -> Any:
    """The array, whose numbers are all finite."""
    x = numpy.asarray(x)
    if x.shape != shape:
        raise ValueError(
            f"shard {where.number}: its {name} has the shape {x.shape}; "
            f"expected {shape}, as the whole array says"
        )
    if x.dtype.kind == "O":
        places = ((_place(where, name, index), x[index]) for index in numpy.ndindex(shape))
        return numpy.array([finite(number, at) for at, number in places]).reshape(shape)
    if x.dtype.kind not in "iufb":
        raise TypeError(
            f"shard {where.number}: its {name} is an array of {x.dtype}; expected numbers"
        )
    for index in map(tuple, numpy.argwhere(~numpy.isfinite(x))[:1]):
        finite(float(x[index]), _place(where, name, index))
    return x


def _place(where: Range, name: str, index: tuple[int, ...]) -> str:
    """A place in the shard, as one in the whole array."""
    row, *others = index
    return f"shard {where.number}: {name}" + "".join(f"[{i}]" for i in (where.begin + row, *others))


def _digest(columns: Floats) -> str:
    digest = sha256(str(columns.shape).encode())
    digest.update(numpy.ascontiguousarray(columns, "<f8").data)
    return digest.hexdigest()


def judge_targets(shard: Shard, rule: Rule, outputs: int, kind: str) -> None:
    """TypeError or ValueError where the rule of the loss refuses a target; each is one number.

    A rule lets either all numbers pass or fewer kinds than there are outputs and two.
    """
    targets = shard.columns[-1]
    for target in numpy.unique(targets)[: outputs + 2].tolist():
        try:
            rule(target, outputs)
        except (TypeError, ValueError) as error:
            row = shard.rows[targets == target].min()
            raise type(error)(f"shard {shard.number}: {kind}y[{row}]: {error}") from None


class About(NamedTuple):
    """What the process that leads a training knows of a shard."""

    kept: int  # samples to train on
    held_out: int
    digest: str
    head: Floats  # the first samples, a column each


def about(shard: Shard, head: int) -> About:
    """What is said of the shard, with so many of its first samples."""
    columns = numpy.array(shard.columns[:, : min(head, shard.kept)])
    return About(shard.kept, len(shard.rows) - shard.kept, shard.digest, columns)


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
    places: Places | range


def _chosen(shard: Shard, part: Part) -> _Samples:
    if part.is_held_out:
        return _Samples(shard.columns, range(shard.kept, len(shard.rows)))
    if part.stride == 1:
        return _Samples(shard.columns, range(shard.kept))
    return _Samples(shard.columns, _order(shard, part)[part.first :: part.stride])


_orders: dict[int, tuple[tuple[int, int, int], Places]] = {}


def _order(shard: Shard, part: Part) -> Places:
    """The shard's own order in this epoch, kept until the next: by any other process the same."""
    key = part.seed, part.epoch, shard.kept
    kept = _orders.get(shard.number)
    if kept is None or kept[0] != key:
        rng = Random(f"{part.seed} epoch {part.epoch} of shard {shard.number}")
        kept = _orders[shard.number] = key, order_array(shard.kept, rng)
    return kept[1]


def _masks(work: Work, shard: Shard, part: Part, count: int) -> Floats:
    """A row for each unit that may be dropped."""
    if not work.dropouts:
        return numpy.empty((0, count))
    rng = Random(f"{part.seed} step {part.step} of shard {shard.number}")
    return mask_array(work.dropouts, count, rng).T


def _fill(samples: _Samples, masks: Floats, rows: Floats, start: int, stop: int) -> None:
    """Write the lanes from one up to another: samples, then masks."""
    columns, places = samples.columns, samples.places[start:stop]
    chosen = slice(places.start, places.stop) if isinstance(places, range) else places
    rows[: len(columns)] = columns[:, chosen]
    rows[len(columns) :] = masks[:, start:stop]
