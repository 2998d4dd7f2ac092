"""Step 1: an index is built while others write, and one whose building failed is found, dropped and built again."""

from __future__ import annotations

import contextlib
import threading
import time

import psycopg
import pytest

from infra_adapters.errors import LockTimeout, MigrationFailed, UniqueViolated
from infra_adapters.postgres.evolution import Index, Patience, create_index, drop_index, invalid_indexes, repair_indexes
from tests.infra.evolution_items import FILL, ITEMS, sql

pytestmark = [
    pytest.mark.blocking,
    pytest.mark.deliverable("Dangerous changes refused without a reason in writing, and helpers that make them safely"),
]

STATE = """
SELECT c.relname::text, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE i.indrelid = 'items'::regclass AND NOT i.indisprimary ORDER BY 1
"""
UNIQUE = Index("ix_price", "items", ("price",), unique=True)
SHORT = Patience(lock=0.1, online=0.2, attempts=2, sleep=lambda _: None)


@pytest.fixture
def url(empty_url):
    sql(empty_url, ITEMS)
    sql(empty_url, FILL.format(300))
    return empty_url


@pytest.fixture
def connection(url):
    with psycopg.connect(url, autocommit=True) as opened:
        yield opened


def left_invalid(url, statement="CREATE UNIQUE INDEX CONCURRENTLY ix_price ON items (price)"):
    """What a build leaves that finds two rows alike."""
    sql(url, "INSERT INTO items VALUES (9000, 1.5, 1)")
    with psycopg.connect(url, autocommit=True) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(statement)
    assert [row[1] for row in sql(url, STATE)] == [False]


def test_an_invalid_index_is_dropped_and_built_again(url, connection):
    left_invalid(url)
    sql(url, "DELETE FROM items WHERE id = 9000")
    create_index(connection, UNIQUE)
    assert sql(url, STATE) == [("ix_price", True)]


def test_a_build_that_fails_again_leaves_no_index(url, connection):
    left_invalid(url)
    with pytest.raises(UniqueViolated):
        create_index(connection, UNIQUE)
    assert sql(url, STATE) == []


KINDS = [
    Index("i", "items", ("price",)),
    Index("i", "items", ("price DESC NULLS LAST", "lower(note)")),
    Index("i", "items", ("id",), unique=True, where="note IS NOT NULL AND price > 1"),
    Index("i", "items", ("price",), include=("note", "quantity")),
    Index("i", "items", ("price",), method="brin"),
    Index("i", "items", ('note COLLATE "C"',)),
    Index("i", "public.items", ("note text_pattern_ops",)),
]


@pytest.mark.parametrize("index", KINDS, ids=str)
def test_an_index_of_every_kind_is_made_known_again_and_dropped(url, connection, index):
    create_index(connection, index)
    made = sql(url, "SELECT indexrelid, pg_get_indexdef(indexrelid) FROM pg_index WHERE indexrelid = 'i'::regclass")
    create_index(connection, index)
    assert (
        sql(url, "SELECT indexrelid, pg_get_indexdef(indexrelid) FROM pg_index WHERE indexrelid = 'i'::regclass")
        == made
    )
    drop_index(connection, index)
    assert sql(url, STATE) == []


@pytest.mark.parametrize("there", KINDS[1:], ids=str)
def test_another_valid_index_of_the_name_is_refused_and_stays(url, connection, there):
    create_index(connection, there)
    with pytest.raises(MigrationFailed, match="is another one"):
        create_index(connection, KINDS[0])
    assert sql(url, STATE) == [("i", True)]


def test_an_index_of_another_table_is_refused(url, connection):
    sql(url, "CREATE INDEX ix_price ON written (id)")
    with pytest.raises(MigrationFailed, match="is another one"):
        create_index(connection, UNIQUE)


def test_settings_of_the_connection_are_as_before(connection):
    connection.execute("SET lock_timeout = '7s'")
    connection.execute("SET statement_timeout = '20s'")
    create_index(connection, UNIQUE)
    query = "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"
    assert connection.execute(query).fetchone() == ("7s", "20s")


def test_who_stands_in_the_way_for_too_long_stops_the_build_and_leaves_no_index(url, connection):
    with psycopg.connect(url) as other:
        other.execute("UPDATE items SET note = 'busy' WHERE id = 1")
        with pytest.raises(LockTimeout):
            create_index(connection, UNIQUE, patience=SHORT)
        other.rollback()
        create_index(connection, UNIQUE, patience=SHORT)
    assert sql(url, STATE) == [("ix_price", True)]


@contextlib.contextmanager
def building(url):
    """A build of another process, which waits for a transaction that does not end."""
    with psycopg.connect(url) as other, psycopg.connect(url, autocommit=True) as builder:
        other.execute("UPDATE items SET note = 'busy' WHERE id = 1")
        statement = "CREATE UNIQUE INDEX CONCURRENTLY ix_price ON items (price)"
        thread = threading.Thread(target=builder.execute, args=(statement,))
        thread.start()
        while not sql(url, "SELECT 1 FROM pg_stat_progress_create_index WHERE index_relid = to_regclass('ix_price')"):
            time.sleep(0.01)
        try:
            yield other
        finally:
            other.rollback()
            thread.join()


def test_an_index_that_another_process_builds_is_left_to_it(url, connection):
    with building(url):
        assert [one.building for one in invalid_indexes(connection)] == [True]
        assert repair_indexes(connection, patience=SHORT) == ()
        with pytest.raises(LockTimeout, match="being built by another process"):
            create_index(connection, UNIQUE, patience=SHORT)
    create_index(connection, UNIQUE)
    assert sql(url, STATE) == [("ix_price", True)]


def test_the_build_of_another_process_is_waited_for(url, connection):
    with building(url) as other:
        create_index(connection, UNIQUE, patience=Patience(pause=0.05, sleep=lambda _: other.rollback()))
    assert sql(url, STATE) == [("ix_price", True)]


def test_every_invalid_index_of_a_database_is_found_and_repaired(url, connection):
    left_invalid(url, 'CREATE UNIQUE INDEX CONCURRENTLY "Odd INDEX" ON items (price DESC) WHERE id > 0')
    found = invalid_indexes(connection)
    assert [(one.name, one.table, one.building) for one in found] == [('public."Odd INDEX"', "items", False)]
    sql(url, "DELETE FROM items WHERE id = 9000")
    assert repair_indexes(connection) == ('public."Odd INDEX"',)
    assert invalid_indexes(connection) == ()
    assert sql(url, "SELECT pg_get_indexdef('\"Odd INDEX\"'::regclass)") == [(found[0].definition,)]


def test_a_repair_that_fails_leaves_the_index_away(url, connection):
    left_invalid(url)
    with pytest.raises(UniqueViolated):
        repair_indexes(connection)
    assert sql(url, STATE) == []


def test_what_a_reindex_left_behind_goes(url, connection):
    left_invalid(url)
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("REINDEX INDEX CONCURRENTLY ix_price")
    assert {row[0] for row in sql(url, STATE)} == {"ix_price", "ix_price_ccnew"}
    sql(url, "DELETE FROM items WHERE id = 9000")
    repair_indexes(connection)
    assert sql(url, STATE) == [("ix_price", True)]


def test_an_index_of_a_partitioned_table_is_refused_with_its_cure(url, connection):
    sql(url, "CREATE TABLE parted (n int) PARTITION BY RANGE (n)")
    with pytest.raises(MigrationFailed, match=r"parted is partitioned.*attach those with ALTER INDEX"):
        create_index(connection, Index("ix_parted", "parted", ("n",)))
