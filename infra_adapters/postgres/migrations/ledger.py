"""The ledger: what was applied when, and the checksum of it; so that a revision that was edited afterwards is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Column, DateTime, Float, MetaData, Table, Text, delete, func, insert, inspect, select

from infra_adapters.errors import ChecksumMismatch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from infra_adapters.postgres.migrations.script import Revision

table = Table(
    "infra_migrations",
    MetaData(),
    Column("script", Text, primary_key=True),
    Column("revision", Text, primary_key=True),
    Column("down", Text),
    Column("checksum", Text, nullable=False),
    Column("applied_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("seconds", Float, nullable=False),
    Column("catalog", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An applied revision. `catalog` describes the schema as it was then, empty where it was not read."""

    revision: str
    down: str | None
    checksum: str
    applied_at: datetime
    seconds: float
    catalog: str


def entries(connection: Connection, script: str) -> tuple[Entry, ...]:
    """What was applied of a script, in that order."""
    if not inspect(connection).has_table(table.name):
        return ()
    columns = table.c
    found = select(
        columns.revision, columns.down, columns.checksum, columns.applied_at, columns.seconds, columns.catalog
    ).where(columns.script == script)
    return tuple(Entry(*row) for row in connection.execute(found.order_by(columns.applied_at)))


def enter(connection: Connection, script: str, revision: Revision, seconds: float, catalog: str) -> None:
    """Write a revision down, in the transaction that applied it."""
    values = {"script": script, "revision": revision.id, "down": revision.down, "checksum": revision.checksum}
    connection.execute(insert(table).values(**values, seconds=seconds, catalog=catalog))


def strike(connection: Connection, script: str, revision: str) -> None:
    """Take a revision out, in the transaction that undid it."""
    connection.execute(delete(table).where(table.c.script == script, table.c.revision == revision))


def make(connection: Connection) -> None:
    """Make the table where it is missing."""
    table.create(connection, checkfirst=True)


def compare(applied: Sequence[Entry], history: Sequence[Revision]) -> None:
    """Raise ChecksumMismatch where what was applied is not what is here: edited, missing, or in another order."""
    known = {one.id: one for one in history}
    wrong = [f"{one.revision} was applied and is not here" for one in applied if one.revision not in known]
    for one in applied:
        here = known.get(one.revision)
        if here and here.checksum != one.checksum:
            wrong.append(f"{one.revision} was edited after it was applied on {one.applied_at:%Y-%m-%d}")
        if here and here.down != one.down:
            wrong.append(
                f"{one.revision} came after {one.down or 'nothing'} and now comes after {here.down or 'nothing'}"
            )
    if wrong:
        raise ChecksumMismatch("; ".join(wrong) + "; put them back, and write what is to change as a new revision")
