"""The workers of a Dask cluster, that hold shards and compute on them.

A task costs the cluster some milliseconds, so a step has few: each thread adds what it can of the
shards that its worker holds, and the rest is added here. Which of them it is does not count, as the
pairs are those of `pairwise`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError
from copy import copy
from math import inf
from typing import Any

import numpy

from autograd.shards import added
from nn.random_arrays import Floats
from nn.shards import Part, read_shard
from nn.workers import Handle

Node = tuple[int, int]  # of the pairs that `pairwise` adds: the round, and the place in it

CLOSED = "closing", "closed"  # the status of a client
LOOK_SECONDS = 1.0  # between two looks at whether anyone is still there
FETCH_SECONDS = 60.0  # for results to arrive that are there
ALONE_SECONDS = 10.0  # without a worker: one that is started anew is back by then
ANYONE = {"": 1}  # who comes first, where there is no worker at the time: with one thread, say
TOGETHER = 8  # shards in a task, at most: as many go along where it goes to another worker


class DaskWorkers:
    """The workers of a cluster. What one held is computed anew by the others when it dies.

    ConnectionError where no worker, or no scheduler, is left, or one task kills all it is given to;
    `advice` ends its words.
    """

    def __init__(self, client: Any, advice: Callable[[], str]) -> None:
        if client.status in CLOSED:
            raise ConnectionError("the client is closed; give one that is open")
        self._client, self._advice = client, advice
        self._address = client.scheduler.address if client.scheduler else "its address"
        distributed = sys.modules["distributed"]
        self._killed, self._wait = distributed.KilledWorker, distributed.wait
        self._had_workers = False
        self._has_workers()

    def read(self, *arguments: Iterable[Any]) -> list[Handle]:
        dask: Any = sys.modules["dask"]
        rows = list(zip(*arguments, strict=True))
        read = dask.delayed(read_shard, pure=False)
        tasks = [read(*row) for row in rows]
        # Arrays from here are in the graph, which the scheduler keeps, so that no worker's death
        # loses them, as it would what was scattered. So what Dask advises for them would not help.
        are_here = any(isinstance(x, numpy.ndarray) for x in rows[0])
        config = {"distributed.admin.large-graph-warning-threshold": "1PB"} if are_here else {}
        with dask.config.set(config):
            futures: list[Handle] = self._ask(self._client.compute, tasks)
        return futures

    def share(self, x: Any) -> Handle:
        return self._ask(self._client.submit, _same, x, pure=False)

    def each(self, f: Callable[..., Any], *arguments: Iterable[Any]) -> list[Any]:
        return self._results(self._begun(f, *arguments))

    def _begun(self, f: Callable[..., Any], *arguments: Iterable[Any]) -> list[Any]:
        futures: list[Any] = self._ask(self._client.map, f, *map(list, arguments), pure=False)
        return futures

    def total(
        self,
        f: Callable[..., Floats],
        work: Handle,
        uniforms: Floats,
        shards: Sequence[Handle],
        parts: Sequence[Part],
    ) -> Floats:
        who_has = self._answer(self._client.who_has, list(shards))
        holders = [who_has.get(shard.key, ()) for shard in shards]
        there, moved, same = [], [], (f, work, uniforms, len(shards))
        for worker, group in grouped(holders, self._answer(self._client.nthreads) or ANYONE):
            row = *same, group, [shards[i] for i in group], [parts[i] for i in group]
            if worker in ANYONE or all(worker in holders[i] for i in group):
                there.append(row)  # Dask sends it there by itself
            else:
                moved.append(self._ask(self._client.submit, _sums_of, *row, **_at(worker)))
        futures = self._begun(_sums_of, *zip(*there, strict=True)) if there else []
        sums: dict[Node, Floats] = {}
        for some in self._results([*futures, *moved]):
            sums |= some
        [total] = paired(sums, len(shards)).values()
        return total

    # -- results ---------------------------------------------------------------------------------

    def _results(self, futures: list[Any]) -> list[Any]:
        """What they give, in order."""
        last_seen = time.monotonic()
        while True:
            results = self._gathered(futures) if self._are_done(futures) else []
            if len(results) == len(futures):
                return results
            if self._has_workers():
                last_seen = time.monotonic()
            elif time.monotonic() - last_seen > ALONE_SECONDS:
                self._refuse_alone()

    def _are_done(self, futures: list[Any]) -> bool:
        """Whether all are, after a look at them; raises what one of them did."""
        try:
            self._ask(self._wait, futures, timeout=LOOK_SECONDS)
            are_done = True
        except TimeoutError:
            are_done = False
        for future in futures:
            if future.status == "error":
                raise self._error(future)
        return are_done

    def _gathered(self, futures: list[Any]) -> list[Any]:
        """What they gave, all at once; less where some of it has been lost since."""
        try:
            found: list[Any] = self._answer(
                self._client.gather, futures, "skip", seconds=FETCH_SECONDS
            )
        except TimeoutError:
            return []
        return found

    def _error(self, future: Any) -> Exception:
        """What the task raised: a copy, as the traceback of the client's own would keep shards."""
        error: Exception = future.exception()
        if isinstance(error, self._killed):
            return ConnectionError(f"{error} {self._advice()}")
        return copy(error).with_traceback(future.traceback())

    # -- whether anyone is there -----------------------------------------------------------------

    def _has_workers(self) -> bool:
        has_workers = bool(self._answer(self._client.nthreads))
        self._had_workers = self._had_workers or has_workers
        return has_workers

    def _refuse_alone(self) -> None:
        if self._had_workers:
            raise ConnectionError(f"no worker is left at {self._address}. {self._advice()}")
        raise ConnectionError(
            f"no worker has come yet to the scheduler at {self._address}: start one, and wait for "
            "it with client.wait_for_workers(1)"
        )

    def _answer(self, f: Callable[..., Any], *arguments: Any, seconds: float | None = None) -> Any:
        """What the scheduler answers, waited for as long as it is there: it may never come."""

        async def watched() -> Any:
            answer = asyncio.ensure_future(f(*arguments))
            try:
                while not (await asyncio.wait([answer], timeout=LOOK_SECONDS))[0]:
                    if self._client.status != "running":
                        raise OSError("nobody is there to answer")
                return answer.result()
            finally:
                answer.cancel()

        return self._ask(self._client.sync, watched, callback_timeout=seconds)

    def _ask(self, f: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """What f gives, which asks the scheduler; ConnectionError where that cannot be."""
        self._refuse_absent()
        try:
            return f(*arguments, **options)
        except TimeoutError:
            raise
        except CancelledError:
            what = "has cancelled the tasks or was restarted, and the shards are lost"
        except OSError:
            what = "is gone"
        self._refuse_absent()
        raise ConnectionError(f"the scheduler at {self._address} {what}. {self._advice()}")

    def _refuse_absent(self) -> None:
        if self._client.status in CLOSED:
            raise ConnectionError(f"the client is closed. {self._advice()}")
        if self._client.status != "running":
            raise ConnectionError(f"the scheduler at {self._address} is gone. {self._advice()}")


def _same(x: Any) -> Any:
    return x


# -- few tasks a step ----------------------------------------------------------------------------


def _at(worker: str) -> dict[str, Any]:
    """The options of a task that is to go there, unless that worker is gone by then."""
    return {"workers": [worker], "allow_other_workers": True, "pure": False}


def grouped(
    holders: Sequence[Collection[str]], threads: Mapping[str, int]
) -> list[tuple[str, list[int]]]:
    """The places of the shards in groups, each with the worker that adds them.

    A worker has a group for each of its threads, or more. It has the shards that it holds, but
    none beyond its share by threads: those are moved, once, to a worker with less to do.

    >>> grouped([["a"], ["a"], ["a", "b"], ["a"], []], {"a": 1, "b": 1})
    [('a', [0, 1, 3]), ('b', [2]), ('b', [4])]
    """
    held: dict[str, list[int]] = {worker: [] for worker in sorted(threads)}
    moved: dict[str, list[int]] = {worker: [] for worker in held}
    share = -(-len(holders) // max(sum(threads.values()), 1))

    def load(worker: str) -> float:
        return (len(held[worker]) + len(moved[worker])) / threads[worker]

    for place in sorted(range(len(holders)), key=lambda i: len(holders[i]) or inf):
        there = [w for w in held if w in holders[place] and load(w) < share]
        chosen = min(there or held, key=load)
        (held if there else moved)[chosen].append(place)
    return [
        (worker, group)
        for places in (held, moved)
        for worker in held
        for group in _parts(sorted(places[worker]), threads[worker])
    ]


def _parts(places: list[int], threads: int) -> list[list[int]]:
    """As many as there are threads, or more of at most TOGETHER places."""
    count = max(min(threads, len(places)), -(-len(places) // TOGETHER))
    ends = [len(places) * k // max(count, 1) for k in range(count + 1)]
    return [places[ends[k] : ends[k + 1]] for k in range(count)]


def paired(sums: Mapping[Node, Floats], count: int) -> dict[Node, Floats]:
    """Some of the sums of `pairwise` over so many, added as far as both of a pair are there.

    >>> paired({(0, 1): 1.0, (0, 2): 2.0, (0, 3): 3.0, (0, 4): 4.0}, 5)
    {(0, 1): 1.0, (1, 1): 5.0, (2, 1): 4.0}
    """
    found = dict(sums)
    for height in range((count - 1).bit_length()):
        last = (count - 1) >> height
        for place in sorted(k for h, k in found if h == height and k % 2 == 0):
            if place == last:  # the odd one goes on as it is
                found[height + 1, place // 2] = found.pop((height, place))
            elif (height, place + 1) in found:
                pair = found.pop((height, place)), found.pop((height, place + 1))
                found[height + 1, place // 2] = added(*pair)
    return found


def _sums_of(
    f: Callable[..., Floats],
    work: Any,
    uniforms: Floats,
    count: int,
    places: list[int],
    shards: list[Any],
    parts: list[Part],
) -> dict[Node, Floats]:
    """What f gives for these of so many shards, added as far as it can be."""
    rows = zip(places, shards, parts, strict=True)
    return paired({(0, i): f(work, uniforms, shard, part) for i, shard, part in rows}, count)
