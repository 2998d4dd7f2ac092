"""Which rows COPY may take in its binary format: there the server casts nothing, and psycopg cuts what is too long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import NoneType
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from psycopg.adapt import PyFormat

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from psycopg import AsyncCursor

    from infra_adapters.postgres.bulk.layout import Cells

PLAIN: dict[int, type] = {
    16: bool,
    20: int,
    21: int,
    23: int,
    25: str,
    701: float,
    1043: str,
    1082: date,
    1184: datetime,
    1700: Decimal,
    2950: UUID,
}
"""The one type of Python whose values a type of PostgreSQL, by its number in pg_type, stores as they are."""
BITS = {20: 63, 21: 15, 23: 31}
NUMERIC = 1700


@dataclass(frozen=True, slots=True)
class Format:
    """The types of the columns that are copied, as the server has them; empty where one of them needs text."""

    types: tuple[int, ...] = ()

    @classmethod
    def of(cls, types: Sequence[int], columns: int) -> Format:
        """The format for so many columns, of which the server knows these types."""
        return cls(tuple(types)) if len(types) == columns and all(one in PLAIN for one in types) else cls()

    def numbered(self) -> Format:
        """The same with a number behind each row."""
        return Format((*self.types, 20)) if self.types else self

    def takes(self, rows: list[Cells]) -> bool:
        """Whether every value of some rows is stored in binary as it would be in text."""
        return bool(self.types) and all(map(_same, self.types, zip(*rows, strict=True)))


def prepare(cursor: AsyncCursor[Any]) -> None:
    """Have a cursor write numbers as fast as psycopg can: those of `takes` need not be looked at once more."""
    cursor.adapters.register_dumper(Decimal, psycopg.adapters.get_dumper(Decimal, PyFormat.BINARY))


def _same(kind: int, cells: Collection[Any]) -> bool:
    found = set(map(type, cells))
    if NoneType in found:
        found.discard(NoneType)
        cells = [one for one in cells if one is not None]
    if not found:
        return True
    if found != {PLAIN[kind]} or (kind == NUMERIC and not all(map(Decimal.is_finite, cells))):
        return False
    limit = 1 << BITS.get(kind, 0)
    return kind not in BITS or (min(cells) >= -limit and max(cells) < limit)
