"""Folders held open, so that no link can lead a write elsewhere between looking and writing."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from devnet_runner.errors import InputError
from devnet_runner.files.read import FLAGS, whole
from devnet_runner.files.trouble import refusal, tolerated

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from pathlib import Path

FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
NOFOLLOW = FLAGS | getattr(os, "O_NOFOLLOW", 0)
UNSUPPORTED = (errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EPERM, errno.EINVAL)


def descend(top: Path, parts: tuple[str, ...], held: ExitStack, make: Callable[[int, str], None] | None = None) -> int:
    """The descriptor of a folder below `top`, entered part by part and through no link; `held` closes it.

    `make(folder, name)` makes what is missing; without it that is a `FileNotFoundError`. Raises `OSError`.
    """
    folder = os.open(top, FOLDER)
    held.callback(os.close, folder)
    for part in parts:
        inner = _enter(folder, part, make)
        held.callback(os.close, inner)
        folder = inner
    return folder


def _enter(folder: int, name: str, make: Callable[[int, str], None] | None) -> int:
    try:
        return os.open(name, FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if make is None:
            raise
    make(folder, name)
    return os.open(name, FOLDER, dir_fd=folder)


def opened(folder: int, name: str, shown: str, held: ExitStack) -> int | None:
    """The descriptor of a regular file in a folder, or None where there is nothing; `held` closes it.

    Raises `InputError` for anything else than a regular file, and `OSError`.
    """
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise InputError(refusal("file-not-regular", shown, "this is no regular file", "move it away"))
    descriptor = os.open(name, NOFOLLOW, dir_fd=folder)
    held.callback(os.close, descriptor)
    return descriptor


def content(descriptor: int | None, shown: str, limit: int) -> bytes | None:
    """The bytes of an open file, or None without one."""
    return None if descriptor is None else whole(descriptor, shown, limit)


def sync_folder(sync: Callable[[int], None], folder: int) -> None:
    """Make renames in a folder durable; file systems that cannot sync a folder are left at that."""
    with tolerated(*UNSUPPORTED):
        sync(folder)
