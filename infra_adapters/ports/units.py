"""The unit of work: what happens together or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from infra_adapters.ports.aggregates import A, Kind
    from infra_adapters.ports.events import EventStore
    from infra_adapters.ports.repositories import Repository


class UnitOfWork(Protocol):
    """One transaction. Leaving it without `commit` rolls back, also after an error or a cancellation."""

    @property
    def events(self) -> EventStore:
        """The streams of events, as this transaction sees them. Raises UnitClosed outside of it."""

    @property
    def committed(self) -> tuple[object, ...]:
        """The events that were kept, in order; none before `commit` has succeeded."""

    def repository(self, kind: Kind[A]) -> Repository[A]:
        """The aggregates of a kind, as this transaction sees them.

        Raises UnitClosed outside of it, and TenantRequired where the kind has tenants and the unit none.
        """

    async def __aenter__(self) -> Self:
        """Begin."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Roll back what was not committed."""

    async def commit(self) -> None:
        """Make everything lasting. Raises CommitOutcomeUnknown where the answer was lost."""

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """A part that can fail alone: its error rolls back the part only, and leaves the unit usable."""
