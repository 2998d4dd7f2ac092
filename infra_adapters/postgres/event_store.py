"""Streams of events in PostgreSQL: the next version is the latest one plus one, and the table holds each only once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import func, insert, select

from infra_adapters.errors import ConcurrencyConflict, InvalidRequest, UniqueViolated
from infra_adapters.ports.events import Recorded, UnknownEvent
from infra_adapters.postgres.schema import infra_events
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from infra_adapters.ports.events import EventTypes

ONCE = "uq_infra_events_stream_tenant_id_version"


class PostgresEventStore:
    """The `EventStore` port on one connection. `appended` is what this unit has added, in order."""

    def __init__(self, connection: AsyncConnection, types: EventTypes, tenant: UUID | None) -> None:
        self._connection = connection
        self._types = types
        self._tenant = tenant
        self.appended: list[object] = []

    async def append(self, stream: str, events: Sequence[object], *, expected: int | None = None) -> int:
        """Add events to a stream and return its new version. Raises ConcurrencyConflict."""
        latest = await self._latest(stream)
        if expected is not None and latest != expected:
            raise ConcurrencyConflict(expected, latest)
        rows = [self._row(stream, latest + at, event) for at, event in enumerate(events, 1)]
        try:
            with translated():
                if rows:
                    await self._connection.execute(insert(infra_events), rows)
        except UniqueViolated as error:
            if error.constraint != ONCE:
                raise
            # The transaction has failed by this, so what the other one has made of it cannot be asked any more.
            raise ConcurrencyConflict(latest, latest + 1) from None
        self.appended += events
        return latest + len(rows)

    async def read(self, stream: str, *, after: int = 0, limit: int = 1000) -> tuple[Recorded, ...]:
        """The events of a stream after a version, oldest first. Raises InvalidRequest for a negative limit."""
        if limit < 0:
            raise InvalidRequest("a limit is not negative")
        columns = infra_events.c
        found = select(columns.version, columns.kind, columns.data, columns.recorded_at)
        part = found.where(*self._mine(stream), columns.version > after).order_by(columns.version).limit(limit)
        with translated():
            rows = (await self._connection.execute(part)).all()
        return tuple(Recorded(row.version, self._event(row.kind, row.data), row.recorded_at) for row in rows)

    async def _latest(self, stream: str) -> int:
        latest = select(func.coalesce(func.max(infra_events.c.version), 0)).where(*self._mine(stream))
        with translated():
            return int((await self._connection.execute(latest)).scalar_one())

    def _mine(self, stream: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        # Also where the role is not held by row-level security; and no index serves IS NOT DISTINCT FROM.
        tenant = infra_events.c.tenant_id
        return infra_events.c.stream == stream, tenant.is_(None) if self._tenant is None else tenant == self._tenant

    def _row(self, stream: str, version: int, event: object) -> dict[str, object]:
        if isinstance(event, UnknownEvent):
            kind, data = event.kind, event.data
        else:
            kind = self._types.name_of(event)
            made_as: Any = type(event)
            data = _adapter(made_as).dump_python(event, mode="json")
        if not kind or not stream:
            raise InvalidRequest("a stream and a kind of event have a name")
        return {"tenant_id": self._tenant, "stream": stream, "version": version, "kind": kind, "data": data}

    def _event(self, kind: str, data: dict[str, Any]) -> object:
        """The event of a row. What another version of the program has written must not make its stream unreadable."""
        known = self._types.types.get(kind)
        if known is None:
            return UnknownEvent(kind, data)
        try:
            return _adapter(known).validate_python(data)
        except ValidationError:
            return UnknownEvent(kind, data)


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    # To make one takes longer than to write the event.
    return TypeAdapter(kind)
