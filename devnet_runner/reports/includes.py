"""The includes of documents, shown: lines for people, lines for editors and hooks, and JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devnet_runner.record import finding_json
from devnet_runner.reports.lines import Line, Piece, line
from devnet_runner.reports.plan import include_json
from devnet_runner.terminal import visible

if TYPE_CHECKING:
    from devnet_runner.findings import Finding
    from devnet_runner.includes import Checked, Include

SIGNS = {"+": "good", "-": "bad", "@": "dim", "…": "dim"}


def _abouts(one: Checked) -> dict[Finding, Include]:
    return {include.finding: include for include in one.includes if include.finding is not None}


def fault_lines(one: Checked) -> list[Line]:
    """Every finding about a document as `file:line: what; fix`, and below it the difference, where there is one."""
    abouts = _abouts(one)
    lines: list[Line] = []
    for finding in one.findings:
        words = f": {visible(finding.what)}; {visible(finding.fix)}"
        lines.append(line(Piece(visible(str(finding.where)), "strong"), words))
        include = abouts.get(finding)
        if include is not None:
            lines += [line("    ", Piece(text, SIGNS.get(text[:1], ""))) for text in include.diff]
    return lines


def editor_lines(one: Checked, above: str) -> list[Line]:
    """One line a finding, `file:line:column: kind: message [id]`, as editors and hooks read it.

    `above` is the way from the working directory to the root that paths start from.
    """
    abouts = _abouts(one)
    return [line(_editor_line(finding, abouts.get(finding), above)) for finding in one.findings]


def _editor_line(finding: Finding, include: Include | None, above: str) -> str:
    where = finding.where
    path = where.path if where.path.startswith("/") else above + where.path
    column = include.column if include is not None else where.column or 1
    kind = "error" if finding.blocking else "note"
    what = f"{visible(finding.what)}; {visible(finding.fix)}"
    return f"{visible(path)}:{where.line or 1}:{column}: {kind}: {what} [{finding.id}]"


def document_json(one: Checked) -> dict[str, Any]:
    """A document with its includes and findings as JSON values."""
    abouts = _abouts(one)
    return {
        "path": one.path,
        "includes": [_include(include) for include in one.includes],
        "findings": [
            finding_json(finding)
            | {"column": abouts[finding].column if finding in abouts else finding.where.column or 1}
            for finding in one.findings
        ],
    }


def _include(one: Include) -> dict[str, Any]:
    values: dict[str, Any] = {**include_json(one), "column": one.column}
    if one.finding is not None:
        values |= {"why": list(one.why), "diff": list(one.diff)}
    return values
