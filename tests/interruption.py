"""Ctrl-C at a chosen line of the package."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any


class Interrupt(Exception):
    """Stands for Ctrl-C at one bytecode line."""


def interrupted_at(line: int, function: Any) -> bool:
    """Run it with an exception raised at the given traced line; whether it got that far."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        if event == "line" and "autograd" in frame.f_code.co_filename:
            count += 1
            if count == line:
                raise Interrupt
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except Interrupt:
        return True
    finally:
        sys.settrace(previous)
    return False
