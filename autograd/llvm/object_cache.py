"""Object code on disk, handed out only if nobody else can have written it and no byte has changed.

Object code is executed, so an entry is trusted only if it and its folder belong to the user and
nobody else may write to them, nor to what lies above the folder, and if the digests in its header
fit the key and the content. All else counts as absent, and is written anew. An entry is one file:

    magic | SHA-256 of the key | SHA-256 of the content | content

It is written beside its place and renamed, so that other processes see all of it or nothing.
"""

from __future__ import annotations

import os
import stat
import time
import warnings
from contextlib import suppress
from functools import cache
from hashlib import sha256

from autograd.llvm.private_folder import is_private, make_private, open_to_others

MAGIC = b"stepgrad object code 1\n"
HEADER_BYTES = len(MAGIC) + 2 * sha256().digest_size
MEBIBYTE = 2**20
SWITCH = "AUTOGRAD_CACHE"  # the environment variable: a folder, or empty for no cache on disk
ENTRY = ".object"  # behind the SHA-256 of the key, in hexadecimal digits
PART = ".part"  # an entry that is being written
ABANDONED_SECONDS = 3600.0  # an older part belongs to a process that was killed
SLACK = 16  # the folder is measured again whenever a sixteenth of its limit has been added

ADVICE = f"{SWITCH} names another folder, or, if it is empty, does without one"


class ObjectCache:
    """A folder of object code by key, of at most `limit_bytes`; the least recently used go first.

    Neither method raises for what may be wrong with a disk: a folder that cannot be used is warned
    about once (RuntimeWarning), and then nothing is found or kept. Threads and processes may share
    a folder. Each of them measures it now and then, so that n of them may exceed the limit by
    (n - 1) / 16. Both cost one pass over the content; nothing is made before the first `put`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     kept = ObjectCache(folder)
    ...     kept.put("x + y for this processor", b"machine code")
    ...     kept.get("x + y for this processor"), kept.get("x - y for this processor")
    (b'machine code', None)
    """

    __slots__ = ("_added", "_folder", "_limit")

    def __init__(self, folder: str, limit_bytes: int = 256 * MEBIBYTE) -> None:
        self._folder = os.path.abspath(folder)
        self._limit = limit_bytes
        self._added = limit_bytes  # as if it were full: the first `put` measures

    def get(self, key: str) -> bytes | None:
        """What was put under the key, or None where it is not there or cannot be trusted."""
        path = self._path(key)
        try:
            if not self._is_private():
                return None
            with open(path, "rb", opener=_open_no_link) as file:
                if not _is_ours(os.fstat(file.fileno()), path):
                    return None
                entry = file.read()
        except OSError:  # it is not there, it is a link, or it is no file: `put` will replace it
            return None
        content = entry[HEADER_BYTES:]
        if entry[:HEADER_BYTES] != _header(key, content):
            return None
        with suppress(OSError):  # gone by now, or on a disk that is read only: so be it
            os.utime(path)
        return content

    def put(self, key: str, code: bytes) -> None:
        """Keep the code under the key, in place of what is there."""
        entry = _header(key, code) + code
        if len(entry) > self._limit * (SLACK - 1) // SLACK:
            return
        path = self._path(key)
        part = f"{path}.{os.getpid()}.{os.urandom(8).hex()}{PART}"
        try:
            if not self._is_ready():
                return
            try:
                with open(part, "xb", opener=_open_private) as file:
                    file.write(entry)
                os.replace(part, path)
            except BaseException:
                _remove(part)
                raise
            self._make_room(len(entry))
        except OSError as error:
            _warn_once(
                f"compiled code is not kept on disk ({error}), so that each process compiles anew; "
                f"make {self._folder!r} writable, or free space on its disk; {ADVICE}"
            )

    def _path(self, key: str) -> str:
        return os.path.join(self._folder, sha256(key.encode("utf-8")).hexdigest() + ENTRY)

    def _is_ready(self) -> bool:
        """Whether entries can be put into the folder, which is made where it is missing."""
        try:
            return self._is_private()
        except FileNotFoundError:
            make_private(self._folder)
            return self._is_private()

    def _is_private(self) -> bool:
        """Whether nobody else can change the folder; it is warned about once. OSError without."""
        place = open_to_others(self._folder)
        if place:
            _warn_once(
                f"{self._folder!r} is not used: code in it would be executed, and another user "
                f"owns {place!r} or may write to it; take that back with chown and `chmod go-w`, "
                f"or remove it; {ADVICE}"
            )
        return not place

    def _make_room(self, added: int) -> None:
        self._added += added
        if self._added < self._limit // SLACK:
            return
        self._added = 0
        used = self._entries()
        excess = sum(size for _, size, _ in used) - self._limit * (SLACK - 1) // SLACK
        for _, size, path in sorted(used):
            if excess <= 0:
                break
            _remove(path)
            excess -= size

    def _entries(self) -> list[tuple[int, int, str]]:
        """(time of last use, bytes, path) of each entry; what a killed process left is removed."""
        found = []
        with os.scandir(self._folder) as files:
            for file in files:
                try:
                    status = file.stat(follow_symlinks=False)
                except FileNotFoundError:  # another process made room
                    continue
                if not _is_name(file.name):
                    continue
                if file.name.endswith(ENTRY):
                    found.append((status.st_mtime_ns, status.st_size, file.path))
                elif file.name.endswith(PART) and status.st_mtime < time.time() - ABANDONED_SECONDS:
                    _remove(file.path)
        return found


def default_cache() -> ObjectCache | None:
    """The cache in $AUTOGRAD_CACHE, else in the user's cache folder; None where that is empty.

    The user's cache folder is stepgrad in $XDG_CACHE_HOME, else in ~/.cache (Windows:
    %LOCALAPPDATA%). The environment is read at each call.
    """
    folder = os.environ.get(SWITCH)
    if folder is None:
        above = os.environ.get("XDG_CACHE_HOME", "")
        if not os.path.isabs(above):  # the XDG Base Directory Specification ignores a relative one
            above = os.environ.get("LOCALAPPDATA", "") if os.name == "nt" else "~/.cache"
        above = os.path.expanduser(above)
        folder = os.path.join(above, "stepgrad") if os.path.isabs(above) else ""
    return _cache_in(os.path.abspath(os.path.expanduser(folder))) if folder else None


@cache
def _cache_in(folder: str) -> ObjectCache:
    return ObjectCache(folder)


def _header(key: str, content: bytes) -> bytes:
    return MAGIC + sha256(key.encode("utf-8")).digest() + sha256(content).digest()


def _is_name(name: str) -> bool:
    """Whether a file bears a name that is given here: others in the folder are not touched."""
    digest, dot, _ = name.partition(ENTRY)
    return bool(dot) and len(digest) == 64 and not digest.strip("0123456789abcdef")


def _is_ours(status: os.stat_result, path: str) -> bool:
    """Whether it is a file, by this one name, of the user's alone."""
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        return False
    if not is_private(status):
        _warn_once(
            f"{path!r} is not used: it would be executed, and another user owns it or may write to "
            f"it; remove it, or take it back with chown and `chmod go-w`; {ADVICE}"
        )
        return False
    return True


def _open_no_link(path: str, flags: int) -> int:
    # Opening a pipe would wait for a writer, hence NONBLOCK; Windows has neither of the two.
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _remove(path: str) -> None:
    with suppress(OSError):  # another process was faster, or (on Windows) has it open
        os.unlink(path)


_warned: set[str] = set()


def _warn_once(message: str) -> None:
    if message not in _warned:
        _warned.add(message)
        warnings.warn(message, RuntimeWarning, stacklevel=3)
