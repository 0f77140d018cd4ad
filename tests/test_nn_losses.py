"""Losses of one sample against mpmath, at ordinary and at extreme logits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import nn
from autograd import Value

DIGITS = 400  # e^-700 beside 1 needs 300 digits
TWO_ULPS = 2**-51  # relative: softplus and cross_entropy are this exact, and nothing is added
LOGITS = [-1000.0, -745.0, -40.0, -1.5, -1e-9, 0.0, 1e-9, 0.3, 40.0, 710.0, 1000.0]


def close(number, exact, tolerance=TWO_ULPS):
    """Within so many of the exact result's own ulps, or below the smallest normal number."""
    return abs(mpmath.mpf(number) - exact) <= tolerance * abs(exact) + mpmath.mpf(2) ** -1022


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("logit", LOGITS)
def test_binary_cross_entropy_and_its_gradient_are_right_at_any_logit(logit, target):
    z = Value(logit)
    loss = nn.binary_cross_entropy([z], target)
    loss.backward()
    with mpmath.workdps(DIGITS):
        sign = 1 - 2 * target
        exact = mpmath.log1p(mpmath.exp(sign * mpmath.mpf(logit)))
        slope = sign / (1 + mpmath.exp(-sign * mpmath.mpf(logit)))
        assert close(loss.data, exact)
        assert close(z.grad, slope)


@pytest.mark.parametrize("target", [0, 1, 2])
@pytest.mark.parametrize("logits", [[0.0, 0.0, 0.0], [1000.0, -1000.0, 0.0], [0.1, -40.0, 3.0]])
def test_cross_entropy_and_its_gradient_are_right_at_any_logits(logits, target):
    zs = [Value(z) for z in logits]
    loss = nn.cross_entropy(zs, target)
    loss.backward()
    with mpmath.workdps(1000):
        exps = [mpmath.exp(mpmath.mpf(z)) for z in logits]
        shares = [e / sum(exps) for e in exps]
        assert close(loss.data, -mpmath.log(shares[target]), 4 * TWO_ULPS)
        for i, z in enumerate(zs):
            assert close(z.grad, shares[i] - (i == target), 4 * TWO_ULPS)


def test_cross_entropy_is_one_node():
    logits = [Value(1.0), Value(2.0)]
    loss = nn.cross_entropy(logits, 1)
    assert loss.op.name == "cross_entropy"
    assert loss.parents == tuple(logits)


@pytest.mark.parametrize(
    ("score", "target", "loss", "slope"),
    [(0.5, 1, 0.5, -1.0), (0.5, -1, 1.5, 1.0), (2.0, 1, 0.0, 0.0), (1.0, 1, 0.0, 0.0)],
)
def test_hinge_is_one_less_the_margin_or_zero(score, target, loss, slope):
    s = Value(score)
    result = nn.hinge([s], target)
    result.backward()
    assert (result.data, s.grad) == (loss, slope)


def test_hinge_does_not_overflow():
    assert nn.hinge([Value(1e300)], -1).data == 1e300
    assert nn.hinge([Value(1e300)], 1).data == 0.0


def test_mse_is_the_mean_of_squares_over_the_outputs():
    p = [Value(1.0), Value(-2.0)]
    loss = nn.mse(p, [0.0, 2.0])
    loss.backward()
    assert loss.data == (1.0 + 16.0) / 2
    assert [x.grad for x in p] == [1.0, -4.0]


def test_mse_of_one_output_takes_a_number_or_a_list_of_one():
    assert nn.mse([Value(3.0)], 1).data == nn.mse([Value(3.0)], [1.0]).data == 4.0
    assert nn.mse([Value(3.0)], np.array([1.0])).data == 4.0


def test_mse_of_a_huge_error_is_infinite_instead_of_an_exception():
    assert nn.mse([1e200], 0.0) == float("inf")


def test_a_prediction_may_be_a_single_value_and_numbers_give_numbers():
    assert nn.hinge(Value(0.5), 1).data == 0.5
    assert nn.mse(2.0, 1.0) == 1.0
    assert isinstance(nn.binary_cross_entropy([0.5], 1), float)
    assert isinstance(nn.cross_entropy([0.5, 0.1], 1), float)


def test_targets_may_be_numpy_numbers_and_whole_floats():
    assert nn.cross_entropy([0.0, 0.0], np.int64(1)) == nn.cross_entropy([0.0, 0.0], 1.0)
    assert nn.hinge([0.5], np.float64(-1)) == 1.5
    assert nn.binary_cross_entropy([0.0], np.bool_(True)) == nn.binary_cross_entropy([0.0], 1)


def test_a_value_may_be_a_target_and_gets_a_gradient():
    t = Value(1.0)
    nn.mse([Value(3.0)], t).backward()
    assert t.grad == -4.0
    assert nn.hinge([Value(0.5)], Value(-1.0)).data == 1.5


@pytest.mark.parametrize(
    ("loss", "prediction", "target", "error", "message"),
    [
        (nn.hinge, [0.5], 0, ValueError, r"-1 and \+1, not int 0; .*\[2 \* t - 1 for t in y\]"),
        (nn.hinge, [0.5], 0.5, ValueError, r"hinge takes targets -1 and \+1, not float 0\.5"),
        (nn.hinge, [0.5, 1.0], 1, ValueError, "one output, but the prediction has 2"),
        (nn.hinge, [], 1, ValueError, "hinge takes one output, but the prediction has 0$"),
        (nn.binary_cross_entropy, [], 1, ValueError, "takes one output, but the prediction has 0$"),
        (nn.mse, [], [], ValueError, "at least one output, but the prediction has none"),
        (nn.binary_cross_entropy, [0.5], -1, ValueError, r"0 and 1, not int -1; .*\(t \+ 1\) // 2"),
        (nn.binary_cross_entropy, [0.5], "yes", ValueError, "0 and 1, not str 'yes'$"),
        (nn.hinge, [0.5], 2, ValueError, r"-1 and \+1, not int 2$"),
        (nn.binary_cross_entropy, [0.5, 1.0], 1, ValueError, "for several classes use cross_ent"),
        (nn.cross_entropy, [0.5, 1.0], 2, ValueError, "from 0 to 1, one for each of the 2 outputs"),
        (nn.cross_entropy, [0.5, 1.0], -1, ValueError, "from 0 to 1"),
        (nn.cross_entropy, [0.5, 1.0], 0.5, TypeError, r"whole numbers as targets, not float 0\.5"),
        (nn.cross_entropy, [0.5, 1.0], None, TypeError, "whole numbers as targets, not None"),
        (nn.cross_entropy, [0.5], 0, ValueError, "at least two outputs"),
        (nn.mse, [0.5, 1.0], 1.0, ValueError, "a target of 2 numbers, one for each output"),
        (nn.mse, [0.5], [1.0, 2.0], ValueError, "a target of 1 number, one for each output"),
        (nn.mse, [0.5], "1", TypeError, "a target of mse is a list or an array of numbers"),
        (nn.mse, [0.5], None, TypeError, "a target of mse is a list or an array of numbers"),
    ],
)
def test_a_target_that_does_not_fit_says_what_is_expected(loss, prediction, target, error, message):
    with pytest.raises(error, match=message):
        loss(prediction, target)
