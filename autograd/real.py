"""What counts as a real number, and what is said of anything else."""

from __future__ import annotations

import sys
from numbers import Real


def is_real(x: object) -> bool:
    """Whether x is a real number of Python, `fractions` or NumPy (whose bool is not a Real)."""
    kind = type(x)
    return (
        kind is int
        or isinstance(x, Real)
        or (kind.__module__ == "numpy" and kind.__name__ in ("bool", "bool_"))
    )


def as_float(x: object) -> float:
    """x as a float, if it is a real number.

    TypeError for Decimal, complex, str, None, Values and arrays; OverflowError for an int above
    1.8e308.
    """
    if is_real(x):
        return float(x)  # type: ignore[arg-type]  # a Real has __float__
    if is_array(x):
        shape = x.shape  # type: ignore[attr-defined]  # which arrays have
        raise TypeError(
            f"expected a real number, not an ndarray of shape {shape}; call the function for each "
            "element, or NumPy's of the same name on an object array of Values: np.exp(array)"
        )
    raise TypeError(
        f"expected a real number (int, float, Fraction, NumPy scalar), not {describe(x)}; "
        "make it one first, for example with float(), or with .data from a Value"
    )


def is_array(x: object) -> bool:
    """Whether x is a NumPy array, asked without importing NumPy."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(x, numpy.ndarray)


def is_lazy(x: object) -> bool:
    """Whether x is an array of Dask, asked without importing Dask."""
    dask = sys.modules.get("dask.array")
    return dask is not None and isinstance(x, dask.Array)


def refuse_lazy(x: object) -> None:
    """TypeError that says where an array of Dask can be given, if x is one."""
    if is_lazy(x):
        raise TypeError(
            "arrays of Dask are computed where their blocks are by the call of a compiled function "
            "alone: jit(f)(X), jit(vmap(f))(X), jit(value_and_grad(f))(w, X). Here give numbers: "
            f"X.compute() if they fit into memory, not {describe(x)}"
        )


def describe(x: object) -> str:
    """Its type and its repr, cut to one line of an error message."""
    text = repr(x)
    return f"{type(x).__name__} {text if len(text) <= 60 else text[:57] + '...'}"
