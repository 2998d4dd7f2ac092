"""The includes of documents, shown: lines for people, and lines for editors and hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.reports.lines import Line, Piece, line
from devnet_runner.terminal import visible

if TYPE_CHECKING:
    from devnet_runner.findings import Finding
    from devnet_runner.includes import Checked, Include

SIGNS = {"+": "good", "-": "bad", "@": "dim", "…": "dim"}


def abouts(one: Checked) -> dict[Finding, Include]:
    """The include that each finding is about."""
    return {include.finding: include for include in one.includes if include.finding is not None}


def fault_lines(one: Checked) -> list[Line]:
    """Every finding about a document as `file:line: what; fix`, and below it the difference, where there is one."""
    known = abouts(one)
    lines: list[Line] = []
    for finding in one.findings:
        words = f": {visible(finding.what)}; {visible(finding.fix)}"
        lines.append(line(Piece(visible(str(finding.where)), "strong"), words))
        include = known.get(finding)
        if include is not None:
            lines += [line("    ", Piece(text, SIGNS.get(text[:1], ""))) for text in include.diff]
    return lines


def editor_lines(one: Checked, above: str) -> list[Line]:
    """One line a finding, `file:line:column: kind: message [id]`, as editors and hooks read it.

    `above` is the way from the working directory to the root that paths start from.
    """
    known = abouts(one)
    return [line(_editor_line(finding, known.get(finding), above)) for finding in one.findings]


def _editor_line(finding: Finding, include: Include | None, above: str) -> str:
    where = finding.where
    path = where.path if where.path.startswith("/") else above + where.path
    column = include.column if include is not None else where.column or 1
    kind = "error" if finding.blocking else "note"
    what = f"{visible(finding.what)}; {visible(finding.fix)}"
    return f"{visible(path)}:{where.line or 1}:{column}: {kind}: {what} [{finding.id}]"
