"""Telling which of the two moved: the text that is quoted here, or the section that it was quoted from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.findings import Finding, Place

if TYPE_CHECKING:
    from devnet_runner.includes.markers import Block
    from devnet_runner.includes.sections import Section

VERIFIED, BODY, SOURCE, BOTH, STALE = "verified", "body-edited", "source-moved", "both", "hash-stale"

DRIFT = frozenset({"include-body-edited", "include-source-moved", "include-both-moved", "include-hash-stale"})
"""Findings that say a text has moved; every other blocking finding says that a marker or a document is wrong."""


def drift(block: Block, place: Place, section: Section, hashes: tuple[str, str]) -> tuple[str, Finding]:
    """State and finding of an include whose `hashes`, of the text here and of the section there, are not its own."""
    actual, wanted = hashes
    at = f"{block.source}#{block.anchor} (line {section.line})"
    if actual == wanted:
        state, kind = STALE, "include-hash-stale"
        what, fix = f"only the hash is stale: the text here and {at} are the same", f"write hash: {wanted}"
    elif wanted == block.hash:
        state, kind = BODY, "include-body-edited"
        what = f"the quoted text was edited here{_blanks(block, section)}; {at} still has the hash"
        fix = f"put back the text of {at}"
    elif actual == block.hash:
        state, kind = SOURCE, "include-source-moved"
        what, fix = f"{at} has changed; the text here still has the hash", f"quote it anew, with hash: {wanted}"
    else:
        state, kind = BOTH, "include-both-moved"
        what, fix = f"both the quoted text and {at} have changed", f"quote it anew, with hash: {wanted}"
    return state, Finding(kind, place, what, fix, expected=block.hash, actual=f"here {actual}, there {wanted}")


def _blanks(block: Block, section: Section) -> str:
    """Says so where only white space differs, which is hard to see."""
    return ", in white space only" if block.body.split() == section.body.split() else ""
