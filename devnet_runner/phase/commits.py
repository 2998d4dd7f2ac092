"""Commit points: where to commit, for which step, with which message."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

from devnet_runner.phase.lines import Lines, label_of, squeezed
from devnet_runner.phase.shell import words_from
from devnet_runner.phase.values import CommitPoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet_runner.phase.steps import Start

POINT = re.compile(r"[\W_]*Commit Point(?: ([A-Za-z]?\d+(?:\.\d+)*))? ?(?:: ?(.*)|(\{.*\})|\*\*:?)?", re.IGNORECASE)
SUGGESTED = "suggested commit"
MESSAGE = re.compile(r"-[a-z]*m|--message")
STEP_IN_SUBJECT = re.compile(r"\(steps? (?:[A-Za-z]?\d+(?:\.\d+)*[-–])?([A-Za-z]?\d+(?:\.\d+)*)\)")


def read_commit_points(lines: Lines, starts: tuple[Start, ...]) -> tuple[CommitPoint, ...]:
    """The commit points of a document with the first commit message of each."""
    found = list(_points(lines))
    ends = sorted([line for line, _, _ in found] + [heading.line for heading, _ in lines.headings()] + [lines.all.stop])
    points = []
    for line, number, label in found:
        message = _message(lines, range(line + 1, ends[bisect_right(ends, line)]))
        named = STEP_IN_SUBJECT.search(message.split("\n", 1)[0])
        around = [start for start in starts[: bisect_right(starts, line, key=lambda start: start.line)][-1:]
                  if line in start.section]  # fmt: skip
        step = around[0].number if around else (named[1] if named else "")
        points.append(CommitPoint(number, label, line, step, message))
    return tuple(points)


def _points(lines: Lines) -> Iterator[tuple[int, str, str]]:
    """Line, number and label of each commit point: a heading, or a bold line."""
    headings = {heading.line: heading.text for heading, _ in lines.headings()}
    for line in lines.prose(lines.all):
        text = lines.text(line)
        if line not in headings and not text.lstrip().startswith("**"):
            continue
        match = POINT.fullmatch(squeezed(headings.get(line, text)))
        if match:
            yield line, match[1] or "", (match[2] or match[3] or "").strip("* ")
        elif label_of(text) == SUGGESTED:
            yield line, "", ""


def _message(lines: Lines, section: range) -> str:
    """The message of the first commit in a range: its text as git would get it, over as many lines as it takes."""
    for _, code in lines.code(section):
        for line in code:
            text = lines.text(line)
            position = text.find("git commit")
            if position >= 0 and not text.lstrip().startswith("#"):
                return _from_words(words_from(lines, code, line, position))
    return ""


def _from_words(words: tuple[str, ...]) -> str:
    """Git's own rule: several messages are paragraphs."""
    parts = [word for flag, word in pairwise(words) if MESSAGE.fullmatch(flag)]
    parts += [word.partition("=")[2] for word in words if word.startswith("--message=")]
    return "\n\n".join(part.strip() for part in parts)
