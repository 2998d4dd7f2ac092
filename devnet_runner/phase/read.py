"""Reading a phase document: every part by its own reader, every fault in one go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devnet_runner.digest import Digest
from devnet_runner.document import read_document
from devnet_runner.includes import scan
from devnet_runner.phase.commits import read_commit_points
from devnet_runner.phase.coverage import coverage_in, overview_target
from devnet_runner.phase.faults import faults
from devnet_runner.phase.lines import QUOTED, Lines, bare, squeezed
from devnet_runner.phase.steps import read_steps, step_starts
from devnet_runner.phase.transition import (
    code_lines,
    read_checkpoint,
    read_context_clears,
    read_next_phase,
    read_progress,
    read_tag,
)
from devnet_runner.phase.values import CoverageTarget, Item, OverviewField, Phase, StandardReference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet_runner.phase.steps import Start
    from devnet_runner.text import Text

TITLE = re.compile(r"Phase ([A-Za-z]?\d+|[A-Za-z]) ?[:—–-] ?(.*)", re.IGNORECASE)
FILE_NUMBER = re.compile(r"phase-([a-z]?\d+|[a-z])\b", re.IGNORECASE)
FIELD = re.compile(r"[A-Z][\w ]{0,60}")
ACCEPTANCE = re.compile(r"(?:.*\bGreen\b.*|(?:Phase )?Acceptance\b.*)", re.IGNORECASE)
METRICS = re.compile(r"(?:Key )?Success Metrics\b.*", re.IGNORECASE)
STANDARD = re.compile(r"(?:@|\]\(|`)([\w./-]{1,300}\.md)(?:#([\w.-]{1,200}))?")
REPOSITORY = re.compile(r"\bMUST be executed in the ([\w.-]+) repository", re.IGNORECASE)
LISTING = re.compile(r"ls ([\w./-]+?)/? +# *should list: *(.*)", re.IGNORECASE)


def read_phase(text: Text) -> Phase:
    """What a phase document declares. Faults of the document are among the phase's findings; nothing is raised."""
    document = read_document(text.content, text.path)
    lines = Lines.of(document, scan(document)[0])
    number, title, line = _title(lines)
    overview, starts = tuple(_overview(lines)), step_starts(lines)
    phase = Phase(
        number=number,
        title=title,
        path=text.path,
        line=line,
        digest=Digest.of(text.data),
        overview=overview,
        acceptance=_bullets(lines, starts, ACCEPTANCE),
        steps=read_steps(lines, starts),
        commit_points=read_commit_points(lines, starts),
        tag=read_tag(lines),
        checkpoint=read_checkpoint(lines),
        progress=read_progress(lines),
        context_clears=read_context_clears(lines),
        next_phase=read_next_phase(lines, overview, number),
        success_metrics=_bullets(lines, starts, METRICS),
        standards=tuple(_standards(lines)),
        coverage_targets=tuple(_targets(lines)),
        coverage_target=overview_target(overview),
        repository=_repository(lines),
        directories=tuple(_directories(lines)),
    )
    return faults(phase, lines)


def _title(lines: Lines) -> tuple[str, str, int]:
    """Number, title and line of the first heading; a document without one is known by its file's name."""
    first = next((heading for heading, _ in lines.headings() if heading.level == 1), None)
    match = TITLE.fullmatch(squeezed(first.text)) if first else None
    if first and match:
        return match[1].upper(), match[2], first.line
    named = FILE_NUMBER.search(lines.document.path.rsplit("/", 1)[-1])
    return named[1].upper() if named else "", first.text if first else "", 0


def _overview(lines: Lines) -> Iterator[OverviewField]:
    section = next((section for heading, section in lines.headings() if heading.text.lower() == "overview"), range(0))
    for line in lines.prose(section):
        text = lines.text(line).strip()
        name, colon, value = text.removeprefix("- ").partition(":")
        name = name.strip("* ")
        if colon and text.startswith(("**", "- ")) and FIELD.fullmatch(name) and value.strip("* "):
            yield OverviewField(name, bare(value.removeprefix("**")), line)


def _bullets(lines: Lines, starts: tuple[Start, ...], heading: re.Pattern[str]) -> tuple[Item, ...]:
    """The list items in the section of the first heading of a kind, before any step."""
    found = ((section, one) for one, section in lines.headings() if one.level > 1)
    steps = {start.line for start in starts}
    section = next((s for s, one in found if heading.fullmatch(squeezed(one.text)) and one.line not in steps), range(0))
    end = next((line for line in sorted(steps) if line in section), section.stop)
    return lines.bullets(range(section.start, end))


def _standards(lines: Lines) -> Iterator[StandardReference]:
    live = (line for line in lines.all if ".md" in lines.text(line) and lines.kinds[line] != QUOTED)
    for line in live:
        for path, anchor in dict.fromkeys(STANDARD.findall(lines.text(line))):
            if "standards/" in path:
                yield StandardReference(path, anchor, line)


def _targets(lines: Lines) -> Iterator[CoverageTarget]:
    for item in lines.bullets(lines.all):
        percent = coverage_in(item.text)
        if percent is not None:
            yield CoverageTarget(percent, bare(item.text), item.line)


def _repository(lines: Lines) -> Item | None:
    found = ((line, REPOSITORY.search(lines.text(line))) for line in lines.prose(lines.all))
    return next((Item(match[1], line) for line, match in found if match), None)


def _directories(lines: Lines) -> Iterator[str]:
    """Folders that a listing in the document's code says should be there; the code itself is never run."""
    seen: dict[str, None] = {}
    for _, text in code_lines(lines):
        match = LISTING.fullmatch(squeezed(text)) if "ls " in text else None
        names = [name.strip(" .") for name in match[2].split(",")] if match else []
        seen |= {f"{match[1]}/{name}": None for name in names if match and name and name != "etc"}
    yield from seen
