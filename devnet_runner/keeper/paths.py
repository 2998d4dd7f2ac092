"""Which files a test may read and write where Landlock guards them: everything but what is masked; its own folder."""

from __future__ import annotations

import os
import stat
import struct

from devnet_runner.keeper.kernel import allow_below, create_ruleset, landlock_version

TYPE_CHECKING = False  # importing `typing` costs more than all the rest
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EXECUTE, WRITE_FILE, READ_FILE, READ_FOLDER = 1 << 0, 1 << 1, 1 << 2, 1 << 3
READ = EXECUTE | READ_FILE | READ_FOLDER
RIGHTS = (0, 13, 14, 15, 15, 16)  # how many rights of files each version of the interface has
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | 1 << 14 | 1 << 15  # also TRUNCATE and IOCTL_DEV
NETWORK, SCOPES = 0b11, 0b11  # TCP bind and connect (version 4); abstract sockets and signals (version 6)
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")


def ruleset(scratch: str, masked: tuple[str, ...], shown: tuple[str, ...]) -> int:
    """The Landlock ruleset: read everything except below `masked`, `shown` yet; write below `scratch` alone.

    Raises OSError where the kernel has no Landlock.
    """
    version = landlock_version()
    handled = (1 << RIGHTS[min(version, len(RIGHTS) - 1)]) - 1
    attributes = struct.pack("=Q", handled)
    if version >= 4:
        attributes += struct.pack("=Q", NETWORK)
    if version >= 6:
        attributes += struct.pack("=Q", SCOPES)
    rules = create_ruleset(attributes)
    for path in (*readable("/", masked), *shown):
        _allow(rules, READ & handled, path)
    for path in DEVICES:
        _allow(rules, (READ | WRITE_FILE) & handled, path)
    _allow(rules, handled, scratch)
    return rules


def readable(folder: str, masked: tuple[str, ...]) -> Iterator[str]:
    """The folders and files that together hold everything below a folder except what is masked."""
    if folder in masked:
        return
    inside = folder.rstrip("/") + "/"
    if not any(path.startswith(inside) for path in masked):
        yield folder
        return
    for name in _listed(folder):
        yield from readable(inside + name, masked)


def _listed(folder: str) -> Iterable[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return ()


def _allow(rules: int, rights: int, path: str) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        # What cannot be opened needs no rule.
        return
    try:
        mode = os.fstat(descriptor).st_mode
        # A link has no rights of its own, and is not followed: it may lead into what is masked.
        if not stat.S_ISLNK(mode):
            allow_below(rules, rights if stat.S_ISDIR(mode) else rights & OF_FILES, descriptor)
    finally:
        os.close(descriptor)
