"""The ways to write many rows: by values, by COPY, or by COPY into a table beside the real one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_adapters.errors import QueryFailed
from infra_adapters.postgres.bulk.binary import Format
from infra_adapters.postgres.bulk.copying import copy_rows
from infra_adapters.postgres.bulk.doubts import settled
from infra_adapters.postgres.bulk.duplicates import TOLD, DuplicateRows, Duplicates, unique_rows
from infra_adapters.postgres.bulk.sql import STAGED, Statements
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import psycopg

    from infra_adapters.postgres.bulk.layout import Cells

PARAMETERS = 65_535
"""The most parameters of a statement: PostgreSQL's protocol counts them with 16 bits."""
ALLOWED = """
SELECT row_security_active(name),
       has_database_privilege(current_database(), 'TEMPORARY') AND has_table_privilege(name, 'SELECT'),
       (SELECT array_agg(atttypid::bigint ORDER BY place)
          FROM unnest(%s::text[]) WITH ORDINALITY AS given (named, place)
          JOIN pg_attribute ON attrelid = name AND attname = named)
  FROM CAST(%s AS regclass) AS name
"""
TWICE = "21000"


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the rows; `skipped` had the key of another one and were to be left out."""

    inserted: int
    updated: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Batch:
    """The ways to write, on the connection of a transaction."""

    raw: psycopg.AsyncConnection[Any]
    statements: Statements
    duplicates: Duplicates

    async def allowed(self) -> tuple[bool, bool, Format]:
        """Whether row-level security holds for the table here, whether rows can be staged beside it, and the format."""
        columns = [column.name for column in self.statements.layout.columns]
        name = self.statements.name.replace("%%", "%")
        [(secured, may_stage, types)] = await (await self.raw.execute(ALLOWED, (columns, name))).fetchall()
        return secured, may_stage, Format.of(types or (), len(columns))

    async def by_values(self, cells: AsyncIterator[list[Cells]]) -> Written:
        """By statements of as many rows as have room for their parameters."""
        rows = settled(self.statements.layout.columns, [row async for block in cells for row in block], 0)
        kept = rows
        if self.statements.key:
            kept = unique_rows(rows, self._places, self.duplicates)
        size = PARAMETERS // len(self.statements.layout.columns)
        inserted = updated = 0
        for at in range(0, len(kept), size):
            part = kept[at : at + size]
            more, changed = await self._run(self.statements.values(len(part)), [cell for row in part for cell in row])
            inserted, updated = inserted + more, updated + changed
        return Written(inserted, updated, len(rows) - inserted - updated)

    async def by_staging(self, cells: AsyncIterator[list[Cells]], binary: Format) -> Written:
        """By COPY into a table of this transaction, and from there into the real one."""
        await self.raw.execute(self.statements.staging().encode(), ())
        given = await self._copy(self.statements.staged(), _numbered(cells), binary.numbered())
        if self.statements.key:
            await self._thin()
        inserted, updated = await self._run(self.statements.moved(), ())
        await self.raw.execute(f"DROP TABLE {STAGED}".encode())
        return Written(inserted, updated, given - inserted - updated)

    async def by_copying(self, cells: AsyncIterator[list[Cells]], binary: Format) -> Written:
        """By COPY into the table itself."""
        return Written(await self._copy(self.statements.copied(), cells, binary), 0, 0)

    async def _copy(self, statement: str, cells: AsyncIterator[list[Cells]], binary: Format) -> int:
        return await copy_rows(self.raw, statement, cells, binary, self.statements.layout.columns)

    async def _thin(self) -> None:
        if self.duplicates is not Duplicates.ERROR:
            await self.raw.execute(self.statements.thinned(last=self.duplicates is Duplicates.LAST).encode(), ())
            return
        found = await (await self.raw.execute(self.statements.alike(TOLD).encode(), ())).fetchall()
        if found:
            raise DuplicateRows([positions for (positions,) in found])

    async def _run(self, statement: str, values: Sequence[Any]) -> tuple[int, int]:
        try:
            with translated():
                cursor = await self.raw.execute(statement.encode(), values)
        except QueryFailed as error:
            raise (DuplicateRows(()) if error.sqlstate == TWICE else error) from None
        if not self.statements.counts:
            return cursor.rowcount, 0
        [(inserted, updated)] = await cursor.fetchall()
        return inserted, updated

    @property
    def _places(self) -> tuple[int, ...]:
        return self.statements.layout.places([column.key for column in self.statements.key])


async def _numbered(cells: AsyncIterator[list[Cells]]) -> AsyncIterator[list[Cells]]:
    at = 0
    async for block in cells:
        yield [(*row, number) for number, row in enumerate(block, at)]
        at += len(block)
