"""One module of IR in the making: its functions, its tables, and where a program's values lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from autograd.llvm import ir, kernels, machine_math
from autograd.llvm.ir import DOUBLE, INTEGER, POINTER, Function, Number
from autograd.llvm.steps import Schedule

# The words of the state that every function is given first: where things are, for how many lanes,
# whether an index was out of range, what runs it all, and then the kernels.
UNIFORMS, ROWS, SCRATCH, STRIPES, SUMS, LANES, STATUS, RUN, FIRST_KERNEL = range(9)
STATE_WORDS = FIRST_KERNEL + len(kernels.NAMES)

FEW_CALLS = 2  # of a function: so few are replaced by its code


class Module:
    """Collects functions and constant tables; `text` is the whole."""

    def __init__(self, schedule: Schedule, fastmath: bool) -> None:
        self.schedule, self.program = schedule, schedule.program
        self.fastmath = fastmath
        self.kernels: dict[str, None] = {}  # those that are called: a set that keeps its order
        self._functions: list[Function] = []
        self._tables: dict[tuple[str, tuple[int, ...]], str] = {}
        program = self.program
        lanes = [slot for slot, is_lane in enumerate(program.lane_inputs) if is_lane]
        self.input_rows = {slot: at for at, slot in enumerate(lanes)}
        self.uniform_outputs: dict[int, list[int]] = {}  # slots → places among the uniforms
        self.lane_outputs: dict[int, list[int]] = {}  # slots → numbers of rows
        place, row = len(program.inputs) - len(lanes), len(lanes)
        for slot in program.outputs:
            if program.is_lane[slot]:
                self.lane_outputs.setdefault(slot, []).append(row)
                row += 1
            else:
                self.uniform_outputs.setdefault(slot, []).append(place)
                place += 1
        self.kept_rows = {slot: row + at for slot, at in schedule.kept.items()}

    def constant(self, slot: int) -> float | None:
        """The number of a slot that is a constant."""
        at = slot - len(self.program.inputs)
        return self.program.constants[at] if 0 <= at < len(self.program.constants) else None

    # -- functions and tables --------------------------------------------------------------------

    def function(
        self, name: str, parameters: Sequence[tuple[str, str]], result: str = "void"
    ) -> Function:
        """A new function of the module."""
        flags = kernels.FAST if self.fastmath else kernels.STRICT
        f = Function(name, parameters, result, ir.WHOLE_VECTORS, flags)
        self._functions.append(f)
        return f

    def table(self, f: Function, numbers: Iterable[int], type: str = "i32") -> Number:
        """Where a constant array of integers begins; equal ones are one."""
        name = f"@table.{len(self._tables)}"
        return Number(f, POINTER, self._tables.setdefault((type, tuple(numbers)), name))

    def kernel(self, f: Function, name: str, arguments: Sequence[Number | int]) -> None:
        """Call one of the loops that all programs share."""
        self.kernels[name] = None
        numbers = [f.number(INTEGER, x) if isinstance(x, int) else x for x in arguments]
        address = word(f, f.arguments[0], FIRST_KERNEL + kernels.NAMES.index(name))
        f.emit(f"call void {address.text}({', '.join(map(str, numbers))})")

    def text(self, exports: Mapping[str, Sequence[int]]) -> str:
        """The IR, with the functions of `machine_math` that are called, and arrays with names."""
        exported = [((INTEGER, (*numbers,)), f"@{name}") for name, numbers in exports.items()]
        tables = []
        for (type, numbers), name in [*self._tables.items(), *exported]:
            listed = ", ".join([f"{type} {x}" for x in numbers])
            tables.append(f"{name} = constant [{len(numbers)} x {type}] [{listed}], align 64")
        called = machine_math.library(self._functions)
        callers = [*self._functions, *called]
        text = ir.module_text(callers)
        for f in called:
            if sum(caller.calls.get(f.name, 0) for caller in callers) <= FEW_CALLS:
                head = f.text().partition("\n")[0]
                text = text.replace(head, head.replace("nounwind", "alwaysinline nounwind"), 1)
        return "\n".join([*tables, "", text])


# -- the state and the memory --------------------------------------------------------------------


def word(f: Function, state: Number, index: int, type: str = POINTER) -> Number:
    """A word of the state."""
    return f.load(type, f.element(state, index, INTEGER))


def checked(f: Function, index: Number, count: float, mask: Number | None) -> Number:
    """The index, or 0 and a bad status in the state where it is no whole number below the count.

    Lanes where the mask does not hold do not count.
    """
    good = ir.floor(index).equal(index) & (index >= 0.0) & (index < count)
    bad = ir.any_true(~good if mask is None else mask & ~good)
    place = f.element(f.arguments[0], STATUS, INTEGER)
    f.store(f.load(INTEGER, place) | f.value(INTEGER, f"zext {bad} to i64"), place)
    return ir.select(good, index, 0.0)


def from_memory(x: Number, is_truth: bool) -> Number:
    """What a double in memory stands for: a truth value lies there as 1.0 or 0.0."""
    return x.not_equal(0.0) if is_truth else x


def to_memory(x: Number) -> Number:
    """The double that stands for a number or a truth value."""
    return x if x.is_float else ir.to_float(x)


def load_uniform(module: Module, f: Function, u: Number, slot: int) -> Number:
    """A constant, or what lies at a uniform's home."""
    constant = module.constant(slot)
    if constant is not None:
        return f.number(DOUBLE, constant)
    x = f.load(DOUBLE, f.element(u, module.schedule.homes[slot]))
    return from_memory(x, module.program.is_truth(slot))
