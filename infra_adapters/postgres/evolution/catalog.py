"""What is there already: columns and constraints as the catalog has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from infra_adapters.postgres.evolution.names import table_name

if TYPE_CHECKING:
    from infra_adapters.postgres.evolution.stage import Stage

COLUMN = """
SELECT a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
       a.attgenerated <> '' OR a.attidentity <> ''
  FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attrelid = to_regclass(%s) AND a.attname = %s AND a.attnum > 0 AND NOT a.attisdropped
"""
CONSTRAINT = """
SELECT contype::text, convalidated,
       ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS k(number, place)
               JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place),
       confrelid,
       ARRAY(SELECT attname::text FROM unnest(confkey) WITH ORDINALITY AS k(number, place)
               JOIN pg_attribute ON attrelid = confrelid AND attnum = number ORDER BY place),
       confdeltype::text
  FROM pg_constraint WHERE conrelid = to_regclass(%s) AND conname = %s
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `type` and `modifier` are the server's numbers for `kind`; `made`: the server finds its values."""

    type: int
    modifier: int
    kind: str
    not_null: bool
    default: str | None
    made: bool


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint; `table` is the server's number of the table that a foreign key refers to, else 0."""

    kind: str
    valid: bool
    columns: tuple[str, ...]
    table: int
    referred: tuple[str, ...]
    on_delete: str


def column_of(stage: Stage, table: str, column: str) -> Column | None:
    """A column, None where it is not there."""
    found = stage.one(COLUMN, table_name(table).as_string(), column)
    return None if found is None else Column(*found)


def constraint_of(stage: Stage, table: str, name: str) -> Constraint | None:
    """A constraint of a table, None where it is not there."""
    found = stage.one(CONSTRAINT, table_name(table).as_string(), name)
    if found is None:
        return None
    kind, valid, columns, referred_table, referred, on_delete = found
    return Constraint(kind, valid, tuple(columns), referred_table, tuple(referred), on_delete.strip())


def is_of_kind(stage: Stage, column: Column, kind: str) -> bool:
    """Whether a column is of a type as somebody writes it, such as `varchar(20)`: the server says what that means."""
    assert stage.connection is not None  # noqa: S101 - a column was found, so somebody was asked
    cursor = stage.connection.execute(sql.SQL("SELECT NULL::{}").format(sql.SQL(kind)))
    asked = cursor.pgresult
    return asked is not None and (asked.ftype(0), asked.fmod(0)) == (column.type, column.modifier)


def oid_of(stage: Stage, table: str) -> int | None:
    """The server's number of a table, None where it is not there."""
    found = stage.one("SELECT to_regclass(%s)::oid", table_name(table).as_string())
    return None if found is None else found[0]
