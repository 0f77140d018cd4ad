"""A GPT's loss of a text as one program for texts of every length: each position is a lane.

All of a GPT but attention treats the positions alike, which is what lanes are for: the program does
not grow with the text, and a weight's gradient is a sum over lanes. Attention reads across lanes.
So each lane puts its key and its value in a memory at its own place, with zeros at the others;
the sum over the lanes is a memory with the keys and values of all positions, which every lane reads
through a mask that hides what follows.

A block's memory needs all blocks before it. Their outputs are joined where two blocks ask for them,
but not what the gradient adds, so with its gradient the program grows with layers²: to about
1,600, 3,600 and 6,400 instructions for 1, 2 and 3 layers of GPT(5, 4, width=4, heads=2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autograd import cross_entropy, vmap, where
from nn.attention import Memory, Vector
from nn.number import Number
from nn.transformer import GPT


def mean_loss(model: GPT, tokens: Any, targets: Any, positions: Any) -> Any:
    """`next_token_loss` on arrays of a text's tokens, those that follow them, and 0, 1, 2, …"""
    memories: list[Memory] = []
    remember = vmap(_remembered, in_axes=(None, 0, 0, None), reduce="sum")
    for _ in model.blocks:
        memories.append(remember(model, tokens, positions, memories))
    return vmap(_loss, in_axes=(None, 0, 0, 0, None), reduce="mean")(
        model, tokens, targets, positions, memories
    )


def _loss(
    model: GPT, token: Number, target: Number, position: Number, memories: Sequence[Memory]
) -> Number:
    return cross_entropy(model.head(_through(model, token, position, memories)), target)


def _remembered(
    model: GPT, token: Number, position: Number, memories: Sequence[Memory]
) -> list[tuple[Vector, Vector]]:
    """What this position adds to the memory of the first block that has none yet."""
    x = _through(model, token, position, memories)
    key, value = model.blocks[len(memories)].offered(x)
    here = [where(position == i, 1.0, 0.0) for i in range(model.positions)]
    return [([h * k for k in key], [h * v for v in value]) for h in here]


def _through(
    model: GPT, token: Number, position: Number, memories: Sequence[Memory]
) -> list[Number]:
    """What comes out of the blocks that have a memory; what is computed twice is joined."""
    mask = [where(position >= i, 0.0, -math.inf) for i in range(model.positions)]
    x = model.embedded(token, position)
    for block, memory in zip(model.blocks, memories, strict=False):
        x = block(x, memory, mask)
    return x
