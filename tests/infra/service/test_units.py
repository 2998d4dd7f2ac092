"""Step 1: one deadline, cancellations, conflicts, and COMMITs whose answer is lost; with faults that are real."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import text

from infra_adapters.deadline import within
from infra_adapters.errors import (
    CircuitOpen,
    ConnectFailed,
    ConnectionLost,
    DeadlineExceeded,
    Deadlock,
    InfraError,
    Outcome,
    PoolExhausted,
    SerializationFailed,
    TransactionConflict,
    Unavailable,
)
from infra_adapters.infrastructure import Infrastructure
from infra_adapters.kernel.breaker import State
from infra_adapters.kernel.retry import CAP, again, pause
from infra_adapters.ports import Condition
from infra_adapters.postgres import run_in_unit
from infra_adapters.testing.sample import ORDERS, an_order

pytestmark = pytest.mark.blocking

DEADLINE = "One deadline from the caller down, and errors typed by SQLSTATE"
POOL = "PostgreSQL connections from a pool with limits, bounded waiting and timeouts"
OPENED = "A connection is opened, checked and given back to its pool"
REPOSITORIES = "Repositories behind ports, used through a unit of work"
PID = text("SELECT pg_backend_pid()")


async def pid(opened):
    async with opened.unit() as unit:
        return (await unit.execute(PID)).scalar()


@pytest.mark.deliverable(DEADLINE)
@pytest.mark.deliverable(POOL)
async def test_a_cancelled_statement_ends_on_the_server_and_its_connection_stays(settings, database_url):
    async with Infrastructure.open(settings(pool_size=1, role="")) as opened:
        before = await pid(opened)
        with pytest.raises(DeadlineExceeded):
            async with opened.unit(timeout=0.2) as unit:
                await unit.execute(text("SELECT pg_sleep(600)"))
        assert await pid(opened) == before
    with psycopg.connect(database_url) as connection:
        running = "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert ("active",) not in connection.execute(running).fetchall()


@pytest.mark.deliverable(DEADLINE)
@pytest.mark.deliverable(POOL)
@pytest.mark.parametrize("where", ["begin", "statement", "body", "commit"])
async def test_on_a_dead_network_a_caller_is_back_soon_after_its_deadline(broken, where):
    relay, opened = broken
    await pid(opened)
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(InfraError) as caught:
        async with within(0.3):
            if where == "begin":
                relay.swallow()
            async with opened.unit(tenant=uuid4()) as unit:
                relay.swallow()
                if where == "body":
                    await asyncio.sleep(30)
                if where == "statement":
                    await unit.repository(ORDERS).get(uuid4())
                await unit.commit()
    assert isinstance(caught.value, DeadlineExceeded)
    # Not a measurement: without the guard this takes ten seconds.
    assert loop.time() - began < 3
    relay.recover()
    assert await pid(opened) > 0
    assert opened.database.checked_out == 0


async def test_a_backend_that_dies_in_a_transaction_is_a_lost_connection(settings, database_url):
    async with Infrastructure.open(settings(role="")) as opened:
        with pytest.raises(ConnectionLost) as caught:
            async with opened.unit() as unit:
                number = (await unit.execute(PID)).scalar()
                with psycopg.connect(database_url, autocommit=True) as other:
                    other.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
                await unit.execute(PID)
        assert (caught.value.outcome, caught.value.retryable) == (Outcome.NOT_DONE, True)
        assert await pid(opened) != number


async def test_leaving_the_queue_of_the_pool_leaks_no_place(settings):
    async with Infrastructure.open(settings(pool_size=1)) as opened:
        async with opened.unit():
            waiting = [asyncio.create_task(pid(opened)) for _ in range(3)]
            await asyncio.sleep(0.05)
            assert opened.database.waiting == 3
            for one in waiting:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        assert (opened.database.waiting, opened.database.checked_out) == (0, 0)
        assert await pid(opened) > 0


@pytest.mark.deliverable(REPOSITORIES)
async def test_of_two_in_a_deadlock_one_is_run_again_and_both_succeed(infrastructure):
    first, second = an_order(uuid4()), None
    second = an_order(first.tenant)
    async with infrastructure.unit(tenant=first.tenant) as unit:
        for order in (first, second):
            await unit.repository(ORDERS).save(order)
        await unit.commit()
    both = asyncio.Barrier(2)
    tried = []

    def work(ids):
        async def run(unit):
            tried.append(ids)
            for at, one in enumerate(ids):
                await unit.repository(ORDERS).change((one,), {"customer": "locked"})
                if at == 0 and len(tried) <= 2:
                    await both.wait()

        return run

    options = replace(infrastructure.unit(tenant=first.tenant)._options, isolation="READ COMMITTED")
    forth, back = (first.id, second.id), (second.id, first.id)
    await asyncio.gather(*(infrastructure.run(work(ids), options=options) for ids in (forth, back)))
    assert len(tried) == 3


async def test_a_serialization_failure_is_one(infrastructure):
    saved = await keep(infrastructure)
    with pytest.raises(SerializationFailed):
        async with infrastructure.unit(tenant=saved.tenant, isolation="REPEATABLE READ") as slow:
            await slow.repository(ORDERS).get(saved.id)
            async with infrastructure.unit(tenant=saved.tenant) as fast:
                await fast.repository(ORDERS).save(saved)
                await fast.commit()
            await slow.repository(ORDERS).save(saved)


async def keep(infrastructure):
    order = an_order(uuid4())
    async with infrastructure.unit(tenant=order.tenant) as unit:
        saved = await unit.repository(ORDERS).save(order)
        await unit.commit()
        return saved


async def test_work_that_always_conflicts_ends(memory):
    tried = []

    async def work(unit):
        tried.append(1)
        raise Deadlock("again")

    with pytest.raises(TransactionConflict):
        await run_in_unit(memory, work, attempts=2)
    assert len(tried) == 2


def test_only_a_conflict_is_tried_again():
    assert again(SerializationFailed("x"), 1, 3)
    assert not again(SerializationFailed("x"), 3, 3)
    assert not again(InfraError("x"), 1, 3)


def test_pauses_grow_to_a_cap():
    assert [pause(attempt, 1.0) for attempt in (1, 2, 3)] == [0.01, 0.02, 0.04]
    assert (pause(50, 1.0), pause(3, 0.0)) == (CAP, 0)


@pytest.mark.deliverable(POOL)
async def test_a_server_that_stays_away_opens_the_circuit(broken):
    relay, opened = broken
    await pid(opened)
    relay.go_away()
    for _ in range(opened.database.settings.breaker_failures):
        with pytest.raises(Unavailable):
            await pid(opened)
    with pytest.raises(CircuitOpen) as caught:
        await pid(opened)
    assert 0 < caught.value.retry_after <= opened.database.settings.breaker_seconds
    assert opened.database.breaker.state is State.OPEN
    assert (await opened.health()).condition is Condition.DOWN


async def test_what_the_server_refuses_does_not_open_the_circuit(infrastructure):
    for _ in range(10):
        with pytest.raises(InfraError):
            async with infrastructure.unit() as unit:
                await unit.execute(text("INSERT INTO order_lines (position) VALUES (1)"))
        with pytest.raises(InfraError):
            async with infrastructure.database.connection() as connection:
                await connection.execute(text("SELECT 1/0"))
    assert infrastructure.database.breaker.state is State.CLOSED


@pytest.mark.deliverable(OPENED)
async def test_the_fast_lane_asks_idle_connections_and_is_bounded(broken):
    relay, opened = broken
    fast = opened.database.fast
    assert (await fast.fetch_one("SELECT %s::int AS n", (1,))).n == 1
    assert await fast.fetch_one("SELECT 1 WHERE false") is None
    assert len(await fast.fetch_all("SELECT * FROM generate_series(1, 3)")) == 3
    assert await fast.execute("CREATE TEMP TABLE t AS SELECT 1") == 1
    assert fast.figures() == (2, 0, 0)
    await asyncio.sleep(0.6)
    relay.reset()
    assert (await fast.fetch_one("SELECT 2 AS n")).n == 2


async def test_the_fast_lane_tells_a_full_pool_from_a_server_that_is_away(broken, settings):
    relay, _ = broken
    async with Infrastructure.open(settings(fast_pool_size=1, acquire_timeout=0.1)) as full:
        fast = full.database.fast
        async with fast.connection():
            with pytest.raises(PoolExhausted):
                await fast.fetch_one("SELECT 1")
    relay.go_away()
    async with Infrastructure.open(settings(url=relay.url, acquire_timeout=0.3)) as away:
        with pytest.raises(ConnectFailed):
            await away.database.fast.fetch_one("SELECT 1")


async def test_the_fast_lane_keeps_to_a_deadline(broken):
    relay, opened = broken
    await opened.database.fast.fetch_one("SELECT 1")
    relay.swallow()
    with pytest.raises(DeadlineExceeded):
        async with within(0.2):
            await opened.database.fast.fetch_one("SELECT 1")
    relay.recover()


async def test_a_timeout_of_the_callers_own_stays_one():
    with pytest.raises(TimeoutError) as caught:
        async with within(30):
            raise TimeoutError("the caller's")
    assert not isinstance(caught.value, DeadlineExceeded)


@pytest.mark.deliverable(DEADLINE)
@pytest.mark.parametrize("inner", [0.05, 60])
async def test_the_nearer_of_two_deadlines_counts(inner):
    with pytest.raises(DeadlineExceeded):
        async with within(0.1), within(inner), within(None):
            await asyncio.sleep(60)


@pytest.mark.deliverable(POOL)
async def test_a_deadline_that_passes_while_leaving_is_one_and_is_over_then(broken):
    relay, opened = broken
    with pytest.raises(DeadlineExceeded):
        async with opened.unit(tenant=uuid4(), timeout=0.3):
            relay.swallow()
    await asyncio.sleep(0.4)
    relay.recover()
    async with asyncio.timeout(8):
        assert await pid(opened) > 0


async def test_a_lost_commit_of_nothing_is_no_doubt(broken):
    relay, opened = broken
    with pytest.raises(ConnectionLost):
        async with opened.unit(tenant=uuid4()) as unit:
            relay.cut_at(b"COMMIT", "before")
            await unit.commit()


async def test_the_fast_lane_asks_the_breaker_too(broken, settings):
    relay, _ = broken
    relay.go_away()
    chosen = settings(url=relay.url, acquire_timeout=0.1, breaker_failures=2)
    async with Infrastructure.open(chosen) as away:
        for _ in range(2):
            with pytest.raises(ConnectFailed):
                await away.database.fast.fetch_one("SELECT 1")
        with pytest.raises(CircuitOpen):
            await away.database.fast.fetch_one("SELECT 1")


async def reachable(opened):
    with contextlib.suppress(ConnectFailed):
        return await opened.database.fast.fetch_one("SELECT 1")


async def test_an_outage_that_is_over_does_not_make_a_full_lane_look_like_one(broken, settings):
    relay, _ = broken
    chosen = settings(url=relay.url, role="", fast_pool_size=1, acquire_timeout=1.5, breaker_failures=50)
    async with Infrastructure.open(chosen) as opened:
        relay.refusing = True
        with pytest.raises(ConnectFailed):
            await opened.database.fast.fetch_one("SELECT 1")
        relay.refusing = False
        while not await reachable(opened):
            pass
        async with opened.database.fast.connection():
            with pytest.raises(PoolExhausted):
                await opened.database.fast.fetch_one("SELECT 1")


async def test_who_waits_for_the_fast_lane_keeps_to_a_deadline(settings):
    async with Infrastructure.open(settings(fast_pool_size=1)) as opened, opened.database.fast.connection():
        with pytest.raises(DeadlineExceeded):
            async with within(0.1):
                await opened.database.fast.fetch_one("SELECT 1")


@pytest.mark.parametrize("kind", ["transaction", "none"])
async def test_behind_a_pooler_timeouts_are_set_with_each_transaction(settings, kind):
    show = text("SELECT current_setting('lock_timeout'), current_setting('app.tenant_id', true)")
    tenant = uuid4()
    async with (
        Infrastructure.open(settings(pooler=kind, role="", lock_timeout=7)) as opened,
        opened.unit(tenant=tenant) as unit,
    ):
        assert (await unit.execute(show)).one() == ("7s", str(tenant))


async def test_a_setting_that_there_is_not_begins_nothing(infrastructure):
    async with infrastructure.database.fast.connection() as connection:
        with pytest.raises(psycopg.errors.UndefinedObject):
            await connection.begin({"no_such_setting": "1"})
        await connection.rollback()


async def test_leaving_a_unit_that_never_began_is_nothing(infrastructure):
    await infrastructure.unit().__aexit__(None, None, None)
