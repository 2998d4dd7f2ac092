"""The engine: one pool with limits, bounded waiting, verified TLS, and timeouts on every connection."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from infra_adapters.errors import ConfigError
from infra_adapters.postgres.guarded import GuardedConnection
from infra_adapters.postgres.liveness import ask_idle_connections
from infra_adapters.settings import DatabaseSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy.engine import ExceptionContext

    from infra_adapters.postgres.observing import Watcher

SILENT_PROBES = 3


def database_url(text: str) -> URL:
    """The URL in SQLAlchemy's form, with the one driver that is used. Raises ConfigError, without the URL."""
    try:
        return make_url(text.strip()).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        raise ConfigError("DATABASE_URL: it cannot be parsed") from None


def libpq_url(url: URL) -> str:
    """A URL as libpq reads it, password and all: SQLAlchemy writes a blank as a plus sign, which libpq keeps as one."""
    text = url.set(drivername="postgresql").render_as_string(hide_password=False)
    before, mark, options = text.partition("?")
    return before + mark + options.replace("+", "%20")


def server_timeouts(settings: DatabaseSettings) -> dict[str, int]:
    """The server's own limits, in milliseconds, by the name of its setting."""
    timeouts = {
        "statement_timeout": settings.statement_timeout,
        "lock_timeout": settings.lock_timeout,
        "idle_in_transaction_session_timeout": settings.idle_in_transaction_timeout,
    }
    return {name: max(int(seconds * 1000), 1) for name, seconds in timeouts.items()}


def connect_options(settings: DatabaseSettings) -> dict[str, object]:
    """What psycopg and the server are told for each new connection; the URL's own options come first."""
    options: dict[str, object] = {
        "application_name": settings.application_name,
        "connect_timeout": settings.connect_timeout,
        **_dead_networks(settings),
        **settings.tls_options,
    }
    if settings.pooler == "transaction":
        # The next statement may reach another server process: it has neither these options nor what was prepared.
        return options | {"prepare_threshold": None}
    named = server_timeouts(settings) | ({"role": _quoted(settings.role)} if settings.role else {})
    given = settings.options_of_url.get("options", "")
    return options | {"options": " ".join([given, *(f"-c {name}={value}" for name, value in named.items())]).strip()}


def tool_options(url: str, name: str) -> dict[str, str | int]:
    """What libpq is told by a tool that changes a schema: its name, and TLS as for the service. Raises ConfigError."""
    settings = DatabaseSettings.of(url=url)
    return {
        "application_name": name,
        "connect_timeout": settings.connect_timeout,
        **_dead_networks(settings),
        **settings.tls_options,
    }


def _dead_networks(settings: DatabaseSettings) -> dict[str, int]:
    """What has a network that died be noticed also where nobody gave a deadline."""
    silence = max(int(settings.silence_timeout), 1)
    return {
        "tcp_user_timeout": silence * 1000,
        "keepalives_idle": silence,
        "keepalives_interval": max(silence // SILENT_PROBES, 1),
        "keepalives_count": SILENT_PROBES,
    }


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")


@asynccontextmanager
async def open_engine(settings: DatabaseSettings, watchers: Sequence[Watcher] = ()) -> AsyncIterator[AsyncEngine]:
    """An engine whose connections are all closed at the end. Nothing is connected before the first use.

    Raises ConfigError for a URL that cannot be used.
    """
    url = database_url(settings.url.get_secret_value())
    connect = partial(GuardedConnection.connect, watchers=watchers)
    engine = create_async_engine(
        url.difference_update_query(["options"]) if settings.pooler == "none" else url,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_overflow,
        pool_timeout=settings.acquire_timeout,
        pool_recycle=settings.max_lifetime,
        connect_args=connect_options(settings) | {"async_creator_fn": connect},
        hide_parameters=True,
        # SQLAlchemy has its own way with hstore, which does not ask each server for its number first.
        use_native_hstore=False,
    )
    ask_idle_connections(engine.sync_engine, trusted=settings.trusted_idle)
    event.listen(engine.sync_engine, "handle_error", keep_settled_connections)
    try:
        yield engine
    finally:
        await engine.dispose()


def keep_settled_connections(context: ExceptionContext) -> None:
    """Keep a connection whose statement was cancelled and which came to rest; SQLAlchemy would throw it away."""
    if isinstance(context.original_exception, Exception) or context.connection is None:
        return
    raw = context.connection.connection.driver_connection
    if isinstance(raw, GuardedConnection) and raw.at_rest:
        context.is_disconnect = False
