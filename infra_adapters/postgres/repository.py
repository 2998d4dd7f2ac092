"""A repository on one connection: aggregates with their parts and events, guarded by their versions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Generic

from sqlalchemy import func, insert

from infra_adapters.errors import ConcurrencyConflict, InvalidRequest, TenantRequired
from infra_adapters.kernel.cursor import read_cursor, write_cursor
from infra_adapters.ports.aggregates import A
from infra_adapters.ports.repositories import Page
from infra_adapters.postgres.statements import one_of
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement, Executable
    from sqlalchemy.ext.asyncio import AsyncConnection

    from infra_adapters.ports.aggregates import Listing
    from infra_adapters.postgres.event_store import PostgresEventStore
    from infra_adapters.postgres.rows import Part
    from infra_adapters.postgres.statements import Stored

LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the unit of work gives its repositories. `keys` sign cursors, newest first."""

    connection: AsyncConnection
    events: PostgresEventStore
    tenant: UUID | None
    keys: tuple[bytes, ...]


class PostgresRepository(Generic[A]):
    """The `Repository` port; its unit of work owns the transaction. Raises TenantRequired where a tenant is missing."""

    def __init__(self, stored: Stored[A], around: Surroundings) -> None:
        if stored.kind.tenant and around.tenant is None:
            raise TenantRequired(f"a {stored.kind.name} belongs to a tenant; open the unit with one")
        self._stored = stored
        self._around = around

    async def get(self, identity: UUID, *, include_deleted: bool = False) -> A | None:
        """The aggregate, or None where there is none; a failing server raises."""
        found = await self.get_many((identity,), include_deleted=include_deleted)
        return found[0] if found else None

    async def get_many(self, identities: Collection[UUID], *, include_deleted: bool = False) -> tuple[A, ...]:
        """Those that are there, in the order asked for."""
        wanted = list(dict.fromkeys(identities))
        if not wanted:
            return ()
        same = one_of(self._stored.rows.column("id"), wanted)
        rows = await self._all(self._stored.select(same, self._visible(include_deleted=include_deleted)))
        found = {one.id: one for one in await self._whole(rows)}
        return tuple(found[identity] for identity in wanted if identity in found)

    async def save(self, aggregate: A, events: Sequence[object] = ()) -> A:
        """Keep an aggregate with its parts and events. Raises ConcurrencyConflict."""
        self._own(aggregate)
        saved = replace(aggregate, version=aggregate.version + 1)  # type: ignore[type-var]
        if not await self._write(saved, aggregate.version):
            raise ConcurrencyConflict(aggregate.version, await self._version(aggregate.id))
        for part in self._stored.rows.parts:
            await self._write_parts(part, saved, new=saved.version == 1)
        await self._record(saved.id, events)
        return saved

    async def delete(self, aggregate: A, events: Sequence[object] = ()) -> None:
        """Take it away, or mark it deleted. Raises ConcurrencyConflict."""
        self._own(aggregate)
        asked = self._guarded(aggregate.id, aggregate.version)
        deleted = self._stored.kind.deleted
        if deleted:
            from_now = {self._stored.rows.column(deleted).name: func.clock_timestamp()}
            count = await self._count(self._stored.update(from_now, *asked))
        else:
            for part in self._stored.rows.parts:
                await self._count(self._stored.remove_parts(part, aggregate.id))
            count = await self._count(self._stored.delete(*asked))
        if not count:
            raise ConcurrencyConflict(aggregate.version, await self._version(aggregate.id))
        await self._record(aggregate.id, events)

    async def change(self, identities: Collection[UUID], values: Mapping[str, object]) -> int:
        """Set attributes of several at once; returns how many there were. Raises ConfigError for an unknown one."""
        if not identities or not values:
            return 0
        if fixed := {"id", "version", self._stored.kind.tenant} & set(values):
            raise InvalidRequest(f"{', '.join(sorted(fixed))} cannot be set")
        asked = one_of(self._stored.rows.column("id"), list(identities)), self._visible()
        return await self._count(self._stored.update(self._stored.rows.written(values), *asked))

    async def page(
        self, listing: str, *, where: Mapping[str, object], limit: int = 50, after: str | None = None
    ) -> Page[A]:
        """A part of a declared list. Raises InvalidCursor, and InvalidRequest for a wrong `where` or `limit`."""
        declared = self._stored.kind.listing(listing)
        if set(where) != set(declared.equal) or not 1 <= limit <= LARGEST_PAGE:
            wanted = ", ".join(declared.equal) or "nothing"
            raise InvalidRequest(f"the list {listing} wants {wanted}, and a limit from 1 to {LARGEST_PAGE}")
        scope = self._scope(declared, where)
        position = read_cursor(scope, after, self._around.keys) if after else ()
        statement = self._stored.page(declared, where, position).where(self._visible()).limit(limit + 1)
        rows = await self._all(statement)
        items = await self._whole(rows[:limit])
        if len(rows) <= limit:
            return Page(items)
        last = [getattr(items[-1], one.attribute) for one in declared.order] + [items[-1].id]
        return Page(items, write_cursor(scope, last, self._around.keys[0]))

    def _scope(self, listing: Listing, where: Mapping[str, object]) -> str:
        equal = [(name, repr(where[name])) for name in listing.equal]
        return repr((self._stored.kind.name, listing.name, self._around.tenant, equal))

    def _visible(self, *, include_deleted: bool = False) -> ColumnElement[bool]:
        return self._stored.visible(self._around.tenant, include_deleted=include_deleted)

    def _guarded(self, identity: UUID, version: int) -> tuple[ColumnElement[bool], ...]:
        rows = self._stored.rows
        return rows.column("id") == identity, rows.column("version") == version, self._visible()

    def _own(self, aggregate: A) -> None:
        tenant = self._stored.kind.tenant
        if tenant and getattr(aggregate, tenant) != self._around.tenant:
            raise TenantRequired(f"this {self._stored.kind.name} belongs to another tenant than the unit")

    async def _write(self, saved: A, expected: int) -> bool:
        values = self._stored.rows.write(saved)
        if expected == 0:
            return bool(await self._all(self._stored.insert(values)))
        return bool(await self._count(self._stored.update(values, *self._guarded(saved.id, expected))))

    async def _write_parts(self, part: Part, saved: A, *, new: bool) -> None:
        if not new:
            await self._count(self._stored.remove_parts(part, saved.id))
        whose = {part.parent: saved.id}
        values = getattr(saved, part.attribute)
        rows = [whose | {part.position: at} | part.rows.write(value) for at, value in enumerate(values)]
        if rows:
            with translated():
                await self._around.connection.execute(insert(part.rows.table), rows)

    async def _record(self, identity: UUID, events: Sequence[object]) -> None:
        if events:
            await self._around.events.append(f"{self._stored.kind.name}:{identity}", events)

    async def _version(self, identity: UUID) -> int | None:
        rows = await self._all(self._stored.select(self._stored.rows.column("id") == identity, self._visible()))
        found = await self._whole(rows)
        return found[0].version if found else None

    async def _whole(self, rows: Sequence[Any]) -> tuple[A, ...]:
        """The aggregates of some rows with their parts: one more query a kind of part, however many rows."""
        if not rows:
            return ()
        at = self._stored.rows.columns.index(self._stored.rows.column("id"))
        parts = {part.attribute: await self._parts(part, [row[at] for row in rows]) for part in self._stored.rows.parts}
        return tuple(
            self._stored.rows.read(row, {name: found.get(row[at], ()) for name, found in parts.items()}, row[at])
            for row in rows
        )

    async def _parts(self, part: Part, parents: list[UUID]) -> dict[UUID, tuple[object, ...]]:
        found = groupby(await self._all(self._stored.parts(part, parents)), key=lambda row: row[0])
        return {parent: tuple(part.rows.read(row[1:], {}, parent) for row in rows) for parent, rows in found}

    async def _all(self, statement: Executable) -> Sequence[Any]:
        with translated():
            return (await self._around.connection.execute(statement)).all()

    async def _count(self, statement: Executable) -> int:
        with translated():
            return int((await self._around.connection.execute(statement)).rowcount)
