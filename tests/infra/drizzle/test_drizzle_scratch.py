"""Step 1: migrations are tried on a database that is empty, and none is left behind or taken from anybody."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.conninfo import make_conninfo

from infra_adapters.cli import main
from infra_adapters.errors import InvalidRequest, MigrationFailed
from infra_adapters.postgres.drizzle import apply, drift, read_folder
from infra_adapters.postgres.drizzle.scratch import made
from tests.infra.drizzle_folders import MARK, SCRIPTS, TIMES, booked, digest, journal, relations, sql

pytestmark = [pytest.mark.blocking, pytest.mark.deliverable("A database shared with a Drizzle team")]


@pytest.fixture
def scratch(empty_template):
    """Another empty database."""
    with empty_template.fresh() as url:
        yield url


@pytest.fixture
def folder(empty_url, tmp_path):
    """A folder that was applied."""
    read = read_folder(journal(tmp_path, SCRIPTS))
    apply(empty_url, read)
    return read


def test_an_empty_database_can_be_named(empty_url, scratch, folder):
    sql(empty_url, "ALTER TABLE users ADD COLUMN more int")
    sql(scratch, b"CREATE SCHEMA kinds; CREATE EXTENSION hstore SCHEMA kinds")
    sql(scratch, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC")
    assert len(drift(empty_url, folder, scratch=scratch)) == 1
    assert relations(scratch) == []


def ending(url, tmp_path, text):
    """A folder with a migration that ends the transaction, as Drizzle itself would have applied it."""
    parts = ["CREATE TABLE a ()", text, "CREATE TABLE b ()"]
    folder = read_folder(journal(tmp_path, {"init": f"\n{MARK}\n".join(parts)}))
    for part in parts:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(part.encode())
    booked(url, [(folder.migrations[0].hash, TIMES["init"])])
    return folder


FULL = {
    "CREATE TABLE users (id int)": "it has column public.users.id, table public.users; name another",
    "CREATE TABLE c (x int, y int, z int)": "column public.c.y, column public.c.z and 1 more; name another",
    "CREATE VIEW v AS SELECT 1 AS x": "view public.v",
    "CREATE TYPE t AS ENUM ('x')": "type public.t",
    "CREATE SEQUENCE s": "sequence public.s",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1": "function public.f",
}


@pytest.mark.parametrize(("there", "said"), FULL.items())
def test_a_database_with_anything_in_it_is_refused_untouched(empty_url, scratch, tmp_path, there, said):
    """What ends its transaction would stay there, had it been run."""
    folder = ending(empty_url, tmp_path, "COMMIT")
    sql(scratch, there)
    with pytest.raises(InvalidRequest, match="is not empty, it has") as caught:
        drift(empty_url, folder, scratch=scratch)
    assert said in str(caught.value)
    told = CliRunner().invoke(main, ["drizzle", "drift", str(folder.path), "--url", empty_url, "--scratch", scratch])
    assert (told.exit_code, said in told.output) == (2, True)
    assert "a" not in relations(scratch)


def test_the_database_itself_is_no_empty_one(empty_url, folder):
    with pytest.raises(InvalidRequest, match="is not empty"):
        drift(empty_url, folder, scratch=empty_url)
    assert relations(empty_url) == ["posts", "users"]


def test_in_a_database_that_was_named_the_transaction_may_not_end(empty_url, scratch, tmp_path):
    folder = ending(empty_url, tmp_path, "COMMIT")
    with pytest.raises(MigrationFailed, match="0000_init, statement 2, line 3, ended the transaction: the database"):
        drift(empty_url, folder, scratch=scratch)
    assert relations(scratch) == ["a"]


def test_in_one_that_is_dropped_it_may(empty_url, tmp_path):
    assert drift(empty_url, ending(empty_url, tmp_path, "COMMIT")) == ()


def test_what_fails_there_behind_a_commit_is_named_as_what_failed(empty_url, tmp_path):
    text = "COMMIT; SELECT gone"
    booked(empty_url, [(digest(text), TIMES["init"])])
    with pytest.raises(MigrationFailed, match=r"on an empty database: 0000_init, statement 1 .* 42703"):
        drift(empty_url, read_folder(journal(tmp_path, {"init": text})))


def exists(url, name):
    return sql(url, "SELECT count(*) FROM pg_database WHERE datname = %s", [name])[0][0] == 1


@contextmanager
def database(url, name, owner="DEFAULT"):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {owner} TEMPLATE template0")
        try:
            yield connection
        finally:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def token():
    return secrets.token_hex(6)


def test_what_a_process_that_is_gone_has_left_is_dropped(empty_url, folder, token):
    """The lock is held on another connection, as the maker's would be; it is of another database on the server."""
    name = f"infra_drizzle_{token}"
    with database(empty_url, name), psycopg.connect(make_conninfo(empty_url, dbname="postgres")) as maker:
        maker.execute("SELECT pg_advisory_lock(%s::bigint)", [int(token, 16)])
        drift(empty_url, folder)
        assert exists(empty_url, name)
        maker.execute("SELECT pg_advisory_unlock(%s::bigint)", [int(token, 16)])
        drift(empty_url, folder)
        assert not exists(empty_url, name)


def test_one_with_somebody_in_it_is_kept(empty_url, folder, token):
    name = f"infra_drizzle_{token}"
    with database(empty_url, name), psycopg.connect(make_conninfo(empty_url, dbname=name)):
        drift(empty_url, folder)
        assert exists(empty_url, name)


def test_one_that_was_just_made_is_kept(empty_url, folder):
    """Its maker has not connected to it yet, and holds the lock already."""
    with psycopg.connect(empty_url) as connection, made(connection) as empty:
        name = empty.info.dbname
        empty.close()
        until(lambda: sql(empty_url, INSIDE, [name]), lambda found: found == [(0,)])
        drift(empty_url, folder)
        assert exists(empty_url, name)
    assert not exists(empty_url, name)


@pytest.mark.parametrize("form", ["infra_drizzle_{}_", "infra_drizzle_x{}", "my_infra_drizzle_{}", "infra_drizzle_my"])
def test_one_with_another_name_is_kept(empty_url, folder, token, form):
    name = form.format(token)
    with database(empty_url, name):
        drift(empty_url, folder)
        assert exists(empty_url, name)


def test_one_of_another_role_is_kept(empty_url, folder, token):
    name = f"infra_drizzle_{token}"
    sql(empty_url, f"CREATE ROLE maker_{token}")
    try:
        with database(empty_url, name, f"maker_{token}"):
            drift(empty_url, folder)
            assert exists(empty_url, name)
    finally:
        sql(empty_url, f"DROP ROLE maker_{token}")


INSIDE = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
ONE = "import sys; from infra_adapters.postgres.drizzle import *; drift(sys.argv[1], read_folder(sys.argv[2]))"
ASLEEP = "SELECT datname::text, pid FROM pg_stat_activity WHERE query = %s AND datname LIKE 'infra_drizzle_%%'"


def until(ask, ready):
    """The first answer that is ready."""
    for _ in range(1500):
        if ready(found := ask()):
            return found
        time.sleep(0.02)
    raise AssertionError("it never came")


def test_after_a_kill_the_next_one_clears_away(empty_url, tmp_path, token):
    text = f"SELECT pg_sleep(100) AS at_{token}"
    slow = journal(tmp_path / "slow", {"init": text})
    booked(empty_url, [(digest(text), TIMES["init"])])
    quick = read_folder(journal(tmp_path / "quick", {"init": "SELECT 1"}))
    running = subprocess.Popen([sys.executable, "-c", ONE, empty_url, str(slow)])
    try:
        [(name, pid)] = until(lambda: sql(empty_url, ASLEEP, [text]), bool)
        drift(empty_url, quick)
        assert exists(empty_url, name)
    finally:
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    sql(empty_url, "SELECT pg_terminate_backend(%s, 10000)", [pid])
    until(lambda: drift(empty_url, quick), lambda _: not exists(empty_url, name))
