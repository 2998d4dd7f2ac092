"""The command kind: any tool that leaves JUnit XML, and LCOV, Cobertura or coverage.py's JSON beside it."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from devnet_runner.junit import read_junit
from devnet_runner.process import Command, Completed, Ending, minimal_environment
from devnet_runner.results import Outcome, SuiteResult, TestResult
from devnet_runner.xml_guard import MAX_BYTES, HostileXml

if TYPE_CHECKING:
    from devnet_runner.process import Execute
    from devnet_runner.settings import Suite
    from devnet_runner.suites.site import Site, Tell

TAIL = 2000


def run(suite: Suite, site: Site, execute: Execute, tell: Tell) -> SuiteResult:
    """Run a command and judge what it left; files that an earlier run left count as missing."""
    tell(suite.id, 0, 0)
    before = {name: _stamp(site.root / name) for name in (suite.junit, *suite.coverage)}
    completed = execute(_command(suite, site))
    tests, fault = _tests(suite, site, before) if completed.ending is Ending.ENDED else ((), "")
    outcome, reason = judge(suite, completed, tests, fault)
    stale = [name for name in suite.coverage if _unchanged(site.root / name, before[name])]
    fresh = tuple(str(site.root / name) for name in suite.coverage if name not in stale)
    if stale and outcome is Outcome.PASSED:
        outcome, reason = Outcome.ERRORED, f"it left no new {', '.join(stale)}"
    return SuiteResult(suite.id, outcome, tests, completed.duration, reason, fresh)


def _command(suite: Suite, site: Site) -> Command:
    environment = dict(minimal_environment(site.environ, suite.environment))
    if suite.database:
        environment["DATABASE_URL"] = site.database_url
    return Command(suite.command, site.root / suite.directory, environment, float(suite.timeout))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What tells one writing of a file from the next: its inode, time and size."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _unchanged(path: Path, before: tuple[int, int, int] | None) -> bool:
    after = _stamp(path)
    return after is None or after == before


def _tests(
    suite: Suite, site: Site, before: dict[str, tuple[int, int, int] | None]
) -> tuple[tuple[TestResult, ...], str]:
    """The tests of the JUnit file, or what is wrong with it."""
    path = site.root / suite.junit
    stamp = _stamp(path)
    if stamp is None:
        return (), f"it left no JUnit file at {suite.junit}"
    if stamp == before[suite.junit]:
        return (), f"{suite.junit} is older than the run: the command did not write it"
    if stamp[2] > MAX_BYTES or not path.is_file():
        return (), f"{suite.junit} is no file of a size that can be read"
    try:
        found = read_junit(path.read_bytes())
    except (HostileXml, OSError) as error:
        return (), f"{suite.junit} cannot be read: {error}"
    return tuple(_proving(suite, test) for test in found), "" if found else f"{suite.junit} holds no test"


def _proving(suite: Suite, test: TestResult) -> TestResult:
    named = tuple(proof.deliverable for proof in suite.proves if fnmatchcase(test.name, proof.tests))
    return replace(test, proves=(*test.proves, *named)) if named else test


def judge(suite: Suite, completed: Completed, tests: tuple[TestResult, ...], fault: str) -> tuple[Outcome, str]:
    """The worst of what the process, the JUnit file and its tests say."""
    said = completed.output.decode("utf-8", "backslashreplace")[-TAIL:].strip()
    match completed.ending:
        case Ending.NOT_STARTED:
            return Outcome.ERRORED, f"its command could not be started: {said}"
        case Ending.TIMED_OUT:
            return Outcome.TIMED_OUT, f"it was still running after {suite.timeout} s and was killed with its processes"
        case Ending.STOPPED:
            return Outcome.NOT_RUN, "it was stopped because the run was"
    if fault:
        return Outcome.ERRORED, f"{fault} (exit status {completed.exit_code}): {said}"
    wrong = [test for test in tests if test.outcome is not Outcome.PASSED]
    if wrong:
        failed = any(test.outcome is Outcome.FAILED for test in wrong)
        return (Outcome.FAILED if failed else wrong[0].outcome), f"{len(wrong)} of {len(tests)} tests did not pass"
    if completed.exit_code != 0:
        return Outcome.FAILED, f"every test passed, but it ended with exit status {completed.exit_code}: {said}"
    return Outcome.PASSED, ""
