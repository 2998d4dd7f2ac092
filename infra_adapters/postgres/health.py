"""The health of the database, told within a second whatever the server does."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from sqlalchemy import text

from infra_adapters.errors import InfraError, PoolExhausted
from infra_adapters.ports import Condition, Health
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

LIMIT = 1.0


async def check_health(engine: AsyncEngine, *, limit: float = LIMIT) -> Health:
    """Ready where a round trip works; degraded where the pool is used up; down where nothing answers in time."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(limit):
            await _round_trip(engine)
        return _health(engine, Condition.READY, time.monotonic() - began)
    except PoolExhausted:
        return _health(engine, Condition.DEGRADED, None)
    except TimeoutError:
        busy = _in_use(engine) >= _size(engine)
        return _health(engine, Condition.DEGRADED if busy else Condition.DOWN, None)
    except InfraError:
        return _health(engine, Condition.DOWN, None)


async def _round_trip(engine: AsyncEngine) -> None:
    with translated():
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))


def _size(engine: AsyncEngine) -> int:
    pool = engine.pool
    return int(pool.size() + pool._max_overflow)  # type: ignore[attr-defined]  # noqa: SLF001


def _in_use(engine: AsyncEngine) -> int:
    return int(engine.pool.checkedout())  # type: ignore[attr-defined]


def _health(engine: AsyncEngine, condition: Condition, round_trip: float | None) -> Health:
    return Health(condition, round_trip, _size(engine), _in_use(engine))
