"""Repositories: aggregates that are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from infra_adapters.ports.aggregates import A

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from uuid import UUID

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """A part of a list; `next` is the cursor of the part after it, None at the end."""

    items: tuple[T_co, ...]
    next: str | None = None


class Repository(Protocol[A]):
    """Aggregates of one kind. A failing store raises; it never looks like an aggregate that is not there.

    Of a kind with tenants, only those of the unit's tenant are there.
    """

    async def get(self, identity: UUID, *, include_deleted: bool = False) -> A | None:
        """The aggregate, or None where there is none."""

    async def get_many(self, identities: Collection[UUID], *, include_deleted: bool = False) -> tuple[A, ...]:
        """Those that are there, in the order asked for; one query, however many."""

    async def save(self, aggregate: A, events: Sequence[object] = ()) -> A:
        """Keep an aggregate with its parts and events, all or none, and return it with its new version.

        Parts that are no longer there are removed. Raises ConcurrencyConflict where it was changed since it was read,
        or is not new although its version says so.
        """

    async def delete(self, aggregate: A, events: Sequence[object] = ()) -> None:
        """Take it away, or mark it deleted where its kind says so. Raises ConcurrencyConflict."""

    async def change(self, identities: Collection[UUID], values: Mapping[str, object]) -> int:
        """Set attributes of several at once, each of which gets a new version; returns how many there were."""

    async def page(
        self, listing: str, *, where: Mapping[str, object], limit: int = 50, after: str | None = None
    ) -> Page[A]:
        """A part of a declared list, from its beginning or after a cursor.

        `where` has exactly the attributes that the list wants equal. Raises InvalidCursor, InvalidRequest.
        """
