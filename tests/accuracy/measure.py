"""Distances from the truth, added up: how many are near, where the worst is, and what is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from autograd.ops import Op
from tests.accuracy import ours
from tests.accuracy.peers import Peer
from tests.accuracy.reference import Truth, truths
from tests.oracle import ulps
from tests.points import Point, awkward, hard, ordinary

WELL_CONDITIONED = 1e4  # |x f′/f|: a rounding of x alone moves f by so many ulps


@dataclass(frozen=True)
class Target:
    """At most `worst` ulps everywhere, and at most `near` at that share of the points."""

    near: int
    share: float
    worst: int


VALUE, PARTIAL = Target(1, 0.99, 2), Target(2, 0.98, 4)


@dataclass
class Score:
    """The results of one way of computing, against their truths."""

    target: Target
    tried: int = 0
    points: int = 0  # of those well-conditioned, and the truth is a number
    near: int = 0
    worst: float = 0.0
    worst_at: Truth | None = None
    wrong: list[tuple[Truth, float]] = field(default_factory=list)

    def add(self, truth: Truth, returned: float) -> None:
        """Count a result. Of another kind than the truth and not beside it, it is wrong."""
        self.tried += 1
        distance = ulps(returned, truth.expected)
        if kind(returned) != kind(truth.expected) and distance > self.target.worst:
            self.wrong.append((truth, returned))
        elif math.isfinite(truth.expected) and not truth.is_exempt:
            if truth.condition > WELL_CONDITIONED:
                return
            self.points += 1
            self.near += distance <= self.target.near
            if distance > self.worst:
                self.worst, self.worst_at = distance, truth

    @property
    def share(self) -> float:
        """How many of the results are near."""
        return self.near / self.points if self.points else 1.0

    @property
    def misses(self) -> list[str]:
        """In words, what the target asks for and is not so."""
        found = [
            f"{truth.name}{truth.operands} is {returned!r}, and should be {truth.expected!r}"
            for truth, returned in self.wrong
        ]
        if self.worst > self.target.worst and self.worst_at:
            at = f"{self.worst_at.name}{self.worst_at.operands}"
            found.append(f"{at} is {self.worst:.0f} ulps off, more than {self.target.worst}")
        if self.points - self.near > max(1, round((1 - self.target.share) * self.points, 6)):
            near, asked = f"{self.share:.2%} within {self.target.near}", f"{self.target.share:.0%}"
            found.append(f"{near} ulps, less than {asked}")
        return found


def kind(x: float) -> str:
    """nan, an infinity of either sign, zero or finite."""
    return f"{x}" if not math.isfinite(x) else "0" if x == 0 else "finite"


@dataclass(frozen=True)
class Row:
    """An operation of the table: by each way the score of its value and of all its partials."""

    op: Op
    points: int
    scores: dict[str, tuple[Score, Score] | None]  # None where a peer has no such function

    @property
    def misses(self) -> list[str]:
        """What of our own is not as it should be."""
        return [
            f"{self.op.name}, {way}: {miss}"
            for way in ours.WAYS
            for score in self.scores[way] or ()
            for miss in score.misses
        ]


def points_of(op: Op, seed: int, count: int) -> list[Point]:
    """A third everyday points, a third of all sizes, a third where the row is hard."""
    third = math.ceil(count / 3)
    return [*ordinary(op, seed, third), *awkward(op, seed + 1, third), *hard(op, seed + 2, third)]


def measure(op: Op, points: Sequence[Point], peers: Iterable[Peer] = ()) -> tuple[Row, list[Truth]]:
    """A row by all our ways and the peers', and the truths that it was held against."""
    judged = [truths(op, xs) for xs in points]
    scores: dict[str, tuple[Score, Score] | None] = {
        way: _scores(judged, run(op, points)) for way, run in ours.WAYS.items()
    }
    for peer in peers:
        results = peer.run(op, points)
        scores[peer.name] = None if results is None else _scores(judged, results)
    return Row(op, len(points), scores), [truth for row in judged for truth in row if truth]


def _scores(
    judged: Sequence[Sequence[Truth | None]], results: Sequence[Sequence[float]]
) -> tuple[Score, Score]:
    value, partials = Score(VALUE), Score(PARTIAL)
    for row, found in zip(judged, results, strict=True):
        for truth, returned in zip(row, found, strict=False):  # a peer may lack a partial
            if truth is not None:
                (value if truth.operand is None else partials).add(truth, returned)
    return value, partials
