"""A file is written whole or not at all."""

from __future__ import annotations

import os

__all__ = ["is_device", "refuse_missing_folder", "write_file"]


def write_file(path: str | os.PathLike[str], content: bytes) -> None:
    """Replace the file by one with this content; on an error the old one stays.

    Of a link that is the file it stands for, and the new one may be read by whom the old one might.
    FileNotFoundError where its folder is missing, and what the system raises; OSError for a device.
    """
    refuse_missing_folder(path)
    name = os.path.realpath(os.fsdecode(path))
    if is_device(name):
        raise OSError(f"{name!r} is a device or a pipe; give the path of a file")
    temporary = f"{name}.{os.urandom(8).hex()}.part"
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # or a power cut after the renaming could leave it empty
        if os.path.exists(name):
            os.chmod(temporary, os.stat(name).st_mode & 0o777)
        os.replace(temporary, name)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def is_device(path: str | os.PathLike[str]) -> bool:
    """Whether a device or a pipe is there, which may have no end and is not to be replaced."""
    return os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)


def refuse_missing_folder(path: str | os.PathLike[str]) -> None:
    """FileNotFoundError where there is no folder for the file to be in."""
    name = os.fsdecode(path)
    folder = os.path.dirname(name) or "."
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"there is no folder {folder!r} to save {name!r} in; make it first")
