"""Statements that SQLAlchemy compiles once and psycopg runs: its own way to run them takes longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql import psycopg as dialects

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Executable

    from infra_adapters.postgres.guarded import GuardedConnection

DIALECT = dialects.dialect()  # type: ignore[no-untyped-call]


class Compiled:
    """A statement with named parameters; values pass through the types of its columns in both directions."""

    def __init__(self, statement: Executable) -> None:
        made: Any = statement.compile(dialect=DIALECT)  # type: ignore[attr-defined]
        self._sql = made.string.encode()
        self._constant = {name: bind.value for bind, name in made.bind_names.items() if not bind.required}
        self._write = [
            (name, bind.type._cached_bind_processor(DIALECT))  # noqa: SLF001
            for bind, name in made.bind_names.items()
        ]
        # Which processor a type wants depends on what the server sends, so that is looked at first.
        self._types = [one[3] for one in made._result_columns]  # noqa: SLF001
        self._read: list[tuple[int, Callable[[Any], Any]]] | None = None

    async def rows(self, connection: GuardedConnection, values: Mapping[str, object]) -> Sequence[Sequence[Any]]:
        """Every row."""
        cursor = await connection.execute(self._sql, self._bound(values))
        rows = await cursor.fetchall()
        if self._read is None:
            sent = [one.type_code for one in cursor.description or ()]
            read = [one._cached_result_processor(DIALECT, code) for one, code in zip(self._types, sent, strict=True)]  # noqa: SLF001
            self._read = [(at, processor) for at, processor in enumerate(read) if processor]
        return _processed(rows, self._read) if self._read else rows

    async def count(self, connection: GuardedConnection, values: Mapping[str, object]) -> int:
        """Run it; the number of rows that it was about."""
        return (await connection.execute(self._sql, self._bound(values))).rowcount

    async def plan(self, connection: GuardedConnection, values: Mapping[str, object]) -> dict[str, Any]:
        """The server's plan for it, as EXPLAIN tells; nothing is run."""
        [[found]] = await (
            await connection.execute(b"EXPLAIN (FORMAT JSON) " + self._sql, self._bound(values))
        ).fetchall()
        plan: dict[str, Any] = found[0]["Plan"]
        return plan

    async def each(self, connection: GuardedConnection, rows: Sequence[Mapping[str, object]]) -> None:
        """Run it once for each of several sets of values, without waiting in between."""
        async with connection.cursor() as cursor:
            await cursor.executemany(self._sql, [self._bound(values) for values in rows])

    def _bound(self, values: Mapping[str, object]) -> dict[str, object]:
        given = {**self._constant, **values}
        return {name: write(given[name]) if write else given[name] for name, write in self._write}


def _processed(rows: Sequence[Sequence[Any]], read: list[tuple[int, Callable[[Any], Any]]]) -> list[list[Any]]:
    found = [list(row) for row in rows]
    for row in found:
        for at, processor in read:
            row[at] = processor(row[at])
    return found
