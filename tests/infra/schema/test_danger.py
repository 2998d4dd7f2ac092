"""Step 1: what would stop a running service, or break its version before, needs a reason in writing."""

from __future__ import annotations

import sysconfig

import psycopg
import pytest

from infra_adapters.errors import DangerousDdl, MigrationFailed
from infra_adapters.postgres import Migrations
from infra_adapters.postgres.danger import BEYOND, Danger, examine, faults
from tests.infra.histories import History

pytestmark = [
    pytest.mark.blocking,
    pytest.mark.deliverable("Dangerous changes refused without a reason in writing, and helpers that make them safely"),
]

DANGEROUS = [
    ("CREATE INDEX i ON orders (a)", "require-concurrent-index-creation"),
    ("CREATE UNIQUE INDEX IF NOT EXISTS i ON ONLY shop.orders (a)", "require-concurrent-index-creation"),
    ("BEGIN; CREATE INDEX CONCURRENTLY i ON orders (a); COMMIT", "ban-concurrent-index-creation-in-transaction"),
    ("DROP INDEX i", "require-concurrent-index-deletion"),
    ("REINDEX TABLE orders", "require-concurrent-reindex"),
    ("ALTER TABLE orders ALTER COLUMN a SET NOT NULL", "adding-not-nullable-field"),
    ("ALTER TABLE orders ADD COLUMN a int NOT NULL", "adding-required-field"),
    ("ALTER TABLE orders ALTER a TYPE bigint USING a::bigint", "changing-column-type"),
    ("ALTER TABLE orders ADD COLUMN a uuid DEFAULT gen_random_uuid()", "adding-field-with-default"),
    ("ALTER TABLE orders ADD COLUMN a int GENERATED ALWAYS AS (b + 1) STORED", "adding-field-with-default"),
    (
        "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES x (id)",
        "constraint-missing-not-valid adding-foreign-key-constraint",
    ),
    ("ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0)", "constraint-missing-not-valid"),
    ("ALTER TABLE orders ADD COLUMN a int UNIQUE", "disallowed-unique-constraint"),
    ("ALTER TABLE orders ADD CONSTRAINT e EXCLUDE USING gist (d WITH &&)", "constraint-missing-not-valid"),
    ("ALTER TABLE orders RENAME TO sales", "renaming-table"),
    ('ALTER TABLE "Orders" RENAME COLUMN a TO b', "renaming-column"),
    ("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'", "renaming-object"),
    ("ALTER TABLE orders SET SCHEMA old", "ban-set-schema"),
    ("ALTER TABLE orders DROP COLUMN a", "ban-drop-column"),
    ("DROP TABLE IF EXISTS orders, lines", "ban-drop-table"),
    ("DROP VIEW totals", "ban-drop-view"),
    ("ALTER TABLE parts DETACH PARTITION p1", "require-concurrent-partition-detach"),
    ("ALTER TABLE orders SET UNLOGGED", "table-rewrite"),
    ("ALTER TABLE orders ALTER COLUMN a SET EXPRESSION AS (b + 2)", "table-rewrite"),
    ("LOCK TABLE orders", "whole-table-lock"),
    ("CLUSTER orders USING i", "whole-table-lock"),
    ("VACUUM (VERBOSE, FULL) orders", "whole-table-lock"),
    ("REFRESH MATERIALIZED VIEW totals", "blocking-refresh"),
    ("TRUNCATE orders, lines", "truncation"),
    ("UPDATE orders SET a = 1", "unbounded-write"),
    ("SELECT 1; DELETE FROM orders", "unbounded-write"),
    ("ALTER TABLE parts ATTACH PARTITION orders FOR VALUES IN (1)", "partition-scan"),
    ("DO $$ BEGIN EXECUTE format('%s', 'x'); END $$", "unread-block"),
    ("DO LANGUAGE plpgsql $x$ BEGIN DROP TABLE orders; END $x$", "unread-block"),
    ("ALTER TABL orders", "syntax-error"),
    ("/* squawk-ignore-file */ DROP TABLE orders -- squawk-ignore ban-drop-table", "ban-drop-table"),
]
HARMLESS = [
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON orders (a)",
    "BEGIN; CREATE TABLE fresh (a int NOT NULL UNIQUE REFERENCES x); CREATE INDEX i ON fresh (a); COMMIT",
    "ALTER TABLE orders ADD COLUMN a int, ADD COLUMN b text DEFAULT 'x' NOT NULL",
    "ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
    "ALTER TABLE orders VALIDATE CONSTRAINT c",
    "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES x (id) NOT VALID",
    "ALTER TABLE orders ADD CONSTRAINT u UNIQUE USING INDEX i",
    "ALTER TABLE orders ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON orders USING (a = 1)",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY totals; VACUUM orders",
    "UPDATE orders SET a = 1 WHERE b = ';'; DELETE FROM orders WHERE id = 2",
    "-- TRUNCATE orders;\n/* LOCK orders;\nLOCK lines */ SELECT 1",
    "DO $guard$ BEGIN IF EXISTS (SELECT FROM orders) THEN RAISE EXCEPTION 'x'; END IF; END $guard$",
    "",
]


@pytest.mark.parametrize(("sql", "kinds"), DANGEROUS)
def test_it_is_dangerous(sql, kinds):
    assert list(dict.fromkeys(danger.kind for danger in examine(sql))) == kinds.split()


@pytest.mark.parametrize("sql", HARMLESS)
def test_it_is_harmless(sql):
    assert examine(sql) == ()


def test_every_kind_of_our_own_is_in_the_table():
    assert {kind for _, kinds in DANGEROUS for kind in kinds.split()} >= BEYOND.keys()


def test_dangers_come_in_the_order_of_their_statements_and_show_no_string():
    found = examine("UPDATE orders\n  SET token = 'secret';\nDROP TABLE lines;\nLOCK orders;")
    assert [danger.kind for danger in found] == ["unbounded-write", "ban-drop-table", "whole-table-lock"]
    assert found[0].statement == "UPDATE orders SET token = '…'"


def test_a_long_statement_is_shortened():
    (danger,) = examine(f"ALTER TABLE orders {'ADD a int, ' * 90} DROP b")
    assert len(danger.statement) == 120


LOCK = Danger("whole-table-lock", "LOCK orders", "It waits.", "")


@pytest.mark.parametrize(
    ("waivers", "said"),
    [
        ({}, "whole-table-lock: LOCK orders: It waits."),
        ({"whole-table-lok": "nobody reads it"}, "no such kind; whole-table-lock?"),
        ({"whole-table-lock": "short"}, "say in at least 10 characters"),
        ({"whole-table-lock": None}, "say in at least 10 characters"),
        ({"whole-table-lock": "nobody reads it", "truncation": "nobody reads it"}, "truncation: nothing in the"),
        ({"zzz": "nobody reads it"}, "waiver zzz: there is no such kind"),
        (["whole-table-lock"], "WAIVERS is no mapping"),
    ],
)
def test_a_waiver_that_does_not_hold_is_named(waivers, said):
    assert said in "\n".join(faults((LOCK,), waivers))


def test_a_waiver_with_a_reason_holds():
    assert faults((LOCK,), {"whole-table-lock": "nobody reads it at night"}) == ()


@pytest.fixture
def history(tmp_path):
    found = History(tmp_path)
    found.tables(1)
    return found


INDEX = 'op.execute("CREATE INDEX i ON t1 (n)")'


def test_a_dangerous_revision_is_refused_before_anything_runs(empty_url, history):
    history.add("r2", "r1", INDEX)
    migrations = Migrations(empty_url, history.script)
    with pytest.raises(DangerousDdl, match="r2: require-concurrent-index-creation") as caught:
        migrations.upgrade()
    assert (migrations.current(), "WAIVERS" in str(caught.value)) == (None, True)
    assert [line for line in migrations.check() if "require-concurrent" in line]
    migrations.upgrade("r1")
    assert migrations.current() == "r1"


def test_a_dangerous_revision_runs_with_its_reason(empty_url, history):
    history.add("r2", "r1", INDEX, waivers=["require-concurrent-index-creation"])
    migrations = Migrations(empty_url, history.script)
    migrations.upgrade("+1")
    migrations.upgrade()
    assert migrations.check() == ()
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("SELECT to_regclass('i') IS NOT NULL").fetchone() == (True,)


def test_a_revision_that_cannot_be_read_before_it_runs_needs_a_reason_too(empty_url, history):
    asks = "op.execute(f\"SELECT {op.get_bind().exec_driver_sql('SELECT 1').scalar()}\")"
    history.add("r2", "r1", asks)
    migrations = Migrations(empty_url, history.script)
    with pytest.raises(DangerousDdl, match="r2: unreadable-revision"):
        migrations.upgrade()
    history.add("r2", "r1", asks, waivers=["unreadable-revision"])
    migrations.upgrade()
    assert migrations.current() == "r2"


@pytest.mark.parametrize(("program", "said"), [("", "install squawk-cli"), ("#!/bin/sh\necho no", "did not answer")])
def test_without_its_reader_nothing_is_judged_and_nothing_runs(program, said, tmp_path, monkeypatch):
    if program:
        (tmp_path / "squawk").write_text(program)
        (tmp_path / "squawk").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(MigrationFailed, match=said):
        examine(f"SELECT '{said}'")
