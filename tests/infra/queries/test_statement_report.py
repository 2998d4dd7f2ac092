"""Step 1: what the server spent its time on is told without a value, and what is missing for that with its cure."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text

from infra_adapters.errors import PermissionDenied, QueryFailed
from infra_adapters.postgres import Database
from infra_adapters.postgres.queries import By, ExtensionMissing, StatementFigures, statement_report
from infra_adapters.settings import DatabaseSettings
from tests.infra.servers import served

pytestmark = [pytest.mark.blocking, pytest.mark.deliverable("Bulk writes, full text, vectors and statement reports")]

CONFIGURED = "SQLAlchemy 2 tables and psycopg 3 configuration"


@pytest.fixture(scope="module")
def counting():
    """A server that counts its statements."""
    with served({}, settings=["shared_preload_libraries=pg_stat_statements"]) as server:
        with psycopg.connect(server.url, autocommit=True) as admin:
            admin.execute("CREATE SCHEMA told")
            admin.execute("CREATE EXTENSION pg_stat_statements SCHEMA told")
            admin.execute("CREATE TABLE things AS SELECT n FROM generate_series(1, 500) n")
        yield server


@pytest.fixture
async def connection(counting):
    with psycopg.connect(counting.url, autocommit=True) as admin:
        admin.execute("SELECT told.pg_stat_statements_reset()")
    async with Database.open(DatabaseSettings.of(url=counting.url)) as opened, opened.connection() as connection:
        yield connection


@pytest.mark.deliverable(CONFIGURED)
async def test_the_most_expensive_statements_are_told_without_values(connection):
    for n in range(3):
        await connection.execute(text(f"SELECT n, pg_sleep(0), 'a-secret' FROM things WHERE n > {n}"))
    await connection.execute(text("SELECT pg_sleep(0.2)"))
    slowest, *others = await statement_report(connection)
    assert slowest.statement == "SELECT pg_sleep(?)"
    assert slowest.mean == slowest.total > 0.19
    [scan] = [one for one in others if "things" in one.statement]
    assert scan.statement == "SELECT n, pg_sleep(?), ? FROM things WHERE n > ?"
    assert (scan.calls, scan.rows) == (3, 500 + 499 + 498)
    assert scan.mean == pytest.approx(scan.total / 3)
    assert 0 < scan.hit_rate <= 1
    assert "secret" not in str(others)


async def test_they_are_chosen_by_what_is_asked(connection):
    for _ in range(4):
        await connection.execute(text("SELECT 7"))
    await connection.execute(text("SELECT pg_sleep(0.05)"))
    (often,) = await statement_report(connection, by=By.CALLS, limit=1)
    (long,) = await statement_report(connection, by=By.MEAN, limit=1)
    assert often == StatementFigures("SELECT ?", 4, often.total, often.mean, 4, None)
    assert long.statement == "SELECT pg_sleep(?)"


async def test_a_database_without_the_extension_is_told_with_its_cure(counting):
    with psycopg.connect(counting.url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE other")
    settings = DatabaseSettings.of(url=counting.url.rpartition("/")[0] + "/other")
    async with Database.open(settings) as opened, opened.connection() as connection:
        with pytest.raises(ExtensionMissing, match="CREATE EXTENSION pg_stat_statements") as told:
            await statement_report(connection)
    assert told.value.cure == "CREATE EXTENSION pg_stat_statements"


@pytest.mark.deliverable(CONFIGURED)
async def test_a_server_that_has_not_loaded_it_is_told_with_its_cure(empty_url):
    async with Database.open(DatabaseSettings.of(url=empty_url)) as opened, opened.connection() as connection:
        await connection.execute(text("CREATE EXTENSION pg_stat_statements"))
        with pytest.raises(ExtensionMissing, match="shared_preload_libraries = 'pg_stat_statements'"):
            await statement_report(connection)
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1


async def test_another_failure_is_its_own(connection):
    await connection.execute(text("ALTER EXTENSION pg_stat_statements DROP VIEW told.pg_stat_statements"))
    await connection.execute(text("DROP VIEW told.pg_stat_statements"))
    with pytest.raises(QueryFailed) as told:
        await statement_report(connection)
    assert told.value.sqlstate == "42P01"
    await connection.rollback()


async def test_a_role_without_the_right_is_told(connection):
    await connection.execute(text("CREATE ROLE narrow"))
    await connection.execute(text("SET LOCAL ROLE narrow"))
    with pytest.raises(PermissionDenied):
        await statement_report(connection)
    await connection.rollback()
