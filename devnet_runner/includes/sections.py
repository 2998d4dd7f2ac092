"""Sections of source documents by anchor, each file read once a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from devnet_runner.document import Document, read_document, slugs
from devnet_runner.includes.markers import Block, scan

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a source: its heading's line, its body as it is quoted, and the includes inside of it."""

    line: int
    body: bytes
    blocks: tuple[Block, ...]


@dataclass(slots=True)
class Sections:
    """Sections by (path, anchor), over a `read` callable from path to bytes."""

    read: Callable[[str], bytes]
    _files: dict[str, dict[str, list[Section]]] = field(default_factory=dict)

    def find(self, path: str, anchor: str) -> list[Section]:
        """Every section of a file that an anchor names. Raises what `read` raises."""
        return self._sections(path).get(anchor, [])

    def near(self, path: str, anchor: str) -> list[str]:
        """The anchors of a file that an unknown one may have meant."""
        known = list(self._sections(path))
        return get_close_matches(anchor, known, n=3, cutoff=0.4) or known[:5]

    def _sections(self, path: str) -> dict[str, list[Section]]:
        if path not in self._files:
            data = self.read(path)
            document = read_document(data.decode("utf-8-sig", "replace").replace("\r\n", "\n"), path)
            self._files[path] = _by_anchor(document, scan(data, path)[0])
        return self._files[path]


def _by_anchor(document: Document, blocks: tuple[Block, ...]) -> dict[str, list[Section]]:
    found: dict[str, list[Section]] = {}
    for heading in document.headings:
        lines = document.section(heading)
        text = "\n".join(document.lines[lines.start - 1 : lines.stop - 1]).strip()
        inside = tuple(block for block in blocks if block.line in lines)
        section = Section(heading.line, (text + "\n").encode("utf-8", "surrogatepass"), inside)
        for anchor in dict.fromkeys(slugs(heading.text)):
            found.setdefault(anchor, []).append(section)
    return found
