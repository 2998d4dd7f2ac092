"""Files that a command is to leave: whether this run wrote them, and their bytes."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 100_000_000
Stamp = tuple[int, int, int, int, int]


class NotLeft(Exception):
    """A file that this run did not leave, or that cannot be read; the message says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A file as it stood when a run began. Nothing of the user's is removed: what is old is recognised as old.

    `name` is its path below `root`; `before` its stamp (None: it was not there); `began` the time of the start, in
    nanoseconds of the file system's own clock.
    """

    root: Path
    name: str
    before: Stamp | None
    began: int

    @classmethod
    def now(cls, root: Path, name: str) -> Watched:
        """Begin to watch a file."""
        try:
            before = _stamp((root / name).stat())
        except OSError:
            before = None
        return cls(root, name, before, _moment((root / name).parent))

    def read(self) -> bytes:
        """The bytes that the run wrote. Raises NotLeft."""
        try:
            path = (self.root / self.name).resolve()
            if not path.is_relative_to(self.root.resolve()):
                raise NotLeft(f"{self.name} leads out of the repository, to {path}; have it written below the root")
            # Opening a pipe must not wait for its writer.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise NotLeft(f"the run left no {self.name}; have its tool write it, or correct the path") from None
        except (OSError, RuntimeError) as error:
            raise NotLeft(f"{self.name} cannot be read ({error}); check what it is") from error
        try:
            self._check(os.fstat(descriptor))
            with os.fdopen(descriptor, "rb", closefd=False) as stream:
                return stream.read(MAX_BYTES)
        finally:
            os.close(descriptor)

    def _check(self, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise NotLeft(f"{self.name} is no regular file; name the file that the tool writes")
        if _stamp(found) == self.before or found.st_mtime_ns < self.began:
            raise NotLeft(f"{self.name} was left by an earlier run; have this command write it each time, uncached")
        if found.st_size == 0:
            raise NotLeft(f"{self.name} is empty; check that its tool came to its end")
        if found.st_size > MAX_BYTES:
            raise NotLeft(f"{self.name} is larger than {MAX_BYTES // 1_000_000} MB; have it hold less")


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


def _moment(folder: Path) -> int:
    """The time by the clock and in the grain of a folder's file system: that of a nameless file made in it now."""
    nearest = next(one for one in (folder, *folder.parents) if one.is_dir())
    try:
        with TemporaryFile(dir=nearest) as marker:
            return os.fstat(marker.fileno()).st_mtime_ns
    except OSError:
        # Where nothing can be written, nothing will be: stamps are enough.
        return 0
