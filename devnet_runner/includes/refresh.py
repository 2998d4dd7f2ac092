"""Refreshing: what is quoted is put anew where its source has moved, and only there; nothing is written here.

A section may quote others itself, so documents are gone through until nothing changes any more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from posixpath import normpath
from typing import TYPE_CHECKING

from devnet_runner.digest import Digest
from devnet_runner.document import read_document
from devnet_runner.errors import InputError
from devnet_runner.findings import Finding, Place
from devnet_runner.includes.check import Checker
from devnet_runner.includes.compose import broken, quotable, replaced
from devnet_runner.includes.cycles import MAX_DEPTH
from devnet_runner.includes.drift import BODY, BOTH, DRIFT, SOURCE, STALE
from devnet_runner.includes.markers import BEGIN, Block, scan
from devnet_runner.includes.overlay import Overlay
from devnet_runner.text import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from devnet_runner.includes.check import Include
    from devnet_runner.includes.jail import Jail

MARK = BEGIN.encode()
NAME = 40
"""Characters of a document's path in the name of a kept body: file systems take 255 bytes."""
EDITED = {BODY, BOTH}
REFRESHED = {SOURCE, STALE, *EDITED}


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
        name = self.path.replace("/", "-")[-NAME:].lstrip(".-")
        return f".devnet/kept/{name}-{self.line}-{Digest.of(self.kept).value[:12]}.md"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """New bytes by path, the blocks that were put anew, and what keeps others from being so."""

    changes: Mapping[str, tuple[bytes, bytes]]
    blocks: tuple[Rewritten, ...]
    findings: tuple[Finding, ...]


def refresh(paths: Iterable[str], read: Callable[[str], bytes], jail: Jail, wanted: Wanted) -> Refreshed:
    """What documents become when their blocks are put anew; `read` gives a document's bytes by its path.

    A document for which `read` raises InputError is told and left.
    """
    given, findings = _quoting(paths, read)
    before: dict[str, bytes] = {}
    new: dict[str, bytes] = {}
    blocks: list[Rewritten] = []
    for number in range(MAX_DEPTH + 1):
        # Only what was edited before this run is lost by force: later turns follow what this one wrote.
        turn = _Turn(Overlay(jail.root, jail.paths, dict(new)), replace(wanted, force=wanted.force and number == 0))
        moved = False
        for path in given:
            data = new[path] if path in new else read(path)
            after = turn.document(data, path)
            if after != data:
                before.setdefault(path, data)
                new[path], moved = after, True
        blocks += turn.done
        findings += turn.left if number == 0 else _new(turn.left, findings)
        if not moved:
            break
    changes = {path: (before[path], new[path]) for path in new if before[path] != new[path]}
    return Refreshed(changes, _first(blocks), tuple(dict.fromkeys(findings)))


def _quoting(paths: Iterable[str], read: Callable[[str], bytes]) -> tuple[list[str], list[Finding]]:
    """The documents that hold a marker, and why others cannot be read."""
    found: dict[str, None] = {}
    unread: list[Finding] = []
    for path in paths:
        try:
            marked = MARK in read(path)
        except InputError as error:
            unread += error.findings
            continue
        if marked:
            found[path] = None
    return list(found), unread


def _new(left: list[Finding], told: list[Finding]) -> list[Finding]:
    """What only a later turn shows; what was told already may stand in another line by then."""
    known = {(one.where.path, one.what) for one in told}
    return [one for one in left if one.id == "include-unquotable" and (one.where.path, one.what) not in known]


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
        self._quotable: dict[bytes, bool] = {}

    def document(self, data: bytes, path: str) -> bytes:
        """The new bytes of a document."""
        includes, faults = self._checker.check(data, path)
        blocks, _ = scan(read_document(decode(data, path).content, path))
        self.left += [finding for finding in faults if finding.blocking and finding.id not in DRIFT]
        pairs = zip(includes, blocks, strict=True)
        new = [(include, block, body) for include, block in pairs if (body := self._body(include, block))]
        after = replaced(data, ((block, body) for _, block, body in new))
        while wrong := broken(after, path, [(block, body) for _, block, body in new]):
            self.left += [_unquotable(include) for include, block, _ in new if block.line in wrong]
            new = [one for one in new if one[1].line not in wrong]
            after = replaced(data, ((block, body) for _, block, body in new))
        self.done += [_rewritten(include, block) for include, block, _ in new]
        return after

    def _body(self, include: Include, block: Block) -> bytes:
        """What a block is to hold; nothing where it is left as it is."""
        if include.state not in REFRESHED or not self._meant(include):
            return b""
        if include.state in EDITED and not self._wanted.force:
            self.left.append(_edited(include))
            return b""
        found = self._checker.section(block.source, block.anchor)
        if isinstance(found, Finding):
            return b""
        body = found[0].body
        if body not in self._quotable:
            self._quotable[body] = quotable(body)
        if not self._quotable[body]:
            self.left.append(_unquotable(include))
            return b""
        return body

    def _meant(self, include: Include) -> bool:
        wanted, mapped = self._wanted, self._jail.mapped
        if not wanted.source:
            return True
        return include.anchor == wanted.anchor and _same(mapped(include.source), mapped(wanted.source))


def _same(one: str, other: str) -> bool:
    return normpath(one) == normpath(other)


def _rewritten(include: Include, block: Block) -> Rewritten:
    kept = block.body if include.state in EDITED else b""
    return Rewritten(include.path, block.line, block.source, block.anchor, include.state, kept)


def _unquotable(include: Include) -> Finding:
    what = f"{include.source}#{include.anchor} cannot be quoted: it opens or ends a fence, a comment or an include"
    fix = "close in the section what it opens"
    return Finding("include-unquotable", Place(include.path, include.line), what, fix)


def _edited(include: Include) -> Finding:
    what = f"the text quoted from {include.source}#{include.anchor} was edited here, and is left as it is"
    fix = "put the change into the source, or add --force to put the source's text here and keep this one aside"
    return Finding("include-kept", Place(include.path, include.line), what, fix)
