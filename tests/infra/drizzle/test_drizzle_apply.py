"""Step 1: the migrations of a Drizzle team are applied once, all or none, as its own migrator writes them down."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import psycopg
import pytest

from infra_adapters.errors import ChecksumMismatch, ConnectionLost, InvalidRequest, MigrationFailed, MigrationLocked
from infra_adapters.postgres.drizzle import Books, apply, drift, plan, read_folder, status
from tests.infra.drizzle_folders import (
    FOLDERS,
    MARK,
    NEWER,
    POSTS,
    SCRIPTS,
    TABLE,
    TIMES,
    USERS,
    booked,
    digest,
    folders,
    journal,
    relations,
    rows,
    some,
    sql,
)

pytestmark = [pytest.mark.blocking, pytest.mark.deliverable("A database shared with a Drizzle team")]

LOCK = "LOCK TABLE drizzle.__drizzle_migrations IN ACCESS EXCLUSIVE MODE"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def waiting(url, number=1):
    """Return when so many connections wait for a lock."""
    while sql(url, WAITING)[0][0] < number:
        time.sleep(0.01)


def test_a_journal_is_applied_once(empty_url, tmp_path):
    folder = read_folder(journal(tmp_path, SCRIPTS))
    assert apply(empty_url, folder) == folder.migrations
    assert rows(empty_url, "*") == [
        (at, digest(SCRIPTS[name]), TIMES[name]) for at, name in enumerate(("init", "posts", "ages"), start=1)
    ]
    assert apply(empty_url, folder) == ()
    assert (relations(empty_url), status(empty_url, folder).lines()) == (["posts", "users"], ())


def test_folders_are_applied_and_holes_are_filled(empty_url, tmp_path):
    folder = read_folder(folders(tmp_path, SCRIPTS))
    sql(empty_url, USERS)
    booked(empty_url, [(digest(USERS), 1, folder.migrations[0].name), ("x", 3, folder.migrations[2].name)], NEWER)
    assert [one.name for one in apply(empty_url, folder, allow_edited=True)] == ["20251123073222_posts"]
    assert rows(empty_url, "id, hash, created_at, name, applied_at <= now()")[2] == (
        3,
        digest(POSTS),
        1763883142000,
        "20251123073222_posts",
        True,
    )


def test_an_older_table_is_brought_to_its_newer_form(empty_url, tmp_path):
    apply(empty_url, read_folder(journal(tmp_path / "old", some("init", "posts"))))
    apply(empty_url, read_folder(folders(tmp_path / "new", SCRIPTS)))
    assert rows(empty_url, "created_at, name, applied_at IS NULL") == [
        (TIMES["init"], f"{FOLDERS['init']}_init", True),
        (TIMES["posts"], f"{FOLDERS['posts']}_posts", True),
        (TIMES["ages"] // 1000 * 1000, f"{FOLDERS['ages']}_ages", False),
    ]
    assert status(empty_url, read_folder(journal(tmp_path / "old", some("init", "posts")))).pending == ()


def test_a_connection_can_be_given(empty_url, tmp_path):
    folder = read_folder(journal(tmp_path, SCRIPTS))
    with psycopg.connect(empty_url) as connection:
        assert len(apply(connection, folder)) == 3
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert len(rows(empty_url)) == 3


def test_schema_and_table_may_have_other_names(empty_url, tmp_path):
    books = Books("Other Schema", 'tab"le')
    folder = read_folder(folders(tmp_path, SCRIPTS))
    apply(empty_url, folder, books=books)
    assert sql(empty_url, 'SELECT count(*) FROM "Other Schema"."tab""le"') == [(3,)]
    assert (apply(empty_url, folder, books=books), drift(empty_url, folder, books=books, everything=True)) == ((), ())


BROKEN = [
    ("SELECT 1;\nSELECT\n  nothing", "0001_broken, statement 1 (", "line 3) failed with SQLSTATE 42703", "nothing"),
    (f"SELECT 1;\n{MARK}\n\nSELECT FROM gone", "statement 2", "line 4) failed", 'relation "gone" does not exist'),
    ("CREATE INDEX CONCURRENTLY i ON users (id)", "statement 1", "25001", "cannot run inside a transaction block"),
    ("INSERT INTO users VALUES (1, 'secret'), (1, 'secret')", "statement 1", "23505", "constraint users_pkey"),
    ("SELECT 'secret'::int", "statement 1", "22P02", "a value does not fit"),
]


@pytest.mark.parametrize(("text", *"abc"), [(text, *said) for text, *said in BROKEN])
def test_a_statement_that_fails_is_named_and_nothing_is_applied(empty_url, tmp_path, text, a, b, c):
    folder = read_folder(journal(tmp_path, {"init": USERS, "broken": text}, {"init": 1, "broken": 2}))
    with pytest.raises(MigrationFailed) as caught:
        apply(empty_url, folder)
    assert all(said in str(caught.value) for said in (a, b, c, "0001_broken.sql", "nothing was applied"))
    assert "secret" not in str(caught.value)
    assert (relations(empty_url), rows(empty_url)) == ([], [])


def test_a_row_that_cannot_be_written_is_named(empty_url, tmp_path):
    booked(empty_url, [], f"{TABLE}, CHECK (created_at < 7)")
    with pytest.raises(MigrationFailed, match=r"^Drizzle's own table failed with SQLSTATE 23514: constraint"):
        apply(empty_url, read_folder(journal(tmp_path, some("init"))))
    assert relations(empty_url) == []


STAYS = "what ran before it stays, and the migrations before 0001_ends are written down, 0001_ends is not"
BACK = "what ran before it was taken back, and nothing is written down"
ENDS = [
    ("COMMIT", STAYS, ["a", "users"]),
    ("COMMIT; CREATE TABLE b ()", STAYS, ["a", "b", "users"]),
    ("COMMIT; BEGIN; CREATE TABLE b ()", STAYS, ["a", "users"]),
    ("COMMIT AND CHAIN; CREATE TABLE b ()", STAYS, ["a", "users"]),
    ("COMMIT; SELECT gone", STAYS, ["a", "users"]),
    ("COMMIT; BEGIN; SELECT gone", STAYS, ["a", "users"]),
    ("ROLLBACK", BACK, []),
    ("ROLLBACK; CREATE TABLE b ()", BACK, ["b"]),
    ("ROLLBACK; BEGIN; CREATE TABLE b ()", BACK, []),
    ("ROLLBACK; SELECT gone", BACK, []),
]


@pytest.mark.parametrize(("text", "stays", "left"), ENDS)
def test_a_migration_that_ends_the_transaction_is_named_with_what_stays(empty_url, tmp_path, text, stays, left):
    text = f"CREATE TABLE a ();\n{MARK}\n{text};\n{MARK}\nCREATE TABLE c ()"
    folder = read_folder(journal(tmp_path, {"init": USERS, "ends": text}, {"init": 1, "ends": 2}))
    with pytest.raises(MigrationFailed) as caught:
        apply(empty_url, folder)
    assert str(caught.value).startswith(f"0001_ends, statement 2, line 3, ended the transaction: {stays}; what stands")
    assert (relations(empty_url), len(rows(empty_url))) == (left, 1 if stays is STAYS else 0)


def test_parts_of_the_transaction_may_be_taken_back(empty_url, tmp_path):
    text = "SAVEPOINT s; CREATE TABLE a (); ROLLBACK TO s; RELEASE s; CREATE TABLE b (); BEGIN"
    assert len(apply(empty_url, read_folder(journal(tmp_path, {"init": text})))) == 1
    assert relations(empty_url) == ["b"]


def test_what_was_edited_is_refused_unless_it_is_allowed(empty_url, tmp_path):
    apply(empty_url, read_folder(journal(tmp_path, some("init"))))
    folder = read_folder(journal(tmp_path, SCRIPTS | {"init": f"{USERS} "}))
    for work in (apply, plan):
        with pytest.raises(ChecksumMismatch, match="0000_init was edited after it was applied; put back what was"):
            work(empty_url, folder)
    assert len(rows(empty_url)) == 1
    assert len(apply(empty_url, folder, allow_edited=True)) == 2


@pytest.mark.parametrize(("make", "said"), [(journal, "row 1 has no created_at"), (folders, "row 1 belongs to no")])
def test_what_drizzle_would_fall_over_is_always_refused(empty_url, tmp_path, make, said):
    booked(empty_url, [("x", None)])
    with pytest.raises(ChecksumMismatch, match=f"{said}.*; mend the table first"):
        apply(empty_url, read_folder(make(tmp_path, SCRIPTS)), allow_edited=True)
    assert (rows(empty_url, "*"), relations(empty_url)) == ([(1, "x", None)], [])


def test_a_table_that_others_hold_is_waited_for(empty_url, tmp_path):
    booked(empty_url, [])
    folder = read_folder(journal(tmp_path, SCRIPTS))
    with psycopg.connect(empty_url) as holder:
        holder.execute(LOCK)
        with pytest.raises(MigrationLocked, match="others held the locks for all of the time; nothing was applied"):
            apply(empty_url, folder, wait=0.1)
    assert len(apply(empty_url, folder, wait=0.1)) == 3


@pytest.mark.parametrize("wait", [float("nan"), float("inf"), -0.5])
def test_a_time_without_end_is_refused(empty_url, tmp_path, wait):
    folder = read_folder(journal(tmp_path, SCRIPTS))
    with pytest.raises(InvalidRequest, match=f"others cannot be waited for {wait} seconds"):
        apply(empty_url, folder, wait=wait)
    assert sql(empty_url, "SELECT to_regnamespace('drizzle')::text") == [(None,)]
    assert len(apply(empty_url, folder, wait=1e300)) == 3


def test_where_nothing_is_to_be_done_a_dump_is_not_waited_for(empty_url, tmp_path):
    folder = read_folder(journal(tmp_path, SCRIPTS))
    apply(empty_url, folder)
    with psycopg.connect(empty_url) as dump:
        dump.execute("LOCK TABLE drizzle.__drizzle_migrations IN ACCESS SHARE MODE")
        assert apply(empty_url, folder, wait=0.1) == ()


def in_background(work):
    found = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    return thread, found


LOOKS = """
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = ''{}''', current_database()); END $$
"""


@pytest.mark.parametrize("looks", ["90s", "300ms"])
def test_a_migrator_that_is_in_the_midst_is_let_through(empty_url, tmp_path, looks):
    """It has run its first statement, and writes its row only when ours waits: it is never ended for a deadlock, and
    ours goes on where the server ends it for one.
    """
    booked(empty_url, [])
    sql(empty_url, LOOKS.format(looks))
    folder = read_folder(journal(tmp_path, some("init")))
    with psycopg.connect(empty_url) as other:
        other.execute("SET deadlock_timeout = '5s'")
        other.execute(USERS.encode())
        thread, found = in_background(lambda: apply(empty_url, folder))
        waiting(empty_url)
        other.execute(
            "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES (%s, %s)",
            [digest(USERS), TIMES["init"]],
        )
    thread.join()
    assert (found, len(rows(empty_url))) == ([()], 1)


def test_what_another_one_applied_meanwhile_is_no_failure(empty_url, tmp_path):
    """A migrator that asked before our lock was there applies the first while ours waits at the same name."""
    booked(empty_url, [])
    folder = read_folder(journal(tmp_path, SCRIPTS))
    with psycopg.connect(empty_url) as other:
        other.execute("INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('x', 5)")
        other.execute(USERS.encode())
        thread, found = in_background(lambda: apply(empty_url, folder, allow_edited=True))
        waiting(empty_url)
        other.execute(
            "UPDATE drizzle.__drizzle_migrations SET hash = %s, created_at = %s", [digest(USERS), TIMES["init"]]
        )
    thread.join()
    assert [one.name for one in found[0]] == ["0001_posts", "0002_ages"]


def test_one_that_fails_as_another_did_it_is_tried_again(empty_url, tmp_path):
    """The other one has made the table, and its row waits for ours, whose statement fails."""
    booked(empty_url, [])
    folder = read_folder(journal(tmp_path, SCRIPTS))
    row = f"INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('{digest(USERS)}', {TIMES['init']})"
    with psycopg.connect(empty_url) as other:
        other.execute(USERS.encode())
        thread, found = in_background(lambda: apply(empty_url, folder))
        waiting(empty_url)
        writer, _ = in_background(lambda: sql(empty_url, row))
        waiting(empty_url, 2)
    thread.join()
    writer.join()
    assert [one.name for one in found[0]] == ["0001_posts", "0002_ages"]


def test_what_was_edited_meanwhile_is_refused(empty_url, tmp_path):
    booked(empty_url, [])
    folder = read_folder(journal(tmp_path, {"init": USERS, "posts": "CREATE TABLE posts ()"}))

    def refused():
        with pytest.raises(ChecksumMismatch, match="0000_init was edited"):
            apply(empty_url, folder)
        return True

    with psycopg.connect(empty_url) as other:
        row = "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('x', %s)"
        other.execute(row, [TIMES["init"]])
        thread, found = in_background(refused)
        waiting(empty_url)
    thread.join()
    assert (found, relations(empty_url)) == ([True], [])


def test_one_that_makes_the_schema_for_long_holds_the_lock(empty_url, tmp_path):
    with psycopg.connect(empty_url) as other:
        other.execute("CREATE SCHEMA drizzle")
        with pytest.raises(MigrationLocked):
            apply(empty_url, read_folder(journal(tmp_path, SCRIPTS)), wait=0.1)


def test_of_many_threads_one_applies(empty_url, tmp_path):
    folder = read_folder(folders(tmp_path, SCRIPTS))
    started = [in_background(lambda: apply(empty_url, folder)) for _ in range(8)]
    for thread, _ in started:
        thread.join()
    assert sorted(len(found[0]) for _, found in started) == [0] * 7 + [3]
    assert len(rows(empty_url)) == 3


ONE = "import sys; from infra_adapters.postgres.drizzle import *; apply(sys.argv[1], read_folder(sys.argv[2]))"


def process(url, folder):
    return subprocess.Popen([sys.executable, "-c", ONE, url, str(folder)], stderr=subprocess.PIPE)


@pytest.mark.parametrize("at", range(4))
def test_killed_at_any_statement_it_leaves_old_or_new(empty_url, tmp_path, at):
    parts = [USERS, POSTS, SCRIPTS["ages"]]
    parts.insert(at, "SELECT pg_advisory_lock_shared(7)")
    folder = journal(tmp_path, {"init": f"\n{MARK}\n".join(parts)})
    with psycopg.connect(empty_url) as holder:
        holder.execute("SELECT pg_advisory_lock(7)")
        running = process(empty_url, folder)
        waiting(empty_url)
        os.kill(running.pid, signal.SIGKILL)
        running.communicate()
    assert relations(empty_url) == []
    apply(empty_url, read_folder(folder))
    assert (relations(empty_url), len(rows(empty_url))) == (["posts", "users"], 1)


def test_a_server_that_ends_the_connection_is_no_fault_of_the_statement(empty_url, tmp_path):
    folder = read_folder(journal(tmp_path, {"init": "SELECT pg_terminate_backend(pg_backend_pid())"}))
    with pytest.raises(ConnectionLost):
        apply(empty_url, folder)


def test_a_schema_that_appears_meanwhile_is_used(empty_url, tmp_path):
    """Another process makes the schema, and commits when ours is in the midst of making it."""
    folder = read_folder(journal(tmp_path, SCRIPTS))
    with psycopg.connect(empty_url) as other:
        other.execute("CREATE SCHEMA drizzle")
        thread, found = in_background(lambda: apply(empty_url, folder))
        waiting(empty_url)
    thread.join()
    assert len(found[0]) == 3


REFUSES = """
CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    IF to_regclass('drizzle.__drizzle_migrations') IS NULL THEN
        PERFORM pg_advisory_lock_shared(7);
        RAISE 'somebody makes it' USING ERRCODE = '{}';
    END IF;
END $$;
CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION refuse()
"""


@pytest.mark.parametrize("code", ["23505", "42P07", "42710"])
def test_a_table_that_appears_meanwhile_is_used(empty_url, tmp_path, code):
    """The server says so with any of these codes, by how far the other one was; the trigger stands for the moment."""
    folder = read_folder(journal(tmp_path, SCRIPTS))
    booked(empty_url, [])
    sql(empty_url, "ALTER TABLE drizzle.__drizzle_migrations RENAME TO later")
    sql(empty_url, REFUSES.format(code).encode())
    with psycopg.connect(empty_url) as other:
        other.execute("SELECT pg_advisory_lock(7)")
        thread, found = in_background(lambda: apply(empty_url, folder))
        waiting(empty_url)
        other.execute("ALTER TABLE drizzle.later RENAME TO __drizzle_migrations")
    thread.join()
    assert found == [folder.migrations]


def test_a_table_that_cannot_be_made_is_named(empty_url, tmp_path):
    sql(empty_url, b"CREATE SCHEMA drizzle; CREATE DOMAIN drizzle.__drizzle_migrations AS int")
    with pytest.raises(MigrationFailed, match=r"^Drizzle's own table failed with SQLSTATE 42710: type .* exists"):
        apply(empty_url, read_folder(journal(tmp_path, SCRIPTS)))
    assert relations(empty_url) == []
