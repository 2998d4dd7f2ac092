"""Sections of source documents by anchor, each file read once a run."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from devnet_runner.document import Document, Heading, read_document, slugs
from devnet_runner.includes.markers import Block, scan
from devnet_runner.text import decode

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_GUESSES = 100
"""How many unknown anchors are compared with known ones in a run; each takes its time."""


class Section(NamedTuple):
    """A section of a source: its heading's line, its body as it is quoted, and the includes inside of it.

    `first` is the line where the body begins.
    """

    line: int
    body: bytes
    blocks: tuple[Block, ...]
    first: int = 0


class _Source(NamedTuple):
    """A source document with its headings by anchor."""

    document: Document
    blocks: tuple[Block, ...]
    headings: dict[str, list[Heading]]

    def section(self, heading: Heading) -> Section:
        """The section below a heading, its text stripped and ended by one newline.

        What it quotes itself is quoted as text: the lines of those markers are left out.
        """
        start, end = (bisect_left(self.blocks, line, key=lambda block: block.line) for line in
                      (heading.line, heading.end))  # fmt: skip
        blocks = self.blocks[start:end]
        markers = {line for block in blocks for line in (block.line, block.end)}
        numbers = [line for line in range(heading.line + 1, heading.end) if line not in markers]
        whole = "\n".join(self.document.lines[line - 1] for line in numbers)
        above = whole.count("\n", 0, len(whole) - len(whole.lstrip()))
        first = numbers[above] if above < len(numbers) else heading.line + 1
        return Section(heading.line, (whole.strip() + "\n").encode("utf-8"), blocks, first)


@dataclass(slots=True)
class Sections:
    """Sections by (path, anchor), over a `read` callable from path to bytes."""

    read: Callable[[str], bytes]
    _files: dict[str, _Source] = field(default_factory=dict)
    _guesses: int = 0

    def find(self, path: str, anchor: str) -> list[Section]:
        """Every section of a file that an anchor names. Raises what `read` raises, and InputError for no text."""
        source = self._source(path)
        return [source.section(heading) for heading in source.headings.get(anchor, ())]

    def near(self, path: str, anchor: str) -> list[str]:
        """The anchors of a file that an unknown one may have meant."""
        known = list(self._source(path).headings)[:1000]
        self._guesses += 1
        if self._guesses > MAX_GUESSES:
            return known[:5]
        return get_close_matches(anchor[:200], known, n=3, cutoff=0.4) or known[:5]

    def quoted_by(self, path: str) -> frozenset[str]:
        """The paths that a file quotes itself; none of a file that was not read."""
        source = self._files.get(path)
        return frozenset(block.source for block in source.blocks) if source is not None else frozenset()

    def _source(self, path: str) -> _Source:
        if path not in self._files:
            document = read_document(decode(self.read(path), path).content, path)
            headings: dict[str, list[Heading]] = {}
            for heading in document.headings:
                for anchor in slugs(heading.text):
                    headings.setdefault(anchor, []).append(heading)
            self._files[path] = _Source(document, scan(document)[0], headings)
        return self._files[path]
