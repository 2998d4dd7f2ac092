"""The unit of work: one connection, one transaction; rollback is what happens unless commit was called."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Self, TypeVar

from psycopg.pq import TransactionStatus

from infra_adapters.errors import CommitOutcomeUnknown, DatabaseUnavailable, InfraError, TransactionFailed
from infra_adapters.kernel.retry import again, pause
from infra_adapters.postgres.orders import PostgresOrders
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from types import TracebackType

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from infra_adapters.ports import UnitOfWork

Result = TypeVar("Result")


class PostgresUnitOfWork:
    """The `UnitOfWork` port. `isolation` is one of PostgreSQL's levels; used once, as `async with`."""

    orders: PostgresOrders

    def __init__(self, engine: AsyncEngine, *, isolation: str = "READ COMMITTED") -> None:
        self._engine = engine
        self._isolation = isolation
        self._connection: AsyncConnection

    async def __aenter__(self) -> Self:
        """Take a connection and begin. Raises PoolExhausted, DatabaseUnavailable."""
        with translated():
            connection = await self._engine.connect()
            self._connection = await connection.execution_options(isolation_level=self._isolation)
            await self._connection.begin()
        self.orders = PostgresOrders(self._connection)
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
        except DatabaseUnavailable as error:
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
        """A part that is rolled back alone where it raises."""
        with translated():
            async with self._connection.begin_nested():
                yield


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
