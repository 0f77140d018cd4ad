"""Object code on disk: it comes back whole and the user's own, or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograd.llvm import object_cache
from autograd.llvm.object_cache import ENTRY, HEADER_BYTES, MAGIC, PART, ObjectCache, default_cache

ROOT = Path(__file__).resolve().parents[1]
KEY = "x * y, level 1, some processor"
CODE = bytes(range(256)) * 4
DIGEST = 32  # bytes of a SHA-256
REGIONS = {
    "the first byte of the magic": 0,
    "the last byte of the magic": len(MAGIC) - 1,
    "the first byte of the key's digest": len(MAGIC),
    "the last byte of the key's digest": len(MAGIC) + DIGEST - 1,
    "the first byte of the content's digest": len(MAGIC) + DIGEST,
    "the last byte of the content's digest": HEADER_BYTES - 1,
    "the first byte of the content": HEADER_BYTES,
    "the middle of the content": HEADER_BYTES + len(CODE) // 2,
    "the last byte of the content": HEADER_BYTES + len(CODE) - 1,
}
ROUNDS = 150  # of each of two processes: some seconds, and thousands of chances to collide


@pytest.fixture(autouse=True)
def not_warned_yet() -> Iterator[None]:
    object_cache._warned.clear()
    yield
    object_cache._warned.clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("*" + ENTRY))


def the_entry(folder: Path) -> Path:
    (path,) = entries(folder)
    return path


def filled(folder: Path) -> ObjectCache:
    cache = ObjectCache(str(folder))
    cache.put(KEY, CODE)
    return cache


def warnings_of(action: object) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()  # type: ignore[operator]
    assert all(warning.category is RuntimeWarning for warning in caught)
    return [str(warning.message) for warning in caught]


# -- what is kept --------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [CODE, b"", b"\0", b"\r\n\x1a"], ids=repr)
def test_what_was_put_comes_back(folder: Path, code: bytes) -> None:
    ObjectCache(str(folder)).put(KEY, code)
    assert ObjectCache(str(folder)).get(KEY) == code


def test_nothing_is_made_before_the_first_put(folder: Path) -> None:
    assert ObjectCache(str(folder)).get(KEY) is None
    assert not folder.exists()


def test_another_key_finds_nothing(folder: Path) -> None:
    cache = filled(folder)
    assert cache.get(KEY + " ") is None
    assert cache.get("") is None


def test_a_second_put_takes_the_place_of_the_first(folder: Path) -> None:
    cache = filled(folder)
    cache.put(KEY, b"other code")
    assert cache.get(KEY) == b"other code"
    assert len(list(folder.iterdir())) == 1


def test_the_folder_and_its_entries_are_the_users_alone(folder: Path) -> None:
    before = os.umask(0)
    try:
        filled(folder)
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert the_entry(folder).stat().st_mode & 0o777 == 0o600


# -- what is not trusted -------------------------------------------------------------------------


def is_absent_then_rewritten(cache: ObjectCache) -> bool:
    absent = cache.get(KEY) is None
    cache.put(KEY, CODE)
    return absent and cache.get(KEY) == CODE


@pytest.mark.parametrize("bit", [0, 7])
@pytest.mark.parametrize("region", REGIONS)
def test_an_entry_with_a_flipped_bit_is_absent(folder: Path, region: str, bit: int) -> None:
    cache = filled(folder)
    path = the_entry(folder)
    content = bytearray(path.read_bytes())
    content[REGIONS[region]] ^= 1 << bit
    path.write_bytes(content)
    assert is_absent_then_rewritten(cache)


@pytest.mark.parametrize("size", [0, 1, *REGIONS.values()])
def test_a_truncated_entry_is_absent(folder: Path, size: int) -> None:
    cache = filled(folder)
    os.truncate(the_entry(folder), size)
    assert is_absent_then_rewritten(cache)


def test_an_entry_with_something_after_it_is_absent(folder: Path) -> None:
    cache = filled(folder)
    with open(the_entry(folder), "ab") as file:
        file.write(b"\0")
    assert is_absent_then_rewritten(cache)


def test_a_foreign_file_is_absent(folder: Path) -> None:
    cache = filled(folder)
    the_entry(folder).write_bytes(b"\x7fELF" + CODE * 10)
    assert is_absent_then_rewritten(cache)


def test_a_good_entry_under_another_keys_name_is_absent(folder: Path) -> None:
    cache = filled(folder)
    wanted = the_entry(folder)
    cache.put("another key", b"that does something else")
    (other,) = set(entries(folder)) - {wanted}
    other.replace(wanted)
    assert is_absent_then_rewritten(cache)


def test_a_link_is_not_followed_and_its_target_is_left_alone(folder: Path, tmp_path: Path) -> None:
    cache = filled(folder)
    path, target = the_entry(folder), tmp_path / "target"
    path.rename(target)
    path.symlink_to(target)
    before = target.read_bytes()
    assert cache.get(KEY) is None
    cache.put(KEY, b"new code")
    assert cache.get(KEY) == b"new code"
    assert not path.is_symlink()
    assert target.read_bytes() == before


def test_a_pipe_in_the_place_of_an_entry_is_absent_and_nobody_waits_for_it(folder: Path) -> None:
    cache = filled(folder)
    path = the_entry(folder)
    path.unlink()
    os.mkfifo(path)
    assert is_absent_then_rewritten(cache)


def test_an_entry_that_bears_another_name_too_is_absent(folder: Path, tmp_path: Path) -> None:
    """What other programs keep by that name was perhaps never an entry."""
    cache = filled(folder)
    os.link(the_entry(folder), tmp_path / "another name")
    assert is_absent_then_rewritten(cache)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_an_entry_that_others_may_write_to_is_refused_with_one_warning(
    folder: Path, mode: int
) -> None:
    cache = filled(folder)
    the_entry(folder).chmod(mode)
    said = warnings_of(lambda: [cache.get(KEY), cache.get(KEY)])
    assert len(said) == 1
    assert the_entry(folder).name in said[0]
    assert "chmod go-w" in said[0]
    assert "AUTOGRAD_CACHE" in said[0]
    assert is_absent_then_rewritten(cache)


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_folder_that_others_may_write_to_is_not_used_and_says_so_once(
    folder: Path, mode: int
) -> None:
    cache = filled(folder)
    folder.chmod(mode)
    before = the_entry(folder).read_bytes()
    found: list[bytes | None] = []

    def use() -> None:
        for _ in range(3):
            found.append(cache.get(KEY))
            cache.put(KEY, b"new code")

    (said,) = warnings_of(use)
    assert found == [None] * 3
    assert the_entry(folder).read_bytes() == before
    assert "chmod go-w" in said
    folder.chmod(0o700)
    assert cache.get(KEY) == CODE


def test_what_belongs_to_another_user_is_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = filled(folder)
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    with pytest.warns(RuntimeWarning, match="another user owns '.*/cache' or may write to it"):
        assert cache.get(KEY) is None


def test_an_entry_of_another_user_in_a_folder_of_ones_own_is_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = filled(folder)
    status = os.fstat

    def of_another_user(file: int) -> os.stat_result:
        fields = list(status(file))
        fields[4] += 1  # st_uid
        return os.stat_result(fields)

    monkeypatch.setattr(os, "fstat", of_another_user)
    with pytest.warns(RuntimeWarning, match="another user owns it"):
        assert cache.get(KEY) is None


# -- what a disk can do --------------------------------------------------------------------------


def test_a_folder_that_cannot_be_made_is_warned_about_once(tmp_path: Path) -> None:
    in_the_way = tmp_path / "a file"
    in_the_way.write_bytes(b"")
    cache = ObjectCache(str(in_the_way / "cache"))
    found: list[bytes | None] = []

    def use() -> None:
        for _ in range(3):
            cache.put(KEY, CODE)
            found.append(cache.get(KEY))

    (said,) = warnings_of(use)
    assert found == [None] * 3
    assert "each process compiles anew" in said
    assert "AUTOGRAD_CACHE" in said


def test_a_disk_that_is_full_is_warned_about_and_left_clean(folder: Path) -> None:
    """A limit on the size of a file makes the system refuse in the middle of writing."""
    script = (
        "import resource, sys, warnings\n"
        "from autograd.llvm.object_cache import ObjectCache\n"
        "warnings.simplefilter('always')\n"
        "cache = ObjectCache(sys.argv[1])\n"
        "cache.put('small', b'code')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "for _ in range(3): cache.put('large', b'code' * 4096)\n"
        "print(cache.get('small'), cache.get('large'))\n"
    )
    done = run(script, folder)
    assert done.stdout == "b'code' None\n"
    assert done.stderr.count("RuntimeWarning") == 1
    assert len(list(folder.iterdir())) == 1


def test_a_disk_that_is_read_only_still_gives_what_it_has(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = filled(folder)

    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "utime", refuse)
    assert cache.get(KEY) == CODE


# -- how much is kept ----------------------------------------------------------------------------


def aged(folder: Path, seconds: float) -> None:
    for path in folder.iterdir():
        status = path.stat()
        os.utime(path, (status.st_atime - seconds, status.st_mtime - seconds))


def test_the_least_recently_used_go_when_the_limit_is_passed(folder: Path) -> None:
    room_for_three = 4 * len(CODE)
    cache = ObjectCache(str(folder), limit_bytes=room_for_three)
    for name in "abc":
        cache.put(name, CODE)
        aged(folder, 10.0)
    assert cache.get("a") == CODE  # used now
    cache.put("d", CODE)
    assert [cache.get(name) is None for name in "abcd"] == [False, True, False, False]


def test_the_folder_never_exceeds_its_limit(folder: Path) -> None:
    limit = 20_000
    cache = ObjectCache(str(folder), limit_bytes=limit)
    for number in range(100):
        cache.put(f"key {number}", CODE[: number * 10])
        assert sum(path.stat().st_size for path in folder.iterdir()) <= limit
    assert cache.get("key 99") == CODE[:990]
    assert len(entries(folder)) > 10


def test_a_new_process_makes_room_in_a_folder_that_is_too_large(folder: Path) -> None:
    for number in range(20):
        ObjectCache(str(folder)).put(f"key {number}", CODE)
    aged(folder, 10.0)
    limit = 5 * len(CODE)
    ObjectCache(str(folder), limit_bytes=limit).put("last", CODE)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= limit
    assert ObjectCache(str(folder)).get("last") == CODE


def test_what_is_larger_than_the_limit_is_not_kept_and_drives_nothing_out(folder: Path) -> None:
    cache = ObjectCache(str(folder), limit_bytes=10_000)
    cache.put("small", CODE)
    cache.put("large", bytes(10_000))
    assert cache.get("large") is None
    assert cache.get("small") == CODE


def test_what_a_killed_process_left_is_removed_and_other_files_stay(folder: Path) -> None:
    filled(folder)
    name = the_entry(folder).name
    foreign = {"README", f"a download{PART}", f"thesis{ENTRY}", f"{'x' * 64}{ENTRY}{PART}"}
    for old in (f"{name}.1.a{PART}", *foreign):
        (folder / old).write_bytes(CODE)
    aged(folder, 2 * object_cache.ABANDONED_SECONDS)
    (folder / f"{name}.2.b{PART}").write_bytes(CODE)
    cache = ObjectCache(str(folder), limit_bytes=2 * len(CODE))
    cache.put("another key", CODE)
    assert cache.get("another key") == CODE
    assert {path.name for path in folder.iterdir()} - foreign == {
        f"{name}.2.b{PART}",
        *(path.name for path in entries(folder) if path.name not in foreign),
    }
    assert foreign <= {path.name for path in folder.iterdir()}
    assert not (folder / name).exists()


# -- several at once -----------------------------------------------------------------------------

AT_ONCE = """
import sys
from autograd.llvm.object_cache import ObjectCache
cache = ObjectCache(sys.argv[1], limit_bytes=40_000)
found = 0
for round in range(int(sys.argv[2])):
    for number in range(12):
        key, code = f"key {number}", bytes([number]) * (1000 * number)
        kept = cache.get(key)
        assert kept is None or kept == code, key
        found += kept is not None
        cache.put(key, code)
assert found
print("all was right")
"""


def run(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)


def test_two_processes_may_share_a_folder(folder: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", AT_ONCE, str(folder), str(ROUNDS)]
    processes = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in processes:
        out, problems = process.communicate()
        assert (process.returncode, out, problems) == (0, b"all was right\n", b"")
    assert not list(folder.glob("*" + PART))


# -- where ---------------------------------------------------------------------------------------


def test_the_environment_names_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRAD_CACHE", str(folder))
    cache = default_cache()
    assert cache is not None
    assert cache is default_cache()
    cache.put(KEY, CODE)
    assert the_entry(folder).exists()


def test_an_empty_name_switches_the_cache_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRAD_CACHE", "")
    assert default_cache() is None


@pytest.mark.parametrize(
    ("xdg", "place"),
    [("chosen", "chosen/stepgrad"), (None, "home/.cache/stepgrad"), ("", "home/.cache/stepgrad")],
)
def test_else_it_is_in_the_users_cache_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, xdg: str | None, place: str
) -> None:
    monkeypatch.delenv("AUTOGRAD_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    if xdg is None:
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", xdg and str(tmp_path / xdg))
    cache = default_cache()
    assert cache is not None
    cache.put(KEY, CODE)
    assert the_entry(tmp_path / place).exists()


def test_a_relative_cache_folder_of_the_user_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The XDG Base Directory Specification says so."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AUTOGRAD_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    cache = default_cache()
    assert cache is not None
    cache.put(KEY, CODE)
    assert not (tmp_path / "relative").exists()
