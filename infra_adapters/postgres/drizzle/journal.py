"""Reads a folder of drizzle-kit 0.x: a journal, a file for each migration, and snapshots."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from infra_adapters.errors import InvalidRequest
from infra_adapters.postgres.drizzle.files import RESTORE, member, read_json, read_text, sha256
from infra_adapters.postgres.drizzle.script import statements
from infra_adapters.postgres.drizzle.values import Folder, Format, Migration, Snapshot

if TYPE_CHECKING:
    from pathlib import Path

DIALECT, NEWEST = "postgresql", 7
JOURNAL = "meta/_journal.json"
LATEST = 2**53
"""JavaScript's own limit of whole numbers."""


def read_journal(path: Path) -> Folder:
    """The folder, in the order of its journal. Raises InvalidRequest."""
    place = path / JOURNAL
    journal = read_json(place)
    _check_version(str(place), member(str(place), journal, "version", str))
    if (dialect := member(str(place), journal, "dialect", str)) != DIALECT:
        raise InvalidRequest(f"{place}: it is for {dialect!r}; point at the folder for {DIALECT}")
    entries = member(str(place), journal, "entries", list)
    migrations = tuple(_migration(path, f"{place}, entry {at}", entry) for at, entry in enumerate(entries))
    _check_order(str(place), [member(str(place), entry, "idx", int) for entry in entries])
    names = [one.name for one in migrations]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidRequest(f"{place}: {', '.join(twice)} stands there twice; leave one entry of each")
    unlisted = sorted(one.name for one in path.glob("*.sql") if one.stem not in names)
    return Folder(path, Format.JOURNAL, migrations, tuple(unlisted))


def _check_version(place: str, version: str) -> None:
    if not re.fullmatch(r"\d{1,3}", version) or int(version) > NEWEST:
        raise InvalidRequest(
            f"{place}: `version` is {version!r}, and {NEWEST} is the newest known; update this package"
        )


def _check_order(place: str, numbers: list[int]) -> None:
    for at, (before, number) in enumerate(itertools.pairwise(numbers), start=1):
        if number <= before:
            cure = "put the entries into the order of `idx`, each with its own"
            raise InvalidRequest(f"{place}, entry {at}: idx {number} stands after idx {before}; {cure}")


def _migration(folder: Path, place: str, entry: object) -> Migration:
    tag, when = member(place, entry, "tag", str), member(place, entry, "when", int)
    if not tag or set(tag) & set("/\\\0"):
        raise InvalidRequest(f"{place}: `tag` {tag!r} is no name of a file; {RESTORE}")
    if not 0 < when < LATEST:
        raise InvalidRequest(f"{place}: `when` is no time in milliseconds; {RESTORE}")
    path = folder / f"{tag}.sql"
    text = read_text(path)
    number = tag.partition("_")[0]
    snapshot = read_snapshot(folder / "meta" / f"{number}_snapshot.json")
    return Migration(tag, path, when, sha256(text), statements(text), snapshot)


def read_snapshot(path: Path) -> Snapshot | None:
    """The snapshot that goes with a migration; None where there is no file, as nothing but drizzle-kit needs it."""
    if not path.exists():
        return None
    value = read_json(path)
    place = str(path)
    if (dialect := member(place, value, "dialect", str)) not in {DIALECT, "postgres"}:
        raise InvalidRequest(f"{place}: it is for {dialect!r}; point at the folder for {DIALECT}")
    previous = [member(place, value, "prevId", str)] if "prevId" in value else member(place, value, "prevIds", list)
    version = member(place, value, "version", str)
    return Snapshot(path, member(place, value, "id", str), tuple(str(one) for one in previous), version)
