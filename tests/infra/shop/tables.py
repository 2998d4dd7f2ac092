"""The shop's tables, and how they keep the sample domain."""

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
    String,
    Table,
    Text,
    Uuid,
    func,
)

from infra_adapters.ports import Money
from infra_adapters.postgres import Model, Part, Rows, Stored, Value
from infra_adapters.postgres.schema import NAMING
from infra_adapters.testing.sample import EVENTS, ORDERS, SampleLine, SampleOrder

metadata = MetaData(naming_convention=NAMING)

orders = Table(
    "orders",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("number", Text, nullable=False),
    Column("customer", Text, nullable=False),
    Column("placed_at", DateTime(timezone=True), nullable=False),
    Column("deleted_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    CheckConstraint("version >= 1", name="version_positive"),
)
Index(
    "uq_orders_tenant_id_number",
    orders.c.tenant_id,
    orders.c.number,
    unique=True,
    postgresql_where=orders.c.deleted_at.is_(None),
)
Index(
    "ix_orders_tenant_id_customer_placed_at",
    orders.c.tenant_id,
    orders.c.customer,
    orders.c.placed_at.desc(),
    orders.c.id.desc(),
)

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

PRICE = Value("price", ("price", "currency"), Money, lambda money: (money.amount, money.currency))
TENANT = Value("tenant", ("tenant_id",), lambda cell: cell, lambda tenant: (tenant,))
LINES = Rows(SampleLine, order_lines, values=(PRICE,))
ROWS = Rows(SampleOrder, orders, values=(TENANT,), parts=(Part("lines", LINES, parent="order_id"),))
MODEL = Model(kept=(Stored(ORDERS, ROWS),), events=EVENTS)
