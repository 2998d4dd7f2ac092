"""Upgrade, downgrade, look and plan: one process at a time, each revision in its own transaction."""

from __future__ import annotations

import io
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from infra_adapters.errors import MigrationFailed, MigrationLocked
from infra_adapters.postgres.engine import database_url
from infra_adapters.postgres.tables import metadata
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

PAUSE = 0.05
LOCK = 7_306_154_321
"""The advisory lock that one migrating process holds: any number, the same in every process."""

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Revision:
    """A step of the schema's history; `down` is the one before it, None for the first."""

    id: str
    down: str | None
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Migrations:
    """The schema of one database, by its URL. Synchronous: migrating is done before a service starts.

    `wait` is in seconds: how long another process may migrate before this one raises MigrationLocked. An unknown
    revision raises MigrationFailed.
    """

    url: str
    wait: float = 60.0

    def upgrade(self, target: str = "head") -> None:
        """Go forward to a revision; several processes may call this at once, one of them does it."""
        with self._locked() as connection:
            command.upgrade(_config(connection), target)

    def downgrade(self, target: str) -> None:
        """Go back to a revision, `base` for an empty schema."""
        with self._locked() as connection:
            command.downgrade(_config(connection), target)

    def current(self) -> str | None:
        """The revision that the database is at."""
        with self._connected() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def history(self) -> tuple[Revision, ...]:
        """Every revision, oldest first."""
        found = ScriptDirectory.from_config(_config()).walk_revisions()
        return tuple(Revision(one.revision, _down(one.down_revision), one.doc) for one in reversed(list(found)))

    def plan(self, target: str = "head") -> str:
        """The SQL that `upgrade` would run; nothing is changed."""
        output = io.StringIO()
        config = _config(output=output)
        # Without a connection Alembic writes statements instead of running them.
        with _named():
            command.upgrade(config, f"{self.current() or 'base'}:{target}", sql=True)
        return output.getvalue()

    def drift(self) -> tuple[str, ...]:
        """Differences between the tables that the code declares and the schema that is there, as Alembic sees them."""
        with self._connected() as connection:
            options = {"compare_type": True, "compare_server_default": True}
            context = MigrationContext.configure(connection, opts=options)
            return tuple(str(one) for one in compare_metadata(context, metadata))

    @contextmanager
    def _connected(self, isolation: str = "READ COMMITTED") -> Iterator[Connection]:
        # A migrating process needs one connection and no pool.
        engine = create_engine(
            database_url(self.url),
            poolclass=NullPool,
            hide_parameters=True,
            isolation_level=isolation,
            connect_args={"application_name": "infra_adapters-migrations"},
        )
        try:
            with translated(), engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    @contextmanager
    def _locked(self) -> Iterator[Connection]:
        """A connection to migrate on, while another one holds the lock for as long as it lives."""
        with self._connected(isolation="AUTOCOMMIT") as holder, self._connected() as connection:
            self._wait(holder)
            try:
                with _named():
                    yield connection
                connection.commit()
            finally:
                holder.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})

    def _wait(self, holder: Connection) -> None:
        """Take the lock by asking again and again: waiting inside of a statement would hold a snapshot for as long."""
        deadline = time.monotonic() + self.wait
        while not holder.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}).scalar():
            if time.monotonic() > deadline:
                raise MigrationLocked(f"another process has been migrating for more than {self.wait:.0f} s")
            time.sleep(PAUSE)


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        raise MigrationFailed(str(error)) from None


def _config(connection: Connection | None = None, output: io.StringIO | None = None) -> Config:
    config = Config(stdout=io.StringIO(), output_buffer=output)
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _down(found: Any) -> str | None:
    return None if found is None else str(found)
