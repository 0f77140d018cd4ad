"""LLVM IR as text, written down by Python expressions.

A `Number` is one SSA value or constant with its type; its operators append instructions to the
`Function` that it belongs to. Types are LLVM's own spellings: "double" and "<8 x double>", "i64"
and "<8 x i64>", "i1" and "<8 x i1>", "ptr". Python's numbers become constants of the type of the
other operand, equal in all lanes.

>>> f = Function("twice_and_one", [("x", "double")], "double")
>>> (x,) = f.arguments
>>> f.ret(2.0 * x + 1.0)
>>> print(f.text())
define double @twice_and_one(double %x) {
entry:
  %v.1 = fmul double 0x4000000000000000, %x
  %v.2 = fadd double %v.1, 0x3FF0000000000000
  ret double %v.2
}
<BLANKLINE>
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

LANES = 8  # in every vector, whatever the machine's width is: LLVM splits it where it must
DOUBLE, INTEGER, TRUTH, POINTER = "double", "i64", "i1", "ptr"

# On every function that takes, gives or holds vectors, and on all of a module alike: without it a
# machine with AVX-512 splits vectors in two, and a caller would pass them otherwise than a callee.
WHOLE_VECTORS = 'nounwind "prefer-vector-width"="512" "min-legal-vector-width"="512"'


def vector(type: str) -> str:
    """The type of eight lanes of that type."""
    return f"<{LANES} x {type}>"


def scalar(type: str) -> str:
    """The type of one lane."""
    return type[1:-1].split(" x ")[1] if type.startswith("<") else type


def like(type: str, wanted: str) -> str:
    """The type of as many lanes as `type` has, of the scalar type wanted."""
    return vector(wanted) if type.startswith("<") else wanted


def name_for(name: str, type: str) -> str:
    """What a function is called for that type: "exp.s" for doubles, "exp.v" for lanes."""
    return f"{name}.{'v' if type.startswith('<') else 's'}"


def constant(type: str, x: float) -> str:
    """The spelling of a constant: a double by its bits, a vector as a splat."""
    kind = scalar(type)
    if kind == DOUBLE:
        word = f"0x{struct.unpack('<Q', struct.pack('<d', x))[0]:016X}"
    elif kind == TRUTH:
        word = "true" if x else "false"
    else:
        word = str(int(x))
    return f"splat ({kind} {word})" if type.startswith("<") else word


def _suffix(type: str) -> str:
    """How the name of an intrinsic spells a type."""
    short = {DOUBLE: "f64", INTEGER: "i64", TRUTH: "i1"}[scalar(type)]
    return f"v{LANES}{short}" if type.startswith("<") else short


class Function:
    """The lines of one function of IR, in order.

    `arguments` are its parameters as numbers. `calls` counts by name the calls of functions of
    the module, `declarations` has the lines that intrinsics and external functions need in it.
    `label` is the block that is being written, at first "entry". `fastmath` is put behind the
    opcode of arithmetic: "" or flags such as "reassoc contract nsz".
    """

    def __init__(
        self,
        name: str,
        parameters: Sequence[tuple[str, str]],
        result_type: str,
        attributes: str = "",
        fastmath: str = "",
        linkage: str = "",
    ) -> None:
        self.name = name
        self.fastmath = fastmath
        self.calls: dict[str, int] = {}  # how often
        self.declarations: dict[str, None] = {}
        self.arguments = [Number(self, type, f"%{name}") for name, type in parameters]
        listed = ", ".join(f"{type} %{name}" for name, type in parameters)
        head = ["define", linkage, result_type, f"@{name}({listed})", attributes]
        self._head = " ".join(filter(None, head))
        self.label = "entry"
        self._lines: list[str] = []
        self._count = 0
        self._phis: dict[str, tuple[int, list[str]]] = {}
        self._called: dict[str, tuple[int, str, Sequence[Number]]] = {}

    def text(self) -> str:
        """The whole definition."""
        return "\n".join([self._head + " {", *self._lines, "}", ""])

    def fresh(self, stem: str = "") -> str:
        """A name that nothing in this function bears yet, for a value or a block."""
        self._count += 1
        return f"{stem}.{self._count}"

    def emit(self, line: str) -> None:
        """Append an instruction that has no result."""
        if not self._lines:
            self.block(self.label)
        self._lines.append("  " + line)

    def value(self, type: str, instruction: str) -> Number:
        """Append an instruction and name its result."""
        name = f"%{self.fresh('v')}"
        self.emit(f"{name} = {instruction}")
        return Number(self, type, name)

    def number(self, type: str, x: float) -> Number:
        """A constant."""
        return Number(self, type, constant(type, x))

    # -- blocks ----------------------------------------------------------------------------------

    def block(self, label: str) -> None:
        """Begin a block; what came before must have ended with a branch."""
        self.label = label
        self._lines.append(f"{label}:")

    def branch(self, label: str) -> None:
        """Go on with that block."""
        self.emit(f"br label %{label}")

    def conditional_branch(self, condition: Number, yes: str, no: str) -> None:
        """Go on with the block `yes` where the i1 is true, else with `no`."""
        self.emit(f"br i1 {condition.text}, label %{yes}, label %{no}")

    def phi(self, type: str, incoming: Iterable[tuple[Number | float, str]]) -> Number:
        """The value that belongs to the block that control came from."""
        result = self.value(type, f"phi {type} ")
        self._phis[result.text] = (len(self._lines) - 1, [])
        for x, label in incoming:
            self.add_incoming(result, x, label)
        return result

    def add_incoming(self, phi: Number, x: Number | float, label: str) -> None:
        """One more value of a phi, which at the head of a loop exists only at its end."""
        place, pairs = self._phis[phi.text]
        pairs.append(f"[ {phi.like(x).text}, %{label} ]")
        self._lines[place] = f"  {phi.text} = phi {phi.type} {', '.join(pairs)}"

    # -- memory ----------------------------------------------------------------------------------

    def load(self, type: str, pointer: Number, align: int = 8) -> Number:
        """What lies at the pointer."""
        return self.value(type, f"load {type}, ptr {pointer.text}, align {align}")

    def store(self, x: Number, pointer: Number, align: int = 8) -> None:
        """Write a number to where the pointer points."""
        self.emit(f"store {x}, ptr {pointer.text}, align {align}")

    def element(self, pointer: Number, index: Number | int, type: str = DOUBLE) -> Number:
        """The pointer to an element of an array of that type."""
        place = index.text if isinstance(index, Number) else str(index)
        return self.value(POINTER, f"getelementptr {type}, ptr {pointer.text}, i64 {place}")

    # -- calls -----------------------------------------------------------------------------------

    def call(self, name: str, result_type: str, arguments: Sequence[Number]) -> Number:
        """Call a function of the same module; a "void" one gives a number without a value."""
        self.calls[name] = self.calls.get(name, 0) + 1
        result = self._call(name, result_type, arguments)
        self._called[result.text] = len(self._lines) - 1, name, arguments
        return result

    def widen(self, result: Number, name: str, index: int) -> Number:
        """Change the call that gave a number into one of a function of two results.

        The number becomes the result of that index; the other one is returned.
        """
        place, before, arguments = self._called.pop(result.text)
        self.calls[before] -= 1
        self.calls[name] = self.calls.get(name, 0) + 1
        type, both = result.type, f"%{self.fresh('v')}"
        pair = f"{{ {type}, {type} }}"
        other = Number(self, type, f"%{self.fresh('v')}")
        self._lines[place] = "\n".join(
            [
                f"  {both} = call {pair} @{name}({', '.join(map(str, arguments))})",
                f"  {result.text} = extractvalue {pair} {both}, {index}",
                f"  {other.text} = extractvalue {pair} {both}, {1 - index}",
            ]
        )
        return other

    def call_external(self, name: str, result_type: str, arguments: Sequence[Number]) -> Number:
        """Call a function from outside the module, and declare it."""
        types = ", ".join(x.type for x in arguments)
        self.declarations[f"declare {result_type} @{name}({types}) nounwind"] = None
        return self._call(name, result_type, arguments)

    def intrinsic(self, name: str, result_type: str, arguments: Sequence[Number]) -> Number:
        """Call an intrinsic of LLVM, named without its type's suffix, and declare it."""
        full = f"llvm.{name}.{_suffix(arguments[0].type)}"
        types = ", ".join(x.type for x in arguments)
        self.declarations[f"declare {result_type} @{full}({types})"] = None
        return self._call(full, result_type, arguments)

    def _call(self, name: str, result_type: str, arguments: Sequence[Number]) -> Number:
        call = f"call {result_type} @{name}({', '.join(map(str, arguments))})"
        if result_type == "void":
            self.emit(call)
            return Number(self, "void", "")
        return self.value(result_type, call)

    def ret(self, x: Number | None = None) -> None:
        """Return a number, or nothing."""
        self.emit(f"ret {'void' if x is None else x}")


class Number:
    """One value in IR: a result, a parameter or a constant, with its type."""

    __slots__ = ("function", "text", "type")

    def __init__(self, function: Function, type: str, text: str) -> None:
        self.function = function
        self.type = type
        self.text = text

    def __str__(self) -> str:
        return f"{self.type} {self.text}"

    __hash__ = None  # type: ignore[assignment]  # a number in IR is neither equal nor unequal yet

    def __eq__(self, other: object) -> bool:
        raise TypeError("== on a number in IR; use .equal() for an instruction, .text for its name")

    def __bool__(self) -> bool:
        raise TypeError("a number in IR has no truth yet; use select or a conditional branch")

    @property
    def is_float(self) -> bool:
        """Whether it is a double, or lanes of doubles."""
        return scalar(self.type) == DOUBLE

    def like(self, x: Number | float) -> Number:
        """x as a number of this one's type: Python's numbers become constants."""
        if not isinstance(x, Number):
            return self.function.number(self.type, x)
        if x.type != self.type:
            raise TypeError(f"operands of types {self.type} and {x.type}; splat the uniform one")
        return x

    def _operate(self, opcode: str, other: Number | float, swapped: bool = False) -> Number:
        pair = (self.like(other), self) if swapped else (self, self.like(other))
        return self.function.value(
            self.type, f"{opcode} {self.type} {pair[0].text}, {pair[1].text}"
        )

    def _arithmetic(self, opcode: str, other: Number | float, swapped: bool = False) -> Number:
        if self.is_float:
            opcode = f"f{opcode} {self.function.fastmath}".rstrip()
        return self._operate(opcode, other, swapped)

    def _compare(self, for_floats: str, for_integers: str, other: Number | float) -> Number:
        opcode = f"fcmp {for_floats}" if self.is_float else f"icmp {for_integers}"
        line = f"{opcode} {self.type} {self.text}, {self.like(other).text}"
        return self.function.value(like(self.type, TRUTH), line)

    # fmt: off
    def __add__(self, other: Number | float) -> Number: return self._arithmetic("add", other)
    def __radd__(self, other: float) -> Number: return self._arithmetic("add", other, True)
    def __sub__(self, other: Number | float) -> Number: return self._arithmetic("sub", other)
    def __rsub__(self, other: float) -> Number: return self._arithmetic("sub", other, True)
    def __mul__(self, other: Number | float) -> Number: return self._arithmetic("mul", other)
    def __rmul__(self, other: float) -> Number: return self._arithmetic("mul", other, True)
    def __truediv__(self, other: Number | float) -> Number: return self._arithmetic("div", other)
    def __rtruediv__(self, other: float) -> Number: return self._arithmetic("div", other, True)
    def __and__(self, other: Number | int) -> Number: return self._operate("and", other)
    def __or__(self, other: Number | int) -> Number: return self._operate("or", other)
    def __xor__(self, other: Number | int) -> Number: return self._operate("xor", other)
    def __lshift__(self, other: Number | int) -> Number: return self._operate("shl", other)
    def __rshift__(self, other: Number | int) -> Number: return self._operate("lshr", other)

    # ordered: false beside a nan; integers are signed
    def __lt__(self, other: Number | float) -> Number: return self._compare("olt", "slt", other)
    def __le__(self, other: Number | float) -> Number: return self._compare("ole", "sle", other)
    def __gt__(self, other: Number | float) -> Number: return self._compare("ogt", "sgt", other)
    def __ge__(self, other: Number | float) -> Number: return self._compare("oge", "sge", other)
    def equal(self, other: Number | float) -> Number: return self._compare("oeq", "eq", other)
    def not_equal(self, other: Number | float) -> Number: return self._compare("une", "ne", other)
    # fmt: on

    def __neg__(self) -> Number:
        if not self.is_float:
            return 0 - self
        opcode = f"fneg {self.function.fastmath}".rstrip()
        return self.function.value(self.type, f"{opcode} {self.type} {self.text}")

    def __invert__(self) -> Number:
        return self ^ (1 if scalar(self.type) == TRUTH else -1)


# -- functions of numbers ------------------------------------------------------------------------


def _intrinsic(name: str, x: Number, *others: Number | float) -> Number:
    return x.function.intrinsic(name, x.type, [x, *map(x.like, others)])


def fma(a: Number, b: Number | float, c: Number | float) -> Number:
    """a·b + c, rounded once."""
    return _intrinsic("fma", a, b, c)


def sqrt(x: Number) -> Number:
    """√x, correctly rounded; nan below -0."""
    return _intrinsic("sqrt", x)


def fabs(x: Number) -> Number:
    """|x|."""
    return _intrinsic("fabs", x)


def floor(x: Number) -> Number:
    """The largest whole number that is not above x."""
    return _intrinsic("floor", x)


def ceil(x: Number) -> Number:
    """The smallest whole number that is not below x."""
    return _intrinsic("ceil", x)


def trunc(x: Number) -> Number:
    """The whole number next to x on the side of 0."""
    return _intrinsic("trunc", x)


def rint(x: Number) -> Number:
    """The nearest whole number, halves to the even one."""
    return _intrinsic("roundeven", x)


def maximum(a: Number, b: Number) -> Number:
    """The larger; nan beside a nan; 0.0 above -0.0 (IEEE 754-2019, section 9.6)."""
    return _intrinsic("maximum", a, b)


def minimum(a: Number, b: Number) -> Number:
    """The smaller; nan beside a nan; -0.0 below 0.0."""
    return _intrinsic("minimum", a, b)


def copysign(magnitude: Number, sign: Number | float) -> Number:
    """The magnitude of one number with the sign of another."""
    return _intrinsic("copysign", magnitude, sign)


def select(condition: Number, a: Number | float, b: Number | float) -> Number:
    """a where the condition holds, else b; two plain numbers are taken as doubles."""
    if not isinstance(a, Number):
        type = b.type if isinstance(b, Number) else like(condition.type, DOUBLE)
        a = condition.function.number(type, a)
    return condition.function.value(a.type, f"select {condition}, {a}, {a.like(b)}")


def _convert(opcode: str, x: Number, wanted: str) -> Number:
    type = like(x.type, wanted)
    return x.function.value(type, f"{opcode} {x} to {type}")


def bits(x: Number) -> Number:
    """The 64 bits of a double as an integer."""
    return _convert("bitcast", x, INTEGER)


def from_bits(i: Number) -> Number:
    """The double of those 64 bits."""
    return _convert("bitcast", i, DOUBLE)


def to_int(x: Number) -> Number:
    """x truncated to an integer; poison where that has more than 64 bits."""
    return _convert("fptosi", x, INTEGER)


def to_float(i: Number) -> Number:
    """A signed integer, or a truth as 0 or 1, as a double."""
    return _convert("uitofp" if scalar(i.type) == TRUTH else "sitofp", i, DOUBLE)


def splat(x: Number) -> Number:
    """A uniform number in all lanes."""
    type = vector(x.type)
    first = x.function.value(type, f"insertelement {type} poison, {x}, i64 0")
    mask = f"<{LANES} x i32> zeroinitializer"
    return x.function.value(type, f"shufflevector {first}, {type} poison, {mask}")


def extract(x: Number, lane: int) -> Number:
    """The number in one lane."""
    return x.function.value(scalar(x.type), f"extractelement {x}, i64 {lane}")


def insert(x: Number, value: Number, lane: int) -> Number:
    """x with another number in one lane."""
    return x.function.value(x.type, f"insertelement {x}, {value}, i64 {lane}")


def any_true(condition: Number) -> Number:
    """Whether a condition holds in any lane, as an i1."""
    if condition.type == TRUTH:
        return condition
    return condition.function.intrinsic("vector.reduce.or", TRUTH, [condition])


def pack(a: Number, b: Number) -> Number:
    """Two numbers as one value, for a function that returns both."""
    type = f"{{ {a.type}, {b.type} }}"
    first = a.function.value(type, f"insertvalue {type} poison, {a}, 0")
    return a.function.value(type, f"insertvalue {first}, {b}, 1")


def unpack(pair: Number) -> tuple[Number, Number]:
    """The two numbers of such a value."""
    types = pair.type[1:-1].split(", ")
    a, b = [
        pair.function.value(t.strip(), f"extractvalue {pair}, {i}") for i, t in enumerate(types)
    ]
    return a, b


def module_text(functions: Iterable[Function]) -> str:
    """The functions as one module, and before them the declarations that they need, once each."""
    listed = list(functions)
    declarations = dict.fromkeys(line for f in listed for line in f.declarations)
    return "\n".join([*declarations, "", *[f.text() for f in listed]])
