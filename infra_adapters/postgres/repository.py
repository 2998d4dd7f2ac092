"""A repository on one connection: aggregates with their parts and events, guarded by their versions."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Generic

from infra_adapters.errors import ConcurrencyConflict
from infra_adapters.kernel.cursor import read_cursor, write_cursor
from infra_adapters.kernel.keeping import (
    position_of,
    require_changeable,
    require_own,
    require_page,
    require_tenant,
    scope_of,
)
from infra_adapters.ports.aggregates import A
from infra_adapters.ports.repositories import Page
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from uuid import UUID

    from infra_adapters.postgres.compiled import Compiled
    from infra_adapters.postgres.event_store import PostgresEventStore
    from infra_adapters.postgres.guarded import GuardedConnection
    from infra_adapters.postgres.rows import Part
    from infra_adapters.postgres.statements import Stored


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the unit of work gives its repositories. `keys` sign cursors, newest first.

    `held` gives its connection, and raises UnitClosed when it is over. `spoil` has its commit refused.
    """

    held: Callable[[], GuardedConnection]
    spoil: Callable[[], None]
    events: PostgresEventStore
    tenant: UUID | None
    keys: tuple[bytes, ...]

    @contextmanager
    def whole(self) -> Iterator[None]:
        """All of it, or a unit that cannot be committed: what fails before the server knows of it undoes nothing."""
        try:
            yield
        except BaseException:
            self.spoil()
            raise


class PostgresRepository(Generic[A]):
    """The `Repository` port; its unit of work owns the transaction. Raises TenantRequired where a tenant is missing."""

    def __init__(self, stored: Stored[A], around: Surroundings) -> None:
        require_tenant(stored.kind, around.tenant)
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
        statement = self._stored.find(many=len(wanted) > 1, include_deleted=include_deleted)
        values: dict[str, object] = {"of_ids": wanted} if len(wanted) > 1 else {"of_id": wanted[0]}
        found = {one.id: one for one in await self._whole(await self._all(statement, values))}
        return tuple(found[identity] for identity in wanted if identity in found)

    async def save(self, aggregate: A, events: Sequence[object] = ()) -> A:
        """Keep an aggregate with its parts and events. Raises ConcurrencyConflict."""
        require_own(self._stored.kind, aggregate, self._around.tenant)
        saved = replace(aggregate, version=aggregate.version + 1)  # type: ignore[type-var]
        if not await self._write(saved, aggregate.version):
            raise ConcurrencyConflict(aggregate.version, await self._version(aggregate.id))
        with self._around.whole():
            for part in self._stored.rows.parts:
                await self._write_parts(part, saved, new=saved.version == 1)
            await self._record(saved.id, events)
        return saved

    async def delete(self, aggregate: A, events: Sequence[object] = ()) -> None:
        """Take it away, or mark it deleted. Raises ConcurrencyConflict."""
        require_own(self._stored.kind, aggregate, self._around.tenant)
        guard: dict[str, object] = {"of_id": aggregate.id, "of_version": aggregate.version}
        with self._around.whole():
            if self._stored.kind.deleted:
                count = await self._count(self._stored.mark(), guard)
            else:
                count = await self._remove(aggregate, guard)
            if count:
                await self._record(aggregate.id, events)
                return
        raise ConcurrencyConflict(aggregate.version, await self._version(aggregate.id))

    async def change(self, identities: Collection[UUID], values: Mapping[str, object]) -> int:
        """Set attributes of several at once; returns how many there were. Raises ConfigError for an unknown one."""
        if not identities or not values:
            return 0
        require_changeable(self._stored.kind, values)
        new = self._stored.rows.written(values)
        return await self._count(self._stored.change(new), {"of_ids": list(identities)} | _new(new))

    async def page(
        self, listing: str, *, where: Mapping[str, object], limit: int = 50, after: str | None = None
    ) -> Page[A]:
        """A part of a declared list. Raises InvalidCursor, and InvalidRequest for a wrong `where` or `limit`."""
        declared = self._stored.kind.listing(listing)
        require_page(declared, where, limit)
        scope = scope_of(self._stored.kind, declared, where, self._around.tenant)
        position = () if after is None else read_cursor(scope, after, self._around.keys)
        asked = {f"where_{name}": self._cell(name, value) for name, value in where.items()}
        order = [*(one.attribute for one in declared.order), "id"]
        for at, (name, value) in enumerate(zip(order, position, strict=False)):
            asked[f"after_{at}"] = self._cell(name, value)
        rows = await self._all(self._stored.page(declared, after=after is not None), asked | {"most": limit + 1})
        items = await self._whole(rows[:limit])
        if len(rows) <= limit:
            return Page(items)
        return Page(items, write_cursor(scope, position_of(declared, items[-1]), self._around.keys[0]))

    def _cell(self, name: str, value: object) -> object:
        """What the column of an attribute holds for a value."""
        [found] = self._stored.rows.written({name: value}).values()
        return found

    async def _remove(self, aggregate: A, guard: dict[str, object]) -> int:
        # Held first: the parts of one that was changed meanwhile stay where they are.
        if self._stored.rows.parts and not await self._all(self._stored.hold(), guard):
            return 0
        for part in self._stored.rows.parts:
            await self._count(self._stored.remove_parts(part), {"of_parent": aggregate.id})
        return await self._count(self._stored.remove(), guard)

    async def _write(self, saved: A, expected: int) -> bool:
        values = _new(self._stored.rows.write(saved))
        if expected == 0:
            return bool(await self._all(self._stored.add(), values))
        return bool(await self._count(self._stored.replace(), values | {"of_id": saved.id, "of_version": expected}))

    async def _write_parts(self, part: Part, saved: A, *, new: bool) -> None:
        if not new:
            await self._count(self._stored.remove_parts(part), {"of_parent": saved.id})
        whose = {part.parent: saved.id}
        values = getattr(saved, part.attribute)
        rows = [_new(whose | {part.position: at} | part.rows.write(value)) for at, value in enumerate(values)]
        if rows:
            with translated():
                await self._stored.add_part(part).each(self._around.held(), rows)

    async def _record(self, identity: UUID, events: Sequence[object]) -> None:
        if events:
            await self._around.events.append(f"{self._stored.kind.name}:{identity}", events)

    async def _version(self, identity: UUID) -> int | None:
        rows = await self._all(self._stored.find(many=False), {"of_id": identity})
        return int(rows[0][self._stored.rows.place("version")]) if rows else None

    async def _whole(self, rows: Sequence[Any]) -> tuple[A, ...]:
        """The aggregates of some rows with their parts: one more query a kind of part, however many rows."""
        if not rows:
            return ()
        at = self._stored.rows.place("id")
        parts = {part.attribute: await self._parts(part, [row[at] for row in rows]) for part in self._stored.rows.parts}
        return tuple(
            self._stored.rows.read(row, {name: found.get(row[at], ()) for name, found in parts.items()}, row[at])
            for row in rows
        )

    async def _parts(self, part: Part, parents: list[UUID]) -> dict[UUID, tuple[object, ...]]:
        many = len(parents) > 1
        values: dict[str, object] = {"of_parents": parents} if many else {"of_parent": parents[0]}
        rows = await self._all(self._stored.parts(part, many=many), values)
        return {
            parent: tuple(part.rows.read(row[1:], {}, parent) for row in found)
            for parent, found in groupby(rows, key=lambda row: row[0])
        }

    async def _all(self, statement: Compiled, values: dict[str, object]) -> Sequence[Any]:
        with translated():
            return await statement.rows(self._around.held(), {**values, "of_tenant": self._around.tenant})

    async def _count(self, statement: Compiled, values: dict[str, object]) -> int:
        with translated():
            return await statement.count(self._around.held(), {**values, "of_tenant": self._around.tenant})


def _new(values: Mapping[str, object]) -> dict[str, object]:
    return {f"new_{name}": value for name, value in values.items()}
