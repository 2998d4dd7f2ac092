"""Connections for migrating, and the lock that one migrating process holds."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from infra_adapters.errors import ConfigError, MigrationLocked
from infra_adapters.postgres.engine import database_url, tool_options
from infra_adapters.postgres.translate import translated
from infra_adapters.settings import DatabaseSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

PAUSE = 0.05
LOCK = 7_306_154_321
"""The advisory lock: any number, the same in every process."""
PATIENT = """
SELECT set_config('lock_timeout', '2s', false), set_config('statement_timeout', '0', false),
       set_config('idle_session_timeout', '0', false), set_config('idle_in_transaction_session_timeout', '0', false)
"""
"""Behind a migration that waits for a table, everybody waits who only wants to read it; so it waits for a moment."""


@contextmanager
def connected(url: str, isolation: str = "READ COMMITTED") -> Iterator[Connection]:
    """One connection without a pool, which is what a migrating process needs. Errors are ours."""
    engine = _engine(url, isolation, tuple(tool_options(url, "infra_adapters-migrations").items()))
    with translated(), engine.connect() as connection:
        connection.execute(text(PATIENT))
        connection.commit()
        yield connection


@lru_cache(maxsize=16)
def _engine(url: str, isolation: str, told: tuple[tuple[str, str | int], ...]) -> Engine:
    # Kept, as each engine asks the server for what it is when it first connects; without a pool it holds nothing open.
    return create_engine(
        database_url(url),
        poolclass=NullPool,
        hide_parameters=True,
        isolation_level=isolation,
        use_native_hstore=False,
        connect_args={**dict(told), "prepare_threshold": None},
    )


@contextmanager
def locked(url: str, wait: float) -> Iterator[Connection]:
    """Hold the lock, on the connection that is given, for as long as a block. Raises MigrationLocked, ConfigError."""
    if DatabaseSettings.of(url=url).pooler == "transaction":
        raise ConfigError("a pooler in transaction mode gives the lock to anybody; migrate on the server's own port")
    with connected(url, isolation="AUTOCOMMIT") as holder:
        deadline = time.monotonic() + wait
        # Asked again and again: waiting inside of a statement would hold a snapshot for as long.
        while not holder.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}).scalar():
            if time.monotonic() > deadline:
                raise MigrationLocked(f"another process has been migrating for more than {wait:.0f} s")
            time.sleep(PAUSE)
        try:
            yield holder
        finally:
            # A connection that was lost holds nothing, and what was committed is no failure by that.
            with suppress(SQLAlchemyError):
                holder.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})


def still_held(holder: Connection) -> None:
    """Raise MigrationLocked where the connection that held the lock is gone, so that nothing more is committed."""
    try:
        holder.execute(text("SELECT 1"))
    except SQLAlchemyError:
        raise MigrationLocked("the connection that held the lock was lost; another process may migrate") from None
