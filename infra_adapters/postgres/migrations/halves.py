"""Revisions that committed a part of their way and did not come to its end: which they are, and what is to be done.

Alembic commits what a revision did so far before it runs what can be in no transaction. That commit writes the
revision down here, and the one that ends the revision takes it out: so no death of a process leaves a half unsaid.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlalchemy import Column, DateTime, MetaData, Table, Text, delete, func, inspect, select
from sqlalchemy.dialects.postgresql import insert

from infra_adapters.errors import InfraError, MigrationError, MigrationFailed
from infra_adapters.postgres.migrations.locking import connected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Connection

    from infra_adapters.postgres.migrations.script import Script

Way = Literal["up", "back"]

table = Table(
    "infra_migrations_half",
    MetaData(),
    Column("script", Text, primary_key=True),
    Column("revision", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
)


@dataclass(frozen=True, slots=True)
class Half:
    """A revision of which a part is committed, on its way up or back."""

    revision: str
    way: str
    since: datetime

    def __str__(self) -> str:
        return (
            f"{self.revision} is half done since {self.since:%Y-%m-%d %H:%M:%S %Z}: a part of its way {self.way} was"
            " committed and stays, drift names it. Run it again where each of its steps can be taken twice, as those of"
            " evolution can; else undo by hand what is there, then run it again"
        )


def half_of(connection: Connection, script: str) -> Half | None:
    """The revision of a history that is half done, if one is; one at a time can be."""
    if not inspect(connection).has_table(table.name):
        return None
    found = connection.execute(select(table.c.revision, table.c.way, table.c.since).where(table.c.script == script))
    row = found.one_or_none()
    return None if row is None else Half(*row)


def whole(connection: Connection, script: str) -> None:
    """Take out what is half done of a history: it has come to its end, or somebody says that it is well as it is."""
    if inspect(connection).has_table(table.name):
        connection.execute(delete(table).where(table.c.script == script))


def marking(script: Script, way: Way) -> Callable[[MigrationContext], None]:
    """What makes a context of Alembic write down each revision that commits before its end."""

    def mark(context: MigrationContext) -> None:
        assert context.connection is not None  # noqa: S101
        here = context.get_current_revision()
        revision = here if way == "back" else next(one.id for one in script.revisions() if one.down == here)
        table.create(context.connection, checkfirst=True)
        written = insert(table).values(script=script.name, revision=revision, way=way)
        context.connection.execute(written.on_conflict_do_nothing())

    def watched(context: MigrationContext) -> None:
        commits = context.autocommit_block

        @contextmanager
        def marked() -> Iterator[None]:
            mark(context)
            with commits():
                yield

        # Alembic has no hook for this commit, and it is the one moment at which the mark is neither early nor late.
        context.autocommit_block = marked  # type: ignore[method-assign]

    return watched


def explained(url: str, script: str, error: Exception) -> Exception:
    """An error of migrating, as MigrationFailed that says so where it leaves a revision half done."""
    if isinstance(error, MigrationError) and not isinstance(error, MigrationFailed):
        return error
    half = None
    with suppress(InfraError), connected(url) as connection:
        half = half_of(connection, script)
    if half is None:
        return error
    return MigrationFailed(f"{error}; {half}")
