"""Who computes on shards: the workers of a Dask cluster, or the processes of an executor."""

from __future__ import annotations

import os
import pickle
import shutil
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from functools import lru_cache, partial
from typing import Any, NamedTuple, Protocol

import numpy

from autograd.shards import added, pairwise
from nn.checking import given
from nn.random_arrays import Floats, Places
from nn.shards import Part, Shard, read_shard

Handle = Any  # what stands for a shard, or for what all tasks share, where the tasks are given out

LOOK_SECONDS = 1.0  # between two looks at whether anyone is still there
FETCH_SECONDS = 60.0  # for a result to arrive that is there
ALONE_SECONDS = 10.0  # without a worker: one that is started anew is back by then


class Workers(Protocol):
    """Those who hold shards and compute on them."""

    def read(self, *arguments: Iterable[Any]) -> list[Handle]:
        """A shard of each: what `read_shard` gives, wherever it is to lie."""

    def share(self, x: Any) -> Handle:
        """Something that all tasks need."""

    def each(self, f: Callable[..., Any], *arguments: Iterable[Any]) -> list[Any]:
        """What f gives for each, in order."""

    def total(
        self,
        f: Callable[..., Floats],
        work: Handle,
        uniforms: Floats,
        shards: Sequence[Handle],
        parts: Sequence[Part],
    ) -> Floats:
        """What f gives for each shard, added in pairs in the order of the shards."""


def workers_of(client: object, advice: str) -> Workers:
    """Those whom the client stands for; `advice` ends the errors for workers that are gone."""
    distributed: Any = sys.modules.get("distributed")
    if distributed is not None:
        if isinstance(client, distributed.Client):
            if client.asynchronous:
                raise TypeError("expected a Client that waits for results: asynchronous=False")
            return DaskWorkers(client, advice)
        if isinstance(client, distributed.cfexecutor.ClientExecutor):
            raise TypeError("that executor is a Client's; give the Client itself")
    if isinstance(client, Executor):
        return ExecutorWorkers(client, advice)
    raise TypeError(
        "client is a dask.distributed.Client or an executor of concurrent.futures, not "
        f"{given(client)}"
    )


# -- Dask ----------------------------------------------------------------------------------------


class DaskWorkers:
    """The workers of a cluster. What one held is computed anew by the others when it dies.

    ConnectionError where no worker, or no scheduler, is left, or one task kills all it is given to.
    """

    def __init__(self, client: Any, advice: str) -> None:
        self._client, self._advice = client, advice
        self._address = client.scheduler.address if client.scheduler else "its address"
        self._refuse_absent()
        distributed = sys.modules["distributed"]
        self._killed, self._wait = distributed.KilledWorker, distributed.wait

    def read(self, *arguments: Iterable[Any]) -> list[Handle]:
        read = sys.modules["dask"].delayed(read_shard, pure=False)
        tasks = [read(*row) for row in zip(*arguments, strict=True)]
        futures: list[Handle] = self._client.compute(tasks)
        return futures

    def share(self, x: Any) -> Handle:
        return self._client.submit(_same, x, pure=False)

    def each(self, f: Callable[..., Any], *arguments: Iterable[Any]) -> list[Any]:
        return [self._result(x) for x in self._client.map(f, *map(list, arguments), pure=False)]

    def total(
        self,
        f: Callable[..., Floats],
        work: Handle,
        uniforms: Floats,
        shards: Sequence[Handle],
        parts: Sequence[Part],
    ) -> Floats:
        self._refuse_absent()
        count, put = len(shards), self._client.submit(_same, uniforms, pure=False)
        columns = [work] * count, [put] * count, list(shards), list(parts)
        sums = self._client.map(f, *columns, pure=False)
        add = partial(self._client.map, added, pure=False)  # a round is sent at once
        total: Floats = self._result(pairwise(sums, add))
        return total

    def _result(self, future: Any) -> Any:
        alone_since = None
        while True:
            try:
                self._wait([future], timeout=LOOK_SECONDS)
                return future.result(timeout=FETCH_SECONDS)
            except TimeoutError:
                if future.status == "error":  # it was the task's own
                    return future.result()
            except self._killed as error:
                raise ConnectionError(f"{error} {self._advice}") from error
            except CancelledError:
                self._refuse_absent()
                raise
            self._refuse_absent()
            if self._has_workers():
                alone_since = None
            elif alone_since is None:
                alone_since = time.monotonic()
            elif time.monotonic() - alone_since > ALONE_SECONDS:
                raise ConnectionError(f"no worker is left at {self._address}. {self._advice}")

    def _has_workers(self) -> bool:
        try:
            return bool(self._client.nthreads())
        except OSError:  # the scheduler went in between
            self._refuse_absent()
            raise

    def _refuse_absent(self) -> None:
        if self._client.status != "running":
            raise ConnectionError(
                f"the scheduler at {self._address} is gone: the client is {self._client.status}. "
                f"{self._advice}"
            ) from None


def _same(x: Any) -> Any:
    return x


# -- executors -----------------------------------------------------------------------------------


class ExecutorWorkers:
    """The processes, or threads, of an executor of this machine, which map shards from files.

    The files go with this object. ConnectionError where a process has died.
    """

    def __init__(self, executor: Executor, advice: str) -> None:
        self._executor, self._advice = executor, advice
        self._folder, self._count = tempfile.mkdtemp(prefix="shards-"), 0
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def read(self, *arguments: Iterable[Any]) -> list[Handle]:
        return [self._written(read_shard(*row)) for row in zip(*arguments, strict=True)]

    def _written(self, shard: Shard) -> Handle:
        path = self._path(".npy")
        numpy.save(path, numpy.hstack([shard.columns, shard.held_out]))
        return self.share(_Filed(path, shard.number, shard.rows, shard.digest))

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
            rows = zip(*arguments, strict=True)
            futures = [self._executor.submit(_opened_and, f, *row) for row in rows]
            return [future.result() for future in futures]
        except BrokenExecutor as error:
            what = f"a process of the executor died: {error}"
            raise ConnectionError(f"{what} {self._advice}") from error

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
    """A shard whose samples, those that are held out last, are in a file."""

    path: str
    number: int
    rows: Places
    digest: str


def _opened_and(f: Callable[..., Any], *arguments: Any) -> Any:
    return f(*[_opened(x.path) if isinstance(x, _File) else x for x in arguments])


@lru_cache(1024)
def _opened(path: str) -> Any:
    """What is in the file; the samples of a shard are mapped, not read."""
    with open(path, "rb") as file:
        x = pickle.load(file)
    if not isinstance(x, _Filed):
        return x
    samples = numpy.load(x.path, mmap_mode="r")
    columns, held_out = numpy.split(samples, [len(x.rows)], axis=1)
    return Shard(x.number, columns, x.rows, held_out, x.digest)
