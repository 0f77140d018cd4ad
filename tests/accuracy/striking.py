"""Arguments at which a textbook formula loses every digit, and what each library makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from autograd.ops import TABLE
from tests.accuracy import ours
from tests.accuracy.measure import kind
from tests.accuracy.peers import Peer
from tests.accuracy.reference import truths
from tests.oracle import ulps
from tests.points import Point

# row, operands, and which of the results: 0 the value, then the partials
ARGUMENTS: list[tuple[str, Point, int, str]] = [
    ("tanh", (19.5,), 1, "1 - tanh² is 0"),
    ("sigmoid", (40.0,), 1, "σ(1 - σ) is 0"),
    ("expm1", (-40.0,), 1, "y + 1 is 0"),
    ("log", (-1.0,), 1, "a slope outside the domain"),
    ("divide", (1e-10, 1e155), 2, "b² overflows"),
    ("asin", (1.0 - 2.0**-40,), 1, "1 - x² cancels"),
    ("atanh", (1.0 - 2.0**-40,), 1, "1 - x² cancels"),
    ("asinh", (1e200,), 1, "x² overflows"),
    ("atan", (1e155,), 1, "x² overflows"),
    ("acosh", (1.0 + 2.0**-40,), 1, "x² - 1 cancels"),
    ("atan2", (1e-200, 1e-200), 1, "x² + y² underflows"),
    ("hypot", (1e200, 1e200), 1, "x² + y² overflows"),
    ("pow", (1e-300, 1.07), 2, "aᵇ is subnormal"),
    ("log10", (1.7976931348623157e308,), 1, "x·log 10 overflows"),
    ("normal_cdf", (-37.5,), 0, "the tail"),
    ("gelu", (-10.0,), 0, "1 + erf is 0"),
    ("gelu", (-0.7517915246935645,), 1, "gelu′ near its zero"),
    ("silu", (-1.2784645427610738,), 1, "silu′ near its zero"),
    ("silu", (-750.0,), 0, "the tail"),
    ("softplus", (25.0,), 0, "a threshold at 20"),
    ("lgamma", (2.0000000000000004,), 0, "near a zero"),
    ("logsumexp", (0.0, -40.0, -41.0), 0, "log of 1"),
    ("logsumexp", (-1.0986122886681098,) * 3, 0, "near a zero"),
    ("softmax", (0.0, 40.0, 0.0, 0.0), 1, "p(1 - p) is 0"),
    ("cross_entropy", (0.0, 40.0, 0.0, 0.0), 0, "-log of 1"),
]


def rows(peers: Iterable[Peer]) -> Iterator[tuple[str, str, str, list[str]]]:
    """Of each argument: what is asked, why it is hard, the truth, and what each library gives."""
    libraries = list(peers)
    for name, operands, place, why in ARGUMENTS:
        op = TABLE[name]
        truth = truths(op, operands)[place]
        assert truth is not None
        asked = f"{truth.name}({', '.join([exactly(x) for x in operands[op.fixed :]])})"
        found = [_shown(truth.expected, ours.eager(op, [operands])[0][place])]
        for peer in libraries:
            results = peer.run(op, [operands])
            there = results is not None and len(results[0]) > place
            found.append(_shown(truth.expected, results[0][place]) if there else "not there")
        yield asked, why, short(truth.expected), found


def _shown(expected: float, returned: float) -> str:
    """The number, and how far off it is; in bold where it is of the wrong kind or mostly noise."""
    distance = ulps(returned, expected)
    if kind(expected) != kind(returned):
        return f"**{short(returned)}**"
    if returned != returned or distance <= 4:
        return short(returned)
    return f"{short(returned)}, {count(distance)} ulps off"


def count(x: float) -> str:
    """A number of ulps: whole, or with a power of ten."""
    return f"{x:.0f}" if x < 1e5 else f"{x:.0e}".replace("e+", "e")


def exactly(x: float) -> str:
    """The shortest text that is this float."""
    return repr(x).removesuffix(".0")


def short(x: float) -> str:
    """As few digits as tell it, at most six."""
    text = repr(x) if len(repr(x)) <= 8 else f"{x:.6g}"
    return text.removesuffix(".0")
