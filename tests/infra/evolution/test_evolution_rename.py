"""Step 1: a column is renamed while versions of a service that know either name read and write it."""

from __future__ import annotations

import psycopg
import pytest

from infra_adapters.errors import DataLossRefused, MigrationFailed
from infra_adapters.postgres.evolution import (
    Rename,
    abandon_rename,
    backfill,
    contract_rename,
    expand_rename,
    invalid_indexes,
    restore_rename,
)
from tests.infra.evolution_items import SCHEMA, sql, written_to

pytestmark = [
    pytest.mark.blocking,
    pytest.mark.deliverable("Dangerous changes refused without a reason in writing, and helpers that make them safely"),
]

BUYERS = """
CREATE TABLE orders (id int PRIMARY KEY, buyer text NOT NULL DEFAULT 'nobody', data json, twice int
    GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO orders SELECT n, 'b' || n, '{}' FROM generate_series(1, 300) n;
"""
NAME = Rename(table="orders", old="buyer", new="customer", kind="text", default="'nobody'", not_null=True)
BOTH = "SELECT buyer, customer FROM orders WHERE id = %s"


@pytest.fixture
def url(empty_url):
    sql(empty_url, BUYERS)
    return empty_url


@pytest.fixture
def connection(url):
    with psycopg.connect(url) as opened:
        yield opened


@pytest.fixture
def expanded(url, connection):
    expand_rename(connection, NAME)
    return url


WRITES = [
    ("INSERT INTO orders (id, buyer) VALUES (901, 'ann')", 901, ("ann", "ann")),
    ("INSERT INTO orders (id, customer) VALUES (901, 'bob')", 901, ("bob", "bob")),
    ("INSERT INTO orders (id) VALUES (901)", 901, ("nobody", "nobody")),
    ("INSERT INTO orders (id, buyer, customer) VALUES (901, 'ann', 'bob')", 901, ("bob", "bob")),
    ("UPDATE orders SET buyer = 'ann' WHERE id = 7", 7, ("ann", "ann")),
    ("UPDATE orders SET customer = 'bob' WHERE id = 7", 7, ("bob", "bob")),
    ("UPDATE orders SET data = '[]' WHERE id = 7", 7, ("b7", "b7")),
    ("UPDATE orders SET buyer = 'ann', customer = 'bob' WHERE id = 7", 7, ("bob", "bob")),
]


LOWER = """
CREATE FUNCTION lower() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.buyer := lower(NEW.buyer); RETURN NEW; END';
CREATE TRIGGER zzz_lower BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION lower()
"""


def test_what_another_trigger_makes_of_a_value_is_in_both(expanded, connection):
    """A version that knows the old name reads the same as one that knows the new one."""
    sql(expanded, LOWER)
    sql(expanded, "UPDATE orders SET buyer = 'ANN' WHERE id = 7")
    sql(expanded, "INSERT INTO orders (id, buyer) VALUES (901, 'BOB')")
    assert [sql(expanded, BOTH, row) for row in (7, 901)] == [[("ann", "ann")], [("bob", "bob")]]


def test_a_trigger_that_speaks_of_the_old_name_stands_in_the_way(expanded, connection):
    sql(expanded, LOWER)
    backfill(expanded, NAME.job())
    with pytest.raises(MigrationFailed, match="is used by trigger zzz_lower"):
        contract_rename(connection, NAME)
    sql(expanded, "CREATE OR REPLACE FUNCTION lower() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
    contract_rename(connection, NAME)


@pytest.mark.parametrize("filled", [False, True])
@pytest.mark.parametrize(("write", "row", "found"), WRITES)
def test_whichever_name_is_written_both_are_alike(expanded, write, row, found, filled):
    if filled:
        backfill(expanded, NAME.job())
    sql(expanded, write)
    assert sql(expanded, BOTH, row) == [found]


def test_there_back_and_there_again(url, connection):
    before = sql(url, SCHEMA)
    expand_rename(connection, NAME)
    expand_rename(connection, NAME)
    backfill(url, NAME.job())
    expanded = sql(url, SCHEMA)
    contract_rename(connection, NAME)
    contract_rename(connection, NAME)
    contracted = sql(url, SCHEMA)
    assert {row[2] for row in contracted if row[0] == "column"} == {"id", "customer", "data", "twice"}
    restore_rename(connection, NAME)
    assert sql(url, SCHEMA) == expanded
    contract_rename(connection, NAME)
    assert sql(url, SCHEMA) == contracted
    restore_rename(connection, NAME)
    abandon_rename(connection, NAME)
    assert sql(url, SCHEMA) == before
    assert sql(url, "SELECT count(*) FROM orders WHERE buyer = 'b' || id") == [(300,)]


def test_a_column_without_default_that_may_be_null(url, connection):
    plain = Rename(table="orders", old="data", new="details", kind="json")
    sql(url, "UPDATE orders SET data = NULL WHERE id = 3")
    expand_rename(connection, plain)
    backfill(url, plain.job())
    contract_rename(connection, plain)
    restore_rename(connection, plain)
    assert sql(url, "SELECT count(*), count(data) FROM orders") == [(300, 299)]


def test_contracting_before_the_backfill_would_lose_values(expanded, connection):
    with pytest.raises(DataLossRefused, match="the backfill is not done"):
        contract_rename(connection, NAME)


def test_abandoning_after_the_contraction_would_lose_values(expanded, connection):
    backfill(expanded, NAME.job())
    contract_rename(connection, NAME)
    with pytest.raises(DataLossRefused, match="customer holds its values"):
        abandon_rename(connection, NAME)


def test_an_abandoned_rename_is_filled_again(expanded, connection):
    backfill(expanded, NAME.job())
    abandon_rename(connection, NAME)
    expand_rename(connection, NAME)
    assert backfill(expanded, NAME.job()).changed == 300


def test_what_uses_the_old_column_is_let_go_by_name_only(expanded, connection):
    sql(expanded, "CREATE INDEX ix_buyer ON orders (buyer, id); ALTER TABLE orders ADD CHECK (buyer <> '')")
    backfill(expanded, NAME.job())
    names = ("orders_buyer_check on public.orders", "public.ix_buyer")
    with pytest.raises(MigrationFailed, match="is used by " + ", ".join(names)):
        contract_rename(connection, NAME)
    contract_rename(connection, NAME, letting_go=names)
    assert invalid_indexes(connection) == ()


WRONG = [
    ({"old": "nothing"}, "is not there"),
    ({"old": "twice", "kind": "int"}, "generated by the server"),
    ({"kind": "varchar(9)"}, "buyer of orders is text NOT NULL DEFAULT 'nobody'::text"),
    ({"default": ""}, "DEFAULT"),
    ({"not_null": False}, "NOT NULL"),
    ({"new": "data"}, "and data json"),
]


@pytest.mark.parametrize(("values", "said"), WRONG)
def test_a_column_that_is_not_as_said_is_refused(url, connection, values, said):
    given = {"table": "orders", "old": "buyer", "new": "customer", "kind": "text", "default": "'x'", "not_null": True}
    with pytest.raises(MigrationFailed, match=said):
        expand_rename(connection, Rename(**given | values))


def test_the_whole_way_under_a_service_that_writes(empty_url):
    """The service knows the old name alone: it must be gone before the contraction, and not a moment earlier."""
    sql(empty_url, "CREATE TABLE items (id bigint PRIMARY KEY, price numeric, quantity int, note text)")
    sql(empty_url, "INSERT INTO items SELECT n, 1, 1, 'n' || n FROM generate_series(1, 3000) n")
    note = Rename(table="items", old="note", new="remark", kind="text")
    with psycopg.connect(empty_url) as connection:
        with written_to(empty_url):
            expand_rename(connection, note)
            backfill(empty_url, note.job())
        assert sql(empty_url, "SELECT count(*) FROM items WHERE note IS DISTINCT FROM remark") == [(0,)]
        assert sql(empty_url, "SELECT count(*) > 0 FROM items WHERE remark = 'seen'") == [(True,)]
        contract_rename(connection, note)


HELD = """
SELECT attname::text, (SELECT string_agg(format('%%s:%%s:%%s', CASE grantee WHEN 0 THEN 'public' ELSE
           grantee::regrole::text END, privilege_type, is_grantable), ' ' ORDER BY grantee, privilege_type)
           FROM aclexplode(attacl)), col_description(attrelid, attnum)
  FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname IN ('buyer', 'customer', 'Old %%I''s', 'new "one"')
 ORDER BY attname COLLATE "C"
"""
GIVEN = """
GRANT SELECT (buyer), UPDATE (buyer) ON orders TO pg_monitor WITH GRANT OPTION;
GRANT SELECT (buyer) ON orders TO PUBLIC; COMMENT ON COLUMN orders.buyer IS 'who''s to pay, 100%'
"""
HAS = ("public:SELECT:f pg_monitor:SELECT:t pg_monitor:UPDATE:t", "who's to pay, 100%")


def test_grants_and_the_comment_go_along_and_come_back(url, connection):
    sql(url, GIVEN)
    expand_rename(connection, NAME)
    expand_rename(connection, NAME)
    assert sql(url, HELD, "orders") == [("buyer", *HAS), ("customer", *HAS)]
    backfill(url, NAME.job())
    contract_rename(connection, NAME)
    assert sql(url, HELD, "orders") == [("customer", *HAS)]
    restore_rename(connection, NAME)
    assert sql(url, HELD, "orders") == [("buyer", *HAS), ("customer", *HAS)]
    abandon_rename(connection, NAME)
    assert sql(url, HELD, "orders") == [("buyer", *HAS)]


def test_what_was_granted_and_said_meanwhile_goes_along_too(expanded, connection):
    backfill(expanded, NAME.job())
    sql(expanded, GIVEN + "; GRANT INSERT (customer) ON orders TO PUBLIC")
    contract_rename(connection, NAME)
    assert sql(expanded, HELD, "orders") == [("customer", "public:INSERT:f " + HAS[0], HAS[1])]


def test_a_comment_that_the_new_column_has_stays(expanded, connection):
    backfill(expanded, NAME.job())
    sql(expanded, GIVEN + "; COMMENT ON COLUMN orders.customer IS 'who pays'")
    contract_rename(connection, NAME)
    assert sql(expanded, HELD, "orders") == [("customer", HAS[0], "who pays")]


ODD = """
CREATE TABLE "Odd 'table' %s" ("Old %I's" text); GRANT SELECT ("Old %I's") ON "Odd 'table' %s" TO PUBLIC;
COMMENT ON COLUMN "Odd 'table' %s"."Old %I's" IS 'x'
"""


def test_odd_names_are_carried_as_well(empty_url):
    sql(empty_url, ODD)
    odd = Rename(table="Odd 'table' %s", old="Old %I's", new='new "one"', kind="text")
    with psycopg.connect(empty_url) as connection:
        expand_rename(connection, odd)
    held = ("public:SELECT:f", "x")
    assert sql(empty_url, HELD, "\"Odd 'table' %s\"") == [("Old %I's", *held), ('new "one"', *held)]


def test_who_may_use_the_old_name_alone_may_use_the_new_one(url, connection):
    sql(url, "GRANT SELECT (id, buyer), UPDATE (buyer) ON orders TO pg_monitor")
    expand_rename(connection, NAME)
    sql(url, "SET ROLE pg_monitor; UPDATE orders SET customer = 'ann' WHERE id = 7")
    assert sql(url, BOTH, 7) == [("ann", "ann")]
