"""The folders of a run: on a memory file system where there is one, locked while the run lives, swept when it died.

The lock belongs to an open file that the runner and the supervisor of the server share. The system releases it when
the last of them is gone, however they ended, and no other process can be taken for them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import stat
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner.database.leftover import stop_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MEMORY = Path("/dev/shm")  # noqa: S108 - private folders are made below it
ROOM = 256 << 20
PREFIX = "devnet-run-"
OWNER = "owner"
YOUNG = 600.0


@dataclass(frozen=True, slots=True)
class Folder:
    """A private folder of one run; `lock` is the descriptor that marks it as in use."""

    path: Path
    lock: int


def bases(environ: Mapping[str, str], scratch: Path | None) -> tuple[Path, ...]:
    """Where folders of runs may be, best first: below `scratch` alone, where it is given."""
    if scratch is not None:
        return (scratch,)
    temporary = Path(environ.get("TMPDIR") or tempfile.gettempdir())
    memory = MEMORY.is_dir() and os.access(MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(MEMORY).free >= ROOM
    return (MEMORY, temporary) if memory else (temporary,)


@contextmanager
def run_folder(base: Path) -> Iterator[Folder]:
    """Make a folder for a run, and delete it at the end, where nobody else has."""
    path = base / f"{PREFIX}{secrets.token_hex(4)}"
    path.mkdir(parents=True)
    # The server's account may have to pass; its name is a secret, and what is in it is private again.
    path.chmod(0o711)
    # Locked before it has the name by which others judge it.
    lock = os.open(path / "new", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.write(lock, f"{os.getpid()} {time.time():.0f}\n".encode())
        (path / "new").rename(path / OWNER)
        yield Folder(path, lock)
    finally:
        os.close(lock)
        shutil.rmtree(path, ignore_errors=True)


def sweep(base: Path) -> None:
    """Delete what runs left that died, and end the server that may still run in it."""
    for path in base.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            facts = path.lstat()
            if stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid():
                _sweep_one(path, time.time() - facts.st_mtime)


def _sweep_one(path: Path, age: float) -> None:
    try:
        lock = os.open(path / OWNER, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        if age > YOUNG:
            shutil.rmtree(path, ignore_errors=True)
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        stop_server(path / "data")
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(lock)
