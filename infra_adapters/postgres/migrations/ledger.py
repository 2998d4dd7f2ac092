"""The ledger: what was applied when, and the checksum of it; so that a revision that was edited afterwards is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import (
    Column,
    DateTime,
    Float,
    MetaData,
    Table,
    Text,
    delete,
    func,
    insert,
    inspect,
    select,
    tuple_,
    update,
)

from infra_adapters.errors import ChecksumMismatch
from infra_adapters.postgres.catalog import Catalog, read_catalog
from infra_adapters.postgres.migrations.halves import table as halves

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
    Column("fingerprint", Text, nullable=False),
    Column("catalog", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An applied revision. `fingerprint` is the schema's as it was then; `catalog` only the newest entry has."""

    revision: str
    down: str | None
    checksum: str
    applied_at: datetime
    seconds: float
    fingerprint: str
    catalog: str


VERSIONS = ("_revision", "alembic_version")
"""How the names of tables end in which Alembic keeps where a history is."""


def entries(connection: Connection, script: str) -> tuple[Entry, ...]:
    """What was applied of a script, in that order."""
    if not inspect(connection).has_table(table.name):
        return ()
    found = select(*(table.c[name] for name in Entry.__slots__)).where(table.c.script == script)
    return tuple(Entry(*row) for row in connection.execute(found.order_by(table.c.applied_at)))


def enter(connection: Connection, script: str, revision: Revision, seconds: float) -> None:
    """Write a revision down; `record` says what schema it made."""
    values = {"script": script, "revision": revision.id, "down": revision.down, "checksum": revision.checksum}
    connection.execute(insert(table).values(**values, seconds=seconds, fingerprint="", catalog=""))


def strike(connection: Connection, script: str, revision: str) -> None:
    """Take a revision out."""
    connection.execute(delete(table).where(table.c.script == script, table.c.revision == revision))


def record(connection: Connection, found: Catalog) -> None:
    """Take a schema for what it should be: the newest entry of all histories says what that is."""
    newest = select(table.c.script, table.c.revision).order_by(table.c.applied_at.desc()).limit(1)
    this = tuple_(table.c.script, table.c.revision).in_(newest)
    connection.execute(update(table).values(catalog=""))
    connection.execute(update(table).where(this).values(fingerprint=found.fingerprint, catalog=found.to_json()))


def expected(connection: Connection) -> Catalog | None:
    """What the schema should be, by the newest entry of all histories; None where nothing was applied."""
    if not inspect(connection).has_table(table.name):
        return None
    text = connection.execute(select(table.c.catalog).where(table.c.catalog != "")).scalar()
    return None if text is None else Catalog.from_json(text)


def carried(expected: Catalog, before: Catalog, after: Catalog) -> Catalog:
    """What should be after a step: what it has changed; all else is as it was expected, so that drift stays drift."""
    keys = expected.objects.keys() | after.objects.keys()
    found = {
        key: (expected if before.objects.get(key) == after.objects.get(key) else after).objects.get(key) for key in keys
    }
    return replace(after, objects={key: one for key, one in sorted(found.items()) if one is not None})


def schema(connection: Connection) -> Catalog:
    """The schema as it is now, without the tables in which migrating keeps its own books."""
    found = read_catalog(connection.connection.driver_connection)  # type: ignore[arg-type]
    return found.without(*(name for kind, name in found.objects if kind == "table" and _is_book(found, name)))


def _is_book(found: Catalog, name: str) -> bool:
    """Whether a table is the ledger's, a backfill's, or one in which Alembic keeps where a history is."""
    if name.partition(".")[2] in {table.name, halves.name, "infra_backfill", "infra_backfill_failure"}:
        return True
    if not name.endswith(VERSIONS) or ("column", f"{name}.version_num") not in found.objects:
        return False
    return sum(kind == "column" and one.get("of") == name for (kind, _), one in found.objects.items()) == 1


def make(connection: Connection) -> None:
    """Make the table where it is missing."""
    table.create(connection, checkfirst=True)


def adopt(connection: Connection, script: str, history: Sequence[Revision], here: str | None) -> None:
    """Write down that a database is at a revision of a history, whoever brought it there, with its schema as it is."""
    connection.execute(delete(table).where(table.c.script == script))
    for revision in () if here is None else history:
        enter(connection, script, revision, 0.0)
        if revision.id == here:
            break
    record(connection, schema(connection))


def compare_with_table(applied: Sequence[Entry], here: str | None, version_table: str) -> None:
    """Raise ChecksumMismatch where Alembic's own table says that the database is at another revision."""
    last = applied[-1].revision if applied else None
    if last != here:
        raise ChecksumMismatch(
            f"{version_table} says {here or 'base'}, and {last or 'nothing'} was written down as applied last;"
            f" where the schema is that of {here or 'base'}, `infra adopt` writes it down"
        )


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
