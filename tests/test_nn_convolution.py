"""Convolution and pooling: what they compute, what flows back, and what they are in a network."""

from __future__ import annotations

import importlib.util
import math
import warnings
from collections import Counter
from random import Random
from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from numpy.lib.stride_tricks import sliding_window_view

import autograd
import nn
from autograd import Value, draw, jit, topological_order, vmap
from autograd.testing import check_grads
from nn.model_file import contents_of, decoded, encoded
from nn.training_document import training_document
from tests.model_bytes import with_json

# Numbers are eighths of small whole numbers, so that sums of products are exact in any order and
# what two libraries give is compared with ==.
EIGHTHS = st.integers(-16, 16).map(lambda n: n / 8)
LANES = 1e-12  # relative: a compiled gradient adds the same terms in another order


# -- the judges ----------------------------------------------------------------------------------
# Each gives the outputs and, for seeds in their shape, the gradients of Σ seed · output.


def margins(padding: Any, kernel: tuple[int, int]) -> list[tuple[int, int]]:
    if padding == "same":
        return [((k - 1) // 2, k - 1 - (k - 1) // 2) for k in kernel]
    return [(0 if padding == "valid" else padding,) * 2] * 2


def strided(image: Any, kernel: Any, stride: Any) -> Any:
    return sliding_window_view(image, kernel, axis=(1, 2))[:, :: stride[0], :: stride[1]]


def scattered(shape: Any, shares: Any, stride: Any) -> Any:
    """Each window's shares added at the places that the window covers."""
    total = np.zeros(shape)
    _, rows, columns, height, width = shares.shape
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride[0], j * stride[1]
            total[:, top : top + height, left : left + width] += shares[:, i, j]
    return total


def numpy_conv(image, weight, bias, stride, padding, seeds):
    around = margins(padding, weight.shape[2:])
    padded = np.pad(image, [(0, 0), *around])
    seen = strided(padded, weight.shape[2:], stride)
    outputs = np.einsum("irchw,oihw->orc", seen, weight) + bias[:, None, None]
    if seeds is None:
        return outputs, ()
    shares = np.einsum("oihw,orc->irchw", weight, seeds)
    (top, _), (left, _) = around
    by_image = scattered(padded.shape, shares, stride)
    by_image = by_image[:, top : top + image.shape[1], left : left + image.shape[2]]
    by_weight = np.einsum("irchw,orc->oihw", seen, seeds)
    return outputs, (by_image, by_weight, seeds.sum((1, 2)))


def numpy_pool(kind, image, kernel, stride, seeds):
    seen = strided(image, kernel, stride)
    outputs = seen.sum((3, 4)) / math.prod(kernel) if kind is nn.AvgPool2d else seen.max((3, 4))
    if seeds is None:
        return outputs, ()
    share = np.full(seen.shape, 1.0 / math.prod(kernel))
    if kind is nn.MaxPool2d:
        share = (seen == outputs[..., None, None]) * 1.0
    return outputs, (scattered(image.shape, share * seeds[..., None, None], stride),)


def differentiated(f, arrays, seeds):
    import torch

    tensors = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in arrays]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "same" with an even kernel makes a padded copy, it says
        outputs = f(torch.nn.functional, *tensors)[0]
    if seeds is not None:
        outputs.backward(torch.tensor(seeds, dtype=torch.float64))
    return outputs.detach().numpy(), [t.grad.numpy() for t in tensors if seeds is not None]


def torch_conv(image, weight, bias, stride, padding, seeds):
    def f(functional, x, w, b):
        return functional.conv2d(x[None], w, b, stride=stride, padding=padding)

    return differentiated(f, [image, weight, bias], seeds)


def torch_pool(kind, image, kernel, stride, seeds):
    def f(functional, x):
        average = kind is nn.AvgPool2d
        return (functional.avg_pool2d if average else functional.max_pool2d)(
            x[None], kernel, stride
        )

    return differentiated(f, [image], seeds)


JUDGES = {"numpy": (numpy_conv, numpy_pool)}
if importlib.util.find_spec("torch"):  # where PyTorch is installed it judges as well
    JUDGES["torch"] = (torch_conv, torch_pool)
each_judge = pytest.mark.parametrize("judge", JUDGES)


# -- what they are compared on -------------------------------------------------------------------

sizes = st.integers(1, 3)
pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))
strides = st.tuples(sizes, sizes)


def arrays(draw, *shape):
    count = math.prod(shape)
    return np.array(draw(st.lists(EIGHTHS, min_size=count, max_size=count))).reshape(shape)


@st.composite
def convolutions(draw):
    """A convolution with weights of its own, and an image for it."""
    kernel = draw(pairs)
    stride = draw(st.just((1, 1)) | strides)
    words = ["valid", "same"] if stride == (1, 1) else ["valid"]
    padding = draw(st.sampled_from(words) | st.integers(0, min(kernel) - 1))
    conv = nn.Conv2d(draw(sizes), draw(sizes), kernel, stride, padding, seed=0)
    numbers = arrays(draw, len(conv.parameters()))
    for parameter, number in zip(conv.parameters(), numbers, strict=True):
        parameter.data = float(number)
    height, width = (k + draw(st.integers(0, 4)) for k in kernel)
    return conv, arrays(draw, conv.in_channels, height, width)


@st.composite
def poolings(draw):
    """A pooling, and an image of numbers that all differ: at a tie libraries may disagree."""
    kernel = draw(pairs)
    kind = draw(st.sampled_from([nn.MaxPool2d, nn.AvgPool2d]))
    pool = kind(kernel, draw(st.none() | strides))
    shape = (draw(sizes), *(k + draw(st.integers(0, 4)) for k in kernel))
    count = math.prod(shape)
    return pool, np.array(draw(st.permutations(range(count)))).reshape(shape) / 8


def as_values(image):
    return [[[Value(float(x)) for x in row] for row in channel] for channel in image]


def data(nested):
    return np.array([[[x.data for x in row] for row in channel] for channel in nested])


def gradient(nested):
    return np.array([[[x.grad for x in row] for row in channel] for channel in nested])


def sent_back(outputs):
    """Seeds that tell the outputs apart, after the sweep backward from Σ seed · output."""
    flat = nn.Flatten()(outputs)
    seeds = [(7 * i % 11 - 5) / 8 for i in range(len(flat))]
    autograd.dot(flat, seeds).backward()
    return np.array(seeds).reshape(data(outputs).shape)


@each_judge
@settings(max_examples=20)
@given(case=convolutions())
def test_a_convolution_and_its_gradients_are_the_judge_s_exactly(judge, case):
    conv, image = case
    values = as_values(image)
    conv.zero_grad()
    outputs = conv(values)
    seeds = sent_back(outputs)
    weight = np.array([[w.data for w in each.weights] for each in conv.filters])
    weight = weight.reshape(conv.out_channels, conv.in_channels, *conv.kernel_size)
    bias = np.array([each.bias.data for each in conv.filters])
    expected, gradients = JUDGES[judge][0](image, weight, bias, conv.stride, conv.padding, seeds)
    by_image, by_weight, by_bias = gradients
    assert np.array_equal(data(outputs), expected)
    assert conv.output_shape(image.shape) == expected.shape
    assert np.array_equal(gradient(values), by_image)
    slopes = [w.grad for each in conv.filters for w in each.weights]
    assert slopes == by_weight.ravel().tolist()
    assert [each.bias.grad for each in conv.filters] == by_bias.tolist()


@each_judge
@settings(max_examples=20)
@given(case=poolings())
def test_a_pooling_and_its_gradient_are_the_judge_s(judge, case):
    pool, image = case
    values = as_values(image)
    outputs = pool(values)
    seeds = sent_back(outputs)
    args = type(pool), image, pool.kernel_size, pool.stride, seeds
    expected, (by_image,) = JUDGES[judge][1](*args)
    assert np.array_equal(data(outputs), expected)
    assert pool.output_shape(image.shape) == expected.shape
    assert np.allclose(gradient(values), by_image, rtol=1e-15, atol=1e-15)  # thirds are rounded


def test_gradients_agree_with_finite_differences():
    conv, rng = nn.Conv2d(1, 2, (2, 3), padding="same", activation="tanh", seed=0), Random(1)
    image = nn.Unflatten(1, 3, 3)([rng.gauss(0, 1) for _ in range(9)])

    def loss(conv, image):
        maps = nn.AvgPool2d(2, stride=1)(conv(image))
        return autograd.logsumexp(nn.Flatten()(nn.MaxPool2d((1, 2))(maps)))

    check_grads(loss, (conv, image))


def test_at_a_tie_the_gradient_of_the_largest_is_shared():
    values = as_values(np.array([[[1.0, 2.0], [2.0, 0.0]]]))
    [[[largest]]] = nn.MaxPool2d(2)(values)
    largest.backward()
    assert gradient(values).tolist() == [[[0.0, 0.5], [0.5, 0.0]]]


# -- the graph -----------------------------------------------------------------------------------


def operations(nested):
    found = nn.Flatten()(nested)
    return Counter(n.op.name for n in topological_order(*found) if n.op)


def test_each_output_is_one_dot_and_one_activation_on_shared_weights():
    conv = nn.Conv2d(2, 3, 3, activation="relu", seed=0)
    maps = conv(as_values(np.ones((2, 5, 4))))
    assert operations(maps) == {"dot": 3 * 3 * 2, "relu": 3 * 3 * 2}
    for each, channel in zip(conv.filters, maps, strict=True):
        for output in nn.Flatten()(channel):
            assert output.parents[0].operands[:18] == each.weights
            assert output.parents[0].operands[-1] is each.bias


def test_padding_makes_no_node_and_no_edge():
    conv = nn.Conv2d(1, 1, 3, padding="same", seed=0)
    image = as_values(np.ones((1, 2, 2)))
    corner = conv(image)[0][0][0]
    assert set(corner.parents) == {*conv.parameters(), *nn.Flatten()(image)}


def test_a_pooled_window_is_one_maximum_or_one_mean():
    image = as_values(np.arange(16.0).reshape(1, 4, 4))
    assert operations(nn.MaxPool2d(2)(image)) == {"maximum": 4}
    assert operations(nn.AvgPool2d(2)(image)) == {"sum": 4, "divide": 4}
    assert nn.MaxPool2d(1, stride=2)(image)[0][0][1] is image[0][0][2]


def digits_network(dropout=0.0, seed=0):
    return nn.Sequential(
        nn.Unflatten(1, 6, 6),
        nn.Conv2d(1, 2, 3, activation="relu", seed=seed),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Layer(8, 3, seed=seed),
    )


def test_a_picture_has_a_box_for_each_channel_and_for_each_layer():
    [score, *_] = digits_network()([Value(0.0, label=f"x{i}") for i in range(36)])
    by_channel = draw(score, collapse="neuron").source
    for name in ("layers.1.filters.0", "layers.1.filters.1", "layers.2.channels.1"):
        assert by_channel.count(f">{name}<") == 1
    by_layer = draw(score, collapse="layer").source
    for name in ("layers.1", "layers.2", "layers.5"):
        assert by_layer.count(f">{name}<") == 1
    assert "filters" not in by_layer


def test_weights_begin_as_the_initialisation_draws_them_for_these_fans():
    fans = []
    nn.Conv2d(2, 5, (3, 4), initialization=lambda rng, *both: fans.append(both) or 0.0)
    assert set(fans) == {(24, 60)}
    first, second = nn.Conv2d(1, 2, 3, seed=4), nn.Conv2d(1, 2, 3, rng=Random(4))
    assert [p.data for p in first.parameters()] == [p.data for p in second.parameters()]


def test_an_image_may_be_an_array_and_its_numbers_may_be_plain():
    conv, image = nn.Conv2d(1, 1, 2, seed=0), np.arange(9.0).reshape(1, 3, 3)
    assert np.array_equal(data(conv(image)), data(conv(image.tolist())))
    assert nn.MaxPool2d(3)(image) == [[[8.0]]]
    assert nn.Flatten()(nn.Unflatten(1, 3, 3)(image)) == list(range(9))


# -- in a network --------------------------------------------------------------------------------


def stripes():
    """Images of 6 × 6 with a bar across (class 0), down (1) or along the diagonal (2)."""
    rng, X, y = Random(0), [], []
    for n in range(30):
        place, label = rng.randrange(1, 5), n % 3
        places = [(i == place, j == place, i == j) for i in range(6) for j in range(6)]
        X.append([float(bars[label]) + rng.gauss(0.0, 0.1) for bars in places])
        y.append(label)
    return X, y


def test_compiled_outputs_are_those_of_the_graph_bit_for_bit():
    model, (X, _) = digits_network(), stripes()
    fast = jit(vmap(lambda model, x: model(x), in_axes=(None, 0)))
    expected = [[output.data for output in model(x)] for x in X]
    assert np.array(fast(model, np.array(X))).T.tolist() == expected


def test_training_is_the_same_compiled_and_eager_and_learns():
    X, y = stripes()
    options: Any = dict(loss=nn.cross_entropy, optimizer=nn.Adam(0.02), batch_size=10, seed=1)
    options |= dict(progress=False)
    eager, compiled = digits_network(dropout=0.2), digits_network(dropout=0.2)
    there = nn.fit(eager, X, y, epochs=2, eager=True, **options)
    here = nn.fit(compiled, X, y, epochs=2, **options)
    assert [r.loss for r in here] == pytest.approx([r.loss for r in there], rel=LANES)
    slopes = [p.grad for p in eager.parameters()]
    assert [p.grad for p in compiled.parameters()] == pytest.approx(slopes, rel=LANES, abs=LANES)
    nn.fit(compiled, X, y, epochs=80, **options)
    assert nn.accuracy(nn.predict(compiled, X), y) == 1.0


def test_a_training_s_page_has_the_units_of_images_one_after_the_other():
    model, (X, y) = digits_network(), stripes()
    document = training_document(model, X, y, nn.cross_entropy, None)
    counts = {each["name"]: each["count"] for each in document["layers"]}
    assert not document["why_not"]
    assert counts == {"layers.1": 32, "layers.2": 8, "layers.5": 3}


def test_hidden_features_are_drawn_of_an_image_too():
    model, (X, y) = digits_network(), stripes()
    _, right = nn.plot_hidden_features(model, X, y, layer=1)
    assert right.get_title() == "the hidden layer: 32 units"
    plt.close("all")


def test_images_are_drawn_to_one_scale_around_zero():
    conv = nn.Conv2d(1, 2, 2, seed=0)
    maps = conv(np.arange(9.0).reshape(1, 3, 3))
    panels = nn.plot_images(maps, titles=["first", "second"])
    shown = [panel.get_images()[0] for panel in panels]
    assert np.array_equal([image.get_array() for image in shown], data(maps))
    extent = np.abs(data(maps)).max()
    assert {image.get_clim() for image in shown} == {(-extent, extent)}
    assert [panel.get_title() for panel in panels] == ["first", "second"]
    plt.close("all")


def test_a_weight_shared_by_many_places_takes_one_sum_over_the_samples():
    model, (X, y) = digits_network(), stripes()

    def loss(model, x, label):
        return nn.cross_entropy(model(list(x)), label)

    mean = autograd.value_and_grad(vmap(loss, in_axes=(None, 0, 0), reduce="mean"))
    program = jit(mean).program(model, np.array(X), np.array(y, dtype=float))
    used = Counter(op.name for op, _ in program.instructions)
    assert used["lane_sum"] == len(model.parameters()) + 1  # and the mean itself


def test_a_dead_filter_is_no_dead_layer_but_all_of_them_are():
    X, y = stripes()
    for dead in (1, 2):
        model = digits_network()
        for each in model.layers[1].filters[:dead]:
            each.bias.data = -1e3
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            nn.fit(model, X, y, loss=nn.cross_entropy, epochs=3, progress=False)
        words = [str(warning.message) for warning in caught]
        assert len(words) == dead - 1
        assert all(w.startswith("layers.1 is dead") and "2 of its 2 units" in w for w in words)


# -- files ---------------------------------------------------------------------------------------


@settings(max_examples=8)
@given(convolutions(), poolings(), st.sampled_from(sorted(nn.ACTIVATIONS)))
def test_every_module_comes_back_with_every_bit(case, pooling, activation):
    conv, pool = case[0], pooling[0]
    active = nn.Conv2d(1, 1, 2, activation=activation, seed=0)
    model = nn.Sequential(nn.Sequential(conv), nn.Sequential(active), pool, nn.Flatten())
    file = encoded(contents_of(model))
    again = decoded(file).model
    assert repr(again) == repr(model)
    assert [p.data.hex() for p in again.parameters()] == [p.data.hex() for p in model.parameters()]
    assert encoded(contents_of(again)) == file


def test_another_library_finds_the_weights_in_its_own_order(tmp_path):
    conv = nn.Conv2d(2, 3, (2, 4), seed=0)
    nn.save(nn.Sequential(conv), tmp_path / "m.safetensors")
    file = safetensors.numpy.load_file(tmp_path / "m.safetensors")
    weight, bias = file["layers.0.weight"], file["layers.0.bias"]
    assert (weight.shape, bias.shape) == ((3, 2, 2, 4), (3,))
    image = np.arange(30.0).reshape(2, 3, 5)
    expected, _ = numpy_conv(image, weight, bias, (1, 1), "valid", None)
    assert data(conv(image)) == pytest.approx(expected, rel=1e-13)


def blueprint(kind, **fields):
    return {"kind": kind, **fields}


LARGE = 2**31 - 1
SMALL = dict(in_channels=1, out_channels=1, stride=[1, 1], padding="valid", activation="tanh")
HOSTILE = {
    "there are 2$": blueprint("Conv2d", **{**SMALL, "in_channels": LARGE}, kernel_size=[LARGE] * 2),
    "kernel_size is int 3": blueprint("Conv2d", **SMALL, kernel_size=3),
    "kernel_size is list .*not a pair": blueprint("MaxPool2d", kernel_size=[1] * 3, stride=[1, 1]),
    "kernel_size is bool True": blueprint("MaxPool2d", kernel_size=[True, 1], stride=[1, 1]),
    "stride is int 0": blueprint("AvgPool2d", kernel_size=[1, 1], stride=[0, 1]),
    "padding is str 'f'": blueprint("Conv2d", **{**SMALL, "padding": "f"}, kernel_size=[1, 1]),
    "padding is int -1": blueprint("Conv2d", **{**SMALL, "padding": -1}, kernel_size=[1, 1]),
    "padding is bool": blueprint("Conv2d", **{**SMALL, "padding": True}, kernel_size=[1, 1]),
    "rows is int 0": blueprint("Unflatten", channels=1, rows=0, columns=1),
    "has 0 parameters": blueprint("Unflatten", channels=LARGE, rows=LARGE, columns=LARGE),
    "unknown field str 'x'": blueprint("Flatten", x=1),
}  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE)
def test_an_architecture_that_is_none_is_refused_and_not_made(words):
    small = encoded(contents_of(nn.Layer(1, 1, seed=0)))
    with pytest.raises(nn.ModelFileError, match=words):
        decoded(with_json(small, "architecture", lambda _: HOSTILE[words]))
