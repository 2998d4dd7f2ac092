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
    InvalidValue,
    LockTimeout,
    PoolExhausted,
    QueryFailed,
    QueryTimeout,
    TransactionConflict,
    UnitClosed,
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
KNOWN: dict[str, tuple[type[InfraError], str]] = {
    "40001": (TransactionConflict, "the transaction lost against another one"),
    "40P01": (TransactionConflict, "the transaction was part of a deadlock"),
    "55P03": (LockTimeout, "a lock was not to be had in time"),
    "57014": (QueryTimeout, "the statement was cancelled after its time"),
}
GONE = ("08", "57P")
"""Classes of a connection that is lost or a server that is going down."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise our errors in place of SQLAlchemy's and psycopg's.

    Theirs do not stay as the cause: they quote the rows that the server refused.
    """
    try:
        yield
    except exc.TimeoutError:
        raise PoolExhausted("every connection of the pool stayed in use for as long as one may wait") from None
    except exc.DBAPIError as error:
        raise of_driver(error.orig, lost=error.connection_invalidated) from None
    except UnicodeError:
        raise InvalidValue("a text cannot be encoded as UTF-8") from None
    except exc.InvalidRequestError:
        raise UnitClosed("the unit of work is over") from None


def of_driver(error: BaseException | None, *, lost: bool) -> InfraError:
    """Our error for one of psycopg's. `lost`: the connection did not survive it."""
    state = (error.sqlstate or "") if isinstance(error, psycopg.Error) else ""
    if isinstance(error, psycopg.Error) and state in KINDS:
        found = error.diag
        return ConstraintViolated(
            KINDS[state], found.constraint_name or "", found.table_name or "", found.column_name or ""
        )
    if state in KNOWN:
        kind, said = KNOWN[state]
        return kind(said)
    if isinstance(error, psycopg.DataError):
        return InvalidValue("a value cannot be stored")
    unreachable = isinstance(error, psycopg.OperationalError) and not state
    if lost or unreachable or state.startswith(GONE):
        return DatabaseUnavailable("the database cannot be reached")
    return QueryFailed(state)
