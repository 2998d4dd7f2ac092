"""Refreshing: what is quoted is put anew where its source has moved, and only there; nothing is written here.

A section may quote others itself, so documents are gone through until nothing changes any more.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from posixpath import normpath
from typing import TYPE_CHECKING

from devnet_runner.digest import Digest
from devnet_runner.document import read_document
from devnet_runner.findings import Finding, Place
from devnet_runner.includes.check import Checker
from devnet_runner.includes.compose import replaced
from devnet_runner.includes.cycles import MAX_DEPTH
from devnet_runner.includes.drift import BODY, BOTH, DRIFT, SOURCE, STALE
from devnet_runner.includes.jail import Jail
from devnet_runner.includes.markers import BEGIN, Block, scan
from devnet_runner.text import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from devnet_runner.includes.check import Include

MARK = BEGIN.encode()
REFRESHED = {SOURCE, STALE, BODY, BOTH}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which blocks are refreshed: those of one source and anchor where given; edited ones only with `force`."""

    source: str = ""
    anchor: str = ""
    force: bool = False


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A block that was put anew. `kept` is the body that was edited by hand, empty where none was lost."""

    path: str
    line: int
    source: str
    anchor: str
    state: str
    kept: bytes = b""

    @property
    def aside(self) -> str:
        """Where the edited body is kept: a name made of the document, the line and the body itself."""
        name = self.path.replace("/", "-")
        return f".devnet/kept/{name}-{self.line}-{Digest.of(self.kept).value[:12]}.md"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """New bytes by path, the blocks that were put anew, and what keeps others from being so."""

    changes: Mapping[str, tuple[bytes, bytes]]
    blocks: tuple[Rewritten, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Overlay(Jail):
    """A jail in which some files have other bytes than on the disk."""

    new: Mapping[str, bytes] = field(default_factory=dict)

    def read(self, path: str) -> bytes:
        """The bytes of a file, the new ones where there are some."""
        known = self.new.get(normpath(self.mapped(path)))
        return known if known is not None else Jail.read(self, path)


def refresh(paths: Iterable[str], read: Callable[[str], bytes], jail: Jail, wanted: Wanted) -> Refreshed:
    """What documents become when their blocks are put anew; `read` gives a document's bytes by its path.

    Raises InputError for a document that is no text.
    """
    given = tuple(paths)
    before: dict[str, bytes] = {}
    new: dict[str, bytes] = {}
    blocks: list[Rewritten] = []
    findings: list[Finding] = []
    for number in range(MAX_DEPTH + 1):
        # Only what was edited before this run is lost by force: later turns follow what this one wrote.
        turn = _Turn(Overlay(jail.root, jail.paths, dict(new)), replace(wanted, force=wanted.force and number == 0))
        moved = False
        for path in given:
            data = new[path] if path in new else read(path)
            after = turn.document(data, path) if MARK in data else data
            if after != data:
                before.setdefault(path, data)
                new[path], moved = after, True
        blocks += turn.done
        findings += [one for one in turn.left if number == 0 or one.id == "include-unquotable"]
        if not moved:
            break
    changes = {path: (before[path], new[path]) for path in new if before[path] != new[path]}
    return Refreshed(changes, _first(blocks), tuple(dict.fromkeys(findings)))


def _first(blocks: list[Rewritten]) -> tuple[Rewritten, ...]:
    """Each block once, as it was met first: a later turn only follows what it quotes."""
    found: dict[tuple[str, str, str, int], Rewritten] = {}
    for block in blocks:
        found.setdefault((block.path, block.source, block.anchor, block.line), block)
    return tuple(sorted(found.values(), key=lambda block: (block.path, block.line)))


class _Turn:
    """One way through all documents: what was put anew, and what was left for which reason."""

    def __init__(self, jail: Jail, wanted: Wanted) -> None:
        self._jail, self._wanted = jail, wanted
        self._checker = Checker(jail)
        self.done: list[Rewritten] = []
        self.left: list[Finding] = []

    def document(self, data: bytes, path: str) -> bytes:
        """The new bytes of a document."""
        includes, faults = self._checker.check(data, path)
        blocks, _ = scan(read_document(decode(data, path).content, path))
        self.left += [finding for finding in faults if finding.blocking and finding.id not in DRIFT]
        after = data
        # From below, so that the lines of those above stay what they are.
        for include, block in reversed(list(zip(includes, blocks, strict=True))):
            if include.state in REFRESHED and self._meant(include):
                after = self._block(after, include, block)
        return after

    def _block(self, data: bytes, include: Include, block: Block) -> bytes:
        edited = include.state in {BODY, BOTH}
        if edited and not self._wanted.force:
            self.left.append(_edited(include))
            return data
        after = self._anew(data, include.path, block)
        if after != data:
            kept = block.body if edited else b""
            done = Rewritten(include.path, block.line, block.source, block.anchor, include.state, kept)
            self.done.append(done)
        return after

    def _meant(self, include: Include) -> bool:
        wanted, mapped = self._wanted, self._jail.mapped
        if not wanted.source:
            return True
        return include.anchor == wanted.anchor and _same(mapped(include.source), mapped(wanted.source))

    def _anew(self, data: bytes, path: str, block: Block) -> bytes:
        """A document with one block put anew, or as it was where the section would break the blocks around it."""
        found = self._checker.section(block.source, block.anchor)
        if isinstance(found, Finding):
            return data
        section, _ = found
        after = replaced(data, block, section.body)
        if _holds(after, path, block, section.body):
            return after
        what = f"{block.source}#{block.anchor} cannot be quoted: it opens or ends a fence, a comment or an include"
        fix = "close in the section what it opens"
        self.left.append(Finding("include-unquotable", Place(path, block.line), what, fix))
        return data


def _same(one: str, other: str) -> bool:
    return normpath(one) == normpath(other)


def _holds(data: bytes, path: str, block: Block, body: bytes) -> bool:
    """Whether the block reads back as the one that was meant, and ends where it must."""
    blocks, _ = scan(read_document(decode(data, path).content, path))
    end = block.line + body.count(b"\n") + 1
    return any((one.line, one.end, one.body) == (block.line, end, body) for one in blocks)


def _edited(include: Include) -> Finding:
    what = f"the text quoted from {include.source}#{include.anchor} was edited here, and is left as it is"
    fix = "put the change into the source, or add --force to put the source's text here and keep this one aside"
    return Finding("include-kept", Place(include.path, include.line), what, fix)
