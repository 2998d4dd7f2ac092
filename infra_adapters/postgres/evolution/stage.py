"""Where the steps of a change are taken: on a connection in autocommit mode, or as SQL text where Alembic is offline.

Each step commits by itself, because a lock that is taken early in a long transaction is held to its end. So every
helper looks at the catalog first and goes on from where an earlier try of it was.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection

from infra_adapters.errors import MigrationFailed
from infra_adapters.postgres.evolution.locking import (
    Patience,
    milliseconds,
    retrying,
    session_timeouts,
    set_timeouts,
    with_lock_timeout,
)
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alembic.runtime.migration import MigrationContext


class Revision(Protocol):
    """`alembic.op`, within a revision. What the revision did before is committed by a helper."""

    def get_context(self) -> MigrationContext:
        """What Alembic migrates with."""


Statement = sql.SQL | sql.Composed

Target = psycopg.Connection[Any] | Connection | Revision
"""Where a schema is changed: a connection of psycopg's or SQLAlchemy's without a transaction, or `alembic.op`."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Takes steps. `connection` is None offline, where `write` gets each statement."""

    patience: Patience
    connection: psycopg.Connection[Any] | None = None
    write: Callable[[str], object] = str

    def one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        """A row of the catalog; None where there is none, and offline, where nothing is known to be there."""
        return None if self.connection is None else self.connection.execute(query, values).fetchone()

    def brief(self, *statements: Statement) -> None:
        """One transaction that waits shortly for its locks and is tried again, all of it or nothing."""
        if self.connection is None:
            waits = sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(milliseconds(self.patience.lock)))
            whole = sql.SQL("SET LOCAL row_security = off")
            self._written(sql.SQL("BEGIN"), waits, whole, *statements, sql.SQL("COMMIT"))
            return
        connection, patience = self.connection, self.patience

        def once() -> None:
            with with_lock_timeout(connection, patience.lock, patience.work):
                for one in statements:
                    connection.execute(one)

        retrying(once, patience)

    def online(self, statement: Statement) -> None:
        """One transaction of one statement that stops nobody and may take long, such as VALIDATE."""
        if self.connection is None:
            self._written(statement)
            return
        with translated(), self.connection.transaction():
            set_timeouts(self.connection, lock=self.patience.online, statement=0)
            self.connection.execute(statement)

    def concurrently(self, statement: Statement) -> None:
        """One statement of those that PostgreSQL wants outside of a transaction."""
        if self.connection is None:
            self._written(statement)
            return
        with translated(), session_timeouts(self.connection, lock=self.patience.online):
            self.connection.execute(statement)

    def _written(self, *statements: Statement) -> None:
        for one in statements:
            self.write(one.as_string() + ";")


@contextmanager
def staged(target: Target, patience: Patience) -> Iterator[Stage]:
    """Take steps on a target. Raises MigrationFailed where a transaction has begun on a connection that was given."""
    if isinstance(target, psycopg.Connection):
        with translated(), _autocommit(target) as connection:
            yield Stage(patience, connection)
    elif isinstance(target, Connection):
        with translated(), _autocommit(_driver(target)) as connection:
            yield Stage(patience, connection)
    else:
        with staged_revision(target.get_context(), patience) as stage:
            yield stage


@contextmanager
def staged_revision(context: MigrationContext, patience: Patience) -> Iterator[Stage]:
    """Take steps in a revision: Alembic commits what was before, and begins anew afterwards."""
    with translated(), context.autocommit_block():
        if context.as_sql or context.connection is None:
            yield Stage(patience, write=context.impl.static_output)
        else:
            with _autocommit(_driver(context.connection)) as connection:
                yield Stage(patience, connection)


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    found = connection.connection.driver_connection
    if not isinstance(found, psycopg.Connection):
        raise MigrationFailed("the schema is changed through psycopg, by its synchronous connection")
    return found


@contextmanager
def _autocommit(connection: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    if connection.info.transaction_status != TransactionStatus.IDLE:
        raise MigrationFailed("a transaction has begun already; the steps of a change are committed one by one")
    before = connection.autocommit
    connection.autocommit = True
    try:
        yield connection
    finally:
        if not connection.closed:
            connection.autocommit = before
