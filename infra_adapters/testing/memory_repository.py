"""A repository in memory, by the same declarations as PostgreSQL's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol

from infra_adapters.errors import ConcurrencyConflict, ConfigError, UniqueViolated
from infra_adapters.kernel.cursor import read_cursor, write_cursor
from infra_adapters.kernel.keeping import (
    position_of,
    require_changeable,
    require_own,
    require_page,
    require_tenant,
    scope_of,
)
from infra_adapters.ports.aggregates import A, Kind, Listing
from infra_adapters.ports.repositories import Page
from infra_adapters.testing.storable import require_storable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from uuid import UUID


class Appends(Protocol):
    """What takes events."""

    async def append(self, stream: str, events: Sequence[object], *, expected: int | None = None) -> int:
        """Add events to a stream."""


class MemoryRepository(Generic[A]):
    """The `Repository` port on a dictionary. Raises TenantRequired where a tenant is missing."""

    def __init__(
        self,
        kind: Kind[A],
        kept: Callable[[], dict[tuple[str, UUID], Any]],
        events: Appends,
        tenant: UUID | None,
        key: bytes,
    ) -> None:
        require_tenant(kind, tenant)
        self._kind = kind
        self._held = kept
        self._events = events
        self._tenant = tenant
        self._key = key

    @property
    def _kept(self) -> dict[tuple[str, UUID], Any]:
        return self._held()

    async def get(self, identity: UUID, *, include_deleted: bool = False) -> A | None:
        """The aggregate, or None."""
        return next(iter(await self.get_many((identity,), include_deleted=include_deleted)), None)

    async def get_many(self, identities: Collection[UUID], *, include_deleted: bool = False) -> tuple[A, ...]:
        """Those that are there, in the order asked for."""
        there = {one.id: one for one in self._all(include_deleted=include_deleted)}
        return tuple(there[identity] for identity in dict.fromkeys(identities) if identity in there)

    async def save(self, aggregate: A, events: Sequence[object] = ()) -> A:
        """Keep an aggregate with its events. Raises ConcurrencyConflict, UniqueViolated."""
        self._guard(aggregate)
        require_storable(self._kind.name, aggregate)
        self._refuse_twice((aggregate,))
        saved: A = replace(aggregate, version=aggregate.version + 1)  # type: ignore[type-var]
        await self._put(saved.id, saved, events)
        return saved

    async def delete(self, aggregate: A, events: Sequence[object] = ()) -> None:
        """Take it away, or mark it deleted. Raises ConcurrencyConflict."""
        self._guard(aggregate)
        if aggregate.version == 0:
            raise ConcurrencyConflict(0, None)
        if self._kind.deleted:
            marked: dict[str, Any] = {self._kind.deleted: datetime.now(UTC), "version": aggregate.version + 1}
            await self._put(aggregate.id, replace(aggregate, **marked), events)  # type: ignore[type-var]
        else:
            await self._put(aggregate.id, None, events)

    async def change(self, identities: Collection[UUID], values: Mapping[str, object]) -> int:
        """Set attributes of several at once. Raises ConfigError for an unknown one."""
        if not identities or not values:
            return 0
        require_changeable(self._kind, values)
        found = await self.get_many(identities)
        try:
            changed: list[Any] = [replace(one, **values, version=one.version + 1) for one in found]  # type: ignore[type-var]
        except TypeError:
            raise ConfigError(f"{self._kind.name} has no such attribute that is kept") from None
        for one in changed:
            require_storable(self._kind.name, one)
        self._refuse_twice(changed)
        self._kept.update({(self._kind.name, one.id): one for one in changed})
        return len(found)

    async def page(
        self, listing: str, *, where: Mapping[str, object], limit: int = 50, after: str | None = None
    ) -> Page[A]:
        """A part of a declared list. Raises InvalidCursor, InvalidRequest."""
        declared = self._kind.listing(listing)
        require_page(declared, where, limit)
        require_storable(self._kind.name, tuple(where.values()))
        scope = scope_of(self._kind, declared, where, self._tenant)
        found = self._sorted(declared, where)
        if after is not None:
            here = self._sorted_key(declared, read_cursor(scope, after, (self._key,)))
            found = [one for one in found if self._sorted_key(declared, position_of(declared, one)) > here]
        items = tuple(found[:limit])
        more = len(found) > limit
        return Page(items, write_cursor(scope, position_of(declared, items[-1]), self._key) if more else None)

    async def _put(self, identity: UUID, aggregate: A | None, events: Sequence[object]) -> None:
        """All or none: events that are refused leave the aggregate as it was."""
        await self._record(identity, events)
        if aggregate is None:
            del self._kept[self._kind.name, identity]
        else:
            self._kept[self._kind.name, identity] = aggregate

    def _sorted(self, listing: Listing, where: Mapping[str, object]) -> list[A]:
        equal = [one for one in self._all() if all(getattr(one, name) == where[name] for name in where)]
        return sorted(equal, key=lambda one: self._sorted_key(listing, position_of(listing, one)))

    def _sorted_key(self, listing: Listing, position: tuple[object, ...]) -> tuple[_Directed, ...]:
        down = [order.descending for order in listing.order]
        return tuple(_Directed(value, way) for value, way in zip(position, [*down, (down or [False])[-1]], strict=True))

    def _all(self, *, include_deleted: bool = False) -> list[A]:
        kind = self._kind
        mine = [one for (name, _), one in self._kept.items() if name == kind.name]
        return [
            one
            for one in mine
            if (not kind.tenant or getattr(one, kind.tenant) == self._tenant)
            and (include_deleted or not kind.deleted or getattr(one, kind.deleted) is None)
        ]

    def _guard(self, aggregate: A) -> None:
        require_own(self._kind, aggregate, self._tenant)
        known = self._kept.get((self._kind.name, aggregate.id))
        gone = known is not None and known not in self._all()
        if (known.version if known else 0) != aggregate.version or gone:
            raise ConcurrencyConflict(aggregate.version, known.version if known and not gone else None)

    def _refuse_twice(self, changed: Sequence[A]) -> None:
        """Raise UniqueViolated where what is kept would be the same as another, once some were changed."""
        after = {one.id: one for one in (*self._all(), *changed)}.values()
        for names in self._kind.unique:
            rows = [tuple(getattr(one, name) for name in names) for one in after]
            # Nothing is not the same as nothing.
            values = [row for row in rows if None not in row]
            if len(set(values)) < len(values):
                raise UniqueViolated(f"uq_{self._kind.name}_{'_'.join(names)}", self._kind.name, "")

    async def _record(self, identity: UUID, events: Sequence[object]) -> None:
        if events:
            await self._events.append(f"{self._kind.name}:{identity}", events)


class _Directed:
    """A value that sorts the other way round where a list is descending."""

    __slots__ = ("descending", "value")

    def __init__(self, value: Any, descending: bool) -> None:
        self.value = value
        self.descending = descending

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Directed) and bool(self.value == other.value)

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, other: _Directed) -> bool:
        return bool(other.value < self.value if self.descending else self.value < other.value)
