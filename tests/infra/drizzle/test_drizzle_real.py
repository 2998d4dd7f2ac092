"""The real Drizzle and ours on one database, in either order and at once; skipped where Node or npm is missing.

Nothing here is blocking: a machine without Node proves the same by test_drizzle_apply.py, in our own words.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import psycopg
import pytest

from infra_adapters.errors import MigrationError
from infra_adapters.postgres import Migrations
from infra_adapters.postgres.catalog import differences, read_catalog
from infra_adapters.postgres.drizzle import Books, apply, drift, read_folder, status
from tests.infra.drizzle_folders import (
    FOLDERS,
    MARK,
    NEWER,
    SCRIPTS,
    TABLE,
    TIMES,
    booked,
    folders,
    journal,
    relations,
    rows,
    some,
    sql,
)
from tests.infra.drizzle_node import HERE, installed

pytestmark = pytest.mark.xdist_group("drizzle")

MAKERS = {"stable": journal, "next": folders}
NAMES = {"stable": "id, hash, created_at", "next": "id, hash, created_at, name"}


@pytest.fixture(scope="module")
def stable():
    with installed("stable") as node:
        yield node


@pytest.fixture(scope="module")
def newer():
    with installed("next") as node:
        yield node


@pytest.fixture(params=["stable", "next"])
def real(request):
    """Each release."""
    return request.getfixturevalue("stable" if request.param == "stable" else "newer")


@pytest.fixture
def make(real, tmp_path):
    """Writes a folder of the release's form."""
    return lambda scripts, *times: MAKERS[real.release](tmp_path / "made", scripts, *times)


@pytest.fixture
def other_url(empty_template):
    with empty_template.fresh() as url:
        yield url


def everything(url):
    """All rows of the table as texts, and the catalog of the whole database."""
    with psycopg.connect(url) as connection:
        found = read_catalog(connection)
        texts = connection.execute("SELECT to_jsonb(r) - 'applied_at' FROM drizzle.__drizzle_migrations r ORDER BY id")
        return texts.fetchall(), found


def test_both_leave_the_same_rows_and_the_same_schema(empty_url, other_url, real, make):
    folder = make(SCRIPTS)
    apply(empty_url, read_folder(folder))
    real.migrate(other_url, folder)
    ours, theirs = everything(empty_url), everything(other_url)
    assert ours[0] == theirs[0]
    assert differences(theirs[1], ours[1]) == ()


def test_after_ours_the_real_one_finds_nothing_to_do(empty_url, real, make):
    folder = make(SCRIPTS)
    apply(empty_url, read_folder(folder))
    before = rows(empty_url, "*")
    real.migrate(empty_url, folder)
    assert rows(empty_url, "*") == before


def test_the_real_one_goes_on_where_ours_ended(empty_url, other_url, real, make):
    apply(empty_url, read_folder(make(some("init", "posts"))))
    real.migrate(empty_url, make(SCRIPTS))
    real.migrate(other_url, make(SCRIPTS))
    assert rows(empty_url, NAMES[real.release]) == rows(other_url, NAMES[real.release])
    assert status(empty_url, read_folder(make(SCRIPTS))).lines() == ()


def test_ours_goes_on_where_the_real_one_ended(empty_url, real, make):
    real.migrate(empty_url, make(some("init")))
    folder = read_folder(make(SCRIPTS))
    assert [one.name for one in apply(empty_url, folder)] == [one.name for one in folder.migrations[1:]]
    real.migrate(empty_url, make(SCRIPTS))
    assert (len(rows(empty_url)), status(empty_url, folder).lines(), drift(empty_url, folder)) == (3, (), ())


def test_other_names_of_schema_and_table(empty_url, real, make):
    real.migrate(empty_url, make(some("init", "posts")), "My schema", "My table")
    books = Books("My schema", "My table")
    assert len(apply(empty_url, read_folder(make(SCRIPTS)), books=books)) == 1
    real.migrate(empty_url, make(SCRIPTS), "My schema", "My table")
    assert sql(empty_url, 'SELECT count(*) FROM "My schema"."My table"') == [(3,)]


ODD = {
    "windows": "CREATE TABLE a (\r\n x int);\r\n--> statement-breakpoint\r\n\r\nCREATE TABLE b ();\r\n",
    "several in one, and none": f"CREATE TABLE a (); CREATE TABLE b ();\n{MARK}\n\n{MARK}\n-- nothing\n",
    "a mark in a text": f"CREATE TABLE a ();\n{MARK}\nCREATE TABLE b ();COMMENT ON TABLE b IS 'a % and $1 and ü😀';",
    "percent signs": "CREATE TABLE a ();CREATE TABLE b (); SELECT 1 % 2, '%s', '%(name)s', ':x', '?';",
}


def test_where_the_real_one_loses_its_transaction_ours_stops(empty_url, other_url, real, make):
    folder = make({"init": f"CREATE TABLE a ();\n{MARK}\nCOMMIT;\n{MARK}\nCREATE TABLE b ();\n{MARK}\nSELECT gone"})
    running = real.migrator(other_url, folder)
    running.communicate(timeout=60)
    assert (running.returncode != 0, relations(other_url), rows(other_url)) == (True, ["a", "b"], [])
    with pytest.raises(MigrationError, match="statement 2, line 3, ended the transaction: what ran before it stays"):
        apply(empty_url, read_folder(folder))
    assert (relations(empty_url), rows(empty_url)) == (["a"], [])


@pytest.mark.parametrize("text", ODD)
def test_odd_files_are_the_same_to_both(empty_url, other_url, real, make, text):
    folder = make({"init": ODD[text]})
    apply(empty_url, read_folder(folder))
    real.migrate(other_url, folder)
    real.migrate(empty_url, folder)
    assert (relations(empty_url), everything(empty_url)[0]) == (["a", "b"], everything(other_url)[0])


def test_names_of_one_moment_are_run_in_the_same_order(empty_url, other_url, newer, tmp_path):
    names = ["B", "a", "b-c", "b_c", "b", "A", "b2", "b c", "ba", "B_", "e", "f", "b.c", "b,c", "b+c"]
    folder = folders(tmp_path, dict.fromkeys(names, "SELECT 1"), dict.fromkeys(names, FOLDERS["init"]))
    newer.migrate(empty_url, folder)
    apply(other_url, read_folder(folder))
    assert rows(empty_url, "name") == rows(other_url, "name")


def history(chance, make, folder, form):
    """A random folder, and rows that fit it more or less."""
    names = list(FOLDERS)[: chance.randint(1, 3)]
    seconds = {name: chance.randint(1, 4) for name in names}
    times = {
        "stable": {name: seconds[name] * 1000 + chance.randint(0, 2) for name in names},
        "next": {name: f"1970010100000{seconds[name]}" for name in names},
    }
    texts = {name: chance.choice(["SELECT 1", f"SELECT 1 AS {name}"]) for name in names}
    read = read_folder(make(folder, texts, times[form]))
    rows = [(one.hash, one.created_at, one.name) for one in read.migrations if chance.random() < 0.6]
    rows += [("x", chance.randint(0, 5000), chance.choice([None, "gone"]))] * (chance.random() < 0.3)
    chance.shuffle(rows)
    return read, [
        (chance.choice([hash_, "edited"]) if chance.random() < 0.2 else hash_, *rest) for hash_, *rest in rows
    ]


@pytest.mark.parametrize("columns", [TABLE, NEWER], ids=["older", "newer"])
def test_of_random_histories_both_run_the_same(empty_url, real, tmp_path, columns):
    chance, read = random.Random(4), []
    for at in range(30):
        folder, there = history(chance, MAKERS[real.release], tmp_path / str(at), real.release)
        booked(empty_url, there if columns == NEWER else [row[:2] for row in there], columns, f"s{at}")
        read.append(folder)
    states = [status(empty_url, folder, books=Books(f"s{at}")) for at, folder in enumerate(read)]
    said = real.migrate_each(empty_url, [(f"s{at}", folder.path) for at, folder in enumerate(read)])
    for at, (state, error) in enumerate(zip(states, said, strict=True)):
        before = len(state.ledger.rows)
        after = sql(empty_url, f"SELECT hash, created_at FROM s{at}.__drizzle_migrations ORDER BY id")[before:]
        assert (error is not None) == bool(state.refusals), (at, error)
        assert after == ([] if error else [(one.hash, one.created_at) for one in state.pending]), at
    assert {len(state.pending) for state in states} == {0, 1, 2, 3}


@pytest.mark.parametrize("columns", [TABLE, NEWER], ids=["older", "newer"])
def test_of_random_histories_both_leave_the_same_rows(empty_url, other_url, real, tmp_path, columns):
    chance, read = random.Random(9), []
    for at in range(20):
        folder, there = history(chance, MAKERS[real.release], tmp_path / str(at), real.release)
        for url in (empty_url, other_url):
            booked(url, there if columns == NEWER else [row[:2] for row in there], columns, f"s{at}")
        if not status(empty_url, folder, books=Books(f"s{at}")).refusals:
            read.append((f"s{at}", folder))
            apply(empty_url, folder, books=Books(f"s{at}"), allow_edited=True)
    real.migrate_each(other_url, [(schema, folder.path) for schema, folder in read])
    for schema, _ in read:
        rows = f"SELECT to_jsonb(r) - 'applied_at' FROM {schema}.__drizzle_migrations r ORDER BY id"
        assert sql(empty_url, rows) == sql(other_url, rows), schema


CONFIG = """
export default {{ dialect: "postgresql", out: "./{out}", schema: "./schema.ts", {more} dbCredentials: {{
  host: process.env.PGHOST, port: Number(process.env.PGPORT), user: process.env.PGUSER, ssl: false,
  password: process.env.PGPASSWORD ?? "x", database: process.env.PGDATABASE }} }};
"""


def test_the_kit_finds_nothing_to_do_either(empty_url, other_url, real):
    folder = real.generate((HERE / "schema.ts").read_text(), "init", "kit")
    (real.folder / "kit.config.mjs").write_text(CONFIG.format(out="kit", more=""))
    apply(empty_url, read_folder(folder))
    real.kit("migrate", "--config=kit.config.mjs", url=empty_url)
    real.kit("migrate", "--config=kit.config.mjs", url=other_url)
    assert everything(empty_url)[0] == everything(other_url)[0]
    assert drift(other_url, read_folder(folder)) == ()


def test_a_push_leaves_our_tables_where_a_filter_says_so(empty_url, newer):
    folder = newer.generate((HERE / "schema.ts").read_text(), "init", "pushed")
    apply(empty_url, read_folder(folder))
    Migrations(empty_url).upgrade()
    config = CONFIG.format(out="pushed", more='tablesFilter: ["!infra_*"],')
    (newer.folder / "push.config.mjs").write_text(config)
    assert "No changes detected" in newer.kit("push", "--config=push.config.mjs", url=empty_url)
    assert "infra_migrations" in relations(empty_url)


def test_what_is_told_as_skipped_the_real_one_never_runs(empty_url, stable, tmp_path):
    late = TIMES | {"late": TIMES["init"] + 1}
    stable.migrate(empty_url, journal(tmp_path, SCRIPTS))
    folder = journal(tmp_path, SCRIPTS | {"late": "CREATE TABLE late ()"}, late)
    stable.migrate(empty_url, folder)
    assert "late" not in relations(empty_url)
    assert [one.name for one in status(empty_url, read_folder(folder)).skipped] == ["0003_late"]
    assert apply(empty_url, read_folder(folder)) == ()


@pytest.mark.parametrize("ours", [True, False])
def test_a_hole_is_filled_by_both(empty_url, newer, tmp_path, ours):
    newer.migrate(empty_url, folders(tmp_path / "some", some("init", "ages")))
    whole = folders(tmp_path / "whole", SCRIPTS)
    apply(empty_url, read_folder(whole)) if ours else newer.migrate(empty_url, whole)
    assert [name[15:] for (name,) in rows(empty_url, "name")] == ["init", "ages", "posts"]
    assert status(empty_url, read_folder(whole)).lines() == ()


def test_an_older_table_becomes_the_same_newer_one(empty_url, other_url, stable, newer, tmp_path):
    old, new = journal(tmp_path / "old", some("init", "posts")), folders(tmp_path / "new", SCRIPTS)
    stable.migrate(empty_url, old)
    stable.migrate(other_url, old)
    apply(empty_url, read_folder(new))
    newer.migrate(other_url, new)
    ours, theirs = everything(empty_url), everything(other_url)
    assert (ours[0], differences(theirs[1], ours[1])) == (theirs[0], ())
    newer.migrate(empty_url, new)
    stable.migrate(empty_url, old)
    assert len(rows(empty_url)) == 3


def test_a_table_that_the_real_one_cannot_upgrade_is_refused_by_both(empty_url, newer, tmp_path):
    booked(empty_url, [("x", 5)])
    folder = folders(tmp_path, SCRIPTS)
    with pytest.raises(MigrationError, match="belongs to no migration"):
        apply(empty_url, read_folder(folder))
    running = newer.migrator(empty_url, folder)
    assert "do not match any local migration" in running.communicate(timeout=60)[0]
    assert running.returncode != 0


def test_what_the_kit_generates_is_applied_and_drift_is_named(empty_url, real):
    schema = (HERE / "schema.ts").read_text()
    folder = real.generate(schema, "init", "made")
    assert len(apply(empty_url, read_folder(folder))) == 1
    assert drift(empty_url, read_folder(folder)) == ()
    time.sleep(1)  # The kit names a folder by its second.
    real.generate(schema.replace("body:", "title: pg.varchar({ length: 40 }).notNull(),\n    body:"), "title", "made")
    assert len(apply(empty_url, read_folder(folder))) == 1
    real.migrate(empty_url, folder)
    assert (len(rows(empty_url)), drift(empty_url, read_folder(folder))) == (2, ())
    sql(empty_url, "ALTER TABLE posts ALTER title DROP NOT NULL")
    found = str(drift(empty_url, read_folder(folder))[0])
    assert found == "column public.posts.title: not null is 'nothing', expected 'true'"


SLOW = {"init": f"{SCRIPTS['init']}\n{MARK}\nSELECT pg_sleep(1.5)", "posts": SCRIPTS["posts"]}
ASLEEP = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
ONE = "import sys; from infra_adapters.postgres.drizzle import *; apply(sys.argv[1], read_folder(sys.argv[2]))"


def ours(url, folder):
    argv = [sys.executable, "-c", ONE, url, str(folder)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def asleep(url):
    """Return when a migration is in its midst."""
    for _ in range(3000):
        if sql(url, ASLEEP):
            return
        time.sleep(0.01)
    raise AssertionError("no migration began")


def ended(*running):
    """The exit codes; every word that was said where one failed."""
    said = [one.communicate(timeout=60)[0] for one in running]
    codes = {one.returncode for one in running}
    assert codes == {0}, said


def test_four_of_ours_and_two_of_the_real_ones_at_once(empty_url, real, make):
    folder = make(SLOW)
    first = ours(empty_url, folder)
    asleep(empty_url)
    rest = [ours(empty_url, folder) for _ in range(3)] + [real.migrator(empty_url, folder) for _ in range(2)]
    ended(first, *rest)
    assert (len(rows(empty_url)), relations(empty_url)) == (2, ["posts", "users"])


def test_a_real_one_in_its_midst_is_let_through(empty_url, real, make):
    folder = make(SLOW)
    running = real.migrator(empty_url, folder)
    asleep(empty_url)
    ended(running, *(ours(empty_url, folder) for _ in range(4)))
    assert (len(rows(empty_url)), relations(empty_url)) == (2, ["posts", "users"])


def test_after_a_kill_the_real_one_does_it_all(empty_url, real, make):
    folder = make(SLOW)
    running = ours(empty_url, folder)
    asleep(empty_url)
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    assert relations(empty_url) == []
    real.migrate(empty_url, folder)
    assert status(empty_url, read_folder(folder)).lines() == ()


def test_the_kit_brings_a_journal_to_folders_that_are_the_same_to_us(empty_url, stable, newer):
    made = stable.generate((HERE / "schema.ts").read_text(), "init", "old")
    apply(empty_url, read_folder(made))
    up = newer.folder / "up"
    up.mkdir()
    subprocess.run(["cp", "-r", f"{made}/.", str(up)], check=True)
    newer.kit("up", "--dialect=postgresql", "--out=./up")
    folder = read_folder(up)
    before = [one.hash for one in read_folder(made).migrations]
    assert ([one.hash for one in folder.migrations], apply(empty_url, folder)) == (before, ())
    newer.migrate(empty_url, up)
    assert status(empty_url, folder).lines() == ()
