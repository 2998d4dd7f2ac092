"""What the operating system refused, as findings with a place and a cure."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from devnet_runner.errors import EnvironmentStopped
from devnet_runner.findings import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = "free some space, then run again"
RIGHTS = "give this user the right to write there, or run with --no-write"
CURES = {
    errno.ENOSPC: ("disk-full", "the disk is full", FULL),
    errno.EDQUOT: ("disk-full", "the disk quota is used up", FULL),
    errno.EROFS: ("file-read-only", "the file system is read-only", "mount it writable, or run with --no-write"),
    errno.EACCES: ("file-read-only", "this user may not write here", RIGHTS),
    errno.EPERM: ("file-read-only", "this user may not write here", RIGHTS),
    errno.ENAMETOOLONG: ("file-name", "the name is too long for the file system", "choose a shorter path"),
    errno.ENOTDIR: ("file-name", "a part of the path is no folder", "choose another path, or move what is in the way"),
}


def stopped(path: str, error: OSError, written: tuple[str, ...] = ()) -> EnvironmentStopped:
    """The error that ends the command; says which files are already in place, if any."""
    other = ("file-write-failed", f"writing failed ({error.strerror or error})", "look at the disk, then run again")
    name, what, cure = CURES.get(error.errno or 0, other)
    done = f"; already written: {', '.join(written)}" if written else ""
    return EnvironmentStopped(Finding(name, Place(path), f"{what}{done}", cure))


def unsure(path: str, error: OSError, written: tuple[str, ...]) -> EnvironmentStopped:
    """The error where everything is in place and may yet be lost with the power: it is not as before."""
    what = f"written, but whether it outlives a power loss is unknown ({error.strerror or error})"
    cure = "look at the disk; a second run finds the files in place"
    return EnvironmentStopped(
        Finding("file-write-failed", Place(path), f"{what}; in place: {', '.join(written)}", cure)
    )


def refusal(name: str, path: str, what: str, cure: str) -> Finding:
    """One finding about a file."""
    return Finding(name, Place(path), what, cure)


@contextmanager
def tolerated(*numbers: int) -> Iterator[None]:
    """Pass over these error numbers: what some file systems cannot do and the caller can do without."""
    try:
        yield
    except OSError as error:
        if error.errno not in numbers:
            raise
