"""Temporary files beside their targets, the system calls that make them, and what a crash left of them."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet_runner.files.trouble import tolerated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

STALE = re.compile(r"\..+\.devnet-[0-9a-f]{16}\.tmp")
FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
UNSUPPORTED = (errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EPERM, errno.EINVAL)
PRIVATE, COMMON = 0o600, 0o666


def _durable(descriptor: int) -> None:
    # On macOS fsync leaves the bytes in the drive's own cache; its own call does not.
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is None:
        os.fsync(descriptor)
    else:
        fcntl.fcntl(descriptor, full)


@dataclass(frozen=True, slots=True)
class Syscalls:
    """The calls by which a file is replaced; the defaults are the real ones."""

    open: Callable[..., int] = os.open
    write: Callable[[int, memoryview], int] = os.write
    fchmod: Callable[[int, int], None] = os.fchmod
    fchown: Callable[[int, int, int], None] = os.fchown
    fsync: Callable[[int], None] = _durable
    rename: Callable[..., None] = os.replace
    mkdir: Callable[[str], None] = os.mkdir


def temp_name(target: Path) -> str:
    """A fresh name beside a target, which `clean_stale` recognises."""
    return f".{target.name}.devnet-{os.urandom(8).hex()}.tmp"


def fill(calls: Syscalls, temp: Path, data: bytes, like: Path | None) -> None:
    """Write a new file durably, with mode, owner and extended attributes of `like` where given; raises `OSError`."""
    descriptor = calls.open(temp, FLAGS, PRIVATE if like else COMMON)
    try:
        if like:
            _dress(calls, descriptor, like)
        left = memoryview(data)
        while left:
            left = left[calls.write(descriptor, left) :]
        calls.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(calls: Syscalls, folder: Path) -> None:
    """Make renames in a folder durable; file systems that cannot sync a folder are left at that."""
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        with tolerated(*UNSUPPORTED):
            calls.fsync(descriptor)
    finally:
        os.close(descriptor)


def clean_stale(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Remove the temporary files that a crash left in these folders; call it under the lock. Returns what went."""
    removed = []
    for path in (one for folder in folders if folder.is_dir() for one in sorted(folder.iterdir())):
        if STALE.fullmatch(path.name) and stat.S_ISREG(path.lstat().st_mode):
            with tolerated(errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS):
                path.unlink()
                removed.append(path)
    return tuple(removed)


def _dress(calls: Syscalls, descriptor: int, like: Path) -> None:
    status = like.stat()
    own = os.fstat(descriptor)
    if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
        with tolerated(*UNSUPPORTED):
            calls.fchown(descriptor, status.st_uid, status.st_gid)
    with tolerated(*UNSUPPORTED):
        calls.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    if hasattr(os, "listxattr"):
        _attributes(descriptor, like)


def _attributes(descriptor: int, like: Path) -> None:
    with tolerated(*UNSUPPORTED):
        for name in os.listxattr(like):
            with tolerated(*UNSUPPORTED, errno.ENODATA):
                os.setxattr(descriptor, name, os.getxattr(like, name))
