"""Step 1: a way back that would throw data away is refused before anything is done."""

from __future__ import annotations

import psycopg
import pytest

from infra_adapters.errors import DataLossRefused
from infra_adapters.postgres import Migrations
from tests.infra.histories import History

WAY_BACK = "Migrations with a way back"
pytestmark = [pytest.mark.blocking, pytest.mark.deliverable(WAY_BACK)]


@pytest.fixture
def history(tmp_path):
    return History(tmp_path)


COLUMN = 'op.execute("ALTER TABLE t1 ADD COLUMN more text")'
NO_COLUMN = 'op.execute("ALTER TABLE t1 DROP COLUMN more")'


@pytest.mark.parametrize(
    ("rows", "target", "said"),
    [
        ("UPDATE t1 SET more = 'x'", "r1", "column public.t1.more"),
        ("SELECT 1", "r1", ""),
        ("SELECT 1", "base", "table public.t1"),
        ("DELETE FROM t1", "base", ""),
    ],
)
def test_a_way_back_that_throws_rows_away_is_refused(empty_url, history, rows, target, said):
    history.tables(1)
    history.add("r2", "r1", COLUMN, NO_COLUMN)
    told = []
    migrations = Migrations(empty_url, history.script, listener=told.append)
    migrations.upgrade()
    with psycopg.connect(empty_url) as connection:
        connection.execute(rows)
    if said:
        with pytest.raises(DataLossRefused, match=said):
            migrations.downgrade(target)
        assert (migrations.current(), len(migrations.applied())) == ("r2", 2)
    migrations.downgrade(target, allow_data_loss=bool(said))
    assert (migrations.current() or "base") == target
    assert [one.what for one in told].count("reverted") == (1 if target == "r1" else 2)


OWNED = """
DO $$ BEGIN CREATE ROLE infra_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
ALTER TABLE t1 OWNER TO infra_owner;
ALTER TABLE t1 ENABLE ROW LEVEL SECURITY;
ALTER TABLE t1 FORCE ROW LEVEL SECURITY;
CREATE POLICY none ON t1 USING (false);
GRANT ALL ON ALL TABLES IN SCHEMA public TO infra_owner;
GRANT ALL ON SCHEMA public TO infra_owner;
"""


def test_what_may_not_be_looked_into_counts_as_data(empty_url, history):
    history.tables(1)
    Migrations(empty_url, history.script).upgrade()
    with psycopg.connect(empty_url) as connection:
        connection.execute(OWNED)
    url = empty_url + ("&" if "?" in empty_url else "?") + "options=-c%20role%3Dinfra_owner"
    with pytest.raises(DataLossRefused, match=r"table public\.t1"):
        Migrations(url, history.script).downgrade("base")


COMMITS = """with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY ix_t1")
    op.execute("DROP TABLE t2")"""
EVOLVED = """from infra_adapters.postgres import evolution
    evolution.drop_column(op, "t1", "more", allow_data_loss=True)"""
ASKS = """rows = op.get_bind().exec_driver_sql("SELECT 1").all()
    op.execute(f"DROP TABLE t2 -- {rows}")"""


@pytest.mark.parametrize(
    ("back", "said"),
    [(COMMITS, "cannot be tried"), (EVOLVED, "column public.t1.more"), (ASKS, "cannot be tried")],
    ids=["concurrently", "evolution", "a question"],
)
def test_a_way_back_that_commits_by_itself_is_refused_before_anything_is_done(empty_url, history, back, said):
    history.tables(1)
    up = COLUMN + '\nop.execute("CREATE INDEX ix_t1 ON t1 (n)")\nop.execute("CREATE TABLE t2 AS SELECT 1 AS n")'
    waived = ("require-concurrent-index-creation", "unbounded-write")
    history.add("r2", "r1", up + '\nop.execute("UPDATE t1 SET more = 1")', back, waived)
    migrations = Migrations(empty_url, history.script)
    migrations.upgrade()
    with pytest.raises(DataLossRefused, match=said):
        migrations.downgrade("r1")
    assert (migrations.current(), migrations.drift()) == ("r2", ())
    migrations.downgrade("r1", allow_data_loss=True)
    assert migrations.current() == "r1"


def test_nothing_to_go_back_from_is_nothing(empty_url, history):
    history.tables(1)
    Migrations(empty_url, history.script).downgrade("base")


def test_values_that_a_way_back_takes_are_refused_with_their_table(empty_url, history):
    history.tables(1)
    history.add("r2", "r1", "pass", 'op.execute("UPDATE t1 SET n = 2")')
    migrations = Migrations(empty_url, history.script)
    migrations.upgrade()
    with pytest.raises(DataLossRefused, match=r"values of public\.t1\.n"):
        migrations.downgrade("r1")
    assert migrations.current() == "r2"


def test_a_way_back_may_speak_of_beginnings_and_ends(empty_url, history):
    history.tables(1)
    function = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 5 % 2; END $$"
    history.add("r2", "r1", "pass", f"op.execute({function!r})")
    migrations = Migrations(empty_url, history.script)
    migrations.upgrade()
    migrations.downgrade("r1")
    assert migrations.current() == "r1"
