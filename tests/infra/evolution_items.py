"""A table to fill, a trigger that counts each write of it, and questions about both."""

from __future__ import annotations

import contextlib
import threading

import psycopg

from infra_adapters.postgres.evolution import Backfill

ITEMS = """
CREATE TABLE items (id bigint PRIMARY KEY, price numeric NOT NULL, quantity int NOT NULL, note text, total numeric);
CREATE TABLE written (id bigint NOT NULL);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql
  AS 'BEGIN INSERT INTO written VALUES (NEW.id); RETURN NULL; END';
CREATE TRIGGER tell AFTER UPDATE OF total ON items FOR EACH ROW EXECUTE FUNCTION tell();
"""
FILL = "INSERT INTO items SELECT n, n * 1.5, n % 7 FROM generate_series(1, {}) n"


SCHEMA = """
SELECT 'column', attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod),
       pg_get_expr(adbin, adrelid), attnotnull::text
  FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
 WHERE attrelid IN (to_regclass('orders'), to_regclass('buyers')) AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname::text, pg_get_constraintdef(oid), NULL,
       convalidated::text
  FROM pg_constraint WHERE conrelid IN (to_regclass('orders'), to_regclass('buyers')) AND contype <> 'n'
UNION ALL SELECT 'index', tablename::text, indexname::text, indexdef, NULL, NULL FROM pg_indexes
 WHERE schemaname = 'public' AND tablename IN ('orders', 'buyers')
UNION ALL SELECT 'trigger', tgrelid::regclass::text, pg_get_triggerdef(oid), NULL, NULL, NULL
  FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', proname::text, prosrc, NULL, NULL, NULL FROM pg_proc
 WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2, 3
"""
"""Everything of some tables that a helper may make, in no order that depends on when it was made."""


def job(**values):
    given = {"name": "totals", "table": "items", "sets": {"total": "price * quantity"}, "pause": 0, "rest": 0}
    return Backfill(**given | {"batch_size": 100} | values)


def sql(url, query, *values):
    with psycopg.connect(url) as connection:
        found = connection.execute(query, values or None)
        return found.fetchall() if found.description else None


EXPAND = """
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql
  AS 'BEGIN NEW.total := NEW.price * NEW.quantity; RETURN NEW; END';
CREATE TRIGGER fill BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION fill();
"""


def wrong(url):
    """Rows without their value, and rows that were written more or less than once."""
    undone = sql(url, "SELECT count(*) FROM items WHERE total IS DISTINCT FROM price * quantity")[0][0]
    twice = "SELECT count(*) FROM (SELECT id FROM written GROUP BY id HAVING count(*) <> 1) AS t"
    return undone, sql(url, twice)[0][0], sql(url, "SELECT count(*) FROM written")[0][0]


def writer(url, stop):
    """A service that goes on: it touches rows, and adds some before, within and after the walk."""
    with psycopg.connect(url, autocommit=True) as connection:
        for number in range(1, 100_000):
            if stop.is_set():
                return
            connection.execute("UPDATE items SET note = 'seen' WHERE id = %s", [number * 37 % 20_000])
            new = number if number % 2 else -number
            connection.execute("INSERT INTO items VALUES (%s, 2, %s)", [1_000_000 * (new > 0) + new, number])


@contextlib.contextmanager
def written_to(url):
    stop = threading.Event()
    thread = threading.Thread(target=writer, args=(url, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
