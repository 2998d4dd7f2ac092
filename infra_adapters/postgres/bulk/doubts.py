"""Numbers that the server would store as other ones where they are values, and refuse where they are copied."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, Numeric

from infra_adapters.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Column

    from infra_adapters.postgres.bulk.layout import Cells

BROKEN = (float, Decimal, bool)


def refuse_doubtful(columns: Sequence[Column[Any]], rows: Sequence[Cells], first: int) -> None:
    """Raise InvalidRequest for a fraction or a truth where a whole number goes, and for a float that is no number.

    `first` is the number of the first of these rows among all, counted from 0.
    """
    for at, column in enumerate(columns):
        affinity = column.type._type_affinity  # noqa: SLF001
        if affinity not in (Integer, Numeric):
            continue
        cells = [row[at] for row in rows]
        # A look at the types is fast, and nearly always enough.
        if not any(issubclass(kind, BROKEN) for kind in set(map(type, cells))):
            continue
        for number, cell in enumerate(cells, first):
            if isinstance(cell, BROKEN) and (affinity is Integer or (type(cell) is float and not math.isfinite(cell))):
                raise InvalidRequest(f"row {number}: {column.name} does not take it")
