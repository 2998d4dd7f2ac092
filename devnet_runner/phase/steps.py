"""Steps: their headings, deliverables, slash commands and expected verification items."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devnet_runner.phase.coverage import coverage_in
from devnet_runner.phase.lines import Lines, label_of
from devnet_runner.phase.values import Deliverable, ExpectedCheck, SlashCommand, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet_runner.document import Heading

STEP = re.compile(r"\W*(?:Step|Wave)\s+([A-Za-z]?\d+(?:\.\d+)*)\s*(?:[:.—–-]\s*(.*))?", re.IGNORECASE)
DELIVERABLES = {"expected deliverables", "enhanced deliverables", "deliverables", "key deliverables"}
STANDARD = re.compile(r"@([\w./-]+\.md)")
COMMAND = re.compile(r"\s*Claude:\s*/([a-z][a-z0-9-]*)[ \t]*(.*)", re.DOTALL)
BARE_COMMAND = re.compile(r"/(create-spec|create-tasks|execute-tasks)\b[ \t]*(.*)", re.DOTALL)
EXPECTED = re.compile(r"#\s*Expected\b.*:\s*", re.IGNORECASE)
EXPECTED_ITEM = re.compile(r"#\s*✅\s*(.*\S)\s*")
EXPECTED_NAME = re.compile(r"([a-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+) - ")


def step_heading(heading: Heading) -> re.Match[str] | None:
    """The number and title of a heading that begins a step."""
    return STEP.fullmatch(heading.text) if heading.level in {2, 3} else None


def read_steps(lines: Lines) -> tuple[Step, ...]:
    """The steps of a document, in its order."""
    found = []
    for heading, section in lines.headings():
        match = step_heading(heading)
        if match:
            found.append(_step(lines, match[1], (match[2] or "").strip(), heading.line, section))
    return tuple(found)


def _step(lines: Lines, number: str, title: str, line: int, section: range) -> Step:
    deliverables = tuple(_deliverables(lines, section))
    targets = [one.coverage for one in deliverables if one.coverage is not None]
    return Step(
        number=number,
        title=title,
        line=line,
        deliverables=deliverables,
        commands=tuple(_commands(lines, section)),
        expected=tuple(_expected(lines, section)),
        coverage_target=max(targets, default=None),
    )


def _deliverables(lines: Lines, section: range) -> Iterator[Deliverable]:
    for line in lines.prose(section):
        if label_of(lines.text(line)) in DELIVERABLES:
            for item in lines.list_after(line, section):
                yield Deliverable(item.text, item.line, coverage_in(item.text), tuple(STANDARD.findall(item.text)))


def _commands(lines: Lines, section: range) -> Iterator[SlashCommand]:
    inside = {line for _, code in lines.code(section) for line in code}
    last = section.start
    for line in section:
        if line < last or line in lines.quoted or lines.text(line).startswith(">"):
            continue
        match = COMMAND.fullmatch(lines.text(line))
        if match is None and line in inside:
            match = BARE_COMMAND.fullmatch(lines.text(line))
        if match:
            argument, last = _argument(lines, line, match[2], section.stop)
            yield SlashCommand(match[1], argument, line)


def _argument(lines: Lines, line: int, first: str, stop: int) -> tuple[str, int]:
    """A command's argument, which ends at the first line that ends in an unescaped quote, and the line after it."""
    if not first.startswith('"') or (len(first) > 1 and _closes(first)):
        return first.strip().strip('"'), line + 1
    parts = [first]
    for number in range(line + 1, stop):
        parts.append(lines.text(number))
        if _closes(parts[-1]):
            return "\n".join(parts).strip().removeprefix('"').removesuffix('"'), number + 1
    return first.removeprefix('"'), line + 1


def _closes(text: str) -> bool:
    bare = text.rstrip()
    return bare.endswith('"') and not bare.endswith('\\"')


def _expected(lines: Lines, section: range) -> Iterator[ExpectedCheck]:
    for _, code in lines.code(section):
        listing = False
        for line in code:
            item = EXPECTED_ITEM.fullmatch(lines.text(line)) if listing else None
            if item:
                name = EXPECTED_NAME.match(item[1])
                yield ExpectedCheck(item[1], line, name[1] if name else "")
            else:
                listing = EXPECTED.fullmatch(lines.text(line)) is not None
