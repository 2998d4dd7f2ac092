"""What the server spent its time on, statement by statement, as pg_stat_statements counts it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import column, func, select, table

from infra_adapters.errors import QueryFailed
from infra_adapters.postgres.queries.extensions import ExtensionMissing, extension
from infra_adapters.postgres.queries.normal import normalised
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from sqlalchemy import ColumnClause, Select
    from sqlalchemy.ext.asyncio import AsyncConnection

NAME = "pg_stat_statements"
NOT_LOADED = "55000"
NUMBERS = ("calls", "total_exec_time", "mean_exec_time", "rows", "shared_blks_hit", "shared_blks_read")


class By(StrEnum):
    """What the most expensive statements are chosen by."""

    TOTAL = "total_exec_time"
    MEAN = "mean_exec_time"
    CALLS = "calls"


@dataclass(frozen=True, slots=True)
class StatementFigures:
    """A statement without its values, and what it took, in seconds. `hit_rate`: pages that were in memory, of 1."""

    statement: str
    calls: int
    total: float
    mean: float
    rows: int
    hit_rate: float | None


async def statement_report(
    connection: AsyncConnection, *, by: By = By.TOTAL, limit: int = 20
) -> tuple[StatementFigures, ...]:
    """The most expensive statements of this database since the counters were reset; the transaction stays usable.

    A role without pg_read_all_stats is not told the text of others' statements. Raises ExtensionMissing where the
    server does not count.
    """
    _, schema = await extension(connection, NAME)
    numbers: list[ColumnClause[Any]] = [column(name) for name in NUMBERS]
    counted = table(NAME, column("query"), column("dbid"), *numbers, schema=schema)
    here: Select[Any] = select(column("oid")).select_from(table("pg_database", schema="pg_catalog"))
    here = here.where(column("datname") == func.current_database())
    asked = select(counted.c.query, *(counted.c[name] for name in NUMBERS))
    asked = asked.where(counted.c.dbid == here.scalar_subquery())
    asked = asked.order_by(counted.c[by.value].desc(), counted.c.query).limit(limit)
    try:
        with translated():
            async with connection.begin_nested():
                found = (await connection.execute(asked)).all()
    except QueryFailed as error:
        if error.sqlstate != NOT_LOADED:
            raise
        cure = f"shared_preload_libraries = '{NAME}' in the server's settings, and a restart"
        raise ExtensionMissing(NAME, "the server has not loaded it", cure) from None
    return tuple(_figures(*row) for row in found)


def _figures(query: str, calls: int, total: float, mean: float, rows: int, *pages: int) -> StatementFigures:
    hit, read = pages
    rate = hit / (hit + read) if hit + read else None
    return StatementFigures(normalised(query), calls, total / 1000, mean / 1000, rows, rate)
