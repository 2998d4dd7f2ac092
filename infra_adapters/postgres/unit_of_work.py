"""The unit of work: one connection, one transaction; rollback is what happens unless commit was called."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Self, TypeVar

from psycopg.pq import TransactionStatus

from infra_adapters.errors import (
    CommitOutcomeUnknown,
    ConfigError,
    InfraError,
    TransactionFailed,
    Unavailable,
    UnitClosed,
)
from infra_adapters.kernel.retry import again, pause
from infra_adapters.postgres.orders import PostgresOrders
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from types import TracebackType

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from infra_adapters.ports import UnitOfWork

Result = TypeVar("Result")

LEVELS = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
"""Isolation levels of a transaction; the driver's AUTOCOMMIT is none, and would keep what was not committed."""


class PostgresUnitOfWork:
    """The `UnitOfWork` port, as `async with`. `isolation` is one of `LEVELS`, else ConfigError is raised."""

    def __init__(self, engine: AsyncEngine, *, isolation: str = "READ COMMITTED") -> None:
        if isolation not in LEVELS:
            raise ConfigError(f"the isolation of a unit of work is one of {', '.join(LEVELS)}")
        self._engine = engine
        self._isolation = isolation
        self._begun: AsyncConnection | None = None

    @property
    def orders(self) -> PostgresOrders:
        """The orders, as this transaction sees them. Raises UnitClosed before it has begun."""
        return PostgresOrders(self._connection)

    @property
    def _connection(self) -> AsyncConnection:
        if self._begun is None:
            raise UnitClosed("the unit of work has not begun")
        return self._begun

    async def __aenter__(self) -> Self:
        """Take a connection and begin. Raises PoolExhausted, Unavailable."""
        with translated():
            connection = await self._engine.connect()
            self._begun = await connection.execution_options(isolation_level=self._isolation)
            await self._begun.begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the connection back; what was not committed is rolled back by that."""
        await self._connection.close()

    async def commit(self) -> None:
        """Commit. Raises CommitOutcomeUnknown where the connection was lost before the answer."""
        if await self._failed():
            raise TransactionFailed("a statement of this unit failed; roll it back and begin again")
        try:
            with translated():
                await self._connection.commit()
        except Unavailable as error:
            raise CommitOutcomeUnknown("the connection was lost during COMMIT") from error
        # What is saved after this would be lost without a word.
        await self._connection.close()

    async def _failed(self) -> bool:
        """Whether the server has given the transaction up: it answers COMMIT with ROLLBACK then, and no error."""
        with translated():
            raw = (await self._connection.get_raw_connection()).driver_connection
        return raw is not None and raw.info.transaction_status == TransactionStatus.INERROR

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that is rolled back alone where it raises; its error comes through as it is."""
        part = self._connection.begin_nested()
        with translated():
            await part.start()
        try:
            yield
        except BaseException:
            # A part that cannot be rolled back went with its connection; the caller's own error is the one to see.
            with suppress(InfraError), translated():
                await part.rollback()
            raise
        with translated():
            await part.commit()


async def run_in_unit(
    open_unit: Callable[[], UnitOfWork], work: Callable[[UnitOfWork], Awaitable[Result]], *, attempts: int = 3
) -> Result:
    """Run `work` in a unit and commit; the whole of it is run again after a conflict, and after nothing else.

    `work` may run up to `attempts` times, so its effects must all be inside of the unit.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            async with open_unit() as unit:
                result = await work(unit)
                await unit.commit()
                return result
        except InfraError as error:
            if not again(error, attempt, attempts):
                raise
            await asyncio.sleep(pause(attempt, random.random()))  # noqa: S311
