"""What a way back would throw away: its SQL runs in a transaction that is rolled back, and what it took is looked into.

The SQL itself is not judged, so whatever it does by whatever means is seen. It is run and not the revision: a revision
may commit what it has done, the text of it may not.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from infra_adapters.errors import PermissionDenied
from infra_adapters.postgres.migrations.ledger import schema
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from infra_adapters.postgres.catalog import Catalog


def losses(connection: Connection, way_back: str) -> tuple[str, ...]:
    """The tables and columns that hold data and that the SQL `way_back` removes; nothing is changed.

    What this role may not look into counts as data. Raises InfraError where the SQL cannot run in one transaction.
    """
    before = schema(connection)
    connection.rollback()
    transaction_text = "\n".join(line for line in way_back.splitlines() if line.strip() not in {"BEGIN;", "COMMIT;"})
    with translated(), connection.begin() as trial:
        driver: Any = connection.connection.driver_connection
        driver.execute(transaction_text)
        after = schema(connection)
        trial.rollback()
    with connection.begin() as look:
        connection.execute(text("SET LOCAL row_security = off"))
        found = tuple(name for name, asked in _gone(before, after) if _holds(connection, asked))
        look.rollback()
    return found


def _gone(before: Catalog, after: Catalog) -> Iterator[tuple[str, str]]:
    """What is missing, with the question whether there is anything in it."""
    for (kind, name), found in before.objects.items():
        if (kind, name) in after.objects or kind not in {"table", "column"}:
            continue
        table = found["of"]
        if kind == "table":
            yield f"table {name}", f"SELECT EXISTS (SELECT FROM {table})"  # noqa: S608 - the server quoted the name
        elif ("table", table) in after.objects:
            column = name.removeprefix(f"{table}.")
            yield f"column {name}", f"SELECT EXISTS (SELECT FROM {table} WHERE {column} IS NOT NULL)"  # noqa: S608


def _holds(connection: Connection, asked: str) -> bool:
    with suppress(PermissionDenied), translated(), connection.begin_nested():
        return bool(connection.execute(text(asked)).scalar())
    return True
