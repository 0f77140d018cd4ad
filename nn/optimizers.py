"""Optimisers: frozen hyperparameters and one rule, from a parameter and its gradient to the next.

The rule is written in autograd's functions, so it works on floats and on Values alike. By hand:

    state = adam.init(model)
    for x, y in data:
        model.zero_grad()
        loss(model(x), y).backward()
        state = adam.step(model, state)
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import ClassVar

from autograd import Value, sqrt
from nn.checking import given, not_negative, positive, rate
from nn.module import Module
from nn.not_finite import refuse_non_finite_move
from nn.number import Number
from nn.writing import write_data

Schedule = Callable[[Number], Number]
Slots = tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class OptimizerState:
    """What an optimiser remembers between steps: their count, and some numbers a parameter."""

    step: int
    slots: tuple[Slots, ...]


@dataclass(frozen=True)
class Optimizer:
    """What all optimisers share; `learning_rate` is a number or a schedule, step → number."""

    learning_rate: float | Schedule

    initial: ClassVar[tuple[float, ...]] = ()  # what is remembered of a parameter at first

    def __post_init__(self) -> None:
        if not callable(self.learning_rate):
            positive(self.learning_rate, "learning_rate")

    def rate_at(self, t: Number) -> Number:
        """The learning rate of step t = 1, 2, 3, …"""
        return self.learning_rate(t) if callable(self.learning_rate) else self.learning_rate

    def has_schedule(self) -> bool:
        """Whether the learning rate may differ from step to step."""
        return callable(self.learning_rate) or type(self).rate_at is not Optimizer.rate_at

    def checked_rate(self, t: int) -> float:
        """The learning rate of step t as a number.

        TypeError or ValueError where a schedule gives none to go down with.
        """
        return _number_of_rate(self.rate_at(t), t)

    def _at_rate(self, rate: float) -> Optimizer:
        """The rule of a step, whose schedule is asked once and not again for each parameter."""
        if not callable(self.learning_rate):
            return self
        rule = copy.copy(self)
        object.__setattr__(rule, "learning_rate", lambda t: rate)  # a frozen dataclass
        return rule

    def update(
        self, parameter: Number, gradient: Number, state: Slots, t: Number
    ) -> tuple[Number, Slots]:
        """The next parameter and what to remember of it, for step t = 1, 2, 3, …"""
        raise NotImplementedError(f"{type(self).__name__} has no rule; define update")

    def init(self, model: Module | Iterable[Value]) -> OptimizerState:
        """The state before the first step, for a module or for Values in a fixed order."""
        return OptimizerState(0, (self.initial,) * len(parameters_of(model)))

    def step(self, model: Module | Iterable[Value], state: OptimizerState) -> OptimizerState:
        """Read every `.grad`, write every `.data`, and give the next state: all or nothing.

        ValueError where the state is of another number of parameters or of another optimiser, or
        where the learning rate's schedule gives less than 0; FloatingPointError where a parameter
        would become infinite or nan.
        """
        parameters = parameters_of(model)
        self._refuse_foreign(state)
        if len(state.slots) != len(parameters):
            raise ValueError(
                f"the state is of {len(state.slots)} parameters and the model has "
                f"{len(parameters)}; begin anew with state = optimizer.init(model)"
            )
        t = state.step + 1
        rule = self._at_rate(self.checked_rate(t))
        updates = [
            rule.update(p.data, p.grad, slots, t)
            for p, slots in zip(parameters, state.slots, strict=True)
        ]
        numbers = [n.data if isinstance(n, Value) else float(n) for n, _ in updates]
        before, gradient = [p.data for p in parameters], [p.grad for p in parameters]
        refuse_non_finite_move(parameters, before, gradient, numbers, t)
        after = OptimizerState(t, tuple([slots for _, slots in updates]))
        try:
            write_data(parameters, numbers)
            return after
        except BaseException:  # a Ctrl-C, after which nobody has the state that goes with them
            write_data(parameters, before)
            raise

    def _refuse_foreign(self, state: object) -> None:
        anew = "begin with state = optimizer.init(model)"
        if not isinstance(state, OptimizerState):
            raise TypeError(
                f"the state is what init or the step before gave, not {given(state)}; {anew}"
            )
        if state.slots and len(state.slots[0]) != len(self.initial):
            raise ValueError(
                f"the state remembers {len(state.slots[0])} numbers of each parameter and "
                f"{type(self).__name__} {len(self.initial)}: it is another optimiser's; {anew}"
            )


def _number_of_rate(rate: object, t: int) -> float:
    number = rate.data if isinstance(rate, Value) else rate
    if number.__class__ is not float:
        if isinstance(number, bool) or not isinstance(number, Real):
            raise TypeError(f"{_gave(rate, t)}; expected a number of at least 0")
        number = float(number)
    assert isinstance(number, float)
    if not 0.0 <= number < math.inf:
        raise ValueError(f"{_gave(rate, t)}; expected a finite number of at least 0")
    return number


def _gave(rate: object, t: int) -> str:
    return f"the learning rate's schedule gave {given(rate)} at step {t}"


def parameters_of(model: Module | Iterable[Value]) -> Sequence[Value]:
    """The parameters of a module, or the given Values, each once; ValueError if there are none."""
    if isinstance(model, Module):
        parameters = model.parameters()
    elif not isinstance(model, Iterable):
        raise TypeError(f"expected a module or a list of Values, not {given(model)}")
    else:
        parameters = list({id(p): p for p in model}.values())
    for p in parameters:
        if not isinstance(p, Value):
            raise TypeError(f"expected a module or a list of Values, found {given(p)}")
    if not parameters:
        raise ValueError(
            "the model has no parameters; assign Values or modules to its fields, "
            "where lists, tuples and dicts of them count too"
        )
    return parameters


@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent, p ← p - η·v with the velocity v ← μ·v + g.

    Momentum μ after Polyak 1964; with `nesterov` the step is along g + μ·v, the form of
    Sutskever, Martens, Dahl & Hinton 2013 as PyTorch has it.
    """

    learning_rate: float | Schedule = 1e-2
    momentum: float = 0.0
    nesterov: bool = False

    initial: ClassVar[tuple[float, ...]] = (0.0,)

    def __post_init__(self) -> None:
        super().__post_init__()
        rate(self.momentum, "momentum")
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov looks ahead along the momentum; give a momentum above 0")

    def update(
        self, parameter: Number, gradient: Number, state: Slots, t: Number
    ) -> tuple[Number, Slots]:
        velocity = self.momentum * state[0] + gradient
        direction = gradient + self.momentum * velocity if self.nesterov else velocity
        return parameter - self.rate_at(t) * direction, (velocity,)


@dataclass(frozen=True)
class Adam(Optimizer):
    """p ← p - η·m̂/(√v̂ + ε), from running means m of the gradient and v of its square.

    m̂ = m/(1 - β₁ᵗ) and v̂ = v/(1 - β₂ᵗ) correct the start at 0 (Kingma & Ba 2015, algorithm 1).
    """

    learning_rate: float | Schedule = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    initial: ClassVar[tuple[float, ...]] = (0.0, 0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        rate(self.beta1, "beta1")
        rate(self.beta2, "beta2")
        positive(self.epsilon, "epsilon")

    def update(
        self, parameter: Number, gradient: Number, state: Slots, t: Number
    ) -> tuple[Number, Slots]:
        m = self.beta1 * state[0] + (1.0 - self.beta1) * gradient
        v = self.beta2 * state[1] + (1.0 - self.beta2) * (gradient * gradient)
        m_hat = m / (1.0 - self.beta1**t)
        v_hat = v / (1.0 - self.beta2**t)
        return parameter - self.rate_at(t) * m_hat / (sqrt(v_hat) + self.epsilon), (m, v)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay: p ← Adam's p - η·λ·p.

    Loshchilov & Hutter 2019, algorithm 2, with λ scaled by the learning rate as PyTorch does.
    """

    weight_decay: float = 1e-2

    def __post_init__(self) -> None:
        super().__post_init__()
        not_negative(self.weight_decay, "weight_decay")

    def update(
        self, parameter: Number, gradient: Number, state: Slots, t: Number
    ) -> tuple[Number, Slots]:
        moved, next_state = super().update(parameter, gradient, state, t)
        return moved - self.rate_at(t) * self.weight_decay * parameter, next_state
