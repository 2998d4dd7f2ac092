"""What a test holds against N+1: the statements that a database is sent, counted by their text."""

from __future__ import annotations

import sys
import sysconfig
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import greenlet  # type: ignore[import-untyped]

from infra_adapters.postgres.queries.normal import normalised

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
    from types import FrameType

    from infra_adapters.postgres.observing import Ran, Watcher

LIMIT = 4
CALLERS = 3
OF_TRANSACTIONS = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SET LOCAL", "SELECT set_config")
OURS = str(Path(__file__).resolve().parents[2])
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
    """The statements of units, repositories and the fast lane while the guard was open; those of transactions left out.

    Of COPY, those of `bulk` are seen.
    """

    limit: int = LIMIT
    counts: Counter[str] = field(default_factory=Counter)
    callers: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many statements there were."""
        return self.counts.total()

    def __call__(self, ran: Ran) -> None:
        """Take note of a statement."""
        if ran.statement.startswith(OF_TRANSACTIONS):
            return
        text = normalised(ran.statement)
        if text not in self.counts:
            self.callers[text] = tuple(_callers())
        self.counts[text] += 1

    def check(self) -> None:
        """Raise NPlusOne where a statement ran more often than the limit."""
        for statement, count in self.counts.most_common(1):
            if count > self.limit:
                raise NPlusOne(statement, count, self.callers[statement], f"where {self.limit} are allowed")


@asynccontextmanager
async def statement_guard(watchers: list[Watcher], *, limit: int = LIMIT) -> AsyncIterator[StatementGuard]:
    """Count the statements of a database, by its `watchers`; raises NPlusOne where one ran more than `limit` times."""
    guard = StatementGuard(limit)
    watchers.append(guard)
    try:
        yield guard
    finally:
        watchers.remove(guard)
    guard.check()


async def constant_in(
    watchers: list[Watcher],
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
        async with statement_guard(watchers, limit=sys.maxsize) as guard:
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
    return SITE not in name and not name.startswith((*LIBRARIES, OURS, "<"))
