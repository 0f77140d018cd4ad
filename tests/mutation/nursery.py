"""Judging one mutant after the other, each in a fork of a warm process in the copy.

A request is one line of JSON, {"waves": [[test, ...], ...], "limits": {test: seconds}, ...}, and so
is the answer, {"outcome": ..., "by": test}: "survived", "killed" by a test ("" is by what it
imports), "timeout" past a test's limit, "crashed" where the process died, "refused" where this
kind of process cannot judge it.
"""

from __future__ import annotations

import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

Say = Callable[[str, str], None]
Act = Callable[[dict[str, Any], str, Say], None]

ADDRESS_SPACE = 8 << 30  # bytes: a mutant that allocates for ever ends in MemoryError
LOADING = 120.0  # seconds until the first test
OUTCOMES = {"end": "survived", "failed": "killed", "refused": "refused"}


def serve(requests: int, answers: int, act: Act) -> None:
    """Answer until the requests end; `act` runs in the fork, with a folder of its own."""
    with os.fdopen(requests) as reading, os.fdopen(answers, "w", buffering=1) as writing:
        for line in reading:
            writing.write(json.dumps(judged(json.loads(line), act)) + "\n")


def judged(request: dict[str, Any], act: Act) -> dict[str, str]:
    folder = tempfile.mkdtemp(prefix="mutant-")
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _live(request, act, folder, writing)
    os.close(writing)
    try:
        outcome, by = _followed(reading, request["limits"])
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
        shutil.rmtree(folder, ignore_errors=True)
    return {"outcome": outcome, "by": by}


def _live(request: dict[str, Any], act: Act, folder: str, writing: int) -> None:
    """The fork's whole life."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["AUTOGRAD_CACHE"] = f"{folder}/objects"  # what another mutant compiled is not ours
    sys.dont_write_bytecode = True

    def say(event: str, test: str) -> None:
        os.write(writing, json.dumps([event, test]).encode() + b"\n")

    try:
        act(request, folder, say)
    except BaseException as error:
        sys.__stderr__.write(f"{error!r}\n")  # type: ignore[union-attr]
        os._exit(1)
    say("end", "")
    os._exit(0)


def _followed(reading: int, limits: dict[str, float]) -> tuple[str, str]:
    """Read what the fork says until it fails, ends, dies or is late."""
    running, text = "", b""
    deadline = time.monotonic() + LOADING
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return "timeout", running
        chunk = os.read(reading, 65536)
        if not chunk:
            return "crashed", running
        *lines, text = (text + chunk).split(b"\n")
        for line in lines:
            event, test = json.loads(line)
            if event != "running":
                return OUTCOMES[event], test
            running = test
            deadline = time.monotonic() + limits.get(test, LOADING)
