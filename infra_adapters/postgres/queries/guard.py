"""What a test holds against N+1: the statements of an engine, counted by their text."""

from __future__ import annotations

import sys
import sysconfig
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import greenlet  # type: ignore[import-untyped]
from sqlalchemy import event

from infra_adapters.postgres.queries.normal import normalised

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
    from types import FrameType

    from sqlalchemy.ext.asyncio import AsyncEngine

LIMIT = 4
CALLERS = 3
OF_TRANSACTIONS = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SET LOCAL")
LIBRARIES = (sysconfig.get_paths()["stdlib"], sysconfig.get_paths()["purelib"], sysconfig.get_paths()["platlib"])
SITE = "site-packages"


class NPlusOne(AssertionError):
    """One statement ran again and again, once for each row of another. `callers` are file:line, the innermost first."""

    def __init__(self, statement: str, count: int, callers: Sequence[str], why: str) -> None:
        super().__init__(f"{count} times {why}: {statement}\n  first from {' < '.join(callers) or 'an unknown place'}")
        self.statement = statement
        self.count = count
        self.callers = tuple(callers)


@dataclass(slots=True)
class StatementGuard:
    """The statements that an engine sent while the guard was open; those of transactions and savepoints left out.

    What goes to psycopg directly is not seen: COPY, repositories and the fast lane.
    """

    limit: int = LIMIT
    counts: Counter[str] = field(default_factory=Counter)
    callers: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many statements there were."""
        return self.counts.total()

    def seen(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        """Take note of a statement; SQLAlchemy's `before_cursor_execute`."""
        if statement.startswith(OF_TRANSACTIONS):
            return
        text = normalised(statement)
        if text not in self.counts:
            self.callers[text] = tuple(_callers())
        self.counts[text] += 1

    def check(self) -> None:
        """Raise NPlusOne where a statement ran more often than the limit."""
        for statement, count in self.counts.most_common(1):
            if count > self.limit:
                raise NPlusOne(statement, count, self.callers[statement], f"where {self.limit} are allowed")


@asynccontextmanager
async def statement_guard(engine: AsyncEngine, *, limit: int = LIMIT) -> AsyncIterator[StatementGuard]:
    """Count the statements of an engine; raises NPlusOne at the end where one ran more than `limit` times."""
    guard = StatementGuard(limit)
    event.listen(engine.sync_engine, "before_cursor_execute", guard.seen)
    try:
        yield guard
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", guard.seen)
    guard.check()


async def constant_in(
    engine: AsyncEngine,
    sizes: Sequence[int],
    grow: Callable[[int], Awaitable[object]],
    ask: Callable[[], Awaitable[object]],
) -> int:
    """How many statements `ask` sends, which must be the same after `grow(n)` made the list `n` long, for each size.

    Raises NPlusOne with the statement whose count grew; ValueError for fewer than two sizes, which show nothing.
    """
    if len(set(sizes)) < 2:
        raise ValueError("a count is constant over two sizes at least")
    guards = []
    for size in sizes:
        await grow(size)
        async with statement_guard(engine, limit=sys.maxsize) as guard:
            await ask()
        guards.append(guard)
    first = guards[0]
    for size, guard in zip(sizes, guards, strict=True):
        for statement, count in (guard.counts - first.counts).items():
            why = f"for a list of {size}, {first.counts[statement]} times for one of {sizes[0]}"
            raise NPlusOne(statement, count + first.counts[statement], guard.callers[statement], why)
    return first.total


def _callers() -> list[str]:
    """The nearest places outside of libraries; what awaits is on another greenlet's stack than what sends."""
    found = [f"{frame.f_code.co_filename}:{frame.f_lineno}" for frame in _frames() if _of_the_program(frame)]
    return found[:CALLERS]


def _frames() -> Iterator[FrameType]:
    here: greenlet.greenlet | None = greenlet.getcurrent()
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - the one way to a stack without reading source files
    while here is not None:
        while frame is not None:
            yield frame
            frame = frame.f_back
        here = here.parent
        frame = here.gr_frame if here is not None else None


def _of_the_program(frame: FrameType) -> bool:
    name = frame.f_code.co_filename
    return name != __file__ and SITE not in name and not name.startswith((*LIBRARIES, "<"))
