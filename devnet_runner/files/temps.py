"""Temporary files beside their targets, the system calls that make them, and what a crash left of them."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet_runner.files.folders import UNSUPPORTED
from devnet_runner.files.trouble import tolerated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

STALE = re.compile(r"\..+\.devnet-[0-9a-f]{16}\.tmp", re.DOTALL)
FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
PRIVATE, COMMON = 0o600, 0o666
GONE = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.EROFS)


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
    mkdir: Callable[..., None] = os.mkdir


def temp_name(name: str) -> str:
    """A fresh name beside a file of this name, which `clean_stale` recognises."""
    return f".{name}.devnet-{os.urandom(8).hex()}.tmp"


def fill(calls: Syscalls, place: tuple[int, str], data: bytes, like: int | None) -> None:
    """Write a new file (folder's descriptor, name) durably, in the dress of the open file `like`; raises `OSError`."""
    folder, name = place
    descriptor = calls.open(name, FLAGS, COMMON if like is None else PRIVATE, dir_fd=folder)
    try:
        if like is not None:
            _dress(calls, descriptor, like)
        left = memoryview(data)
        while left:
            left = left[calls.write(descriptor, left) :]
        calls.fsync(descriptor)
    finally:
        os.close(descriptor)


def clean_stale(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Remove the temporary files that a crash left in these folders; call it under the lock. Returns what went.

    What cannot be looked at or removed stays: it is in nobody's way.
    """
    removed: list[Path] = []
    for folder in folders:
        with tolerated(*GONE):
            for path in sorted(folder.iterdir()):
                _clean(path, removed)
    return tuple(removed)


def _clean(path: Path, removed: list[Path]) -> None:
    with tolerated(*GONE):
        if STALE.fullmatch(path.name) and stat.S_ISREG(path.lstat().st_mode):
            path.unlink()
            removed.append(path)


def _dress(calls: Syscalls, descriptor: int, like: int) -> None:
    """Owner, extended attributes and mode of another file; the mode last, as each of the others may change it."""
    status, own = os.fstat(like), os.fstat(descriptor)
    if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
        with tolerated(*UNSUPPORTED):
            calls.fchown(descriptor, status.st_uid, status.st_gid)
    if hasattr(os, "listxattr"):
        _attributes(descriptor, like)
    with tolerated(*UNSUPPORTED):
        calls.fchmod(descriptor, stat.S_IMODE(status.st_mode))


def _attributes(descriptor: int, like: int) -> None:
    with tolerated(*UNSUPPORTED):
        for name in os.listxattr(like):
            with tolerated(*UNSUPPORTED, errno.ENODATA, errno.EACCES):
                os.setxattr(descriptor, name, os.getxattr(like, name))
