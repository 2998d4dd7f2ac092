"""Why the bytes of an include differ, and the difference as it is shown."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet_runner.includes import Checker, Jail
from devnet_runner.includes.diff import MAX_LINES, MAX_WIDTH, Side, unified
from devnet_runner.includes.why import hashed, why

if TYPE_CHECKING:
    from pathlib import Path

BODY = "Keep the café small ✅\n\n- one purpose\n"
DECOMPOSED = unicodedata.normalize("NFD", BODY)
CAUSES = {
    "line-endings": BODY.replace("\n", "\r"),
    "byte-order-mark": "\ufeff" + BODY,
    "read-as-mac_roman": BODY.encode().decode("mac_roman"),
    "read-as-latin-1": BODY.encode().decode("latin-1"),
    "unicode-normalisation": DECOMPOSED,
    "no-break-spaces": BODY.replace("Keep the", "Keep\u00a0the"),
    "trailing-blanks": BODY.replace("purpose", "purpose \t"),
    "empty-lines": BODY.replace("\n\n", "\n\n\n"),
    "white-space": BODY.replace("- one", "-   one"),
}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("name", CAUSES)
def test_a_single_cause_is_named(name, turned):
    sides = (CAUSES[name], BODY)
    assert why(*(reversed(sides) if turned else sides)) == (name,)


def test_utf_8_that_was_read_as_windows_1252_is_named():
    body = "Keep it \N{EN DASH} small\n"
    assert why(body.encode().decode("cp1252"), body) == ("read-as-cp1252",)


def test_several_causes_are_named_together_and_no_more_than_needed():
    other = DECOMPOSED.replace("\n\n", "\r\n\n\n")
    assert set(why(other, BODY)) == {"line-endings", "unicode-normalisation", "empty-lines"}


@pytest.mark.parametrize("other", [BODY.replace("small", "big"), "", BODY + "- two\n", BODY.replace("✅", "❌")])
def test_a_text_that_was_rewritten_has_no_such_cause(other):
    assert why(BODY, other) == ()


@pytest.mark.parametrize("text", ["x" * 200_000, "e" + "\u0301\u0323" * 40_000, "Ã©" * 40_000])
def test_long_and_hostile_texts_are_left_unexplained_at_once(text):
    assert why(text, text.upper() + "y") == ()


FORMS = {
    "with CRLF line endings": BODY.replace("\n", "\r\n"),
    "without its final newline": BODY.removesuffix("\n"),
    "with a byte order mark": "\ufeff" + BODY,
    "with the empty line below it": BODY + "\n",
    "with the empty lines around it": f"\n{BODY}\n",
    "in Unicode's decomposed form (NFD)": DECOMPOSED,
}


@pytest.mark.parametrize("words", FORMS)
def test_the_form_that_a_hash_was_taken_from_is_known(words):
    assert hashed(BODY, hashlib.sha256(FORMS[words].encode()).hexdigest()) == words


def test_the_hash_of_another_text_is_the_hash_of_no_form():
    assert hashed(BODY, "0" * 64) == ""


def include(body: str, value: str) -> str:
    return f"<!-- @include-from: a.md#rules, hash: {value} -->\n{body}<!-- @end-include -->\n"


def checked(root: Path, source: str, document: str):
    (root / "a.md").write_text(f"# Rules\n\n\n{source}", encoding="utf-8")
    (one,), _ = Checker(Jail(root)).check(document.encode(), "p.md")
    return one


HASH = hashlib.sha256(BODY.encode()).hexdigest()


def test_a_stale_hash_says_what_it_is_the_hash_of(tmp_path):
    value = hashlib.sha256(BODY.replace("\n", "\r\n").encode()).hexdigest()
    one = checked(tmp_path, BODY, include(BODY, value))
    assert (one.state, one.why, one.diff) == ("hash-stale", ("hash-only",), ())
    assert "the hash is that of the text with CRLF line endings" in one.finding.what


def test_a_moved_source_shows_what_changed_there(tmp_path):
    one = checked(tmp_path, BODY.replace("small", "big"), f"# P\n{include(BODY, HASH)}")
    assert (one.state, one.why) == ("source-moved", ())
    assert one.diff == (
        "--- p.md (quoted here)", "+++ a.md (the section)", "@@ -3,3 +4,3 @@",
        "-Keep the café small ✅", "+Keep the café big ✅", " ", " - one purpose",
    )  # fmt: skip


def test_an_edited_body_shows_what_was_edited_here(tmp_path):
    one = checked(tmp_path, BODY, include(BODY.replace("purpose", "purpose "), HASH))
    assert (one.state, one.why) == ("body-edited", ("trailing-blanks",))
    assert one.diff[:3] == ("--- a.md (the section)", "+++ p.md (quoted here)", "@@ -4,3 +2,3 @@")
    assert one.diff[-2:] == ("-- one purpose", "+- one purpose·")


def test_at_most_a_hundred_includes_of_a_document_are_explained(tmp_path):
    (tmp_path / "a.md").write_text(f"# Rules\n{BODY}", encoding="utf-8")
    includes, findings = Checker(Jail(tmp_path)).check((include("x\n", HASH) * 150).encode(), "p.md")
    assert (len(findings), sum(bool(one.diff) for one in includes)) == (150, 100)


def shown(old: list[str], new: list[str]) -> tuple[str, ...]:
    return unified(Side("old", 1, old), Side("new", 1, new))


LINES = st.lists(st.sampled_from("abcd"), max_size=9)


@given(LINES, LINES)
def test_a_difference_leads_from_the_old_lines_to_the_new(old, new):
    made, at = [], 0
    for line in shown(old, new)[2:]:
        if found := re.match(r"@@ -(\d+),(\d+)", line):
            start = int(found[1]) - (found[2] != "0")
            made, at = made + old[at:start], start
        elif line[0] != "-":
            made.append(line[1:])
        if line[0] in " -":
            assert old[at] == line[1:]
            at += 1
    assert made + old[at:] == new


def test_equal_lines_have_no_difference():
    assert shown(["a", "b"], ["a", "b"]) == ()


def test_changes_that_are_far_apart_stand_in_parts_of_their_own():
    old = [str(number) for number in range(40)]
    new = ["x" if number in {2, 30} else line for number, line in enumerate(old)]
    assert [line for line in shown(old, new) if line.startswith("@@")] == ["@@ -1,6 +1,6 @@", "@@ -28,7 +28,7 @@"]


def test_a_difference_is_bounded_in_length_and_width():
    lines = shown(["a" * 1000] * 3, [f"{number}\x1b[2J" for number in range(500)])
    assert (len(lines), max(len(line) for line in lines)) == (MAX_LINES, MAX_WIDTH + 1)
    assert lines[-1] == "… 467 more lines"
    assert not any("\x1b" in line for line in lines)
