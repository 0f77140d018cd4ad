"""Graphs of a million nodes, threads with next to no stack, and memory that comes back.

`python -m tests.thorough depth` takes ten million. The diamond of 2^1000 paths is in
test_backward.py, threads on disjoint graphs are in test_semantics.py.
"""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import nn
from autograd import Value, detect_anomaly, draw, explain, grad, hessian, jit, jvp, step
from autograd.trace import program_of
from autograd.traced import placeholder
from tests.structures import WORK, Named, Work, compile_and_run, on_a_small_stack

COMPILED = 3_000  # three times Python's recursion limit
STEPS = 10_000
KEPT = 8 * 1024  # bytes after a tenth of these steps: half the smallest block a step
MODEST_RECURSION_LIMIT = 10_000  # Python's own is 1,000; Hypothesis and IPython raise it a little


@pytest.fixture(autouse=True)
def modest_recursion_limit() -> Iterator[None]:
    """Nothing here touches the recursion limit, nor leans on one that another test has raised."""
    limit = sys.getrecursionlimit()
    assert limit <= MODEST_RECURSION_LIMIT
    yield
    assert sys.getrecursionlimit() == limit


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What is freed is freed by reference counts alone."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# -- size ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("work", WORK, ids=lambda work: work.do.__name__)
def test_a_graph_of_any_size_needs_next_to_no_stack(work: Work) -> None:
    on_a_small_stack(lambda: work.do(work.always))


def test_a_long_chain_is_compiled() -> None:
    compile_and_run(COMPILED)  # in a thread of the usual size: LLVM is not ours


# -- memory --------------------------------------------------------------------------------------


def f(x: Any) -> Any:
    return (x * x).tanh() + x.exp() / (1.0 + x * x)


def traced(x: Named) -> object:
    p = placeholder("x")
    return program_of([f(p) * x], [p])


def failing(x: Named) -> object:
    with pytest.raises(ArithmeticError), detect_anomaly():
        (x - x).log().backward()
    return x


USES: dict[str, Callable[[Named], object]] = {
    "backward": lambda x: f(x).backward(),
    "transforms": lambda x: (grad(grad(f))(x), jvp(f, (x,), (1.0,)), hessian(f)(x)),
    "an error": failing,
    "a trace": traced,
    "a copy": lambda x: (copy.copy(f(x)), copy.deepcopy(f(x)), pickle.loads(pickle.dumps(f(x)))),
    "a picture": lambda x: draw(f(x)).source,
    "steps": lambda x: [str(frame) for frame in step(f(x))],
    "an explanation": lambda x: str(explain(x, f(x))),
    "a network": lambda x: nn.hinge(nn.MLP(2, [3, 1], seed=0)([x, 1.0])[0], 1.0).backward(),
}


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("use", USES)
def test_a_graph_goes_with_its_last_name_and_leaves_no_cycle(use: str) -> None:
    USES[use](Named(0.5))  # once before, for what an import or a cache keeps
    gc.collect()
    x = Named(0.5)
    alive = weakref.ref(x)
    made = USES[use](x)
    del made, x
    assert alive() is None
    assert gc.collect() == 0


@pytest.mark.usefixtures("no_collector")
def test_ten_thousand_steps_keep_no_memory() -> None:
    w = Value(0.5)
    compiled = jit(grad(lambda w, x: (w * x).tanh() ** 2))

    def one_step() -> None:
        w.grad = 0.0
        loss = ((w * 3.0).tanh() - 1.0) ** 2
        loss.backward()
        w.data -= 0.01 * (w.grad + compiled(w.data, 3.0))

    one_step()
    blocks = sys.getallocatedblocks()
    for _ in range(STEPS):
        one_step()
    assert sys.getallocatedblocks() - blocks <= STEPS // 10  # other threads keep some meanwhile
    tracemalloc.start()  # which sees large blocks as well, at five times the time
    try:
        one_step()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(STEPS // 10):
            one_step()
        assert tracemalloc.get_traced_memory()[0] - before <= KEPT
    finally:
        tracemalloc.stop()
