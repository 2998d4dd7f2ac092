"""The tables, as the migrations make them, and the access paths that must have an index."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

orders = Table(
    "orders",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("customer", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("placed_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    CheckConstraint("version >= 1", name="version_positive"),
)
Index("ix_orders_customer_placed_at", orders.c.customer, orders.c.placed_at.desc(), orders.c.id.desc())

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_id", Uuid, ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("sku", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("price", Numeric(18, 4), nullable=False),
    Column("currency", String(3), nullable=False),
    CheckConstraint("quantity >= 1", name="quantity_positive"),
)

order_events = Table(
    "order_events",
    metadata,
    Column("order_id", Uuid, ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    UniqueConstraint("order_id", "version", "position"),
)


def orders_of(customer: str, limit: int) -> Select[tuple[object, ...]]:
    """The latest orders of a customer."""
    return (
        select(orders)
        .where(orders.c.customer == customer)
        .order_by(orders.c.placed_at.desc(), orders.c.id.desc())
        .limit(limit)
    )


def events_of(order_id: object) -> Select[tuple[object, ...]]:
    """What happened to an order, in order."""
    query = select(order_events).where(order_events.c.order_id == order_id)
    return query.order_by(order_events.c.version, order_events.c.position)


def lines_of(order_ids: list[object]) -> Select[tuple[object, ...]]:
    """The lines of some orders, in one query."""
    query = select(order_lines).where(order_lines.c.order_id.in_(order_ids))
    return query.order_by(order_lines.c.order_id, order_lines.c.position)
