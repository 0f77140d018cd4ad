"""Frames: both passes one step at a time, with the engine's numbers and none of its effects."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from autograd import Value, dot, exp, relu, step, tanh, topological_order
from autograd.frames import Frames
from autograd.testing import expressions

LAST_GIFTS = 1e-12  # relative: a running sum and a sum at the end round differently


def neuron() -> tuple[Value, Value, Value, Value]:
    x, w, b = Value(2.0, label="x"), Value(-3.0, label="w"), Value(6.5, label="b")
    return x, w, b, tanh(x * w + b) * x


def gradients_after(frames: Frames) -> dict[int, float]:
    """The last `after` of every parent, in the order of time."""
    return {id(gift.parent): gift.after for frame in frames for gift in frame.gifts}


@given(expressions(kinks=True))
def test_the_frames_end_with_the_gradients_that_backward_writes(expression) -> None:
    root = expression.graph()
    found = Frames(root).gradients()
    assert {**gradients_after(Frames(root)), id(root): 1.0} == pytest.approx(found, nan_ok=True)
    root.backward()
    for node in topological_order(root):
        added = found[id(node)] if node.op else 0.0 + found[id(node)]  # a leaf has its 0.0 already
        assert repr(node.grad) == repr(added)


@given(expressions(kinks=True))
def test_each_gift_continues_where_the_last_one_to_its_parent_ended(expression) -> None:
    root = expression.graph()
    grads = {id(root): 1.0}
    for frame in Frames(root):
        for gift in frame.gifts:
            assert gift.before == pytest.approx(
                grads.get(id(gift.parent), 0.0), abs=0, rel=0, nan_ok=True
            )
            assert repr(gift.adjoint) == repr(grads[id(frame.node)])
            assert repr(gift.contribution) == repr(gift.adjoint * gift.local_grad)
            grads[id(gift.parent)] = gift.after


def test_there_is_a_frame_a_node_then_the_seed_then_one_for_each_operation() -> None:
    *_, y = neuron()
    frames = step(y)
    assert [frame.kind for frame in frames] == ["forward"] * 7 + ["seed"] + ["backward"] * 4
    assert len(frames) == 12
    assert [frame.index for frame in frames] == list(range(12))
    order = topological_order(y)
    assert [frame.node for frame in frames][:7] == order
    assert [id(frame.node) for frame in frames][8:] == [id(n) for n in order[::-1] if n.op]


def test_the_words_of_a_pass_are_these() -> None:
    *_, y = neuron()
    assert str(step(y)).splitlines() == [
        "forward   x = 2",
        "forward   w = -3",
        "forward   v2 = x × w = 2 × -3 = -6",
        "forward   b = 6.5",
        "forward   v4 = v2 + b = -6 + 6.5 = 0.5",
        "forward   v5 = tanh(v4) = tanh(0.5) = 0.4621",
        "forward   L = v5 × x = 0.4621 × 2 = 0.9242",
        "seed      ∂L/∂L = 1",
        "backward  ∂L/∂v5 += ∂L/∂L · ∂L/∂v5 = 1 × 2 = 2 (0 → 2)",
        "backward  ∂L/∂x += ∂L/∂L · ∂L/∂x = 1 × 0.4621 = 0.4621 (0 → 0.4621)",
        "backward  ∂L/∂v4 += ∂L/∂v5 · ∂v5/∂v4 = 2 × 0.7864 = 1.573 (0 → 1.573)",
        "backward  ∂L/∂v2 += ∂L/∂v4 · ∂v4/∂v2 = 1.573 × 1 = 1.573 (0 → 1.573)",
        "backward  ∂L/∂b += ∂L/∂v4 · ∂v4/∂b = 1.573 × 1 = 1.573 (0 → 1.573)",
        "backward  ∂L/∂x += ∂L/∂v2 · ∂v2/∂x = 1.573 × -3 = -4.719 (0.4621 → -4.257)",
        "backward  ∂L/∂w += ∂L/∂v2 · ∂v2/∂w = 1.573 × 2 = 3.146 (0 → 3.146)",
    ]


def test_nodes_are_called_by_the_caller_s_variables() -> None:
    x = Value(2.0)
    square = x * x
    loss = exp(square)
    assert "forward   loss = exp(square) = exp(4) = 54.6" in str(step(loss, names=locals()))


def test_a_made_name_is_never_a_label_of_another_node() -> None:
    x, y = Value(1.0, label="v2"), Value(2.0, label="L")
    names = [str(frame).split()[1] for frame in step(exp(x * y))][:4]
    assert len(set(names)) == 4


def test_an_operation_of_many_operands_is_cut() -> None:
    xs = [Value(float(i), label=f"x{i}") for i in range(4)]
    assert "v4 = dot(x0, x1, …, x3)" in str(step(dot(xs, xs) * 1.0))
    assert "= dot(0, 1, …, 3) = 14" in str(step(dot(xs, xs)))


def test_no_gradient_is_read_or_written() -> None:
    x, w, _, y = neuron()
    x.grad = w.grad = 7.0
    before = [node.grad for node in topological_order(y)]
    text = str(step(y))
    assert [node.grad for node in topological_order(y)] == before
    x.grad = 0.0
    assert str(step(y)) == text


def test_a_later_change_of_the_numbers_is_not_seen() -> None:
    x, *_, y = neuron()
    frames = step(y)
    text = str(frames)
    x.data = 100.0
    assert str(frames) == text


def test_forgetting_zero_grad_doubles_the_gradient_of_every_leaf_and_of_no_other() -> None:
    *_, y = neuron()
    right = gradients_after(Frames(y))
    wrong = gradients_after(Frames(y, forget_zero_grad=True))
    for node in topological_order(y)[:-1]:
        factor = 1.0 if node.op else 2.0
        expected = factor * right[id(node)]
        assert wrong[id(node)] == pytest.approx(expected, rel=LAST_GIFTS)


def test_overwriting_keeps_the_last_contribution_only() -> None:
    x, *_, y = neuron()
    right, wrong = Frames(y), Frames(y, overwrite=True)
    to_x = [gift for frame in right for gift in frame.gifts if gift.parent is x]
    assert len(to_x) == 2
    assert gradients_after(wrong)[id(x)] == to_x[-1].contribution
    assert "∂L/∂x = ∂L/∂v2 · ∂v2/∂x = 1.573 × -3 = -4.719 (0.4621 → -4.719)" in str(wrong[-1])


def test_overwriting_an_inner_sum_is_wrong_for_all_that_is_behind_it() -> None:
    x = Value(3.0, label="x")
    square = x * x
    y = square * 2.0 + square * 5.0
    assert gradients_after(Frames(y))[id(x)] == 42.0
    assert gradients_after(Frames(y, overwrite=True))[id(x)] in (2.0 * 3.0, 5.0 * 3.0)


def test_a_leaf_alone_has_a_value_and_the_seed() -> None:
    assert str(step(Value(2.0, label="x"))) == "forward   x = 2\nseed      ∂x/∂x = 1"


def test_frames_are_found_by_index_from_both_ends() -> None:
    *_, y = neuron()
    frames = step(y)
    assert str(frames[-1]) == str(frames[len(frames) - 1])
    for index in (12, -13):
        with pytest.raises(IndexError, match=re.escape(f"frame {index} of 12")):
            frames[index]


def test_a_sum_starts_from_its_first_term_and_keeps_the_sign_of_zero() -> None:
    x = Value(-0.0, label="x")
    a = x * 1.0
    y = a * -0.0
    y.backward()
    assert repr(Frames(y).gradients()[id(a)]) == repr(a.grad) == "-0.0"


def test_a_negative_number_to_a_power_stands_in_parentheses() -> None:
    assert "L = n ^ 2 = (-3) ^ 2 = 9" in str(step(Value(-3.0, label="n") ** 2))


def test_a_frame_is_asked_for_by_number() -> None:
    with pytest.raises(TypeError, match="a frame is asked for by its number, not by slice"):
        step(Value(1.0))[0:1]


def test_a_nan_is_written_as_one() -> None:
    x = Value(-1.0, label="x")
    assert "= log(-1) = nan" in str(step(x.log()))
    assert "1 × nan = nan (0 → nan)" in str(step(x.log()))


def test_a_dead_relu_gives_nothing() -> None:
    x = Value(-1.0, label="x")
    assert "∂L/∂x += ∂L/∂L · ∂L/∂x = 1 × 0 = 0 (0 → 0)" in str(step(relu(x)))


def test_a_long_chain_has_its_frames_without_recursion() -> None:
    x = y = Value(1.0, label="x")
    for _ in range(20_000):
        y = y * 1.0
    assert gradients_after(Frames(y))[id(x)] == 1.0
