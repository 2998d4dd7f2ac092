"""Text into lines and blocks with positions: headings, fences, comments; one fast pass, no Markdown tree.

The rules for fences, headings and comments are CommonMark's (spec 0.31, sections 4.2, 4.5 and 4.6). Inside a block
quote nothing is live; an unclosed fence or comment runs to the end of the document.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
PUNCTUATION = re.compile(r"[^\w\s-]")
SPACES = re.compile(r"[\s-]+")
BLANK = " \t"


class Heading(NamedTuple):
    """A heading: its level (1 to 6), text, 1-based line, and the line after its section."""

    level: int
    text: str
    line: int
    end: int


class Fence(NamedTuple):
    """A fenced block: its info string, the lines of its two fences (`end` past the last line where unclosed)."""

    info: str
    start: int
    end: int
    closed: bool


class Comment(NamedTuple):
    """A comment over several lines, from its first line to its last."""

    start: int
    end: int
    closed: bool


class Document(NamedTuple):
    """The structure of a text. Line numbers are 1-based; `lines[n - 1]` is line n."""

    path: str
    lines: tuple[str, ...]
    headings: tuple[Heading, ...]
    fences: tuple[Fence, ...]
    comments: tuple[Comment, ...] = ()

    def fence_at(self, line: int) -> Fence | None:
        """The fence that a line is inside of, its two fence lines included."""
        index = bisect_right(self.fences, line, key=lambda fence: fence.start) - 1
        return self.fences[index] if index >= 0 and line <= self.fences[index].end else None

    def comment_at(self, line: int) -> Comment | None:
        """The comment over several lines that a line is inside of."""
        index = bisect_right(self.comments, line, key=lambda comment: comment.start) - 1
        return self.comments[index] if index >= 0 and line <= self.comments[index].end else None


def read_document(content: str, path: str) -> Document:
    """The structure of a text whose line endings are LF."""
    lines = tuple(content.split("\n"))
    headings: list[tuple[int, str, int]] = []
    fences: list[Fence] = []
    comments: list[Comment] = []
    number = 0
    while number < len(lines):
        number += 1
        line = lines[number - 1]
        bare = line.lstrip(" ")
        if not bare.startswith(("```", "~~~", "#", "<!--")) or len(line) - len(bare) > 3:
            continue
        if bare[0] == "#":
            headings += _heading(bare, number)
        elif bare[0] == "<":
            found = _comment(lines, number)
            comments += found
            number = found[0].end if found else number
        elif opened := _opened(line):
            fences.append(_fence(lines, number, *opened))
            number = fences[-1].end
    return Document(path, lines, _sections(headings, len(lines) + 1), tuple(fences), tuple(comments))


def _heading(bare: str, number: int) -> list[tuple[int, str, int]]:
    """Level, text and line of a line that begins with `#`, where it is a heading."""
    rest = bare.lstrip("#")
    level = len(bare) - len(rest)
    if level > 6 or (rest and rest[0] not in BLANK):
        return []
    text = rest.strip(BLANK)
    opened = text.rstrip("#")
    if not opened or opened[-1] in BLANK:
        text = opened.rstrip(BLANK)
    return [(level, text, number)]


def _sections(found: list[tuple[int, str, int]], end: int) -> tuple[Heading, ...]:
    """Headings with the ends of their sections: each runs to the next heading of the same or a higher level."""
    ends = [end] * 7
    headings = []
    for level, text, line in reversed(found):
        headings.append(Heading(level, text, line, ends[level]))
        ends[level:] = [line] * (7 - level)
    return tuple(reversed(headings))


def _comment(lines: tuple[str, ...], start: int) -> list[Comment]:
    """The comment that begins in a line, where it does not end there."""
    if "-->" in lines[start - 1]:
        return []
    for number in range(start + 1, len(lines) + 1):
        if "-->" in lines[number - 1]:
            return [Comment(start, number, closed=True)]
    return [Comment(start, len(lines), closed=False)]


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
        if match and match[1].startswith(mark) and not match[2].strip(BLANK):
            return Fence(info, start, number, closed=True)
    return Fence(info, start, len(lines) + 1, closed=False)


def slugs(text: str) -> tuple[str, ...]:
    """The anchors of a heading: the plan's (`/` and `_` are dashes, dashes collapse) and GitHub's, each once."""
    lowered = text.strip().lower().replace("`", "").replace("*", "").replace("~", "")
    house = SPACES.sub("-", PUNCTUATION.sub("", lowered.replace("/", "-").replace("_", "-"))).strip("-")
    github = PUNCTUATION.sub("", lowered).replace(" ", "-")
    return (house,) if house == github else (house, github)
