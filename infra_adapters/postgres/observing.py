"""Watchers of every statement, by whichever way it is sent: SQLAlchemy's, a repository's, the fast lane's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import psycopg
from psycopg import sql

from infra_adapters.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from psycopg.abc import Params, Query

    Watcher = Callable[["Ran"], None]


class Ran(NamedTuple):
    """A statement that came to its end. `rows` that it was about are -1 where that is not known."""

    query: Query
    seconds: float
    rows: int
    failed: bool

    @property
    def statement(self) -> str:
        """Its text, without values."""
        if isinstance(self.query, bytes):
            return self.query.decode("utf-8", "replace")
        return self.query.as_string(None) if isinstance(self.query, sql.Composable) else str(self.query)


class ObservedCursor(psycopg.AsyncCursor[Any]):
    """psycopg's cursor, which tells the watchers of its connection what it ran; without any it does nothing more."""

    async def execute(self, query: Any, params: Params | None = None, **options: Any) -> Self:
        """Run a statement. A text that cannot be encoded is psycopg.DataError, as other values that cannot be sent.

        Raises InvalidRequest while the connection is busy otherwise.
        """
        self._refuse_where_busy()
        began = time.perf_counter()
        try:
            found = await super().execute(query, params, **options)
        except UnicodeEncodeError:
            self._tell(query, began, failed=True)
            raise psycopg.DataError("a text cannot be encoded as UTF-8") from None
        except BaseException:
            self._tell(query, began, failed=True)
            raise
        self._tell(query, began, failed=False)
        return found

    async def executemany(self, query: Query, params_seq: Iterable[Params], *, returning: bool = False) -> None:
        """Run a statement once for each of several sets of values; it is told of once. Raises InvalidRequest."""
        self._refuse_where_busy()
        began = time.perf_counter()
        try:
            await super().executemany(query, params_seq, returning=returning)
        except BaseException:
            self._tell(query, began, failed=True)
            raise
        self._tell(query, began, failed=False)

    def _refuse_where_busy(self) -> None:
        if busy := getattr(self.connection, "busy", ""):
            raise InvalidRequest(busy)

    def _tell(self, query: Query, began: float, *, failed: bool) -> None:
        watchers = getattr(self.connection, "watchers", ())
        if watchers:
            ran = Ran(query, time.perf_counter() - began, self.rowcount, failed)
            for watcher in tuple(watchers):
                watcher(ran)
