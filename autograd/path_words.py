"""An explanation in words: a line for each path, and what else is to be said of them."""

from __future__ import annotations

from math import isfinite, log10, nan

from autograd.paths import product_of
from autograd.value import Value, topological_order
from autograd.wording import names_of, number, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Protocol

    from autograd.paths import Path

    class Explained(Protocol):
        """What `explain` gives."""

        leaf: Value
        root: Value
        gradient: float
        count: int
        zeros: int
        paths: tuple[Path, ...]

        @property
        def shown(self) -> float:
            """What the products of its paths add up to."""


MOST = 12  # nodes, or local gradients, of a path that are written out
ENDS = 3  # of a longer one, at each end
EXACTLY = 10**6  # below, a number of paths is written with all its digits
LONGEST = 200  # characters of the line of code that made a node
ROUNDING = 1e-9  # by which shares may miss 0 or 1 without being called cancellation


def lines(explanation: Explained, variables: Mapping[str, object] | None = None) -> Iterator[str]:
    """What an explanation says; `variables` name Values as in `draw`. O(nodes)."""
    order = topological_order(explanation.root)
    names = dict(zip(map(id, order), names_of(order, variables), strict=True))
    names.setdefault(id(explanation.leaf), visible(explanation.leaf.label) or "leaf")
    root, leaf = names[id(explanation.root)], names[id(explanation.leaf)]
    whole = f"∂{root}/∂{leaf} = {number(explanation.gradient)}"
    if not explanation.count:
        yield f"{whole}: no path leads from {root} to {leaf}"
        if id(explanation.root) in map(id, topological_order(explanation.leaf)):
            yield f"  one leads from {leaf} to {root}: the leaf comes first, explain(leaf, root)"
        return
    paths = _counted(explanation.count, "path")
    if not explanation.paths:
        on_each = "it" if explanation.count == 1 else "each of them"
        yield f"{whole}, by {paths}, with a local gradient of 0 on {on_each}"
        return
    yield f"{whole}, by {paths}:"
    for path in explanation.paths:
        way = _elided([names[id(node)] for node in path.nodes], " ← ")
        product = _elided([number(g) for g in path.local_grads], " × ")
        yield f"  {_amount(path)}{_in_brackets(path.share)}  {way}" + (product and f":  {product}")
        yield from _culprits(path, names)
    yield from _remarks(explanation)


def _amount(path: Path) -> str:
    """The product, also where it is beyond floats."""
    if not all(map(isfinite, path.local_grads)) or (path.product and isfinite(path.product)):
        return number(path.product)
    (exponent, mantissa), _ = product_of(path.local_grads)
    sign = "-" if sum(g < 0 for g in path.local_grads) % 2 else ""
    return sign + _power_of_ten(exponent * log10(2) + log10(mantissa))


def _elided(words: Sequence[str], between: str) -> str:
    """All of a few words, the first and the last of many."""
    if len(words) > MOST:
        left_out = f"… {len(words) - 2 * ENDS:,} more …"
        words = [*words[:ENDS], left_out, *words[-ENDS:]]
    return between.join(words)


def _culprits(path: Path, names: Mapping[int, str]) -> Iterator[str]:
    """Where on this path a nan or an infinity comes from: the first such local gradient."""
    kinds = [g for g in path.local_grads if g != g][:1]
    if not kinds:
        kinds = [g for g in path.local_grads if not isfinite(g)][:1]
        if kinds and 0.0 in path.local_grads:
            yield "    nan, since infinity times 0 is nan:"
            kinds.append(0.0)
    for kind in kinds:
        i = [number(g) for g in path.local_grads].index(number(kind))
        yield f"    {_local(path, i, names)}"


def _local(path: Path, i: int, names: Mapping[int, str]) -> str:
    """The local gradient of one step: `∂v3/∂x = nan, of log(-1), made at loss.py:12 in loss`."""
    node, parent = path.nodes[i : i + 2]
    assert node.op
    operands = [number(x.data if isinstance(x, Value) else x) for x in node.operands]
    text = f"∂{names[id(node)]}/∂{names[id(parent)]} = {number(path.local_grads[i])}"
    text += f", of {node.op.name}({_elided(operands, ', ')})"
    return f"{text}, made at {visible(node.source, LONGEST)}" if node.source else text


def _remarks(explanation: Explained) -> Iterator[str]:
    """What is not shown, and why the shares may look odd."""
    whole, paths = explanation.gradient, explanation.paths
    unseen = explanation.count - explanation.zeros - len(paths)
    if unseen:
        share = explanation.shown / whole if whole and isfinite(whole) else nan
        sum_of_them = f"{number(explanation.shown)}{_in_brackets(share)}"
        yield f"  {_counted(unseen, 'more path')}; those shown add up to {sum_of_them}"
    if explanation.zeros:
        yield f"  {_counted(explanation.zeros, 'more path')}, with a local gradient of 0"
    if any(path.share < -ROUNDING or path.share > 1 + ROUNDING for path in paths):
        yield "  shares below 0 % or above 100 %: the paths cancel one another in part"
    if whole == 0 and any(path.product for path in paths):
        yield "  the paths cancel one another, so that none has a share"
    elif whole == 0:
        yield "  the products are too small for a float, so that the gradient is 0"
    elif not isfinite(whole) and all(map(isfinite, paths[0].local_grads)):
        yield "  a product is too large for a float, so that the gradient is not finite"


def _counted(n: int, noun: str) -> str:
    written = f"{n:,}" if n < EXACTLY else f"about {_power_of_ten(log10(n))}"
    return f"{written} {noun}{'s' * (n != 1)}"


def _power_of_ten(logarithm: float) -> str:
    """10^logarithm, with four significant digits, also where that is no float."""
    exponent = int(logarithm // 1)
    mantissa, _, carry = f"{10 ** (logarithm - exponent):.3e}".partition("e")
    return f"{float(mantissa):g}e{exponent + int(carry)}"


def _in_brackets(share: float) -> str:
    return f" ({_percent(share)})" if share == share else ""


def _percent(share: float) -> str:
    """Two significant digits, and more only before the point."""
    percent = 100 * share
    return f"{percent:,.0f} %" if 9.5 <= abs(percent) < EXACTLY else f"{percent:.2g} %"
