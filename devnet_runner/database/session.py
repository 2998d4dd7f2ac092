"""A conversation with a server about its databases; the only module that needs the driver."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from devnet_runner.database.address import PLACE, Address
from devnet_runner.errors import EnvironmentStopped
from devnet_runner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

CONNECT_SECONDS = 10
FILE_COPY_SINCE = 150000


@dataclass(frozen=True, slots=True)
class Session:
    """One connection, on which every statement is its own transaction."""

    address: Address
    connection: psycopg.Connection[tuple[object, ...]]

    @classmethod
    @contextmanager
    def open(cls, address: Address, application: str = "devnet-run") -> Iterator[Self]:
        """Connect, under the name `application`. Raises EnvironmentStopped where the server cannot be reached."""
        with translated(address, "database-unreachable", "the server cannot be used"):
            connection = connect(address, application)
        with connection:
            yield cls(address, connection)

    def ask(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """The rows that a query gives."""
        with translated(self.address, "database-unreachable", "the server gave up"):
            return self.connection.execute(statement.encode(), values or None).fetchall()

    def value(self, statement: str, *values: object) -> str:
        """The first value of the first row, as text."""
        return str(self.ask(statement, *values)[0][0])

    def create(self, name: str, template: str = "") -> None:
        """Create a database, as a copy of another one where `template` names it."""
        copied = f" TEMPLATE {quoted(template)}" if template else ""
        # Copying files needs a checkpoint, which is cheap only where nothing is synchronised with a disk.
        if template and self.connection.info.server_version >= FILE_COPY_SINCE and self.value("SHOW fsync") == "off":
            copied += " STRATEGY FILE_COPY"
        self._change(f"CREATE DATABASE {quoted(name)}{copied}")

    def drop(self, name: str) -> None:
        """Drop a database, where there is one of that name, and whoever is connected to it."""
        self._change(f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")

    def names(self, prefix: str) -> list[str]:
        """The databases of this role whose names begin with `prefix`, longest first: copies before their template."""
        query = (
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
            " AND pg_get_userbyid(datdba) = current_user ORDER BY length(datname) DESC"
        )
        return [str(row[0]) for row in self.ask(query, prefix)]

    def _change(self, statement: str) -> None:
        with translated(self.address, "database-refused", "the server refused"):
            self.connection.execute(statement.encode())


def connect(address: Address, application: str = "devnet-run") -> psycopg.Connection[tuple[object, ...]]:
    """A connection of the driver's. Raises its errors."""
    import psycopg  # noqa: PLC0415 - slow, and only a run with a database needs it

    known = frozenset(option.keyword.decode() for option in psycopg.pq.Conninfo.get_defaults())
    return psycopg.connect(
        address.plain(known), autocommit=True, connect_timeout=CONNECT_SECONDS, application_name=application
    )


def answers(address: Address) -> bool:
    """Whether a server takes connections."""
    import psycopg  # noqa: PLC0415 - as above

    try:
        connect(address).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def translated(address: Address, identity: str, what: str) -> Iterator[None]:
    """Turn an error of the driver into ours: which server, as whom, why; never the password."""
    import psycopg  # noqa: PLC0415 - as above

    try:
        yield
    except psycopg.Error as error:
        raise stopped(address, identity, what, str(error)) from None


def stopped(address: Address, identity: str, what: str, reason: str) -> EnvironmentStopped:
    """The error that says which server does not serve, and what to do."""
    fix = "make it serve this role, or unset DATABASE_URL to let an embedded database be used"
    said = f"{what} at {address.host}, database '{address.name}', role '{address.role}': {address.shown(reason)}"
    return EnvironmentStopped(Finding(identity, PLACE, said, fix))


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
