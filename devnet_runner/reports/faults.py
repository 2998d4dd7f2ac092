"""The report of a command that could not come to a verdict: every fault with its place and cure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from devnet_runner.findings import finding_json
from devnet_runner.reports.lines import Line, Piece, line, row
from devnet_runner.terminal import visible, visible_json

if TYPE_CHECKING:
    from devnet_runner.errors import DevnetError

FORMAT = "devnet-report/1"
FAULT_LIMIT = 50
"""Faults shown to people; the others are counted, and the JSON report has them."""


def error_lines(error: DevnetError, following: str) -> list[Line]:
    """The faults, for people."""
    shown, more = error.findings[:FAULT_LIMIT], len(error.findings) - FAULT_LIMIT
    lines = [line(Piece(f"{f.where}", "strong"), f": {visible(f.what)}; {visible(f.fix)}") for f in shown]
    lines += [row("note", f"{more} more faults: add --format json")] if more > 0 else []
    return [*lines, row("next", following)] if following else lines


def error_json(error: DevnetError, version: str, following: str) -> str:
    """The faults, as one JSON document."""
    value = {
        "format": FORMAT,
        "tool": {"name": "devnet-run", "version": version},
        "verdict": "error",
        "exit_code": error.exit_code,
        "next": following,
        "findings": [finding_json(finding) for finding in error.findings],
    }
    return visible_json(json.dumps(value, indent=1, ensure_ascii=False)) + "\n"
