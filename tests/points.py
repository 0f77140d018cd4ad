"""Where a row of the table is tried: how many operands it gets, and at which points."""

import math
import random
import struct
from collections.abc import Callable, Iterator

from hypothesis import strategies as st

from autograd.ops import Op

MANY = 3  # operands of a row that takes any number of them
HIGHEST_ORDER = 3  # of the polygamma functions that are tried
OF_ORDINARY_SIZE = {("elu", 1), ("leaky_relu", 1)}  # settings, which no one makes 1e-300

Point = tuple[float, ...]
Draw = Callable[[random.Random, float, float], float]

EVERY_FLOAT = st.floats()  # nan, both infinities, both zeros, subnormals and all

# Zeros of a row and of its slopes, ends of its domain, and where its digits or its floats run out.
_EXPONENTIAL = (-745.1332191019412, -708.3964185322641, -37.0, 709.782712893384)
_NORMAL = (-38.5, -37.5, -8.3, 8.3, 38.5)
PLACES: dict[str, tuple[float, ...]] = {
    "acos": (-1.0, -0.5, 0.5, 1.0),
    "acosh": (1.0, 2.0**28),
    "asin": (-1.0, -0.5, 0.5, 1.0),
    "asinh": (-1.0, 0.0, 2.0**28),
    "atan": (-1.0, 0.0, 0.4375, 2.4375, 1e154),
    "atanh": (-1.0, 0.0, 1.0),
    "cosh": (-710.4758600739439, 0.0, 710.4758600739439),
    "elu": (*_EXPONENTIAL, 0.0),
    "erf": (-6.0, -0.5, 0.0, 0.5, 26.6),
    "erfc": (-6.0, 0.5, 26.5432, 27.2261),
    "exp": (*_EXPONENTIAL, 0.0),
    "exp2": (-1075.0, -1022.0, 0.0, 1024.0),
    "expm1": (*_EXPONENTIAL, 0.0),
    "gaussian": (-27.2973, -26.615, 0.0, 26.615, 27.2973),
    "gelu": (*_NORMAL, -0.7517915246935645, 0.0),
    "gelu_slope": (*_NORMAL, -0.7517915246935645, -math.sqrt(2), math.sqrt(2)),
    "lgamma": (1.0, 2.0, 1.4616321449683623, 2.5563481638716906e305, -2.4570247382208006),
    "log": (1.0, 5e-324, 1.7976931348623157e308),
    "log10": (1.0, 10.0, 1e22, 5e-324, 1.7976931348623157e308),
    "log1p": (-1.0, 0.0, 2.0**53),
    "log2": (1.0, 2.0, 1024.0, 5e-324, 1.7976931348623157e308),
    "normal_cdf": (*_NORMAL, 0.0),
    "normal_pdf": (*_NORMAL, 0.0),
    "polygamma": (1.4616321449683623, 0.0, -0.5040830082644554, -1.0),
    "sigmoid": (*_EXPONENTIAL, 0.0, 37.0, 708.3964185322641, 745.1332191019412),
    "silu": (*_EXPONENTIAL, -1.2784645427610738, 0.0, -751.8),
    "sinh": (-710.4758600739439, 0.0, 710.4758600739439),
    "softplus": (*_EXPONENTIAL, 0.0, 37.0, 745.1332191019412),
    "tanh": (-0.5493061443340549, 0.0, 19.06, 22.0, 354.5, 372.5),
}
PERIODIC = {"sin", "cos", "tan"}  # whose zeros are at multiples of π/2
LOWEST = {"polygamma": -100.0}  # further left mpmath takes seconds, by a recurrence
UNSIGNED = {"atan2"}  # the angle jumps there, and numbers of sixty digits have no -0.0


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


# -- by the places where a row is hard -----------------------------------------------------------


def hard(op: Op, seed: int, count: int) -> Iterator[tuple[float, ...]]:
    """Points of all finite floats, outside the domain too; by the row's own places, and in ties."""
    rng = random.Random(f"{op.name} {seed}")
    for _ in range(count):
        xs = [_hard_operand(op, i, rng) for i in range(arity(op))]
        i, j = rng.choice(variables(op)), rng.choice(variables(op))
        if i != j and rng.random() < 0.5:
            x = _finite(_related(op, rng, xs[i]))
            xs[j] = x + 0.0 if op.name in UNSIGNED else x
        yield tuple(xs)


def _hard_operand(op: Op, index: int, rng: random.Random) -> float:
    if not is_variable(op, index):
        return float(rng.choice(choices(op)))
    if (op.name, index) in OF_ORDINARY_SIZE:
        return rng.gauss(0.0, 3.0)
    x = rng.choice((_near_a_place, _near_a_place, _of_any_bits, _at_an_edge))(op, rng)
    if x < LOWEST.get(op.name, -math.inf):
        return _hard_operand(op, index, rng)
    return x + 0.0 if op.name in UNSIGNED else x


def _near_a_place(op: Op, rng: random.Random) -> float:
    if op.name in PERIODIC:
        place = rng.randrange(1, 10 ** rng.randrange(1, 17)) * (math.pi / 2)
    else:
        place = rng.choice(PLACES.get(op.name, (0.0, 1.0, -1.0)))
    if rng.random() < 0.2:
        return math.nextafter(place, rng.choice((-math.inf, math.inf)))
    distance = 2.0 ** rng.uniform(-60, 1) * max(1.0, math.fabs(place))
    return _finite(place + rng.choice((-1.0, 1.0)) * distance)


def _of_any_bits(op: Op, rng: random.Random) -> float:
    (x,) = struct.unpack("<d", rng.randbytes(8))
    return _finite(x)


def _at_an_edge(op: Op, rng: random.Random) -> float:
    edge = rng.choice((0.0, 5e-324, 2.0**-1022, 1.0, 2.0**53, 1.7976931348623157e308))
    return rng.choice((-1.0, 1.0)) * rng.choice((edge, math.nextafter(edge, 1.0)))


def _finite(x: float) -> float:
    return x if math.isfinite(x) else 1.0


def _related(op: Op, rng: random.Random, x: float) -> float:
    """Another operand that ties with x, cancels it, or takes the result to an end of the floats."""
    if op.name == "pow":
        end = rng.choice((-745.2, -708.4, 709.8, 1.0)) + rng.gauss(0.0, 0.1)
        return end / math.log(x) if x > 0 and x != 1 else float(rng.randrange(-9, 10))
    if op.name == "logsumexp":
        return math.log(-math.expm1(x)) if -700 < x < 0 else -x
    return (
        rng.choice((-1.0, 1.0, 1.0, 3.0, 0.5)) * x * (1.0 + rng.choice((0.0, 2.0**-40, 2.0**-52)))
    )
