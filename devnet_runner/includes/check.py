"""Verifying includes: the quoted body and the section it quotes must both hash to what the marker says."""

from __future__ import annotations

from dataclasses import dataclass

from devnet_runner.digest import Digest
from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.includes.jail import Jail, Refused
from devnet_runner.includes.markers import HASH, Block, scan
from devnet_runner.includes.sections import Section, Sections

VERIFIED, BODY, SOURCE, BOTH, STALE = "verified", "body-edited", "source-moved", "both", "hash-stale"
MAX_DEPTH = 32

DRIFT = frozenset({"include-body-edited", "include-source-moved", "include-both-moved", "include-hash-stale"})
"""Findings that say a text has moved; every other blocking finding says that a marker or a document is wrong."""


@dataclass(frozen=True, slots=True)
class Include:
    """One include and its state: `verified`, or why not; `finding` says it with a place and a cure."""

    path: str
    line: int
    source: str
    anchor: str
    hash: str
    state: str
    finding: Finding | None = None


class Checker:
    """Checks documents one after the other; sources are read once."""

    def __init__(self, jail: Jail) -> None:
        self._jail = jail
        self._sections = Sections(jail.read)
        self._verified: dict[tuple[str, str], tuple[Section, str] | Finding] = {}

    def check(self, data: bytes, path: str) -> tuple[tuple[Include, ...], tuple[Finding, ...]]:
        """The includes of a document with their states, and every finding about them and about its markers."""
        blocks, faults = scan(data, path)
        includes = tuple(self._include(block, path) for block in blocks)
        found = tuple(one.finding for one in includes if one.finding is not None)
        return includes, tuple(sorted((*faults, *found), key=lambda finding: finding.where))

    def _include(self, block: Block, path: str) -> Include:
        state, finding = self._state(block, Place(path, block.line))
        return Include(path, block.line, block.source, block.anchor, block.hash, state, finding)

    def _state(self, block: Block, place: Place) -> tuple[str, Finding | None]:
        if not HASH.fullmatch(block.hash):
            what = f"'{block.hash[:80]}' is no SHA-256"
            return "malformed", Finding("include-hash-malformed", place, what, "write 64 hexadecimal digits")
        found = self._section(block.source, block.anchor)
        if isinstance(found, Finding):
            moved = Finding(found.id, place, found.what, found.fix)
            return found.id.removeprefix("include-"), moved
        section, wanted = found
        actual = Digest.of_body(block.body).value
        if actual == wanted == block.hash:
            return VERIFIED, None
        return _drift(block, place, section, actual, wanted)

    def _section(self, source: str, anchor: str) -> tuple[Section, str] | Finding:
        """The section that a marker names with its hash, or the reason why there is none; kept for the next marker."""
        key = (source, anchor)
        if key not in self._verified:
            self._verified[key] = self._look_up(source, anchor)
        return self._verified[key]

    def _look_up(self, source: str, anchor: str) -> tuple[Section, str] | Finding:
        nowhere = Place(source)
        try:
            sections = self._sections.find(source, anchor)
        except Refused as refused:
            fix = "quote a file of this repository by its path from the root"
            return Finding("include-outside", nowhere, f"'{source}' is not read: {refused}", fix)
        except OSError as error:
            fix = "correct the path, or map it under `includes.paths` in devnet.yaml"
            return Finding("include-source-missing", nowhere, f"'{source}' cannot be read: {error.strerror}", fix)
        except InputError as error:
            return Finding("include-source-malformed", nowhere, error.findings[0].what, error.findings[0].fix)
        if len(sections) != 1:
            return self._no_section(source, anchor, sections)
        cycle = self._cycle(source, anchor, ())
        if cycle:
            return Finding(
                "include-cycle", nowhere, f"the include leads back to itself: {' → '.join(cycle)}", "break it"
            )
        return sections[0], Digest.of(sections[0].body).value

    def _no_section(self, source: str, anchor: str, sections: list[Section]) -> Finding:
        if sections:
            lines = " and ".join(str(section.line) for section in sections)
            what = f"'{source}' has the anchor '{anchor}' more than once, in lines {lines}"
            return Finding("include-anchor-ambiguous", Place(source), what, "rename all but one of the headings")
        near = ", ".join(f"#{one}" for one in self._sections.near(source, anchor)) or "none"
        what = f"'{source}' has no heading for the anchor '{anchor}'"
        return Finding("include-anchor-missing", Place(source), what, f"name one that it has: {near}")

    def _cycle(self, source: str, anchor: str, above: tuple[str, ...]) -> tuple[str, ...]:
        name = f"{self._jail.mapped(source)}#{anchor}"
        if name in above:
            return (*above[above.index(name) :], name)
        if len(above) >= MAX_DEPTH:
            return (*above, name)
        try:
            sections = self._sections.find(source, anchor)
        except (OSError, Refused, InputError):
            # The document that holds this marker is told so when it is checked itself.
            return ()
        found = (self._cycle(b.source, b.anchor, (*above, name)) for one in sections for b in one.blocks)
        return next((cycle for cycle in found if cycle), ())


def _drift(block: Block, place: Place, section: Section, actual: str, wanted: str) -> tuple[str, Finding]:
    """Which of the two moved, the quoted text here or the section there."""
    at = f"{block.source}#{block.anchor} (line {section.line})"
    if actual == wanted:
        state, kind = STALE, "include-hash-stale"
        what, fix = f"only the hash is stale: the text here and {at} are the same", f"write hash: {wanted}"
    elif wanted == block.hash:
        state, kind = BODY, "include-body-edited"
        what, fix = f"the quoted text was edited here; {at} still has the hash", f"put back the text of {at}"
    elif actual == block.hash:
        state, kind = SOURCE, "include-source-moved"
        what, fix = f"{at} has changed; the text here still has the hash", f"quote it anew, with hash: {wanted}"
    else:
        state, kind = BOTH, "include-both-moved"
        what, fix = f"both the quoted text and {at} have changed", f"quote it anew, with hash: {wanted}"
    return state, Finding(kind, place, what, fix, expected=block.hash, actual=f"here {actual}, there {wanted}")


def check_document(data: bytes, path: str, jail: Jail) -> tuple[tuple[Include, ...], tuple[Finding, ...]]:
    """The includes of one document and the findings about them."""
    return Checker(jail).check(data, path)
