"""Step 1: what would stop a running service, or break its version before, needs a reason in writing."""

from __future__ import annotations

import sysconfig

import psycopg
import pytest

from infra_adapters.errors import DangerousDdl, MigrationFailed
from infra_adapters.postgres import Migrations
from infra_adapters.postgres.danger import Danger, examine, faults
from tests.infra.histories import History

pytestmark = [
    pytest.mark.blocking,
    pytest.mark.deliverable("Dangerous changes refused without a reason in writing, and helpers that make them safely"),
]


def test_dangers_come_in_the_order_of_their_statements_and_show_no_string():
    found = examine("UPDATE orders\n  SET token = 'secret';\nDROP TABLE lines;\nLOCK orders;")
    assert [danger.kind for danger in found] == ["unbounded-write", "ban-drop-table", "whole-table-lock"]
    assert found[0].statement == "UPDATE orders SET token = '…'"


@pytest.mark.parametrize("text", ["'s ''e'", "E's\\'e'", "$$s' -- e$$", "$a$s $$ e$a$", "U&'s'", "/* s */ 'e'"])
def test_no_way_to_write_a_string_shows_what_it_says(text):
    (danger,) = examine(f'UPDATE orders SET "a b" = {text} -- secret')
    assert danger.statement == "UPDATE orders SET \"a b\" = '…'"


def test_a_quote_that_stays_open_is_shown_nothing_of():
    assert [(danger.kind, danger.statement) for danger in examine("DROP TABLE a; SELECT 'secret")] == [
        ("syntax-error", "…")
    ]


def test_a_long_statement_is_shortened():
    (danger,) = examine(f"ALTER TABLE orders {'ADD a int, ' * 90} DROP b")
    assert len(danger.statement) == 120


LOCK = Danger("whole-table-lock", "LOCK orders", "It waits.", "")


@pytest.mark.parametrize(
    ("waivers", "said"),
    [
        ({}, "whole-table-lock: LOCK orders: It waits."),
        ({"whole-table-lok": "nobody reads it"}, "no such kind; whole-table-lock?"),
        ({"whole-table-lock": "short"}, "say in at least 10 characters"),
        ({"whole-table-lock": None}, "say in at least 10 characters"),
        ({"whole-table-lock": "nobody reads it", "truncation": "nobody reads it"}, "truncation: nothing in the"),
        ({"zzz": "nobody reads it"}, "waiver zzz: there is no such kind"),
        (["whole-table-lock"], "WAIVERS is no mapping"),
    ],
)
def test_a_waiver_that_does_not_hold_is_named(waivers, said):
    assert said in "\n".join(faults((LOCK,), waivers))


def test_a_waiver_with_a_reason_holds():
    assert faults((LOCK,), {"whole-table-lock": "nobody reads it at night"}) == ()


@pytest.fixture
def history(tmp_path):
    found = History(tmp_path)
    found.tables(1)
    return found


INDEX = 'op.execute("CREATE INDEX i ON t1 (n)")'


def test_a_dangerous_revision_is_refused_before_anything_runs(empty_url, history):
    history.add("r2", "r1", INDEX)
    migrations = Migrations(empty_url, history.script)
    with pytest.raises(DangerousDdl, match="r2: require-concurrent-index-creation") as caught:
        migrations.upgrade()
    assert (migrations.current(), "WAIVERS" in str(caught.value)) == (None, True)
    assert [line for line in migrations.check() if "require-concurrent" in line]
    migrations.upgrade("r1")
    assert migrations.current() == "r1"


def test_a_dangerous_revision_runs_with_its_reason(empty_url, history):
    history.add("r2", "r1", INDEX, waivers=["require-concurrent-index-creation"])
    migrations = Migrations(empty_url, history.script)
    migrations.upgrade("+1")
    migrations.upgrade()
    assert migrations.check() == ()
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("SELECT to_regclass('i') IS NOT NULL").fetchone() == (True,)


def test_a_revision_that_cannot_be_read_before_it_runs_needs_a_reason_too(empty_url, history):
    asks = "op.execute(f\"SELECT {op.get_bind().exec_driver_sql('SELECT 1').scalar()}\")"
    history.add("r2", "r1", asks)
    migrations = Migrations(empty_url, history.script)
    with pytest.raises(DangerousDdl, match="r2: unreadable-revision"):
        migrations.upgrade()
    history.add("r2", "r1", asks, waivers=["unreadable-revision"])
    migrations.upgrade()
    assert migrations.current() == "r2"


@pytest.mark.parametrize(("program", "said"), [("", "install squawk-cli"), ("#!/bin/sh\necho no", "did not answer")])
def test_without_its_reader_nothing_is_judged_and_nothing_runs(program, said, tmp_path, monkeypatch):
    if program:
        (tmp_path / "squawk").write_text(program)
        (tmp_path / "squawk").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(MigrationFailed, match=said):
        examine(f"SELECT '{said}'")
