"""The formulas of the table's rows as text to read, printed from the rows themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from inspect import Parameter, signature
from itertools import product
from typing import Any

from autograd import functions, ops
from autograd.ops import Op
from autograd.program import Program
from autograd.simplify import simplify
from autograd.trace import program_of
from autograd.traced import placeholder
from autograd.wording import number

LONGEST = 60  # characters of a formula
OPERANDS = "abcdefgh"
AGREE = 1e-6  # relative: branches that differ by less are two spellings of one formula
SECOND_WORD = 1e-12  # a smaller constant that is added only keeps digits, or the sign of a zero
# Ordinary operands, as far as they are inside of a row's domain: no kink, and so few binary digits
# that a sum of two does not round.
POINTS = (-2.625, -0.75, -0.3125, 0.1875, 0.4375, 0.875, 1.4375, 3.25)
WHOLE = (0.0, 1.0)  # for an index, an order or a condition
CONSTANTS = {
    math.log(2.0): "log(2)",
    1.0 / math.log(2.0): "1/log(2)",
    1.0 / math.log(10.0): "1/log(10)",
    2.0 / math.sqrt(math.pi): "2/sqrt(pi)",
    math.sqrt(2.0): "sqrt(2)",
}
# How tightly a text holds together: by the operation that is done last in it.
CHOICE, SUM, SIGN, PRODUCT, POWER, ATOM = range(6)
INFIX: dict[Op, tuple[str, int]] = {
    ops.remainder: (" % ", SIGN),
    ops.floor_divide: (" // ", SIGN),
    ops.less: (" < ", CHOICE),
    ops.less_equal: (" <= ", CHOICE),
    ops.equal: (" == ", CHOICE),
    ops.not_equal: (" != ", CHOICE),
    ops.greater_equal: (" >= ", CHOICE),
    ops.greater: (" > ", CHOICE),
    ops.logical_and: (" & ", CHOICE),
    ops.logical_or: (" | ", CHOICE),
}

Text = tuple[bool, str, int]  # whether a minus goes before it, the text, how tightly it holds


def partial_formulas(op: Op) -> list[str | None]:
    """For each operand of a row ∂y/∂operand as text, with operands a, b, c and the output y.

    The row's own partials are traced and the program is printed, so that there is one set of rules.
    Left out is what only keeps digits, or looks after a nan, an infinity or the sign of a zero: of
    a `where` whose branches agree at ordinary numbers the longer one, or one that is never taken.
    None for an operand without a derivative, and for more than 60 characters; [] for a row that
    takes any number of operands, and for one without derivatives.

    >>> partial_formulas(ops.multiply), partial_formulas(ops.tanh), partial_formulas(ops.relu)
    (['b', 'a'], ['1 − y·y'], ['where(a > 0, 1, 0)'])
    """
    parameters = signature(op.value).parameters.values()
    if not op.partials or any(x.kind is Parameter.VAR_POSITIONAL for x in parameters):
        return []
    names = ["y", *OPERANDS[: len(parameters)]]
    y, *operands = inputs = [placeholder(name, is_lane=True) for name in names]
    program = simplify(program_of(op.local_grads(y, tuple(operands)), inputs))
    samples = _samples(op, len(operands))
    reading = _Reading(program, samples)
    texts = [reading.text(slot, range(len(samples))) for slot in program.outputs]
    shown = [_whole(text) for text in texts]
    return [None if len(text) > LONGEST or text == "nan" else text for text in shown]


def value_text(op: Op) -> str:
    """What a row computes: the first sentence of its public function, "" where it has none.

    >>> value_text(ops.tanh)
    '(e^x - e^-x)/(e^x + e^-x), in [-1, 1]: the S-shaped activation around 0.'
    """
    function = getattr(functions, op.name, None)
    first_line = ((function.__doc__ if function else None) or "").partition("\n")[0]
    sentence, more, _ = first_line.partition(". ")
    return f"{sentence}." if more else sentence


def _samples(op: Op, count: int) -> list[tuple[float, ...]]:
    """The output and the operands at ordinary points."""
    grids = []
    for i in range(count):
        low, high = op.domain[min(i, len(op.domain) - 1)]
        grids.append([x for x in POINTS if low < x < high] or WHOLE)
    pairs = [(op.value(*operands), *operands) for operands in product(*grids)]
    return [pair for pair in pairs if math.isfinite(pair[0])]


class _Reading:
    """A program as text; `columns[slot]` are the numbers that stand there at the samples."""

    def __init__(self, program: Program, samples: Sequence[tuple[float, ...]]) -> None:
        self.program = program
        slots = list(range(len(program)))
        lanes = [list(column) for column in zip(*samples, strict=True)]
        every = Program(
            program.inputs, program.lane_inputs, program.constants, program.instructions, slots
        )
        found: list[Any] = every.run(lanes)
        self.columns = [x if isinstance(x, list) else [x] * len(samples) for x in found]

    def text(self, slot: int, rows: Sequence[int]) -> Text:
        """What stands in a slot, as far as it matters at these samples."""
        program = self.program
        if slot < len(program.inputs):
            return False, program.inputs[slot], ATOM
        if slot < program.first:
            return _constant(program.constants[slot - len(program.inputs)])
        op, operands = program.instructions[slot - program.first]
        if op is ops.where:
            return self._choice(operands, rows)
        if op in (ops.add, ops.subtract):
            operands = tuple([i for i in operands if not self._is_second_word(i)])
        texts = [self.text(i, rows) for i in operands]
        if op in (ops.add, ops.subtract):
            return _sum(*texts, minus=op is ops.subtract)
        return _operation(op, texts)

    def _is_second_word(self, slot: int) -> bool:
        i = slot - len(self.program.inputs)
        constants = self.program.constants
        return 0 <= i < len(constants) and abs(constants[i]) < SECOND_WORD

    def _choice(self, operands: Sequence[int], rows: Sequence[int]) -> Text:
        condition, a, b = operands
        holds = [i for i in rows if self.columns[condition][i]]
        fails = [i for i in rows if not self.columns[condition][i]]
        if not holds or not fails:
            return self.text(a if holds else b, rows)
        pairs = [(self.columns[a][i], self.columns[b][i]) for i in rows]
        if all(math.isclose(x, y, rel_tol=AGREE) for x, y in pairs):
            return min(self.text(a, rows), self.text(b, rows), key=lambda text: len(text[1]))
        texts = [self.text(condition, rows), self.text(a, holds), self.text(b, fails)]
        return _operation(ops.where, texts)


# -- text with the fewest parentheses ------------------------------------------------------------


def _whole(text: Text) -> str:
    return "−" * text[0] + text[1]


def _held(text: Text, level: int) -> str:
    """A text that holds together as tightly as that, in parentheses if need be."""
    tight = SIGN if text[0] else text[2]
    return _whole(text) if tight >= level else f"({_whole(text)})"


def _constant(x: float) -> Text:
    text = CONSTANTS.get(abs(x)) or number(abs(x))
    return math.copysign(1.0, x) < 0, text, PRODUCT if "/" in text else ATOM


def _sum(a: Text, b: Text | None = None, *, minus: bool) -> Text:
    """a + b, a − b; a alone where b is too small to show."""
    if b is None:
        return a
    sign = " − " if b[0] != minus else " + "
    return False, _held(a, SUM) + sign + _held((False, *b[1:]), PRODUCT), SUM


def _operation(op: Op, texts: Sequence[Text]) -> Text:
    if op is ops.negative:
        ((sign, text, level),) = texts
        return not sign, text if level >= PRODUCT else f"({text})", max(level, PRODUCT)
    if op in (ops.multiply, ops.divide):
        (sign_a, *_), (sign_b, *_) = texts
        a, b = [(False, *text[1:]) for text in texts]
        if op is ops.multiply and b[1][0].isdecimal() and not a[1][0].isdecimal():
            a, b = b, a  # numbers go first
        if op is ops.multiply and a[1] == "1":
            return sign_a != sign_b, *b[1:]
        right = _held(b, PRODUCT if op is ops.multiply else POWER)
        between = "·" if op is ops.multiply else "/"
        return sign_a != sign_b, _held(a, PRODUCT) + between + right, PRODUCT
    if op is ops.pow:
        return False, f"{_held(texts[0], ATOM)}^{_held(texts[1], ATOM)}", POWER
    if op in INFIX:
        between, level = INFIX[op]
        return False, between.join([_held(text, level + 1) for text in texts]), level
    return False, f"{op.name}({', '.join(map(_whole, texts))})", ATOM
