"""A sample domain for the contracts: orders of tenants, with lines, numbers that are unique, and events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from uuid import UUID, uuid4

from infra_adapters.errors import InvalidRequest
from infra_adapters.ports import EventTypes, Kind, Listing, Money, Ordering


@dataclass(frozen=True, slots=True)
class SampleLine:
    """So many of one article at a price each."""

    sku: str
    quantity: int
    price: Money

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise InvalidRequest("a quantity is at least 1")


@dataclass(frozen=True, slots=True)
class SampleOrder:
    """An order with its lines."""

    id: UUID
    tenant: UUID
    number: str
    customer: str
    placed_at: datetime
    lines: tuple[SampleLine, ...] = ()
    deleted_at: datetime | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """An order was placed."""

    total: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderPaid:
    """An order was paid."""

    reference: str


NEWEST_OF_CUSTOMER = Listing("newest_of_customer", ("customer",), (Ordering("placed_at", descending=True),))
BY_CUSTOMER = Listing("by_customer", (), (Ordering("customer"), Ordering("placed_at", descending=True)))

ORDERS = Kind(
    "order",
    SampleOrder,
    listings=(NEWEST_OF_CUSTOMER, BY_CUSTOMER),
    unique=(("number",),),
    tenant="tenant",
    deleted="deleted_at",
)
EVENTS = EventTypes({"order.placed": OrderPlaced, "order.paid": OrderPaid})
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_numbers = count(1)


def an_order(tenant: UUID, customer: str = "ada") -> SampleOrder:
    """An order that no store knows yet, placed a second after the one before."""
    number = next(_numbers)
    lines = (
        SampleLine("tea", 2, Money(Decimal("3.5000"), "EUR")),
        SampleLine("cup", 1, Money(Decimal("9.9900"), "EUR")),
    )
    return SampleOrder(uuid4(), tenant, f"N-{number}-{uuid4()}", customer, BEGAN + timedelta(seconds=number), lines)
