"""Short waits for locks, and coming again: whoever waits long for a lock holds up everybody who comes after.

PostgreSQL queues lock requests: behind an ALTER TABLE that waits for one long reader every new reader waits as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from infra_adapters.errors import LockTimeout, TransactionConflict
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

Value = TypeVar("Value")
Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for others, in seconds, and how often to come again.

    `lock` is for statements that stop others while they wait, and `work` bounds those once they have their lock;
    `online` is for locks of statements that stop nobody, such as building an index concurrently. Between attempts
    passes `pause`, doubled each time up to `longest`, by `sleep`.
    """

    lock: float = 2.0
    work: float = 10.0
    online: float = 600.0
    attempts: int = 10
    pause: float = 0.5
    longest: float = 30.0
    sleep: Sleep = time.sleep

    def after(self, attempt: int) -> float:
        """Seconds to pause after attempt number `attempt`, from 1."""
        return min(self.pause * 2.0 ** min(attempt - 1, 30), self.longest)


USUAL = Patience()
"""What a helper waits where nobody says otherwise."""


def retrying(work: Callable[[], Value], patience: Patience) -> Value:
    """Do the work, again after a lock that was not to be had or a lost conflict. `work` must undo what it did itself.

    Raises what the last attempt raised.
    """
    for attempt in range(1, patience.attempts):
        try:
            return work()
        except (LockTimeout, TransactionConflict):
            patience.sleep(patience.after(attempt))
    return work()


def set_timeouts(connection: psycopg.Connection[Any], *, lock: float, statement: float) -> None:
    """Bound what follows in this transaction, in seconds; 0 is no bound.

    And have the server refuse to hide rows: a step that sees a tenant's rows only would take the others for not there.
    """
    query = (
        "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true),"
        " set_config('row_security', 'off', true)"
    )
    connection.execute(query, [milliseconds(lock), milliseconds(statement)])


@contextmanager
def session_timeouts(connection: psycopg.Connection[Any], *, lock: float) -> Iterator[None]:
    """Bound the waits for locks of statements that can be in no transaction, and no statement; as before afterwards."""
    query = "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"
    before = connection.execute(query).fetchone()
    change = "SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false)"
    connection.execute(change, [milliseconds(lock), "0"])
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute(change, before)


def milliseconds(seconds: float) -> str:
    """A setting's value: at least a millisecond, as the server takes 0 for no bound at all, which 0 seconds is here."""
    return f"{max(int(seconds * 1000), 1)}ms" if seconds else "0"


@contextmanager
def with_lock_timeout(connection: psycopg.Connection[Any], lock: float, work: float = 0.0) -> Iterator[None]:
    """A transaction (a savepoint within one) that waits `lock` seconds at most for a lock; a failure leaves nothing.

    `work` bounds each statement after its lock, 0 not at all. Raises LockTimeout, QueryTimeout and what else stops it.
    """
    with translated(), connection.transaction():
        set_timeouts(connection, lock=lock, statement=lock + work if work else 0.0)
        yield
