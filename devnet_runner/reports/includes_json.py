"""The includes of documents as JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devnet_runner.findings import finding_json
from devnet_runner.reports.includes import abouts
from devnet_runner.reports.plan import include_json

if TYPE_CHECKING:
    from devnet_runner.includes import Checked, Include


def document_json(one: Checked) -> dict[str, Any]:
    """A document with its includes and findings as JSON values."""
    known = abouts(one)
    return {
        "path": one.path,
        "includes": [_include(include) for include in one.includes],
        "findings": [
            finding_json(finding) | {"column": known[finding].column if finding in known else finding.where.column or 1}
            for finding in one.findings
        ],
    }


def _include(one: Include) -> dict[str, Any]:
    values: dict[str, Any] = {**include_json(one), "column": one.column}
    if one.finding is not None:
        values |= {"why": list(one.why), "diff": list(one.diff)}
    return values
