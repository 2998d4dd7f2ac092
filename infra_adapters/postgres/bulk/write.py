"""Writing many rows inside of the caller's transaction: the way is chosen by how many they are and what is allowed."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_adapters.errors import InfraError, InvalidRequest
from infra_adapters.postgres.bulk.copying import patience
from infra_adapters.postgres.bulk.duplicates import Duplicates
from infra_adapters.postgres.bulk.layout import Layout
from infra_adapters.postgres.bulk.source import blocks
from infra_adapters.postgres.bulk.sql import Statements
from infra_adapters.postgres.bulk.ways import Batch, Written
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy import Dialect, Table
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncTransaction

    from infra_adapters.postgres.bulk.layout import Cells
    from infra_adapters.postgres.bulk.source import Row, Rows

COPY_FROM = 75
"""The rows from which on COPY is faster than values, by `python -m benchmarks adapters`."""
STAGE_FROM = 150
"""The rows from which on COPY into a table of its own, and from there into the real one, is."""

OLD_FROM = 18_00_00


async def insert_many(
    connection: AsyncConnection,
    table: Table,
    rows: Rows,
    *,
    key: Sequence[str] = (),
    duplicates: Duplicates = Duplicates.ERROR,
) -> Written:
    """Insert rows, all or none, into the transaction of a connection; it can be used on after an error.

    Every row has the columns of the first. `key`: columns of which rows of this batch may not have the same, or of
    which the first or last row is meant; without it every row is. Raises DuplicateRows, InvalidRequest, and what the
    server refuses.
    """
    return await _write(connection, table, rows, _Wanted(tuple(key), None, duplicates, insert=True))


async def upsert_many(
    connection: AsyncConnection,
    table: Table,
    rows: Rows,
    *,
    key: Sequence[str],
    update: Sequence[str] | None = None,
    duplicates: Duplicates = Duplicates.ERROR,
) -> Written:
    """Insert rows or, where one with the same `key` is there, update it; otherwise as `insert_many`.

    `update`: the columns to change, every one that is not of the key unless told; none leaves rows as they are. A
    `version` is counted on and `updated_at` is set, whatever the rows say.
    """
    if not key:
        raise InvalidRequest("an upsert needs a key")
    wanted = _Wanted(tuple(key), None if update is None else tuple(update), duplicates, insert=False)
    return await _write(connection, table, rows, wanted)


@dataclass(frozen=True, slots=True)
class _Wanted:
    key: tuple[str, ...]
    update: tuple[str, ...] | None
    duplicates: Duplicates
    insert: bool

    def check(self, layout: Layout) -> None:
        """Raise InvalidRequest for a column that the rows do not have."""
        layout.places([*self.key, *(self.update or ())])

    def statements(self, table: Table, layout: Layout, dialect: Dialect, version: int) -> Statements:
        """What is sent to a server of a version."""
        update = self.update
        if update is None and not self.insert:
            update = tuple(name for name in layout.given if name not in self.key)
        columns = None if update is None else tuple(table.c[name] for name in update)
        return Statements(
            table, layout, tuple(table.c[name] for name in self.key), columns, dialect, version >= OLD_FROM
        )


async def _write(connection: AsyncConnection, table: Table, rows: Rows, wanted: _Wanted) -> Written:
    source = blocks(rows)
    first: list[Row] = await anext(source, [])
    if not first:
        return Written(0, 0, 0)
    layout = Layout.of(table, first[0], connection.dialect)
    wanted.check(layout)
    async with _whole(connection) as raw:
        statements = wanted.statements(table, layout, connection.dialect, raw.pgconn.server_version)
        batch = Batch(raw, statements, wanted.duplicates)
        cells = _cells(layout, first, source)
        plain = wanted.insert and not wanted.key
        if not layout.as_text or len(first) < (COPY_FROM if plain else STAGE_FROM):
            return await batch.by_values(cells)
        secured, may_stage, binary = await batch.allowed()
        if plain and not secured and not layout.expressions:
            return await batch.by_copying(cells, binary)
        return await (batch.by_staging(cells, binary) if may_stage else batch.by_values(cells))


async def _cells(layout: Layout, first: list[Row], more: AsyncIterator[list[Row]]) -> AsyncIterator[list[Cells]]:
    yield layout.cells(first, 0)
    at = len(first)
    async for block in more:
        yield layout.cells(block, at)
        at += len(block)


@asynccontextmanager
async def _whole(connection: AsyncConnection) -> AsyncIterator[Any]:
    """The driver's connection, for what is undone as a whole where it fails."""
    with translated():
        if not connection.in_transaction():
            await connection.begin()
        raw: Any = (await connection.get_raw_connection()).driver_connection
        if raw.autocommit:
            raise InvalidRequest("many rows are written in a transaction, not with AUTOCOMMIT")
        part = await connection.begin_nested()
        try:
            yield raw
        except BaseException as error:
            await _undone(part, error)
            raise
        await part.commit()


async def _undone(part: AsyncTransaction, error: BaseException) -> None:
    # What cannot be rolled back went with its connection; the first error is the one to see.
    with suppress(InfraError, TimeoutError), translated():
        async with asyncio.timeout(patience(error)):
            await part.rollback()
