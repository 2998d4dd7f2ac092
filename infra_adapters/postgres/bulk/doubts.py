"""Numbers that the server would store as other ones where they are values, and refuse or keep where they are copied."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, Integer, Numeric

from infra_adapters.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Column

    from infra_adapters.postgres.bulk.layout import Cells

BROKEN = (float, Decimal, bool)
DIGITS = 15
"""The significant digits that PostgreSQL takes of a float where it becomes a numeric (DBL_DIG of C)."""


def settled(columns: Sequence[Column[Any]], rows: list[Cells], first: int) -> list[Cells]:
    """The rows with a Decimal for each float that becomes a numeric, so that every way stores the same digits.

    `first` is the number of the first of these rows among all, counted from 0. Raises InvalidRequest for a fraction or
    a truth where a whole number goes, and for a float that is no number, also within an array.
    """
    for at, column in enumerate(columns):
        kind: Any = column.type
        several = isinstance(kind, ARRAY)
        affinity = (kind.item_type if several else kind)._type_affinity  # noqa: SLF001
        if affinity not in (Integer, Numeric):
            continue
        cells = [row[at] for row in rows]
        # A look at the types is fast, and nearly always enough.
        if several or any(issubclass(found, BROKEN) for found in set(map(type, cells))):
            new = [_cell(cell, affinity, column.name, number) for number, cell in enumerate(cells, first)]
            rows = [(*row[:at], cell, *row[at + 1 :]) for row, cell in zip(rows, new, strict=True)]
    return rows


def _cell(cell: Any, affinity: Any, name: str, number: int) -> Any:
    if isinstance(cell, list):
        return [_cell(one, affinity, name, number) for one in cell]
    if not isinstance(cell, BROKEN):
        return cell
    if affinity is Integer or (isinstance(cell, float) and not math.isfinite(cell)):
        raise InvalidRequest(f"row {number}: {name} does not take it")
    return Decimal(f"{cell:.{DIGITS}g}") if isinstance(cell, float) else cell
