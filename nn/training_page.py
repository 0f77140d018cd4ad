"""A training as one HTML page; its script and style, and those of the live view."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from autograd.view import module, page
from autograd.view import style as joined_style

FOLDER = Path(__file__).parent


@cache
def script(entry: str = "training_view.js") -> str:
    """The ES module of the view; that of a notebook begins at "training_widget.js"."""
    return module(FOLDER / entry)


@cache
def style() -> str:
    """The style sheet of the view."""
    ours = [FOLDER / f"training_{part}.css" for part in ("view", "curves", "maps")]
    return joined_style(["theme.css", "transport.css", *ours])


def training_page(document: Mapping[str, Any], told: Mapping[str, Any], parameters: bytes) -> str:
    """The text of a page that shows what was told, with a scrubber over it.

    `told` and `parameters` are as `Recording.since` gives them, with the training's state.
    """
    recording = {**told, "parameters": b64encode(parameters).decode("ascii")}
    state = {"document": document, "recording": recording}
    return page(f"Training of {document['title']}", script(), style(), state, "mountTraining")
