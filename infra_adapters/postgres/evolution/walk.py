"""One walk of a backfill: batch, commit, rest, and again, until a batch is not full."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from infra_adapters.errors import LockTimeout, QueryTimeout, TransactionConflict
from infra_adapters.postgres.evolution import writing
from infra_adapters.postgres.evolution.jobs import BackfillStopped, Progress
from infra_adapters.postgres.evolution.ledger import Ledger, Mark
from infra_adapters.postgres.evolution.locking import Patience, set_timeouts
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from infra_adapters.postgres.evolution.jobs import Backfill, Failure
    from infra_adapters.postgres.evolution.keyset import Key, Keyset, Query
    from infra_adapters.postgres.evolution.locking import Sleep

Report = Callable[[Progress], None]
"""Told after every batch."""


@dataclass(slots=True)
class Walk:
    """A walk on one connection; `size` is the batch's, smaller for a while after a batch took too long."""

    connection: psycopg.Connection[Any]
    job: Backfill
    keyset: Keyset
    report: Report
    sleep: Sleep
    dry_run: bool = False
    size: int = field(init=False)
    failures: tuple[Failure, ...] = ()
    statements: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with whole batches."""
        self.size = self.job.batch_size

    def go(self, mark: Mark) -> Progress:
        """Walk from a mark to the end, reporting and resting between batches."""
        begun, first = time.monotonic(), mark.scanned
        told = Progress(self.job.name, estimated=self._estimate(), dry_run=self.dry_run)
        while True:
            started = time.monotonic()
            mark = self._tried(mark)
            now = time.monotonic()
            told = replace(
                told,
                scanned=mark.scanned,
                changed=mark.changed,
                failed=len(self.failures),
                seconds=now - begun,
                rate=(mark.scanned - first) / max(now - begun, 1e-9),
                finished=mark.finished,
                failures=self.failures,
                statements=tuple(self.statements),
            )
            self.report(told)
            if mark.finished:
                return told
            self.sleep(max(self.job.pause, self.job.rest * (now - started)))

    def _tried(self, mark: Mark) -> Mark:
        """One batch, again after it lost to others, with half as many rows where it took too long."""
        patience = Patience(pause=max(self.job.pause, 0.05), longest=10.0)
        attempt = 1
        while True:
            try:
                found, failures = self._batch(mark)
            except (LockTimeout, QueryTimeout, TransactionConflict) as error:
                if attempt == self.job.attempts:
                    raise
                if isinstance(error, QueryTimeout):
                    self.size = max(self.size // 2, 1)
                self.sleep(patience.after(attempt))
                attempt += 1
            else:
                self.failures += failures
                self.size = min(self.size * 2, self.job.batch_size)
                return found

    def _batch(self, mark: Mark) -> tuple[Mark, tuple[Failure, ...]]:
        ledger = Ledger(self.job)
        with translated(), self.connection.transaction():
            set_timeouts(self.connection, lock=self.job.lock_timeout, statement=self.job.statement_timeout)
            if self.dry_run:
                self.connection.execute("SET TRANSACTION READ ONLY")
            else:
                mark = ledger.held(self.connection)
            keys: list[Key] = [] if mark.finished else self._fetch(self.keyset.next_keys(mark.last, self.size))
            done = self._written(mark.last, keys) if keys else writing.Written()
            last = keys[-1] if keys else mark.last
            # Fewer than asked for: these were the last ones. What is written after them, the expand phase fills.
            moved = Mark(last, mark.scanned + len(keys), mark.changed + done.changed, len(keys) < self.size)
            if not self.dry_run:
                ledger.write(self.connection, moved, done.failures)
            return moved, done.failures

    def _written(self, after: Key | None, keys: list[Key]) -> writing.Written:
        if self.job.change is None:
            return self._by_expressions(after, keys)
        query, values = self.keyset.rows((after, keys[-1]), self.job, lock=not self.dry_run)
        cursor = self.connection.execute(query, values)
        names = [one.name for one in cursor.description or ()][len(self.keyset.names) :]
        pieces, failures = writing.found_values(cursor.fetchall(), names, self.keyset, self.job.change)
        allowed = self.job.max_failures - len(self.failures) - len(failures)
        if allowed < 0:
            raise BackfillStopped(self.job.name, failures)
        if self.dry_run:
            self._show((query, values), *([self.keyset.update_row(dict(pieces[0].values))] if pieces else []))
            return writing.Written(len(pieces), failures)
        write = writing.by_values(self.connection, self.keyset)
        done = writing.written(self.connection, pieces, write, self.job.name, allowed)
        return writing.Written(done.changed, failures + done.failures)

    def _by_expressions(self, after: Key | None, keys: list[Key]) -> writing.Written:
        if self.dry_run:
            self._show(self.keyset.next_keys(after, self.size), self.keyset.update_range((after, keys[-1]), self.job))
            return writing.Written(self._fetch(self.keyset.count_range((after, keys[-1]), self.job))[0][0])
        write = writing.by_expressions(self.connection, self.keyset, self.job)
        allowed = self.job.max_failures - len(self.failures)
        return writing.written(self.connection, writing.pieces_of(after, keys), write, self.job.name, allowed)

    def _fetch(self, query: Query) -> list[Any]:
        return self.connection.execute(*query).fetchall()

    def _show(self, *queries: Query | sql.Composed) -> None:
        """Keep the statements of the first batch: keys as literals, values that a function found as places only."""
        if not self.statements:
            cursor = psycopg.ClientCursor(self.connection)
            self.statements += [cursor.mogrify(*one) if isinstance(one, tuple) else one.as_string() for one in queries]

    def _estimate(self) -> int:
        query = sql.SQL("EXPLAIN (FORMAT JSON) SELECT 1 FROM {}").format(self.keyset.table)
        return int(self._fetch((query, []))[0][0][0]["Plan"]["Plan Rows"])
