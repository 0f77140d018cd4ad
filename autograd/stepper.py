"""Stepping through both passes of a graph: in a terminal, a notebook, or one HTML file."""

from __future__ import annotations

import os

from autograd.draw import drawing
from autograd.frames import Frames
from autograd.real import describe, is_real
from autograd.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from autograd.frames import Frame


def step(
    value: Value,
    names: Mapping[str, object] | None = None,
    *,
    forget_zero_grad: bool = False,
    overwrite: bool = False,
) -> Stepper:
    """Both passes through the graph of a value, frame by frame.

    A sequence of frames: each node gets its value, then the seed, then each operation gives to
    its parents, `∂L/∂a += ∂L/∂c · ∂c/∂a`. `print` it, iterate over it, let a notebook show it
    (live with anywidget, else as a picture), or `.save("loss.html")`. No `.grad` is read or
    written.

    `names=locals()` names Values after the caller's variables. Two mistakes can be watched:
    `forget_zero_grad` starts with what a pass before left in the leaves, `overwrite` replaces a
    gradient where it should be added to. `explain(leaf, value).step()` lights paths.
    TypeError for what is no Value. O(edges).

    >>> x = Value(3.0, label="x")
    >>> print(step(x * x))
    forward   x = 3
    forward   L = x × x = 3 × 3 = 9
    seed      ∂L/∂L = 1
    backward  ∂L/∂x += ∂L/∂L · ∂L/∂x = 1 × 3 = 3 (0 → 3)
    backward  ∂L/∂x += ∂L/∂L · ∂L/∂x = 1 × 3 = 3 (3 → 6)
    """
    if not isinstance(value, Value):
        raise TypeError(f"step takes a Value, not {type(value).__name__}: step(loss)")
    frames = Frames(value, names, forget_zero_grad=forget_zero_grad, overwrite=overwrite)
    return Stepper(value, frames, names)


class Stepper:
    """The frames of a value, and where one stands among them.

    `step` is the index of the present frame; in a live notebook it moves the view, and follows it.
    """

    __slots__ = ("_at", "_names", "_paths", "_root", "_widget", "frames")

    def __init__(
        self,
        root: Value,
        frames: Frames,
        names: Mapping[str, object] | None,
        paths: Mapping[str, object] | None = None,
    ) -> None:
        self.frames = frames
        self._root = root
        self._names = names
        self._paths = paths
        self._at = 0
        self._widget: Any = None

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> Frame:
        return self.frames[index]

    def __iter__(self) -> Iterator[Frame]:
        return iter(self.frames)

    def __str__(self) -> str:
        return "\n".join(map(str, self.frames))

    def __repr__(self) -> str:
        return f"<Stepper of {len(self.frames.order):,} nodes, at frame {self.step} of {len(self)}>"

    # -- where it stands -------------------------------------------------------------------------

    @property
    def step(self) -> int:
        """The index of the present frame, from 0; setting one that is not there: IndexError."""
        return self._widget.step if self._widget else self._at

    @step.setter
    def step(self, index: int) -> None:
        self._at = self.frames.index(index)
        if self._widget:
            self._widget.step = self._at

    # -- the view --------------------------------------------------------------------------------

    def document(self) -> dict[str, Any]:
        """What the view shows, as plain data: columns of one entry a node, ready for JSON."""
        from autograd.view.document import document

        data = [self.frames.data_of(node) for node in self.frames.order]
        return document(self._root, self._names, data=data, paths=self._paths)

    def widget(self) -> Any:
        """The live view, an `anywidget.AnyWidget`: always the same one, whatever shows it.

        Its traits `step`, `selected` (a node's position, or -1), `leaves` (their numbers, in
        order), `forget_zero_grad` and `overwrite` can be read, set and observed.
        ImportError without anywidget; ValueError for more than 20,000 nodes.
        """
        if self._widget is None:
            from autograd.view import module, style, widget

            state = self._state()
            checks: dict[str, Callable[[Any], None]] = {
                "step": self._check_step,
                "leaves": _check_leaves(len(state["leaves"])),
            }
            self._widget = widget("Stepper", module(), style(), state, checks)
        return self._widget

    def html(self) -> str:
        """The view as the text of one HTML file, which needs no network and no kernel."""
        from autograd.view import module, page, style

        state = self._state()
        return page(state["document"]["title"], module(), style(), state)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write that HTML file; it is complete or untouched.

        ValueError for another suffix than .html, and for more than 20,000 nodes.
        """
        from autograd.view import save_page

        save_page(path, self.html())

    def _state(self) -> dict[str, Any]:
        shown = self.document()
        leaves = [x for x, op in zip(shown["data"], shown["op"], strict=True) if op < 0]
        return {
            "document": shown,
            "step": self.step,
            "selected": -1,
            "leaves": leaves,
            "forget_zero_grad": self.frames.forget_zero_grad,
            "overwrite": self.frames.overwrite,
        }

    def _check_step(self, index: int) -> None:
        if index < 0:
            raise IndexError(f"the view's step is 0 to {len(self) - 1}, not {index}")
        self.frames.index(index)

    def _ipython_display_(self) -> None:
        """The live view, and a picture that a saved notebook shows where no kernel runs."""
        from autograd.view import Outputs

        drawn = drawing([self._root], self._names, gradients=self.frames.gradients())
        picture = {**drawn._repr_mimebundle_(), "text/plain": repr(self)}
        try:
            live = self.widget()
        except (ImportError, ValueError) as error:
            Outputs({**picture, "text/plain": f"{self!r}\na picture only: {error}"})
        else:
            Outputs(picture, live)


def _check_leaves(count: int) -> Callable[[list[Any]], None]:
    """A check that the leaves are as many numbers as before."""

    def check(leaves: list[Any]) -> None:
        names = ("nan", "inf", "-inf")  # as JSON has them
        wrong = [x for x in leaves if not (is_real(x) or (isinstance(x, str) and x in names))]
        if wrong or len(leaves) != count:
            given = describe(wrong[0]) if wrong else f"{len(leaves)} of them"
            raise ValueError(f"leaves are {count} numbers, in the order of the graph, not {given}")

    return check
