"""Documents that nobody should write: each ends soon, and with a clear answer."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from itertools import cycle
from typing import TYPE_CHECKING

import pytest

from devnet_runner.errors import InputError
from devnet_runner.includes import Checker, Jail
from devnet_runner.includes.jail import Refused
from devnet_runner.phase import read_phase
from devnet_runner.text import decode, read_text

if TYPE_CHECKING:
    from pathlib import Path

BLANKS = " " * 200_000

LINES = {
    "a heading of blanks": f"#{BLANKS}x",
    "a commit point of blanks": f"#### Commit Point{BLANKS}x",
    "a step of blanks": f"### Step{BLANKS}1{BLANKS}x",
    "a title of blanks": f"# Phase{BLANKS}3{BLANKS}x",
    "a bullet of blanks": f"-{BLANKS}a{BLANKS}b",
    "a label of blanks": f"**Expected{BLANKS}Deliverables**",
    "an overview of blanks": f"## Overview\n**Coverage Target:**{BLANKS}9{BLANKS}x",
    "a percentage of blanks": f"- 95%{BLANKS}x",
    "many percentages": "- " + "95% a" * 50_000,
    "many words about coverage": "- coverage" + " of" * 50_000,
    "many digits": "- " + "1" * 200_000,
    "a next phase of blanks": f"## Next Phase\nPhase 4: a{BLANKS}b ({BLANKS}x",
    "a path of standards": "@" + "standards/" * 30_000,
    "a path of folders": "`" + "a/" * 100_000,
    "many comments": "<!--" * 50_000,
    "comments that never end": "<!--\n" * 50_000,
    "commits that never end": "```bash\n" + 'git commit -m "\n' * 30_000,
    "tags without a name": "```bash\n" + "git tag -l\n" * 30_000,
    "here-documents that never end": "```\n" + "cat > CHECKPOINT << EOF\n" * 30_000,
    "a name of checkpoints": "```\ncat > " + "CHECKPOINT" * 20_000 + " <<",
    "commands that never end": "### Step 1: a\n```\n" + 'Claude: /create-spec "a\nb\n' * 30_000,
    "many steps": "### Step 1: a\n" * 20_000,
    "many commit points": "#### Commit Point 1\n" * 20_000,
    "many headings": "# \n" * 50_000,
    "an acceptance of green": "## " + "Green " * 30_000 + "x",
}


@pytest.mark.parametrize("name", LINES)
def test_a_hostile_text_is_read_in_bounded_time(name, tmp_path):
    text = decode(LINES[name].encode(), "phase-1.md")
    last = text.content.count("\n") + 2
    phase = read_phase(text)
    Checker(Jail(tmp_path)).check(text.data, text.path)
    assert all(0 <= finding.where.line <= last for finding in phase.findings)


UNREADABLE = {
    "UTF-16": ("# Phase 1".encode("utf-16"), "UTF-16", 0),
    "UTF-32": ("# Phase 1".encode("utf-32"), "UTF-32", 0),
    "NUL": (b"# Phase 1\n\0", "byte 10 is NUL", 2),
    "no UTF-8": (b"# Phase 1\n\n\xff", "byte 11 is no UTF-8", 3),
    "cut in a character": ("é".encode()[:1], "byte 0 is no UTF-8", 1),
    "too large": (b"x" * 5_000_001, "more than 5,000,000", 0),
    "too many lines": (b"\n" * 500_001, "more than 500,000 lines", 0),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_bytes_that_are_no_text_are_refused_with_their_place(name):
    data, words, line = UNREADABLE[name]
    with pytest.raises(InputError) as refused:
        decode(data, "phase-1.md")
    (finding,) = refused.value.findings
    assert words in finding.what
    assert (finding.where.path, finding.where.line) == ("phase-1.md", line)
    assert finding.fix


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "large.md"
    with path.open("wb") as stream:
        stream.truncate(100_000_000)
    with pytest.raises(InputError, match="100,000,000 bytes"):
        read_text(path, "large.md")


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.md")
    with pytest.raises(InputError, match="no regular file"):
        read_text(tmp_path / "pipe.md", "pipe.md")


@pytest.mark.parametrize("path", [".", "missing.md", "/dev/zero", "/dev/null"])
def test_what_is_no_file_is_refused(tmp_path, path):
    with pytest.raises(InputError, match="cannot be used"):
        read_text(tmp_path / path, path)


MARKER = "<!-- @include-from: a.md#b, hash: " + "0" * 64 + " -->\n"


@pytest.mark.parametrize("marker", [MARKER, "<!-- @end-include -->\n"], ids=["begin", "end"])
def test_too_many_markers_are_one_clear_fault(tmp_path, marker):
    includes, findings = Checker(Jail(tmp_path)).check((marker * 40_000).encode(), "phase-1.md")
    assert includes == ()
    assert [(one.id, one.blocking) for one in findings] == [("document-too-many-markers", True)]


def test_deep_diamonds_of_includes_are_followed_once(tmp_path):
    quoted = "<!-- @include-from: a.md#s{0}, hash: x -->\n<!-- @end-include -->\n"
    sections = "".join(f"# s{n}\n\n{(quoted * 2).format(n + 1)}\n" for n in range(30))
    (tmp_path / "a.md").write_text(sections + "# s30\n\nend\n", encoding="utf-8")
    document = f"<!-- @include-from: a.md#s0, hash: {'0' * 64} -->\nx\n<!-- @end-include -->\n"
    includes, _ = Checker(Jail(tmp_path)).check(document.encode(), "p.md")
    assert [one.state for one in includes] == ["both"]


def test_a_chain_of_includes_without_end_is_refused(tmp_path):
    quoted = "<!-- @include-from: a.md#s{0}, hash: x -->\n<!-- @end-include -->\n"
    sections = "".join(f"# s{n}\n\n{quoted.format(n + 1)}\n" for n in range(1000))
    (tmp_path / "a.md").write_text(sections, encoding="utf-8")
    document = f"<!-- @include-from: a.md#s0, hash: {'0' * 64} -->\nx\n<!-- @end-include -->\n"
    includes, _ = Checker(Jail(tmp_path)).check(document.encode(), "p.md")
    assert [one.state for one in includes] == ["cycle"]


OUTSIDE = [
    "../secret.md",
    "/etc/passwd",
    "~/secret.md",
    "file:///etc/passwd",
    "File:///etc/passwd",
    "a\\b.md",
    "C:/secret.md",
    "docs/../../secret.md",
    "link.md",
    "folder/secret.md",
    "loop.md",
    "pipe.md",
    "docs",
    ".",
]


@pytest.fixture
def jailed(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "docs").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    for secret in (tmp_path / "secret.md", tmp_path / "out" / "secret.md"):
        secret.write_text("# b\n\nsecret\n", encoding="utf-8")
    (root / "link.md").symlink_to(tmp_path / "secret.md")
    (root / "folder").symlink_to(tmp_path / "out")
    (root / "loop.md").symlink_to(root / "loop.md")
    os.mkfifo(root / "pipe.md")
    return root


@pytest.mark.parametrize("source", OUTSIDE)
def test_nothing_out_of_the_root_is_quoted(jailed, source):
    document = f"\n<!-- @include-from: {source}#b, hash: {'0' * 64} -->\nsecret\n<!-- @end-include -->\n"
    includes, findings = Checker(Jail(jailed)).check(document.encode(), "p.md")
    assert [one.state for one in includes] == ["source-missing" if source == "loop.md" else "outside"]
    assert [(str(one.where), one.blocking) for one in findings] == [("p.md:2", True)]


def test_a_link_that_is_swapped_while_it_is_read_leads_nowhere_else(jailed, tmp_path):
    inside, outside = jailed / "inside", tmp_path / "out"
    inside.mkdir()
    (inside / "secret.md").write_text("# b\n\nmine\n", encoding="utf-8")
    turning, stop = jailed / "turning", threading.Event()
    turning.symlink_to(inside)

    def turn() -> None:
        for number, target in enumerate(cycle((outside, inside))):
            if stop.is_set():
                return
            (jailed / f"new{number}").symlink_to(target)
            (jailed / f"new{number}").replace(turning)

    turner = threading.Thread(target=turn)
    turner.start()
    said = set()
    try:
        for _ in range(1_000):
            with suppress(Refused, OSError):
                said.add(Jail(jailed).read("turning/secret.md"))
    finally:
        stop.set()
        turner.join()
    assert said == {b"# b\n\nmine\n"}
