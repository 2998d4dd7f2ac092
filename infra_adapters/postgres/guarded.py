"""A psycopg connection that gives up in time, and takes no value that would be stored as another one.

On a dead network a cancelled caller is not kept waiting.

psycopg 3.3 waits five seconds to send its cancel request and five for the answer (`AsyncConnection.wait`). Here both
share less than a tenth of a second; a connection that has not come to rest by then is closed, and so discarded by its
pool.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import time
from typing import TYPE_CHECKING, Any, Self, TypeVar

import psycopg
from psycopg import generators, waiting
from psycopg.pq import ConnStatus, Escaping, ExecStatus, TransactionStatus

from infra_adapters.errors import ConfigError
from infra_adapters.postgres.observing import ObservedCursor, ObservedServerCursor, Turns
from infra_adapters.postgres.strict import refuse_doubtful_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from psycopg.abc import PQGen
    from sqlalchemy.ext.asyncio import AsyncConnection

    from infra_adapters.postgres.observing import Watcher

Value = TypeVar("Value")
CANCEL_SECONDS = 0.08
FORGET = (
    b"CLOSE ALL; RESET SESSION AUTHORIZATION; RESET ALL; RESET ROLE; UNLISTEN *; "
    b"SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES"
)
"""DISCARD ALL but for the prepared statements, which psycopg counts on, and but for the role of the login's options."""


class GuardedConnection(psycopg.AsyncConnection[Any]):
    """`psycopg.AsyncConnection` whose cancellation is bounded. `idle_since` is on the monotonic clock."""

    idle_since: float = 0.0
    _waiters: int = 0
    _given_up: bool = False
    watchers: Sequence[Watcher] = ()

    @classmethod
    async def connect(  # type: ignore[override]
        cls,
        *args: Any,
        watchers: Sequence[Watcher] = (),
        failed: Callable[[psycopg.Error], None] | None = None,
        **options: Any,
    ) -> Self:
        """Connect as psycopg does; datetimes without a zone and numbers that are none raise psycopg.DataError.

        `watchers` are told of every statement; the list may change while the connection is open. `failed` is told why
        there is no connection, as a pool keeps that to itself.
        """
        try:
            connection = await super().connect(*args, cursor_factory=ObservedCursor, **options)
        except psycopg.Error as error:
            if failed:
                failed(error)
            raise
        connection.server_cursor_factory = ObservedServerCursor
        connection.lock = Turns()
        connection.watchers = watchers
        refuse_doubtful_values(connection)
        # A pool may keep a connection for long before anybody uses it for the first time.
        connection.idle_since = time.monotonic()
        return connection

    @property
    def at_rest(self) -> bool:
        """Whether no statement is under way, and the server is still there as far as one can know."""
        return (
            not self.closed
            and self.pgconn.status == ConnStatus.OK
            and self.pgconn.transaction_status != TransactionStatus.ACTIVE
        )

    @property
    def was_spoken_to(self) -> bool:
        """Whether the server has said what nobody has read: where a connection is idle, that is its farewell."""
        poll = select.poll()
        poll.register(self.pgconn.socket, select.POLLIN)
        return bool(poll.poll(0))

    async def begin(self, settings: Mapping[str, str]) -> None:
        """Begin a transaction with server settings for it alone, in one round trip; SET LOCAL would be a second one."""
        escape = Escaping(self.pgconn).escape_literal
        calls = b", ".join(
            b"set_config(%s, %s, true)" % (bytes(escape(name.encode())), bytes(escape(value.encode())))
            for name, value in settings.items()
        )
        async with self.lock:
            await self.wait(self._sent(self._get_tx_start_command() + (b"; SELECT " + calls if calls else b"")))

    def _sent(self, commands: bytes) -> PQGen[None]:
        self.pgconn.send_query(commands)
        for result in (yield from generators.execute(self.pgconn)):
            if result.status == ExecStatus.FATAL_ERROR:
                raise psycopg.errors.error_from_result(result, encoding=self.info.encoding)

    async def leave(self, seconds: float, *, touched: bool, forget: bool) -> None:
        """Roll back what is open, or close the connection where the server does not answer in time.

        `touched`: statements of a product's own were run; where none was, those that are prepared stay good. `forget`:
        settings, temporary tables, locks and the like of the session go as well.
        """
        if not self.at_rest:
            return
        try:
            async with asyncio.timeout(seconds):
                if self.pgconn.transaction_status != TransactionStatus.IDLE:
                    await self._roll_back(touched or self.pgconn.transaction_status != TransactionStatus.INTRANS)
                if forget:
                    await self._forget()
        except (TimeoutError, psycopg.Error):
            self.give_up()

    async def _forget(self) -> None:
        async with self.lock:
            await self.wait(self._sent(FORGET))

    async def _roll_back(self, plans_are_lost: bool) -> None:
        if plans_are_lost:
            await self.rollback()
        else:
            # psycopg's own would forget every prepared statement, and the server would plan each of them again.
            async with self.lock:
                await self.wait(self._exec_command(b"ROLLBACK"))

    async def wait(self, gen: PQGen[Value], interval: float = 0.1, timeout: float | None = None) -> Value:  # noqa: ASYNC109
        """Drive a generator of psycopg's; when cancelled, stop the statement on the server or close the connection."""
        self._waiters += 1
        try:
            return await waiting.wait_async(gen, self.pgconn.socket, interval=interval, timeout=timeout)
        except (asyncio.CancelledError, KeyboardInterrupt):
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE and not self._given_up:
                await self._settle(gen)
            raise
        finally:
            self._waiters -= 1
            if self._given_up and not self._waiters:
                self.pgconn.finish()

    @property
    def closed(self) -> bool:
        """Whether nothing more can be asked of it."""
        return self._given_up or super().closed

    async def close(self) -> None:
        """Close the connection; where somebody still waits for the server on it, that ends with ConnectionLost."""
        if self._waiters:
            self.give_up()
        else:
            await super().close()

    def give_up(self) -> None:
        """Close without a word to the server.

        psycopg frees libpq's memory at once, and a task that waits in libpq would go on in what is freed; so its socket
        is shut, which ends that task, and the last one that leaves frees it.
        """
        if not self._waiters:
            self.pgconn.finish()
        elif not self._given_up:
            self._given_up = True
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self.pgconn.socket)) as shared:
                shared.shutdown(socket.SHUT_RDWR)

    async def _settle(self, gen: PQGen[Any]) -> None:
        # What the server answers, "cancelled" or its result, is of no interest to a caller who has left.
        with contextlib.suppress(psycopg.Error, TimeoutError, OSError):
            async with asyncio.timeout(CANCEL_SECONDS):
                await self.cancel_safe(timeout=CANCEL_SECONDS)
                await waiting.wait_async(gen, self.pgconn.socket, timeout=CANCEL_SECONDS)
        if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
            # Closed without a word to the server: saying goodbye could wait for ever.
            self.give_up()


def driver_of(connection: AsyncConnection) -> GuardedConnection:
    """What is below a connection of SQLAlchemy's. Raises ConfigError for one that this package has not made."""
    held: Any = connection.sync_connection
    raw = held.connection.driver_connection
    if not isinstance(raw, GuardedConnection):
        raise ConfigError("the engine's connections are not made by this package")
    return raw
