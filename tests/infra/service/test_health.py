"""Step 1: health is told within a second, with the pool's figures, whatever the server does."""

from __future__ import annotations

import asyncio
import socket

import psycopg
import pytest

from infra_adapters.infrastructure import Infrastructure
from infra_adapters.kernel.breaker import State
from infra_adapters.ports import Condition
from infra_adapters.postgres import Migrations, Model
from infra_adapters.settings import DatabaseSettings

pytestmark = pytest.mark.blocking

OPENED = "A connection is opened, checked and given back to its pool"


@pytest.mark.deliverable(OPENED)
async def test_health_is_ready_with_pool_figures(infrastructure):
    health = await infrastructure.health()
    assert (health.condition, health.size, health.checked_out) == (Condition.READY, 5, 0)
    assert health.round_trip is not None
    assert health.round_trip > 0


async def test_health_is_degraded_when_the_pool_is_used_up(settings):
    async with Infrastructure.open(settings(pool_size=1, acquire_timeout=0.05)) as opened, opened.unit():
        assert (await opened.health()).condition is Condition.DEGRADED


async def test_health_is_degraded_when_waiting_would_take_too_long(settings):
    async with Infrastructure.open(settings(pool_size=1, acquire_timeout=30)) as opened, opened.unit():
        assert (await opened.health()).condition is Condition.DEGRADED


async def test_health_is_down_when_the_server_hangs():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        chosen = DatabaseSettings.of(url=f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/d")
        async with Infrastructure.open(chosen) as opened:
            assert (await opened.health()).condition is Condition.DOWN


@pytest.mark.deliverable(OPENED)
async def test_a_schema_that_is_older_than_the_program_is_degraded(settings, empty_url):
    needed = Migrations(empty_url).script.needed()
    async with Infrastructure.open(settings(url=empty_url, role=""), Model(revisions=needed)) as opened:
        health = await opened.health()
        assert (health.condition, health.message) == (
            Condition.DEGRADED,
            "the schema is at no revision, the program needs 0001",
        )
        await asyncio.to_thread(Migrations(empty_url).upgrade)
        assert (await opened.health()).condition is Condition.READY
    async with Infrastructure.open(
        settings(url=empty_url, role=""), Model(revisions={"infra_revision": "0002"})
    ) as newer:
        assert (await newer.health()).message == "the schema is at 0001, the program needs 0002"


async def test_health_says_that_callers_are_still_held_back(infrastructure):
    infrastructure.database.breaker.state = State.OPEN
    health = await infrastructure.health()
    assert (health.condition, "held back" in health.message) == (Condition.DEGRADED, True)


async def test_health_is_down_on_a_dead_network_also_where_the_pool_is_used_up(broken):
    relay, opened = broken
    async with opened.unit(), opened.unit():
        assert (await opened.health()).message == "every connection is in use"
        relay.swallow()
        began = asyncio.get_running_loop().time()
        health = await opened.health()
        # Not a measurement: without a limit of its own this takes as long as the callers before it.
        assert asyncio.get_running_loop().time() - began < 3
        assert (health.condition, health.round_trip) == (Condition.DOWN, None)
        relay.recover()


NEEDED = {"shop_revision": "0001"}


async def degraded(settings, said):
    async with Infrastructure.open(settings(), Model(revisions=NEEDED)) as opened:
        health = await opened.health()
        assert (health.condition, said in health.message) == (Condition.DEGRADED, True)
        assert health.round_trip is not None


@pytest.mark.deliverable(OPENED)
async def test_health_is_degraded_where_the_revision_may_not_be_read(settings, database_url):
    with psycopg.connect(database_url) as connection:
        connection.execute("REVOKE ALL ON shop_revision FROM infra_app")
    await degraded(settings, "the database role may not do this")


async def test_health_is_degraded_where_the_revision_is_held(settings, database_url):
    with psycopg.connect(database_url) as connection:
        connection.execute("LOCK TABLE shop_revision IN ACCESS EXCLUSIVE MODE")
        await degraded(settings, "not told in time")
