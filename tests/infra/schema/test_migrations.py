"""Step 1: migrations with a way back, and a schema that is what the code declares."""

from __future__ import annotations

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from infra_adapters.errors import MigrationFailed, MigrationLocked, Unavailable
from infra_adapters.postgres import Migrations
from infra_adapters.postgres.migrations.locking import LOCK, connected
from infra_adapters.postgres.schema import metadata as own
from tests.infra.shop import metadata as shop

pytestmark = pytest.mark.blocking

WAY_BACK = "Migrations with a way back"
UP_DOWN_UP = "Migrations run up, down and up again and leave the same schema"
TABLES = "SQLAlchemy 2 tables and psycopg 3 configuration"
SAME = "SQLAlchemy tables and the migrated schema are the same"
INDEXES = "Indexes for every declared access path"
USED = "Every access path that is declared has an index the planner uses"

OWN = "('infra_revision', 'infra_migrations')"
SCHEMA = f"""
SELECT 'column', table_name, column_name, data_type || coalesce(column_default, '') || is_nullable
  FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT IN {OWN}
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT IN {OWN}
UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes
  WHERE schemaname = 'public' AND tablename NOT IN {OWN}
ORDER BY 1, 2, 3
"""


def differences(url, tables, prefix):
    """What Alembic sees between declared tables and those that are there, of one prefix."""

    def mine(name, kind, _):
        return kind != "table" or name.startswith(prefix)

    with connected(url) as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_name": mine}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), tables)
    return [str(one) for one in found if "infra_migrations" not in str(one) and "infra_revision" not in str(one)]


def schema(url):
    with psycopg.connect(url) as connection:
        return connection.execute(SCHEMA).fetchall()


@pytest.mark.deliverable(WAY_BACK, UP_DOWN_UP)
def test_up_down_up_leaves_the_same_schema(empty_url):
    migrations = Migrations(empty_url)
    migrations.upgrade()
    there = schema(empty_url)
    migrations.downgrade("base")
    assert (schema(empty_url), migrations.current()) == ([], None)
    migrations.upgrade()
    assert schema(empty_url) == there
    assert {row[1] for row in there} == set(own.tables)


@pytest.mark.deliverable(WAY_BACK)
def test_the_history_says_where_a_database_is(empty_url):
    migrations = Migrations(empty_url)
    newest = migrations.history()[-1]
    assert migrations.current() is None
    migrations.upgrade()
    assert migrations.current() == newest.id
    assert migrations.history()[0].down is None


@pytest.mark.deliverable(WAY_BACK)
def test_a_plan_is_the_sql_and_changes_nothing(empty_url):
    migrations = Migrations(empty_url)
    assert "CREATE TABLE infra_events" in migrations.plan()
    assert schema(empty_url) == []
    with psycopg.connect(empty_url) as connection:
        connection.execute(migrations.plan())
    assert migrations.current() == migrations.history()[-1].id


@pytest.mark.deliverable(TABLES, SAME)
@pytest.mark.parametrize(("tables", "prefix"), [(own, "infra_"), (shop, "order")])
def test_the_schema_is_what_the_tables_declare(database_url, tables, prefix):
    assert differences(database_url, tables, prefix) == []


@pytest.mark.deliverable(SAME)
def test_drift_is_noticed(database_url):
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE orders DROP COLUMN placed_at")
    assert any("placed_at" in one for one in differences(database_url, shop, "order"))


def test_a_failing_revision_leaves_nothing_half(empty_url):
    with psycopg.connect(empty_url) as connection:
        connection.execute("CREATE TABLE infra_events (x int)")
    with pytest.raises(Exception, match=r"infra_events|42P07"):
        Migrations(empty_url).upgrade()
    assert {row[1] for row in schema(empty_url)} == {"infra_events"}


def test_waiting_for_another_migration_is_bounded(empty_url):
    with psycopg.connect(empty_url) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(MigrationLocked):
            Migrations(empty_url, wait=0.1).upgrade()
    assert schema(empty_url) == []


@pytest.mark.parametrize("asked", [Migrations.upgrade, Migrations.downgrade, Migrations.plan])
def test_an_unknown_revision_is_named(empty_url, asked):
    with pytest.raises(MigrationFailed, match="nowhere"):
        asked(Migrations(empty_url), "nowhere")


def test_a_server_that_is_not_there_is_unavailable():
    with pytest.raises(Unavailable):
        Migrations("postgresql://u@127.0.0.1:1/d").current()


def test_a_password_is_not_shown():
    assert "hidden" not in repr(Migrations("postgresql://u:hidden@h/d"))
