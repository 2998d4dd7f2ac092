"""What a database has of a folder, by the rules of Drizzle's own migrators.

0.45 runs the entries that are newer than the newest row; 1.x those whose name is in no row. Neither looks at the hash.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING

from infra_adapters.postgres.drizzle.values import Folder, Format, Ledger, Migration, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECOND = 1000


@dataclass(frozen=True, slots=True)
class State:
    """`applied` is in the order in which it was; `pending` is what Drizzle would run, `skipped` what it never will.
    `edited` was applied with another text, `unexplained` rows belong to no migration of the folder, and `renamed` are
    the rows that 1.x gives names to first.
    """

    folder: Folder
    ledger: Ledger
    applied: tuple[Migration, ...]
    pending: tuple[Migration, ...]
    skipped: tuple[Migration, ...]
    edited: tuple[Migration, ...]
    unexplained: tuple[Row, ...]
    renamed: tuple[Row, ...] = ()

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why nothing may be applied, whatever is allowed: Drizzle itself would stop, or run everything again."""
        if self.folder.format is Format.FOLDERS and self.ledger.exists and not self.ledger.named:
            return tuple(
                f"{_told(row)}, so that the table cannot be brought to its newer form" for row in self.unexplained
            )
        timeless = [row for row in self.ledger.rows if row.created_at is None and self.folder.format is Format.JOURNAL]
        return tuple(f"row {row.id} has no created_at: Drizzle would run everything again" for row in timeless)

    def lines(self) -> tuple[str, ...]:
        """What is not as it should be, in words; nothing where the database has all of the folder and no more."""
        found = [f"{one.name} waits to be applied" for one in self.pending]
        found += [
            f"{one.name} will never be applied: it is older than what was applied last; give it a newer `when`"
            for one in self.skipped
        ]
        found += [f"{one.name} was edited after it was applied" for one in self.edited]
        found += [_told(row) for row in self.unexplained]
        found += [f"{name} is no part of the history: Drizzle never looks at it" for name in self.folder.unlisted]
        return (*found, *(one for one in self.refusals if one not in found))


def _told(row: Row) -> str:
    return f"row {row.id}{f' ({row.name})' if row.name else ''} belongs to no migration of the folder"


def compare(folder: Folder, ledger: Ledger) -> State:
    """What was applied, what is pending and what does not fit; nothing is asked of a server."""
    newer = folder.format is Format.FOLDERS
    key = attrgetter("name" if newer else "created_at")
    unnamed = newer and not ledger.named
    rows = tuple(_named(folder.migrations, ledger.rows)) if unnamed else ledger.rows
    pairs = dict(_paired(folder.migrations, rows, key))
    pending = tuple(_pending(folder, rows))
    explained = {row.id for row in pairs.values()}
    if newer:
        names = {one.name for one in pairs}
        explained |= {row.id for row in rows if row.name in names}
    return State(
        folder,
        ledger,
        tuple(sorted(pairs, key=lambda one: pairs[one].id)),
        pending,
        skipped=tuple(one for one in folder.migrations if one not in pairs and one not in pending),
        edited=tuple(one for one, row in pairs.items() if row.hash != one.hash),
        unexplained=tuple(row for row in rows if row.id not in explained),
        renamed=tuple(row for row in rows if unnamed and row.name is not None),
    )


def _pending(folder: Folder, rows: tuple[Row, ...]) -> Iterator[Migration]:
    names = {row.name for row in rows}
    # A row without a time sorts first on the server, and counts as the year 1970.
    times = [row.created_at for row in rows]
    newest = 0 if None in times else max((one for one in times if one is not None), default=0)
    for one in folder.migrations:
        if (one.name not in names) if folder.format is Format.FOLDERS else (one.created_at > newest):
            yield one


def _paired(
    migrations: tuple[Migration, ...], rows: tuple[Row, ...], key: Callable[[Migration | Row], object]
) -> Iterator[tuple[Migration, Row]]:
    """Each migration with its row: of several under one key, first those whose hash is equal."""
    free = defaultdict(list)
    for row in rows:
        free[key(row)].append(row)
    rest = []
    for one in migrations:
        same = [row for row in free[key(one)] if row.hash == one.hash]
        if not same:
            rest.append(one)
            continue
        free[key(one)].remove(same[0])
        yield one, same[0]
    for one in rest:
        if free[key(one)]:
            yield one, free[key(one)].pop(0)


def _named(migrations: tuple[Migration, ...], rows: tuple[Row, ...]) -> Iterator[Row]:
    """The rows with the names that 1.x gives to those of 0.45: by their second, then by their hash."""
    for row in rows:
        second = None if row.created_at is None else row.created_at // SECOND * SECOND
        at = [one for one in migrations if one.created_at == second]
        if len(at) > 1:
            at = [one for one in at if one.hash == row.hash][:1]
        elif not at:
            at = [one for one in migrations if one.hash == row.hash][-1:]
        yield replace(row, name=at[0].name if at else None)
