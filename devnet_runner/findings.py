"""A finding is one reason, with a place and a fix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a finding points to: a path as the user would type it, a 1-based line and column (0: none)."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.path, *(str(number) for number in (self.line, self.column) if number)]
        return ":".join(parts)


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason for or against a verdict.

    `id` is a stable kebab-case name that `docs/messages.md` explains. `what` is one sentence; `fix` says what to do;
    `command` is the one shell command that helps, where there is one.
    """

    id: str
    where: Place
    what: str
    fix: str
    blocking: bool = True
    expected: str = ""
    actual: str = ""
    command: str = ""

    def advisory(self) -> Finding:
        """The same finding, not blocking."""
        return replace(self, blocking=False)

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.fix}"


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as JSON values; empty parts are left out."""
    values = {
        "id": finding.id,
        "blocking": finding.blocking,
        "where": str(finding.where),
        "what": finding.what,
        "expected": finding.expected,
        "actual": finding.actual,
        "fix": finding.fix,
        "command": finding.command,
    }
    return {key: value for key, value in values.items() if value != ""}
