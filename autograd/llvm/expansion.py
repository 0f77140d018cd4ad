"""The operations of many operands of a program, written in those of few.

A compiler that knows a handful of operations of few operands can then compile all of them, what
several have in common is computed once (ten softmax of the same ten logits need ten exp, not a
hundred), and nothing is longer than one loop of the machine code. The results have the accuracy
of `ieee`, whose formulas these are.
"""

from __future__ import annotations

from math import inf, nan

from autograd import ieee, ops
from autograd.llvm.program_writer import ProgramWriter
from autograd.ops import Op
from autograd.program import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

LONG = 12  # more products than that are a loop of the machine code, not instructions
CHAIN = 16  # among more operands than that a number is looked up, not chosen by comparisons


def _no_derivative(*operands: float) -> NoReturn:
    raise AssertionError("derivatives are taken before a program is expanded")


def _step(name: str, value: Callable[..., float]) -> Op:
    return Op(name, value, (_no_derivative,))


# What has no name in the table: steps of the formulas below.
exp_difference = _step("exp_difference", ieee.exp_difference)
sum_error = _step("sum_error", lambda a, b: ieee.two_sum(a, b)[1])
checked_index = _step("checked_index", lambda index, count: float(ieee.position(index, int(count))))
gather = _step("gather", ieee.take)
log_of_total = _step("log_of_total", lambda total, low: ieee.log1p(total - 1.0 + low))
logsumexp_near_zero = _step("logsumexp_near_zero", lambda y, rest, *xs: ieee.logsumexp(*xs))


def expand(program: Program) -> Program:
    """The same program without aliases, dead instructions and operations of many operands.

    Long dots remain, and have a form that a loop suits: all products of a uniform by a lane, or
    all of lanes, or all of uniforms, and nothing added at the end. O(operands), but a softmax, a
    logsumexp or a cross entropy costs O(its operands) steps only once for the same operands.

    >>> print(expand(Program(["x"], [True], [1.0, 2.0], [(ops.clip, (0, 1, 2))], [3])))
    input    %0* = x
    constant %1 = 1.0
    constant %2 = 2.0
    %3* = maximum %0* %1
    %4* = minimum %3* %2
    output   %4*
    """
    w = _Expansion(program)
    places = [*range(len(program.inputs)), *map(w.constant, program.constants)]
    for op, operands in program.instructions:
        xs = tuple([places[i] for i in operands])
        rule = _RULES.get(op)
        places.append(rule(w, xs) if rule else w.append(op, xs))
    return w.program([_as_before(w, program, places, slot) for slot in program.outputs])


class _Expansion(ProgramWriter):
    """A program in the making, and what softmax and its relatives of the same logits share."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.softmaxes: dict[tuple[int, ...], _Softmax] = {}


def _as_before(w: _Expansion, program: Program, places: Sequence[int], slot: int) -> int:
    """The place of an output, in lanes again where x⁰ or a known choice has become a uniform."""
    place = places[slot]
    if w.is_lane(place) or not program.is_lane[slot]:
        return place
    lane = program.lane_inputs.index(True)
    return w(ops.where, w(ops.equal, lane, lane), place, place)


# -- sums and products ---------------------------------------------------------------------------


def _sum(w: _Expansion, xs: tuple[int, ...]) -> int:
    if len(xs) < 2:
        return xs[0] if xs else w.constant(0.0)
    if len(xs) <= LONG:
        return w.add(ops.sum, xs)
    if factors := _factors(w, xs):
        return _dot(w, factors)
    if len(set(map(w.is_lane, xs))) == 1:
        return w.add(ops.dot, (w.constant(1.0),) * len(xs) + xs)
    return _in_pairs(ops.add)(w, xs)


def _factors(w: _Expansion, places: tuple[int, ...]) -> tuple[int, ...]:
    """The operands of the dot that is the sum of these places, if all are products."""
    found = [x for x in map(w.instruction, places) if x and x[0] is ops.multiply]
    if len(found) < len(places):
        return ()
    return (*[a for _, (a, _) in found], *[b for _, (_, b) in found])


def _dot(w: _Expansion, xs: tuple[int, ...]) -> int:
    half = len(xs) // 2
    if half == 0:
        return xs[0] if xs else w.constant(0.0)
    last = xs[2 * half :]
    if half > LONG:
        total = _long_dot(w, xs[:half], xs[half : 2 * half])
        return w.add(ops.add, (total, *last)) if last else total
    if half == 1:
        product = w.add(ops.multiply, xs[:2])
        return w.add(ops.add, (product, *last)) if last else product
    return w.add(ops.dot, xs)


def _long_dot(w: _Expansion, us: tuple[int, ...], xs: tuple[int, ...]) -> int:
    """A dot of one kind throughout, or else the single products and sums."""
    pairs = [(x, u) if w.is_lane(u) and not w.is_lane(x) else (u, x)
             for u, x in zip(us, xs, strict=True)]  # fmt: skip
    if len({(w.is_lane(u), w.is_lane(x)) for u, x in pairs}) == 1:
        return w.add(ops.dot, tuple([u for u, _ in pairs] + [x for _, x in pairs]))
    total = w.add(ops.multiply, pairs[0])
    for pair in pairs[1:]:
        total = w.add(ops.add, (total, w.add(ops.multiply, pair)))
    return total


def _pow(w: _Expansion, xs: tuple[int, ...]) -> int:
    """Powers that multiplications and roots give with at most two roundings."""
    base, exponent = xs
    match w.number(exponent):
        case 0.0:
            return w.constant(1.0)
        case 1.0:
            return base
        case 2.0:
            return w(ops.multiply, base, base)
        case 3.0:
            return w(ops.multiply, w(ops.multiply, base, base), base)
        case -1.0:
            return w(ops.divide, 1.0, base)
        case 0.5:  # + 0.0 for (-0)^½ = 0
            return w(ops.where, w(ops.equal, base, -inf), inf, w(ops.sqrt, w(ops.add, base, 0.0)))
    return w.add(ops.pow, xs)


def _total(w: _Expansion, xs: Sequence[int]) -> tuple[int, int]:
    """Their sum in two words: the rounding errors are added up apart."""
    total, error = xs[0], w.constant(0.0)
    for x in xs[1:]:
        error = w(ops.add, error, w(sum_error, total, x))
        total = w(ops.add, total, x)
    return total, error


# -- extremes and choices ------------------------------------------------------------------------


def _in_pairs(op: Op) -> Callable[[_Expansion, tuple[int, ...]], int]:
    def rule(w: _Expansion, xs: tuple[int, ...]) -> int:
        best = xs[0]
        for x in xs[1:]:
            best = w.add(op, (best, x))
        return best

    return rule


def _clip(w: _Expansion, xs: tuple[int, ...]) -> int:
    x, low, high = xs
    return w(ops.minimum, w(ops.maximum, x, low), high)


def _where(w: _Expansion, xs: tuple[int, ...]) -> int:
    """With a truth value as the condition: a number is true where it is not zero."""
    condition, a, b = xs
    if not w.is_truth(condition):
        condition = w(ops.not_equal, condition, 0.0)
    return w(ops.where, condition, a, b)


def _take(w: _Expansion, xs: tuple[int, ...]) -> int:
    index, *options = xs
    known = w.number(index)
    if known is not None and 0 <= known < len(options) and known % 1 == 0:
        return options[int(known)]
    index = w(checked_index, index, float(len(options)))
    if len(options) > CHAIN and len(set(map(w.is_lane, options))) == 1:
        return w.add(gather, (index, *options))
    chosen = options[-1] if len(options) > 1 else w.constant(nan)
    for i in reversed(range(len(options) - (len(options) > 1))):
        chosen = w(ops.where, w(ops.equal, index, float(i)), options[i], chosen)
    return chosen


# -- the softmax and its relatives ---------------------------------------------------------------


class _Softmax:
    """What softmax, logsumexp and cross entropy of the same logits share."""

    def __init__(self, w: _Expansion, xs: tuple[int, ...]) -> None:
        self._w, self._xs = w, xs
        self.shift = _RULES[ops.maximum](w, xs)
        self.exps = [w(exp_difference, x, self.shift) for x in xs]

    def shares(self) -> tuple[int, ...]:
        """e^xᵢ / Σ e^xⱼ for each i."""
        total = self._w(ops.add, *_total(self._w, self.exps))
        return tuple([self._w(ops.divide, e, total) for e in self.exps])

    def log_total(self) -> int:
        """log Σ e^(x - shift)."""
        return self._w(log_of_total, *_total(self._w, self.exps))


def _softmax_of(w: _Expansion, xs: tuple[int, ...]) -> _Softmax:
    if xs not in w.softmaxes:
        w.softmaxes[xs] = _Softmax(w, xs)
    return w.softmaxes[xs]


def _softmax(w: _Expansion, xs: tuple[int, ...]) -> int:
    return _take(w, (xs[0], *_softmax_of(w, xs[1:]).shares()))


def _logsumexp(w: _Expansion, xs: tuple[int, ...]) -> int:
    if not xs:
        return w.constant(-inf)
    parts = _softmax_of(w, xs)
    rest = parts.log_total()
    y = w(logsumexp_near_zero, w(ops.add, parts.shift, rest), rest, *xs)
    is_finite = w(ops.less, w(ops.abs, parts.shift), inf)
    return w(ops.where, is_finite, y, parts.shift)


def _cross_entropy(w: _Expansion, xs: tuple[int, ...]) -> int:
    """(largest - logits[label]) + log Σ e^(logit - largest); 0 for inf - inf, nan beside a nan."""
    parts = _softmax_of(w, xs[1:])
    chosen = _take(w, xs)
    is_largest = w(ops.equal, chosen, parts.shift)
    gap = w(ops.where, is_largest, 0.0, w(ops.subtract, parts.shift, chosen))
    y = w(ops.add, gap, parts.log_total())
    return w(ops.where, w(ops.equal, parts.shift, parts.shift), y, parts.shift)


_RULES: dict[Op, Callable[[_Expansion, tuple[int, ...]], int]] = {
    ops.alias: lambda w, xs: xs[0],
    ops.sum: _sum,
    ops.dot: _dot,
    ops.pow: _pow,
    ops.maximum: _in_pairs(ops.maximum),
    ops.minimum: _in_pairs(ops.minimum),
    ops.clip: _clip,
    ops.where: _where,
    ops.take: _take,
    ops.softmax: _softmax,
    ops.logsumexp: _logsumexp,
    ops.cross_entropy: _cross_entropy,
}
