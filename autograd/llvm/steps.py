"""What machine code consists of before any is written: levels, their steps, and places in memory.

A program runs level by level: the uniform instructions of a level, then one pass over the lanes in
sub-blocks that fit the cache, then the sums over lanes that the next level starts from. Each of
the first two is a list of steps. A step is a function of the machine code: *straight* instructions
one after the other, or a loop for many alike. What one step hands to another lies in memory:
uniforms at their *homes* in one array of doubles, lanes in *scratch rows* as long as a sub-block,
which a later value takes over when nobody needs the earlier one any more. Lanes that a later level
needs are *kept*, in rows as long as the batch.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from autograd.llvm.tiling import Tiling
from autograd.program import Program

VECTOR = 8  # lanes of a vector, and stripes of a sum over lanes
ONES_ROW, SPARE_ROW, FIRST_ROW = 0, 1, 2  # a row of ones, one that nobody reads, and the others
ONES = -1  # stands for a lane that is 1 everywhere, and lies in the row of ones


@dataclass(frozen=True, slots=True)
class Straight:
    """Instructions one after the other; those of lanes are in a loop over vectors of lanes."""

    slots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """Uniform instructions of one operation that do not need one another: a loop.

    `inner` are instructions that only those need, in the same order; the loop computes them, too,
    and they have no place in memory.
    """

    slots: tuple[int, ...]
    inner: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class LongDots:
    """Dots of many products that do not need one another: loops."""

    slots: tuple[int, ...]


Step = Straight | Alike | LongDots


@dataclass(slots=True)
class Level:
    """The steps of one level, and what its sums over lanes add up."""

    uniforms: list[Step] = field(default_factory=list)
    lanes: list[Step] = field(default_factory=list)
    sums: list[int] = field(default_factory=list)  # the slots of lane_sum that it computes
    tiling: Tiling | None = None  # of many sums; few stand in the straight steps of the lanes
    copies: dict[int, int] = field(default_factory=dict)  # inputs, kept rows → scratch rows
    rows: dict[int, int] = field(default_factory=dict)  # the lanes computed here → scratch rows
    sum_home: int = 0  # where among the uniforms its sums begin

    @property
    def sum_count(self) -> int:
        """How many doubles its sums take, a multiple of eight."""
        return aligned(self.tiling.count if self.tiling else len(self.sums))


@dataclass(slots=True)
class Schedule:
    """All levels of a program, and where its values lie."""

    program: Program
    levels: list[Level]
    homes: dict[int, int]  # uniform slots in memory → index among the uniforms
    uniform_size: int
    kept: dict[int, int]  # lane slots that a later level needs → number of the kept row
    row_count: int
    subblock: int  # lanes

    @property
    def stride(self) -> int:
        """The doubles from one scratch row to the next; no power of two, which a cache dislikes."""
        return self.subblock + VECTOR


def aligned(size: int) -> int:
    """The next multiple of eight."""
    return -(-size // VECTOR) * VECTOR
