"""Refreshing as values: what becomes of documents, and what stays as it is to the byte."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet_runner.commands.includes_where import Where
from devnet_runner.document import read_document
from devnet_runner.includes import Checker, Jail, scan
from devnet_runner.includes.compose import block_text, inserted, quotable, replaced
from devnet_runner.includes.refresh import Rewritten, Wanted, refresh
from devnet_runner.text import decode

OLD, NEW = "The old rule.\n", "The new rule ✅.\nOn two lines.\n"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def block(body: str = OLD, claimed: str = OLD, source: str = "s.md#rule") -> str:
    return f"<!-- @include-from: {source}, hash: {digest(claimed)} -->\n{body}<!-- @end-include -->\n"


def source(text: str = NEW) -> str:
    return f"# Rule\n\n{text}\n# Other\n\nElse.\n"


def refreshed(files, wanted=None):
    """The files after a refresh, and what it said."""
    data = {path: text if isinstance(text, bytes) else text.encode() for path, text in files.items()}
    with tempfile.TemporaryDirectory() as folder:
        root = written(folder, data)
        found = refresh(sorted(data), lambda path: (root / path).read_bytes(), Jail(root), wanted or Wanted())
    return data | {path: new for path, (_, new) in found.changes.items()}, found


def written(folder, files):
    for path, data in files.items():
        (Path(folder) / path).write_bytes(data)
    return Path(folder)


def states(files):
    with tempfile.TemporaryDirectory() as folder:
        checker = Checker(Jail(written(folder, files)))
        return [one.state for path, data in sorted(files.items()) for one in checker.check(data, path)[0]]


def test_a_block_whose_source_moved_is_put_anew_with_its_hash():
    after, found = refreshed({"d.md": f"# D\n\n{block()}end\n", "s.md": source()})
    assert after["d.md"].decode() == f"# D\n\n{block(NEW, NEW)}end\n"
    assert [(one.path, one.line, one.state) for one in found.blocks] == [("d.md", 3, "source-moved")]
    assert found.findings == ()


def test_a_stale_hash_is_put_anew_and_the_text_stays():
    after, found = refreshed({"d.md": block(NEW, "x"), "s.md": source()})
    assert (after["d.md"].decode(), len(found.blocks)) == (block(NEW, NEW), 1)


@pytest.mark.parametrize("host", [block("Edited.\n", OLD), block("Edited.\n", NEW)], ids=["both", "body"])
def test_an_edited_text_is_left_unless_forced_and_then_kept(host):
    files = {"d.md": host, "s.md": source()}
    after, found = refreshed(files)
    assert (after["d.md"].decode(), [one.id for one in found.findings]) == (host, ["include-kept"])
    after, found = refreshed(files, Wanted(force=True))
    assert after["d.md"].decode() == block(NEW, NEW)
    assert [(one.kept, one.aside.startswith(".devnet/kept/d.md-1-")) for one in found.blocks] == [(b"Edited.\n", True)]


def test_only_what_is_quoted_from_the_named_section_is_put_anew():
    other = block("Was.\n", "Was.\n", "s.md#other")
    files = {"d.md": block() + other, "s.md": source()}
    after, _ = refreshed(files, Wanted("./s.md", "rule"))
    assert after["d.md"].decode() == block(NEW, NEW) + other


DRESSES = [
    ("lf", lambda text: text.encode()),
    ("crlf", lambda text: text.replace("\n", "\r\n").encode()),
    ("bom", lambda text: b"\xef\xbb\xbf" + text.encode()),
    ("bom and crlf", lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()),
    ("no last newline", lambda text: text.rstrip("\n").encode()),
    ("odd outside", lambda text: b"a\r\nb\rc \xc2\xa0\n" + text.encode() + b"\r\n\xe2\x80\xa8 \t\n"),
]


@pytest.mark.parametrize("dress", [dress for _, dress in DRESSES], ids=[name for name, _ in DRESSES])
def test_bytes_outside_of_the_block_and_its_line_endings_stay(dress):
    old, new = dress(f"\n# D \t\n\n{block()}\nx"), dress(f"\n# D \t\n\n{block(NEW, NEW)}\nx")
    after, _ = refreshed({"d.md": old, "s.md": source()})
    assert after["d.md"] == new


UNTOUCHED = {
    "verified": block(NEW, NEW),
    "fenced": f"```\n{block()}```\n",
    "commented": f"<!--\n{block()}-->\n",
    "in an open fence": f"~~~\n{block()}",
    "no source": block(source="nowhere.md#rule"),
    "no anchor": block(source="s.md#nowhere"),
    "outside": block(source="../s.md#rule"),
    "malformed": block().replace(digest(OLD), "abc"),
    "no end": block().replace("<!-- @end-include -->\n", ""),
}


@pytest.mark.parametrize("host", UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_what_is_no_stale_block_is_not_touched(host):
    after, found = refreshed({"d.md": host, "s.md": source()})
    assert (after["d.md"], found.blocks) == (host.encode(), ())


@pytest.mark.parametrize("text", ["```\nnever closed\n", "<!-- @end-include -->\n", "<!--\nopen\n"])
def test_a_section_that_would_break_the_document_is_refused(text):
    host = block() + "# After\n\n" + block(NEW, NEW, "t.md#rule")
    after, found = refreshed({"d.md": host, "s.md": f"# Rule\n\n{text}", "t.md": source()})
    assert after["d.md"].decode() == host
    assert "include-unquotable" in [one.id for one in found.findings]


def test_a_section_that_quotes_others_is_followed_in_one_run():
    chain = {f"{n}.md": f"# Rule\n\nLink {n}.\n{block(source=f'{n + 1}.md#rule')}" for n in range(6)}
    after, found = refreshed({**chain, "6.md": source()})
    assert found.findings == ()
    assert states(after) == ["verified"] * 6
    assert after["0.md"].decode().count("Link") == 6
    assert b"The new rule" in after["0.md"]


def test_a_document_that_is_no_text_is_told_and_the_others_are_refreshed(tmp_path):
    data = {"d.md": block().encode(), "s.md": source().encode(), "z.md": b"caf\xe9\n"}
    written(tmp_path, data)
    where = Where.of(tmp_path)
    found = refresh(sorted(data), where.read, where.jail, Wanted())
    assert [str(one.where) for one in found.findings] == ["z.md:1"]
    assert found.changes["d.md"][1].decode() == block(NEW, NEW)


def test_good_blocks_are_put_anew_beside_one_that_cannot_be_quoted():
    host = block() + block("Was.\n", "Was.\n", "t.md#rule") + block()
    after, found = refreshed({"d.md": host, "s.md": source(), "t.md": "# Rule\n\n~~~\nopen\n"})
    assert after["d.md"].decode() == block(NEW, NEW) + block("Was.\n", "Was.\n", "t.md#rule") + block(NEW, NEW)
    assert [(one.id, one.where.line) for one in found.findings] == [("include-unquotable", 4)]


def test_a_kept_body_has_a_name_that_every_file_system_takes():
    one = Rewritten("é/" * 200 + "d.md", 7, "s.md", "rule", "body-edited", b"x")
    assert len(Path(one.aside).name.encode()) < 200
    assert one.aside != replace(one, kept=b"y").aside


def test_an_include_that_leads_back_is_left():
    files = {"a.md": f"# Rule\n\nA\n{block(source='b.md#rule')}", "b.md": f"# Rule\n\nB\n{block(source='a.md#rule')}"}
    after, found = refreshed(files)
    assert after == {path: text.encode() for path, text in files.items()}
    assert {one.id for one in found.findings} == {"include-cycle"}


LINES = st.sampled_from(["text", "", "- item", "# Head", "é✅", " indented", "> quoted", "\ttab", "trailing  "])
BODIES = st.lists(LINES.filter(lambda line: not line.startswith("#")), min_size=1, max_size=5).map("\n".join)
GOOD = BODIES.map(lambda text: text.strip() + "\n").filter(str.strip)
PIECES = st.one_of(
    LINES.map(lambda line: f"{line}\n"),
    st.just("```\ncode\n```\n"),
    st.just(block()),
    GOOD.map(lambda body: block(body, OLD)),
    GOOD.map(lambda body: block(body, body)),
    st.just("<!-- @include-from: s.md#rule, hash: x -->\n"),
)
HOSTS = st.lists(PIECES, max_size=8).map("".join)


def outside(data: bytes) -> list[bytes]:
    """The bytes of a document without its blocks."""
    lines = data.split(b"\n")
    for one in reversed(scan(read_document(decode(data, "d.md").content, "d.md"))[0]):
        del lines[one.line - 1 : one.end]
    return lines


@given(host=HOSTS, body=GOOD, windows=st.booleans(), mark=st.booleans())
def test_refreshing_is_idempotent_and_leaves_the_rest(host, body, windows, mark):
    data = (b"\xef\xbb\xbf" if mark else b"") + (host.replace("\n", "\r\n") if windows else host).encode()
    after, _ = refreshed({"d.md": data, "s.md": source(body)})
    assert outside(after["d.md"]) == outside(data)
    again, found = refreshed(after)
    assert (again, found.blocks) == (after, ())


@given(host=HOSTS, body=GOOD)
def test_forced_everything_that_can_be_quoted_verifies(host, body):
    after, found = refreshed({"d.md": host, "s.md": source(body)}, Wanted(force=True))
    left = set(states({"d.md": after["d.md"], "s.md": after["s.md"]}))
    assert left <= {"verified", "malformed"}
    assert "include-unquotable" not in [one.id for one in found.findings]


@given(source=st.from_regex(r"\A[a-z/]{1,9}\.md\Z"), anchor=st.from_regex(r"\A[a-z0-9-]{1,9}\Z"), body=GOOD)
def test_what_is_printed_reads_back(source, anchor, body):
    (one,), faults = scan(read_document(block_text(source, anchor, body.encode()).decode(), "d.md"))
    assert (one.source, one.anchor, one.body, faults) == (source, anchor, body.encode(), ())
    assert one.hash == digest(body)


@given(host=HOSTS, line=st.integers(1, 60), windows=st.booleans())
def test_what_is_inserted_can_be_taken_out_again(host, line, windows):
    data = (host.replace("\n", "\r\n") if windows else host).encode()
    count = data.count(b"\n") + 1
    at = min(line, count)
    after = inserted(data, at, b"new\nlines\n")
    lines = after.split(b"\n")
    assert [one.rstrip(b"\r") for one in lines[at - 1 : at + 1]] == [b"new", b"lines"]
    assert b"\n".join(lines[: at - 1] + lines[at + 1 :]) == data


def test_a_text_put_behind_the_last_line_begins_on_its_own():
    assert inserted(b"a", 2, b"new\n") == b"a\nnew\n"
    assert inserted(b"a\r\nb", 3, b"new\n") == b"a\r\nb\r\nnew\r\n"


def test_a_text_put_before_the_first_line_stands_behind_the_byte_order_mark():
    assert inserted(b"\xef\xbb\xbf# A\r\n", 1, b"new\n") == b"\xef\xbb\xbfnew\r\n# A\r\n"


@given(host=HOSTS, body=st.one_of(GOOD, st.sampled_from(["```\nx\n", "<!--\n", "<!-- @end-include -->\n", "~~~\n"])))
def test_whether_a_text_can_be_quoted_does_not_depend_on_the_document(host, body):
    sound = host + "\n" + block() + block()
    blocks, _ = scan(read_document(sound, ""))
    after = replaced(sound.encode(), [(blocks[-2], body.encode())])
    again, _ = scan(read_document(after.decode(), ""))
    assert quotable(body.encode()) == ([one.body for one in again[-2:]] == [body.encode(), blocks[-1].body])


def test_replacing_keeps_how_the_marker_is_written():
    host = block().replace("s.md#rule", "./s.md#rule").encode()
    (one,), _ = scan(read_document(host.decode(), "d.md"))
    assert replaced(host, [(one, NEW.encode())]).startswith(b"<!-- @include-from: ./s.md#rule, hash: ")
