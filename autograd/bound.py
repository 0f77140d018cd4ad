"""A compiled call with flat buffers of its own: the shortest way into machine code and back."""

from __future__ import annotations

from collections import deque
from itertools import chain, compress, starmap
from operator import setitem
from typing import TYPE_CHECKING, Any

import numpy

from autograd.entry import Inputs
from autograd.real import is_array
from autograd.value import Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from autograd.entry import Entry
    from autograd.signature import Arguments
    from autograd.tree import Tree

    Floats = numpy.ndarray[Any, numpy.dtype[numpy.float64]]


class Bound:
    """A compiled function bound to arguments: `bound()` computes, and the buffers hold the numbers.

    `parameters` are the numbers of the first argument, flat, in the order of its leaves (of a
    module: `model.parameters()`); what is written there is what the next call computes with.
    `value` is the first number of the result, `gradient` the numbers after it (all of them where
    the result is no pair of a value and a gradient), `result()` the whole tree. The arguments
    themselves are read when it is bound and by `pull()`, and written by `push()` alone.

    For one thread at a time. A call costs about half a microsecond beyond what it computes.

    >>> from autograd import jit, value_and_grad
    >>> bound = jit(value_and_grad(lambda p: p[0] ** 2 + 3.0 * p[1])).bind([2.0, 1.0])
    >>> bound()
    >>> bound.value, bound.gradient.tolist()
    (7.0, [4.0, 3.0])
    >>> bound.parameters[0] = 5.0
    >>> bound()
    >>> bound.value
    28.0
    """

    def __init__(self, entry: Entry, arguments: Arguments) -> None:
        self._entry, self._arguments, self._arrays = entry, arguments, arguments.arrays
        self._lanes = entry.spread.lanes(self._arrays)
        self._frame = entry.code.frame(self._lanes, entry.threads)
        begin, end = entry.spread.of_first_argument(arguments)
        outputs = self._frame.uniform_outputs
        self.parameters: Floats = self._frame.uniform_inputs[begin:end]
        self.outputs: Floats = outputs
        twins = entry.spread.twins_of_first_argument(arguments)  # whose gradients come last
        skip = int(len(outputs) > end - begin + twins)
        self.gradient: Floats = outputs[skip : skip + end - begin if twins else None]
        self.lane_inputs: Floats = self._frame.lane_inputs
        self.lane_outputs: Floats = self._frame.lane_outputs[:, : self._lanes]
        self.run = self._frame.run  # the call itself, for who counts every tenth of a microsecond
        self.pull()

    def __call__(self) -> None:
        """Compute with what the buffers hold."""
        self.run()

    @property
    def value(self) -> float:
        """The first number of the result."""
        return float(self.outputs[0])

    def result(self) -> Tree:
        """The result of the last call, as the function itself would give it."""
        return self._entry.results(self._frame, self._lanes)

    def pull(self) -> None:
        """Read the arguments into the buffers, all or nothing: Values' data, numbers, arrays."""
        spread, frame = self._entry.spread, self._frame
        inputs = Inputs(frame.uniform_inputs.copy(), frame.lane_inputs.copy())
        spread.write_numbers(inputs, self._arguments)
        spread.write_lanes(inputs, self._arrays, self._lanes)
        pairs = (
            (frame.uniform_inputs, inputs.uniform_inputs),
            (frame.lane_inputs, inputs.lane_inputs),
        )
        _write([], pairs)

    def push(self) -> None:
        """Write `parameters` into the Values and arrays that they were read from, all or nothing.

        TypeError or ValueError where an array cannot hold them.
        """
        spread = self._entry.spread
        inputs = self._frame.uniform_inputs
        part = self._arguments.parts[0]
        leaves = [x for x in part.leaves if not is_array(x)]
        chosen = compress(leaves, spread.first) if spread.first else leaves
        numbers = zip(chosen, inputs.tolist(), strict=False)
        values = [(leaf, x) for leaf, x in numbers if isinstance(leaf, Value)]
        arrays = []
        for e in spread.elements:
            if e.array < len(part.arrays):
                array = part.arrays[e.array]
                if not array.flags.writeable:
                    raise ValueError("push writes into the arrays, but one of them is read-only")
                block = inputs[e.begin : e.end].reshape(array.shape)
                arrays.append((array, block.astype(array.dtype, casting="same_kind")))
        _write(values, arrays)


_set_data: Any = vars(Value)["data"].__set__  # the slot's own setter, in C


def _write(values: Iterable[tuple[Value, float]], arrays: Iterable[tuple[Floats, Floats]]) -> None:
    """Numbers into their Values, contents into their arrays: one C call, which nothing splits."""
    copies = [(array, ..., content) for array, content in arrays]
    deque(chain(starmap(_set_data, values), starmap(setitem, copies)), maxlen=0)
