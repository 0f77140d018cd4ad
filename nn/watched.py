"""A training that is gone on with by hand, and tells its views where it stands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Mapping
from math import inf
from os import PathLike
from typing import Any

from nn.checking import positive, whole
from nn.interrupts import interrupts_held
from nn.module import Module
from nn.recording import Recording
from nn.records import Record
from nn.training_picture import training_picture
from nn.training_views import Views

Until = Callable[[Record], bool]  # whether a record is the last that was asked for

WORK = 0.05  # seconds of training between two looks at what the views want
ENDED = ("done", "failed")


class Watched:
    """A training that waits to be gone on with; `watch` makes one.

    It shows itself in a notebook, where its buttons train in the background, between cells; the
    output keeps a picture for where no kernel runs. `history` has the records so far. `state` is
    "ready", "running" (in the background), "busy" (waited for), "paused", "done" or "failed".

    Ctrl-C stops at the end of the record under way, and `run` can go on from there; pressed
    twice, it ends the training after the last completed step.
    """

    def __init__(
        self,
        model: Module,
        records: Generator[Record, None, None],
        recording: Recording,
        document: dict[str, Any],
    ) -> None:
        self.state, self.message = "ready", ""
        self._model, self._records, self._recording = model, records, recording
        self._document = document
        self._is_pausing = False
        self._task: asyncio.Task[None] | None = None
        self._views = Views(document, self.told, self._wish, self.__repr__, self._picture)

    @property
    def history(self) -> list[Record]:
        """The records so far, as `fit` would give them."""
        return list(self._recording.history)

    def __repr__(self) -> str:
        history, name = self._recording.history, self._model.architecture()
        if not history:
            return f"<Watched {name}: {self.state}, {self._document['epochs']} epochs>"
        place = f"epoch {history[-1].epoch} of {self._document['epochs']}"
        return f"<Watched {name}: {self.state}, {place}, loss {history[-1].loss:.4g}>"

    # -- from Python -----------------------------------------------------------------------------

    def step(self) -> Record | None:
        """Go on to the next record and give it, or None where the training has ended.

        What goes wrong in it is raised, and shown; what is there stays. RuntimeError after that.
        """
        return next(iter(self._waited_for(lambda _: True)), None)

    def run(self, epochs: int | None = None) -> list[Record]:
        """Go on for so many more epochs, or to the end, and give their records.

        Returns early where it is paused. Raises what `step` does.
        """
        return self._waited_for(self._reaches(epochs))

    def pause(self) -> None:
        """Stop at the end of the record under way: the background's, or another thread's."""
        self._is_pausing = True

    def close(self) -> None:
        """End the training here, and leave of its views the picture; the records stay.

        A live view keeps its training until then, for its buttons: close one that is done with.
        """
        self._halt()
        self._records.close()
        if self.state not in ENDED:
            self.state, self.message = "done", "closed"
        self._views.close()

    def save(self, path: str | PathLike[str]) -> None:
        """Write the training so far as one HTML page, with a scrubber over its epochs.

        It needs no kernel and no network, is complete or untouched, and its name ends in .html.
        """
        from autograd.view import save_page
        from nn.training_page import training_page

        save_page(path, training_page(self._document, *self.told(-1)))

    # -- in the background -----------------------------------------------------------------------

    def start(self, epochs: int | None = None, *, pace: float | None = None) -> None:
        """Go on in the background of the running event loop, as the view's buttons do.

        For so many more epochs, or to the end; `pace` is how many records a second at most.
        RuntimeError where no event loop runs.
        """
        self._start(self._reaches(epochs), None if pace is None else positive(pace, "pace"))

    def _start(self, until: Until, pace: float | None) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise RuntimeError(
                "no event loop runs here, as one does in a notebook; run() trains and waits"
            ) from None
        self._halt()
        self._is_pausing = False
        self._task = loop.create_task(self._in_background(until, pace or inf))
        self._tell("running")

    async def _in_background(self, until: Until, pace: float) -> None:
        """Train in pieces of at most WORK seconds, between which the loop has its turn."""
        begin, before = time.monotonic(), len(self._recording.history)
        is_over = False
        try:
            while not (is_over or self._is_pausing):
                elapsed = max(time.monotonic() - begin, 1e-9)  # times inf it must not be nan
                with interrupts_held(self.pause):
                    is_over = self._work(until, before + 1.0 + elapsed * pace)
                if not is_over:
                    self._tell("running")
                await asyncio.sleep(min(WORK, 0.5 / pace))
        except Exception:  # which the views show, and `_next` has remembered
            pass
        finally:
            if self._task is asyncio.current_task():
                self._task = None
                self._tell("paused")
                self._views.redraw()

    def _halt(self) -> None:
        """No more in the background: it stands between two records, as this is its thread too."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    # -- from record to record -------------------------------------------------------------------

    def _waited_for(self, until: Until) -> list[Record]:
        """The records up to the one that says so, with the views told about them on the way."""
        self._halt()
        self._is_pausing, is_over = False, False
        before = len(self._recording.history)
        try:
            with interrupts_held(self.pause) as was_interrupted:
                while not (is_over or self._is_pausing):
                    is_over = self._work(until, inf)
                    self._tell("busy")
        finally:
            self._tell("paused")
            self._views.redraw_after_cell()
        if was_interrupted():
            raise KeyboardInterrupt
        return self._recording.history[before:]

    def _work(self, until: Until, most: float) -> bool:
        """Go on for WORK seconds, or to so many records in all; whether that was the wish."""
        deadline = time.monotonic() + WORK
        while len(self._recording.history) + 1 <= most:
            record = self._next()
            if record is None or until(record):
                return True
            if self._is_pausing or time.monotonic() >= deadline:
                break
        return False

    def _next(self) -> Record | None:
        """The next record, kept; what is raised on the way is the end, and remembered."""
        if self.state == "failed":
            raise RuntimeError(f"this training has ended ({self.message}); watch a new one")
        if self.state == "done":
            return None
        try:
            record = next(self._records, None)
            if record is not None:
                self._recording.note(record)
            if record is None or (self._ends_epoch(record) and self._is_last(record)):
                self._end()
        except BaseException as error:
            self.state = "failed"
            self.message = f"{type(error).__name__}: {error}" if str(error) else repr(error)
            raise
        return record

    def _end(self) -> None:
        """Nothing comes after the last record but what early stopping restores."""
        next(self._records, None)
        self.state, self.message = "done", self._recording.ending(self._document["epochs"])

    def _ends_epoch(self, record: Record) -> bool:
        every, batches = self._document["every"], self._document["batches"]
        return bool(every == "epoch" or record.step % batches == 0)

    def _is_last(self, record: Record) -> bool:
        return bool(record.epoch == self._document["epochs"])

    def _reaches(self, epochs: int | None) -> Until:
        """Whether a record ends the last of so many more epochs."""
        if epochs is None:
            return lambda _: False
        history = self._recording.history
        complete = 0 if not history else history[-1].epoch - (not self._ends_epoch(history[-1]))
        goal = complete + whole(epochs, "epochs")
        return lambda record: self._ends_epoch(record) and record.epoch >= goal

    # -- what views see and want -----------------------------------------------------------------

    def told(self, since: int) -> tuple[dict[str, Any], bytes]:
        """The state and what came after that entry of the recording, as `Recording.since`."""
        numbers, parameters = self._recording.since(since)
        return {**numbers, "state": self.state, "message": self.message}, parameters

    def _tell(self, state: str) -> None:
        if self.state not in ENDED:
            self.state = state
        self._views.tell()

    def _wish(self, wish: Mapping[str, Any]) -> None:
        """What a button of a view wants; while a cell waits for the training, only to pause."""
        if wish["want"] == "pause":
            self.pause()
        elif self.state in ("busy", *ENDED):
            return
        elif wish["want"] == "run":
            self._start(self._reaches(None), wish["pace"])
        elif wish["want"] == "epoch":
            self._start(self._reaches(1), None)
        elif wish["want"] == "step":
            self._start(lambda _: True, None)

    def _picture(self) -> str:
        return training_picture(self._model, self._document, self._recording)

    def _ipython_display_(self) -> None:
        self._views.display()
