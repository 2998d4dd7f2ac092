"""What a database holds: its tables, columns and sequences by the numbers that stay theirs when they are renamed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_adapters.errors import PermissionDenied
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import psycopg

Answer = tuple[Any, ...] | None
# format() and quote_ident() quote names here once for every statement below.
HELD = """
SELECT c.oid::bigint, format('%%I.%%I', n.nspname, c.relname), c.relkind::text,
    coalesce(pg_relation_filenode(c.oid), 0)::bigint,
    (SELECT i.inhparent::bigint FROM pg_inherits i WHERE i.inhrelid = c.oid AND c.relispartition),
    d.refobjid::bigint, d.refobjsubid,
    (SELECT jsonb_agg(jsonb_build_array(a.attnum, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
            a.atttypid::bigint, a.attinhcount > 0) ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_depend d ON c.relkind = 'S' AND d.objid = c.oid AND d.classid = 'pg_class'::regclass
    AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' AND n.nspname <> 'information_schema'
    AND n.nspname !~ '^pg_' AND c.oid IS DISTINCT FROM to_regclass(quote_ident(%s))
"""
WRITTEN = """
SELECT relid::bigint FROM pg_stat_xact_user_tables
WHERE n_tup_del > 0 OR n_tup_upd > 0 OR current_setting('track_counts') = 'off'
"""
ANY = "SELECT EXISTS (SELECT FROM {})"
VALUE = "SELECT EXISTS (SELECT FROM {} WHERE {} IS NOT NULL)"
USED = "SELECT CASE WHEN is_called THEN last_value END FROM {}"
DIGEST = "md5(string_agg(md5({0}::text), '' ORDER BY md5({0}::text)))"


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is not computed; `name` is quoted. `inherited`: its values are looked for in the parent."""

    name: str
    type: str
    number: int
    inherited: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A table, a partitioned one or a sequence; `name` is quoted and with its schema.

    `file` changes when it is written anew, `parent` is the table that it is a partition of, `owner` the table and
    column that a sequence belongs to.
    """

    name: str
    kind: str
    file: int
    parent: int | None
    owner: tuple[int | None, int | None]
    columns: dict[int, Column]


Holdings = dict[int, Held]


def read_holdings(driver: psycopg.Connection[Any], but: str) -> Holdings:
    """What there is, but for the table `but`, by its number in pg_class."""
    found: Holdings = {}
    for oid, name, kind, file, parent, table, column, columns in driver.execute(HELD, [but]).fetchall():
        known = {at: Column(*rest) for at, *rest in columns or ()}
        found[oid] = Held(name, kind, file, parent, (table, column), known)
    return found


def written(driver: psycopg.Connection[Any]) -> set[int]:
    """The tables of which rows were updated or deleted in this transaction, and some that were not."""
    return {oid for (oid,) in driver.execute(WRITTEN).fetchall()}


def asked(driver: psycopg.Connection[Any], question: str, *names: str) -> Answer:
    """The row that answers, None for what this role may not look into."""
    with suppress(PermissionDenied), translated(), driver.transaction():
        row: Answer = driver.execute(question.format(*names).encode()).fetchone()
        return row
    return None


def contents(driver: psycopg.Connection[Any], table: Held, columns: Collection[int]) -> Answer:
    """How many rows a table has, and a digest of the values of each of some columns."""
    digests = [DIGEST.format(table.columns[at].name) for at in columns]
    return asked(driver, f"SELECT {', '.join(['count(*)', *digests])} FROM ONLY {{}}", table.name)  # noqa: S608


def rows(driver: psycopg.Connection[Any], table: Held) -> Answer:
    """A digest of the rows of a table, whatever order they are in."""
    names: Sequence[str] = [one.name for one in table.columns.values()]
    row = f"ROW({', '.join(names)})"
    return asked(driver, f"SELECT {DIGEST.format(row)} FROM {{}}", table.name)  # noqa: S608
