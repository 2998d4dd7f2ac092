"""Reads the catalog of a database: one question a kind of object, whatever the number of objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from infra_adapters.postgres.catalog.queries import QUERIES
from infra_adapters.postgres.catalog.values import Catalog, Key
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    import psycopg

PLAIN = "SELECT set_config('search_path', '', false)"


def read_catalog(connection: psycopg.Connection[Any]) -> Catalog:
    """Everything that the schema is, as one moment shows it. Errors are ours.

    Nothing is changed; the search path is another one while this reads, so that every name is qualified.
    """
    found: dict[Key, dict[str, str]] = {}
    with translated(), connection.transaction():
        before = connection.execute("SHOW search_path").fetchone()
        connection.execute(PLAIN)
        for kind, query in QUERIES.items():
            for name, of, properties in connection.execute(query.encode(), prepare=False):
                found[kind, name] = _texts(of, properties)
        connection.execute("SELECT set_config('search_path', %s, false)", before)
    return Catalog(found)


def _texts(of: str, properties: dict[str, object]) -> dict[str, str]:
    given = {name: value for name, value in properties.items() if value not in (None, "", False)}
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
    return texts | {"of": of} if of else texts
