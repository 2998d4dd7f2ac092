"""The health of the database, told within a second whatever the server does."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from sqlalchemy import text

from infra_adapters.errors import InfraError, PoolExhausted
from infra_adapters.kernel.breaker import State
from infra_adapters.ports import Condition, Health

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from infra_adapters.postgres.database import Database

LIMIT = 1.0
MARGIN = 0.15
"""What is kept of the limit for leaving a connection that does not answer."""


async def check_health(
    database: Database, *, limit: float = LIMIT, also: Callable[[], Awaitable[str]] | None = None
) -> Health:
    """Ready where a round trip works; degraded where something is wrong beside it; down where nothing answers in time.

    `limit` is in seconds. `also` looks further and says what is wrong, or nothing.
    """
    began = time.monotonic()
    try:
        async with asyncio.timeout(limit - MARGIN):
            await _round_trip(database)
            taken = time.monotonic() - began
            wrong = await also() if also else ""
    except (TimeoutError, PoolExhausted):
        busy = database.checked_out >= database.size
        said = "every connection is in use" if busy else "the server does not answer"
        return _health(database, Condition.DEGRADED if busy else Condition.DOWN, None, said)
    except InfraError as error:
        return _health(database, Condition.DOWN, None, str(error))
    if database.breaker.state is not State.CLOSED:
        wrong = wrong or "the server answers; callers are still held back"
    return _health(database, Condition.DEGRADED if wrong else Condition.READY, taken, wrong)


async def _round_trip(database: Database) -> None:
    # Not through the breaker: it is asked how the server is, not how it was.
    connection = await database.acquire()
    try:
        await connection.execute(text("SELECT 1"))
    finally:
        await connection.close()


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
