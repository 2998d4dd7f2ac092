"""Orders in memory: the same promises as PostgreSQL's, without a server."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from infra_adapters.errors import ConcurrencyConflict

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

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

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
        self.orders = MemoryOrders(store.copy())

    async def __aenter__(self) -> Self:
        """Begin with what is committed now."""
        self.orders.store = self._committed.copy()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget what was not committed."""
        self.orders.store = self._committed.copy()

    async def commit(self) -> None:
        """Make everything lasting. Raises ConcurrencyConflict where another unit was faster."""
        mine, theirs = self.orders.store, self._committed
        for order_id, order in mine.orders.items():
            known = theirs.orders.get(order_id)
            if known is not None and known.version > order.version:
                raise ConcurrencyConflict(order.version, known.version)
        theirs.orders, theirs.events = theirs.orders | mine.orders, theirs.events | mine.events

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """A part that is forgotten alone where it raises."""
        before = self.orders.store.copy()
        try:
            yield
        except BaseException:
            self.orders.store = before
            raise
