"""What can become of an include: which of the two texts moved, what is no include, and what a source may be."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from devnet_runner.document import read_document
from devnet_runner.includes import Checker, Jail, scan

if TYPE_CHECKING:
    from pathlib import Path

BODY = "Keep it small.\n\n- one purpose ✅\n"
HASH = hashlib.sha256(BODY.encode()).hexdigest()
SOURCE = f"# Rules\n\n{BODY}\n# More\n\nother\n"


def block(*, anchor: str = "a.md#rules", value: str = HASH, body: str = BODY) -> str:
    return f"<!-- @include-from: {anchor}, hash: {value} -->\n{body}<!-- @end-include -->\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a.md").write_text(SOURCE, encoding="utf-8")
    return tmp_path


def check(root: Path, content: str | bytes):
    data = content.encode() if isinstance(content, str) else content
    return Checker(Jail(root)).check(data, "p.md")


def states(root: Path, content: str | bytes) -> list[str]:
    return [one.state for one in check(root, content)[0]]


DOCUMENTS = {
    "plain": block(),
    "no final newline": block().removesuffix("\n"),
    "upper case hash": block(value=HASH.upper()),
    "CRLF": block().replace("\n", "\r\n"),
    "BOM": "\ufeff" + block(),
    "after other text": "# Title\n\ntext\n" + block() + "text\n",
    "after a closed fence": "```\n```\n" + block(),
    "after a fence with longer closer": "~~~\n```\n~~~~~\n" + block(),
    "after a closed comment": "<!-- a\n-->\n" + block(),
    "after four blanks and ticks": "    ```\n" + block(),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_include_verifies(root, name):
    includes, findings = check(root, DOCUMENTS[name])
    assert ([one.state for one in includes], findings) == (["verified"], ())


MOVED = {
    "body": (block(body="Keep it big.\n"), SOURCE, "body-edited", "the quoted text was edited here"),
    "white space": (block(body=BODY + "\n"), SOURCE, "body-edited", "edited here, in empty lines only;"),
    "trailing blank": (
        block(body=BODY.replace(".", ". ")),
        SOURCE,
        "body-edited",
        "in blanks at the end of lines only;",
    ),
    "lone CR": (block(body=BODY.replace("\n\n", "\r\n\r")), SOURCE, "body-edited", "in line endings only;"),
    "source": (block(), SOURCE.replace("small", "big"), "source-moved", "a.md#rules (line 1) has changed"),
    "both": (block(body="x\n"), SOURCE.replace("small", "big"), "both", "both the quoted text and"),
    "hash": (block(value="0" * 64), SOURCE, "hash-stale", "only the hash is stale"),
    "empty body": (block(body=""), SOURCE, "body-edited", "edited here"),
}


@pytest.mark.parametrize("name", MOVED)
def test_a_finding_says_which_of_the_two_moved(root, name):
    document, source, state, words = MOVED[name]
    (root / "a.md").write_text(source, encoding="utf-8")
    includes, (finding,) = check(root, f"text\n{document}")
    assert [one.state for one in includes] == [state]
    assert (str(finding.where), finding.blocking, words in finding.what) == ("p.md:2", True, True)
    assert finding.fix


SOURCES = {
    "CRLF": SOURCE.replace("\n", "\r\n"),
    "BOM": "\ufeff" + SOURCE,
    "no final newline": f"# Rules\n{BODY}".removesuffix("\n"),
    "closed heading": SOURCE.replace("# Rules", "# Rules ##"),
    "code in the heading": SOURCE.replace("# Rules", "# `Rules`"),
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_is_read_in_each_form(root, name):
    (root / "a.md").write_bytes(SOURCES[name].encode())
    assert states(root, block()) == ["verified"]


@pytest.mark.parametrize(
    "body", ["a\n\n## Deeper\n\nb\n", "```\n# no heading\n```\n\nb\n", "a\u2028# b\x0bc\x0cd\re\n"]
)
def test_a_section_runs_to_the_next_heading_of_its_level(root, body):
    (root / "a.md").write_text(f"# Rules\n\n{body}\n# More\n", encoding="utf-8", newline="")
    assert states(root, block(body=body, value=hashlib.sha256(body.encode()).hexdigest())) == ["verified"]


HASHES = [
    "",
    "0" * 63,
    "0" * 65,
    "g" * 64,
    f"sha1:{'0' * 40}",
    f"sha256:{HASH}",
    "٣" * 64,
    HASH + " ",
    "\N{KELVIN SIGN}" * 64,
]


@pytest.mark.parametrize("value", HASHES)
def test_a_malformed_hash_is_called_so_and_not_drift(root, value):
    includes, (finding,) = check(root, block(value=value))
    assert [one.state for one in includes] == ["malformed"]
    assert (finding.id, finding.where.line, finding.blocking) == ("include-hash-malformed", 1, True)


@pytest.mark.parametrize("anchor", ["rüles", "ru\u200bles", "r\u202eules", "a b", "x" * 200])
def test_an_anchor_of_other_signs_is_shown_escaped(root, anchor):
    _, (finding,) = check(root, block(anchor=f"a.md#{anchor}"))
    assert finding.id == "include-anchor-missing"
    assert finding.what.isascii()


def test_a_missing_anchor_names_the_nearest(root):
    _, (finding,) = check(root, block(anchor="a.md#rule"))
    assert (finding.id, "#rules" in finding.fix) == ("include-anchor-missing", True)


def test_an_anchor_that_is_there_twice_is_refused_with_both_lines(root):
    (root / "a.md").write_text(f"{SOURCE}\n# Rules\n\nagain\n", encoding="utf-8")
    includes, (finding,) = check(root, block())
    assert ([one.state for one in includes], finding.id) == (["anchor-ambiguous"], "include-anchor-ambiguous")
    assert "in lines 1 and 11" in finding.what


BEGIN, END = block(body="").splitlines()
BROKEN = {
    "no end": (f"{BEGIN}\ntext\n", [("include-end-missing", 1)]),
    "stray end": (f"text\n{END}\n", [("include-end-stray", 2)]),
    "end first": (f"{END}\n{BEGIN}\n", [("include-end-stray", 1), ("include-end-missing", 2)]),
    "nested": (f"{BEGIN}\n{BEGIN}\n{BODY}{END}\n", [("include-nested", 1)]),
    "nested with two ends": (f"{BEGIN}\n{block()}{END}\n", [("include-nested", 1), ("include-end-stray", 7)]),
    "end in a fence": (f"{BEGIN}\n```\n{END}\n", [("include-end-missing", 1), ("fence-unclosed", 2)]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_markers_are_told_with_their_lines(root, name):
    document, expected = BROKEN[name]
    assert [(one.id, one.where.line) for one in check(root, document)[1]] == expected


def test_a_fault_of_two_markers_names_both_lines(root):
    _, findings = check(root, f"{BEGIN}\n{block()}{END}\n")
    assert "another include begins in line 2" in findings[0].what
    assert "ended in line 6" in findings[1].what


NO_MARKER = ["> {}", "- {}", "text {}", "`{}`", "```\n{}\n```", "~~~\n{}\n~~~", "````\n```\n{}\n````", "<!--\n{}\n-->"]


@pytest.mark.parametrize("form", NO_MARKER)
def test_a_marker_that_is_only_text_is_no_include(root, form):
    assert check(root, "\n".join(form.format(line) for line in (BEGIN, END)) + "\n") == ((), ())


@pytest.mark.parametrize("indent", ["    ", "\t"])
def test_a_marker_in_indented_code_is_no_include(root, indent):
    includes, findings = check(root, f"text\n\n{indent}{BEGIN}\n{indent}{END}\n")
    assert (includes, [one for one in findings if one.blocking]) == ((), [])


NEAR = [
    BEGIN.replace("<!-- ", "<!--"),
    BEGIN.replace(" -->", "-->"),
    BEGIN.replace(", hash", " hash"),
    BEGIN + " ",
    " " + BEGIN,
    BEGIN.replace("#rules", ""),
    BEGIN + "\u2028",
    "<!-- @end-include-->",
    END + END,
]


@pytest.mark.parametrize("line", NEAR)
def test_a_near_miss_is_a_note(root, line):
    includes, findings = check(root, f"{line}\n")
    assert (includes, [(one.id, one.where.line, one.blocking) for one in findings]) == (
        (), [("include-near-miss", 1, False)],
    )  # fmt: skip


def test_a_comment_that_html_would_close_hides_the_marker_below_it(root):
    includes, findings = check(root, f"{BEGIN.replace('-->', '--!>')}\n{block()}")
    assert (includes, [(one.id, one.where.line) for one in findings]) == (
        (), [("include-near-miss", 1), ("include-end-stray", 6)],
    )  # fmt: skip


def test_a_marker_below_an_unclosed_fence_is_hidden_and_that_is_said(root):
    includes, findings = check(root, f"{block()}```\n{block()}")
    assert ([one.state for one in includes], [(one.id, one.where.line) for one in findings]) == (
        ["verified"], [("fence-unclosed", 6)],
    )  # fmt: skip


def quoting(*anchors: str) -> str:
    return "".join(f"<!-- @include-from: {one}, hash: {'0' * 64} -->\n<!-- @end-include -->\n" for one in anchors)


CYCLES = {
    "two files": {"a.md": f"# s\n{quoting('b.md#s')}", "b.md": f"# s\n{quoting('a.md#s')}"},
    "itself": {"a.md": f"# s\n{quoting('a.md#s')}"},
    "another spelling": {"a.md": f"# s\n{quoting('./a.md#s')}"},
    "three sections": {"a.md": f"# s\n{quoting('a.md#t')}\n# t\n{quoting('a.md#u')}\n# u\n{quoting('a.md#s')}"},
}


@pytest.mark.parametrize("name", CYCLES)
def test_a_cycle_is_shown_as_a_way(root, name):
    for path, content in CYCLES[name].items():
        (root / path).write_text(content, encoding="utf-8")
    includes, (finding,) = check(root, quoting("a.md#s"))
    assert ([one.state for one in includes], finding.id) == (["cycle"], "include-cycle")
    assert finding.what.count("→") == {"itself": 1, "two files": 2, "three sections": 3}.get(name, 1)


def test_the_diamond_and_the_same_file_twice_are_no_cycle(root):
    both = f"# s\n{quoting('b.md#s', 'c.md#s')}\n# t\nend\n"
    for path, content in {
        "a.md": both,
        "b.md": f"# s\n{quoting('a.md#t')}",
        "c.md": f"# s\n{quoting('a.md#t')}",
    }.items():
        (root / path).write_text(content, encoding="utf-8")
    assert states(root, quoting("a.md#s")) == ["both"]


@pytest.mark.parametrize("data", [b"\xff\xfe#\0", b"# Rules\n\0", b"# Rules\n\xe9"])
def test_a_source_that_is_no_text_is_told_at_the_marker(root, data):
    (root / "a.md").write_bytes(data)
    includes, (finding,) = check(root, block())
    assert ([one.state for one in includes], str(finding.where)) == (["source-malformed"], "p.md:1")
    assert "a.md" in finding.what


def test_a_link_that_stays_inside_is_followed(root):
    (root / "docs").mkdir()
    (root / "docs" / "a.md").symlink_to(root / "a.md")
    (root / "linked").symlink_to(root / "docs")
    assert states(root, block(anchor="docs/a.md#rules") + block(anchor="linked/a.md#rules")) == ["verified"] * 2


def test_a_path_is_mapped_before_it_is_judged(root):
    (root / "lib").mkdir()
    (root / "lib" / "a.md").write_text(SOURCE, encoding="utf-8")
    jail = Jail(root, (("docs/", "lib"), ("out", "../x")))
    includes, _ = Checker(jail).check(
        (block(anchor="docs/a.md#rules") + block(anchor="out/a.md#rules")).encode(), "p.md"
    )
    assert [one.state for one in includes] == ["verified", "outside"]


def test_only_markers_and_an_empty_document_are_read():
    blocks, findings = scan(read_document(block(body="").removesuffix("\n"), "p.md"))
    assert ([one.body for one in blocks], findings) == ([b""], ())
    assert scan(read_document("", "p.md")) == ((), ())
