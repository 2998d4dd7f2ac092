"""Many rows at once on another PostgreSQL that is installed; skipped where none is, so it proves nothing alone."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, text

from infra_adapters.errors import QueryFailed
from infra_adapters.postgres import Database
from infra_adapters.postgres.bulk import DuplicateRows, Duplicates, Written, insert_many, upsert_many
from infra_adapters.settings import DatabaseSettings
from tests.infra.bulk_tables import amounts, count_of, metadata, stock
from tests.infra.servers import installed, served

parted = Table("parted", MetaData(), Column("id", Integer, primary_key=True), Column("said", Text))
PARTED = "CREATE TABLE parted (id int PRIMARY KEY, said text) PARTITION BY HASH (id)"
PART = "CREATE TABLE one PARTITION OF parted FOR VALUES WITH (MODULUS 1, REMAINDER 0)"


@pytest.fixture(scope="module")
def other():
    with served(installed()) as server:
        yield server


@pytest.fixture
async def connection(other):
    async with Database.open(DatabaseSettings.of(url=other.url)) as opened, opened.connection() as connection:
        await connection.run_sync(metadata.create_all)
        yield connection


@pytest.mark.parametrize("count", [7, 1700])
async def test_rows_are_inserted_updated_and_counted_there_too(connection, count):
    assert await insert_many(connection, stock, amounts(count)) == Written(count, 0, 0)
    again = [*amounts(count, count - 2), {"sku": "s3", "amount": 5}, {"sku": "s3", "amount": 6}]
    written = await upsert_many(connection, stock, again, key=["sku"], duplicates=Duplicates.LAST)
    assert written == Written(count - 2, 3, 1)
    with pytest.raises(DuplicateRows):
        await upsert_many(connection, stock, again, key=["sku"])
    assert await count_of(connection, stock) == 2 * count - 2


async def test_a_partitioned_table_is_written_and_its_updates_are_not_told_apart(connection):
    """Before PostgreSQL 18 nothing tells there whether a row was inserted or updated, so it is refused."""
    for statement in (PARTED, PART):
        await connection.execute(text(statement))
    rows = [{"id": n, "said": "x"} for n in range(1700)]
    assert await insert_many(connection, parted, rows) == Written(1700, 0, 0)
    assert await upsert_many(connection, parted, rows, key=["id"], update=()) == Written(0, 0, 1700)
    if connection.sync_connection.dialect.server_version_info < (18,):
        with pytest.raises(QueryFailed):
            await upsert_many(connection, parted, rows, key=["id"])
