"""The composition root: every adapter, built from settings, open for the length of one `async with`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeVar

from infra_adapters.postgres import PostgresUnitOfWork, check_health, open_engine, run_in_unit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

    from infra_adapters.ports import Health, UnitOfWork
    from infra_adapters.settings import DatabaseSettings

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """The adapters of a running service."""

    engine: AsyncEngine

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: DatabaseSettings) -> AsyncIterator[Self]:
        """Everything, ready to use; closed again at the end. Raises ConfigError."""
        async with open_engine(settings) as engine:
            yield cls(engine)

    def unit(self, *, isolation: str = "READ COMMITTED") -> PostgresUnitOfWork:
        """A new unit of work."""
        return PostgresUnitOfWork(self.engine, isolation=isolation)

    async def run(
        self, work: Callable[[UnitOfWork], Awaitable[Result]], *, isolation: str = "SERIALIZABLE", attempts: int = 3
    ) -> Result:
        """Run work in a unit of its own and commit it, again after a conflict."""
        return await run_in_unit(lambda: self.unit(isolation=isolation), work, attempts=attempts)

    async def health(self) -> Health:
        """The health of the database."""
        return await check_health(self.engine)
