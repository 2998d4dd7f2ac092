"""Lines and blocks: the fast pass sees the headings and fences that a Markdown parser sees."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from devnet_runner.document import read_document, slugs

LINES = st.sampled_from(
    ["# a", "## b ##", "### c#", "#no", "####### d", "#", "  ## e", "text", "text # f", "", "```", "````",
     "~~~", "~~~~", "<!-- one line -->", "<!--", "-->", "``` bash", "```a`b", "~~~ x`y", "   ```", "``` ",
     "```\t", "    ```", "    # g", "#\ti", "# \\# h #", "#\u00a0j", "# k\u2028l", "`# m`", "# # n",
     "## o #\t", "a\x0b", "\x0c# p", "> # q", "> ```"]
)  # fmt: skip
contents = st.lists(LINES, max_size=14).map("\n".join)


def parsed(content: str) -> tuple[list[tuple[int, int]], list[tuple[int, str]]]:
    """Headings as (level, line) and fences as (line, info), out of block quotes, by the library."""
    tokens = MarkdownIt("commonmark").disable(["lheading", "list"]).parse(content)
    top = [token for token in tokens if token.level == 0 and token.map]
    headings = [(int(one.tag[1]), one.map[0] + 1) for one in top if one.type == "heading_open" and one.map]
    return headings, [(one.map[0] + 1, one.info.strip()) for one in top if one.type == "fence" and one.map]


@settings(deadline=None, max_examples=500)
@given(content=contents)
def test_headings_and_fences_are_those_of_a_markdown_parser(content):
    document = read_document(content, "p.md")
    headings, fences = parsed(content)
    assert [(one.level, one.line) for one in document.headings] == headings
    assert [(one.start, one.info) for one in document.fences] == fences


TEXTS = {"# a": "a", "## a ##": "a", "# a#": "a#", "#": "", "# ##": "", "#\ta \t": "a", "  # a # b #": "a # b"}


@pytest.mark.parametrize("line", TEXTS)
def test_the_text_of_a_heading_is_without_its_signs(line):
    (heading,) = read_document(line, "p.md").headings
    assert heading.text == TEXTS[line]


def test_sections_end_at_the_next_heading_of_their_level_or_above():
    document = read_document("# a\n## b\n### c\n## d\n# e\n", "p.md")
    assert [one.end for one in document.headings] == [5, 4, 4, 5, 7]


@pytest.mark.parametrize(("content", "fences"), [
    ("```\na\n```", [(1, 3, True)]),
    ("```\na", [(1, 3, False)]),
    ("```", [(1, 2, False)]),
    ("~~~\n```\n~~~~ \n```\n```", [(1, 3, True), (4, 5, True)]),
    ("````\n```\n````", [(1, 3, True)]),
    ("```\n``` no\n    ```\n```", [(1, 4, True)]),
])  # fmt: skip
def test_fences_know_where_they_end(content, fences):
    assert [(one.start, one.end, one.closed) for one in read_document(content, "p.md").fences] == fences


@pytest.mark.parametrize(("content", "comments"), [
    ("<!-- a -->", []),
    ("<!--\n# a\n--> # b", [(1, 3, True)]),
    ("<!--\n```\n", [(1, 3, False)]),
    ("```\n<!--\n```", []),
])  # fmt: skip
def test_comments_hide_what_is_in_them(content, comments):
    document = read_document(content, "p.md")
    assert [(one.start, one.end, one.closed) for one in document.comments] == comments
    assert document.headings == ()


def test_a_line_knows_the_block_that_it_is_in():
    document = read_document("a\n```\nb\n```\n<!--\nc\n-->\nd", "p.md")
    assert [document.fence_at(line) is not None for line in range(1, 9)] == [False, *[True] * 3, *[False] * 4]
    assert [document.comment_at(line) is not None for line in range(1, 9)] == [*[False] * 4, *[True] * 3, False]


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x0b", "\x0c", "\x85", "\r", "\x1c"])
def test_only_line_feeds_end_a_line(sign):
    document = read_document(f"a{sign}# b\n# c{sign}d", "p.md")
    assert (len(document.lines), [(one.line, one.text) for one in document.headings]) == (2, [(2, f"c{sign}d")])


SLUGS = {
    "Unit Tests (70%)": ("unit-tests-70",),
    "Read/Write": ("read-write", "readwrite"),
    "a_b": ("a-b", "a_b"),
    "A  --  B": ("a-b", "a------b"),
    "`Code` & *more*": ("code-more", "code--more"),
    "1. First": ("1-first",),
    "✅": ("",),
}


@pytest.mark.parametrize("text", SLUGS)
def test_a_heading_has_the_anchors_of_both_rules(text):
    assert slugs(text) == SLUGS[text]
