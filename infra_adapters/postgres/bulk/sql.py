# ruff: noqa: S608 - names are quoted by SQLAlchemy, and values are parameters
"""The statements of a bulk write, as text for psycopg: names are quoted, and `%` in them is doubled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_adapters.postgres.bulk.layout import on_update

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Column, Dialect, Table

    from infra_adapters.postgres.bulk.layout import Layout

STAGED = "pg_temp.infra_bulk"
POSITION = "infra_bulk_position"
COUNTED = "WITH written AS ({}) SELECT count(*) FILTER (WHERE new), count(*) FILTER (WHERE NOT new) FROM written"


@dataclass(frozen=True, slots=True)
class Statements:
    """What is sent for a layout. `key` and `update` are columns; `update` is None where a conflict is an error.

    `returns_old`: the server can return what a row was before, as PostgreSQL does from 18 on.
    """

    table: Table
    layout: Layout
    key: tuple[Column[Any], ...]
    update: tuple[Column[Any], ...] | None
    dialect: Dialect
    returns_old: bool

    @property
    def name(self) -> str:
        """The table's, with its schema where it has one."""
        return str(self.dialect.identifier_preparer.format_table(self.table))

    def copied(self) -> str:
        """COPY into the table itself."""
        return f"COPY {self.name} ({self._cells}) FROM STDIN"

    def staging(self) -> str:
        """Make a table for the rows, with the columns as the server has them and the rows' positions."""
        made = f"SELECT {self._cells}, 0::bigint AS {POSITION} FROM {self.name}"
        return f"CREATE TEMPORARY TABLE infra_bulk ON COMMIT DROP AS {made} WITH NO DATA"

    def staged(self) -> str:
        """COPY into that table."""
        return f"COPY {STAGED} ({self._cells}, {POSITION}) FROM STDIN"

    def alike(self, most: int) -> str:
        """The positions of staged rows that have the same key."""
        keys = _listed(self.quoted(self.key))
        return (
            f"SELECT array_agg({POSITION} ORDER BY {POSITION}) FROM {STAGED} WHERE {self._known}"
            f" GROUP BY {keys} HAVING count(*) > 1 ORDER BY min({POSITION}) LIMIT {most}"
        )

    def thinned(self, *, last: bool) -> str:
        """Delete staged rows that have the same key as another one, but for the first or the last."""
        order = f"{POSITION} DESC" if last else POSITION
        ranked = (
            f"SELECT {POSITION} AS at, row_number() OVER (PARTITION BY {_listed(self.quoted(self.key))}"
            f" ORDER BY {order}) AS nth FROM {STAGED} WHERE {self._known}"
        )
        return f"DELETE FROM {STAGED} USING ({ranked}) AS ranked WHERE ranked.at = {POSITION} AND ranked.nth > 1"

    def moved(self) -> str:
        """Write the staged rows."""
        expressions = [sql for _, sql in self.layout.expressions]
        rows = f"SELECT {_listed([self._cells, *expressions])} FROM {STAGED} ORDER BY {POSITION}"
        return self._written(rows)

    def values(self, rows: int) -> str:
        """Write so many rows that are parameters."""
        row = f"({_listed([*self.layout.binds, *(sql for _, sql in self.layout.expressions)])})"
        return self._written(f"VALUES {_listed([row] * rows)}")

    @property
    def counts(self) -> bool:
        """Whether what writes rows answers how many were inserted and how many updated."""
        return bool(self.update)

    def quoted(self, columns: Sequence[Column[Any]]) -> list[str]:
        """The names of columns."""
        return [str(self.dialect.identifier_preparer.format_column(column)) for column in columns]

    def _written(self, rows: str) -> str:
        columns = self.quoted([*self.layout.columns, *(column for column, _ in self.layout.expressions)])
        insert = f"INSERT INTO {self.name} AS kept ({_listed(columns)}) {rows}"
        if self.update is None:
            return insert
        conflict = f"{insert} ON CONFLICT ({_listed(self.quoted(self.key))}) DO"
        if not self.update:
            return f"{conflict} NOTHING"
        # Before, xmax tells that a row was locked to be updated; partitioned tables do not have it.
        new = f"old.{self.quoted(self.key)[0]} IS NULL" if self.returns_old else "kept.xmax = 0"
        return COUNTED.format(f"{conflict} UPDATE SET {self._changes()} RETURNING {new} AS new")

    def _changes(self) -> str:
        changes = {name: f"excluded.{name}" for name in self.quoted(self.update or ())}
        for column in self.table.columns:
            (name,) = self.quoted([column])
            if column.name == "version":
                changes[name] = f"kept.{name} + 1"
            elif column.name == "updated_at":
                changes[name] = "clock_timestamp()"
            elif column.onupdate is not None and name not in changes:
                changes[name] = on_update(column, self.dialect)
        return _listed([f"{name} = {value}" for name, value in changes.items()])

    @property
    def _cells(self) -> str:
        return _listed(self.quoted(self.layout.columns))

    @property
    def _known(self) -> str:
        return " AND ".join(f"{name} IS NOT NULL" for name in self.quoted(self.key))


def _listed(parts: Sequence[str]) -> str:
    return ", ".join(parts)
