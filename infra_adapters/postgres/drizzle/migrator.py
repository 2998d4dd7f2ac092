"""Status, plan and apply: a Python process in the place of Drizzle's migrator, on the same table and by its rules."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import psycopg

from infra_adapters.errors import ChecksumMismatch, InvalidRequest, MigrationFailed, MigrationLocked
from infra_adapters.postgres.drizzle.failures import Failed, broken, says
from infra_adapters.postgres.drizzle.state import State, compare
from infra_adapters.postgres.drizzle.steps import Step, applying, locking, preparing, script
from infra_adapters.postgres.drizzle.table import limit, opened, read_form, read_ledger, send
from infra_adapters.postgres.drizzle.values import Books, Format
from infra_adapters.postgres.drizzle.whole import Ended, Whole, whole

if TYPE_CHECKING:
    from infra_adapters.postgres.drizzle.values import Folder, Ledger, Migration, Where

BOOKS = Books()
STATEMENT_LOCK = 0.5
"""Seconds that a statement may wait for a lock: less than the server takes to look for a deadlock, so that it is never
Drizzle's migrator that is ended for one."""
LOOK = 10.0
"""Seconds that looking waits for a migrator that is at it."""
PAUSE = 0.1


def status(where: Where, folder: Folder, *, books: Books = BOOKS) -> State:
    """What the database has of the folder; nothing is changed.

    Raises MigrationError for a table of somebody else, LockTimeout where others migrate for long.
    """
    with opened(where) as connection:
        return _state(connection, folder, books)


def plan(where: Where, folder: Folder, *, books: Books = BOOKS, allow_edited: bool = False) -> str:
    """The SQL that `apply` would run, ready for psql; empty where nothing is pending. Nothing is changed.

    Raises ChecksumMismatch where `apply` would.
    """
    with opened(where) as connection:
        state = _state(connection, folder, books)
    _refuse(state, allow_edited)
    before = preparing(state.ledger, folder.format, books)
    if not state.ledger.exists:
        made = replace(state.ledger, exists=True, named=folder.format is Format.FOLDERS)
        state = compare(folder, made)
    steps = applying(state, books)
    return script(before, (locking(books), *steps) if steps else ())


def apply(
    where: Where, folder: Folder, *, books: Books = BOOKS, wait: float = 60.0, allow_edited: bool = False
) -> tuple[Migration, ...]:
    """Apply all that is pending, in one transaction; what was applied is returned. Drizzle then finds nothing to do.

    `wait` is in seconds: how long others may migrate, or hold a lock that a statement needs, before MigrationLocked.
    Raises InvalidRequest for a time without end, ChecksumMismatch where what was applied is not what is here,
    MigrationFailed for a statement that the server refuses; nothing was applied then. A migration that ends the
    transaction is MigrationFailed as well, which says what stays.
    """
    if not 0 <= wait < math.inf:
        raise InvalidRequest(f"others cannot be waited for {wait} seconds; give a number from 0 on that has an end")
    with opened(where) as connection:
        return _Run(connection, folder, books, time.monotonic() + wait, allow_edited).finish()


def _state(connection: psycopg.Connection[Any], folder: Folder, books: Books) -> State:
    with connection.transaction():
        limit(connection, LOOK)
        return compare(folder, read_ledger(connection, books))


def _refuse(state: State, allow_edited: bool) -> None:
    edited = () if allow_edited else tuple(f"{one.name} was edited after it was applied" for one in state.edited)
    if found := (*edited, *state.refusals):
        cure = "put back what was applied, or allow it in so many words" if edited else "mend the table first"
        raise ChecksumMismatch(f"{'; '.join(found)}; {cure}; nothing was applied")


@dataclass(frozen=True, slots=True)
class _Run:
    """Attempts to apply a folder until a moment of the monotonic clock."""

    connection: psycopg.Connection[Any]
    folder: Folder
    books: Books
    deadline: float
    allow_edited: bool

    def finish(self) -> tuple[Migration, ...]:
        """Attempts until one succeeds, or fails for good. Raises MigrationLocked."""
        failed: Failed | None = None
        while True:
            try:
                return self.once(failed)
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
                if time.monotonic() >= self.deadline:
                    raise MigrationLocked("others held the locks for all of the time; nothing was applied") from None
                time.sleep(PAUSE)
            except Failed as error:
                failed = error
            except Ended as error:
                raise MigrationFailed(f"{error}; leave COMMIT and ROLLBACK out of migrations") from None

    def once(self, failed: Failed | None) -> tuple[Migration, ...]:
        """One attempt. Raises Failed for a statement that the server refused, as somebody may have run it meanwhile;
        MigrationFailed where it failed before and nobody had; Ended for one that ended the transaction.
        """
        self._prepare()
        # Where nothing is to be done no lock is asked for: it would wait for a dump that reads the table.
        state = self._look()
        _refuse(state, self.allow_edited)
        if not applying(state, self.books):
            return ()
        with whole(self.connection) as transaction:
            limit(self.connection, self.deadline - time.monotonic())
            send(self.connection, locking(self.books).sql)
            state = compare(self.folder, read_ledger(self.connection, self.books))
            if failed and failed.pending == state.pending:
                raise MigrationFailed(str(failed))
            _refuse(state, self.allow_edited)
            limit(self.connection, STATEMENT_LOCK)
            transaction.begin()
            for step in applying(state, self.books):
                _send(transaction, step, state)
        return state.pending

    def _look(self) -> State:
        with self.connection.transaction():
            limit(self.connection, self.deadline - time.monotonic())
            return compare(self.folder, read_ledger(self.connection, self.books))

    def _prepare(self) -> None:
        for step in preparing(self._form(), self.folder.format, self.books):
            try:
                with self.connection.transaction():
                    limit(self.connection, self.deadline - time.monotonic())
                    send(self.connection, step.sql)
            except psycopg.Error as error:
                # `IF NOT EXISTS` does not hold against another process that makes the same at the same moment: by the
                # moment it is a relation, a type, a schema or a row of a catalog that is there twice.
                if not broken(error):
                    raise
                if step in preparing(self._form(), self.folder.format, self.books):
                    raise MigrationFailed(says(step, error)) from None

    def _form(self) -> Ledger:
        with self.connection.transaction():
            return read_form(self.connection, self.books)


def _send(transaction: Whole, step: Step, state: State) -> None:
    try:
        transaction.send(step)
    except psycopg.Error as error:
        if not broken(error):
            raise
        raise Failed(says(step, error), state.pending) from None
