"""The functions of a training that are compiled: gradient, losses, validation, the move."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from autograd import Value, dot, topological_order, value_and_grad, vmap
from nn.losses import outputs_of
from nn.number import Number
from nn.optimizers import Optimizer
from nn.run import Run
from nn.substitution import on_values

Program = Callable[..., Any]  # of arrays whose first axis, or last, is that of the lanes
Parameters = Sequence[Value]


def batch_gradient(run: Run, targets_are_numbers: bool) -> Program:
    """(parameters, l2, X, y, masks) → objective, its gradient, outputs if a metric wants them."""
    cost_of_one = partial(_cost, run, targets_are_numbers)
    mean_cost = vmap(cost_of_one, in_axes=(None, 0, 0, 0), reduce="mean")
    predict = vmap(partial(_outputs, run), in_axes=(None, 0, 0))

    def objective(parameters: Parameters, l2: Number, X: Any, y: Any, masks: Any) -> Value:
        cost: Value = mean_cost(parameters, X, y, masks)
        if run.l2:
            cost = cost + l2 * dot(parameters, parameters)
        _refuse_bypassed(cost, run)
        return cost

    def gradient(parameters: Parameters, l2: Number, X: Any, y: Any, masks: Any) -> Any:
        value, slopes = value_and_grad(objective)(parameters, l2, X, y, masks)
        return value, slopes, predict(parameters, X, masks) if run.metrics else ()

    return gradient


def sample_losses(run: Run, targets_are_numbers: bool) -> Program:
    """(parameters, X, y, masks) → the loss of each sample."""
    return vmap(partial(_cost, run, targets_are_numbers), in_axes=(None, 0, 0, 0))


def validation(run: Run, targets_are_numbers: bool) -> Program:
    """(parameters, X, y) → the mean loss without masks, outputs if a metric wants them."""
    cost_of_one = partial(_cost, run, targets_are_numbers, masks={})
    mean_cost = vmap(cost_of_one, in_axes=(None, 0, 0), reduce="mean")
    predict = vmap(partial(_outputs, run, masks={}), in_axes=(None, 0))

    def validated(parameters: Parameters, X: Any, y: Any) -> Any:
        return mean_cost(parameters, X, y), predict(parameters, X) if run.metrics else ()

    return validated


def _cost(
    run: Run,
    targets_are_numbers: bool,
    parameters: Parameters,
    x: Any,
    target: Any,
    masks: Mapping[str, Any],
) -> Number:
    """The loss of one sample; its target comes as an array, also if it is a single number."""
    prediction = _prediction(run, parameters, x, masks)
    return run.loss(prediction, target[0] if targets_are_numbers else list(target))


def _outputs(run: Run, parameters: Parameters, x: Any, masks: Mapping[str, Any]) -> list[Number]:
    """What the model gives for one sample, as a list."""
    return list(outputs_of(_prediction(run, parameters, x, masks)))


def _prediction(run: Run, parameters: Parameters, x: Any, masks: Mapping[str, Any]) -> Any:
    """What the model gives for one sample, on the given parameters."""
    given = {id(own): p for own, p in zip(run.parameters, parameters, strict=True)}
    model = on_values(run.model, given)
    if run.has_dropout and masks:
        return model(list(x), masks={label: list(mask) for label, mask in masks.items()})
    return model(list(x))


def _refuse_bypassed(cost: Value, run: Run) -> None:
    """TypeError where the cost reaches a parameter in another way than through what it is given."""
    own = {id(p) for p in run.parameters}
    for node in topological_order(cost):
        if id(node) in own:
            raise TypeError(
                f"the loss or the model takes the parameter {node.label} from a variable outside "
                "instead of from the model that is called, and while tracing that is a constant"
            )


def moves(optimizer: Optimizer) -> Program:
    """((rate, t), columns) → 0.0 if all is finite, else nan; the next columns.

    A column is a parameter: its number, its slots, its gradient. The gradient is passed through,
    so that the columns that come out are all there is to know after a step.
    """

    kind = type(optimizer)
    if kind.step is not Optimizer.step or kind.init is not Optimizer.init:
        raise TypeError(f"{kind.__name__} has a step or init of its own; only update is compiled")

    def moved(column: Any, rate: Number, t: Number) -> tuple[list[Number], Number]:
        parameter, *slots, gradient = column
        rule = copy.copy(optimizer)
        object.__setattr__(rule, "learning_rate", lambda t: rate)  # a frozen dataclass
        to, remembered = rule.update(parameter, gradient, tuple(slots), t)
        return [to, *remembered, gradient], to * 0.0 + gradient * 0.0

    check = vmap(lambda *given: moved(*given)[1], in_axes=(1, None, None), reduce="sum")
    columns_after = vmap(lambda *given: moved(*given)[0], in_axes=(1, None, None))

    def move_all(moment: Sequence[Number], columns: Any) -> Any:
        return check(columns, *moment), columns_after(columns, *moment)

    return move_all
