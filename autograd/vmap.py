"""A function of one sample, mapped over many."""

from __future__ import annotations

from autograd import functions
from autograd.real import describe, is_array, refuse_lazy
from autograd.traced import as_lane, inside_lanes, lane_count, lane_sum
from autograd.transforms import with_signature
from autograd.tree import flatten, unflatten
from autograd.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn

    from autograd.tree import Structure, Tree

    Axes = int | None | tuple[int | None, ...]


def vmap(
    f: Callable[..., Tree], in_axes: Axes = 0, reduce: str | None = None
) -> Callable[..., Tree]:
    """The function that applies f to every sample, and stacks, adds or averages the results.

    `in_axes` says for each positional argument, or for all of them, along which axis of its
    arrays the samples lie; None means that all samples share the argument. Of a list the samples
    are the elements, of a dict those of each of its values. `reduce` is "sum" or "mean" for
    a loss, else results are stacked along a new first axis, as arrays where the samples came in
    arrays and as lists where not.

    Called on numbers it is a plain loop. Inside `jit`, on array arguments, f is traced once, each
    of the machine's vector lanes takes a sample, and what does not depend on the sample is
    computed once. ValueError for no samples, or for different numbers of them.

    >>> vmap(lambda w, x: w * x, in_axes=(None, 0))(10.0, [1.0, 2.0, 3.0])
    [10.0, 20.0, 30.0]
    >>> vmap(lambda x: x * x, reduce="mean")([1.0, 2.0, 3.0])
    4.666666666666667
    """
    if reduce not in (None, "sum", "mean"):
        raise ValueError(f'reduce is None, "sum" or "mean", not {reduce!r}')

    def mapped(*args: Tree) -> Tree:
        axes = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(args)
        if len(axes) != len(args):
            raise ValueError(f"in_axes names {len(axes)} arguments, but {len(args)} were given")
        for axis in axes:
            if not (axis is None or type(axis) is int):
                raise TypeError(f"an axis is an int or None, not {describe(axis)}")
        pairs = list(zip(args, axes, strict=True))
        # inside another vmap the lanes are taken: there it is a loop over elements
        if not inside_lanes.get() and any(axis is not None and _has_lanes(x) for x, axis in pairs):
            return _over_lanes(f, pairs, reduce)
        return _one_by_one(f, pairs, reduce)

    return with_signature(f, mapped)


# -- eager: a loop -------------------------------------------------------------------------------


def _one_by_one(f: Callable[..., Tree], pairs: Sequence[Any], reduce: str | None) -> Tree:
    counts = {n for x, axis in pairs if axis is not None for n in _counts(x, axis)}
    if not counts:
        raise ValueError("in_axes maps no argument: give the one that holds the samples an axis")
    if len(counts) > 1 or 0 in counts:
        raise ValueError(f"expected one number of samples, at least 1, not {sorted(counts)}")
    results = [
        flatten(f(*[x if axis is None else _sample(x, axis, i) for x, axis in pairs]))
        for i in range(counts.pop())
    ]
    structure = results[0][1]
    if any(_holds_truth(other) for _, other in results):
        _refuse_truth()
    if any(other != structure for _, other in results):
        raise ValueError("the function gave results of different structure for different samples")
    columns = list(zip(*[leaves for leaves, _ in results], strict=True))
    if reduce is None:
        in_arrays = any(axis is not None and _is_in_arrays(x) for x, axis in pairs)
        in_arrays = in_arrays or _holds_array(structure)
        return unflatten(structure, [_stacked(c, in_arrays) for c in columns], lanes_first=True)
    totals = [functions.sum(column) for column in columns]
    share = [t / float(len(results)) for t in totals] if reduce == "mean" else totals
    return unflatten(structure, share)


def _stacked(column: Sequence[Any], in_arrays: bool) -> Any:
    if not in_arrays:
        return list(column)
    import numpy

    is_object = any(isinstance(x, Value) for x in column)
    array = numpy.empty(len(column), dtype=object if is_object else float)
    array[:] = column
    return array


def _counts(x: Any, axis: int) -> list[int]:
    """How many samples each of an argument's arrays holds."""
    refuse_lazy(x)
    if isinstance(x, dict):
        return [n for value in x.values() for n in _counts(value, axis)]
    shape = getattr(x, "shape", None)
    if shape:
        if not -len(shape) <= axis < len(shape):
            raise ValueError(f"axis {axis} is outside an array of shape {tuple(shape)}")
        return [shape[axis]]
    if isinstance(x, (list, tuple)) and axis in (0, -1):
        return [len(x)]
    raise TypeError(
        f"expected an array or a list of samples along axis {axis}, not {describe(x)}; "
        "an argument that all samples share has None in in_axes"
    )


def _sample(x: Any, axis: int, i: int) -> Any:
    if isinstance(x, dict):
        return {key: _sample(value, axis, i) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return x[i]
    sample = x.take(i, axis) if is_array(x) else x[(slice(None),) * (axis % len(x.shape)) + (i,)]
    return sample.item() if getattr(sample, "shape", None) == () else sample


def _is_in_arrays(x: Any) -> bool:
    return (
        any(map(_is_in_arrays, x.values()))
        if isinstance(x, dict)
        else not isinstance(x, (list, tuple))
    )


# -- results -------------------------------------------------------------------------------------


def _holds_array(structure: Structure) -> bool:
    nests = structure[0] in ("sequence", "dict", "object")
    return structure[0] == "array" or (nests and any(map(_holds_array, structure[-1])))


def _holds_truth(structure: Structure) -> bool:
    """Whether there is a bool in it; one in a field of a module or dataclass is a setting."""
    nests = structure[0] in ("sequence", "dict", "array")
    is_truth = structure[0] == "static" and isinstance(structure[1], bool)
    return is_truth or (nests and any(map(_holds_truth, structure[-1])))


def _refuse_truth() -> NoReturn:
    raise TypeError(
        "vmap gives numbers, but the function returned whether something holds; "
        "return where(condition, 1.0, 0.0)"
    )


# -- traced: lanes -------------------------------------------------------------------------------


def _has_lanes(x: Any) -> bool:
    return any(map(_has_lanes, x.values())) if isinstance(x, dict) else hasattr(x, "lanes")


def _over_lanes(f: Callable[..., Tree], pairs: Sequence[Any], reduce: str | None) -> Tree:
    inside = inside_lanes.set(True)
    try:
        result = f(*[x if axis is None else _lane(x, axis) for x, axis in pairs])
    finally:
        inside_lanes.reset(inside)
    leaves, structure = flatten(result)
    if _holds_truth(structure) or any(getattr(x, "is_truth", False) for x in leaves):
        _refuse_truth()
    if reduce is None:
        return unflatten(structure, [as_lane(x) for x in leaves])
    totals = [lane_sum(x) for x in leaves]
    return unflatten(structure, [t / lane_count() for t in totals] if reduce == "mean" else totals)


def _lane(x: Any, axis: int) -> Any:
    if isinstance(x, dict):
        return {key: _lane(value, axis) for key, value in x.items()}
    if hasattr(x, "lanes"):
        return x.lanes(axis)
    raise TypeError(
        f"inside jit every mapped argument is an array, but this is {describe(x)}; "
        "make it an array argument of the compiled function"
    )
