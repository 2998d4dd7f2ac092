"""COPY, driven so that a caller who leaves in the middle leaves a connection behind that can be used."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.copy import AsyncLibpqWriter

from infra_adapters.deadline import passed
from infra_adapters.errors import InvalidRequest
from infra_adapters.postgres.bulk.binary import Format, prepare
from infra_adapters.postgres.bulk.doubts import settled
from infra_adapters.postgres.guarded import CANCEL_SECONDS, GuardedConnection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from psycopg.abc import Buffer
    from sqlalchemy import Column

    from infra_adapters.postgres.bulk.layout import Cells

LEAVE_SECONDS = 5.0
FINISH_SECONDS = 0.05
"""Together with what the connection itself takes to give up, less than the 150 ms that a deadline may be passed by."""


class _Ended(Exception):
    """What ends a COPY in the middle: psycopg tells its words to the server, and the caller's may hold values."""


class _Quiet(AsyncLibpqWriter):
    """Ends a COPY that failed without a word: psycopg would log what the server says, and that quotes rows."""

    async def finish(self, exc: BaseException | None = None) -> None:
        """End the COPY; what the server says to an end in the middle is of no interest."""
        with suppress(*([psycopg.Error] if exc else [])):
            await super().finish(exc)


def patience(error: BaseException) -> float:
    """For how many seconds the server may take part in ending what failed: hardly any where the caller has left."""
    return FINISH_SECONDS if passed() or isinstance(error, asyncio.CancelledError) else LEAVE_SECONDS


async def copy_rows(
    raw: psycopg.AsyncConnection[Any],
    statement: str,
    rows: AsyncIterator[list[Cells]],
    binary: Format,
    columns: Sequence[Column[Any]],
) -> int:
    """Run a COPY ... FROM STDIN of some columns, in the binary format as long as that is the same.

    Returns how many rows the server took. The connection's watchers are told of it. Raises InvalidRequest for a row
    that cannot be stored, and where what makes the rows uses the connection that they are written on.
    """
    # psycopg leaves doubled `%` as they are in a COPY without parameters.
    statement = statement.replace("%%", "%")
    copied, left, at = 0, await anext(rows, None), 0
    while left is not None:
        blocks = _Blocks(left, rows, binary if binary.takes(left) else Format(), columns, at)
        copied += await _copy(raw, statement, blocks)
        left, at = blocks.left, blocks.at
    return copied


class _Blocks:
    """Blocks of rows as long as a format takes them; then `left` is the first of the rest, and None at the end.

    `at` is the number of the first row of `left`.
    """

    def __init__(
        self,
        first: list[Cells],
        more: AsyncIterator[list[Cells]],
        binary: Format,
        columns: Sequence[Column[Any]],
        at: int,
    ) -> None:
        self.left: list[Cells] | None = first
        self.types = binary.types
        self.at = at
        self._binary = binary
        self._more = more
        self._columns = columns

    async def __aiter__(self) -> AsyncIterator[list[Cells]]:
        while self.left is not None:
            yield self.left if self.types else settled(self._columns, self.left, self.at)
            self.at += len(self.left)
            self.left = await anext(self._more, None)
            if self.left is not None and self.types and not self._binary.takes(self.left):
                return


async def _copy(raw: psycopg.AsyncConnection[Any], statement: str, blocks: _Blocks) -> int:
    cursor = raw.cursor()
    failed: BaseException | None = None
    if blocks.types:
        prepare(cursor)
        statement = f"{statement} (FORMAT BINARY)"
    try:
        async with asyncio.timeout(None) as ending, cursor.copy(statement.encode(), writer=_Quiet(cursor)) as copy:
            failed = await _filled(raw, copy, blocks)
            _give_up(failed, ending)
    except (_Ended, TimeoutError):
        assert failed is not None  # noqa: S101 - what mypy cannot see
        raise failed from None
    return cursor.rowcount


def _give_up(failed: BaseException | None, ending: asyncio.Timeout) -> None:
    if failed is not None:
        ending.reschedule(asyncio.get_running_loop().time() + patience(failed))
        raise _Ended


async def _filled(raw: psycopg.AsyncConnection[Any], copy: psycopg.AsyncCopy, blocks: _Blocks) -> BaseException | None:
    """Send every row; what went wrong, to be raised when the COPY has been ended."""
    try:
        if blocks.types:
            copy.set_types(blocks.types)
        # Formatting is not worth an await a row: only a full buffer is.
        formatted = copy.formatter.write_row
        async for block in blocks:
            for buffer in _buffers(formatted, block):
                await _send(raw, copy, buffer)
    except BaseException as error:  # noqa: BLE001 - the caller raises it
        return error
    return None


def _buffers(formatted: Callable[[Cells], Buffer], block: list[Cells]) -> Iterator[Buffer]:
    try:
        yield from filter(None, map(formatted, block))
    except (TypeError, ValueError, ArithmeticError):
        raise InvalidRequest("a value cannot be stored") from None


async def _send(raw: psycopg.AsyncConnection[Any], copy: psycopg.AsyncCopy, buffer: Buffer) -> None:
    """Send a buffer. One that is half sent when the caller leaves is sent to its end, or the connection closed."""
    sending = asyncio.ensure_future(copy.writer.write(buffer))
    try:
        await asyncio.shield(sending)
    except asyncio.CancelledError:
        # A server that waits for a lock takes nothing; one that was told to stop takes all, and throws it away.
        sending.add_done_callback(_looked_at)
        with suppress(psycopg.Error, OSError):
            await raw.cancel_safe(timeout=CANCEL_SECONDS)
            await asyncio.wait({sending}, timeout=CANCEL_SECONDS)
        if not sending.done():
            give_up(raw)
            sending.cancel()
        raise


def give_up(raw: psycopg.AsyncConnection[Any]) -> None:
    """Close a connection in which somebody may wait; one of psycopg's own is closed as it can be."""
    if isinstance(raw, GuardedConnection):
        raw.give_up()
    else:
        raw.pgconn.finish()


def _looked_at(task: asyncio.Future[None]) -> None:
    # asyncio would log an error that nobody asks for.
    _ = task.cancelled() or task.exception()
