"""Streams of events, and the function that gives changed rows a new version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from infra_adapters.postgres.schema import TOUCH, tenant_policy

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of events, whose rows each tenant sees its own of."""
    op.create_table(
        "infra_events",
        sa.Column("position", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("tenant_id", sa.Uuid),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("data", JSONB, nullable=False),
        sa.Column(
            "recorded_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")
        ),
        sa.PrimaryKeyConstraint("position", name="pk_infra_events"),
        sa.UniqueConstraint(
            "stream",
            "tenant_id",
            "version",
            name="uq_infra_events_stream_tenant_id_version",
            postgresql_nulls_not_distinct=True,
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_infra_events_version_positive")),
    )
    for statement in (*tenant_policy("infra_events", shared=True), TOUCH):
        op.execute(statement)


def downgrade() -> None:
    """Remove both."""
    op.execute("DROP FUNCTION infra_touch()")
    op.drop_table("infra_events")
