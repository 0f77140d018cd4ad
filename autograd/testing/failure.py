"""The graph of a failed check, drawn into a file that the failure names."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from os import environ
from pathlib import Path
from shutil import which

from autograd.value import Value


class FailingGraph:
    """A picture that is drawn when its text is asked for, once."""

    def __init__(self, roots: Callable[[], Sequence[Value]]) -> None:
        self._roots = roots
        self._text = ""

    def __repr__(self) -> str:
        if not self._text:
            try:
                self._text = f"The failing graph is drawn in {self._draw()}"
            except Exception as error:  # whatever it is, the failure itself is what must be seen
                self._text = f"The failing graph could not be drawn: {error}"
        return self._text

    def _draw(self) -> Path:
        from autograd.draw import draw

        drawing = draw(*self._roots())
        cache = environ.get("AUTOGRAD_CACHE")
        if cache:  # the same failure goes to the same place, or the cache would grow with each run
            folder = (
                Path(cache) / f"failing-graph-{sha256(drawing.source.encode()).hexdigest()[:12]}"
            )
            folder.mkdir(parents=True, exist_ok=True)
        else:
            folder = Path(tempfile.mkdtemp(prefix="failing-graph-"))
        path = folder / ("graph.svg" if which("dot") else "graph.dot")
        drawing.save(path)
        return path


def note(error: BaseException, picture: FailingGraph) -> None:
    """Name the picture in a failure; under Hypothesis in that of the smallest example alone."""
    if "hypothesis" in sys.modules:
        import hypothesis

        if hypothesis.currently_in_test_context():
            hypothesis.note(picture)  # a str at once would draw them all
            return
    error.add_note(repr(picture))
