"""Reading a phase document: every part by its own reader, every fault in one go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devnet_runner.digest import Digest
from devnet_runner.document import read_document
from devnet_runner.includes import scan
from devnet_runner.phase.coverage import coverage_in, overview_target
from devnet_runner.phase.faults import faults
from devnet_runner.phase.lines import Lines, bare
from devnet_runner.phase.steps import read_steps
from devnet_runner.phase.transition import (
    read_checkpoint,
    read_commit_points,
    read_context_clears,
    read_next_phase,
    read_progress,
    read_tag,
)
from devnet_runner.phase.values import CoverageTarget, Item, OverviewField, Phase, StandardReference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet_runner.text import Text

TITLE = re.compile(r"Phase\s+([A-Za-z]?\d+|[A-Za-z])\s*[:—–-]\s*(.*)", re.IGNORECASE)
FILE_NUMBER = re.compile(r"phase-([a-z]?\d+|[a-z])\b", re.IGNORECASE)
FIELD = re.compile(r"\s*(?:- )?\**([A-Z][\w ]*?)\**:\**\s+(.*?)\s*")
ACCEPTANCE = re.compile(r"(?:.*\bGreen\b.*|(?:Phase\s+)?Acceptance\b.*)", re.IGNORECASE)
METRICS = re.compile(r"(?:Key\s+)?Success Metrics", re.IGNORECASE)
STANDARD = re.compile(r"(?:@|\]\(|`)((?:[\w.-]+/)*standards/[\w./-]+\.md)(?:#([\w.-]+))?")
REPOSITORY = re.compile(r"\bMUST be executed in the ([\w.-]+) repository", re.IGNORECASE)
LISTING = re.compile(r"\s*ls ([\w.-]+)/?\s+#\s*[Ss]hould list:\s*(.*)")


def read_phase(text: Text) -> Phase:
    """What a phase document declares. Faults of the document are among the phase's findings; nothing is raised."""
    document = read_document(text.content, text.path)
    blocks, _ = scan(document)
    quoted = frozenset(line for block in blocks for line in range(block.line, block.end + 1))
    lines = Lines(document, quoted)
    number, title, line = _title(lines)
    overview = tuple(_overview(lines))
    phase = Phase(
        number=number,
        title=title,
        path=text.path,
        line=line,
        digest=Digest.of(text.data),
        overview=overview,
        acceptance=_bullets(lines, ACCEPTANCE),
        steps=read_steps(lines),
        commit_points=read_commit_points(lines),
        tag=read_tag(lines),
        checkpoint=read_checkpoint(lines),
        progress=read_progress(lines),
        context_clears=read_context_clears(lines),
        next_phase=read_next_phase(lines, overview),
        success_metrics=_bullets(lines, METRICS),
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
    match = TITLE.fullmatch(first.text) if first else None
    if first and match:
        return match[1].upper() if match[1].isalpha() else match[1], match[2].strip(), first.line
    named = FILE_NUMBER.search(lines.document.path.rsplit("/", 1)[-1])
    return named[1].upper() if named else "", first.text if first else "", 0


def _overview(lines: Lines) -> Iterator[OverviewField]:
    section = next((section for heading, section in lines.headings() if heading.text.lower() == "overview"), range(0))
    for line in lines.prose(section):
        text = lines.text(line)
        match = FIELD.fullmatch(text) if text.lstrip().startswith(("**", "- ")) else None
        if match:
            yield OverviewField(match[1].strip(), bare(match[2]), line)


def _bullets(lines: Lines, heading: re.Pattern[str]) -> tuple[Item, ...]:
    """The bullets below the first heading of a kind, down to the next heading of any level."""
    starts = sorted(one.line for one, _ in lines.headings())
    line = next((one.line for one, _ in lines.headings() if one.level > 1 and heading.fullmatch(one.text)), None)
    if line is None:
        return ()
    end = next((start for start in starts if start > line), len(lines.document.lines) + 1)
    return lines.bullets(range(line + 1, end))


def _standards(lines: Lines) -> Iterator[StandardReference]:
    for line, text in enumerate(lines.document.lines, 1):
        if line not in lines.quoted and ".md" in text:
            for path, anchor in dict.fromkeys(STANDARD.findall(text)):
                yield StandardReference(path, anchor, line)


def _targets(lines: Lines) -> Iterator[CoverageTarget]:
    for item in lines.bullets(range(1, len(lines.document.lines) + 1)):
        percent = coverage_in(item.text)
        if percent is not None:
            yield CoverageTarget(percent, bare(item.text), item.line)


def _repository(lines: Lines) -> Item | None:
    found = (
        (line, REPOSITORY.search(lines.text(line))) for line in lines.prose(range(1, len(lines.document.lines) + 1))
    )
    return next((Item(match[1], line) for line, match in found if match), None)


def _directories(lines: Lines) -> Iterator[str]:
    """Folders that a listing in the document's code says should be there; the code itself is never run."""
    seen: dict[str, None] = {}
    for _, code in lines.code(range(1, len(lines.document.lines) + 1)):
        for line in code:
            match = LISTING.fullmatch(lines.text(line))
            names = (name.strip(" .") for name in match[2].split(",")) if match else ()
            seen |= {f"{match[1]}/{name}": None for name in names if match and name and name != "etc"}
    yield from seen
