"""A folder whose files nobody else can have put there, whatever the way to it."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from functools import cache

MOST_LINKS = 40  # on the way to a folder, as Linux has it
OTHERS = stat.S_IWGRP | stat.S_IWOTH


def open_to_others(folder: str) -> str:
    """The first place on the way to a folder that another user can change; "" if there is none.

    The folder itself must belong to the user, and nobody else may write to it. What lies above it,
    and each link to it, must belong to the user, to root, or to who owns the code that runs
    already. Others may write there only where a sticky bit, as in /tmp, leaves each the owner of
    his own, or where the group has no other member. Each name is looked up in a folder that was
    found safe before, so nobody else can put another one in its place, now or later: a path that
    was checked can be used as a path.

    OSError where there is no such folder. Windows, where the access list of the user's profile
    keeps others out, is not looked at. O(length of the path), some 20 µs.
    """
    if not hasattr(os, "geteuid"):
        return ""
    place, rest, links = os.sep, _names(os.path.abspath(folder)), 0
    while True:
        status = os.lstat(place)
        if status.st_uid not in _trusted_owners(os.geteuid()):
            return place
        if stat.S_ISLNK(status.st_mode):
            links += 1
            if links > MOST_LINKS:
                raise OSError(f"more than {MOST_LINKS} links lead to {folder!r}")
            target = os.readlink(place)
            rest += _names(target)
            place = os.sep if os.path.isabs(target) else os.path.dirname(place)
        elif not rest:
            return "" if is_private(status) and stat.S_ISDIR(status.st_mode) else place
        elif not _keeps_names(status):
            return place
        else:
            name = rest.pop()
            place = os.path.dirname(place) if name == os.pardir else os.path.join(place, name)


def is_private(status: os.stat_result) -> bool:
    """Whether a file or folder is the user's own, and nobody else may write to it."""
    return not hasattr(os, "geteuid") or (
        status.st_uid == os.geteuid() and not status.st_mode & OTHERS
    )


def make_private(folder: str) -> None:
    """Make a folder, and those above it that are missing, for the user alone."""
    above = os.path.dirname(folder)
    if above != folder and not os.path.lexists(above):
        make_private(above)
    with suppress(FileExistsError):  # another process was faster
        os.mkdir(folder, mode=0o700)


def _names(path: str) -> list[str]:
    """The names on a path, the last one first."""
    return [name for name in reversed(path.split(os.sep)) if name not in ("", os.curdir)]


def _keeps_names(status: os.stat_result) -> bool:
    """Whether nobody but the owners can rename or remove what lies in a folder."""
    mode = status.st_mode
    if not mode & OTHERS or mode & stat.S_ISVTX:
        return True
    return not mode & stat.S_IWOTH and _is_alone_in(status.st_gid, os.geteuid())


@cache
def _trusted_owners(user: int) -> frozenset[int]:
    """The user, root, and who could as well change Python or this package, and be executed."""
    owners = {0, user}
    for code in (os.__file__, __file__):
        with suppress(OSError):  # it comes from an archive
            owners.add(os.stat(code).st_uid)
    return frozenset(owners)


@cache
def _is_alone_in(group: int, user: int) -> bool:
    """Whether it is the group that bears the user's name, and nobody else's.

    Systems that give each user such a group let it write to all that the user makes.
    """
    import grp
    import pwd

    try:
        name, members = grp.getgrgid(group).gr_name, grp.getgrgid(group).gr_mem
        first = {entry.pw_name for entry in pwd.getpwall() if entry.pw_gid == group}
        return pwd.getpwuid(user).pw_name == name and {*members, *first} <= {name}
    except KeyError:  # neither the user nor the group needs a name
        return False
