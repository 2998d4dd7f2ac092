"""Step 1: who cannot have a lock soon steps aside, leaves nothing half done and comes again."""

from __future__ import annotations

import threading

import psycopg
import pytest

from infra_adapters.errors import Deadlock, LockTimeout, QueryTimeout, UniqueViolated
from infra_adapters.postgres.evolution import Patience, add_column, retrying, set_not_null, with_lock_timeout
from infra_adapters.postgres.evolution.locking import session_timeouts
from infra_adapters.postgres.evolution.stage import staged
from tests.infra.evolution_items import FILL, ITEMS, sql

pytestmark = [
    pytest.mark.blocking,
    pytest.mark.deliverable("Dangerous changes refused without a reason in writing, and helpers that make them safely"),
]

COLUMNS = "SELECT attname::text FROM pg_attribute WHERE attrelid = 'items'::regclass AND attnum > 5"


@pytest.fixture
def url(empty_url):
    sql(empty_url, ITEMS)
    sql(empty_url, FILL.format(300))
    return empty_url


@pytest.fixture
def connection(url):
    with psycopg.connect(url) as opened:
        yield opened


@pytest.fixture
def reader(url):
    """A long report: it reads in one transaction, in whose way no ALTER TABLE may stand."""
    with psycopg.connect(url) as opened:
        opened.execute("SELECT count(*) FROM items")
        yield opened
        opened.rollback()


def test_a_lock_that_is_not_to_be_had_is_given_up_after_growing_pauses(url, connection, reader):
    pauses = []
    patience = Patience(lock=0.05, attempts=5, pause=0.5, longest=1.5, sleep=pauses.append)
    with pytest.raises(LockTimeout):
        add_column(connection, "items", "kind", "text", default="'x'", patience=patience)
    assert pauses == [0.5, 1.0, 1.5, 1.5]
    assert sql(url, COLUMNS) == []


def test_once_the_way_is_free_it_is_done(url, connection, reader):
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            reader.rollback()

    add_column(connection, "items", "kind", "text", patience=Patience(lock=0.05, sleep=sleep))
    assert (len(pauses), sql(url, COLUMNS)) == (3, [("kind",)])


def test_others_get_on_between_the_attempts(url, connection, reader):
    """While ALTER TABLE waits, who comes after waits as well: that is why it waits shortly, and pauses."""
    read, stop = [0], threading.Event()

    def load():
        with psycopg.connect(url, autocommit=True) as other:
            while not stop.is_set():
                other.execute("UPDATE items SET note = 'x' WHERE id = 1")
                read[0] += 1

    seen = []

    def sleep(_):
        before = read[0]
        while read[0] < before + 3:
            stop.wait(0.01)
        seen.append(read[0] - before)
        if len(seen) == 3:
            reader.rollback()

    thread = threading.Thread(target=load)
    thread.start()
    try:
        set_not_null(connection, "items", "id")
        add_column(connection, "items", "kind", "text", patience=Patience(lock=0.1, attempts=50, sleep=sleep))
    finally:
        stop.set()
        thread.join()
    assert len(seen) >= 3
    assert min(seen) >= 3
    assert sql(url, COLUMNS) == [("kind",)]


def test_not_null_that_gives_up_goes_on_later(url, connection, reader):
    patience = Patience(lock=0.05, attempts=2, sleep=lambda _: None)
    sql(url, "UPDATE items SET note = 'n'")
    with pytest.raises(LockTimeout):
        set_not_null(connection, "items", "note", patience=patience)
    assert sql(url, "SELECT count(*) FROM pg_constraint WHERE conrelid = 'items'::regclass AND contype = 'c'") == [(0,)]
    reader.rollback()
    set_not_null(connection, "items", "note", patience=patience)


def test_a_transaction_that_fails_leaves_nothing_of_itself(url, connection, reader):
    with pytest.raises(LockTimeout), with_lock_timeout(connection, 0.05):
        connection.execute("CREATE TABLE other (id int)")
        connection.execute("ALTER TABLE items ADD COLUMN kind text")
    connection.rollback()
    assert sql(url, "SELECT to_regclass('other')") == [(None,)]


def test_a_savepoint_that_fails_gives_its_locks_back_and_keeps_what_was_before(url, connection, reader):
    connection.execute("CREATE TABLE before (id int)")
    with pytest.raises(LockTimeout), with_lock_timeout(connection, 0.05):
        connection.execute("LOCK TABLE written")
        connection.execute("ALTER TABLE items ADD COLUMN kind text")
    sql(url, "INSERT INTO written VALUES (1)")
    connection.commit()
    assert sql(url, "SELECT to_regclass('before')::text") == [("before",)]


def test_work_is_bounded_once_it_has_its_lock(connection):
    with pytest.raises(QueryTimeout), with_lock_timeout(connection, 0.01, 0.02):
        connection.execute("SELECT pg_sleep(9)")


@pytest.mark.parametrize(
    ("error", "tries"), [(LockTimeout("x"), 3), (Deadlock("x"), 3), (UniqueViolated("", "", ""), 1)]
)
def test_only_what_may_go_away_is_tried_again(error, tries):
    tried = []

    def work():
        tried.append(1)
        raise error

    with pytest.raises(type(error)):
        retrying(work, Patience(attempts=3, sleep=lambda _: None))
    assert len(tried) == tries


def test_a_connection_that_was_closed_within_a_step_is_left_as_it_is(empty_url):
    with psycopg.connect(empty_url) as connection, staged(connection, Patience()) as stage:
        stage.connection.close()
    with psycopg.connect(empty_url, autocommit=True) as connection, session_timeouts(connection, lock=1.0):
        connection.close()
