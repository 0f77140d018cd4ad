"""Random numbers by the array: the same that a `random.Random` gives one by one."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import numpy

from nn.dropout import Dropout

Floats = numpy.ndarray[Any, numpy.dtype[numpy.float64]]
Places = numpy.ndarray[Any, numpy.dtype[numpy.intp]]


def order_array(count: int, rng: Random) -> Places:
    """What `drawn_order` gives, as an array: keys and places are sorted as one number each.

    >>> from nn.order import drawn_order
    >>> order_array(5, Random(0)).tolist() == drawn_order(5, Random(0))
    True
    """
    keys = numpy.frombuffer(rng.randbytes(4 * count), "<u4").astype(numpy.uint64)
    both = keys << 32 | numpy.arange(count, dtype=numpy.uint64)
    both.sort()
    return (both & 0xFFFFFFFF).astype(numpy.intp)


def random_array(rows: int, columns: int, rng: Random) -> Floats:
    """What rows · columns calls of `rng.random()` give, row by row.

    The Mersenne Twister's words are taken in pairs, 27 bits of the one and 26 of the other
    (Matsumoto & Nishimura 2002, `genrand_res53`), as Python does; `randbytes` has the same words.

    >>> one_by_one = Random(0)
    >>> random_array(1, 2, Random(0)).tolist() == [[one_by_one.random(), one_by_one.random()]]
    True
    """
    words = numpy.frombuffer(rng.randbytes(8 * rows * columns), "<u4").reshape(rows, columns, 2)
    numbers: Floats = ((words[..., 0] >> 5) * 2.0**26 + (words[..., 1] >> 6)) * 2.0**-53
    return numbers


def mask_array(dropouts: Sequence[Dropout], samples: int, rng: Random) -> Floats:
    """The masks of so many samples, a row each, as `draw_masks` draws them for one after another.

    >>> mask_array([Dropout(0.5, width=4)], 1, Random(1)).tolist()
    [[0.0, 2.0, 2.0, 0.0]]
    """
    if any(type(d).draw_mask is not Dropout.draw_mask for d in dropouts):  # a rule of its own
        masks = [[x for d in dropouts for x in d.draw_mask(rng)] for _ in range(samples)]
        return numpy.array(masks)
    rates = numpy.repeat([d.rate for d in dropouts], [d.width or 0 for d in dropouts])
    kept: Floats = (random_array(samples, len(rates), rng) >= rates) * (1.0 / (1.0 - rates))
    return kept
