"""Dropout leaves units out by masks that are drawn outside and passed in."""

from __future__ import annotations

import math
from random import Random

import pytest

import nn


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.9])
def test_the_mean_of_a_dropped_layer_is_the_layer(rate):
    drop, rng, n = nn.Dropout(rate, width=3), Random(0), 20_000
    x = [1.0, -2.0, 0.5]
    totals = [0.0, 0.0, 0.0]
    for _ in range(n):
        dropped = drop(x, masks=drop.draw_masks(rng))
        totals = [a + b for a, b in zip(totals, dropped, strict=True)]
    for total, expected in zip(totals, x, strict=True):
        # a mask's variance is rate/(1 - rate); five deviations of the mean of n of them
        stray = 5 * abs(expected) * math.sqrt(rate / (1 - rate) / n)
        assert abs(total / n - expected) <= stray


def test_a_mask_is_zero_or_one_over_the_share_that_is_kept():
    mask = nn.Dropout(0.2, width=1000).draw_mask(Random(0))
    assert set(mask) == {0.0, 1.25}
    assert 150 < mask.count(0.0) < 250


def test_without_masks_a_call_is_inference():
    model = nn.MLP(2, [8, 8, 1], dropout=0.5, seed=0)
    plain = nn.MLP(2, [8, 8, 1], seed=0)
    x = [0.5, -0.5]
    assert model(x)[0].data == model(x)[0].data == plain(x)[0].data


def test_masks_multiply_the_outputs_of_hidden_layers_and_never_the_last():
    model = nn.MLP(2, [4, 3, 2], dropout=0.5, seed=0)
    masks = {"dropouts.0": [0.0, 2.0, 2.0, 0.0], "dropouts.1": [2.0, 0.0, 2.0]}
    x = [1.0, -1.0]
    first, second, last = model.layer_outputs(x, masks)
    undropped = model.layers[0](x)
    assert [y.data for y in first] == [0.0, 2 * undropped[1].data, 2 * undropped[2].data, -0.0]
    assert second[1].data == 0.0
    assert [y.data for y in last] == [y.data for y in model.layers[2](second)]
    assert [y.data for y in model(x, masks=masks)] == [y.data for y in last]


def test_a_unit_that_is_left_out_gets_no_gradient():
    model = nn.MLP(1, [2, 1], dropout=0.5, seed=0)
    model([1.0], masks={"dropouts.0": [0.0, 2.0]})[0].backward()
    assert [p.grad for p in model.layers[0].neurons[0].parameters()] == [0.0, 0.0]
    assert all(p.grad for p in model.layers[0].neurons[1].parameters())


def test_dropout_leaves_the_paths_of_the_layers_as_they_are():
    assert list(nn.MLP(2, [3, 1], dropout=0.5).named_parameters()) == list(
        nn.MLP(2, [3, 1]).named_parameters()
    )


def test_masks_come_from_the_given_generator_alone():
    model = nn.MLP(2, [5, 1], dropout=0.5, seed=0)
    assert model.draw_masks(Random(3)) == model.draw_masks(Random(3))
    assert model.draw_masks(Random(3)) != model.draw_masks(Random(4))
    assert nn.MLP(2, [5, 1], seed=0).draw_masks(Random(3)) == {}


def test_a_sequential_tells_its_dropouts_their_width():
    first, second = nn.Dropout(0.5), nn.Dropout(0.25)
    model = nn.Sequential(first, nn.Layer(2, 7, seed=0), second, nn.Layer(7, 1, seed=0))
    assert [len(mask) for mask in model.draw_masks(Random(0)).values()] == [2, 7]
    assert (first.width, second.width) == (None, None)
    masks = model.draw_masks(Random(1))
    hidden = model.layers[1]([m * x for m, x in zip(masks["layers.0"], [1.0, 2.0], strict=True)])
    dropped = [m * h for m, h in zip(masks["layers.2"], hidden, strict=True)]
    assert model([1.0, 2.0], masks=masks)[0].data == model.layers[3](dropped)[0].data


def test_a_network_of_ones_own_passes_its_masks_on():
    class Net(nn.Module):
        def __init__(self):
            self.body = nn.MLP(1, [4, 2], dropout=0.5, seed=0)
            self.drop = nn.Dropout(0.5, width=2)

        def __call__(self, x, masks=None):
            return self.drop(self.body(x, masks=masks), masks=masks)

    net = Net()
    masks = net.draw_masks(Random(0))
    assert list(masks) == ["body.dropouts.0", "drop"]
    assert net([1.0], masks={**masks, "drop": [0.0, 0.0]})[0].data == 0.0
    assert net([1.0])[0].data == net.body([1.0])[0].data


class Filled(nn.Module):
    """Its list and its dict are filled in place, which no field hears of."""

    def __init__(self):
        self.named, self.listed = {}, []
        for name in ("a", "b"):
            self.named[name] = nn.Dropout(0.5, 2)
            self.listed.append(nn.Dropout(0.5, 2))


def test_dropouts_in_a_container_filled_in_place_have_a_mask_each():
    masks = Filled().draw_masks(Random(0))
    assert list(masks) == ["named.a", "named.b", "listed.0", "listed.1"]
    outer = nn.Module()
    outer.blocks = []
    outer.blocks += [nn.MLP(1, [2, 1], dropout=0.5), nn.MLP(1, [2, 1], dropout=0.5)]
    assert list(outer.draw_masks(Random(0))) == ["blocks.0.dropouts.0", "blocks.1.dropouts.0"]
    single = nn.Module()
    single.drops = {}
    single.drops["d"] = nn.Dropout(0.5, 2)
    assert list(single.draw_masks(Random(0))) == ["drops.d"]


def test_two_dropouts_of_one_path_are_refused():
    model = nn.Module()
    model.drops = {1: nn.Dropout(0.5, 2), "1": nn.Dropout(0.5, 2)}
    with pytest.raises(ValueError, match=r"two Dropouts have the same path, 'drops\.1'"):
        model.draw_masks(Random(0))


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5, math.nan])
def test_a_rate_outside_zero_to_one_is_refused(rate):
    with pytest.raises(ValueError, match=r"rate is a number in \[0, 1\), not"):
        nn.Dropout(rate)


def test_a_rate_that_is_no_number_is_refused():
    with pytest.raises(TypeError, match=r"rate is a number in \[0, 1\), not str '0.5'"):
        nn.Dropout("0.5")


def test_a_dropout_that_does_not_know_its_width_says_how_to_give_it():
    with pytest.raises(ValueError, match=r"give it its width: Dropout\(rate, width\)"):
        nn.Dropout(0.5).draw_masks(Random(0))


def test_masks_of_another_model_are_refused():
    model = nn.MLP(1, [2, 1], dropout=0.5, seed=0)
    with pytest.raises(ValueError, match=r"masks has none for the Dropout 'dropouts\.0'"):
        model([1.0], masks={})
    with pytest.raises(ValueError, match="the mask has 3 numbers and the input 2"):
        model([1.0], masks={"dropouts.0": [1.0, 1.0, 1.0]})
