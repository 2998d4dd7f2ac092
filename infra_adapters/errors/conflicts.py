"""What is there already stands against what was asked."""

from __future__ import annotations

from infra_adapters.errors.root import InfraError


class Conflict(InfraError):
    """The state of the store refuses the change."""

    code = "conflict"


class ConcurrencyConflict(Conflict):
    """An aggregate or a stream was changed since it was read. `actual` is None where it is gone."""

    code = "concurrency_conflict"

    def __init__(self, expected: int, actual: int | None) -> None:
        super().__init__(f"expected version {expected}, found {'none' if actual is None else actual}")
        self.expected = expected
        self.actual = actual


class TransactionConflict(Conflict):
    """Two transactions stood in each other's way: the whole unit of work may be run again."""

    code = "transaction_conflict"
    retryable = True


class SerializationFailed(TransactionConflict):
    """The transaction lost against another one (SQLSTATE 40001)."""

    code = "serialization_failed"


class Deadlock(TransactionConflict):
    """The transaction was chosen to end a deadlock (SQLSTATE 40P01)."""

    code = "deadlock"


class ConstraintViolated(Conflict):
    """The database refused a row; what is not known of constraint, table and column is empty."""

    code = "constraint_violated"
    kind: str = ""

    def __init__(self, constraint: str, table: str, column: str) -> None:
        named = constraint or column or "a constraint"
        super().__init__(f"{self.kind} constraint {named} of table {table or 'unknown'} was violated")
        self.constraint = constraint
        self.table = table
        self.column = column


class UniqueViolated(ConstraintViolated):
    """A row with this key is there (23505)."""

    code, kind = "unique_violated", "unique"


class ForeignKeyViolated(ConstraintViolated):
    """A row that is referred to is missing, or one that is still referred to was to go (23503)."""

    code, kind = "foreign_key_violated", "foreign_key"


class NotNullViolated(ConstraintViolated):
    """A value is missing (23502)."""

    code, kind = "not_null_violated", "not_null"


class CheckViolated(ConstraintViolated):
    """A row breaks a rule of its table (23514)."""

    code, kind = "check_violated", "check"


class ExclusionViolated(ConstraintViolated):
    """A row overlaps one that is there (23P01)."""

    code, kind = "exclusion_violated", "exclusion"
