"""Step 1: each statement that a revision may have, with the kinds of danger that it is, or none."""

from __future__ import annotations

import pytest

from infra_adapters.postgres.danger import BEYOND, examine
from infra_adapters.postgres.danger.kinds import OPTIONAL, UNSEEN

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
    ("DO LANGUAGE plpgsql $x$ BEGIN DROP TABLE orders; END $x$", "ban-drop-table"),
    ("ALTER TABL orders", "syntax-error"),
    ("/* squawk-ignore-file */ DROP TABLE orders -- squawk-ignore ban-drop-table", "ban-drop-table"),
    ("ALTER TABLE orders ADD COLUMN a serial", "adding-field-with-default"),
    ("ALTER TABLE orders ADD COLUMN a int CHECK (a > 0)", "constraint-missing-not-valid"),
    ("ALTER INDEX i SET TABLESPACE fast", "table-rewrite"),
    ("ALTER TABLE ALL IN TABLESPACE slow SET TABLESPACE fast", "table-rewrite"),
    ("ALTER TABLE orders SET ACCESS METHOD heap", "table-rewrite"),
    ("LOCK orders IN SHARE MODE", "whole-table-lock"),
    ("VACUUM FULL orders", "whole-table-lock"),
    ("VACUUM (FULL 1) orders", "whole-table-lock"),
    ("ALTER TYPE mood ADD VALUE 'calm'", "ban-add-enum-value"),
    ("ALTER TABLE orders DISABLE TRIGGER ALL", "ban-disable-trigger"),
    ("ALTER TABLE orders DISABLE ROW LEVEL SECURITY", "ban-disable-trigger"),
    ("ALTER TABLE orders NO FORCE ROW LEVEL SECURITY", "ban-disable-trigger"),
    ("SET LOCAL session_replication_role = 'replica'", "ban-disable-trigger"),
    ("DROP TRIGGER t ON orders", "ban-drop-trigger"),
    ("DROP POLICY p ON orders", "ban-drop-policy"),
    ("DROP RULE r ON orders", "ban-drop-policy"),
    ("DROP OWNED BY ada", "ban-revoke"),
    ("REVOKE SELECT ON orders FROM ada", "ban-revoke"),
    ("REVOKE SELECT ON ALL TABLES IN SCHEMA shop FROM ada", "ban-revoke"),
    ("REVOKE boss FROM ada", "ban-revoke"),
    ("ALTER TABLE orders OWNER TO ada", "ban-revoke"),
    ("DROP EVENT TRIGGER e", "object-drop"),
    ("DROP PUBLICATION p", "object-drop"),
    ("DROP SUBSCRIPTION s", "object-drop"),
    ("ALTER SCHEMA shop RENAME TO store", "renaming-object"),
    ("SELECT $$ -- $$; DROP TABLE orders", "ban-drop-table"),
    ("/* a /* b */ c */ DROP TABLE orders", "ban-drop-table"),
    ("SELECT 'é😀'; DROP TABLE é", "ban-drop-table"),
    (f"SELECT {'f(' * 60}1{')' * 60}; LOCK orders", "unread-statement whole-table-lock"),
    ("DROP TABLE orders\0", "syntax-error"),
]
WRITTEN = [
    "DELETE FROM orders WHERE true",
    "UPDATE orders SET a = 1 WHERE 1 = 1",
    "UPDATE orders SET a = 1 WHERE id = id",
    "UPDATE orders SET a = 1 WHERE id = 1 OR NOT false",
    "UPDATE orders SET a = 1 WHERE random() < 2 AND true",
    "DELETE FROM orders USING (SELECT 1 WHERE false) x",
    "DELETE FROM orders WHERE EXISTS (SELECT FROM lines WHERE lines.a = 1)",
    "DELETE FROM orders WHERE (SELECT count(*) FROM lines WHERE a = 1) > 1",
    "DELETE FROM orders WHERE id IN (SELECT id FROM orders)",
    "DELETE FROM orders o WHERE o.id IN (SELECT x.id FROM orders x WHERE true)",
    "DELETE FROM orders USING lines WHERE lines.a = 1",
    "UPDATE orders o SET a = 1 WHERE o.id = id",
    "WITH gone AS (DELETE FROM orders RETURNING *) INSERT INTO old SELECT * FROM gone",
    "CREATE TABLE old AS WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone",
    "COPY (DELETE FROM orders RETURNING *) TO STDOUT",
    "MERGE INTO orders o USING lines l ON o.id = l.id WHEN MATCHED THEN DELETE",
    "MERGE INTO orders o USING lines l ON o.id = l.id WHEN NOT MATCHED BY SOURCE THEN UPDATE SET a = 1",
    "MERGE INTO orders USING lines ON true WHEN MATCHED THEN UPDATE SET a = 1",
    "EXPLAIN ANALYZE DELETE FROM orders",
    "EXPLAIN (VERBOSE, ANALYZE true) DELETE FROM orders",
    "PREPARE p AS DELETE FROM orders",
    "DO 'BEGIN DELETE FROM orders; END'",
    "DO $$ BEGIN IF true THEN BEGIN UPDATE orders SET a = 1; END; END IF; END $$",
    "DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM x LOOP DELETE FROM orders WHERE id = r.id; END LOOP; END $$",
    "DO $$ BEGIN WHILE true LOOP UPDATE orders SET a = 1 WHERE id = 1; END LOOP; END $$",
]
UNREAD = [
    "DO $$ BEGIN PERFORM tidy(); END $$",
    "DO $$ BEGIN PERFORM 1 FROM dblink_exec('x', 'DROP TABLE orders'); END $$",
    "DO $$ BEGIN CALL tidy(); END $$",
    "DO $$ BEGIN DO 'BEGIN DELETE FROM orders; END'; END $$",
    "DO $$ DECLARE r record; BEGIN FOR r IN EXECUTE 'TRUNCATE orders' LOOP NULL; END LOOP; END $$",
    "DO $$ DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE 'SELECT 1'; END $$",
    "DO LANGUAGE plpython3u $$ plpy.execute('DROP TABLE orders') $$",
    "DO $infra_carry$ BEGIN EXECUTE 'DROP TABLE orders'; END $infra_carry$",
    "DO $$ no block at all $$",
    f"DO $$ {'BEGIN ' * 900} NULL; {'END; ' * 900} $$",
    f"DO $$ BEGIN PERFORM {'count(' * 60}1{')' * 60}; END $$",
]
OLD = [
    "CREATE TABLE IF NOT EXISTS fresh (a int); DROP TABLE fresh",
    "CREATE TEMP TABLE orders (a int); DROP TABLE orders; DROP TABLE orders",
    "CREATE TEMP TABLE orders (a int); DROP TABLE public.orders",
    "CREATE TABLE a (n int); ALTER TABLE a RENAME TO b; DROP TABLE a",
    "CREATE TABLE a (n int); ALTER TABLE a SET SCHEMA shop; DROP TABLE a",
    "CREATE TABLE shop.a (n int); DROP TABLE a",
    "CREATE TABLE a (n int); DROP TABLE a, b",
    "BEGIN; CREATE TABLE orders (a int); ROLLBACK; DROP TABLE orders",
    "CREATE TYPE orders AS ENUM ('a'); DROP TABLE orders",
    "SET search_path TO shop; CREATE TABLE a (n int); DROP TABLE public.a",
    "CREATE SCHEMA IF NOT EXISTS shop; DROP TABLE shop.a",
    "BEGIN; SET LOCAL search_path TO shop; CREATE TABLE orders (a int); COMMIT; DROP TABLE orders",
    "DO $$ BEGIN IF false THEN CREATE TABLE orders (a int); END IF; END $$; DROP TABLE orders",
    "CREATE TABLE a (n int); DO $$ BEGIN DROP TABLE a; END $$; DROP TABLE a",
]
"""What is there, or may be, before the text makes something of the same name."""
FRESH = [
    "CREATE INDEX i ON fresh (a); DROP INDEX i",
    "ALTER TABLE public.fresh ADD COLUMN b int NOT NULL; ALTER TABLE fresh ALTER a SET NOT NULL, DROP COLUMN b",
    "ALTER TABLE fresh RENAME a TO b; ALTER TABLE fresh RENAME TO f2; UPDATE f2 SET a = 1; TRUNCATE f2",
    "LOCK fresh; CLUSTER fresh; DROP TABLE fresh",
    "ALTER TABLE fresh ALTER a TYPE bigint, SET UNLOGGED, ADD s serial, ADD CHECK (a > 1)",
    "ALTER TABLE fresh ADD FOREIGN KEY (a) REFERENCES x",
    "ALTER TABLE fresh OWNER TO ada; REVOKE ALL ON fresh FROM PUBLIC",
    "CREATE TRIGGER t BEFORE INSERT ON fresh EXECUTE FUNCTION f(); DROP TRIGGER t ON fresh",
    "CREATE POLICY p ON fresh; DROP POLICY p ON fresh; ALTER TABLE fresh DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE parts ATTACH PARTITION fresh FOR VALUES IN (2)",
    "ALTER TABLE fresh SET SCHEMA shop; DROP TABLE shop.fresh",
    "DO $$ BEGIN DELETE FROM fresh; DROP TABLE fresh; END $$",
    "MERGE INTO fresh USING lines ON true WHEN MATCHED THEN DELETE",
]
MADE = [
    "CREATE SCHEMA shop; CREATE TABLE shop.t (a int); DROP TABLE shop.t; DROP SCHEMA shop",
    "CREATE SCHEMA shop; REVOKE ALL ON SCHEMA shop FROM PUBLIC",
    "CREATE TYPE m AS ENUM ('a'); ALTER TYPE m ADD VALUE 'b'; ALTER TYPE m RENAME TO n",
    "CREATE DOMAIN d AS int; ALTER DOMAIN d ADD CHECK (VALUE > 0); DROP DOMAIN d",
    "CREATE TYPE c AS (a int); ALTER TYPE c DROP ATTRIBUTE a; ALTER TYPE c SET SCHEMA shop",
    "CREATE TYPE r AS RANGE (subtype = int4); DROP TYPE r",
    "CREATE MATERIALIZED VIEW m AS SELECT 1; REFRESH MATERIALIZED VIEW m; DROP MATERIALIZED VIEW m",
    "CREATE VIEW v AS SELECT 1; ALTER VIEW v RENAME TO w; DROP VIEW w; CREATE SEQUENCE q; DROP SEQUENCE q",
    "SET search_path TO shop; BEGIN; CREATE TABLE t (a int); COMMIT; DROP TABLE shop.t",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; REVOKE ALL ON FUNCTION f() FROM PUBLIC",
    "CREATE FOREIGN TABLE far (a int) SERVER s; DROP FOREIGN TABLE far",
    "SELECT a INTO TEMP few FROM orders; DELETE FROM few",
    "SET search_path = shop; CREATE TABLE t (a int); DROP TABLE shop.t",
    "SET search_path = DEFAULT; CREATE TABLE t (a int); DROP TABLE public.t",
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
    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN\nDELETE FROM orders; DROP TABLE orders; END $$",
    "CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM orders; SELECT 1; END; SELECT 2",
    "CREATE RULE r AS ON DELETE TO v DO INSTEAD DELETE FROM orders",
    "INSERT INTO orders VALUES (1) ON CONFLICT (id) DO\nUPDATE SET a = 1",
    "SELECT * FROM orders FOR\nUPDATE",
    "GRANT\nUPDATE, DELETE, TRUNCATE ON orders TO ada",
    "COMMENT ON TABLE orders IS 'old;\nDROP TABLE orders; TRUNCATE orders; DO it'",
    "INSERT INTO notes VALUES ('a;\nDELETE FROM orders;', $x$;\nLOCK a$x$, E'it\\'s;\nTRUNCATE a', U&';\nLOCK a')",
    'SELECT "a;\nTRUNCATE orders" FROM notes',
    "EXPLAIN DELETE FROM orders; EXPLAIN (ANALYZE off) DELETE FROM orders",
    "DO $$ BEGIN CREATE TYPE mood AS ENUM ('ok'); EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    "DO $$ BEGIN PERFORM set_config('a.b', 'c', true); PERFORM FROM orders WHERE a = 1; END $$",
    "DO $$ DECLARE n int; BEGIN SELECT count(*) INTO n FROM orders; UPDATE orders SET a = 1 WHERE id = n; END $$",
    "DELETE FROM orders USING gone WHERE gone.id = orders.id; DELETE FROM orders WHERE CURRENT OF c",
    "DELETE FROM orders o WHERE EXISTS (SELECT FROM lines WHERE lines.id = o.id)",
    "DELETE FROM orders WHERE id IN (SELECT id FROM gone) AND true",
    "DELETE FROM orders WHERE id IN (SELECT id FROM orders WHERE a = 1)",
    "DELETE FROM orders WHERE id IN (SELECT id FROM orders LIMIT 9)",
    "UPDATE orders o SET a = p.a FROM orders p WHERE o.id = p.id; UPDATE shop.orders SET a = 1 WHERE shop.orders.b = 2",
    "MERGE INTO orders o USING x ON o.id = x.id WHEN MATCHED THEN UPDATE SET a = 1 WHEN NOT MATCHED THEN DO NOTHING",
    "MERGE INTO orders o USING x ON o.id = x.id WHEN MATCHED AND o.a = 1 THEN DELETE",
    "ALTER INDEX i RENAME TO j; ALTER TABLE orders RENAME CONSTRAINT a TO b; ALTER INDEX i ATTACH PARTITION j",
    "ALTER TABLE orders ENABLE TRIGGER ALL, ENABLE RULE r",
    "SET session_replication_role = origin; RESET session_replication_role; SET lock_timeout = '2s'",
    "VACUUM (FULL off) orders; VACUUM (FULL 0) orders; LOCK orders IN ROW EXCLUSIVE MODE; DROP STATISTICS s",
]


@pytest.mark.parametrize(("sql", "kinds"), DANGEROUS)
def test_it_is_dangerous(sql, kinds):
    assert list(dict.fromkeys(danger.kind for danger in examine(sql))) == kinds.split()


@pytest.mark.parametrize("sql", WRITTEN)
def test_a_write_that_nothing_bounds_is_dangerous(sql):
    assert [danger.kind for danger in examine(sql)] == ["unbounded-write"]


@pytest.mark.parametrize("sql", UNREAD)
def test_a_block_that_does_more_than_stands_in_it_is_dangerous(sql):
    assert [danger.kind for danger in examine(sql)] == ["unread-block"]


@pytest.mark.parametrize("sql", OLD)
def test_what_the_text_has_not_made_is_none_of_its_own(sql):
    assert "ban-drop-table" in [danger.kind for danger in examine(sql)]


@pytest.mark.parametrize("sql", HARMLESS)
def test_it_is_harmless(sql):
    assert examine(sql) == ()


@pytest.mark.parametrize("sql", [*(f"CREATE TABLE fresh (a int); {sql}" for sql in FRESH), *MADE])
def test_what_the_text_has_made_it_may_change(sql):
    assert examine(sql) == ()


def test_every_kind_of_our_own_is_in_the_table():
    assert {kind for _, kinds in DANGEROUS for kind in kinds.split()} >= BEYOND.keys() | OPTIONAL | UNSEEN.keys()
