"""The first two principal components of many samples: the plane on which they differ most."""

from __future__ import annotations

from collections.abc import Sequence


def principal_components(
    table: Sequence[Sequence[float]],
) -> tuple[list[list[float]], list[float]]:
    """Each row's place on the first two principal components (Pearson 1901), and their shares.

    A share is of the variance, in [0, 1]; samples of one feature have one component, and 0 as
    their second coordinate. Only of numbers near 1e308 may a place be infinite. Needs NumPy.
    O(rows · columns · min(rows, columns)).

    >>> places, shares = principal_components([[0.0, 0.0], [3.0, 4.0]])
    >>> [round(abs(x), 6) for x, _ in places], [round(share, 6) for share in shares]
    ([2.5, 2.5], [1.0, 0.0])
    """
    import numpy

    numbers = numpy.array(table, dtype=float)
    _, exponent = numpy.frexp(numpy.max(numpy.abs(numbers)))
    numbers = numpy.ldexp(numbers, -exponent)  # below 1, so that no sum and no square overflows
    centred = numbers - numpy.mean(numbers, axis=0)
    _, sizes, directions = numpy.linalg.svd(centred, full_matrices=False)
    places = numpy.zeros((len(table), 2))
    places[:, : min(2, len(directions))] = centred @ directions[:2].T
    shares = sizes**2 / max(float(numpy.sum(sizes**2)), 1e-300)
    with numpy.errstate(over="ignore"):
        listed: list[list[float]] = numpy.ldexp(places, exponent).tolist()
    return listed, [float(share) for share in shares[:2]]
