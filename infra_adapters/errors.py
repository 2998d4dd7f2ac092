"""What adapters raise: one root, which says whether to try again and whether anything was done."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class Outcome(StrEnum):
    """Whether the work behind an error was done."""

    NOT_DONE = "not_done"
    DONE = "done"
    UNKNOWN = "unknown"


class InfraError(Exception):
    """Root of every error of this package.

    `code` is a stable name; `retryable` says whether the same call may succeed later; `outcome` whether its work was
    done; `retry_after` is in seconds, None where nothing is known. Messages never hold values that a caller passed.
    """

    code: ClassVar[str] = "infrastructure"
    retryable: ClassVar[bool] = False
    outcome: ClassVar[Outcome] = Outcome.NOT_DONE

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ConfigError(InfraError):
    """The settings are missing or wrong; found when the infrastructure is composed, not on the first query."""

    code = "config"


class DatabaseUnavailable(InfraError):
    """The server cannot be reached, or went away before it was asked to do anything lasting."""

    code = "database_unavailable"
    retryable = True


class PoolExhausted(InfraError):
    """Every connection was in use for as long as a caller may wait."""

    code = "pool_exhausted"
    retryable = True


class QueryTimeout(InfraError):
    """The server cancelled a statement that ran for too long."""

    code = "query_timeout"


class LockTimeout(InfraError):
    """A lock was not to be had in time."""

    code = "lock_timeout"
    retryable = True


class TransactionConflict(InfraError):
    """A serialization failure or a deadlock: the whole unit of work may be run again."""

    code = "transaction_conflict"
    retryable = True


class TransactionFailed(InfraError):
    """A statement of the transaction failed, so the server would turn COMMIT into ROLLBACK; nothing was kept."""

    code = "transaction_failed"


class UnitClosed(InfraError):
    """A unit of work was used before its begin, or after its commit or its end."""

    code = "unit_closed"


class InvalidValue(InfraError):
    """A value that the database cannot store, such as text with a NUL character."""

    code = "invalid_value"


class MigrationFailed(InfraError):
    """A revision is unknown, or the history does not fit together."""

    code = "migration_failed"


class ConcurrencyConflict(InfraError):
    """An aggregate was changed since it was read. `actual` is None where it is gone."""

    code = "concurrency_conflict"

    def __init__(self, expected: int, actual: int | None) -> None:
        super().__init__(f"expected version {expected}, found {'none' if actual is None else actual}")
        self.expected = expected
        self.actual = actual


class ConstraintViolated(InfraError):
    """The database refused a row. `kind` is unique, foreign_key, not_null, check or exclusion."""

    code = "constraint_violated"

    def __init__(self, kind: str, constraint: str, table: str, column: str) -> None:
        named = constraint or column or "a constraint"
        super().__init__(f"{kind} constraint {named} of table {table or 'unknown'} was violated")
        self.kind = kind
        self.constraint = constraint
        self.table = table
        self.column = column


class CommitOutcomeUnknown(InfraError):
    """The connection was lost during COMMIT: the work may or may not be done, and must not simply be repeated."""

    code = "commit_outcome_unknown"
    outcome = Outcome.UNKNOWN


class CorruptRow(InfraError):
    """A stored row does not make a value of the domain; the message names its fields."""

    code = "corrupt_row"


class QueryFailed(InfraError):
    """The server refused a statement for another reason; `sqlstate` is PostgreSQL's code for it."""

    code = "query_failed"

    def __init__(self, sqlstate: str) -> None:
        super().__init__(f"the statement failed with SQLSTATE {sqlstate or 'unknown'}")
        self.sqlstate = sqlstate
