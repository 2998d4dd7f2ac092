"""Watchers of every statement, by whichever way it is sent: SQLAlchemy's, a repository's, the fast lane's."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from psycopg.abc import Params, Query

    Watcher = Callable[["Ran"], None]


@dataclass(frozen=True, slots=True)
class Ran:
    """A statement that came to its end: its text without values, seconds, rows that it was about (-1: not known)."""

    statement: str
    seconds: float
    rows: int
    failed: bool


class ObservedCursor(psycopg.AsyncCursor[Any]):
    """psycopg's cursor, which tells the watchers of its connection what it ran; without any it does nothing more."""

    async def execute(self, query: Any, params: Params | None = None, **options: Any) -> Self:
        """Run a statement."""
        if not _watchers(self):
            return await super().execute(query, params, **options)
        with _Told(self, query):
            return await super().execute(query, params, **options)

    async def executemany(self, query: Query, params_seq: Iterable[Params], *, returning: bool = False) -> None:
        """Run a statement once for each of several sets of values; it is told of once."""
        with _Told(self, query):
            await super().executemany(query, params_seq, returning=returning)


class _Told:
    """Tells the watchers at the end of its block."""

    __slots__ = ("_began", "_cursor", "_query")

    def __init__(self, cursor: ObservedCursor, query: Query) -> None:
        self._cursor = cursor
        self._query = query

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        watchers = _watchers(self._cursor)
        if watchers:
            taken = time.perf_counter() - self._began
            ran = Ran(_text(self._query), taken, self._cursor.rowcount, error is not None)
            for watcher in watchers:
                watcher(ran)


def _watchers(cursor: ObservedCursor) -> tuple[Watcher, ...]:
    return tuple(getattr(cursor.connection, "watchers", ()))


def _text(query: Query) -> str:
    if isinstance(query, bytes):
        return query.decode("utf-8", "replace")
    return query.as_string(None) if isinstance(query, sql.Composable) else str(query)
