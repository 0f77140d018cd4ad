"""Optimisers against steps that are computed here from the papers' formulas, in exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import pytest

import nn
from autograd import Value

# Each rule rounds about ten times a step, half an ulp each; the tests take a few steps.
ROUNDING = 1e-14

GRADIENTS = [0.5, -2.0, 0.25, 1e-3]


def parameters_after(optimizer, gradients=GRADIENTS, start=1.0):
    p = Value(start)
    state = optimizer.init([p])
    path = []
    for g in gradients:
        p.grad = g
        state = optimizer.step([p], state)
        path.append(p.data)
    assert state.step == len(gradients)
    return path


def test_sgd_descends_along_the_gradient():
    assert parameters_after(nn.SGD(0.5)) == [0.75, 1.75, 1.625, 1.6245]


def test_sgd_with_momentum_follows_its_velocity():
    p, v, path = Fraction(1), Fraction(0), []
    for g in map(Fraction, GRADIENTS):
        v = Fraction(3, 4) * v + g
        p -= Fraction(1, 4) * v
        path.append(float(p))
    assert parameters_after(nn.SGD(0.25, momentum=0.75)) == pytest.approx(path, rel=ROUNDING)


def test_nesterov_looks_ahead_along_the_momentum():
    p, v, path = Fraction(1), Fraction(0), []
    for g in map(Fraction, GRADIENTS):
        v = Fraction(3, 4) * v + g
        p -= Fraction(1, 4) * (g + Fraction(3, 4) * v)
        path.append(float(p))
    sgd = nn.SGD(0.25, momentum=0.75, nesterov=True)
    assert parameters_after(sgd) == pytest.approx(path, rel=ROUNDING)


def adam_by_the_paper(alpha, beta1, beta2, epsilon, decay=0.0):
    """Kingma & Ba 2015, algorithm 1, with the decay of Loshchilov & Hutter 2019, algorithm 2."""
    with mpmath.workdps(50):
        theta, m, v, path = mpmath.mpf(1), mpmath.mpf(0), mpmath.mpf(0), []
        alpha, beta1, beta2, epsilon = map(mpmath.mpf, (alpha, beta1, beta2, epsilon))
        for t, g in enumerate(map(mpmath.mpf, GRADIENTS), 1):
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g * g
            m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
            theta = theta - alpha * (m_hat / (mpmath.sqrt(v_hat) + epsilon) + decay * theta)
            path.append(float(theta))
    return path


@pytest.mark.parametrize("settings", [(1e-3, 0.9, 0.999, 1e-8), (0.1, 0.5, 0.75, 1e-2)])
def test_adam_steps_as_the_paper_says(settings):
    assert parameters_after(nn.Adam(*settings)) == pytest.approx(
        adam_by_the_paper(*settings), rel=ROUNDING
    )


def test_adamw_decays_the_parameter_apart_from_the_gradient():
    expected = adam_by_the_paper(0.1, 0.9, 0.999, 1e-8, decay=0.25)
    assert parameters_after(nn.AdamW(0.1, weight_decay=0.25)) == pytest.approx(
        expected, rel=ROUNDING
    )
    assert parameters_after(nn.AdamW(0.1, weight_decay=0.0)) == parameters_after(nn.Adam(0.1))


def test_the_first_step_of_adam_has_the_size_of_the_learning_rate_whatever_the_gradient():
    for g in (1e-3, 1.0, 1e6):
        assert parameters_after(nn.Adam(0.01), [g]) == pytest.approx([0.99], rel=1e-4)


@pytest.mark.parametrize(
    "optimizer",
    [nn.SGD(0.1, momentum=0.9, nesterov=True), nn.Adam(0.1), nn.AdamW(nn.CosineDecay(0.1, 10, 2))],
)
def test_the_rule_on_values_gives_what_it_gives_on_floats(optimizer):
    state = tuple(0.25 for _ in optimizer.initial)
    number, after = optimizer.update(1.5, -0.5, state, 3)
    as_values = tuple(map(Value, state))
    node, after_values = optimizer.update(Value(1.5), Value(-0.5), as_values, Value(3.0))
    assert node.data == number
    assert [x.data for x in after_values] == list(after)


def test_by_hand_a_few_steps_fit_a_line():
    model = nn.MLP(1, [1], seed=0)
    optimizer = nn.Adam(0.1)
    state = optimizer.init(model)
    for _ in range(200):
        model.zero_grad()
        for x in (-1.0, 0.0, 1.0):
            nn.mse(model([x]), 3 * x - 1).backward()
        state = optimizer.step(model, state)
    weight, bias = model.parameters()
    assert (weight.data, bias.data) == pytest.approx((3.0, -1.0), abs=1e-3)


def test_a_step_reads_gradients_and_does_not_clear_them():
    p = Value(1.0)
    p.grad = 2.0
    sgd = nn.SGD(0.5)
    sgd.step([p], sgd.init([p]))
    assert (p.data, p.grad) == (0.0, 2.0)


def test_a_rule_that_raises_half_way_changes_no_parameter():
    class Fragile(nn.SGD):
        def update(self, parameter, gradient, state, t):
            if parameter == 2.0:
                raise RuntimeError("half way")
            return super().update(parameter, gradient, state, t)

    parameters = [Value(1.0), Value(2.0), Value(3.0)]
    optimizer = Fragile(0.1)
    for p in parameters:
        p.grad = 1.0
    with pytest.raises(RuntimeError, match="half way"):
        optimizer.step(parameters, optimizer.init(parameters))
    assert [p.data for p in parameters] == [1.0, 2.0, 3.0]


def test_a_state_of_another_model_is_refused_and_the_model_is_as_it_was():
    adam = nn.Adam()
    model = nn.MLP(1, [1], seed=0)
    before = [p.data for p in model.parameters()]
    with pytest.raises(ValueError, match=r"of 3 parameters and the model has 2; begin anew"):
        adam.step(model, adam.init([Value(1.0) for _ in range(3)]))
    assert [p.data for p in model.parameters()] == before


def test_optimisers_can_be_compared_printed_and_not_changed():
    assert nn.Adam(0.1) == nn.Adam(0.1) != nn.Adam(0.2)
    assert repr(nn.SGD(0.1)) == "SGD(learning_rate=0.1, momentum=0.0, nesterov=False)"
    with pytest.raises(AttributeError):
        nn.Adam(0.1).learning_rate = 0.2


# -- schedules -----------------------------------------------------------------------------------


def test_a_schedule_gives_the_learning_rate_of_each_step():
    schedule = nn.StepDecay(0.5, every=2, factor=0.5)
    assert parameters_after(nn.SGD(schedule), [1.0, 1.0, 1.0, 1.0]) == [0.5, 0.0, -0.25, -0.5]


def test_any_function_of_the_step_is_a_schedule():
    assert parameters_after(nn.SGD(lambda t: 1 / t), [1.0, 1.0], start=0.0) == [-1.0, -1.5]


def test_a_constant_schedule_is_the_rate():
    assert parameters_after(nn.SGD(nn.Constant(0.5))) == parameters_after(nn.SGD(0.5))


def test_exponential_decay_multiplies_at_every_step():
    schedule = nn.ExponentialDecay(2.0, factor=0.5)
    assert [schedule(t) for t in (1, 2, 5)] == [2.0, 1.0, 0.125]


def test_cosine_decay_warms_up_in_a_line_and_ends_at_its_final_rate():
    schedule = nn.CosineDecay(1.0, steps=12, warmup=4, final=0.2)
    rates = [schedule(t) for t in range(1, 15)]
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    for t in range(4, 13):
        expected = 0.2 + 0.8 * (1 + math.cos(math.pi * (t - 4) / 8)) / 2
        assert rates[t - 1] == pytest.approx(expected, rel=ROUNDING)
    assert rates[11:] == [0.2, 0.2, 0.2]


# -- all or nothing ------------------------------------------------------------------------------


def test_a_step_that_would_leave_a_parameter_infinite_or_nan_writes_nothing():
    a, b = Value(1.0, "a"), Value(1.0, "b")
    b.grad = 1.0
    optimizer = nn.SGD(1.7e308, momentum=0.5)
    state = optimizer.step([b], optimizer.init([b]))
    for start, gradient, wrong in ((b.data, 1.0, "-inf"), (1.0, math.nan, "nan")):
        b.data, b.grad = start, gradient
        both = nn.OptimizerState(state.step, ((0.0,), *state.slots))
        with pytest.raises(FloatingPointError, match=f"step 2 would make the parameter b {wrong}"):
            optimizer.step([a, b], both)
        assert (a.data, b.grad) == (1.0, pytest.approx(gradient, nan_ok=True))
        assert b.data == start


def test_a_parameter_without_a_label_is_named_by_its_place():
    v = Value(1.0)
    v.grad = math.inf
    with pytest.raises(FloatingPointError, match=r"the parameter 0 -inf.*smaller learning rate"):
        nn.SGD(0.1).step([v], nn.SGD(0.1).init([v]))


def test_a_parameter_that_is_listed_twice_moves_once():
    v, w = Value(1.0), Value(1.0)
    v.grad = w.grad = 1.0
    optimizer = nn.SGD(0.25)
    state = optimizer.init([v, w, v])
    assert len(state.slots) == 2
    optimizer.step([v, v, w], state)
    assert (v.data, w.data) == (0.75, 0.75)


def test_a_schedule_in_values_still_leaves_plain_numbers():
    v = Value(1.0)
    v.grad = 1.0
    optimizer = nn.SGD(lambda t: Value(0.5) / t)
    optimizer.step([v], optimizer.init([v]))
    assert (type(v.data), v.data) == (float, 0.5)


@pytest.mark.parametrize("rate", [-1.0, math.nan, math.inf, Value(-1.0)])
def test_a_schedule_that_gives_no_rate_to_go_down_with_is_refused(rate):
    v = Value(1.0)
    v.grad = 1.0
    optimizer = nn.SGD(lambda t: rate)
    with pytest.raises(ValueError, match=r"schedule gave .* at step 1; expected a finite number"):
        optimizer.step([v], optimizer.init([v]))
    assert (v.data, v.grad) == (1.0, 1.0)


@pytest.mark.parametrize("rate", ["a", None, True, [0.1]])
def test_a_schedule_that_gives_no_number_is_refused(rate):
    v = Value(1.0)
    optimizer = nn.AdamW(lambda t: rate)
    with pytest.raises(TypeError, match=r"schedule gave .* at step 1; expected a number"):
        optimizer.step([v], optimizer.init([v]))
    assert v.data == 1.0


def test_a_schedule_may_end_at_zero():
    v = Value(1.0)
    v.grad = 1.0
    optimizer = nn.SGD(lambda t: 0)
    optimizer.step([v], optimizer.init([v]))
    assert v.data == 1.0


@pytest.mark.parametrize(
    ("optimizer", "other", "message"),
    [
        (nn.SGD(), nn.Adam(), "remembers 2 numbers of each parameter and SGD 1: it is another"),
        (nn.Adam(), nn.SGD(), "remembers 1 numbers of each parameter and Adam 2: it is another"),
    ],
)
def test_the_state_of_another_optimiser_is_refused(optimizer, other, message):
    v = Value(1.0)
    v.grad = 1.0
    with pytest.raises(ValueError, match=message):
        optimizer.step([v], other.init([v]))
    assert v.data == 1.0


# -- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.SGD(0.0), ValueError, r"learning_rate is a number above 0, not 0\.0"),
        (lambda: nn.SGD(-1), ValueError, "learning_rate is a number above 0"),
        (lambda: nn.Adam(math.nan), ValueError, "learning_rate is a number above 0, not nan"),
        (lambda: nn.Adam(math.inf), ValueError, "learning_rate is a number above 0, not inf"),
        (lambda: nn.Adam("0.1"), TypeError, "learning_rate is a number above 0, not str '0.1'"),
        (lambda: nn.SGD(0.1, momentum=1.0), ValueError, r"momentum is a number in \[0, 1\)"),
        (lambda: nn.SGD(0.1, nesterov=True), ValueError, "give a momentum above 0"),
        (lambda: nn.Adam(beta1=1.0), ValueError, r"beta1 is a number in \[0, 1\)"),
        (lambda: nn.Adam(beta2=-0.1), ValueError, r"beta2 is a number in \[0, 1\)"),
        (lambda: nn.Adam(epsilon=0.0), ValueError, "epsilon is a number above 0"),
        (lambda: nn.AdamW(weight_decay=-1.0), ValueError, "weight_decay is a number of at least 0"),
        (lambda: nn.StepDecay(0.1, every=0), ValueError, "every is a whole number, at least 1"),
        (lambda: nn.StepDecay(0.1, 1, factor=0.0), ValueError, r"factor is a number in \(0, 1\]"),
        (lambda: nn.ExponentialDecay(0.0), ValueError, "rate is a number above 0"),
        (lambda: nn.ExponentialDecay(0.1, 1.1), ValueError, r"factor is a number in \(0, 1\]"),
        (lambda: nn.CosineDecay(0.1, 5, warmup=5), ValueError, "expected fewer than 5, not 5"),
        (lambda: nn.CosineDecay(0.1, 5, final=-0.1), ValueError, "final is a number of at least 0"),
        (lambda: nn.Adam().init([]), ValueError, "the model has no parameters"),
        (lambda: nn.Adam().init(nn.Module()), ValueError, "the model has no parameters"),
        (lambda: nn.Adam().init([1.0]), TypeError, r"a list of Values, found float 1\.0"),
        (lambda: nn.Adam().init(3), TypeError, "a module or a list of Values, not int 3"),
        (lambda: nn.Adam().step([Value(1.0)], None), TypeError, "the step before gave, not None"),
        (lambda: nn.Optimizer(0.1).update(1.0, 1.0, (), 1), NotImplementedError, "define update"),
    ],
)
def test_what_makes_no_sense_says_why(make, error, message):
    with pytest.raises(error, match=message):
        make()
