"""Training a GPT on texts, one text a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from nn.checking import given, listed, random_source, whole
from nn.optimizers import Adam, Optimizer
from nn.order import drawn_order
from nn.schedules import LinearDecay
from nn.text_steps import EagerTexts, Text, TextSteps
from nn.transformer import GPT, check_text

Report = Callable[[int, float], object]


def fit_texts(
    model: GPT,
    texts: Sequence[Text],
    *,
    steps: int = 1000,
    optimizer: Optimizer | None = None,
    report: Report | None = None,
    report_every: int = 1,
    eager: bool = False,
    seed: int | None = None,
    rng: Random | None = None,
) -> list[float]:
    """Train the model to foretell each text's next token; gives the loss of every step.

    A text is a list of tokens with those that begin and end it. Each step takes one text, all of
    them in a new random order on each pass. The optimiser is Adam with β₁ = 0.85, β₂ = 0.99 and a
    learning rate that falls from 0.01 to 0 in a straight line, unless one is given.

    After every `report_every`-th step `report` is called with its number and the mean loss of the
    steps since the call before. The model is then that of the step, and the training goes on from
    what `report` makes of it. Compiled, writing the model and reading it again takes longer than
    many a step, some milliseconds for thousands of parameters: ask for it now and then.

    The steps are compiled, one program for texts of all lengths, which takes seconds and is kept
    on disk; it grows with the square of the layers. With `eager` they are computed Value by Value.
    However it ends, also by an exception or Ctrl-C, the Values are left with the numbers and
    gradients of the last completed step.

    TypeError or ValueError for texts that the model cannot read; TypeError for a model with
    methods of its own, unless eager. FloatingPointError where a parameter, a loss or its gradient
    is not finite. ImportError without llvmlite and NumPy, unless eager.

    >>> model = GPT(tokens=3, positions=4, width=4, heads=2, seed=0)
    >>> losses = fit_texts(model, [[2, 0, 1, 2], [2, 1, 2]], steps=30, seed=0, eager=True)
    >>> losses[-1] < losses[0]
    True
    """
    if not isinstance(model, GPT):
        raise TypeError(f"fit_texts trains an nn.GPT, not {given(model)}; for others there is fit")
    steps, report_every = whole(steps, "steps"), whole(report_every, "report_every")
    if not isinstance(optimizer, Optimizer | None):
        raise TypeError(f"optimizer is one such as nn.Adam(1e-2), not {given(optimizer)}")
    if report is not None and not callable(report):
        raise TypeError(f"report is a function of a step and its loss, not {given(report)}")
    if not isinstance(eager, bool):
        raise TypeError(f"eager is True or False, not {given(eager)}")
    source = random_source(seed, rng)
    texts = listed(texts, "texts", "texts, each a list of its tokens")
    if not texts:
        raise ValueError("texts is empty; expected at least one list of tokens")
    for text in texts:
        check_text(model, text)
    if optimizer is None:
        optimizer = Adam(LinearDecay(0.01, steps), beta1=0.85, beta2=0.99)
    work = (EagerTexts if eager else _compiled)(model, optimizer)
    losses: list[float] = []
    order: list[int] = []
    try:
        while len(losses) < steps:
            order = order or [*drawn_order(len(texts), source)]
            losses.append(work.step(texts[order.pop()]))
            if report is not None and len(losses) % report_every == 0:
                work.push()
                report(len(losses), sum(losses[-report_every:]) / report_every)
                work.pull()
    finally:
        work.push()
    return losses


def _compiled(model: GPT, optimizer: Optimizer) -> TextSteps:
    from nn.compiled_texts import CompiledTexts  # brings NumPy and llvmlite

    return CompiledTexts(model, optimizer)
