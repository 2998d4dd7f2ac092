"""The graph of includes: a section is quoted where it, what holds it, or what lies in it is quoted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devnet_runner.digest import Digest
from devnet_runner.document import read_document
from devnet_runner.includes.graph import Authored, Quote, graph

LEVELS = st.lists(st.integers(1, 4), min_size=1, max_size=12)


def authored(path, levels):
    text = "".join(f"{'#' * level} h{number}\n\ntext\n\n" for number, level in enumerate(levels))
    headings = read_document(text, path).headings
    return [Authored((path, one.text), one.line, one.end, Digest.of(one.text.encode())) for one in headings]


def related(one, other):
    """Whether one section is the other, or holds it."""
    return one.line <= other.line and other.end <= one.end


@given(levels=LEVELS, chosen=st.sets(st.integers(0, 11)))
def test_orphans_are_what_no_quote_touches(levels, chosen):
    sections = authored("a.md", levels)
    used = [one for number, one in enumerate(sections) if number in chosen]
    found = graph([Quote("d.md", 1, one.node, "verified") for one in used], sections)
    assert list(found.orphans) == [
        one for one in sections if not any(related(one, quoted) or related(quoted, one) for quoted in used)
    ]


def test_a_quote_of_one_document_touches_no_other():
    sections = authored("a.md", [1]) + authored("b.md", [1])
    found = graph([Quote("d.md", 1, ("a.md", "h0"), "verified")], sections)
    assert [one.node for one in found.orphans] == [("b.md", "h0")]
