"""A table to fill, a trigger that counts each write of it, and questions about both."""

from __future__ import annotations

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
