"""Checking a whole folder again: what the file system says has not changed since it verified is not read."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from devnet_runner.errors import InputError
from devnet_runner.includes.cache import Cache, Held, Row, Stamp, listing_digest, mark, row_of, stamp_of
from devnet_runner.includes.check import Checker
from devnet_runner.includes.tree import Folder, folders
from devnet_runner.includes.walk import Checked, checked_file, unlisted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet_runner.includes.jail import Jail

SETTLED = 2_000_000_000
"""How long a file must have been left alone before its times are believed, in nanoseconds.

No file system in use counts more coarsely than in two seconds: an edit after we looked has another time then.
"""


@dataclass(slots=True)
class _Sources:
    """The sources of this run: their stamps from before they were read, and the groups that documents rest on."""

    jail: Jail
    groups: dict[tuple[str, ...], int]
    stamps: dict[str, Stamp | None] = field(default_factory=dict)

    def read(self, path: str) -> bytes:
        """The bytes of a source; what the file system says of it is noted first."""
        self.stamps[path] = self.stamp(path)
        return self.jail.read(path)

    def stamp(self, path: str) -> Stamp | None:
        """What the file system says of a source now; None where it is not there."""
        try:
            return stamp_of(os.stat(os.path.join(self.jail.root, self.jail.mapped(path))))  # noqa: PTH116, PTH118
        except (OSError, ValueError):
            return None

    def closed(self, quoted: frozenset[str], checker: Checker) -> tuple[str, ...]:
        """These sources, and those that they quote in turn; each has a stamp then."""
        names = set(quoted)
        waiting = list(quoted)
        while waiting:
            inner = checker.quoted_by(waiting.pop()) - names
            names |= inner
            waiting += inner
        for name in names:
            self.stamps.setdefault(name, self.stamp(name))
        return tuple(sorted(names))

    def group(self, names: tuple[str, ...]) -> int:
        """The number of a group."""
        return self.groups.setdefault(names, len(self.groups))


class Again:
    """One check of everything below a root, with what was kept of the last one; `kept` is for the next.

    `now` is the time when it begins, in nanoseconds.
    """

    def __init__(self, jail: Jail, before: Cache, now: int | None = None) -> None:
        self._before = before
        self._sources = _Sources(jail, {group: number for number, group in enumerate(before.groups)})
        self._checker = Checker(jail, self._sources.read)
        self._root = os.path.join(jail.root, "")  # noqa: PTH118
        self._settled = (now or time.time_ns()) - SETTLED
        self._rows: dict[str, Row] = {}
        self._groups: dict[frozenset[str], int | None] = {}
        stamps = {name: self._sources.stamp(name) for name in before.sources}
        same = {name for name, stamp in before.sources.items() if stamps[name] == stamp}
        self._fresh = frozenset(number for number, group in enumerate(before.groups) if same.issuperset(group))
        self._same = {name: stamps[name] for name in same}

    def check(self) -> Iterator[Checked]:
        """Every document below the root; those of a folder that has not changed come as one value."""
        errors: list[OSError] = []
        for folder in folders(self._sources.jail.root, errors):
            yield from self._folder(folder)
        if errors:
            fault = InputError([unlisted(error) for error in errors])
            yield Checked(fault.findings[0].where.path, 0, 0, (), fault.findings)

    def kept(self) -> Cache:
        """What is known for the next check: for documents and sources that had been left alone for a while."""
        groups = tuple(sorted(self._sources.groups, key=self._sources.groups.__getitem__))
        names = {name for group in groups for name in group}
        # Of a source that changed while we were at work the older stamp is kept, which fits nothing any more.
        stamps = self._sources.stamps | self._same
        return Cache(groups, {name: stamps.get(name) for name in sorted(names)}, self._rows)

    def _folder(self, folder: Folder) -> Iterator[Checked]:
        path = folder.path.removeprefix(self._root)
        states = [entry.stat(follow_symlinks=False) for entry in folder.documents]
        stamps = [(one.st_size, one.st_mtime_ns, one.st_ctime_ns, one.st_ino) for one in states]
        digest = listing_digest([entry.name for entry in folder.documents], stamps)
        row = self._before.folders.get(path)
        if row is not None and row.digest == digest and row.groups <= self._fresh:
            self._rows[path] = row
            yield Checked(path, row.includes, row.includes, documents=row.documents)
            return
        known = row.marks() if row is not None else {}
        kept: dict[str, Held] = {}
        for entry, state, stamp in zip(folder.documents, states, stamps, strict=True):
            own = mark(entry.name, stamp)
            found = known.get(own)
            if found is not None and found.group in self._fresh:
                kept[own] = found
                yield Checked(entry.path.removeprefix(self._root), found.includes, found.includes)
                continue
            one = checked_file(self._checker, entry.path, entry.path.removeprefix(self._root), listed=False)
            if not one.findings and stat.S_ISREG(state.st_mode) and self._left_alone(stamp):
                group = self._group(one.sources)
                if group is not None:
                    kept[own] = Held(one.count, group)
            yield one
        if kept:
            self._rows[path] = row_of(digest if len(kept) == len(folder.documents) else "", kept)

    def _group(self, quoted: frozenset[str]) -> int | None:
        """The number of a group of sources; None where one of them was written just now."""
        if quoted not in self._groups:
            names = self._sources.closed(quoted, self._checker)
            found = (self._sources.stamps[name] for name in names)
            settled = all(stamp is None or self._left_alone(stamp) for stamp in found)
            self._groups[quoted] = self._sources.group(names) if settled else None
        return self._groups[quoted]

    def _left_alone(self, stamp: Stamp) -> bool:
        return max(stamp[1], stamp[2]) < self._settled
