"""Checking again: what has not changed is not read, and nothing that has changed is missed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devnet_runner.includes import EMPTY, Again, Cache, Jail, read_cache
from devnet_runner.includes.cache import FORMAT

BODY = "Keep it small.\n"
HASH = hashlib.sha256(BODY.encode()).hexdigest()
LATER = 60_000_000_000
"""After this time every file of a test has been left alone for long enough."""


def quote(source: str = "a.md", anchor: str = "rules", body: str = BODY) -> str:
    return f"<!-- @include-from: {source}#{anchor}, hash: {HASH} -->\n{body}<!-- @end-include -->\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    files = {"a.md": f"# Rules\n{BODY}", "b.md": f"# Rules\n{BODY}", "p/1.md": quote(), "p/2.md": quote("b.md"),
             "q/3.md": quote() * 2, "q/4.md": "no quote\n"}  # fmt: skip
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text, encoding="utf-8")
    return project


def check(root: Path, before: Cache = EMPTY, *, now: int | None = None):
    """What a check says, as (path, documents, verified, ids), and what it keeps, through its bytes."""
    again = Again(Jail(root), before, time.time_ns() + LATER if now is None else now)
    said = [(one.path, one.documents, one.verified, [f.id for f in one.findings]) for one in again.check()]
    return said, read_cache(again.kept().written("key"), "key")


def folded(said) -> dict[str, int]:
    """How many documents were taken together."""
    return {path: documents for path, documents, _, _ in said if documents > 1}


def total(said) -> tuple[int, int, list[str]]:
    return sum(one[1] for one in said), sum(one[2] for one in said), [kind for one in said for kind in one[3]]


def test_a_second_check_takes_unchanged_folders_as_a_whole(root):
    first, kept = check(root)
    second, again = check(root, kept)
    assert total(first) == total(second) == (6, 4, [])
    assert second == [(str(root), 2, 0, []), ("p", 2, 2, []), ("q", 2, 2, [])]
    assert again == kept


def edit(path: Path) -> None:
    """Another text of the same length, with the old modification time."""
    before = path.stat()
    path.write_text(path.read_text(encoding="utf-8").replace("small", "large"), encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path: Path) -> None:
    """Another file in its place."""
    other = path.with_suffix(".new")
    other.write_text(path.read_text(encoding="utf-8").replace("small", "large"), encoding="utf-8")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("change", [edit, replace])
def test_an_edit_that_hides_its_time_is_seen(root, change):
    _, kept = check(root)
    change(root / "q" / "3.md")
    said, _ = check(root, kept)
    assert ("q/3.md", 1, 0, ["include-body-edited"] * 2) in said
    assert folded(said) == {str(root): 2, "p": 2}


@pytest.mark.parametrize("change", [edit, replace, lambda path: path.unlink()])
def test_a_source_that_changes_makes_those_that_quote_it_read_again(root, change):
    _, kept = check(root)
    change(root / "a.md")
    said, _ = check(root, kept)
    assert [one[0] for one in said if one[3]] == ["p/1.md", "q/3.md"]
    assert total(said)[1] == 1


def test_what_has_drifted_is_told_every_time_and_verifies_when_it_is_mended(root):
    text = (root / "a.md").read_text(encoding="utf-8")
    (root / "a.md").write_text(text.replace("small", "large"), encoding="utf-8")
    _, kept = check(root)
    assert total(check(root, kept)[0])[2] == ["include-source-moved"] * 3
    (root / "a.md").write_text(text, encoding="utf-8")
    assert total(check(root, kept)[0]) == (6, 4, [])


def test_notes_are_told_every_time(root):
    (root / "n.md").write_text(f"{quote()}```\n", encoding="utf-8")
    _, kept = check(root)
    assert total(check(root, kept)[0])[2] == ["fence-unclosed"]


def test_files_come_and_go(root):
    _, kept = check(root)
    (root / "p" / "1.md").unlink()
    (root / "p" / "new.md").write_text(quote(body="x\n"), encoding="utf-8")
    assert total(check(root, kept)[0]) == (6, 3, ["include-body-edited"])


def test_what_was_written_just_now_is_not_believed(root):
    said, kept = check(root, now=time.time_ns())
    assert (total(said), kept) == ((6, 4, []), EMPTY)


def test_a_source_that_was_written_just_now_is_not_believed(root):
    old = time.time_ns() - LATER
    for path in root.rglob("*.md"):
        os.utime(path, ns=(old, old))
    now = time.time_ns() + LATER
    os.utime(root / "a.md", ns=(now, now))
    said, _ = check(root, check(root, now=now)[1], now=now)
    assert folded(said) == {}
    assert [one[:2] for one in said if one[0].startswith("p")] == [("p/1.md", 1), ("p/2.md", 1)]


def test_a_cycle_that_is_closed_far_away_is_seen(root):
    inner = quote("c.md", "far").removesuffix("\n")
    body = f"{inner}\n"
    value = hashlib.sha256(body.encode()).hexdigest()
    (root / "b.md").write_text(f"# Rules\n{body}", encoding="utf-8")
    outer = f"<!-- @include-from: b.md#rules, hash: {value} -->\n```\n{body}```\n<!-- @end-include -->\n"
    (root / "p" / "2.md").write_text(outer, encoding="utf-8")
    _, kept = check(root)
    (root / "c.md").write_text(f"# Far\n{quote('b.md')}", encoding="utf-8")
    assert "include-cycle" in total(check(root, kept)[0])[2]


def test_a_link_to_a_document_is_always_read(root):
    (root / "q" / "link.md").symlink_to("../p/1.md")
    _, kept = check(root)
    edit(root / "p" / "1.md")
    assert total(check(root, kept)[0])[2] == ["include-body-edited"] * 2


def test_a_source_that_changes_during_the_check_is_not_kept_as_it_was(root):
    _, kept = check(root)
    again = Again(Jail(root), kept, time.time_ns() + LATER)
    walk = again.check()
    next(walk)
    edit(root / "a.md")
    edit(root / "q" / "3.md")
    list(walk)
    said, _ = check(root, again.kept())
    assert [one[0] for one in said if one[3]] == ["p/1.md", "q/3.md"]


@pytest.fixture(scope="module")
def drifted(tmp_path_factory) -> tuple[Path, bytes]:
    """A tree in which a document has been edited since the bytes were kept."""
    folder = tmp_path_factory.mktemp("drifted")
    (folder / "a.md").write_text(f"# Rules\n{BODY}", encoding="utf-8")
    (folder / "p.md").write_text(quote(), encoding="utf-8")
    again = Again(Jail(folder), EMPTY, time.time_ns() + LATER)
    list(again.check())
    edit(folder / "p.md")
    return folder, again.kept().written("key")


def told(folder: Path, data: bytes) -> list[str]:
    return total(check(folder, read_cache(data, "key"))[0])[2]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(at=st.integers(0, 2000), byte=st.integers(0, 255), drop=st.integers(0, 3))
def test_a_damaged_file_hides_no_drift(drifted, at, byte, drop):
    folder, data = drifted
    at %= len(data)
    assert told(folder, data[:at] + bytes([byte]) + data[at + drop :]) == ["include-body-edited"]


def forged(head: object, *lines: str) -> bytes:
    """A file whose digest is right."""
    body = "\n".join((json.dumps(head), *lines, "")).encode()
    first = {"format": FORMAT, "key": "key", "sha256": hashlib.sha256(body).hexdigest()}
    return json.dumps(first).encode() + b"\n" + body


HEAD = {"groups": [[]], "sources": {}, "folders": []}
FORGED = {
    "nothing": b"",
    "lines": b"\n" * 1000,
    "deep": b"[" * 100_000,
    "a list": forged([]),
    "no groups": forged({**HEAD, "groups": []}),
    "a group of numbers": forged({**HEAD, "groups": [[], [1]]}),
    "unknown sources": forged({**HEAD, "groups": [[], ["x.md"]]}),
    "a group that is not there": forged({**HEAD, "folders": [["", "", 1, 1, [7]]]}, "{}"),
    "a negative group": forged({**HEAD, "folders": [["", "", 1, 1, [-1]]]}, "{}"),
    "true for one": forged({**HEAD, "folders": [["", "", True, 1, [0]]]}, "{}"),
    "infinite": forged({**HEAD, "sources": {"a.md": [1, 2, 3, float("inf")]}}),
    "too short a stamp": forged({**HEAD, "sources": {"a.md": [1, 2, 3]}}),
    "no line": forged({**HEAD, "folders": [["", "", 1, 1, [0]]]}),
    "a line of another kind": forged({**HEAD, "folders": [["", "", 1, 1, [0]]]}, '{"p.md": 7}'),
    "a nested line": forged({**HEAD, "folders": [["", "", 1, 1, [0]]]}, "[" * 100_000),
    "a source out of the root": forged({**HEAD, "sources": {"../../etc\x00/passwd": None}}),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_file_hides_no_drift(drifted, name):
    assert told(drifted[0], FORGED[name]) == ["include-body-edited"]


def test_what_was_kept_for_another_key_is_not_used(drifted):
    assert read_cache(drifted[1], "other") == EMPTY
    assert read_cache(drifted[1], "key") != EMPTY


def run(root: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    argv = [str(Path(sys.executable).with_name("devnet-run")), "includes", "check", *words]
    environ = os.environ | {"XDG_CACHE_HOME": ""} | more
    return subprocess.run(argv, cwd=root, env=environ, capture_output=True, text=True, timeout=60, check=True)


@pytest.fixture
def settled(root: Path) -> Path:
    """The project, when nothing was written for a while."""
    (root / "devnet.yaml").write_text("project: one\n", encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    time.sleep(2.1)
    return root


def test_the_command_keeps_what_it_found_where_git_does_not_see_it(settled, tmp_path):
    first = run(settled)
    assert {one.name for one in (settled / ".devnet" / "cache").iterdir()} == {".gitignore", "includes.json"}
    assert run(settled).stdout == first.stdout == run(settled, "--no-cache").stdout
    status = subprocess.run(
        ["git", "status", "--porcelain", "-uall"], cwd=settled, capture_output=True, text=True, check=True
    )
    assert ".devnet" not in status.stdout
    (settled / "devnet.yaml").unlink()
    run(settled, XDG_CACHE_HOME=str(tmp_path))
    assert [one.name for one in (tmp_path / "devnet-run").glob("*/*.json")] == ["includes.json"]


TRAPS = {
    "a folder elsewhere": lambda cache, other: cache.symlink_to(other),
    "a pipe": lambda cache, other: (cache.mkdir(), os.mkfifo(cache / "includes.json")),
    "a folder": lambda cache, other: (cache / "includes.json").mkdir(parents=True),
    "a file": lambda cache, other: cache.write_text("x", encoding="utf-8"),
}


def test_a_trap_where_the_cache_should_be_costs_nothing_but_the_cache(settled, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    for name, trap in TRAPS.items():
        (settled / ".devnet").rename(settled / f"old {name}") if (settled / ".devnet").exists() else None
        (settled / ".devnet").mkdir()
        trap(settled / ".devnet" / "cache", other)
        assert "4 of 4 verified" in run(settled).stdout
    assert list(other.iterdir()) == []


def test_without_a_cache_nothing_is_written(settled):
    run(settled, "--no-cache")
    run(settled, "p")
    run(settled, "--format", "json")
    assert not (settled / ".devnet").exists()
