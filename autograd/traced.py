"""Values without a number: what a function is given while its graph is traced."""

from __future__ import annotations

from contextvars import ContextVar

from autograd import ops
from autograd.real import describe, is_array
from autograd.value import NoNumber, Value, _binary, _new, _slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, NoReturn

    from autograd.ops import Op

_JOINS = (ops.logical_and, ops.logical_or, ops.logical_not)
# Whether this thread is inside a function that vmap maps over lanes: there a lane is one number.
inside_lanes = ContextVar("inside_lanes", default=False)


class Traced(Value):
    """A Value whose number is not known yet; whatever is computed from it is one, too.

    The graph it leaves behind is the trace. `is_lane` tells one number for each of many samples
    from one for all. A comparison gives a truth value, which `where` takes, and `&`, `|` and `~`.
    Whatever needs the number now (`if`, `float()`, `.data`) raises a TypeError that says what to
    do.
    """

    __slots__ = ("is_lane",)
    is_traced = True
    is_lane: bool

    @property
    def data(self) -> float:
        """There is none while tracing: TypeError."""
        self._refuse(".data")

    @data.setter
    def data(self, number: float) -> None:
        self._refuse(".data")

    @property
    def grad(self) -> float:
        """There is none while tracing: TypeError."""
        self._refuse(".grad")

    @grad.setter
    def grad(self, number: float) -> None:
        self._refuse(".grad")

    @property
    def local_grads(self) -> tuple[float, ...]:
        """There are none while tracing: TypeError."""
        self._refuse(".local_grads")

    @property
    def is_truth(self) -> bool:
        """Whether it stands for True or False."""
        return self.op is not None and not self.op.partials and self.op is not ops.lane_count

    @staticmethod
    def record(op: Op, operands: Sequence[Value | float]) -> Value:
        """The node of `op` on operands of which one has no number."""
        if op in _JOINS:
            return _join(op, [_as_truth(x) for x in operands])  # type: ignore[no-any-return]
        first = 1 if op is ops.where else 0
        xs = [*operands[:first], *[_as_number(x) for x in operands[first:]]]
        if op.select and not isinstance(xs[0], Traced):
            selector = xs[0].data if isinstance(xs[0], Value) else xs[0]
            chosen = xs[op.select(selector, *xs[1:])]
            return chosen if isinstance(chosen, Value) else Value(chosen)
        return _traced(op, xs, _any_lane(xs))

    # -- what asks for a number ------------------------------------------------------------------

    def _refuse(self, what: str) -> NoReturn:
        raise NoNumber(
            f"{what} of {self!r} has no value while tracing; compute with it, choose by "
            "where(condition, a, b) or take(list, index), or call the function without jit",
            self,
        )

    def __bool__(self) -> bool:
        raise NoNumber(
            f"the truth of {self!r} has no value while tracing, so `if`, `while`, `and`, `or` and "
            "`not` cannot go by it; use where(x > 0, a, b), and & | ~ to join comparisons",
            self,
        )

    def __hash__(self) -> int:
        raise NoNumber(
            f"{self!r} has no value while tracing, so a dict or set cannot look it up; "
            "use take(list, index)",
            self,
        )

    def __float__(self) -> float:
        self._refuse("float()")

    def __int__(self) -> int:
        self._refuse("int()")

    def __index__(self) -> int:
        raise NoNumber(
            f"{self!r} has no value while tracing, so a Python list cannot be indexed by it; "
            "use take(list, index)",
            self,
        )

    def backward(self) -> None:
        """Not while tracing: TypeError that names `grad`."""
        raise NoNumber("backward() writes numbers, and tracing has none; use grad(f) in jit", self)

    def __repr__(self) -> str:
        name = self.label or (self.op.name if self.op else "input")
        return f"<traced {'lane ' if self.is_lane else ''}{name}>"

    # -- truth values ----------------------------------------------------------------------------

    def __and__(self, other: Any) -> Value:
        return Traced.record(ops.logical_and, _truths(self, other))

    def __or__(self, other: Any) -> Value:
        return Traced.record(ops.logical_or, _truths(self, other))

    __rand__, __ror__ = __and__, __or__

    def __invert__(self) -> Value:
        return Traced.record(ops.logical_not, _truths(self))


def placeholder(label: str, is_lane: bool = False) -> Traced:
    """An input of the function that is traced."""
    return _traced(None, (), is_lane, label)


def lane_sum(x: Value | float) -> Traced:
    """The sum over all lanes, which is no lane."""
    return _traced(ops.lane_sum, (as_lane(_as_number(x)),), False)


def lane_count() -> Traced:
    """How many lanes there are."""
    return _traced(ops.lane_count, (), False)


def as_lane(x: Value | float) -> Traced:
    """x as a lane, the same number in each, if it is none yet."""
    return x if isinstance(x, Traced) and x.is_lane else lane_alias(x)


def lane_alias(x: Value | float) -> Traced:
    """Another name for x, as a lane."""
    return _traced(ops.alias, (x,), True)


def is_lane(x: object) -> bool:
    """Whether x stands for one number in each lane."""
    return isinstance(x, Traced) and x.is_lane


def _traced(op: Op | None, operands: Sequence[Any], is_lane: bool, label: str = "") -> Traced:
    node: Traced = _new(Traced)
    node.op = op
    marks = [0.0 for x in operands if isinstance(x, Value)]  # local gradients come when asked for
    node._a, node._b, node._da, node._db = _slots(operands, marks)
    node._scratch = None
    node.is_lane = is_lane
    if label:
        node._label = label
    return node


def _any_lane(xs: Sequence[Any]) -> bool:
    return any(x.__class__ is Traced and x.is_lane for x in xs)


def _as_number(x: Any) -> Any:
    """A truth value as 1.0 or 0.0."""
    if x.__class__ is Traced and x.is_truth:
        return _traced(ops.where, (x, 1.0, 0.0), x.is_lane)
    return x


def _as_truth(x: Any) -> Any:
    """A number as whether it is not 0; a Python bool where the number is known."""
    if not isinstance(x, Traced):
        return bool(x)
    return x if x.is_truth else _traced(ops.not_equal, (x, 0.0), x.is_lane)


def _truths(*xs: Any) -> tuple[Any, ...]:
    """Operands of & | ~. TypeError for a number, of which Python's own would take the bits."""
    for x in xs:
        if not (getattr(x, "is_truth", False) or type(x).__name__ in ("bool", "bool_")):
            raise TypeError(
                f"& | ~ join comparisons, as in (x > 0) & (x < 1), and not {describe(x)}"
            )
    return tuple([x if isinstance(x, Traced) else bool(x) for x in xs])


def _join(op: Op, truths: list[Any]) -> Any:
    """The operation on truth values; a known one decides it, or leaves it to the other."""
    known = [t for t in truths if isinstance(t, bool)]
    if not known:
        return _traced(op, truths, _any_lane(truths))
    decides = op is ops.logical_or  # True decides an `or`, False an `and`
    other = next(t for t in truths if not isinstance(t, bool))
    return decides if known[0] is decides else other


# -- the operators, which read no number ---------------------------------------------------------


def _operator(op: Op) -> Callable[[Any, Any], Any]:
    return lambda self, other: _binary(op, self, _beside_lanes(self, other))


def _reflected(op: Op) -> Callable[[Any, Any], Any]:
    return lambda self, other: _binary(op, _beside_lanes(self, other), self)


def _beside_lanes(x: Traced, other: Any) -> Any:
    """The other operand, if it is no array beside what vmap gave one of for each lane."""
    if x.is_lane and not inside_lanes.get() and (is_array(other) or hasattr(other, "unrolled")):
        raise TypeError(
            "inside jit, what vmap stacks does not combine with an array outside of vmap; "
            "give the array to the function that vmap maps"
        )
    return other


def _reduction(x: Traced) -> NoReturn:
    """NumPy's sum, mean, …: of lanes, TypeError; of one number there is no such method."""
    if x.is_lane and not inside_lanes.get():
        raise TypeError(
            'inside jit, what vmap stacks is one number for each lane; give vmap reduce="sum" or '
            'reduce="mean"'
        )
    raise AttributeError("a traced Value has no axes")


for _name in ("sum", "mean", "var", "std", "min", "max", "prod"):
    setattr(Traced, _name, property(_reduction))
for _name, _op in {
    "add": ops.add,
    "sub": ops.subtract,
    "mul": ops.multiply,
    "truediv": ops.divide,
    "pow": ops.pow,
    "mod": ops.remainder,
    "floordiv": ops.floor_divide,
}.items():
    setattr(Traced, f"__{_name}__", _operator(_op))
    setattr(Traced, f"__r{_name}__", _reflected(_op))
for _name, _op in {
    "lt": ops.less,
    "le": ops.less_equal,
    "gt": ops.greater,
    "ge": ops.greater_equal,
    "eq": ops.equal,
    "ne": ops.not_equal,
}.items():
    setattr(Traced, f"__{_name}__", _operator(_op))
Traced.__neg__ = lambda self: Value.record(ops.negative, (self,))  # type: ignore[method-assign]
