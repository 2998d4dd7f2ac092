"""Where a backfill is, kept in the database beside what it did: one commit moves both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from infra_adapters.errors import ChecksumMismatch, MigrationFailed
from infra_adapters.postgres.evolution.jobs import Failure
from infra_adapters.postgres.evolution.names import in_query

if TYPE_CHECKING:
    import psycopg

    from infra_adapters.postgres.evolution.jobs import Backfill
    from infra_adapters.postgres.evolution.keyset import Key

TABLES = """
SELECT pg_advisory_xact_lock({lock});
CREATE TABLE IF NOT EXISTS {marks} (
    name text PRIMARY KEY,
    definition text NOT NULL,
    last_key text[],
    scanned bigint NOT NULL DEFAULT 0,
    changed bigint NOT NULL DEFAULT 0,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    moved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz
);
CREATE TABLE IF NOT EXISTS {failures} (
    name text NOT NULL REFERENCES {marks} ON DELETE CASCADE,
    key text[] NOT NULL,
    error text NOT NULL,
    PRIMARY KEY (name, key)
)
"""
LOCK = 7_306_154_322
"""Held while the tables are made: two who make the same table at once would fail one another."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a walk: the key of the last row, None before the first."""

    last: Key | None = None
    scanned: int = 0
    changed: int = 0
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """The marks of one job."""

    job: Backfill

    @property
    def marks(self) -> sql.Identifier:
        """The table with a row a job."""
        return sql.Identifier(self.job.schema, "infra_backfill")

    @property
    def refused(self) -> sql.Identifier:
        """The table with a row for every row that refused its new value."""
        return sql.Identifier(self.job.schema, "infra_backfill_failure")

    def exists(self, connection: psycopg.Connection[Any]) -> bool:
        """Whether the tables were made already."""
        found = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [self.refused.as_string()]).fetchone()
        return bool(found and found[0])

    def begin(self, connection: psycopg.Connection[Any]) -> Mark:
        """The mark of the job, at its begin where it is new. Raises ChecksumMismatch for another job of its name."""
        if not self.exists(connection):
            made = sql.SQL(TABLES).format(lock=sql.Literal(LOCK), marks=self.marks, failures=self.refused)
            with connection.transaction():
                connection.execute(made)
        new = sql.SQL("INSERT INTO {} (name, definition) VALUES (%s, %s) ON CONFLICT DO NOTHING").format(
            in_query(self.marks)
        )
        connection.execute(new, [self.job.name, self.job.digest()])
        return self.read(connection)

    def read(self, connection: psycopg.Connection[Any]) -> Mark:
        """The mark as it is, at the begin where there is none."""
        return self._found(connection, "") or Mark()

    def held(self, connection: psycopg.Connection[Any]) -> Mark:
        """The mark, kept from others for the transaction. Raises MigrationFailed where somebody removed it."""
        found = self._found(connection, " FOR UPDATE")
        if found is None:
            raise MigrationFailed(f"backfill {self.job.name}: its row in infra_backfill was removed while it ran")
        return found

    def _found(self, connection: psycopg.Connection[Any], lock: str) -> Mark | None:
        query = "SELECT definition, last_key, scanned, changed, finished_at IS NOT NULL FROM {} WHERE name = %s"
        found = connection.execute(sql.SQL(query + lock).format(in_query(self.marks)), [self.job.name]).fetchone()
        if found is None:
            return None
        definition, last, scanned, changed, finished = found
        if definition != self.job.digest():
            raise ChecksumMismatch(
                f"backfill {self.job.name} was begun with another table, key, expression or function"
            )
        return Mark(None if last is None else tuple(last), scanned, changed, finished)

    def write(self, connection: psycopg.Connection[Any], mark: Mark, failures: tuple[Failure, ...]) -> None:
        """Move the mark, within the transaction of the batch."""
        query = sql.SQL(
            "UPDATE {} SET last_key = %s, scanned = %s, changed = %s, moved_at = clock_timestamp(),"
            " finished_at = CASE WHEN %s THEN clock_timestamp() END WHERE name = %s"
        ).format(in_query(self.marks))
        last = None if mark.last is None else list(mark.last)
        connection.execute(query, [last, mark.scanned, mark.changed, mark.finished, self.job.name])
        refused = sql.SQL("INSERT INTO {} VALUES (%s, %s, %s) ON CONFLICT DO NOTHING").format(in_query(self.refused))
        for one in failures:
            connection.execute(refused, [self.job.name, list(one.key), one.error])

    def failures(self, connection: psycopg.Connection[Any]) -> tuple[Failure, ...]:
        """Every row that refused, over all runs."""
        query = sql.SQL("SELECT key, error FROM {} WHERE name = %s ORDER BY key").format(in_query(self.refused))
        return tuple(Failure(tuple(key), error) for key, error in connection.execute(query, [self.job.name]))

    def forget(self, connection: psycopg.Connection[Any]) -> None:
        """Remove the mark, so that the job begins anew."""
        if self.exists(connection):
            connection.execute(sql.SQL("DELETE FROM {} WHERE name = %s").format(in_query(self.marks)), [self.job.name])
