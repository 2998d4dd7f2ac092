"""The live lines of a document: which of them are prose, which are code, and which are quoted from elsewhere."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet_runner.phase.values import Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devnet_runner.document import Document, Fence, Heading
    from devnet_runner.includes import Block

BULLET = re.compile(r"(?:[-*+]|\d{1,9}[.)]) +(?:\[[ xX]\] +)?(.*)")
EMPHASIS = re.compile(r"\*\*|__|`")
PROSE, CODE, HIDDEN, QUOTED = range(4)


@dataclass(frozen=True, slots=True)
class Lines:
    """A document's lines, each with its kind. Bullets and code of an include are not the phase's own."""

    document: Document
    kinds: bytes

    @classmethod
    def of(cls, document: Document, blocks: Iterable[Block]) -> Lines:
        """The lines of a document with its include blocks."""
        kinds = bytearray(len(document.lines) + 2)
        for fence in document.fences:
            kinds[fence.start : fence.end + 1] = bytes([CODE]) * (fence.end + 1 - fence.start)
        for comment in document.comments:
            kinds[comment.start : comment.end + 1] = bytes([HIDDEN]) * (comment.end + 1 - comment.start)
        for block in blocks:
            kinds[block.line : block.end + 1] = bytes([QUOTED]) * (block.end + 1 - block.line)
        return cls(document, bytes(kinds))

    @property
    def all(self) -> range:
        """The numbers of all lines."""
        return range(1, len(self.document.lines) + 1)

    def text(self, line: int) -> str:
        """A line's text."""
        return self.document.lines[line - 1]

    def prose(self, lines: Iterable[int]) -> Iterator[int]:
        """The lines with text that are neither code, comment nor quoted."""
        return (line for line in lines if not self.kinds[line] and self.document.lines[line - 1])

    def code(self, lines: range) -> Iterator[tuple[Fence, range]]:
        """The fences that begin in a range, with the lines between their two fences."""
        fences = self.document.fences
        first = bisect_left(fences, lines.start, key=lambda fence: fence.start)
        for fence in fences[first : bisect_left(fences, lines.stop, key=lambda fence: fence.start)]:
            if self.kinds[fence.start] == CODE:
                yield fence, range(fence.start + 1, min(fence.end, len(self.document.lines) + 1))

    def headings(self) -> Iterator[tuple[Heading, range]]:
        """The document's own headings with their sections."""
        for heading in self.document.headings:
            if self.kinds[heading.line] == PROSE:
                yield heading, range(heading.line + 1, heading.end)

    def bullets(self, lines: Iterable[int]) -> tuple[Item, ...]:
        """Every list item of the prose lines, nested ones included, with the lines that continue it."""
        items: list[Item] = []
        last = 0
        for line in self.prose(lines):
            text = self.text(line)
            bullet = bullet_of(text)
            if bullet:
                items.append(Item(bullet, line))
            elif items and line == last + 1 and text.startswith("  "):
                items[-1] = joined(items[-1], text)
            else:
                continue
            last = line
        return tuple(items)

    def list_after(self, label: int, section: range) -> tuple[Item, ...]:
        """The list that follows a label, without nested items; it ends at the first line that is not its own."""
        items: list[Item] = []
        depth, last = 0, 0
        for line in range(label + 1, section.stop):
            text = self.text(line)
            if not text.strip() and self.kinds[line] == PROSE:
                continue
            bullet = bullet_of(text) if self.kinds[line] == PROSE else ""
            indent = len(text) - len(text.lstrip())
            if bullet and (not items or indent <= depth + 1):
                items.append(Item(bullet, line))
                depth, last = (depth if len(items) > 1 else indent), line
            elif not items or indent <= depth or self.kinds[line] != PROSE:
                break
            elif not bullet and line == last + 1:
                items[-1], last = joined(items[-1], text), line
        return tuple(items)


def bullet_of(text: str) -> str:
    """The text of a list item, without its bullet and check box; empty where the line is none."""
    match = BULLET.fullmatch(text.strip())
    return match[1].strip() if match and match[1].strip("-*_ ") else ""


def joined(item: Item, text: str) -> Item:
    """An item with a line that continues it."""
    return Item(f"{item.text} {text.strip()}", item.line)


def label_of(text: str) -> str:
    """The words of a line that is nothing but a bold label or a small heading, in lower case; else nothing."""
    words = text.strip()
    small = words.startswith("####")
    words = words.lstrip("#").strip() if small else words
    bold = words.rstrip(":")
    if bold.startswith("**") and bold.endswith("**") and bold.count("**") == 2:
        return bold[2:-2].strip(": ").lower()
    return words.strip(": ").lower() if small else ""


def squeezed(text: str) -> str:
    """A text with single spaces, which keeps patterns about its words in linear time."""
    return " ".join(text.split())


def bare(text: str) -> str:
    """A text without emphasis and code marks."""
    return EMPHASIS.sub("", text).strip()
