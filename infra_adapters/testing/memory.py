"""A unit of work in memory: the same promises as PostgreSQL's, without a server."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from infra_adapters.errors import ConcurrencyConflict, InvalidRequest, TransactionFailed, UnitClosed
from infra_adapters.ports import EventTypes, Recorded, UnknownEvent
from infra_adapters.testing.memory_repository import MemoryRepository
from infra_adapters.testing.storable import require_storable, require_texts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from types import TracebackType
    from uuid import UUID

    from infra_adapters.ports.aggregates import A, Kind

KEY = b"a key for cursors of one process"


@dataclass(slots=True)
class MemoryStore:
    """What is committed: aggregates by kind and id, and streams of events by tenant and name."""

    types: EventTypes = field(default_factory=EventTypes)
    aggregates: dict[tuple[str, UUID], Any] = field(default_factory=dict)
    streams: dict[tuple[UUID | None, str], tuple[Recorded, ...]] = field(default_factory=dict)

    def copy(self) -> MemoryStore:
        """A store of its own with the same content."""
        return MemoryStore(self.types, dict(self.aggregates), dict(self.streams))

    def changed(self, before: MemoryStore) -> tuple[dict[Any, Any], dict[Any, Any]]:
        """What differs from an earlier content: aggregates (None where one is gone) and streams."""
        keys = self.aggregates.keys() | before.aggregates.keys()
        aggregates = {
            key: self.aggregates.get(key) for key in keys if self.aggregates.get(key) is not before.aggregates.get(key)
        }
        streams = {key: found for key, found in self.streams.items() if found is not before.streams.get(key)}
        return aggregates, streams


class MemoryEvents:
    """The `EventStore` port on a store."""

    def __init__(self, store: MemoryStore, tenant: UUID | None) -> None:
        self._store = store
        self._tenant = tenant
        self.appended: list[object] = []

    async def append(self, stream: str, events: Sequence[object], *, expected: int | None = None) -> int:
        """Add events to a stream. Raises ConcurrencyConflict."""
        require_storable("events", stream)
        known = self._store.streams.get((self._tenant, stream), ())
        if expected is not None and expected != len(known):
            raise ConcurrencyConflict(expected, len(known))
        for event in events:
            name = event.kind if isinstance(event, UnknownEvent) else self._store.types.name_of(event)
            if not name or not stream:
                raise InvalidRequest("a stream and a kind of event have a name")
            require_texts((name, event))
        added = tuple(Recorded(len(known) + at, event, datetime.now(UTC)) for at, event in enumerate(events, 1))
        if added:
            self._store.streams[self._tenant, stream] = (*known, *added)
        self.appended += events
        return len(known) + len(added)

    async def read(self, stream: str, *, after: int = 0, limit: int = 1000) -> tuple[Recorded, ...]:
        """The events of a stream after a version, oldest first. Raises InvalidRequest for a negative limit."""
        if limit < 0:
            raise InvalidRequest("a limit is not negative")
        require_storable("events", stream)
        return tuple(one for one in self._store.streams.get((self._tenant, stream), ()) if one.version > after)[:limit]


class MemoryUnitOfWork:
    """The `UnitOfWork` port: works on a copy, whose changes commit puts into the store."""

    def __init__(self, store: MemoryStore, *, tenant: UUID | None = None) -> None:
        self._committed_store = store
        self._tenant = tenant
        self._began = store
        self._working: MemoryStore | None = None
        self._events = MemoryEvents(store, tenant)
        self._committed: tuple[object, ...] = ()
        self._parts = 0

    @property
    def events(self) -> MemoryEvents:
        """The streams of events. Raises UnitClosed outside of the unit."""
        self._store()
        return self._events

    @property
    def committed(self) -> tuple[object, ...]:
        """The events that were kept; none before `commit` has succeeded."""
        return self._committed

    def repository(self, kind: Kind[A]) -> MemoryRepository[A]:
        """The aggregates of a kind. Raises UnitClosed, TenantRequired."""
        self._store()
        return MemoryRepository(kind, lambda: self._store().aggregates, self._events, self._tenant, KEY)

    async def __aenter__(self) -> Self:
        """Begin with what is committed now."""
        self._began = self._committed_store.copy()
        self._working = self._began.copy()
        self._events = MemoryEvents(self._working, self._tenant)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget what was not committed."""
        self._working = None

    async def commit(self) -> None:
        """Make everything lasting. Raises ConcurrencyConflict where another unit was faster."""
        aggregates, streams = self._store().changed(self._began)
        if self._parts:
            raise TransactionFailed("a savepoint is open; a part ends before the whole is committed")
        theirs = self._committed_store
        for key in aggregates:
            before, known = self._began.aggregates.get(key), theirs.aggregates.get(key)
            if known is not before:
                raise ConcurrencyConflict(before.version if before else 0, known.version if known else None)
        for name in streams:
            if theirs.streams.get(name, ()) is not self._began.streams.get(name, ()):
                raise ConcurrencyConflict(len(self._began.streams.get(name, ())), len(theirs.streams.get(name, ())))
        for key, aggregate in aggregates.items():
            if aggregate is None:
                theirs.aggregates.pop(key, None)
            else:
                theirs.aggregates[key] = aggregate
        theirs.streams |= streams
        self._committed = tuple(self._events.appended)
        self._working = None

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that is forgotten alone where it raises."""
        working = self._store()
        before, kept = working.copy(), len(self._events.appended)
        self._parts += 1
        try:
            yield
        except BaseException:
            # The same dictionaries, as repositories that were made before hold them.
            for mine, then in ((working.aggregates, before.aggregates), (working.streams, before.streams)):
                mine.clear()
                mine.update(then)  # type: ignore[arg-type]
            del self._events.appended[kept:]
            raise
        finally:
            self._parts -= 1

    def _store(self) -> MemoryStore:
        if self._working is None:
            raise UnitClosed("the unit of work has not begun, or is over")
        return self._working
