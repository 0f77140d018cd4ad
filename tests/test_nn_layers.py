"""Neurons, layers and networks: what they compute, how they begin, and what they refuse."""

from __future__ import annotations

import functools
import math
from random import Random

import numpy as np
import pytest

import autograd
import nn
from autograd import Value, topological_order

# A mean of n draws with deviation s strays from its expectation by less than 5·s/√n but for one
# seed in a million; the draws are seeded, so a test either always passes or never.
STRAY = 5.0


def test_a_neuron_is_one_dot_node_and_one_activation_node():
    neuron = nn.Perceptron(3, "tanh", seed=0)
    nodes = [n for n in topological_order(neuron([1.0, 2.0, 3.0])) if n.op]
    assert [node.op.name for node in nodes] == ["dot", "tanh"]
    assert nodes[0].operands == (*neuron.weights, 1.0, 2.0, 3.0, neuron.bias)


def test_a_linear_neuron_is_its_dot_node():
    output = nn.Perceptron(2, seed=0)([1.0, 2.0])
    assert output.op.name == "dot"


def test_a_neuron_computes_the_activation_of_the_weighted_sum():
    neuron = nn.Perceptron(2, "sigmoid", seed=0)
    for parameter, number in zip(neuron.parameters(), [0.5, -2.0, 0.25], strict=True):
        parameter.data = number
    assert neuron([3.0, 1.0]).data == pytest.approx(1 / (1 + math.exp(0.25)), rel=1e-15)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("linear", -0.5),
        ("tanh", math.tanh(-0.5)),
        ("sigmoid", 1 / (1 + math.exp(0.5))),
        ("relu", 0.0),
        ("leaky_relu", -0.005),
        ("elu", math.expm1(-0.5)),
        ("silu", -0.5 / (1 + math.exp(0.5))),
        ("gelu", -0.25 * math.erfc(0.5 / math.sqrt(2))),
        ("softplus", math.log1p(math.exp(-0.5))),
    ],
)
def test_every_activation_by_its_name(name, expected):
    neuron = nn.Perceptron(1, name, seed=0)
    neuron.weights[0].data = -0.5
    assert neuron([1.0]).data == pytest.approx(expected, rel=1e-14)


def test_the_table_of_activations_has_the_ones_tested_above_and_no_more():
    assert list(nn.ACTIVATIONS) == [
        *("linear", "tanh", "sigmoid", "relu", "leaky_relu", "elu", "silu", "gelu", "softplus")
    ]


def test_a_layer_gives_a_list_also_when_it_has_one_neuron():
    assert isinstance(nn.Layer(2, 1, seed=0)([1.0, 2.0]), list)
    assert len(nn.Layer(2, 5, seed=0)([1.0, 2.0])) == 5


def test_an_mlp_is_its_layers_one_after_the_other():
    model = nn.MLP(2, [3, 2], seed=0)
    x = [0.5, -1.5]
    by_hand = model.layers[1](model.layers[0](x))
    assert [y.data for y in model(x)] == [y.data for y in by_hand]


def test_inputs_may_be_lists_tuples_arrays_and_values():
    model = nn.MLP(2, [3, 1], seed=0)
    expected = model([1.0, 2.0])[0].data
    for x in ((1, 2), np.array([1.0, 2.0]), [Value(1.0), 2]):
        assert model(x)[0].data == expected


def test_the_last_layer_is_linear_unless_output_activation_says_otherwise():
    assert nn.MLP(1, [2, 1], "relu").layers[-1].neurons[0].activation is nn.linear
    model = nn.MLP(1, [2, 1], "relu", output_activation="sigmoid")
    assert model.layers[0].neurons[0].activation is autograd.relu
    assert model.layers[1].neurons[0].activation is autograd.sigmoid


def test_a_list_of_activations_gives_one_for_each_layer():
    def square(x):
        return x * x

    model = nn.MLP(1, [2, 2, 1], ["relu", square, "tanh"], seed=0)
    assert repr(model) == "MLP(1 → 2 relu → 2 square → 1 tanh) with 13 parameters"
    assert model([0.5])[0].op.name == "tanh"


def test_a_sequential_takes_modules_and_functions():
    model = nn.Sequential(nn.Layer(2, 3, seed=0), autograd.softmax)
    assert sum(p.data for p in model([1.0, 2.0])) == pytest.approx(1.0, rel=1e-15)


# -- initialisation ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("draw", "variance"),
    [
        (nn.glorot_uniform, 2 / (30 + 50)),
        (nn.glorot_normal, 2 / (30 + 50)),
        (nn.he_uniform, 2 / 30),
        (nn.he_normal, 2 / 30),
    ],
)
def test_initial_weights_have_mean_zero_and_the_papers_variance(draw, variance):
    rng, n = Random(0), 20_000
    weights = [draw(rng, 30, 50) for _ in range(n)]
    assert abs(sum(weights) / n) < STRAY * math.sqrt(variance / n)
    squares = [w * w for w in weights]
    spread = math.sqrt(2 / n) * variance  # of the mean square, at most: a normal's kurtosis is 3
    assert abs(sum(squares) / n - variance) < STRAY * spread


def test_uniform_weights_stay_within_their_bounds():
    rng = Random(1)
    glorot = [nn.glorot_uniform(rng, 3, 5) for _ in range(2000)]
    he = [nn.he_uniform(rng, 3, 5) for _ in range(2000)]
    assert math.sqrt(6 / 8) * 0.99 < max(map(abs, glorot)) <= math.sqrt(6 / 8)
    assert math.sqrt(6 / 3) * 0.99 < max(map(abs, he)) <= math.sqrt(6 / 3)


def test_the_activation_chooses_the_initialisation_unless_one_is_given():
    def weights(*args, **kwargs):
        return [p.data for p in nn.Layer(4, 3, *args, seed=7, **kwargs).parameters()]

    assert weights("tanh") == weights("tanh", initialization="glorot_uniform")
    assert weights("sigmoid") == weights("linear") == weights("tanh")
    assert weights("relu") == weights("relu", initialization="he_uniform") != weights("tanh")
    assert weights("relu", initialization="he_normal") != weights("relu")
    assert (
        weights(initialization=lambda rng, fan_in, fan_out: fan_in + fan_out / 10)[:4] == [4.3] * 4
    )


def test_biases_begin_at_zero():
    parameters = nn.MLP(3, [4, 2], seed=0).named_parameters()
    assert [p.data for name, p in parameters.items() if name.endswith("bias")] == [0.0] * 6


def test_the_same_seed_gives_the_same_weights_and_another_gives_others():
    def weights(**kwargs):
        return [p.data for p in nn.MLP(2, [3, 1], **kwargs).parameters()]

    assert weights(seed=5) == weights(seed=5) == weights(rng=Random(5)) != weights(seed=6)
    assert weights() != weights()


def test_a_given_generator_is_drawn_from_in_turn():
    rng = Random(0)
    first, second = nn.Layer(2, 2, rng=rng), nn.Layer(2, 2, rng=rng)
    assert [p.data for p in first.parameters()] != [p.data for p in second.parameters()]


# -- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (nn.Perceptron(2, "relu"), r"Perceptron\(2 → relu\) takes 2 inputs, but was given 3"),
        (nn.Layer(2, 4), r"Layer\(2 → 4\) takes 2 inputs, but was given 3"),
        (nn.MLP(2, [4, 1]), r"MLP\(2 → 4 tanh → 1\) takes 2 inputs, but was given 3"),
    ],
)
def test_an_input_of_another_length_says_both_lengths(model, expected):
    with pytest.raises(ValueError, match=expected):
        model([1.0, 2.0, 3.0])


def test_an_input_that_is_no_list_says_what_is_expected():
    with pytest.raises(TypeError, match=r"takes a list of 1 numbers, not float 0\.5"):
        nn.MLP(1, [1])(0.5)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.MLP(0, [1]), ValueError, "inputs is a whole number, at least 1, not 0"),
        (lambda: nn.MLP(2.5, [1]), TypeError, r"inputs is a whole number.*not float 2\.5"),
        (lambda: nn.MLP(True, [1]), TypeError, "inputs is a whole number.*not bool True"),
        (lambda: nn.MLP(2, 3), TypeError, r"widths is a list such as \[16, 16, 1\], not int 3"),
        (lambda: nn.MLP(2, []), ValueError, "widths is empty"),
        (lambda: nn.MLP(2, [4, -1]), ValueError, r"widths\[1\] is a whole number"),
        (lambda: nn.MLP(2, [1], "tahn"), ValueError, "no activation is called 'tahn'"),
        (lambda: nn.MLP(2, [1], 3), TypeError, "activation is a name, a function or a list"),
        (lambda: nn.MLP(2, [2, 1], ["relu"]), ValueError, "1 entries for 2 layers"),
        (
            lambda: nn.MLP(2, [1], ["relu"], output_activation="tanh"),
            ValueError,
            "leave output_activation out",
        ),
        (lambda: nn.MLP(2, [1], dropout=1.0), ValueError, r"dropout is a number in \[0, 1\)"),
        (lambda: nn.Layer(2, 1, 5), TypeError, "an activation is a name or a function"),
        (lambda: nn.Layer(2, 1, initialization="xavier"), ValueError, "glorot_uniform"),
        (lambda: nn.Layer(2, 1, initialization=3), TypeError, "an initialisation is a name"),
        (lambda: nn.Layer(2, 1, seed=1, rng=Random(1)), ValueError, "not both"),
        (lambda: nn.Layer(2, 1, rng=np.random), TypeError, r"rng is a random\.Random"),
        (lambda: nn.Layer(2, 1, seed="1"), TypeError, "seed is an int or None, not str '1'"),
        (lambda: nn.Sequential(), ValueError, "at least one layer"),
        (lambda: nn.Sequential(nn.Layer(1, 1), 3), TypeError, "layer 1 is a module or a function"),
        (
            lambda: nn.Sequential(nn.Layer(2, 3), nn.Dropout(0.1), nn.Layer(4, 1)),
            ValueError,
            "layer 0 gives 3 numbers, but layer 2 takes 4",
        ),
    ],
)
def test_what_cannot_be_built_says_why(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_sequential_names_functions_that_have_no_name_by_their_type():
    model = nn.Sequential(nn.Layer(1, 1, seed=0), functools.partial(map, abs), autograd.tanh)
    assert model.architecture() == "Sequential(Layer(1 → 1), partial, tanh)"


@pytest.mark.parametrize("draw", [nn.glorot_uniform, nn.glorot_normal, nn.he_uniform, nn.he_normal])
def test_a_layer_without_connections_has_no_first_weights(draw):
    with pytest.raises(ValueError, match="fan_in and fan_out count a layer's inputs and outputs"):
        draw(Random(0), 0, 0)
