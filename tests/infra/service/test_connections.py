"""Step 1: connections from a pool with limits, bounded waiting and timeouts."""

from __future__ import annotations

import asyncio
import socket
import traceback

import psycopg
import pytest
from sqlalchemy import text

from infra_adapters.errors import (
    CheckViolated,
    ExclusionViolated,
    ForeignKeyViolated,
    LockTimeout,
    NotNullViolated,
    Outcome,
    PoolExhausted,
    QueryFailed,
    QueryTimeout,
    Unavailable,
    UniqueViolated,
)
from infra_adapters.infrastructure import Infrastructure
from infra_adapters.ports import Condition
from infra_adapters.postgres.guarded import GuardedConnection
from infra_adapters.postgres.translate import translated
from infra_adapters.settings import DatabaseSettings
from tests.infra.faults import relayed

pytestmark = pytest.mark.blocking

POOL = "PostgreSQL connections from a pool with limits, bounded waiting and timeouts"
OPENED = "A connection is opened, checked and given back to its pool"


async def value(infrastructure, statement, **values):
    with translated():
        async with infrastructure.database.engine.connect() as connection:
            return (await connection.execute(text(statement), values)).scalar()


@pytest.mark.deliverable(POOL, OPENED)
async def test_a_connection_is_given_back(infrastructure):
    assert await value(infrastructure, "SELECT 1") == 1
    assert infrastructure.database.engine.pool.checkedout() == 0


@pytest.mark.deliverable(POOL)
async def test_waiting_for_a_connection_is_bounded(settings):
    async with Infrastructure.open(settings(pool_size=1, acquire_timeout=0.05)) as one:
        async with one.unit():
            with pytest.raises(PoolExhausted) as caught:
                async with one.unit():
                    pass
        assert await value(one, "SELECT 1") == 1
    assert (caught.value.retryable, caught.value.outcome) == (True, Outcome.NOT_DONE)


@pytest.mark.deliverable(POOL)
@pytest.mark.parametrize(
    ("name", "shown"),
    [("statement_timeout", "3s"), ("lock_timeout", "2s"), ("idle_in_transaction_session_timeout", "4s"),
     ("application_name", "shop")],
)  # fmt: skip
async def test_every_connection_has_its_timeouts_and_name(settings, name, shown):
    chosen = settings(statement_timeout=3, lock_timeout=2, idle_in_transaction_timeout=4, application_name="shop")
    async with Infrastructure.open(chosen) as opened:
        assert await value(opened, f"SHOW {name}") == shown


@pytest.mark.deliverable(POOL)
async def test_a_statement_that_runs_too_long_is_cancelled(settings):
    async with Infrastructure.open(settings(statement_timeout=0.05)) as opened:
        with pytest.raises(QueryTimeout):
            await value(opened, "SELECT pg_sleep(60)")
        assert await value(opened, "SELECT 1") == 1


async def test_a_lock_that_is_not_to_be_had_is_an_error(settings):
    async with Infrastructure.open(settings(lock_timeout=0.05)) as opened, opened.database.engine.begin() as holder:
        await holder.execute(text("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(LockTimeout):
            await value(opened, "SELECT count(*) FROM orders")


async def test_a_cancelled_task_gives_its_connection_back(settings):
    async with Infrastructure.open(settings(pool_size=1)) as opened:
        task = asyncio.create_task(value(opened, "SELECT pg_sleep(60)"))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await value(opened, "SELECT 1") == 1


async def test_a_caller_who_leaves_while_nothing_runs_keeps_the_connection(infrastructure):
    async with infrastructure.database.engine.connect() as connection:
        await connection.execute(text("LISTEN news"))
        await connection.commit()
        raw = (await connection.get_raw_connection()).driver_connection
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await anext(raw.notifies())
        assert (await connection.execute(text("SELECT 1"))).scalar() == 1


def lose_every_connection(url):
    gone = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
    with psycopg.connect(url) as connection:
        return connection.execute(f"{gone} AND pid <> pg_backend_pid()").fetchall()


@pytest.mark.deliverable(POOL)
async def test_connections_that_were_lost_while_idle_cost_no_caller_an_error(database_url, settings):
    async with Infrastructure.open(settings(trusted_idle=0)) as infrastructure:
        await lose_and_ask(database_url, infrastructure)


async def lose_and_ask(database_url, infrastructure):
    async with infrastructure.unit(), infrastructure.unit():
        pass
    assert lose_every_connection(database_url) == [(True,), (True,)]
    assert [await value(infrastructure, "SELECT 1") for _ in range(3)] == [1, 1, 1]


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_server_that_is_not_there_is_unavailable():
    chosen = DatabaseSettings.of(url=f"postgresql://u:secret@127.0.0.1:{closed_port()}/d")
    async with Infrastructure.open(chosen) as opened:
        with pytest.raises(Unavailable) as caught:
            await value(opened, "SELECT 1")
        assert "secret" not in str(caught.value)
        assert (await opened.health()).condition is Condition.DOWN


ONE = (
    "INSERT INTO orders (id, tenant_id, number, customer, placed_at, version)"
    " VALUES (gen_random_uuid(), gen_random_uuid(), 'a-secret-name', 'c', now(), 1)"
)
OVERLAP = (
    "CREATE TABLE once (at int4range, EXCLUDE USING gist (at WITH &&)); INSERT INTO once VALUES ('[1,2]'), ('[1,2]')"
)
ORPHAN = "INSERT INTO order_lines VALUES (gen_random_uuid(), 0, 'a', 1, 1, 'EUR')"
AGAIN = "INSERT INTO orders SELECT gen_random_uuid(), tenant_id, number, customer, placed_at, NULL, 1 FROM orders"
REFUSED = [
    (AGAIN, UniqueViolated, "uq_orders_tenant_id_number", ""),
    ("UPDATE orders SET customer = NULL", NotNullViolated, "", "customer"),
    ("UPDATE orders SET version = -1", CheckViolated, "ck_orders_version_positive", ""),
    (
        "INSERT INTO order_lines VALUES (gen_random_uuid(), 0, 'a', 1, 1, 'EUR')",
        ForeignKeyViolated,
        "fk_order_lines_order_id",
        "",
    ),
    (
        OVERLAP,
        ExclusionViolated,
        "once_at_excl",
        "",
    ),
]


@pytest.mark.parametrize(("statement", "kind", "constraint", "column"), REFUSED)
async def test_a_refused_row_names_its_constraint_and_no_value(settings, statement, kind, constraint, column):
    with pytest.raises(kind) as caught:
        async with Infrastructure.open(settings(role="")) as opened, opened.database.connection() as connection:
            for one in (ONE, *statement.split("; ")):
                await connection.execute(text(one))
    assert (caught.value.constraint, caught.value.column) == (constraint, column)
    assert "a-secret-name" not in "".join(traceback.format_exception(caught.value))


async def test_another_failure_keeps_its_sqlstate(infrastructure):
    with pytest.raises(QueryFailed) as caught:
        await value(infrastructure, "SELECT * FROM nowhere")
    assert caught.value.sqlstate == "42P01"


async def test_the_urls_own_options_stay(database_url, settings):
    url = database_url + ("&" if "?" in database_url else "?") + "options=-c%20geqo%3Doff"
    async with Infrastructure.open(settings(url=url)) as opened:
        assert await value(opened, "SHOW geqo") == "off"
        assert await value(opened, "SHOW lock_timeout") == "10s"


@pytest.mark.deliverable(POOL)
async def test_a_connection_that_does_not_come_to_rest_is_closed(database_url):
    """Also where no pool would throw it away: nobody may take the answer to another's question for theirs."""
    async with relayed(database_url) as relay:
        connection = await GuardedConnection.connect(relay.url)
        relay.swallow()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await connection.execute("SELECT 1")
        assert connection.closed
        relay.recover()


@pytest.mark.deliverable(POOL)
@pytest.mark.parametrize("dead", [True, False])
async def test_a_connection_that_is_closed_ends_whoever_waits_on_it(database_url, dead):
    """libpq's memory is freed by that, and the one who waits must not go on in it."""
    async with relayed(database_url) as relay:
        connection = await GuardedConnection.connect(relay.url)
        asking = asyncio.create_task(connection.execute("SELECT pg_sleep(60)"))
        await asyncio.sleep(0.1)
        if dead:
            relay.swallow()
        await connection.close()
        assert connection.closed
        with pytest.raises(psycopg.OperationalError):
            await asking
        await connection.close()
        with pytest.raises(psycopg.OperationalError):
            await connection.execute("SELECT 1")
        relay.recover()
