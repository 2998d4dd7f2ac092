"""Step 1: a folder of a Drizzle team is read as Drizzle reads it; a bad one is one message with place and cure."""

from __future__ import annotations

import json

import pytest

from infra_adapters.errors import InvalidRequest
from infra_adapters.postgres.drizzle import Format, Statement, read_folder
from tests.infra.drizzle_folders import SCRIPTS, TIMES, USERS, digest, entry, folders, journal, some

pytestmark = [pytest.mark.blocking, pytest.mark.deliverable("A database shared with a Drizzle team")]

READERS = {"0.45": journal, "v1": folders}


def test_a_journal_is_read(tmp_path):
    folder = read_folder(journal(tmp_path, SCRIPTS))
    first = folder.migrations[0]
    assert (folder.format, [one.name for one in folder.migrations]) == (
        Format.JOURNAL,
        ["0000_init", "0001_posts", "0002_ages"],
    )
    assert (first.created_at, first.hash, first.snapshot.id) == (TIMES["init"], digest(USERS), "id-0")
    assert [one.line for one in first.statements] == [1, 3]


def test_folders_are_read(tmp_path):
    folder = read_folder(str(folders(tmp_path, SCRIPTS)))
    first = folder.migrations[0]
    assert folder.format is Format.FOLDERS
    assert [one.name for one in folder.migrations][1:] == ["20251123073222_posts", "20251123073223_ages"]
    assert (first.created_at, first.hash, first.snapshot.previous) == (1763883141000, digest(USERS), ("id--1",))


def test_equal_moments_go_by_name_as_in_javascript(tmp_path):
    names = ["B", "a", "b-c", "b_c", "b", "A", "b2"]
    folder = read_folder(folders(tmp_path, dict.fromkeys(names, "SELECT 1"), dict.fromkeys(names, "20251123073221")))
    assert [one.name[15:] for one in folder.migrations] == ["a", "A", "b", "B", "b_c", "b-c", "b2"]


PARTS = [
    ("SELECT 1", [("SELECT 1", 1)]),
    ("\r\nSELECT 1;\r\n--> statement-breakpoint\r\n\r\nSELECT 2", [("SELECT 1;", 2), ("SELECT 2", 5)]),
    ("a --> statement-breakpoint b", [("a", 1), ("b", 1)]),
    ("--> statement-breakpoint\n \n--> statement-breakpoint", []),
    ("SELECT 1;\nSELECT 2", [("SELECT 1;\nSELECT 2", 1)]),
    ("", []),
]


@pytest.mark.parametrize(("text", "parts"), PARTS)
def test_a_script_is_split_at_its_marks_only(tmp_path, text, parts):
    [one] = read_folder(journal(tmp_path, {"init": text.encode()})).migrations
    assert one.statements == tuple(Statement(*part) for part in parts)


def test_line_ends_count_for_the_hash(tmp_path):
    [one] = read_folder(journal(tmp_path, {"init": b"SELECT 1;\r\n"})).migrations
    assert one.hash == digest("SELECT 1;\r\n")


def test_snapshots_may_be_missing(tmp_path):
    folder = journal(tmp_path, SCRIPTS)
    (folder / "meta" / "0001_snapshot.json").unlink()
    assert [one.snapshot is None for one in read_folder(folder).migrations] == [False, True, False]


@pytest.mark.parametrize(("form", "unlisted"), [("0.45", ("0009_more.sql",)), ("v1", ("more",))])
def test_what_drizzle_never_looks_at_is_named(tmp_path, form, unlisted):
    folder = READERS[form](tmp_path, SCRIPTS)
    (folder / "0009_more.sql").write_text("SELECT 1")
    (folder / "meta").mkdir(exist_ok=True) if form == "0.45" else (folder / "more").mkdir()
    assert read_folder(folder).unlisted == unlisted


def test_no_snapshot_is_no_fault_of_a_folder(tmp_path):
    folder = folders(tmp_path, some("init"))
    (folder / "20251123073221_init" / "snapshot.json").unlink()
    assert read_folder(folder).migrations[0].snapshot is None


ENTRY = entry(0, "0000_init", 5)
JOURNALS = [
    ("{", "_journal.json, line 1, column 2: this is not JSON"),
    ("[]", "_journal.json: it holds no JSON object"),
    ("[" * 100_000, "_journal.json: this is nested too deeply"),
    ({"version": 7}, "_journal.json: `version` is not a text"),
    ({"version": "8"}, "`version` is '8', and 7 is the newest known; update this package"),
    ({"version": "x"}, "`version` is 'x'"),
    ({"dialect": "mysql"}, "it is for 'mysql'; point at the folder for postgresql"),
    ({"entries": {}}, "`entries` is not a list"),
    ({"entries": [1]}, "_journal.json, entry 0: `tag` is not a text"),
    ({"entries": [ENTRY | {"when": True}]}, "entry 0: `when` is not a whole number"),
    ({"entries": [ENTRY | {"when": 0}]}, "entry 0: `when` is no time in milliseconds"),
    ({"entries": [ENTRY | {"tag": "../0000_init"}]}, "entry 0: `tag` '../0000_init' is no name of a file"),
    ({"entries": [ENTRY | {"tag": ""}]}, "entry 0: `tag` '' is no name of a file"),
    ({"entries": [ENTRY, ENTRY]}, "entry 1: idx 0 stands after idx 0; put the entries into the order of `idx`"),
    ({"entries": [ENTRY, ENTRY | {"idx": 1}]}, "0000_init stands there twice; leave one entry of each"),
    ({"entries": [entry(0, "0005_gone", 5)]}, "0005_gone.sql: the file is missing; restore it from version control"),
]


@pytest.mark.parametrize(("changed", "said"), JOURNALS)
def test_a_bad_journal_is_refused(tmp_path, changed, said):
    folder = journal(tmp_path, some("init"), **(changed if isinstance(changed, dict) else {}))
    if isinstance(changed, str):
        (folder / "meta" / "_journal.json").write_text(changed)
    with pytest.raises(InvalidRequest) as caught:
        read_folder(folder)
    assert said in str(caught.value)
    assert str(folder) in str(caught.value)


BYTES = [
    (b"\xef\xbb\xbfSELECT 1", "init.sql, line 1: it begins with a byte order mark; save the file as UTF-8 without one"),
    (b"SELECT\n'\xff'", "init.sql, line 2: byte 8 is not UTF-8; save the file as UTF-8"),
    (b"SELECT\n'\0'", "init.sql, line 2: it holds a NUL character, which the server refuses; remove it"),
]


@pytest.mark.parametrize(("data", "said"), BYTES)
def test_a_script_that_is_no_text_is_refused(tmp_path, data, said):
    with pytest.raises(InvalidRequest, match=said):
        read_folder(journal(tmp_path, {"init": data}))


def test_a_script_that_is_a_folder_is_refused(tmp_path):
    folder = folders(tmp_path, some("init"))
    (folder / "20251123073299_x" / "migration.sql").mkdir(parents=True)
    with pytest.raises(InvalidRequest, match=r"migration.sql: the file cannot be read \(Is a directory\)"):
        read_folder(folder)


@pytest.mark.parametrize("name", ["init", "20251323073221_init", "2025112307322_init"])
def test_a_folder_without_a_moment_is_refused(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "migration.sql").write_text("SELECT 1")
    with pytest.raises(InvalidRequest, match="does not begin with a moment; name it YYYYMMDDHHMMSS_name"):
        read_folder(tmp_path)


def test_a_snapshot_for_another_server_is_refused(tmp_path):
    folder = journal(tmp_path, some("init"))
    (folder / "meta" / "0000_snapshot.json").write_text(json.dumps({"dialect": "sqlite"}))
    with pytest.raises(InvalidRequest, match=r"0000_snapshot.json: it is for 'sqlite'"):
        read_folder(folder)


def test_both_forms_at_once_are_refused(tmp_path):
    folders(journal(tmp_path, some("init")), some("init"))
    with pytest.raises(InvalidRequest, match=r"there are both .* run drizzle-kit up"):
        read_folder(tmp_path)


@pytest.mark.parametrize(("name", "said"), [("", "neither meta/_journal.json nor"), ("gone", "No such file")])
def test_no_folder_of_drizzle_is_refused(tmp_path, name, said):
    with pytest.raises(InvalidRequest, match=said):
        read_folder(tmp_path / name)
