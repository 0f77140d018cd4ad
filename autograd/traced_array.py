"""An array argument while a function is traced: a shape, and elements when they are asked for."""

from __future__ import annotations

import math
import operator
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy

from autograd.traced import Traced, placeholder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Objects = numpy.ndarray[Any, Any]  # of traced Values

_COMPARISONS = {
    numpy.less,
    numpy.less_equal,
    numpy.greater,
    numpy.greater_equal,
    numpy.equal,
    numpy.not_equal,
}
LARGEST_UNROLLED = 100_000  # elements: each is an input of its own, and instructions follow


class TracedArray:
    """Stands for an array of numbers that are not known yet.

    `vmap` takes its axis: then each sample along it is a lane, and the program does not depend on
    how many there are. Indexing, iterating, `@` and arithmetic unroll it into an object array of
    traced Values, on which NumPy works.
    """

    def __init__(self, shape: tuple[int, ...], label: str) -> None:
        self._shape = shape
        self.label = label
        self.lane_axis: int | None = None
        self.lane_inputs: list[Traced] = []
        self.elements: list[Traced] = []
        self._unrolled: Objects | None = None

    # -- lanes -----------------------------------------------------------------------------------

    def lanes(self, axis: int) -> Any:
        """One sample: a traced lane, or an object array of such for the other axes."""
        if not -len(self._shape) <= axis < len(self._shape):
            raise ValueError(f"axis {axis} is outside an array of shape {self._shape}")
        axis %= len(self._shape)
        if self.lane_axis not in (None, axis):
            raise ValueError(
                f"{self.label} is mapped along axis {self.lane_axis} and along axis {axis}; "
                "give the function the array twice, once for each"
            )
        rest = self._shape[:axis] + self._shape[axis + 1 :]
        if self.lane_axis is None:
            self.lane_axis = axis
            names = _names(self.label, rest)
            self.lane_inputs = [placeholder(name, is_lane=True) for name in names]
        return _arranged(self.lane_inputs, rest) if rest else self.lane_inputs[0]

    # -- elements --------------------------------------------------------------------------------

    def unrolled(self) -> Objects:
        """Every element as a traced Value. ValueError above 100,000 of them."""
        if self._unrolled is None:
            count = math.prod(self._shape)
            if count > LARGEST_UNROLLED:
                raise ValueError(
                    f"{self.label} has {count:,} elements, and each would be an input of the "
                    "program; map over the array with vmap, so that its samples become lanes"
                )
            self.elements = [placeholder(name) for name in _names(self.label, self._shape)]
            self._unrolled = _arranged(self.elements, self._shape)
        return self._unrolled

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array that the function is traced for; asking makes the trace one for it alone."""
        self.unrolled()
        return self._shape

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return len(self._shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.unrolled())

    def __getitem__(self, index: Any) -> Any:
        return self.unrolled()[index]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Objects:
        return self.unrolled()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        inputs = tuple([x.unrolled() if isinstance(x, TracedArray) else x for x in inputs])
        if ufunc in _COMPARISONS:
            options["dtype"] = object  # of truth values, of which NumPy would make bools at once
        return getattr(ufunc, method)(*inputs, **options)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.unrolled(), name)

    def __bool__(self) -> bool:
        raise TypeError(f"the truth of {self!r} has no value while tracing; use where(c, a, b)")

    def __neg__(self) -> Any:
        return -self.unrolled()

    def __pos__(self) -> Any:
        return self.unrolled()

    def __abs__(self) -> Any:
        return abs(self.unrolled())

    def __repr__(self) -> str:
        return f"<traced array {self.label} of shape {self._shape}>"


def _arranged(values: list[Traced], shape: tuple[int, ...]) -> Objects:
    array = numpy.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


def _names(label: str, shape: tuple[int, ...]) -> list[str]:
    """A name for each element: its index behind the label."""
    return [f"{label}{[*index] or ''}" for index in product(*map(range, shape))]


def _elementwise(function: Callable[[Any, Any], Any]) -> Any:
    def forward(self: TracedArray, other: Any) -> Any:
        return function(self.unrolled(), getattr(other, "unrolled", lambda: other)())

    return forward


def _swapped(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: function(b, a)


def _compared(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    of_elements = numpy.frompyfunc(function, 2, 1)
    return lambda a, b: of_elements(a, numpy.asarray(b, dtype=object))


for _name in ("add", "sub", "mul", "truediv", "pow", "mod", "floordiv", "matmul"):
    _function = getattr(operator, _name)
    setattr(TracedArray, f"__{_name}__", _elementwise(_function))
    setattr(TracedArray, f"__r{_name}__", _elementwise(_swapped(_function)))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(TracedArray, f"__{_name}__", _elementwise(_compared(getattr(operator, _name))))
