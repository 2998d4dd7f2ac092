"""Step 1: what was applied is written down, and what was edited afterwards is noticed."""

from __future__ import annotations

import random
import time

import psycopg
import pytest

from infra_adapters.errors import ChecksumMismatch, InfraError, MigrationFailed, RevisionBroken
from infra_adapters.postgres import Migrations
from tests.infra.children import migrate, started
from tests.infra.histories import History

pytestmark = pytest.mark.blocking

WAY_BACK = "Migrations with a way back"
UP_DOWN_UP = "Migrations run up, down and up again and leave the same schema"


@pytest.fixture
def history(tmp_path):
    return History(tmp_path)


@pytest.mark.deliverable(WAY_BACK)
def test_what_was_applied_is_written_down_and_struck_out_again(empty_url, history):
    history.tables(3)
    migrations = Migrations(empty_url, history.script)
    assert migrations.applied() == ()
    migrations.upgrade()
    assert [(one.revision, one.down) for one in migrations.applied()] == [("r1", None), ("r2", "r1"), ("r3", "r2")]
    assert [one.checksum for one in migrations.applied()] == [one.checksum for one in migrations.history()]
    migrations.downgrade("r1", allow_data_loss=True)
    assert [one.revision for one in migrations.applied()] == ["r1"]


EDITS = {
    "edited": (lambda history: history.add("r2", "r1", 'op.execute("SELECT 2")'), "r2 was edited after it was applied"),
    "missing": (lambda history: (history.folder / "versions" / "r3.py").unlink(), "r3 was applied and is not here"),
    "moved": (
        lambda history: (history.add("r0"), history.add("r1", "r0", "pass")),
        "r1 came after nothing and now comes after r0",
    ),
}


@pytest.mark.deliverable(WAY_BACK)
@pytest.mark.parametrize(("edit", "said"), EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("asked", [Migrations.upgrade, lambda one: one.downgrade("base")])
def test_a_history_that_was_changed_is_refused(empty_url, history, edit, said, asked):
    history.tables(3)
    migrations = Migrations(empty_url, history.script)
    migrations.upgrade()
    edit(history)
    with pytest.raises(ChecksumMismatch, match=said):
        asked(migrations)
    assert migrations.current() == "r3"


def test_line_ends_of_another_system_are_no_edit(empty_url, history):
    history.tables(1)
    migrations = Migrations(empty_url, history.script)
    migrations.upgrade()
    file = history.folder / "versions" / "r1.py"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    migrations.upgrade()


def test_a_history_with_two_ends_is_refused(empty_url, history):
    history.tables(2)
    history.add("other", "r1")
    with pytest.raises(MigrationFailed, match="2 ends: other, r2"):
        Migrations(empty_url, history.script).upgrade()


def test_a_history_that_comes_together_is_refused(empty_url, history):
    history.tables(2)
    history.add("other", "r1")
    history.add("merge", ("r2", "other"))
    with pytest.raises(MigrationFailed, match="one line"):
        Migrations(empty_url, history.script).history()


@pytest.mark.parametrize("text", ["def upgrade(:", "import no_such_module_anywhere", "revision = 'x'"])
def test_a_revision_that_cannot_be_read_is_named(empty_url, history, text):
    history.tables(1)
    (history.folder / "versions" / "r9.py").write_text(text)
    with pytest.raises(MigrationFailed):
        Migrations(empty_url, history.script).upgrade()


@pytest.mark.parametrize("target", ["head+1", "nowhere", "r1+9"])
def test_a_target_that_there_is_not_is_refused(empty_url, history, target):
    history.tables(2)
    with pytest.raises(MigrationFailed):
        Migrations(empty_url, history.script).upgrade(target)


@pytest.mark.deliverable(WAY_BACK)
def test_a_failing_revision_leaves_those_before_it(empty_url, history):
    history.tables(2)
    history.add("r3", "r2", 'op.execute("CREATE TABLE t3 (n int)")\nop.execute("SELECT 1/0")')
    told = []
    migrations = Migrations(empty_url, history.script, listener=told.append)
    with pytest.raises(InfraError):
        migrations.upgrade()
    assert (migrations.current(), len(migrations.applied())) == ("r2", 2)
    assert [one.what for one in told] == ["started", "applied", "applied", "failed"]
    assert (bool(told[-1].error), told[-1].seconds >= 0) == (True, True)
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("SELECT to_regclass('t3')").fetchone() == (None,)


def test_migrations_are_logged(empty_url, history, caplog):
    history.tables(1)
    caplog.set_level("INFO")
    Migrations(empty_url, history.script).upgrade()
    assert "product r1 applied after" in caplog.text


def start(url, history):
    return started(migrate, url, str(history.folder))


@pytest.mark.deliverable(WAY_BACK)
def test_of_eight_processes_one_migrates_and_all_succeed(empty_url, history):
    history.tables(4)
    processes = [start(empty_url, history) for _ in range(8)]
    for one in processes:
        one.join(120)
    assert [one.exitcode for one in processes] == [0] * 8
    assert len(Migrations(empty_url, history.script).applied()) == 4
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("SELECT count(*) FROM t1").fetchone() == (1,)


def state(url):
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE tablename ~ '^t[0-9]'").fetchall()
        applied = connection.execute("SELECT count(*) FROM infra_migrations").fetchone()[0] if tables else 0
    return len(tables), applied


@pytest.mark.deliverable(WAY_BACK, UP_DOWN_UP)
def test_a_process_that_is_killed_at_any_moment_leaves_old_or_new(empty_url, history):
    history.tables(6)
    for at in range(1, 7):
        file = history.folder / "versions" / f"r{at}.py"
        slow = 'op.execute("SELECT pg_sleep(0.02)")\n    op.execute("INSERT'
        file.write_text(file.read_text().replace('op.execute("INSERT', slow))
    chance = random.Random(7)
    kills = 0
    while (found := state(empty_url))[0] < 6 and kills < 40:
        assert found[0] == found[1]
        process = start(empty_url, history)
        before = time.monotonic()
        while time.monotonic() - before < 20 and state(empty_url) == found and process.is_alive():
            time.sleep(0.005)
        time.sleep(chance.random() * 0.06)
        process.kill()
        process.join()
        kills += 1
    assert state(empty_url) == (6, 6)
    assert kills > 1
    Migrations(empty_url, history.script).downgrade("base", allow_data_loss=True)
    assert state(empty_url) == (0, 0)


def test_a_table_that_only_sounds_like_a_book_is_part_of_the_schema(empty_url, history):
    history.tables(1)
    migrations = Migrations(empty_url, history.script)
    migrations.upgrade()
    with psycopg.connect(empty_url) as connection:
        connection.execute("CREATE TABLE document_revision (id int)")
    assert "table public.document_revision is there and was never made" in map(str, migrations.drift())


def test_a_mistake_in_a_revision_is_told_as_a_failure_too(empty_url, history):
    history.add("r1", None, 'raise RuntimeError("a mistake")', waivers=["unreadable-revision"])
    told = []
    with pytest.raises(RevisionBroken, match="revision r1: a revision cannot be run: RuntimeError: a mistake"):
        Migrations(empty_url, history.script, listener=told.append).upgrade()
    assert [one.what for one in told] == ["started", "failed"]


def test_a_way_back_to_what_there_is_not_is_refused(empty_url, history):
    history.tables(1)
    migrations = Migrations(empty_url, history.script)
    migrations.upgrade()
    with pytest.raises(MigrationFailed, match="nowhere"):
        migrations.downgrade("nowhere")
