"""Reads the catalog of a database: one question a kind of object that there is, however many of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from psycopg.rows import tuple_row

from infra_adapters.postgres.catalog.rarer import ALL, CATALOGS, THERE
from infra_adapters.postgres.catalog.values import Catalog, Key
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    import psycopg

PLAIN = """
SET LOCAL search_path = ''; SET LOCAL quote_all_identifiers = off; SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = postgres; SET LOCAL timezone = 'UTC'; SET LOCAL bytea_output = hex; SET LOCAL jit = off
"""
"""What the server's texts depend on: a constant in an expression is written in the session's time zone."""


def read_catalog(connection: psycopg.Connection[Any]) -> Catalog:
    """Everything that the schema is, as one moment shows it. Errors are ours.

    Nothing is changed: settings are other ones only while this reads, so that every name is qualified and no text
    depends on the session. A transaction that is open stays open.
    """
    found: dict[Key, dict[str, str]] = {}
    with translated(), connection.transaction(force_rollback=True), connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(PLAIN)
        there = {kind for (kind,) in cursor.execute(THERE.encode(), prepare=False)}
        for kind in (kind for kind in ALL if kind in there or kind not in CATALOGS):
            for name, of, properties in cursor.execute(ALL[kind].encode(), prepare=False):
                found[kind, name] = _texts(of, properties)
    return Catalog(found)


def _texts(of: str, properties: dict[str, object]) -> dict[str, str]:
    # Zero is told as well: a statistics target of 0 is not the usual one.
    given = {name: value for name, value in properties.items() if value or (value == 0 and value is not False)}
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
    return texts | {"of": of} if of else texts
