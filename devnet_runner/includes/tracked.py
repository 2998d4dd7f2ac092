"""The names in git's index, read as the file that it is: what is tracked is never ignored.

Git's own answer would need a process, which costs more than reading a thousand documents.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BYTES = 200_000_000
HEAD = 12
EXTENDED, LENGTH = 0x4000, 0xFFF
SIZES = (20, 32)
"""How long the hashes of SHA-1 and of SHA-256 are."""


@dataclass(slots=True)
class Tracked:
    """The tracked names below the top of a repository; read when they are first asked for."""

    git: Path | None
    """The folder of this work tree's git data, or None outside of a repository."""
    _data: tuple[bytes, ...] | None = None
    _names: frozenset[bytes] | None = field(default=None)

    def holds(self, path: str) -> bool:
        """Whether a file is tracked."""
        name = os.fsencode(path)
        return self._mentions(name) and name in self._all()

    def below(self, folder: str) -> bool:
        """Whether anything in a folder is tracked."""
        start = os.fsencode(folder) + b"/"
        return self._mentions(start) and any(name.startswith(start) for name in self._all())

    def _mentions(self, name: bytes) -> bool:
        """Whether the name can be there at all: only version 4 writes names in parts."""
        if self._data is None:
            self._data = tuple(_files(self.git)) if self.git else ()
        return any(name in data or data[7:8] == b"\x04" for data in self._data)

    def _all(self) -> frozenset[bytes]:
        if self._names is None:
            self._names = frozenset(name for data in self._data or () for name in _names(data))
        return self._names


def _files(git: Path) -> Iterator[bytes]:
    """The index, and what a split one rests on; names that were removed since count as tracked."""
    for path in (git / "index", *sorted(git.glob("sharedindex.*"))):
        try:
            with path.open("rb") as stream:
                data = stream.read(MAX_BYTES)
        except OSError:
            continue
        if data[:4] == b"DIRC":
            yield data


def _names(data: bytes) -> Iterator[bytes]:
    """The names of an index file of version 2 to 4; it ends where the file makes no sense any more."""
    version, count = data[7], int.from_bytes(data[8:HEAD], "big")
    at, before = HEAD, b""
    # Which hash is in use is written nowhere in the file: a flag that tells the name's length shows it.
    size = _hash_size(data)
    for _ in range(count):
        flags = int.from_bytes(data[at + 40 + size : at + 42 + size], "big")
        start = at + 42 + size + (2 if flags & EXTENDED else 0)
        if version == 4:
            drop, start = _number(data, start)
            kept = before[: len(before) - drop]
        else:
            kept = b""
        end = data.find(b"\0", start)
        if end < 0 or start >= len(data):
            return
        before = kept + data[start:end]
        yield before
        # Entries of versions 2 and 3 are filled up to a multiple of eight bytes, with one zero at least.
        at = end + 1 if version == 4 else at + ((end - at + 8) & ~7)


def _hash_size(data: bytes) -> int:
    for size in SIZES:
        start = HEAD + 42 + size
        flags = int.from_bytes(data[start - 2 : start], "big")
        start += (2 if flags & EXTENDED else 0) + (data[7] == 4)
        if min(data.find(b"\0", start) - start, LENGTH) == flags & LENGTH:
            return size
    return SIZES[0]


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable width, as git writes it for offsets, and where it ends."""
    value = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value = (value << 7) | (byte & 0x7F)
        if not byte & 0x80:
            break
        value += 1
    return value, at
