from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
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
        def one(*arguments, **named):
            nonlocal count
            count += 1
            if count == at:
                os._exit(9)
            return call(*arguments, **named)
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
    def refused(*_: object, **__: object) -> int:
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
    def picky(source: str, target: str, **folders: int) -> None:
        if target == "b":
            raise OSError(errno.EIO, "broken")
        os.replace(source, target, **folders)  # noqa: PTH105

    files = tuple(File(tmp_path / name, b"x", None) for name in "abc")
    with pytest.raises(EnvironmentStopped, match="already written: a"):
        write_all(files, tmp_path, Syscalls(rename=picky))
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize(("at", "what"), [(3, "writing failed"), (4, "outlives a power loss is unknown")])
def test_a_folder_that_cannot_be_synced_is_told_with_what_is_in_place(tmp_path, at, what):
    calls = iter(range(1, 5))

    def sync(descriptor: int) -> None:
        if next(calls) == at:
            raise OSError(errno.EIO, "broken")

    files = tuple(File(tmp_path / name, b"x", None) for name in "ab")
    with pytest.raises(EnvironmentStopped, match=what) as caught:
        write_all(files, tmp_path, Syscalls(fsync=sync))
    assert names(tmp_path) == ["a", "b"][: at - 2]
    assert caught.value.findings[0].what.endswith(", ".join(names(tmp_path)))


def test_a_folder_that_becomes_a_link_while_preparing_leads_nowhere(tmp_path):
    root, victim = tmp_path / "root", tmp_path / "victim"
    for folder in (root / "sub", victim):
        folder.mkdir(parents=True)

    def swap(descriptor: int) -> None:
        if not (root / "moved").exists():
            (root / "sub").rename(root / "moved")
            (root / "sub").symlink_to(victim)

    assert write(root, "sub/a", b"x", None, Syscalls(fsync=swap)) == ("sub/a",)
    assert names(victim) == []
    assert names(root) == ["moved", "moved/a", "sub"]


def test_a_file_that_becomes_a_link_while_preparing_is_not_replaced(tmp_path):
    (tmp_path / "a").write_bytes(b"x")

    def swap(descriptor: int) -> None:
        (tmp_path / "a").unlink(missing_ok=True)
        (tmp_path / "a").symlink_to("/dev/zero")

    with pytest.raises(InputError, match="no regular file"):
        write(tmp_path, "a", b"y", b"x", Syscalls(fsync=swap))
    assert names(tmp_path) == ["a"]


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_the_owner_stays(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    os.chown(tmp_path / "a", 12345, 54321)
    write(tmp_path, "a", b"y", b"x")
    status = (tmp_path / "a").stat()
    assert (status.st_uid, status.st_gid) == (12345, 54321)


AS_USER = """
import os, sys
from pathlib import Path
from devnet_runner.errors import DevnetError
from devnet_runner.files import File, clean_stale, write_all
root = Path(sys.argv[1])
(root / "a").write_bytes(b"x")
if not os.getuid():
    root.chmod(0o755), os.chown(root, 12345, 12345), os.chown(root / "a", 12345, 12345)
    os.setgroups([]), os.setgid(12345), os.setuid(12345)
os.umask(0o027)
for folder, file in ((0o755, 0o444), (0o555, 0o644), (0o000, 0o644)):
    root.chmod(0o755), (root / "a").chmod(file), root.chmod(folder)
    try:
        print(write_all((File(Path("a"), b"y", b"x"), File(Path("new"), b"", None)), root), end=" ")
    except DevnetError as error:
        print(error.exit_code, error.findings[0].id, end=" ")
    print(len(clean_stale((root,))), end=" ")
    root.chmod(0o755)
    print(sorted((one.name, one.read_bytes(), oct(one.stat().st_mode)) for one in root.iterdir()))
    (root / "new").unlink(missing_ok=True), (root / "a").unlink(), (root / "a").write_bytes(b"x")
"""


def test_a_user_without_the_right_is_told_and_one_with_it_keeps_the_mode():
    # The user that root becomes must be able to enter: the folders of the test runner are closed to others.
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", AS_USER, folder], capture_output=True, check=False, text=True, cwd=ROOT, timeout=60
        )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "('a', 'new') 0 [('a', b'y', '0o100444'), ('new', b'', '0o100640')]",
        "3 file-read-only 0 [('a', b'x', '0o100644')]",
        "3 file-read-only 0 [('a', b'x', '0o100644')]",
    ]


ON_FULL_DISK = """
import os, sys
from pathlib import Path
from devnet_runner.errors import DevnetError
from devnet_runner.files import File, write_all
root = Path(sys.argv[1])
old = b"o" * 20_000
(root / "progress").write_bytes(old)
try:
    write_all((File(Path("records/1"), b"r", None), File(Path("progress"), b"n" * 100_000, old)), root)
except DevnetError as error:
    print(error.exit_code, error.findings[0])
print([str(one.relative_to(root)) for one in root.rglob("*")], (root / "progress").read_bytes() == old)
"""


def test_a_full_disk_is_told_and_leaves_the_old_files(tmp_path):
    mount = f"mount -t tmpfs -o size=64k none '{tmp_path}' && exec \"$@\""
    command = ["unshare", "-Urm", "sh", "-c", mount, "sh", sys.executable, "-c", ON_FULL_DISK, str(tmp_path)]
    try:
        probe = subprocess.run(
            ["unshare", "-Urm", "sh", "-c", mount, "sh", "true"], capture_output=True, check=False, timeout=30
        )
    except FileNotFoundError:
        pytest.skip("there is no unshare here")
    if probe.returncode:
        pytest.skip("this system lets no user mount a small disk")
    done = subprocess.run(command, capture_output=True, check=False, text=True, cwd=ROOT, timeout=60)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "3 progress: the disk is full; free some space, then run again", "['progress'] True",
    ]  # fmt: skip


def test_the_system_sees_every_byte_made_durable_before_any_file_is_put_in_place(tmp_path):
    code = ("from pathlib import Path; from devnet_runner.files import *; "
            "write_all(tuple(File(Path(n), b'x', None) for n in 'ab'), Path(r'%s'))")  # fmt: skip
    log = tmp_path / "log"
    root = tmp_path / "root"
    root.mkdir()
    tracer = ["strace", "-e", "trace=fsync,rename,renameat,renameat2", "-o", log]
    try:
        done = subprocess.run(
            [*tracer, sys.executable, "-c", code % root], capture_output=True, check=False, cwd=ROOT, timeout=60
        )
    except FileNotFoundError:
        pytest.skip("there is no strace here")
    if done.returncode:
        pytest.skip("this system lets nobody trace")
    seen = [line.split("(")[0].rstrip("at2") for line in log.read_text().splitlines() if "(" in line]
    assert seen == ["fsync", "fsync", "rename", "fsync", "rename", "fsync"]


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
    (tmp_path / ".b.devnet-0123456789abcdef.tmp").symlink_to("kept")
    kept.append(".b.devnet-0123456789abcdef.tmp")
    folders = (tmp_path, tmp_path / "absent", tmp_path / ".a.tmp")
    assert [path.name for path in clean_stale(folders)] == [".a.devnet-0123456789abcdef.tmp"]
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
