"""Step 1: a migration waits for nobody for long, commits only under its lock, and keeps its books in order."""

from __future__ import annotations

import threading

import psycopg
import pytest

from infra_adapters.errors import ChecksumMismatch, ConfigError, LockTimeout, MigrationFailed, MigrationLocked
from infra_adapters.postgres import Migrations
from tests.infra.histories import History

WAY_BACK = "Migrations with a way back"
pytestmark = [pytest.mark.blocking, pytest.mark.deliverable(WAY_BACK)]
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
HOLDER = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database ="
HOLDER += " (SELECT oid FROM pg_database WHERE datname = current_database())"


@pytest.fixture
def history(tmp_path):
    found = History(tmp_path)
    found.tables(1)
    found.add("r2", "r1", 'op.execute("ALTER TABLE t1 ADD COLUMN more text")', 'op.execute("ALTER TABLE t1 DROP more")')
    return found


def ran(url, statement):
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement)


def test_readers_go_on_while_a_migration_waits_for_a_table(empty_url, history):
    migrations = Migrations(empty_url, history.script)
    migrations.upgrade("r1")
    thread = threading.Thread(target=migrations.upgrade)
    with psycopg.connect(empty_url) as reader, psycopg.connect(empty_url, autocommit=True) as other:
        reader.execute("SELECT * FROM t1")
        thread.start()
        while other.execute(WAITS).fetchone() == (0,):
            pass
        other.execute("SET statement_timeout = '10s'")
        assert other.execute("SELECT n FROM t1").fetchone() == (1,)
        assert migrations.current() == "r1"
    thread.join()
    assert migrations.current() == "r2"


def test_a_table_that_is_never_free_ends_a_migration(empty_url, history):
    migrations = Migrations(empty_url, history.script, wait=0)
    migrations.upgrade("r1")
    with psycopg.connect(empty_url) as reader:
        reader.execute("SELECT * FROM t1")
        with pytest.raises(LockTimeout):
            migrations.upgrade()
    assert migrations.upgrade() == ("r2",)


def test_who_lost_the_lock_commits_nothing(empty_url, history):
    def told(event):
        if (event.what, event.revision) == ("applied", "r2"):
            ran(empty_url, HOLDER)

    migrations = Migrations(empty_url, history.script, listener=told)
    with pytest.raises(MigrationLocked, match="the connection that held the lock was lost"):
        migrations.upgrade()
    assert migrations.current() == "r1"


def test_a_lock_that_is_lost_at_the_end_is_no_failure(empty_url, history, monkeypatch):
    migrations = Migrations(empty_url, history.script)
    monkeypatch.setattr("infra_adapters.postgres.migrations.running.still_held", lambda _: ran(empty_url, HOLDER))
    assert migrations.upgrade("r1") == ("r1",)


def test_a_pooler_that_shares_connections_holds_no_lock(empty_url, history, monkeypatch):
    monkeypatch.setenv("DATABASE_POOLER", "transaction")
    with pytest.raises(ConfigError, match="the server's own port"):
        Migrations(empty_url, history.script).upgrade()


def test_drift_stays_drift_when_something_else_is_migrated(empty_url, history):
    migrations = Migrations(empty_url, history.script)
    migrations.upgrade("r1")
    ran(empty_url, "ALTER TABLE t1 ADD COLUMN by_hand int; CREATE TABLE beside (id int)")
    before = migrations.drift()
    migrations.upgrade()
    assert migrations.drift() == before
    assert {one.name for one in before} == {"public.t1.by_hand", "public.beside", "public.beside.id"}
    migrations.downgrade("r1")
    assert migrations.drift() == before


def test_only_what_this_call_has_done_is_given_back(empty_url, history):
    migrations = Migrations(empty_url, history.script)
    assert [migrations.upgrade("r1"), migrations.upgrade(), migrations.upgrade()] == [("r1",), ("r2",), ()]
    assert migrations.downgrade("base", allow_data_loss=True) == ("r2", "r1")


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        ("DELETE FROM product_revision", "product_revision says base, and r2 was written down"),
        ("UPDATE product_revision SET version_num = 'r1'", "product_revision says r1, and r2 was"),
        ("DELETE FROM infra_migrations", "product_revision says r2, and nothing was"),
    ],
)
def test_books_that_do_not_agree_are_told_before_anything_runs(empty_url, history, spoiled, said):
    migrations = Migrations(empty_url, history.script)
    migrations.upgrade()
    ran(empty_url, spoiled)
    assert said in migrations.check()[0]
    with pytest.raises(ChecksumMismatch, match=said):
        migrations.upgrade()


def test_a_table_with_two_places_is_told(empty_url, history):
    migrations = Migrations(empty_url, history.script)
    migrations.upgrade()
    ran(empty_url, "INSERT INTO product_revision VALUES ('r1')")
    with pytest.raises(MigrationFailed):
        migrations.check()


def test_a_schema_that_was_migrated_by_hand_is_adopted(empty_url, history):
    migrations = Migrations(empty_url, history.script)
    ran(empty_url, migrations.plan())
    assert "nothing was written down" in migrations.check()[0]
    migrations.adopt()
    assert (migrations.check(), migrations.drift()) == ((), ())
    assert [one.revision for one in migrations.applied()] == ["r1", "r2"]
    ran(empty_url, "UPDATE product_revision SET version_num = 'gone'")
    with pytest.raises(MigrationFailed, match="no revision of this history"):
        migrations.adopt()
    ran(empty_url, "DELETE FROM product_revision")
    migrations.adopt()
    assert migrations.applied() == ()


@pytest.mark.parametrize(
    ("up", "said"),
    [
        ('op.execute("CREATE TABLE t1 (n int)")', r'revision r3: relation "t1" already exists \(42P07\)'),
        ("op.execute(\"INSERT INTO t1 VALUES ('x')\")", "revision r3: a value cannot be stored"),
        ('raise KeyError("k")', "revision r3: a revision cannot be run: KeyError"),
        ("assert False", "revision r3: a revision cannot be run: AssertionError"),
    ],
)
def test_the_revision_that_failed_is_named(empty_url, history, up, said):
    waived = ["unreadable-revision"] if "op" not in up else []
    history.add("r3", "r2", up, waivers=waived)
    with pytest.raises(MigrationFailed, match=said):
        Migrations(empty_url, history.script).upgrade()
    # Not as long as the first, so that no compiled file of the same second is taken for it.
    history.add("r3", "r2", "pass", f"{up}  # back")
    migrations = Migrations(empty_url, history.script)
    migrations.upgrade()
    with pytest.raises(MigrationFailed, match=said):
        migrations.downgrade("r2", allow_data_loss=True)
