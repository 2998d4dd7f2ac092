"""Upgrade, downgrade, look and plan: one process at a time, each revision in its own transaction."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from alembic import command

from infra_adapters import errors
from infra_adapters.errors import ChecksumMismatch, DataLossRefused, InfraError, MigrationFailed
from infra_adapters.postgres.catalog import differences
from infra_adapters.postgres.migrations import gate, halves, ledger
from infra_adapters.postgres.migrations.events import MigrationEvent, log_event
from infra_adapters.postgres.migrations.locking import connected, locked
from infra_adapters.postgres.migrations.losses import losses
from infra_adapters.postgres.migrations.running import Run, current
from infra_adapters.postgres.migrations.script import Revision, Script, named

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic.config import Config
    from sqlalchemy import Connection

    from infra_adapters.postgres.catalog import Difference
    from infra_adapters.postgres.migrations.events import Listener

OWN = Script()
PAUSE = 0.5
"""How long, in seconds, others go first where a lock was not to be had."""


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

    def upgrade(self, target: str = "head") -> tuple[str, ...]:
        """Go forward to a revision; several processes may call this at once, one of them does it.

        Returns what this call has applied. Raises DangerousDdl, before anything runs, where a revision would stop a
        running service and says not why, and MigrationFailed with the revision that failed.
        """

        def go(run: Run) -> None:
            self._refuse_dangers(run, target)
            command.upgrade(self._config(run), target)

        return self._ran(target, "up", go)

    def downgrade(self, target: str, *, allow_data_loss: bool = False) -> tuple[str, ...]:
        """Go back to a revision, `base` for an empty schema; returns the revisions that were reverted.

        Raises DataLossRefused where rows would go with it, unless that is allowed in so many words.
        """

        def go(run: Run) -> None:
            if not allow_data_loss:
                self._refuse_losses(run, target)
            command.downgrade(self._config(run), target)

        return self._ran(target, "back", go)

    def adopt(self) -> None:
        """Write down that the database is where Alembic's table says, for a schema that was migrated by other means."""
        history = self.history()
        with locked(self.url, self.wait), connected(self.url) as connection:
            here = current(connection, self.script)
            if here is not None and here not in {one.id for one in history}:
                raise MigrationFailed(f"{self.script.version_table} says {here}, which is no revision of this history")
            ledger.make(connection)
            ledger.adopt(connection, self.script.name, history, here)
            connection.commit()

    def current(self) -> str | None:
        """The revision that the database is at."""
        with connected(self.url) as connection:
            return current(connection, self.script)

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
            server = gate.server_version(connection)
            half = halves.half_of(connection, self.script.name)
            here = current(connection, self.script)
        try:
            ledger.compare(applied, history)
            ledger.compare_with_table(applied, here, self.script.version_table)
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
            ledger.record(connection, ledger.schema(connection))
            connection.commit()

    def plan(self, target: str = "head") -> str:
        """The SQL that `upgrade` would run; nothing is changed."""
        return gate.written(self.script, f"{self.current() or 'base'}:{target}", command.upgrade)

    def plan_back(self, target: str) -> str:
        """The SQL that `downgrade` would run; nothing is changed."""
        return gate.written(self.script, f"{self.current() or 'base'}:{target}", command.downgrade)

    def _refuse_dangers(self, run: Run, target: str) -> None:
        gate.refuse(self.script, self.script.between(run.here, target), gate.server_version(run.connection))

    def _refuse_losses(self, run: Run, target: str) -> None:
        try:
            way = gate.pieces(self.script, f"{run.here}:{target}", command.downgrade) if run.here else ()
            found = losses(run.connection, way, self.script.version_table)
        except InfraError as error:
            if isinstance(error, MigrationFailed) and not isinstance(error, errors.RevisionBroken):
                raise
            why = f"it cannot be tried what going back to {target} would throw away ({error})"
            raise DataLossRefused(f"{why}; look at its SQL, and allow it in so many words") from None
        if found:
            raise DataLossRefused(f"going back to {target} would throw away what is in {', '.join(found)}")

    def _config(self, run: Run) -> Config:
        watched = halves.marking(self.script, run.way)
        return self.script.config(run.connection, applied=(run.applied,), watched=watched)

    def _ran(self, target: str, way: Literal["up", "back"], go: Callable[[Run], None]) -> tuple[str, ...]:
        began = time.monotonic()
        done: list[str] = []
        self.listener(MigrationEvent("started", self.script.name, target))
        try:
            with locked(self.url, self.wait) as holder:
                while not self._tried(way, holder, done, go, began):
                    time.sleep(PAUSE)
        except Exception as error:
            taken = time.monotonic() - began
            told = halves.explained(self.url, self.script.name, error)
            self.listener(MigrationEvent("failed", self.script.name, target, taken, str(told)))
            if told is error:
                raise
            raise told from error
        self.listener(MigrationEvent("finished", self.script.name, target, time.monotonic() - began))
        return tuple(done)

    def _tried(
        self, way: Literal["up", "back"], holder: Connection, done: list[str], go: Callable[[Run], None], began: float
    ) -> bool:
        """Whether it came to its end; not where a lock was not to be had and there is time to try again."""
        with connected(self.url) as connection:
            run = Run(self.script, way, connection, holder, self.listener, self.history(), done)
            run.begin()
            try:
                with named():
                    go(run)
                connection.commit()
            except Exception as error:  # noqa: BLE001 - whatever a revision raises is told with its name
                told = run.told(error)
                half = isinstance(told, errors.LockTimeout) and halves.half_of(holder, self.script.name)
                if not isinstance(told, errors.LockTimeout) or half or time.monotonic() - began > self.wait:
                    raise told from None
                return False
        return True
