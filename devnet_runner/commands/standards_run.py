"""`devnet-run standards run`: the tests of standards documents, really run, alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from devnet_runner.commands.refusal import refuse
from devnet_runner.commands.standards_inputs import open_standards
from devnet_runner.commands.standards_trial import judged, try_standards
from devnet_runner.errors import BLOCKED, PASSED, WRONG_INPUT, DevnetError
from devnet_runner.reports.standards import report, run_lines
from devnet_runner.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from devnet_runner.commands.standards_inputs import Standards
    from devnet_runner.findings import Finding


def command(
    *, start: Path, environ: Mapping[str, str], paths: tuple[str, ...], phase: str, mode: str, form: str
) -> int:
    """Run standards; 0 where every blocking test passed, 1 where one did not, 2 where a document is wrong."""
    screen = Screen.of(environ)
    try:
        root, settings, standards = open_standards(start, paths, phase)
        run = try_standards(root, settings, standards, environ)
    except DevnetError as error:
        return refuse(screen, error, form, "")
    findings, used = judged(run, settings, standards, _again(paths, phase))
    code = PASSED if mode == "advisory" else _exit_code(standards, findings)
    if form == "json":
        value = report(run, findings, code) | {"waivers": [use.to_json() for use in used]}
        screen.text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")
    else:
        screen.lines(list(run_lines(run, findings)))
    return code


def _again(paths: tuple[str, ...], phase: str) -> str:
    return " ".join(["devnet-run standards run", *paths, *([f"--phase {phase}"] if phase else [])])


def _exit_code(standards: Standards, findings: tuple[Finding, ...]) -> int:
    if any(finding.blocking for finding in standards.findings):
        return WRONG_INPUT
    return BLOCKED if any(finding.blocking for finding in findings) else PASSED
