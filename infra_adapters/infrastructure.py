"""The composition root: every adapter, built from settings, open for the length of one `async with`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self, TypeVar

from infra_adapters.postgres.database import Database
from infra_adapters.postgres.health import check_health
from infra_adapters.postgres.model import Model
from infra_adapters.postgres.options import UnitOptions
from infra_adapters.postgres.outcomes import resolve_commit
from infra_adapters.postgres.reruns import run_in_unit
from infra_adapters.postgres.unit_of_work import PostgresUnitOfWork

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from uuid import UUID

    from infra_adapters.errors import CommitOutcomeUnknown, Outcome
    from infra_adapters.ports import Health, UnitOfWork
    from infra_adapters.settings import DatabaseSettings

Result = TypeVar("Result")
RUN = UnitOptions(isolation="SERIALIZABLE")


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """The adapters of a running service."""

    database: Database
    model: Model

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: DatabaseSettings, model: Model | None = None) -> AsyncIterator[Self]:
        """Everything, ready to use; closed again at the end. Raises ConfigError."""
        model = model or Model()
        if keys := tuple(key.get_secret_value().encode() for key in settings.cursor_keys):
            model = replace(model, cursor_keys=keys)
        async with Database.open(settings) as database:
            yield cls(database, model)

    def unit(
        self, *, tenant: UUID | None = None, timeout: float | None = None, isolation: str = ""
    ) -> PostgresUnitOfWork:
        """A new unit of work: of a tenant, with a deadline in seconds, at an isolation level. Raises ConfigError."""
        return PostgresUnitOfWork(self.database, self.model, UnitOptions(tenant, timeout, isolation))

    async def run(
        self,
        work: Callable[[UnitOfWork], Awaitable[Result]],
        *,
        options: UnitOptions = RUN,
        attempts: int = 3,
    ) -> Result:
        """Run work in a unit and commit it, again after a conflict or a COMMIT that was lost and not done."""
        return await run_in_unit(
            lambda: PostgresUnitOfWork(self.database, self.model, options),
            work,
            attempts=attempts,
            resolve=self.resolve,
        )

    async def resolve(self, error: CommitOutcomeUnknown) -> Outcome:
        """Whether a transaction was committed after all. Raises Unavailable where the server cannot be asked."""
        return await resolve_commit(self.database.fast, error)

    async def health(self) -> Health:
        """The health of the database; degraded where its schema is older than the program needs."""
        return await check_health(self.database, also=self._older)

    async def _older(self) -> str:
        for table, needed in self.model.revisions.items():
            # The name of a table cannot be a parameter; this one is the program's own.
            found = await self.database.fast.fetch_all("SELECT to_regclass(%s) IS NOT NULL AS there", (table,))
            there = await self.database.fast.fetch_one(f'SELECT version_num FROM "{table}"') if found[0].there else None  # noqa: S608
            if there is None or there.version_num != needed:
                return f"the schema is at {there.version_num if there else 'no revision'}, the program needs {needed}"
        return ""
