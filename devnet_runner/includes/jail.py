"""The root jail: a path that a document names leads to a regular file below the root, or is refused unread."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from devnet_runner.text import read_regular
from devnet_runner.text.decode import Irregular

FOREIGN = re.compile(r"^(?:[a-z]:|[a-z][a-z0-9+.-]*://|~|/)|\\|[\0-\x1f]", re.IGNORECASE)
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


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
        """The bytes of a file. Raises Refused for a path out of the root, OSError where nothing can be read."""
        mapped = self.mapped(path)
        if FOREIGN.search(mapped) or ".." in PurePosixPath(mapped).parts:
            raise Refused("it leaves the repository")
        real, base = Path(os.path.realpath(self.root / mapped)), Path(os.path.realpath(self.root))
        if not real.is_relative_to(base):
            raise Refused(f"it leaves the repository through a link, to {real}")
        try:
            return _read_below(base, real.relative_to(base).parts)
        except Irregular as error:
            raise Refused(str(error)) from error


def _read_below(base: Path, parts: tuple[str, ...]) -> bytes:
    """The bytes of a file, walking down by descriptors: no link that is put there meanwhile is followed."""
    if not parts:
        raise Refused("it is no regular file")
    folder = os.open(base, FOLDER)
    try:
        for part in parts[:-1]:
            inner = os.open(part, FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        return read_regular(parts[-1], folder=folder, flags=os.O_NOFOLLOW)
    finally:
        os.close(folder)
