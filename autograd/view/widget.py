"""A view in a notebook: the same script and state as a page, kept in step with the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def widget(script: str, style: str, state: Mapping[str, Any]) -> Any:
    """An `anywidget.AnyWidget` that shows the state, each of its names a trait that both sides set.

    `state` is ready for JSON; a trait keeps the type of its first value. ImportError without
    anywidget, which says what to install.
    """
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise ImportError(
            'the live view in a notebook needs anywidget: pip install "stepgrad[widget]"; '
            ".save() writes the same view as a page without it"
        ) from error
    kinds = {bool: traitlets.Bool, int: traitlets.Int, dict: traitlets.Dict, list: traitlets.List}
    traits: dict[str, Any] = {name: kinds[type(x)](x).tag(sync=True) for name, x in state.items()}
    members = {"_esm": script, "_css": style, "__module__": __name__, **traits}
    return type("View", (anywidget.AnyWidget,), members)()
