"""Training a GPT on texts, one text a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from nn.checking import given, listed, random_source, whole
from nn.optimizers import Adam, Optimizer
from nn.order import drawn_order
from nn.schedules import LinearDecay
from nn.text_steps import CompiledTexts, EagerTexts, Text, TextSteps
from nn.transformer import GPT, check_text

Report = Callable[[int, float], object]


def fit_texts(
    model: GPT,
    texts: Sequence[Text],
    *,
    steps: int = 1000,
    optimizer: Optimizer | None = None,
    report: Report | None = None,
    eager: bool = False,
    seed: int | None = None,
    rng: Random | None = None,
) -> list[float]:
    """Train the model to foretell each text's next token; gives the loss of every step.

    A text is a list of tokens with those that begin and end it. Each step takes one text, all of
    them in a new random order on each pass. The optimiser is Adam with β₁ = 0.85, β₂ = 0.99 and a
    learning rate that falls from 0.01 to 0 in a straight line, unless one is given. `report` is
    called with the number and the loss of each step.

    The steps are compiled, one program for texts of all lengths, which takes seconds and is kept
    on disk; with `eager` they are computed Value by Value. The Values are written at the end, also
    where an exception or Ctrl-C is the end: then they are those of the last completed step.

    TypeError or ValueError for texts that the model cannot read; FloatingPointError where a loss
    or a parameter would not be finite. ImportError without llvmlite and NumPy, unless eager.

    >>> model = GPT(tokens=3, positions=4, width=4, heads=2, seed=0)
    >>> losses = fit_texts(model, [[2, 0, 1, 2], [2, 1, 2]], steps=30, seed=0, eager=True)
    >>> losses[-1] < losses[0]
    True
    """
    if not isinstance(model, GPT):
        raise TypeError(f"fit_texts trains an nn.GPT, not {given(model)}; for others there is fit")
    steps, source = whole(steps, "steps"), random_source(seed, rng)
    texts = listed(texts, "texts", "texts, each a list of its tokens")
    if not texts:
        raise ValueError("texts is empty; expected at least one list of tokens")
    for text in texts:
        check_text(model, text)
    optimizer = optimizer or Adam(LinearDecay(0.01, steps), beta1=0.85, beta2=0.99)
    work: TextSteps = (EagerTexts if eager else CompiledTexts)(model, optimizer)
    losses: list[float] = []
    order: list[int] = []
    try:
        while len(losses) < steps:
            order = order or [*drawn_order(len(texts), source)]
            losses.append(work.step(texts[order.pop()]))
            if report is not None:
                report(len(losses), losses[-1])
    finally:
        work.push()
    return losses
