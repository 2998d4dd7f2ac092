"""Step 1: many rows at once inside of a unit of work: under row-level security, when the caller leaves, and seen."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import count
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, func, select, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.types import UserDefinedType

from infra_adapters.deadline import within
from infra_adapters.errors import ConnectionLost, DeadlineExceeded, InfraError, InvalidRequest, PermissionDenied
from infra_adapters.postgres import Database
from infra_adapters.postgres.bulk import Written, insert_many, upsert_many
from infra_adapters.postgres.engine import database_url as sqlalchemy_url
from infra_adapters.postgres.queries import statement_guard
from infra_adapters.settings import DatabaseSettings
from infra_adapters.testing.sample import ORDERS
from tests.infra.bulk_tables import amounts, count_of, metadata, stock
from tests.infra.faults import relayed
from tests.infra.prepared import prepared
from tests.infra.shop.tables import order_lines, orders

pytestmark = [pytest.mark.blocking, pytest.mark.deliverable("Bulk writes, full text, vectors and statement reports")]

KEPT = "The repository keeps the promises of its port"
UNITS = "Repositories behind ports, used through a unit of work"
FEW, MANY = 7, 1700
BOTH = pytest.mark.parametrize("size", [FEW, MANY])


@pytest.fixture(scope="module")
def tables(server_url):
    with prepared(server_url, lambda connection: connection.run_sync(metadata.create_all)) as copies:
        yield copies


@pytest.fixture
def place(tables):
    with tables.fresh() as url:
        yield url


@pytest.fixture
async def database(place):
    async with Database.open(DatabaseSettings.of(url=place)) as opened:
        yield opened


@pytest.fixture
async def connection(database):
    async with database.engine.connect() as opened:
        yield opened


def order_rows(tenant, size):
    now = datetime.now(UTC)
    return [
        {"id": uuid4(), "tenant_id": tenant, "number": f"N-{n}", "customer": "ada", "placed_at": now, "version": 1}
        for n in range(size)
    ]


@BOTH
@pytest.mark.deliverable(UNITS, KEPT)
async def test_a_unit_writes_the_rows_of_its_tenant_although_copy_is_refused_there(infrastructure, size):
    tenant = uuid4()
    rows = order_rows(tenant, size)
    async with infrastructure.unit(tenant=tenant) as unit:
        assert await insert_many(unit.connection, orders, rows) == Written(size, 0, 0)
        again = await upsert_many(unit.connection, orders, rows, key=["id"], update=["customer"])
        assert again == Written(0, size, 0)
        await unit.commit()
    async with infrastructure.unit(tenant=tenant) as unit:
        assert (await unit.repository(ORDERS).get(rows[-1]["id"])).version == 2
    async with infrastructure.unit(tenant=uuid4()) as unit:
        assert await count_of(unit.connection, orders) == 0


@BOTH
async def test_rows_of_another_tenant_are_refused(infrastructure, size):
    tenant = uuid4()
    async with infrastructure.unit(tenant=tenant) as unit:
        with pytest.raises(PermissionDenied):
            await insert_many(unit.connection, orders, [*order_rows(tenant, size), *order_rows(uuid4(), 1)])
        assert await count_of(unit.connection, orders) == 0
        assert await insert_many(unit.connection, orders, order_rows(tenant, size)) == Written(size, 0, 0)


async def test_where_no_table_may_stand_beside_values_are_sent_in_parts(infrastructure, database_url):
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(f'REVOKE TEMPORARY ON DATABASE "{admin.info.dbname}" FROM public')
    tenant = uuid4()
    rows = order_rows(tenant, 11_000)
    async with infrastructure.unit(tenant=tenant) as unit:
        assert await insert_many(unit.connection, orders, rows) == Written(11_000, 0, 0)
        assert await upsert_many(unit.connection, orders, rows[:200], key=["id"]) == Written(0, 200, 0)


async def test_what_was_written_goes_with_its_unit_or_alone(infrastructure):
    tenant = uuid4()
    rows = order_rows(tenant, MANY)
    lines = [{"order_id": row["id"], "position": 0, "sku": "t", "price": 1, "currency": "EUR"} for row in rows]
    async with infrastructure.unit(tenant=tenant) as unit:
        await insert_many(unit.connection, orders, rows)
        with pytest.raises(InfraError):
            await insert_many(unit.connection, order_lines, [{**one, "quantity": 0} for one in lines])
        written = await insert_many(unit.connection, order_lines, [{**one, "quantity": 1} for one in lines])
        assert written == Written(MANY, 0, 0)
    async with infrastructure.unit(tenant=tenant) as unit:
        assert await count_of(unit.connection, orders) == 0


class Told(Exception):
    """What a source of rows raises."""


@BOTH
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_an_error_of_the_source_comes_through_and_nothing_is_written(connection, size, asynchronous):
    def broken():
        yield from amounts(size)
        raise Told("a-secret")

    async def slowly():
        for row in broken():
            yield row

    with pytest.raises(Told):
        await insert_many(connection, stock, slowly() if asynchronous else broken())
    assert await count_of(connection, stock) == 0
    assert await insert_many(connection, stock, amounts(FEW)) == Written(FEW, 0, 0)


async def test_a_row_that_the_server_refuses_before_the_source_fails_is_not_logged(connection, caplog):
    def broken():
        yield from amounts(999)
        yield {"sku": "s", "amount": "a-secret"}
        yield from amounts(20_000, 2000)
        raise Told

    with pytest.raises(Told):
        await insert_many(connection, stock, broken())
    assert caplog.text == ""
    assert await count_of(connection, stock) == 0


async def pid_of(connection):
    return (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()


@pytest.mark.parametrize("write", [insert_many, upsert_many])
@pytest.mark.deliverable(KEPT)
async def test_a_deadline_while_rows_are_awaited_leaves_the_connection_and_writes_nothing(connection, write):
    async def endless():
        for row in amounts(3000):
            yield row
        await asyncio.sleep(30)

    before = await pid_of(connection)
    with pytest.raises(DeadlineExceeded):
        async with within(0.3):
            await write(connection, stock, endless(), **({"key": ["sku"]} if write is upsert_many else {}))
    assert await count_of(connection, stock) == 0
    assert await pid_of(connection) == before


@pytest.mark.deliverable(KEPT)
async def test_a_deadline_while_the_server_takes_nothing_leaves_the_connection_and_writes_nothing(database, connection):
    before = await pid_of(connection)
    await connection.commit()
    async with database.engine.connect() as other:
        await other.execute(text("INSERT INTO stock (sku, amount) VALUES ('s100', 1)"))
        rows = ({"sku": f"s{n}" + "x" * (n > 200) * 1000, "amount": n} for n in count())
        with pytest.raises(DeadlineExceeded):
            async with within(0.5):
                await insert_many(connection, stock, rows)
        await other.rollback()
    assert await pid_of(connection) == before
    assert await count_of(connection, stock) == 0
    assert await insert_many(connection, stock, amounts(MANY)) == Written(MANY, 0, 0)


async def test_a_deadline_while_the_server_decides_leaves_the_connection(database, connection):
    before = await pid_of(connection)
    await connection.commit()
    async with database.engine.connect() as other:
        await other.execute(text("INSERT INTO stock (sku, amount) VALUES ('s100', 1)"))
        with pytest.raises(DeadlineExceeded):
            async with within(0.3):
                await insert_many(connection, stock, amounts(MANY))
        await other.rollback()
    assert await pid_of(connection) == before
    assert await count_of(connection, stock) == 0


@pytest.mark.deliverable(KEPT)
async def test_on_a_dead_network_a_caller_is_back_and_nothing_is_written(database, place):
    async with relayed(place) as relay, Database.open(DatabaseSettings.of(url=relay.url)) as far:
        sent = 0

        def rows():
            nonlocal sent
            for sent in count():
                if sent == 1500:
                    relay.swallow()
                yield {"sku": f"s{sent}" + "x" * 2000, "amount": sent}

        async def stuck():
            before = -1
            while sent < 1500 or sent != before:
                before = sent
                await asyncio.sleep(0.2)

        async with asyncio.timeout(20), far.connection() as connection:
            writing = asyncio.create_task(insert_many(connection, stock, rows()))
            await stuck()
            writing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await writing
        relay.recover()
        relay.reset()
        async with far.connection() as connection:
            assert await count_of(connection, stock) == 0


@pytest.mark.parametrize("write", [insert_many, upsert_many])
@pytest.mark.parametrize("size", [1000, 3000])
async def test_on_a_network_that_dies_while_rows_are_awaited_a_caller_is_back(database, place, write, size):
    async with relayed(place) as relay, Database.open(DatabaseSettings.of(url=relay.url)) as far:

        async def rows():
            for row in amounts(size):
                yield row
            relay.swallow()
            await asyncio.sleep(60)

        async with asyncio.timeout(10):
            with pytest.raises(DeadlineExceeded):
                async with within(0.5), far.connection() as connection:
                    await write(connection, stock, rows(), **({"key": ["sku"]} if write is upsert_many else {}))


async def test_a_connection_that_breaks_in_the_middle_is_told(database, place):
    async with relayed(place) as relay, Database.open(DatabaseSettings.of(url=relay.url)) as far:

        async def rows():
            for row in amounts(3000):
                yield row
            relay.reset()
            await asyncio.sleep(0.05)

        with pytest.raises(ConnectionLost):
            async with far.connection() as connection:
                await insert_many(connection, stock, rows())


async def test_copies_are_seen_and_counted(database, connection):
    seen = []
    database.watchers.append(seen.append)
    await insert_many(connection, stock, amounts(MANY))
    with pytest.raises(InfraError):
        await insert_many(connection, stock, amounts(MANY))
    told = [(one.rows, one.failed) for one in seen if one.statement.startswith("COPY stock (sku, amount)")]
    assert told == [(MANY, False), (-1, True)]
    assert all(one.seconds > 0 for one in seen)
    async with statement_guard(database.watchers) as guard:
        await insert_many(connection, stock, amounts(MANY, MANY))
    assert guard.counts["COPY stock (sku, amount) FROM STDIN (FORMAT BINARY)"] == 1


async def test_a_plain_engine_will_do(database, place):
    engine = create_async_engine(sqlalchemy_url(place))
    try:
        async with engine.begin() as connection:
            assert await insert_many(connection, stock, amounts(MANY)) == Written(MANY, 0, 0)
    finally:
        await engine.dispose()


class Upper(UserDefinedType):
    """A type whose values pass through SQL."""

    cache_ok = True

    def get_col_spec(self, **_):
        return "text"

    def bind_expression(self, bound):
        return func.upper(bound, type_=self)


@BOTH
async def test_a_type_that_needs_sql_for_its_values_has_it(connection, size):
    loud = Table("loud", MetaData(), Column("id", Integer, primary_key=True), Column("said", Upper()))
    await connection.run_sync(loud.create)
    rows = [{"id": n, "said": "hello"} for n in range(size)]
    assert await insert_many(connection, loud, rows) == Written(size, 0, 0)
    assert (await connection.execute(select(loud.c.said).distinct())).scalar_one() == "HELLO"


class Refusing(UserDefinedType):
    """A type that says itself why it refuses a value."""

    cache_ok = True

    def get_col_spec(self, **_):
        return "text"

    def bind_processor(self, dialect):
        def process(value):
            raise InvalidRequest("refused by its type")

        return process


async def test_a_types_own_error_comes_through(connection):
    strict = Table("strict", MetaData(), Column("id", Integer), Column("said", Refusing(), nullable=True))
    with pytest.raises(InvalidRequest, match="refused by its type"):
        await insert_many(connection, strict, [{"said": "x"}])


async def test_partitions_are_written_too(connection):
    for sql in (
        "CREATE TABLE parted (id int PRIMARY KEY, said text) PARTITION BY RANGE (id)",
        "CREATE TABLE low PARTITION OF parted FOR VALUES FROM (0) TO (1000)",
        "CREATE TABLE high PARTITION OF parted FOR VALUES FROM (1000) TO (10000)",
    ):
        await connection.execute(text(sql))
    parted = Table("parted", MetaData(), Column("id", Integer, primary_key=True), Column("said", Text))
    rows = [{"id": n, "said": "x"} for n in range(MANY)]
    assert await insert_many(connection, parted, rows) == Written(MANY, 0, 0)
    assert await upsert_many(connection, parted, [*rows, {"id": MANY, "said": ""}], key=["id"]) == Written(1, MANY, 0)
