"""The driver's errors into ours, at one place, by SQLSTATE; parameter values never reach a message.

Codes: PostgreSQL documentation, appendix A.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import psycopg_pool
from sqlalchemy import exc

from infra_adapters import errors
from infra_adapters.errors import InfraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONSTRAINTS: dict[str, type[errors.ConstraintViolated]] = {
    "23502": errors.NotNullViolated,
    "23503": errors.ForeignKeyViolated,
    "23505": errors.UniqueViolated,
    "23514": errors.CheckViolated,
    "23P01": errors.ExclusionViolated,
}
ENDED = partial(errors.ConnectionLost, counts=False)
"""A limit that was set on purpose: the server is well."""
KNOWN: dict[str, tuple[Callable[[str], InfraError], str]] = {
    "25P02": (errors.TransactionFailed, "a statement of this transaction failed before"),
    "25P03": (ENDED, "the server ended a transaction that stood idle for too long"),
    "25P04": (ENDED, "the server ended a transaction that took too long"),
    "57P05": (ENDED, "the server ended a connection that stood idle for too long"),
    "40001": (errors.SerializationFailed, "the transaction lost against another one"),
    "40P01": (errors.Deadlock, "the transaction was part of a deadlock"),
    "42501": (errors.PermissionDenied, "the database role may not do this"),
    "55P03": (errors.LockTimeout, "a lock was not to be had in time"),
    "57014": (errors.QueryTimeout, "the statement was cancelled after its time"),
}
CLASSES: dict[str, tuple[Callable[[str], InfraError], str]] = {
    "08": (errors.ConnectionLost, "the connection to the database was lost"),
    "22": (errors.InvalidRequest, "a value cannot be stored"),
    "53": (errors.ResourcesExhausted, "the database server has no room left"),
    "57P": (errors.ConnectionLost, "the database server ended the connection"),
    "58": (errors.ResourcesExhausted, "the database server cannot use its disk"),
}
OWN_MISTAKES = (exc.NoResultFound, exc.MultipleResultsFound, exc.NoSuchColumnError, exc.NoSuchTableError)
"""What a program has not foreseen in a result: no error of the database."""
REFUSED = "FATAL:"
"""What libpq puts before the server's own words, in a language that has this word; it has no code for them."""
FOR_A_WHILE = ("starting up", "shutting down", "recovery", "too many", "connection slots", "not accept")


@contextmanager
def translated() -> Iterator[None]:
    """Raise our errors in place of SQLAlchemy's and psycopg's.

    Theirs do not stay as the cause: they quote the rows that the server refused.
    """
    try:
        yield
    except UnicodeEncodeError:
        raise errors.InvalidRequest("a text cannot be encoded as UTF-8") from None
    except (exc.SQLAlchemyError, psycopg.Error) as error:
        found = of_library(error)
        if found is None:
            raise
        raise found from None


def of_library(error: BaseException) -> InfraError | None:
    """Our error for one of SQLAlchemy's, the pool's or psycopg's; None for a mistake in the program itself."""
    match error:
        case exc.TimeoutError() | psycopg_pool.PoolTimeout():
            return errors.PoolExhausted("every connection of the pool stayed in use for as long as one may wait")
        case exc.DBAPIError():
            return of_driver(error.orig, lost=error.connection_invalidated)
        case psycopg.Error():
            return of_driver(error, lost=error.pgconn is not None and error.pgconn.status != 0)
        case exc.StatementError(orig=InfraError() as ours):
            return ours
        case exc.StatementError(orig=ValueError() | TypeError() | ArithmeticError()):
            return errors.InvalidRequest("a value cannot be stored")
        case exc.InvalidRequestError() if not isinstance(error, OWN_MISTAKES):
            return errors.UnitClosed("the unit of work is over")
    return None


def of_driver(error: BaseException | None, *, lost: bool) -> InfraError:
    """Our error for one of psycopg's. `lost`: the connection did not survive it."""
    state = (error.sqlstate or "") if isinstance(error, psycopg.Error) else ""
    if isinstance(error, psycopg.Error) and state in CONSTRAINTS:
        found = error.diag
        return CONSTRAINTS[state](found.constraint_name or "", found.table_name or "", found.column_name or "")
    for kind, said in (one for code, one in (KNOWN | CLASSES).items() if state.startswith(code)):
        return kind(said)
    if isinstance(error, psycopg.DataError) or (isinstance(error, psycopg.ProgrammingError) and not state):
        return errors.InvalidRequest("a value cannot be stored")
    if isinstance(error, psycopg.OperationalError) and not state:
        return _without_answer(str(error))
    if lost:
        return errors.ConnectionLost("the connection to the database was lost")
    return errors.QueryFailed(state)


def _without_answer(said: str) -> InfraError:
    if not said.startswith("connection failed") and REFUSED not in said:
        return errors.ConnectionLost("the connection to the database was lost")
    if REFUSED not in said:
        return errors.ConnectFailed("the database cannot be reached")
    if any(one in said for one in FOR_A_WHILE):
        return errors.ConnectFailed("the database takes no connection at the moment")
    return errors.ConnectFailed("the database refused the login, its name or its settings", retryable=False)
