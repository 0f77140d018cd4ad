"""The steps of uniforms as IR: straight code, and loops over eight instructions at a time.

Each is a function `void name(state, uniforms)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autograd import ops
from autograd.llvm import ir, machine_math
from autograd.llvm.expansion import checked_index, gather
from autograd.llvm.ir import DOUBLE, INTEGER, POINTER, Function, Number
from autograd.llvm.module import LANES, Module, checked, from_memory, load_uniform, to_memory, word
from autograd.llvm.steps import Alike, LongDots, Step, Straight
from autograd.llvm.vectors import VECTOR, below, counted, gathered, store_lanes
from autograd.ops import Op

SIDE_BY_SIDE = 3  # dots; fewer are computed one by one
SHORTEST_RUN = 8  # outputs side by side that are worth a call of memcpy


def write_step(module: Module, name: str, step: Step) -> None:
    """The function of one step."""
    f = module.function(name, [("state", POINTER), ("u", POINTER)])
    if isinstance(step, Straight):
        _Straight(module, f).write(step.slots)
    elif isinstance(step, Alike):
        _alike(module, f, step)
    else:
        _long_dots(module, f, step)
    f.ret()


# -- straight code -------------------------------------------------------------------------------


class _Straight:
    def __init__(self, module: Module, f: Function) -> None:
        self.module, self.f = module, f
        self.homes = module.schedule.homes
        self.state, self.u = f.arguments
        self.values: dict[int, Number] = {}

    def write(self, slots: Sequence[int]) -> None:
        first, instructions = self.module.program.first, self.module.program.instructions
        for slot in slots:
            x = self.values[slot] = self._compute(*instructions[slot - first])
            places = self.module.uniform_outputs.get(slot, [])
            if slot in self.homes:
                places = [self.homes[slot], *places]
            for place in places:
                self.f.store(to_memory(x), self.f.element(self.u, place))

    def _operand(self, slot: int) -> Number:
        if slot not in self.values:
            self.values[slot] = load_uniform(self.module, self.f, self.u, slot)
        return self.values[slot]

    def _compute(self, op: Op, operands: tuple[int, ...]) -> Number:
        f = self.f
        if op is ops.lane_count:
            return ir.to_float(word(f, self.state, LANES, INTEGER))
        if op is ops.lane_sum:  # of the same number in each lane
            lanes = word(f, self.state, LANES, INTEGER)
            return f.call("sum_of_the_same", DOUBLE, [self._operand(operands[0]), lanes])
        if op is checked_index:
            count = self.module.constant(operands[1])
            assert count is not None
            return checked(f, self._operand(operands[0]), count, None)
        if op is gather:
            table = self.module.table(f, [self.homes[i] for i in operands[1:]], INTEGER)
            place = f.element(table, ir.to_int(self._operand(operands[0])), INTEGER)
            return f.load(DOUBLE, f.element(self.u, f.load(INTEGER, place)))
        return machine_math.emit(f, op.name, [self._operand(i) for i in operands])


# -- loops ---------------------------------------------------------------------------------------


def _alike(module: Module, f: Function, step: Alike) -> None:
    """One loop; in each turn eight instructions of each stage."""
    u = f.arguments[1]
    instructions, first = module.program.instructions, module.program.first
    stages = [*step.inner, step.slots]
    columns = {
        stage: list(zip(*[instructions[slot - first][1] for slot in stage], strict=True))
        for stage in stages
    }
    read = dict.fromkeys(column for stage in stages for column in columns[stage])
    loads = {column: _load(module, f, u, column) for column in read if column not in columns}
    results = f.element(u, module.schedule.homes[step.slots[0]])
    count = f.number(INTEGER, len(step.slots))

    def turn(i: Number, _: list[Number]) -> list[Number]:
        values = {column: load(i) for column, load in loads.items()}
        for stage in stages:
            xs = [values[column] for column in columns[stage]]
            values[stage] = machine_math.emit(f, instructions[stage[0] - first][0].name, xs)
        x = to_memory(values[step.slots])
        if len(step.slots) % ir.LANES:
            store_lanes(f, x, f.element(results, i), below(f, count - i))
        else:
            f.store(x, f.element(results, i))
        return []

    counted(f, count, turn, step=ir.LANES)


def _load(
    module: Module, f: Function, u: Number, slots: Sequence[int]
) -> Callable[[Number], Number]:
    """How a loop finds eight operands: all the same, side by side, or by a table."""
    constant = module.constant(slots[0])
    if constant is not None and len(set(slots)) == 1:
        return lambda i: f.number(VECTOR, constant)
    homes = [module.schedule.homes[slot] for slot in slots]

    def load(i: Number) -> Number:
        if len(set(homes)) == 1:
            x = ir.splat(f.load(DOUBLE, f.element(u, homes[0])))
        elif homes == list(range(homes[0], homes[0] + len(homes))):
            x = f.load(VECTOR, f.element(f.element(u, homes[0]), i))
        else:
            padding = [homes[-1]] * (-len(homes) % ir.LANES)
            x = gathered(f, u, module.table(f, [*homes, *padding]), i)
        return from_memory(x, module.program.is_truth(slots[0]))

    return load


def _long_dots(module: Module, f: Function, step: LongDots) -> None:
    """Dots of one length, eight at a time, or a few one by one."""
    homes, u = module.schedule.homes, f.arguments[1]
    width = ir.LANES if len(step.slots) >= SIDE_BY_SIDE else 1
    padded = [*step.slots, *[step.slots[-1]] * (-len(step.slots) % width)]
    weights: list[int] = []
    xs: list[int] = []
    for i in range(0, len(padded), width):
        factors = [halves(module, slot) for slot in padded[i : i + width]]
        for k in range(len(factors[0][0])):
            weights += [homes[ws[k]] for ws, _ in factors]
            xs += [homes[others[k]] for _, others in factors]
    groups = len(padded) // width
    tables = module.table(f, weights), module.table(f, xs)
    results = f.element(u, homes[step.slots[0]])
    kernel = "uniform_dots" if width > 1 else "one_uniform_dot"
    module.kernel(f, kernel, [u, *tables, results, len(xs) // len(padded), groups])


def halves(module: Module, slot: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The weights and the other factors of a dot."""
    operands = module.program.instructions[slot - module.program.first][1]
    half = len(operands) // 2
    return operands[:half], operands[half:]


# -- outputs -------------------------------------------------------------------------------------


def move_outputs(module: Module, f: Function, u: Number) -> None:
    """Outputs that are inputs, constants or results of loops, from their homes to their places."""
    schedule = module.schedule
    steps = [step for level in schedule.levels for step in level.uniforms]
    done = {slot for step in steps if isinstance(step, Straight) for slot in step.slots}
    moves = [
        (place, schedule.homes[slot])
        for slot, places in module.uniform_outputs.items()
        if slot not in done
        for place in places
    ]
    single: list[int] = []
    for place, home, length in _runs(sorted(x for x in moves if x[0] != x[1])):
        if length < SHORTEST_RUN:
            single += [x for i in range(length) for x in (home + i, place + i)]
        else:
            target, source = f.element(u, place), f.element(u, home)
            name, size = "llvm.memcpy.p0.p0.i64", f.number(INTEGER, 8 * length)
            f.declarations[f"declare void @{name}(ptr, ptr, i64, i1)"] = None
            f.emit(f"call void @{name}({target}, {source}, {size}, i1 false)")
    if single:
        module.kernel(f, "moves", [u, module.table(f, single), len(single) // 2])


def _runs(moves: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Moves to places side by side from homes side by side, with their length."""
    found: list[tuple[int, int, int]] = []
    for place, home in moves:
        start, source, length = found[-1] if found else (-1, -1, 0)
        if found and (place, home) == (start + length, source + length):
            found[-1] = start, source, length + 1
        else:
            found.append((place, home, 1))
    return found
