"""What a way back would throw away: its SQL runs in a transaction that is rolled back, and what it did is looked into.

The SQL itself is not judged, so whatever it does by whatever means is seen. It is run and not the revision: a revision
may commit what it has done, the text of it may not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_adapters.errors import InvalidRequest
from infra_adapters.postgres.migrations.holdings import (
    ANY,
    USED,
    VALUE,
    Answer,
    Held,
    Holdings,
    asked,
    contents,
    read_holdings,
    rows,
    written,
)
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

BOUNDS = ("BEGIN;", "COMMIT;")
"""What Alembic writes around each revision."""
WORDS = r"(?:commit|end|rollback|abort|begin|start|prepare|release|savepoint)\b"
ENDS = re.compile(r"(?:\s|;|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*" + WORDS, re.IGNORECASE | re.DOTALL)
SPEAKS = re.compile(r"\b" + WORDS, re.IGNORECASE)
LONGEST = 15.0
"""Seconds that a statement of a trial may take: it holds the locks that the way back will hold."""
LASTING = re.compile(r"\bsetval\b", re.IGNORECASE)
BRIEF = "SET LOCAL statement_timeout = {}"
UNHIDDEN = "SET LOCAL row_security = off"


def losses(
    connection: Connection, way_back: Sequence[str], version_table: str, *, longest: float = LONGEST
) -> tuple[str, ...]:
    """What holds data and would be lost by the SQL `way_back`, one text an operation; nothing is changed.

    Tables and columns that go, rows that are deleted, values that are overwritten or read otherwise after their type
    has changed, and sequences that would give numbers again. What goes under another name, or is there anew with the
    same values, is not lost. What this role may not look into counts as data. Alembic's own table is left out.
    Raises InfraError where the SQL cannot run in one transaction, or a statement takes more than `longest` seconds.
    """
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - a connection that is open has one
    with translated(), connection.begin() as look:
        before = read_holdings(driver, version_table)
        look.rollback()
    with translated(), connection.begin() as trial:
        driver.execute(BRIEF.format(int(longest * 1000)))
        _run(driver, way_back)
        driver.execute(UNHIDDEN)
        done = _Done.read(driver, before, version_table)
        trial.rollback()
    with translated(), connection.begin() as look:
        driver.execute(UNHIDDEN)
        found = tuple(dict.fromkeys(_lost(driver, before, done)))
        look.rollback()
    return found


def _run(driver: Any, way_back: Sequence[str]) -> None:
    """Run each operation so that none of them can end the transaction in which it is tried."""
    for piece in (one for one in way_back if one not in BOUNDS):
        if ENDS.match(piece):
            raise InvalidRequest(f"it ends its transaction by itself: {piece.splitlines()[-1]}")
        if LASTING.search(piece):
            raise InvalidRequest("it calls setval, which no rollback takes back; use ALTER SEQUENCE ... RESTART")
        if SPEAKS.search(piece):
            # Where values are asked for in binary, the server takes one statement at a time.
            driver.execute(piece, binary=True)
        else:
            driver.execute(piece)


@dataclass(frozen=True, slots=True)
class _Done:
    """What there is after the way back: of tables whose rows were written, rewritten or replaced, also their values."""

    after: Holdings
    values: dict[int, Answer]
    anew: dict[tuple[int, int], Answer]
    tables: dict[str, Answer]
    used: dict[int, Answer]

    @classmethod
    def read(cls, driver: Any, before: Holdings, version_table: str) -> _Done:
        """Look at it, in the transaction that did it."""
        after, touched = read_holdings(driver, version_table), written(driver)
        stay = {oid: one for oid, one in after.items() if oid in before and one.kind != "S"}
        values = {
            oid: contents(driver, one, _kept(before[oid], one))
            for oid, one in stay.items()
            if one.kind == "r" and (oid in touched or one.file != before[oid].file)
        }
        anew = {
            (oid, at): contents(driver, one, [at])
            for oid, one in stay.items()
            if before[oid].columns.keys() - one.columns.keys()
            for at in one.columns.keys() - before[oid].columns.keys()
        }
        names = {one.name for one in before.values()}
        tables = {
            one.name: rows(driver, one)
            for oid, one in after.items()
            if oid not in before and one.kind != "S" and one.name in names
        }
        used = {oid: asked(driver, USED, one.name) for oid, one in after.items() if oid in before and one.kind == "S"}
        return cls(after, values, anew, tables, used)


def _kept(before: Held, after: Held) -> list[int]:
    return sorted(before.columns.keys() & after.columns.keys())


def _lost(driver: Any, before: Holdings, done: _Done) -> Iterator[str]:
    for oid, one in before.items():
        if one.kind == "S":
            yield from _sequence(driver, oid, one, done)
        elif oid not in done.after:
            yield from _table(driver, one, done)
        else:
            yield from _columns(driver, oid, one, done)
            if oid in done.values:
                yield from _values(driver, oid, one, done)


def _table(driver: Any, one: Held, done: _Done) -> Iterator[str]:
    """A table that goes. One that is made anew may have the same rows; a partition's are those of its parent."""
    if one.parent is not None and one.parent not in done.after:
        return
    same = done.tables.get(one.name)
    if asked(driver, ANY, one.name) != (False,) and (same is None or same != rows(driver, one)):
        yield f"table {one.name}"


def _columns(driver: Any, oid: int, one: Held, done: _Done) -> Iterator[str]:
    """Columns that go from a table that stays. One that is made anew may have the same values."""
    for at in sorted(one.columns.keys() - done.after[oid].columns.keys()):
        column = one.columns[at]
        if column.inherited or asked(driver, VALUE, one.name, column.name) == (False,):
            continue
        was = contents(driver, one, [at])
        if was is None or was not in [found for (table, _), found in done.anew.items() if table == oid]:
            yield f"column {one.name}.{column.name}"


def _values(driver: Any, oid: int, one: Held, done: _Done) -> Iterator[str]:
    """Rows and values of a table that stays."""
    kept, now = _kept(one, done.after[oid]), done.values[oid]
    was = contents(driver, one, kept)
    if was is None or now is None or now[0] < was[0]:
        yield f"rows of {one.name}"
        return
    for place, at in enumerate(kept, 1):
        if was[place] == now[place]:
            continue
        column, after = one.columns[at], done.after[oid].columns[at]
        same_type = (column.type, column.number) == (after.type, after.number)
        yield f"values of {one.name}.{column.name}" if same_type else f"column {one.name}.{column.name} as {after.type}"


def _sequence(driver: Any, oid: int, one: Held, done: _Done) -> Iterator[str]:
    """A sequence that goes, but with its column, or that begins again."""
    table, column = one.owner
    gone = table is not None and (table not in done.after or column not in done.after[table].columns)
    was = asked(driver, USED, one.name)
    if gone or was == (None,):
        return
    now = done.used.get(oid)
    # A trial that takes numbers takes them for good, so that more than before is no loss.
    if was is None or now is None or now[0] is None or abs(now[0]) < abs(was[0]):
        yield f"sequence {one.name}"
