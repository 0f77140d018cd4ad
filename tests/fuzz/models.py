"""Whatever the bytes, they are a model that saves as it was loaded, or a ModelFileError."""

from __future__ import annotations

import json
import math
import struct
import unicodedata
from random import Random
from typing import Any

import safetensors

import nn
from autograd import Value
from nn.model_file import ModelFile, contents_of, decoded, encoded
from nn.safetensors import BEGINNING, DIGEST, sealed

LONGEST = 2_600  # bytes of an input: the random state of a checkpoint takes half of that
LONGEST_MESSAGE = 1_000  # characters
MOST = 1_000  # numbers, or channels, of a sample
# These have an answer to a sample; an image may be too small, and parts may not fit on each other.
ANSWER = (
    *(nn.Perceptron, nn.Layer, nn.MLP, nn.Linear, nn.RMSNorm),
    *(nn.Embedding, nn.CausalSelfAttention, nn.GPT),
)
WORDS = [
    *"kind layers name inputs outputs widths activations activation dropout rate width".split(),
    *"Conv2d MaxPool2d AvgPool2d Flatten Unflatten in_channels out_channels kernel_size".split(),
    *"stride padding valid same channels rows columns".split(),
    *"Linear Embedding RMSNorm CausalSelfAttention GPT tokens positions heads epsilon".split(),
    *"Perceptron Layer MLP Dropout Sequential function relu tanh linear sigmoid".split(),
    *'dtype F64 shape data_offsets training/gradient training/slots training/best {" "}'.split(),
    *"weight bias format summary architecture training null true false 1e999 -1 \\ud800".split(),
]


def judge(data: bytes) -> None:
    """AssertionError, or whatever escapes, where these bytes are loaded wrongly."""
    try:
        file = decoded(data)
    except nn.ModelFileError as error:
        _check_message(f"{error}")
        return
    _check_tensors(file, data)
    if file.model is not None:
        _check_saved_again(file)
        _check_prediction(file.model)


def _check_message(message: str) -> None:
    """Words of a length that can be read; nothing that commands a terminal."""
    assert message
    assert len(message) <= LONGEST_MESSAGE
    assert not {unicodedata.category(c) for c in message} & {"Cc", "Cs"}


def _check_tensors(file: ModelFile, data: bytes) -> None:
    """The safetensors package, which is in Rust, finds the same bits in the file."""
    theirs = dict(safetensors.deserialize(data))
    assert file.tensors.keys() <= theirs.keys()
    for name, (shape, numbers) in file.tensors.items():
        assert theirs[name]["dtype"] == "F64"
        assert theirs[name]["shape"] == list(shape)
        assert bytes(theirs[name]["data"]) == struct.pack(f"<{len(numbers)}d", *numbers)
        assert all(map(math.isfinite, numbers))


def _check_saved_again(file: ModelFile) -> None:
    """What is written is what was read, and then the same bytes each time."""
    assert file.model is not None
    data = encoded(contents_of(file.model), file.training)
    again = decoded(data)
    assert again.blueprint == file.blueprint
    for name, tensor in again.tensors.items():
        assert _bits(tensor) == _bits(file.tensors[name])
    assert again.model is not None
    assert encoded(contents_of(again.model), again.training) == data


def _bits(tensor: Any) -> tuple[Any, bytes]:
    return tensor.shape, struct.pack(f"<{len(tensor.numbers)}d", *tensor.numbers)


def _check_prediction(model: nn.Module) -> None:
    """It answers with numbers, finite or not; but a Sequential may join what does not fit."""
    try:
        answer = model(_sample(model))
    except (TypeError, ValueError):
        assert not isinstance(model, ANSWER)
        return
    for y in _flat(answer):
        assert type(y.data if isinstance(y, Value) else y) is float


def _sample(model: Any) -> Any:
    """What the model takes, or its first part: so many numbers, an image, tokens or vectors."""
    while isinstance(model, nn.Sequential):
        model = model.layers[0]
    if isinstance(model, nn.Perceptron):
        return [0.5] * len(model.weights)
    if isinstance(model, nn.Layer | nn.MLP | nn.Linear):
        return [0.5] * model.inputs
    if isinstance(model, nn.Embedding):
        return model.tokens - 1
    if isinstance(model, nn.GPT):
        return [model.tokens - 1] * min(model.positions, 2)
    if isinstance(model, nn.CausalSelfAttention):
        return [[0.5] * model.width] * 2
    if isinstance(model, nn.RMSNorm):
        return [0.5, -1.0]
    if isinstance(model, nn.Dropout):
        return [0.5] * min(model.width or 2, MOST)
    if isinstance(model, nn.Unflatten):
        return [0.5] * min(model.channels * model.rows * model.columns, MOST)
    return [[[0.5] * 4] * 4] * min(getattr(model, "in_channels", 1), MOST)


def _flat(answer: Any) -> list[Any]:
    return [y for x in answer for y in _flat(x)] if isinstance(answer, list) else [answer]


# -- changing a file -----------------------------------------------------------------------------

NO_DIGEST = "0" * 64
NUMBERS = [0, 1, -1, 2, 3, 0.5, 1.0, 2**31 - 1, 2**31, 2**48, 2**63, 2**64, 10**19, 10**25, 1e308]
NUMBERS_BITS = [0.0, -0.0, 5e-324, 1.7976931348623157e308, math.inf, -math.inf, math.nan]
OTHERS = [None, True, False, "", "relu", "F64", "F32", "\0", "\ud800", "é", [], {}, [[]], [1], "{}"]


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Another file, most often with the length and the digest that belong to its content.

    Three in four times a place in the header, or in JSON within it, gets something else; otherwise
    the fuzzer changes bytes of the header or the numbers, now and then of the whole.
    """
    import atheris

    random = Random(seed)
    way = random.random()
    header, numbers = _parts(data)
    if way < 0.02 or not header:
        return atheris.Mutate(data, max_size)
    if way < 0.12:
        numbers = atheris.Mutate(numbers, max(8, max_size - len(header) - 8))
    elif way < 0.30:
        header = (
            BEGINNING
            + header[len(BEGINNING) :][:65]
            + atheris.Mutate(header[len(BEGINNING) + 65 :] or b" ", max_size - len(numbers) - 8)
        )
    else:
        header, numbers = _with_another_place(header, numbers, random)
    return sealed(struct.pack("<Q", len(header)) + header + numbers)[:max_size]


def _parts(data: bytes) -> tuple[bytes, bytes]:
    """The header and the numbers; no header where it is none of ours."""
    if len(data) < DIGEST.stop or not data.startswith(BEGINNING, 8):
        return b"", b""
    end = 8 + int.from_bytes(data[:8], "little")
    return data[8:end], data[end:]


def _with_another_place(header: bytes, numbers: bytes, random: Random) -> tuple[bytes, bytes]:
    try:
        tree = json.loads(header)
    except (ValueError, RecursionError):
        return header, numbers
    for _ in range(random.choice([1, 1, 1, 2, 4])):
        tree = _changed(tree, random, tree)
    if isinstance(tree, dict) and isinstance(tree.get("__metadata__"), dict):
        begun = {"sha256": NO_DIGEST} | tree["__metadata__"] | {"sha256": NO_DIGEST}
        tree = {"__metadata__": begun} | tree | {"__metadata__": begun}
    if isinstance(tree, dict) and random.random() < 0.7:
        numbers = _fitted(tree, numbers, random)
    return _text(tree, random), numbers


def _changed(tree: Any, random: Random, root: Any) -> Any:
    """The tree with something else at one place of it, chosen at random."""
    if isinstance(tree, str) and tree[:1] in ("{", "[") and random.random() < 0.9:
        try:
            inner = json.loads(tree)
        except (ValueError, RecursionError):
            return _something(random, root)
        return _text(_changed(inner, random, inner), random).decode("utf-8", "surrogatepass")
    if not isinstance(tree, dict | list) or not tree or random.random() < 0.03:
        return _something(random, root)
    keys = [*tree] if isinstance(tree, dict) else [*range(len(tree))]
    key, other = random.choice(keys), random.choice(keys)
    found = tree.copy()
    way = random.random()
    if way < 0.08:
        del found[key]
    elif way < 0.16:
        found[key] = tree[other]
    elif way < 0.24 and isinstance(tree, dict):
        found[random.choice(WORDS)] = found.pop(key)
    elif way < 0.32 and isinstance(found, list):
        found.insert(key, tree[other])
    else:
        found[key] = _changed(tree[key], random, root)
    return found


def _something(random: Random, root: Any) -> Any:
    way = random.random()
    if way < 0.5:
        return random.choice(NUMBERS) if way < 0.25 else random.randrange(5)
    if way < 0.7:
        return random.choice(OTHERS)
    if way < 0.85:
        return random.choice(WORDS)
    while isinstance(root, dict | list) and root and random.random() < 0.8:
        root = random.choice([*root.values()] if isinstance(root, dict) else root)
    return root


def _fitted(tree: Any, numbers: bytes, random: Random) -> bytes:
    """Numbers of the length that the shapes ask for, which get the offsets that they have then."""
    entries = [x for name, x in tree.items() if name != "__metadata__"]
    end = 0
    for entry in entries:
        shape = entry.get("shape") if isinstance(entry, dict) else None
        if not isinstance(shape, list) or not all(isinstance(n, int) for n in shape):
            return numbers
        begin, end = end, end + 8 * math.prod(shape)
        entry["data_offsets"] = [begin, end]
    if not 0 <= end <= LONGEST:
        return numbers
    more = struct.pack("<d", random.choice([*NUMBERS_BITS, 1.5]))
    return (numbers + more * (end // 8))[:end]


def _text(tree: Any, random: Random) -> bytes:
    """As JSON, whose texts are escaped or, which half of a pair of surrogates must be, not."""
    text = json.dumps(tree, separators=(",", ":"), ensure_ascii=random.random() < 0.8)
    return text.encode("utf-8", "surrogatepass")
