"""A graph as a program of its leaves: the value of every node and every local gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd.program import Program
from autograd.simplify import simplify
from autograd.trace import program_of
from autograd.traced import placeholder
from autograd.value import Value
from autograd.wording import plain_number

# What an operation, or a loss, of the user's own may raise on Values that have no number.
UNTRACEABLE = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)


def live_program(order: Sequence[Value]) -> Program:
    """From the leaves, in their order: each node's data, then each edge's local gradient.

    `order` is a topological order. The graph is built once more on leaves without numbers, by its
    own operations, and the local gradients come from the table's partials: what the eager forward
    pass recorded, as a program. What Python decided when it was built (`if`, `where`, `take`) stays
    decided. An edge is a node and the place of a parent among its parents. O(edges) and the
    partials' own operations.

    >>> from autograd import topological_order
    >>> x = Value(3.0, label="x")
    >>> live_program(topological_order(x * x)).run([5.0])
    [5.0, 25.0, 5.0, 5.0]
    """
    again: dict[int, Any] = {}
    inputs, local_grads = [], []
    for node in order:
        if node.op is None:
            again[id(node)] = placeholder(node.label)
            inputs.append(again[id(node)])
            continue
        operands = tuple([again[id(x)] if isinstance(x, Value) else x for x in node.operands])
        again[id(node)] = y = node.op(*operands)
        for x, partial in zip(operands, node.op.local_grads(y, operands), strict=True):
            if isinstance(x, Value):
                local_grads.append(partial)
    outputs = [again[id(node)] for node in order]
    return simplify(program_of([*outputs, *local_grads], inputs))


def plain_program(program: Program) -> dict[str, object]:
    """A program as lists of numbers and names, ready for JSON; `program.js` runs it.

    Floats that JSON does not know are the strings "nan", "inf" and "-inf".

    >>> from autograd import ops
    >>> plain_program(Program(["x"], [False], [2.0], [(ops.multiply, (0, 1))], [2]))["ops"]
    ['multiply']
    """
    names = list(dict.fromkeys(op.name for op, _ in program.instructions))
    position = {name: i for i, name in enumerate(names)}
    return {
        "inputs": len(program.inputs),
        "lanes": list(program.lane_inputs),
        "constants": [plain_number(x) for x in program.constants],
        "ops": names,
        "op": [position[op.name] for op, _ in program.instructions],
        "operands": [list(operands) for _, operands in program.instructions],
        "outputs": list(program.outputs),
    }
