"""Step 1: a unit is whole: what fails in it by half is not committed, and nothing is asked of it after its end."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from infra_adapters.errors import InfraError, TransactionFailed, UniqueViolated, UnitClosed
from infra_adapters.infrastructure import Infrastructure
from infra_adapters.testing.sample import ORDERS, an_order
from tests.infra.shop import MODEL

pytestmark = pytest.mark.blocking

POOL = "PostgreSQL connections from a pool with limits, bounded waiting and timeouts"
REPOSITORIES = "Repositories behind ports, used through a unit of work"


@pytest.mark.deliverable(REPOSITORIES)
async def test_a_part_whose_statement_failed_is_rolled_back_alone(infrastructure):
    order = an_order(uuid4())
    async with infrastructure.unit(tenant=order.tenant) as unit:
        await unit.repository(ORDERS).save(order)
        with pytest.raises(TransactionFailed, match="a statement of this part failed"):
            async with unit.savepoint():
                with pytest.raises(InfraError):
                    await unit.execute(text("SELECT 1/0"))
        assert await unit.repository(ORDERS).get(order.id) is not None
        await unit.commit()


@pytest.mark.deliverable(REPOSITORIES)
async def test_lines_that_cannot_be_stored_leave_an_order_as_it_was(infrastructure):
    order = an_order(uuid4())
    async with infrastructure.unit(tenant=order.tenant) as unit:
        order = await unit.repository(ORDERS).save(order)
        await unit.commit()
    wrong = replace(order, lines=(replace(order.lines[0], sku="a\0"),))
    async with infrastructure.unit(tenant=order.tenant) as unit:
        with pytest.raises(InfraError):
            async with unit.savepoint():
                await unit.repository(ORDERS).save(wrong)
        assert await unit.repository(ORDERS).get(order.id) == order
        with pytest.raises(InfraError):
            await unit.repository(ORDERS).save(wrong)
        with pytest.raises(TransactionFailed):
            await unit.commit()
    async with infrastructure.unit(tenant=order.tenant) as unit:
        assert await unit.repository(ORDERS).get(order.id) == order


async def test_after_a_commit_that_failed_nothing_is_asked_any_more(infrastructure, database_url):
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE orders ADD CONSTRAINT once UNIQUE (customer) DEFERRABLE INITIALLY DEFERRED")
    first = an_order(uuid4())
    async with infrastructure.unit(tenant=first.tenant) as unit:
        repository = unit.repository(ORDERS)
        await repository.save(first)
        await repository.save(replace(an_order(first.tenant), customer=first.customer))
        with pytest.raises(UniqueViolated):
            await unit.commit()
        with pytest.raises(UnitClosed):
            await repository.get(first.id)
        with pytest.raises(UnitClosed):
            unit.repository(ORDERS)


async def test_a_tenant_that_was_set_by_hand_is_not_the_next_units(settings):
    order = an_order(uuid4())
    async with Infrastructure.open(settings(pool_size=1), MODEL) as opened:
        async with opened.unit(tenant=order.tenant) as unit:
            await unit.repository(ORDERS).save(order)
            await unit.execute(text(f"SET app.tenant_id = '{order.tenant}'"))
            await unit.commit()
        async with opened.unit() as unit:
            assert (await unit.execute(text("SELECT count(*) FROM orders"))).scalar() == 0


LEFT = [
    ("SET statement_timeout = '1ms'", "SHOW statement_timeout", "30s"),
    ("SELECT set_config('search_path', 'nowhere', false)", "SHOW search_path", '"$user", public'),
    ("SET ROLE pg_monitor", "SELECT current_user", "infra_app"),
    ("SET SESSION AUTHORIZATION pg_monitor", "SELECT session_user::text", "postgres"),
    ("CREATE TEMPORARY TABLE mine (a int)", "SELECT coalesce(to_regclass('mine')::text, 'none')", "none"),
    (
        "SELECT pg_advisory_lock(7)",
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
        0,
    ),
    ("LISTEN news", "SELECT count(*) FROM pg_listening_channels()", 0),
    ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", "SELECT count(*) FROM pg_cursors", 0),
]


@pytest.mark.deliverable(POOL)
@pytest.mark.parametrize("ending", ["commit", "rollback", "connection"])
@pytest.mark.parametrize(("statement", "ask", "expected"), LEFT)
async def test_what_a_session_was_given_does_not_reach_the_next_unit(settings, statement, ask, expected, ending):
    async with Infrastructure.open(settings(pool_size=1), MODEL) as opened:
        before = await asked(opened, "SELECT pg_backend_pid()")
        if ending == "connection":
            async with opened.database.connection() as connection:
                await connection.execute(text(statement))
                await connection.commit()
        else:
            async with opened.unit() as unit:
                await unit.execute(text(statement))
                if ending == "commit":
                    await unit.commit()
        assert await asked(opened, ask) == expected
        assert await asked(opened, "SELECT pg_backend_pid()") == before


async def asked(opened, statement):
    async with opened.unit() as unit:
        return (await unit.execute(text(statement))).scalar()
