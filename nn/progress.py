"""Progress of a training, shown from its records as they pass by.

A terminal and a notebook show one line that is rewritten, a log about ten lines; whatever happens,
the last state stays readable.
"""

from __future__ import annotations

import html
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TextIO

from nn.records import Record

REFRESH = 0.1  # seconds between two rewrites of a live line: faster than that is only flicker
LOG_LINES = 10
BAR = 20  # characters

Show = Callable[[str, bool], None]  # a line, and whether it is the last


def shown(records: Iterable[Record], epochs: int, done: int = 0) -> Iterator[Record]:
    """Pass the records on and show how far they are, out of so many epochs.

    Some may have been done before, up to the checkpoint that the records go on from.
    """
    notebook = _notebook()
    stdout = sys.stdout
    if notebook:
        return _live(records, epochs, done, notebook)
    if stdout.isatty():
        return _live(records, epochs, done, _terminal(stdout))
    return _logged(records, epochs, done, stdout)


def line(record: Record, epochs: int, seconds: float) -> str:
    """One record as a line of text.

    >>> line(Record(step=50, epoch=5, loss=0.25, metrics={"accuracy": 0.9}), 10, 1.5)
    'epoch  5/10  loss 0.25  accuracy 0.9  1.5 s'
    """
    width = len(str(epochs))
    numbers = "  ".join(f"{name} {number:.4g}" for name, number in record.numbers().items())
    return f"epoch {record.epoch:{width}}/{epochs}  {numbers}  {seconds:.1f} s"


def bar(done: int, of: int) -> str:
    """A bar in plain characters, which every terminal has.

    >>> bar(5, 10)
    '[##########..........]'
    """
    filled = BAR * done // of
    return f"[{'#' * filled}{'.' * (BAR - filled)}]"


def _live(records: Iterable[Record], epochs: int, done: int, show: Show) -> Iterator[Record]:
    start = time.monotonic()
    painted, record = -REFRESH, None
    total = max(done, epochs)  # the checkpoint may be of a longer training
    text = f"{bar(done, total)} epoch {done}/{total}"
    try:
        show(text, False)
        for record in records:
            elapsed = time.monotonic() - start
            text = f"{bar(record.epoch, epochs)} {line(record, epochs, elapsed)}"
            if elapsed - painted >= REFRESH:
                show(text, False)
                painted = elapsed
            yield record
        text += _ending(record, epochs)
    finally:
        show(text, True)


def _logged(records: Iterable[Record], epochs: int, done: int, stream: TextIO) -> Iterator[Record]:
    start = time.monotonic()
    record, text, pending = None, f"epoch {done}/{max(done, epochs)}", False
    every = max(1, epochs // LOG_LINES)
    try:
        for record in records:
            text = line(record, epochs, time.monotonic() - start)
            pending = record.epoch % every != 0 and record.epoch != 1
            if not pending:
                print(text, file=stream, flush=True)
            yield record
        if ending := _ending(record, epochs):
            text, pending = text + ending if pending or not record else ending.strip(), True
    finally:
        if pending:
            print(text, file=stream, flush=True)


def _ending(record: Record | None, epochs: int) -> str:
    if record is None:
        return "  (it was trained to its end before)"
    if record.epoch == epochs:
        return ""
    return "  (stopped: the validation loss fell no more; kept its best)"


# -- where a line goes ---------------------------------------------------------------------------


def _terminal(stream: TextIO) -> Show:
    shown_before = 0

    def show(text: str, last: bool) -> None:
        nonlocal shown_before
        columns = shutil.get_terminal_size().columns
        if not last:
            text = _fitting(text, columns - 1)  # a line that wraps could not be rewritten
        stream.write("\r" + text.ljust(min(shown_before, columns - 1)) + ("\n" if last else ""))
        stream.flush()
        shown_before = len(text)

    return show


def _fitting(text: str, width: int) -> str:
    """As many whole entries of the line as fit, or its beginning where not even one does."""
    if len(text) <= width:
        return text
    return text[: text.rfind("  ", 0, width + 2)].rstrip()[:width] or text[:width]


def _notebook() -> Show | None:
    """A line in a notebook's output cell, or None where there is no notebook.

    The cell keeps the last state when the notebook is saved: it is one output, updated in place.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    import IPython.display

    publish: Any = IPython.display.display
    handle: Any = None

    def show(text: str, last: bool) -> None:
        nonlocal handle
        bundle = {"text/plain": text, "text/html": f"<pre>{html.escape(text)}</pre>"}
        if handle is None:
            handle = publish(bundle, raw=True, display_id=True)
        else:
            handle.update(bundle, raw=True)

    return show
