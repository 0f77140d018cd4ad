"""Hypothesis strategies: Values, arguments of an operation, and whole random expressions.

Hypothesis is imported when one of them is called: the rest of this package works without it.
"""

from __future__ import annotations

from collections.abc import Iterable
from inspect import Parameter, signature
from math import isfinite
from typing import TYPE_CHECKING

from autograd import ops
from autograd.ops import Op
from autograd.real import describe
from autograd.testing.expression import Expression
from autograd.testing.sketch import Choice, Sketch, Step
from autograd.value import Value

if TYPE_CHECKING:
    from types import ModuleType

    from hypothesis.strategies import DrawFn, SearchStrategy

    from autograd.ops import Interval

LARGEST = 10.0  # of arguments and results: within it e^x, x⁴ and lgamma keep their digits
MARGIN = 0.125  # from the end of a domain and from a kink: two first steps of a finite difference
MOST_OPERANDS = 4  # of the rows that take any number
# What an operand is, by these odds: an older result of a rank, a new leaf, or a constant.
ORIGINS = (0, 0, 0, 0, 0, 1, 1, 2, 3, "leaf", "constant")
LEAVES = 3  # to begin with
SIMPLEST = 0.75  # the leaf that others shrink to: at 0 and 1 too many wrong rules are right
FEWEST = {"maximum": 2, "minimum": 2}  # of one operand, as Python's own
INSTALL = "strategies need Hypothesis: pip install hypothesis"


def values(low: float = -LARGEST, high: float = LARGEST, label: str = "") -> SearchStrategy[Value]:
    """Values with data from low to high: `values(0.5, 2.0)` suits a logarithm.

    ImportError without Hypothesis, ValueError where low > high.
    """
    if not low <= high:
        raise ValueError(f"expected low <= high, not {low!r} and {high!r}")
    st = _hypothesis().strategies
    labels = {"label": st.just(label)} if label else {}
    strategy: SearchStrategy[Value] = st.builds(Value, st.floats(low, high), **labels)
    return strategy


def arguments(operation: str | Op) -> SearchStrategy[tuple[float, ...]]:
    """Floats that an operation can be given, inside its domain and off its kinks.

    Finite differences around them are good. The operation is a row of the table or its name, as
    in `arguments("atan2")`, and the operands are those of the row, at most 10 in size.
    ValueError for an unknown name, and for a comparison, which has no derivative.
    """
    op = _row(operation)
    st = _hypothesis().strategies

    def draw_operands(draw: DrawFn) -> tuple[float, ...]:
        plan = _plan(draw, op)
        return tuple(x if isinstance(x, float) else draw(_floats(*x)) for x in plan)

    def is_ordinary(operands: tuple[float, ...]) -> bool:
        return isfinite(op.value(*operands)) and not _is_near_kink(op, operands)

    strategy: SearchStrategy[tuple[float, ...]] = st.composite(draw_operands)()
    return strategy.filter(is_ordinary)


def expressions(
    operations: Iterable[str | Op] | None = None, *, size: int = 12, kinks: bool = False
) -> SearchStrategy[Expression]:
    """Random expressions of up to `size` operations, whose results may be used more than once.

    Drawn are the operations given, or all smooth ones, and with `kinks=True` those with kinks and
    choices as well. Values stay moderate, inside every domain and off every kink, so that finite
    differences can be trusted. They shrink to few operations and simple leaves.
    ImportError without Hypothesis.
    """
    if size < 1:
        raise ValueError(f"size is a whole number from 1 on, not {size!r}")
    rows = _drawable(kinks) if operations is None else [_row(x) for x in operations]
    if not rows:
        raise ValueError("expected one operation at least, but got none")
    st = _hypothesis().strategies

    def draw_step(draw: DrawFn) -> Step:
        op = draw(st.sampled_from(rows))
        return op, [_draw_operand(draw, place) for place in _plan(draw, op)]

    def grow(leaves: list[float], steps: list[Step]) -> Sketch:
        sketch = Sketch(leaves)
        for op, choices in steps:
            operands = sketch.operands(choices)
            if not _is_near_kink(op, sketch.numbers(operands)):
                sketch.add(op, operands, LARGEST)
        return sketch

    # Lists of short elements, of which each can be left out, are what Hypothesis shrinks best.
    numbers = _floats(-LARGEST, LARGEST - SIMPLEST).map(lambda x: x + SIMPLEST)
    leaves = st.lists(numbers, min_size=1, max_size=LEAVES)
    steps = st.lists(st.composite(draw_step)(), min_size=1, max_size=size)
    sketches: SearchStrategy[Sketch] = st.builds(grow, leaves, steps)
    return sketches.filter(lambda sketch: bool(sketch.rows)).map(Sketch.expression)


# -- what operations take ------------------------------------------------------------------------


def _row(operation: str | Op) -> Op:
    op = ops.TABLE.get(operation) if isinstance(operation, str) else operation
    if not isinstance(op, Op) or not op.partials:
        known = ", ".join(name for name, row in ops.TABLE.items() if row.partials)
        raise ValueError(
            f"expected an operation with a derivative, not {describe(operation)}: {known}"
        )
    return op


def _drawable(kinks: bool) -> list[Op]:
    rows = [op for op in ops.TABLE.values() if op.partials and op is not ops.alias]
    return rows if kinks else [op for op in rows if not (op.kink or op.select)]


def _plan(draw: DrawFn, op: Op) -> list[float | Interval]:
    """For each operand the interval that it must be in, or a number that it must be.

    A domain of one point belongs to an index, an order or a condition: a number below the count
    of the other operands will do.
    """
    st = _hypothesis().strategies
    named, takes_more = _arity(op)
    count = named
    if takes_more:
        count += draw(st.integers(FEWEST.get(op.name, 1), MOST_OPERANDS))
    plan: list[float | Interval] = []
    for i in range(count):
        low, high = op.domain[min(i, len(op.domain) - 1)]
        is_variable = low < high
        plan.append(_inside(low, high) if is_variable else float(draw(st.integers(0, count - 2))))
    return plan


def _arity(op: Op) -> tuple[int, bool]:
    """How many operands a row names, and whether it takes any number more."""
    parameters = signature(op.value).parameters.values()
    more = [parameter for parameter in parameters if parameter.kind is Parameter.VAR_POSITIONAL]
    return len(parameters) - len(more), bool(more)


def _inside(low: float, high: float) -> Interval:
    return (
        low + MARGIN if low > -LARGEST else -LARGEST,
        high - MARGIN if high < LARGEST else LARGEST,
    )


def _is_near_kink(op: Op, operands: tuple[float, ...]) -> bool:
    return op.kink is not None and not op.kink(*operands) >= MARGIN


def _draw_operand(draw: DrawFn, place: float | Interval) -> Choice:
    """How to choose an operand, whatever results there will be."""
    if isinstance(place, float):
        return Choice("constant", place, (place, place))
    st = _hypothesis().strategies
    origin = draw(st.sampled_from(ORIGINS))
    if isinstance(origin, int):
        return Choice("slot", origin, place)
    return Choice(origin, draw(_floats(*place)), place)


def _floats(low: float, high: float) -> SearchStrategy[float]:
    """Without subnormal ones, of which a difference says nothing."""
    floats: SearchStrategy[float] = _hypothesis().strategies.floats(
        low, high, allow_subnormal=False
    )
    return floats


def _hypothesis() -> ModuleType:
    try:
        import hypothesis
        import hypothesis.strategies
    except ImportError as error:
        raise ImportError(INSTALL) from error
    return hypothesis
