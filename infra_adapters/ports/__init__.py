"""Ports: what the domain asks of its infrastructure, in the domain's own values. Nothing here knows a product."""

from infra_adapters.ports.aggregates import Aggregate, Kind, Listing, Ordering
from infra_adapters.ports.events import EventStore, EventTypes, Recorded, UnknownEvent
from infra_adapters.ports.health import Condition, Health
from infra_adapters.ports.money import Money
from infra_adapters.ports.repositories import Page, Repository
from infra_adapters.ports.units import UnitOfWork

__all__ = [
    "Aggregate",
    "Condition",
    "EventStore",
    "EventTypes",
    "Health",
    "Kind",
    "Listing",
    "Money",
    "Ordering",
    "Page",
    "Recorded",
    "Repository",
    "UnitOfWork",
    "UnknownEvent",
]
