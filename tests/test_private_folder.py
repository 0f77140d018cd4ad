"""A folder is private only if nobody else can change what lies in it, or what its path leads to."""

from __future__ import annotations

import os
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from autograd.llvm import private_folder
from autograd.llvm.private_folder import make_private, open_to_others

STRANGER = 54_321  # a user that owns no code that runs here


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "above" / "cache"
    make_private(str(path))
    return path


@pytest.fixture
def given_to(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets a path, and what its link leads to or not, look as if it were another user's."""
    status = os.lstat

    def give(path: Path, user: int = STRANGER, group: int = STRANGER) -> None:
        def changed(asked: str) -> os.stat_result:
            fields = list(status(asked))
            if os.fspath(asked) == os.fspath(path):
                fields[4:6] = user, group
            return os.stat_result(fields)

        monkeypatch.setattr(os, "lstat", changed)

    return give


def test_a_folder_made_for_the_user_alone_is_private(folder: Path) -> None:
    assert open_to_others(str(folder)) == ""


def test_a_path_may_end_in_a_slash_and_have_two_in_a_row(folder: Path) -> None:
    inside = folder / "_"
    make_private(str(inside))
    inside.chmod(0o777)
    for path in (f"{inside}/", f"{folder}//_", f"{folder}/./_"):
        assert str(inside) in open_to_others(path)
    inside.chmod(0o700)
    assert open_to_others(f"{folder}//_/") == ""


@pytest.mark.parametrize("mask", [0o000, 0o002, 0o022])
def test_missing_folders_are_made_for_the_user_alone_whatever_the_mask(
    tmp_path: Path, mask: int
) -> None:
    before = os.umask(mask)
    try:
        make_private(str(tmp_path / "a" / "b"))
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("a", "a/b")] == [0o700] * 2


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777, 0o1777])
def test_a_folder_that_others_may_write_to_is_open(folder: Path, mode: int) -> None:
    folder.chmod(mode)
    assert open_to_others(str(folder)) == str(folder)


@pytest.mark.parametrize("mode", [0o702, 0o777])
def test_so_is_one_that_others_may_replace(folder: Path, mode: int) -> None:
    folder.parent.chmod(mode)
    assert open_to_others(str(folder)) == str(folder.parent)


@pytest.mark.parametrize("mode", [0o1777, 0o1703, 0o755, 0o711])
def test_where_each_keeps_his_own_the_folder_is_private(folder: Path, mode: int) -> None:
    folder.parent.chmod(mode)
    assert open_to_others(str(folder)) == ""


def test_a_group_may_write_above_only_if_the_user_is_alone_in_it(
    folder: Path, given_to: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.parent.chmod(0o770)
    given_to(folder.parent, os.geteuid(), STRANGER)
    assert open_to_others(str(folder)) == str(folder.parent)  # a group without a name
    strangers = [types.SimpleNamespace(pw_name="you", pw_gid=STRANGER)]
    for members, others, alone in (
        ([], [], True),
        (["me"], [], True),
        (["me", "you"], [], False),
        ([], strangers, False),
    ):
        private_folder._is_alone_in.cache_clear()
        group = type("Group", (), {"gr_name": "me", "gr_mem": members})
        user = type("User", (), {"pw_name": "me"})
        with monkeypatch.context() as patched:
            patched.setattr("grp.getgrgid", lambda number, group=group: group)
            patched.setattr("pwd.getpwuid", lambda number, user=user: user)
            patched.setattr("pwd.getpwall", lambda others=others: others)
            assert (open_to_others(str(folder)) == "") is alone
    private_folder._is_alone_in.cache_clear()


def test_another_users_folder_is_open_on_the_way_and_at_its_end(
    folder: Path, given_to: Callable[..., None]
) -> None:
    for path in (folder.parent, folder):
        given_to(path)
        assert open_to_others(str(folder)) == str(path)


def test_roots_folder_is_safe_on_the_way(folder: Path, given_to: Callable[..., None]) -> None:
    given_to(folder.parent, 0, 0)
    assert open_to_others(str(folder)) == ""


def test_who_owns_the_code_that_runs_is_trusted_no_less(
    folder: Path, given_to: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout of another user's that root runs in a container, say."""
    status = os.stat
    changed = list(status(private_folder.__file__))
    changed[4] = STRANGER
    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", lambda path: os.stat_result(changed))
        private_folder._trusted_owners.cache_clear()
        given_to(folder.parent)
        assert open_to_others(str(folder)) == ""
        given_to(folder)
        assert open_to_others(str(folder)) == str(folder)  # but it is not his to keep code in
    private_folder._trusted_owners.cache_clear()


# -- links ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["above", "./above/", "../{here}/above", "{path}/above"])
def test_a_link_of_ones_own_is_followed(folder: Path, tmp_path: Path, target: str) -> None:
    link = tmp_path / "link"
    link.symlink_to(target.format(here=tmp_path.name, path=tmp_path))
    assert open_to_others(str(link / "cache")) == ""
    folder.parent.chmod(0o777)
    assert open_to_others(str(link / "cache")) == str(folder.parent)


def test_a_link_of_another_users_is_not(
    folder: Path, tmp_path: Path, given_to: Callable[..., None]
) -> None:
    """It may lead to what the user unpacked from another's archive."""
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert open_to_others(str(link)) == ""
    given_to(link)
    assert open_to_others(str(link)) == str(link)


def test_links_that_lead_to_one_another_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="more than 40 links"):
        open_to_others(str(tmp_path / "a"))


def test_what_is_no_folder_is_none(folder: Path) -> None:
    file = folder / "file"
    file.write_bytes(b"")
    assert open_to_others(str(file)) == str(file)
    with pytest.raises(NotADirectoryError):
        open_to_others(str(file / "below"))
    with pytest.raises(FileNotFoundError):
        open_to_others(str(folder / "missing"))


def test_where_there_are_no_owners_nothing_is_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.chmod(0o777)
    monkeypatch.delattr(os, "geteuid")  # as on Windows
    assert open_to_others(str(folder)) == ""
    assert private_folder.is_private(folder.stat())
