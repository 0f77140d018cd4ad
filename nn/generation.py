"""Writing with a GPT: each token is drawn as likely as the model finds it."""

from __future__ import annotations

from random import Random

from autograd import softmax
from nn.checking import positive, random_source, whole
from nn.substitution import on_values
from nn.transformer import GPT


def generate(
    model: GPT,
    count: int = 1,
    *,
    start: int,
    stop: int | None = None,
    temperature: float = 1.0,
    seed: int | None = None,
    rng: Random | None = None,
) -> list[list[int]]:
    """So many texts, as the tokens between `start` and `stop`, which is the same unless given.

    The next token is drawn from softmax(logits/temperature): a low temperature takes what is most
    likely almost always, a high one almost anything. A text ends at `stop`, or where the model has
    no more positions. On plain numbers: no graph is made. ValueError for a token outside the
    model's and a temperature that is not above 0.

    >>> texts = generate(GPT(seed=0), 3, start=26, seed=0)
    >>> [len(text) <= 16 for text in texts]
    [True, True, True]
    """
    count = whole(count, "count", minimum=0)
    temperature = positive(temperature, "temperature")
    source = random_source(seed, rng)
    stop = start if stop is None else stop
    for token in (start, stop):
        if whole(token, "a token", minimum=0) >= model.tokens:
            raise ValueError(f"the model has tokens from 0 to {model.tokens - 1}, not {token}")
    numbers = on_values(model, {id(p): p.data for p in model.parameters()})
    return [_text(numbers, start, stop, temperature, source) for _ in range(count)]


def _text(model: GPT, start: int, stop: int, temperature: float, rng: Random) -> list[int]:
    tokens: list[int] = []
    memories, token = model.empty_memories(), start
    while len(tokens) < model.positions:
        logits = model.read(token, memories)
        shares: list[float] = softmax([z / temperature for z in logits])  # type: ignore[assignment]
        [token] = rng.choices(range(model.tokens), shares)
        if token == stop:
            break
        tokens.append(token)
    return tokens
