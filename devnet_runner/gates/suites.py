"""The gate of suites: only what ran and passed passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet_runner.findings import Finding, Place
from devnet_runner.results import Outcome, SuiteResult, TestResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devnet_runner.settings import Suite

WORDS = {
    Outcome.FAILED: ("test-failed", "failed"),
    Outcome.ERRORED: ("test-errored", "could not run to its end"),
    Outcome.SKIPPED: ("test-skipped", "was skipped"),
    Outcome.TIMED_OUT: ("test-timed-out", "was still running at the timeout"),
    Outcome.NOT_RUN: ("test-not-run", "was not run"),
}


def suite_findings(suite: Suite, result: SuiteResult, settings_path: str, rerun: str) -> tuple[Finding, ...]:
    """A finding for each test that did not pass, and one for a suite that is wrong as a whole."""
    if result.outcome is Outcome.PASSED and result.counts.passed == result.counts.total > 0:
        return ()
    findings = tuple(_of_tests(result, rerun)) or (_of_suite(suite, result, settings_path, rerun),)
    return findings if suite.blocking else tuple(finding.advisory() for finding in findings)


def _of_tests(result: SuiteResult, rerun: str) -> Iterator[Finding]:
    wrong = [test for test in result.tests if test.outcome not in {Outcome.PASSED, Outcome.NOT_RUN}]
    for test in wrong:
        yield _of_test(result.suite, test, rerun)
    waiting = result.counts.not_run
    if wrong and waiting:
        what = f"{waiting} more tests of suite {result.suite} were not run after that"
        yield Finding("tests-not-run", wrong[0].where, what, "mend what failed, or add --keep-going", blocking=True)


def _of_test(suite: str, test: TestResult, rerun: str) -> Finding:
    kind, verb = WORDS[test.outcome]
    reason = test.reason.strip()
    first = reason.splitlines()[0] if reason else ""
    fix = {
        Outcome.SKIPPED: "make it run, or take its `blocking` mark away",
        Outcome.TIMED_OUT: "find what it waits for, or raise the suite's timeout",
    }.get(test.outcome, "mend the code or the test")
    what = f"{test.name} {verb}" + (f": {first}" if first else "")
    return Finding(
        kind, test.where, what, fix, expected="passed", actual=f"{test.outcome} in suite {suite}", command=rerun
    )


def _of_suite(suite: Suite, result: SuiteResult, settings_path: str, rerun: str) -> Finding:
    kind = "suite-not-run" if result.outcome is Outcome.NOT_RUN else f"suite-{result.outcome.replace('_', '-')}"
    place = Place(settings_path, suite.line)
    what = f"suite {suite.id} {result.outcome.replace('_', ' ')}: {result.reason or 'no test of it passed'}"
    fix = {
        Outcome.NOT_RUN: "mend what blocked before it, then run again",
        Outcome.TIMED_OUT: "find what hangs, or raise its timeout",
    }.get(result.outcome, "run it alone to see more, and mend its cause")
    return Finding(kind, place, what, fix, expected="passed", actual=str(result.outcome), command=rerun)
