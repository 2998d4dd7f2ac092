"""Drizzle's own table of a database: read as it is, whichever of its migrators made it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed, Identifier

from infra_adapters.errors import InvalidRequest, MigrationError
from infra_adapters.postgres.drizzle.values import Books, Ledger, Row
from infra_adapters.postgres.engine import database_url, libpq_url, tool_options
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_adapters.postgres.drizzle.values import Where

LONGEST = 2**31 - 1
"""The longest time that the server waits, in milliseconds."""
BASE, NEWER = {"id", "hash", "created_at"}, {"name", "applied_at"}
COLUMNS = """
SELECT n.oid IS NOT NULL, c.oid IS NOT NULL, array(
    SELECT attname::text FROM pg_catalog.pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)
FROM (SELECT) one LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = %s
LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = %s
"""


@contextmanager
def opened(where: Where) -> Iterator[psycopg.Connection[Any]]:
    """A connection to work on: a new one for a URL, else the given one. Errors are ours.

    Raises InvalidRequest where a transaction is open on it: what is done here commits.
    """
    with translated():
        if isinstance(where, str):
            url = libpq_url(database_url(where))
            told = cast("dict[str, Any]", tool_options(where, "infra_adapters-drizzle"))
            with psycopg.connect(url, prepare_threshold=None, **told) as connection:
                yield connection
            return
        if where.info.transaction_status is not TransactionStatus.IDLE:
            raise InvalidRequest("a transaction is open on this connection, or it is closed; end it before migrating")
        yield where


def send(connection: psycopg.Connection[Any], text: str) -> None:
    """Run a text as it is: without parameters and unprepared, several statements may stand in it."""
    connection.execute(text.encode(connection.info.encoding), prepare=False)


def quoted(books: Books) -> Composed:
    """The table's qualified name, for a statement."""
    return SQL("{}.{}").format(Identifier(books.schema), Identifier(books.table))


def limit(connection: psycopg.Connection[Any], seconds: float) -> None:
    """Have statements of this transaction wait for a lock no longer than this."""
    milliseconds = str(int(min(max(seconds * 1000, 1), LONGEST)))
    connection.execute("SELECT pg_catalog.set_config('lock_timeout', %s, true)", [milliseconds])


def read_form(connection: psycopg.Connection[Any], books: Books) -> Ledger:
    """Whether the table is there and of which form, without its rows, so that no lock is waited for.

    Raises MigrationError where the table is somebody else's.
    """
    with connection.cursor(row_factory=tuple_row) as cursor:
        [schema_exists, exists, columns] = cursor.execute(COLUMNS, [books.schema, books.table]).fetchone() or ()
    there = set(columns)
    if exists and (not there >= BASE or there & NEWER not in (set(), NEWER)):
        said = "has not the columns that Drizzle gives it; name the schema and the table that Drizzle uses"
        raise MigrationError(f"the table {books} {said}")
    return Ledger(schema_exists, exists, named=bool(there & NEWER))


def read_ledger(connection: psycopg.Connection[Any], books: Books) -> Ledger:
    """What the table says, in the order of its rows. Raises MigrationError where the table is somebody else's."""
    form = read_form(connection, books)
    if not form.exists:
        return form
    with connection.cursor(row_factory=tuple_row) as cursor:
        more = SQL(", name, applied_at" if form.named else "")
        rows = cursor.execute(SQL("SELECT id, hash, created_at{} FROM {} ORDER BY id").format(more, quoted(books)))
        return replace(form, rows=tuple(Row(*row) for row in rows))
