"""A GPT: a transformer that says of each token of a text which one comes next."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import autograd
from autograd import cross_entropy, relu
from nn.attention import CausalSelfAttention, Memory, Vector, shared_width
from nn.checking import given, listed, random_source, whole
from nn.embedding import Embedding
from nn.initialization import Initialization, initialization_function
from nn.layers import check_sequence
from nn.linear_map import Linear
from nn.module import Module
from nn.normalization import RMSNorm
from nn.number import Number

DEVIATION = 0.08  # of the first weights from 0: small, so that at first all tokens are as likely


def small_normal(rng: Random, fan_in: int, fan_out: int) -> float:
    """One weight from N(0, 0.08²), whatever the size."""
    return rng.gauss(0.0, DEVIATION)


class Block(Module):
    """x + attention(norm(x)), and to that + mlp(norm(of it)): one layer of a transformer.

    The MLP goes from the width to four times as many relu units and back. The sums, residual
    connections after He et al. 2016, let the gradient pass by; to normalise before instead of
    after is that of Xiong et al., On Layer Normalization in the Transformer Architecture, 2020.
    """

    def __init__(
        self, width: int, heads: int, *, initialization: Initialization, rng: Random
    ) -> None:
        self.norm = RMSNorm()
        self.attention = CausalSelfAttention(width, heads, initialization=initialization, rng=rng)
        self.widen = Linear(width, 4 * width, initialization=initialization, rng=rng)
        self.narrow = Linear(4 * width, width, initialization=initialization, rng=rng)

    def offered(self, x: Vector) -> tuple[Vector, Vector]:
        """The key and the value of a position."""
        return self.attention.offered(self.norm(x))

    def __call__(self, x: Vector, memory: Memory, mask: Vector | None = None) -> list[Number]:
        x = _sum(x, self.attention.attend(self.norm(x), memory, mask))
        hidden = [relu(h) for h in self.widen(self.norm(x))]
        return _sum(x, self.narrow(hidden))


class GPT(Module):
    """A decoder-only transformer, as small as its arguments say: logits of the next token.

    Takes the tokens of a text, whole numbers 0 <= token < tokens and at most `positions` of them,
    and gives for each the logits of the one that follows. Token and position each have an
    embedding; their sum goes through RMSNorm, the blocks and a linear map. Weights begin as
    `initialization` draws them, N(0, 0.08²) unless given. After Radford et al., Improving Language
    Understanding by Generative Pre-Training, 2018. As it stands, of the size of Karpathy's
    microgpt: 4,192 parameters.

    A text of no tokens or of too many and a token outside are a ValueError, but a token that is a
    Value is refused as `Embedding` says.

    >>> model = GPT(seed=0)
    >>> model
    GPT(27 tokens, 16 positions, width 16, 4 heads, 1 layer) with 4,192 parameters
    >>> logits = model([26, 0, 13])
    >>> len(logits), len(logits[0])
    (3, 27)
    """

    def __init__(
        self,
        tokens: int = 27,
        positions: int = 16,
        width: int = 16,
        heads: int = 4,
        layers: int = 1,
        *,
        initialization: str | Initialization = small_normal,
        seed: int | None = None,
        rng: Random | None = None,
    ) -> None:
        tokens, positions = whole(tokens, "tokens"), whole(positions, "positions")
        width, heads = shared_width(width, heads)
        layers = whole(layers, "layers")  # all is judged before the first draw moves the rng
        draw, source = initialization_function(initialization), random_source(seed, rng)
        self.token_embedding = Embedding(tokens, width, initialization=draw, rng=source)
        self.position_embedding = Embedding(positions, width, initialization=draw, rng=source)
        self.norm = RMSNorm()
        self.blocks = tuple(
            [Block(width, heads, initialization=draw, rng=source) for _ in range(layers)]
        )
        self.head = Linear(width, tokens, initialization=draw, rng=source)

    @property
    def tokens(self) -> int:
        """How many different tokens there are."""
        return self.token_embedding.tokens

    @property
    def positions(self) -> int:
        """How many tokens it can read at most."""
        return self.position_embedding.tokens

    def __call__(self, tokens: Sequence[Number]) -> list[list[Number]]:
        self.check(tokens)
        memories = self.empty_memories()
        return [self.read(token, memories) for token in tokens]

    def empty_memories(self) -> list[Memory]:
        """What the blocks remember before the first token."""
        return [[] for _ in self.blocks]

    def read(self, token: Number, memories: Sequence[Memory]) -> list[Number]:
        """The logits of the token after this one; the memories are those of the tokens before it.

        Each memory gets the token's key and value. O(tokens before) nodes.
        """
        x = self.embedded(token, len(memories[0]))
        for block, memory in zip(self.blocks, memories, strict=True):
            memory.append(block.offered(x))
            x = block(x, memory)
        return self.head(x)

    def embedded(self, token: Number, position: Number) -> list[Number]:
        """What the first block gets."""
        return self.norm(_sum(self.token_embedding(token), self.position_embedding(position)))

    def check(self, tokens: Sequence[Number]) -> None:
        """TypeError where they are no sequence; ValueError unless it can read so many tokens."""
        check_sequence(tokens, "tokens", self)
        if not 0 < len(tokens) <= self.positions:
            raise ValueError(
                f"a GPT of {self.positions} positions reads 1 to {self.positions} tokens, "
                f"not {len(tokens)}; shorten the text or build the model with more positions"
            )

    def architecture(self) -> str:
        heads, layers = self.blocks[0].attention.heads, len(self.blocks)
        return (
            f"GPT({self.tokens} tokens, {self.positions} positions, "
            f"width {self.token_embedding.width}, {heads} head{'s' * (heads > 1)}, "
            f"{layers} layer{'s' * (layers > 1)})"
        )


def next_token_loss(model: GPT, text: Sequence[int]) -> Number:
    """The mean of -log p(token | those before it) over all tokens of the text but the first.

    ln(number of tokens) for a model that knows nothing. ValueError for a text of fewer than two
    tokens or more than the model's positions and one, and for a token outside; TypeError for
    another model.

    >>> loss = next_token_loss(GPT(seed=0), [26, 0, 13, 13, 0, 26])
    >>> 3.1 < loss.data < 3.5  # ln(27) is 3.3
    True
    """
    if not isinstance(model, GPT):
        raise TypeError(f"next_token_loss is that of an nn.GPT, not of {given(model)}")
    check_text(model, text)
    logits = model(text[:-1])
    losses = [cross_entropy(z, token) for z, token in zip(logits, text[1:], strict=True)]
    return autograd.sum(losses) / len(losses)


def check_text(model: GPT, text: Sequence[int]) -> None:
    """TypeError or ValueError where the text is none that the model could be trained on."""
    tokens = listed(text, "a text", "tokens")
    if not 2 <= len(tokens) <= model.positions + 1:
        raise ValueError(
            f"a text for a GPT of {model.positions} positions has 2 to {model.positions + 1} "
            f"tokens, with what begins and ends it, not {len(tokens)}: {given(text)}"
        )
    for token in tokens:
        if whole(token, "a token", minimum=0) >= model.tokens:
            raise ValueError(f"the model has tokens from 0 to {model.tokens - 1}, not {token}")


def _sum(a: Vector, b: Vector) -> list[Number]:
    return [x + y for x, y in zip(a, b, strict=True)]
