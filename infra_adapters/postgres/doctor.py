"""What is wrong with a database although it answers: rights too wide, places too few, indexes never finished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from infra_adapters.postgres.evolution.repair import invalid_indexes
from infra_adapters.postgres.migrations.locking import connected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from infra_adapters.settings import DatabaseSettings

OLDEST = 150_000
SHARE = 0.8
"""The part of the server's connections that one service's process may take."""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is wrong: `serious` where a promise of this package does not hold by it."""

    serious: bool
    what: str
    cure: str


ROLE = """
SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles
WHERE rolname = coalesce(nullif(CAST(:role AS text), ''), current_user)
"""
PLACES = "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
OPEN = """
SELECT oid::regclass::text FROM pg_class WHERE relrowsecurity AND NOT relforcerowsecurity AND relkind IN ('r', 'p')
"""
UNFIT = "SELECT conrelid::regclass::text || '.' || conname FROM pg_constraint WHERE NOT convalidated"
TLS = "SELECT coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)"


def examine(settings: DatabaseSettings) -> tuple[Remark, ...]:
    """Every remark on a database. Raises Unavailable where it cannot be asked."""
    with connected(settings.url.get_secret_value()) as connection:
        return tuple(remark for look in LOOKS for remark in look(connection, settings))


def _version(connection: Connection, _: DatabaseSettings) -> Iterator[Remark]:
    number = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    if number < OLDEST:
        yield Remark(True, f"the server is PostgreSQL {number // 10_000}", "use PostgreSQL 15 or newer")


def _role(connection: Connection, settings: DatabaseSettings) -> Iterator[Remark]:
    found = connection.execute(text(ROLE), {"role": settings.role}).first()
    if found is None:
        yield Remark(True, f"there is no role {settings.role}", "create it, or name another one in DATABASE_ROLE")
    elif found[1]:
        cure = "name a role without these rights in DATABASE_ROLE, or log in as one"
        yield Remark(True, f"row-level security does not hold for the role {found[0]}", cure)


def _places(connection: Connection, settings: DatabaseSettings) -> Iterator[Remark]:
    places = int(connection.execute(text(PLACES)).scalar_one())
    if settings.connections > places * SHARE:
        what = f"one process may open {settings.connections} of the server's {places} connections"
        yield Remark(False, what, "lower DATABASE_POOL_SIZE, or put a pooler before the server")


def _tls(connection: Connection, settings: DatabaseSettings) -> Iterator[Remark]:
    if settings.is_remote and not connection.execute(text(TLS)).scalar_one():
        yield Remark(True, "the connection to another host is not encrypted", "leave out DATABASE_INSECURE")


def _indexes(connection: Connection, _: DatabaseSettings) -> Iterator[Remark]:
    driver: Any = connection.connection.driver_connection
    for one in invalid_indexes(driver):
        if not one.building:
            what = f"the index {one.name} was never finished"
            yield Remark(True, what, f"DROP INDEX CONCURRENTLY {one.name}, and build it again")


def _list(statement: str, what: str, cure: str, *, serious: bool) -> Callable[[Connection, Any], Iterator[Remark]]:
    def look(connection: Connection, _: object) -> Iterator[Remark]:
        for name in connection.execute(text(statement)).scalars():
            yield Remark(serious, what.format(name), cure.format(name))

    return look


LOOKS = (
    _version,
    _role,
    _places,
    _tls,
    _indexes,
    _list(
        OPEN,
        "row-level security of {} does not hold for its owner",
        "ALTER TABLE {} FORCE ROW LEVEL SECURITY",
        serious=True,
    ),
    _list(UNFIT, "the constraint {} was never validated", "ALTER TABLE … VALIDATE CONSTRAINT {}", serious=False),
)
