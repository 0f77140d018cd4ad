"""Two functions by one call, where they share most of their work: sine and cosine, σ(x) and σ(-x).

Derivatives ask for such pairs. Only calls of the same block are joined, where the first one is
certain to have run when the second one's turn comes.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from autograd.llvm.ir import Function, Number, name_for

SINE_AND_COSINE, BOTH_SIGNS = "sin_and_cos", "sigmoid_of_both_signs"
RESULTS_IN_PAIRS = (SINE_AND_COSINE, BOTH_SIGNS)
CALLED = ("sin", "cos", "sigmoid")


class _Seen:
    """The calls in one function that may yet find a twin, and which numbers are negatives.

    By their names in the text: a number would keep its function alive, and with it this record.
    """

    def __init__(self) -> None:
        self.calls: dict[tuple[str, str, str], str] = {}  # block, function and operand → result
        self.negatives: dict[str, str] = {}


_seen: WeakKeyDictionary[Function, _Seen] = WeakKeyDictionary()


def _seen_in(f: Function) -> _Seen:
    return _seen.setdefault(f, _Seen())


def note_negative(x: Number, negative: Number) -> None:
    """Remember that one number is the other one with its sign changed."""
    negatives = _seen_in(x.function).negatives
    negatives[x.text], negatives[negative.text] = negative.text, x.text


def call_or_join(name: str, x: Number) -> Number:
    """sin, cos or sigmoid of x: the other half of a call made before, or else a new call."""
    f = x.function
    seen = _seen_in(f)
    twin, operand, pair, index = {
        "sin": ("cos", x.text, SINE_AND_COSINE, 1),
        "cos": ("sin", x.text, SINE_AND_COSINE, 0),
        "sigmoid": ("sigmoid", seen.negatives.get(x.text, ""), BOTH_SIGNS, 0),
    }[name]
    first = seen.calls.pop((f.label, twin, operand), None)
    if first is not None:
        return f.widen(Number(f, x.type, first), name_for(pair, x.type), index)
    result = f.call(name_for(name, x.type), x.type, [x])
    seen.calls[f.label, name, x.text] = result.text
    return result
