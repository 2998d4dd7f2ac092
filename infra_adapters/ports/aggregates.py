"""What a domain says of its aggregates: their name, their lists, whose they are, how they go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from uuid import UUID


class Aggregate(Protocol):
    """A consistent whole, saved and read as one: a frozen dataclass. `version` is 0 until it is saved."""

    @property
    def id(self) -> UUID:
        """Its identity, chosen by the domain."""

    @property
    def version(self) -> int:
        """How often it was saved."""


A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True, slots=True)
class Ordering:
    """One attribute that a list is ordered by; it is never None."""

    attribute: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that the domain asks for: the attributes that must be equal, then the order; `id` decides between equals.

    A declared list is an access path: it must have an index.
    """

    name: str
    equal: tuple[str, ...] = ()
    order: tuple[Ordering, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind(Generic[A]):
    """A kind of aggregate. `name` is lasting: streams of events and cursors carry it.

    `unique` names attributes that together occur once, among a tenant's that are not deleted.
    `tenant` names the attribute that says whose it is (a UUID), `deleted` the one that says since when it is gone (a
    datetime or None); empty where the kind has none.
    """

    name: str
    type: type[A]
    listings: tuple[Listing, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    tenant: str = ""
    deleted: str = ""

    def listing(self, name: str) -> Listing:
        """The list of that name. Raises KeyError where none is declared."""
        for one in self.listings:
            if one.name == name:
                return one
        raise KeyError(f"{self.name} declares no list {name!r}")
