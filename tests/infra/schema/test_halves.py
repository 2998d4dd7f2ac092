"""Step 1: a revision that commits before its end is gone on with after any death, or says that it is half done."""

from __future__ import annotations

import contextlib
import time

import psycopg
import pytest

from infra_adapters.errors import MigrationFailed, MigrationLocked
from infra_adapters.postgres import Migrations
from infra_adapters.postgres.evolution import invalid_indexes
from tests.infra.children import migrate, started
from tests.infra.evolution_items import sql
from tests.infra.histories import History

pytestmark = [pytest.mark.blocking, pytest.mark.deliverable("Migrations with a way back")]

EVOLVED = """from infra_adapters.postgres import evolution
op.execute("CREATE TABLE IF NOT EXISTS beside (n int)")
evolution.create_index(op, evolution.Index("ix_t1", "t1", ("n",), unique=True))"""
UNEVOLVED = """from infra_adapters.postgres import evolution
    evolution.drop_index(op, evolution.Index("ix_t1", "t1", ("n",)))
    op.execute("DROP TABLE IF EXISTS beside")"""
PLAIN = """op.execute("ALTER TABLE t1 ADD more int")
with op.get_context().autocommit_block():
    op.execute("CREATE UNIQUE INDEX CONCURRENTLY ix_t1 ON t1 (n)")"""
BUILDER = "SELECT pid FROM pg_stat_progress_create_index WHERE index_relid = to_regclass('ix_t1')"
DOUBLE = "INSERT INTO t1 VALUES (1)"


@pytest.fixture
def history(tmp_path):
    made = History(tmp_path)
    made.tables(1)
    return made


@pytest.fixture
def migrations(empty_url, history):
    made = Migrations(empty_url, history.script)
    made.upgrade()
    return made


@contextlib.contextmanager
def building(url, folder):
    """A migrating process whose index waits for a transaction, and the number of its backend."""
    with psycopg.connect(url) as other:
        other.execute("UPDATE t1 SET n = 1")
        process = started(migrate, url, str(folder))
        try:
            while not (found := sql(url, BUILDER)):
                assert process.is_alive()
                time.sleep(0.01)
            yield process, found[0][0]
        finally:
            other.rollback()
            process.kill()
            process.join()


def kill_the_process(url, process, backend):
    process.kill()


def end_the_backend(url, process, backend):
    sql(url, "SELECT pg_terminate_backend(%s)", backend)


def kill_both(url, process, backend):
    process.kill()
    process.join()
    end_the_backend(url, process, backend)


@pytest.mark.parametrize("death", [kill_the_process, end_the_backend, kill_both])
def test_after_a_death_in_the_midst_of_an_index_it_is_begun_again(empty_url, migrations, history, death):
    history.add("r2", "r1", EVOLVED, UNEVOLVED)
    with building(empty_url, history.folder) as (process, backend):
        death(empty_url, process, backend)
        process.join()
        assert process.exitcode != 0
        assert [line.partition(":")[0] for line in migrations.check()][1:] == ["r2 waits to be applied"]
        assert migrations.check()[0].startswith("r2 is half done since ")
        assert sql(empty_url, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_t1'::regclass") == [(False,)]
    migrations.upgrade()
    with psycopg.connect(empty_url) as connection:
        assert invalid_indexes(connection) == ()
    assert sql(empty_url, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_t1'::regclass") == [(True,)]
    assert (migrations.current(), migrations.check(), migrations.drift()) == ("r2", (), ())


def test_a_plain_revision_that_failed_says_that_it_is_half_done(empty_url, migrations, history):
    sql(empty_url, DOUBLE)
    history.add("r2", "r1", PLAIN)
    with pytest.raises(MigrationFailed, match=r"r2 is half done since .* way up was committed"):
        migrations.upgrade()
    assert {one.name for one in migrations.drift()} == {"public.t1.more", "public.ix_t1"}
    sql(empty_url, "DELETE FROM t1")
    with pytest.raises(MigrationFailed, match=r"revision r2: column .* already exists \(42701\); r2 is half done"):
        migrations.upgrade()
    sql(empty_url, "DROP INDEX ix_t1; ALTER TABLE t1 DROP more")
    migrations.upgrade()
    assert (migrations.check(), migrations.drift()) == ((), ())


def test_a_way_back_that_failed_says_so_too(empty_url, migrations, history):
    history.add("r2", "r1", EVOLVED, UNEVOLVED)
    migrations.upgrade()
    sql(empty_url, "CREATE VIEW seen AS SELECT n FROM beside")
    with pytest.raises(MigrationFailed, match=r"r2 is half done since .* way back was committed"):
        migrations.downgrade("r1", allow_data_loss=True)
    sql(empty_url, "DROP VIEW seen")
    migrations.downgrade("r1", allow_data_loss=True)
    assert [line for line in migrations.check() if "half" in line] == []
    assert (migrations.current(), migrations.drift()) == ("r1", ())


def test_who_accepts_the_schema_as_it_is_hears_no_more_of_it(empty_url, migrations, history):
    sql(empty_url, DOUBLE)
    history.add("r2", "r1", PLAIN)
    with pytest.raises(MigrationFailed):
        migrations.upgrade()
    migrations.accept()
    assert [line for line in migrations.check() if "half" in line] == []


def test_what_failed_in_one_transaction_is_not_half_done(empty_url, migrations, history):
    history.add("r2", "r1", 'op.execute("ALTER TABLE t1 ADD more int")\nop.execute("SELECT 1 / 0")')
    with pytest.raises(MigrationFailed) as raised:
        migrations.upgrade()
    assert str(raised.value) == "revision r2: a value cannot be stored"
    assert migrations.drift() == ()
    assert [line for line in migrations.check() if "half" in line] == []


def test_another_process_at_it_is_no_failure_of_the_revision(empty_url, migrations, history):
    """MigrationLocked stays what it is, although the other one is in the midst of a revision."""
    history.add("r2", "r1", EVOLVED, UNEVOLVED)
    with building(empty_url, history.folder), pytest.raises(MigrationLocked):
        Migrations(empty_url, history.script, wait=0).upgrade()
