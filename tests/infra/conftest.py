"""A real PostgreSQL for each test process, and a fresh migrated database for each test that asks for one."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from devnet_runner.database import Template, open_database
from infra_adapters.infrastructure import Infrastructure
from infra_adapters.postgres import Migrations
from infra_adapters.postgres.migrations import Script
from infra_adapters.settings import DatabaseSettings
from infra_adapters.testing import MemoryStore, MemoryUnitOfWork
from infra_adapters.testing.sample import EVENTS
from tests.infra.shop import MODEL

SHOP = Script("shop", Path(__file__).parent / "shop" / "migrations", "shop_revision")
ROLE = "infra_app"
"""A role as a service should have one: it owns nothing, and row-level security holds for it."""
GRANTS = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN CREATE ROLE {ROLE}; END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT USAGE ON SCHEMA public TO {ROLE};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE};
"""


@contextmanager
def given_or_own():
    """The database of the run where the runner gave one, else a server of this process's own."""
    url = os.environ.get("DATABASE_URL", "")
    if "devnet_run_" in url:
        yield url
        return
    with open_database(environ=os.environ) as database:
        yield database.url


def prepare(url):
    Migrations(url).upgrade()
    Migrations(url, SHOP).upgrade()
    with psycopg.connect(url) as connection:
        connection.execute(GRANTS)


@pytest.fixture(scope="session")
def server_url():
    with given_or_own() as url:
        yield url


@pytest.fixture(scope="session")
def template(server_url):
    made = Template.create(server_url, prepare)
    with made.copies() as copies:
        yield copies
    made.drop()


@pytest.fixture(scope="session")
def empty_template(server_url):
    made = Template.create(server_url, lambda url: None)
    with made.copies() as copies:
        yield copies
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
        return DatabaseSettings.of(**{"url": database_url, "pool_size": 3, "role": ROLE, **values})

    return make


@pytest.fixture
async def infrastructure(settings):
    async with Infrastructure.open(settings(), MODEL) as opened:
        yield opened


@pytest.fixture
def memory():
    """Opens units of one store in memory."""
    store = MemoryStore(EVENTS)
    return lambda **options: MemoryUnitOfWork(store, **options)
