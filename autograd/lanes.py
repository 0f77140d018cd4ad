"""A program on the arrays of any library: one array operation, or a few, for each instruction.

The operations bear the names of the Array API standard (data-apis.org/array-api), so that most of
them are `getattr(xp, op.name)`. Others are composed of those; the few special functions are where
the library keeps its own, or SciPy's.
"""

from __future__ import annotations

import math
import operator
from contextlib import nullcontext
from functools import reduce

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from autograd.program import Program

    Array = Any
    Namespace = Any

# fmt: off
FORMER_NAMES = {  # of Dask, and of NumPy before 2.0
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan",
    "atan2": "arctan2", "atanh": "arctanh", "pow": "power",
}
SPECIAL_MODULES = {
    "torch": "torch.special", "jax": "jax.scipy.special", "cupy": "cupyx.scipy.special",
}
# fmt: on


def run_lanes(
    program: Program,
    inputs: Sequence[float | Array],
    xp: Namespace,
    judge_index: Callable[[Array, int], None] = lambda index, count: None,
) -> list[Array]:
    """The outputs of the program as arrays of the library, as `Program.__call__` promises.

    `judge_index(index, count)` may refuse an index of `take`, `softmax` or `cross_entropy`.
    """
    arrays = _judged_arrays(program, inputs)
    library = _Library(xp, arrays[0], judge_index)
    given = list(zip(inputs, program.lane_inputs, strict=True))
    mapped = [x for x, is_lane in given if is_lane and hasattr(x, "dtype")]
    ones = xp.ones_like([*mapped, *arrays][0])  # one for each lane
    values = []
    for x, is_lane in given:
        if not hasattr(x, "dtype"):
            x = library.number(x) * ones if is_lane else library.number(x)
        values.append(x)
    values += map(library.number, program.constants)
    with xp.errstate(all="ignore") if hasattr(xp, "errstate") else nullcontext():
        for _, op, operands in program.numbered():
            xs = [values[i] for i in operands]
            if op.name == "lane_count":
                values.append(xp.sum(ones))
            elif op.name == "lane_sum":
                is_lane = program.is_lane[operands[0]]  # else as often as there are lanes
                values.append(xp.sum(xs[0] if is_lane else xs[0] * ones))
            else:
                values.append(getattr(library, op.name)(*xs))
    return [values[i] for i in program.outputs]


def _judged_arrays(program: Program, inputs: Sequence[Any]) -> list[Array]:
    """The arrays among the inputs. TypeError or ValueError where they are none to compute with."""
    if len(inputs) != len(program.inputs):
        raise ValueError(f"expected {len(program.inputs)} inputs, not {len(inputs)}")
    arrays = [x for x in inputs if hasattr(x, "dtype")]
    if not arrays:
        raise TypeError("expected an array among the inputs; of numbers alone use program.run")
    for name, x in zip(program.inputs, inputs, strict=True):
        if hasattr(x, "dtype") and "float" not in str(x.dtype):
            raise TypeError(f"{name} is an array of {x.dtype}; make it one of floats first")
    pairs = zip(inputs, program.lane_inputs, strict=True)
    shapes = {tuple(x.shape) for x, is_lane in pairs if is_lane and hasattr(x, "dtype")}
    if len(shapes) > 1:
        raise ValueError(f"expected lanes of one shape, not of {sorted(shapes)}")
    return arrays


class _Library:
    """The operations of the table by their names: composed here, or else the library's own."""

    def __init__(
        self, xp: Namespace, like: Array, judge_index: Callable[[Array, int], None]
    ) -> None:
        self._xp, self._judge_index = xp, judge_index
        self._one = like[(0,) * len(like.shape)]  # of the library, type and device of the numbers

    def __getattr__(self, name: str) -> Callable[..., Array]:
        for spelling in (name, FORMER_NAMES.get(name, name)):
            if hasattr(self._xp, spelling):
                found: Callable[..., Array] = getattr(self._xp, spelling)
                return found
        return self.special(name)

    def special(self, name: str) -> Callable[..., Array]:
        from importlib import import_module

        parts = self._xp.__name__.split(".")
        module = next((m for part, m in SPECIAL_MODULES.items() if part in parts), "scipy.special")
        try:
            found: Callable[..., Array] = getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise NotImplementedError(
                f"{self._xp.__name__} has no {name}, and {module}.{name} is not there ({error}); "
                "install it, or compute with another library"
            ) from error
        return found

    def number(self, x: float) -> Array:
        """The number as an array without axes."""
        return self._xp.full_like(self._one, x)

    def where(self, condition: Array, a: Array | float, b: Array | float) -> Array:
        a, b = (x if hasattr(x, "dtype") else self.number(x) for x in (a, b))
        return self._xp.where(condition != 0, a, b)

    # -- many operands ---------------------------------------------------------------------------

    def sum(self, *xs: Array) -> Array:
        return reduce(operator.add, xs) if xs else self.number(0.0)

    def dot(self, *operands: Array) -> Array:
        half = len(operands) // 2
        products = map(operator.mul, operands[:half], operands[half : 2 * half])
        return self.sum(*products, *operands[2 * half :])

    def maximum(self, *xs: Array) -> Array:
        return reduce(self._xp.maximum, xs)

    def minimum(self, *xs: Array) -> Array:
        return reduce(self._xp.minimum, xs)

    def clip(self, x: Array, low: Array, high: Array) -> Array:
        return self.minimum(self.maximum(x, low), high)

    def take(self, index: Array, *xs: Array) -> Array:
        """The chosen one; nan where no operand has that index, unless that is refused."""
        self._judge_index(index, len(xs))
        chosen = self.number(math.nan)
        for i, x in enumerate(xs):
            chosen = self.where(index == i, x, chosen)
        return chosen

    def _largest_and_rest(self, *xs: Array) -> tuple[Array, Array]:
        """The largest, and the sum of e^(x - largest) over the others."""
        largest, rest = xs[0], self.number(0.0) * 0.0
        for x in xs[1:]:
            e = self.where(x == largest, 1.0, self._xp.exp(-self._xp.abs(x - largest)))
            rest = self.where(x > largest, (rest + 1.0) * e, rest + e)
            largest = self._xp.maximum(largest, x)
        return largest, rest

    def logsumexp(self, *xs: Array) -> Array:
        largest, rest = self._largest_and_rest(*xs)
        return largest + self._xp.log1p(rest)

    def softmax(self, index: Array, *xs: Array) -> Array:
        largest, rest = self._largest_and_rest(*xs)
        chosen = self.take(index, *xs)
        e = self.where(chosen == math.inf, 1.0, self._xp.exp(chosen - largest))
        return e / (rest + 1.0)

    def cross_entropy(self, label: Array, *logits: Array) -> Array:
        largest, rest = self._largest_and_rest(*logits)
        chosen = self.take(label, *logits)
        return self.where(chosen == largest, 0.0, largest - chosen) + self._xp.log1p(rest)

    def equal(self, a: Array, b: Array) -> Array:
        return a == b  # which in PyTorch's `equal` is one answer for all

    # -- what the standard does not have ---------------------------------------------------------

    def alias(self, x: Array) -> Array:
        return x

    def exp2(self, x: Array) -> Array:
        return 2.0**x

    def sign(self, x: Array) -> Array:
        return self.where(x == x, self._xp.sign(x), x)

    def lgamma(self, x: Array) -> Array:
        return self.special("gammaln")(x)

    def cbrt(self, x: Array) -> Array:
        return self._xp.sign(x) * self._xp.abs(x) ** (1.0 / 3.0)

    def sigmoid(self, x: Array) -> Array:
        e = self._xp.exp(-self._xp.abs(x))
        return self.where(x < 0.0, e, 1.0) / (1.0 + e)

    def softplus(self, x: Array) -> Array:
        return self.where(x > 0.0, x, 0.0) + self._xp.log1p(self._xp.exp(-self._xp.abs(x)))

    def silu(self, x: Array) -> Array:
        return self.where(x < -1000.0, -0.0, x * self.sigmoid(x))

    def relu(self, x: Array) -> Array:
        return self.where(x <= 0.0, 0.0, x)

    def leaky_relu(self, x: Array, slope: Array) -> Array:
        return self.where(x > 0.0, x, slope * x)

    def elu(self, x: Array, alpha: Array) -> Array:
        return self.where(x > 0.0, x, alpha * self._xp.expm1(x))

    def gaussian(self, x: Array) -> Array:
        return self._xp.exp(-x * x)

    def normal_pdf(self, x: Array) -> Array:
        return self._xp.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)

    def normal_cdf(self, x: Array) -> Array:
        return 0.5 * self.special("erfc")(-math.sqrt(0.5) * x)

    def gelu(self, x: Array) -> Array:
        return self.where(x < -1000.0, -0.0, x * self.normal_cdf(x))

    def gelu_slope(self, x: Array) -> Array:
        return self.normal_cdf(x) + self.where(abs(x) > 1000.0, 0.0, x * self.normal_pdf(x))

    def polygamma(self, n: Array, x: Array) -> Array:
        """Of n > 0 it is (-1)^(n + 1)·n!·ζ(n + 1, x) (DLMF 25.11.12)."""
        factorial = self._xp.exp(self.lgamma(n + 1.0))
        odd = n - 2.0 * self._xp.floor(0.5 * n)
        zeta = self.where(x == math.inf, 0.0, self.special("zeta")(n + 1.0, x))
        higher = (2.0 * odd - 1.0) * factorial * zeta
        return self.where(n == 0.0, self.special("digamma")(x), higher)
