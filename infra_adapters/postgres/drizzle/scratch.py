"""A database to try migrations on: one that was named and is empty, or one that is made and dropped.

Behind a process that was killed one is left. The next that makes one drops it: an advisory lock of its maker, which is
there before it and goes with the maker's connection, tells whether it is still wanted.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Identifier

from infra_adapters.errors import InvalidRequest, PermissionDenied
from infra_adapters.postgres.catalog import read_catalog
from infra_adapters.postgres.drizzle.table import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "infra_drizzle_"
LEFT = """
SELECT datname FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles r ON r.oid = d.datdba
WHERE datname ~ '^infra_drizzle_[0-9a-f]{12}$' AND r.rolname = current_user
AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid)
AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objsubid = 1
    AND (classid::bigint << 32) + objid::bigint = ('x' || right(datname, 12))::bit(48)::bigint)
"""
"""Those whose maker is gone. `pg_locks` shows the locks of all databases, and the lock is older than the database."""
BEFORE = {"schema", "extension", "default privilege"}
"""What a migration may need and does not make."""
SHOWN = 3


@contextmanager
def named(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to an empty database. Raises InvalidRequest where there is anything in it but extensions."""
    with opened(url) as connection:
        with connection.transaction():
            there = sorted(f"{kind} {name}" for kind, name in read_catalog(connection).objects if kind not in BEFORE)
        if there:
            more = f" and {len(there) - SHOWN} more" if len(there) > SHOWN else ""
            what = f"{', '.join(there[:SHOWN])}{more}"
            raise InvalidRequest(
                f"the database to try the migrations on is not empty, it has {what}; name another; nothing was touched"
            )
        yield connection


@contextmanager
def made(beside: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a new database on the same server, dropped at the end. Raises PermissionDenied."""
    told = make_conninfo(beside.info.dsn, password=beside.info.password or None)
    with psycopg.connect(told, autocommit=True, row_factory=tuple_row) as maker:
        sweep(maker)
        name = _create(maker)
        try:
            with psycopg.connect(make_conninfo(told, dbname=name)) as empty:
                yield empty
        finally:
            maker.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def sweep(maker: psycopg.Connection[Any]) -> None:
    """Drop the databases of this role that were left by a process that is gone."""
    for [name] in maker.execute(LEFT.encode()).fetchall():
        # Without force: who connects in this moment keeps it, and another process may be at the same.
        with suppress(psycopg.Error):
            maker.execute(SQL("DROP DATABASE IF EXISTS {}").format(Identifier(name)))


def _create(maker: psycopg.Connection[Any]) -> str:
    token = secrets.token_hex(6)
    maker.execute("SELECT pg_catalog.pg_advisory_lock(%s::bigint)", [int(token, 16)])
    try:
        maker.execute(SQL("CREATE DATABASE {} TEMPLATE template0").format(Identifier(NAME + token)))
    except psycopg.errors.InsufficientPrivilege:
        cure = "let it, or name an empty one to try the migrations on"
        raise PermissionDenied(f"the database role may not create a database; {cure}") from None
    return NAME + token
