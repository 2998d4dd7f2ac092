"""Step 1: what a database has of a Drizzle folder is told by the rules of Drizzle's own migrators."""

from __future__ import annotations

import psycopg
import pytest

from infra_adapters.errors import ConnectFailed, InvalidRequest, MigrationError
from infra_adapters.postgres.drizzle import Books, plan, read_folder, status
from tests.infra.drizzle_folders import (
    FOLDERS,
    NEWER,
    SCRIPTS,
    TIMES,
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

H = {name: digest(text) for name, text in SCRIPTS.items()}
T = TIMES
NAMES = {name: f"{time}_{name}" for name, time in FOLDERS.items()}
JOURNAL_CASES = {
    "nothing yet": ([], "", "init posts ages", "", "", []),
    "two of three": ([(H["init"], T["init"]), (H["posts"], T["posts"])], "init posts", "ages", "", "", []),
    "all, in another order": ([(H[n], T[n]) for n in ("ages", "init", "posts")], "ages init posts", "", "", "", []),
    "an older one was added": ([(H["posts"], T["posts"])], "posts", "ages", "init", "", []),
    "one was edited": ([("other", T["init"])], "init", "posts ages", "", "init", []),
    "one by hand at the end": ([("garbage", T["ages"])], "ages", "", "init posts", "ages", []),
    "one of nobody": ([(H["init"], T["init"]), ("x", 7)], "init", "posts ages", "", "", [2]),
    "a row twice": ([(H["init"], T["init"])] * 2, "init", "posts ages", "", "", [2]),
    "a row without a time": ([(H["init"], T["init"]), ("x", None)], "init", "init posts ages", "", "", [2]),
}
FOLDER_CASES = {
    "nothing yet": ([], "", "init posts ages", "", []),
    "a hole": ([(H["init"], 1, NAMES["init"]), (H["ages"], 2, NAMES["ages"])], "init ages", "posts", "", []),
    "one was edited": ([("other", 1, NAMES["init"])], "init", "posts ages", "init", []),
    "a row twice": ([(H["init"], 1, NAMES["init"])] * 2, "init", "posts ages", "", []),
    "one of nobody": ([("x", 1, "20200101000000_gone")], "", "init posts ages", "", [1]),
    "written by 0.45 afterwards": ([(H["init"], T["init"], None)], "", "init posts ages", "", [1]),
}


def short(migrations):
    return " ".join(one.name.rpartition("_")[2] for one in migrations)


@pytest.mark.parametrize("case", JOURNAL_CASES)
def test_the_rule_of_the_journal(empty_url, tmp_path, case):
    there, applied, pending, skipped, edited, unexplained = JOURNAL_CASES[case]
    booked(empty_url, there)
    state = status(empty_url, read_folder(journal(tmp_path, SCRIPTS)))
    found = [short(one) for one in (state.applied, state.pending, state.skipped, state.edited)]
    assert found == [applied, pending, skipped, edited]
    assert [row.id for row in state.unexplained] == unexplained


@pytest.mark.parametrize("case", FOLDER_CASES)
def test_the_rule_of_the_folders(empty_url, tmp_path, case):
    there, applied, pending, edited, unexplained = FOLDER_CASES[case]
    booked(empty_url, there, NEWER)
    state = status(empty_url, read_folder(folders(tmp_path, SCRIPTS)))
    assert [short(one) for one in (state.applied, state.pending, state.edited)] == [applied, pending, edited]
    assert ([row.id for row in state.unexplained], state.skipped) == (unexplained, ())


def test_a_table_of_the_older_form_is_matched_by_second_then_hash(empty_url, tmp_path):
    times = FOLDERS | {"posts": FOLDERS["init"]}
    booked(empty_url, [("x", T["ages"]), (H["posts"], T["init"]), (H["init"], 5), (H["init"], None), ("y", T["init"])])
    state = status(empty_url, read_folder(folders(tmp_path, SCRIPTS, times)))
    found = [(row.id, row.name.rpartition("_")[2]) for row in state.renamed]
    assert found == [(1, "ages"), (2, "posts"), (3, "init"), (4, "init")]
    assert [row.id for row in state.unexplained] == [5]
    assert "row 5 belongs to no migration of the folder, so that the table cannot be" in state.lines()[-1]


def test_of_texts_that_are_alike_the_first_of_a_second_and_the_last_of_all_is_meant(empty_url, tmp_path):
    times = FOLDERS | {"posts": FOLDERS["init"]}
    alike = dict.fromkeys(("init", "posts", "ages"), "SELECT 1")
    booked(empty_url, [(digest("SELECT 1"), T["init"]), (digest("SELECT 1"), 5)])
    state = status(empty_url, read_folder(folders(tmp_path, alike, times)))
    assert [row.name[15:] for row in state.renamed] == ["init", "ages"]


def test_each_fault_is_a_sentence(empty_url, tmp_path):
    booked(empty_url, [("other", T["posts"]), ("x", 7)])
    folder = journal(tmp_path, SCRIPTS)
    (folder / "stray.sql").write_text("")
    assert status(empty_url, read_folder(folder)).lines() == (
        "0002_ages waits to be applied",
        "0000_init will never be applied: it is older than what was applied last; give it a newer `when`",
        "0001_posts was edited after it was applied",
        "row 2 belongs to no migration of the folder",
        "stray.sql is no part of the history: Drizzle never looks at it",
    )


def test_a_name_is_told_with_its_row(empty_url, tmp_path):
    booked(empty_url, [("x", 1, "gone")], NEWER)
    said = status(empty_url, read_folder(folders(tmp_path, some("init")))).lines()
    assert said[1] == "row 1 (gone) belongs to no migration of the folder"


@pytest.mark.parametrize("make", [journal, folders])
def test_an_empty_database_is_only_looked_at(empty_url, tmp_path, make):
    folder = read_folder(make(tmp_path, SCRIPTS))
    assert status(empty_url, folder).pending == folder.migrations
    assert 'CREATE TABLE IF NOT EXISTS "drizzle"."__drizzle_migrations"' in plan(empty_url, folder)
    assert sql(empty_url, "SELECT count(*) FROM pg_namespace WHERE nspname = 'drizzle'") == [(0,)]


@pytest.mark.parametrize("make", [journal, folders])
@pytest.mark.parametrize("before", [None, [], [(H["init"], T["init"])]])
def test_the_plan_run_by_hand_leaves_nothing_pending(empty_url, tmp_path, make, before):
    if before is not None:
        booked(empty_url, before)
        sql(empty_url, SCRIPTS["init"] if before else "SELECT 1")
    folder = read_folder(make(tmp_path, SCRIPTS | {"posts": f"{SCRIPTS['posts']}\n-- the end"}))
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute(plan(connection, folder))
    state = status(empty_url, folder)
    assert (state.lines(), relations(empty_url)) == ((), ["posts", "users"])
    assert plan(empty_url, folder) == ""


def test_the_plan_says_where_statements_come_from(empty_url, tmp_path):
    lines = plan(empty_url, read_folder(journal(tmp_path, some("init")))).splitlines()
    assert lines[0] == 'CREATE SCHEMA IF NOT EXISTS "drizzle";'
    assert lines[2:4] == ["BEGIN;", 'LOCK TABLE "drizzle"."__drizzle_migrations" IN ACCESS EXCLUSIVE MODE;']
    assert [line for line in lines if line.startswith("--")] == [
        "-- 0000_init, statement 1, line 1",
        "-- 0000_init, statement 2, line 3",
    ]


def test_another_table_is_looked_at_where_it_is_named(empty_url, tmp_path):
    sql(empty_url, f'CREATE TABLE public."My table" ({NEWER})')
    books = Books("public", "My table")
    assert status(empty_url, read_folder(journal(tmp_path, SCRIPTS)), books=books).ledger.named
    assert str(books) == "public.My table"


@pytest.mark.parametrize("columns", ["id int", "id int, hash text, created_at bigint, name text"])
def test_a_table_of_somebody_else_is_refused(empty_url, tmp_path, columns):
    booked(empty_url, [], columns)
    with pytest.raises(MigrationError, match=r"drizzle.__drizzle_migrations has not the columns"):
        status(empty_url, read_folder(journal(tmp_path, SCRIPTS)))


def test_an_open_transaction_is_not_ended(empty_url, tmp_path):
    folder = read_folder(journal(tmp_path, SCRIPTS))
    with psycopg.connect(empty_url) as connection:
        connection.execute("SELECT 1")
        with pytest.raises(InvalidRequest, match="a transaction is open"):
            status(connection, folder)
        connection.rollback()
        assert status(connection, folder).pending == folder.migrations


def test_no_server_is_said(tmp_path):
    with pytest.raises(ConnectFailed):
        status("postgresql://u@127.0.0.1:1/d", read_folder(journal(tmp_path, SCRIPTS)))


def test_looking_leaves_rows_as_they_are(empty_url, tmp_path):
    booked(empty_url, [("a", 1)])
    status(empty_url, read_folder(folders(tmp_path, SCRIPTS)))
    assert rows(empty_url, "*") == [(1, "a", 1)]
