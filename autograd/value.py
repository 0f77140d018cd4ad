"""A number that remembers how it was computed, so that its gradient can be read back."""

from __future__ import annotations

from collections import deque

from autograd import anomaly, ieee, ops, source
from autograd.real import as_float, describe, is_array, is_real

TYPE_CHECKING = False  # the checker's own flag, without the 10 ms that `import typing` costs
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from autograd.ops import Op


class NoNumber(TypeError):
    """What asking a traced Value for its number raises; it says which one was asked."""

    def __init__(self, message: str, traced: Any) -> None:
        super().__init__(message)
        self.traced = traced


class Value:
    """A number, its gradient, and the operation that made it from its operands.

    `data` and `grad` are floats. `grad` is 0.0 until `backward()` of something computed from this
    Value writes it. `op` is the row of the table that made it, None for a leaf. Both numbers may
    be set, to floats: `x.data -= 0.1 * x.grad; x.grad = 0.0`.

    Any real number becomes a float, once; TypeError for anything else.

    >>> x, w = Value(2.0, label="x"), Value(-3.0, label="w")
    >>> y = (x * w).tanh()
    >>> y.backward()
    >>> y
    Value(data=-0.9999877116507956, grad=1.0)
    >>> w.grad == 2 * (1 - y.data**2)
    False
    >>> w.grad  # from 4σ(2x)σ(-2x), where 1 - tanh² has lost its last digits
    4.91530948...e-05

    A graph of n edges takes O(n) to build and O(n) to differentiate, whatever its depth.
    """

    # A node holds up to two operands and their partials in slots of its own, since each tuple is
    # one more object for the garbage collector. With more operands, `_a` is the tuple of all,
    # `_b` the tuple of the Values among them, and `_da` the tuple of the partials of those.
    # A partial of None marks an operand that is a plain number. A slot that is not set costs the
    # collector nothing: `_label` and `_source` are set only where there is something to say.
    # No node points to its consumers, so graphs are freed by reference count alone.
    __slots__ = (
        "_a",
        "_b",
        "_da",
        "_db",
        "_label",
        "_scratch",
        "_source",
        "data",
        "grad",
        "op",
    )
    __array_ufunc__ = None  # NumPy leaves `array * value` to Value.__rmul__

    is_traced = False  # a number is there

    data: float
    grad: float
    op: Op | None
    _a: Any
    _b: Any
    _da: Any
    _db: Any
    _scratch: Any
    _label: str
    _source: str

    def __init__(self, data: float, label: str = "") -> None:
        self.data = data if data.__class__ is float else as_float(data)
        self.grad = 0.0
        if label != "":
            self.label = label
        self.op = self._a = self._b = self._da = self._db = self._scratch = None
        if source._recorders:
            self._source = source.calling_line()

    # -- the graph -------------------------------------------------------------------------------

    @property
    def operands(self) -> tuple[Value | float, ...]:
        """What the operation was given, in order: `op.value(*their data) == data`, bit for bit."""
        a, b = self._a, self._b
        if isinstance(a, tuple):
            return a
        return () if a is None else (a,) if b is None else (a, b)

    @property
    def parents(self) -> tuple[Value, ...]:
        """The Values among the operands: one that is used twice stands there twice."""
        if isinstance(self._da, tuple):
            return tuple(self._b)
        first = () if self._da is None else (self._a,)
        return first if self._db is None else (*first, self._b)

    @property
    def local_grads(self) -> tuple[float, ...]:
        """∂self/∂parent for each of the parents, as the forward pass recorded them."""
        if isinstance(self._da, tuple):
            return self._da
        first = () if self._da is None else (self._da,)
        return first if self._db is None else (*first, self._db)

    @property
    def label(self) -> str:
        """The name that a picture and an error give it; any str, "" if none was set."""
        return getattr(self, "_label", "")

    @label.setter
    def label(self, label: str) -> None:
        if not isinstance(label, str):
            raise TypeError(f"label is a str, not {describe(label)}")
        self._label = label

    @property
    def source(self) -> str | None:
        """`file:line in function` that made it, if `trace_source()` was on."""
        return getattr(self, "_source", None)

    @staticmethod
    def record(op: Op, operands: Sequence[Value | float]) -> Value:
        """The node of `op` on operands that are Values and floats; a bool from a comparison."""
        try:
            data = [x.data if isinstance(x, Value) else x for x in operands]
        except NoNumber as error:
            return error.traced.record(op, operands)  # type: ignore[no-any-return]
        y = op.value(*data)
        rules: Any = op.local
        if not rules:
            return y  # type: ignore[no-any-return]  # the bool of a comparison
        if op.select:  # a copy of one operand: the others leave the graph
            chosen = op.select(*data)
            operands = [x if i == chosen else data[i] for i, x in enumerate(operands)]
        if callable(rules):
            pairs = zip(rules(y, *data), operands, strict=True)
            local_grads = [partial for partial, x in pairs if isinstance(x, Value)]
        else:
            pairs = zip(rules, operands, strict=True)
            local_grads = [rule(y, *data) for rule, x in pairs if isinstance(x, Value)]
        return _node(y, op, *_slots(operands, local_grads))

    # -- backpropagation -------------------------------------------------------------------------

    def backward(self) -> None:
        """Write ∂self/∂node into the `.grad` of every node that self was computed from.

        Leaves add to the gradient that they have; interior nodes hold this pass's. Each node is
        visited once and each edge costs one multiply-add (reverse accumulation: Linnainmaa 1970).
        An exception or Ctrl-C on the way leaves every gradient as it was.

        >>> x = Value(3.0)
        >>> y = x * x
        >>> y.backward()
        >>> y.backward()
        >>> x.grad
        12.0
        """
        order = _sweep((self,), (1.0,), _token())
        try:
            sums = [n._scratch if n.op else n.grad + n._scratch for n in order]
        except TypeError:
            wrong = next(n for n in order if not n.op and not is_real(n.grad))
            raise TypeError(
                f"a leaf's grad is a float, not {describe(wrong.grad)}; set x.grad = 0.0"
            ) from None
        deque(map(_set_grad, order, sums), maxlen=0)  # one C call, which Ctrl-C cannot split

    # -- arithmetic ------------------------------------------------------------------------------
    # The operators inline their row's formulas; a test holds them to the row, bit for bit.

    def __add__(self, other: Value | float) -> Value:
        if type(other) is Value:
            return _node(self.data + other.data, ops.add, self, other, 1.0, 1.0)
        if type(other) is float or type(other) is int:
            return _node(self.data + other, ops.add, self, float(other), 1.0, None)
        return _binary(ops.add, self, other)

    def __radd__(self, other: float) -> Value:
        if type(other) is float or type(other) is int:
            return _node(other + self.data, ops.add, float(other), self, None, 1.0)
        return _binary(ops.add, other, self)

    def __sub__(self, other: Value | float) -> Value:
        if type(other) is Value:
            return _node(self.data - other.data, ops.subtract, self, other, 1.0, -1.0)
        if type(other) is float or type(other) is int:
            return _node(self.data - other, ops.subtract, self, float(other), 1.0, None)
        return _binary(ops.subtract, self, other)

    def __rsub__(self, other: float) -> Value:
        if type(other) is float or type(other) is int:
            return _node(other - self.data, ops.subtract, float(other), self, None, -1.0)
        return _binary(ops.subtract, other, self)

    def __mul__(self, other: Value | float) -> Value:
        if type(other) is Value:
            a, b = self.data, other.data
            return _node(a * b, ops.multiply, self, other, b, a)
        if type(other) is float or type(other) is int:
            factor = float(other)
            return _node(self.data * factor, ops.multiply, self, factor, factor, None)
        return _binary(ops.multiply, self, other)

    def __rmul__(self, other: float) -> Value:
        if type(other) is float or type(other) is int:
            factor = float(other)
            return _node(factor * self.data, ops.multiply, factor, self, None, factor)
        return _binary(ops.multiply, other, self)

    def __truediv__(self, other: Value | float) -> Value:
        if type(other) is Value:
            y, b = ieee.divide(self.data, other.data), other.data
            return _node(y, ops.divide, self, other, ieee.divide(1.0, b), -ieee.divide(y, b))
        return _binary(ops.divide, self, other)

    def __pow__(self, other: Value | float) -> Value:
        if type(other) is float or type(other) is int:
            a, b = self.data, float(other)
            y = ieee.pow(a, b)
            if y == y and 0.0 != b == b - 1.0 + 1.0 != b - 1.0:  # b - 1 is exact
                return _node(y, ops.pow, self, b, b * ieee.pow(a, b - 1.0), None)
        return _binary(ops.pow, self, other)

    def __mod__(self, other: Value | float) -> Value:
        return _binary(ops.remainder, self, other)

    def __floordiv__(self, other: Value | float) -> Value:
        return _binary(ops.floor_divide, self, other)

    def __rtruediv__(self, other: float) -> Value:
        return _binary(ops.divide, other, self)

    def __rpow__(self, other: float) -> Value:
        return _binary(ops.pow, other, self)

    def __rmod__(self, other: float) -> Value:
        return _binary(ops.remainder, other, self)

    def __rfloordiv__(self, other: float) -> Value:
        return _binary(ops.floor_divide, other, self)

    def __neg__(self) -> Value:
        return _node(-self.data, ops.negative, self, None, -1.0, None)

    def __pos__(self) -> Value:
        return self

    conjugate = __pos__  # which NumPy's var and vdot call

    def __abs__(self) -> Value:
        return _unary(ops.abs, self)

    def __floor__(self) -> Value:
        return _unary(ops.floor, self)

    def __ceil__(self) -> Value:
        return _unary(ops.ceil, self)

    def __round__(self) -> Value:
        return _unary(ops.round, self)

    # -- comparisons, by value -------------------------------------------------------------------

    def __lt__(self, other: Value | float) -> bool:
        return _compare(ops.less, self, other)

    def __le__(self, other: Value | float) -> bool:
        return _compare(ops.less_equal, self, other)

    def __gt__(self, other: Value | float) -> bool:
        return _compare(ops.greater, self, other)

    def __ge__(self, other: Value | float) -> bool:
        return _compare(ops.greater_equal, self, other)

    def __eq__(self, other: object) -> bool:
        return _compare(ops.equal, self, other)

    def __ne__(self, other: object) -> bool:
        return _compare(ops.not_equal, self, other)

    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        return self.data != 0.0

    # -- functions: each is the operation of its name, documented in `autograd.functions` ---------

    def exp(self) -> Value:
        """e^x."""
        return _unary(ops.exp, self)

    def exp2(self) -> Value:
        """2^x."""
        return _unary(ops.exp2, self)

    def expm1(self) -> Value:
        """e^x - 1, with every digit near 0."""
        return _unary(ops.expm1, self)

    def log(self) -> Value:
        """The natural logarithm; nan below 0."""
        return _unary(ops.log, self)

    def log1p(self) -> Value:
        """log(1 + x), with every digit near 0."""
        return _unary(ops.log1p, self)

    def log2(self) -> Value:
        """The logarithm to base 2."""
        return _unary(ops.log2, self)

    def log10(self) -> Value:
        """The logarithm to base 10."""
        return _unary(ops.log10, self)

    def sqrt(self) -> Value:
        """√x; nan below 0."""
        return _unary(ops.sqrt, self)

    def cbrt(self) -> Value:
        """The real cube root."""
        return _unary(ops.cbrt, self)

    def sin(self) -> Value:
        """sin x, in radians."""
        return _unary(ops.sin, self)

    def cos(self) -> Value:
        """cos x, in radians."""
        return _unary(ops.cos, self)

    def tan(self) -> Value:
        """tan x, in radians."""
        return _unary(ops.tan, self)

    def asin(self) -> Value:
        """The angle in [-π/2, π/2] whose sine is x."""
        return _unary(ops.asin, self)

    def acos(self) -> Value:
        """The angle in [0, π] whose cosine is x."""
        return _unary(ops.acos, self)

    def atan(self) -> Value:
        """The angle in [-π/2, π/2] whose tangent is x."""
        return _unary(ops.atan, self)

    def sinh(self) -> Value:
        """(e^x - e^-x)/2."""
        return _unary(ops.sinh, self)

    def cosh(self) -> Value:
        """(e^x + e^-x)/2."""
        return _unary(ops.cosh, self)

    def tanh(self) -> Value:
        """(e^x - e^-x)/(e^x + e^-x)."""
        return _unary(ops.tanh, self)

    def asinh(self) -> Value:
        """The number whose hyperbolic sine is x."""
        return _unary(ops.asinh, self)

    def acosh(self) -> Value:
        """The number >= 0 whose hyperbolic cosine is x."""
        return _unary(ops.acosh, self)

    def atanh(self) -> Value:
        """The number whose hyperbolic tangent is x."""
        return _unary(ops.atanh, self)

    def erf(self) -> Value:
        """2/√π·∫₀ˣ e^(-t²) dt."""
        return _unary(ops.erf, self)

    def erfc(self) -> Value:
        """1 - erf x, with every digit where x is large."""
        return _unary(ops.erfc, self)

    def lgamma(self) -> Value:
        """log |Γ(x)|."""
        return _unary(ops.lgamma, self)

    def sigmoid(self) -> Value:
        """1/(1 + e^-x)."""
        return _unary(ops.sigmoid, self)

    def softplus(self) -> Value:
        """log(1 + e^x)."""
        return _unary(ops.softplus, self)

    def relu(self) -> Value:
        """max(x, 0)."""
        return _unary(ops.relu, self)

    def silu(self) -> Value:
        """x·sigmoid(x)."""
        return _unary(ops.silu, self)

    def gelu(self) -> Value:
        """x·Φ(x)."""
        return _unary(ops.gelu, self)

    def leaky_relu(self, slope: Value | float = 0.01) -> Value:
        """x for x > 0, slope·x below."""
        return Value.record(ops.leaky_relu, (self, as_operand(slope)))

    def elu(self, alpha: Value | float = 1.0) -> Value:
        """x for x > 0, alpha·(e^x - 1) below."""
        return Value.record(ops.elu, (self, as_operand(alpha)))

    def hypot(self, other: Value | float) -> Value:
        """√(x² + other²)."""
        return Value.record(ops.hypot, (self, as_operand(other)))

    def atan2(self, other: Value | float) -> Value:
        """The angle of the point (other, self), seen from the origin: self is its y."""
        return Value.record(ops.atan2, (self, as_operand(other)))

    # NumPy's ufuncs look for a method of their own name on the elements of an object array
    arcsin, arccos, arctan = asin, acos, atan
    arcsinh, arccosh, arctanh = asinh, acosh, atanh
    arctan2, rint, fabs = atan2, __round__, __abs__

    # -- as a Python object ----------------------------------------------------------------------

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"{type(self).__name__}(data={self.data}, grad={self.grad}{label})"

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    def __copy__(self) -> Value:
        return _twin(self, {})

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        from copy import deepcopy

        for node in topological_order(self):
            if id(node) not in memo:
                memo[id(node)] = twin = _twin(node, memo)
                if hasattr(node, "__dict__"):
                    vars(twin).update(deepcopy(vars(node), memo))
        result: Value = memo[id(self)]
        return result

    def __reduce__(self) -> tuple[Callable[..., Value], tuple[Any, ...]]:
        """The graph as flat rows, operands by position: deep graphs pickle without recursion."""
        order = topological_order(self)
        places = {id(node): place for place, node in enumerate(order)}
        return _from_rows, ([_row(node, places) for node in order],)


# -- making nodes --------------------------------------------------------------------------------

_new = object.__new__
_set_grad = vars(Value)["grad"].__set__  # the slot's own setter, in C


def _node(data: float, op: Op, a: Any, b: Any, da: Any, db: Any) -> Value:
    node = _new(Value)
    node.data = data
    node.grad = 0.0
    node.op = op
    node._a = a
    node._b = b
    node._da = da
    node._db = db
    node._scratch = None
    if source._recorders:
        node._source = source.calling_line()
    return node


def _slots(operands: Sequence[Any], local_grads: Iterable[float]) -> tuple[Any, Any, Any, Any]:
    """What a node keeps in `_a, _b, _da, _db`: operands, and a local gradient for each Value."""
    if len(operands) > 2:
        parents = tuple([x for x in operands if isinstance(x, Value)])
        return (*operands,), parents, (*local_grads,), None
    a, b = (*operands, None, None)[:2]
    partials = iter(local_grads)
    da = next(partials) if isinstance(a, Value) else None
    db = next(partials) if isinstance(b, Value) else None
    return a, b, da, db


def _unary(op: Any, x: Value) -> Value:
    if x.is_traced:
        return x.record(op, (x,))
    data = x.data
    y = op.value(data)
    return _node(y, op, x, None, op.local[0](y, data), None)


def _binary(op: Op, a: Any, b: Any) -> Value:
    """`a op b`, one of them a Value and the other what Python's operators may bring.

    A real number becomes a float, an array an object array of results, and for anything else the
    answer is NotImplemented, so that Python asks the other operand and then raises TypeError.
    """
    x = b if isinstance(a, Value) else a
    if is_array(x):
        of_element = (lambda e: _binary(op, a, e)) if x is b else (lambda e: _binary(op, e, b))
        return _elementwise(of_element, x)  # type: ignore[no-any-return]  # an array of Values
    if not (x.__class__ is float or isinstance(x, Value)):
        if not is_real(x):
            return NotImplemented  # type: ignore[no-any-return]  # Python's protocol
        a, b = (float(x), b) if x is a else (a, float(x))
    node: Value = (a if isinstance(a, Value) else b).record(op, (a, b))
    return node


def _compare(op: Op, a: Value, b: Any) -> bool:
    """Exact for an int of any size, as Python's own; an array of bools for an array."""
    answer: Any = op.value(a.data, b) if type(b) is int else _binary(op, a, b)
    if is_array(answer) and not any(getattr(x, "is_traced", False) for x in answer.flat):
        return answer.astype(bool)  # type: ignore[no-any-return]
    return answer  # type: ignore[no-any-return]


def _elementwise(function: Callable[[Any], Any], array: Any) -> Any:
    results = array.astype(object)
    for i, x in enumerate(array.flat):
        results.flat[i] = result = function(x)
        if result is NotImplemented:
            raise TypeError(f"expected an array of real numbers and Values, not of {describe(x)}")
    return results


def as_operand(x: Any) -> Any:
    """x itself if it is a Value, else x as a float."""
    return x if x.__class__ is float or isinstance(x, Value) else as_float(x)


# -- the walk ------------------------------------------------------------------------------------
# A walk marks a node with a token of its own in the node's scratch slot. The token is a float -0.0
# that no other walk has: adding to it gives what was added, bit for bit, so a sweep's sums begin
# there. A walk that an exception broke off leaves only marks that no later one takes for its own.


def _token() -> float:
    return float("-0.0")


def _walk(roots: Sequence[Value], token: float) -> list[Value]:
    """Depth-first post-order, without recursion, of what has not got the token yet."""
    order: list[Value] = []
    stack: list[Any] = list(roots[::-1])
    pop, push = stack.pop, stack.append
    while stack:
        node = pop()
        if node is None:  # all parents of the next one are in the order
            order.append(pop())
        elif node._scratch is not token:
            node._scratch = token
            da = node._da
            if da is None and node._db is None:
                order.append(node)
                continue
            push(node)
            push(None)
            if da.__class__ is tuple:
                stack += [x for x in node._b[::-1] if x._scratch is not token]
                continue
            if node._db is not None and node._b._scratch is not token:
                push(node._b)
            if da is not None and node._a._scratch is not token:
                push(node._a)
    return order


def topological_order(*roots: Value, leaves: Iterable[Value] = ()) -> list[Value]:
    """Every Value that the roots were computed from, and the roots, parents before children.

    The order is a function of the graph alone: depth first, first operands first. The walk stops
    short of `leaves`: neither they nor what they were computed from is in the order. O(edges).

    >>> x = Value(2.0, label="x")
    >>> [node.op.name if node.op else node.label for node in topological_order((x * x).exp())]
    ['x', 'multiply', 'exp']
    """
    token = _token()
    for leaf in leaves:
        leaf._scratch = token
    return _walk(roots, token)


def gradients(
    roots: Sequence[Value], seeds: Sequence[float], leaves: Sequence[Value]
) -> list[float]:
    """Σ seed · ∂root/∂leaf for each leaf, in one sweep that stops there. Writes no `.grad`."""
    token = _token()
    for leaf in leaves:
        leaf._scratch = token
    _sweep(roots, seeds, token)
    if anomaly.is_watching():
        anomaly.judge_adjoints(leaves, [leaf._scratch for leaf in leaves])
    return [0.0 if leaf._scratch is token else leaf._scratch for leaf in leaves]


def _sweep(roots: Sequence[Value], seeds: Sequence[float], token: float) -> list[Value]:
    """Leave Σ seed · ∂root/∂node in the scratch slot of every node; gives their order.

    Nodes that hold the token already are leaves: they add up, and what is behind is not touched.
    """
    order = _walk(roots, token)
    anomaly.judge_values(order)
    for root, seed in zip(roots, seeds, strict=True):
        root._scratch += seed
    for node in reversed(order):
        adjoint = node._scratch
        partial = node._da
        if partial.__class__ is tuple:
            for parent, local_grad in zip(node._b, partial):  # noqa: B905  # strict= is slower
                parent._scratch += adjoint * local_grad
            continue
        if partial is not None:
            node._a._scratch += adjoint * partial
        partial = node._db
        if partial is not None:
            node._b._scratch += adjoint * partial
    if anomaly.is_watching():
        anomaly.judge_adjoints(order, [node._scratch for node in order])
    return order


# -- copies --------------------------------------------------------------------------------------
# A row is all that a node has: its numbers, its operation, and the slots of its operands with
# others in the operands' places. What few nodes have comes last: label, source and attributes.


def _row(node: Value, others: dict[int, Any]) -> tuple[Any, ...]:
    """A node's row, with others (by the id of what they stand for) in its operands' places."""
    a, b, other = node._a, node._b, others.get
    if a.__class__ is tuple:
        a, b = tuple([other(id(x), x) for x in a]), tuple([other(id(x), x) for x in b])
    else:
        a, b = other(id(a), a), other(id(b), b)
    kind, label, made_at = type(node), getattr(node, "_label", None), getattr(node, "_source", None)
    rest = (kind, label, made_at, getattr(node, "__dict__", None))
    plain = kind is Value and label is made_at is None
    return node.data, node.grad, node.op, a, b, node._da, node._db, None if plain else rest


def _of_row(row: tuple[Any, ...]) -> Value:
    *slots, rest = row
    kind, label, made_at, attributes = rest or (Value, None, None, None)
    node: Value = _new(kind)
    node.data, node.grad, node.op, node._a, node._b, node._da, node._db = slots
    node._scratch = None
    if label:
        node._label = label
    if made_at:
        node._source = made_at
    if attributes:
        vars(node).update(attributes)
    return node


def _twin(node: Value, twins: dict[int, Any]) -> Value:
    """A new node like the given one, on the twins of those operands that have one."""
    return _of_row(_row(node, twins))


def _from_rows(rows: list[Any]) -> Value:
    """The graph that `Value.__reduce__` flattened; gives its root, which is the last row."""
    nodes: list[Value] = []

    def at(x: Any) -> Any:
        return nodes[x] if x.__class__ is int else x

    for data, grad, op, a, b, da, db, rest in rows:
        if a.__class__ is tuple:
            a, b = tuple(map(at, a)), tuple(map(at, b))
        nodes.append(_of_row((data, grad, op, at(a), at(b), da, db, rest)))
    return nodes[-1]
