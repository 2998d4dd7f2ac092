"""The health of the database, told within a second whatever the server does."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from infra_adapters.errors import InfraError, PoolExhausted
from infra_adapters.kernel.breaker import State
from infra_adapters.ports import Condition, Health
from infra_adapters.postgres.engine import connect_options, libpq_url
from infra_adapters.postgres.guarded import GuardedConnection
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from infra_adapters.postgres.database import Database

LIMIT = 1.0
MARGIN = 0.15
"""What is kept of the limit for leaving a connection that does not answer."""
PATIENCE = 0.5
"""The part of the limit for a connection of the pool; then one of its own tells whether the server is there."""


async def check_health(
    database: Database, *, limit: float = LIMIT, also: Callable[[], Awaitable[str]] | None = None
) -> Health:
    """Ready where a round trip works; degraded where something is wrong beside it; down where nothing answers in time.

    `limit` is in seconds. `also` looks further and says what is wrong, or nothing.
    """
    began = time.monotonic()
    try:
        async with asyncio.timeout(limit - MARGIN):
            wrong = await _round_trip(database, limit * PATIENCE)
            taken = time.monotonic() - began
    except TimeoutError:
        return _health(database, Condition.DOWN, None, "the server does not answer")
    except InfraError as error:
        return _health(database, Condition.DOWN, None, str(error))
    if not wrong and database.breaker.state is not State.CLOSED:
        wrong = "the server answers; callers are still held back"
    if not wrong and also:
        wrong = await _further(also, limit - MARGIN - taken)
    return _health(database, Condition.DEGRADED if wrong else Condition.READY, taken, wrong)


async def _round_trip(database: Database, patience: float) -> str:
    """Ask the server something; what is wrong with the pool, or nothing."""
    # Not through the breaker: it is asked how the server is, not how it was.
    try:
        async with asyncio.timeout(patience):
            connection = await database.acquire()
    except (TimeoutError, PoolExhausted):
        with translated():
            await _alone(database)
        return "every connection is in use"
    try:
        with translated():
            await connection.execute(text("SELECT 1"))
    finally:
        await connection.close()
    return ""


async def _alone(database: Database) -> None:
    url = libpq_url(database.engine.url)
    options: dict[str, Any] = connect_options(database.settings)
    connection = await GuardedConnection.connect(url, **options)
    try:
        await connection.execute(b"SELECT 1")
    finally:
        await connection.close()


async def _further(also: Callable[[], Awaitable[str]], limit: float) -> str:
    try:
        async with asyncio.timeout(limit):
            return await also()
    except TimeoutError:
        return "the server answers; what else was asked was not told in time"
    except InfraError as error:
        return str(error)


def _health(database: Database, condition: Condition, round_trip: float | None, message: str) -> Health:
    size, used, waiting = database.fast.figures()
    return Health(
        condition,
        round_trip,
        database.size + size,
        database.checked_out + used,
        database.waiting + waiting,
        message,
    )
