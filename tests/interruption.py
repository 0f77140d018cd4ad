"""Ctrl-C at a chosen line of the package, or at a chosen instruction of its bytecode."""

from __future__ import annotations

import sys
from dis import opmap
from types import FrameType
from typing import Any

RETURN = opmap["RETURN_VALUE"]


class _Points:
    """Counts the points that a function passes, and raises KeyboardInterrupt at one of them.

    Points are counted in files whose path contains one of the given parts. Of instructions, it is
    the next one where the chosen one returns.
    """

    def __init__(self, files: tuple[str, ...], opcodes: bool, last: int = 0) -> None:
        self.count = 0
        self._files, self._last = files, last
        self._opcodes, self._event = opcodes, "opcode" if opcodes else "line"

    def trace(self, frame: FrameType, event: str, argument: object) -> Any:
        if event == "call":
            if not any(file in frame.f_code.co_filename for file in self._files):
                return None  # and no more of this frame
            frame.f_trace_opcodes, frame.f_trace_lines = self._opcodes, not self._opcodes
        elif event == self._event:
            self.count += 1
            if self.count >= self._last > 0 and not (self._opcodes and _returns(frame)):
                raise KeyboardInterrupt
        return self.trace

    def passed_by(self, function: Any) -> bool:
        """Run it; whether it was interrupted."""
        previous = sys.gettrace()
        sys.settrace(self.trace)
        try:
            function()
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(previous)
        return False


def _returns(frame: FrameType) -> bool:
    """Whether it is about to return: there CPython never looks for signals."""
    return frame.f_code.co_code[frame.f_lasti] == RETURN


def interrupted_at(
    point: int, function: Any, files: tuple[str, ...] = ("autograd",), opcodes: bool = False
) -> bool:
    """Run it with a KeyboardInterrupt at the point, from 1; whether it got that far."""
    return _Points(files, opcodes, point).passed_by(function)


def count_points(function: Any, files: tuple[str, ...], opcodes: bool = False) -> int:
    """Run it undisturbed; how many points it passed."""
    points = _Points(files, opcodes)
    assert not points.passed_by(function)
    return points.count
