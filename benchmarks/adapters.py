"""The database adapters beside raw psycopg in the same run: goals G1 to G6 of step 1."""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import text

from benchmarks import bulk
from benchmarks.whole import Goal
from devnet_runner.database import open_database
from infra_adapters.deadline import within
from infra_adapters.errors import DeadlineExceeded
from infra_adapters.infrastructure import Infrastructure
from infra_adapters.settings import DatabaseSettings
from infra_adapters.testing.sample import NEWEST_OF_CUSTOMER, ORDERS
from tests.infra.conftest import ROLE, prepare
from tests.infra.faults import relayed
from tests.infra.shop import MODEL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

TASKS, POOL, ROUNDS = 16, 8, 7
SECONDS = 1.0
ROWS = 400_000
HOLES = 1000
ONE = (
    "SELECT id, tenant_id, number, customer, placed_at, deleted_at, version FROM orders"
    " WHERE id = %s AND tenant_id = %s"
)
LINES = (
    "SELECT order_id, sku, quantity, price, currency FROM order_lines WHERE order_id = %s ORDER BY order_id, position"
)
SEED = f"""
INSERT INTO orders (id, tenant_id, number, customer, placed_at, version)
  SELECT gen_random_uuid(), '{UUID(int=1)}', 'N-' || n, 'one', now() - n * interval '1 second', 1
  FROM generate_series(1, {ROWS}) n;
INSERT INTO order_lines SELECT id, 0, 'tea', 1, 1, 'EUR' FROM (SELECT id FROM orders LIMIT 1000) AS first;
ANALYZE
"""


@dataclass(slots=True)
class Bench:
    """What is measured on: the adapters, raw psycopg beside them, and ids that are there."""

    opened: Infrastructure
    raw: AsyncConnectionPool[Any]
    ids: list[UUID]
    tenant: UUID


async def rate(call: Callable[[UUID], Awaitable[object]], ids: list[UUID]) -> float:
    """Calls a second of several tasks at once."""
    until = time.perf_counter() + SECONDS
    done = 0

    async def work(at: int) -> None:
        nonlocal done
        while time.perf_counter() < until:
            await call(ids[(done + at) % len(ids)])
            done += 1

    await asyncio.gather(*(work(at) for at in range(TASKS)))
    return done / SECONDS


async def compared(
    ours: Callable[[UUID], Awaitable[object]], raw: Callable[[UUID], Awaitable[object]], ids: list[UUID]
) -> float:
    """How many times as long as raw ours takes: the median over rounds in which both run in turn."""
    pairs = [(await rate(ours, ids), await rate(raw, ids)) for _ in range(ROUNDS)]
    return statistics.median(theirs / mine for mine, theirs in pairs)


async def repository_get(bench: Bench) -> Goal:
    """G1: an aggregate with its lines through a unit of work, beside the same two queries in a psycopg transaction."""

    async def ours(identity: UUID) -> None:
        async with bench.opened.unit(tenant=bench.tenant) as unit:
            await unit.repository(ORDERS).get(identity)

    async def raw(identity: UUID) -> None:
        async with bench.raw.connection() as connection, connection.transaction():
            await connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(bench.tenant),))
            await (await connection.execute(ONE, (identity, bench.tenant))).fetchone()
            await (await connection.execute(LINES, (identity,))).fetchall()

    ratio = await compared(ours, raw, bench.ids)
    return Goal("G1 repository get through a unit / psycopg", ratio, 1 / 0.55, f"{1 / ratio:.2f} of raw, goal 0.55")


async def fast_lane(bench: Bench) -> Goal:
    """G1: one row through the fast lane, beside psycopg's pool."""
    statement = "SELECT version FROM orders WHERE id = %s"

    async def ours(identity: UUID) -> None:
        await bench.opened.database.fast.fetch_one(statement, (identity,))

    async def raw(identity: UUID) -> None:
        async with bench.raw.connection() as connection:
            await connection.set_autocommit(True)
            await (await connection.execute(statement, (identity,))).fetchone()

    async def in_transaction(identity: UUID) -> None:
        async with bench.raw.connection() as connection, connection.transaction():
            await (await connection.execute(statement, (identity,))).fetchone()

    beside = await compared(ours, in_transaction, bench.ids)
    ratio = await compared(ours, raw, bench.ids)
    note = f"{1 / ratio:.2f} of raw autocommit, goal 0.90; {1 / beside:.2f} of a raw transaction"
    return Goal("G1 fast lane / psycopg", ratio, 1 / 0.90, note)


async def liveness(bench: Bench) -> Goal:
    """G2: what asking idle connections costs a busy pool, beside a pool that trusts all of them."""
    settings = bench.opened.database.settings
    trusting = settings.model_copy(update={"trusted_idle": 1e9})

    async def one(infrastructure: Infrastructure) -> None:
        async with infrastructure.database.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async with Infrastructure.open(trusting, MODEL) as other:
        ratio = await compared(lambda _: one(bench.opened), lambda _: one(other), bench.ids)
    return Goal("G2 asking idle connections / never asking", ratio, 1 / 0.93, f"{1 / ratio:.2f}, goal 0.93")


async def depth(bench: Bench) -> Goal:
    """G5: a page deep in a list, beside its first page."""
    kept = MODEL.kept[0]
    engine = bench.opened.database
    async with engine.connection() as connection:
        await connection.execute(text("SELECT set_config('app.tenant_id', :t, false)"), {"t": str(bench.tenant)})
        found = await connection.execute(
            text(f"SELECT placed_at, id FROM orders ORDER BY placed_at DESC, id DESC OFFSET {ROWS - 100} LIMIT 1")
        )
        deep = tuple(found.one())
        place = {f"after_{at}": value for at, value in enumerate(deep)}
        asked: dict[str, object] = {"where_customer": "one", "of_tenant": bench.tenant, "most": 51}
        statements = [(kept.page(NEWEST_OF_CUSTOMER, after=bool(more)), asked | more) for more in ({}, place)]
        held = await connection.get_raw_connection()
        raw: Any = held.driver_connection
        times: list[list[float]] = [[], []]
        for _ in range(200):
            for at, (statement, values) in enumerate(statements):
                began = time.perf_counter()
                await statement.rows(raw, values)
                times[at].append(time.perf_counter() - began)
    first, last = (statistics.median(one) for one in times)
    return Goal(f"G5 page at depth {ROWS:,} / first page", last / first, 1.3, f"{last * 1000:.2f} ms")


async def row_level_security(bench: Bench, url: str) -> Goal:
    """G6: row-level security, beside the same condition written into the statement, as the owner of the table."""
    statement = "SELECT version FROM orders WHERE id = %s AND tenant_id = %s"

    async def run(connection: psycopg.AsyncConnection[Any], rounds: int) -> float:
        began = time.perf_counter()
        for at in range(rounds):
            async with connection.transaction():
                await connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(bench.tenant),))
                await (await connection.execute(statement, (bench.ids[at % len(bench.ids)], bench.tenant))).fetchone()
        return time.perf_counter() - began

    async with AsyncExitStack() as stack:
        held = await stack.enter_async_context(
            await psycopg.AsyncConnection.connect(url, autocommit=True, options=f"-c role={ROLE}")
        )
        free = await stack.enter_async_context(await psycopg.AsyncConnection.connect(url, autocommit=True))
        pairs = [(await run(held, 400), await run(free, 400)) for _ in range(ROUNDS)]
    return Goal("G6 row-level security / the condition alone", statistics.median(a / b for a, b in pairs), 1.25)


async def black_holes(url: str) -> list[Goal]:
    """G4: how long after its deadline a caller is back on a dead network, the worst of a thousand."""
    worst, back = 0.0, 0.0
    async with relayed(url) as relay:
        settings = DatabaseSettings.of(url=relay.url, pool_size=20)
        async with Infrastructure.open(settings) as opened:
            loop = asyncio.get_running_loop()

            async def one() -> float:
                began = loop.time()
                try:
                    async with within(0.1), opened.database.connection() as connection:
                        await connection.execute(text("SELECT pg_sleep(5)"))
                except DeadlineExceeded:
                    return loop.time() - began - 0.1
                raise AssertionError("the network was not dead")

            for _ in range(HOLES // 20):
                async with opened.database.connection() as connection:
                    await connection.execute(text("SELECT 1"))
                relay.swallow()
                worst = max(worst, *await asyncio.gather(*(one() for _ in range(20))))
                relay.recover()
                relay.reset()
                began = loop.time()
                await asyncio.gather(*(hold(opened) for _ in range(20)))
                back = max(back, loop.time() - began)
    return [
        Goal(f"G4 overshoot of {HOLES:,} deadlines / 150 ms", worst / 0.150, 1.0, f"worst {worst * 1000:.0f} ms"),
        Goal("G4 the pool is whole again / 1 s", back, 1.0, f"worst {back * 1000:.0f} ms"),
    ]


async def hold(opened: Infrastructure) -> None:
    """Use a connection while others use theirs."""
    async with opened.database.connection() as connection:
        await connection.execute(text("SELECT pg_sleep(0.01)"))


async def measured(url: str) -> list[Goal]:
    """Every goal, on a database that is prepared."""
    settings = DatabaseSettings.of(url=url, pool_size=POOL, fast_pool_size=POOL, role=ROLE, statement_timeout=600)
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(Infrastructure.open(settings, MODEL))
        raw = AsyncConnectionPool(
            url,
            min_size=POOL,
            max_size=POOL,
            open=False,
            kwargs={"options": f"-c role={ROLE}", "row_factory": namedtuple_row},
        )
        await stack.enter_async_context(raw)
        async with await psycopg.AsyncConnection.connect(url) as connection:
            rows = await (await connection.execute("SELECT order_id FROM order_lines LIMIT 1000")).fetchall()
        bench = Bench(opened, raw, [row[0] for row in rows], UUID(int=1))
        found = [await repository_get(bench), await fast_lane(bench), await liveness(bench), await depth(bench)]
        found.append(await row_level_security(bench, url))
    return found + await black_holes(url)


def main() -> list[Goal]:
    """Prepare a database and measure."""
    with open_database(environ={}) as database:
        prepare(database.url)  # type: ignore[no-untyped-call]
        with psycopg.connect(database.url, autocommit=True) as connection:
            for statement in SEED.split(";"):
                connection.execute(statement.encode())
        found = asyncio.run(measured(database.url))
    return found + bulk.main()


if __name__ == "__main__":
    for goal in main():
        print(goal.line())
