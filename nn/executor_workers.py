"""The processes, or threads, of an executor, that compute on shards in files of this machine."""

from __future__ import annotations

import os
import pickle
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy

from autograd.shards import added, pairwise
from nn.random_arrays import Floats
from nn.shards import Part, Shard, read_shard
from nn.workers import Handle

WORKS_KEPT = 8  # in a process


class ExecutorWorkers:
    """The processes, or threads, of an executor of this machine, which map shards from files.

    The files go with this object. ConnectionError where a process has died or the executor was
    shut down; `advice` ends its words.
    """

    def __init__(self, executor: Executor, advice: Callable[[], str]) -> None:
        self._executor, self._advice = executor, advice
        self._folder, self._count = tempfile.mkdtemp(prefix="shards-"), 0
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def read(self, *arguments: Iterable[Any]) -> list[Handle]:
        return [self._written(read_shard(*row)) for row in zip(*arguments, strict=True)]

    def _written(self, shard: Shard) -> Handle:
        columns, rows = self._path(".npy"), self._path(".npy")
        numpy.save(columns, shard.columns)
        numpy.save(rows, shard.rows)
        return _Filed(columns, rows, shard.number, shard.kept, shard.digest)

    def share(self, x: Any) -> Handle:
        path = self._path(".pickle")
        with open(path, "wb") as file:
            pickle.dump(x, file)
        return _File(path)

    def _path(self, ending: str) -> str:
        self._count += 1
        return os.path.join(self._folder, f"{self._count}{ending}")

    def each(self, f: Callable[..., Any], *arguments: Iterable[Any]) -> list[Any]:
        try:
            futures = [self._begun(f, row) for row in zip(*arguments, strict=True)]
            return [future.result() for future in futures]
        except BrokenExecutor as error:
            what = f"a process of the executor died: {error}".rstrip(".")
            raise ConnectionError(f"{what}. {self._advice()}") from error

    def _begun(self, f: Callable[..., Any], row: Sequence[Any]) -> Future[Any]:
        try:
            return self._executor.submit(_opened_and, f, *row)
        except BrokenExecutor:
            raise
        except RuntimeError as error:
            what = f"the executor takes no tasks ({error}); give one that is not shut down"
            raise ConnectionError(f"{what}. {self._advice()}") from error

    def total(
        self,
        f: Callable[..., Floats],
        work: Handle,
        uniforms: Floats,
        shards: Sequence[Handle],
        parts: Sequence[Part],
    ) -> Floats:
        count = len(shards)
        sums = self.each(f, [work] * count, [uniforms] * count, shards, parts)
        return pairwise(sums, partial(map, added))


class _File(NamedTuple):
    """Something that lies in a file, where every process of the machine finds it."""

    path: str


class _Filed(NamedTuple):
    """A shard whose columns and rows are in files."""

    columns: str
    rows: str
    number: int
    kept: int
    digest: str


def _opened_and(f: Callable[..., Any], *arguments: Any) -> Any:
    return f(*map(_opened, arguments))


def _opened(x: Any) -> Any:
    """What is in the files that this stands for, if it does.

    A shard is mapped for one task: a process that kept the map would keep the space on the disk
    when the training is over and its files are deleted.
    """
    if isinstance(x, _File):
        return _unpickled(x.path)
    if isinstance(x, _Filed):
        columns, rows = (numpy.load(path, mmap_mode="r") for path in (x.columns, x.rows))
        return Shard(x.number, columns, rows, x.kept, x.digest)
    return x


@lru_cache(WORKS_KEPT)
def _unpickled(path: str) -> Any:
    with open(path, "rb") as file:
        return pickle.load(file)
