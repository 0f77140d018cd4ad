"""The first nan or inf is named, in every pass, and the switches leave nothing behind."""

from __future__ import annotations

import threading

import pytest

from autograd import (
    Value,
    anomaly,
    detect_anomaly,
    grad,
    jvp,
    source,
    sqrt,
    trace_source,
    where,
)
from tests.interruption import interrupted_at


def test_a_forward_anomaly_names_operation_operands_label_and_line() -> None:
    p = Value(0.0, label="p")
    with pytest.raises(FloatingPointError) as caught, detect_anomaly():
        (p.log() * 2.0).backward()
    message = str(caught.value)
    assert message.startswith("forward: log(p=0.0) gave -inf, made at ")
    assert "test_anomaly.py" in message
    assert message.endswith(": (p.log() * 2.0).backward()")
    assert p.grad == 0.0


def test_a_backward_anomaly_names_the_contribution() -> None:
    x = Value(0.0, label="x")
    words = r"backward: 1.0 × local gradient inf .* x=0.0"
    with pytest.raises(FloatingPointError, match=words), detect_anomaly():
        x.sqrt().backward()
    assert x.grad == 0.0


def test_an_overflow_of_a_sum_is_an_anomaly_in_backward_and_in_a_transform() -> None:
    def f(x: Value) -> Value:
        return 1e308 * x + 1e308 * x

    with pytest.raises(FloatingPointError, match="contributions add up to inf"), detect_anomaly():
        f(Value(1e-10)).backward()
    with pytest.raises(FloatingPointError, match="contributions add up to inf"), detect_anomaly():
        grad(f)(1e-10)


def test_forward_mode_is_judged_too() -> None:
    words = "forward mode: the tangent is inf"
    with pytest.raises(FloatingPointError, match=words), detect_anomaly():
        jvp(sqrt, (0.0,), (1.0,))


def test_what_where_did_not_choose_is_not_judged() -> None:
    x = Value(0.0)
    with detect_anomaly():
        where(x > 0, x.log(), x * 2.0).backward()
    assert x.grad == 2.0


def test_it_nests_and_can_be_entered_twice() -> None:
    guard = detect_anomaly()
    with guard, guard:
        assert anomaly.is_watching()
    assert not anomaly.is_watching()
    assert not source._recorders


def test_another_thread_is_not_judged() -> None:
    gradients: list[float] = []

    def other() -> None:
        x = Value(0.0)
        x.sqrt().backward()
        gradients.append(x.grad)

    with detect_anomaly():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert gradients == [float("inf")]


def test_a_source_line_is_recorded_only_inside() -> None:
    with trace_source():
        inside = Value(1.0) + 1.0
    assert inside.source is not None
    assert inside.source.endswith("in test_a_source_line_is_recorded_only_inside")
    assert (inside * 2.0).source is None


@pytest.mark.parametrize("guard", [detect_anomaly, trace_source])
def test_an_interrupt_on_the_way_in_leaves_nothing_switched_on(
    guard: type[detect_anomaly] | type[trace_source],
) -> None:
    line = 1
    while True:
        switch = guard()
        if not interrupted_at(line, switch.__enter__):
            switch.__exit__()
            break
        assert not anomaly.is_watching(), f"interrupted at line {line}"
        assert not source._recorders, f"interrupted at line {line}"
        line += 1
    assert line > 3
