"""The bytes of model files as someone might alter them, with the digest made right again."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

from nn.safetensors import sealed


def parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The header and the numbers of a file."""
    [length] = struct.unpack_from("<Q", data)
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def of_header(text: str | bytes, content: bytes = b"") -> bytes:
    """A sealed file with this text as its header."""
    header = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return sealed(struct.pack("<Q", len(header)) + header + content)


def altered(data: bytes, change: Callable[[dict[str, Any]], Any]) -> bytes:
    """The file with its header as the function leaves it; sealed."""
    header, content = parts(data)
    change(header)
    return of_header(json.dumps(header, separators=(",", ":")), content)


def with_metadata(data: bytes, key: str, entry: Any) -> bytes:
    """The file with this entry in its metadata; sealed."""
    return altered(data, lambda header: header["__metadata__"].update({key: entry}))


def with_json(data: bytes, key: str, change: Callable[[Any], Any]) -> bytes:
    """The file with the JSON in its metadata as the function leaves it, or gives it; sealed."""

    def changed(header: dict[str, Any]) -> None:
        found = json.loads(header["__metadata__"][key])
        given = change(found)
        header["__metadata__"][key] = json.dumps(found if given is None else given)

    return altered(data, changed)


def with_numbers(data: bytes, change: Callable[[list[float]], Any]) -> bytes:
    """The file with its numbers as the function leaves them; sealed."""
    header, content = parts(data)
    numbers = list(struct.unpack(f"<{len(content) // 8}d", content))
    change(numbers)
    return of_header(
        json.dumps(header, separators=(",", ":")), struct.pack(f"<{len(numbers)}d", *numbers)
    )
