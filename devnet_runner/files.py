"""The one room that writes: all files of a set or none, each old or new and never half, whatever happens meanwhile.

The order is the one that survives a crash at any moment: write a new file beside the old, flush it to the disk, rename
it over the old, flush the folder. Every file of a set is prepared before the first is renamed.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner.errors import DevnetError, EnvironmentStopped, InputError
from devnet_runner.findings import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MARK = ".devnet-"
TOLERATED = {errno.ENOTSUP, errno.EPERM, errno.ENODATA, errno.EINVAL}
FIXES = {
    errno.ENOSPC: "free some space, then run again",
    errno.EDQUOT: "free some of your quota, then run again",
    errno.EROFS: "mount it writable, then run again",
    errno.EACCES: "make the folder writable for this user, then run again",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file to write. `expect` are the bytes that were read from it before, None where it must not exist yet."""

    path: Path
    data: bytes
    expect: bytes | None


@dataclass(frozen=True, slots=True)
class Steps:
    """The calls that change the disk, in one place so that a test can end the process at any of them."""

    write: Callable[[int, bytes], int] = os.write
    fsync: Callable[[int], None] = os.fsync
    replace: Callable[[Path, Path], None] = os.replace


@dataclass(frozen=True, slots=True)
class _Prepared:
    target: Path
    temporary: Path
    name: str


def read_bytes(path: Path, *, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes. Raises InputError; never waits for a pipe or device."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as stream:  # noqa: PTH123
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                raise InputError(_unreadable(path, "it is no regular file"))
            if facts.st_size > limit:
                raise InputError(_unreadable(path, f"it has {facts.st_size:,} bytes, more than {limit:,}"))
            return stream.read()
    except OSError as error:
        raise InputError(_unreadable(path, str(error.strerror))) from error


def _unreadable(path: Path, why: str) -> Finding:
    return Finding("file-unreadable", Place(str(path)), f"the file cannot be read: {why}", "check what lies there")


def write_all(files: tuple[File, ...], root: Path, steps: Steps | None = None) -> tuple[str, ...]:
    """Write a set of files in the given order, all or none, and return the paths below `root` that changed.

    Links are followed inside of `root` only; modes and owners are kept; equal bytes are not written. Raises
    EnvironmentStopped, with the old files in place, where a file changed underneath or the system refuses. (The one
    exception it names itself: a failure between two renames, which leaves the earlier files of the order new.)
    """
    steps = steps or Steps()
    prepared: list[_Prepared] = []
    current = root
    try:
        for file in files:
            current = file.path
            target = _target(file, root)
            if file.data != file.expect:
                prepared.append(_prepare(target, file, root, steps))
        for one in prepared:
            current = one.target
            steps.replace(one.temporary, one.target)
            _flush_folder(one.target.parent, steps)
    except OSError as error:
        raise EnvironmentStopped(_refused(current, root, error)) from error
    finally:
        for one in prepared:
            one.temporary.unlink(missing_ok=True)
    return tuple(one.name for one in prepared)


def _target(file: File, root: Path) -> Path:
    """Where a file really lies, after checking that it is what was read before."""
    target, base = Path(os.path.realpath(file.path)), Path(os.path.realpath(root))
    place = Place(_name(file.path, root))
    if not target.is_relative_to(base):
        raise EnvironmentStopped(
            Finding("write-outside", place, f"it leads out of the repository, to {target}", "remove the link")
        )
    try:
        found: bytes | None = read_bytes(target, limit=1 << 30) if os.path.lexists(target) else None
    except DevnetError as error:
        raise EnvironmentStopped(error.findings) from error
    if found != file.expect:
        what = "the file changed while the run was going on; it is left as it is"
        raise EnvironmentStopped(Finding("changed-underneath", place, what, "look at it, then run again"))
    return target


def _prepare(target: Path, file: File, root: Path, steps: Steps) -> _Prepared:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}{MARK}{secrets.token_hex(6)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        if file.expect is not None:
            _keep_attributes(target, descriptor)
        rest = file.data
        while rest:
            rest = rest[steps.write(descriptor, rest) :]
        steps.fsync(descriptor)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    return _Prepared(target, temporary, _name(file.path, root))


def _keep_attributes(target: Path, descriptor: int) -> None:
    facts = target.stat()
    with contextlib.suppress(PermissionError):
        os.fchown(descriptor, facts.st_uid, facts.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(facts.st_mode))
    for name in os.listxattr(target) if hasattr(os, "listxattr") else ():
        try:
            os.setxattr(descriptor, name, os.getxattr(target, name))
        except OSError as error:
            if error.errno not in TOLERATED:
                raise


def _flush_folder(folder: Path, steps: Steps) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        steps.fsync(descriptor)
    except OSError as error:
        # Some file systems cannot flush a folder; the rename itself has happened.
        if error.errno not in TOLERATED:
            raise
    finally:
        os.close(descriptor)


def _refused(path: Path, root: Path, error: OSError) -> Finding:
    fix = FIXES.get(error.errno or 0, "check the file and its folder, then run again")
    return Finding("write-failed", Place(_name(path, root)), f"it cannot be written: {error.strerror}", fix)


def _name(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def clean_stale(folders: Iterable[Path]) -> None:
    """Remove what a crash left half-written: files that carry our mark. To be called under the lock."""
    for folder in folders:
        for path in folder.glob(f".*{MARK}*.tmp") if folder.is_dir() else ():
            path.unlink(missing_ok=True)
