"""Step 1: a backfill walks a table in use, and a death at any moment leaves no row undone and none done twice."""

from __future__ import annotations

import contextlib
import threading

import psycopg
import pytest

from infra_adapters.errors import (
    ChecksumMismatch,
    InvalidRequest,
    LockTimeout,
    MigrationFailed,
    MigrationLocked,
    QueryTimeout,
    Unavailable,
)
from infra_adapters.postgres.evolution import Backfill, BackfillStopped, Failure, backfill, forget_backfill
from tests.infra.evolution_items import EXPAND, FILL, ITEMS, job, sql, wrong

pytestmark = [
    pytest.mark.blocking,
    pytest.mark.deliverable("Dangerous changes refused without a reason in writing, and helpers that make them safely"),
]


@pytest.fixture
def url(empty_url):
    sql(empty_url, ITEMS)
    sql(empty_url, FILL.format(950))
    return empty_url


def test_every_row_is_written_once(url):
    told = []
    done = backfill(url, job(), report=told.append)
    assert wrong(url) == (0, 0, 950)
    assert (done.scanned, done.changed, done.failed, done.finished) == (950, 950, 0, True)
    assert [one.scanned for one in told] == [*range(100, 1000, 100), 950]
    assert done.rate > 0
    assert done.estimated > 0


def test_a_finished_job_does_nothing_until_it_is_forgotten(url):
    backfill(url, job())
    assert backfill(url, job()).changed == 950
    assert wrong(url)[2] == 950
    forget_backfill(url, job())
    assert backfill(url, job(where="id <= 10")).changed == 10
    assert wrong(url)[2] == 960


def test_a_job_is_not_forgotten_while_it_runs(url):
    def forget(_):
        with pytest.raises(MigrationLocked):
            forget_backfill(url, job(), wait=0)

    backfill(url, job(batch_size=500), report=forget)
    assert wrong(url) == (0, 0, 950)


def test_a_job_whose_place_is_removed_while_it_runs_stops(url):
    with pytest.raises(MigrationFailed, match="removed while it ran"):
        backfill(url, job(), report=lambda _: sql(url, "DELETE FROM infra_backfill"))
    assert wrong(url)[2] == 100
    assert backfill(url, job(), dry_run=True).scanned == 950


def test_forgetting_what_never_began_is_nothing(url):
    forget_backfill(url, job())
    assert sql(url, "SELECT to_regclass('infra_backfill')") == [(None,)]


def test_rows_outside_of_the_condition_are_walked_past(url):
    done = backfill(url, job(where="note IS NULL AND id % 2 = 0"))
    assert (done.scanned, done.changed) == (950, 475)


def test_a_dry_run_counts_shows_and_changes_nothing(url):
    done = backfill(url, job(where="id % 10 = 0"), dry_run=True)
    assert (done.scanned, done.changed, done.finished, done.dry_run) == (950, 95, True, True)
    keys, update = done.statements
    assert 'ORDER BY "t"."id" LIMIT 100' in keys
    assert """SET "total" = (price * quantity) WHERE ("t"."id") <= ('100'::text::bigint) AND (id % 10 = 0)""" in update
    assert sql(url, "SELECT count(total), to_regclass('infra_backfill') FROM items") == [(0, None)]
    sql(url, update)
    assert wrong(url)[2] == 10


def test_a_dry_run_goes_on_from_where_a_run_was(url):
    with pytest.raises(KeyboardInterrupt):
        backfill(url, job(), report=interrupt_at(300))
    assert backfill(url, job(), dry_run=True).changed == 950
    assert wrong(url)[2] == 300


def interrupt_at(scanned):
    def report(progress):
        if progress.scanned == scanned:
            raise KeyboardInterrupt

    return report


def test_an_interrupted_run_goes_on_where_it_was(url):
    with pytest.raises(KeyboardInterrupt):
        backfill(url, job(), report=interrupt_at(300))
    told = []
    backfill(url, job(), report=told.append)
    assert told[0].scanned == 400
    assert wrong(url) == (0, 0, 950)


KEYS = [
    ("uuid", "gen_random_uuid()"),
    ("text", "'k' || n % 31 || chr(900 + n)"),
    ("char(8)", "n::text"),
    ("timestamptz", "'2024-03-31 00:00+00'::timestamptz + n * interval '1.000001 s'"),
    ("numeric", "n / 7.0"),
    ("float8", "n / 7.0"),
    ('"char"', 'chr(n)::"char"'),
    ("bit(9)", "n::bit(9)"),
    ("date", "'2024-01-01'::date + n"),
]


@pytest.mark.parametrize(("kind", "value"), KEYS, ids=[kind for kind, _ in KEYS])
def test_keys_of_every_kind_are_walked(empty_url, kind, value):
    sql(empty_url, f"CREATE TABLE things (id {kind} PRIMARY KEY, n int, done int NOT NULL DEFAULT 0)")
    sql(empty_url, f"INSERT INTO things SELECT {value}, n FROM generate_series(1, 101) n")
    backfill(empty_url, job(table="things", sets={"done": "done + 1"}, batch_size=7))
    assert sql(empty_url, "SELECT done, count(*) FROM things GROUP BY done") == [(1, 101)]


SHOP = """
CREATE SCHEMA "Shop";
CREATE TABLE "Shop"."Lines" (a int, "B c" text, n int DEFAULT 0, u int UNIQUE, PRIMARY KEY (a, "B c"));
"""


@pytest.fixture
def composite(empty_url):
    sql(empty_url, SHOP)
    sql(empty_url, """INSERT INTO "Shop"."Lines" SELECT n % 5, n::text FROM generate_series(1, 200) n""")
    return empty_url


@pytest.mark.parametrize("size", [1, 3, 199, 200, 201])
def test_keys_of_several_columns_and_odd_names_are_walked(composite, size):
    asked = job(table="Shop.Lines", sets={"n": "n + 1"}, batch_size=size, schema="Shop")
    assert backfill(composite, asked).scanned == 200
    assert sql(composite, 'SELECT n, count(*) FROM "Shop"."Lines" GROUP BY n') == [(1, 200)]
    assert sql(composite, 'SELECT finished_at IS NOT NULL FROM "Shop".infra_backfill') == [(True,)]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"table": "nowhere"}, "not there or has no primary key"),
        ({"table": "written"}, "no primary key"),
        ({"key": ("price",)}, "no unique index of exactly price, never null"),
        ({"table": "Shop.Lines", "key": ("u",)}, "never null"),
        ({"sets": {"id": "id + 1"}}, "cannot be changed"),
        ({"sets": {}, "change": lambda row: {"id": 1}}, "cannot change the key"),
    ],
)
def test_a_walk_that_would_not_be_exact_is_refused(composite, values, said):
    sql(composite, ITEMS)
    sql(composite, FILL.format(10))
    with pytest.raises(MigrationFailed, match=said):
        backfill(composite, job(**values))


def test_another_unique_key_is_walked_where_it_is_named(composite):
    sql(composite, 'UPDATE "Shop"."Lines" SET u = "B c"::int; ALTER TABLE "Shop"."Lines" ALTER u SET NOT NULL')
    told = []
    backfill(composite, job(table="Shop.Lines", sets={"n": "u"}, key=("u",), batch_size=50), report=told.append)
    assert sql(composite, 'SELECT count(*) FROM "Shop"."Lines" WHERE n <> u') == [(0,)]
    assert sql(composite, "SELECT last_key FROM infra_backfill") == [(["200"],)]


@pytest.mark.parametrize(
    "values",
    [
        {"sets": {}},
        {"change": dict},
        {"name": ""},
        {"batch_size": 0},
        {"attempts": 0},
        {"pause": -1},
        {"statement_timeout": 0},
    ],
)
def test_a_job_without_sense_is_refused(values):
    with pytest.raises(InvalidRequest):
        job(**values)


def test_another_job_of_the_same_name_is_refused(url):
    backfill(url, job())
    with pytest.raises(ChecksumMismatch, match="totals"):
        backfill(url, job(sets={"total": "price"}))


def total(row):
    if row["id"] % 300 == 0:
        raise ZeroDivisionError(f"secret {row['price']}")
    return {"total": row["price"] * row["quantity"]} if row["id"] != 7 else None


def test_a_function_finds_the_values_and_its_failures_are_told_by_key(url):
    done = backfill(url, job(sets={}, change=total))
    assert done.failures == (
        Failure(("300",), "ZeroDivisionError"),
        *(Failure((k,), "ZeroDivisionError") for k in ("600", "900")),
    )
    assert (done.scanned, done.changed, done.failed) == (950, 946, 3)
    assert sql(url, "SELECT array_agg(id ORDER BY id) FROM items WHERE total IS NULL") == [([7, 300, 600, 900],)]
    assert wrong(url)[1] == 0


def test_failures_are_kept_for_the_next_run(url):
    with pytest.raises(KeyboardInterrupt):
        backfill(url, job(sets={}, change=total), report=interrupt_at(700))
    assert [one.key for one in backfill(url, job(sets={}, change=total)).failures] == [("300",), ("600",), ("900",)]


def test_a_function_reads_what_it_asks_for_and_may_set_different_columns(url):
    seen = set()

    def change(row):
        seen.update(row)
        return {"note": "even"} if row["id"] % 2 == 0 else {"total": 1, "note": "odd"}

    done = backfill(url, job(sets={}, change=change, reads=("id",)))
    assert (seen, done.changed) == ({"id"}, 950)
    assert sql(url, "SELECT note, total, count(*) FROM items GROUP BY 1, 2 ORDER BY 1") == [
        ("even", None, 475),
        ("odd", 1, 475),
    ]


def test_a_dry_run_asks_the_function_and_shows_no_value(url):
    done = backfill(url, job(sets={}, change=total), dry_run=True)
    assert (done.changed, done.failed, done.statements[1]) == (
        946, 3, 'UPDATE "items" AS t SET "total" = %s WHERE ("t"."id") = (%s::text::bigint)')  # fmt: skip
    assert wrong(url)[2] == 0


def test_a_dry_run_of_a_function_that_changes_nothing_shows_what_it_reads(url):
    done = backfill(url, job(sets={}, change=lambda row: None), dry_run=True)
    assert (done.changed, len(done.statements)) == (0, 1)


@pytest.mark.parametrize("values", [{}, {"sets": {}, "change": lambda row: {"total": row["price"] * row["quantity"]}}])
def test_rows_that_the_server_refuses_are_found_and_left(url, values):
    sql(url, "ALTER TABLE items ADD CHECK (total IS NULL OR id NOT IN (150, 151, 777))")
    done = backfill(url, job(**values))
    assert done.failures == tuple(Failure((key,), "check_violated") for key in ("150", "151", "777"))
    assert sql(url, "SELECT array_agg(id) FROM items WHERE total IS NULL") == [([150, 151, 777],)]
    assert wrong(url)[1:] == (0, 947)


@pytest.mark.parametrize("values", [{}, {"sets": {}, "change": lambda row: {"total": 1 / 0}}])
def test_too_many_refusals_stop_the_job_before_that_batch(url, values):
    sql(url, "ALTER TABLE items ADD CHECK (total IS NULL OR id NOT BETWEEN 110 AND 190)")
    if values:
        sql(url, "UPDATE items SET note = 'x' WHERE id <= 100")
    with pytest.raises(BackfillStopped, match=r"\(110\)|\(1\)") as stopped:
        backfill(url, job(max_failures=5, **values))
    assert len(stopped.value.failures) in {6, 100}
    assert wrong(url)[2] == (0 if values else 100)


def test_the_message_of_a_refusal_holds_no_value(url):
    with pytest.raises(BackfillStopped) as stopped:
        backfill(url, job(sets={}, change=total, max_failures=0))
    assert "secret" not in str(stopped.value)
    assert stopped.value.__cause__ is None


@contextlib.contextmanager
def blocker(url, statement):
    """Another session that holds what it took until the end."""
    with psycopg.connect(url) as connection:
        connection.execute(statement)
        yield connection
        connection.rollback()


def test_a_locked_row_is_waited_for_and_the_job_goes_on(url):
    pauses = []
    with blocker(url, "UPDATE items SET note = 'busy' WHERE id = 150") as held:

        def sleep(seconds):
            pauses.append(seconds)
            if len(pauses) == 4:
                held.rollback()

        backfill(url, job(lock_timeout=0.05), sleep=sleep)
    assert pauses[:4] == [0, 0.05, 0.1, 0.2]
    assert wrong(url) == (0, 0, 950)


def test_a_row_that_stays_locked_stops_the_job_after_its_attempts(url):
    pauses = []
    with blocker(url, "SELECT FROM items WHERE id = 150 FOR UPDATE"), pytest.raises(LockTimeout):
        backfill(url, job(lock_timeout=0.02, attempts=3), sleep=pauses.append)
    assert len(pauses) == 3
    assert backfill(url, job()).finished
    assert wrong(url) == (0, 0, 950)


def test_a_batch_that_takes_too_long_is_made_smaller(url):
    slow = {"total": "price * quantity + (SELECT 0 FROM pg_sleep(CASE WHEN id > 0 THEN 0.004 END))"}
    told = []
    backfill(url, job(sets=slow, statement_timeout=0.15, attempts=9, where="id <= 100"), report=told.append)
    assert told[0].scanned < 100
    assert wrong(url)[1:] == (0, 100)


def test_a_single_row_that_takes_too_long_stops_the_job(url):
    slow = job(sets={"total": "1 + (SELECT 0 FROM pg_sleep(9))"}, statement_timeout=0.02, attempts=9)
    with pytest.raises(QueryTimeout):
        backfill(url, slow, sleep=lambda _: None)
    assert wrong(url)[2] == 0


def test_the_rest_is_longer_than_the_pause_where_batches_are_slow(url):
    pauses = []
    backfill(url, job(pause=0.001, rest=10.0), sleep=pauses.append)
    assert len(pauses) == 9
    assert max(pauses) > 0.001
    backfill(url, job(name="again", pause=5.0, rest=0.1), sleep=pauses.append)
    assert pauses[9:] == [5.0] * 9


def test_a_second_process_waits_or_leaves(url):
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_advisory_lock(hashtextextended('infra_backfill public totals', 0))")
        with pytest.raises(MigrationLocked, match="another process"):
            backfill(url, job(), wait=0.1)
        backfill(url, job(), sleep=lambda _: other.execute("SELECT pg_advisory_unlock_all()"))
    assert wrong(url) == (0, 0, 950)


def test_of_several_at_once_each_row_is_written_by_one(url):
    threads = [threading.Thread(target=backfill, args=(url, job(batch_size=10))) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert wrong(url) == (0, 0, 950)


def test_a_connection_may_be_given_by_who_makes_it(url):
    made = []
    backfill(lambda: made.append(psycopg.connect(url)) or made[-1], job())
    assert made[0].closed
    assert wrong(url) == (0, 0, 950)


def test_a_server_that_goes_away_leaves_whole_batches(url):
    def end(progress):
        if progress.scanned == 300:
            sql(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ 'backfill'")

    with pytest.raises(Unavailable):
        backfill(url, job(), report=end)
    assert wrong(url)[1:] == (0, 300)
    backfill(url, job())
    assert wrong(url) == (0, 0, 950)


def test_rows_that_come_behind_the_walk_are_why_the_expand_phase_has_a_trigger(url):
    def come(progress):
        if progress.scanned == 300:
            sql(url, "INSERT INTO items VALUES (-1, 2, 3), (5000, 2, 3)")

    backfill(url, job(), report=come)
    assert sql(url, "SELECT id FROM items WHERE total IS NULL") == [(-1,)]
    sql(url, EXPAND)
    sql(url, "INSERT INTO items VALUES (-2, 2, 3)")
    assert sql(url, "SELECT total FROM items WHERE id = -2") == [(6,)]


@pytest.mark.parametrize("by", ["expression", "function"])
@pytest.mark.parametrize("dry_run", [True, False])
def test_per_cent_signs_in_names_are_names(empty_url, by, dry_run):
    sql(empty_url, 'CREATE SCHEMA "50%s"; CREATE TABLE "50%s"."t%d" ("a%s" int PRIMARY KEY, "b%%" int, "c%(x)s" int)')
    sql(empty_url, 'INSERT INTO "50%s"."t%d" SELECT n, n FROM generate_series(1, 30) n')
    how = {"change": lambda row: {"c%(x)s": row["b%%"] + 1}} if by == "function" else {"sets": {"c%(x)s": '"b%%" + 1'}}
    given = Backfill(name="odd", table="50%s.t%d", schema="50%s", batch_size=7, pause=0, rest=0, **how)
    assert backfill(empty_url, given, dry_run=dry_run).changed == 30
    found = sql(empty_url, 'SELECT count(*) FROM "50%s"."t%d" WHERE "c%(x)s" = "b%%" + 1')
    assert found == [(0 if dry_run else 30,)]


def test_options_of_a_url_may_hold_blanks(empty_url):
    sql(empty_url, f"CREATE SCHEMA apart; SET search_path = apart; {ITEMS} {FILL.format(30)}")
    url = empty_url + ("&" if "?" in empty_url else "?") + "options=-c%20search_path%3Dapart%2Cpublic"
    assert backfill(url, job()).changed == 30
