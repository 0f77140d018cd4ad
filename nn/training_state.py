"""What a training remembers between two epochs, as text and tensors and back."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nn.checking import given
from nn.distrust import (
    ModelFileError,
    json_of,
    judge_fields,
    judge_text,
    list_of,
    whole_between,
)
from nn.named_tensors import TRAINING, refuse_non_finite_numbers
from nn.run import Low, Marks, Standing
from nn.safetensors import Tensor

WORDS = 624  # of 32 bits, the state of the Mersenne Twister; then comes its place among them
MAX_COUNT = 2**53  # of epochs and steps


@dataclass(frozen=True, slots=True)
class TrainingState:
    """All that a training needs to go on, but for the parameters themselves.

    The rows have a number for each parameter, in the order of `model.parameters()`.
    """

    description: Mapping[str, str]  # of the training that this belongs to
    standing: Standing
    step: int
    slots: Sequence[Sequence[float]]  # a row for each number that the optimiser remembers
    gradient: Sequence[float]
    random: tuple[int, ...]  # of the generator: its words and its place
    gauss: float | None  # the second of a pair of normal numbers, if the first was taken


def told(state: TrainingState) -> tuple[str, dict[str, Tensor]]:
    """The state as JSON and tensors; ValueError where a file may not hold it."""
    standing, marks, count = state.standing, state.standing.marks, len(state.gradient)
    assert marks.low is not None  # an epoch has ended, and the first one is marked
    text = {
        "description": dict(state.description),
        "epoch": standing.epoch,
        "step": state.step,
        "waited": standing.waited,
        "lowest": repr(standing.lowest),  # may be infinite, which JSON has no number for
        "next_mark": marks.next,
        "first": repr(marks.first),
        "far": marks.far,
        "highest": repr(marks.highest),
        "low_epoch": marks.low.epoch,
        "low_loss": repr(marks.low.loss),
        "random": state.random,
        "gauss": state.gauss,
    }
    tensors = {
        f"{TRAINING}gradient": Tensor((count,), state.gradient),
        f"{TRAINING}objectives": Tensor((len(standing.objectives),), list(standing.objectives)),
        f"{TRAINING}low": Tensor((count,), marks.low.parameters),
    }
    if state.slots:
        numbers = [number for row in state.slots for number in row]
        tensors[f"{TRAINING}slots"] = Tensor((len(state.slots), count), numbers)
    if len(standing.best):
        tensors[f"{TRAINING}best"] = Tensor((count,), standing.best)
    _refuse_wrong_numbers(tensors, ValueError)
    return json.dumps(text, separators=(",", ":")), tensors


def judged(text: str, tensors: Mapping[str, Tensor], count: int | None) -> TrainingState:
    """The state that these tell, of a model with so many parameters, if that is known.

    ModelFileError where they tell none.
    """
    place = "its training"
    found = json_of(text, place)
    judge_fields(found, _FIELDS, place)
    for key, entry in found["description"].items():
        judge_text(entry, f"{place}: {given(key)}")
    _refuse_wrong_numbers(tensors, ModelFileError)
    rows = _judged_rows(tensors, count)
    if bool(rows["best"]) != (float(found["lowest"]) < math.inf):
        raise ModelFileError(f"{place} has a lowest loss without its parameters, or these alone")
    if found["low_epoch"] > found["epoch"]:
        raise ModelFileError(f"{place} has a low_epoch {found['low_epoch']} that is yet to come")
    standing = Standing(
        epoch=found["epoch"],
        lowest=float(found["lowest"]),
        best=[number for row in rows["best"] for number in row],
        waited=found["waited"],
        marks=Marks(
            next=found["next_mark"],
            first=float(found["first"]),
            low=Low(found["low_epoch"], float(found["low_loss"]), rows["low"][0]),
            far=found["far"],
            highest=float(found["highest"]),
        ),
        objectives=rows["objectives"][0],
    )
    return TrainingState(
        description=found["description"],
        standing=standing,
        step=found["step"],
        slots=rows["slots"],
        gradient=rows["gradient"][0],
        random=tuple(found["random"]),
        gauss=found["gauss"],
    )


def _judged_rows(
    tensors: Mapping[str, Tensor], count: int | None
) -> dict[str, list[Sequence[float]]]:
    """The rows of each tensor, all but the objectives of one length; none where it is missing."""
    rows: dict[str, list[Sequence[float]]] = {
        "gradient": [], "objectives": [], "low": [], "slots": [], "best": []
    }  # fmt: skip
    for name, (shape, numbers) in tensors.items():
        key = name.removeprefix(TRAINING)
        if key not in rows:
            raise ModelFileError(f"its tensor {given(name)} is none of a training")
        if key == "objectives" and len(shape) == 1:
            rows[key] = [numbers]  # one for each step of an epoch, however many those are
            continue
        if len(shape) != (2 if key == "slots" else 1) or count not in (None, shape[-1]):
            raise ModelFileError(
                f"its tensor {given(name)} has the shape {shape}; expected a number for each of "
                f"the {count or ''} parameters"
            )
        count = shape[-1]
        rows[key] = [numbers[i : i + count] for i in range(0, len(numbers), count)]
    for key in ("gradient", "objectives", "low"):
        if not rows[key]:
            raise ModelFileError(f"there is no tensor {TRAINING}{key}")
    return rows


def _refuse_wrong_numbers(
    tensors: Mapping[str, Tensor], error: Callable[[str], ValueError]
) -> None:
    """The error for parameters that are not finite, and for nan in any other tensor.

    What an optimiser remembers may be infinite: the square of a gradient above 1e154 is, and Adam
    goes on with it. Nothing comes to nan but by way of a step that is not taken.
    """
    parameters = {f"{TRAINING}{key}" for key in ("best", "low")}
    refuse_non_finite_numbers({n: x for n, x in tensors.items() if n in parameters}, error)
    for name, (_, numbers) in tensors.items():
        if any(map(math.isnan, numbers)):
            raise error(f"the tensor {given(name)} has a nan; a training that can go on has none")


def _judge_object(x: Any, place: str) -> None:
    if type(x) is not dict:
        raise ModelFileError(f"{place} is {given(x)}, not an object")


def _judge_number(x: Any, place: str) -> None:
    judge_text(x, place)
    try:
        is_number = not math.isnan(float(x))
    except ValueError:
        is_number = False
    if not is_number:
        raise ModelFileError(f"{place} is {given(x)}, not a number as text")


def _judge_random(x: Any, place: str) -> None:
    list_of(whole_between(0, 2**32 - 1))(x, place)
    if len(x) != WORDS + 1 or x[-1] > WORDS:
        raise ModelFileError(f"{place} has {len(x)} numbers and is no state of a generator")


def _judge_gauss(x: Any, place: str) -> None:
    if x is not None and type(x) is not float:
        raise ModelFileError(f"{place} is {given(x)}, not a number or null")


_judge_count = whole_between(0, MAX_COUNT)
_FIELDS = {
    "description": _judge_object,
    "epoch": _judge_count,
    "step": _judge_count,
    "waited": _judge_count,
    "lowest": _judge_number,
    "next_mark": _judge_count,
    "first": _judge_number,
    "far": _judge_count,
    "highest": _judge_number,
    "low_epoch": whole_between(1, MAX_COUNT),
    "low_loss": _judge_number,
    "random": _judge_random,
    "gauss": _judge_gauss,
}
