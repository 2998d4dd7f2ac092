"""Finding include blocks: a marker is one exact line at the first column, outside of code and comments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from devnet_runner.findings import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet_runner.document import Document

BEGIN, END = "@include-from", "@end-include"
END_LINE = "<!-- @end-include -->"
MARKER = re.compile(r"<!-- @include-from: ([^#]+)#([^,]+), hash: (.*) -->")
MAX_MARKERS = 10_000


@dataclass(frozen=True, slots=True)
class Block:
    """One include: the line of its marker and of its end, what it quotes, the hash it claims, its body's bytes."""

    line: int
    end: int
    source: str
    anchor: str
    hash: str
    body: bytes


def scan(document: Document) -> tuple[tuple[Block, ...], tuple[Finding, ...]]:
    """The include blocks of a document, and the faults of its markers; none where it has more than 10,000."""
    numbers = list(islice(_candidates(document), MAX_MARKERS + 1))
    if len(numbers) > MAX_MARKERS:
        what = f"the document has more than {MAX_MARKERS:,} include markers"
        return (), (Finding("document-too-many-markers", Place(document.path, numbers[-1]), what, "split it"),)
    return _Blocks(document).read(numbers)


def _candidates(document: Document) -> Iterator[int]:
    """The lines that are markers or look like one."""
    for number, line in enumerate(document.lines, 1):
        if "@" in line and (BEGIN in line or END in line) and _live(document, line, number):
            yield number


def _live(document: Document, line: str, number: int) -> bool:
    if not line.lstrip(" ").startswith("<!--") or document.fence_at(number):
        return False
    comment = document.comment_at(number)
    return comment is None or comment.start == number


def unclosed(document: Document) -> Iterator[Finding]:
    """Notes about blocks that hide every marker below them."""
    for fence in document.fences[-1:]:
        if not fence.closed:
            what = "a code fence is opened here and never closed: everything below it is code"
            place = Place(document.path, fence.start)
            yield Finding("fence-unclosed", place, what, "close it", blocking=False)
    for comment in document.comments[-1:]:
        if not comment.closed:
            what = "a comment is opened here and never closed: everything below it is hidden"
            place = Place(document.path, comment.start)
            yield Finding("fence-unclosed", place, what, "close it with `-->`", blocking=False)


class _Blocks:
    """Pairs the markers of one document, from top to bottom."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._blocks: list[Block] = []
        self._findings: list[Finding] = []
        self._open: tuple[int, re.Match[str]] | None = None

    def read(self, numbers: list[int]) -> tuple[tuple[Block, ...], tuple[Finding, ...]]:
        """The blocks that begin and end in these lines."""
        for number in numbers:
            self._take(number, self._document.lines[number - 1])
        self._unended("include-end-missing", "the document ends")
        return tuple(self._blocks), tuple(self._findings)

    def _take(self, number: int, line: str) -> None:
        match = MARKER.fullmatch(line)
        if match is not None:
            self._unended("include-nested", f"another include begins in line {number}")
            self._open = (number, match)
        elif line == END_LINE:
            self._end(number)
        else:
            what = "this looks like an include marker and is not one"
            fix = f"write `<!-- {BEGIN}: PATH#ANCHOR, hash: HEX -->` or `{END_LINE}` alone on its line"
            self._fault("include-near-miss", number, what, fix, blocking=False)

    def _end(self, number: int) -> None:
        if self._open is None:
            what = "this end marker ends no include" + self._after()
            self._fault("include-end-stray", number, what, "remove it, or add the include's first marker")
            return
        line, match = self._open
        source, anchor, value = match.groups()
        body = "".join(f"{text}\n" for text in self._document.lines[line : number - 1]).encode("utf-8")
        self._blocks.append(Block(line, number, source.strip(), anchor.strip(), value.lower(), body))
        self._open = None

    def _after(self) -> str:
        """Where the include before a stray end was, which may be the one that it was meant for."""
        return f"; the include before it ended in line {self._blocks[-1].end}" if self._blocks else ""

    def _unended(self, kind: str, why: str) -> None:
        if self._open is not None:
            line, _ = self._open
            self._fault(kind, line, f"this include has no end: {why}", f"add `{END_LINE}` where it ends")
            self._open = None

    def _fault(self, kind: str, line: int, what: str, fix: str, *, blocking: bool = True) -> None:
        self._findings.append(Finding(kind, Place(self._document.path, line), what, fix, blocking))
