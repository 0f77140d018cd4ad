"""The picture of a computation graph, as something that shows and saves itself."""

from __future__ import annotations

import os

from autograd.collapse import MOST_BOXES, picture
from autograd.dot_source import dot_source
from autograd.files import write_file
from autograd.value import Value
from autograd.wording import known_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence
    from typing import Protocol

    Path = str | os.PathLike[str]

    class Paths(Protocol):
        """What `explain` gives, as far as a picture needs it."""

        @property
        def edges(self) -> Container[tuple[int, int]]:
            """(id of a node, place among its parents)."""


SECONDS = 60.0  # that dot may take
LEVELS = (None, "none", "neuron", "layer")
FORMATS = (".svg", ".png", ".pdf", ".dot")
INSTALL = (
    "apt-get install graphviz (Debian, Ubuntu), brew install graphviz (macOS), "
    "winget install graphviz (Windows)"
)


def draw(
    *values: Value,
    names: Mapping[str, object] | None = None,
    collapse: str | None = None,
    limit: int = 300,
    rankdir: str = "LR",
    paths: Paths | None = None,
) -> Drawing:
    """A picture of all that the values were computed from, as it is now.

    Each node shows its label, operation, data and gradient, each arrow the local gradient
    ∂node/∂parent; the colour is the gradient's sign (blue > 0, orange < 0) and size.
    The picture shows itself in a notebook, or `.save("loss.svg")`.

    `names=locals()` names the Values found in the caller's variables, and in lists, tuples and
    dicts one level deep. `rankdir` is Graphviz's: "LR", "TB", "RL" or "BT".
    `paths=explain(leaf, value)` lights the paths that it found.
    At most `limit` (1 to 1500) boxes are drawn. A larger graph is collapsed, and the picture says
    what it hides: into one box for each labelled neuron, else for each layer, else all but what is
    nearest to the result. `collapse` chooses: "none", "neuron" or "layer".
    An unlabelled node belongs to its nearest labelled consumer.
    TypeError and ValueError for other arguments. Costs O(nodes); the graph is left as it is.

    >>> from autograd import Value
    >>> w = Value(-3.0, label="w")
    >>> picture = draw(2.0 * w)
    >>> picture
    <Drawing of 2 nodes>
    >>> "2 × •" in picture.source
    True
    """
    return drawing(
        values, names=names, collapse=collapse, limit=limit, rankdir=rankdir, paths=paths
    )


def drawing(
    values: Sequence[Value],
    names: Mapping[str, object] | None = None,
    collapse: str | None = None,
    limit: int = 300,
    rankdir: str = "LR",
    paths: Paths | None = None,
    gradients: Mapping[int, float] | None = None,
) -> Drawing:
    """What `draw` gives; with `gradients`, by the id of a node, in place of each `.grad`."""
    _check(values, collapse, limit, rankdir)
    lit = _edges_of(paths)
    known = known_names(names)
    shown = picture(values, known, collapse, limit, lit)
    shown.gradients = gradients
    summary = shown.note.replace("\n", " ") or f"{shown.total:,} node{'s' * (shown.total != 1)}"
    return Drawing(dot_source(shown, rankdir), summary)


class Drawing:
    """A picture of a graph: `source` is its DOT text, `svg()` and `save()` have `dot` draw it."""

    __slots__ = ("_summary", "_svg", "source")

    def __init__(self, source: str, summary: str) -> None:
        self.source = source
        self._summary = summary
        self._svg = ""

    def __repr__(self) -> str:
        return f"<Drawing of {self._summary}>"

    def svg(self) -> str:
        """The picture as an `<svg>` element.

        ImportError without the `graphviz` package; RuntimeError where its program `dot` is
        missing, fails or takes longer than a minute.
        """
        if not self._svg:
            svg = _render(self.source, "svg").decode("utf-8")
            self._svg = svg[svg.index("<svg") :]  # a prolog has no place inside of a page
        return self._svg

    def save(self, path: Path) -> None:
        """Write the picture as .svg, .png, .pdf or .dot, by the path's suffix.

        ValueError for another suffix, and what `svg()` raises. The file is complete or untouched.
        """
        suffix = os.path.splitext(path)[1].lower()
        if suffix not in FORMATS:
            raise ValueError(
                f"a picture is saved as {', '.join(FORMATS)}, not as {suffix or 'no suffix'!r} "
                f"({os.fspath(path)!r})"
            )
        if suffix == ".dot":
            content = self.source.encode("utf-8")
        elif suffix == ".svg":
            content = self.svg().encode("utf-8")
        else:
            content = _render(self.source, suffix[1:])
        write_file(path, content)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """What a notebook shows; where dot cannot draw, the reason in words."""
        try:
            svg = self.svg()
        except (ImportError, RuntimeError) as error:
            return {"text/plain": f"{self!r}\ncannot be shown: {error}"}
        image = image_of(svg, "computation graph")
        return {"text/plain": repr(self), "image/svg+xml": svg, "text/html": image}


def image_of(svg: str, alt: str) -> str:
    """The picture as HTML: inline <svg> is loose words in a notebook that nobody trusts."""
    from base64 import b64encode
    from html import escape

    data = b64encode(svg.encode("utf-8")).decode("ascii")
    return (
        f'<div style="overflow-x:auto"><img alt="{escape(alt)}" style="max-width:none" '
        f'src="data:image/svg+xml;base64,{data}"></div>'
    )


# -- arguments -----------------------------------------------------------------------------------


def _check(values: Sequence[Value], collapse: str | None, limit: int, rankdir: str) -> None:
    for value in values:
        if not isinstance(value, Value):
            raise TypeError(
                f"draw takes Values, not {type(value).__name__}; for a list of them: draw(*values)"
            )
    if not values:
        raise TypeError("draw takes at least one Value: draw(loss)")
    if collapse not in LEVELS:
        raise ValueError(f'collapse is None, "none", "neuron" or "layer", not {collapse!r}')
    if limit.__class__ is not int or not 1 <= limit <= MOST_BOXES:
        raise ValueError(f"limit is a whole number of boxes from 1 to {MOST_BOXES}, not {limit!r}")
    if rankdir not in ("LR", "TB", "RL", "BT"):
        raise ValueError(f'rankdir is "LR", "TB", "RL" or "BT", not {rankdir!r}')


def _edges_of(paths: Paths | None) -> Container[tuple[int, int]]:
    if paths is None:
        return ()
    if not hasattr(paths, "edges"):
        raise TypeError(f"paths is what explain(leaf, value) gives, not {type(paths).__name__}")
    return paths.edges


# -- the program dot -----------------------------------------------------------------------------


def _render(source: str, form: str) -> bytes:
    try:
        from graphviz.backend import dot_command, execute
    except ImportError as error:
        raise ImportError(
            "drawing needs the graphviz package: pip install graphviz; "
            ".source has the DOT text without it"
        ) from error
    from subprocess import CalledProcessError, TimeoutExpired

    try:
        # graphviz.pipe would do but for the time limit, which only the function below it takes
        done = execute.run_check(
            dot_command.command("dot", form),
            input=source.encode("utf-8"),
            capture_output=True,
            quiet=True,
            timeout=SECONDS,
        )
    except execute.ExecutableNotFound:
        raise RuntimeError(
            f"the program dot of Graphviz is not on the PATH; install it with {INSTALL}; "
            ".source has the DOT text without it"
        ) from None
    except TimeoutExpired:
        raise RuntimeError(
            f"dot took longer than {SECONDS:g} s; draw fewer boxes, with limit= or collapse="
        ) from None
    except CalledProcessError as error:
        raise RuntimeError(f"dot failed ({error.returncode}): {error.stderr!r:.500}") from None
    content: bytes = done.stdout
    return content
