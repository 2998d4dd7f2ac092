"""Columns that come, become NOT NULL and go, without stopping who reads and writes the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from infra_adapters.errors import CheckViolated, DataLossRefused, MigrationFailed, NotNullViolated
from infra_adapters.postgres.evolution.catalog import column_of, constraint_of, is_of_kind
from infra_adapters.postgres.evolution.constraints import validated
from infra_adapters.postgres.evolution.locking import USUAL, Patience, set_timeouts
from infra_adapters.postgres.evolution.names import own_name, table_name
from infra_adapters.postgres.evolution.stage import staged
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from infra_adapters.postgres.evolution.stage import Stage, Statement, Target

GUARD = """DO $guard$ BEGIN
  IF EXISTS (SELECT FROM {table} WHERE {condition}) THEN RAISE EXCEPTION USING MESSAGE = {said}; END IF;
END $guard$"""


def add_column(
    target: Target, table: str, column: str, kind: str, *, default: str = "", patience: Patience = USUAL
) -> None:
    """Add a column that may be null: expand. `kind` is its type and `default` its default, as SQL.

    The default is for rows from now on; those that are there get their value by a backfill, so that a default which
    differs by row rewrites no table. The way back is `drop_column`. Raises MigrationFailed for one of another type.
    """
    with staged(target, patience) as stage:
        there = column_of(stage, table, column)
        if there is not None and not is_of_kind(stage, there, kind):
            raise MigrationFailed(f"column {column} of {table} is there as {there.kind}, not as {kind}")
        steps = [_altered(table, "ADD COLUMN IF NOT EXISTS {} {}", sql.Identifier(column), sql.SQL(kind))]
        if default:
            steps.append(_altered(table, "ALTER COLUMN {} SET DEFAULT {}", sql.Identifier(column), sql.SQL(default)))
        stage.brief(*steps)


def drop_column(
    target: Target, table: str, column: str, *, allow_data_loss: bool = False, patience: Patience = USUAL
) -> None:
    """Drop a column. Raises DataLossRefused where a row has a value in it, unless that may be lost."""
    with staged(target, patience) as stage:
        if not allow_data_loss and (stage.connection is None or column_of(stage, table, column)):
            condition = sql.SQL("{} IS NOT NULL").format(sql.Identifier(column))
            refuse_loss(stage, table, condition, f"column {column} of {table} holds values that would be lost")
        stage.brief(_altered(table, "DROP COLUMN IF EXISTS {}", sql.Identifier(column)))


def set_not_null(target: Target, table: str, column: str, *, patience: Patience = USUAL) -> None:
    """Make a column NOT NULL without reading the table under a lock that stops it; the way back is `drop_not_null`.

    A check that is not yet valid holds for new rows, is validated while others write, and proves the constraint to the
    server. Raises NotNullViolated, and leaves no check, where a row has no value.
    """
    with staged(target, patience) as stage:
        not_null(stage, table, column)


def not_null(stage: Stage, table: str, column: str) -> None:
    """The steps of `set_not_null`."""
    check = own_name("not_null", table, column)
    there, begun = column_of(stage, table, column), constraint_of(stage, table, check)
    done = there is not None and there.not_null
    if begun is None and not done:
        stage.brief(
            _altered(table, "ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID", *map(sql.Identifier, (check, column)))
        )
    if not done:
        try:
            validated(stage, table, check)
        except CheckViolated:
            raise NotNullViolated("", table, column) from None
        steps = [_altered(table, "ALTER COLUMN {} SET NOT NULL", sql.Identifier(column))]
        stage.brief(*steps, _altered(table, "DROP CONSTRAINT {}", sql.Identifier(check)))
    elif begun is not None:
        stage.brief(_altered(table, "DROP CONSTRAINT {}", sql.Identifier(check)))


def drop_not_null(target: Target, table: str, column: str, *, patience: Patience = USUAL) -> None:
    """Let a column be null again."""
    with staged(target, patience) as stage:
        stage.brief(_altered(table, "ALTER COLUMN {} DROP NOT NULL", sql.Identifier(column)))


def refuse_loss(stage: Stage, table: str, condition: Statement, said: str) -> None:
    """Raise DataLossRefused where a row meets the condition; offline, have the server refuse when its time comes."""
    if stage.connection is None:
        guard = sql.SQL(GUARD).format(table=table_name(table), condition=condition, said=sql.Literal(said))
        stage.brief(guard)
        return
    query = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {})").format(table_name(table), condition)
    with translated(), stage.connection.transaction():
        set_timeouts(stage.connection, lock=stage.patience.online, statement=0)
        found = stage.connection.execute(query).fetchone()
    if found and found[0]:
        raise DataLossRefused(said)


def _altered(table: str, action: str, *parts: sql.Composable) -> Statement:
    return sql.SQL("ALTER TABLE {} ").format(table_name(table)) + sql.SQL(action).format(*parts)
