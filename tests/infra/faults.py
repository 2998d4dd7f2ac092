"""A relay between client and server that fails on demand, as networks do: it swallows, delays, resets and drops."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from urllib.parse import quote

from psycopg import conninfo


class Relay:
    """Passes bytes on until it is told otherwise. `connections` counts those that were opened."""

    def __init__(self, url):
        parts = conninfo.conninfo_to_dict(url)
        self._parts = parts
        host, port = parts["host"], int(parts.get("port", 5432))
        self._connect = (
            partial(asyncio.open_unix_connection, f"{host}/.s.PGSQL.{port}")
            if host.startswith("/")
            else partial(asyncio.open_connection, host, port)
        )
        self._passing = asyncio.Event()
        self._passing.set()
        self._writers = []
        self._tasks = set()
        self.delay = 0.0
        self.connections = 0
        self.cut = None
        self.when = "before"
        self.cuts = 0
        self.refusing = False

    async def open(self):
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        who = ":".join(quote(self._parts[part], safe="") for part in ("user", "password") if part in self._parts)
        self.port = port
        self.url = f"postgresql://{who}@127.0.0.1:{port}/{self._parts['dbname']}"

    def swallow(self):
        """Pass nothing on, and say nothing: a dead network."""
        self._passing.clear()

    def recover(self):
        """Pass on again what is there."""
        self._passing.set()

    def reset(self):
        """Break every connection at once; new ones work."""
        writers, self._writers = self._writers, []
        for writer in writers:
            writer.transport.abort()

    def go_away(self):
        """Take no connections any more, and break those that are there."""
        self._server.close()
        self.reset()

    def cut_at(self, text, when):
        """Break the connection on which a text is sent: `before` the server has it, or `after` it has answered.

        `swallowed before` and `swallowed after` break nothing: from then on nothing is passed on.
        """
        self.cut, self.when = text, when

    async def close(self):
        self.go_away()
        self.recover()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _relay(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        self.connections += 1
        if self.refusing:
            writer.transport.abort()
            return
        theirs, ours = await self._connect()
        self._writers += [writer, ours]
        state = {"cutting": False}
        both = (self._requests(reader, ours, writer, state), self._answers(theirs, writer, ours, state))
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(*both)
        for one in (writer, ours):
            one.close()

    async def _requests(self, reader, ours, writer, state):
        while data := await reader.read(65536):
            await self._wait()
            if self.cut and self.cut in data:
                self.cut, self.cuts = None, self.cuts + 1
                if self.when == "swallowed before":
                    self.swallow()
                    await self._wait()
                    return
                if self.when == "before":
                    break
                state["cutting"] = True
            ours.write(data)
        for one in (ours, writer):
            one.transport.abort()

    async def _answers(self, theirs, writer, ours, state):
        while data := await theirs.read(65536):
            await self._wait()
            if state["cutting"] and self.when == "swallowed after":
                self.swallow()
                await self._wait()
                return
            if state["cutting"]:
                break
            writer.write(data)
        for one in (ours, writer):
            one.transport.abort()

    async def _wait(self):
        await self._passing.wait()
        if self.delay:
            await asyncio.sleep(self.delay)


@contextlib.asynccontextmanager
async def relayed(url):
    """A relay before the server of a URL; its own URL is `relay.url`."""
    relay = Relay(url)
    await relay.open()
    try:
        yield relay
    finally:
        await relay.close()
