"""Telling which of the two moved, and why: the text that is quoted here, or the section that it was quoted from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from devnet_runner.findings import Finding, Place
from devnet_runner.includes.diff import Side, unified
from devnet_runner.includes.why import MAX_LENGTH, WORDS, hashed, why

if TYPE_CHECKING:
    from devnet_runner.includes.markers import Block
    from devnet_runner.includes.sections import Section

VERIFIED, BODY, SOURCE, BOTH, STALE = "verified", "body-edited", "source-moved", "both", "hash-stale"

DRIFT = frozenset({"include-body-edited", "include-source-moved", "include-both-moved", "include-hash-stale"})
"""Findings that say a text has moved; every other blocking finding says that a marker or a document is wrong."""


class Drift(NamedTuple):
    """How an include has drifted: its state, the finding that says so, why (names of causes), and a unified diff."""

    state: str
    finding: Finding
    why: tuple[str, ...] = ()
    diff: tuple[str, ...] = ()


class Quote(NamedTuple):
    """A block in its document, the section that it quotes, and the hashes of the text here and of that section."""

    block: Block
    place: Place
    section: Section
    here: str
    there: str

    @property
    def at(self) -> str:
        """The section, as a person would look for it."""
        return f"{self.block.source}#{self.block.anchor} (line {self.section.line})"


def drift(quote: Quote, *, explained: bool = True) -> Drift:
    """What has become of a quote whose hashes are not its own; `explained` with the reason and the difference."""
    causes, diff = _compared(quote) if explained else ((), ())
    state, kind, what, fix = _told(quote, causes)
    actual = f"here {quote.here}, there {quote.there}"
    return Drift(state, Finding(kind, quote.place, what, fix, expected=quote.block.hash, actual=actual), causes, diff)


def _told(quote: Quote, causes: tuple[str, ...]) -> tuple[str, str, str, str]:
    """State, id, sentence and cure."""
    value, at = quote.block.hash, quote.at
    only = f", in {' and '.join(WORDS[name] for name in causes)} only" if causes and causes[0] in WORDS else ""
    anew = f"quote it anew, with hash: {quote.there}"
    if quote.here == quote.there:
        what = f"only the hash is stale: the text here and {at} are the same"
        return STALE, "include-hash-stale", what + _taken(quote), f"write hash: {quote.there}"
    if quote.there == value:
        what = f"the quoted text was edited here{only}; {at} still has the hash"
        return BODY, "include-body-edited", what, f"put back the text of {at}"
    if quote.here == value:
        return SOURCE, "include-source-moved", f"{at} has changed{only}; the text here still has the hash", anew
    differ = only and f"; they differ{only}"
    return BOTH, "include-both-moved", f"both the quoted text and {at} have changed{differ}", anew


def _taken(quote: Quote) -> str:
    """Says which form of the text the hash was taken from, where it is one that is known."""
    form = hashed(quote.block.body.decode("utf-8"), quote.block.hash)
    return f"; the hash is that of the text {form}" if form else ""


def _compared(quote: Quote) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Why the two texts differ, and their difference: from what has the hash to what has not."""
    if quote.here == quote.there:
        return ("hash-only",), ()
    here, there = quote.block.body.decode("utf-8"), quote.section.body.decode("utf-8")
    if len(here) + len(there) > MAX_LENGTH:
        return (), ()
    ours = Side(f"{quote.place.path} (quoted here)", quote.block.line + 1, here.split("\n")[:-1])
    theirs = Side(f"{quote.block.source} (the section)", quote.section.first, there.split("\n")[:-1])
    sides = (theirs, ours) if quote.there == quote.block.hash else (ours, theirs)
    return why(here, there), unified(*sides)
