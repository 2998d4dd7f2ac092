"""Orders in PostgreSQL: the aggregate with its lines and events, guarded by its version."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from infra_adapters.errors import ConcurrencyConflict, CorruptRow
from infra_adapters.ports import Event, Money, Order, OrderLine
from infra_adapters.postgres.tables import events_of, lines_of, order_events, order_lines, orders, orders_of
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection


class PostgresOrders:
    """The `Orders` port on one connection; its unit of work owns the transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, order_id: UUID) -> Order | None:
        """The order, or None where there is none; a failing server raises."""
        with translated():
            row = (await self._connection.execute(select(orders).where(orders.c.id == order_id))).mappings().first()
            return (await self._with_lines([dict(row)]))[0] if row else None

    async def of_customer(self, customer: str, *, limit: int = 50) -> tuple[Order, ...]:
        """The latest orders of a customer with their lines: two queries, however many orders."""
        with translated():
            rows = (await self._connection.execute(orders_of(customer, limit))).mappings().all()
            return await self._with_lines([dict(row) for row in rows])

    async def events(self, order_id: UUID) -> tuple[Event, ...]:
        """What happened to an order, oldest first."""
        with translated():
            rows = (await self._connection.execute(events_of(order_id))).mappings().all()
        return tuple(Event(row["kind"], tuple((str(k), str(v)) for k, v in row["data"])) for row in rows)

    async def save(self, order: Order, events: tuple[Event, ...] = ()) -> Order:
        """Keep an order with its lines and events. Raises ConcurrencyConflict."""
        saved = replace(order, version=order.version + 1)
        with translated():
            if not await self._write(saved):
                raise ConcurrencyConflict(order.version, await self._version(order.id))
            await self._connection.execute(delete(order_lines).where(order_lines.c.order_id == order.id))
            await self._insert(order_lines, [_line(saved, at) for at in range(len(saved.lines))])
            await self._insert(order_events, [_event(saved, at, event) for at, event in enumerate(events)])
        return saved

    async def _write(self, saved: Order) -> bool:
        """Write the root row; False where its version is not the one that was read."""
        if saved.version == 1:
            values = {"id": saved.id, "customer": saved.customer, "version": 1}
            added = upsert(orders).values(values).on_conflict_do_nothing().returning(orders.c.id)
            return (await self._connection.execute(added)).first() is not None
        guarded = update(orders).where(orders.c.id == saved.id, orders.c.version == saved.version - 1)
        changed = await self._connection.execute(guarded.values(customer=saved.customer, version=saved.version))
        return changed.rowcount == 1

    async def _version(self, order_id: UUID) -> int | None:
        return (await self._connection.execute(select(orders.c.version).where(orders.c.id == order_id))).scalar()

    async def _insert(self, table: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            await self._connection.execute(insert(table), rows)

    async def _with_lines(self, rows: list[dict[str, Any]]) -> tuple[Order, ...]:
        found = (await self._connection.execute(lines_of([row["id"] for row in rows]))).mappings().all()
        lines = {key: list(group) for key, group in groupby(found, key=lambda line: line["order_id"])}
        return tuple(_order(row, lines.get(row["id"], [])) for row in rows)


def _order(row: dict[str, Any], lines: list[Any]) -> Order:
    try:
        found = tuple(OrderLine(one["sku"], one["quantity"], Money(one["price"], one["currency"])) for one in lines)
    except ValueError as error:
        raise CorruptRow(f"order_lines of order {row['id']}: {error}") from error
    return Order(row["id"], row["customer"], found, row["version"])


def _line(order: Order, at: int) -> dict[str, Any]:
    line = order.lines[at]
    return {
        "order_id": order.id,
        "position": at,
        "sku": line.sku,
        "quantity": line.quantity,
        "price": line.price.amount,
        "currency": line.price.currency,
    }


def _event(order: Order, at: int, event: Event) -> dict[str, Any]:
    data = [list(pair) for pair in event.data]
    return {"order_id": order.id, "version": order.version, "position": at, "kind": event.kind, "data": data}
