"""Writing with a GPT: each token is drawn as likely as the model finds it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from autograd import softmax
from nn.checking import given, positive, random_source, whole
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
    model's and a temperature that is not above 0; FloatingPointError where a parameter or a logit
    is not finite.

    >>> texts = generate(GPT(seed=0), 3, start=26, seed=0)
    >>> [len(text) <= 16 for text in texts]
    [True, True, True]
    """
    if not isinstance(model, GPT):
        raise TypeError(f"generate writes with an nn.GPT, not {given(model)}")
    count = whole(count, "count", minimum=0)
    temperature = positive(temperature, "temperature")
    source = random_source(seed, rng)
    stop = start if stop is None else stop
    for token in (start, stop):
        if whole(token, "a token", minimum=0) >= model.tokens:
            raise ValueError(f"the model has tokens from 0 to {model.tokens - 1}, not {token}")
    _refuse_non_finite(model)
    numbers = on_values(model, {id(p): p.data for p in model.parameters()})
    return [_text(numbers, start, stop, temperature, source) for _ in range(count)]


def _text(model: GPT, start: int, stop: int, temperature: float, rng: Random) -> list[int]:
    tokens: list[int] = []
    memories, token = model.empty_memories(), start
    while len(tokens) < model.positions:
        logits: list[float] = model.read(token, memories)  # type: ignore[assignment]
        if not all(map(math.isfinite, logits)):
            raise FloatingPointError(
                f"the model's logits are {logits}, from parameters that are finite but too large; "
                "build the model anew"
            )
        [token] = rng.choices(range(model.tokens), _shares(logits, temperature))
        if token == stop:
            break
        tokens.append(token)
    return tokens


def _shares(logits: Sequence[float], temperature: float) -> list[float]:
    """softmax(logits/temperature); the difference to the largest cannot overflow to +inf."""
    top = max(logits)
    return softmax([(z - top) / temperature for z in logits])


def _refuse_non_finite(model: GPT) -> None:
    """FloatingPointError that names the first parameter that is not finite."""
    for name, p in model.named_parameters().items():
        if not math.isfinite(p.data):
            raise FloatingPointError(
                f"the parameter {name} is {p.data}, and so would the logits be; "
                "set its .data to a finite number, or build the model anew"
            )
