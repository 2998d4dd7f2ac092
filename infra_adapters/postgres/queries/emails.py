"""Addresses that are the same whatever their case: an index that holds them so, and the condition that uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Index, func

from infra_adapters.errors import InvalidRequest

if TYPE_CHECKING:
    from sqlalchemy import Column, ColumnElement


def email_index(column: Column[Any], *, within: tuple[Column[Any], ...] = ()) -> Index:
    """The unique index of a table's addresses, for each tenant where `within` is its column; part of the table."""
    names = "_".join(one.name for one in (*within, column))
    return Index(f"uq_{column.table.name}_{names}_lower", *within, func.lower(column), unique=True)


def same_email(column: ColumnElement[Any], email: str) -> ColumnElement[bool]:
    """Whether a column holds an address. Raises InvalidRequest for none, which would find anybody or nobody.

    The server makes both sides lower, so they agree on letters beyond ASCII.
    """
    address = email.strip()
    if not address:
        raise InvalidRequest("an address is asked for, and none was given")
    return func.lower(column) == func.lower(address)
