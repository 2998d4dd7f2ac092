"""What a check found, kept for the next one: which documents verified, by what the file system says of them.

The first line says whose it is and holds a digest of all below it, the second one tables, every further line the
documents of one folder, which are looked at only where that folder has changed. Only verified documents are in it; what
has another size, time or inode number than they had is read, and so is everything where the file makes no sense.
"""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

FORMAT = "devnet-includes-cache/1"
MAX_GROUPS = 10_000
MARK = 16

Stamp = tuple[int, int, int, int]
"""Size in bytes, modification and status change in nanoseconds, inode number."""


def stamp_of(status: os.stat_result) -> Stamp:
    """What the file system says of a file."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def listing_digest(names: Iterable[str], stamps: Iterable[Stamp]) -> str:
    """A digest of the documents of a folder, by name and stamp."""
    rows = [f"{name}\0{a} {b} {c} {d}" for name, (a, b, c, d) in zip(names, stamps, strict=True)]
    return hashlib.sha256("\0".join(rows).encode("utf-8", "surrogateescape")).hexdigest()


def mark(name: str, stamp: Stamp) -> str:
    """A document's name and stamp, shortened: a file of a hundred thousand documents stays small."""
    a, b, c, d = stamp
    data = f"{name}\0{a} {b} {c} {d}".encode("utf-8", "surrogateescape")
    return hashlib.sha256(data).hexdigest()[:MARK]


class Held(NamedTuple):
    """A verified document: how many includes it has, and the number of the group of sources it rests on."""

    includes: int
    group: int


class Row(NamedTuple):
    """The documents of a folder together; `digest` is empty where some of them are not kept. `line` holds them."""

    digest: str
    documents: int
    includes: int
    groups: frozenset[int]
    line: bytes | memoryview

    def marks(self) -> dict[str, Held]:
        """The documents of the folder by mark; none where the line makes no sense."""
        try:
            return dict(_marks(json.loads(bytes(self.line))))
        except (ValueError, TypeError, AttributeError, RecursionError):
            return {}


class Cache(NamedTuple):
    """What was kept: groups of sources, the stamp of each source (None: it was not there), and rows by folder."""

    groups: tuple[tuple[str, ...], ...]
    sources: dict[str, Stamp | None]
    folders: dict[str, Row]

    def written(self, key: str) -> bytes:
        """As the bytes of a file that is good for `key` only."""
        lines = [row.line for row in self.folders.values()]
        table = [[path, row.digest, row.documents, row.includes, sorted(row.groups)]
                 for path, row in self.folders.items()]  # fmt: skip
        head = json.dumps({"groups": self.groups, "sources": self.sources, "folders": table}).encode()
        body = b"\n".join((head, *lines, b""))
        first = {"format": FORMAT, "key": key, "sha256": hashlib.sha256(body).hexdigest()}
        return json.dumps(first).encode() + b"\n" + body


EMPTY = Cache(((),), {}, {})


def read_cache(data: bytes, key: str) -> Cache:
    """What a file kept for `key`; nothing at all where it was written for another, is damaged, or no such file."""
    first, *lines = _lines(data)
    body = memoryview(data)[len(first) + 1 :]
    try:
        said = json.loads(bytes(first))
        if said != {"format": FORMAT, "key": key, "sha256": hashlib.sha256(body).hexdigest()}:
            return EMPTY
        return _cache(json.loads(bytes(lines[0])), lines[1:])
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        return EMPTY


def _lines(data: bytes) -> list[memoryview]:
    """The lines of a file, none of them copied."""
    view, ends = memoryview(data), [-1]
    while (end := data.find(b"\n", ends[-1] + 1)) >= 0:
        ends.append(end)
    return [view[start + 1 : end] for start, end in pairwise([*ends, len(data)])]


def _cache(head: dict[str, Any], lines: list[memoryview]) -> Cache:
    """Typed values out of JSON. Raises ValueError and the like for what is none of ours."""
    groups = tuple(tuple(_text(one) for one in group) for group in head["groups"])
    sources = {name: None if stamp is None else _stamp(stamp) for name, stamp in head["sources"].items()}
    if (
        not groups
        or groups[0]
        or len(groups) > MAX_GROUPS
        or not {one for group in groups for one in group} <= set(sources)
    ):
        raise ValueError("groups and sources do not fit")
    folders = {}
    for (path, digest, documents, includes, used), line in zip(head["folders"], lines, strict=False):
        numbers = frozenset(_group(one, len(groups)) for one in used)
        folders[_text(path)] = Row(_text(digest), _number(documents), _number(includes), numbers, line)
    return Cache(groups, sources, folders)


def _marks(value: dict[str, str]) -> Iterator[tuple[str, Held]]:
    for key, marks in value.items():
        includes, group = key.split()
        held = Held(int(includes), int(group))
        for at in range(0, len(marks), MARK):
            yield marks[at : at + MARK], held


def _stamp(value: list[Any]) -> Stamp:
    size, modified, changed, inode = value
    return _number(size), _number(modified), _number(changed), _number(inode)


def _number(value: object) -> int:
    if type(value) is not int:
        raise ValueError("no number")
    return value


def _group(value: object, limit: int) -> int:
    number = _number(value)
    if not 0 <= number < limit:
        raise ValueError("no such group")
    return number


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")  # noqa: TRY004
    return value


def row_of(digest: str, marks: dict[str, Held]) -> Row:
    """A row of documents that verified."""
    together: dict[str, list[str]] = {}
    for name, held in marks.items():
        together.setdefault(f"{held.includes} {held.group}", []).append(name)
    line = json.dumps({key: "".join(names) for key, names in together.items()}).encode()
    groups = frozenset(held.group for held in marks.values())
    return Row(digest, len(marks), sum(held.includes for held in marks.values()), groups, line)
