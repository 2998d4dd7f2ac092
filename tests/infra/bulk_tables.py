"""The tables that many rows are written to, and such rows."""

from __future__ import annotations

import enum
from datetime import date
from uuid import uuid4

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Computed,
    Date,
    DateTime,
    Enum,
    Float,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Sequence,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


metadata = MetaData()
stock = Table(
    "stock",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("amount", Integer, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("updated_at", DateTime(timezone=True), server_default=func.now()),
)
cells = Table(
    "Cells of 100%",
    metadata,
    Column("a%b", Integer, key="id", primary_key=True),
    Column("price", Numeric(18, 4)),
    Column("at", DateTime(timezone=True)),
    Column("day", Date),
    Column("doc", JSONB),
    Column("tags", ARRAY(Text)),
    Column("colour", Enum(Colour, name="colour")),
    Column("colours", ARRAY(Enum(Colour, name="colour"))),
    Column("owner", Uuid),
    Column("weight", Float),
    Column("yes", Boolean),
    Column("note", Text),
    Column("code", String(20)),
    Column("small", SmallInteger),
    Column("raw", LargeBinary),
    Column("twice", Integer, Computed('"a%b" * 2', persisted=True)),
)
made = Table(
    "made",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("number", Integer, Sequence("made_number", start=100)),
    Column("key", Uuid, default=uuid4),
    Column("kind", Text, default="it's 100%"),
    Column("at", DateTime(timezone=True), default=func.now()),
    Column("name", Text),
)
changing = Table(
    "changing",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("named", Text, onupdate="never"),
    Column("kind", Text, onupdate="it's 100%"),
    Column("day", Date, onupdate=lambda: date(2026, 1, 1)),
    Column("yes", Boolean, onupdate=func.now() > func.now() - text("interval '1 day'")),
)
sparse = Table("sparse", metadata, Column("a", Integer), Column("b", Text), UniqueConstraint("a", "b"))


def amounts(count, first=0):
    return [{"sku": f"s{n}", "amount": n} for n in range(first, first + count)]


async def count_of(connection, table):
    return (await connection.execute(select(func.count()).select_from(table))).scalar_one()
