"""The walk along a key: which rows come next, and how a range of them is written. Never by OFFSET."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from infra_adapters.errors import MigrationFailed
from infra_adapters.postgres.evolution.names import columns, expression, in_query, table_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from infra_adapters.postgres.evolution.jobs import Backfill

Key = tuple[str, ...]
"""The values of a key as the server writes them; it reads them back by their types."""

Query = tuple[sql.Composed, list[object]]

UNIQUE_KEYS = """
SELECT i.indisprimary,
       array_agg(a.attname::text ORDER BY k.place),
       array_agg(format_type(a.atttypid, -1) ORDER BY k.place)
  FROM pg_index i
  CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
 WHERE i.indrelid = to_regclass(%s) AND i.indisunique AND i.indimmediate AND i.indisvalid
   AND i.indpred IS NULL AND i.indexprs IS NULL AND k.place <= i.indnkeyatts
 GROUP BY i.indexrelid, i.indisprimary
HAVING bool_and(a.attnotnull)
"""
"""Keys that name one row each: unique at once, whole, and never null. -1 keeps `bpchar` from being `character(1)`."""


@dataclass(frozen=True, slots=True)
class Keyset:
    """The key that a table is walked along, in the order of its index. `table` is its name in a query."""

    table: sql.SQL
    names: tuple[str, ...]
    types: tuple[str, ...]

    def value(self, key: Key) -> Query:
        """A key as a row value of its own types."""
        places = sql.SQL(", ").join(sql.SQL("%s::text::{}").format(expression(one)) for one in self.types)
        return sql.SQL("({})").format(places), list(key)

    def within(self, after: Key | None, upto: Key | None) -> Query:
        """The condition for the rows after one key and up to another; None is the table's begin or end."""
        found, values = list[sql.Composable](), list[object]()
        for sign, bound in ((">", after), ("<=", upto)):
            if bound is not None:
                place, given = self.value(bound)
                found.append(sql.SQL("({}) {} {}").format(self._columns, sql.SQL(sign), place))
                values += given
        return sql.SQL(" AND ").join(found or [sql.SQL("true")]), values

    def next_keys(self, after: Key | None, limit: int) -> Query:
        """The keys that follow."""
        condition, values = self.within(after, None)
        query = sql.SQL("SELECT {} FROM {} AS t WHERE {} ORDER BY {} LIMIT %s").format(
            self._texts(), self.table, condition, self._columns
        )
        return query, [*values, limit]

    def rows(self, span: tuple[Key | None, Key], job: Backfill, *, lock: bool) -> Query:
        """The rows of a range, the key's texts before the columns that are read; `lock` keeps others from writing."""
        condition, values = self.within(*span)
        query = sql.SQL("SELECT {}, {} FROM {} AS t WHERE {} AND {} ORDER BY {}{}").format(
            self._texts(),
            in_query(columns(job.reads, "t")) if job.reads else sql.SQL("t.*"),
            self.table,
            condition,
            _where(job),
            self._columns,
            sql.SQL(" FOR NO KEY UPDATE" if lock else ""),
        )
        return query, values

    def update_range(self, span: tuple[Key | None, Key], job: Backfill) -> Query:
        """Write a range by the job's expressions."""
        condition, values = self.within(*span)
        assigned = sql.SQL(", ").join(
            sql.SQL("{} = ({})").format(in_query(sql.Identifier(name)), expression(one))
            for name, one in job.sets.items()
        )
        query = sql.SQL("UPDATE {} AS t SET {} WHERE {} AND {}").format(self.table, assigned, condition, _where(job))
        return query, values

    def count_range(self, span: tuple[Key | None, Key], job: Backfill) -> Query:
        """Count what `update_range` would write."""
        condition, values = self.within(*span)
        query = sql.SQL("SELECT count(*) FROM {} AS t WHERE {} AND {}").format(self.table, condition, _where(job))
        return query, values

    def update_row(self, names: Iterable[str]) -> sql.Composed:
        """Write some columns of one row: their values first, then the key's texts."""
        assigned = sql.SQL(", ").join(sql.SQL("{} = %s").format(in_query(sql.Identifier(one))) for one in names)
        place, _ = self.value(self.names)
        return sql.SQL("UPDATE {} AS t SET {} WHERE ({}) = {}").format(self.table, assigned, self._columns, place)

    def _texts(self) -> sql.Composed:
        return sql.SQL(", ").join(sql.SQL("{}::text").format(in_query(sql.Identifier("t", one))) for one in self.names)

    @property
    def _columns(self) -> sql.SQL:
        return in_query(columns(self.names, "t"))


def _where(job: Backfill) -> sql.Composed:
    return sql.SQL("({})").format(expression(job.where or "true"))


def keyset_of(connection: psycopg.Connection[Any], job: Backfill) -> Keyset:
    """The key to walk along. Raises MigrationFailed where the table is not there or the key would not do."""
    table = table_name(job.table)
    found = connection.execute(UNIQUE_KEYS, [table.as_string()]).fetchall()
    for primary, names, types in found:
        if (primary and not job.key) or (job.key and set(job.key) == set(names)):
            if set(names) & set(job.sets):
                raise MigrationFailed(f"backfill {job.name}: the key it walks along cannot be changed")
            return Keyset(in_query(table), tuple(names), tuple(types))
    wanted = f"a unique index of exactly {', '.join(job.key)}, never null" if job.key else "a primary key"
    raise MigrationFailed(f"backfill {job.name}: table {job.table} is not there or has no {wanted.removeprefix('a ')}")
