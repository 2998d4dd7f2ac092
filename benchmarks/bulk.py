"""Many rows at once, beside raw psycopg in the same run: goal G3 of step 1."""

from __future__ import annotations

import asyncio
import statistics
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from sqlalchemy import BigInteger, Column, DateTime, MetaData, Numeric, Table, Text, Uuid

from benchmarks.whole import Goal
from devnet_runner.database import open_database
from infra_adapters.postgres import Database
from infra_adapters.postgres.bulk import insert_many, upsert_many, write
from infra_adapters.settings import DatabaseSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Seconds = Callable[[], Awaitable[float]]

ROWS, UPSERTED, ROUNDS = 100_000, 20_000, 7
SIZES = (10, 20, 30, 50, 75, 100, 150, 200, 300, 500)
metadata = MetaData()
table = Table(
    "bulk",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("owner", Uuid),
    Column("name", Text),
    Column("at", DateTime(timezone=True)),
    Column("price", Numeric(18, 4)),
    Column("note", Text),
)
TYPES = ("int8", "uuid", "text", "timestamptz", "numeric", "text")
NAMES = ", ".join(table.c.keys())
UPSERT = (
    f"INSERT INTO bulk ({NAMES}) VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET owner = excluded.owner,"
    " name = excluded.name, at = excluded.at, price = excluded.price, note = excluded.note"
)


def made(rows: int) -> list[dict[str, Any]]:
    """Rows as a product has them."""
    now = datetime.now(UTC)
    return [
        {"id": n, "owner": UUID(int=n), "name": f"name {n}", "at": now, "price": Decimal(n) / 8, "note": None}
        for n in range(rows)
    ]


async def compared(ours: Seconds, raw: Seconds, rounds: int = ROUNDS) -> float:
    """How many times as long as raw ours takes: the median over rounds in which both run in turn."""
    pairs = [(await ours(), await raw()) for _ in range(rounds)]
    return statistics.median(mine / theirs for mine, theirs in pairs)


async def ours(database: Database, rows: list[dict[str, Any]], *, upsert: bool = False) -> float:
    """The seconds of one of our writes; nothing is kept."""
    async with database.connection() as connection:
        began = time.perf_counter()
        await (upsert_many(connection, table, rows, key=["id"]) if upsert else insert_many(connection, table, rows))
        return time.perf_counter() - began


async def copied(raw: psycopg.AsyncConnection[Any], rows: list[dict[str, Any]], types: tuple[str, ...] = ()) -> float:
    """The seconds of psycopg's COPY, row by row, as its documentation has it."""
    began = time.perf_counter()
    async with raw.cursor() as cursor:
        async with cursor.copy(f"COPY bulk ({NAMES}) FROM STDIN{' (FORMAT BINARY)' if types else ''}".encode()) as copy:
            if types:
                copy.set_types(types)
            for row in rows:
                await copy.write_row(tuple(row.values()))
        took = time.perf_counter() - began
    await raw.rollback()
    return took


async def executed(raw: psycopg.AsyncConnection[Any], rows: list[dict[str, Any]]) -> float:
    """The seconds of psycopg's executemany with ON CONFLICT."""
    began = time.perf_counter()
    async with raw.cursor() as cursor:
        await cursor.executemany(UPSERT, [tuple(row.values()) for row in rows])
    took = time.perf_counter() - began
    await raw.rollback()
    return took


async def by(copy: bool, database: Database, rows: list[dict[str, Any]], *, upsert: bool) -> float:
    """The seconds of our write by the one way or the other."""
    chosen = write.COPY_FROM, write.STAGE_FROM
    write.COPY_FROM = write.STAGE_FROM = 0 if copy else len(rows) + 1
    try:
        return await ours(database, rows, upsert=upsert)
    finally:
        write.COPY_FROM, write.STAGE_FROM = chosen


async def threshold(database: Database, *, upsert: bool) -> Goal:
    """Whether COPY is no slower than values at the size from which it is chosen; and where it begins to be faster."""
    ratios = {}
    for size in sorted({*SIZES, write.STAGE_FROM if upsert else write.COPY_FROM}):
        rows = made(size)
        ratios[size] = await compared(
            lambda rows=rows: by(True, database, rows, upsert=upsert),  # type: ignore[misc]
            lambda rows=rows: by(False, database, rows, upsert=upsert),  # type: ignore[misc]
            rounds=31,
        )
    first = min((size for size in ratios if all(ratios[one] < 1 for one in ratios if one >= size)), default=0)
    what, size = ("upsert", write.STAGE_FROM) if upsert else ("insert", write.COPY_FROM)
    return Goal(f"G3 {what} of {size} rows, COPY / values", ratios[size], 1.0, f"COPY is faster from {first} rows on")


async def measured(url: str) -> list[Goal]:
    """Every figure of G3, on an empty database."""
    async with Database.open(DatabaseSettings.of(url=url, slow_after=0, statement_timeout=600)) as database:
        async with database.engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
        async with await psycopg.AsyncConnection.connect(url) as raw:
            rows = made(ROWS)
            text = await compared(lambda: ours(database, rows), lambda: copied(raw, rows))
            binary = await compared(lambda: ours(database, rows), lambda: copied(raw, rows, TYPES))
            some = rows[:UPSERTED]
            upsert = await compared(lambda: ours(database, some, upsert=True), lambda: executed(raw, some))
        note = f"{1 / text:.2f} of raw, goal 0.90; {1 / binary:.2f} of raw COPY in binary with its types told"
        return [
            Goal(f"G3 insert_many of {ROWS:,} rows / psycopg's COPY", text, 1 / 0.90, note),
            Goal("G3 upsert_many / psycopg's executemany", upsert, 1 / 0.80, f"{1 / upsert:.2f} of raw, goal 0.80"),
            await threshold(database, upsert=False),
            await threshold(database, upsert=True),
        ]


def main() -> list[Goal]:
    """Open a database and measure."""
    with open_database(environ={}) as database:
        return asyncio.run(measured(database.url))


if __name__ == "__main__":
    for goal in main():
        print(goal.line())
