"""Orders in memory: the same promises as PostgreSQL's, without a server."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from infra_adapters.errors import ConcurrencyConflict, UnitClosed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType
    from uuid import UUID

    from infra_adapters.ports import Event, Order


@dataclass(slots=True)
class MemoryStore:
    """What is committed: orders by id, in the order in which they came, and their events."""

    orders: dict[UUID, Order] = field(default_factory=dict)
    events: dict[UUID, tuple[Event, ...]] = field(default_factory=dict)

    def copy(self) -> MemoryStore:
        """A store of its own with the same content."""
        return MemoryStore(dict(self.orders), dict(self.events))


class MemoryOrders:
    """The `Orders` port on a store."""

    def __init__(self, store: MemoryStore | None) -> None:
        self._store = store

    @property
    def store(self) -> MemoryStore:
        """What this unit sees. Raises UnitClosed outside of it."""
        if self._store is None:
            raise UnitClosed("the unit of work is over")
        return self._store

    @store.setter
    def store(self, store: MemoryStore | None) -> None:
        """Begin with a store, or end with None."""
        self._store = store

    async def get(self, order_id: UUID) -> Order | None:
        """The order, or None."""
        return self.store.orders.get(order_id)

    async def save(self, order: Order, events: tuple[Event, ...] = ()) -> Order:
        """Keep an order with its events. Raises ConcurrencyConflict."""
        known = self.store.orders.get(order.id)
        if (known.version if known else 0) != order.version:
            raise ConcurrencyConflict(order.version, known.version if known else None)
        saved = replace(order, version=order.version + 1)
        self.store.orders[order.id] = saved
        self.store.events[order.id] = (*self.store.events.get(order.id, ()), *events)
        return saved

    async def of_customer(self, customer: str, *, limit: int = 50) -> tuple[Order, ...]:
        """The latest orders of a customer, newest first."""
        found = [order for order in self.store.orders.values() if order.customer == customer]
        return tuple(reversed(found))[:limit]

    async def events(self, order_id: UUID) -> tuple[Event, ...]:
        """What happened to an order."""
        return self.store.events.get(order_id, ())


class MemoryUnitOfWork:
    """The `UnitOfWork` port: works on a copy, which commit puts in the store's place."""

    def __init__(self, store: MemoryStore) -> None:
        self._committed = store
        self._began = store.copy()
        self.orders = MemoryOrders(None)

    async def __aenter__(self) -> Self:
        """Begin with what is committed now."""
        self._began = self._committed.copy()
        self.orders.store = self._began.copy()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget what was not committed."""
        self.orders.store = None

    async def commit(self) -> None:
        """Make everything lasting. Raises ConcurrencyConflict where another unit was faster."""
        mine, theirs = self.orders.store, self._committed
        changed = {key: order for key, order in mine.orders.items() if order != self._began.orders.get(key)}
        for key in changed:
            before, known = self._began.orders.get(key), theirs.orders.get(key)
            if known != before:
                raise ConcurrencyConflict(before.version if before else 0, known.version if known else None)
        theirs.orders |= changed
        theirs.events |= {key: mine.events[key] for key in changed}
        self.orders.store = None

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that is forgotten alone where it raises."""
        before = self.orders.store.copy()
        try:
            yield
        except BaseException:
            self.orders.store = before
            raise
