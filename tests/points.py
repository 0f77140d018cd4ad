"""Where a row of the table is tried: how many operands it gets, and at which points."""

import math
import random
from collections.abc import Callable, Iterator

from hypothesis import strategies as st

from autograd.ops import Op

MANY = 3  # operands of a row that takes any number of them
HIGHEST_ORDER = 3  # of the polygamma functions that are tried
OF_ORDINARY_SIZE = {("elu", 1), ("leaky_relu", 1)}  # settings, which no one makes 1e-300

Draw = Callable[[random.Random, float, float], float]

EVERY_FLOAT = st.floats()  # nan, both infinities, both zeros, subnormals and all


def is_variable(op: Op, index: int) -> bool:
    """Whether an operand is a real variable: no index, order or condition."""
    low, high = op.domain[min(index, len(op.domain) - 1)]
    return low < high


def arity(op: Op) -> int:
    if not callable(op.partials):
        return len(op.partials) or (1 if op.name == "logical_not" else 2)  # these have no partials
    extra = 0 if is_variable(op, 0) else 1
    return {"clip": 3, "dot": 2 * MANY}.get(op.name, MANY + extra)


def variables(op: Op) -> range:
    """The indices of the operands that are real variables."""
    return range(0 if is_variable(op, 0) else 1, arity(op))


def choices(op: Op) -> range:
    """What the first operand may be where it is an index, an order or a condition."""
    return range({"where": 2, "polygamma": HIGHEST_ORDER + 1}.get(op.name, MANY))


def operands(op: Op) -> st.SearchStrategy[tuple[float, ...]]:
    """Any floats at all, behind a valid index."""
    first = [] if is_variable(op, 0) else [st.sampled_from([float(i) for i in choices(op)])]
    return st.tuples(*first, *[EVERY_FLOAT for _ in variables(op)])


def ordinary(op: Op, seed: int, count: int) -> Iterator[tuple[float, ...]]:
    """Points of everyday size inside the operation's domain."""
    rng = random.Random(f"{op.name} {seed}")
    for _ in range(count):
        yield tuple([_operand(op, i, rng, _everyday) for i in range(arity(op))])


def awkward(op: Op, seed: int, count: int) -> Iterator[tuple[float, ...]]:
    """Points of all sizes, and hard by the ends of the domain, by 0 and by ±1."""
    rng = random.Random(f"{op.name} {seed}")
    for _ in range(count):
        yield tuple([_operand(op, i, rng, _extreme) for i in range(arity(op))])


def _operand(op: Op, index: int, rng: random.Random, draw: Draw) -> float:
    low, high = op.domain[min(index, len(op.domain) - 1)]
    if low == high:
        return float(rng.choice(choices(op)))
    if (op.name, index) in OF_ORDINARY_SIZE:
        draw = _everyday
    while not low < (x := draw(rng, low, high)) < high:
        pass
    return x


def _everyday(rng: random.Random, low: float, high: float) -> float:
    if low == -math.inf:
        return rng.gauss(0.0, 3.0)
    return low + rng.expovariate(0.3) if high == math.inf else rng.uniform(low, high)


def _extreme(rng: random.Random, low: float, high: float) -> float:
    sign = rng.choice((-1.0, 1.0))
    near = rng.choice([x for x in (low, high, 0.0, 1.0, -1.0) if math.isfinite(x)])
    draw = rng.randrange(4)
    if draw == 0:
        return sign * 2.0 ** rng.uniform(-1074, 1023.99)
    if draw == 1:
        return near + sign * 2.0 ** rng.uniform(-53, 0)
    return sign * 2.0 ** rng.uniform(-20, 20) if draw == 2 else rng.uniform(-750, 750)
