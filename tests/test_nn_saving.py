"""A model's file gives the same model back, and a file with anything wrong in it is refused."""

from __future__ import annotations

import contextlib
import itertools
import os
import struct
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
import safetensors
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

import nn
from autograd import Value, dot, exp, softmax
from nn.activations import ACTIVATIONS
from nn.model_file import contents_of, decoded, encoded
from nn.safetensors import MAX_HEADER, Tensor, sealed
from nn.safetensors import decoded as decoded_tensors
from nn.safetensors import encoded as encoded_tensors
from tests.interruption import interrupted_at
from tests.model_bytes import altered, of_header, parts, with_json, with_metadata, with_numbers

AWKWARD = [-0.0, 0.1, 5e-324, -2.2250738585072009e-308, 1.7976931348623157e308, 1 / 3]
LITTLE = 1 << 20  # bytes: thousands of times a hostile file, far from what one could ask for
SOON = 2.0  # seconds: thousands of times what judging a small file takes


def bits(model):
    return [struct.pack("<d", p.data) for p in model.parameters()]


def bytes_of(model):
    return encoded(contents_of(model))


def again(model):
    return decoded(bytes_of(model)).model


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


@pytest.fixture(scope="module")
def small():
    """The bytes of the smallest network with every part that a file has."""
    return bytes_of(nn.MLP(1, [1], seed=0))


# -- round trips ---------------------------------------------------------------------------------

names = st.sampled_from(sorted(ACTIVATIONS))
sizes = st.integers(1, 4)
rates = st.floats(0.0, 0.9)
functions = names.map(lambda name: ACTIVATIONS[name].function)
dropouts = st.builds(nn.Dropout, rates, st.none() | sizes)


@st.composite
def mlps(draw):
    widths = draw(st.lists(sizes, min_size=1, max_size=3))
    activations = draw(st.lists(names, min_size=len(widths), max_size=len(widths)))
    return nn.MLP(draw(sizes), widths, activations, dropout=draw(rates), seed=draw(sizes))


@st.composite
def stacks(draw, inner):
    """Layers that fit on each other, with parts between them that take any number of inputs."""
    widths = draw(st.lists(sizes, min_size=2, max_size=4))
    dense = [nn.Layer(a, b, draw(names), seed=a) for a, b in itertools.pairwise(widths)]
    between = draw(
        st.lists(dropouts | inner.map(nn.Sequential), max_size=2).map(
            lambda parts: [*parts, nn.linear]
        )
    )
    return nn.Sequential(dense[0], nn.Sequential(*between), *dense[1:])


layers = st.builds(nn.Layer, sizes, sizes, names, seed=sizes)
perceptrons = st.builds(nn.Perceptron, sizes, names, seed=sizes)
modules = st.recursive(
    mlps() | layers | perceptrons | dropouts, lambda inner: stacks(inner), max_leaves=3
)


@settings(max_examples=40)
@given(modules, st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=3))
def test_every_module_comes_back_with_every_bit(module, numbers):
    for parameter, number in zip(module.parameters(), itertools.cycle(AWKWARD + numbers)):
        parameter.data = number
    back = again(module)
    assert type(back) is type(module)
    assert repr(back) == repr(module)
    assert list(back.named_parameters()) == list(module.named_parameters())
    assert bits(back) == bits(module)
    assert bytes_of(back) == bytes_of(module)


def test_a_network_gives_the_same_outputs_and_draws_the_same_masks(path):
    model = nn.Sequential(
        nn.MLP(3, [5, 4], "gelu", dropout=0.25, seed=1),
        nn.Dropout(0.5),
        softmax,
        nn.Sequential(nn.Layer(4, 2, "silu", seed=2), nn.Perceptron(2, seed=3)),
        ACTIVATIONS["tanh"].function,
    )
    nn.save(model, path)
    back = nn.load(path)
    x = [0.25, -1.0, 2.0]
    assert back(x).data == model(x).data
    masks = model.draw_masks(Random(7))
    assert back.draw_masks(Random(7)) == masks
    assert back(x, masks=masks).data == model(x, masks=masks).data


def test_the_labels_are_those_of_a_new_model(path):
    model = nn.MLP(2, [3, 1], seed=0)
    nn.save(model.layers[1], path)
    assert [p.label for p in nn.load(path).parameters()][:2] == [
        "neurons.0.weights.0",
        "neurons.0.weights.1",
    ]


def test_a_path_may_be_of_any_kind(path):
    model = nn.Layer(1, 1, seed=0)
    nn.save(model, str(path))
    assert bits(nn.load(path)) == bits(model)
    with pytest.raises(TypeError):
        nn.load(3)


# -- of one's own --------------------------------------------------------------------------------


class Residual(nn.Module):
    def __init__(self, seed):
        self.body = nn.MLP(2, [3, 2], seed=seed)
        self.scales = [Value(1.0), Value(float(seed))]
        self.heads = {
            "a": nn.Layer(2, 1, seed=seed),
            "b": (nn.Perceptron(2, seed=seed), Value(0.5)),
        }

    def __call__(self, x, masks=None):
        return [a * s for a, s in zip(self.body(x), self.scales, strict=True)]


def test_a_module_of_one_s_own_is_filled(path):
    model, other = Residual(1), Residual(2)
    nn.save(model, path)
    assert bits(other) != bits(model)
    assert nn.load(path, into=other) is other
    assert bits(other) == bits(model)
    with pytest.raises(nn.ModelFileError, match=r"'Residual\(.*nn\.load\(path, into=model\)"):
        nn.load(path)


def test_its_tensors_have_the_names_of_its_fields(path):
    nn.save(Residual(1), path)
    shapes = {name: x.shape for name, x in safetensors.numpy.load_file(path).items()}
    assert shapes == {
        "body.layers.0.weight": (3, 2),
        "body.layers.0.bias": (3,),
        "body.layers.1.weight": (2, 3),
        "body.layers.1.bias": (2,),
        "scales": (2,),
        "heads.a.weight": (1, 2),
        "heads.a.bias": (1,),
        "heads.b.0.weight": (2,),
        "heads.b.0.bias": (),
        "heads.b.1": (),
    }


def twice():
    """One layer at two places."""
    layer = nn.Layer(2, 2, "tanh", seed=0)
    return nn.Sequential(layer, layer)


def tied():
    """One weight in two layers."""
    model = nn.MLP(1, [1, 1], seed=0)
    first, second = (layer.neurons[0] for layer in model.layers)
    second.weights = first.weights
    return model


def own_function():
    return nn.Sequential(nn.Layer(1, 1, seed=0), exp)


def own_activation():
    return nn.Layer(1, 2, lambda x: x * x, seed=0)


def own_relu():
    def relu(x):
        return x

    return nn.Perceptron(1, relu, seed=0)


def with_a_field():
    model = nn.MLP(1, [1], seed=0)
    model.note = "for Monday"
    return model


def mixed():
    """A layer whose neurons differ."""
    layer = nn.Layer(2, 2, "tanh", seed=0)
    layer.neurons[1].activation = ACTIVATIONS["relu"].function
    return layer


def uneven():
    """A layer whose neurons differ in their number of weights."""
    layer = nn.Layer(2, 2, seed=0)
    layer.neurons[1].weights = layer.neurons[1].weights[:1]
    return layer


def other_rates():
    model = nn.MLP(1, [2, 2, 1], dropout=0.25, seed=0)
    model.dropouts[1].rate = 0.5
    return model


OWN = [
    twice,
    tied,
    own_function,
    own_activation,
    own_relu,
    with_a_field,
    mixed,
    uneven,
    other_rates,
]


@pytest.mark.parametrize("make", OWN, ids=lambda make: make.__name__)
def test_what_constructors_alone_do_not_make_is_filled(make, path):
    model, other = make(), make()
    nn.save(model, path)
    for parameter in other.parameters():
        parameter.data += 1.0
    nn.load(path, into=other)
    assert bits(other) == bits(model)
    with pytest.raises(nn.ModelFileError, match="not made of nn's own modules"):
        nn.load(path)


def test_one_parameter_cannot_get_two_numbers(path):
    model = tied()
    nn.save(model, path)
    path.write_bytes(
        with_numbers(path.read_bytes(), lambda numbers: numbers.insert(0, numbers.pop(0) + 1.0))
    )
    before = bits(model)
    with pytest.raises(nn.ModelFileError, match="at another place too"):
        nn.load(path, into=model)
    assert bits(model) == before


@pytest.mark.parametrize(
    "other",
    [nn.MLP(2, [4, 1]), nn.MLP(2, [3, 1], "relu"), nn.MLP(2, [3, 1], dropout=0.5), Residual(1)],
    ids=repr,
)
def test_another_model_is_not_filled(other, path):
    nn.save(nn.MLP(2, [3, 1]), path)
    before = bits(other)
    with pytest.raises(nn.ModelFileError, match=r"model\.safetensors: it holds 'MLP\(2 → 3 tanh"):
        nn.load(path, into=other)
    assert bits(other) == before


@pytest.mark.parametrize("change", [{"weights": 3}, {"extra": 1}, {"weights": 1}])
def test_a_model_with_other_tensors_is_not_filled(change, path):
    class Own(nn.Module):
        def __init__(self, weights=2, **extra):
            self.weights = [Value(0.0) for _ in range(weights)]
            for name in extra:
                setattr(self, name, Value(0.0))

        def architecture(self):
            return "Own"

    for saved, filled in ((Own(), Own(**change)), (Own(**change), Own())):
        nn.save(saved, path)
        with pytest.raises(
            nn.ModelFileError, match=r"there is a tensor 'extra|has the shape|str 'e"
        ):
            nn.load(path, into=filled)


def test_two_parameters_of_one_name_are_refused(path):
    class Confusing(nn.Module):
        def __init__(self, **fields):
            self.parts = fields.pop("parts")

    for parts_ in ({"a.b": Value(1.0), "a": {"b": Value(2.0)}},):
        with pytest.raises(ValueError, match=r"two tensors would be called 'parts\.a\.b'"):
            nn.save(Confusing(parts=parts_), path)
    assert not path.exists()


def in_each_other(depth, wrapped):
    """A layer that is wrapped so many times."""
    module = nn.Layer(1, 1, seed=0)
    for _ in range(depth):
        module = wrapped(module)
    return module


def test_what_is_nested_too_deeply_is_refused_by_its_limit(path):
    deepest = in_each_other(32, nn.Sequential)
    nn.save(deepest, path)
    assert bits(nn.load(path)) == bits(deepest)
    before = path.read_bytes()
    for depth in (33, 400):
        with pytest.raises(ValueError, match="Sequentials are nested in each other deeper than 32"):
            nn.save(in_each_other(depth, nn.Sequential), path)
    assert path.read_bytes() == before


def test_so_are_modules_of_one_s_own(path):
    class Own(nn.Module):
        def __init__(self, inner):
            self.inner = inner

    with pytest.raises(ValueError, match="modules in Own are nested in each other too deeply"):
        nn.save(in_each_other(400, Own), path)
    assert not path.exists()


def test_sequentials_that_share_their_parts_are_judged_soon(path):
    start = time.monotonic()
    with pytest.raises(ValueError, match="deeper than 32"):
        nn.save(in_each_other(33, lambda inner: nn.Sequential(inner, inner)), path)
    assert time.monotonic() - start < SOON


def test_a_name_that_no_file_can_hold_is_refused_by_its_field(path):
    class Own(nn.Module):
        def __init__(self):
            self.parts = {"\ud800": Value(1.0)}

    with pytest.raises(ValueError, match=r"would be called 'parts\.\\ud800', which has half of"):
        nn.save(Own(), path)
    assert not path.exists()


def test_a_module_that_is_reached_on_many_ways_is_written_once(path):
    class Both(nn.Module):
        def __init__(self, inner):
            self.left, self.right = inner, inner

        def architecture(self):
            return "Both"

    model = Both(Value(1.0))
    for _ in range(40):  # 2^40 ways
        model = Both(model)
    nn.save(model, path)
    assert len(safetensors.numpy.load_file(path)) == 2


# -- as others read and write it -----------------------------------------------------------------


def test_the_safetensors_package_reads_the_same_bits(path):
    model = nn.MLP(2, [3, 1], seed=0)
    for parameter, number in zip(model.parameters(), AWKWARD * 3, strict=False):
        parameter.data = number
    nn.save(model, path)
    tensors = safetensors.numpy.load_file(path)
    for i, layer in enumerate(model.layers):
        weight = [[w.data for w in neuron.weights] for neuron in layer.neurons]
        bias = [neuron.bias.data for neuron in layer.neurons]
        for name, numbers in ((f"layers.{i}.weight", weight), (f"layers.{i}.bias", bias)):
            found = tensors.pop(name)
            assert found.dtype == "float64"
            assert str(found.tolist()) == str(numbers)  # as text, so that -0.0 is not 0.0
    assert not tensors
    with safetensors.safe_open(path, "numpy") as file:
        assert file.metadata()["summary"] == "MLP(2 → 3 tanh → 1)"


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])).filter(lambda s: s != "__metadata__"),
        st.lists(st.floats(), min_size=1, max_size=5),
        max_size=4,
    ),
    st.dictionaries(st.sampled_from(["a", "π"]), st.text(st.characters(exclude_categories=["Cs"]))),
)
def test_any_tensors_are_read_by_both_alike(rows, metadata):
    data = encoded_tensors(metadata, {k: Tensor((len(x),), x) for k, x in rows.items()})
    theirs = safetensors.numpy.load(data)
    own_metadata, ours = decoded_tensors(data)
    assert own_metadata == metadata
    assert theirs.keys() == ours.keys() == rows.keys()
    for name, row in rows.items():
        expected = struct.pack(f"<{len(row)}d", *row)
        assert theirs[name].tobytes() == ours[name].numbers.tobytes() == expected


def test_the_package_s_own_file_is_refused_in_words(path):
    import numpy as np

    for metadata in (None, {"format": "pt"}):
        safetensors.numpy.save_file({"weight": np.ones((2, 2))}, path, metadata)
        with pytest.raises(nn.ModelFileError, match="another program wrote it"):
            nn.load(path)


def test_what_it_makes_of_our_file_is_refused(path):
    nn.save(nn.Layer(1, 1, seed=0), path)
    with safetensors.safe_open(path, "numpy") as file:
        metadata = file.metadata()
    safetensors.numpy.save_file(safetensors.numpy.load_file(path), path, metadata)
    with pytest.raises(nn.ModelFileError):
        nn.load(path)


# -- what is refused -----------------------------------------------------------------------------


def test_every_flipped_bit_is_found(small):
    for place in range(len(small)):
        for bit in range(8):
            flipped = bytearray(small)
            flipped[place] ^= 1 << bit
            with pytest.raises(nn.ModelFileError):
                decoded(bytes(flipped))


def test_every_flipped_bit_under_a_right_digest_gives_a_model_or_is_refused(small):
    given = 0
    for place in range(len(small)):
        for bit in range(8):
            flipped = bytearray(small)
            flipped[place] ^= 1 << bit
            with contextlib.suppress(nn.ModelFileError):
                given += decoded(sealed(bytes(flipped))).model is not None
    assert given >= 100  # the bits of the two parameters, but for those that make them infinite


def test_every_length_but_its_own_is_refused(small):
    for length in range(len(small)):
        for data in (small[:length], sealed(small[:length])):
            with pytest.raises(nn.ModelFileError):
                decoded(data)
    for more in (b"\0", b"\0" * 8, small):
        for data in (small + more, sealed(small + more)):
            with pytest.raises(nn.ModelFileError):
                decoded(data)


WEIGHT = "layers.0.weight"
ENTRY = {"dtype": "F64", "shape": [1], "data_offsets": [16, 24]}


def entry(**fields):
    return lambda header: header[WEIGHT].update(fields)


def swapped(header):
    weight = header.pop(WEIGHT)
    header[WEIGHT] = weight


HEADERS = {
    "dtype str 'F32'": entry(dtype="F32"),
    "dtype is int 1, not text": entry(dtype=1),
    r"shape\[0\] is int 0": entry(shape=[0]),
    r"shape\[0\] is int -1": entry(shape=[-1, -1]),
    r"shape\[0\] is bool True": entry(shape=[True, 1]),
    r"shape\[1\] is float 1.0": entry(shape=[1, 1.0]),
    "shape is str": entry(shape="11"),
    "with 9 axes": entry(shape=[1] * 9),
    r"would lie at list \[0, 8\]; expected \[0, 16\]": entry(shape=[2, 1]),
    r"shape \(1,\), and in the model \(1, 1\)": entry(shape=[1]),
    r"would lie at list \[8, 0\]": entry(data_offsets=[8, 0]),
    r"would lie at list \[0, 16\]": entry(data_offsets=[0, 16]),
    r"data_offsets\[0\] is int -8": entry(data_offsets=[-8, 0]),
    r"data_offsets is list \[0\]": entry(data_offsets=[0]),
    r"would lie at list \[0, 8, 8\]": entry(data_offsets=[0, 8, 8]),
    "unknown field str 'name'": entry(name="x"),
    "lacks the field 'dtype'": lambda header: header[WEIGHT].pop("dtype"),
    "is list .*, not an object": lambda header: header.update({WEIGHT: []}),
    "would lie at": swapped,
    "8 bytes follow its last tensor": lambda header: header.pop("layers.0.bias"),
    "ends at 24, in 16 bytes": lambda header: header.update(more=ENTRY),
    "text|is int 3": lambda header: header["__metadata__"].update(summary=3),
    "format is str 'other 1'": lambda header: header["__metadata__"].update(format="other 1"),
    "newer stepgrad": lambda header: header["__metadata__"].update(format="stepgrad 2"),
    "metadata are": lambda header: header["__metadata__"].pop("summary"),
    "its metadata are .*more": lambda header: header["__metadata__"].update(more="x"),
    "training is no JSON": lambda header: header["__metadata__"].update(training=""),
}


@pytest.mark.parametrize("words", HEADERS)
def test_a_header_that_says_something_else_is_refused(words, small):
    with pytest.raises(nn.ModelFileError, match=words):
        decoded(altered(small, HEADERS[words]))


def nested(depth):
    """A blueprint of so many Sequentials in each other."""
    found = {"kind": "Layer", "inputs": 1, "outputs": 1, "activation": "tanh"}
    for _ in range(depth):
        found = {"kind": "Sequential", "layers": [found]}
    return found


BLUEPRINTS = {
    "is str 'MLP', not an object with a kind": lambda _: "MLP",
    "an object with a kind": lambda x: {"inputs": 1},
    "of the kind str 'os.system'": lambda x: x.update(kind="os.system"),
    "an object with a kind$": lambda x: x.update(kind=["MLP"]),
    "unknown field str '__class__'": lambda x: x.update(__class__="x"),
    "lacks the field 'dropout'": lambda x: {
        k: x[k] for k in ("kind", "inputs", "widths", "activations")
    },
    "inputs is int 0": lambda x: x.update(inputs=0),
    "inputs is bool True": lambda x: x.update(inputs=True),
    "inputs is str": lambda x: x.update(inputs="1"),
    "inputs is int 2147483648": lambda x: x.update(inputs=2**31),
    "widths is list": lambda x: x.update(widths=[]),
    "widths is dict": lambda x: x.update(widths={}),
    r"widths\[0\] is int -1": lambda x: x.update(widths=[-1]),
    r"activations\[0\] is str 'eval'": lambda x: x.update(activations=["eval"]),
    r"activations\[0\] is list": lambda x: x.update(activations=[["tanh"]]),
    "1 widths and 2 activations": lambda x: x.update(activations=["tanh", "tanh"]),
    "dropout is float 1.0": lambda x: x.update(dropout=1.0),
    "dropout is int 0": lambda x: x.update(dropout=0),
    "has 3 parameters, and there are 2": lambda x: x.update(inputs=2),
    "1 parameters, and there are 2|there are 2": lambda _: {
        "kind": "Perceptron",
        "inputs": 9,
        "activation": "tanh",
    },
    "there is a tensor str 'weight' in the model": lambda _: nested(0),
    "layers is list .*at least one": lambda _: {"kind": "Sequential", "layers": []},
    "layer 0 of its architecture is int 3": lambda _: {"kind": "Sequential", "layers": [3]},
    "name is str '__import__'": lambda _: {
        "kind": "Sequential",
        "layers": [{"kind": "function", "name": "__import__"}],
    },
    "width is float": lambda _: {"kind": "Dropout", "rate": 0.5, "width": 1.0},
    "of the kind str 'function'": lambda _: {"kind": "function", "name": "tanh"},
    "layer 0 gives 1 numbers, but layer 1 takes 2": lambda _: {
        "kind": "Sequential",
        "layers": [
            {"kind": "MLP", "inputs": 1, "widths": [1], "activations": ["tanh"], "dropout": 0.0},
            {"kind": "Layer", "inputs": 2, "outputs": 1, "activation": "tanh"},
        ],
    },
    "nested deeper than 32": lambda _: nested(34),
}


@pytest.mark.parametrize("words", BLUEPRINTS)
def test_an_architecture_that_is_none_is_refused(words, small):
    if "layer 1 takes 2" in words:  # which shows only when all the numbers are there
        small = bytes_of(nn.MLP(4, [1], seed=0))
    with pytest.raises(nn.ModelFileError, match=words):
        decoded(with_json(small, "architecture", BLUEPRINTS[words]))


TEXTS = {
    "no JSON to trust: the key 'kind' stands twice": '{"kind": 1, "kind": 1}',
    "no JSON to trust: NaN": "[NaN]",
    "no JSON to trust: -Infinity": "[-Infinity]",
    "1e999 is beyond the floats": "[1e999]",
    "a whole number has 5000 digits": "9" * 5000,
    "nested too deeply": "[" * 101,
    "no JSON to trust: Expecting": "{",
    "no JSON to trust: Extra data": "{} {}",
    "no JSON to trust: Expecting value": "",
}


@pytest.mark.parametrize("words", TEXTS)
def test_json_that_is_not_one_thing_only_is_refused(words, small):
    with pytest.raises(nn.ModelFileError, match=words):
        decoded(with_metadata(small, "architecture", TEXTS[words]))
    _, content = parts(small)
    beginning = f'{{"__metadata__":{{"sha256":"{"0" * 64}"}},"x":'
    with pytest.raises(nn.ModelFileError, match="its header is"):
        decoded(of_header(f"{beginning}{TEXTS[words]}}}", content))


def test_a_header_is_one_object_in_utf_8(small):
    _, content = parts(small)
    beginning = b'{"__metadata__":{"sha256":"' + b"0" * 64 + b'"}'
    twice_over = beginning + b',"__metadata__":{}}'
    for text, words in (
        (beginning + b',"\xff":1}', "not UTF-8"),
        (twice_over, "'__metadata__' stands twice"),
        (beginning + b"} x", "Extra data"),
        (beginning + b',"a":1,"a":1}', "'a' stands twice"),
    ):
        with pytest.raises(nn.ModelFileError, match=words):
            decoded(of_header(text, content))
    with pytest.raises(nn.ModelFileError, match="does not begin as"):
        decoded(of_header(b" " + beginning + b"}"))


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_a_number_that_is_not_finite_is_refused_both_ways(number, small, path):
    data = with_numbers(small, lambda numbers: numbers.__setitem__(1, number))
    with pytest.raises(nn.ModelFileError, match=rf"layers\.0\.bias\[0\] is {number}"):
        decoded(data)
    model = nn.MLP(2, [3, 2], seed=0)
    nn.save(model, path)
    before = path.read_bytes()
    model.layers[1].neurons[1].weights[2].data = number
    with pytest.raises(ValueError, match=rf"layers\.1\.weight\[1, 2\] is {number}"):
        nn.save(model, path)
    assert path.read_bytes() == before


def test_a_header_that_would_not_be_read_again_is_not_written(path):
    class Wide(nn.Module):
        def __init__(self):
            self.parts = {"x" * (MAX_HEADER // 2) + name: Value(0.0) for name in "ab"}

        def architecture(self):
            return "Wide"

    with pytest.raises(ValueError, match=r"2 tensors would need a header of \d+ bytes"):
        nn.save(Wide(), path)
    assert not path.exists()


HOSTILE = {
    "a layer as large as they come": {
        "kind": "Layer", "inputs": 2**31 - 1, "outputs": 2**31 - 1, "activation": "tanh",
    },
    "a network of such layers": {
        "kind": "MLP", "inputs": 2**31 - 1, "widths": [2**31 - 1] * 50,
        "activations": ["tanh"] * 50, "dropout": 0.5,
    },
    "a Dropout as wide": {"kind": "Dropout", "rate": 0.5, "width": 2**31 - 1},
    "layers in layers": nested(300),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_small_file_takes_little_memory_and_time(what, small):
    data = with_json(small, "architecture", lambda _: HOSTILE[what])
    tracemalloc.start()
    begin = time.perf_counter()
    with pytest.raises(nn.ModelFileError):
        decoded(data)
    took, (_, peak) = time.perf_counter() - begin, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < LITTLE
    assert took < SOON


def test_nothing_of_a_tensor_s_size_is_believed(small):
    data = altered(small, entry(shape=[2**40, 2**40], data_offsets=[0, 2**63]))
    tracemalloc.start()
    with pytest.raises(nn.ModelFileError, match="would lie at"):
        decoded(data)
    assert tracemalloc.get_traced_memory()[1] < LITTLE
    tracemalloc.stop()
    for length in (2**64 - 1, MAX_HEADER + 1, len(small)):
        with pytest.raises(nn.ModelFileError, match="its header would have"):
            decoded(struct.pack("<Q", length) + small[8:])


# -- the file system -----------------------------------------------------------------------------


def test_what_a_file_says_reaches_no_terminal_as_it_is(small, path):
    path.write_bytes(with_metadata(small, "summary", "\x1b[2J" + "x" * 1000))
    for into in (nn.MLP(1, [1]), Residual(1)):
        with pytest.raises(nn.ModelFileError) as error:
            nn.load(path, into=into)
        assert "\x1b" not in str(error.value)
        assert len(str(error.value)) < 1000


def test_the_error_names_the_file(path):
    for content, words in ((b"", "0 bytes: it is empty"), (b"PK\3\4" * 100, "its header would")):
        path.write_bytes(content)
        with pytest.raises(nn.ModelFileError, match=rf"model\.safetensors: .*{words}"):
            nn.load(path)


def test_what_the_system_refuses_stays_an_error_of_the_system(tmp_path):
    model = nn.Layer(1, 1, seed=0)
    for load in (nn.load, lambda path: nn.save(model, path)):
        with pytest.raises(IsADirectoryError):
            load(tmp_path)
        with pytest.raises(FileNotFoundError):
            load(tmp_path / "none" / "model.safetensors")
    assert os.listdir(tmp_path) == []


def test_a_file_that_is_replaced_keeps_its_mode_and_its_links(path, tmp_path):
    model = nn.MLP(2, [1], seed=0)
    nn.save(nn.MLP(2, [3, 1], seed=0), path)
    os.chmod(path, 0o600)
    link = tmp_path / "link.safetensors"
    link.symlink_to(path)
    nn.save(model, link)
    assert link.is_symlink()
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert nn.load(path)([1.0, 2.0]) == model([1.0, 2.0])


def test_a_device_is_neither_written_nor_read(path):
    with pytest.raises(OSError, match="is a device or a pipe"):
        nn.save(nn.MLP(2, [1], seed=0), "/dev/null")
    with pytest.raises(nn.ModelFileError, match="is a device or a pipe"):
        nn.load("/dev/zero")
    with open(path, "wb") as file:
        file.truncate(10**12)  # of which the disk has nothing
    with pytest.raises(nn.ModelFileError, match="1000000000000 bytes"):
        nn.load(path)


def test_what_is_no_module_is_refused(path):
    with pytest.raises(TypeError, match=r"model is an nn\.Module such as"):
        nn.save([1.0], path)
    with pytest.raises(TypeError, match="into is a module to fill"):
        nn.load(path, into="MLP")


def test_two_threads_that_save_to_one_file_do_not_mix(path):
    models = [nn.MLP(2, [40, 1], seed=seed) for seed in (0, 1)]
    contents = {bytes_of(model) for model in models}
    nn.save(models[0], path)
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(nn.save, models[i % 2], path) for i in range(10)]
        while not all(job.done() for job in jobs):
            assert path.read_bytes() in contents
        assert [job.result() for job in jobs] == [None] * 10
    assert os.listdir(path.parent) == [path.name]


# Where Ctrl-C comes between `open` and `with`, the collector closes the file.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupted_save_leaves_the_old_file_or_the_new_one(path):
    old, new = nn.Layer(1, 1, seed=0), nn.Layer(1, 1, seed=1)
    nn.save(old, path)
    before, after = path.read_bytes(), bytes_of(new)
    assert before != after
    line = 1
    while interrupted_at(
        line, lambda: nn.save(new, path), ("nn/saving", "nn/safetensors", "autograd/files")
    ):
        assert path.read_bytes() in (before, after)
        assert os.listdir(path.parent) == [path.name]
        path.write_bytes(before)
        line += 1
    assert line > 20
    assert path.read_bytes() == after


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupted_load_leaves_the_old_numbers_or_the_new_ones(path):
    saved, model = nn.Layer(1, 1, seed=0), nn.Layer(1, 1, seed=1)
    nn.save(saved, path)
    before, after = bits(model), bits(saved)
    files, line = ("nn/saving", "nn/named_tensors", "nn/writing"), 1
    while interrupted_at(line, lambda: nn.load(path, into=model), files):
        assert bits(model) in (before, after)
        line += 1
    assert line > 50
    assert bits(model) == after


def test_a_line_of_one_s_own_can_be_saved_while_it_computes_with_dot(path):
    class Line(nn.Module):
        def __init__(self):
            self.weights, self.bias = [Value(2.0), Value(-1.0)], Value(0.5)

        def __call__(self, x, masks=None):
            return [dot(self.weights, x) + self.bias]

    line = Line()
    nn.save(line, path)
    line.bias.data = 7.0
    assert nn.load(path, into=line)([1.0, 1.0])[0].data == 1.5
