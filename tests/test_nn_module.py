"""A module names its Values by their paths, keeps its structure, and is a tree for transforms."""

from __future__ import annotations

import copy
import math
import pickle
import weakref

import numpy as np
import pytest

import nn
from autograd import Value, grad, tanh, value_and_grad
from autograd.tree import flatten


class Net(nn.Module):
    """As a user would write it: a network, a list of Values and a dict of modules."""

    def __init__(self) -> None:
        self.body = nn.MLP(2, [3, 2], seed=1)
        self.scales = [Value(2.0), Value(-1.0)]
        self.heads = {"a": nn.Layer(2, 1, seed=2)}
        self.factor = 3.0

    def __call__(self, x, masks=None):
        hidden = [tanh(s * h) for s, h in zip(self.scales, self.body(x), strict=True)]
        return [self.factor * y for y in self.heads["a"](hidden)]


def test_each_parameter_is_listed_once_in_field_order_under_its_dotted_path():
    names = list(Net().named_parameters())
    assert names[:3] == [
        "body.layers.0.neurons.0.weights.0",
        "body.layers.0.neurons.0.weights.1",
        "body.layers.0.neurons.0.bias",
    ]
    assert names[-5:] == [
        "scales.0",
        "scales.1",
        "heads.a.neurons.0.weights.0",
        "heads.a.neurons.0.weights.1",
        "heads.a.neurons.0.bias",
    ]
    assert len(names) == len(set(names)) == 3 * 3 + 2 * 4 + 2 + 3


def test_parameters_are_the_named_ones_in_the_same_order():
    net = Net()
    named = net.named_parameters().values()
    assert all(a is b for a, b in zip(net.parameters(), named, strict=True))


def test_labels_are_the_paths_in_the_root_also_in_a_network_of_ones_own():
    net = Net()
    assert {name: p.label for name, p in net.named_parameters().items()} == {
        name: name for name in net.named_parameters()
    }
    assert net.body.layers[1].neurons[0].label == "body.layers.1.neurons.0"


def test_labels_follow_when_a_network_becomes_part_of_a_larger_one():
    inner = nn.MLP(1, [1], seed=0)
    assert inner.layers[0].neurons[0].bias.label == "layers.0.neurons.0.bias"
    outer = nn.Sequential(inner)
    assert outer.layers[0] is inner
    assert inner.layers[0].neurons[0].bias.label == "layers.0.layers.0.neurons.0.bias"
    assert list(inner.named_parameters()) == [
        "layers.0.neurons.0.weights.0",
        "layers.0.neurons.0.bias",
    ]


def test_a_label_of_ones_own_on_the_root_begins_every_path():
    model = nn.MLP(1, [1], seed=0)
    model.label = "net"
    assert model.layers[0].neurons[0].bias.label == "net.layers.0.neurons.0.bias"
    assert model([1.0])[0].label == "net.layers.0.neurons.0"


def test_each_neurons_output_is_labelled_with_the_neurons_path():
    outputs = nn.MLP(2, [3, 2], seed=0).layer_outputs([1.0, 2.0])
    assert [[y.label for y in layer] for layer in outputs] == [
        ["layers.0.neurons.0", "layers.0.neurons.1", "layers.0.neurons.2"],
        ["layers.1.neurons.0", "layers.1.neurons.1"],
    ]


def test_a_shared_value_is_one_parameter_under_its_first_path():
    class Tied(nn.Module):
        def __init__(self):
            self.first = Value(1.0)
            self.second = [self.first, Value(2.0)]

    tied = Tied()
    assert list(tied.named_parameters()) == ["first", "second.1"]
    assert tied.first.label == "first"
    assert tied.parameters() == [tied.first, tied.second[1]]


class Node(nn.Module):
    def __init__(self, *children):
        self.weight = Value(1.0)
        self.children_of = list(children)


@pytest.mark.parametrize("wrap", [lambda m: m, lambda m: [m], lambda m: {"up": (m,)}])
def test_a_module_does_not_come_to_lie_inside_itself(wrap):
    leaf = Node()
    root = Node(Node(leaf))
    leaf.parent = None
    before = [dict(vars(m)) for m in root.modules()]
    for inner in (leaf, root):
        with pytest.raises(ValueError, match=r"parent would put this Node inside.*weakref\.ref"):
            inner.parent = wrap(root)
    assert [dict(vars(m)) for m in root.modules()] == before
    assert len(root.parameters()) == 3


def test_a_weak_reference_to_a_parent_is_no_child():
    leaf = Node()
    root = Node(leaf)
    leaf.parent = weakref.ref(root)
    assert repr(root).endswith("with 2 parameters")
    assert grad(lambda m: m.weight * m.children_of[0].weight)(root).weight == 1.0


def test_a_module_in_two_places_is_walked_once():
    shared = Node()
    root = Node(shared, Node(shared))
    assert len(root.parameters()) == 3
    assert root.modules() == [root, shared, root.children_of[1]]


def test_a_list_of_children_becomes_a_tuple_and_other_lists_stay():
    class Lists(nn.Module):
        def __init__(self):
            self.children_of = [[Value(1.0)], [Value(2.0)]]
            self.numbers = [1, 2]

    module = Lists()
    assert isinstance(module.children_of, tuple)
    assert isinstance(module.children_of[0], tuple)
    assert module.numbers == [1, 2]


def test_an_array_of_values_is_refused_because_its_values_would_not_be_trained():
    class Arrays(nn.Module):
        def __init__(self):
            self.weights = np.array([Value(1.0), Value(2.0)])

    with pytest.raises(TypeError, match=r"weights is an array of objects.*weights\.tolist\(\)"):
        Arrays()


def test_a_module_without_call_says_what_to_define():
    with pytest.raises(NotImplementedError, match="Module has no __call__"):
        nn.Module()([1.0])


def test_zero_grad_clears_every_gradient_and_nothing_else():
    model = nn.MLP(2, [2, 1], seed=0)
    before = [p.data for p in model.parameters()]
    model([1.0, 2.0])[0].backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert [p.grad for p in model.parameters()] == [0.0] * 9
    assert [p.data for p in model.parameters()] == before


def test_the_repr_says_the_architecture_and_the_number_of_parameters():
    assert repr(nn.MLP(2, [16, 16, 1])) == "MLP(2 → 16 tanh → 16 tanh → 1) with 337 parameters"
    assert repr(nn.MLP(1, [2, 1], "relu", dropout=0.25)) == (
        "MLP(1 → 2 relu → 1, dropout 0.25) with 7 parameters"
    )
    assert repr(Net()) == (
        "Net(body: MLP(2 → 3 tanh → 2), scales: 2 Values, heads: [Layer(2 → 1)]) with 22 parameters"
    )


def test_transforms_see_the_parameters_in_the_order_of_the_module():
    net = Net()
    leaves, _ = flatten(net)
    assert all(a is b for a, b in zip(leaves, net.parameters(), strict=True))


def test_a_gradient_by_a_network_is_a_network_of_floats_equal_to_backwards():
    net = Net()

    def loss(net):
        return nn.mse(net([0.5, -1.0]), 0.25)

    value, gradient = value_and_grad(loss)(net)
    assert isinstance(gradient, Net)
    assert all(p.grad == 0.0 for p in net.parameters())
    cost = loss(net)
    cost.backward()
    assert value == cost.data
    assert [gradient.scales[0], gradient.heads["a"].neurons[0].bias] == [
        net.scales[0].grad,
        net.heads["a"].neurons[0].bias.grad,
    ]
    assert flatten_floats(gradient) == [p.grad for p in net.parameters()]


def flatten_floats(module):
    found = []

    def walk(field):
        if isinstance(field, nn.Module):
            for name, x in vars(field).items():
                if name not in ("label", "factor", "rate", "width"):
                    walk(x)
        elif isinstance(field, dict):
            list(map(walk, field.values()))
        elif isinstance(field, tuple):
            list(map(walk, field))
        elif isinstance(field, float):
            found.append(field)

    walk(module)
    return found


def test_a_network_of_plain_numbers_computes_plain_numbers_bit_for_bit():
    model = nn.MLP(3, [4, 2], seed=3)
    step = grad(lambda m: nn.mse(m([1.0, 2.0, 3.0]), [0.0, 1.0]))(model)
    y = step([1.0, 2.0, 3.0])
    assert all(type(x) is float and math.isfinite(x) for x in y)


def test_copies_and_pickles_compute_the_same_and_share_nothing():
    net = Net()
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(nn.MLP(2, [3, 1], seed=0)))):
        x = [0.3, -0.7]
        original = net if isinstance(twin, Net) else nn.MLP(2, [3, 1], seed=0)
        assert [y.data for y in twin(x)] == [y.data for y in original(x)]
        assert list(twin.named_parameters()) == list(original.named_parameters())
        assert not set(map(id, twin.parameters())) & set(map(id, original.parameters()))
