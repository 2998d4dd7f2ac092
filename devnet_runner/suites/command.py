"""The command kind: any tool that leaves JUnit XML, and LCOV, Cobertura or coverage.py's JSON beside it."""

from __future__ import annotations

import signal
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from devnet_runner.findings import Place
from devnet_runner.junit import read_junit
from devnet_runner.process import Command, Completed, Ending, minimal_environment
from devnet_runner.results import Outcome, SuiteResult, TestResult
from devnet_runner.suites.ending import ended_early
from devnet_runner.suites.left import NotLeft, Watched
from devnet_runner.suites.left_coverage import keep_coverage
from devnet_runner.xml_guard import HostileXml

if TYPE_CHECKING:
    from pathlib import Path

    from devnet_runner.process import Execute
    from devnet_runner.settings import Suite
    from devnet_runner.suites.site import Site, Tell

TAIL = 2000


def run(suite: Suite, site: Site, execute: Execute, tell: Tell) -> SuiteResult:
    """Run a command, without a shell, and judge what it left; what an earlier run left counts as missing.

    The result's coverage files are copies in `site.scratch`; relative paths in them begin at the suite's directory.
    """
    tell(suite.id, 0, 0)
    junit = Watched.now(site.root, suite.junit)
    watched = [Watched.now(site.root, name) for name in suite.coverage]
    completed = execute(_command(suite, site))
    tests, fault = _tests(suite, junit) if completed.ending is Ending.ENDED else ((), "")
    tell(suite.id, len(tests), len(tests))
    outcome, reason = judge(suite, completed, tests, fault)
    folder = site.scratch / f"suite-{suite.id}"
    coverage, fault = keep_coverage(watched, suite.directory, folder) if tests else ((), "")
    # Many tools write no coverage when a test fails; then the test is the reason.
    if fault and outcome is Outcome.PASSED:
        outcome, reason = Outcome.ERRORED, fault
    return SuiteResult(suite.id, outcome, tests, completed.duration, reason, coverage)


def _command(suite: Suite, site: Site) -> Command:
    environment = dict(minimal_environment(site.environ, suite.environment))
    if suite.database:
        environment["DATABASE_URL"] = site.database_url
    return Command(suite.command, site.root / suite.directory, environment, float(suite.timeout))


def _tests(suite: Suite, junit: Watched) -> tuple[tuple[TestResult, ...], str]:
    """The tests of the JUnit file, or what is wrong with it."""
    try:
        found = read_junit(junit.read())
    except NotLeft as error:
        return (), str(error)
    except HostileXml as error:
        return (), f"{suite.junit} cannot be taken for JUnit XML: {error}"
    if not found:
        return (), f"{suite.junit} holds no test; check what the command selects"
    return tuple(replace(one, where=_where(one, suite, junit.root), proves=_proves(one, suite)) for one in found), ""


def _proves(test: TestResult, suite: Suite) -> tuple[str, ...]:
    named = (proof.deliverable for proof in suite.proves if fnmatchcase(test.name, proof.tests))
    return tuple(dict.fromkeys((*test.proves, *named)))


def _where(test: TestResult, suite: Suite, root: Path) -> Place:
    """The file that the test names, or that its class is, as vitest writes it; else the JUnit file."""
    for name in filter(None, (test.where.path, test.name.partition("::")[0])):
        path = root / suite.directory / name
        try:
            if path.is_file():
                return Place(str(path.relative_to(root)) if path.is_relative_to(root) else name, test.where.line)
        except (OSError, ValueError):
            # A name that no file could have.
            continue
    return Place(suite.junit)


def judge(suite: Suite, completed: Completed, tests: tuple[TestResult, ...], fault: str) -> tuple[Outcome, str]:
    """The worst of what the process, the JUnit file and its tests say; `fault` is what is wrong with that file."""
    said = completed.text[-TAIL:].strip()
    return ended_early(suite, completed, said) or _ended(completed, tests, fault, said)


def _ended(completed: Completed, tests: tuple[TestResult, ...], fault: str, said: str) -> tuple[Outcome, str]:
    status = _status(completed.exit_code)
    if fault or not tests:
        return Outcome.ERRORED, f"{fault or 'it left no test'} (it ended with {status}): {said}"
    wrong = [test for test in tests if test.outcome is not Outcome.PASSED]
    if wrong:
        failed = any(test.outcome is Outcome.FAILED for test in wrong)
        reason = f"{len(wrong)} of {len(tests)} tests did not pass; it ended with {status}"
        return (Outcome.FAILED if failed else wrong[0].outcome), reason
    if completed.exit_code != 0:
        return Outcome.FAILED, f"all {len(tests)} tests passed, and yet it ended with {status}: {said}"
    return Outcome.PASSED, ""


def _status(code: int) -> str:
    known = {one.value: one.name for one in signal.Signals}
    return f"signal {known.get(-code, -code)}" if code < 0 else f"exit status {code}"
