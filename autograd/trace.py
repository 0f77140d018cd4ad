"""From the graph that a traced function leaves behind to a flat program."""

from __future__ import annotations

from autograd import ops
from autograd.program import Program
from autograd.value import Value, topological_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.program import Instruction
    from autograd.traced import Traced


def program_of(outputs: Sequence[Value | float], inputs: Sequence[Traced]) -> Program:
    """The program that computes the outputs from the inputs, in topological order.

    What has a number already (a float, a Value that no input reaches) becomes a constant; an alias
    is the slot of what it stands for. O(edges). ValueError where the graph has an input that is
    none of these: a traced Value that outlived its own trace.

    >>> from autograd.traced import placeholder
    >>> x = placeholder("x")
    >>> print(program_of([x * 2.0 + 1.0], [x]))
    input    %0 = x
    constant %1 = 2.0
    constant %2 = 1.0
    %3 = multiply %0 %1
    %4 = add %3 %2
    output   %4
    """
    order = topological_order(*[y for y in outputs if isinstance(y, Value)])
    nodes = [x for x in order if x.is_traced and x.op is not None]
    constants = _constants(nodes, outputs)
    slots = {id(x): i for i, x in enumerate(inputs)}
    _refuse_strangers(order, slots)
    first = len(inputs) + len(constants)
    instructions: list[Instruction] = []

    def slot(x: Value | float) -> int:
        if isinstance(x, Value) and x.is_traced:
            return slots[id(x)]
        return len(inputs) + constants[_bits(x.data if isinstance(x, Value) else x)]

    for node in nodes:
        assert node.op
        if node.op is ops.alias:
            slots[id(node)] = slot(node.operands[0])
        else:
            slots[id(node)] = first + len(instructions)
            instructions.append((node.op, tuple([slot(x) for x in node.operands])))
    return Program(
        [x.label or f"x{i}" for i, x in enumerate(inputs)],
        [x.is_lane for x in inputs],
        [float.fromhex(bits) for bits in constants],
        instructions,
        [slot(y) for y in outputs],
    )


def _constants(nodes: Sequence[Value], outputs: Sequence[Value | float]) -> dict[str, int]:
    """Every number that stands in the graph, by its bits, in the order of first use."""
    found: dict[str, int] = {}
    for x in [x for node in nodes for x in node.operands] + list(outputs):
        if not isinstance(x, Value):
            found.setdefault(_bits(x), len(found))
        elif not x.is_traced:
            found.setdefault(_bits(x.data), len(found))
    return found


def _bits(x: float) -> str:
    return float(x).hex()


def _refuse_strangers(order: Sequence[Value], slots: dict[int, int]) -> None:
    for x in order:
        if x.is_traced and x.op is None and id(x) not in slots:
            raise ValueError(
                f"{x!r} belongs to another trace: a traced Value lives only while its function "
                "runs; return what is needed instead of keeping it in a variable outside"
            )
