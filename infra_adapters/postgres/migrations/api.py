"""Upgrade, downgrade, look and plan: one process at a time, each revision in its own transaction."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.runtime.migration import MigrationContext

from infra_adapters.errors import ChecksumMismatch, DataLossRefused, InfraError, MigrationFailed, RevisionBroken
from infra_adapters.postgres.catalog import differences
from infra_adapters.postgres.migrations import gate, halves, ledger
from infra_adapters.postgres.migrations.events import MigrationEvent, log_event
from infra_adapters.postgres.migrations.locking import connected, locked
from infra_adapters.postgres.migrations.losses import losses
from infra_adapters.postgres.migrations.script import Revision, Script, named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from infra_adapters.postgres.catalog import Difference
    from infra_adapters.postgres.migrations.events import Listener

OWN = Script()


@dataclass(frozen=True, slots=True, repr=False)
class Migrations:
    """The schema of one database, by its URL. Synchronous: migrating is done before a service starts.

    `script` is the history; the default is that of this package's own tables. `wait` is in seconds: how long another
    process may migrate before this one raises MigrationLocked. An unknown revision raises MigrationFailed, one that was
    edited after it was applied ChecksumMismatch.
    """

    url: str
    script: Script = OWN
    wait: float = 60.0
    listener: Listener = log_event

    def upgrade(self, target: str = "head") -> None:
        """Go forward to a revision; several processes may call this at once, one of them does it.

        Raises DangerousDdl, before anything runs, where a revision would stop a running service and says not why.
        """
        with self._running(target) as (connection, applied):
            self._refuse_dangers(connection, target)
            watched = halves.marking(self.script, "up")
            command.upgrade(self.script.config(connection, applied=applied, watched=watched), target)

    def downgrade(self, target: str, *, allow_data_loss: bool = False) -> None:
        """Go back to a revision, `base` for an empty schema.

        Raises DataLossRefused where rows would go with it, unless that is allowed in so many words.
        """
        with self._running(target) as (connection, applied):
            if not allow_data_loss:
                self._refuse_losses(connection, target)
            watched = halves.marking(self.script, "back")
            command.downgrade(self.script.config(connection, applied=applied, watched=watched), target)

    def current(self) -> str | None:
        """The revision that the database is at."""
        with connected(self.url) as connection:
            return self._current(connection)

    def history(self) -> tuple[Revision, ...]:
        """Every revision, oldest first. Raises MigrationFailed where they do not make one line."""
        return self.script.revisions()

    def applied(self) -> tuple[ledger.Entry, ...]:
        """What was applied, in that order."""
        with connected(self.url) as connection:
            return ledger.entries(connection, self.script.name)

    def check(self) -> tuple[str, ...]:
        """What is wrong with where the schema is: revisions that wait, and what was changed; empty where it is well."""
        history = self.history()
        with connected(self.url) as connection:
            applied = ledger.entries(connection, self.script.name)
            server = _version(connection)
            half = halves.half_of(connection, self.script.name)
        try:
            ledger.compare(applied, history)
        except ChecksumMismatch as error:
            return (str(error),)
        there = {one.revision for one in applied}
        waiting = [one for one in history if one.id not in there]
        return (
            *([str(half)] if half else ()),
            *(f"{one.id} waits to be applied: {one.text}" for one in waiting),
            *gate.refused(self.script, waiting, server),
        )

    def drift(self) -> tuple[Difference, ...]:
        """What the schema of the whole database is otherwise than when something was last migrated in it."""
        with connected(self.url) as connection:
            expected = ledger.expected(connection)
            return () if expected is None else differences(expected, ledger.schema(connection))

    def accept(self) -> None:
        """Take the schema as it is now for what it should be, where somebody changed it on purpose."""
        with locked(self.url, self.wait), connected(self.url) as connection:
            ledger.make(connection)
            halves.whole(connection, self.script.name)
            ledger.record(connection)
            connection.commit()

    def plan(self, target: str = "head") -> str:
        """The SQL that `upgrade` would run; nothing is changed."""
        return gate.written(self.script, f"{self.current() or 'base'}:{target}", command.upgrade)

    def plan_back(self, target: str) -> str:
        """The SQL that `downgrade` would run; nothing is changed."""
        return gate.written(self.script, f"{self.current() or 'base'}:{target}", command.downgrade)

    def _refuse_dangers(self, connection: Connection, target: str) -> None:
        here = self._current(connection)
        server = _version(connection)
        connection.rollback()
        gate.refuse(self.script, self.script.between(here, target), server)

    def _refuse_losses(self, connection: Connection, target: str) -> None:
        here = self._current(connection)
        connection.rollback()
        try:
            sql = gate.written(self.script, f"{here or 'base'}:{target}", command.downgrade) if here else ""
            found = losses(connection, sql)
        except InfraError as error:
            if isinstance(error, MigrationFailed) and not isinstance(error, RevisionBroken):
                raise
            why = f"it cannot be tried what going back to {target} would throw away ({error})"
            raise DataLossRefused(f"{why}; look at its SQL, and allow it in so many words") from None
        if found:
            raise DataLossRefused(f"going back to {target} would throw away what is in {', '.join(found)}")

    def _current(self, connection: Connection) -> str | None:
        options = {"version_table": self.script.version_table}
        return MigrationContext.configure(connection, opts=options).get_current_revision()

    @contextmanager
    def _running(self, target: str) -> Iterator[tuple[Connection, tuple[Any, ...]]]:
        """A connection to migrate on and what is to be told of each step, while the lock is held."""
        began = time.monotonic()
        self.listener(MigrationEvent("started", self.script.name, target))
        try:
            with locked(self.url, self.wait), connected(self.url) as connection:
                ledger.make(connection)
                ledger.compare(ledger.entries(connection, self.script.name), self.history())
                connection.commit()
                with named():
                    yield connection, (self._steps(),)
                connection.commit()
        except Exception as error:
            taken = time.monotonic() - began
            told = halves.explained(self.url, self.script.name, error)
            self.listener(MigrationEvent("failed", self.script.name, target, taken, str(told)))
            if told is error:
                raise
            raise told from error
        self.listener(MigrationEvent("finished", self.script.name, target, time.monotonic() - began))

    def _steps(self) -> Any:
        """What Alembic calls after each step, in its transaction."""
        known = {one.id: one for one in self.history()}
        since = [time.monotonic()]

        def applied(*, ctx: MigrationContext, step: Any, **_: object) -> None:
            now = time.monotonic()
            taken, since[0] = now - since[0], now
            revision = step.up_revision_id
            assert ctx.connection is not None  # noqa: S101
            halves.whole(ctx.connection, self.script.name)
            if step.is_upgrade:
                ledger.enter(ctx.connection, self.script.name, known[revision], taken)
            else:
                ledger.strike(ctx.connection, self.script.name, revision)
            what = "applied" if step.is_upgrade else "reverted"
            self.listener(MigrationEvent(what, self.script.name, revision, taken))

        return applied


def _version(connection: Connection) -> str:
    """The server's version, like 18.1."""
    driver: Any = connection.connection.driver_connection
    return f"{driver.info.server_version // 10000}.{driver.info.server_version % 10000}"
