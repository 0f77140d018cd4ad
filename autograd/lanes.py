"""A program on the arrays of any library: one array operation, or a few, for each instruction."""

from __future__ import annotations

import math
import sys
from contextlib import nullcontext
from itertools import zip_longest

from autograd.array_operations import ArrayOperations, known_library
from autograd.real import describe, is_real

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from typing import Any

    from autograd.program import Program

    Array = Any
    Namespace = Any

TAKE_NUMPY = ("jax", "dask")  # libraries whose functions take NumPy's arrays as their own
LARGEST_HALF = 65504  # of float16, not of bfloat16


def run_lanes(program: Program, inputs: Sequence[object], xp: Namespace) -> list[Array]:
    """The outputs of the program as arrays of the library, as `Program.__call__` promises."""
    given = _judged(program, inputs, xp)
    widest = max(filter(_is_array, given), key=_bits)
    pairs = list(zip(given, program.lane_inputs, strict=True))
    lanes = next((x for x, is_lane in pairs if is_lane and _is_array(x)), None)
    with quiet():
        operations = ArrayOperations(xp, widest)
        values = []
        for x, is_lane in pairs:
            if isinstance(x, float):
                x = operations.number(x)
                if is_lane and lanes is not None:
                    x = x * xp.ones_like(lanes)
            values.append(x)
        return evaluate(program, values, operations, lambda: _count(lanes, widest, operations))


def _count(lanes: Array | None, widest: Array, operations: ArrayOperations) -> Array:
    """How many lanes there are; without lanes each element is computed as if it were the one."""
    count = 1 if lanes is None else math.prod(lanes.shape)
    if count != count:  # Dask does not know it yet
        return operations.lane_sum(operations.ones_like(lanes))
    if count > LARGEST_HALF and str(widest.dtype).rpartition(".")[2] == "float16":
        raise ValueError(f"{count} lanes are more than {widest.dtype} can count; give float32")
    return operations.number(float(count))


def quiet() -> AbstractContextManager[object]:
    """Within it NumPy, which other libraries compute with, is silent about infinities and nan."""
    numpy = sys.modules.get("numpy")
    return nullcontext() if numpy is None else numpy.errstate(all="ignore")


def evaluate(
    program: Program,
    inputs: Sequence[Array],
    operations: ArrayOperations,
    count: Callable[[], Array],
) -> list[Array]:
    """The outputs of the program; `count()` is the number of lanes, as an array without axes."""
    values = [*inputs, *map(operations.number, program.constants)]
    for _, op, operands in program.numbered():
        xs = [values[i] for i in operands]
        if op.name == "lane_count":
            values.append(count())
        elif op.name == "lane_sum" and not program.is_lane[operands[0]]:
            values.append(xs[0] * count())
        else:
            values.append(getattr(operations, op.name)(*xs))
    return [values[i] for i in program.outputs]


# -- what is given -------------------------------------------------------------------------------


def _judged(program: Program, inputs: Sequence[object], xp: Namespace) -> list[float | Array]:
    """The inputs as floats and arrays. TypeError or ValueError where one is neither, or unfit."""
    if not hasattr(xp, "ones_like"):
        raise TypeError(
            f"xp is the namespace of an array library, such as numpy, not {describe(xp)}"
        )
    if len(inputs) != len(program.inputs):
        raise ValueError(f"expected {len(program.inputs)} inputs, not {len(inputs)}")
    given = [_judged_input(*each, xp) for each in zip(program.inputs, inputs, strict=True)]
    if not any(map(_is_array, given)):
        raise TypeError("expected an array among the inputs; of numbers alone use program.run")
    if any(program.lane_inputs):
        _judge_shapes(program, given)
    else:
        _judge_elements([tuple(x.shape) for x in given if not isinstance(x, float)])
    return given


def _judged_input(name: str, x: Any, xp: Namespace) -> float | Array:
    """The input as a float or an array of the library. TypeError where it is neither."""
    if is_real(x):  # scalars of NumPy are numbers too
        return float(x)
    if not _is_array(x):
        raise TypeError(
            f"{name} is a number or an array, not {describe(x)}; make it one first, "
            f"for example with {xp.__name__}.asarray, or with .data from a Value"
        )
    if "float" not in str(x.dtype):
        raise TypeError(f"{name} is an array of {x.dtype}; make it one of floats first")
    own, other = known_library(xp.__name__), known_library(*[c.__module__ for c in type(x).__mro__])
    if other == "numpy" and own in TAKE_NUMPY:
        return xp.asarray(x)
    if own != other:
        module = other or type(x).__module__.partition(".")[0]
        raise TypeError(f"{name} is an array of {module}; make it one of {xp.__name__} first")
    return x


def _judge_shapes(program: Program, given: Sequence[float | Array]) -> None:
    """ValueError unless lanes are of one shape, and what is not a lane is one number."""
    shapes = set()
    for name, x, is_lane in zip(program.inputs, given, program.lane_inputs, strict=True):
        if isinstance(x, float):
            continue
        shape = tuple(x.shape)
        if shape and not is_lane:
            raise ValueError(f"{name} is one number for all lanes, not an array of shape {shape}")
        if is_lane and all(n == n for n in shape):  # else Dask will see
            shapes.add(shape)
    if len(shapes) > 1:
        raise ValueError(f"expected lanes of one shape, not of {sorted(shapes)}")
    if any(0 in shape for shape in shapes):
        raise ValueError(f"expected at least one lane, not arrays of shape {shapes.pop()}")


def _judge_elements(shapes: Sequence[tuple[float, ...]]) -> None:
    """ValueError unless arrays of these shapes are combined element by element, by broadcasting."""
    for sizes in zip_longest(*map(reversed, shapes), fillvalue=1):
        if len({n for n in sizes if n == n and n != 1}) > 1:
            raise ValueError(f"expected arrays that fit element by element, not of shapes {shapes}")


def _is_array(x: object) -> bool:
    return hasattr(x, "dtype") and hasattr(x, "shape")


def _bits(x: Array) -> int:
    """The width of its numbers: 32 of float32, 16 of bfloat16."""
    return int(str(x.dtype).rpartition("float")[2].partition("_")[0])
