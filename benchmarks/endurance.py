"""What must never happen, tried often: goals G2 (restarts), G6 (other tenants' rows) and G8 (kills) of step 1."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
from sqlalchemy import text

from benchmarks.whole import Goal
from devnet_runner.database import Template, open_database
from infra_adapters.errors import InfraError
from infra_adapters.infrastructure import Infrastructure
from infra_adapters.postgres import Migrations
from infra_adapters.postgres.catalog import read_catalog
from infra_adapters.settings import DatabaseSettings
from infra_adapters.testing.sample import ORDERS
from tests.infra.conftest import ROLE, SHOP, prepare
from tests.infra.servers import Server
from tests.infra.shop import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

RESTARTS = 100
OPERATIONS, TENANTS, TASKS = 100_000, 200, 16
UPGRADERS = 8


def main() -> list[Goal]:
    """Each as the number of times that it went wrong."""
    with open_database(environ={}) as database:
        template = Template.create(database.url, lambda _: None)
        try:
            found = [kills(template), upgraders(template)]
        finally:
            template.drop()
        prepare(database.url)  # type: ignore[no-untyped-call]
        found.append(asyncio.run(tenants(database.url)))
    return [*found, restarts()]


# G8: a process that dies before each of its round trips to the server.


def killed_at(number: int, act: Callable[[], None]) -> bool:
    """Do it in a process that is killed before its `number`th round trip; whether it came to that."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) == -signal.SIGKILL
    plain, trips = psycopg.Connection.wait, 0

    def wait(self: Any, *given: Any, **named: Any) -> Any:
        nonlocal trips
        trips += 1
        if trips == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(self, *given, **named)

    psycopg.Connection.wait = wait  # type: ignore[method-assign]
    try:
        act()
    finally:
        os._exit(0)


def state(url: str) -> tuple[str, tuple[Any, ...]]:
    """The schema's fingerprint and what the ledger says, when nobody else is connected any more."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(others).fetchone() != (0,):
            time.sleep(0.005)
        found = read_catalog(connection)
        books = [name for kind, name in found.objects if kind == "table" and name.startswith("public.infra_migr")]
        asked = "SELECT script, revision FROM infra_migrations ORDER BY applied_at"
        applied = connection.execute(asked.encode()).fetchall() if books else []
        return found.without("public.infra_migrations", "public.infra_revision", "public.shop_revision").fingerprint, (
            *applied,
        )


@dataclass(frozen=True, slots=True)
class Move:
    """A step of a history: what makes a database ready for it, and the step."""

    ready: Callable[[str], None]
    act: Callable[[str], None]


def moves() -> list[Move]:
    """Each revision of both histories, up and down."""
    own, found = (lambda url: Migrations(url).upgrade()), []
    for ready, script in ((lambda _: None, Migrations("").script), (own, SHOP)):
        for revision in script.revisions():
            down, up = revision.down or "base", revision.id

            def forward(url: str, script: Any = script, up: str = up) -> None:
                Migrations(url, script).upgrade(up)

            def back(url: str, script: Any = script, down: str = down) -> None:
                Migrations(url, script).downgrade(down, allow_data_loss=True)

            def before(url: str, ready: Any = ready, script: Any = script, down: str = down) -> None:
                ready(url)
                if down != "base":
                    Migrations(url, script).upgrade(down)

            def after(url: str, before: Any = before, forward: Any = forward) -> None:
                before(url)
                forward(url)

            found += [Move(before, forward), Move(after, back)]
    return found


def kills(template: Template) -> Goal:
    """Kills before every round trip of every revision, after which the schema is neither old nor new, or stays so."""
    points = wrong = 0
    for move in moves():
        with template.fresh() as url:
            move.ready(url)
            old = state(url)
            move.act(url)
            new = state(url)
        number, dies = 1, True
        while dies:
            with template.fresh() as url:
                move.ready(url)
                dies = killed_at(number, partial(move.act, url))
                half = state(url) not in (old, new)
                move.act(url)
                wrong += half or state(url) != new
            points, number = points + dies, number + 1
    return Goal("G8 kills that leave neither the old nor the new schema", wrong, 0, f"{points} points, up and down")


def upgraders(template: Template) -> Goal:
    """Processes that upgrade at once and fail, or revisions that were applied twice or not at all."""
    wrong = 0
    with template.fresh() as url:
        Migrations(url).upgrade()
        children = []
        for _ in range(UPGRADERS):
            child = os.fork()
            if not child:
                code = 1
                try:
                    Migrations(url, SHOP).upgrade()
                    code = 0
                finally:
                    os._exit(code)
            children.append(child)
        wrong += sum(os.waitpid(child, 0)[1] != 0 for child in children)
        wrong += len(Migrations(url, SHOP).applied()) != len(SHOP.revisions())
    return Goal(f"G8 of {UPGRADERS} upgraders at once, those that go wrong", wrong, 0)


# G6: operations of many tenants on few connections, errors in the middle among them.


async def tenants(url: str) -> Goal:
    """Rows of another tenant that anybody saw or changed."""
    settings = DatabaseSettings.of(url=url, pool_size=8, role=ROLE)
    chance = random.Random(6)
    every = [uuid4() for _ in range(TENANTS)]
    seed = (
        "INSERT INTO orders (id, tenant_id, number, customer, placed_at, version)"
        " SELECT gen_random_uuid(), t, 'N-' || n, 'one', now(), 1 FROM unnest(%s::uuid[]) t, generate_series(1, 5) n"
        " RETURNING id"
    )
    async with await psycopg.AsyncConnection.connect(url) as connection:
        ids = [row[0] for row in await (await connection.execute(seed, (every,))).fetchall()]
    foreign, left, errors = 0, OPERATIONS, 0

    async def one(opened: Infrastructure, tenant: UUID | None) -> int:
        nonlocal errors
        kind = chance.random()
        async with opened.unit(tenant=tenant) as unit:
            if kind < 0.1:
                errors += 1
                await unit.execute(text("SELECT 1/0"))
            if kind < 0.4:
                rows = (await unit.execute(text("SELECT tenant_id FROM orders"))).scalars().all()
                return len([row for row in rows if row != tenant])
            if kind < 0.6 and tenant:
                found = await unit.repository(ORDERS).get(chance.choice(ids))
                return int(found is not None and found.tenant != tenant)
            changed = await unit.execute(
                text("UPDATE orders SET customer = 'x' WHERE id = :id RETURNING tenant_id"), {"id": chance.choice(ids)}
            )
            wrong = len([row for row in changed.scalars().all() if row != tenant])
            if kind < 0.8:
                await unit.commit()
            return wrong

    async def work(opened: Infrastructure) -> None:
        nonlocal foreign, left
        while left > 0:
            left -= 1
            try:
                foreign += await one(opened, chance.choice([*every, None]))
            except InfraError:
                continue

    async with Infrastructure.open(settings, MODEL) as opened:
        await asyncio.gather(*(work(opened) for _ in range(TASKS)))
    note = f"{OPERATIONS:,} operations of {TENANTS} tenants, {errors:,} with an error in the middle"
    return Goal("G6 rows of another tenant that were seen or changed", foreign, 0, note)


# G2: a server that comes and goes under a pool.


def restarts() -> Goal:
    """Calls that fail after a restart."""
    # A short path: the server's socket is in it.
    with tempfile.TemporaryDirectory(prefix="infra-") as folder:
        Path(folder).chmod(0o755)
        server = Server(Path(folder), {})  # type: ignore[no-untyped-call]
        server.start()  # type: ignore[no-untyped-call]
        try:
            failed = asyncio.run(_restarted(server))
        finally:
            server.stop()  # type: ignore[no-untyped-call]
    return Goal(f"G2 calls that fail after one of {RESTARTS} restarts", failed, 0, "eight at once after each")


async def _restarted(server: Any) -> int:
    failed = 0

    async def call(opened: Infrastructure) -> int:
        try:
            async with opened.database.connection() as connection:
                await connection.execute(text("SELECT 1"))
        except InfraError:
            return 1
        return 0

    async with Infrastructure.open(DatabaseSettings.of(url=server.url, pool_size=8), MODEL) as opened:
        for number in range(RESTARTS):
            await asyncio.gather(*(call(opened) for _ in range(8)))
            await asyncio.to_thread(server.stop, signal.SIGKILL if number % 2 else signal.SIGINT)
            await asyncio.to_thread(server.start)
            failed += sum(await asyncio.gather(*(call(opened) for _ in range(8))))
    return failed


if __name__ == "__main__":
    for goal in main():
        print(goal.line())
