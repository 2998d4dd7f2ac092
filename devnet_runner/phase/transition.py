"""What happens when a step or the phase is done: commits, the tag, the checkpoint, what comes next."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devnet_runner.phase.lines import Lines, bare, label_of
from devnet_runner.phase.steps import step_heading
from devnet_runner.phase.values import CheckpointTemplate, CommitPoint, Item, NextPhase, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet_runner.phase.values import OverviewField

POINT = re.compile(r"\W*Commit Point\b\s*([A-Za-z]?\d+(?:\.\d+)*)?\s*(?::\s*(.*))?", re.IGNORECASE)
BOLD_POINTS = {"commit point", "suggested commit"}
COMMIT = re.compile(r'\s*git commit\b.*?-m\s+"(.*)', re.DOTALL)
STEP_IN_SUBJECT = re.compile(r"\(steps?\s+([A-Za-z]?\d+(?:\.\d+)*)\)")
TAG = re.compile(r'\s*git tag\s+(?:-[as]\s+)*"?([\w.+/-]+)"?(?:\s+-m\s+"([^"]*)")?.*')
HEREDOC = re.compile(r"\s*cat\s*>{1,2}\s*\"?(\S*CHECKPOINT[^\s\"]*)\"?\s*<<-?\s*(['\"]?)(\w+)\2\s*")
PAIR = re.compile(r"\s*([A-Z][A-Z0-9_]*):\s*(.*?)\s*")
PROGRESS = re.compile(r"#?\s*(Update \S*PROGRESS\S*.*\S)\s*", re.IGNORECASE)
CLEAR = re.compile(r"context clear point", re.IGNORECASE)
PHASE = re.compile(r"\bPhase\s+([A-Za-z]?\d+|[A-Z])\b\**\s*[:—–-]?\s*(.*)")
COUNT = re.compile(r"\s*\((?:\d+\s+)?\w+\)\s*$")
PATH = re.compile(r"`([^`\s]+\.md)`")


def read_commit_points(lines: Lines) -> tuple[CommitPoint, ...]:
    """The commit points of a document with the first commit message of each."""
    return tuple(_points(lines))


def _points(lines: Lines) -> Iterator[CommitPoint]:
    step = ""
    steps = {heading.line: match[1] for heading, _ in lines.headings() if (match := step_heading(heading))}
    ends = {heading.line: section.stop for heading, section in lines.headings()}
    levels = {heading.line: heading.level for heading, _ in lines.headings()}
    for line in lines.prose(range(1, len(lines.document.lines) + 1)):
        if line in ends and levels[line] <= 3:
            step = steps.get(line, "")
        text = lines.document.lines[line - 1].lstrip("# ")
        match = POINT.fullmatch(text) if line in ends else None
        if match or label_of(lines.text(line)) in BOLD_POINTS:
            number, label = (match[1] or "", (match[2] or "").strip()) if match else ("", "")
            message = _message(lines, range(line + 1, ends.get(line, len(lines.document.lines) + 1)))
            named = STEP_IN_SUBJECT.search(message.split("\n", 1)[0])
            yield CommitPoint(number, label, line, step or (named[1] if named else ""), message)


def _message(lines: Lines, section: range) -> str:
    """The message of the first commit in a range: text between quotes, over as many lines as it takes."""
    for _, code in lines.code(section):
        for line in code:
            match = COMMIT.fullmatch(lines.text(line))
            if match:
                rest = "\n".join([match[1], *(lines.text(n) for n in range(line + 1, code.stop))])
                closing = re.search(r'(?<!\\)"', rest)
                return (rest[: closing.start()] if closing else rest).strip()
    return ""


def read_tag(lines: Lines) -> Tag | None:
    """The first tag that the document's code makes."""
    for line, text in _code(lines):
        match = TAG.fullmatch(text)
        if match:
            return Tag(match[1], match[2] or "", line)
    return None


def _code(lines: Lines) -> Iterator[tuple[int, str]]:
    for _, code in lines.code(range(1, len(lines.document.lines) + 1)):
        for line in code:
            yield line, lines.text(line)


def read_checkpoint(lines: Lines) -> CheckpointTemplate | None:
    """The checkpoint that the document's code writes: a here-document of KEY: value lines."""
    for _, code in lines.code(range(1, len(lines.document.lines) + 1)):
        for line in code:
            match = HEREDOC.fullmatch(lines.text(line))
            if match:
                return CheckpointTemplate(match[1], line, tuple(_pairs(lines, range(line + 1, code.stop), match[3])))
    return None


def _pairs(lines: Lines, code: range, delimiter: str) -> Iterator[tuple[str, str]]:
    for line in code:
        if lines.text(line).strip() == delimiter:
            return
        pair = PAIR.fullmatch(lines.text(line))
        if pair:
            yield pair[1], pair[2]


def read_progress(lines: Lines) -> Item | None:
    """The instruction to update the progress file."""
    found = ((line, PROGRESS.fullmatch(text)) for line, text in _code(lines))
    return next((Item(match[1], line) for line, match in found if match), None)


def read_context_clears(lines: Lines) -> tuple[Item, ...]:
    """Where the document asks to clear the context, in a heading or in a comment of its code."""
    headings = [(heading.line, heading.text) for heading, _ in lines.headings()]
    found = [(line, text.strip("# 🔄")) for line, text in (*headings, *_code(lines)) if CLEAR.search(text)]
    return tuple(Item(text.strip(), line) for line, text in sorted(found))


def read_next_phase(lines: Lines, overview: tuple[OverviewField, ...]) -> NextPhase | None:
    """The phase that follows: from its own section, else from the overview."""
    section = next((section for heading, section in lines.headings() if heading.text.lower() == "next phase"), None)
    for line in lines.prose(section or ()):
        match = PHASE.search(lines.text(line))
        if match:
            return _next(lines, match, line, section or range(0))
    named = next((field for field in overview if field.name.lower() == "next phase"), None)
    if named is None:
        return None
    match = PHASE.search(named.value)
    return NextPhase(match[1] if match else "", bare(match[2] if match else named.value), "", named.line)


def _next(lines: Lines, match: re.Match[str], line: int, section: range) -> NextPhase:
    title = bare(COUNT.sub("", re.split(r"\s*(?:→|->)", match[2])[0]))
    text = "\n".join(lines.text(one) for one in section)
    path = PATH.search(text)
    return NextPhase(match[1], title, path[1] if path else "", line)
