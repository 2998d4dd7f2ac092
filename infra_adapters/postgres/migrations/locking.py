"""Connections for migrating, and the lock that one migrating process holds."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from infra_adapters.errors import MigrationLocked
from infra_adapters.postgres.engine import database_url, tool_options
from infra_adapters.postgres.translate import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

PAUSE = 0.05
LOCK = 7_306_154_321
"""The advisory lock: any number, the same in every process."""


@contextmanager
def connected(url: str, isolation: str = "READ COMMITTED") -> Iterator[Connection]:
    """One connection without a pool, which is what a migrating process needs. Errors are ours."""
    engine = create_engine(
        database_url(url),
        poolclass=NullPool,
        hide_parameters=True,
        isolation_level=isolation,
        connect_args={**tool_options(url, "infra_adapters-migrations"), "prepare_threshold": None},
    )
    try:
        with translated(), engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def locked(url: str, wait: float) -> Iterator[None]:
    """Hold the lock, on a connection of its own, for as long as a block. Raises MigrationLocked."""
    with connected(url, isolation="AUTOCOMMIT") as holder:
        deadline = time.monotonic() + wait
        # Asked again and again: waiting inside of a statement would hold a snapshot for as long.
        while not holder.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}).scalar():
            if time.monotonic() > deadline:
                raise MigrationLocked(f"another process has been migrating for more than {wait:.0f} s")
            time.sleep(PAUSE)
        try:
            yield
        finally:
            holder.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})
