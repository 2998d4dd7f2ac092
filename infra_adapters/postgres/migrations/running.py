"""One run through a history, under the lock: what is done after each step, and what a failure is told as."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import DBAPIError

from infra_adapters.errors import InfraError, MigrationError, MigrationFailed, RevisionBroken
from infra_adapters.postgres.migrations import halves, ledger
from infra_adapters.postgres.migrations.events import MigrationEvent
from infra_adapters.postgres.migrations.locking import still_held
from infra_adapters.postgres.migrations.script import named
from infra_adapters.postgres.translate import of_library

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from infra_adapters.postgres.catalog import Catalog
    from infra_adapters.postgres.migrations.events import Listener
    from infra_adapters.postgres.migrations.script import Revision, Script

SPOKEN = ("42", "0A", "2B", "3D", "3F", "55")
"""Classes of SQLSTATE whose messages speak of a statement and its objects, never of a row's values."""


def current(connection: Connection, script: Script) -> str | None:
    """The revision that a database is at. Raises MigrationFailed where its table has several rows."""
    with named():
        options = {"version_table": script.version_table}
        return MigrationContext.configure(connection, opts=options).get_current_revision()


@dataclass(slots=True)
class Run:
    """`here` is the revision that the database is at, `done` those that this run has applied or reverted."""

    script: Script
    way: Literal["up", "back"]
    connection: Connection
    holder: Connection
    listener: Listener
    history: tuple[Revision, ...]
    done: list[str] = field(default_factory=list)
    here: str | None = None
    since: float = field(default_factory=time.monotonic)
    before: Catalog | None = None
    expected: Catalog | None = None

    def begin(self) -> None:
        """Look at where the database is. Raises ChecksumMismatch where its books do not fit the history."""
        ledger.make(self.connection)
        applied = ledger.entries(self.connection, self.script.name)
        self.here = current(self.connection, self.script)
        ledger.compare(applied, self.history)
        ledger.compare_with_table(applied, self.here, self.script.version_table)
        self.expected, self.before = ledger.expected(self.connection), ledger.schema(self.connection)
        if halves.half_of(self.connection, self.script.name):
            # What its first part has made is its own, and not drift.
            self.before = self.expected
        self.connection.commit()

    def applied(self, *, ctx: MigrationContext, step: Any, **_: object) -> None:
        """What Alembic calls after each step, in its transaction."""
        now = time.monotonic()
        taken, self.since = now - self.since, now
        revision = step.up_revision_id
        assert ctx.connection is not None  # noqa: S101
        halves.whole(ctx.connection, self.script.name)
        known = {one.id: one for one in self.history}
        if step.is_upgrade:
            ledger.enter(ctx.connection, self.script.name, known[revision], taken)
        else:
            ledger.strike(ctx.connection, self.script.name, revision)
        self._record(ctx.connection)
        self.listener(MigrationEvent("applied" if step.is_upgrade else "reverted", self.script.name, revision, taken))
        still_held(self.holder)
        self.here = revision if step.is_upgrade else known[revision].down
        self.done.append(revision)

    def told(self, error: Exception) -> Exception:
        """The error with the revision that it stopped in; as it is where it names one, or may pass by itself."""
        ours = of_library(error) or error
        if isinstance(ours, RevisionBroken):
            return RevisionBroken(f"{self._at()}: {ours}")
        if not isinstance(ours, InfraError) or isinstance(ours, MigrationError) or ours.retryable:
            return ours
        return MigrationFailed(f"{self._at()}: {_server_said(error) or ours}")

    def _at(self) -> str:
        if self.way == "back":
            return f"revision {self.here}"
        return f"revision {next((one.id for one in self.history if one.down == self.here), self.here)}"

    def _record(self, connection: Connection) -> None:
        after = ledger.schema(connection)
        if self.expected is not None and self.before is not None:
            self.expected = ledger.carried(self.expected, self.before, after)
        else:
            self.expected = after
        self.before = after
        ledger.record(connection, self.expected)


def _server_said(error: Exception) -> str:
    cause: Any = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None) or ""
    return f"{cause.diag.message_primary} ({state})" if state.startswith(SPOKEN) else ""
