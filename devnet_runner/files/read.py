"""Reading a file that anybody may have put there: regular, of bounded size, never a pipe that waits."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from devnet_runner.errors import InputError
from devnet_runner.files.trouble import refusal

if TYPE_CHECKING:
    from pathlib import Path

FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)
CHUNK = 1 << 20


def read_bytes(path: Path, *, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes; symbolic links are followed.

    Raises `InputError` where the file is missing, no regular file, unreadable or too large.
    """
    try:
        descriptor = os.open(path, FLAGS)
        try:
            return whole(descriptor, str(path), limit)
        finally:
            os.close(descriptor)
    except FileNotFoundError as error:
        raise InputError(
            refusal("file-missing", str(path), "the file does not exist", "create it, or correct the path")
        ) from error
    except (OSError, ValueError) as error:
        why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        raise InputError(
            refusal("file-unreadable", str(path), f"the file cannot be read ({why})", "make it readable for this user")
        ) from error


def whole(descriptor: int, path: str, limit: int) -> bytes:
    """The bytes of an open regular file; `path` is how it is named in errors. Raises `InputError`, `OSError`."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise InputError(refusal("file-not-regular", path, "this is no regular file", "name a regular file"))
    parts: list[bytes] = []
    left = limit + 1
    while left > 0 and (part := os.read(descriptor, min(CHUNK, left))):
        parts.append(part)
        left -= len(part)
    if left <= 0 or status.st_size > limit:
        raise InputError(
            refusal("file-too-large", path, f"the file is larger than {limit} bytes", "split it, or name another")
        )
    return b"".join(parts)
