"""Samples cut into shards, read and judged where they are to lie."""

from __future__ import annotations

from fractions import Fraction
from hashlib import sha256
from itertools import accumulate
from typing import Any, NamedTuple

import numpy

from autograd.shards import is_lazy
from nn.checking import listed, same_length, whole
from nn.checking import rows as checked_rows
from nn.dask_workers import DaskWorkers
from nn.losses import TARGETS
from nn.random_arrays import Floats
from nn.run import Run
from nn.samples import Sample, count_outputs, paired
from nn.shards import Range, Wanted, about, judge_targets
from nn.workers import Handle, Workers

SHARDS = 8  # of samples that come in one piece
LOOKED_AT = 256  # samples that are brought here, to try the model and the loss on


class Shards(NamedTuple):
    """Samples that lie with the workers, and what is known of them here."""

    handles: list[Handle]
    counts: list[int]  # of each, to train on
    held_out: list[int]  # of each, to validate on
    features: int
    width: int  # numbers in a target
    are_numbers: bool  # whether the loss takes a target as that number, and not as a list
    head: list[Sample]
    fingerprint: str


def read_shards(
    run: Run, workers: Workers, pieces: Pieces, kind: str = "", share: Fraction | int = 0
) -> Shards:
    """The pieces, read by the workers and tried on the model and the loss; a share is held out.

    TypeError or ValueError where something does not fit; `kind` begins the names in errors.
    """
    begins = [0, *pieces.ends[:-1]]
    ranges = [Range(i, *ends) for i, ends in enumerate(zip(begins, pieces.ends, strict=True))]
    count = len(ranges)
    wanted = Wanted(pieces.features, pieces.targets, share, run.seed, kind)
    handles = workers.read(ranges, [wanted] * count, pieces.X, pieces.y)
    known = workers.each(about, handles, [-(-LOOKED_AT // count)] * count)
    columns = numpy.hstack([x.head for x in known])
    are_numbers, head = _tried(run, workers, handles, wanted, columns)
    digest = sha256("".join(x.digest for x in known).encode()).hexdigest()
    return Shards(
        handles=handles,
        counts=[x.kept for x in known],
        held_out=[x.held_out for x in known],
        features=wanted.features,
        width=wanted.width,
        are_numbers=are_numbers,
        head=head,
        fingerprint=f"{pieces.ends[-1]} samples in {count} shards, digest {digest[:32]}",
    )


def _tried(
    run: Run, workers: Workers, handles: list[Handle], wanted: Wanted, columns: Floats
) -> tuple[bool, list[Sample]]:
    """Whether the loss takes targets as numbers; the first samples, on which all has been tried.

    What the rule of the loss says of the other targets is asked where they are.
    """
    X, y = columns[: wanted.features].T, columns[wanted.features :].T
    rule, kind = TARGETS.get(run.loss), wanted.kind
    if rule and wanted.width == 1:
        outputs = count_outputs(run.model, X[0].tolist())
        same = [[x] * len(handles) for x in (rule, outputs, kind)]
        workers.each(judge_targets, handles, *same)
    are_numbers = wanted.targets is None or (wanted.targets == 1 and rule is not None)
    head = paired(run.model, X, y[:, 0] if are_numbers else y, run.loss, kind)
    run.predict(head[0][0])  # with masks, where it has Dropout
    return are_numbers, head


# -- pieces --------------------------------------------------------------------------------------


class Pieces(NamedTuple):
    """Samples and targets in pieces."""

    X: list[Any]
    y: list[Any]
    ends: list[int]  # the row after each piece
    features: int
    targets: int | None  # numbers in a target, where it is a list


def pieces_of(X: Any, y: Any, shards: int | None, kind: str, workers: Workers) -> Pieces:
    """What becomes shards: the blocks of arrays of Dask, or as many pieces as are asked for."""
    names = f"{kind}X", f"{kind}y"
    if not (is_lazy(X) or is_lazy(y)):
        return _cut(X, y, shards, names)
    if not isinstance(workers, DaskWorkers):
        raise TypeError(f"{names[0]} and {names[1]} are arrays of Dask: give its client, too")
    if shards is not None:
        raise ValueError("arrays of Dask come in shards: X = X.rechunk({0: rows}), not shards=")
    if not (is_lazy(X) and is_lazy(y)):
        raise TypeError(f"{names[0]} and {names[1]} are both arrays of Dask, or neither is")
    return _blocks(X, y, names)


def _blocks(X: Any, y: Any, names: tuple[str, str]) -> Pieces:
    """The blocks of X, and those of y cut like them; they are not computed yet."""
    for x, name in ((X, names[0]), (y, names[1])):
        if any(n != n for n in x.shape):
            raise ValueError(
                f"{name} has blocks of unknown length; call its compute_chunk_sizes() first"
            )
    if X.ndim != 2:
        raise ValueError(f"{names[0]} has the shape {X.shape}; expected a row for each sample")
    _refuse_shape(y, names[1])
    same_length(X, y, names)
    if not all(X.shape):
        checked_rows(numpy.empty((min(len(X), 1), X.shape[1])), names[0])  # has words for it
    chunks = X.chunks[0]
    X_blocks, y_blocks = (
        list(x.rechunk({0: chunks} | dict.fromkeys(range(1, x.ndim), -1)).to_delayed().ravel())
        for x in (X, y)
    )
    return Pieces(X_blocks, y_blocks, list(accumulate(chunks)), X.shape[1], _targets(y))


def _cut(X: Any, y: Any, shards: int | None, names: tuple[str, str]) -> Pieces:
    """Arrays or lists in pieces of one length, but for one sample."""
    is_table = isinstance(X, numpy.ndarray) and X.ndim == 2 and X.size
    X = X if is_table else numpy.asarray(checked_rows(X, names[0]))
    y = _target_array(y, names[1])
    same_length(X, y, names)
    count = min(SHARDS, len(X)) if shards is None else whole(shards, "shards")
    if count > len(X):
        kind = names[0].removesuffix("X")
        raise ValueError(f"shards={count} is more than there are {kind}samples, {len(X)}")
    ends = [len(X) * (k + 1) // count for k in range(count)]
    X_pieces, y_pieces = (numpy.split(x, ends[:-1]) for x in (X, y))
    return Pieces(X_pieces, y_pieces, ends, X.shape[1], _targets(y))


def _target_array(y: Any, name: str) -> Any:
    """The targets as an array; TypeError or ValueError where they are no rows of one length."""
    given = y if isinstance(y, numpy.ndarray) and y.ndim else listed(y, name, "targets")
    try:
        array = numpy.asarray(given)
    except ValueError:  # lists of several lengths
        raise TypeError(
            f"{name} has lists of several lengths, or lists beside numbers; expected targets that "
            "are all numbers, or all lists of as many numbers"
        ) from None
    _refuse_shape(array, name)
    return array


def _refuse_shape(y: Any, name: str) -> None:
    if y.ndim not in (1, 2):
        raise ValueError(
            f"{name} has the shape {y.shape}; expected a number, or a row of numbers, for each "
            "sample"
        )


def _targets(y: Any) -> int | None:
    return y.shape[1] if y.ndim > 1 else None
