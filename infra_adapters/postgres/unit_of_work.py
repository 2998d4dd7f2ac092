"""The unit of work: one connection, one transaction; rollback is what happens unless commit was called."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Self

from psycopg.pq import TransactionStatus

from infra_adapters.deadline import doubt, within
from infra_adapters.errors import (
    InfraError,
    TransactionFailed,
    UnitClosed,
)
from infra_adapters.postgres.circuit import tell
from infra_adapters.postgres.committing import commit
from infra_adapters.postgres.event_store import PostgresEventStore
from infra_adapters.postgres.guarded import GuardedConnection, driver_of
from infra_adapters.postgres.repository import PostgresRepository, Surroundings
from infra_adapters.postgres.translate import of_library, translated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from types import TracebackType

    from sqlalchemy import CursorResult, Executable
    from sqlalchemy.ext.asyncio import AsyncConnection

    from infra_adapters.kernel.breaker import Permit
    from infra_adapters.ports.aggregates import A, Kind
    from infra_adapters.postgres.database import Database
    from infra_adapters.postgres.model import Model
    from infra_adapters.postgres.options import UnitOptions


class PostgresUnitOfWork:
    """The `UnitOfWork` port, as `async with`."""

    def __init__(self, database: Database, model: Model, options: UnitOptions) -> None:
        self._database = database
        self._model = model
        self._options = options
        self._begun: AsyncConnection | None = None
        self._store: PostgresEventStore | None = None
        self._permit: Permit | None = None
        self._around = AsyncExitStack()
        self._committed: tuple[object, ...] = ()
        self._touched = False
        self._over = False
        self._left = False
        self._spoiled = False
        self._parts = 0

    @property
    def connection(self) -> AsyncConnection:
        """SQLAlchemy's connection, whose errors become ours at the end of the unit. Raises UnitClosed outside of it."""
        self._touched = True
        return self._open

    @property
    def events(self) -> PostgresEventStore:
        """The streams of events, as this transaction sees them. Raises UnitClosed outside of the unit."""
        if self._store is None or self._open.closed:
            raise UnitClosed("the unit of work has not begun, or is over")
        return self._store

    @property
    def committed(self) -> tuple[object, ...]:
        """The events that were kept; none before `commit` has succeeded."""
        return self._committed

    async def execute(self, statement: Executable, parameters: Mapping[str, object] | None = None) -> CursorResult[Any]:
        """Run a statement of a product's own; errors are ours."""
        with translated():
            return await self.connection.execute(statement, parameters)

    def repository(self, kind: Kind[A]) -> PostgresRepository[A]:
        """The aggregates of a kind. Raises UnitClosed, TenantRequired, ConfigError for a kind that is not kept."""
        around = Surroundings(
            lambda: self._raw, self._spoil, self.events, self._options.tenant, self._model.cursor_keys
        )
        return PostgresRepository(self._model.stored(kind), around)

    async def __aenter__(self) -> Self:
        """Take a connection and begin. Raises CircuitOpen, PoolExhausted, ConnectFailed, DeadlineExceeded."""
        if self._begun is not None:
            raise UnitClosed("a unit of work begins once")
        self._permit = self._database.breaker.admit()
        try:
            if self._options.timeout is not None:
                await self._around.enter_async_context(within(self._options.timeout))
            await self._begin()
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the connection back; what was not committed is rolled back by that."""
        try:
            await self._around.__aexit__(kind, error, trace)
            if error is not None and (ours := of_library(error)) is not None:
                raise ours from None
        except BaseException as other:
            error = other
            raise
        finally:
            if self._permit:
                tell(self._permit, error)

    async def commit(self) -> None:
        """Commit. Raises CommitOutcomeUnknown where the connection or the caller was lost before the answer."""
        connection, store = self._open, self.events
        if self._parts:
            raise TransactionFailed("a savepoint is open; a part ends before the whole is committed")
        if self._failed:
            raise TransactionFailed("a statement of this unit failed; roll it back and begin again")
        # Whatever comes of it, this transaction is at its end: nothing may be asked outside of one.
        self._over = True
        unknown = await commit(connection)
        self._committed = tuple(store.appended)
        try:
            # What is saved after this would be lost without a word.
            await self._leave()
        except asyncio.CancelledError:
            # It is done; a deadline that passes here must not say that nothing was kept.
            doubt(unknown)
            raise

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that is rolled back alone where it raises; its error comes through as it is."""
        kept, spoiled = len(self.events.appended), self._spoiled
        part = self._open.begin_nested()
        with translated():
            await part.start()
        self._parts += 1
        try:
            yield
            if self._failed and not spoiled:
                raise TransactionFailed("a statement of this part failed; it was rolled back")
        except BaseException:
            # A part that cannot be rolled back went with its connection; the caller's own error is the one to see.
            with suppress(InfraError), translated():
                await part.rollback()
            del self.events.appended[kept:]
            self._spoiled = spoiled
            raise
        finally:
            self._parts -= 1
        with translated():
            await part.commit()

    async def _begin(self) -> None:
        connection = self._begun = await self._database.acquire()
        self._around.push_async_callback(self._leave)
        self._store = PostgresEventStore(connection, self._model.events, self._options.tenant)
        with translated():
            if self._options.isolation:
                await connection.execution_options(isolation_level=self._options.isolation)
            await connection.begin()
            # For one transaction only, so that the pool gives nothing on.
            if local := self._options.local(self._database.settings):
                await self._raw.begin(local)

    async def _leave(self) -> None:
        # Once: a second one, of a caller who left during the first, would close what the first is using.
        if self._begun and not self._begun.closed and not self._left:
            self._left = True
            await self._database.give_back(self._begun, touched=self._touched)

    @property
    def _open(self) -> AsyncConnection:
        if self._begun is None or self._begun.closed or self._over:
            raise UnitClosed("the unit of work has not begun, or is over")
        return self._begun

    @property
    def _failed(self) -> bool:
        return self._spoiled or self._raw.pgconn.transaction_status == TransactionStatus.INERROR

    def _spoil(self) -> None:
        self._spoiled = True

    @property
    def _raw(self) -> GuardedConnection:
        """The driver's connection, on which the transaction is. Raises UnitClosed where it was lost."""
        with translated():
            return driver_of(self._open)
