"""The page: ACCURACY.md, from the scores of all rows."""

from __future__ import annotations

import math
import platform
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from tests.accuracy import ours, striking
from tests.accuracy.measure import PARTIAL, VALUE, WELL_CONDITIONED, Row, Score, Target
from tests.accuracy.peers import Peer
from tests.accuracy.striking import count, exactly

COMPILED = (ours.UNIFORM, ours.LANES)


def page(rows: Sequence[Row], peers: Sequence[Peer], proof: str, command: str) -> str:
    """All of it, as Markdown."""
    parts = [_head(rows, peers), _method(rows, proof, command), _ours(rows)]
    if peers:
        parts += [_beside(rows, peers), _striking(peers)]
    return "\n".join(parts)


def merged(scores: Iterable[Score]) -> Score:
    """Several as one: all their points, and the worst of them."""
    several = list(scores)
    worst = max(several, key=lambda score: score.worst)
    total = Score(worst.target, worst=worst.worst, worst_at=worst.worst_at)
    for score in several:
        total.tried += score.tried
        total.points += score.points
        total.near += score.near
        total.wrong += score.wrong
    return total


def _of(rows: Iterable[Row], ways: Iterable[str], which: int) -> Score:
    """Values (0) or partials (1) of many rows by some ways."""
    return merged(scores[which] for row in rows for way in ways if (scores := row.scores[way]))


# -- in words ------------------------------------------------------------------------------------


def _head(rows: Sequence[Row], peers: Sequence[Peer]) -> str:
    values, partials = (_of(rows, ours.WAYS, which) for which in (0, 1))
    lines = [
        "# Accuracy",
        "",
        "What is promised: wherever a function is well-conditioned "
        f"(|x f′/f| ≤ {WELL_CONDITIONED:,.0f}, for a partial the same of the partial), its value "
        f"is {_promised(VALUE)}, each partial derivative {_promised(PARTIAL)}; and nowhere is a "
        "result nan, infinite, zero or finite where the truth is not. Eager and compiled alike.",
        "",
        f"What was found, of {len(rows)} operations: {_found(values)} of the values, "
        f"{_found(partials)} of the partials; {len(values.wrong + partials.wrong) or 'none'} of "
        "the wrong kind.",
        "",
    ]
    for peer in peers:
        there = [row for row in rows if row.scores[peer.name]]
        values, partials = (_of(there, [peer.name], which) for which in (0, 1))
        wrong = [truth for truth, _ in values.wrong + partials.wrong]
        subnormal = sum(truth.is_subnormal for truth in wrong)
        outside = sum(math.isnan(truth.expected) for truth in wrong if not truth.is_subnormal)
        lines.append(
            f"- {peer.name}, of the {len(there)} that it has: {_found(values)} of the values, "
            f"{_found(partials)} of the partials; {len(wrong):,} of the wrong kind, {subnormal:,} "
            f"of these where a number is subnormal, {outside:,} beside a value that is nan."
        )
    return "\n".join([*map(_wrapped, lines), ""])


def _wrapped(paragraph: str) -> str:
    indent = "  " if paragraph.startswith("- ") else ""
    return textwrap.fill(paragraph, 100, subsequent_indent=indent, break_long_words=False)


def _promised(target: Target) -> str:
    near = f"{target.near} ulp{'s' * (target.near > 1)}"
    share, off = f"{100 * target.share:.0f} %", f"never more than {target.worst} off"
    return f"within {near} of the rounded truth for {share} of the arguments and {off}"


def _found(score: Score) -> str:
    return f"{_percent(score)} within {score.target.near} ulp{'s' * (score.target.near > 1)}"


def _method(rows: Sequence[Row], proof: str, command: str) -> str:
    tried = sum(score.tried for way in ours.WAYS for row in rows for score in row.scores[way] or ())
    return f"""## How it is measured

`{command}` made this page, on {platform.machine()} with Python {platform.python_version()}:
{rows[0].points} arguments a row, {tried:,} results of ours. A third are everyday numbers; a third
of all sizes, from subnormal to 1e308, and by 0, ±1 and the ends of the domain; a third at the
row's own places: its zeros and those of its slope, poles, where its tail underflows or it
overflows, -0.0, any 64 bits, outside the domain, and operands that tie or cancel.

{_wrapped(f"- The truth is mpmath's, at 60 digits or where needed more, rounded once. {proof}")}
- An ulp is the distance to the next float, so 0 is one from 5e-324 and inf one from 1.8e308. A
  result of another kind (nan, ±inf, 0, finite) than the truth is wrong, unless it is that near.
- *Eager* is the operation on Values and then `backward()`; *compiled* is the worse of
  `jit(value_and_grad(f))` at one point and of the same under `vmap`, eight points in a vector.
- `sum` and `dot` are defined by their order of addition, left to right: their truth is rounded at
  every step, and ours are those bits. The peers are held to the same.
- Exempt from ulps: sin, cos and tan beyond 1e22, and ∂(a/b)/∂b where a/b is subnormal, as it is
  computed from a/b. What happens exactly at a pole or a kink is a convention, and tested as such.
"""


# -- in tables -----------------------------------------------------------------------------------


def _percent(score: Score) -> str:
    """The share, and never 100 % of what is not all."""
    if score.near == score.points:
        return "100 %"
    return f"{min(score.share, 0.9999):.2%}".replace("%", " %")


def _cell(score: Score) -> str:
    """The share of what is near · the worst; what is wrong."""
    if not score.tried:
        return "—"
    wrong = f", **{len(score.wrong)} wrong**" if score.wrong else ""
    return f"{_percent(score)} · {count(score.worst)}{wrong}"


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _worst(row: Row) -> str:
    """Where the worst of our results is."""
    scores = [score for way in ours.WAYS for score in row.scores[way] or ()]
    worst = max(scores, key=lambda score: score.worst / score.target.worst)
    if worst.worst_at is None:
        return ""
    at = worst.worst_at
    partial = at.name.removeprefix(row.op.name).strip()
    operands = ", ".join(map(exactly, at.operands[at.op.fixed :]))
    return f"{partial} at `{operands}`".strip()


def _ours(rows: Sequence[Row]) -> str:
    head = ["operation", "value, eager", "compiled", "partials, eager", "compiled", "the worst is"]
    body = [
        [
            row.op.name,
            *[
                _cell(_of([row], ways, which))
                for which in (0, 1)
                for ways in ([ours.EAGER], COMPILED)
            ],
            _worst(row),
        ]
        for row in rows
    ]
    return "\n".join(
        [
            "## Every operation",
            "",
            f"How many of the values are within {VALUE.near} ulp, and of the partials within "
            f"{PARTIAL.near} · the worst of all, in ulps. ∂b is the partial by the second operand.",
            "",
            *_lines(head, body),
            "",
        ]
    )


def _beside(rows: Sequence[Row], peers: Sequence[Peer]) -> str:
    head = ["operation", "stepgrad: value", "partials"]
    for peer in peers:
        head += [f"{peer.name}: value", "partials"]
    body = []
    for row in rows:
        cells = [row.op.name, *[_cell(_of([row], ours.WAYS, which)) for which in (0, 1)]]
        for peer in peers:
            scores = row.scores[peer.name]
            cells += map(_cell, scores) if scores else ["not there", "not there"]
        body.append(cells)
    return "\n".join(
        [
            "## Beside PyTorch and JAX",
            "",
            "The same, at the same arguments, in float64 on the processor; ours is all three ways "
            "together. *wrong*: nan, infinite, zero or finite where the truth is not.",
            "",
            *_lines(head, body),
            "",
        ]
    )


def _striking(peers: Sequence[Peer]) -> str:
    head = ["", "why", "truth", "stepgrad", *[peer.name for peer in peers]]
    body = [[f"`{asked}`", why, truth, *found] for asked, why, truth, found in striking.rows(peers)]
    return "\n".join(["## At the awkward places", "", *_lines(head, body), ""])
