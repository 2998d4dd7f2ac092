"""The driver's errors into ours, at one place, by SQLSTATE; parameter values never reach a message.

Codes: PostgreSQL documentation, appendix A.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import exc

from infra_adapters.errors import (
    ConstraintViolated,
    DatabaseUnavailable,
    InfraError,
    LockTimeout,
    PoolExhausted,
    QueryFailed,
    QueryTimeout,
    TransactionConflict,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = {
    "23502": "not_null",
    "23503": "foreign_key",
    "23505": "unique",
    "23514": "check",
    "23P01": "exclusion",
}
GONE = ("08", "57P")
"""Classes of a connection that is lost or a server that is going down."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise our errors in place of SQLAlchemy's and psycopg's, with theirs as the cause."""
    try:
        yield
    except exc.TimeoutError as error:
        raise PoolExhausted("every connection of the pool stayed in use for as long as one may wait") from error
    except exc.DBAPIError as error:
        raise of_driver(error.orig, lost=error.connection_invalidated) from error
    except psycopg.Error as error:
        raise of_driver(error, lost=False) from error


def of_driver(error: BaseException | None, *, lost: bool) -> InfraError:
    """Our error for one of psycopg's. `lost`: the connection did not survive it."""
    state = (error.sqlstate or "") if isinstance(error, psycopg.Error) else ""
    if isinstance(error, psycopg.Error) and state in KINDS:
        found = error.diag
        return ConstraintViolated(
            KINDS[state], found.constraint_name or "", found.table_name or "", found.column_name or ""
        )
    if state in {"40001", "40P01"}:
        return TransactionConflict("the transaction lost against another one")
    if state == "55P03":
        return LockTimeout("a lock was not to be had in time")
    if state == "57014":
        return QueryTimeout("the statement was cancelled after its time")
    unreachable = isinstance(error, psycopg.OperationalError) and not state
    if lost or unreachable or state.startswith(GONE):
        return DatabaseUnavailable("the database cannot be reached")
    return QueryFailed(state)
