"""The judge judged: the oracle's own formulas in Arb's balls, which enclose the truth for certain.

Where both ends of a ball round to the same float, that float is the rounded truth, by proof.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FunctionType, MethodType
from typing import Any

from tests import oracle
from tests.accuracy.reference import Truth

FIRST, LAST = 256, 8192  # bits; doubled until the ends of a ball agree
NAMES = {"loggamma": "lgamma", "sinpi": "sin_pi", "sign": "sgn"}  # Arb's, where mpmath's differ


class Balls:
    """mpmath's functions by mpmath's names, of balls. ImportError without python-flint."""

    def __init__(self) -> None:
        import flint

        self._arb, self._acb, self._settings = flint.arb, flint.acb, flint.ctx
        self.nan = flint.arb.nan()

    def __getattr__(self, name: str) -> Callable[[Any], Any]:
        return lambda x: getattr(self._arb(x), NAMES.get(name, name))()

    @property
    def pi(self) -> Any:
        return self._arb.pi()

    @contextmanager
    def workprec(self, bits: int) -> Iterator[None]:
        before, self._settings.prec = self._settings.prec, bits
        try:
            yield
        finally:
            self._settings.prec = before

    def mpf(self, x: Any) -> Any:
        return self._arb(x)

    def fsum(self, xs: Iterable[Any]) -> Any:
        return sum(xs, self._arb(0))

    def hypot(self, x: Any, y: Any) -> Any:
        return (x * x + y * y).sqrt()

    def atan2(self, y: Any, x: Any) -> Any:
        return self._arb.atan2(y, x)

    def cbrt(self, x: Any) -> Any:
        return x.root(3)

    def log10(self, x: Any) -> Any:
        return x.log() / self._arb(10).log()

    def nint(self, x: Any) -> Any:
        return self._arb(round(float(x)))

    def psi(self, order: int, x: Any) -> Any:
        return self._acb(x).polygamma(order).real if order else x.digamma()


class Prover:
    """Counts the truths that it tried to prove, and keeps those that it could not or refuted."""

    def __init__(self) -> None:
        self._balls = Balls()
        self._names: dict[str, Any] = {**vars(oracle), "mp": self._balls}
        for name, formula in vars(oracle).items():
            if isinstance(formula, FunctionType):
                self._names[name] = self._with_balls(formula)
        self.tried = 0
        self.open: list[Truth] = []  # neither proved nor refuted
        self.refuted: list[tuple[Truth, float]] = []

    def _with_balls(self, formula: Any) -> Any:
        """The same code, to which `mp` means balls."""
        if isinstance(formula, MethodType):  # a function of mpmath itself
            return getattr(self._balls, _name_in_mpmath(formula))
        if not isinstance(formula, FunctionType):
            return formula
        closure = formula.__closure__
        return FunctionType(formula.__code__, self._names, closure=closure)

    def check(self, truth: Truth) -> None:
        """Try to prove what is expected at a point; no ball holds a nan."""
        if math.isnan(truth.expected) or truth.defined_by_order:
            return
        self.tried += 1
        found = self._enclosed(truth)
        if found is None:
            self.open.append(truth)
        elif found != truth.expected:
            self.refuted.append((truth, found))

    def _enclosed(self, truth: Truth) -> float | None:
        """The one float that the ball rounds to, None if it stays too wide."""
        value, partials = oracle.EXACT[truth.op.name]
        formula, index = value, None
        if truth.operand is not None:
            formula, index = (
                (partials, truth.operand) if callable(partials) else (partials[truth.operand], None)
            )
        bits = FIRST
        while bits <= LAST:
            with self._balls.workprec(bits):
                operands = list(map(self._balls.mpf, truth.operands))
                operands[: truth.op.fixed] = truth.operands[: truth.op.fixed]
                ball = self._with_balls(formula)(*operands)
                ball = self._balls.mpf(ball if index is None else ball[index])
                if ball.is_finite():
                    ends = {oracle.nearest(*map(int, end.man_exp())) for end in _ends(ball)}
                    if len(ends) == 1:
                        return ends.pop()
            bits *= 2
        return None


def _name_in_mpmath(function: MethodType) -> str:
    return next(name for name in vars(type(oracle.mp)) if getattr(oracle.mp, name) == function)


def _ends(ball: Any) -> tuple[Any, Any]:
    return ball.lower(), ball.upper()
