"""A file is written whole or not at all."""

from __future__ import annotations

import os
from threading import get_ident

__all__ = ["refuse_missing_folder", "write_file"]


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Replace the file by one with this content; on an error the old one stays.

    FileNotFoundError where its folder is missing, and what the system raises.
    """
    refuse_missing_folder(path)
    name = os.fspath(path)
    temporary = f"{name}.{os.getpid()}.{get_ident()}.part"
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # or a power cut after the renaming could leave it empty
        os.replace(temporary, name)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def refuse_missing_folder(path: str | os.PathLike[str]) -> None:
    """FileNotFoundError where there is no folder for the file to be in."""
    name = os.fspath(path)
    folder = os.path.dirname(name) or "."
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"there is no folder {folder!r} to save {name!r} in; make it first")
