"""One run at a time writes to a repository: a lock shared by all of its work trees, given back however a run ends."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from devnet_runner.digest import Digest
from devnet_runner.errors import EnvironmentStopped
from devnet_runner.findings import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "devnet-run.lock"
WAIT = 30.0


@contextmanager
def repository_lock(root: Path, common_dir: Path | None, wait: float = WAIT) -> Iterator[None]:
    """Hold the repository's lock; the system gives it back when its holder dies.

    It lies in git's common folder, else in the temporary folder under a name made from the root. Raises
    EnvironmentStopped when another process holds it for `wait` seconds, naming that process.
    """
    path = _path(root, common_dir)
    holder = path.with_suffix(".pid")
    lock = FileLock(path)
    try:
        lock.acquire(timeout=wait)
    except Timeout as error:
        raise EnvironmentStopped(_held(root, holder, wait)) from error
    except OSError as error:
        what = f"the lock {path} cannot be taken ({error.strerror})"
        raise EnvironmentStopped(Finding("lock-failed", Place(str(root)), what, "make the folder writable")) from error
    try:
        holder.write_text(f"{os.getpid()}\n", encoding="ascii")
        yield
        holder.unlink(missing_ok=True)
    finally:
        lock.release()


def _path(root: Path, common_dir: Path | None) -> Path:
    if common_dir is not None:
        return common_dir / NAME
    return Path(tempfile.gettempdir()) / f"devnet-run-{Digest.of(os.fsencode(root.resolve())).value[:16]}.lock"


def _held(root: Path, holder: Path, wait: float) -> Finding:
    try:
        who = f"process {holder.read_text(encoding='ascii').strip()}"
    except OSError:
        who = "another process"
    what = f"{who} has been writing to this repository for more than {wait:.0f} s"
    return Finding("lock-held", Place(str(root)), what, "wait for that run to end, or end it, then run again")
