"""One deadline from the caller down: whatever is called inside of it ends when it ends.

`asyncio.timeout` alone would tell a caller that its COMMIT timed out as if nothing had happened; here whoever may have
done something lasting says so, and that is what the caller is told.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_adapters.errors import DeadlineExceeded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from infra_adapters.errors import OutcomeUnknown


@dataclass(slots=True)
class Deadline:
    """A moment on the event loop's clock, in seconds; `doubt` is what was interrupted and may be done all the same."""

    at: float
    outer: Deadline | None = None
    doubt: OutcomeUnknown | None = None


_current: ContextVar[Deadline | None] = ContextVar("infra_adapters_deadline", default=None)


@asynccontextmanager
async def within(seconds: float | None) -> AsyncIterator[None]:
    """End what is inside after so many seconds, or when an outer deadline ends it; None adds no deadline.

    Raises DeadlineExceeded, or what was said to be in doubt.
    """
    if seconds is None:
        yield
        return
    outer = _current.get()
    at = asyncio.get_running_loop().time() + seconds
    deadline = Deadline(min(at, outer.at) if outer else at, outer)
    token = _current.set(deadline)
    timeout = asyncio.timeout_at(deadline.at)
    try:
        async with timeout:
            yield
    except TimeoutError:
        if not timeout.expired():
            raise
        raise (deadline.doubt or DeadlineExceeded("the caller's deadline has passed")) from None
    finally:
        _current.reset(token)


def doubt(error: OutcomeUnknown) -> None:
    """Say that something may have been done although it was interrupted."""
    deadline = _current.get()
    # Of deadlines that pass at the same moment, any one may be the one to tell.
    while deadline is not None:
        deadline.doubt = error
        deadline = deadline.outer


def settled(error: OutcomeUnknown) -> None:
    """Say that what was in doubt is known: a deadline that passes after this is one."""
    deadline = _current.get()
    while deadline is not None:
        if deadline.doubt is error:
            deadline.doubt = None
        deadline = deadline.outer


def passed() -> bool:
    """Whether the deadline of the caller has passed."""
    return remaining() <= 0


def remaining() -> float:
    """Seconds to the deadline of the caller, 0 where it has passed; infinite without one."""
    deadline = _current.get()
    return math.inf if deadline is None else max(deadline.at - asyncio.get_running_loop().time(), 0)
