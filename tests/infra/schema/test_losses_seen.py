"""Step 1: whatever a way back does by whatever means, what it takes away is seen, and nothing else is."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text

from infra_adapters.errors import InvalidRequest, LockTimeout, QueryFailed, QueryTimeout
from infra_adapters.postgres.migrations.locking import connected
from infra_adapters.postgres.migrations.losses import losses

pytestmark = [pytest.mark.blocking, pytest.mark.deliverable("Migrations with a way back")]

HELD = """
CREATE TYPE mood AS ENUM ('good', 'bad', 'odd');
CREATE TABLE books (version_num text);
INSERT INTO books VALUES ('r2');
CREATE TABLE "a:b 100%" (version_num text);
INSERT INTO "a:b 100%" VALUES ('mine');
CREATE TABLE t (
    id serial PRIMARY KEY, a numeric(10, 4), b timestamptz, c bigint, d text, e int, m mood, old text,
    g int GENERATED ALWAYS AS (1) STORED);
INSERT INTO t (a, b, c, d, m) VALUES (1.2345, '2026-01-02T03:04Z', 7, 'x', 'good'), (2, NULL, 8, 'y', 'odd');
CREATE TABLE empty (n int, s serial);
CREATE TABLE parts (n int, more text) PARTITION BY RANGE (n);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE TABLE part_2 PARTITION OF parts FOR VALUES FROM (10) TO (20);
INSERT INTO parts VALUES (1, 'x');
CREATE SEQUENCE used;
SELECT nextval('used'), nextval('used');
CREATE SEQUENCE fresh;
CREATE SEQUENCE down INCREMENT -1;
SELECT nextval('down'), nextval('down');
"""


@pytest.fixture(scope="module")
def held(empty_template):
    """A database that every case looks at, as none of them changes it."""
    with empty_template.fresh() as url:
        with psycopg.connect(url) as connection:
            connection.execute(HELD)
        yield url


SAME = "CREATE TABLE new AS SELECT id, a, b, c, d, e, m, old FROM t{}; DROP TABLE t; ALTER TABLE new RENAME TO t"
LOST = {
    "DROP TABLE t": ("table public.t",),
    "DROP TABLE parts": ("table public.parts",),
    "DROP TABLE part_1": ("table public.part_1",),
    "DROP SCHEMA public CASCADE; CREATE SCHEMA public": (
        'table public."a:b 100%"', "table public.t", "table public.parts", "sequence public.used",
        "sequence public.down",
    ),
    'DROP TABLE "a:b 100%"': ('table public."a:b 100%"',),
    'ALTER TABLE "a:b 100%" DROP version_num': ('column public."a:b 100%".version_num',),
    'UPDATE "a:b 100%" SET version_num = 2': ('values of public."a:b 100%".version_num',),
    "ALTER TABLE t DROP COLUMN a": ("column public.t.a",),
    "ALTER TABLE parts DROP COLUMN more": ("column public.parts.more",),
    "ALTER TABLE t DROP COLUMN d, ADD COLUMN d text": ("column public.t.d",),
    "ALTER TABLE t RENAME TO other; ALTER TABLE other DROP COLUMN d": ("column public.t.d",),
    "ALTER TABLE t ALTER a TYPE numeric(10, 2)": ("column public.t.a as numeric(10,2)",),
    "ALTER TABLE t ALTER b TYPE date": ("column public.t.b as date",),
    "ALTER TYPE mood RENAME TO was; CREATE TYPE mood AS ENUM ('good', 'bad');"
    "ALTER TABLE t ALTER m TYPE mood USING (CASE m WHEN 'odd' THEN 'bad' ELSE m::text END)::mood": (
        "column public.t.m as mood",
    ),
    "DELETE FROM t WHERE c = 8": ("rows of public.t",),
    "TRUNCATE t": ("rows of public.t",),
    "TRUNCATE t; INSERT INTO t (d) VALUES ('x'), ('y')": (
        "values of public.t.id", "values of public.t.a", "values of public.t.b", "values of public.t.c",
        "values of public.t.m",
    ),
    "DELETE FROM parts": ("rows of public.part_1",),
    "UPDATE parts SET n = 11": ("rows of public.part_1",),
    "DO $$ BEGIN EXECUTE 'DELETE FROM ' || 't'; END $$": ("rows of public.t",),
    "UPDATE t SET d = NULL": ("values of public.t.d",),
    "UPDATE t SET d = 'x'": ("values of public.t.d",),
    "DROP SEQUENCE used": ("sequence public.used",),
    "ALTER SEQUENCE used RESTART": ("sequence public.used",),
    "ALTER SEQUENCE down RESTART WITH -1": ("sequence public.down",),
    "DROP SEQUENCE used; CREATE SEQUENCE used": ("sequence public.used",),
    SAME.format(" WHERE c = 8"): ("table public.t",),
    "DROP TABLE t; CREATE TABLE t (id int)": ("table public.t",),
}  # fmt: skip
KEPT = [
    "SELECT 1",
    "DROP TABLE empty",
    "DROP TABLE part_2",
    "DROP TABLE books",
    "DELETE FROM books; UPDATE books SET version_num = 'r1'",
    "ALTER TABLE t RENAME TO other; ALTER TABLE other RENAME a TO amount",
    "ALTER TABLE t SET SCHEMA public; CREATE SCHEMA more; ALTER TABLE t SET SCHEMA more",
    "ALTER TABLE t DROP COLUMN e, DROP COLUMN old, DROP COLUMN g",
    "ALTER TABLE t ALTER d TYPE varchar(2), ALTER c TYPE int, ALTER e TYPE text",
    "CREATE TYPE was AS ENUM ('good', 'odd'); ALTER TABLE t ALTER m TYPE was USING m::text::was",
    "ALTER TABLE t ADD COLUMN more text; UPDATE t SET more = d; ALTER TABLE t DROP COLUMN d",
    "UPDATE t SET old = 'x' WHERE c = 9",
    "DELETE FROM t WHERE c = 9",
    "WITH gone AS (DELETE FROM parts RETURNING *) SELECT 1 FROM gone WHERE false; INSERT INTO parts VALUES (1, 'x')",
    "ALTER TABLE t SET UNLOGGED",
    "INSERT INTO t (d) VALUES ('more'); DELETE FROM t WHERE d = 'more'",
    "ALTER TABLE parts DETACH PARTITION part_1",
    "DROP SEQUENCE fresh",
    "SELECT nextval('used'), nextval('down')",
    "ALTER TABLE empty DROP COLUMN s",
    SAME.format(""),
    "CREATE TEMPORARY TABLE t (a int); DROP TABLE pg_temp.t",
    "DROP TYPE IF EXISTS nothing; CREATE INDEX ON t (d)",
]


def tried(url, sql):
    with connected(url) as connection:
        return losses(connection, [*sql.split(";")] if "$$" not in sql else [sql], "books")


@pytest.mark.parametrize(("sql", "said"), LOST.items())
def test_what_would_be_lost_is_named(held, sql, said):
    assert tried(held, sql) == said


@pytest.mark.parametrize("sql", KEPT)
def test_what_is_kept_is_no_loss(held, sql):
    assert tried(held, sql) == ()


def test_nothing_of_a_trial_stays(held):
    with psycopg.connect(held) as connection:
        assert connection.execute("SELECT count(*), count(d), count(m) FROM t").fetchone() == (2, 2, 2)


ENDS = ["commit", "COMMIT WORK", "END", "rollback", "abort", "COMMIT ;", "-- x\nCOMMIT", "/* x */ end", ";COMMIT"]


@pytest.mark.parametrize("end", ENDS)
def test_a_way_back_that_ends_its_transaction_takes_nothing(held, end):
    with connected(held) as connection:
        for way_back in ([end, "DROP TABLE t"], [f"SELECT 1; {end}; DROP TABLE t"]):
            # The server takes one statement at a time, and what is one is looked at before.
            with pytest.raises((InvalidRequest, QueryFailed)) as caught:
                losses(connection, way_back, "books")
            assert isinstance(caught.value, InvalidRequest) or caught.value.sqlstate == "42601"
            connection.rollback()
    test_nothing_of_a_trial_stays(held)


@pytest.mark.parametrize("sql", ["SELECT setval('used', 1)", "DO $$ BEGIN PERFORM SetVal ('used', 1); END $$"])
def test_what_no_rollback_takes_back_is_not_tried(held, sql):
    with pytest.raises(InvalidRequest, match="which no rollback takes back"):
        tried(held, f"DROP TABLE t; {sql}" if "$$" not in sql else sql)
    with psycopg.connect(held) as connection:
        assert connection.execute("SELECT last_value > 1 FROM used").fetchone() == (True,)


def test_a_trial_that_takes_long_gives_up(held):
    with connected(held) as connection, pytest.raises(QueryTimeout):
        losses(connection, ["SELECT pg_sleep(60)"], "books", longest=0.02)
    with psycopg.connect(held) as other, connected(held) as connection:
        other.execute("LOCK TABLE t IN ACCESS SHARE MODE")
        connection.execute(text("SET lock_timeout = '20ms'"))
        connection.commit()
        with pytest.raises(LockTimeout):
            losses(connection, ["ALTER TABLE t DROP COLUMN d"], "books")
