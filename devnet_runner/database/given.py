"""A given server is somebody's: a run uses only a database that it made there, and takes it away again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from devnet_runner.database.address import PLACE, Address
from devnet_runner.database.session import Session
from devnet_runner.database.values import Database, new_name, run_of
from devnet_runner.errors import EnvironmentStopped
from devnet_runner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

MAY_CREATE = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
OLDEST = 130_000
STAY = "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'"
IN_USE = "SELECT application_name FROM pg_stat_activity UNION SELECT datname FROM pg_stat_activity"


@contextmanager
def given_database(url: str) -> Iterator[Database]:
    """Create a database on the server of `url` under a random name, and drop it, and all that begin with that name.

    Raises EnvironmentStopped where the server cannot be reached or lets this role create none.
    """
    address = Address.parse(url)
    name = new_name()
    with Session.open(address, name) as session:
        _refuse_without_right(session)
        sweep(session)
    with run_database(address, name, "DATABASE_URL") as database:
        yield database


def check_given(url: str) -> str:
    """The version of the server of `url`, where this role may make databases; nothing is made.

    Raises EnvironmentStopped as `given_database` does.
    """
    with Session.open(Address.parse(url)) as session:
        _refuse_without_right(session)
        return session.value("SHOW server_version").split()[0]


@contextmanager
def run_database(address: Address, name: str, source: str) -> Iterator[Database]:
    """Create the database of a run on a server that allows it; drop it, and all that begin with its name, at the end.

    The connection under the run's name stays open all the while: it tells others that the run is alive.
    """
    with Session.open(address, name) as session:
        session.ask(STAY)
        session.create(name)
        try:
            version = session.value("SHOW server_version").split()[0]
            yield Database(address.named(name).url, source, version, name)
        finally:
            drop_all(address, name)


def drop_all(address: Address, name: str) -> None:
    """Drop every database of a run."""
    # On a connection of its own: the run's may have been lost in the meantime.
    with Session.open(address) as session:
        for database in session.names(name):
            session.drop(database)


def sweep(session: Session) -> None:
    """Drop what runs left that died: their names have our form, their owner is this role, and nobody uses them."""
    # In this order: a run connects before it creates, so whose database is seen here is seen there while it lives.
    found = [name for name in session.names("devnet_run_") if run_of(name)]
    used = {run_of(str(row[0])) for row in session.ask(IN_USE)}
    for name in found:
        if run_of(name) not in used:
            session.drop(name)


def _refuse_without_right(session: Session) -> None:
    host, version = session.address.host, session.connection.info.server_version
    if version < OLDEST:
        what = f"the server at {host} is PostgreSQL {version // 10_000}, which cannot drop a database that is in use"
        fix = "use PostgreSQL 13 or newer, or unset DATABASE_URL to let an embedded database be used"
        raise EnvironmentStopped(Finding("database-refused", PLACE, what, fix))
    if session.value(MAY_CREATE) != "True":
        role = session.value("SELECT current_user")
        what = f"the role '{role}' may not create a database at {host}, and the suites run in no other"
        fix = f'let it (ALTER ROLE "{role}" CREATEDB), or unset DATABASE_URL to let an embedded database be used'
        raise EnvironmentStopped(Finding("database-refused", PLACE, what, fix))
