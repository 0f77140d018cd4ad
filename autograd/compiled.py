"""A function with what was compiled of it: one trace for each structure of its arguments."""

from __future__ import annotations

import functools
import inspect
import threading
import types
from contextvars import ContextVar, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any

from autograd import anomaly, transforms
from autograd.assemble import Source, plan
from autograd.backends import code_of
from autograd.blocks import BlockCalls
from autograd.entry import Entry, Form, Spread
from autograd.real import describe, is_array
from autograd.signature import Arguments, Reader, same, snapshot
from autograd.simplify import simplify
from autograd.stand_ins import holds_blocks, without_blocks
from autograd.trace import program_of
from autograd.traced import Traced, is_lane, placeholder
from autograd.traced_array import TracedArray
from autograd.tree import flatten, unflatten

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.backends import AnyCode
    from autograd.bound import Bound
    from autograd.program import Program
    from autograd.tree import Tree


# Whether this thread is tracing: then what is called is part of that trace, compiled or not.
_tracing = ContextVar("tracing", default=False)


class Compiled:
    """A function with what was compiled of it so far, one entry a structure of arguments."""

    def __init__(
        self,
        f: Callable[..., Tree],
        static: tuple[str, ...],
        threads: int,
        fastmath: bool,
        backend: str,
    ) -> None:
        if not callable(f):
            raise TypeError(f"jit compiles a function, not {describe(f)}")
        if fastmath.__class__ is not bool:
            raise TypeError(f"fastmath is True or False, not {describe(fastmath)}")
        if threads.__class__ is not int or threads < 1:
            raise ValueError(f"threads is a whole number from 1 on, not {describe(threads)}")
        if not isinstance(static, tuple):
            raise TypeError(f'static is a tuple of names, as in ("n",), not {describe(static)}')
        if backend not in ("llvm", "numpy"):
            raise ValueError(f'backend is "llvm" or "numpy", not {describe(backend)}')
        if backend == "numpy" and (fastmath or threads > 1):
            raise ValueError('backend="numpy" computes in one thread, without fastmath')
        functools.update_wrapper(self, f)
        self._f = f
        self._static = static
        self._threads, self._fastmath, self._backend = threads, fastmath, backend
        self._entries: list[Entry] = []
        self._blocks: BlockCalls | None = None
        self._reader = Reader()
        self._lock = threading.Lock()

    def __call__(self, *args: Tree, **kwargs: Tree) -> Tree:
        if _tracing.get() or anomaly.is_watching() or transforms.is_running():
            return self._f(*args, **kwargs)
        try:
            arguments, fixed = self._read(args, kwargs)
        except TypeError:
            if not holds_blocks((args, kwargs)):
                raise
            arguments = None
        if arguments is None:
            return self._on_blocks(args, kwargs)
        if arguments.is_traced():
            return self._f(*args, **kwargs)
        return self._entry(arguments, fixed).call(arguments)

    def _on_blocks(self, args: tuple[Tree, ...], kwargs: dict[str, Tree]) -> Tree:
        """The call on arrays of Dask, computed where their blocks are."""
        with self._lock:
            if self._blocks is None:
                settings = self._threads, self._backend, self._fastmath
                self._blocks = BlockCalls(self, self._read, partial(_Trace, self._f), settings)
        return self._blocks(args, kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """As a method: bound to the instance, as functions are."""
        return self if instance is None else types.MethodType(self, instance)

    def bind(self, *args: Tree, **kwargs: Tree) -> Bound:
        """The compiled call on these arguments, with flat buffers of its own for tight loops.

        See `autograd.bound.Bound`.
        """
        from autograd.bound import Bound

        arguments, fixed = self._read(args, kwargs)
        return Bound(self._entry(arguments, fixed), arguments)

    def program(self, *args: Tree, **kwargs: Tree) -> Program:
        """The simplified program for such arguments, as it is compiled."""
        return simplify(self.trace(*args, **kwargs))

    def trace(self, *args: Tree, **kwargs: Tree) -> Program:
        """The program as it was traced, before anything was simplified."""
        return _Trace(self._f, *self._read(*without_blocks(args, kwargs))).program

    def __repr__(self) -> str:
        name = getattr(self._f, "__qualname__", repr(self._f))
        return f"<compiled {name} for {len(self._entries)} structures of arguments>"

    # -- what was compiled already ---------------------------------------------------------------

    def _read(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Arguments, _Fixed]:
        """The arguments that hold numbers, flat and in order, and what is fixed while tracing."""
        if not (self._static or kwargs):
            return self._reader.read(args), _NOTHING_FIXED
        names = list(inspect.signature(self._f).parameters)
        wrong = [name for name in self._static if name not in names]
        if wrong:
            raise ValueError(f"static names {wrong}, but the arguments are {names}")
        by_place = {i: x for i, x in enumerate(args) if i < len(names) and names[i] in self._static}
        by_name = {name: x for name, x in kwargs.items() if name in self._static}
        moving = [x for i, x in enumerate(args) if i not in by_place]
        named = {name: x for name, x in kwargs.items() if name not in self._static}
        fixed = _Fixed(by_place, by_name, tuple(named))
        return self._reader.read([*moving, *named.values()]), fixed

    def _entry(self, arguments: Arguments, fixed: _Fixed) -> Entry:
        for entry in self._entries:
            if entry.fits(arguments, fixed):
                return entry
        with self._lock:
            for entry in self._entries:
                if entry.fits(arguments, fixed):
                    return entry
            trace = _Trace(self._f, arguments, fixed)
            code = code_of(trace.program, self._backend, self._fastmath)
            entry = trace.entry(code, self._threads)
            self._entries = [entry, *self._entries]
            return entry


class _Fixed:
    """The static arguments, by place and by name, and the names of the others given by name."""

    def __init__(
        self, by_place: dict[int, Any], by_name: dict[str, Any], names: tuple[str, ...]
    ) -> None:
        self.by_place, self.by_name, self.names = by_place, by_name, names

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Fixed) and same(vars(self), vars(other))

    __hash__ = None  # type: ignore[assignment]  # what is static need not be hashable

    def snapshot(self) -> _Fixed:
        """The same, whatever happens to the lists and arrays in it."""
        if not (self.by_place or self.by_name):
            return self
        return _Fixed(snapshot(self.by_place), snapshot(self.by_name), self.names)

    def call(self, f: Callable[..., Tree], moving: tuple[Any, ...]) -> Tree:
        """f of all arguments, each in its place."""
        count = len(moving) - len(self.names)
        rest = iter(moving[:count])
        total = count + len(self.by_place)
        args = [self.by_place[i] if i in self.by_place else next(rest) for i in range(total)]
        named = dict(zip(self.names, moving[count:], strict=True))
        return f(*args, **self.by_name, **named)


_NOTHING_FIXED = _Fixed({}, {}, ())


# -- tracing -------------------------------------------------------------------------------------


def _called_while_tracing(fixed: _Fixed, f: Callable[..., Tree], trees: tuple[Any, ...]) -> Tree:
    _tracing.set(True)  # for this context alone, whatever ends the call
    return fixed.call(f, trees)


class _Trace:
    """One run of the function on inputs without numbers, and the program that it leaves."""

    def __init__(self, f: Callable[..., Tree], arguments: Arguments, fixed: _Fixed) -> None:
        self.arguments, self.fixed = arguments, fixed
        inputs = self._inputs(f)
        trees, start = [], 0
        for part in arguments.parts:
            trees.append(unflatten(part.structure, inputs[start : start + len(part.leaves)]))
            start += len(part.leaves)
        result = copy_context().run(_called_while_tracing, fixed, f, tuple(trees))
        self.outputs, self.structure = flatten(result)
        if transforms.is_differentiating(self.outputs):
            raise TypeError(
                "f uses a variable of an enclosing grad or another transform, of which a compiled "
                "function knows nothing; give it to f as an argument"
            )
        self.arrays = [x for x in inputs if isinstance(x, TracedArray)]
        numbers = {id(x): x for x in inputs if isinstance(x, Traced)}.values()  # each once
        elements = [x for array in self.arrays for x in array.elements]
        lanes = [x for array in self.arrays for x in array.lane_inputs]
        self.order = self._order()
        ordered = [self.outputs[i] for i in self.order]
        self.program = program_of(ordered, [*numbers, *elements, *lanes])

    def _order(self) -> list[int]:
        """The outputs of the program; in a gradient those of a Value's later places come last.

        So the gradients by all parameters, each once, lie side by side, as `bind` promises.
        """
        order = list(range(len(self.outputs)))
        twins = self.arguments.twins()
        skip = len(order) - len(self.arguments.parts[0].leaves) if twins else -1
        if not twins or skip not in (0, 1):
            return order
        return sorted(order, key=lambda i: i >= skip and twins[i - skip] != i - skip)

    def _inputs(self, f: Callable[..., Tree]) -> list[Any]:
        """A placeholder for each leaf; one for all places of the same Value."""
        leaves, twins = self.arguments.leaves, self.arguments.twins()
        names = _names(f, self.arguments, self.fixed)
        inputs: list[Any] = []
        for i, (x, name) in enumerate(zip(leaves, names, strict=True)):
            if twins and twins[i] != i:
                inputs.append(inputs[twins[i]])
            elif is_array(x):
                inputs.append(TracedArray(x.shape, name))
            else:
                inputs.append(placeholder(getattr(x, "label", "") or name))
        return inputs

    def entry(self, code: AnyCode, threads: int) -> Entry:
        """What calls with such arguments need, with the code of the program."""
        return Entry(
            arguments=self.arguments,
            fixed=self.fixed.snapshot(),
            code=code,
            threads=threads,
            spread=Spread(self.arguments, self.arrays),
            assemble=plan(self.structure, self.sources(code.outputs)),
        )

    def form(self) -> Form:
        """What arguments this is a trace of."""
        return Form(self.arguments, self.fixed.snapshot(), Spread(self.arguments, self.arrays))

    def sources(self, of_outputs: Sequence[str]) -> list[Source]:
        """Where each leaf of the result comes from, by the kinds of the program's outputs."""
        kinds = dict(zip(self.order, of_outputs, strict=True))
        uniform = [i for i, kind in kinds.items() if kind != "lane"]
        rows = [i for i, kind in kinds.items() if kind == "lane"]
        place = {i: k for group in (uniform, rows) for k, i in enumerate(group)}
        return [
            Source("spread" if is_lane(x) and kinds[i] != "lane" else kinds[i], place[i])
            for i, x in enumerate(self.outputs)
        ]


def _names(f: Callable[..., Tree], arguments: Arguments, fixed: _Fixed) -> list[str]:
    """A name for each leaf: its argument's, numbered where the argument has several."""
    try:
        parameters = list(inspect.signature(f).parameters)
    except (TypeError, ValueError):  # a function in C says nothing of its arguments
        parameters = []
    free = [name for i, name in enumerate(parameters) if i not in fixed.by_place]
    counts = [len(part.leaves) for part in arguments.parts]
    count = len(counts) - len(fixed.names)
    named = [free[i] if i < len(free) else f"x{i}" for i in range(count)] + list(fixed.names)
    return [
        name if leaves == 1 else f"{name}[{i}]"
        for name, leaves in zip(named, counts, strict=True)
        for i in range(leaves)
    ]
