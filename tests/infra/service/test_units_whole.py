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
