"""Databases that are filled once for a module of tests, and copied for each of them."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager

from devnet_runner.database import Template
from infra_adapters.postgres import Database
from infra_adapters.settings import DatabaseSettings


@contextmanager
def prepared(server_url, fill):
    """What makes copies of a database; `fill` is given a connection to it, in a transaction that is committed."""
    made = Template.create(server_url, lambda url: fill_once(url, fill))
    try:
        with made.copies() as copies:
            yield copies
    finally:
        made.drop()


def fill_once(url, fill):
    """Fill a database through a connection to it, in a transaction that is committed."""
    asyncio.run(_filled(url, fill))


async def _filled(url, fill):
    async with Database.open(DatabaseSettings.of(url=url)) as opened, opened.engine.begin() as connection:
        await fill(connection)
