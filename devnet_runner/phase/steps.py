"""Steps: their headings, deliverables, slash commands and expected verification items."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet_runner.phase.commands import read_commands
from devnet_runner.phase.coverage import coverage_deliverable
from devnet_runner.phase.lines import Lines, label_of, squeezed
from devnet_runner.phase.values import Deliverable, ExpectedCheck, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP = re.compile(r"[\W_]*(?:Step|Wave) ([A-Za-z]?\d+(?:\.\d+)*) ?(?:[:.—–-] ?(.*))?", re.IGNORECASE)
DELIVERABLES = {"expected deliverables", "enhanced deliverables", "deliverables", "key deliverables"}
STANDARD = re.compile(r"@([\w./-]+\.md)")
EXPECTED = re.compile(r"# ?Expected\b.*:", re.IGNORECASE)
EXPECTED_ITEM = re.compile(r"#\s*✅\s*(.*)")
EXPECTED_NAME = re.compile(r"([a-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+) - ")


@dataclass(frozen=True, slots=True)
class Start:
    """Where a step begins, with the lines of its section."""

    number: str
    title: str
    line: int
    section: range


def step_starts(lines: Lines) -> tuple[Start, ...]:
    """The beginnings of the steps: headings, or bold lines where no heading is one."""
    found = []
    for heading, section in lines.headings():
        match = STEP.fullmatch(squeezed(heading.text)) if heading.level in {2, 3} else None
        if match:
            found.append(Start(match[1], _title(match), heading.line, section))
    return tuple(found) or tuple(_bold_starts(lines))


def _bold_starts(lines: Lines) -> Iterator[Start]:
    ends = [heading.line for heading, _ in lines.headings() if heading.level <= 3]
    starts = [(line, match) for line in lines.prose(lines.all) if (match := _bold(lines.text(line)))]
    following = [line for line, _ in starts[1:]]
    limits = iter(sorted([*ends, *following, lines.all.stop]))
    limit = 0
    for line, match in starts:
        while limit <= line:
            limit = next(limits)
        yield Start(match[1], _title(match), line, range(line + 1, limit))


def _bold(text: str) -> re.Match[str] | None:
    words = text.strip()
    return STEP.fullmatch(squeezed(words[2:-2])) if words.startswith("**") and words.endswith("**") else None


def _title(match: re.Match[str]) -> str:
    return (match[2] or "").strip("* ")


def read_steps(lines: Lines, starts: tuple[Start, ...]) -> tuple[Step, ...]:
    """The steps that begin where `starts` says, in the document's order."""
    return tuple(_step(lines, start) for start in starts)


def _step(lines: Lines, start: Start) -> Step:
    deliverables = tuple(_deliverables(lines, start.section))
    targets = [one.coverage for one in deliverables if one.coverage is not None]
    return Step(
        number=start.number,
        title=start.title,
        line=start.line,
        deliverables=deliverables,
        commands=tuple(read_commands(lines, start.section)),
        expected=tuple(_expected(lines, start.section)),
        coverage_target=max(targets, default=None),
    )


def _deliverables(lines: Lines, section: range) -> Iterator[Deliverable]:
    for line in lines.prose(section):
        if label_of(lines.text(line)) in DELIVERABLES:
            for item in lines.list_after(line, section):
                yield Deliverable(
                    item.text, item.line, coverage_deliverable(item.text), tuple(STANDARD.findall(item.text))
                )


def _expected(lines: Lines, section: range) -> Iterator[ExpectedCheck]:
    for _, code in lines.code(section):
        listing = False
        for line in code:
            text = lines.text(line).strip()
            item = EXPECTED_ITEM.fullmatch(text) if listing else None
            if item and item[1]:
                name = EXPECTED_NAME.match(item[1])
                yield ExpectedCheck(item[1], line, name[1] if name else "")
            elif text.strip("# "):
                listing = EXPECTED.fullmatch(text) is not None
