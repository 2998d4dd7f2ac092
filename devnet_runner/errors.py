"""Errors that end a command: what is wrong, where, and what to do; the command line maps them to exit codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from devnet_runner.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

PASSED, BLOCKED, WRONG_INPUT, STOPPED, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes: every blocking check passed · blocked · wrong input · stopped by the environment · interrupted."""


class DevnetError(Exception):
    """Root of the errors that a user sees; carries every fault that was found, not only the first."""

    exit_code: ClassVar[int] = WRONG_INPUT

    def __init__(self, findings: Finding | Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = (findings,) if isinstance(findings, Finding) else tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class InputError(DevnetError):
    """The command, the settings or a document is wrong (exit code 2)."""


class EnvironmentStopped(DevnetError):
    """The environment stopped the verification: no database, a missing tool, a full disk (exit code 3)."""

    exit_code: ClassVar[int] = STOPPED
