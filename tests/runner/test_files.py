from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from devnet_runner.errors import EnvironmentStopped, InputError
from devnet_runner.files import File, Syscalls, clean_stale, read_bytes, write_all

ROOT = Path(__file__).resolve().parents[2]
CRASH = """
import json, os, sys
from pathlib import Path
from devnet_runner.files import File, Syscalls, clean_stale, write_all

def crashing(at):
    count = 0
    def wrapped(call):
        def one(*arguments):
            nonlocal count
            count += 1
            if count == at:
                os._exit(9)
            return call(*arguments)
        return one
    real = Syscalls()
    return Syscalls(*(wrapped(getattr(real, name)) for name in Syscalls.__slots__))

def run(folder, at):
    folder.mkdir()
    for name in ("progress", "checkpoint"):
        (folder / name).write_bytes(b"old")
    files = (File(folder / "records/1", b"new", None), File(folder / "progress", b"new", b"old"),
             File(folder / "checkpoint", b"new", b"old"))
    child = os.fork()
    if not child:
        write_all(files, folder, crashing(at))
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    clean_stale((folder, folder / "records"))
    left = {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}
    return code, left

seen = []
for at in range(1, 200):
    seen.append(run(Path(sys.argv[1]) / str(at), at))
    if seen[-1][0] == 0:
        break
print(json.dumps(seen))
"""


def write(root: Path, name: str, data: bytes, expect: bytes | None = None, calls: Syscalls | None = None):
    return write_all((File(root / name, data, expect),), root, calls or Syscalls())


def names(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_a_crash_at_any_call_leaves_old_or_new_and_no_claim_without_its_record(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", CRASH, tmp_path], capture_output=True, cwd=ROOT, timeout=60, check=True
    )
    seen = json.loads(done.stdout)
    assert len(seen) > 15
    assert [code for code, _ in seen] == [9] * (len(seen) - 1) + [0]
    for _, left in seen:
        order = [left.pop(name, "old") for name in ("records/1", "progress", "checkpoint")]
        assert left == {}
        assert order == sorted(order)
        assert set(order) <= {"old", "new"}
    assert order == ["new"] * 3


def test_new_files_and_their_folders_are_made(tmp_path):
    assert write(tmp_path, "a/b/c.txt", b"x") == ("a/b/c.txt",)
    assert names(tmp_path) == ["a", "a/b", "a/b/c.txt"]
    assert (tmp_path / "a/b/c.txt").read_bytes() == b"x"


def test_equal_bytes_are_not_written(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    before = (tmp_path / "a").stat()
    assert write(tmp_path, "a", b"x", b"x") == ()
    assert (tmp_path / "a").stat() == before


def test_mode_and_attributes_stay(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"x")
    path.chmod(0o640)
    try:
        os.setxattr(path, "user.devnet", b"kept")
    except (OSError, AttributeError):
        pytest.skip("this file system has no extended attributes")
    write(tmp_path, "a", b"y", b"x")
    assert path.stat().st_mode & 0o7777 == 0o640
    assert os.getxattr(path, "user.devnet") == b"kept"


def test_a_link_inside_the_root_is_followed_and_stays_a_link(tmp_path):
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    assert write(tmp_path, "link", b"y", b"x") == ("real",)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"y"


@pytest.mark.parametrize("name", ["../out", "/etc/devnet-out", "link/out", "file-link", "", "a\0b", "loop"])
def test_a_place_outside_the_root_is_refused(tmp_path, name):
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    (root / "file-link").symlink_to(tmp_path / "out")
    (root / "loop").symlink_to("loop")
    with pytest.raises((InputError, EnvironmentStopped)):
        write(root, name, b"x")
    assert names(tmp_path) == ["root", "root/file-link", "root/link", "root/loop"]


@pytest.mark.parametrize(("there", "expect"), [(b"theirs", b"ours"), (b"theirs", None), (None, b"ours")])
def test_a_file_that_changed_underneath_stops_everything(tmp_path, there, expect):
    if there:
        (tmp_path / "b").write_bytes(there)
    before = names(tmp_path)
    with pytest.raises(EnvironmentStopped, match="changed underneath"):
        write_all((File(tmp_path / "a", b"x", None), File(tmp_path / "b", b"x", expect)), tmp_path)
    assert names(tmp_path) == before


def test_a_change_while_preparing_is_seen(tmp_path):
    (tmp_path / "a").write_bytes(b"x")

    def meddle(descriptor: int) -> None:
        (tmp_path / "a").write_bytes(b"theirs")

    with pytest.raises(EnvironmentStopped, match="changed underneath"):
        write(tmp_path, "a", b"y", b"x", Syscalls(fsync=meddle))
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("call", ["open", "write", "fsync", "rename", "mkdir"])
@pytest.mark.parametrize(
    ("number", "id_"),
    [
        (errno.ENOSPC, "disk-full"),
        (errno.EROFS, "file-read-only"),
        (errno.EACCES, "file-read-only"),
        (errno.EIO, "file-write-failed"),
    ],
)
def test_what_the_system_refuses_is_told_and_leaves_nothing(tmp_path, call, number, id_):
    def refused(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    with pytest.raises(EnvironmentStopped) as caught:
        write(tmp_path, "new/a", b"x", None, Syscalls(**{call: refused}))
    finding = caught.value.findings[0]
    assert (finding.id, finding.where.path, bool(finding.fix)) == (id_, "new/a", True)
    assert names(tmp_path) == []


def test_an_interrupt_leaves_nothing(tmp_path):
    def interrupt(*_: object) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, "new/a", b"x", None, Syscalls(write=interrupt))
    assert names(tmp_path) == []


def test_a_later_refusal_says_what_is_written_already(tmp_path):
    def picky(source: str, target: str) -> None:
        if target.endswith("b"):
            raise OSError(errno.EIO, "broken")
        Path(source).replace(target)

    files = tuple(File(tmp_path / name, b"x", None) for name in "abc")
    with pytest.raises(EnvironmentStopped, match="already written: a"):
        write_all(files, tmp_path, Syscalls(rename=picky))
    assert names(tmp_path) == ["a"]


def test_short_writes_and_folders_that_cannot_be_synced_do(tmp_path):
    def sync(descriptor: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112
            raise OSError(errno.EINVAL, "no")

    calls = Syscalls(write=lambda descriptor, data: os.write(descriptor, data[:1]), fsync=sync)
    assert write(tmp_path, "a", b"xyz", None, calls) == ("a",)
    assert (tmp_path / "a").read_bytes() == b"xyz"


def test_only_what_a_crash_left_is_cleaned(tmp_path):
    kept = [".a.devnet-12.tmp", "a.devnet-0123456789abcdef.tmp", ".a.tmp"]
    for name in [*kept, ".a.devnet-0123456789abcdef.tmp"]:
        (tmp_path / name).touch()
    assert [path.name for path in clean_stale((tmp_path, tmp_path / "absent"))] == [".a.devnet-0123456789abcdef.tmp"]
    assert names(tmp_path) == sorted(kept)


@pytest.mark.parametrize(
    ("make", "id_"),
    [
        (lambda path: None, "file-missing"),
        (lambda path: path.mkdir(), "file-not-regular"),
        (os.mkfifo, "file-not-regular"),
        (lambda path: path.write_bytes(b"12345"), "file-too-large"),
        (lambda path: path.symlink_to(path), "file-unreadable"),
        (lambda path: path.symlink_to("/dev/zero"), "file-not-regular"),
    ],
)
def test_what_cannot_be_read_is_refused_at_once(tmp_path, make, id_):
    make(tmp_path / "a")
    with pytest.raises(InputError) as caught:
        read_bytes(tmp_path / "a", limit=4)
    assert [finding.id for finding in caught.value.findings] == [id_]


def test_a_file_of_the_limit_is_read(tmp_path):
    (tmp_path / "a").write_bytes(b"1234")
    assert read_bytes(tmp_path / "a", limit=4) == b"1234"
