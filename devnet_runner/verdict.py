"""A verdict decides: open or closed, with its reasons, and the exit code that says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet_runner.errors import BLOCKED, PASSED
from devnet_runner.findings import Finding, Place
from devnet_runner.results import Outcome, SuiteResult

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the phase is proved. `findings` are all reasons, those that block first."""

    passed: bool
    mode: str
    findings: tuple[Finding, ...]

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that block."""
        return tuple(finding for finding in self.findings if finding.blocking)

    @property
    def exit_code(self) -> int:
        """0 where it passed, and always in advisory mode; else 1."""
        return PASSED if self.passed or self.mode == "advisory" else BLOCKED

    @property
    def writes(self) -> bool:
        """Whether checkpoint and progress may be written: only what passed in blocking mode."""
        return self.passed and self.mode == "blocking"


def decide(
    findings: Iterable[Finding], results: tuple[SuiteResult, ...], blocking: frozenset[str], mode: str
) -> Verdict:
    """The verdict on a run whose blocking suites are named by `blocking`.

    It passes where no finding blocks and every blocking suite ran and passed; an empty selection never passes.
    """
    found = list(findings)
    ran = {result.suite for result in results if result.outcome is Outcome.PASSED and result.counts.passed}
    if not blocking and not any(finding.blocking for finding in found):
        what, fix = "no blocking suite was selected", "bind a blocking suite to this phase and step in the settings"
        found.append(Finding("nothing-to-run", Place("devnet.yaml"), what, fix))
    passed = bool(blocking) and blocking <= ran and not any(finding.blocking for finding in found)
    ordered = sorted(dict.fromkeys(found), key=lambda finding: not finding.blocking)
    return Verdict(passed, mode, tuple(ordered))
