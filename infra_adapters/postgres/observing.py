"""Watchers of every statement, by whichever way it is sent: SQLAlchemy's, a repository's, the fast lane's, a COPY's."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import psycopg
from psycopg import sql

from infra_adapters.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from psycopg.abc import Params, Query
    from psycopg.copy import AsyncWriter

    Watcher = Callable[["Ran"], None]

COPYING = "what makes the rows may not use the connection that they are copied on; read it first, or use another one"


class Turns(asyncio.Lock):
    """A connection's lock. While `busy` says why, it refuses: to wait for the end of a COPY from within never ends."""

    busy: str = ""

    async def acquire(self) -> Literal[True]:
        """Wait for one's turn. Raises InvalidRequest where that never comes."""
        if self.busy:
            raise InvalidRequest(self.busy)
        return await super().acquire()


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


class _Run:
    """The run of one statement: a plain class, as a generator would take a good part of the time of a call."""

    __slots__ = ("_began", "_cursor", "_query")

    def __init__(self, cursor: psycopg.AsyncCursor[Any], query: Query) -> None:
        self._cursor = cursor
        self._query = query

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """Tell the watchers. A text that cannot be encoded becomes psycopg.DataError."""
        watchers = getattr(self._cursor.connection, "watchers", ())
        if watchers:
            ran = Ran(self._query, time.perf_counter() - self._began, self._cursor.rowcount, kind is not None)
            for watcher in tuple(watchers):
                watcher(ran)
        if isinstance(error, UnicodeEncodeError):
            raise psycopg.DataError("a text cannot be encoded as UTF-8") from None


class ObservedCursor(psycopg.AsyncCursor[Any]):
    """psycopg's cursor, which tells the watchers of its connection what it ran; without any it does nothing more."""

    async def execute(self, query: Any, params: Params | None = None, **options: Any) -> Self:
        """Run a statement."""
        with _Run(self, query):
            return await super().execute(query, params, **options)

    async def executemany(self, query: Query, params_seq: Iterable[Params], *, returning: bool = False) -> None:
        """Run a statement once for each of several sets of values; it is told of once."""
        with _Run(self, query):
            await super().executemany(query, params_seq, returning=returning)

    async def stream(self, query: Query, params: Params | None = None, **options: Any) -> AsyncIterator[Any]:
        """Run a statement and give its rows as they come; it is told of when the last one was read."""
        with _Run(self, query):
            async for row in super().stream(query, params, **options):
                yield row

    @asynccontextmanager
    async def copy(
        self, statement: Query, params: Params | None = None, *, writer: AsyncWriter | None = None
    ) -> AsyncIterator[psycopg.AsyncCopy]:
        """Run a COPY, during which nothing else may be done on the connection."""
        turns: Any = self.connection.lock
        with _Run(self, statement):
            async with super().copy(statement, params, writer=writer) as copy:
                turns.busy = COPYING
                try:
                    yield copy
                finally:
                    turns.busy = ""


class ObservedServerCursor(psycopg.AsyncServerCursor[Any]):
    """The same for a cursor that the server keeps; what it takes to open it is told, as its rows come later."""

    async def execute(self, query: Any, params: Params | None = None, **options: Any) -> Self:
        """Open a cursor for a statement."""
        with _Run(self, query):
            return await super().execute(query, params, **options)

    async def close(self) -> None:
        """Close it; during a COPY without a word to the server, for which it ends with the transaction."""
        turns: Any = self.connection.lock
        await (psycopg.AsyncCursor.close(self) if turns.busy else super().close())
