"""The operations of the table on the arrays of any library: its own ones, or composed of those.

They bear the names of the Array API standard (data-apis.org/array-api), so that most of them are
`getattr(xp, op.name)`; the few special functions are where the library keeps its own, or SciPy's.

The library may differentiate what is composed here, and finds the table's partials, but for their
last digits, and beside infinite logits or nan. So a `where`
chooses among formulas of one smooth function, each of which has the right slope where they meet
(no |x| at 0, no maximum of equals); and what it leaves has a finite slope, as a library multiplies
that by 0.
"""

from __future__ import annotations

import math
import operator
from functools import reduce

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Array = Any
    Namespace = Any
    JudgeIndex = Callable[[Array, int], None]

# fmt: off
FORMER_NAMES = {  # of Dask, and of NumPy before 2.0
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan",
    "atan2": "arctan2", "atanh": "arctanh", "pow": "power",
}
SPECIAL_MODULES = {  # of the libraries known; NumPy is the last, for `jax.numpy` is not its
    "torch": "torch.special", "jax": "jax.scipy.special", "cupy": "cupyx.scipy.special",
    "dask": "scipy.special", "numpy": "scipy.special",
}
# fmt: on


def known_library(*modules: str) -> str | None:
    """The first of the known libraries that modules of these names belong to."""
    parts = {part for module in modules for part in module.split(".")}
    return next((library for library in SPECIAL_MODULES if library in parts), None)


def accept_index(index: Array, count: int) -> None:
    """Of an index out of range comes nan."""


class ArrayOperations:
    """The operations by their names, on arrays of the type and on the device of `like`.

    `judge_index(index, count)` may refuse an index of `take`, `softmax` or `cross_entropy`.
    """

    def __init__(self, xp: Namespace, like: Array, judge_index: JudgeIndex = accept_index) -> None:
        self._xp, self._judge_index = xp, judge_index
        self._one = xp.ones_like(xp.sum(like))  # without axes, whatever the shape

    def __getattr__(self, name: str) -> Callable[..., Array]:
        if name.startswith("_"):  # what Python asks an object for is no operation
            raise AttributeError(name)
        for spelling in (name, FORMER_NAMES.get(name, name)):
            if hasattr(self._xp, spelling):
                found: Callable[..., Array] = getattr(self._xp, spelling)
                return found
        return self.special(name)

    def special(self, name: str) -> Callable[..., Array]:
        """The library's special function. NotImplementedError, by name, where it has none."""
        from importlib import import_module

        own = self._xp.__name__
        module = SPECIAL_MODULES.get(known_library(own) or "")
        if module is None:
            raise NotImplementedError(
                f"{own} has no {name}, and where its special functions are is not known; "
                f"compute with one of {', '.join(sorted(SPECIAL_MODULES))}"
            )
        try:
            found: Callable[..., Array] = getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise NotImplementedError(
                f"{own} has no {name}, and {module}.{name} is not there ({error}); "
                "install it, or compute with another library"
            ) from error
        return found

    def number(self, x: float) -> Array:
        """The number as an array without axes; an infinity where it is too large for the type."""
        return self._one * x  # `full_like` of PyTorch raises there

    def where(self, condition: Array, a: Array | float, b: Array | float) -> Array:
        if "bool" not in str(condition.dtype):
            condition = condition != 0.0
        a, b = (x if hasattr(x, "dtype") else self.number(x) for x in (a, b))
        return self._xp.where(condition, a, b)

    def lane_sum(self, x: Array) -> Array:
        return self._xp.sum(x)

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
        x = self.where((x < low) | (low != low), low, x)  # not `maximum`, which halves slopes
        return self.where((x > high) | (high != high), high, x)

    def take(self, index: Array, *xs: Array) -> Array:
        """The chosen one; nan where no operand has that index, unless that is refused."""
        self._judge_index(index, len(xs))
        chosen = self.number(math.nan)
        for i, x in enumerate(xs):
            chosen = self.where(index == i, x, chosen)
        return chosen

    def _largest_and_rest(self, *xs: Array) -> tuple[Array, Array]:
        """The largest, and the sum of e^(x - largest) over the others.

        Of equals one counts as the largest, with the whole slope: any choice gives the right sum,
        unless they are infinite.
        """
        largest, rest = xs[0], self.number(0.0)
        for x in xs[1:]:
            larger = x > largest
            x, largest = self.where(larger, largest, x), self.where(larger, x, largest)
            equal_infinities = (x == largest) & (abs(x) == math.inf)
            e = self._xp.exp(self.where(equal_infinities, 0.0, x - largest))
            rest = self.where(larger, (rest + 1.0) * e, rest + e)
        return largest, rest

    def _below(self, largest: Array, x: Array) -> Array:
        """x - largest, which of the operand inf is 0."""
        return self.where(x == math.inf, 0.0, x - largest)

    def logsumexp(self, *xs: Array) -> Array:
        largest, rest = self._largest_and_rest(*xs)
        return largest + self._xp.log1p(rest)

    def softmax(self, index: Array, *xs: Array) -> Array:
        largest, rest = self._largest_and_rest(*xs)
        return self._xp.exp(self._below(largest, self.take(index, *xs))) / (rest + 1.0)

    def cross_entropy(self, label: Array, *logits: Array) -> Array:
        largest, rest = self._largest_and_rest(*logits)
        return self._xp.log1p(rest) - self._below(largest, self.take(label, *logits))

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
        root = self.where(x < 0.0, -x, x) ** (1.0 / 3.0)
        return self.where(x < 0.0, -root, root)

    def _exp_of_minus_abs(self, x: Array) -> Array:
        return self._xp.exp(self.where(x > 0.0, -x, x))

    def sigmoid(self, x: Array) -> Array:
        e = self._exp_of_minus_abs(x)
        return self.where(x > 0.0, 1.0, e) / (1.0 + e)

    def softplus(self, x: Array) -> Array:
        return self.where(x > 0.0, x, 0.0) + self._xp.log1p(self._exp_of_minus_abs(x))

    def _gated(self, x: Array, gate: Callable[[Array], Array]) -> Array:
        """x·gate(x); -0.0 below -1000 and x above 1000, where the gate is 0 and 1."""
        near = self.where(x < -1000.0, -1000.0, self.where(x > 1000.0, 1000.0, x))
        return self.where(x > 1000.0, x, near * gate(near))

    def silu(self, x: Array) -> Array:
        return self._gated(x, self.sigmoid)

    def relu(self, x: Array) -> Array:
        return self.where(x <= 0.0, 0.0, x)

    def leaky_relu(self, x: Array, slope: Array) -> Array:
        return self.where(x > 0.0, x, slope * self.where(x > 0.0, 0.0, x))

    def elu(self, x: Array, alpha: Array) -> Array:
        return self.where(x > 0.0, x, alpha * self._xp.expm1(self.where(x > 0.0, 0.0, x)))

    def _square(self, x: Array) -> Array:
        """x², but 1,000,000 beyond: e to minus that, or half of it, is 0."""
        near = self.where(abs(x) > 1000.0, 1000.0, x)
        return near * near

    def gaussian(self, x: Array) -> Array:
        return self._xp.exp(-self._square(x))

    def normal_pdf(self, x: Array) -> Array:
        return self._xp.exp(-0.5 * self._square(x)) / math.sqrt(2.0 * math.pi)

    def normal_cdf(self, x: Array) -> Array:
        return 0.5 * self.special("erfc")(-math.sqrt(0.5) * x)

    def gelu(self, x: Array) -> Array:
        return self._gated(x, self.normal_cdf)

    def gelu_slope(self, x: Array) -> Array:
        near = self.where(abs(x) > 1000.0, 0.0, x)  # beyond it the density is 0
        return self.normal_cdf(x) + near * self.normal_pdf(near)

    def polygamma(self, n: Array, x: Array) -> Array:
        """Of n > 0 it is (-1)^(n + 1)·n!·ζ(n + 1, x) (DLMF 25.11.12)."""
        factorial = self._xp.exp(self.lgamma(n + 1.0))
        odd = n - 2.0 * self._xp.floor(0.5 * n)
        order = self.where(n == 0.0, 2.0, n + 1.0)  # ζ(1, x) has no slope
        zeta = self.where(x == math.inf, 0.0, self.special("zeta")(order, x))
        higher = (2.0 * odd - 1.0) * factorial * zeta
        return self.where(n == 0.0, self.special("digamma")(x), higher)
