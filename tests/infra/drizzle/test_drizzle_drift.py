"""Step 1: what a database is otherwise than a Drizzle team's migrations made it is named; the command tells all."""

from __future__ import annotations

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.conninfo import make_conninfo

from infra_adapters.cli import main
from infra_adapters.errors import ConnectionLost, MigrationFailed, PermissionDenied
from infra_adapters.postgres import Migrations
from infra_adapters.postgres.drizzle import Books, apply, drift, read_folder
from tests.infra.drizzle_folders import MARK, POSTS, SCRIPTS, TIMES, USERS, folders, journal, some, sql

pytestmark = [pytest.mark.blocking, pytest.mark.deliverable("A database shared with a Drizzle team")]

MORE = f"\n{MARK}\n".join(
    [
        "CREATE TYPE mood AS ENUM ('sad', 'ok')",
        "CREATE SEQUENCE numbers INCREMENT 2",
        "ALTER TABLE users ADD COLUMN mood mood, ADD CONSTRAINT named CHECK (name <> ''), ADD UNIQUE (name)",
        "CREATE POLICY mine ON users USING (true)",
        "CREATE VIEW named_users AS SELECT id FROM users WHERE name > 'a'",
    ]
)
WHOLE = {"init": USERS, "posts": POSTS, "ages": MORE}


@pytest.fixture
def folder(empty_url, tmp_path):
    """A folder that was applied."""
    read = read_folder(journal(tmp_path, WHOLE))
    apply(empty_url, read)
    return read


CHANGES = {
    "ALTER TABLE users ALTER name DROP NOT NULL": "column public.users.name: not null is 'nothing', expected 'true'",
    "ALTER TABLE users ALTER name SET DEFAULT 'x'": "column public.users.name: default is \"'x'::text\"",
    "ALTER TABLE users ADD COLUMN more int": "column public.users.more is there and was never made",
    "ALTER TABLE posts DROP CONSTRAINT posts_author_fkey": "constraint public.posts.posts_author_fkey is missing",
    "ALTER TABLE posts DROP CONSTRAINT posts_pkey": "constraint public.posts.posts_pkey is missing",
    "ALTER TABLE users DROP CONSTRAINT users_name_key": "constraint public.users.users_name_key is missing",
    "ALTER TABLE users DROP CONSTRAINT named": "constraint public.users.named is missing",
    "DROP INDEX by_name": "index public.by_name is missing",
    "CREATE INDEX by_mood ON users (mood)": "index public.by_mood is there and was never made",
    "ALTER TYPE mood ADD VALUE 'glad'": "type public.mood: labels is \"'sad', 'ok', 'glad'\"",
    "ALTER SEQUENCE numbers INCREMENT 3": "sequence public.numbers: increment is '3', expected '2'",
    "DROP POLICY mine ON users": "policy public.users.mine is missing",
    "DROP VIEW named_users": "view public.named_users is missing",
    "ALTER TABLE users ENABLE ROW LEVEL SECURITY": "table public.users: row level security is 'true'",
}
LATER = {
    "CREATE OR REPLACE VIEW named_users AS SELECT id FROM users": "view public.named_users: definition is",
    "ALTER TABLE users ALTER mood TYPE text": "column public.users.mood: type is 'text', expected 'public.mood'",
    "DROP TABLE posts": "table public.posts is missing",
}
"""What cannot be seen together with the others."""
LAST = {"ALTER TABLE posts DROP COLUMN author": "column public.posts.author is missing"}


@pytest.mark.parametrize("changes", [CHANGES, LATER, LAST], ids=len)
def test_every_change_by_hand_is_named(empty_url, folder, changes):
    assert drift(empty_url, folder) == ()
    for change in changes:
        sql(empty_url, change)
    found = [str(one) for one in drift(empty_url, folder)]
    unsaid = [said for said in changes.values() if not any(one.startswith(said) for one in found)]
    assert unsaid == [], found


BESIDE = ["CREATE TABLE other (id int)", "GRANT SELECT ON users TO PUBLIC", "COMMENT ON TABLE users IS 'x'"]


@pytest.mark.parametrize("change", BESIDE)
def test_what_is_somebody_elses_is_named_on_demand_only(empty_url, folder, change):
    sql(empty_url, change)
    assert drift(empty_url, folder) == ()
    assert drift(empty_url, folder, everything=True) != ()


def test_a_schema_with_more_than_the_books_is_part_of_it(empty_url, folder):
    assert drift(empty_url, folder, everything=True) == ()
    sql(empty_url, "CREATE TABLE drizzle.more ()")
    found = [str(one) for one in drift(empty_url, folder, everything=True)]
    assert found == [f"{one} is there and was never made" for one in ("schema drizzle", "table drizzle.more")]


def test_the_books_may_be_all_that_is_in_a_schema_of_others(empty_url, tmp_path):
    folder, books = read_folder(journal(tmp_path, {"init": "SELECT 1"})), Books("public", "books")
    apply(empty_url, folder, books=books)
    assert drift(empty_url, folder, books=books, everything=True) == ()


def test_what_is_pending_is_no_drift(empty_url, tmp_path):
    apply(empty_url, read_folder(folders(tmp_path, some("init"))))
    assert drift(empty_url, read_folder(folders(tmp_path, SCRIPTS))) == ()


def test_the_order_of_columns_is_that_in_which_they_were_made(empty_url, tmp_path):
    """A migration that was merged later fills a hole, and its column stands last."""
    added = {"init": USERS, "posts": "ALTER TABLE users ADD COLUMN a int", "ages": "ALTER TABLE users ADD COLUMN b int"}
    apply(empty_url, read_folder(folders(tmp_path / "some", {name: added[name] for name in ("init", "ages")})))
    whole = read_folder(folders(tmp_path / "whole", added))
    apply(empty_url, whole)
    assert drift(empty_url, whole) == ()


@pytest.mark.parametrize("by_hand", [True, False])
def test_extensions_may_be_made_by_hand_or_by_a_migration(empty_url, tmp_path, by_hand):
    making = "CREATE SCHEMA kinds; CREATE EXTENSION hstore SCHEMA kinds"
    if by_hand:
        sql(empty_url, making)
    scripts = {"init": "SELECT 1" if by_hand else making, "posts": "CREATE TABLE posts (tags kinds.hstore)"}
    folder = read_folder(journal(tmp_path, scripts))
    apply(empty_url, folder)
    assert drift(empty_url, folder) == ()


def test_our_own_history_lives_beside_it(empty_url, folder):
    history = Migrations(empty_url)
    history.upgrade()
    assert (drift(empty_url, folder), history.drift()) == ((), ())
    apply(
        empty_url, read_folder(journal(folder.path, WHOLE | {"late": "CREATE TABLE late ()"}, TIMES | {"late": 2**50}))
    )
    assert [str(one) for one in history.drift()] == ["table public.late is there and was never made"]
    history.accept()
    assert history.drift() == ()


def databases(url):
    return sql(url, "SELECT count(*) FROM pg_database WHERE datname LIKE 'infra_drizzle_%'")


def test_nothing_is_left_behind(empty_url, folder):
    drift(empty_url, folder)
    with pytest.raises(MigrationFailed, match="do not run on an empty database: 0001_posts, statement 1"):
        drift(empty_url, read_folder(journal(folder.path, WHOLE | {"posts": "CREATE TABLE posts (LIKE gone)"})))
    assert databases(empty_url) == [(0,)]


def test_a_server_that_goes_away_is_no_fault_of_the_folder(empty_url, folder):
    ending = WHOLE | {"posts": "SELECT pg_terminate_backend(pg_backend_pid())"}
    with pytest.raises(ConnectionLost):
        drift(empty_url, read_folder(journal(folder.path, ending)))
    assert databases(empty_url) == [(0,)]


def test_who_may_not_make_a_database_is_told_so(empty_url, folder):
    with psycopg.connect(empty_url, autocommit=True) as connection:
        role = f"maker_{folder.migrations[0].hash[:8]}_{connection.info.backend_pid}"
        connection.execute(f"CREATE ROLE {role} LOGIN SUPERUSER")
        try:
            url = make_conninfo(empty_url, user=role)
            with psycopg.connect(url, autocommit=True) as other:
                connection.execute(f"ALTER ROLE {role} NOSUPERUSER; GRANT pg_read_all_data TO {role}")
                with pytest.raises(PermissionDenied, match="may not create a database; let it, or name an empty one"):
                    drift(other, folder)
        finally:
            connection.execute(f"DROP ROLE {role}")


@pytest.fixture
def infra(empty_url, monkeypatch):
    """Runs `infra drizzle`; gives the exit code and all that was said."""
    monkeypatch.setenv("DATABASE_URL", empty_url)

    def run(*arguments):
        found = CliRunner().invoke(main, ["drizzle", *map(str, arguments)], catch_exceptions=False)
        return found.exit_code, found.output

    return run


def test_the_command_tells_and_applies(infra, empty_url, tmp_path):
    folder = journal(tmp_path, some("init", "posts"))
    code, said = infra("status", folder)
    assert (code, said.splitlines()[-1]) == (1, "0 of 2 applied (format 0.45)")
    assert 'CREATE TABLE "users"' in infra("plan", folder)[1]
    assert infra("apply", folder) == (0, "0000_init applied\n0001_posts applied\n2 applied\n")
    assert infra("status", folder) == (0, "2 of 2 applied (format 0.45)\n")
    assert infra("drift", folder) == (0, "the schema is what the applied migrations made\n")
    sql(empty_url, "DROP TABLE posts")
    assert (infra("drift", folder)[0], "table public.posts is missing" in infra("drift", folder)[1]) == (1, True)


def test_what_is_left_is_noted(infra, tmp_path):
    infra("apply", journal(tmp_path, some("init")))
    edited = journal(tmp_path, {"init": POSTS})
    assert (infra("apply", edited)[0], infra("plan", edited)[0]) == (1, 1)
    assert infra("plan", edited, "--allow-edited") == (0, "")
    note = "note: 0000_init was edited after it was applied"
    assert infra("apply", edited, "--allow-edited", "--wait", "1") == (0, f"{note}\n0 applied\n")


WRONG = [
    (["status", "/no/such/folder"], 2, "invalid_request: /no/such/folder: it cannot be read as a folder"),
    (["apply", "{}", "--url", "postgresql://u:hidden@127.0.0.1:1/d"], 3, "connect_failed"),
    (["plan", "{}", "--url", "mysql://u:hidden@h/d"], 2, "postgresql://"),
    (["drift", "{}", "--scratch", "postgresql://u:hidden@127.0.0.1:1/d"], 3, "connect_failed"),
    (["drift"], 2, "FOLDER"),
    *((["apply", "{}", "--wait", wait], 2, "others cannot be waited for") for wait in ("nan", "inf", "-1", "1e999")),
]


@pytest.mark.parametrize(("arguments", "code", "said"), WRONG)
def test_wrong_input_is_one_line(infra, tmp_path, arguments, code, said):
    folder = journal(tmp_path, some("init"))
    found, output = infra(*(one.format(folder) for one in arguments))
    assert (found, said in output) == (code, True), output
    assert "hidden" not in output
