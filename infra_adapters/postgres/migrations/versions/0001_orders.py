"""Orders with their lines and events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the three tables and the index of the one list that is asked for."""
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.PrimaryKeyConstraint("id", name="pk_orders"),
        sa.CheckConstraint("version >= 1", name=op.f("ck_orders_version_positive")),
    )
    op.create_index(
        "ix_orders_customer_placed_at", "orders", ["customer", sa.text("placed_at DESC"), sa.text("id DESC")]
    )
    op.create_table(
        "order_lines",
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("sku", sa.Text, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("price", sa.Numeric(18, 4), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "position", name="pk_order_lines"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_order_lines_order_id", ondelete="CASCADE"),
        sa.CheckConstraint("quantity >= 1", name=op.f("ck_order_lines_quantity_positive")),
    )
    op.create_table(
        "order_events",
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("data", JSONB, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_order_events_order_id", ondelete="CASCADE"),
        sa.UniqueConstraint("order_id", "version", "position", name="uq_order_events_order_id_version_position"),
    )


def downgrade() -> None:
    """Remove what was made, in the opposite order."""
    op.drop_table("order_events")
    op.drop_table("order_lines")
    op.drop_index("ix_orders_customer_placed_at", "orders")
    op.drop_table("orders")
