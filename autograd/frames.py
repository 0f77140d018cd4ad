"""A forward and a backward pass as a sequence of frames: what each node does, and with what."""

from __future__ import annotations

from autograd.real import describe
from autograd.value import Value, topological_order
from autograd.wording import INFIX, names_of, number, symbol_between

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

OPERANDS = 5  # of an operation that are written out: more are cut to two, … and the last


class Gift:
    """What a node gives to one parent: ∂L/∂parent += ∂L/∂node · ∂node/∂parent.

    `contribution` is `adjoint * local_grad`; `before` and `after` are the parent's gradient.
    """

    __slots__ = ("adjoint", "after", "before", "contribution", "local_grad", "parent")

    def __init__(
        self, parent: Value, adjoint: float, local_grad: float, before: float, after: float
    ) -> None:
        self.parent = parent
        self.adjoint = adjoint
        self.local_grad = local_grad
        self.contribution = adjoint * local_grad
        self.before = before
        self.after = after

    def __repr__(self) -> str:
        return f"Gift({self.contribution}, before={self.before}, after={self.after})"


class Frame:
    """One step of the two passes.

    `kind` is "forward" (`node` gets its value), "seed" (the root's gradient is 1) or "backward"
    (`node` gives to its parents: one of `gifts` for each, in order). `str(frame)` says it in words.
    """

    __slots__ = ("gifts", "index", "kind", "node", "text")

    def __init__(
        self, index: int, kind: str, node: Value, gifts: tuple[Gift, ...], text: str
    ) -> None:
        self.index = index
        self.kind = kind
        self.node = node
        self.gifts = gifts
        self.text = text

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Frame {self.index}: {self.text}>"


class Frames:
    """Both passes through the graph of a Value, from its local gradients; nothing is changed.

    All values, in topological order, then the seed, then what each operation gives to its
    parents, in reverse order. A pass begins with gradients of 0, as after `zero_grad`; with
    `forget_zero_grad` the leaves begin with what such a pass leaves in them. With `overwrite` a
    parent's gradient is replaced instead of added to. Both are mistakes that everyone makes once.

    The numbers are those of the moment when it is made: a later change of `.data` is not seen.
    Every frame is made when it is asked for; all of them cost O(edges).
    """

    __slots__ = ("_backward", "_data", "_gifts", "_names", "forget_zero_grad", "order", "overwrite")

    def __init__(
        self,
        root: Value,
        names: Mapping[str, object] | None = None,
        *,
        forget_zero_grad: bool = False,
        overwrite: bool = False,
    ) -> None:
        self.order = topological_order(root)
        self.forget_zero_grad = forget_zero_grad
        self.overwrite = overwrite
        called = names_of(self.order, names)
        self._names = {id(node): name for node, name in zip(self.order, called, strict=True)}
        self._data = {id(node): node.data for node in self.order}
        self._backward = [node for node in reversed(self.order) if node.parents]
        self._gifts: dict[int, list[Gift]] | None = None

    def __len__(self) -> int:
        return len(self.order) + 1 + len(self._backward)

    def __getitem__(self, index: int) -> Frame:
        index = self.index(index)
        forward = len(self.order)
        if index < forward:
            node = self.order[index]
            return Frame(index, "forward", node, (), f"forward   {self._equation(node)}")
        root = self._names[id(self.order[-1])]
        if index == forward:
            return Frame(index, "seed", self.order[-1], (), f"seed      ∂{root}/∂{root} = 1")
        node = self._backward[index - forward - 1]
        gifts = self.gifts_of(node)
        lines = [self._giving(root, node, gift) for gift in gifts]
        return Frame(index, "backward", node, gifts, "\n".join(lines))

    def index(self, index: int) -> int:
        """The same number counted from the first frame, where it may count from the last, as -1.

        TypeError for what is no whole number, IndexError where there is no such frame.
        """
        if not hasattr(index, "__index__"):
            raise TypeError(f"a frame is asked for by its number, not by {describe(index)}")
        if not -len(self) <= index < len(self):
            raise IndexError(f"frame {index} of {len(self)}: they are 0 to {len(self) - 1}")
        return index.__index__() % len(self)

    def data_of(self, node: Value) -> float:
        """The node's number, as it was when the frames were made."""
        return self._data[id(node)]

    def __iter__(self) -> Iterator[Frame]:
        return map(self.__getitem__, range(len(self)))

    def gifts_of(self, node: Value) -> tuple[Gift, ...]:
        """What the node gives to each of its parents, in order; () for a leaf."""
        if self._gifts is None:
            self._gifts = {}
            for giver, gift in self._sweep(self._start()):
                self._gifts.setdefault(id(giver), []).append(gift)
        return tuple(self._gifts.get(id(node), ()))

    def gradients(self) -> dict[int, float]:
        """What every node's gradient is at the end, by the id of the node."""
        grads = {id(self.order[-1]): 1.0}
        for _, gift in self._sweep(self._start()):
            grads[id(gift.parent)] = gift.after
        return grads

    # -- the sweep -------------------------------------------------------------------------------

    def _start(self) -> dict[int, float]:
        """The gradients that the pass begins with: none, or what one before left in the leaves."""
        if not self.forget_zero_grad:
            return {}
        before = self._sweep({})
        return {id(gift.parent): gift.after for _, gift in before if gift.parent.op is None}

    def _sweep(self, grads: dict[int, float]) -> Iterator[tuple[Value, Gift]]:
        """All gifts with their givers, in the order of time; a sum starts from its first term."""
        grads[id(self.order[-1])] = 1.0
        for node in self._backward:
            adjoint = grads[id(node)]
            for parent, local_grad in zip(node.parents, node.local_grads, strict=True):
                before, after = grads.get(id(parent)), adjoint * local_grad
                if before is None:
                    before = 0.0
                elif not self.overwrite:
                    after = before + after
                grads[id(parent)] = after
                yield node, Gift(parent, adjoint, local_grad, before, after)

    # -- in words --------------------------------------------------------------------------------

    def _equation(self, node: Value) -> str:
        """`v3 = x × w = 2 × -3 = -6`, or `x = 2` of a leaf."""
        name, value = self._names[id(node)], number(self._data[id(node)])
        if node.op is None:
            return f"{name} = {value}"
        called, numbers = [], []
        for x in node.operands:
            digits = number(self._data[id(x)] if isinstance(x, Value) else x)
            called.append(self._names[id(x)] if isinstance(x, Value) else digits)
            numbers.append(digits)
        return f"{name} = {_applied(node, called)} = {_applied(node, numbers)} = {value}"

    def _giving(self, root: str, node: Value, gift: Gift) -> str:
        above, below = self._names[id(gift.parent)], self._names[id(node)]
        sign = "=" if self.overwrite else "+="
        return (
            f"backward  ∂{root}/∂{above} {sign} ∂{root}/∂{below} · ∂{below}/∂{above} = "
            f"{number(gift.adjoint)} × {number(gift.local_grad)} = {number(gift.contribution)} "
            f"({number(gift.before)} → {number(gift.after)})"
        )


def _applied(node: Value, operands: Sequence[str]) -> str:
    """The operation on operands that are written already."""
    op = node.op
    assert op
    if op.name in INFIX and len(operands) == 2:
        base = operands[0]
        if op.name == "pow" and base.startswith("-"):
            base = f"({base})"  # -3 ^ 2 would read as -(3 ^ 2)
        return f"{base} {symbol_between(op)} {operands[1]}"
    if op.name == "negative":
        return f"−{operands[0]}" if not operands[0].startswith("-") else f"−({operands[0]})"
    shown = operands
    if len(operands) > OPERANDS:
        shown = [*operands[:2], "…", operands[-1]]
    return f"{op.name}({', '.join(shown)})"
