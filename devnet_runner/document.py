"""Text into lines and blocks with positions: headings, fences, comments; one fast pass, no Markdown tree.

The rules for fences and headings are CommonMark's (spec 0.31, sections 4.2 and 4.5). Inside a block quote nothing is
live; an unclosed fence runs to the end of the document.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*")
PUNCTUATION = re.compile(r"[^\w\s-]")
SPACES = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: its level (1 to 6), text and 1-based line."""

    level: int
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: its info string, the lines of its two fences (`end` past the last line where unclosed)."""

    info: str
    start: int
    end: int
    closed: bool


@dataclass(frozen=True, slots=True)
class Document:
    """The structure of a text. Line numbers are 1-based; `lines[n - 1]` is line n."""

    path: str
    lines: tuple[str, ...]
    headings: tuple[Heading, ...]
    fences: tuple[Fence, ...]
    comments: frozenset[int] = field(default_factory=frozenset)

    def fence_at(self, line: int) -> Fence | None:
        """The fence that a line is inside of, its two fence lines included."""
        index = bisect_right(self.fences, line, key=lambda fence: fence.start) - 1
        return self.fences[index] if index >= 0 and line <= self.fences[index].end else None

    def section(self, heading: Heading) -> range:
        """The lines below a heading, up to the next heading of the same or a higher level."""
        after = (one.line for one in self.headings if one.line > heading.line and one.level <= heading.level)
        return range(heading.line + 1, next(after, len(self.lines) + 1))


def read_document(content: str, path: str) -> Document:
    """The structure of a text whose line endings are LF."""
    lines = tuple(content.split("\n"))
    headings: list[Heading] = []
    fences: list[Fence] = []
    comments: set[int] = set()
    number = 0
    while number < len(lines):
        number += 1
        line = lines[number - 1]
        start = line.lstrip(" ")[:4]
        if start[:3] in {"```", "~~~"} and (opened := _opened(line)):
            fences.append(_fence(lines, number, *opened))
            number = fences[-1].end
        elif start[:1] == "#" and (match := HEADING.fullmatch(line)):
            headings.append(Heading(len(match[1]), (match[2] or "").strip(), number))
        elif start == "<!--" and "-->" not in line:
            end = next((n for n in range(number, len(lines) + 1) if "-->" in lines[n - 1]), len(lines))
            comments.update(range(number, end + 1))
            number = end
    return Document(path, lines, tuple(headings), tuple(fences), frozenset(comments))


def _opened(line: str) -> tuple[str, str] | None:
    """The fence and info string of a line that opens a block."""
    match = FENCE.fullmatch(line)
    if match is None or (match[1][0] == "`" and "`" in match[2]):
        return None
    return match[1], match[2].strip()


def _fence(lines: tuple[str, ...], start: int, mark: str, info: str) -> Fence:
    for number in range(start + 1, len(lines) + 1):
        text = lines[number - 1]
        if mark[:3] not in text:
            continue
        match = FENCE.fullmatch(text)
        if match and match[1].startswith(mark) and not match[2].strip():
            return Fence(info, start, number, closed=True)
    return Fence(info, start, len(lines) + 1, closed=False)


def slugs(text: str) -> tuple[str, str]:
    """The two anchors of a heading: the plan's (`/` and `_` are dashes, dashes collapse) and GitHub's."""
    lowered = text.strip().lower().replace("`", "").replace("*", "").replace("~", "")
    house = SPACES.sub("-", PUNCTUATION.sub("", lowered.replace("/", "-").replace("_", "-"))).strip("-")
    github = PUNCTUATION.sub("", lowered).replace(" ", "-")
    return house, github
