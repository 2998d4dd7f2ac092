"""Verifying includes: the quoted body and the section it quotes must both hash to what the marker says."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from devnet_runner.digest import Digest
from devnet_runner.document import read_document
from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.includes.cycles import Cycles
from devnet_runner.includes.drift import DRIFT, VERIFIED, Drift, Quote, drift
from devnet_runner.includes.jail import Jail, Refused
from devnet_runner.includes.known import KnownBlocks
from devnet_runner.includes.markers import BEGIN, Block, scan, unclosed
from devnet_runner.includes.sections import Section, Sections
from devnet_runner.text import decode

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DRIFT", "Checker", "Include", "check_document"]

HASH = re.compile(r"[0-9a-f]{64}")
PARTS = {"include-hash-malformed": ", hash: ", "include-anchor-missing": "#", "include-anchor-ambiguous": "#"}
"""What stands before the part of a marker that a finding is about; before its path stands the marker's name."""

MAX_EXPLAINED = 100
"""How many drifted includes of one document are explained; a hostile one may have thousands of long ones."""

ANCHOR = re.compile(r"[A-Za-z0-9._-]{1,128}")


@dataclass(frozen=True, slots=True)
class Include:
    """One include and its state: `verified`, or why not; `finding` says it with a place and a cure.

    `why` names what makes the whole difference, where that is known; `diff` shows it; `column` (1-based) is where in
    its line the marker says what is wrong.
    """

    path: str
    line: int
    source: str
    anchor: str
    hash: str
    state: str
    finding: Finding | None = None
    why: tuple[str, ...] = ()
    diff: tuple[str, ...] = ()
    column: int = 1


class Checker:
    """Checks documents one after the other; sources are read once, by `read` where it is given."""

    def __init__(self, jail: Jail, read: Callable[[str], bytes] | None = None) -> None:
        self._sections = Sections(read or jail.read)
        self._cycles = Cycles(self._sections, jail.mapped)
        self._found: dict[tuple[str, str], tuple[Section, str] | Finding] = {}
        self._left = MAX_EXPLAINED
        self.known = KnownBlocks()

    def check(self, data: bytes, path: str) -> tuple[tuple[Include, ...], tuple[Finding, ...]]:
        """The includes of a document with their states, and every finding about them and about its markers.

        Raises InputError for bytes that are no text.
        """
        document = read_document(decode(data, path).content, path)
        blocks, faults = scan(document)
        self._left = MAX_EXPLAINED
        includes = tuple(self._include(block, path, document.lines[block.line - 1]) for block in blocks)
        found = tuple(one.finding for one in includes if one.finding is not None)
        if blocks or faults:
            faults = (*faults, *unclosed(document))
        return includes, tuple(sorted((*faults, *found), key=lambda finding: finding.where))

    def quoted_by(self, source: str) -> frozenset[str]:
        """The paths that a source quotes itself, as far as it has been read."""
        return self._sections.quoted_by(source)

    def _include(self, block: Block, path: str, line: str) -> Include:
        found = self._state(block, Place(path, block.line))
        if found is None:
            self.known.add(block)
            return _valued(block, path, VERIFIED)
        if isinstance(found, Drift):
            return replace(_valued(block, path, found.state), finding=found.finding, why=found.why, diff=found.diff)
        malformed = found.id == "include-hash-malformed" or not ANCHOR.fullmatch(block.anchor)
        state = "malformed" if malformed else found.id.removeprefix("include-")
        return replace(_valued(block, path, state), finding=found, column=_column(found.id, line))

    def _state(self, block: Block, place: Place) -> Drift | Finding | None:
        """How a block has drifted, or why that cannot be told; None where it verifies."""
        if not HASH.fullmatch(block.hash):
            what = f"the malformed hash '{block.hash[:80]}' is no SHA-256"
            return Finding("include-hash-malformed", place, what, "write 64 hexadecimal digits")
        if not ANCHOR.fullmatch(block.anchor):
            what = f"the anchor {block.anchor[:80]!a} is no anchor"
            fix = "use letters from a to z, digits, dots, dashes and underscores, as in the heading that you mean"
            return Finding("include-anchor-missing", place, what, fix)
        found = self.section(block.source, block.anchor)
        if isinstance(found, Finding):
            return replace(found, where=place)
        section, wanted = found
        actual = Digest.of(block.body).value
        if actual == wanted == block.hash:
            return None
        self._left -= 1
        return drift(Quote(block, place, section, actual, wanted), explained=self._left >= 0)

    def section(self, source: str, anchor: str) -> tuple[Section, str] | Finding:
        """The section that a marker names with its hash, or the reason why there is none; kept for the next marker."""
        key = (source, anchor)
        if key not in self._found:
            self._found[key] = self._look_up(source, anchor)
        return self._found[key]

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
            what = f"'{error.findings[0].where}' cannot be quoted: {error.findings[0].what}"
            return Finding("include-source-malformed", nowhere, what, error.findings[0].fix)
        if len(sections) != 1:
            return self._no_section(source, anchor, sections)
        cycle = self._cycles.through(source, anchor)
        if cycle:
            what = f"the include leads back to itself: {' → '.join(cycle)}"
            return Finding("include-cycle", nowhere, what, "take one of these includes out")
        return sections[0], Digest.of(sections[0].body).value

    def _no_section(self, source: str, anchor: str, sections: list[Section]) -> Finding:
        if sections:
            lines = " and ".join(str(section.line) for section in sections[:5])
            what = f"'{source}' has the anchor '{anchor}' more than once, in lines {lines}"
            return Finding("include-anchor-ambiguous", Place(source), what, "rename all but one of the headings")
        near = ", ".join(f"#{one}" for one in self._sections.near(source, anchor)) or "none"
        what = f"'{source}' has no heading for the anchor '{anchor}'"
        return Finding("include-anchor-missing", Place(source), what, f"name one that it has: {near}")


def _valued(block: Block, path: str, state: str) -> Include:
    return Include(path, block.line, block.source, block.anchor, block.hash, state)


def _column(kind: str, line: str) -> int:
    before = PARTS.get(kind, f"{BEGIN}: ")
    return line.find(before) + len(before) + 1


def check_document(data: bytes, path: str, jail: Jail) -> tuple[tuple[Include, ...], tuple[Finding, ...]]:
    """The includes of one document and the findings about them. Raises InputError for bytes that are no text."""
    return Checker(jail).check(data, path)
