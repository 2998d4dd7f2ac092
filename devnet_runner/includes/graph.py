"""The graph of includes: who quotes what, which sections nobody quotes, and which texts stand there twice."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
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
    orphans = tuple(section for section in authored if not any(_related(section, one) for one in used))
    return Graph(given, orphans, _twins(authored), _repeated(given))


def _related(one: Authored, other: Authored) -> bool:
    """Whether one of two sections is the other, holds it, or lies in it."""
    if one.node[0] != other.node[0]:
        return False
    return (one.line <= other.line and other.end <= one.end) or (other.line <= one.line and one.end <= other.end)


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
