"""Connections that stood idle are asked before they are handed out: a restarted server costs no caller an error.

The idea of HikariCP: a connection that was in use a moment ago is trusted, so a busy pool pays nothing for this. But
not where something lies in its socket: a server that goes away says so or closes it, and looking costs no round trip.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

SINCE = "idle_since"


def ask_idle_connections(engine: Engine, *, trusted: float) -> None:
    """Ask every connection of a pool that was idle for `trusted` seconds, or to which the server has spoken.

    A lost one makes the pool connect anew.
    """

    def given_back(_: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info[SINCE] = time.monotonic()

    def handed_out(connection: DBAPIConnection, entry: ConnectionPoolEntry, _: object) -> None:
        held: Any = entry.driver_connection
        if SINCE not in entry.info or (time.monotonic() - entry.info[SINCE] < trusted and not held.was_spoken_to):
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error:
            raise InvalidatePoolError from None

    event.listen(engine, "checkin", given_back)
    event.listen(engine, "checkout", handed_out)
