"""A column with two names for a while: what keeps both alike, as SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from infra_adapters.postgres.evolution.jobs import Backfill
from infra_adapters.postgres.evolution.names import own_name, table_name

if TYPE_CHECKING:
    from infra_adapters.postgres.evolution.stage import Statement

FUNCTION = """CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $both$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.{new}::text IS DISTINCT FROM OLD.{new}::text THEN NEW.{old} := NEW.{new};
  ELSIF TG_OP = 'UPDATE' AND NEW.{old}::text IS DISTINCT FROM OLD.{old}::text THEN NEW.{new} := NEW.{old};
  ELSIF NEW.{new} IS NOT NULL THEN NEW.{old} := NEW.{new};
  ELSE NEW.{new} := NEW.{old};
  END IF;
  RETURN NEW;
END $both$"""
"""It changes the row before it is written, so it sets no trigger off, not even itself. Text compares every type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """Another name for a column of type `kind`. `default` and `not_null` are what the column has under its old name."""

    table: str
    old: str
    new: str
    kind: str
    default: str = ""
    not_null: bool = False

    def job(self, *, back: bool = False) -> Backfill:
        """What fills the new column (`back`: the old one) for rows that nobody has written since."""
        to, by = (self.old, self.new) if back else (self.new, self.old)
        target, source = sql.Identifier(to).as_string(), sql.Identifier(by).as_string()
        return Backfill(
            name=own_name("rename", self.table, by, to),
            table=self.table,
            sets={to: source},
            where=f"{target}::text IS DISTINCT FROM {source}::text",
        )


def both_names(rename: Rename, added: str) -> tuple[Statement, ...]:
    """A column, and the function and trigger that keep it and the other one alike."""
    old, new = sql.Identifier(rename.old), sql.Identifier(rename.new)
    trigger = "CREATE OR REPLACE TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION {}()"
    return (
        altered(rename, "ADD COLUMN IF NOT EXISTS {} {}", sql.Identifier(added), sql.SQL(rename.kind)),
        sql.SQL(FUNCTION).format(function=_function(rename), old=old, new=new),
        sql.SQL(trigger).format(_trigger(rename), table_name(rename.table), _function(rename)),
    )


def one_name(rename: Rename) -> tuple[Statement, ...]:
    """The end of keeping both alike."""
    drop = sql.SQL("DROP TRIGGER IF EXISTS {} ON {}").format(_trigger(rename), table_name(rename.table))
    return drop, sql.SQL("DROP FUNCTION IF EXISTS {}()").format(_function(rename))


def with_default(rename: Rename, column: str) -> tuple[Statement, ...]:
    """The default that the rename speaks of, if any, for a column."""
    if not rename.default:
        return ()
    return (altered(rename, "ALTER COLUMN {} SET DEFAULT {}", sql.Identifier(column), sql.SQL(rename.default)),)


def trigger_name(rename: Rename) -> str:
    """Triggers fire in the order of their names, and this one is to see what the others have made of a row."""
    return "~" + own_name("rename", rename.table, rename.old, rename.new)


def _trigger(rename: Rename) -> sql.Identifier:
    return sql.Identifier(trigger_name(rename))


def _function(rename: Rename) -> sql.Identifier:
    """The trigger's function, in the schema of its table."""
    name = own_name("rename", rename.table, rename.old, rename.new)
    return sql.Identifier(*rename.table.split(".", 1)[:-1], name)


def altered(rename: Rename, action: str, *parts: sql.SQL | sql.Identifier) -> Statement:
    """A change of the table."""
    return sql.SQL("ALTER TABLE {} ").format(table_name(rename.table)) + sql.SQL(action).format(*parts)
