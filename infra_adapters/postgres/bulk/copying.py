"""COPY, driven so that a caller who leaves in the middle leaves a connection behind that can be used."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg

from infra_adapters.postgres.guarded import CANCEL_SECONDS
from infra_adapters.postgres.observing import Ran

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from infra_adapters.postgres.bulk.layout import Cells


class _Ended(Exception):
    """What ends a COPY in the middle: psycopg tells its words to the server, and the caller's may hold values."""


async def copy_rows(raw: psycopg.AsyncConnection[Any], statement: str, rows: AsyncIterator[list[Cells]]) -> int:
    """Run a COPY ... FROM STDIN; how many rows the server took. The connection's watchers are told of it."""
    # psycopg leaves doubled `%` as they are in a COPY without parameters.
    statement = statement.replace("%%", "%")
    began = time.perf_counter()
    cursor = raw.cursor()
    failed: BaseException | None = None
    try:
        async with cursor.copy(statement.encode()) as copy:
            try:
                await _fill(raw, copy, rows)
            except BaseException as error:  # noqa: BLE001 - raised again below
                failed = error
                raise _Ended from None
    except _Ended:
        assert failed is not None  # noqa: S101 - what mypy cannot see
        raise failed from None
    finally:
        _tell(raw, statement, began, cursor.rowcount)
    return cursor.rowcount


async def _fill(raw: psycopg.AsyncConnection[Any], copy: psycopg.AsyncCopy, rows: AsyncIterator[list[Cells]]) -> None:
    # Formatting is not worth an await a row: only a full buffer is.
    formatted = copy.formatter.write_row
    async for block in rows:
        for cells in block:
            if buffer := formatted(cells):
                await _send(raw, copy, buffer)


async def _send(raw: psycopg.AsyncConnection[Any], copy: psycopg.AsyncCopy, buffer: Any) -> None:
    """Send a buffer. One that is half sent when the caller leaves is sent to its end, or the connection closed."""
    sending = asyncio.ensure_future(copy.writer.write(buffer))
    try:
        await asyncio.shield(sending)
    except asyncio.CancelledError:
        # A server that waits for a lock takes nothing; one that was told to stop takes all, and throws it away.
        with suppress(psycopg.Error, OSError):
            await raw.cancel_safe(timeout=CANCEL_SECONDS / 2)
        await asyncio.wait({sending}, timeout=CANCEL_SECONDS / 2)
        if not sending.done():
            raw.pgconn.finish()
            sending.cancel()
        raise


def _tell(raw: psycopg.AsyncConnection[Any], statement: str, began: float, rows: int) -> None:
    watchers = getattr(raw, "watchers", ())
    if watchers:
        ran = Ran(statement.encode(), time.perf_counter() - began, rows, rows < 0)
        for watcher in tuple(watchers):
            watcher(ran)
