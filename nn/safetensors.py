"""The bytes of a safetensors file that carries a digest of itself.

The format is eight bytes for the length of the header, the header as JSON, and the tensors' numbers
one after the other (https://huggingface.co/docs/safetensors). Ours begins with the digest, always
at the same place, so that nothing of the header is believed before the whole is known to be as it
was written. Tensors are F64, in the order of the header, without a gap.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from nn.checking import given
from nn.distrust import (
    ModelFileError,
    json_of,
    judge_fields,
    judge_text,
    list_of,
    whole_between,
)
from nn.floats import doubles, little_endian

MAX_HEADER = 1 << 24  # bytes; a layer takes about 200
MAX_RANK = 8
BEGINNING = b'{"__metadata__":{"sha256":"'
DIGEST = slice(8 + len(BEGINNING), 8 + len(BEGINNING) + 64)  # of the file: 64 hexadecimal digits
NO_DIGEST = b"0" * 64  # what stands there while the digest is computed


class Tensor(NamedTuple):
    """Numbers in rows: the last index runs fastest."""

    shape: tuple[int, ...]
    numbers: Sequence[float]


def encoded(metadata: Mapping[str, str], tensors: Mapping[str, Tensor]) -> bytes:
    """The file of these tensors; ValueError where its header would be too long to be read again.

    >>> data = encoded({"format": "mine"}, {"bias": Tensor((2,), [0.5, -0.0])})
    >>> decoded(data)
    ({'format': 'mine'}, {'bias': Tensor(shape=(2,), numbers=array('d', [0.5, -0.0]))})
    """
    header: dict[str, Any] = {"__metadata__": {"sha256": NO_DIGEST.decode(), **metadata}}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + 8 * len(tensor.numbers)
        header[name] = {"dtype": "F64", "shape": tensor.shape, "data_offsets": (start, end)}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)  # so that the numbers lie at a multiple of eight
    if len(text) > MAX_HEADER:
        raise ValueError(
            f"{len(tensors)} tensors would need a header of {len(text)} bytes, and {MAX_HEADER} "
            "is the limit; keep many parameters in few layers or lists"
        )
    parts = [little_endian(tensor.numbers) for tensor in tensors.values()]
    return sealed(b"".join([struct.pack("<Q", len(text)), text, *parts]))


def sealed(data: bytes) -> bytes:
    """The file with the digest that belongs to it; too short a file as it is."""
    if len(data) < DIGEST.stop:
        return data
    return data[: DIGEST.start] + _digest(data) + data[DIGEST.stop :]


def _digest(data: bytes) -> bytes:
    """SHA-256 of the file as it is without its digest, as 64 hexadecimal digits."""
    found = sha256(data[: DIGEST.start] + NO_DIGEST)
    found.update(memoryview(data)[DIGEST.stop :])
    return found.hexdigest().encode("ascii")


def decoded(data: bytes) -> tuple[dict[str, str], dict[str, Tensor]]:
    """The metadata and the tensors of a file that `encoded` made; ModelFileError for any other.

    Time and memory are proportional to the length of the file.
    """
    end = _end_of_header(data)
    if _digest(data) != data[DIGEST]:
        raise ModelFileError(
            "its digest is not that of what it holds: it was damaged, cut short or edited after "
            "it was written; take another copy"
        )
    try:
        text = data[8:end].decode("utf-8")
    except UnicodeDecodeError as error:
        raise ModelFileError(f"its header is not UTF-8: {error}") from None
    header = json_of(text, "its header")
    metadata = header.pop("__metadata__")  # that it is there, `_end_of_header` has seen
    for key, entry in metadata.items():
        judge_text(entry, f"its metadata {given(key)}")
    del metadata["sha256"]
    return metadata, _tensors(header, memoryview(data)[end:])


def _end_of_header(data: bytes) -> int:
    """Where the header ends; ModelFileError where it is none of ours."""
    if len(data) < 8:
        raise ModelFileError(f"it has {len(data)} bytes: it is empty or cut short")
    [length] = struct.unpack_from("<Q", data)
    end: int = 8 + length
    if end > min(len(data), 8 + MAX_HEADER):
        raise ModelFileError(
            f"its header would have {length} bytes, in a file of {len(data)}: it is cut short, "
            "damaged or no safetensors file"
        )
    if not data.startswith(BEGINNING, 8) or end <= DIGEST.stop:
        raise ModelFileError(
            "its header does not begin as nn.save begins it: it is damaged, or another program "
            "wrote it; the safetensors package reads the tensors of such a file"
        )
    return end


_judge_entry = {
    "dtype": judge_text,
    "shape": list_of(whole_between(1, 2**48)),
    "data_offsets": list_of(whole_between(0, 2**63), least=2),
}


def _tensors(header: dict[str, Any], content: memoryview) -> dict[str, Tensor]:
    """The tensors, which together take all of the content."""
    tensors: dict[str, Tensor] = {}
    begin = 0
    for name, entry in header.items():
        place = f"its tensor {given(name)}"
        judge_fields(entry, _judge_entry, place)
        shape = tuple(entry["shape"])
        if entry["dtype"] != "F64" or len(shape) > MAX_RANK:
            raise ModelFileError(
                f"{place} is of the dtype {given(entry['dtype'])} with {len(shape)} axes; "
                f"expected F64 and at most {MAX_RANK}"
            )
        end = begin + 8 * math.prod(shape)
        if entry["data_offsets"] != [begin, end]:
            raise ModelFileError(
                f"{place} would lie at {given(entry['data_offsets'])}; expected [{begin}, {end}], "
                "after the one before it and as long as its shape says"
            )
        if end > len(content):
            raise ModelFileError(f"{place} ends at {end}, in {len(content)} bytes of numbers")
        tensors[name] = Tensor(shape, doubles(content[begin:end].tobytes()))
        begin = end
    if begin != len(content):
        raise ModelFileError(f"{len(content) - begin} bytes follow its last tensor")
    return tensors
