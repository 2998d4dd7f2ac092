"""The gate of standards: a blocking test that did not pass blocks, and so does a sandbox weaker than demanded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.findings import Finding, Place
from devnet_runner.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet_runner.standard_results import Enforcement, StandardResult, StandardsRun

WORDS = {
    Outcome.FAILED: ("standard-failed", "failed"),
    Outcome.ERRORED: ("standard-errored", "could not be judged"),
    Outcome.SKIPPED: ("standard-skipped", "was skipped"),
    Outcome.TIMED_OUT: ("standard-timed-out", "was still running at its timeout"),
    Outcome.DENIED: ("standard-denied", "wanted what no test may do"),
    Outcome.VACUOUS: ("standard-vacuous", "proves nothing"),
}
FIXES = {
    Outcome.FAILED: "make what it asks for true",
    Outcome.ERRORED: "install what it calls, or correct the test in its document",
    Outcome.SKIPPED: "mend what it depends on",
    Outcome.TIMED_OUT: "find what it waits for, or raise `standards.timeout`",
    Outcome.DENIED: "rewrite the test so that it only reads the project",
    Outcome.VACUOUS: "let it ask first that what it looks at is there, and what it calls installed",
}
INSTALL = "install bubblewrap, or run on a kernel with Landlock; `devnet-run doctor` says what is missing"


def standards_findings(run: StandardsRun, rerun: str) -> tuple[Finding, ...]:
    """A finding for each test that did not pass; it blocks where the test does."""
    return tuple(_findings(run, rerun))


def enforcement_finding(enforcement: Enforcement, demanded: str, settings_path: str) -> tuple[Finding, ...]:
    """The finding that the level in force is less than settings demand; none where it is enough."""
    if enforcement.satisfies(demanded):
        return ()
    what = f"the sandbox is {enforcement.level}, and the settings demand {demanded}"
    reasons = "; ".join(enforcement.reasons) or "it leaks " + ", ".join(enforcement.leaks)
    return (
        Finding("sandbox-too-weak", Place(settings_path), what, INSTALL, expected=demanded,
                actual=f"{enforcement.level} ({reasons})"),
    )  # fmt: skip


def _findings(run: StandardsRun, rerun: str) -> Iterator[Finding]:
    for test in run.tests:
        if test.outcome is not Outcome.PASSED:
            finding = _finding(test, rerun)
            yield finding if test.blocking else finding.advisory()


def _finding(test: StandardResult, rerun: str) -> Finding:
    kind, verb = WORDS[test.outcome]
    said = test.error if test.error and test.outcome is Outcome.FAILED else test.reason
    actual = f"{test.outcome}: {test.reason}" if said != test.reason else str(test.outcome)
    what = f"{test.block}/{test.name} {verb}: {said}"
    return Finding(kind, test.where, what, _fix(test), expected="passed", actual=actual, command=rerun)


def _fix(test: StandardResult) -> str:
    if test.rewrite:
        return f"rewrite the test so that it can both pass and fail: {test.rewrite}"
    if test.fix and test.outcome is Outcome.FAILED:
        return f"{FIXES[test.outcome]}; its document suggests: {test.fix}"
    return FIXES[test.outcome]
