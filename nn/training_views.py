"""The views of a training in a notebook: a widget while a kernel runs, and a picture for later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from html import escape
from typing import Any

PATIENCE = 0.5  # seconds that a view may take to paint; in a busy kernel its answer is not heard

Told = Callable[[int], tuple[dict[str, Any], bytes]]
Wish = Callable[[Mapping[str, Any]], None]


class Views:
    """All views of one training; they share a widget, which is told what came since the last time.

    Wishes of the buttons are granted on the event loop of the cell that showed the first view:
    a kernel may hand them over in another thread, and may be busy with a cell.
    """

    def __init__(
        self,
        document: dict[str, Any],
        told: Told,
        wish: Wish,
        text: Callable[[], str],
        picture: Callable[[], str],
    ) -> None:
        self._document, self._told, self._wish = document, told, wish
        self._text, self._picture = text, picture
        self._last = -1  # the entry that views were told of last
        self._busy_until, self._is_due = 0.0, False
        self._present: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._widget: Any = None
        self._missing = ""  # why there is no live view, in words
        self._outputs: list[Any] = []
        self._events: Any = None  # of the shell whose cells end

    def display(self) -> None:
        """Show one more view, in the output of the cell that runs."""
        import IPython

        from autograd.view import Outputs

        if self._loop is None:
            with suppress(RuntimeError):  # without one, wishes are granted where they arrive
                self._loop = asyncio.get_running_loop()
        try:
            self._widget = self._widget or self._new_widget()
        except ImportError as error:
            self._missing = str(error)
        self._outputs.append(Outputs(self._bundle(), self._widget))
        shell: Any = IPython.get_ipython()
        if shell is not None:
            self._events = shell.events

    def redraw_after_cell(self) -> None:
        """Exchange the pictures once the cell that runs has ended: it may go on with many steps."""
        if self._events is None:
            self.redraw()
        else:  # which the shell knows once, and no longer than that: it keeps what it knows alive
            self._events.register("post_run_cell", self._end_cell)

    def _end_cell(self, result: object) -> None:
        self._events.unregister("post_run_cell", self._end_cell)
        self.redraw()

    def redraw(self) -> None:
        """Exchange the pictures that stay in the notebook."""
        for output in self._outputs:
            output.redraw(self._bundle())

    def tell(self) -> None:
        """Send the views what they do not know yet, once they have painted what they were sent."""
        if self._widget is None or not self._present:
            return
        now = time.monotonic()
        self._is_due = now < self._busy_until
        if not self._is_due:
            is_first = self._last < 0
            told, parameters = self._told(self._last)
            if told["frames"]:
                self._last = told["frames"][-1]
            self._busy_until = now + PATIENCE
            self._widget.send({"first": is_first, **told}, buffers=[parameters])

    def close(self) -> None:
        """Take the widget away; the pictures stay."""
        self.redraw()
        for output in self._outputs:
            output.close()
        if self._widget is not None:
            self._widget.close()  # after the outputs have let go of it
            self._widget = None
        if self._events is not None:
            with suppress(ValueError):  # it is not there where nothing happened in this cell
                self._events.unregister("post_run_cell", self._end_cell)
            self._events = None

    def _bundle(self) -> dict[str, str]:
        """The picture, and in words why it is no live view, if that is so."""
        from autograd.view import image_of

        text, svg = self._text(), self._picture()
        words = f"<p>{escape(self._missing)}</p>" if self._missing else ""
        return {
            "text/plain": f"{text}\n{self._missing}".rstrip(),
            "image/svg+xml": svg,
            "text/html": image_of(svg, text) + words,
        }

    def _new_widget(self) -> Any:
        """The live view; records come and wishes go as messages."""
        from autograd.view import widget
        from nn.training_page import script, style

        made = widget(
            "Training", script("training_widget.js"), style(), {"document": self._document}
        )
        made.on_msg(lambda _, content, buffers: self._hear(content))
        return made

    # -- what a view says ------------------------------------------------------------------------

    def _hear(self, content: Mapping[str, Any]) -> None:
        """A message, in whatever thread the kernel hands it over."""
        if content["want"] == "pause":
            self._wish(content)  # now, also while a cell waits for the training
        elif self._loop is None or self._loop.is_closed():
            self._grant(content)
        else:
            self._loop.call_soon_threadsafe(self._grant, content)

    def _grant(self, content: Mapping[str, Any]) -> None:
        if content["want"] == "hello":
            self._present.add(content["view"])
            self._last, self._busy_until = -1, 0.0
            self.tell()
        elif content["want"] == "more":
            self._busy_until = 0.0
            if self._is_due:
                self.tell()
        elif content["want"] == "goodbye":
            self._present.discard(content["view"])
            if not self._present:
                self._wish({"want": "pause"})
        else:
            self._wish(content)
