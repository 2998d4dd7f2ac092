"""Why a statement of a migration failed, with its place in the file and no value of a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

    from infra_adapters.postgres.drizzle.steps import Step
    from infra_adapters.postgres.drizzle.values import Migration

WAITS = ("40", "55P03", "57", "08", "53", "58")
"""SQLSTATEs that tell of the server and of others, not of the statement."""
SPOKEN = ("42", "0A", "2B", "25", "3D", "3F", "55")
"""Those whose message names objects only; others may quote rows."""


class Failed(Exception):
    """A statement was refused while these migrations were pending. Never leaves the package."""

    def __init__(self, message: str, pending: tuple[Migration, ...]) -> None:
        super().__init__(message)
        self.pending = pending


def broken(error: psycopg.Error) -> bool:
    """Whether the statement itself is wrong."""
    return bool(error.sqlstate) and not str(error.sqlstate).startswith(WAITS)


def says(step: Step, error: psycopg.Error) -> str:
    """The message: migration, statement, line, and what the server said where that holds no values."""
    state = error.sqlstate or ""
    position = int(error.diag.statement_position or 1) - 1
    line = step.line + step.sql.count("\n", 0, position)
    why = error.diag.message_primary if state.startswith(SPOKEN) else _named(error)
    path = f" ({step.migration.path}, line {line})" if step.migration else ""
    return f"{step.place}{path} failed with SQLSTATE {state}: {why}; nothing was applied"


def _named(error: psycopg.Error) -> str:
    found = error.diag
    named = {"constraint": found.constraint_name, "table": found.table_name, "column": found.column_name}
    parts = [f"{kind} {name}" for kind, name in named.items() if name]
    return ", ".join(parts) or "a value does not fit"
