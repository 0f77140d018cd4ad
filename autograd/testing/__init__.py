"""Checks of gradients: finite differences, a checker of any function, and random expressions."""

from autograd.testing.checks import check_grads
from autograd.testing.comparison import GradientError
from autograd.testing.expression import Expression
from autograd.testing.finite import FiniteDifference, finite_difference
from autograd.testing.strategies import arguments, expressions, values

__all__ = [
    "Expression",
    "FiniteDifference",
    "GradientError",
    "arguments",
    "check_grads",
    "expressions",
    "finite_difference",
    "values",
]
