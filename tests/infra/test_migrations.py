"""Step 1: migrations with a way back, and a schema that is what the code declares."""

from __future__ import annotations

import subprocess
import sys

import psycopg
import pytest
from sqlalchemy import text

from infra_adapters.errors import MigrationFailed, MigrationLocked, Unavailable
from infra_adapters.postgres import Migrations
from infra_adapters.postgres.migrations.api import LOCK
from infra_adapters.postgres.plans import indexes_used
from infra_adapters.postgres.tables import events_of, lines_of, metadata, orders_of
from infra_adapters.testing.contract import an_order

pytestmark = pytest.mark.blocking

WAY_BACK = "Migrations with a way back"
UP_DOWN_UP = "Migrations run up, down and up again and leave the same schema"
TABLES = "SQLAlchemy 2 tables and psycopg 3 configuration"
SAME = "SQLAlchemy tables and the migrated schema are the same"
INDEXES = "Indexes for every declared access path"
USED = "Every access path that is declared has an index the planner uses"

SCHEMA = """
SELECT 'column', table_name, column_name, data_type || coalesce(column_default, '') || is_nullable
  FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes
  WHERE schemaname = 'public' AND tablename <> 'alembic_version'
ORDER BY 1, 2, 3
"""


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
    assert {row[1] for row in there} == set(metadata.tables)


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
    assert "CREATE TABLE orders" in migrations.plan()
    assert schema(empty_url) == []
    with psycopg.connect(empty_url) as connection:
        connection.execute(migrations.plan())
    assert migrations.drift() == ()


@pytest.mark.deliverable(TABLES, SAME)
def test_the_schema_is_what_the_tables_declare(database_url):
    assert Migrations(database_url).drift() == ()


@pytest.mark.deliverable(SAME)
def test_drift_is_noticed(database_url):
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE orders DROP COLUMN placed_at")
    assert any("placed_at" in one for one in Migrations(database_url).drift())


def test_a_failing_revision_leaves_nothing_half(empty_url):
    with psycopg.connect(empty_url) as connection:
        connection.execute("CREATE TABLE order_events (x int)")
    with pytest.raises(Exception, match=r"order_events|42P07"):
        Migrations(empty_url).upgrade()
    assert {row[1] for row in schema(empty_url)} == {"order_events"}


PROCESS = """
import sys
from infra_adapters.postgres import Migrations
Migrations(sys.argv[1]).upgrade()
"""


@pytest.mark.deliverable(WAY_BACK)
def test_of_several_processes_one_migrates_and_all_succeed(empty_url):
    started = [subprocess.Popen([sys.executable, "-c", PROCESS, empty_url]) for _ in range(3)]
    assert [one.wait(timeout=60) for one in started] == [0, 0, 0]
    assert Migrations(empty_url).drift() == ()


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


SEED = """
INSERT INTO orders (id, customer, version)
  SELECT gen_random_uuid(), 'customer ' || (n % 500), 1 FROM generate_series(1, 5000) n;
INSERT INTO order_lines SELECT id, 0, 'tea', 1, 1, 'EUR' FROM orders;
INSERT INTO order_events SELECT id, 1, 0, 'placed', '[]' FROM orders;
"""


@pytest.mark.deliverable(INDEXES, USED, TABLES)
async def test_every_access_path_uses_its_index(infrastructure):
    some = an_order().id
    paths = {
        "ix_orders_customer_placed_at": orders_of("customer: 7", 20),
        "uq_order_events_order_id_version_position": events_of(some),
        "pk_order_lines": lines_of([some]),
    }
    async with infrastructure.engine.connect() as connection:
        for statement in SEED.split(";")[:-1]:
            await connection.execute(text(statement))
        await connection.execute(text("ANALYZE"))
        for index, statement in paths.items():
            assert await indexes_used(connection, statement) == (index,)


@pytest.mark.deliverable(INDEXES)
async def test_a_missing_index_is_noticed(infrastructure):
    async with infrastructure.engine.connect() as connection:
        for statement in SEED.split(";")[:-1]:
            await connection.execute(text(statement))
        await connection.execute(text("DROP INDEX ix_orders_customer_placed_at"))
        await connection.execute(text("ANALYZE"))
        assert await indexes_used(connection, orders_of("customer 7", 20)) == ()


@pytest.mark.deliverable(INDEXES)
async def test_every_foreign_key_begins_an_index(infrastructure):
    for table in metadata.tables.values():
        starts = {index.columns[0].name for index in table.indexes}
        starts |= {next(iter(one.columns)).name for one in table.constraints if list(one.columns)}
        assert {key.parent.name for key in table.foreign_keys} <= starts
