"""LIKE on what a user typed: its `%`, `_` and `\\` mean themselves, and nothing typed means no filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import true

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

SPECIAL = str.maketrans({special: f"\\{special}" for special in "%_\\"})


def contains(column: ColumnElement[Any], text: str | None, *, any_case: bool = False) -> ColumnElement[bool]:
    """Whether a text is in a column; true where nothing is asked."""
    return _like(column, text, "%{}%", any_case=any_case)


def starts_with(column: ColumnElement[Any], text: str | None, *, any_case: bool = False) -> ColumnElement[bool]:
    """Whether a column begins with a text; true where nothing is asked."""
    return _like(column, text, "{}%", any_case=any_case)


def ends_with(column: ColumnElement[Any], text: str | None, *, any_case: bool = False) -> ColumnElement[bool]:
    """Whether a column ends with a text; true where nothing is asked."""
    return _like(column, text, "%{}", any_case=any_case)


def _like(column: ColumnElement[Any], text: str | None, pattern: str, *, any_case: bool) -> ColumnElement[bool]:
    if text is None or not text.strip():
        return true()
    escaped = pattern.format(text.translate(SPECIAL))
    return column.ilike(escaped) if any_case else column.like(escaped)
