"""What a backfill is asked to do, and what it tells of itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra_adapters.errors import InvalidRequest, MigrationFailed

Change = Callable[[Mapping[str, Any]], Mapping[str, object] | None]
"""A row in, by column; the columns to set out, None or nothing where the row stays as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """New values for the rows of a table that is in use, batch by batch along a key.

    `sets` maps columns to SQL expressions over the row; `change` is a function instead, which reads `reads` (all
    columns where empty). Give one of the two. `where` is SQL: other rows are walked past. `key` is the primary key
    where empty; it must be unique and never null. `name` is how a later run finds its place, in the table
    `infra_backfill` of `schema`.

    A batch walks past `batch_size` rows in one transaction. Seconds: `pause` at least between batches, or `rest` times
    what the batch took where that is longer; `statement_timeout` and `lock_timeout` bound the batch's statements. A
    batch that lost to others is tried `attempts` times, with half as many rows after a statement timeout. Rows that
    refuse their new value are told of and left, up to `max_failures`. Raises InvalidRequest for a job without sense.
    """

    name: str
    table: str
    sets: Mapping[str, str] = field(default_factory=dict)
    change: Change | None = None
    key: tuple[str, ...] = ()
    where: str = ""
    reads: tuple[str, ...] = ()
    schema: str = "public"
    batch_size: int = 1000
    pause: float = 0.02
    rest: float = 0.5
    statement_timeout: float = 30.0
    lock_timeout: float = 2.0
    attempts: int = 6
    max_failures: int = 100

    def __post_init__(self) -> None:
        """Refuse what could never run."""
        if bool(self.sets) == (self.change is not None):
            raise InvalidRequest("a backfill has either expressions or a function")
        if not self.name or min(self.batch_size, self.attempts) < 1:
            raise InvalidRequest("a backfill has a name, a batch of at least one row and at least one attempt")
        if min(self.pause, self.rest, self.max_failures) < 0 or min(self.statement_timeout, self.lock_timeout) <= 0:
            raise InvalidRequest("pauses and bounds of a backfill are not negative, its timeouts above zero")

    def digest(self) -> str:
        """What would make it another job under the same name; of a function its name only."""
        function = "" if self.change is None else self.change.__qualname__
        parts = (self.table, repr(self.key), repr(sorted(self.sets.items())), self.where, function)
        return "sha256=" + hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Failure:
    """A row that refused its new value: its key as text, and the code of the error, never a value."""

    key: tuple[str, ...]
    error: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a backfill is, over all of its runs.

    `scanned` rows were walked past, `changed` written, `failed` left as they were; `estimated` is the planner's idea of
    all rows. `rate` is in rows walked past a second, `seconds` the time of this run. `statements` are what a dry run
    would have sent first.
    """

    name: str
    scanned: int = 0
    changed: int = 0
    failed: int = 0
    estimated: int = 0
    seconds: float = 0.0
    rate: float = 0.0
    finished: bool = False
    dry_run: bool = False
    failures: tuple[Failure, ...] = ()
    statements: tuple[str, ...] = ()


class BackfillStopped(MigrationFailed):
    """More rows refused their new value than may; the batch was rolled back. `failures` are those of that batch."""

    code = "backfill_stopped"

    def __init__(self, name: str, failures: tuple[Failure, ...]) -> None:
        shown = "; ".join(f"({', '.join(one.key)}) {one.error}" for one in failures[:3])
        super().__init__(f"backfill {name} stopped, too many rows refused their new value: {shown}")
        self.failures = failures
