"""Step 1: a server that is stopped, crashes and comes again costs no later call an error."""

from __future__ import annotations

import asyncio
import signal
from uuid import uuid4

import psycopg
import pytest

from infra_adapters.errors import ConnectionLost, InfraError
from infra_adapters.infrastructure import Infrastructure
from infra_adapters.ports import Condition
from infra_adapters.settings import DatabaseSettings
from infra_adapters.testing.sample import ORDERS, an_order
from tests.infra.conftest import prepare
from tests.infra.servers import served
from tests.infra.shop import MODEL

pytestmark = pytest.mark.blocking

POOL = "PostgreSQL connections from a pool with limits, bounded waiting and timeouts"
OPENED = "A connection is opened, checked and given back to its pool"


@pytest.fixture(scope="module")
def server():
    with served({}) as one:
        prepare(one.url)
        yield one


@pytest.fixture(params=[0.0, 3600.0], ids=["asked", "trusted"])
async def opened(server, request):
    settings = DatabaseSettings.of(url=server.url, pool_size=3, trusted_idle=request.param)
    async with Infrastructure.open(settings, MODEL) as one:
        yield one


async def call(opened):
    async with opened.unit(tenant=uuid4()) as unit:
        return await unit.repository(ORDERS).get(uuid4())


async def calls(opened, count=6):
    found = await asyncio.gather(*(call(opened) for _ in range(count)))
    found += [await opened.database.fast.fetch_one("SELECT NULL") for _ in range(2)]
    return len(found)


@pytest.mark.deliverable(POOL, OPENED)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
async def test_after_a_restart_every_call_succeeds(server, opened, how):
    assert await calls(opened) == 8
    await asyncio.to_thread(server.stop, how)
    await asyncio.to_thread(server.start)
    assert await calls(opened) == 8


async def test_a_crash_in_a_transaction_is_a_lost_connection_and_nothing_was_kept(server, opened):
    order = an_order(uuid4())
    with pytest.raises(ConnectionLost):
        async with opened.unit(tenant=order.tenant) as unit:
            await unit.repository(ORDERS).save(order)
            await asyncio.to_thread(server.stop, signal.SIGKILL)
            await unit.repository(ORDERS).save(an_order(order.tenant))
    with pytest.raises(InfraError):
        await call(opened)
    assert (await opened.health()).condition is Condition.DOWN
    await asyncio.to_thread(server.start)
    async with opened.unit(tenant=order.tenant) as unit:
        assert await unit.repository(ORDERS).get(order.id) is None
    assert (await opened.health()).condition is Condition.READY


async def test_a_server_with_no_place_left_is_without_resources(server):
    with psycopg.connect(server.url, autocommit=True) as admin:
        admin.execute("CREATE ROLE narrow LOGIN CONNECTION LIMIT 1")
    settings = DatabaseSettings.of(url=server.url.replace("postgres@", "narrow@"), pool_size=3)
    async with Infrastructure.open(settings, MODEL) as narrow, narrow.unit():
        with pytest.raises(InfraError) as caught:
            async with narrow.unit():
                pass
    assert caught.value.retryable
