"""Backfill a table: one process at a time, from where the last one was, whatever ended it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from infra_adapters.errors import MigrationLocked
from infra_adapters.postgres.engine import database_url, libpq_url, tool_options
from infra_adapters.postgres.evolution.keyset import keyset_of
from infra_adapters.postgres.evolution.ledger import Ledger, Mark
from infra_adapters.postgres.evolution.walk import Report, Walk
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_adapters.postgres.evolution.jobs import Backfill, Progress
    from infra_adapters.postgres.evolution.locking import Sleep

Source = str | Callable[[], "psycopg.Connection[Any]"]
"""A database's URL, or what makes a connection to it; the connection is closed at the end."""

PAUSE = 0.05


def backfill(
    source: Source,
    job: Backfill,
    *,
    report: Report = lambda _: None,
    wait: float = 60.0,
    dry_run: bool = False,
    sleep: Sleep = time.sleep,
) -> Progress:
    """Do a job to its end, from where an earlier run of it was.

    Each batch commits its rows and its place together, so that a process that dies at any moment leaves no row done
    without being counted, nor counted without being done. A finished job does nothing. `dry_run` walks as well, reads
    only, and tells what it would write. `wait`: seconds that another process may be at the same job.

    Raises MigrationLocked for that process, ChecksumMismatch for another job of this name, BackfillStopped, LockTimeout
    or QueryTimeout after the attempts, and Unavailable; all of them leave the batches before.
    """
    with translated(), _opened(source) as connection:
        return backfill_on(connection, job, report=report, wait=wait, dry_run=dry_run, sleep=sleep)


def backfill_on(
    connection: psycopg.Connection[Any], job: Backfill, *, report: Report, wait: float, dry_run: bool, sleep: Sleep
) -> Progress:
    """`backfill` on a connection in autocommit mode, which stays open."""
    ledger = Ledger(job)
    walk = Walk(connection, job, keyset_of(connection, job), report, sleep, dry_run)
    if dry_run:
        return walk.go(ledger.read(connection) if ledger.exists(connection) else Mark())
    with _held(connection, job, wait, sleep):
        mark = ledger.begin(connection)
        walk.failures = ledger.failures(connection)
        return walk.go(mark)


def forget_backfill(source: Source, job: Backfill, *, wait: float = 60.0) -> None:
    """Forget where a job was, as the way back of a revision must: the next run begins anew.

    Raises MigrationLocked where a process has been at it for `wait` seconds.
    """
    with translated(), _opened(source) as connection, _held(connection, job, wait, time.sleep):
        Ledger(job).forget(connection)


@contextmanager
def _opened(source: Source) -> Iterator[psycopg.Connection[Any]]:
    if isinstance(source, str):
        url = libpq_url(database_url(source))
        told: dict[str, Any] = {**tool_options(source, "infra_adapters-backfill")}
        connection = psycopg.connect(url, **told)
    else:
        connection = source()
    with connection:
        connection.autocommit = True
        yield connection


@contextmanager
def _held(connection: psycopg.Connection[Any], job: Backfill, wait: float, sleep: Sleep) -> Iterator[None]:
    """The job's lock: the session's, so it goes with a process that dies. Asked for again and again, in no snapshot."""
    key, deadline = f"infra_backfill {job.schema} {job.name}", time.monotonic() + wait
    while not _ask(connection, "pg_try_advisory_lock", key):
        if time.monotonic() >= deadline:
            raise MigrationLocked(f"another process has been at backfill {job.name} for more than {wait:.0f} s")
        sleep(PAUSE)
    try:
        yield
    finally:
        if not connection.closed:
            _ask(connection, "pg_advisory_unlock", key)


def _ask(connection: psycopg.Connection[Any], function: str, key: str) -> bool:
    found = connection.execute(f"SELECT {function}(hashtextextended(%s, 0))", [key]).fetchone()
    return bool(found and found[0])
