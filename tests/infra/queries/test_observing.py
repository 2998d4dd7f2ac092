"""Step 1: every statement is seen, by whichever way it is sent; the slow ones are logged without a value."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from infra_adapters.errors import InfraError
from infra_adapters.infrastructure import Infrastructure
from infra_adapters.postgres import Database
from infra_adapters.postgres.queries import NPlusOne, constant_in, statement_guard
from infra_adapters.testing.sample import NEWEST_OF_CUSTOMER, ORDERS, an_order
from tests.infra.shop import MODEL

pytestmark = pytest.mark.blocking

KEPT = "The repository keeps the promises of its port"
USED = "Every access path that is declared has an index the planner uses"


async def keep(opened, tenant, count):
    async with opened.unit(tenant=tenant) as unit:
        saved = [await unit.repository(ORDERS).save(an_order(tenant)) for _ in range(count)]
        await unit.commit()
        return saved


@pytest.mark.deliverable(KEPT, USED)
async def test_a_list_takes_as_many_statements_for_thirty_orders_as_for_one(infrastructure):
    tenant = uuid4()

    async def ask():
        async with infrastructure.unit(tenant=tenant) as unit:
            await unit.repository(ORDERS).page(NEWEST_OF_CUSTOMER.name, where={"customer": "ada"})

    counted = await constant_in(
        infrastructure.database.watchers, (2, 30), lambda n: keep(infrastructure, tenant, n), ask
    )
    assert counted == 2


async def one_by_one(opened, orders):
    async with statement_guard(opened.database.watchers), opened.unit(tenant=orders[0].tenant) as unit:
        for one in orders:
            await unit.repository(ORDERS).get(one.id)


async def test_orders_that_are_read_one_by_one_are_noticed(infrastructure):
    saved = await keep(infrastructure, uuid4(), 6)
    with pytest.raises(NPlusOne, match="6 times") as told:
        await one_by_one(infrastructure, saved)
    assert any("test_observing.py" in caller for caller in told.value.callers)


async def test_every_way_to_send_a_statement_is_seen(infrastructure):
    seen = []
    async with infrastructure.unit() as unit:
        await unit.execute(text("SELECT 1"))
    infrastructure.database.watchers.append(seen.append)
    async with infrastructure.unit() as unit:
        await unit.execute(text("SELECT 1 AS alchemy"))
    await infrastructure.database.fast.fetch_one("SELECT 1 AS fast")
    async with infrastructure.database.fast.connection() as connection:
        await connection.execute(sql.SQL("SELECT {} AS composed").format(sql.Literal(1)))
        async with connection.cursor() as cursor:
            await cursor.executemany("SELECT %s::int AS many", [(1,), (2,)])
            async for _ in cursor.stream("SELECT 1 AS streamed"):
                pass
            async with cursor.copy("COPY (SELECT 1) TO STDOUT -- copied") as copy:
                assert [row async for row in copy.rows()] == [("1",)]
        with pytest.raises(InfraError):
            await infrastructure.database.fast.execute("SELECT 1/0 AS wrong")
    async with infrastructure.unit() as unit:
        found = await unit.connection.stream(text("SELECT 1 AS kept"))
        assert [row async for row in found] == [(1,)]
    said = [one.statement.rpartition(" ")[2] for one in seen]
    assert said == ["alchemy", "fast", "composed", "many", "streamed", "copied", "wrong", "kept"]
    assert [one.failed for one in seen] == [False] * 6 + [True, False]
    assert all(one.seconds > 0 for one in seen)


@pytest.mark.parametrize(("after", "logged"), [(0.01, True), (30, False), (0, False)])
async def test_slow_statements_are_logged_without_their_values(settings, caplog, after, logged):
    async with Infrastructure.open(settings(slow_after=after), MODEL) as opened:
        await opened.database.fast.fetch_one("SELECT pg_sleep(%s), 'a-secret' AS s, %s AS t", (0.02, "another-secret"))
        with pytest.raises(InfraError):
            await opened.database.fast.fetch_one("SELECT pg_sleep(0.02), 1/(random() * 0)::int")
    assert ("slow statement" in caplog.text, "1 rows" in caplog.text, "failed" in caplog.text) == (logged,) * 3
    assert "secret" not in caplog.text


async def test_several_values_of_which_one_fails_are_told_of_as_failed(settings):
    async with Database.open(settings()) as database:
        told = []
        database.watchers.append(told.append)
        async with database.fast.connection() as connection, connection.cursor() as cursor:
            with pytest.raises(psycopg.errors.DivisionByZero):
                await cursor.executemany("SELECT 1 / %s", [(1,), (0,)])
    assert [(one.statement, one.failed) for one in told] == [("SELECT 1 / %s", True)]
