"""A file is written whole or not at all."""

from __future__ import annotations

import os


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Replace the file by one with this content; on an error the old one stays.

    FileNotFoundError where its folder is missing, and what the system raises.
    """
    name = os.fspath(path)
    folder = os.path.dirname(name) or "."
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"there is no folder {folder!r} to save {name!r} in; make it first")
    temporary = f"{name}.{os.getpid()}.part"
    try:
        with open(temporary, "wb") as file:
            file.write(content)
        os.replace(temporary, name)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
