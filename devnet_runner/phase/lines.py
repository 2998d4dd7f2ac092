"""The live lines of a document: which of them are prose, which are code, and which are quoted from elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet_runner.phase.values import Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devnet_runner.document import Document, Fence, Heading

BULLET = re.compile(r"\s*[-*+] +(.*\S)\s*")
LABEL = re.compile(r"\s*(?:#{4,6} +)?(\*{0,2})([^*:]+?):?(\1):?\s*")
EMPHASIS = re.compile(r"\*\*|__|`")


@dataclass(frozen=True, slots=True)
class Lines:
    """A document's lines with what is quoted in it. Bullets and code of an include are not the phase's own."""

    document: Document
    quoted: frozenset[int]

    def text(self, line: int) -> str:
        """A line's text."""
        return self.document.lines[line - 1]

    def prose(self, lines: Iterable[int]) -> Iterator[int]:
        """The lines that are neither code, comment nor quoted."""
        for line in lines:
            if line not in self.quoted and not self.document.comment_at(line) and not self.document.fence_at(line):
                yield line

    def code(self, lines: range) -> Iterator[tuple[Fence, range]]:
        """The fences that begin in a range, with the lines between their two fences."""
        for fence in self.document.fences:
            if fence.start in lines and fence.start not in self.quoted:
                yield fence, range(fence.start + 1, min(fence.end, len(self.document.lines) + 1))

    def bullets(self, lines: Iterable[int]) -> tuple[Item, ...]:
        """Every bullet of the prose lines, nested ones included."""
        found = ((BULLET.fullmatch(self.text(line)), line) for line in self.prose(lines))
        return tuple(Item(match[1], line) for match, line in found if match)

    def list_after(self, label: int, section: range) -> tuple[Item, ...]:
        """The list that follows a label, also after blank lines; it ends at the first line that is no bullet."""
        items: list[Item] = []
        for line in range(label + 1, section.stop):
            text = self.text(line)
            match = BULLET.fullmatch(text) if line not in self.quoted else None
            if match and not text.startswith(" "):
                items.append(Item(match[1], line))
            elif items and text.startswith("  ") and text.strip() and not match:
                items[-1] = Item(f"{items[-1].text} {text.strip()}", items[-1].line)
            elif items or text.strip():
                break
        return tuple(items)

    def headings(self) -> Iterator[tuple[Heading, range]]:
        """The document's own headings with their sections."""
        for heading in self.document.headings:
            if heading.line not in self.quoted:
                yield heading, range(heading.line + 1, heading.end)


def label_of(text: str) -> str:
    """The words of a line that is nothing but a bold label or a small heading, in lower case; else nothing."""
    match = LABEL.fullmatch(text)
    if match is None or not (match[1] == "**" or text.lstrip().startswith("####")):
        return ""
    return match[2].strip().lower()


def bare(text: str) -> str:
    """A text without emphasis and code marks."""
    return EMPHASIS.sub("", text).strip()
