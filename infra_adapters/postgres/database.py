"""The database of a running service: its pool, its fast lane, its circuit breaker, and what is known of them."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from infra_adapters.kernel.breaker import Breaker
from infra_adapters.postgres.circuit import tell
from infra_adapters.postgres.engine import open_engine
from infra_adapters.postgres.fast import FastLane, open_fast_lane
from infra_adapters.postgres.leaving import leave
from infra_adapters.postgres.queries.slow import SlowStatements
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from infra_adapters.postgres.observing import Watcher
    from infra_adapters.settings import DatabaseSettings


@dataclass(slots=True)
class Database:
    """One database: SQLAlchemy's `engine`, the `fast` lane for small statements, and how many wait for a connection.

    `watchers` are told of every statement, by whichever way it was sent.
    """

    settings: DatabaseSettings
    engine: AsyncEngine
    fast: FastLane
    breaker: Breaker
    watchers: list[Watcher] = field(default_factory=list)
    waiting: int = field(default=0)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: DatabaseSettings) -> AsyncIterator[Self]:
        """A database whose connections are all closed at the end. Raises ConfigError; connects when it is used."""
        breaker = Breaker(time.monotonic, settings.breaker_failures, settings.breaker_seconds)
        watchers: list[Watcher] = [SlowStatements(settings.slow_after)] if settings.slow_after else []
        async with open_engine(settings, watchers) as engine, open_fast_lane(settings, breaker, watchers) as fast:
            yield cls(settings, engine, fast, breaker, watchers)

    async def acquire(self) -> AsyncConnection:
        """A connection from the pool, to be closed by the caller. Raises PoolExhausted, ConnectFailed."""
        self.waiting += 1
        try:
            with translated():
                return await self.engine.connect()
        finally:
            self.waiting -= 1

    async def give_back(self, connection: AsyncConnection, *, touched: bool) -> None:
        """Roll back and return a connection to the pool as it came from there; what cannot be is thrown away.

        `touched`: statements of a product's own were run, which may have changed the session.
        """
        # Behind a pooler the session is not ours: the next statement may reach another.
        await leave(connection, touched=touched, forget=touched and self.settings.pooler == "none")

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A connection for as long as a block; what is not committed in it is rolled back. Errors are ours."""
        permit = self.breaker.admit()
        try:
            connection = await self.acquire()
            try:
                with translated():
                    yield connection
            finally:
                await self.give_back(connection, touched=True)
        except BaseException as error:
            tell(permit, error)
            raise
        tell(permit, None)

    @property
    def size(self) -> int:
        """The most connections of the pool."""
        return self.settings.pool_size + self.settings.pool_overflow

    @property
    def checked_out(self) -> int:
        """The connections of the pool that are in use."""
        return int(self.engine.pool.checkedout())  # type: ignore[attr-defined]
