"""Step 1: connections from a pool with limits, bounded waiting and timeouts."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from functools import partial
from urllib.parse import quote

import psycopg
import pytest
from psycopg import conninfo
from sqlalchemy import text

from infra_adapters.errors import (
    CommitOutcomeUnknown,
    ConfigError,
    ConstraintViolated,
    LockTimeout,
    Outcome,
    PoolExhausted,
    QueryFailed,
    QueryTimeout,
    Unavailable,
)
from infra_adapters.infrastructure import Infrastructure
from infra_adapters.ports import Condition
from infra_adapters.postgres.liveness import ask_idle_connections
from infra_adapters.postgres.translate import translated
from infra_adapters.settings import DatabaseSettings

pytestmark = pytest.mark.blocking

POOL = "PostgreSQL connections from a pool with limits, bounded waiting and timeouts"
OPENED = "A connection is opened, checked and given back to its pool"


async def value(infrastructure, statement, **values):
    with translated():
        async with infrastructure.engine.connect() as connection:
            return (await connection.execute(text(statement), values)).scalar()


@pytest.mark.deliverable(POOL, OPENED)
async def test_a_connection_is_given_back(infrastructure):
    assert await value(infrastructure, "SELECT 1") == 1
    assert infrastructure.engine.pool.checkedout() == 0


@pytest.mark.deliverable(POOL)
async def test_waiting_for_a_connection_is_bounded(settings):
    async with Infrastructure.open(settings(pool_size=1, acquire_timeout=0.05)) as one:
        async with one.unit():
            with pytest.raises(PoolExhausted) as caught:
                async with one.unit():
                    pass
        async with one.unit() as again:
            assert await again.orders.of_customer("nobody") == ()
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
    async with Infrastructure.open(settings(lock_timeout=0.05)) as opened, opened.engine.begin() as holder:
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
    async with infrastructure.engine.connect() as connection:
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
async def test_connections_that_were_lost_while_idle_cost_no_caller_an_error(database_url, infrastructure):
    ask_idle_connections(infrastructure.engine.sync_engine, trusted=0)
    async with infrastructure.unit() as one, infrastructure.unit() as other:
        assert (await one.orders.of_customer("a"), await other.orders.of_customer("a")) == ((), ())
    assert lose_every_connection(database_url) == [(True,), (True,)]
    assert [await value(infrastructure, "SELECT 1") for _ in range(3)] == [1, 1, 1]


async def test_a_server_that_stays_away_is_unavailable_also_to_an_idle_pool(database_url, settings):
    async with relayed(database_url) as (frozen, url), Infrastructure.open(settings(url=url)) as opened:
        ask_idle_connections(opened.engine.sync_engine, trusted=0)
        assert await value(opened, "SELECT 1") == 1
        frozen.go_away()
        with pytest.raises(Unavailable):
            await value(opened, "SELECT 1")
        assert opened.engine.pool.checkedout() == 0


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


async def kill_backend(infrastructure, unit):
    pid = (await unit._connection.execute(text("SELECT pg_backend_pid()"))).scalar()
    await value(infrastructure, "SELECT pg_terminate_backend(:pid)", pid=pid)


async def test_a_connection_lost_during_commit_leaves_the_outcome_unknown(infrastructure):
    with pytest.raises(CommitOutcomeUnknown) as caught:
        async with infrastructure.unit() as unit:
            await kill_backend(infrastructure, unit)
            await unit.commit()
    assert (caught.value.retryable, caught.value.outcome) == (False, Outcome.UNKNOWN)
    assert await value(infrastructure, "SELECT 1") == 1


REFUSED = [
    ("INSERT INTO orders (id, customer, version) SELECT id, customer, version FROM orders", "unique", "pk_orders", ""),
    ("INSERT INTO orders (id, version) VALUES (gen_random_uuid(), 1)", "not_null", "", "customer"),
    ("UPDATE orders SET version = 0", "check", "ck_orders_version_positive", ""),
    (
        "INSERT INTO order_lines VALUES (gen_random_uuid(), 0, 'a', 1, 1, 'EUR')",
        "foreign_key",
        "fk_order_lines_order_id",
        "",
    ),
]


@pytest.mark.parametrize(("statement", "kind", "constraint", "column"), REFUSED)
async def test_a_refused_row_names_its_constraint_and_no_value(infrastructure, statement, kind, constraint, column):
    await_one = "INSERT INTO orders (id, customer, version) VALUES (gen_random_uuid(), 'a-secret-name', 1) RETURNING 1"
    with pytest.raises(ConstraintViolated) as caught:
        async with infrastructure.engine.connect() as connection:
            await connection.execute(text(await_one))
            with translated():
                await connection.execute(text(statement))
    assert (caught.value.kind, caught.value.constraint, caught.value.column) == (kind, constraint, column)
    assert "a-secret-name" not in str(caught.value)


async def test_another_failure_keeps_its_sqlstate(infrastructure):
    with pytest.raises(QueryFailed) as caught:
        await value(infrastructure, "SELECT * FROM nowhere")
    assert caught.value.sqlstate == "42P01"


@pytest.mark.deliverable(OPENED)
async def test_health_is_ready_with_pool_figures(infrastructure):
    health = await infrastructure.health()
    assert (health.condition, health.size, health.checked_out) == (Condition.READY, 3, 0)
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


class Frozen:
    """A relay between client and server that can stop passing anything on, as a dead network does."""

    def __init__(self, address):
        host, port = address["host"], int(address.get("port", 5432))
        self._connect = (
            partial(asyncio.open_unix_connection, f"{host}/.s.PGSQL.{port}")
            if host.startswith("/")
            else partial(asyncio.open_connection, host, port)
        )
        self.thawed = asyncio.Event()
        self.thawed.set()
        self._writers = []

    async def relay(self, reader, writer):
        theirs, ours = await self._connect()
        self._writers += [writer, ours]
        await asyncio.gather(self._pass(reader, ours), self._pass(theirs, writer))

    async def _pass(self, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self.thawed.wait()
                writer.write(data)
        writer.close()

    def close(self):
        for writer in self._writers:
            writer.close()

    def go_away(self):
        self.server.close()
        self.close()


@contextlib.asynccontextmanager
async def relayed(url):
    parts = conninfo.conninfo_to_dict(url)
    frozen = Frozen(parts)
    frozen.server = await asyncio.start_server(frozen.relay, "127.0.0.1", 0)
    port = frozen.server.sockets[0].getsockname()[1]
    try:
        name = ":".join(quote(parts[part], safe="") for part in ("user", "password") if part in parts)
        yield frozen, f"postgresql://{name}@127.0.0.1:{port}/{parts['dbname']}"
    finally:
        frozen.thawed.set()
        frozen.go_away()


async def test_a_dead_network_does_not_keep_a_caller(database_url, settings):
    async with relayed(database_url) as (frozen, url), Infrastructure.open(settings(url=url)) as opened:
        assert await value(opened, "SELECT 1") == 1
        frozen.thawed.clear()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                async with asyncio.timeout(0.2):
                    await value(opened, "SELECT pg_sleep(0)")
        assert (await opened.health()).condition is Condition.DOWN
        frozen.thawed.set()
        assert await value(opened, "SELECT 1") == 1


async def test_the_urls_own_options_stay(database_url, settings):
    url = database_url + ("&" if "?" in database_url else "?") + "options=-c%20geqo%3Doff"
    async with Infrastructure.open(settings(url=url)) as opened:
        assert await value(opened, "SHOW geqo") == "off"
        assert await value(opened, "SHOW lock_timeout") == "10s"


WRONG = [
    ({"url": ""}, "DATABASE_URL"),
    ({"url": "   "}, "DATABASE_URL"),
    ({"url": "mysql://u:hidden@h/d"}, "postgresql://"),
    ({"pool_size": 0}, "DATABASE_POOL_SIZE"),
    ({"acquire_timeout": -1}, "DATABASE_ACQUIRE_TIMEOUT"),
    ({"poolsize": 3}, "DATABASE_POOLSIZE"),
    ({"application_name": ""}, "DATABASE_APPLICATION_NAME"),
]


@pytest.mark.deliverable(POOL)
@pytest.mark.parametrize(("values", "said"), WRONG)
def test_wrong_settings_are_refused_at_composition(values, said):
    with pytest.raises(ConfigError, match=said) as caught:
        DatabaseSettings.of(**{"url": "postgresql://u:hidden@h/d", **values})
    assert "hidden" not in str(caught.value)


def test_a_missing_url_is_refused(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(ConfigError, match="DATABASE_URL: Field required"):
        DatabaseSettings.of()


async def test_a_url_that_cannot_be_parsed_is_refused():
    with pytest.raises(ConfigError):
        async with Infrastructure.open(DatabaseSettings.of(url="postgresql://u:p@h:port/d")):
            pass


def test_a_password_is_not_shown():
    assert "hidden" not in repr(DatabaseSettings.of(url="postgresql://u:hidden@h/d"))
