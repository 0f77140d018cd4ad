"""PyTorch and JAX at the same points: value and partials in float64, by their own functions."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from autograd.ops import Op
from tests.points import Point

Results = list[list[float]]  # at each point the value, then the partials, if they have any there
Function = Callable[..., Any]

SAME_NAME = """
add subtract multiply divide negative abs pow sqrt exp exp2 expm1 log log1p log2 log10 sin cos tan
asin acos atan sinh cosh tanh asinh acosh atanh atan2 hypot floor ceil round sign remainder
floor_divide less less_equal not_equal greater_equal greater logical_and logical_or logical_not
""".split()


@dataclass(frozen=True)
class Peer:
    """A library: its functions by our names, and how it evaluates one at many points.

    An index, an order or a condition is a plain number there, and so are the `settings` of some
    rows: how many operands of such a row have derivatives.
    """

    name: str
    functions: dict[str, Function]
    evaluate: Callable[[Function, Sequence[Point], bool], Results]
    settings: dict[str, int]

    def run(self, op: Op, points: Sequence[Point]) -> Results | None:
        """The value and the partials at each point; None where there is no such function."""
        function = self.functions.get(op.name)
        if function is None:
            return None
        results: Results = [[] for _ in points]
        for fixed, places in self._groups(op, points).items():
            given, rest = (fixed, None) if op.fixed else ((), fixed)
            call = partial(_call, function, *given, rest=rest or ())
            operands = [self._operands(op, points[i]) for i in places]
            found = self.evaluate(call, operands, bool(op.partials))
            for i, row in zip(places, found, strict=True):
                results[i] = row
        return results

    def _operands(self, op: Op, xs: Point) -> Point:
        return xs[op.fixed : self.settings.get(op.name, len(xs))]

    def _groups(self, op: Op, points: Sequence[Point]) -> dict[Point, list[int]]:
        """The places of the points that have the same plain numbers."""
        groups: dict[Point, list[int]] = {}
        for i, xs in enumerate(points):
            plain = xs[: op.fixed] or xs[self.settings.get(op.name, len(xs)) :]
            groups.setdefault(plain, []).append(i)
        return groups


def _call(function: Function, *operands: Any, rest: Sequence[float]) -> Any:
    return function(*operands, *rest)


# -- PyTorch -------------------------------------------------------------------------------------


def pytorch() -> Peer:
    """ImportError where it is not installed."""
    import torch
    from torch.nn import functional

    def evaluate(function: Function, points: Sequence[Point], differentiate: bool) -> Results:
        columns = [torch.tensor(c, dtype=torch.float64) for c in zip(*points, strict=True)]
        for column in columns:
            column.requires_grad_(differentiate)
        y = function(*columns).to(torch.float64)
        found = [y.detach().tolist()]
        if y.requires_grad:
            try:
                grads = torch.autograd.grad(y.sum(), columns, allow_unused=True)
            except (RuntimeError, NotImplementedError):  # it has no derivative there
                grads = ()
            found += [[0.0] * len(points) if g is None else g.tolist() for g in grads]
        return [list(row) for row in zip(*found, strict=True)]

    def stacked(xs: Sequence[Any]) -> Any:
        return torch.stack(list(xs), -1)

    def dot(*xs: Any) -> Any:
        half = len(xs) // 2
        return torch.linalg.vecdot(stacked(xs[:half]), stacked(xs[half:]))

    def cross_entropy(label: float, *xs: Any) -> Any:
        labels = torch.full(xs[0].shape, int(label))
        return functional.cross_entropy(stacked(xs), labels, reduction="none")

    special = torch.special
    functions: dict[str, Function] = {name: getattr(torch, name) for name in SAME_NAME} | {
        "equal": torch.eq,
        "erf": torch.erf,
        "erfc": torch.erfc,
        "normal_cdf": special.ndtr,
        "lgamma": torch.lgamma,
        "polygamma": lambda n, x: special.polygamma(int(n), x),
        "sigmoid": torch.sigmoid,
        "softplus": functional.softplus,
        "silu": functional.silu,
        "gelu": functional.gelu,
        "relu": torch.relu,
        "leaky_relu": functional.leaky_relu,
        "elu": functional.elu,
        "clip": torch.clip,
        "where": lambda c, a, b: torch.where(torch.tensor(bool(c)), a, b),
        "take": lambda i, *xs: stacked(xs)[..., int(i)],
        "sum": lambda *xs: stacked(xs).sum(-1),
        "dot": dot,
        "maximum": lambda *xs: stacked(xs).amax(-1),
        "minimum": lambda *xs: stacked(xs).amin(-1),
        "logsumexp": lambda *xs: torch.logsumexp(stacked(xs), -1),
        "softmax": lambda i, *xs: torch.softmax(stacked(xs), -1)[..., int(i)],
        "cross_entropy": cross_entropy,
    }
    settings = {"leaky_relu": 1, "elu": 1}
    return Peer(f"PyTorch {torch.__version__.partition('+')[0]}", functions, evaluate, settings)


# -- JAX -----------------------------------------------------------------------------------------


def jax() -> Peer:
    """ImportError where it is not installed."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    import jax
    from jax import nn
    from jax import numpy as jnp
    from jax.scipy import special, stats

    jax.config.update("jax_enable_x64", True)

    def evaluate(function: Function, points: Sequence[Point], differentiate: bool) -> Results:
        columns = [jnp.array(c) for c in zip(*points, strict=True)]
        if not differentiate:
            return [[float(y)] for y in jax.vmap(function)(*columns)]
        both = jax.value_and_grad(function, argnums=tuple(range(len(columns))))
        y, grads = jax.jit(jax.vmap(both))(*columns)
        return [list(row) for row in zip(y.tolist(), *[g.tolist() for g in grads], strict=True)]

    def dot(*xs: Any) -> Any:
        half = len(xs) // 2
        return jnp.dot(jnp.array(xs[:half]), jnp.array(xs[half:]))

    functions: dict[str, Function] = {name: getattr(jnp, name) for name in SAME_NAME} | {
        "equal": jnp.equal,
        "cbrt": jnp.cbrt,
        "erf": special.erf,
        "erfc": special.erfc,
        "normal_pdf": stats.norm.pdf,
        "normal_cdf": stats.norm.cdf,
        "lgamma": special.gammaln,
        "polygamma": lambda n, x: special.polygamma(int(n), x),
        "sigmoid": nn.sigmoid,
        "softplus": nn.softplus,
        "silu": nn.silu,
        "gelu": partial(nn.gelu, approximate=False),
        "relu": nn.relu,
        "leaky_relu": nn.leaky_relu,
        "elu": nn.elu,
        "clip": jnp.clip,
        "where": lambda c, a, b: jnp.where(bool(c), a, b),
        "take": lambda i, *xs: jnp.take(jnp.array(xs), int(i)),
        "sum": lambda *xs: jnp.sum(jnp.array(xs)),
        "dot": dot,
        "maximum": lambda *xs: jnp.max(jnp.array(xs)),
        "minimum": lambda *xs: jnp.min(jnp.array(xs)),
        "logsumexp": lambda *xs: nn.logsumexp(jnp.array(xs)),
        "softmax": lambda i, *xs: nn.softmax(jnp.array(xs))[int(i)],
    }
    return Peer(f"JAX {jax.__version__}", functions, evaluate, {})


def installed() -> list[Peer]:
    """Those of the two that can be imported here."""
    found = []
    for make in (pytorch, jax):
        try:
            found.append(make())
        except ImportError:
            continue
    return found
