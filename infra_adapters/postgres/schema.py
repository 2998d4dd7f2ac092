"""The tables of this package's own, and the parts of SQL that a product's tables are made with."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

NAMING = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
"""Names for constraints and indexes, so that migrations and errors can name them."""

metadata = MetaData(naming_convention=NAMING)

infra_events = Table(
    "infra_events",
    metadata,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("tenant_id", Uuid),
    Column("stream", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    UniqueConstraint("stream", "tenant_id", "version", postgresql_nulls_not_distinct=True),
    CheckConstraint("version >= 1", name="version_positive"),
)
"""Domain events; `version` counts from 1 in each stream, and each tenant has streams of its own."""

TENANT_SETTING = "app.tenant_id"
TENANT = f"(SELECT nullif(current_setting('{TENANT_SETTING}', true), '')::uuid)"
"""The tenant of the transaction, NULL where there is none: after a rollback the setting is an empty text."""


def tenant_policy(table: str, column: str = "tenant_id", *, shared: bool = False) -> tuple[str, ...]:
    """The statements that show and take rows of the transaction's tenant only, also from the table's owner.

    `shared`: rows without a tenant belong to transactions without one.
    """
    same = f"{column} IS NOT DISTINCT FROM {TENANT}" if shared else f"{column} = {TENANT}"
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_of_tenant ON {table} USING ({same}) WITH CHECK ({same})",
    )


TOUCH = """
CREATE FUNCTION infra_touch() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    IF NEW.version = OLD.version THEN
        NEW.version := OLD.version + 1;
    END IF;
    NEW.updated_at := pg_catalog.clock_timestamp();
    RETURN NEW;
END
$$
"""


def touched(table: str) -> str:
    """The statement that gives every changed row of a table a new version and time, whoever changes it."""
    return f"CREATE TRIGGER {table}_touch BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION infra_touch()"
