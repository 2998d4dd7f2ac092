"""One run at a time in a repository: a lock that the system takes back when its holder dies."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from devnet_runner.errors import EnvironmentStopped
from devnet_runner.findings import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "devnet-run.lock"
WAIT = 30.0
DIGITS = 20


@contextmanager
def repository_lock(root: Path, common_dir: Path | None, wait: float = WAIT) -> Iterator[Path]:
    """Hold the repository's lock and give its path; all work trees share it.

    It lies in git's common folder, else in the folder for temporary files under a name made of `root` and the user.
    Raises `EnvironmentStopped` where another run holds it after `wait` seconds, or where it cannot be made.
    """
    path = _path(root, common_dir)
    lock = FileLock(path, timeout=wait)
    try:
        lock.acquire()
    except Timeout as error:
        raise EnvironmentStopped(_held(path)) from error
    except (OSError, RuntimeError) as error:
        raise EnvironmentStopped(_impossible(path, error)) from error
    try:
        _sign(path)
        yield path
    finally:
        with suppress(OSError):
            _note(path).unlink()
        lock.release()


def _path(root: Path, common_dir: Path | None) -> Path:
    if common_dir is not None:
        return common_dir / NAME
    key = sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"devnet-run-{os.getuid()}-{key}.lock"


def _note(path: Path) -> Path:
    # Beside the lock, because some systems let nobody else read a locked file.
    return path.with_suffix(".pid")


def _sign(path: Path) -> None:
    """Leave our process id for whoever waits; without it the lock holds as well."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(_note(path), flags, 0o644)
    except OSError:
        return
    try:
        os.write(descriptor, str(os.getpid()).encode())
    finally:
        os.close(descriptor)


def _holder(path: Path) -> str:
    try:
        descriptor = os.open(_note(path), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return ""
    try:
        data = os.read(descriptor, DIGITS)
    except OSError:
        return ""
    finally:
        os.close(descriptor)
    return data.decode() if data.isdigit() else ""


def _held(path: Path) -> Finding:
    holder = _holder(path)
    who = f"process {holder}" if holder else "another process"
    what = f"{who} is verifying in this repository"
    command = f"ps -fp {holder}" if holder else ""
    return Finding("lock-held", Place(str(path)), what, "wait for it to end, or stop it", command=command)


def _impossible(path: Path, error: Exception) -> Finding:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Finding("lock-failed", Place(str(path)), f"the lock cannot be made ({why})",
                   "let this user write in that folder")  # fmt: skip
