"""The engine: one pool with limits, bounded waiting, and timeouts on every connection."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from infra_adapters.errors import ConfigError
from infra_adapters.postgres.guarded import GuardedConnection
from infra_adapters.postgres.liveness import ask_idle_connections

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from infra_adapters.settings import DatabaseSettings


def database_url(text: str) -> URL:
    """The URL in SQLAlchemy's form, with the one driver that is used. Raises ConfigError, without the URL."""
    try:
        return make_url(text.strip()).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        raise ConfigError("DATABASE_URL: it cannot be parsed") from None


def connect_options(settings: DatabaseSettings, url: URL) -> dict[str, object]:
    """What psycopg and the server are told for each new connection; the URL's own options come first."""
    timeouts = {
        "statement_timeout": settings.statement_timeout,
        "lock_timeout": settings.lock_timeout,
        "idle_in_transaction_session_timeout": settings.idle_in_transaction_timeout,
    }
    own = url.query.get("options", "")
    given = own if isinstance(own, str) else " ".join(own)
    options = " ".join([given, *(f"-c {name}={max(int(seconds * 1000), 1)}" for name, seconds in timeouts.items())])
    return {
        "application_name": settings.application_name,
        "connect_timeout": settings.connect_timeout,
        "options": options.strip(),
    }


@asynccontextmanager
async def open_engine(settings: DatabaseSettings) -> AsyncIterator[AsyncEngine]:
    """An engine whose connections are all closed at the end. Nothing is connected before the first use.

    Raises ConfigError for a URL that cannot be used.
    """
    url = database_url(settings.url.get_secret_value())
    engine = create_async_engine(
        url.difference_update_query(["options"]),
        pool_size=settings.pool_size,
        max_overflow=settings.pool_overflow,
        pool_timeout=settings.acquire_timeout,
        pool_recycle=settings.max_lifetime,
        connect_args=connect_options(settings, url) | {"async_creator_fn": GuardedConnection.connect},
        hide_parameters=True,
    )
    ask_idle_connections(engine.sync_engine)
    try:
        yield engine
    finally:
        await engine.dispose()
