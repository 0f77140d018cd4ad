"""Ctrl-C as a wish that is granted between two steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupts_held(noted: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Within, a first Ctrl-C calls `noted`; the function that this gives says whether one came.

    A second one raises KeyboardInterrupt as ever. Where interrupts do not arrive as
    KeyboardInterrupt, or not in this thread, nothing is changed.
    """
    pressed = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            signal.default_int_handler(number, frame)
        pressed = True
        noted()

    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield lambda: False
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
