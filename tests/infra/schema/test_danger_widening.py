"""Step 1: a column whose type only widens needs no reason; what its type was, the history says."""

from __future__ import annotations

import psycopg
import pytest

from infra_adapters.errors import DangerousDdl
from infra_adapters.postgres import Migrations
from infra_adapters.postgres.danger import examine
from tests.infra.histories import History

pytestmark = [
    pytest.mark.blocking,
    pytest.mark.deliverable("Dangerous changes refused without a reason in writing, and helpers that make them safely"),
]

MADE = """CREATE TABLE t (a varchar(50), b varchar, c numeric(10, 2), d text, e int, f varbit(4), g numeric,
h varchar(5) CHECK (h <> ''), i varchar(5), j varchar(5) COLLATE "C", k varchar(5)[], l char(4), m varchar(5));
CREATE INDEX x ON t (lower(i), m); CREATE UNIQUE INDEX y ON t (a, b, c, d, e, f)"""
WIDER = [
    "a TYPE varchar(100)",
    "a TYPE character varying",
    "a TYPE text",
    "b TYPE text",
    "d TYPE varchar",
    "c TYPE numeric(12, 2)",
    "c TYPE numeric",
    "f TYPE varbit(9)",
    "f TYPE bit varying",
    "e TYPE int",
    "a TYPE varchar(60), ALTER b TYPE text",
]
OTHER = [
    "a TYPE varchar(40)",
    "a TYPE char(100)",
    "a TYPE text USING lower(a)",
    'a TYPE text COLLATE "C"',
    "a TYPE text[]",
    "a TYPE shop.text",
    "b TYPE varchar(10)",
    "c TYPE numeric(12, 3)",
    "c TYPE numeric(9, 2)",
    "c TYPE numeric(12)",
    "d TYPE varchar(9)",
    "e TYPE bigint",
    "g TYPE numeric(9, 1)",
    "h TYPE text",
    "i TYPE text",
    "j TYPE text",
    "k TYPE text[]",
    "l TYPE text",
    "l TYPE char(9)",
    "m TYPE text",
    "z TYPE text",
    "e TYPE float",
    "f TYPE varbit(3)",
    "a TYPE varchar(60), ALTER e TYPE bigint",
]
DOUBTS = [
    "ALTER TABLE t RENAME a TO q; ALTER TABLE t RENAME b TO a",
    "DROP TABLE t",
    "CREATE TABLE IF NOT EXISTS t (a varchar(9))",
    "ALTER TABLE t DROP COLUMN a",
    "ALTER TABLE t ALTER a TYPE varchar(200)",
    "ALTER TABLE t ADD CHECK (a <> '')",
    "ALTER TABLE t ADD z text GENERATED ALWAYS AS (a || b) STORED",
    "ALTER TABLE t INHERIT u",
    "ALTER TABLE t ADD EXCLUDE (lower(b) WITH =, a WITH =)",
    "CREATE INDEX z ON t (b) WHERE a > ''",
    "DO $$ BEGIN EXECUTE 'x'; END $$",
    "DO $$ BEGIN ALTER TABLE t ALTER a TYPE varchar(200); END $$",
    "ROLLBACK",
    f"SELECT {'f(' * 60}1{')' * 60}",
    "'",
]
"""After these the type of the column is another one, is not known, or is read by something."""
CERTAIN = [
    "ALTER TABLE t ADD z int",
    "ALTER TABLE t ADD CHECK (b <> '')",
    "ALTER TABLE t ALTER a SET NOT NULL, ALTER a TYPE varchar(60)",
    "CREATE INDEX z ON t (a); DROP INDEX z",
    "SET search_path = shop; CREATE TABLE t (a int)",
]


def kinds(sql, *before):
    return [danger.kind for danger in examine(sql, "18.0", before)]


@pytest.mark.parametrize("change", WIDER)
def test_a_type_that_widens_is_harmless_and_rewrites_nothing(empty_url, change):
    sql = f"ALTER TABLE t ALTER {change}"
    assert kinds(sql, MADE) == []
    with psycopg.connect(empty_url) as connection:
        connection.execute(MADE)
        asked = "SELECT array_agg(relfilenode ORDER BY oid) FROM pg_class WHERE relname IN ('t', 'x', 'y')"
        before = connection.execute(asked).fetchone()
        connection.execute(sql)
        assert connection.execute(asked).fetchone() == before


@pytest.mark.parametrize("change", OTHER)
def test_another_type_is_dangerous(change):
    assert kinds(f"ALTER TABLE t ALTER {change}", MADE) == ["changing-column-type"]


@pytest.mark.parametrize("doubt", DOUBTS)
def test_where_the_history_leaves_a_doubt_it_is_dangerous(doubt):
    assert kinds("ALTER TABLE t ALTER a TYPE varchar(100)", MADE, doubt) == ["changing-column-type"]


@pytest.mark.parametrize("more", CERTAIN)
def test_what_leaves_no_doubt_is_no_matter(more):
    assert kinds("ALTER TABLE public.t ALTER a TYPE varchar(100)", MADE, more) == []


def test_what_was_read_once_is_held_to_be_read():
    again = "ALTER TABLE t ALTER h TYPE varchar(9)"
    assert kinds("ALTER TABLE t ALTER h TYPE varchar(10)", MADE, again) == ["changing-column-type"]


@pytest.fixture
def history(tmp_path):
    found = History(tmp_path)
    found.add("r1", None, 'op.execute("CREATE TABLE t1 (a varchar(5))")')
    found.add("r2", "r1", 'op.execute("ALTER TABLE t1 ALTER a TYPE varchar(9)")')
    return found


@pytest.mark.parametrize("steps", [("r2",), ("r1", "r2")], ids=["at once", "one by one"])
def test_a_revision_is_judged_alike_wherever_the_database_is(empty_url, history, steps):
    for step in steps:
        Migrations(empty_url, history.script).upgrade(step)
    history.add("r3", "r2", 'op.execute("ALTER TABLE t1 ALTER a TYPE varchar(7)")')
    with pytest.raises(DangerousDdl, match="r3: changing-column-type"):
        Migrations(empty_url, history.script).upgrade()


def test_after_a_revision_that_cannot_be_read_nothing_is_known(empty_url, history):
    asks = "op.execute(f\"SELECT {op.get_bind().exec_driver_sql('SELECT 1').scalar()}\")"
    history.add("r3", "r2", asks, waivers=["unreadable-revision"])
    history.add("r4", "r3", 'op.execute("ALTER TABLE t1 ALTER a TYPE varchar(10)")')
    with pytest.raises(DangerousDdl, match="r4: changing-column-type"):
        Migrations(empty_url, history.script).upgrade()
