"""What a way back would throw away: its SQL runs in a transaction that is rolled back, and what it took is looked into.

The SQL itself is not judged, so whatever it does by whatever means is seen. It is run and not the revision: a revision
may commit what it has done, the text of it may not.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from infra_adapters.errors import InvalidRequest, PermissionDenied
from infra_adapters.postgres.migrations.ledger import schema
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from infra_adapters.postgres.catalog import Catalog

BOUNDS = ("BEGIN;", "COMMIT;")
"""What Alembic writes around each revision."""
WORDS = r"(?:commit|end|rollback|abort|begin|start|prepare|release|savepoint)\b"
ENDS = re.compile(r"(?:\s|;|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*" + WORDS, re.IGNORECASE | re.DOTALL)
SPEAKS = re.compile(r"\b" + WORDS, re.IGNORECASE)
DELETED = "SELECT format('%I.%I', schemaname, relname) FROM pg_stat_xact_user_tables WHERE n_tup_del > 0"
# The names below were quoted by the server when it gave them.
ANY = "SELECT EXISTS (SELECT FROM {})"
VALUE = "SELECT EXISTS (SELECT FROM {} WHERE {} IS NOT NULL)"
DIGEST = "SELECT md5(string_agg(md5({1}::text), '' ORDER BY md5({1}::text))) FROM {0}"


def losses(connection: Connection, way_back: Sequence[str]) -> tuple[str, ...]:
    """What holds data and would be lost by the SQL `way_back`, one text an operation; nothing is changed.

    Tables and columns that go, rows that are deleted, and columns whose values read otherwise after their type has
    changed. What this role may not look into counts as data. Raises InfraError where the SQL cannot run in one
    transaction, before any of it is lasting.
    """
    before = schema(connection)
    connection.rollback()
    with translated(), connection.begin() as trial:
        _run(connection.connection.driver_connection, way_back)
        after = schema(connection)
        fewer = _fewer(connection, before, after)
        values = {one: _asked(connection, DIGEST, *one[:2]) for one in _retyped(before, after)}
        trial.rollback()
    with connection.begin() as look:
        connection.execute(text("SET LOCAL row_security = off"))
        found = [name for name, asked, of in _gone(before, after) if _asked(connection, asked, *of) is not False]
        found += [f"rows of {table}" for table in fewer if _asked(connection, ANY, table) is not False]
        for (table, column, kind), digest in values.items():
            if (was := _asked(connection, DIGEST, table, column)) is _HIDDEN or was != digest:
                found.append(f"column {table}.{column} as {kind}")
        look.rollback()
    return tuple(found)


def _run(driver: Any, way_back: Sequence[str]) -> None:
    """Run each operation so that none of them can end the transaction in which it is tried."""
    for piece in way_back:
        if piece in BOUNDS:
            continue
        if ENDS.match(piece):
            raise InvalidRequest(f"it ends its transaction by itself: {piece.splitlines()[-1]}")
        if SPEAKS.search(piece):
            # Where values are asked for in binary, the server takes one statement at a time.
            driver.execute(piece, binary=True)
        else:
            driver.execute(piece)


_HIDDEN = object()
"""The answer to what may not be asked."""


def _gone(before: Catalog, after: Catalog) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """What is missing, with the question whether there is anything in it."""
    for (kind, name), found in before.objects.items():
        if (kind, name) in after.objects or kind not in {"table", "column"}:
            continue
        table = found["of"]
        if kind == "table":
            yield f"table {name}", ANY, (table,)
        elif ("table", table) in after.objects:
            yield f"column {name}", VALUE, (table, name.removeprefix(f"{table}."))


def _fewer(connection: Connection, before: Catalog, after: Catalog) -> list[str]:
    """The tables that stay and of which rows were deleted in this transaction, or that are empty now."""
    deleted = {name for (name,) in connection.execute(text(DELETED))}
    stay = [name for kind, name in before.objects if kind == "table" and (kind, name) in after.objects]
    return [name for name in stay if name in deleted or not _asked(connection, ANY, name)]


def _retyped(before: Catalog, after: Catalog) -> Iterator[tuple[str, str, str]]:
    """The table, column and new type of each column that gets another one."""
    for (kind, name), found in before.objects.items():
        now = after.objects.get((kind, name))
        if kind == "column" and now is not None and now["type"] != found["type"]:
            yield found["of"], name.removeprefix(f"{found['of']}."), now["type"]


def _asked(connection: Connection, question: str, *names: str) -> Any:
    """The answer, or that it may not be asked."""
    with suppress(PermissionDenied), translated(), connection.begin_nested():
        return connection.execute(text(question.format(*names))).scalar()
    return _HIDDEN
