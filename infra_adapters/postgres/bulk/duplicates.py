"""Rows of one batch that have the same key: which of them is meant."""

from __future__ import annotations

from collections.abc import Hashable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from infra_adapters.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

TOLD = 10


class Duplicates(StrEnum):
    """What becomes of rows with the same key in one batch. Keys with a NULL in them are never the same."""

    ERROR = "error"
    FIRST = "first"
    LAST = "last"


class DuplicateRows(InvalidRequest):
    """Rows of one batch have the same key.

    `positions` are those of the rows that are alike, counted from 0, of the first ten such keys; empty where only the
    server found them the same.
    """

    code = "duplicate_rows"

    def __init__(self, positions: Sequence[Sequence[int]]) -> None:
        alike = "; ".join(" = ".join(map(str, one)) for one in positions)
        super().__init__(f"rows of one batch have the same key: {alike or 'the server told none'}")
        self.positions = tuple(tuple(one) for one in positions)


def unique_rows(
    rows: Sequence[tuple[Any, ...]], places: Sequence[int], duplicates: Duplicates
) -> list[tuple[Any, ...]]:
    """The rows that are meant, in their order. Raises DuplicateRows where none may be alike."""
    alike: dict[tuple[Any, ...], list[int]] = {}
    for number, row in enumerate(rows):
        key = [row[at] for at in places]
        # JSON's null is a value as any other.
        null = any(cell is None for cell in key)
        alike.setdefault((number,) if null else (None, *map(_comparable, key)), []).append(number)
    if duplicates is Duplicates.ERROR:
        if found := [numbers for numbers in alike.values() if len(numbers) > 1]:
            raise DuplicateRows(found[:TOLD])
        return list(rows)
    kept = sorted(numbers[0 if duplicates is Duplicates.FIRST else -1] for numbers in alike.values())
    return [rows[number] for number in kept]


def _comparable(cell: Any) -> Any:
    # psycopg wraps bytes and JSON, and two wrappers are never equal.
    plain = getattr(cell, "obj", cell)
    return plain if isinstance(plain, Hashable) else repr(plain)
