"""Samples cut into shards, read and judged where they are to lie."""

from __future__ import annotations

from hashlib import sha256
from itertools import accumulate
from typing import Any, NamedTuple

import numpy

from autograd.shards import is_lazy
from nn.checking import listed, same_length, whole
from nn.checking import rows as checked_rows
from nn.losses import TARGETS
from nn.prediction import numbers_of
from nn.run import Run
from nn.samples import Sample, paired
from nn.shards import Range, Wanted, about
from nn.workers import DaskWorkers, Workers

SHARDS = 8  # of samples that come in one piece
LOOKED_AT = 256  # samples that are brought here, to try the model and the loss on


class Shards:
    """Samples that are read and judged where they are to lie, and what is known of them here."""

    def __init__(self, run: Run, workers: Workers, cut: Cut, share: float, kind: str = "") -> None:
        outputs = len(numbers_of(run.model([0.0] * cut.features)))
        rule = TARGETS.get(run.loss)
        wanted = Wanted(cut.features, cut.targets, outputs, rule, share, run.seed, kind)
        begins = [0, *cut.ends[:-1]]
        ranges = [Range(i, *ends) for i, ends in enumerate(zip(begins, cut.ends, strict=True))]
        same = [wanted] * len(ranges)
        self.handles = workers.read(ranges, same, cut.X, cut.y)
        head = [-(-LOOKED_AT // len(ranges))] * len(ranges)
        known = workers.each(about, self.handles, head)
        self.counts, self.held_out = [x.kept for x in known], [x.held_out for x in known]
        if not any(self.counts) or (share and not any(self.held_out)):
            raise ValueError(
                f"validation={share:g} of shards of {max(self.counts + self.held_out)} samples at "
                "most leaves nothing to train on, or to validate on; make the shards larger"
            )
        self.are_numbers = cut.targets is None or (cut.targets == 1 and rule is not None)
        self.features, self.width = cut.features, cut.targets or 1
        columns = numpy.hstack([x.head for x in known])
        X, y = columns[: self.features].T, columns[self.features :].T
        self.head: list[Sample] = paired(
            run.model, X, y[:, 0] if self.are_numbers else y, run.loss, kind
        )
        run.predict(self.head[0][0])  # with masks, where it has Dropout
        digest = sha256("".join(x.digest for x in known).encode()).hexdigest()
        self.fingerprint = f"{cut.ends[-1]} samples in {len(known)} shards, digest {digest[:32]}"

    def ends_and_counts(self) -> list[tuple[int, int]]:
        """For each shard how many samples end with it, and how many it has to train on."""
        return list(zip(accumulate(self.counts), self.counts, strict=True))


class Cut(NamedTuple):
    """Samples and targets in pieces."""

    X: list[Any]
    y: list[Any]
    ends: list[int]  # the row after each piece
    features: int
    targets: int | None  # numbers in a target, where it is a list


def cut(X: Any, y: Any, shards: int | None, kind: str, workers: Workers) -> Cut:
    """The pieces that become shards: the blocks of arrays of Dask, or as many as are asked for."""
    if not (is_lazy(X) or is_lazy(y)):
        return _cut_here(X, y, shards, kind)
    names = f"{kind}X", f"{kind}y"
    if not isinstance(workers, DaskWorkers):
        raise TypeError(f"{names[0]} and {names[1]} are arrays of Dask: give its client, too")
    if shards is not None:
        raise ValueError("arrays of Dask come in shards: X = X.rechunk({0: rows}), not shards=")
    if not (is_lazy(X) and is_lazy(y)):
        raise TypeError(f"{names[0]} and {names[1]} are both arrays of Dask, or neither is")
    for x, name, axes in ((X, names[0], (2,)), (y, names[1], (1, 2))):
        if x.ndim not in axes:
            raise ValueError(f"{name} has the shape {x.shape}; expected a row for each sample")
        if any(n != n for n in x.shape):
            raise ValueError(
                f"{name} has blocks of unknown length; call its compute_chunk_sizes() first, or "
                "make it with to_dask_array(lengths=True)"
            )
    same_length(X, y, names)
    chunks = X.chunks[0]
    blocks = [
        list(x.rechunk({0: chunks} | dict.fromkeys(range(1, x.ndim), -1)).to_delayed().ravel())
        for x in (X, y)
    ]
    targets = y.shape[1] if y.ndim > 1 else None
    return Cut(blocks[0], blocks[1], list(accumulate(chunks)), X.shape[1], targets)


def _cut_here(X: Any, y: Any, shards: int | None, kind: str) -> Cut:
    X = X if isinstance(X, numpy.ndarray) and X.ndim == 2 else checked_rows(X, f"{kind}X")
    y = y if isinstance(y, numpy.ndarray) else listed(y, f"{kind}y", "targets")
    same_length(X, y, (f"{kind}X", f"{kind}y"))
    X, y = numpy.asarray(X), numpy.asarray(y)
    count = min(SHARDS, len(X)) if shards is None else whole(shards, "shards")
    if count > len(X):
        raise ValueError(f"shards={count} is more than there are {kind}samples, {len(X)}")
    ends = [len(X) * (k + 1) // count for k in range(count)]
    pieces = [numpy.split(x, ends[:-1]) for x in (X, y)]
    return Cut(pieces[0], pieces[1], ends, X.shape[1], y.shape[1] if y.ndim > 1 else None)
