"""The fast lane: small statements that are run very often, straight through psycopg, from a small pool of their own.

Sessions, inboxes, outboxes and rate limits ask one row at a time; there SQLAlchemy takes longer than the server.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from psycopg.rows import namedtuple_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from infra_adapters.errors import ConnectFailed, PoolExhausted
from infra_adapters.postgres.circuit import tell
from infra_adapters.postgres.engine import connect_options, database_url, libpq_url
from infra_adapters.postgres.guarded import GuardedConnection
from infra_adapters.postgres.translate import of_driver, of_library

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import psycopg

    from infra_adapters.errors import InfraError
    from infra_adapters.kernel.breaker import Breaker, Permit
    from infra_adapters.postgres.observing import Watcher
    from infra_adapters.settings import DatabaseSettings

    Parameters = Sequence[object] | dict[str, object]


class FastLane:
    """Statements in psycopg's form (`%s`, `%(name)s`), each of them its own transaction."""

    def __init__(
        self, pool: AsyncConnectionPool[GuardedConnection], breaker: Breaker, failures: deque[psycopg.Error]
    ) -> None:
        self.pool = pool
        self.held = 0
        self._breaker = breaker
        self._failures = failures

    async def fetch_one(self, statement: str, parameters: Parameters = ()) -> Any | None:
        """The first row, as a named tuple, or None."""
        async with self.connection() as connection:
            return await (await connection.execute(statement.encode(), parameters)).fetchone()

    async def fetch_all(self, statement: str, parameters: Parameters = ()) -> list[Any]:
        """Every row, as named tuples."""
        async with self.connection() as connection:
            return await (await connection.execute(statement.encode(), parameters)).fetchall()

    async def execute(self, statement: str, parameters: Parameters = ()) -> int:
        """Run a statement; the number of rows that it was about."""
        async with self.connection() as connection:
            return (await connection.execute(statement.encode(), parameters)).rowcount

    def connection(self) -> _Held:
        """A connection of this lane, as `async with`, on which each statement is its own transaction. Errors are ours.

        Raises CircuitOpen, PoolExhausted, and ConnectFailed where the server could not be reached meanwhile.
        """
        return _Held(self, self._breaker.admit())

    def figures(self) -> tuple[int, int, int]:
        """The most connections of this lane, how many are in use, and how many callers wait for one."""
        return self.pool.max_size, self.held, self.pool.get_stats().get("requests_waiting", 0)

    def why_none(self) -> InfraError:
        """Why a caller has waited in vain: all are in use, or the pool could not make one that it had room for."""
        if self.held >= self.pool.max_size:
            return PoolExhausted("every connection of the fast lane stayed in use")
        return of_driver(self._failures[-1], lost=True) if self._failures else ConnectFailed("no connection was made")


class _Held:
    """A connection for as long as a block: a plain class, as generators would take a tenth of the time of a call."""

    __slots__ = ("_connection", "_lane", "_permit")

    def __init__(self, lane: FastLane, permit: Permit) -> None:
        self._lane = lane
        self._permit = permit

    async def __aenter__(self) -> GuardedConnection:
        try:
            self._connection = await self._lane.pool.getconn()
        except PoolTimeout:
            error = self._lane.why_none()
            tell(self._permit, error)
            raise error from None
        except BaseException as error:
            tell(self._permit, error)
            raise
        self._lane.held += 1
        return self._connection

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        ours = None if error is None else of_library(error)
        tell(self._permit, ours or error)
        self._lane.held -= 1
        self._connection.idle_since = time.monotonic()
        await self._lane.pool.putconn(self._connection)
        if ours is not None:
            raise ours from None


@asynccontextmanager
async def open_fast_lane(
    settings: DatabaseSettings, breaker: Breaker, watchers: Sequence[Watcher] = ()
) -> AsyncIterator[FastLane]:
    """A lane whose connections are all closed at the end; it connects when it is first used."""
    url = database_url(settings.url.get_secret_value())
    if settings.pooler == "none":
        url = url.difference_update_query(["options"])
    trusted = settings.trusted_idle

    async def check(connection: GuardedConnection) -> None:
        if connection.was_spoken_to or time.monotonic() - connection.idle_since > trusted:
            await connection.execute(b"")

    failures: deque[psycopg.Error] = deque(maxlen=1)
    pool: AsyncConnectionPool[GuardedConnection] = AsyncConnectionPool(
        libpq_url(url),
        connection_class=GuardedConnection,
        kwargs={
            **connect_options(settings),
            "watchers": watchers,
            "failed": failures.append,
            "autocommit": True,
            "row_factory": namedtuple_row,
        },
        min_size=0,
        max_size=settings.fast_pool_size,
        timeout=settings.acquire_timeout,
        max_lifetime=settings.max_lifetime,
        max_idle=settings.max_lifetime,
        num_workers=1,
        # One that was in use a moment ago is trusted, unless the server has spoken.
        check=check,
        open=False,
        name=f"{settings.application_name}-fast",
    )
    await pool.open()
    try:
        yield FastLane(pool, breaker, failures)
    finally:
        await pool.close()
