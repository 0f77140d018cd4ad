"""Whom a client stands for: the workers of a Dask cluster, or the processes of an executor."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from nn.checking import given
from nn.dask_workers import DaskWorkers
from nn.executor_workers import ExecutorWorkers
from nn.workers import Workers


def workers_of(client: object, advice: Callable[[], str]) -> Workers:
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
