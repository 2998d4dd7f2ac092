"""The root jail: a path that a document names leads to a regular file below the root, or is refused unread."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MAX_BYTES = 5_000_000
FOREIGN = re.compile(r"^(?:[A-Za-z]:|[a-z][a-z0-9+.-]*://|~|/)|\\|\0")


class Refused(ValueError):
    """A path that must not be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Jail:
    """Reads files below a root. `paths` replaces the start of a path: pairs of old and new prefix."""

    root: Path
    paths: tuple[tuple[str, str], ...] = ()

    def mapped(self, path: str) -> str:
        """The path after the settings' path map."""
        for old, new in self.paths:
            if path == old or path.startswith(old.rstrip("/") + "/"):
                return f"{new.rstrip('/')}{path[len(old.rstrip('/')) :]}"
        return path

    def read(self, path: str) -> bytes:
        """The bytes of a file. Raises Refused for a path out of the root, FileNotFoundError where nothing is there."""
        mapped = self.mapped(path)
        if FOREIGN.search(mapped) or ".." in PurePosixPath(mapped).parts:
            raise Refused("it leaves the repository")
        found = self.root / mapped
        real, base = Path(os.path.realpath(found)), Path(os.path.realpath(self.root))
        if not real.is_relative_to(base):
            raise Refused(f"it leaves the repository through a link, to {real}")
        # What the path means may change between the check and this; what was opened may not.
        descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb", closefd=True) as stream:  # noqa: PTH123
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                raise Refused("it is no regular file")
            if facts.st_size > MAX_BYTES:
                raise Refused(f"it has more than {MAX_BYTES:,} bytes")
            return stream.read(MAX_BYTES)
