"""The first nan or inf of a forward or backward pass, turned into an error that says where."""

from __future__ import annotations

from contextvars import ContextVar
from math import isfinite

from autograd.source import trace_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_depth = ContextVar("detect_anomaly", default=0)  # how many of them this thread is in


class detect_anomaly:
    """Raise FloatingPointError at the first nan or inf that a backward pass meets.

    Judged are the nodes that `backward()` or a transform reaches inside the `with`, values first
    and then gradients; so the branch that `where` did not take is not. The error names the
    operation, its operands' values, the label and, for nodes made inside the `with`, the line
    of code. This thread alone is judged. Costs a microsecond a node.

    >>> from autograd import Value, detect_anomaly
    >>> p = Value(0.0, label="p")
    >>> with detect_anomaly():
    ...     p.log().backward()
    Traceback (most recent call last):
        ...
    FloatingPointError: forward: log(p=0.0) gave -inf, made at <doctest ...>:2 in ...: p.log()...
    """

    def __init__(self) -> None:
        self._recording = trace_source()

    def __enter__(self) -> detect_anomaly:
        depth = _depth.get()
        try:
            self._recording.__enter__()
            _depth.set(depth + 1)
            return self
        except BaseException:  # Ctrl-C, too, leaves nothing switched on
            _depth.set(depth)
            self._recording.__exit__()
            raise

    def __exit__(self, *error: object) -> None:
        _depth.set(_depth.get() - 1)
        self._recording.__exit__(*error)


def is_watching() -> bool:
    """Whether this thread is inside `detect_anomaly()`."""
    return _depth.get() > 0


def judge_values(order: Sequence[Any]) -> None:
    """Raise for the first node, operands before results, whose value is not finite."""
    if is_watching():
        for node in order:
            if not (node.is_traced or isfinite(node.data)):
                raise FloatingPointError(f"forward: {how_made(node)}")


def judge_adjoints(order: Sequence[Any], adjoints: Sequence[float]) -> None:
    """Raise for the first node, results before operands, that passes on a nan or an inf."""
    for node, adjoint in zip(reversed(order), reversed(adjoints), strict=True):
        if not isfinite(adjoint):
            raise FloatingPointError(
                f"backward: contributions add up to {adjoint} at {how_made(node)}"
            )
        for parent, partial in zip(node.parents, node.local_grads, strict=True):
            if not isfinite(adjoint * partial):
                raise FloatingPointError(
                    f"backward: {adjoint} × local gradient {partial} = {adjoint * partial} "
                    f"goes to {_name(parent)} from {how_made(node)}"
                )


def judge_tangent(node: Any, tangent: Any) -> None:
    """Raise where the tangent of a node, in forward mode, is not finite."""
    if not is_watching() or node.is_traced or getattr(tangent, "is_traced", False):
        return
    number = getattr(tangent, "data", tangent)
    if not isfinite(number):
        raise FloatingPointError(f"forward mode: the tangent is {number} at {how_made(node)}")


def _name(operand: Any) -> str:
    data = getattr(operand, "data", operand)
    label = getattr(operand, "label", "")
    return f"{label}={data}" if label else f"{data}"


def how_made(node: Any) -> str:
    """`op(operands) gave value, labelled …, made at …`, with the line's text if it is there."""
    operands = ", ".join(map(_name, node.operands[:8])) + (", …" if len(node.operands) > 8 else "")
    text = f"{node.op.name}({operands}) gave {node.data}" if node.op else f"the leaf {node.data}"
    if node.label:
        text += f", labelled {node.label!r}"
    if node.source:
        text += f", made at {node.source}"
        path, _, line = node.source.rpartition(" in ")[0].rpartition(":")
        import linecache  # 3 ms that only an error needs

        if code := linecache.getline(path, int(line)).strip():
            text += f": {code}"
    return text
