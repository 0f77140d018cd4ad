"""Fewer instructions for the same bits: what a program computes twice, for nothing, or knows."""

from __future__ import annotations

from autograd import ops
from autograd.program import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from autograd.ops import Op

    Key = tuple[Any, ...]
    Rule = Callable[["_Builder", tuple[int, ...]], int | None]

LONG_CHAIN = 8  # additions of so many terms become one `dot` or `sum`


def simplify(program: Program) -> Program:
    """The program that gives the same bits for every input, in fewer instructions.

    Constants are folded, common subexpressions computed once, chains of additions gathered into
    `dot` and `sum`, and what no output needs is left out. Of the identities only those apply that
    hold for every float: x + -0.0, x - 0.0, x·1, x/1, x¹, x⁰, -(-x), a choice that is known or open
    between equals; never x + 0.0, which changes the sign of -0.0, nor 0·x, which hides a nan.
    O(operands).

    >>> from autograd import ops
    >>> p = Program(["x"], [False], [1.0], [(ops.multiply, (0, 1)), (ops.add, (2, 2))], [3])
    >>> print(simplify(p))
    input    %0 = x
    %1 = add %0 %0
    output   %1
    """
    return _with_gathered_sums(_Builder(program).rebuilt())


class _Builder:
    """Rebuilds a program instruction by instruction, each as simple as what is known allows.

    A slot of the old program maps to a *reference*: the position of an entry in `entries`, which
    are inputs, constants (floats and truths) and instructions; equal ones have one reference.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.entries: list[Key] = []
        self.known: dict[Key, int] = {}
        self.number: list[Any] = []  # the float or bool that is known to stand there, or None

    def rebuilt(self) -> Program:
        """The same program, simplified; it has all inputs, and else only what an output needs."""
        program = self.program
        references = [self._entry(("input", i), None) for i in range(len(program.inputs))]
        references += [self.constant(x) for x in program.constants]
        for op, operands in program.instructions:
            references.append(self.instruction(op, tuple([references[i] for i in operands])))
        return self._finish([references[i] for i in program.outputs])

    def _entry(self, key: Key, number: Any) -> int:
        reference = self.known.setdefault(key, len(self.entries))
        if reference == len(self.entries):
            self.entries.append(key)
            self.number.append(number)
        return reference

    def constant(self, x: float | bool) -> int:
        """By its bits, so that 0.0 and -0.0 are two and a nan is one."""
        return self._entry(("truth", x) if isinstance(x, bool) else ("constant", x.hex()), x)

    def operation(self, reference: int) -> tuple[Any, tuple[int, ...]]:
        """The operation and the operands of an instruction; None for anything else."""
        kind, *rest = self.entries[reference]
        return (None, ()) if isinstance(kind, str) else (kind, tuple(rest))

    def instruction(self, op: Op, operands: tuple[int, ...]) -> int:
        """A reference to what the operation gives: known, another's, or new."""
        if op is not ops.lane_sum and op is not ops.lane_count:
            numbers = [self.number[i] for i in operands]
            if None not in numbers and not _is_out_of_range(op, numbers):
                return self.constant(op.value(*numbers))
            rule = _RULES.get(op)
            if rule and (same := rule(self, operands)) is not None:
                return same
        if op in _COMMUTE and operands[0] > operands[1]:
            operands = operands[::-1]
        return self._entry((op, *operands), None)

    def _finish(self, outputs: Sequence[int]) -> Program:
        """With slots for references; truths that are still there are spelled as comparisons."""
        program = self.program
        entries = self._needed(outputs)
        truths = [i for i, key in entries if key[0] == "truth"]
        numbers = [i for i, key in entries if key[0] == "constant"]
        if truths and (zero := self.constant(0.0)) not in numbers:
            numbers.append(zero)
        first = len(program.inputs) + len(numbers)
        slots = {i: i for i in range(len(program.inputs))}
        slots |= {reference: len(program.inputs) + i for i, reference in enumerate(numbers)}
        instructions: list[tuple[Op, tuple[int, ...]]] = []
        for i in truths:  # 0 = 0 is True, 0 ≠ 0 is False
            slots[i] = first + len(instructions)
            same = ops.equal if self.number[i] else ops.not_equal
            instructions.append((same, (slots[zero], slots[zero])))
        for i, (op, *operands) in entries:
            if not isinstance(op, str):
                slots[i] = first + len(instructions)
                instructions.append((op, tuple([slots[x] for x in operands])))
        constants = [self.number[i] for i in numbers]
        results = [slots[i] for i in outputs]
        return Program(program.inputs, program.lane_inputs, constants, instructions, results)

    def _needed(self, outputs: Sequence[int]) -> list[tuple[int, Key]]:
        """The entries that an output needs, in order, each with its reference."""
        needed = [False] * len(self.entries)
        for i in outputs:
            needed[i] = True
        for i in range(len(needed) - 1, -1, -1):
            if needed[i] and not isinstance(self.entries[i][0], str):
                for operand in self.entries[i][1:]:
                    needed[operand] = True
        return [(i, key) for i, key in enumerate(self.entries) if needed[i]]


def _is_out_of_range(op: Op, numbers: Sequence[Any]) -> bool:
    """Whether the first is an index that chooses none of the others: `run` is to say so."""
    return op in _INDEXED and numbers[0] not in range(len(numbers) - 1)


# -- identities that hold for every float --------------------------------------------------------

_INDEXED = {ops.take, ops.softmax, ops.cross_entropy}  # by their first operand
_COMMUTE = {ops.add, ops.multiply, ops.equal, ops.not_equal, ops.logical_and, ops.logical_or}


def _neutral(number: float, *, left: bool) -> Rule:
    """x op number = x, and number op x = x if `left`."""
    bits = number.hex()

    def rule(builder: _Builder, operands: tuple[int, ...]) -> int | None:
        a, b = [builder.number[i] for i in operands]
        if b.__class__ is float and b.hex() == bits:
            return operands[0]
        return operands[1] if left and a.__class__ is float and a.hex() == bits else None

    return rule


def _undoes_itself(builder: _Builder, op: Op, x: int) -> int | None:
    """-(-x), ¬¬x."""
    inner, operands = builder.operation(x)
    return operands[0] if inner is op else None


def _choice(builder: _Builder, operands: tuple[int, ...]) -> int | None:
    """A `where` whose condition is known, negated, or the same as that of one of its branches."""
    condition, a, b = operands
    known = builder.number[condition]
    if known is not None:
        return a if known else b
    op, inner = builder.operation(condition)
    if op is ops.logical_not:
        return builder.instruction(ops.where, (inner[0], b, a))
    op, inner = builder.operation(a)
    if op is ops.where and inner[0] == condition:
        return builder.instruction(ops.where, (condition, inner[1], b))
    op, inner = builder.operation(b)
    if op is ops.where and inner[0] == condition:
        return builder.instruction(ops.where, (condition, a, inner[2]))
    return a if a == b else None


def _taken(builder: _Builder, operands: tuple[int, ...]) -> int | None:
    index, options = builder.number[operands[0]], operands[1:]
    return options[int(index)] if index in range(len(options)) else None


def _power(builder: _Builder, operands: tuple[int, ...]) -> int | None:
    """x¹ and x⁰."""
    exponent = builder.number[operands[1]]
    if exponent == 1.0:
        return operands[0]
    return builder.constant(1.0) if exponent == 0.0 else None


def _joined(decides: bool) -> Rule:
    """`and` and `or` with a known side, or with the same on both."""

    def rule(builder: _Builder, operands: tuple[int, ...]) -> int | None:
        a, b = operands
        for x, other in ((a, b), (b, a)):
            known = builder.number[x]
            if known is not None:
                return x if known is decides else other
        return a if a == b else None

    return rule


_RULES: dict[Op, Rule] = {
    ops.add: _neutral(-0.0, left=True),
    ops.subtract: _neutral(0.0, left=False),
    ops.multiply: _neutral(1.0, left=True),
    ops.divide: _neutral(1.0, left=False),
    ops.pow: _power,
    ops.negative: lambda builder, operands: _undoes_itself(builder, ops.negative, *operands),
    ops.where: _choice,
    ops.take: _taken,
    ops.logical_and: _joined(False),
    ops.logical_or: _joined(True),
    ops.logical_not: lambda builder, operands: _undoes_itself(builder, ops.logical_not, *operands),
}


# -- chains of additions -------------------------------------------------------------------------


class _Chain:
    """(((a + b) + c) + d): its terms, in order, and the slots of the additions but the last."""

    __slots__ = ("links", "terms")

    def __init__(self, first: int) -> None:
        self.terms = [first]
        self.links: list[int] = []


def _with_gathered_sums(program: Program) -> Program:
    """Long chains of additions as one `sum`, or, as far as they are of products, one `dot`.

    Both add from left to right, so the bits are the same.
    """
    uses = [0] * len(program)
    for _, operands in program.instructions:
        for i in operands:
            uses[i] += 1
    for i in program.outputs:
        uses[i] += 1
    chains = {
        slot: chain
        for slot, chain in _chains(program, uses).items()
        if len(chain.terms) >= LONG_CHAIN
    }
    if not chains:
        return program
    products = {slot: _products(program, chain, uses) for slot, chain in chains.items()}
    absorbed = {i for chain in chains.values() for i in chain.links}
    for slot, factors in products.items():
        absorbed.update(chains[slot].terms[: len(factors)])
    slots = list(range(len(program)))
    instructions: list[tuple[Op, tuple[int, ...]]] = []

    def emit(op: Op, operands: Sequence[int]) -> int:
        instructions.append((op, tuple([slots[i] for i in operands])))
        return program.first + len(instructions) - 1

    for slot, op, operands in program.numbered():
        if slot in chains:
            factors, rest = products[slot], chains[slot].terms[len(products[slot]) :]
            if factors:
                columns = [w for w, _ in factors] + [x for _, x in factors]
                slots[slot] = emit(ops.dot, columns)
                rest = [slot, *rest]
            if len(rest) > 1:
                slots[slot] = emit(ops.sum, rest)
        elif slot not in absorbed:
            slots[slot] = emit(op, operands)
    outputs = [slots[i] for i in program.outputs]
    return Program(program.inputs, program.lane_inputs, program.constants, instructions, outputs)


def _chains(program: Program, uses: list[int]) -> dict[int, _Chain]:
    """By the slot of its last addition every chain whose additions before it have no other use.

    What is the same for all lanes is added up once: a chain of lanes begins after it.
    """
    chains: dict[int, _Chain] = {}
    is_lane = program.is_lane

    def goes_on(before: int, slot: int) -> bool:
        return before in chains and uses[before] == 1 and is_lane[before] == is_lane[slot]

    for slot, op, operands in program.numbered():
        if op is ops.add:
            a, b = operands
            if not goes_on(a, slot) and goes_on(b, slot):
                a, b = b, a  # addition commutes: the chain may stand right
            if goes_on(a, slot):
                chain = chains.pop(a)
                chain.links.append(a)
            else:
                chain = _Chain(a)
            chain.terms.append(b)
            chains[slot] = chain
    return chains


def _products(program: Program, chain: _Chain, uses: list[int]) -> list[tuple[int, ...]]:
    """The factors of the products that the chain begins with, as far as they have no other use."""
    factors = []
    for term in chain.terms:
        if term < program.first or uses[term] > 1:
            break
        op, operands = program.instructions[term - program.first]
        if op is not ops.multiply:
            break
        factors.append(operands)
    return factors if len(factors) > 1 else []
