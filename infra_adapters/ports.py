"""Ports: what the domain asks of its infrastructure, in the domain's own values. Nothing here knows a product."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType
    from uuid import UUID

PLACES = 4
"""Decimal places that an amount may have: what every store of it keeps."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (ISO 4217, three capital letters). Amounts are Decimal, never float."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not Decimal or not self.amount.is_finite():
            raise ValueError("an amount is a finite Decimal")
        if abs(self.amount) >= 10**14 or self.amount != round(self.amount, PLACES):
            raise ValueError(f"an amount has at most 14 digits before and {PLACES} after the point")
        if len(self.currency) != 3 or not (self.currency.isascii() and self.currency.isupper()):
            raise ValueError("a currency has three capital letters")


@dataclass(frozen=True, slots=True)
class OrderLine:
    """So many of one article at a price each."""

    sku: str
    quantity: int
    price: Money

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise ValueError("a quantity is at least 1")


@dataclass(frozen=True, slots=True)
class Order:
    """The aggregate: an order with its lines. `version` is 0 until it is saved for the first time."""

    id: UUID
    customer: str
    lines: tuple[OrderLine, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an order; stored in the same transaction as the change itself."""

    kind: str
    data: tuple[tuple[str, str], ...] = ()


class Orders(Protocol):
    """Orders that are kept. A failing store raises; it never looks like an order that is not there."""

    async def get(self, order_id: UUID) -> Order | None:
        """The order, or None where there is none."""

    async def save(self, order: Order, events: tuple[Event, ...] = ()) -> Order:
        """Keep an order with its lines and events, all or none, and return it with its new version.

        Lines that are no longer there are removed. Raises ConcurrencyConflict where the order was changed since it was
        read.
        """

    async def of_customer(self, customer: str, *, limit: int = 50) -> tuple[Order, ...]:
        """The latest orders of a customer, newest first."""

    async def events(self, order_id: UUID) -> tuple[Event, ...]:
        """What happened to an order, oldest first."""


class UnitOfWork(Protocol):
    """One transaction. Leaving it without `commit` rolls back, also after an error or a cancellation."""

    @property
    def orders(self) -> Orders:
        """The orders, as this transaction sees them."""

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


class Condition(StrEnum):
    """How a dependency is."""

    READY = "ready"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Health:
    """The database's health: `round_trip` in seconds, None where there was none; `size` is the pool's limit."""

    condition: Condition
    round_trip: float | None
    size: int
    checked_out: int
