"""Step 1: many rows at once: who makes them leaves their connection alone, and numbers are the same by every way."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy import ARRAY, Column, Integer, MetaData, Numeric, Sequence, Table, select, text

from infra_adapters.errors import InvalidRequest
from infra_adapters.postgres import Database
from infra_adapters.postgres.bulk import Written, insert_many, upsert_many
from infra_adapters.settings import DatabaseSettings
from tests.infra.bulk_tables import count_of
from tests.infra.prepared import prepared

pytestmark = [pytest.mark.blocking, pytest.mark.deliverable("Bulk writes, full text, vectors and statement reports")]

TABLES = "SQLAlchemy 2 tables and psycopg 3 configuration"
FEW, MANY = 7, 1700
BOTH = pytest.mark.parametrize("count", [FEW, MANY])
metadata = MetaData()
numbers = Table(
    "numbers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("whole", Integer),
    Column("exact", Numeric),
    Column("rounded", Numeric(18, 4)),
    Column("wholes", ARRAY(Integer)),
    Column("exacts", ARRAY(Numeric)),
    Column("changed", Integer, onupdate=Sequence("changes", start=70)),
)


@pytest.fixture(scope="module")
def tables(server_url):
    with prepared(server_url, lambda connection: connection.run_sync(metadata.create_all)) as copies:
        yield copies


@pytest.fixture
async def connection(tables):
    with tables.fresh() as url:
        async with Database.open(DatabaseSettings.of(url=url)) as opened, opened.engine.connect() as connection:
            yield connection


SAME = {
    "exact": [0.1 + 0.2, 1e300, -2.5, Decimal("0.30000000000000004")],
    "rounded": [12345678901234.5678, 2.675],
    "exacts": [[0.1 + 0.2, None, Decimal(1)], [[2.5], [1e-9]]],
}


@pytest.mark.parametrize("name", SAME)
@pytest.mark.deliverable(TABLES)
async def test_a_number_has_the_same_digits_by_every_way(connection, name):
    rows = [{"id": number, name: value} for number, value in enumerate(SAME[name])]
    more = [{"id": -1 - number, name: None} for number in range(MANY)]
    found = []
    for given in (rows, rows + more):
        await insert_many(connection, numbers, given)
        query = select(numbers.c[name]).where(numbers.c.id >= 0).order_by(numbers.c.id)
        found.append((await connection.execute(query)).scalars().all())
        await connection.execute(numbers.delete())
    assert list(map(str, found[0])) == list(map(str, found[1]))


class Measured(float):
    """As other packages make of it."""


WRONG = [
    ("whole", 2.0),
    ("wholes", [1, 2.5]),
    ("wholes", [[1], [True]]),
    ("exacts", [float("nan")]),
    ("exact", Measured("nan")),
]


@BOTH
@pytest.mark.parametrize(("name", "value"), WRONG)
@pytest.mark.deliverable(TABLES)
async def test_a_number_that_would_be_another_one_is_told_by_its_row(connection, count, name, value):
    rows = [{"id": number, name: value if number == count - 1 else None} for number in range(count)]
    with pytest.raises(InvalidRequest, match=rf"^row {count - 1}: {name} does not take it$"):
        await insert_many(connection, numbers, rows)
    assert await count_of(connection, numbers) == 0


async def test_an_update_takes_the_next_of_a_sequence(connection):
    for written in (Written(1, 0, 0), Written(0, 1, 0)):
        assert await upsert_many(connection, numbers, [{"id": 1, "whole": 2}], key=["id"]) == written
    assert (await connection.execute(select(numbers.c.changed))).scalar_one() >= 70


async def begins_a_part(connection, raw, _):
    async with raw.transaction():
        pass


async def sends_many(connection, raw, _):
    async with raw.pipeline():
        pass


async def copies(connection, raw, _):
    async with raw.cursor().copy("COPY numbers FROM STDIN"):
        pass


USES = {
    "a statement": lambda connection, raw, _: connection.execute(text("SELECT 1")),
    "a statement of the driver": lambda connection, raw, _: raw.execute("SELECT 1"),
    "a commit": lambda connection, raw, _: raw.commit(),
    "a savepoint": lambda connection, raw, _: connection.begin_nested(),
    "a savepoint of the driver": begins_a_part,
    "a pipeline": sends_many,
    "a copy": copies,
    "a cursor on the server": lambda connection, raw, _: connection.stream(text("SELECT 1")),
    "rows of a cursor that was there": lambda connection, raw, kept: kept.fetchmany(5),
}


@pytest.mark.parametrize("use", USES)
async def test_what_makes_the_rows_may_not_use_the_connection_that_they_are_copied_on(connection, use):
    """A COPY would wait for them, and they for it; then the connection is good for the next."""
    raw = (await connection.get_raw_connection()).driver_connection
    kept = raw.cursor("kept")
    await kept.execute("SELECT generate_series(1, 100)")

    async def source():
        for number in range(MANY):
            if number == MANY - 1:
                await USES[use](connection, raw, kept)
            yield {"id": number}

    # The bound ends a test that would never end; it is no measure.
    async with kept, asyncio.timeout(60):
        with pytest.raises(InvalidRequest, match="read it first, or use another one"):
            await insert_many(connection, numbers, source())
    assert await count_of(connection, numbers) == 0
    rows = [{"id": number} for number in range(MANY)]
    assert await insert_many(connection, numbers, rows) == Written(MANY, 0, 0)
