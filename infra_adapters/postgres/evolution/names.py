"""Names of tables and columns as SQL: always quoted, the schema before the first dot."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterable


def table_name(table: str) -> sql.Identifier:
    """A table named `table` or `schema.table`, as it is spelt: no case is folded."""
    return sql.Identifier(*table.split(".", 1))


def columns(names: Iterable[str], prefix: str = "") -> sql.Composed:
    """Column names with commas between them; `prefix` is the table's alias."""
    return sql.SQL(", ").join(sql.Identifier(prefix, one) if prefix else sql.Identifier(one) for one in names)


def in_query(name: sql.Composable) -> sql.SQL:
    """A name in a query that has parameters, where a per cent sign stands twice."""
    return sql.SQL(name.as_string().replace("%", "%%"))


def expression(text: str) -> sql.SQL:
    """SQL by the author of a migration, for a query that has parameters: its per cent signs stay what they are."""
    return sql.SQL(text.replace("%", "%%"))


def own_name(kind: str, *parts: str) -> str:
    """A name for a thing of ours: within 63 bytes, the same for the same parts, another for others."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    return f"infra_{kind}_{digest}"
