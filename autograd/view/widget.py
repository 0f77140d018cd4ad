"""A view in a notebook: the same script and state as a page, kept in step with the kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import uuid4


def widget(
    name: str,
    script: str,
    style: str,
    state: Mapping[str, Any],
    checks: Mapping[str, Callable[[Any], None]] = MappingProxyType({}),
) -> Any:
    """An `anywidget.AnyWidget` that shows the state, each of its names a trait that both sides set.

    `name` is that of its class: in a notebook all views of one name share one style sheet. `state`
    is ready for JSON; a trait keeps the type of its first value, and a check of its name may
    refuse a new one by raising. Its trait `still` is the name of the picture that it hides.
    ImportError without anywidget, which says what to install.
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
    traits: dict[str, Any] = {key: kinds[type(x)](x).tag(sync=True) for key, x in state.items()}
    traits["still"] = traitlets.Unicode(uuid4().hex, read_only=True).tag(sync=True)
    if checks:

        def judge(self: Any, proposal: Any) -> Any:
            checks[proposal.trait.name](proposal.value)
            return proposal.value

        traits["_judge"] = traitlets.validate(*checks)(judge)
    members = {"_esm": script, "_css": style, "__module__": __name__, **traits}
    return type(name, (anywidget.AnyWidget,), members)()
