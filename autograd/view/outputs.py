"""What a cell keeps of a view: a picture, and under it the live view, which hides the picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LIVE = "application/vnd.jupyter.widget-view+json"

# A notebook that is opened again without its kernel says in the live view's place that there is
# none: not where the picture stands above. A view that is there has that class further inside.
NO_NOTICE = """<style>
.jp-OutputArea-child:has([data-still="{still}"]) +
.jp-OutputArea-child > .jp-OutputArea-output.jupyter-widgets {{ display: none; }}
</style>"""


class Outputs:
    """The two outputs of one showing, made at once; without a live view only the picture.

    A notebook prefers a live view to a picture in the same output, and shows neither where no
    kernel runs: hence two. `picture` has text/plain, and the picture in other MIME types.
    """

    def __init__(self, picture: Mapping[str, str], live: Any = None) -> None:
        self._still = live.still if live else ""
        self._picture = _display(self._marked(picture))
        self._live = _display(_place_of(live)) if live else None

    def redraw(self, picture: Mapping[str, str]) -> None:
        """Exchange the picture."""
        self._picture.update(self._marked(picture), raw=True)

    def close(self) -> None:
        """Forget the live view; the picture stays."""
        if self._live:
            self._live.update({"text/plain": ""}, raw=True)

    def _marked(self, picture: Mapping[str, str]) -> dict[str, str]:
        """The picture as the live view finds it."""
        if not self._still or "text/html" not in picture:
            return dict(picture)
        html = f'<div data-still="{self._still}">{picture["text/html"]}</div>'
        return {**picture, "text/html": html + NO_NOTICE.format(still=self._still)}


def _place_of(live: Any) -> dict[str, Any]:
    bundle, _ = live._repr_mimebundle_()
    return {LIVE: bundle[LIVE], "text/plain": ""}  # where it cannot be shown, nothing is missing


def _display(bundle: dict[str, Any]) -> Any:
    """A handle on a new output of the cell that runs."""
    import IPython.display

    publish: Any = IPython.display.display  # it ships no types
    return publish(bundle, raw=True, display_id=True)
