"""What is asked of those who hold shards and compute on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from nn.random_arrays import Floats
from nn.shards import Part

Handle = Any  # what stands for a shard, or for what all tasks share, where the tasks are given out


class Workers(Protocol):
    """Those who hold shards and compute on them."""

    def read(self, *arguments: Iterable[Any]) -> list[Handle]:
        """A shard of each: what `read_shard` gives, wherever it is to lie."""

    def share(self, x: Any) -> Handle:
        """Something that all tasks need."""

    def each(self, f: Callable[..., Any], *arguments: Iterable[Any]) -> list[Any]:
        """What f gives for each, in order."""

    def total(
        self,
        f: Callable[..., Floats],
        work: Handle,
        uniforms: Floats,
        shards: Sequence[Handle],
        parts: Sequence[Part],
    ) -> Floats:
        """What f gives for each shard, added in pairs in the order of the shards."""
