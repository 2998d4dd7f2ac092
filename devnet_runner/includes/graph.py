"""The graph of includes: who quotes what, which sections nobody quotes, and which texts stand there twice."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devnet_runner.digest import Digest

Node = tuple[str, str]
"""A section: its document, as the path map has it, and its anchor."""


@dataclass(frozen=True, slots=True)
class Quote:
    """An include: the document and line where it stands, and the section that it quotes."""

    path: str
    line: int
    node: Node
    state: str


@dataclass(frozen=True, slots=True)
class Authored:
    """A section as it was written: its node, its heading's line, the line after it, and the digest of its text."""

    node: Node
    line: int
    end: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class Graph:
    """Quotes, and what stands out: sections that nobody quotes, and texts that are written or quoted twice."""

    quotes: tuple[Quote, ...]
    orphans: tuple[Authored, ...]
    twins: tuple[tuple[Authored, ...], ...]
    repeated: tuple[tuple[Quote, ...], ...]


def graph(quotes: Iterable[Quote], sections: Iterable[Authored]) -> Graph:
    """The graph of some quotes over the sections of the documents that they quote."""
    given, authored = tuple(quotes), tuple(sections)
    quoted = {quote.node for quote in given}
    used = [section for section in authored if section.node in quoted]
    by_path: dict[str, list[Authored]] = defaultdict(list)
    for section in sorted(used, key=lambda one: one.line):
        by_path[section.node[0]].append(section)
    near = {path: _Quoted.of(sections) for path, sections in by_path.items()}
    orphans = tuple(one for one in authored if one.node[0] not in near or not near[one.node[0]].relates(one))
    return Graph(given, orphans, _twins(authored), _repeated(given))


@dataclass(frozen=True, slots=True)
class _Quoted:
    """The quoted sections of one document: their lines, and how far those up to each line reach."""

    lines: tuple[int, ...]
    reach: tuple[int, ...]

    @classmethod
    def of(cls, sections: list[Authored]) -> _Quoted:
        """Sections in the order of their lines."""
        return cls(tuple(one.line for one in sections), tuple(accumulate((one.end for one in sections), max)))

    def relates(self, section: Authored) -> bool:
        """Whether a section is quoted, holds one that is, or lies in one: sections nest, and never overlap."""
        first = bisect_left(self.lines, section.line)
        if first < len(self.lines) and self.lines[first] < section.end:
            return True
        return first > 0 and self.reach[first - 1] >= section.end


def _twins(sections: tuple[Authored, ...]) -> tuple[tuple[Authored, ...], ...]:
    same: dict[Digest, list[Authored]] = defaultdict(list)
    for section in sections:
        same[section.digest].append(section)
    return tuple(tuple(found) for found in same.values() if len(found) > 1)


def _repeated(quotes: tuple[Quote, ...]) -> tuple[tuple[Quote, ...], ...]:
    same: dict[tuple[str, Node], list[Quote]] = defaultdict(list)
    for quote in quotes:
        same[quote.path, quote.node].append(quote)
    return tuple(tuple(found) for found in same.values() if len(found) > 1)
