"""The first nan or inf of a forward or backward pass, turned into an error that says where."""

from __future__ import annotations

from contextvars import ContextVar
from math import isfinite

from autograd.source import trace_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextvars import Token
    from typing import Any

_watching = ContextVar("detect_anomaly", default=False)


class detect_anomaly:
    """Raise FloatingPointError at the first nan or inf that a backward pass meets.

    Judged are the nodes that `backward()` or a transform reaches inside the `with`, values first
    and then gradients; so the branch that `where` did not take is not. The error names the
    operation, its operands' values, the label and, for nodes made inside the `with`, the line
    of code. Holds for this thread alone. Costs a microsecond a node.

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
        self._outer: Token[bool] | None = None

    def __enter__(self) -> detect_anomaly:
        self._outer = _watching.set(True)
        self._recording.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._recording.__exit__(*error)
        if self._outer is not None:
            _watching.reset(self._outer)


def judge_values(order: Sequence[Any]) -> None:
    """Raise for the first node, operands before results, whose value is not finite."""
    if _watching.get():
        for node in order:
            if not isfinite(node.data):
                raise FloatingPointError(f"forward: {describe(node)}")


def judge_adjoints(order: Sequence[Any], adjoint_of: Callable[[Any], float]) -> None:
    """Raise for the first node, results before operands, that passes on a nan or an inf."""
    if not _watching.get():
        return
    for node in reversed(order):
        adjoint = adjoint_of(node)
        if not isfinite(adjoint):
            raise FloatingPointError(
                f"backward: contributions add up to {adjoint} at {describe(node)}"
            )
        for parent, partial in zip(node.parents, node.local_grads, strict=True):
            if not isfinite(adjoint * partial):
                raise FloatingPointError(
                    f"backward: {adjoint} × local gradient {partial} = {adjoint * partial} "
                    f"goes to {_name(parent)} from {describe(node)}"
                )


def _name(operand: Any) -> str:
    data = getattr(operand, "data", operand)
    label = getattr(operand, "label", "")
    return f"{label}={data}" if label else f"{data}"


def describe(node: Any) -> str:
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
