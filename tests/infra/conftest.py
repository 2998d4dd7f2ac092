"""A real PostgreSQL for each test process, and a fresh migrated database for each test that asks for one."""

from __future__ import annotations

import os
from contextlib import contextmanager

import pytest

from devnet_runner.database import Template, open_database
from infra_adapters.infrastructure import Infrastructure
from infra_adapters.postgres import Migrations
from infra_adapters.settings import DatabaseSettings


@contextmanager
def given_or_own():
    """The database of the run where the runner gave one, else a server of this process's own."""
    url = os.environ.get("DATABASE_URL", "")
    if "devnet_run_" in url:
        yield url
        return
    with open_database(environ=os.environ) as database:
        yield database.url


@pytest.fixture(scope="session")
def server_url():
    with given_or_own() as url:
        yield url


@pytest.fixture(scope="session")
def template(server_url):
    made = Template.create(server_url, lambda url: Migrations(url).upgrade())
    yield made
    made.drop()


@pytest.fixture(scope="session")
def empty_template(server_url):
    made = Template.create(server_url, lambda url: None)
    yield made
    made.drop()


@pytest.fixture
def database_url(template):
    """A migrated database of this test's own."""
    with template.fresh() as url:
        yield url


@pytest.fixture
def empty_url(empty_template):
    """An empty database of this test's own."""
    with empty_template.fresh() as url:
        yield url


@pytest.fixture
def settings(database_url):
    """Makes settings for this test's database."""

    def make(**values):
        return DatabaseSettings.of(**{"url": database_url, "pool_size": 3, **values})

    return make


@pytest.fixture
async def infrastructure(settings):
    async with Infrastructure.open(settings()) as opened:
        yield opened
