"""What a whole expression and its derivatives are, and how far rounding may lead away from that.

The first and second derivatives are difference quotients at 90 digits, from the values of the
operations alone (`oracle.EXACT`): no rule of differentiation is trusted.

What rounding may do is the condition. A row y = φ(u, v, …) has its value and its derivatives from
sums of products, of which each has an error of its own: of |φ| + Σ |φᵤ·u| in y, of
Σ |uᵢ|·(|φᵤ| + Σ |φᵤᵥ·v|) in the derivative yᵢ, and so on, for each unit of relative rounding of the
terms and of the operands. What becomes of such errors in the result is told by its derivative by
y, and its own derivatives. (For the value alone this is the running error bound of N. J. Higham,
Accuracy and Stability of Numerical Algorithms, section 3.3, with the true derivatives.)
"""

from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement
from math import inf
from typing import Any, NamedTuple

from autograd.ops import Op
from autograd.testing import Expression
from tests.oracle import EXACT, mp

DIGITS = 90
STEP = mp.mpf(10) ** -25  # of difference quotients: second ones keep 40 digits
NOISE = 1e-30  # absolute: what the quotients of moderate numbers may leave in a truth

Which = tuple[int, ...]  # () for the value, (i,) for the derivative by leaf i, (i, j) for a second
Jet = dict[Which, Any]  # a number with its derivatives
Row = tuple[Op, tuple[int | float, ...]]


class Exact(NamedTuple):
    """A number, and by how much it changes for each unit of relative rounding."""

    truth: Any
    condition: float

    def error(self, found: float) -> float:
        """How much rounding it takes to find this number instead; inf for a nan."""
        distance = float(abs(found - self.truth))
        if distance <= NOISE:
            return 0.0
        return distance / (self.condition + NOISE) if distance == distance else inf


def exact(expression: Expression) -> dict[Which, Exact]:
    """An expression's value at its leaves, its derivatives, and its second ones for i <= j.

    Evaluates the graph at 1 + n + n² points for n leaves, at about half a millisecond each.
    """
    first, count = len(expression.leaves), len(expression.leaves) + len(expression.rows)
    with mp.workdps(DIGITS):
        jets = _jets(lambda offsets: _numbers(expression, offsets), first)
        locals_ = [
            _jets(lambda offsets, row=row: _partials(row, jets, offsets), _uses(row))
            for row in expression.rows
        ]
    truths = jets[count - 1]
    values, adjoints = list(map(_floats, jets[:count])), list(map(_floats, jets[count:]))
    conditions = {which: abs(float(truth)) for which, truth in truths.items()}
    for y, (row, partials) in enumerate(zip(expression.rows, locals_, strict=True), first):
        operands = [values[x] for x in row[1] if isinstance(x, int)]
        errors = _errors(values[y], list(map(_floats, partials)), operands)
        for which in conditions:
            conditions[which] += _of_product(adjoints[y], errors, which)
    return {which: Exact(truth, conditions[which]) for which, truth in truths.items()}


def _errors(value: Jet, partials: Sequence[Jet], operands: Sequence[Jet]) -> Jet:
    """What one row's value and derivatives may be off by for each unit of relative rounding."""
    places = range(len(operands))

    def size(k: int, *by: int) -> float:
        """Of the partial by operand k, or its derivative by another, and of its own condition."""
        terms = [partials[k][tuple(sorted((*by, m)))] * operands[m][()] for m in places]
        return abs(partials[k][by]) + sum(map(abs, terms))

    first = [size(k) for k in places]
    # Beside its own size that of the first: the second derivative of the sigmoid is 0 at 0 as the
    # difference of two terms of that size. So are those of asin, acos, atanh, hypot and softmax.
    second = {(k, m): size(k, m) + abs(partials[k][()]) for k in places for m in places}
    errors: Jet = {}
    for which in value:
        errors[which] = sum(first[k] * abs(operands[k][which]) for k in places)
        if which == ():
            errors[which] = abs(value[()]) + sum(
                abs(partials[k][()] * operands[k][()]) for k in places
            )
        elif len(which) == 2:
            i, j = which
            errors[which] += sum(
                each * abs(operands[k][(i,)] * operands[m][(j,)]) for (k, m), each in second.items()
            )
    return errors


def _of_product(a: Jet, b: Jet, which: Which) -> float:
    """Leibniz's rule for a derivative of a · b, without the signs."""
    total = 0.0
    for mask in range(2 ** len(which)):
        of_a = tuple([i for bit, i in enumerate(which) if mask >> bit & 1])
        of_b = tuple([i for bit, i in enumerate(which) if not mask >> bit & 1])
        total += abs(a[of_a] * b[of_b])
    return total


# -- difference quotients ------------------------------------------------------------------------


def _numbers(expression: Expression, offsets: Sequence[int]) -> list[Any]:
    """All slots so many steps beside the leaves, and the derivatives of the last by each slot."""
    slots = [mp.mpf(x) + i * STEP for x, i in zip(expression.leaves, offsets, strict=True)]
    for op, operands in expression.rows:
        slots.append(EXACT[op.name][0](*_operands(operands, slots)))
    adjoints = [mp.mpf(0)] * (len(slots) - 1) + [mp.mpf(1)]
    for y in reversed(range(len(expression.leaves), len(slots))):
        op, operands = expression.rows[y - len(expression.leaves)]
        partials = _rules(op.name, _operands(operands, slots))
        for x, partial in zip(operands, partials, strict=True):
            if isinstance(x, int):
                adjoints[x] += adjoints[y] * partial
    return slots + adjoints


def _partials(row: Row, jets: Sequence[Jet], offsets: Sequence[int]) -> list[Any]:
    """The partial derivatives of a row so many steps beside the slots that it uses."""
    op, operands = row
    moves = iter(offsets)
    xs = [mp.mpf(x) if isinstance(x, float) else jets[x][()] + next(moves) * STEP for x in operands]
    pairs = zip(operands, _rules(op.name, xs), strict=True)
    return [partial for x, partial in pairs if isinstance(x, int)]


def _uses(row: Row) -> int:
    return sum(isinstance(x, int) for x in row[1])


def _operands(operands: Sequence[int | float], slots: Sequence[Any]) -> list[Any]:
    return [mp.mpf(x) if isinstance(x, float) else slots[x] for x in operands]


def _rules(name: str, operands: Sequence[Any]) -> list[Any]:
    rules = EXACT[name][1]
    return rules(*operands) if callable(rules) else [rule(*operands) for rule in rules]


def _jets(numbers: Callable[[Sequence[int]], list[Any]], count: int) -> list[Jet]:
    """Each of the numbers, functions of so many leaves, with its difference quotients."""

    def at(*moves: int) -> list[Any]:
        offsets = [0] * count
        for move in moves:
            offsets[abs(move) - 1] += 1 if move > 0 else -1
        return numbers(offsets)

    middle = at()
    sides = [(at(i), at(-i)) for i in range(1, count + 1)]
    jets: list[Jet] = [{(): y} for y in middle]
    for i, (above, below) in enumerate(sides):
        for jet, a, b in zip(jets, above, below, strict=True):
            jet[(i,)] = (a - b) / (2 * STEP)
    for i, j in combinations_with_replacement(range(count), 2):
        near = [*sides[i], *sides[j]]
        far = (at(i + 1, j + 1), at(-i - 1, -j - 1)) if i != j else None
        for k, (jet, y) in enumerate(zip(jets, middle, strict=True)):
            if far is None:
                jet[(i, j)] = (near[0][k] - 2 * y + near[1][k]) / STEP**2
            else:
                around = far[0][k] + far[1][k] - sum(side[k] for side in near)
                jet[(i, j)] = (around + 2 * y) / (2 * STEP**2)
    return jets


def _floats(jet: Jet) -> Jet:
    return {which: float(x) for which, x in jet.items()}
